//! What the RTSP library is, seen from here: its errors told apart, and its panics caught.
//!
//! What is here: what `retina`'s errors mean to us, what a camera may make it keep, and the guard around every call into
//! it, as it meets bytes from outside first. The limits, and errors that programs can tell apart, are our changes to it
//! (`vendor/retina/MARTELLO.md`).
//! What is not here: anything about streams.

use std::{future::Future, panic::AssertUnwindSafe};

use futures_util::FutureExt;

use retina::ErrorKind;

use super::{Limits, Target};
use crate::{Error, Kind, error::scrub};

/// Which step of a session failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Describe,
    Start,
    Receive,
}

/// Longest first line and headers of an RTSP message, in bytes.
const LONGEST_HEAD: usize = 64 << 10;

/// Longest body of an RTSP message, in bytes: session descriptions have a few thousand.
const LONGEST_BODY: usize = 1 << 20;

/// What the library may keep of what a camera sends. Its buffer is a power of two that holds an unfinished frame with the
/// headers of its packets, and is never shorter than two datagrams.
pub(super) fn limits(limits: Limits) -> retina::Limits {
    let buffer = limits.frame.clamp(128 << 10, 1 << 30).next_power_of_two();
    retina::Limits { head: LONGEST_HEAD, body: LONGEST_BODY, buffer }
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
    match (error.kind(), step) {
        (ErrorKind::Connect, _) | (ErrorKind::Connection, Step::Describe) => Error::Connect { host, reason },
        (ErrorKind::Connection, _) => Error::Ended { host, reason },
        (ErrorKind::Limit, _) => Error::TooMuch { host, reason },
        (ErrorKind::NoStreams, _) => Error::Describe { host, reason, kind: Kind::NoStream },
        (_, Step::Describe) => Error::Describe { host, reason, kind: Kind::Unexpected },
        (_, Step::Start) => Error::Start { host, reason },
        (_, Step::Receive) => Error::Stream { host, reason },
    }
}
