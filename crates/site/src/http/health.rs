//! Health, metrics, identity and the API document.

use std::fmt::Write as _;

use api::{alarm::AlarmKind, site::Health};
use axum::{
    Extension,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use model::clock::wall_now;

use super::problem::Json;
use crate::{App, RELEASE, recorder::WriteState};

/// Whether the site works.
///
/// `ok`, or what is wrong, without details of the site.
#[utoipa::path(
    get, path = "/healthz", operation_id = "health_get", tag = "site",
    extensions(("x-privilege" = json!("none"))),
    responses((status = 200, body = Health))
)]
pub async fn health(State(app): State<App>) -> Json<Health> {
    let status = match app.recorder.status().state {
        WriteState::Ok if app.audit.is_broken() => "the audit log was changed",
        WriteState::Ok => match app.certificates.served().trouble(wall_now()) {
            Some(trouble) => trouble,
            None if app.alarms.holds(AlarmKind::DirectoryDown) => "a directory of users cannot be asked",
            None => "ok",
        },
        WriteState::Failed(_) => "recordings are not written",
    };
    Json(Health { status: status.to_owned(), release: RELEASE.to_owned() })
}

/// Metrics.
///
/// In the text format of Prometheus.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics_get", tag = "site",
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, content_type = "text/plain; version=0.0.4", body = String), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn metrics(State(app): State<App>) -> Response {
    let mut text = String::new();
    let recorder = app.recorder.status();
    let _ = writeln!(text, "# HELP martello_at_risk_seconds Recording that a power cut could lose now.");
    let _ = writeln!(text, "# TYPE martello_at_risk_seconds gauge");
    let _ = writeln!(text, "martello_at_risk_seconds {}", recorder.at_risk_s);
    let _ = writeln!(text, "# TYPE martello_dropped_streams_total counter");
    let _ = writeln!(text, "martello_dropped_streams_total {}", recorder.dropped_streams);
    let _ = writeln!(text, "# TYPE martello_stream_bits_per_second gauge");
    let _ = writeln!(text, "# TYPE martello_stream_frames_per_second gauge");
    for camera in app.cameras.list() {
        for stream in &camera.streams {
            let labels = format!("{{camera=\"{}\",stream=\"{}\"}}", camera.id, stream.kind);
            let _ = writeln!(text, "martello_stream_bits_per_second{labels} {}", stream.bits_per_second);
            let _ = writeln!(text, "martello_stream_frames_per_second{labels} {}", stream.fps);
        }
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

/// The site's identity.
///
/// The statement by which the site's identity endorses the TLS certificate that is served.
#[utoipa::path(
    get, path = "/.well-known/martello-identity", operation_id = "identity_get", tag = "site",
    extensions(("x-privilege" = json!("none"))),
    responses((status = 200, body = Object, content_type = "application/json"))
)]
pub async fn identity(State(app): State<App>) -> Json<serde_json::Value> {
    Json(app.certificates.served().endorsement.clone())
}

/// This document.
///
/// The OpenAPI document of the running release.
#[utoipa::path(
    get, path = "/api/openapi.json", operation_id = "document_get", tag = "site",
    extensions(("x-privilege" = json!("none"))),
    responses((status = 200, body = Object, content_type = "application/json"))
)]
pub async fn document(Extension(text): Extension<serve::document::Text>) -> serve::document::Text {
    text
}
