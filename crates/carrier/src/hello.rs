//! The first frame both ways: which versions are spoken, and what the sender takes.

use serde::{Deserialize, Serialize};

use crate::{Limits, Violation};

/// The name of the protocol, also of its data channels.
pub const PROTOCOL: &str = "martello-carrier";
/// The one version that there is.
const VERSION: u16 = 1;
/// A hello is no longer.
const MAX: usize = 1024;
/// What can sensibly be granted per stream, bytes.
const WINDOW: std::ops::RangeInclusive<u32> = (16 << 10)..=(16 << 20);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hello {
    protocol: String,
    min: u16,
    max: u16,
    pub(crate) release: String,
    /// Bytes that may be sent on each stream before more is granted.
    pub(crate) window: u32,
    /// Streams that the client may have open at once (a client says 0).
    pub(crate) streams: u32,
}

impl Hello {
    pub(crate) fn new(limits: &Limits, release: &str) -> Self {
        Self {
            protocol: PROTOCOL.to_owned(),
            min: VERSION,
            max: VERSION,
            release: release.chars().take(64).collect(),
            window: limits.window,
            streams: limits.streams,
        }
    }

    pub(crate) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(crate) fn parse(json: &[u8]) -> Result<Self, Violation> {
        if json.len() > MAX {
            return Err(Violation::Hello);
        }
        let hello: Self = serde_json::from_slice(json).map_err(|_| Violation::Hello)?;
        if hello.protocol != PROTOCOL || !WINDOW.contains(&hello.window) {
            return Err(Violation::Hello);
        }
        if hello.min > VERSION || hello.max < VERSION {
            return Err(Violation::Version { min: hello.min, max: hello.max });
        }
        Ok(hello)
    }
}
