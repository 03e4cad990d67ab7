//! Heads of requests and answers: method, path, status, headers. Their meaning is HTTP's (RFC 9110), not the carrier's.

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Unsent, Violation, frame::MAX_PAYLOAD};

/// A head is no longer, bytes of JSON.
pub const MAX_HEAD: usize = 8 << 10;
/// Headers of one head.
pub const MAX_HEADERS: usize = 64;

/// How urgent an answer is: 0 most, 7 least (RFC 9218 section 4.1). Answers that are as urgent take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Priority(pub u8);

impl Priority {
    /// 0 to 7.
    pub(crate) fn level(self) -> usize {
        usize::from(self.0.min(7))
    }
}

impl Default for Priority {
    fn default() -> Self {
        Self(3)
    }
}

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// `GET` and so on.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names in lower case, values as text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// How urgent.
    #[serde(default)]
    pub priority: Priority,
}

/// What a site answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// As in HTTP; 101 where a duplex stream was taken.
    pub status: u16,
    /// Names in lower case, values as text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
}

/// A head that knows its headers.
pub(crate) trait Head: Serialize + DeserializeOwned {
    fn headers(&self) -> &[(String, String)];
}

impl Head for Request {
    fn headers(&self) -> &[(String, String)] {
        &self.headers
    }
}

impl Head for Response {
    fn headers(&self) -> &[(String, String)] {
        &self.headers
    }
}

/// Head and as much of the body as fits behind it; the payload, and the rest of the body.
pub(crate) fn write(head: &impl Head, mut body: Bytes) -> Result<(Bytes, Bytes), Unsent> {
    let json = serde_json::to_vec(head).map_err(|_| Unsent::Head)?;
    if json.len() > MAX_HEAD || head.headers().len() > MAX_HEADERS {
        return Err(Unsent::Head);
    }
    let length = u16::try_from(json.len()).map_err(|_| Unsent::Head)?;
    let first = body.split_to(body.len().min(MAX_PAYLOAD - 2 - json.len()));
    let mut payload = BytesMut::with_capacity(2 + json.len() + first.len());
    payload.put_u16(length);
    payload.put_slice(&json);
    payload.put_slice(&first);
    Ok((payload.freeze(), body))
}

/// Head and what came behind it.
pub(crate) fn read<H: Head>(payload: &Bytes) -> Result<(H, Bytes), Violation> {
    let (length, _) = payload.split_first_chunk::<2>().ok_or(Violation::Head)?;
    let end = 2 + usize::from(u16::from_be_bytes(*length));
    if end > payload.len() || end > 2 + MAX_HEAD {
        return Err(Violation::Head);
    }
    let head: H = serde_json::from_slice(&payload[2..end]).map_err(|_| Violation::Head)?;
    if head.headers().len() > MAX_HEADERS {
        return Err(Violation::Head);
    }
    Ok((head, payload.slice(end..)))
}
