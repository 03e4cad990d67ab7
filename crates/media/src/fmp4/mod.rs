//! Fragmented MP4 (ISO/IEC 14496-12): written by the recorder and for live and playback, read by the archive.
//!
//! What is here: bytes from values and values from bytes.
//! What is not here: files; complete MP4 with a sample table in front ([`crate::progressive`]).

pub mod boxes;
pub mod fragment;
pub mod index;
pub mod init;
pub mod read;
pub mod sample_entry;

use model::TrackKind;

pub use fragment::{SampleMeta, TooLarge, TrackSamples, fragment_head, fragment_head_with, fragment_one};
pub use index::{RandomAccess, random_access_index, uuid_box};
pub use init::init_segment;

/// `track_ID`: video 1, audio 2, in every file and segment.
#[must_use]
pub const fn track_id(kind: TrackKind) -> u32 {
    match kind {
        TrackKind::Video => 1,
        TrackKind::Audio => 2,
    }
}

/// The track with that `track_ID`.
#[must_use]
pub const fn track_kind(id: u32) -> Option<TrackKind> {
    match id {
        1 => Some(TrackKind::Video),
        2 => Some(TrackKind::Audio),
        _ => None,
    }
}
