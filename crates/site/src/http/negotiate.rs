//! Signing in with the account of the computer (RFC 4559): one round, by an operation of its own, so that no other answer asks a
//! browser for tickets. What a token means: `directories::tickets`.

use api::{
    Code,
    session::{NegotiateSignIn, Session},
};
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serve::request::same_origin;

use super::{
    problem::{Failure, Json, Outcome},
    session::{agent, welcome},
};
use crate::{
    App,
    audit::{Told, Unfinished},
    server::Peer,
};

/// The scheme of the headers, with what divides it from a token.
const SCHEME: &str = "Negotiate ";

/// Sign in with the account of the computer.
///
/// Without a token (`Authorization: Negotiate …`) the answer asks for one (`WWW-Authenticate: Negotiate`, RFC 4559), and the browser
/// asks again by itself where it may. A Kerberos ticket for a service that a directory's keytab has a key of sets a session cookie,
/// as a sign-in by name and password does; a user with an authenticator app sends its code too. NTLM is not taken.
#[utoipa::path(
    post, path = "/v1/session/negotiate", operation_id = "session_negotiate_create", tag = "session", request_body = NegotiateSignIn,
    extensions(("x-privilege" = json!("none"))),
    responses((status = 200, body = Session), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn sign_in(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    parts: Parts,
    Json(NegotiateSignIn { code }): Json<NegotiateSignIn>,
) -> Response {
    match token(&app, &parts) {
        Ok(Some(token)) => match signed_in(&app, peer, &parts.headers, &token, code).await {
            Ok(response) => response,
            Err(failure) => failure.into_response(),
        },
        Ok(None) => {
            let failure = Failure::new(Code::SignInRequired, "The account of your computer is asked for")
                .detail("The browser does not give it to this site: allow it for this address, or sign in by name and password.");
            let mut response = failure.into_response();
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(SCHEME.trim_ascii()));
            response.extensions_mut().insert(Unfinished);
            response
        }
        Err(failure) => failure.into_response(),
    }
}

/// The token that came; none: it is to be asked for.
fn token(app: &App, parts: &Parts) -> Outcome<Option<Vec<u8>>> {
    // A browser adds its account to what another page makes it send, too.
    if parts.headers.contains_key(header::ORIGIN) || parts.headers.contains_key("sec-fetch-site") {
        same_origin(parts)?;
    }
    if !app.directories.take_tickets() {
        return Err(Failure::new(Code::NotFound, "This site does not take the accounts of computers")
            .detail("An administrator gives a directory the keytab of the site's service."));
    }
    let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(text) = given
        .and_then(|value| value.split_at_checked(SCHEME.len()))
        .and_then(|(scheme, text)| scheme.eq_ignore_ascii_case(SCHEME).then_some(text.trim()))
    else {
        return Ok(None);
    };
    // Longer than any token is as base 64: it is not one, whatever it is.
    let right = text.len() <= negotiate::MAX_TOKEN.div_ceil(3) * 4;
    let bytes = right.then(|| BASE64_STANDARD.decode(text).ok()).flatten();
    bytes.map(Some).ok_or_else(|| {
        Failure::new(Code::BadRequest, "What came after Negotiate is no token")
            .detail(format!("It is base 64 of {} bytes at most.", negotiate::MAX_TOKEN))
    })
}

async fn signed_in(
    app: &App,
    peer: Peer,
    headers: &HeaderMap,
    token: &[u8],
    code: Option<String>,
) -> Outcome<Response> {
    let proved = app.directories.by_ticket(token).await?;
    let told = Told { name: Some(proved.user.name.clone()), detail: Some(proved.how), ..Told::default() };
    let mut response = match app.sessions.begin_with(proved.user, code, Some(peer.0), agent(headers)).await {
        Ok(begun) => welcome(app, None, &begun),
        Err(failure) => failure.into_response(),
    };
    let reply = format!("{SCHEME}{}", BASE64_STANDARD.encode(proved.reply));
    if response.status().is_success()
        && let Ok(value) = HeaderValue::from_str(&reply)
    {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response.extensions_mut().insert(told);
    Ok(response)
}
