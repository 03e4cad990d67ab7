//! Volumes: where recordings lie.

use api::{
    Code,
    event::Event,
    site::{Volume, VolumeChange},
};
use axum::extract::State;
use model::VolumeId;

use super::{
    Items,
    problem::{Failure, Json, Outcome, Path},
};
use crate::App;

/// The smallest limit that makes sense.
const SMALLEST: u64 = 100_000_000;

/// Volumes.
///
/// How full they are and how they do.
#[utoipa::path(
    get, path = "/v1/volumes", operation_id = "volume_list", tag = "site",
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Items<Volume>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn list(State(app): State<App>) -> Outcome<Json<Items<Volume>>> {
    let volume = app.blocking(|app| app.volume.view(&app.reader, &app.recorder)).await?;
    Ok(Json(Items { items: vec![volume] }))
}

/// Change a volume.
///
/// A smaller limit deletes the oldest recordings within seconds.
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
    if id != app.volume.id {
        return Err(Failure::new(Code::NotFound, "There is no such volume"));
    }
    if change.limit_bytes.is_some_and(|limit| limit < SMALLEST) {
        return Err(Failure::new(Code::BadRequest, "A volume takes at least 100 MB"));
    }
    let row = app.volume.row(change.limit_bytes);
    app.catalog(move |catalog| catalog.put_volume(&row)).await?;
    app.volume.set_limit(change.limit_bytes, &app.recorder);
    app.events.publish(&Event::Site);
    let volume = app.blocking(|app| app.volume.view(&app.reader, &app.recorder)).await?;
    Ok(Json(volume))
}
