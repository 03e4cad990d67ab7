//! Health, identity and the API document.

use api::site::Health;
use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Response},
};
use serve::problem::Json;

use crate::{App, RELEASE};

/// Whether the cloud works.
///
/// `ok`, or what is wrong: the database does not answer.
#[utoipa::path(
    get, path = "/healthz", operation_id = "health_get", tag = "cloud",
    extensions(("x-privilege" = json!("none"))),
    responses((status = 200, body = Health), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn health(State(app): State<App>) -> Json<Health> {
    let status = match app.catalog(|catalog| catalog.needs_setup()).await {
        Ok(_) => "ok",
        Err(_) => "the database does not answer",
    };
    Json(Health { status: status.to_owned(), release: RELEASE.to_owned() })
}

/// Who the cloud is.
///
/// The statement of its identity that it serves this TLS certificate: with it a site that pinned the certificate ID knows
/// the cloud.
#[utoipa::path(
    get, path = "/.well-known/martello-identity", operation_id = "identity_get", tag = "cloud",
    extensions(("x-privilege" = json!("none"))),
    responses((status = 200, content_type = "application/json", body = Object), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn identity(State(app): State<App>) -> Response {
    Json(&app.endorsement).into_response()
}

/// This document.
///
/// The API as OpenAPI 3.1.
#[utoipa::path(
    get, path = "/api/openapi.json", operation_id = "document_get", tag = "cloud",
    extensions(("x-privilege" = json!("none"))),
    responses((status = 200, content_type = "application/json", body = Object), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn document(Extension(text): Extension<serve::document::Text>) -> serve::document::Text {
    text
}
