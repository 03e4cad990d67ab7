//! Remote access: through which cloud the site is reached.

use api::{
    Code,
    remote::{RemoteEnable, RemoteStatus},
};
use axum::{extract::State, http::StatusCode};
use serde::Deserialize;

use super::problem::{Failure, Json, Outcome, Query};
use crate::{App, remote::RemoteError};

/// How remote access stands.
///
/// Whether it is on and connected, what has to be typed at the cloud, and who is connected through it.
#[utoipa::path(
    get, path = "/v1/remote", operation_id = "remote_get", tag = "site",
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = RemoteStatus), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn get(State(app): State<App>) -> Json<RemoteStatus> {
    Json(app.remote.status())
}

/// Enable remote access.
///
/// The site asks the cloud for a grant; somebody types the code there that `GET /v1/remote` shows. Another cloud or
/// organization only after disabling.
#[utoipa::path(
    post, path = "/v1/remote", operation_id = "remote_enable", tag = "site", request_body = RemoteEnable,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = RemoteStatus), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn enable(State(app): State<App>, Json(wish): Json<RemoteEnable>) -> Outcome<Json<RemoteStatus>> {
    app.remote.enable(&wish.url, &wish.certificate_id)?;
    Ok(Json(app.remote.status()))
}

/// Whether those who are connected are cut off.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Disable {
    /// Disconnect them.
    #[serde(default)]
    disconnect: bool,
}

/// Disable remote access.
///
/// The site leaves the cloud alone from then on. Refused with their names while people are connected through it, unless they
/// are to be disconnected.
#[utoipa::path(
    delete, path = "/v1/remote", operation_id = "remote_disable", tag = "site", params(Disable),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 204, description = "it is off"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn disable(State(app): State<App>, Query(wish): Query<Disable>) -> Outcome<StatusCode> {
    app.blocking(move |app| app.remote.disable(wish.disconnect)).await??;
    Ok(StatusCode::NO_CONTENT)
}

impl From<RemoteError> for Failure {
    fn from(error: RemoteError) -> Self {
        let (code, detail) = match error {
            RemoteError::Catalog(error) => return error.into(),
            RemoteError::AlreadyOn => (Code::Conflict, "Disable it first."),
            RemoteError::InUse(_) => (Code::Conflict, "Wait until they have gone, or disconnect them."),
            RemoteError::Address | RemoteError::CertificateId => {
                (Code::BadRequest, "The cloud prints its address and certificate ID when it starts.")
            }
        };
        let text = error.to_string();
        let mut letters = text.chars();
        let title: String =
            letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
        Self::new(code, title).detail(detail)
    }
}
