//! Reads what this crate writes: boxes, initialization segments, fragments.
//!
//! Strict and bounded: what the writer never makes is refused, sizes are checked before anything is allocated, and
//! nothing is allocated that the input is too short to hold.
//!
//! What is not here: files ([`ReadAt`] is theirs to implement), sample data, files of other writers.

mod boxes;
pub(crate) mod cursor;
pub(crate) mod init;
mod moof;

use crate::{aac::BadAudio, video::BadVideo};

use super::boxes::FourCc;

pub(crate) use boxes::only;
pub use boxes::{BoxHead, Boxes, MAX_BOXES, ReadAt, TopLevel, TopLevelError, boxes, top_level};
pub use init::{Init, read_init};
pub use moof::{Fragment, FragmentSample, FragmentTrack, MAX_SAMPLES, read_fragment};

/// Why bytes cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFile {
    /// A box reaches beyond what contains it, or ends inside a field.
    #[error("the box {} is cut off", name(*.0))]
    Truncated(FourCc),
    /// A size smaller than the box's own head.
    #[error("a box is smaller than its head")]
    Size,
    /// A box that must be there is not.
    #[error("there is no box {}", name(*.0))]
    Missing(FourCc),
    /// More boxes, tracks or samples than this reader accepts.
    #[error("the box {} holds too many entries", name(*.0))]
    TooMany(FourCc),
    /// A value that the writer never makes.
    #[error("the box {} holds an unsupported value", name(*.0))]
    Unsupported(FourCc),
    /// A sample whose data lie outside of the media data.
    #[error("a sample lies outside of the media data")]
    Outside,
    /// The video's decoder configuration.
    #[error("the decoder configuration of the video: {0}")]
    Video(#[from] BadVideo),
    /// The sound's decoder configuration.
    #[error("the decoder configuration of the sound: {0}")]
    Audio(#[from] BadAudio),
}

/// A box type for people.
fn name(kind: FourCc) -> String {
    kind.escape_ascii().to_string()
}
