//! Roots: once an hour, one value that stands for all footage of the volume, in a journal of its own.
//!
//! The chain of a stream ends in a value; whoever cuts off the stream's end and has the site's key could write another
//! end. A *root* is a hash over the values of all streams and the heads of the other journals. Whoever keeps it elsewhere, or
//! has it countersigned, can prove later what was there at that hour. Entries are JSON in a signed journal (file `roots`, see
//! `journal`):
//!
//! ```json
//! {"at": "2026-11-21T14:00:00.3Z",
//!  "streams": [["<camera>.main", "<chain value, hex>"], …],
//!  "journals": [["deletions", "<hash of the last entry, hex>"], …],
//!  "root": "<hex>"}
//! ```
//! `streams` has the streams that were recorded since the root before, by name, each with the value at the end of what was
//! durable. `root` = SHA-256("martello root 1" ‖ root before (32 bytes, zeros for the first) ‖ of each stream and each
//! journal: name ‖ 0 ‖ value as text ‖ 0).
//!
//! What is not here: countersigning; where a copy is kept.

use model::WallTime;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A journal of roots that is longer than this is shortened.
pub(crate) const SHORTEN_ABOVE: u64 = 16 << 20;
/// To so many of its last entries: about 40 days.
pub(crate) const KEPT: usize = 1000;

/// A root. See the module's description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// When it was made.
    pub at: WallTime,
    /// Streams and the values of their chains, in hex.
    pub streams: Vec<(String, String)>,
    /// Journals and the hashes of their last entries, in hex.
    pub journals: Vec<(String, String)>,
    /// The hash over the root before and all of that, in hex.
    pub root: String,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 32 bytes of hex digits.
pub(crate) fn unhex(text: &str) -> [u8; 32] {
    let mut out = [0; 32];
    for (byte, digits) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digits = std::str::from_utf8(digits).unwrap_or_default();
        *byte = u8::from_str_radix(digits, 16).unwrap_or(0);
    }
    out
}

/// Whether the two moments lie in different hours.
pub(crate) fn is_due(last: WallTime, now: WallTime) -> bool {
    let hour = |at: WallTime| at.micros().div_euclid(3_600_000_000);
    hour(last) != hour(now)
}

impl Root {
    pub(crate) fn new(
        before: Option<&Self>,
        at: WallTime,
        streams: impl IntoIterator<Item = (String, [u8; 32])>,
        journals: impl IntoIterator<Item = (String, [u8; 32])>,
    ) -> Self {
        let text = |(name, value): (String, [u8; 32])| (name, hex(&value));
        let mut streams: Vec<_> = streams.into_iter().map(text).collect();
        streams.sort();
        let journals = journals.into_iter().map(text).collect();
        let mut root = Self { at, streams, journals, root: String::new() };
        root.root = root.hash(before);
        root
    }

    /// What `root` must be, after that root.
    #[must_use]
    pub fn hash(&self, before: Option<&Self>) -> String {
        let mut hash = Sha256::new_with_prefix(b"martello root 1");
        hash.update(before.map_or([0; 32], |before| unhex(&before.root)));
        for (name, value) in self.streams.iter().chain(&self.journals) {
            for part in [name, value] {
                hash.update(part);
                hash.update([0]);
            }
        }
        hex(&hash.finalize())
    }
}
