//! How cameras are recorded: their methods, and recordings that a person starts.

use std::{collections::HashMap, time::Duration};

use api::{
    Code,
    camera::Camera,
    method::{ManualRecording, RecordingMethod, RecordingSettings, Streams},
};
use axum::{Extension, extract::State};
use catalog::Catalog;
use model::CameraId;

use super::problem::{Failure, Json, Outcome, Path};
use crate::{App, principal::Principal, profiles};

/// What is kept of how cameras are recorded. What cannot be read is as if it was never set.
///
/// # Errors
/// The catalog cannot be read.
pub fn kept(catalog: &Catalog) -> catalog::Result<HashMap<CameraId, RecordingSettings>> {
    let read = |(id, text): (CameraId, String)| {
        let settings = serde_json::from_str(&text)
            .inspect_err(|error| tracing::error!(camera = %id, %error, "recording settings cannot be read"));
        Some((id, settings.ok()?))
    };
    Ok(catalog.recordings()?.into_iter().filter_map(read).collect())
}

/// How a camera is recorded.
///
/// RecordingMethod, schedules, streams, buffers, sound.
#[utoipa::path(
    get, path = "/v1/cameras/{camera}/recording", operation_id = "camera_recording_get", tag = "recording",
    params(("camera" = CameraId, Path)),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = RecordingSettings), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn get(State(app): State<App>, Path(id): Path<CameraId>) -> Outcome<Json<RecordingSettings>> {
    app.cameras.recording(id).map(|control| Json(control.settings())).ok_or_else(gone)
}

/// Change how a camera is recorded.
///
/// Holds at once. A recording that the new settings want too goes on without a gap.
#[utoipa::path(
    put, path = "/v1/cameras/{camera}/recording", operation_id = "camera_recording_put", tag = "recording",
    params(("camera" = CameraId, Path)), request_body = RecordingSettings,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = RecordingSettings), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn put(
    State(app): State<App>,
    Path(id): Path<CameraId>,
    Json(settings): Json<RecordingSettings>,
) -> Outcome<Json<RecordingSettings>> {
    let row = app.cameras.row(id).ok_or_else(gone)?;
    check(&settings, profiles::sub(&row).is_some())?;
    for schedule in [settings.continuous.schedule, settings.motion.schedule].into_iter().flatten() {
        if app.catalog(move |catalog| catalog.schedule(schedule)).await?.is_none() {
            return Err(Failure::new(Code::BadRequest, "There is no such schedule (any more)")
                .detail("Choose another schedule, or none: then it is always."));
        }
    }
    let text = serde_json::to_string(&settings)
        .map_err(|error| Failure::internal("writing recording settings", error))?;
    let record = settings.method != RecordingMethod::Off;
    let row = app.catalog(move |catalog| catalog.put_recording(id, record, &text)).await?.ok_or_else(gone)?;
    app.cameras.put(row, Some(settings));
    get(State(app), Path(id)).await
}

/// Start a recording by hand.
///
/// It begins with the pre buffer and ends when it is stopped, or by itself. Where one goes on, its end is set anew. A
/// camera whose method is `off` cannot be recorded by hand (`conflict`).
#[utoipa::path(
    post, path = "/v1/cameras/{camera}/recording/manual", operation_id = "manual_recording_start", tag = "recording",
    params(("camera" = CameraId, Path)), request_body = ManualRecording,
    extensions(("x-privilege" = json!("camera-record"))),
    responses((status = 200, body = Camera), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn start(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<CameraId>,
    Json(ask): Json<ManualRecording>,
) -> Outcome<Json<Camera>> {
    if ask.seconds == Some(0) {
        return Err(Failure::new(Code::BadRequest, "A recording lasts at least a second"));
    }
    let control = app.cameras.recording(id).ok_or_else(gone)?;
    if !control.start(ask.seconds.map(|seconds| Duration::from_secs(seconds.into()))) {
        return Err(Failure::new(Code::Conflict, "This camera is not recorded at all")
            .detail("Its recording method is off. Choose another one, such as manual, in its details."));
    }
    app.cameras.get(id).map(|camera| Json(principal.tell(camera))).ok_or_else(gone)
}

/// Stop a recording that was started by hand.
///
/// The post buffer follows. Recording for another reason goes on. Where there is none nothing happens.
#[utoipa::path(
    delete, path = "/v1/cameras/{camera}/recording/manual", operation_id = "manual_recording_stop", tag = "recording",
    params(("camera" = CameraId, Path)),
    extensions(("x-privilege" = json!("camera-record"))),
    responses((status = 200, body = Camera), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn stop(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<CameraId>,
) -> Outcome<Json<Camera>> {
    app.cameras.recording(id).ok_or_else(gone)?.stop();
    app.cameras.get(id).map(|camera| Json(principal.tell(camera))).ok_or_else(gone)
}

fn check(settings: &RecordingSettings, has_sub: bool) -> Outcome<()> {
    let bad = |title: String| Err(Failure::new(Code::BadRequest, title));
    let most = RecordingSettings::MOST_BUFFER_S;
    if settings.pre_buffer_s > most || settings.post_buffer_s > most {
        return bad(format!("Pre and post buffer are {most} seconds at most"));
    }
    if !RecordingSettings::MANUAL_S.contains(&settings.manual_longest_s) {
        return bad("A recording by hand ends by itself after 10 seconds to 24 hours".into());
    }
    let sub = [settings.continuous.streams, settings.motion.streams, settings.manual_streams];
    if !has_sub && sub.contains(&Streams::Sub) {
        return bad("This camera has no sub stream to record".into());
    }
    Ok(())
}

fn gone() -> Failure {
    Failure::new(Code::NotFound, "There is no such camera (any more)")
}
