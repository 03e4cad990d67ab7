//! Organizations, their folders, and who did what there.

use api::{
    Code,
    cloud::{CloudAuditEntry, NameOnly, NewSiteFolder, Organization, RelayLimitChange, SiteFolder},
};
use axum::{Extension, extract::State, http::StatusCode};
use catalog::cloud::organization::{FolderRow, OrganizationRow, RelayLimit};
use model::{FolderId, OrganizationId, Role, clock::wall_now};
use serde::Deserialize;
use serve::{
    Failure, Outcome,
    problem::{Json, Path, Query},
};

use super::Items;
use crate::{App, principal::Principal};

/// List one's organizations.
///
/// With what one is in each.
#[utoipa::path(
    get, path = "/v1/organizations", operation_id = "organizations_list", tag = "organization",
    extensions(("x-privilege" = json!("signed-in"))),
    responses((status = 200, body = Items<Organization>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn list(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
) -> Outcome<Json<Items<Organization>>> {
    let account = principal.account.id;
    let rows = app.catalog(move |catalog| catalog.organizations_of(account)).await?;
    Ok(Json(Items { items: rows.into_iter().map(|(row, role)| tell(&app, row, role)).collect() }))
}

/// Make an organization.
///
/// It is the caller's, and begins with one folder.
#[utoipa::path(
    post, path = "/v1/organizations", operation_id = "organization_create", tag = "organization", request_body = NameOnly,
    extensions(("x-privilege" = json!("signed-in"))),
    responses((status = 200, body = Organization), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn found(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Json(new): Json<NameOnly>,
) -> Outcome<Json<Organization>> {
    let account = principal.account.id;
    let row = app
        .catalog(move |catalog| {
            let id = catalog.found_organization(&new.name, account, wall_now())?;
            catalog.organization(id)
        })
        .await?;
    Ok(Json(tell(&app, row.ok_or_else(gone)?, Role::Administrator)))
}

/// Look at an organization.
///
/// Its name, whose it is, what relays may carry.
#[utoipa::path(
    get, path = "/v1/organizations/{organization}", operation_id = "organization_get", tag = "organization", params(("organization" = OrganizationId, Path, description = "which organization")),
    extensions(("x-privilege" = json!("viewer"))),
    responses((status = 200, body = Organization), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn get(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<OrganizationId>,
) -> Outcome<Json<Organization>> {
    let row = app.catalog(move |catalog| catalog.organization(id)).await?.ok_or_else(gone)?;
    Ok(Json(tell(&app, row, role(&principal))))
}

/// Rename an organization.
///
/// Its identifier stays.
#[utoipa::path(
    patch, path = "/v1/organizations/{organization}", operation_id = "organization_rename", tag = "organization", request_body = NameOnly, params(("organization" = OrganizationId, Path, description = "which organization")),
    extensions(("x-privilege" = json!("administrator"))),
    responses((status = 200, body = Organization), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn rename(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<OrganizationId>,
    Json(change): Json<NameOnly>,
) -> Outcome<Json<Organization>> {
    app.catalog(move |catalog| catalog.change_organization(id, Some(&change.name), None)).await?;
    let row = app.catalog(move |catalog| catalog.organization(id)).await?.ok_or_else(gone)?;
    Ok(Json(tell(&app, row, role(&principal))))
}

/// Say how much relays may carry.
///
/// For each account of the organization in a month; whoever runs the cloud says so, because that is who pays.
#[utoipa::path(
    put, path = "/v1/organizations/{organization}/relay-limit", operation_id = "organization_relay_limit_put", tag = "organization", request_body = RelayLimitChange, params(("organization" = OrganizationId, Path, description = "which organization")),
    extensions(("x-privilege" = json!("cloud"))),
    responses((status = 204, description = "done"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn relay_limit(
    State(app): State<App>,
    Path(id): Path<OrganizationId>,
    Json(change): Json<RelayLimitChange>,
) -> Outcome<StatusCode> {
    let limit = match change {
        RelayLimitChange::AsCloud => RelayLimit::AsCloud,
        RelayLimitChange::Bytes { bytes } => RelayLimit::Bytes(bytes),
        RelayLimitChange::Unlimited => RelayLimit::Unlimited,
    };
    let there = app.catalog(move |catalog| catalog.change_organization(id, None, Some(limit))).await?;
    if there { Ok(StatusCode::NO_CONTENT) } else { Err(gone()) }
}

/// List the folders.
///
/// All of the organization; which sites somebody sees in them is another matter.
#[utoipa::path(
    get, path = "/v1/organizations/{organization}/folders", operation_id = "folders_list", tag = "organization", params(("organization" = OrganizationId, Path, description = "which organization")),
    extensions(("x-privilege" = json!("viewer"))),
    responses((status = 200, body = Items<SiteFolder>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn folders(
    State(app): State<App>,
    Path(id): Path<OrganizationId>,
) -> Outcome<Json<Items<SiteFolder>>> {
    let rows = app.catalog(move |catalog| catalog.folders_of_organization(id)).await?;
    Ok(Json(Items { items: rows.into_iter().map(folder).collect() }))
}

/// Make a folder.
///
/// At the top or in another one.
#[utoipa::path(
    post, path = "/v1/organizations/{organization}/folders", operation_id = "folder_create", tag = "organization", request_body = NewSiteFolder, params(("organization" = OrganizationId, Path, description = "which organization")),
    extensions(("x-privilege" = json!("administrator"))),
    responses((status = 200, body = SiteFolder), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn add_folder(
    State(app): State<App>,
    Path(id): Path<OrganizationId>,
    Json(new): Json<NewSiteFolder>,
) -> Outcome<Json<SiteFolder>> {
    let row = app.catalog(move |catalog| catalog.add_site_folder(id, &new.name, new.parent)).await?;
    Ok(Json(folder(row)))
}

/// Rename a folder.
///
/// What is in it stays there.
#[utoipa::path(
    patch, path = "/v1/organizations/{organization}/folders/{folder}", operation_id = "folder_rename", tag = "organization", request_body = NameOnly, params(("organization" = OrganizationId, Path, description = "which organization"), ("folder" = FolderId, Path, description = "which folder")),
    extensions(("x-privilege" = json!("administrator"))),
    responses((status = 204, description = "done"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn rename_folder(
    State(app): State<App>,
    Path((id, folder)): Path<(OrganizationId, FolderId)>,
    Json(change): Json<NameOnly>,
) -> Outcome<StatusCode> {
    let there = app.catalog(move |catalog| catalog.rename_site_folder(id, folder, &change.name)).await?;
    if there {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Failure::new(Code::NotFound, "There is no such folder (any more)"))
    }
}

/// Remove a folder.
///
/// One that is empty, and not the one where sites go unless told otherwise.
#[utoipa::path(
    delete, path = "/v1/organizations/{organization}/folders/{folder}", operation_id = "folder_delete", tag = "organization", params(("organization" = OrganizationId, Path, description = "which organization"), ("folder" = FolderId, Path, description = "which folder")),
    extensions(("x-privilege" = json!("administrator"))),
    responses((status = 204, description = "done"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn remove_folder(
    State(app): State<App>,
    Path((id, folder)): Path<(OrganizationId, FolderId)>,
) -> Outcome<StatusCode> {
    app.catalog(move |catalog| catalog.remove_site_folder(id, folder)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where to go on in a long list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Before {
    /// Entries with smaller numbers than this.
    before: Option<i64>,
}

/// See who did what.
///
/// The newest first, 200 at once.
#[utoipa::path(
    get, path = "/v1/organizations/{organization}/audit", operation_id = "audit_list", tag = "organization", params(("organization" = OrganizationId, Path, description = "which organization"), Before),
    extensions(("x-privilege" = json!("administrator"))),
    responses((status = 200, body = Items<CloudAuditEntry>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn audit(
    State(app): State<App>,
    Path(id): Path<OrganizationId>,
    Query(before): Query<Before>,
) -> Outcome<Json<Items<CloudAuditEntry>>> {
    let before = before.before.unwrap_or(i64::MAX);
    let rows = app.catalog(move |catalog| catalog.deeds(id, before)).await?;
    let tell = |(number, deed): (i64, catalog::cloud::audit::CloudDeed)| CloudAuditEntry {
        number,
        at: deed.at,
        who: deed.who,
        address: deed.address,
        operation: deed.operation,
        target: deed.target,
        outcome: deed.outcome,
    };
    Ok(Json(Items { items: rows.into_iter().map(tell).collect() }))
}

/// Bytes that relays may carry for an account of the organization in a month.
pub fn limit(app: &App, limit: RelayLimit) -> Option<u64> {
    match limit {
        RelayLimit::AsCloud => app.relay_bytes,
        RelayLimit::Bytes(bytes) => Some(bytes),
        RelayLimit::Unlimited => None,
    }
}

fn tell(app: &App, row: OrganizationRow, role: Role) -> Organization {
    Organization {
        id: row.id,
        name: row.name,
        owner: row.owner,
        role,
        relay_bytes: limit(app, row.relay),
        created: row.created,
    }
}

fn folder(row: FolderRow) -> SiteFolder {
    SiteFolder { id: row.id, parent: row.parent, name: row.name, is_default: row.is_default }
}

/// The gate has seen to it that there is one.
fn role(principal: &Principal) -> Role {
    principal.member.as_ref().map_or(Role::Viewer, |(_, member)| member.role)
}

fn gone() -> Failure {
    Failure::new(Code::NotFound, "There is no such organization (any more)")
}
