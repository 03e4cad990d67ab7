//! Tokens for scripts.

use api::{
    Code,
    session::{Token, TokenRequest},
};
use axum::{Extension, extract::State, http::StatusCode};
use catalog::token::TokenRow;
use model::{TokenId, clock::wall_now};

use super::{
    Items,
    problem::{Failure, Json, Outcome, Path},
};
use crate::{App, principal::Principal};

const DAYS: u32 = 90;
const DAY_US: i64 = 86_400_000_000;

/// Own tokens.
///
/// The caller's tokens, newest first. Values are not told again.
#[utoipa::path(
    get, path = "/v1/tokens", operation_id = "token_list", tag = "account",
    extensions(("x-privilege" = json!("own-account"))),
    responses((status = 200, body = Items<Token>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn list(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
) -> Outcome<Json<Items<Token>>> {
    let rows = app.catalog(move |catalog| catalog.tokens_of(principal.user_id)).await?;
    Ok(Json(Items { items: rows.into_iter().map(|row| token(row, None)).collect() }))
}

/// Make a token.
///
/// A token has the rights of its user, or those of them that are in its scope. Its value is in this answer only.
#[utoipa::path(
    post, path = "/v1/tokens", operation_id = "token_create", tag = "account", request_body = TokenRequest,
    extensions(("x-privilege" = json!("own-account"))),
    responses((status = 201, body = Token), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn make(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Json(request): Json<TokenRequest>,
) -> Outcome<(StatusCode, Json<Token>)> {
    let days = request.days.unwrap_or(DAYS);
    if !(1..=3650).contains(&days) {
        return Err(Failure::new(Code::BadRequest, "A token lives 1 to 3650 days"));
    }
    if principal.machine {
        return Err(Failure::new(Code::Conflict, "An administrator of the machine has no tokens")
            .detail("A token would outlive the account. Make a user of the site for the script, and a token for that."));
    }
    if request.scope.as_ref().is_some_and(Vec::is_empty) {
        return Err(Failure::new(Code::BadRequest, "A token without any privilege is good for nothing")
            .detail("Leave the scope out for all that you may do."));
    }
    let (row, value) = app
        .catalog(move |catalog| {
            let now = wall_now();
            let expires = now.plus_micros(i64::from(days) * DAY_US);
            catalog.create_token(principal.user_id, &request.name, now, expires, request.scope)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(token(row, Some(value.into_inner())))))
}

/// End a token.
///
/// It counts for nothing from now on.
#[utoipa::path(
    delete, path = "/v1/tokens/{token}", operation_id = "token_delete", tag = "account",
    params(("token" = TokenId, Path)),
    extensions(("x-privilege" = json!("own-account"))),
    responses((status = 204, description = "ended"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn end(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<TokenId>,
) -> Outcome<StatusCode> {
    let ended = app.catalog(move |catalog| catalog.end_token(principal.user_id, id)).await?;
    if !ended {
        return Err(Failure::new(Code::NotFound, "There is no such token (any more)"));
    }
    Ok(StatusCode::NO_CONTENT)
}

fn token(row: TokenRow, value: Option<String>) -> Token {
    Token { id: row.id, name: row.name, created: row.created, expires: row.expires, scope: row.scope, value }
}
