//! One's own sign-in: password, sign-ins, second factor. Not for tokens with a scope (`own-account`).

use api::{
    Code,
    people::{PasswordChange, RecoveryCodes, SecondFactorCode, SecondFactorSetup, SignInInfo},
};
use axum::{Extension, extract::State, http::StatusCode};
use model::{SessionId, clock::wall_now};

use super::{
    Items,
    problem::{Failure, Json, Outcome, Path},
    users::sign_in,
};
use crate::{App, principal::Principal, qr};

/// Own sign-ins.
///
/// The one used last first.
#[utoipa::path(
    get, path = "/v1/account/sessions", operation_id = "account_session_list", tag = "account",
    extensions(("x-privilege" = json!("own-account"))),
    responses((status = 200, body = Items<SignInInfo>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn sessions(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
) -> Outcome<Json<Items<SignInInfo>>> {
    let user = principal.user_id;
    let rows = app.catalog(move |catalog| catalog.sessions_of(user, wall_now())).await?;
    Ok(Json(Items { items: rows.into_iter().map(|row| sign_in(row, &principal)).collect() }))
}

/// End an own sign-in.
///
/// Such as the one in a browser that is not at hand.
#[utoipa::path(
    delete, path = "/v1/account/sessions/{session}", operation_id = "account_session_delete", tag = "account",
    params(("session" = SessionId, Path)),
    extensions(("x-privilege" = json!("own-account"))),
    responses((status = 204, description = "ended"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn end_session(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(session): Path<SessionId>,
) -> Outcome<StatusCode> {
    let user = principal.user_id;
    if app.catalog(move |catalog| catalog.end_session_of(user, session)).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Failure::new(Code::NotFound, "There is no such sign-in (any more)"))
    }
}

/// Change the own password.
///
/// Wants the old one; wrong tries have to wait as at a sign-in. Other sign-ins and all tokens end.
#[utoipa::path(
    put, path = "/v1/account/password", operation_id = "account_password_update", tag = "account",
    request_body = PasswordChange,
    extensions(("x-privilege" = json!("own-account"))),
    responses((status = 204, description = "changed"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn password(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Json(change): Json<PasswordChange>,
) -> Outcome<StatusCode> {
    if principal.machine {
        return Err(Failure::new(Code::Conflict, "An administrator of the machine has no password here")
            .detail("Change it where the machine keeps its accounts."));
    }
    let (user, session) = (principal.user_id, principal.session);
    let changed = app
        .sessions
        .prove(&principal, move |catalog| {
            Ok(catalog.change_password(user, &change.old, &change.new, Some(session))?.then_some(()))
        })
        .await?;
    changed.ok_or_else(wrong_password)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begin a second factor.
///
/// A new key for an authenticator app. It counts when a code of the app was sent back.
#[utoipa::path(
    post, path = "/v1/account/second-factor", operation_id = "account_second_factor_begin", tag = "account",
    extensions(("x-privilege" = json!("own-account"))),
    responses((status = 200, body = SecondFactorSetup), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn begin_factor(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
) -> Outcome<Json<SecondFactorSetup>> {
    if principal.machine {
        return Err(Failure::new(Code::Conflict, "An administrator of the machine signs in there")
            .detail("A second factor belongs to a sign-in with a password."));
    }
    let user = principal.user_id;
    let provider = app.catalog(move |catalog| catalog.provider_of(user)).await?;
    if let Some(provider) = provider {
        return Err(Failure::new(Code::Conflict, format!("You sign in with {provider}"))
            .detail("A second factor is set up there: this site asks for none of its own."));
    }
    let (key, site) =
        app.catalog(move |catalog| Ok((catalog.begin_second_factor(user)?, catalog.site()?))).await?;
    let key = key.ok_or_else(|| {
        Failure::new(Code::Conflict, "An authenticator app is set up already")
            .detail("End that first, then set up another.")
    })?;
    let site = site.map_or_else(|| "Martello".to_owned(), |site| site.name);
    let address = access::totp::address(&site, &principal.user, &key);
    let qr_svg = qr::svg(&address)
        .ok_or_else(|| Failure::new(Code::Internal, "The names are too long for a QR code"))?;
    Ok(Json(SecondFactorSetup { key: access::totp::base32(&key), address, qr_svg }))
}

/// Confirm a second factor.
///
/// With a code that the app shows. It counts from now on; the recovery codes are in this answer only.
#[utoipa::path(
    put, path = "/v1/account/second-factor", operation_id = "account_second_factor_confirm", tag = "account",
    request_body = SecondFactorCode,
    extensions(("x-privilege" = json!("own-account"))),
    responses((status = 200, body = RecoveryCodes), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn confirm_factor(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Json(given): Json<SecondFactorCode>,
) -> Outcome<Json<RecoveryCodes>> {
    let user = principal.user_id;
    let codes = app
        .sessions
        .prove(&principal, move |catalog| catalog.confirm_second_factor(user, &given.code, wall_now()))
        .await?;
    let codes = codes.ok_or_else(|| {
        Failure::new(Code::BadRequest, "This is not the code that the app shows now")
            .detail("Check the clock of the phone, and type the code that is shown then.")
    })?;
    Ok(Json(RecoveryCodes { codes: codes.into_iter().map(model::Secret::into_inner).collect() }))
}

/// End the second factor.
///
/// Wants a code of the app, or a recovery code.
#[utoipa::path(
    post, path = "/v1/account/second-factor/end", operation_id = "account_second_factor_end", tag = "account",
    request_body = SecondFactorCode,
    extensions(("x-privilege" = json!("own-account"))),
    responses((status = 204, description = "ended"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn end_factor(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Json(given): Json<SecondFactorCode>,
) -> Outcome<StatusCode> {
    let user = principal.user_id;
    let ended = app
        .sessions
        .prove(&principal, move |catalog| {
            if !catalog.use_second_factor(user, &given.code, wall_now())? {
                return Ok(None);
            }
            catalog.end_second_factor(user).map(Some)
        })
        .await?;
    ended.ok_or_else(|| {
        Failure::new(Code::BadRequest, "The code is wrong or was used already")
            .detail("Enter the six digits that the app shows now, or a recovery code.")
    })?;
    Ok(StatusCode::NO_CONTENT)
}

fn wrong_password() -> Failure {
    Failure::new(Code::BadRequest, "The password until now is wrong").detail("Nothing was changed.")
}
