//! Signing in and out.

use std::sync::Arc;

use api::session::{Session, SignIn};
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use model::WallTime;

use super::problem::{Json, Outcome};
use crate::{
    App,
    audit::Told,
    peers::Connection,
    principal::{Principal, held},
    server::Peer,
    sessions::{LIFETIME, SignedIn},
};

/// Sign in.
///
/// Sets a session cookie; over a peer session it is the session that is signed in. Wrong names and wrong passwords are not
/// told apart; many wrong tries have to wait. A user with an authenticator app sends its code too.
#[utoipa::path(
    post, path = "/v1/session", operation_id = "session_create", tag = "session", request_body = SignIn,
    extensions(("x-privilege" = json!("none"))),
    responses((status = 200, body = Session), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn sign_in(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    connection: Option<Extension<Arc<Connection>>>,
    headers: HeaderMap,
    Json(sign_in): Json<SignIn>,
) -> Response {
    let agent = agent(&headers);
    let told = Told { name: Some(sign_in.user.chars().take(64).collect()), ..Told::default() };
    let mut response = match app.sessions.sign_in(sign_in, Some(peer.0), agent).await {
        Ok(signed_in) => welcome(&app, connection.as_deref(), &signed_in),
        Err(failure) => failure.into_response(),
    };
    response.extensions_mut().insert(told);
    response
}

/// The browser that asks, for the list of sign-ins.
pub fn agent(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    agent.unwrap_or_default().to_owned()
}

/// The answer to a successful sign-in: with a cookie, or over a peer session, which is signed in itself.
pub fn welcome(app: &App, connection: Option<&Arc<Connection>>, signed_in: &SignedIn) -> Response {
    let session = tell(&signed_in.principal, signed_in.expires);
    if let Some(connection) = connection {
        connection.sign_in(signed_in);
        return Json(session).into_response();
    }
    let seconds = LIFETIME.as_secs();
    let cookie = cookie(&app.cookie_name, signed_in.secret.expose(), seconds);
    let mut response = Json(session).into_response();
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}

/// A cookie that no script reads and no other page sends.
pub fn cookie(name: &str, value: &str, seconds: u64) -> String {
    format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={seconds}")
}

fn tell(principal: &Principal, expires: WallTime) -> Session {
    Session {
        session: principal.session,
        user_id: principal.user_id,
        user: principal.user.clone(),
        role: principal.rights.role(),
        privileges: held(principal).map(|privilege| privilege.name().to_owned()).collect(),
        machine: principal.machine,
        second_factor: principal.second_factor,
        expires,
    }
}

/// Who is signed in.
///
/// The caller and what the caller may do.
#[utoipa::path(
    get, path = "/v1/session", operation_id = "session_get", tag = "session",
    extensions(("x-privilege" = json!("signed-in"))),
    responses((status = 200, body = Session), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn get(Extension(principal): Extension<Principal>) -> Json<Session> {
    Json(tell(&principal, model::clock::wall_now() + LIFETIME))
}

/// Sign out.
///
/// Ends the session; what it streams ends within seconds.
#[utoipa::path(
    delete, path = "/v1/session", operation_id = "session_delete", tag = "session",
    extensions(("x-privilege" = json!("signed-in"))),
    responses((status = 204, description = "signed out"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn sign_out(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    connection: Option<Extension<Arc<Connection>>>,
) -> Outcome<Response> {
    app.sessions.end(principal.session).await?;
    if let Some(connection) = connection {
        connection.sign_out();
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Ok(value) = HeaderValue::from_str(&cookie(&app.cookie_name, "", 0)) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    Ok(response)
}
