//! Why there is no export.

use media::{mkv::BadLayout as BadMkv, progressive::BadLayout};
use model::{StreamKey, WallTime};

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing was recorded in the range.
    #[error("nothing was recorded in this range")]
    Empty,
    /// The coding of a stream changes inside of the range: such a file does not play everywhere.
    #[error("the coding of {stream} changed at {at}")]
    CodingChanged {
        /// Whose.
        stream: StreamKey,
        /// When.
        at: WallTime,
    },
    /// More fragments than one file takes.
    #[error("the range has too many frames for one file")]
    TooLong,
    /// A recording was deleted while it was exported.
    #[error("a recording of {stream} was deleted meanwhile")]
    Gone {
        /// Whose.
        stream: StreamKey,
    },
    /// A recording is not what the chain says: it was changed on disk.
    #[error("the recording of {stream} at {at} does not hold against its hash chain")]
    Broken {
        /// Whose.
        stream: StreamKey,
        /// When.
        at: WallTime,
    },
    /// Reading a recording failed.
    #[error("reading a recording")]
    Read(#[from] archive::Error),
    /// The frames make no MP4 file.
    #[error("the frames make no MP4 file")]
    Mp4(#[from] BadLayout),
    /// The frames make no Matroska file.
    #[error("the frames make no Matroska file")]
    Mkv(#[from] BadMkv),
    /// Writing the export failed.
    #[error("writing the export")]
    Write(#[source] std::io::Error),
    /// Reading back what was written failed.
    #[error("reading the export back")]
    Check(#[source] std::io::Error),
    /// Somebody asked to stop.
    #[error("the export was cancelled")]
    Cancelled,
}
