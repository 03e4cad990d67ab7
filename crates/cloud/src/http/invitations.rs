//! Invitations. Without a mail server the inviter copies the link and hands it on.

use std::time::Duration;

use api::{
    Code,
    cloud::{AcceptInvitation, CodeOnly, Invitation, InvitationFacts, Joined, NewInvitation},
};
use axum::{Extension, extract::State, http::StatusCode};
use catalog::cloud::invitation::InvitationRow;
use model::{InvitationId, OrganizationId, clock::wall_now};
use serve::{
    Failure, Outcome,
    problem::{Json, Path},
};

use super::{Items, gate::From};
use crate::{App, principal::Principal};

/// How long an invitation waits.
const LIFETIME: Duration = Duration::from_secs(7 * 86_400);

/// List invitations that nobody has answered yet.
///
/// Without their codes: those are shown once.
#[utoipa::path(
    get, path = "/v1/organizations/{organization}/invitations", operation_id = "invitations_list", tag = "organization", params(("organization" = OrganizationId, Path, description = "which organization")),
    extensions(("x-privilege" = json!("operator"))),
    responses((status = 200, body = Items<Invitation>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn list(
    State(app): State<App>,
    Path(id): Path<OrganizationId>,
) -> Outcome<Json<Items<Invitation>>> {
    let rows = app.catalog(move |catalog| catalog.invitations(id, wall_now())).await?;
    Ok(Json(Items { items: rows.into_iter().map(tell).collect() }))
}

/// Invite somebody.
///
/// As Viewer; an administrator elevates afterwards. Only that address can accept it, within a week. A new invitation of
/// the same address takes the place of the old one.
#[utoipa::path(
    post, path = "/v1/organizations/{organization}/invitations", operation_id = "invitation_create", tag = "organization", request_body = NewInvitation, params(("organization" = OrganizationId, Path, description = "which organization")),
    extensions(("x-privilege" = json!("administrator"))),
    responses((status = 200, body = Invitation), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn invite(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<OrganizationId>,
    Json(new): Json<NewInvitation>,
) -> Outcome<Json<Invitation>> {
    let by = principal.account;
    let (row, code) =
        app.catalog(move |catalog| catalog.invite(id, &new.email, &by, wall_now(), LIFETIME)).await?;
    let link = format!("{}/join?code={}", app.url, code.expose());
    Ok(Json(Invitation { code: Some(code.into_inner()), link: Some(link), ..tell(row) }))
}

/// Take an invitation back.
///
/// Its code counts no longer.
#[utoipa::path(
    delete, path = "/v1/organizations/{organization}/invitations/{invitation}", operation_id = "invitation_delete", tag = "organization", params(("organization" = OrganizationId, Path, description = "which organization"), ("invitation" = InvitationId, Path, description = "which invitation")),
    extensions(("x-privilege" = json!("administrator"))),
    responses((status = 204, description = "done"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn revoke(
    State(app): State<App>,
    Path((id, invitation)): Path<(OrganizationId, InvitationId)>,
) -> Outcome<StatusCode> {
    if app.catalog(move |catalog| catalog.revoke_invitation(id, invitation)).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(unknown())
    }
}

/// See what a code invites to.
///
/// Nobody needs to be signed in; guessing is slowed down.
#[utoipa::path(
    post, path = "/v1/invitations/look", operation_id = "invitation_look", tag = "organization", request_body = CodeOnly,
    extensions(("x-privilege" = json!("none"))),
    responses((status = 200, body = InvitationFacts), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn look(
    State(app): State<App>,
    Extension(From(address)): Extension<From>,
    Json(given): Json<CodeOnly>,
) -> Outcome<Json<InvitationFacts>> {
    let found = app
        .prove("invitation", address, move |catalog| {
            let Some((row, has_account)) = catalog.invitation(&given.code, wall_now())? else {
                return Ok(None);
            };
            let organization =
                catalog.organization(row.organization)?.map(|one| one.name).unwrap_or_default();
            let InvitationRow { email, invited_by, .. } = row;
            Ok(Some(InvitationFacts { organization, email, invited_by, has_account }))
        })
        .await?;
    found.map(Json).ok_or_else(unknown)
}

/// Accept an invitation.
///
/// Who is signed in with the invited address joins; who has no account makes one with a name and a password.
#[utoipa::path(
    post, path = "/v1/invitations/accept", operation_id = "invitation_accept", tag = "organization", request_body = AcceptInvitation,
    extensions(("x-privilege" = json!("none"))),
    responses((status = 200, body = Joined), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn accept(
    State(app): State<App>,
    Extension(From(address)): Extension<From>,
    principal: Option<Extension<Principal>>,
    Json(given): Json<AcceptInvitation>,
) -> Outcome<Json<Joined>> {
    let AcceptInvitation { code, name, password } = given;
    let account = principal.map(|Extension(principal)| principal.account.id);
    let joined = app
        .prove("invitation", address, move |catalog| {
            let now = wall_now();
            let joined = match (account, name, password) {
                (Some(account), _, _) => catalog.accept_invitation(&code, account, now),
                (None, Some(name), Some(password)) => {
                    catalog.accept_invitation_anew(&code, &name, &password, now).map(|(_, joined)| joined)
                }
                (None, _, _) => return Ok(None),
            };
            match joined {
                Err(catalog::Error::NotFound(_)) => Ok(None),
                joined => joined.map(Some),
            }
        })
        .await?;
    let organization = joined.ok_or_else(unknown)?;
    Ok(Json(Joined { organization }))
}

fn tell(row: InvitationRow) -> Invitation {
    Invitation {
        id: row.id,
        email: row.email,
        invited_by: row.invited_by,
        created: row.created,
        expires: row.expires,
        code: None,
        link: None,
    }
}

fn unknown() -> Failure {
    Failure::new(Code::NotFound, "There is no such invitation for you (any more)").detail(
        "Invitations count once, for a week, and for the address alone that was invited. Whoever has an account signs in first.",
    )
}
