//! What is kept how long, and where.

use api::{
    event::Event,
    storage::{CameraStorageChange, Storage},
};
use axum::extract::State;
use model::CameraId;

use super::{
    problem::{Json, Outcome, Path},
    volumes::check_limit,
};
use crate::{App, volume::VolumeError};

/// Storage.
///
/// What a power cut could cost now, whether the clock is trusted, and for each camera how much it takes and how long its
/// recordings are kept at the rate of the last four weeks, in which a week counts half as much as the one after it.
#[utoipa::path(
    get, path = "/v1/storage", operation_id = "storage_get", tag = "site",
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Storage), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn get(State(app): State<App>) -> Outcome<Json<Storage>> {
    let cameras = app.cameras.list();
    let storage = app
        .blocking(move |app| {
            let chosen = app.volumes.chosen()?;
            let hold_days = app.volumes.hold_days();
            let cameras = cameras.into_iter().map(|camera| {
                let row = chosen.iter().find(|row| row.camera == camera.id);
                app.volumes.camera(camera.id, camera.name, camera.retention_days, row, &hold_days)
            });
            Ok::<_, VolumeError>(Storage {
                at_risk_s: app.recorder.status().at_risk_s,
                clock_doubted: app.watch().clock_doubted(),
                cameras: cameras.collect(),
            })
        })
        .await??;
    Ok(Json(storage))
}

/// Choose where a camera is recorded to.
///
/// The volume, and the room that its recordings may take on all volumes together. Takes effect at the next key frame; a smaller
/// share deletes the camera's oldest recordings within seconds.
#[utoipa::path(
    patch, path = "/v1/storage/cameras/{camera}", operation_id = "storage_camera_update", tag = "site",
    params(("camera" = CameraId, Path)), request_body = CameraStorageChange,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Storage), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn choose(
    State(app): State<App>,
    Path(camera): Path<CameraId>,
    Json(change): Json<CameraStorageChange>,
) -> Outcome<Json<Storage>> {
    check_limit(change.max_bytes)?;
    let change = CameraStorageChange { max_bytes: change.max_bytes.filter(|bytes| *bytes > 0), ..change };
    app.blocking(move |app| app.volumes.choose(camera, &change)).await??;
    app.events.publish(&Event::Site);
    get(State(app)).await
}
