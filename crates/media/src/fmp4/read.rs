//! Reads what this crate writes: boxes, initialization segments, fragments.
//!
//! Strict and bounded: sizes are checked before anything is allocated, and nothing is allocated that the input could
//! not hold.
//!
//! What is not here: files ([`ReadAt`] is theirs to implement), sample data.

use model::TrackKind;

use crate::{AudioConfig, Tracks, VideoConfig};

/// Bytes at a place.
pub trait ReadAt {
    /// What can go wrong.
    type Error;
    /// How many bytes there are.
    ///
    /// # Errors
    /// As the implementation says.
    fn len(&self) -> Result<u64, Self::Error>;
    /// Fills `out` from `offset` on as far as there are bytes; returns how many were read.
    ///
    /// # Errors
    /// As the implementation says.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<usize, Self::Error>;
}

/// Where a top-level box lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoxHead {
    /// Its type.
    pub kind: [u8; 4],
    /// The extended type of a `uuid` box.
    pub usertype: Option<[u8; 16]>,
    /// Where it begins.
    pub offset: u64,
    /// Bytes of its head (8, 16, 24 or 32).
    pub header: u8,
    /// Bytes of head and content.
    pub size: u64,
}

/// What an initialization segment describes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Init {
    /// The pictures.
    pub video: Option<VideoConfig>,
    /// The sound.
    pub audio: Option<AudioConfig>,
}

impl Init {
    /// The tracks of a stream; nothing without pictures.
    #[must_use]
    pub fn tracks(self) -> Option<Tracks> {
        Some(Tracks { video: self.video?, audio: self.audio })
    }
}

/// A sample as a fragment describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FragmentSample {
    /// Where its data begin, counted as the fragment's offset is.
    pub offset: u64,
    /// Bytes.
    pub size: u32,
    /// Decode time, ticks.
    pub time: i64,
    /// Ticks.
    pub duration: u32,
    /// Ticks.
    pub composition_offset: i32,
    /// Whether decoding can start here.
    pub key: bool,
}

/// The samples of a track in a fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FragmentTrack {
    /// Which track.
    pub kind: TrackKind,
    /// In decoding order.
    pub samples: Vec<FragmentSample>,
}
