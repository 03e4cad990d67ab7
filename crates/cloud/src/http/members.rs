//! Members of an organization.

use api::cloud::{Member, MemberChange};
use axum::{Extension, extract::State, http::StatusCode};
use model::{AccountId, OrganizationId};
use serve::{
    Outcome,
    problem::{Json, Path},
};

use super::Items;
use crate::{App, principal::Principal};

/// List the members.
///
/// Everybody of the organization sees who else is in it, and as what.
#[utoipa::path(
    get, path = "/v1/organizations/{organization}/members", operation_id = "members_list", tag = "organization", params(("organization" = OrganizationId, Path, description = "which organization")),
    extensions(("x-privilege" = json!("viewer"))),
    responses((status = 200, body = Items<Member>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn list(State(app): State<App>, Path(id): Path<OrganizationId>) -> Outcome<Json<Items<Member>>> {
    let (owner, rows) = app
        .catalog(move |catalog| Ok((catalog.organization(id)?.map(|row| row.owner), catalog.members(id)?)))
        .await?;
    let tell = |row: catalog::cloud::organization::MemberRow| Member {
        owner: Some(row.account) == owner,
        account: row.account,
        email: row.email,
        name: row.name,
        role: row.role,
        folders: row.folders,
        joined: row.joined,
    };
    Ok(Json(Items { items: rows.into_iter().map(tell).collect() }))
}

/// Change what a member is.
///
/// It counts at once: sessions that the member has open end. The owner stays an administrator.
#[utoipa::path(
    patch, path = "/v1/organizations/{organization}/members/{account}", operation_id = "member_change", tag = "organization", request_body = MemberChange, params(("organization" = OrganizationId, Path, description = "which organization"), ("account" = AccountId, Path, description = "which account")),
    extensions(("x-privilege" = json!("administrator"))),
    responses((status = 204, description = "done"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn change(
    State(app): State<App>,
    Path((id, account)): Path<(OrganizationId, AccountId)>,
    Json(change): Json<MemberChange>,
) -> Outcome<StatusCode> {
    let MemberChange { role, folders } = change;
    app.catalog(move |catalog| catalog.change_member(id, account, role, folders.as_deref())).await?;
    app.mediator.forget_account(account).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove a member.
///
/// Sessions that the member has open end; the account stays. Whoever wants to leave can do so, except the owner.
#[utoipa::path(
    delete, path = "/v1/organizations/{organization}/members/{account}", operation_id = "member_delete", tag = "organization", params(("organization" = OrganizationId, Path, description = "which organization"), ("account" = AccountId, Path, description = "which account")),
    extensions(("x-privilege" = json!("viewer"))),
    responses((status = 204, description = "done"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn remove(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path((id, account)): Path<(OrganizationId, AccountId)>,
) -> Outcome<StatusCode> {
    let administrates = principal.member.is_some_and(|(_, member)| member.role == model::Role::Administrator);
    if account != principal.account.id && !administrates {
        return Err(serve::Failure::new(api::Code::Forbidden, "Only an administrator removes others"));
    }
    app.catalog(move |catalog| catalog.remove_member(id, account)).await?;
    app.mediator.forget_account(account).await;
    Ok(StatusCode::NO_CONTENT)
}
