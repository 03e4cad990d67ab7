//! A file on disk as an answer: whole, a range of its bytes, or "the client has it already" (RFC 9110, sections 13 and 14).
//!
//! What is not here: who may have it.

use std::{fs::File, path::PathBuf, sync::Arc};

use api::Code;
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;

use super::{
    outgoing::{HangUp, Outgoing, outgoing},
    problem::{Failure, Outcome},
};
use crate::App;

/// Read at once.
const PIECE: u64 = 256 << 10;

/// A file that never changes.
pub struct Served<'a> {
    /// Where it lies.
    pub path: PathBuf,
    /// How long it is.
    pub bytes: u64,
    /// Its digest, which is its entity tag.
    pub sha256: &'a str,
    /// The name that it is saved under.
    pub save_as: &'a str,
}

/// What of a file is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    All,
    /// From the first byte to before the last one.
    Part(u64, u64),
    /// A range that begins behind the end.
    Nothing,
}

/// The answer, and whether it has the file's first byte.
///
/// # Errors
/// The file is gone, or too many are being sent.
pub async fn serve(
    app: &App,
    file: &Served<'_>,
    asked: &HeaderMap,
    hang_up: HangUp,
) -> Outcome<(Response, bool)> {
    let tag = format!("\"{}\"", file.sha256);
    let header = |name| asked.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if header(header::IF_NONE_MATCH).is_some_and(|tags| matches(tags, &tag)) {
        return Ok((with_tag(StatusCode::NOT_MODIFIED.into_response(), &tag), false));
    }
    // A range of a file that has changed since would not fit to what the client has.
    let same = header(header::IF_RANGE).is_none_or(|known| known == tag);
    let wanted = header(header::RANGE).filter(|_| same).map_or(Wanted::All, |range| parse(range, file.bytes));
    let (status, from, to) = match wanted {
        Wanted::All => (StatusCode::OK, 0, file.bytes),
        Wanted::Part(from, to) => (StatusCode::PARTIAL_CONTENT, from, to),
        Wanted::Nothing => {
            let problem = Failure::new(Code::BadRequest, "The range lies behind the end of the file")
                .status(StatusCode::RANGE_NOT_SATISFIABLE);
            let mut response = problem.into_response();
            set(&mut response, header::CONTENT_RANGE, &format!("bytes */{}", file.bytes));
            return Ok((response, false));
        }
    };
    let Ok(permit) = Arc::clone(&app.playbacks).try_acquire_owned() else {
        return Err(Failure::new(Code::Busy, "Too many recordings are being played back or saved")
            .detail("Wait for some to end and try again."));
    };
    let path = file.path.clone();
    let opened = app.blocking(move |_| File::open(path)).await?.map_err(|error| {
        tracing::error!(%error, "a file of an export cannot be read");
        Failure::new(Code::NotFound, "The file is gone").detail("Export the range again.")
    })?;
    let (data, body) = outgoing(app.patience, hang_up);
    tokio::task::spawn_blocking(move || {
        send(&opened, from, to, &data);
        drop(permit);
    });
    let mut response = with_tag((status, body).into_response(), &tag);
    let kind = match file.save_as.rsplit('.').next() {
        Some("mp4") => "video/mp4",
        Some("mkv") => "video/matroska",
        Some("jsonl") => "application/jsonl",
        _ => "application/octet-stream",
    };
    set(&mut response, header::CONTENT_TYPE, kind);
    set(&mut response, header::CONTENT_LENGTH, &(to - from).to_string());
    set(&mut response, header::ACCEPT_RANGES, "bytes");
    set(&mut response, header::CONTENT_DISPOSITION, &attachment(file.save_as));
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {from}-{}/{}", to.saturating_sub(1), file.bytes);
        set(&mut response, header::CONTENT_RANGE, &range);
    }
    Ok((response, from == 0))
}

fn set(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn with_tag(mut response: Response, tag: &str) -> Response {
    set(&mut response, header::ETAG, tag);
    response
}

/// Whether one of the tags is that of the file, or any is meant.
fn matches(tags: &str, tag: &str) -> bool {
    let one = |known: &str| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag;
    tags.split(',').any(|known| one(known.trim()))
}

/// What a `Range` header asks for. One that is not understood, or of several ranges, is answered with all.
fn parse(range: &str, len: u64) -> Wanted {
    let number = |text: &str| -> Option<u64> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Wanted::All;
    };
    match (number(first), number(last)) {
        (Some(first), _) if first >= len && (last.is_empty() || number(last).is_some()) => Wanted::Nothing,
        (Some(first), None) if last.is_empty() => Wanted::Part(first, len),
        (Some(first), Some(last)) if first <= last => Wanted::Part(first, last.saturating_add(1).min(len)),
        (None, Some(0)) if first.is_empty() => Wanted::Nothing,
        (None, Some(last)) if first.is_empty() => Wanted::Part(len.saturating_sub(last), len),
        _ => Wanted::All,
    }
}

/// Reads the file as long as somebody takes it. Blocking.
fn send(file: &File, mut from: u64, to: u64, data: &Outgoing) {
    use std::os::unix::fs::FileExt as _;
    while from < to {
        let mut piece = vec![0; usize::try_from((to - from).min(PIECE)).unwrap_or(0)];
        if let Err(error) = file.read_exact_at(&mut piece, from) {
            tracing::error!(%error, "a file of an export could not be read to its end");
            data.fail("the file could not be read");
            return;
        }
        from += piece.len() as u64;
        if !data.send(Bytes::from(piece)) {
            return;
        }
    }
}

/// `Content-Disposition`: a name in characters that every system takes; the true one for those who read RFC 6266.
#[must_use]
pub fn attachment(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_. ()".contains(c) { c } else { '_' })
        .collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_what_rfc_9110_says_it_is() {
        for (range, wanted) in [
            ("bytes=0-0", Wanted::Part(0, 1)),
            ("bytes=10-", Wanted::Part(10, 100)),
            ("bytes=10-19", Wanted::Part(10, 20)),
            ("bytes=90-200", Wanted::Part(90, 100)),
            ("bytes=-5", Wanted::Part(95, 100)),
            ("bytes=-500", Wanted::Part(0, 100)),
            ("bytes=100-", Wanted::Nothing),
            ("bytes=100-200", Wanted::Nothing),
            ("bytes=99999999999999999999999-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=5-4", Wanted::All),
            ("bytes=0-1,5-6", Wanted::All),
            ("bytes=a-b", Wanted::All),
            ("bytes=-", Wanted::All),
            ("bytes=+1-2", Wanted::All),
            ("items=0-1", Wanted::All),
        ] {
            assert_eq!(parse(range, 100), wanted, "{range}");
        }
        assert_eq!(parse("bytes=0-", 0), Wanted::Nothing);
    }

    #[test]
    fn the_tag_is_found_among_others() {
        let tag = "\"abc\"";
        for (tags, found) in [("\"abc\"", true), ("\"x\", W/\"abc\"", true), ("*", true), ("\"ab\"", false)] {
            assert_eq!(matches(tags, tag), found, "{tags}");
        }
    }

    #[test]
    fn file_names_are_safe_and_true() {
        assert_eq!(
            attachment("Tür/1\" 2026-11-21T14-07-21.mp4"),
            "attachment; filename=\"T_r_1_ 2026-11-21T14-07-21.mp4\"; filename*=UTF-8''T%C3%BCr%2F1%22%202026-11-21T14-07-21.mp4"
        );
    }
}
