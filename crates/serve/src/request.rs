//! What is checked of a request before anybody looks at what it asks: its body comes whole, bounded and in time; a cookie
//! counts only from the service's own page.
//!
//! What is not here: who the caller is and what the caller may do.

use std::time::Duration;

use api::Code;
use axum::{
    body::{Body, BodyDataStream, HttpBody},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
};
use bytes::BytesMut;
use futures_util::StreamExt;
use tokio::sync::Semaphore;

use crate::problem::{Failure, Outcome};

/// No request body is larger.
pub const BODY: usize = 64 << 10;
const DRAIN_BYTES: usize = 1 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(2);
/// How long a body may take to come.
const BODY_TIME: Duration = Duration::from_secs(10);
/// Bodies that come at the same time, of all connections together: they take 32 MiB of memory at most.
static BODIES: Semaphore = Semaphore::const_new(512);

/// Refuses a body that says of itself that it is too large.
///
/// # Errors
/// It is.
pub async fn bounded(headers: &HeaderMap, body: Body) -> Outcome<Body> {
    match content_length(headers).filter(|length| *length > BODY as u64) {
        None => Ok(body),
        Some(length) => {
            drain(&mut body.into_data_stream()).await;
            Err(too_large().detail(format!("It has {length} bytes; {BODY} are taken.")))
        }
    }
}

fn too_large() -> Failure {
    Failure::new(Code::TooLarge, "The request is larger than this operation takes")
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The whole body: no operation waits for a client that sends slowly or without end.
///
/// # Errors
/// It is too large or too slow, or too many come at the same time.
pub async fn whole(body: Body) -> Outcome<Body> {
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

/// The token of `Authorization: Bearer …` (RFC 6750 section 2.1).
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
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
///
/// # Errors
/// It does not.
pub fn same_origin(request: &Parts) -> Outcome<()> {
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
