//! The gate before every operation: who calls, and whether the operation's declared privilege is held.
//!
//! The API document is the policy: what an operation declares as `x-privilege` is what is asked of its caller. An
//! operation that declares nothing is refused to everybody. An operation on a camera (`{camera}` in its address) asks for
//! the privilege on that camera; a camera that the caller may not know of is not there. What such an operation sends is
//! cut off when the right to it ends (`guard`), and what was done is noted (`audit`). What has no camera in its address
//! (lists, sockets) is filtered by its handler.

use std::{collections::HashSet, sync::Arc};

use api::Code;
use axum::{
    extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State},
    http::{HeaderValue, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use model::{CameraId, Privilege, clock::wall_now};
use serve::{
    answer,
    document::{Operations, declared, extension},
    request::{bearer, bounded, cookie, same_origin, whole},
};
use utoipa::openapi::{OpenApi, path::Operation};

use crate::{
    App,
    audit::{Deed, Unfinished},
    http::{guard, problem::Failure},
    peers::Connection,
    principal::{Principal, Via},
    server::{
        Peer,
        local::{self, LocalAccount},
    },
};

/// What an operation asks of its caller, and what is noted of it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `x-privilege`.
    pub privilege: Privilege,
    /// `operationId`.
    pub operation: String,
    /// The first tag.
    tag: String,
}

/// Which privilege each operation asks for.
#[derive(Debug)]
pub struct Policy {
    operations: Operations<Asked>,
    in_use: HashSet<Privilege>,
}

impl Policy {
    /// Reads the policy out of the API document.
    #[must_use]
    pub fn from_document(document: &OpenApi) -> Self {
        let mut in_use = HashSet::new();
        let operations = Operations::read(document, |operation| {
            let privilege = declared(operation)?;
            in_use.insert(privilege);
            in_use.extend(also(operation));
            let tag = operation.tags.as_ref().and_then(|tags| tags.first()).cloned();
            Some(Asked {
                privilege,
                operation: operation.operation_id.clone().unwrap_or_default(),
                tag: tag.unwrap_or_default(),
            })
        });
        Self { operations, in_use }
    }

    /// Whether any operation asks for the privilege.
    #[must_use]
    pub fn uses(&self, privilege: Privilege) -> bool {
        self.in_use.contains(&privilege)
    }
}

/// Privileges that parts of an operation ask for (`x-privilege-also`), such as sound beside pictures.
#[must_use]
pub fn also(operation: &Operation) -> Vec<Privilege> {
    extension(operation, "x-privilege-also").unwrap_or_default()
}

impl Asked {
    /// What is noted of a request; nothing for what only looks at the site.
    fn deed(&self, method: &Method) -> Option<&'static str> {
        let reads = matches!(*method, Method::GET | Method::HEAD) || self.begins();
        match (reads, self.tag.as_str()) {
            // Looking at a list is no export; who downloads a file is noted where it begins.
            (true, "export") => None,
            (true, _) if self.privilege == Privilege::Export => Some("export"),
            (false, "export") => Some("export"),
            (true, _) => None,
            (false, "session") => Some("sign-in"),
            (false, "account") => Some("account"),
            (false, "people") => Some("rights"),
            (false, "camera") => Some("device"),
            (false, _) => Some("configuration"),
        }
    }

    /// Whether who asks sees pictures of the camera by it.
    const fn shows(&self) -> bool {
        matches!(self.privilege, Privilege::CameraVideo | Privilege::Recordings | Privilege::Snapshot)
    }

    /// Whether it only tells where a sign-in goes on: anybody may ask that, and nothing is different afterwards.
    fn begins(&self) -> bool {
        self.operation == "session_openid_begin"
    }

    /// Whether somebody may have other rights afterwards.
    fn changes_rights(&self, method: &Method) -> bool {
        !matches!(*method, Method::GET | Method::HEAD)
            && !self.begins()
            && matches!(self.tag.as_str(), "session" | "account" | "people" | "camera")
    }
}

/// The gate, as middleware of every route.
pub async fn gate(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let path = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
    let Some(asked) = app.policy.operations.asked(&parts.method, path).cloned() else {
        return app.policy.operations.refuse(&parts.method, path);
    };
    let body = match bounded(&parts.headers, body).await {
        Ok(body) => body,
        Err(failure) => return failure.into_response(),
    };
    let method = parts.method.clone();
    let peer = parts.extensions.get::<Peer>().map(|peer| peer.0);
    let params = RawPathParams::from_request_parts(&mut parts, &()).await.ok();
    let mut deed = asked
        .deed(&method)
        .map(|kind| Deed::new(kind, &asked.operation, peer, target(&app, params.as_ref())));
    let camera = params.as_ref().and_then(camera);
    let principal = match admit(&app, &asked, camera, &mut parts).await {
        Ok(principal) => principal,
        Err(Refused { failure, who }) => {
            if let (Some(mut deed), Some(who)) = (deed, who) {
                deed.by(&who);
                app.audit.note(deed.refused(&failure.0.title)).await;
            }
            return failure.into_response();
        }
    };
    let body = match whole(body).await {
        Ok(body) => body,
        Err(failure) => return failure.into_response(),
    };
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if response.status().is_success() && asked.changes_rights(&method) {
        app.sessions.changed();
    }
    let unfinished = response.extensions_mut().remove::<Unfinished>().is_some();
    if let Some(mut deed) = deed.take().filter(|_| !unfinished) {
        if let Some(principal) = &principal {
            deed.by(principal);
        }
        app.audit.note(deed.ended(&mut response)).await;
    }
    match (principal, camera) {
        (Some(principal), Some(camera)) if response.status().is_success() => {
            guard::response(app, principal, camera, asked.shows().then_some(asked.privilege), response)
        }
        _ => response,
    }
}

/// The camera in the address.
fn camera(params: &RawPathParams) -> Option<CameraId> {
    params.iter().find(|(name, _)| *name == "camera").and_then(|(_, value)| value.parse().ok())
}

/// What the address names, for the audit log: a camera by its name.
fn target(app: &App, params: Option<&RawPathParams>) -> String {
    let named = |(name, value): (&str, &str)| match value.parse() {
        Ok(id) if name == "camera" => {
            app.cameras.get(id).map_or_else(|| value.to_owned(), |camera| camera.name)
        }
        _ => value.to_owned(),
    };
    params.map(|params| params.iter().map(named).collect::<Vec<_>>().join(" ")).unwrap_or_default()
}

/// A request that is not let in, and who sent it, where that is known.
struct Refused {
    failure: Failure,
    who: Option<Principal>,
}

async fn admit(
    app: &App,
    asked: &Asked,
    camera: Option<CameraId>,
    request: &mut Parts,
) -> Result<Option<Principal>, Refused> {
    let nobody = |failure| Refused { failure, who: None };
    let principal = identify(app, request).await.map_err(nobody)?;
    if let Some(principal) = &principal
        && matches!(principal.via, Via::Cookie)
        && !principal.remote
    {
        same_origin(request).map_err(nobody)?;
    }
    if asked.privilege != Privilege::None {
        let Some(principal) = &principal else {
            let failure = Failure::new(Code::SignInRequired, "Nobody is signed in");
            return Err(nobody(failure.detail("Sign in and try again.")));
        };
        if let Err(failure) = allowed(principal, asked.privilege, camera) {
            return Err(Refused { failure, who: Some(principal.clone()) });
        }
    }
    if let Some(principal) = &principal {
        request.extensions.insert(principal.clone());
    }
    Ok(principal)
}

/// Whether the caller may do what asks for this privilege. A camera that the caller may not know of is not there.
fn allowed(principal: &Principal, asked: Privilege, camera: Option<CameraId>) -> Result<(), Failure> {
    if let Some(camera) = camera.filter(|camera| !principal.sees(*camera)) {
        tracing::debug!(%camera, user = principal.user, "a camera that is kept from the caller");
        return Err(Failure::new(Code::NotFound, "There is no such camera (any more)"));
    }
    let may = camera.map_or_else(|| principal.may(asked), |camera| principal.may_on(asked, camera));
    if may {
        return Ok(());
    }
    Err(Failure::new(Code::Forbidden, format!("{} may not do this", principal.user))
        .detail(format!("The privilege \"{asked}\" is needed. An administrator can grant it.")))
}

async fn identify(app: &App, request: &Parts) -> Result<Option<Principal>, Failure> {
    // Over the local socket it is the account of this machine that counts, and nothing that a request carries.
    if let Some(LocalAccount(uid)) = request.extensions.get() {
        return app.sessions.by_machine(*uid).await?.map(Some).ok_or_else(local::refusal);
    }
    let peer = request.extensions.get::<Peer>().map(|peer| peer.0);
    let connection = request.extensions.get::<Arc<Connection>>();
    let remote = |principal| Principal { remote: connection.is_some(), ..principal };
    if let Some(token) = bearer(&request.headers) {
        return match app.sessions.by_token(token, peer).await? {
            Some(principal) => Ok(Some(remote(principal))),
            None => Err(Failure::new(Code::SignInRequired, "This token is not valid (any more)")),
        };
    }
    // Over a peer session it is the session that is signed in, and no cookie counts.
    if let Some(connection) = connection {
        let Some(secret) = connection.secret() else { return Ok(None) };
        return Ok(app.sessions.by_cookie(secret.expose(), peer).await?.map(remote));
    }
    match cookie(&request.headers, &app.cookie_name) {
        Some(secret) => app.sessions.by_cookie(secret, peer).await,
        None => Ok(None),
    }
}

/// Headers that every answer carries.
pub async fn protect(State(app): State<App>, mut response: Response) -> Response {
    let headers = response.headers_mut();
    // Only while a browser can get in with a certificate that it trusts: it lets nobody past a warning afterwards.
    if let Some(seconds) = app.certificates.served().insists(wall_now())
        && let Ok(value) = HeaderValue::from_str(&format!("max-age={seconds}"))
    {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    answer::protect(headers);
    response
}
