//! Signing in by a provider: the browser is sent there, and brings back its answer.
//!
//! The provider sends the browser to a page of the client, which hands the answer over by an operation of its own: the site
//! itself redirects nobody anywhere, and both cookies are of the strictest kind.

use api::provider::{OpenIdAnswer, OpenIdBegin, OpenIdBegun};
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};

use super::{
    problem::{Json, Outcome},
    session::{agent, cookie, welcome},
};
use crate::{App, audit::Told, providers::PATIENCE, server::Peer};

/// Begin a sign-in by a provider.
///
/// The answer tells where the browser goes; its cookie ties the try to this browser, for ten minutes. It works only at the
/// address that the provider sends browsers back to.
#[utoipa::path(
    post, path = "/v1/session/openid/begin", operation_id = "session_openid_begin", tag = "session", request_body = OpenIdBegin,
    extensions(("x-privilege" = json!("none"))),
    responses((status = 200, body = OpenIdBegun), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn begin(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    uri: Uri,
    headers: HeaderMap,
    Json(OpenIdBegin { provider }): Json<OpenIdBegin>,
) -> Outcome<Response> {
    let host = uri.authority().map(|authority| authority.as_str());
    let host = host.or_else(|| headers.get(header::HOST).and_then(|host| host.to_str().ok()));
    let begun = app.providers.begin(provider, host, peer.0.ip().to_canonical()).await?;
    let mut response = Json(OpenIdBegun { address: begun.address }).into_response();
    set(&mut response, &cookie(&name(&app), begun.cookie.expose(), PATIENCE.as_secs()));
    Ok(response)
}

/// Sign in by a provider.
///
/// With what the browser came back with. Sets a session cookie, as a sign-in by name and password does. The site's own second
/// factor is not asked for: how somebody proves who they are is the provider's.
#[utoipa::path(
    post, path = "/v1/session/openid", operation_id = "session_openid_create", tag = "session", request_body = OpenIdAnswer,
    extensions(("x-privilege" = json!("none"))),
    responses((status = 200, body = api::session::Session), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn finish(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Json(answer): Json<OpenIdAnswer>,
) -> Response {
    let (told, mut response) = match signed_in(&app, peer, &headers, answer).await {
        Ok((told, response)) => (told, response),
        Err(failure) => (Told::default(), failure.into_response()),
    };
    set(&mut response, &cookie(&name(&app), "", 0));
    response.extensions_mut().insert(told);
    response
}

async fn signed_in(
    app: &App,
    peer: Peer,
    headers: &HeaderMap,
    answer: OpenIdAnswer,
) -> Outcome<(Told, Response)> {
    let proved = app.providers.finish(answer, serve::request::cookie(headers, &name(app))).await?;
    let told =
        Told { name: Some(proved.user.name.clone()), detail: Some(proved.how.clone()), ..Told::default() };
    let begun = app.sessions.begin(proved.user.clone(), Some(peer.0), agent(headers)).await?;
    let session = begun.principal.session;
    if let Err(failure) = app.providers.keep(session, proved).await {
        // Nobody would ask about it.
        app.sessions.end(session).await?;
        return Err(failure);
    }
    // The try's cookie came over TLS: so does the session's.
    Ok((told, welcome(app, None, &begun)))
}

/// The cookie of a try, beside that of the session.
fn name(app: &App) -> String {
    format!("{}-openid", app.cookie_name)
}

fn set(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
