//! One's own account: sign-ins, password, second factor.

use access::totp;
use api::{
    Code,
    cloud::{CloudSignInInfo, CodeOnly, NewFactor, PasswordChange, PasswordOnly, RecoveryCodes},
};
use axum::{Extension, extract::State, http::StatusCode};
use model::{SessionId, clock::wall_now};
use serve::{
    Failure, Outcome,
    problem::{Json, Path},
};

use super::Items;
use crate::{App, principal::Principal};

/// List one's sign-ins.
///
/// Browsers and programs, the one used last first.
#[utoipa::path(
    get, path = "/v1/account/sign-ins", operation_id = "account_sign_ins_list", tag = "account",
    extensions(("x-privilege" = json!("signed-in"))),
    responses((status = 200, body = Items<CloudSignInInfo>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn sign_ins(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
) -> Outcome<Json<Items<CloudSignInInfo>>> {
    let account = principal.account.id;
    let rows = app.catalog(move |catalog| catalog.sign_ins_of(account, wall_now())).await?;
    let tell = |row: catalog::cloud::sign_in::SignInRow| CloudSignInInfo {
        id: row.id,
        kind: row.kind.to_string(),
        agent: row.agent,
        address: row.address,
        created: row.created,
        last_used: row.last_used,
        expires: row.expires,
        own: row.id == principal.session,
    };
    Ok(Json(Items { items: rows.into_iter().map(tell).collect() }))
}

/// End one of one's sign-ins.
///
/// The links that it opened end too.
#[utoipa::path(
    delete, path = "/v1/account/sign-ins/{sign_in}", operation_id = "account_sign_in_delete", tag = "account", params(("sign_in" = SessionId, Path, description = "which sign in")),
    extensions(("x-privilege" = json!("signed-in"))),
    responses((status = 204, description = "done"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn end_sign_in(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<SessionId>,
) -> Outcome<StatusCode> {
    let account = principal.account.id;
    if !app.catalog(move |catalog| catalog.end_sign_in(account, id)).await? {
        return Err(Failure::new(Code::NotFound, "There is no such sign-in (any more)"));
    }
    app.mediator.forget_account(account).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Change one's password.
///
/// All sign-ins end, the one that asks too.
#[utoipa::path(
    put, path = "/v1/account/password", operation_id = "account_password_put", tag = "account", request_body = PasswordChange,
    extensions(("x-privilege" = json!("signed-in"))),
    responses((status = 204, description = "done"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn password(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Json(change): Json<PasswordChange>,
) -> Outcome<StatusCode> {
    let PasswordChange { old, new } = change;
    own_password(&app, &principal, old).await?;
    let account = principal.account.id;
    app.catalog(move |catalog| catalog.set_account_password(account, &new)).await?;
    app.mediator.forget_account(account).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Begin with an authenticator app.
///
/// Makes a new key. It counts when a code of it was confirmed.
#[utoipa::path(
    post, path = "/v1/account/second-factor", operation_id = "account_factor_begin", tag = "account", request_body = PasswordOnly,
    extensions(("x-privilege" = json!("signed-in"))),
    responses((status = 200, body = NewFactor), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn begin_factor(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Json(proof): Json<PasswordOnly>,
) -> Outcome<Json<NewFactor>> {
    own_password(&app, &principal, proof.password).await?;
    let account = principal.account.id;
    let key = app.catalog(move |catalog| catalog.begin_account_factor(account)).await?;
    let key = key.ok_or_else(|| {
        Failure::new(Code::Conflict, "An authenticator app is set up already").detail("End it first.")
    })?;
    let host = app.url.trim_start_matches("https://");
    let address = totp::address(host, &principal.account.email, &key);
    Ok(Json(NewFactor { key: totp::base32(&key), address }))
}

/// Confirm the authenticator app.
///
/// With a code that it shows; gives back recovery codes, once.
#[utoipa::path(
    put, path = "/v1/account/second-factor", operation_id = "account_factor_confirm", tag = "account", request_body = CodeOnly,
    extensions(("x-privilege" = json!("signed-in"))),
    responses((status = 200, body = RecoveryCodes), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn confirm_factor(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Json(given): Json<CodeOnly>,
) -> Outcome<Json<RecoveryCodes>> {
    let account = principal.account.id;
    let look = move |catalog: &catalog::cloud::CloudCatalog| {
        catalog.confirm_account_factor(account, &given.code, wall_now())
    };
    let codes = app.prove(&principal.account.email.to_lowercase(), principal.address, look).await?;
    let codes = codes.ok_or_else(|| Failure::new(Code::SecondFactorRequired, "The code is wrong"))?;
    Ok(Json(RecoveryCodes { codes: codes.into_iter().map(model::Secret::into_inner).collect() }))
}

/// End the authenticator app.
///
/// The password alone is asked for from then on.
#[utoipa::path(
    delete, path = "/v1/account/second-factor", operation_id = "account_factor_end", tag = "account", request_body = PasswordOnly,
    extensions(("x-privilege" = json!("signed-in"))),
    responses((status = 204, description = "done"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn end_factor(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Json(proof): Json<PasswordOnly>,
) -> Outcome<StatusCode> {
    own_password(&app, &principal, proof.password).await?;
    let account = principal.account.id;
    app.catalog(move |catalog| catalog.end_account_factor(account)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether it is still the same person.
async fn own_password(app: &App, principal: &Principal, password: String) -> Outcome<()> {
    let email = principal.account.email.clone();
    let name = email.to_lowercase();
    let right =
        app.prove(&name, principal.address, move |catalog| catalog.verify_account(&email, &password)).await?;
    right.map(drop).ok_or_else(|| Failure::new(Code::WrongPassword, "The password is wrong"))
}
