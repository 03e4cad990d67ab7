//! The gate before every operation: who calls, and whether the caller may do what the operation declares. The API document
//! is the policy; an operation that declares nothing is refused to everybody. What changed something, or was refused to
//! somebody, is noted.

use std::net::{IpAddr, Ipv4Addr};

use api::Code;
use axum::{
    extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State},
    http::{Method, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use catalog::cloud::{audit::CloudDeed, sign_in::SignInKind};
use model::{OrganizationId, clock::wall_now};
use serve::{
    Failure, Outcome, Peer, answer,
    document::{Operations, declared},
    request::{bearer, bounded, cookie, same_origin, whole},
};
use utoipa::openapi::OpenApi;

use crate::{
    App,
    principal::Principal,
    rights::{self, Caller, Needs, Verdict},
};

/// What each operation asks for, and what it is called.
pub type Policy = Operations<(Needs, String)>;

/// Reads the policy out of the API document.
#[must_use]
pub fn policy(document: &OpenApi) -> Policy {
    Operations::read(document, |operation| {
        Some((declared(operation)?, operation.operation_id.clone().unwrap_or_default()))
    })
}

/// The gate, as middleware of every route.
pub async fn gate(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let path = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
    let Some((needs, operation)) = app.policy.asked(&parts.method, path).cloned() else {
        return app.policy.refuse(&parts.method, path);
    };
    let address = parts
        .extensions
        .get::<Peer>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip().to_canonical());
    parts.extensions.insert(From(address));
    let params = RawPathParams::from_request_parts(&mut parts, &()).await.ok();
    let param = |name: &str| {
        params
            .as_ref()
            .and_then(|all| all.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned()))
    };
    let organization: Option<OrganizationId> = param("organization").and_then(|text| text.parse().ok());
    let changes = !matches!(parts.method, Method::GET | Method::HEAD);
    let mut deed = CloudDeed {
        at: wall_now(),
        organization: None,
        account: None,
        who: "nobody".to_owned(),
        address: address.to_string(),
        operation,
        target: params
            .iter()
            .flat_map(|all| all.iter().filter(|(key, _)| *key != "organization"))
            .map(|(_, value)| value.to_owned())
            .collect::<Vec<_>>()
            .join(" "),
        outcome: "done".to_owned(),
    };
    let admitted = admit(&app, needs, organization, address, &mut parts, &mut deed).await;
    let body = match admitted {
        Ok(()) => match bounded(&parts.headers, body).await {
            Ok(body) => whole(body).await,
            Err(failure) => Err(failure),
        },
        Err(failure) => Err(failure),
    };
    let body = match body {
        Ok(body) => body,
        Err(failure) => {
            if changes && deed.account.is_some() {
                deed.outcome.clone_from(&failure.0.title);
                app.note(deed).await;
            }
            return failure.into_response();
        }
    };
    let response = next.run(Request::from_parts(parts, body)).await;
    if changes {
        if let Some(told) = response.extensions().get::<Told>() {
            deed.who.clone_from(&told.0);
        }
        if !response.status().is_success() {
            deed.outcome = response.status().to_string();
        }
        app.note(deed).await;
    }
    response
}

/// From where a request came; every request carries it as an extension.
#[derive(Clone, Copy, Debug)]
pub struct From(pub IpAddr);

/// Who it was, where the handler alone knows; for the audit log.
#[derive(Clone, Debug)]
pub struct Told(pub String);

async fn admit(
    app: &App,
    needs: Needs,
    organization: Option<OrganizationId>,
    address: IpAddr,
    request: &mut Parts,
    deed: &mut CloudDeed,
) -> Outcome<()> {
    let mut principal = identify(app, address, request).await?;
    if let Some(principal) = &mut principal {
        deed.account = Some(principal.account.id);
        deed.who.clone_from(&principal.account.email);
        if let Some(organization) = organization {
            let account = principal.account.id;
            let member = app.catalog(move |catalog| catalog.member(organization, account)).await?;
            principal.member = member.map(|member| (organization, member));
        }
    }
    let caller = principal.as_ref().map(|principal| Caller {
        runs_cloud: principal.account.runs_cloud,
        member: principal.member.as_ref().map(|(_, member)| member),
    });
    match rights::judge(needs, caller) {
        Verdict::Allowed => {
            // Entries are shown to members: what a stranger tried is not told there.
            deed.organization = principal.as_ref().and_then(|one| one.member.as_ref()).map(|(id, _)| *id);
            if let Some(principal) = principal {
                request.extensions.insert(principal);
            }
            Ok(())
        }
        Verdict::SignIn => {
            Err(Failure::new(Code::SignInRequired, "Nobody is signed in").detail("Sign in and try again."))
        }
        Verdict::NotThere => Err(Failure::new(Code::NotFound, "There is no such organization (any more)")),
        Verdict::Forbidden => {
            deed.organization = principal.as_ref().and_then(|one| one.member.as_ref()).map(|(id, _)| *id);
            Err(Failure::new(Code::Forbidden, format!("{} may not do this", deed.who))
                .detail("An administrator of the organization can change what you are there."))
        }
    }
}

async fn identify(app: &App, address: IpAddr, request: &Parts) -> Outcome<Option<Principal>> {
    let token = bearer(&request.headers).map(str::to_owned);
    let of_browser = cookie(&request.headers, &app.cookie_name).map(str::to_owned);
    let (secret, kind) = match (token, of_browser) {
        (Some(token), _) => (token, SignInKind::Program),
        (None, Some(secret)) => (secret, SignInKind::Browser),
        (None, None) => return Ok(None),
    };
    let Some((row, account)) = app.signed_in(secret, kind).await? else {
        return match kind {
            SignInKind::Program => {
                Err(Failure::new(Code::SignInRequired, "This token is not valid (any more)"))
            }
            SignInKind::Browser => Ok(None),
        };
    };
    if kind == SignInKind::Browser {
        same_origin(request)?;
    }
    Ok(Some(Principal { session: row.id, account, expires: row.expires, address, member: None }))
}

/// Headers that every answer carries.
pub async fn protect(mut response: Response) -> Response {
    answer::protect(response.headers_mut());
    response
}
