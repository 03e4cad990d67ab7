//! Volumes: where recordings lie.

use api::{
    Code,
    event::Event,
    storage::{Confirm, NewVolume, Volume, VolumeChange},
};
use axum::{Extension, extract::State, http::StatusCode};
use model::VolumeId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Items,
    problem::{Failure, Json, Outcome, Path, Query, chain},
};
use crate::{App, principal::Principal, volume::VolumeError};

/// The smallest limit that makes sense.
pub const SMALLEST: u64 = 100_000_000;

/// What cannot be taken back is asked for twice.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Confirmed {
    /// Must be `true`.
    #[serde(default)]
    confirm: bool,
}

impl Confirmed {
    /// Refuses what was not confirmed.
    pub fn check(&self, what: &str) -> Outcome<()> {
        confirmed(self.confirm, what)
    }
}

fn confirmed(confirm: bool, what: &str) -> Outcome<()> {
    if confirm {
        return Ok(());
    }
    Err(Failure::new(Code::BadRequest, format!("{what} was not confirmed")).detail("Send `confirm` as true."))
}

/// Refuses a limit that makes no sense.
pub fn check_limit(limit: Option<u64>) -> Outcome<()> {
    match limit {
        Some(1..SMALLEST) => Err(Failure::new(Code::BadRequest, "A limit is at least 100 MB")),
        _ => Ok(()),
    }
}

impl From<VolumeError> for Failure {
    fn from(error: VolumeError) -> Self {
        let (code, advice) = match error {
            VolumeError::Catalog(error) => return error.into(),
            VolumeError::NotFound => (Code::NotFound, "It may have been removed. Ask for the list again."),
            VolumeError::Relative => (Code::BadRequest, "Give the whole path, such as /srv/video."),
            VolumeError::Taken => (Code::Conflict, "Choose a directory of its own."),
            VolumeError::LastMain => (Code::Conflict, "Add another main volume first."),
            VolumeError::Ours => (Code::Conflict, "It takes recordings already."),
            VolumeError::Open(_) => {
                (Code::StorageTrouble, "Check that the disk is mounted and that the site may write there.")
            }
            VolumeError::Thread(_) => (Code::Internal, "The log of the site has the details."),
        };
        let title = chain(&error);
        let mut letters = title.chars();
        let title: String =
            letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
        Self::new(code, title).detail(advice)
    }
}

/// Volumes.
///
/// What they hold, how full they are, how they do, and what a power cut could cost.
#[utoipa::path(
    get, path = "/v1/volumes", operation_id = "volume_list", tag = "site",
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Items<Volume>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn list(State(app): State<App>) -> Outcome<Json<Items<Volume>>> {
    let items = app.blocking(|app| app.volumes.list()).await??;
    Ok(Json(Items { items }))
}

/// Add a volume.
///
/// A directory on a disk of the site's machine. It is made where it is missing. One that another site has made is read only until
/// it is adopted.
#[utoipa::path(
    post, path = "/v1/volumes", operation_id = "volume_add", tag = "site", request_body = NewVolume,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 201, body = Volume), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn add(State(app): State<App>, Json(new): Json<NewVolume>) -> Outcome<(StatusCode, Json<Volume>)> {
    check_limit(new.limit_bytes)?;
    let new = NewVolume { limit_bytes: new.limit_bytes.filter(|limit| *limit > 0), ..new };
    let id = app.blocking(move |app| app.volumes.add(&new)).await??;
    Ok((StatusCode::CREATED, changed(&app, id).await?))
}

/// Change a volume.
///
/// Its limit, or what it is for. A smaller limit deletes the oldest recordings within seconds.
#[utoipa::path(
    patch, path = "/v1/volumes/{volume}", operation_id = "volume_update", tag = "site",
    params(("volume" = VolumeId, Path)), request_body = VolumeChange,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Volume), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn change(
    State(app): State<App>,
    Path(id): Path<VolumeId>,
    Json(change): Json<VolumeChange>,
) -> Outcome<Json<Volume>> {
    check_limit(change.limit_bytes)?;
    app.blocking(move |app| app.volumes.change(id, &change)).await??;
    changed(&app, id).await
}

/// Remove a volume.
///
/// The site forgets it; what is on it stays there and can be added again. Its cameras are recorded elsewhere from now on.
#[utoipa::path(
    delete, path = "/v1/volumes/{volume}", operation_id = "volume_remove", tag = "site",
    params(("volume" = VolumeId, Path), Confirmed),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 204), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn remove(
    State(app): State<App>,
    Path(id): Path<VolumeId>,
    Query(confirmed): Query<Confirmed>,
) -> Outcome<StatusCode> {
    confirmed.check("Removing a volume")?;
    app.blocking(move |app| app.volumes.remove(id)).await??;
    app.events.publish(&Event::Site);
    Ok(StatusCode::NO_CONTENT)
}

/// Adopt a volume.
///
/// Makes a volume of another site this site's, by a signed note on it: from then on it is recorded to, and its oldest recordings
/// go when room is needed.
#[utoipa::path(
    post, path = "/v1/volumes/{volume}/adopt", operation_id = "volume_adopt", tag = "site",
    params(("volume" = VolumeId, Path)), request_body = Confirm,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Volume), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn adopt(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<VolumeId>,
    Json(confirm): Json<Confirm>,
) -> Outcome<Json<Volume>> {
    confirmed(confirm.confirm, "Adopting a volume")?;
    let by = principal.user.clone();
    app.blocking(move |app| app.volumes.adopt(id, &by)).await??;
    changed(&app, id).await
}

/// The volume as it is now; clients ask for the list again.
async fn changed(app: &App, id: VolumeId) -> Outcome<Json<Volume>> {
    app.events.publish(&Event::Site);
    let volume = app.blocking(move |app| app.volumes.view(id)).await?;
    volume.map(Json).ok_or_else(|| VolumeError::NotFound.into())
}
