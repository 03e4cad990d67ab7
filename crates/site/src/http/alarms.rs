//! Alarms.

use api::{Code, alarm::Alarm};
use axum::{Extension, extract::State};
use model::{AlarmId, Privilege};

use super::{
    Items,
    problem::{Failure, Json, Outcome, Path},
};
use crate::{App, principal::Principal};

const LIMIT: usize = 200;

/// Alarms.
///
/// The newest 200 of the site and of the cameras that the caller may know of, those that last first.
#[utoipa::path(
    get, path = "/v1/alarms", operation_id = "alarm_list", tag = "alarm",
    extensions(("x-privilege" = json!("alarms"))),
    responses((status = 200, body = Items<Alarm>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn list(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
) -> Outcome<Json<Items<Alarm>>> {
    let may = move |camera| principal.may_know(Privilege::Alarms, camera);
    let items = app.blocking(move |app| app.alarms.list(LIMIT, may)).await??;
    Ok(Json(Items { items }))
}

/// Acknowledge an alarm.
///
/// Says that somebody has seen it. The first one who does is kept.
#[utoipa::path(
    post, path = "/v1/alarms/{alarm}/acknowledge", operation_id = "alarm_acknowledge", tag = "alarm",
    params(("alarm" = AlarmId, Path)),
    extensions(("x-privilege" = json!("alarms"))),
    responses((status = 200, body = Alarm), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn acknowledge(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<AlarmId>,
) -> Outcome<Json<Alarm>> {
    let alarm = app
        .blocking(move |app| match app.alarms.get(id)? {
            Some(alarm) if principal.may_know(Privilege::Alarms, alarm.camera) => {
                app.alarms.acknowledge(id, &principal.user)
            }
            _ => Ok::<_, catalog::Error>(None),
        })
        .await??;
    alarm.map(Json).ok_or_else(|| Failure::new(Code::NotFound, "There is no such alarm (any more)"))
}
