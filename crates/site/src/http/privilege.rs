//! The gate before every operation: who calls, and whether the operation's declared privilege is held.
//!
//! The API document is the policy: what an operation declares as `x-privilege` is what is asked of its caller. An
//! operation that declares nothing is refused to everybody.

use std::{collections::HashMap, time::Duration};

use api::Code;
use axum::{
    body::{Body, BodyDataStream, HttpBody},
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::BytesMut;
use futures_util::StreamExt;
use model::Privilege;
use tokio::sync::Semaphore;
use utoipa::openapi::{HttpMethod, OpenApi, path::Operation};

use crate::{
    App,
    http::{BODY, problem::Failure},
    principal::{Principal, Via},
    server::Peer,
};

const DRAIN_BYTES: usize = 1 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(2);
/// How long a body may take to come.
const BODY_TIME: Duration = Duration::from_secs(10);
/// Bodies that come at the same time, of all connections together: they take 32 MiB of memory at most.
static BODIES: Semaphore = Semaphore::const_new(512);

/// Which privilege each operation asks for.
#[derive(Debug, Default)]
pub struct Policy(HashMap<(Method, String), Privilege>);

impl Policy {
    /// Reads the policy out of the API document.
    #[must_use]
    pub fn from_document(document: &OpenApi) -> Self {
        let mut table = HashMap::new();
        for (path, item) in &document.paths.paths {
            for (method, operation) in operations(item) {
                if let Some(privilege) = declared(operation) {
                    table.insert((method, path.clone()), privilege);
                }
            }
        }
        Self(table)
    }

    fn asked(&self, method: &Method, path: &str) -> Option<Privilege> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.0.get(&(method.clone(), path.to_owned())).copied()
    }

    /// The answer to a request for no operation.
    fn refuse(&self, method: &Method, path: &str) -> Response {
        let mut allowed: Vec<Method> =
            self.0.keys().filter(|(_, known)| known == path).map(|(method, _)| method.clone()).collect();
        if allowed.is_empty() {
            return Failure::new(Code::NotFound, "There is no such operation").into_response();
        }
        allowed.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        Failure::method_not_allowed(method, &allowed)
    }
}

/// All operations of one path.
pub fn operations(item: &utoipa::openapi::PathItem) -> Vec<(Method, &Operation)> {
    [
        (HttpMethod::Get, Method::GET),
        (HttpMethod::Put, Method::PUT),
        (HttpMethod::Post, Method::POST),
        (HttpMethod::Patch, Method::PATCH),
        (HttpMethod::Delete, Method::DELETE),
    ]
    .into_iter()
    .filter_map(|(kind, method)| {
        let operation = match kind {
            HttpMethod::Get => &item.get,
            HttpMethod::Put => &item.put,
            HttpMethod::Post => &item.post,
            HttpMethod::Patch => &item.patch,
            _ => &item.delete,
        };
        operation.as_ref().map(|operation| (method, operation))
    })
    .collect()
}

/// The privilege that an operation declares.
#[must_use]
pub fn declared(operation: &Operation) -> Option<Privilege> {
    let value = operation.extensions.as_ref()?.get("x-privilege")?;
    serde_json::from_value(value.clone()).ok()
}

/// The gate, as middleware of every route.
pub async fn gate(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let path = parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
    let Some(asked) = app.policy.asked(&parts.method, path) else {
        return app.policy.refuse(&parts.method, path);
    };
    if let Some(length) = content_length(&parts.headers).filter(|length| *length > BODY as u64) {
        drain(&mut body.into_data_stream()).await;
        return too_large().detail(format!("It has {length} bytes; {BODY} are taken.")).into_response();
    }
    if let Err(failure) = admit(&app, asked, &mut parts).await {
        return failure.into_response();
    }
    match whole(body).await {
        Ok(body) => next.run(Request::from_parts(parts, body)).await,
        Err(failure) => failure.into_response(),
    }
}

fn too_large() -> Failure {
    Failure::new(Code::TooLarge, "The request is larger than this operation takes")
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The whole body: no operation waits for a client that sends slowly or without end.
async fn whole(body: Body) -> Result<Body, Failure> {
    if body.is_end_stream() {
        return Ok(body);
    }
    let Ok(_permit) = BODIES.try_acquire() else {
        return Err(Failure::new(Code::Busy, "Too many requests come at the same time")
            .detail("Try again in a moment."));
    };
    let mut stream = body.into_data_stream();
    let mut bytes = BytesMut::new();
    let reading = async {
        while let Some(piece) = stream.next().await {
            let piece = piece
                .map_err(|_| Failure::new(Code::BadRequest, "The body of the request did not come whole"))?;
            if bytes.len() + piece.len() > BODY {
                return Err(too_large().detail(format!("No more than {BODY} bytes are taken.")));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(())
    };
    match tokio::time::timeout(BODY_TIME, reading).await {
        Ok(Ok(())) => Ok(Body::from(bytes.freeze())),
        Ok(Err(failure)) => {
            drain(&mut stream).await;
            Err(failure)
        }
        Err(_) => Err(Failure::new(Code::BadRequest, "The body of the request came too slowly")
            .status(StatusCode::REQUEST_TIMEOUT)),
    }
}

/// Reads a little of a body that is not taken, so that a client that is still sending hears why.
async fn drain(stream: &mut BodyDataStream) {
    let mut left = DRAIN_BYTES;
    let reading = async {
        while let Some(Ok(piece)) = stream.next().await {
            left = left.saturating_sub(piece.len());
            if left == 0 {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(DRAIN_TIME, reading).await;
}

async fn admit(app: &App, asked: Privilege, request: &mut Parts) -> Result<(), Failure> {
    let principal = identify(app, request).await?;
    if let Some(principal) = &principal
        && matches!(principal.via, Via::Cookie)
    {
        same_origin(request)?;
    }
    if asked != Privilege::None {
        let Some(principal) = &principal else {
            return Err(
                Failure::new(Code::SignInRequired, "Nobody is signed in").detail("Sign in and try again.")
            );
        };
        if !principal.may(asked) {
            return Err(Failure::new(Code::Forbidden, format!("{} may not do this", principal.user))
                .detail(format!("The privilege \"{asked}\" is needed. An administrator can grant it.")));
        }
    }
    if let Some(principal) = principal {
        request.extensions.insert(principal);
    }
    Ok(())
}

async fn identify(app: &App, request: &Parts) -> Result<Option<Principal>, Failure> {
    let peer = request.extensions.get::<Peer>().map(|peer| peer.0);
    if let Some(token) = bearer(&request.headers) {
        return match app.sessions.by_token(token, peer).await? {
            Some(principal) => Ok(Some(principal)),
            None => Err(Failure::new(Code::SignInRequired, "This token is not valid (any more)")),
        };
    }
    match cookie(&request.headers, &app.cookie_name) {
        Some(secret) => app.sessions.by_cookie(secret, peer).await,
        None => Ok(None),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// The value of a cookie.
#[must_use]
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// A request that a cookie lets in must come from a page of this very site: cookies travel with requests that other
/// pages cause, too.
fn same_origin(request: &Parts) -> Result<(), Failure> {
    let headers = &request.headers;
    let is_socket = headers.contains_key(header::UPGRADE);
    let reads = matches!(request.method, Method::GET | Method::HEAD);
    let fetch_site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    let wrong = Failure::new(Code::WrongOrigin, "The request came from another web page");
    match headers.get(header::ORIGIN) {
        Some(origin) => {
            let host =
                request.uri.authority().map(|authority| authority.as_str().to_owned()).or_else(|| {
                    headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned)
                });
            let same = host.is_some_and(|host| origin.as_bytes() == format!("https://{host}").as_bytes());
            if same { Ok(()) } else { Err(wrong) }
        }
        None if matches!(fetch_site, Some("same-origin" | "none")) => Ok(()),
        None if reads && !is_socket && fetch_site.is_none() => Ok(()),
        None => Err(wrong),
    }
}

/// Headers that every answer carries.
pub async fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
