//! Requests of HTTP/1.1 (RFC 9112) and RTSP/1.0 (RFC 2326), which share their form, and the queries in their URLs.
//!
//! Not here: interleaved data, what a request means.

use std::fmt::Write;

const MAX_HEAD: usize = 16 * 1024;
const MAX_BODY: usize = 64 * 1024;

/// A request with its body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub method: String,
    pub uri: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Why bytes are no request.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum ReadRequest {
    #[error("the request line is malformed")]
    Line,
    #[error("the request is too large")]
    Size,
}

impl Request {
    /// Takes one request from the front of `bytes`: it and its length, or `None` if more bytes are needed.
    pub(crate) fn take(bytes: &[u8]) -> Result<Option<(Self, usize)>, ReadRequest> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return if bytes.len() > MAX_HEAD { Err(ReadRequest::Size) } else { Ok(None) };
        };
        let head = String::from_utf8_lossy(&bytes[..end]);
        let mut lines = head.split("\r\n");
        let mut words = lines.next().unwrap_or_default().split(' ');
        let (Some(method), Some(uri), Some(version)) = (words.next(), words.next(), words.next()) else {
            return Err(ReadRequest::Line);
        };
        if !version.starts_with("RTSP/1.") && !version.starts_with("HTTP/1.") {
            return Err(ReadRequest::Line);
        }
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut request = Self { method: method.into(), uri: uri.into(), headers, body: Vec::new() };
        let length =
            request.header("content-length").map_or(Ok(0), str::parse).map_err(|_| ReadRequest::Line)?;
        if length > MAX_BODY {
            return Err(ReadRequest::Size);
        }
        let Some(body) = bytes.get(end + 4..end + 4 + length) else {
            return Ok(None);
        };
        request.body = body.to_vec();
        Ok(Some((request, end + 4 + length)))
    }

    /// The first header of that lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The URI's path and its query, with an absolute URI's scheme and host left out.
    pub(crate) fn target(&self) -> (&str, &str) {
        let uri = match self.uri.split_once("://") {
            Some((_, rest)) => rest.find('/').map_or("/", |slash| &rest[slash..]),
            None => self.uri.as_str(),
        };
        uri.split_once('?').unwrap_or((uri, ""))
    }
}

/// A value of a query or form, percent-decoded.
pub(crate) fn parameter(query: &str, name: &str) -> Option<String> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(n, _)| *n == name)
        .map(|(_, v)| decoded(v))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let escaped = digits.filter(|_| *first == b'%').and_then(|two| u8::from_str_radix(two, 16).ok());
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An answer's status line and headers, with the body's length if it has one, and the body.
pub(crate) fn response(version: &str, status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut text = format!("{version} {status}\r\n");
    for (name, value) in headers {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    if !body.is_empty() || version.starts_with("HTTP") {
        let _ = write!(text, "Content-Length: {}\r\n", body.len());
    }
    text.push_str("\r\n");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

#[cfg(test)]
mod tests {
    use super::{ReadRequest, Request, parameter};
    use proptest::prelude::*;

    #[test]
    fn a_request_is_taken_only_when_its_body_is_complete() {
        let bytes = b"POST /a?b=c%20d HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi";
        assert_eq!(Request::take(&bytes[..bytes.len() - 1]), Ok(None));
        let (request, length) = Request::take(bytes).unwrap().unwrap();
        assert_eq!((length, request.body.as_slice()), (bytes.len(), b"hi".as_slice()));
        assert_eq!(request.target(), ("/a", "b=c%20d"));
        assert_eq!(parameter(request.target().1, "b").as_deref(), Some("c d"));
        assert_eq!(Request::take(b"nonsense\r\n\r\n"), Err(ReadRequest::Line));
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_without_panic(bytes: Vec<u8>) {
            let _ = Request::take(&bytes);
            let _ = parameter(&String::from_utf8_lossy(&bytes), "a");
        }
    }
}
