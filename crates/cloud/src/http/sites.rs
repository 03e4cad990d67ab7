//! Sites of organizations. A site appears here by enrolling (`device`).

use api::{
    Code,
    cloud::{CloudSite, CloudSiteChange},
};
use axum::{Extension, extract::State, http::StatusCode};
use catalog::cloud::{CloudCatalog, remote::RemoteSite};
use model::{AccountId, OrganizationId, SiteId};
use serve::{
    Failure, Outcome,
    problem::{Json, Path},
};
use trust::PublicIdentity;

use super::Items;
use crate::{App, principal::Principal, rights};

/// List one's sites.
///
/// Those of all organizations that one belongs to, as far as one sees their folders.
#[utoipa::path(
    get, path = "/v1/sites", operation_id = "sites_own", tag = "site",
    extensions(("x-privilege" = json!("signed-in"))),
    responses((status = 200, body = Items<CloudSite>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn own(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
) -> Outcome<Json<Items<CloudSite>>> {
    let account = principal.account.id;
    let rows = app
        .catalog(move |catalog| {
            let mut all = Vec::new();
            for (organization, _) in catalog.organizations_of(account)? {
                all.extend(seen(catalog, organization.id, account)?);
            }
            Ok(all)
        })
        .await?;
    Ok(Json(Items { items: rows.into_iter().map(|row| tell(&app, row)).collect() }))
}

/// List the sites of an organization.
///
/// As far as one sees their folders; whether each is connected, and when it was last heard of.
#[utoipa::path(
    get, path = "/v1/organizations/{organization}/sites", operation_id = "sites_list", tag = "site", params(("organization" = OrganizationId, Path, description = "which organization")),
    extensions(("x-privilege" = json!("viewer"))),
    responses((status = 200, body = Items<CloudSite>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn list(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<OrganizationId>,
) -> Outcome<Json<Items<CloudSite>>> {
    let account = principal.account.id;
    let rows = app.catalog(move |catalog| seen(catalog, id, account)).await?;
    Ok(Json(Items { items: rows.into_iter().map(|row| tell(&app, row)).collect() }))
}

/// Rename or move a site.
///
/// Into another folder of the organization.
#[utoipa::path(
    patch, path = "/v1/organizations/{organization}/sites/{site}", operation_id = "site_change", tag = "site", request_body = CloudSiteChange, params(("organization" = OrganizationId, Path, description = "which organization"), ("site" = SiteId, Path, description = "which site")),
    extensions(("x-privilege" = json!("administrator"))),
    responses((status = 204, description = "done"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn change(
    State(app): State<App>,
    Path((id, site)): Path<(OrganizationId, SiteId)>,
    Json(change): Json<CloudSiteChange>,
) -> Outcome<StatusCode> {
    let there = app
        .catalog(move |catalog| catalog.change_remote_site(id, site, change.name.as_deref(), change.folder))
        .await?;
    if there { Ok(StatusCode::NO_CONTENT) } else { Err(unknown()) }
}

/// Remove a site.
///
/// It is disconnected at once and comes in no more. What it recorded is its own.
#[utoipa::path(
    delete, path = "/v1/organizations/{organization}/sites/{site}", operation_id = "site_delete", tag = "site", params(("organization" = OrganizationId, Path, description = "which organization"), ("site" = SiteId, Path, description = "which site")),
    extensions(("x-privilege" = json!("administrator"))),
    responses((status = 204, description = "done"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn remove(
    State(app): State<App>,
    Path((id, site)): Path<(OrganizationId, SiteId)>,
) -> Outcome<StatusCode> {
    if !app.catalog(move |catalog| catalog.remove_remote_site(id, site)).await? {
        return Err(unknown());
    }
    app.mediator.forget_site(site).await;
    Ok(StatusCode::NO_CONTENT)
}

/// The sites of an organization that an account sees.
fn seen(
    catalog: &CloudCatalog,
    organization: OrganizationId,
    account: AccountId,
) -> catalog::Result<Vec<RemoteSite>> {
    let Some(member) = catalog.member(organization, account)? else { return Ok(Vec::new()) };
    let folders = rights::folders(&member, &catalog.folders_of_organization(organization)?);
    let sites = catalog.remote_sites(organization)?;
    Ok(sites.into_iter().filter(|site| folders.contains(&site.folder)).collect())
}

fn tell(app: &App, row: RemoteSite) -> CloudSite {
    let identity = PublicIdentity::from_spki_der(&row.identity);
    CloudSite {
        id: row.id,
        name: row.name,
        organization: row.organization,
        folder: row.folder,
        certificate_id: identity.map(|one| one.certificate_id().to_string()).unwrap_or_default(),
        online: app.mediator.is_present(row.id),
        last_contact: row.last_contact,
        enrolled: row.enrolled,
    }
}

fn unknown() -> Failure {
    Failure::new(Code::NotFound, "There is no such site (any more)")
}
