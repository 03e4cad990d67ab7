//! Device authorization (RFC 8628): a site enrols, a program signs in, and a person says so at another screen. The user code
//! is typed there: no link fills it in, so that nobody confirms what somebody else sent.

use std::time::Duration;

use api::{
    Code,
    cloud::{CodeOnly, DeviceAsk, DeviceCodes, GrantDecision, GrantFacts, OauthError, TokenAnswer, TokenAsk},
};
use axum::{
    Extension, Form,
    extract::{State, rejection::FormRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use catalog::cloud::{
    device::{Ask, Decision, GrantKind, GrantRow, GrantState},
    sign_in::{Begin, SignInKind},
};
use model::clock::wall_now;
use serve::{Failure, Outcome, problem::Json};
use trust::{PublicIdentity, Signature};

use super::gate::From;
use crate::{App, accounts::PROGRAM_LIFETIME, principal::Principal};

/// How long a person has.
const LIFETIME: Duration = Duration::from_secs(600);
/// Seconds between two questions (RFC 8628 section 3.2).
const INTERVAL: u32 = 1;
/// The longest that an answer is held back.
const MAX_WAIT: u32 = 25;
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Ask for a grant.
///
/// RFC 8628 section 3.1, as a form. A site sends its public key, which it proves when it comes for the grant.
#[utoipa::path(
    post, path = "/oauth/device_authorization", operation_id = "device_authorize", tag = "grant", request_body(content = DeviceAsk, content_type = "application/x-www-form-urlencoded"),
    extensions(("x-privilege" = json!("none"))),
    responses((status = 200, body = DeviceCodes), (status = 400, body = OauthError), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn authorize(
    State(app): State<App>,
    Extension(From(address)): Extension<From>,
    form: Result<Form<DeviceAsk>, FormRejection>,
) -> Result<Json<DeviceCodes>, Refused> {
    let Form(ask) = form.map_err(|rejection| invalid(&rejection.body_text()))?;
    let kind = kind(&ask.client_id)?;
    let identity = match (kind, ask.identity.as_deref().map(spki)) {
        (GrantKind::Site, Some(Some(identity))) => Some(identity),
        (GrantKind::Site, _) => return Err(invalid("A site sends its public key as identity")),
        (GrantKind::Program, _) => None,
    };
    let codes = app
        .catalog(move |catalog| {
            let identity = identity.as_ref().map(|one| one.spki_der().as_slice());
            let from = address.to_string();
            let ask = Ask { kind, name: ask.name.trim(), identity, address: &from, lifetime: LIFETIME };
            catalog.ask_grant(ask, wall_now())
        })
        .await?;
    Ok(Json(DeviceCodes {
        device_code: codes.device.into_inner(),
        user_code: codes.user.into_inner(),
        verification_uri: format!("{}/grant", app.url),
        expires_in: u32::try_from(LIFETIME.as_secs()).unwrap_or(600),
        interval: INTERVAL,
    }))
}

/// Come for the grant.
///
/// RFC 8628 section 3.4, as a form. With `wait` the answer is held back until somebody has decided, so that a site is there
/// at once. A site's signature shows that it has the key that it asked with.
#[utoipa::path(
    post, path = "/oauth/token", operation_id = "device_token", tag = "grant", request_body(content = TokenAsk, content_type = "application/x-www-form-urlencoded"),
    extensions(("x-privilege" = json!("none"))),
    responses((status = 200, body = TokenAnswer), (status = 400, body = OauthError), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn token(
    State(app): State<App>,
    Extension(From(address)): Extension<From>,
    form: Result<Form<TokenAsk>, FormRejection>,
) -> Result<Json<TokenAnswer>, Refused> {
    let Form(ask) = form.map_err(|rejection| invalid(&rejection.body_text()))?;
    if ask.grant_type != GRANT_TYPE {
        return Err(refuse("unsupported_grant_type", "Only device codes are taken here"));
    }
    let kind = kind(&ask.client_id)?;
    let grant = decided(&app, &ask).await?;
    if grant.kind != kind {
        return Err(refuse("invalid_grant", "The code was asked for by another kind of client"));
    }
    match kind {
        GrantKind::Site => enrol(&app, &ask, &grant).await,
        GrantKind::Program => redeem(&app, ask, &grant, address.to_string()).await,
    }
}

/// The grant when it was given; held back a little where the asking side wants that.
async fn decided(app: &App, ask: &TokenAsk) -> Result<GrantRow, Refused> {
    let until = tokio::time::Instant::now() + Duration::from_secs(ask.wait.unwrap_or(0).min(MAX_WAIT).into());
    let (mut bell, mut stop) = (app.grants.listen(), app.stop.clone());
    loop {
        let code = ask.device_code.clone();
        let found = app.catalog(move |catalog| catalog.grant_by_device_code(&code, wall_now())).await;
        let grant = found?;
        let grant =
            grant.ok_or_else(|| refuse("expired_token", "The code has ended, was used, or never was one"))?;
        match grant.state {
            GrantState::Granted => return Ok(grant),
            GrantState::Denied => return Err(refuse("access_denied", "Somebody said no")),
            GrantState::Pending => {}
        }
        tokio::select! {
            rung = bell.changed() => if rung.is_ok() { continue },
            () = tokio::time::sleep_until(until) => {}
            () = stop.requested() => {}
        }
        return Err(refuse("authorization_pending", "Nobody has decided yet"));
    }
}

async fn enrol(app: &App, ask: &TokenAsk, grant: &GrantRow) -> Result<Json<TokenAnswer>, Refused> {
    let identity = grant.identity.as_deref().and_then(|der| PublicIdentity::from_spki_der(der).ok());
    let signature = ask.signature.as_deref().and_then(read_signature);
    let (Some(identity), Some(signature)) = (identity, signature) else {
        return Err(invalid("A site signs for its grant"));
    };
    let cloud = app.identity.certificate_id();
    if identity.verify_enrolment(&cloud, &ask.device_code, &signature).is_err() {
        return Err(refuse("invalid_grant", "The signature is not the site's that asked"));
    }
    let (code, site) = (ask.device_code.clone(), identity.certificate_id().site_id());
    let enrolled = app
        .catalog(move |catalog| {
            let Some(id) = catalog.enrol(&code, site, wall_now())? else { return Ok(None) };
            Ok(catalog.organization(id)?.map(|row| (id, row.name)))
        })
        .await?;
    let (id, name) = enrolled.ok_or_else(|| refuse("invalid_grant", "The grant was used up"))?;
    // A link that it had as a site of another organization is that one's.
    app.mediator.forget_site(site).await;
    app.note_of_site(id, site, "site_enrol", "done").await;
    Ok(Json(TokenAnswer {
        token_type: "martello-identity".to_owned(),
        access_token: String::new(),
        expires_in: None,
        organization: Some(name),
    }))
}

async fn redeem(
    app: &App,
    ask: TokenAsk,
    grant: &GrantRow,
    address: String,
) -> Result<Json<TokenAnswer>, Refused> {
    let agent = grant.name.clone();
    let redeemed = app
        .catalog(move |catalog| {
            let begin = Begin {
                kind: SignInKind::Program,
                agent: &agent,
                address: &address,
                lifetime: PROGRAM_LIFETIME,
            };
            catalog.redeem(&ask.device_code, begin, wall_now())
        })
        .await?;
    let token = redeemed.ok_or_else(|| refuse("invalid_grant", "The grant was used up"))?;
    Ok(Json(TokenAnswer {
        token_type: "Bearer".to_owned(),
        access_token: token.into_inner(),
        expires_in: Some(PROGRAM_LIFETIME.as_secs()),
        organization: None,
    }))
}

/// See who asks.
///
/// What asks, from where, its certificate ID, what it may do then and for how long: to be shown before anybody confirms.
/// Guessing is slowed down.
#[utoipa::path(
    post, path = "/v1/grants/look", operation_id = "grant_look", tag = "grant", request_body = CodeOnly,
    extensions(("x-privilege" = json!("signed-in"))),
    responses((status = 200, body = GrantFacts), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn look(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Json(given): Json<CodeOnly>,
) -> Outcome<Json<GrantFacts>> {
    Ok(Json(facts(pending(&app, &principal, given.code).await?)))
}

/// Say whether it may.
///
/// A site belongs to an organization from then on; only an administrator of that organization says so. A program acts as
/// the caller.
#[utoipa::path(
    post, path = "/v1/grants/decide", operation_id = "grant_decide", tag = "grant", request_body = GrantDecision,
    extensions(("x-privilege" = json!("signed-in"))),
    responses((status = 204, description = "done"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn decide(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Json(given): Json<GrantDecision>,
) -> Outcome<StatusCode> {
    let GrantDecision { code, grant, organization, folder } = given;
    let asked = pending(&app, &principal, code.clone()).await?;
    let account = principal.account.id;
    let decision = match (grant, asked.kind, organization) {
        (false, _, _) => Decision::Deny,
        (true, GrantKind::Program, _) => Decision::Program,
        (true, GrantKind::Site, None) => {
            return Err(Failure::new(Code::BadRequest, "To which organization is the site to belong?"));
        }
        (true, GrantKind::Site, Some(organization)) => {
            let member = app.catalog(move |catalog| catalog.member(organization, account)).await?;
            let member = member
                .ok_or_else(|| Failure::new(Code::NotFound, "There is no such organization (any more)"))?;
            if member.role != model::Role::Administrator {
                return Err(Failure::new(
                    Code::Forbidden,
                    "Only an administrator of the organization adds sites",
                ));
            }
            Decision::Site(organization, folder)
        }
    };
    if !app.catalog(move |catalog| catalog.decide_grant(&code, account, decision, wall_now())).await? {
        return Err(unknown());
    }
    app.grants.ring();
    Ok(StatusCode::NO_CONTENT)
}

async fn pending(app: &App, principal: &Principal, code: String) -> Outcome<GrantRow> {
    let name = principal.account.email.to_lowercase();
    let look = move |catalog: &catalog::cloud::CloudCatalog| catalog.grant_by_user_code(&code, wall_now());
    app.prove(&name, principal.address, look).await?.ok_or_else(unknown)
}

fn facts(row: GrantRow) -> GrantFacts {
    let identity = row.identity.as_deref().and_then(|der| PublicIdentity::from_spki_der(der).ok());
    let (may, lasts) = match row.kind {
        GrantKind::Site => (
            "Be listed in the organization and be reached by its members through this cloud. Who gets in at the site, the site decides.",
            "Until it is removed from the organization, or remote access is disabled at the site.",
        ),
        GrantKind::Program => {
            ("Everything at this cloud that you may do.", "90 days, or until you end its sign-in.")
        }
    };
    GrantFacts {
        asks: row.kind.to_string(),
        name: row.name,
        address: row.address,
        certificate_id: identity.map(|one| one.certificate_id().to_string()),
        may: may.to_owned(),
        lasts: lasts.to_owned(),
        asked: row.created,
        expires: row.expires,
    }
}

fn kind(client: &str) -> Result<GrantKind, Refused> {
    match client {
        "martello-site" => Ok(GrantKind::Site),
        "martello-program" => Ok(GrantKind::Program),
        _ => Err(invalid("client_id is martello-site or martello-program")),
    }
}

/// A public key out of hex digits.
fn spki(digits: &str) -> Option<PublicIdentity> {
    serde_json::from_value(serde_json::Value::String(digits.to_owned())).ok()
}

/// A signature out of hex digits.
fn read_signature(digits: &str) -> Option<Signature> {
    serde_json::from_value(serde_json::Value::String(digits.to_owned())).ok()
}

/// Why nothing is granted: in the words of OAuth, or a fault of the cloud.
pub enum Refused {
    /// The error of OAuth, and a reason for people.
    Oauth(&'static str, String),
    /// A fault of the cloud.
    Failed(Failure),
}

fn invalid(reason: &str) -> Refused {
    refuse("invalid_request", reason)
}

fn refuse(error: &'static str, reason: &str) -> Refused {
    Refused::Oauth(error, reason.to_owned())
}

impl core::convert::From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Failed(failure) => failure.into_response(),
            Self::Oauth(error, reason) => {
                let body = OauthError { error: error.to_owned(), error_description: Some(reason) };
                (StatusCode::BAD_REQUEST, axum::Json(body)).into_response()
            }
        }
    }
}

fn unknown() -> Failure {
    Failure::new(Code::NotFound, "Nobody waits with this code (any more)")
        .detail("Codes count once, for ten minutes. Start again at the site or the program.")
}
