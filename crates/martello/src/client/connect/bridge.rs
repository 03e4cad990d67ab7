//! HTTP of this computer to the streams of a peer session, and back: requests, answers that are streamed, WebSockets.
//!
//! What is not here: who may use it (`origin`), how the session comes about (`dial`).

use std::time::Duration;

use api::{Code, Problem};
use axum::{
    body::Body,
    extract::{
        FromRequestParts, Request,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use live::{Ended, Priority, SendError, Session, Stream};

/// No body of a request is larger; the site takes less.
const MAX_BODY: usize = 1 << 20;
/// No message of the browser's socket is larger.
const MAX_SAID: usize = 64 << 10;
/// What is handed on at once of one.
const PART: usize = 32 << 10;
/// No message of the site is larger: a picture and its head.
const MAX_HEARD: usize = 24 << 20;
/// How long a browser may take nothing of a socket.
const PATIENCE: Duration = Duration::from_secs(60);

/// What belongs to one connection (RFC 9110 section 7.6.1) or to this origin, and is not handed on.
const OWN: [HeaderName; 10] = [
    header::CONNECTION,
    header::COOKIE,
    header::HOST,
    header::ORIGIN,
    header::PROXY_AUTHORIZATION,
    header::SET_COOKIE,
    header::STRICT_TRANSPORT_SECURITY,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Hands a request on to the site, and the site's answer back.
pub(super) async fn forward(session: &Session, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let socket = match parts.headers.contains_key(header::UPGRADE) {
        true => match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
            Ok(socket) => Some(socket),
            Err(rejection) => return rejection.into_response(),
        },
        false => None,
    };
    let asked = live::Request {
        method: parts.method.as_str().to_owned(),
        path,
        headers: kept(&parts.headers),
        priority: Priority::default(),
    };
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
        return problem(Code::TooLarge, "The request is larger than a site takes");
    };
    let whole = socket.is_none();
    let stream = match session.open(&asked, !whole, body, whole) {
        Ok(stream) => stream,
        Err(error) => return unsent(error),
    };
    let response = match stream.response().await {
        Ok(response) => response,
        Err(ended) => return cut(ended),
    };
    match socket {
        Some(socket) if response.status == StatusCode::SWITCHING_PROTOCOLS.as_u16() => socket
            .max_message_size(MAX_SAID)
            .max_frame_size(MAX_SAID)
            .on_upgrade(|socket| talk(socket, stream)),
        _ => answer(response, stream),
    }
}

/// The site's answer, its body as it comes. Who does not read it any more makes the site stop sending.
fn answer(response: live::Response, stream: Stream) -> Response {
    let body = Body::from_stream(stream::unfold(Some(stream), |stream| async {
        let stream = stream?;
        match stream.recv().await {
            Ok(Some(piece)) => Some((Ok(piece.bytes), Some(stream))),
            Ok(None) => None,
            Err(ended) => Some((Err(std::io::Error::other(format!("cut off: {ended:?}"))), None)),
        }
    }));
    let mut answer = Response::new(body);
    *answer.status_mut() = StatusCode::from_u16(response.status).unwrap_or(StatusCode::BAD_GATEWAY);
    for (name, value) in response.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value))
            && !OWN.contains(&name)
        {
            answer.headers_mut().append(name, value);
        }
    }
    answer
}

/// Messages both ways, until one side has said all.
async fn talk(mut socket: WebSocket, stream: Stream) {
    let mut heard = BytesMut::new();
    loop {
        tokio::select! {
            said = socket.recv() => {
                let (mut bytes, text) = match said {
                    Some(Ok(Message::Text(text))) => (Bytes::from(text), true),
                    Some(Ok(Message::Binary(bytes))) => (bytes, false),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                };
                loop {
                    let part = bytes.split_to(bytes.len().min(PART));
                    let more = !bytes.is_empty();
                    if stream.send(part, text, more).await.is_err() {
                        return;
                    }
                    if !more {
                        break;
                    }
                }
            }
            piece = stream.recv() => {
                let Ok(Some(piece)) = piece else { break };
                if heard.len() + piece.bytes.len() > MAX_HEARD {
                    break;
                }
                heard.extend_from_slice(&piece.bytes);
                if piece.more {
                    continue;
                }
                let whole = heard.split().freeze();
                let message = match (piece.text, String::from_utf8(whole.to_vec())) {
                    (true, Ok(text)) => Message::Text(text.into()),
                    (true, Err(_)) => break,
                    (false, _) => Message::Binary(whole),
                };
                if !matches!(tokio::time::timeout(PATIENCE, socket.send(message)).await, Ok(Ok(()))) {
                    break;
                }
            }
        }
    }
    let _ = tokio::time::timeout(PATIENCE, socket.send(Message::Close(None))).await;
}

/// Headers that are handed on.
fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    let handed_on = |name: &HeaderName| {
        let text = name.as_str();
        !OWN.contains(name)
            && !text.starts_with("sec-")
            && !text.starts_with("proxy-")
            && text != "keep-alive"
    };
    headers
        .iter()
        .filter(|(name, _)| handed_on(name))
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect()
}

/// A problem of this computer's end.
pub(super) fn problem(code: Code, title: &str) -> Response {
    let problem = Problem::new(code, title);
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let text = serde_json::to_string(&problem).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, "application/problem+json")], text).into_response()
}

fn unsent(error: SendError) -> Response {
    match error {
        SendError::Busy => problem(Code::Busy, "Too many requests to the site are under way"),
        SendError::Head => problem(Code::BadRequest, "The head of the request is too long"),
        SendError::Ended | SendError::Gone(_) => lost(),
    }
}

/// There is no connection to the site now.
pub(super) fn lost() -> Response {
    problem(Code::Busy, "There is no connection to the site at the moment")
}

fn cut(ended: Ended) -> Response {
    tracing::debug!(?ended, "a request was not answered");
    lost()
}
