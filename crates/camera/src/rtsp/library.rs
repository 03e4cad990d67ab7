//! What the RTSP library is, seen from here: its errors told apart, and its panics caught.
//!
//! What is here: the one place that looks into texts of `retina`'s errors (it keeps their variants to itself), and the
//! guard around every call into it, as it meets bytes from outside first.
//! What is not here: anything about streams.

use std::{future::Future, panic::AssertUnwindSafe};

use futures_util::FutureExt;

use super::Target;
use crate::{Error, Kind, error::scrub};

/// Which step of a session failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Describe,
    Start,
    Receive,
}

/// Calls into the library; a panic in it becomes an error of this session.
pub(super) async fn guarded<T>(
    target: &Target,
    call: impl Future<Output = Result<T, retina::Error>>,
    step: Step,
) -> Result<T, Error> {
    match AssertUnwindSafe(call).catch_unwind().await {
        Ok(result) => result.map_err(|error| translate(target, &error, step)),
        Err(_) => {
            tracing::error!(host = %target.host(), ?step, "the RTSP library gave up on what the camera sent");
            Err(Error::Stream { host: target.host(), reason: "it broke the RTSP reader".to_owned() })
        }
    }
}

/// The library's error in our words.
pub(super) fn translate(target: &Target, error: &retina::Error, step: Step) -> Error {
    let host = target.host();
    let text = error.to_string();
    let password = target.password.as_ref().map_or("", |password| password.expose());
    let reason = scrub(&text, &[password]);
    tracing::debug!(%host, ?step, %reason, "RTSP error");
    match error.status_code() {
        Some(401 | 403) => return Error::Credentials { host },
        Some(code @ (404 | 406 | 410 | 415 | 451 | 454 | 461)) => {
            let reason = match code {
                404 | 410 => "it has nothing at this address".to_owned(),
                461 => "it does not support this transport".to_owned(),
                _ => format!("it answered with status {code}"),
            };
            return Error::Describe { host, reason, kind: Kind::NoStream };
        }
        _ => {}
    }
    if let Some(rest) = text.strip_prefix("Unable to connect to RTSP server: ") {
        return Error::Connect { host, reason: scrub(rest, &[password]) };
    }
    let broken =
        text.starts_with("Error reading from RTSP peer") || text.starts_with("Error writing to RTSP peer");
    match (step, broken) {
        (Step::Describe, true) => Error::Connect { host, reason },
        (Step::Describe, false) => {
            let kind = if text.contains("No parseable streams") { Kind::NoStream } else { Kind::Unexpected };
            Error::Describe { host, reason, kind }
        }
        (Step::Start, false) => Error::Start { host, reason },
        (Step::Start | Step::Receive, true) => Error::Ended { host, reason },
        (Step::Receive, false) => Error::Stream { host, reason },
    }
}
