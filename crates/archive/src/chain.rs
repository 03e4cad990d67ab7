//! The hash chain inside a segment, and from segment to segment of a stream.
//!
//! - `h(0)` = SHA-256("martello chain 1" ‖ all bytes of the file before the first fragment). The head among them holds
//!   the last value of the stream's segment before: so whole segments cannot be taken out or put in unseen.
//! - `h(n)` = SHA-256(`h(n−1)` ‖ SHA-256(video) ‖ SHA-256(audio) ‖ SHA-256(`moof`)), where *video* and *audio* are the
//!   bytes of that track's samples one after the other (of a missing track: none), and `moof` is the whole box,
//!   which holds times, sizes and key flags.
//!
//! A track can be left out of an export: its hash takes its place, and the original `moof` (about 600 bytes) goes
//! into the side file.
//!
//! What is not here: where the values lie in a file ([`crate::format`]), signatures ([`crate::format::seal`]).

use sha2::{Digest, Sha256};

/// A value of the chain.
pub type Value = [u8; 32];

/// What a link is made of besides the value before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests {
    /// SHA-256 of the bytes of the pictures, one after the other.
    pub video: [u8; 32],
    /// The same of the sound.
    pub audio: [u8; 32],
    /// SHA-256 of the whole `moof`.
    pub moof: [u8; 32],
}

impl Digests {
    /// Of a whole fragment.
    #[must_use]
    pub fn of(video: &[u8], audio: &[u8], moof: &[u8]) -> Self {
        Self {
            video: Sha256::digest(video).into(),
            audio: Sha256::digest(audio).into(),
            moof: Sha256::digest(moof).into(),
        }
    }

    /// The value after the fragment.
    #[must_use]
    pub fn value(&self, before: &Value) -> Value {
        let mut value = Sha256::new_with_prefix(before);
        value.update(self.video);
        value.update(self.audio);
        value.update(self.moof);
        value.finalize().into()
    }
}

/// The value before the first fragment; `header` are the file's bytes up to there.
#[must_use]
pub fn start(header: &[u8]) -> Value {
    Sha256::new().chain_update(b"martello chain 1").chain_update(header).finalize().into()
}

/// Hashes the tracks of one fragment as their samples come.
#[derive(Clone, Default)]
pub struct Link {
    video: Sha256,
    audio: Sha256,
}

impl Link {
    /// More video.
    pub fn video(&mut self, data: &[u8]) {
        self.video.update(data);
    }

    /// More sound.
    pub fn audio(&mut self, data: &[u8]) {
        self.audio.update(data);
    }

    /// The value after this fragment; begins anew.
    pub fn close(&mut self, before: &Value, moof: &[u8]) -> Value {
        let (video, audio) = (self.video.finalize_reset().into(), self.audio.finalize_reset().into());
        Digests { video, audio, moof: Sha256::digest(moof).into() }.value(before)
    }
}
