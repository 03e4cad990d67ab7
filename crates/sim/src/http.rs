//! A camera's HTTP/1.1 server: connections, routing, authentication. Answers are made in [`crate::vapix`].
//!
//! Beside the device's own paths there are four for tests, without authentication: `POST /sim/fault` (a
//! [`Fault`](crate::Fault) as JSON), `POST /sim/script` (a list of
//! [`Step`](crate::Step)), `POST /sim/motion` (`{"seconds":N}`) and `GET /sim/progress`
//! ([`Progress`](crate::Progress)). Not here: TLS, chunked bodies, RTSP.

use crate::device::Device;
use crate::digest::Verdict;
use crate::fault::{Fault, Step};
use crate::message::{Request, response};
use crate::vapix;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const IDLE: Duration = Duration::from_secs(30);

/// Serves one connection to a camera until it ends.
pub(crate) async fn serve(device: Arc<Device>, stream: TcpStream) -> Result<(), crate::rtsp::Serve> {
    converse(stream, |request| {
        let silent = device.faults().stall && !request.uri.starts_with("/sim/");
        (!silent).then(|| answer(&device, request))
    })
    .await
}

/// Serves one connection to a farm's control port: `/cameras/N/fault`, `script`, `motion`, `progress`, also while the camera
/// itself refuses connections.
pub(crate) async fn serve_control(
    devices: Arc<[Arc<Device>]>,
    stream: TcpStream,
) -> Result<(), crate::rtsp::Serve> {
    converse(stream, |request| {
        let path = request.target().0.strip_prefix("/cameras/").unwrap_or_default();
        let found = path.split_once('/').and_then(|(index, command)| {
            let device = devices.get(index.parse::<usize>().ok()?)?;
            Some(control(device, command, &request.body))
        });
        Some(found.unwrap_or_else(|| Answer::error("404 Not Found")))
    })
    .await
}

/// Reads requests and writes answers; a request answered with `None` stays without one.
async fn converse(
    mut stream: TcpStream,
    answer: impl Fn(&Request) -> Option<Answer>,
) -> Result<(), crate::rtsp::Serve> {
    let mut input = Vec::new();
    loop {
        while let Some((request, length)) = Request::take(&input)? {
            input.drain(..length);
            let Some(answer) = answer(&request) else { continue };
            let mut headers = vec![("Content-Type", answer.kind), ("Cache-Control", "no-cache")];
            if let Some(challenge) = &answer.challenge {
                headers.push(("WWW-Authenticate", challenge));
            }
            let body = if request.method == "HEAD" { &[] } else { answer.body.as_slice() };
            stream.write_all(&response("HTTP/1.1", answer.status, &headers, body)).await?;
            if request.header("connection").is_some_and(|c| c.eq_ignore_ascii_case("close")) {
                return Ok(());
            }
        }
        match tokio::time::timeout(IDLE, stream.read_buf(&mut input)).await {
            Ok(read) => {
                if read? == 0 {
                    return Ok(());
                }
            }
            Err(_) => return Ok(()),
        }
    }
}

/// An answer to a request.
pub(crate) struct Answer {
    pub status: &'static str,
    pub kind: &'static str,
    pub body: Vec<u8>,
    pub challenge: Option<String>,
}

impl Answer {
    pub(crate) fn ok(kind: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status: "200 OK", kind, body: body.into(), challenge: None }
    }

    pub(crate) fn error(status: &'static str) -> Self {
        let body =
            format!("<HTML><HEAD><TITLE>{status}</TITLE></HEAD>\n<BODY><H1>{status}</H1></BODY></HTML>\n");
        Self { status, kind: "text/html", body: body.into_bytes(), challenge: None }
    }
}

fn answer(device: &Arc<Device>, request: &Request) -> Answer {
    let (path, _) = request.target();
    if let Some(command) = path.strip_prefix("/sim/") {
        return control(device, command, &request.body);
    }
    let wrong = device.faults().wrong_password;
    if vapix::anonymous(device, request) {
        return vapix::answer(device, request);
    }
    match device.gate.judge(&request.method, request.header("authorization")) {
        Verdict::Welcome if !wrong => vapix::answer(device, request),
        verdict => {
            let challenge = device.gate.challenge(false, verdict == Verdict::Stale && !wrong);
            Answer { challenge: Some(challenge), ..Answer::error("401 Unauthorized") }
        }
    }
}

/// `POST /sim/motion`.
#[derive(Deserialize)]
struct Move {
    seconds: u32,
}

/// Commands of tests to one camera: `fault`, `script`, `motion`, `progress`.
pub(crate) fn control(device: &Arc<Device>, command: &str, body: &[u8]) -> Answer {
    let done = || Answer::ok("application/json", "{}\n");
    let refused = |error: serde_json::Error| Answer {
        status: "400 Bad Request",
        ..Answer::ok("text/plain", format!("{error}\n"))
    };
    match command {
        "progress" => match serde_json::to_vec(&device.progress()) {
            Ok(json) => Answer::ok("application/json", json),
            Err(error) => refused(error),
        },
        "fault" => match serde_json::from_slice::<Fault>(body) {
            Ok(fault) => {
                device.fault(fault);
                done()
            }
            Err(error) => refused(error),
        },
        "script" => match serde_json::from_slice::<Vec<Step>>(body) {
            Ok(script) => {
                device.play(script);
                done()
            }
            Err(error) => refused(error),
        },
        "motion" => match serde_json::from_slice::<Move>(body) {
            Ok(Move { seconds }) => {
                device.move_for(Duration::from_secs(u64::from(seconds)));
                done()
            }
            Err(error) => refused(error),
        },
        _ => Answer::error("404 Not Found"),
    }
}
