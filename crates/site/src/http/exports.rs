//! Exports: made, watched, cancelled, deleted, downloaded.
//!
//! An export is seen by who made it and by administrators. Its files are given only to whom could make it still: whoever
//! lost a right to a camera gets no file with it.
//!
//! What is not here: making them (`crate::exports`), ranges of bytes (`http::file`).

use std::{collections::BTreeSet, time::Duration};

use api::{
    Code,
    export::{Export, ExportCamera, ExportProblem, ExportState, NewExport},
};
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use model::{CameraId, ExportId, Privilege, Role, WallRange, clock::wall_now};

use super::{
    Items, file, guard,
    outgoing::HangUp,
    problem::{Failure, Json, Outcome, Path},
    recordings::{range, readable, recorded_stream},
};
use crate::{
    App,
    audit::{Deed, Told},
    exports::{self, MakeError},
    principal::Principal,
};

/// No longer range in one export.
const MAX_RANGE: Duration = Duration::from_secs(7 * 86_400);
/// No more cameras in one export.
const MAX_CAMERAS: usize = 16;

impl From<MakeError> for Failure {
    fn from(error: MakeError) -> Self {
        let title = error.to_string();
        let mut letters = title.chars();
        let title: String =
            letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
        match error {
            MakeError::Queue(_) => Self::new(Code::Busy, title).detail("Wait for some, or cancel them."),
            MakeError::List(_) => {
                Self::new(Code::Conflict, title).detail("Delete some that were downloaded.")
            }
            MakeError::Store(error) => Self::new(Code::StorageTrouble, title)
                .detail(format!("{error}. Look at the disk with the site's data.")),
        }
    }
}

/// Whether the caller is told of the export.
pub fn sees(principal: &Principal, export: &Export) -> bool {
    export.user == principal.user_id || principal.rights.role() == Role::Administrator
}

fn unknown() -> Failure {
    Failure::new(Code::NotFound, "There is no such export (any more)")
        .detail("It may have expired or been deleted. Ask for the list again.")
}

fn find(app: &App, principal: &Principal, id: ExportId) -> Outcome<Export> {
    app.exports.get(id).filter(|export| sees(principal, export)).ok_or_else(unknown)
}

/// Exports.
///
/// Those of the caller, the newest first; administrators see all.
#[utoipa::path(
    get, path = "/v1/exports", operation_id = "export_list", tag = "export",
    extensions(("x-privilege" = json!("export"))),
    responses((status = 200, body = Items<Export>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn list(State(app): State<App>, Extension(principal): Extension<Principal>) -> Json<Items<Export>> {
    let mut items = app.exports.list();
    items.retain(|export| sees(&principal, export));
    Json(Items { items })
}

/// Export recordings.
///
/// A range of one or more cameras as MP4 or Matroska, with the evidence that proves it. It is made in the background, one
/// export after the other, and is done when it was read again and held against the hash chain. Where the coding changes
/// within the range there are several files. Sound is exported of cameras that the caller may listen to, and nothing that
/// is older than the caller may see. It is kept for 7 days.
#[utoipa::path(
    post, path = "/v1/exports", operation_id = "export_make", tag = "export", request_body = NewExport,
    extensions(("x-privilege" = json!("export")), ("x-privilege-also" = json!(["camera-listen"]))),
    responses((status = 201, body = Export), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn make(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Json(new): Json<NewExport>,
) -> Outcome<(StatusCode, Extension<Told>, Json<Export>)> {
    let asked = range(new.from, new.to, MAX_RANGE)?;
    let ids: BTreeSet<CameraId> = new.cameras.iter().copied().collect();
    if ids.is_empty() || ids.len() > MAX_CAMERAS || ids.len() != new.cameras.len() {
        return Err(Failure::new(Code::BadRequest, format!("An export is of 1 to {MAX_CAMERAS} cameras"))
            .detail("Each is named once. Export the others apart."));
    }
    for camera in &new.cameras {
        if app.cameras.get(*camera).is_none() || !principal.sees(*camera) {
            return Err(Failure::new(Code::NotFound, "There is no such camera (any more)"));
        }
        if !principal.may_on(Privilege::Export, *camera) {
            return Err(Failure::new(Code::Forbidden, format!("{} may not do this", principal.user)).detail(
                "The privilege \"export\" is needed on every camera. An administrator can grant it.",
            ));
        }
    }
    let export = lay_out(&app, &principal, &new, asked).await?;
    let made = export.clone();
    app.blocking(move |app| app.exports.make(made)).await??;
    let names: Vec<&str> = export.cameras.iter().map(|camera| camera.name.as_str()).collect();
    let sound = if export.cameras.iter().any(|camera| camera.audio) { ", with sound" } else { "" };
    let told = Told {
        target: Some(names.join(", ")),
        detail: Some(format!("{} to {}{sound}, export {}", export.from, export.to, export.id)),
        ..Told::default()
    };
    Ok((StatusCode::CREATED, Extension(told), Json(export)))
}

/// What the caller may have of what is asked for.
async fn lay_out(app: &App, principal: &Principal, new: &NewExport, asked: WallRange) -> Outcome<Export> {
    let mut cameras = Vec::new();
    let mut from = asked.from;
    for id in &new.cameras {
        let key = recorded_stream(app, *id, new.stream, asked);
        let Some(shown) = readable(app, principal, key, asked).await? else { continue };
        if app.reader.spans(*id, key.kind, shown, MAX_RANGE).is_empty() {
            continue;
        }
        // All files begin where the caller may see every camera.
        from = from.max(shown.from);
        cameras.push(ExportCamera {
            id: *id,
            name: app.cameras.get(*id).map_or_else(|| id.to_string(), |camera| camera.name),
            stream: key.kind,
            audio: new.audio.unwrap_or(true) && principal.may_on(Privilege::CameraListen, *id),
        });
    }
    if cameras.is_empty() || from >= asked.to {
        let ExportProblem { title, detail } = exports::nothing(app);
        return Err(Failure::new(Code::NoRecording, title).detail(detail));
    }
    Ok(Export {
        id: ExportId::new(),
        user: principal.user_id,
        by: principal.user.clone(),
        made: wall_now(),
        cameras,
        from,
        to: asked.to,
        format: new.format,
        gaps: new.gaps,
        state: ExportState::Queued,
        done_bytes: 0,
        total_bytes: 0,
        left_s: None,
        ended: None,
        expires: None,
        problem: None,
        files: Vec::new(),
    })
}

/// An export.
#[utoipa::path(
    get, path = "/v1/exports/{export}", operation_id = "export_get", tag = "export",
    params(("export" = ExportId, Path)),
    extensions(("x-privilege" = json!("export"))),
    responses((status = 200, body = Export), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn get(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<ExportId>,
) -> Outcome<Json<Export>> {
    find(&app, &principal, id).map(Json)
}

/// Cancel or delete an export.
///
/// One that waits or is being made is cancelled and stays in the list; one that is over is deleted with its files. Nothing
/// is asked: clients confirm.
#[utoipa::path(
    delete, path = "/v1/exports/{export}", operation_id = "export_remove", tag = "export",
    params(("export" = ExportId, Path)),
    extensions(("x-privilege" = json!("export"))),
    responses((status = 204), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn remove(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<ExportId>,
) -> Outcome<StatusCode> {
    find(&app, &principal, id)?;
    let removed = app.blocking(move |app| app.exports.remove(id)).await?;
    match removed {
        Ok(Some(())) => Ok(StatusCode::NO_CONTENT),
        Ok(None) => Err(unknown()),
        Err(error) => {
            Err(Failure::new(Code::StorageTrouble, format!("The export cannot be deleted: {error}"))
                .detail("Look at the disk with the site's data, and try again."))
        }
    }
}

/// Download a file of an export.
///
/// Ranges of bytes are served (RFC 9110, section 14), so that a download can be taken up again; the entity tag is the
/// file's SHA-256. Asks for the privilege on every camera of the export, and for that to listen where it has sound.
#[utoipa::path(
    get, path = "/v1/exports/{export}/files/{file}", operation_id = "export_download", tag = "export",
    params(("export" = ExportId, Path), ("file" = String, Path, description = "`name` of one of its `files`")),
    extensions(("x-privilege" = json!("export")), ("x-privilege-also" = json!(["camera-listen"]))),
    responses(
        (status = 200, content_type = "application/octet-stream", body = [u8]),
        (status = 206, description = "a range of it", content_type = "application/octet-stream", body = [u8]),
        (status = 304, description = "the client has it already"),
        (status = "default", body = api::Problem, content_type = "application/problem+json")
    )
)]
pub async fn download(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Extension(hang_up): Extension<HangUp>,
    Path((id, name)): Path<(ExportId, String)>,
    headers: HeaderMap,
) -> Outcome<Response> {
    let export = find(&app, &principal, id)?;
    let listens =
        |camera: &ExportCamera| !camera.audio || principal.may_on(Privilege::CameraListen, camera.id);
    let may = |camera: &ExportCamera| principal.may_on(Privilege::Export, camera.id) && listens(camera);
    if !export.cameras.iter().all(may) {
        return Err(Failure::new(Code::Forbidden, format!("{} may not do this (any more)", principal.user))
            .detail(
                "A right to one of its cameras, or to its sound, was taken away since the export was made.",
            ));
    }
    let Some(found) = export.files.iter().find(|file| file.name == name) else {
        return Err(Failure::new(Code::NotFound, "The export has no such file")
            .detail("It may not be done yet. `files` tells what there is."));
    };
    let path = app.exports.path(&export, found);
    let served = file::Served { path, bytes: found.bytes, sha256: &found.sha256, save_as: &found.save_as };
    let (response, begins) = file::serve(&app, &served, &headers, hang_up).await?;
    if begins {
        let peer = Some((principal.address, 0).into());
        let mut deed = Deed::new("export", "export_download", peer, found.save_as.clone());
        deed.by(&principal);
        app.audit.note(deed.done(format!("{} to {}, export {id}", found.from, found.to))).await;
    }
    // What is being sent ends with the right to any of the cameras.
    let guarded = export.cameras.iter().fold(response, |response, camera| {
        guard::response(app.clone(), principal.clone(), camera.id, None, response)
    });
    Ok(guarded)
}
