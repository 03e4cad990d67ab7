//! First setup: the first administrator.

use std::sync::Arc;

use api::session::{Session, SetUp, SetupState};
use axum::{Extension, extract::State, http::HeaderMap, response::Response};
use model::clock::wall_now;

use super::{
    problem::{Json, Outcome},
    session::{agent, welcome},
};
use crate::{App, RELEASE, audit::Told, peers::Connection, server::Peer};

/// What a client must know before anybody signs in.
///
/// Whether the site waits for its first administrator, how to tell that it is this site, and how people sign in beside name and
/// password.
#[utoipa::path(
    get, path = "/v1/setup", operation_id = "setup_get", tag = "session",
    extensions(("x-privilege" = json!("none"))),
    responses((status = 200, body = SetupState), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn get(State(app): State<App>) -> Outcome<Json<SetupState>> {
    let (needed, site) = app.catalog(|catalog| Ok((catalog.needs_setup()?, catalog.site()?))).await?;
    Ok(Json(SetupState {
        needed,
        site_name: site.map(|site| site.name).unwrap_or_default(),
        certificate_id: app.identity.certificate_id().to_string(),
        tls_certificate_sha256: app.certificates.served().fingerprint.clone(),
        release: RELEASE.to_owned(),
        computer_account: app.directories.take_tickets(),
        providers: app.providers.all().iter().map(|live| live.door()).collect(),
    }))
}

/// Make the first administrator.
///
/// Takes the one-time code of the setup link and signs in at once.
#[utoipa::path(
    post, path = "/v1/setup", operation_id = "setup_complete", tag = "session", request_body = SetUp,
    extensions(("x-privilege" = json!("none"))),
    responses((status = 200, body = Session), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn post(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    connection: Option<Extension<Arc<Connection>>>,
    headers: HeaderMap,
    Json(set_up): Json<SetUp>,
) -> Outcome<Response> {
    let user = app
        .catalog(move |catalog| {
            let SetUp { code, user, password, site_name } = set_up;
            let site_name = site_name.filter(|name| !name.trim().is_empty());
            catalog.set_up(&code, &user, &password, site_name.as_deref(), wall_now())
        })
        .await?;
    tracing::info!(user = user.name, "the first administrator was made");
    let signed_in = app.sessions.begin(user, Some(peer.0), agent(&headers)).await?;
    let mut response = welcome(&app, connection.as_deref(), &signed_in);
    let name = Some(signed_in.principal.user);
    response.extensions_mut().insert(Told { name, ..Told::default() });
    Ok(response)
}
