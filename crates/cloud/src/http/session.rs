//! The first account, signing in and out.

use api::cloud::{CloudSession, CloudSetUp, CloudSetupState, CloudSignIn};
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use catalog::cloud::{
    account::{AccountRow, NewAccount},
    sign_in::SignInRow,
};
use model::{Secret, clock::wall_now};
use serve::{Failure, Outcome, problem::Json};

use super::gate::{From, Told};
use crate::{App, RELEASE, accounts::LIFETIME, principal::Principal};

/// Whether the cloud still waits for its first account.
///
/// And who it says that it is.
#[utoipa::path(
    get, path = "/v1/setup", operation_id = "setup_get", tag = "session",
    extensions(("x-privilege" = json!("none"))),
    responses((status = 200, body = CloudSetupState), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn setup_state(State(app): State<App>) -> Outcome<Json<CloudSetupState>> {
    Ok(Json(CloudSetupState {
        needed: app.catalog(|catalog| catalog.needs_setup()).await?,
        certificate_id: app.identity.certificate_id().to_string(),
        tls_certificate_sha256: app.tls_fingerprint.clone(),
        release: RELEASE.to_owned(),
    }))
}

/// Make the first account.
///
/// With the code of the link on the console; the account runs this cloud and owns the first organization. It signs in.
#[utoipa::path(
    post, path = "/v1/setup", operation_id = "setup_post", tag = "session", request_body = CloudSetUp,
    extensions(("x-privilege" = json!("none"))),
    responses((status = 200, body = CloudSession), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn set_up(
    State(app): State<App>,
    Extension(From(address)): Extension<From>,
    headers: HeaderMap,
    Json(new): Json<CloudSetUp>,
) -> Outcome<Response> {
    let (email, password) = (new.email.clone(), new.password.clone());
    app.prove("setup", address, move |catalog| {
        let account = NewAccount { email: &new.email, name: &new.name, password: &new.password };
        catalog.set_up(&new.code, account, &new.organization, wall_now()).map(Some)
    })
    .await?;
    let sign_in = CloudSignIn { email, password, code: None };
    let (account, row, secret) = app.sign_in(sign_in, address, agent(&headers)).await?;
    Ok(welcome(&app, &account, &row, &secret))
}

/// Sign in.
///
/// Sets a session cookie. Wrong addresses and wrong passwords are not told apart; many wrong tries have to wait.
#[utoipa::path(
    post, path = "/v1/session", operation_id = "session_create", tag = "session", request_body = CloudSignIn,
    extensions(("x-privilege" = json!("none"))),
    responses((status = 200, body = CloudSession), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn sign_in(
    State(app): State<App>,
    Extension(From(address)): Extension<From>,
    headers: HeaderMap,
    Json(sign_in): Json<CloudSignIn>,
) -> Response {
    let told = Told(sign_in.email.chars().take(254).collect());
    let mut response = match app.sign_in(sign_in, address, agent(&headers)).await {
        Ok((account, row, secret)) => welcome(&app, &account, &row, &secret),
        Err(failure) => failure.into_response(),
    };
    response.extensions_mut().insert(told);
    response
}

/// Who is signed in.
///
/// The caller's account.
#[utoipa::path(
    get, path = "/v1/session", operation_id = "session_get", tag = "session",
    extensions(("x-privilege" = json!("signed-in"))),
    responses((status = 200, body = CloudSession), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn get(Extension(principal): Extension<Principal>) -> Json<CloudSession> {
    let Principal { session, account, expires, .. } = principal;
    Json(tell(session, &account, expires))
}

/// Sign out.
///
/// Ends the sign-in.
#[utoipa::path(
    delete, path = "/v1/session", operation_id = "session_delete", tag = "session",
    extensions(("x-privilege" = json!("signed-in"))),
    responses((status = 204, description = "done"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn sign_out(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
) -> Outcome<Response> {
    let (account, session) = (principal.account.id, principal.session);
    app.catalog(move |catalog| catalog.end_sign_in(account, session)).await?;
    app.mediator.forget_account(account).await;
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Ok(value) = HeaderValue::from_str(&cookie(&app.cookie_name, "", 0)) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    Ok(response)
}

/// The browser that asks, for the list of sign-ins.
fn agent(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    agent.unwrap_or_default().to_owned()
}

fn welcome(app: &App, account: &AccountRow, row: &SignInRow, secret: &Secret<String>) -> Response {
    let mut response = Json(tell(row.id, account, row.expires)).into_response();
    let cookie = cookie(&app.cookie_name, secret.expose(), LIFETIME.as_secs());
    match HeaderValue::from_str(&cookie) {
        Ok(value) => response.headers_mut().insert(header::SET_COOKIE, value),
        Err(error) => return Failure::internal("making a cookie", error).into_response(),
    };
    response
}

fn cookie(name: &str, value: &str, seconds: u64) -> String {
    format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={seconds}")
}

fn tell(session: model::SessionId, account: &AccountRow, expires: model::WallTime) -> CloudSession {
    CloudSession {
        session,
        account: account.id,
        email: account.email.clone(),
        name: account.name.clone(),
        second_factor: account.second_factor,
        runs_cloud: account.runs_cloud,
        expires,
    }
}
