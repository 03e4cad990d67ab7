//! Looking for cameras.

use api::discovery::Discovery;
use axum::{extract::State, http::StatusCode};

use super::problem::{Json, Outcome};
use crate::App;

/// What was found.
///
/// Devices that answered in the last search.
#[utoipa::path(
    get, path = "/v1/discovery", operation_id = "discovery_get", tag = "camera",
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Discovery), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn get(State(app): State<App>) -> Json<Discovery> {
    Json(app.discovery.view(&app.cameras.list()))
}

/// Search.
///
/// Begins a search of some seconds (mDNS, SSDP, WS-Discovery); one that is under way goes on.
#[utoipa::path(
    post, path = "/v1/discovery", operation_id = "discovery_start", tag = "camera",
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 202, body = Discovery), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn start(State(app): State<App>) -> Outcome<(StatusCode, Json<Discovery>)> {
    app.discovery.start(app.events.clone());
    Ok((StatusCode::ACCEPTED, Json(app.discovery.view(&app.cameras.list()))))
}
