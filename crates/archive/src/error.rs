//! What can go wrong, by operation.

use std::io;

use model::StreamKey;

/// An operation of the archive failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The volume's description could not be read or made.
    #[error("could not open the volume: {0}")]
    OpenVolume(io::Error),
    /// The volume's description is not one that this version understands.
    #[error("{path} is not a volume of a version that this program knows: {what}")]
    NotAVolume {
        /// The description's file.
        path: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// The volume was made by another site; it is left alone until somebody adopts it.
    #[error("this volume was made by site {made_by}, not by this one")]
    ForeignVolume {
        /// Who made it.
        made_by: model::SiteId,
    },
    /// A journal could not be read.
    #[error("could not open the journal {path}: {error}")]
    OpenJournal {
        /// Which journal.
        path: &'static str,
        /// Why.
        error: io::Error,
    },
    /// An entry could not be written; it does not count.
    #[error("could not write to the journal {path}: {error}")]
    AppendJournal {
        /// Which journal.
        path: &'static str,
        /// Why.
        error: io::Error,
    },
    /// The journal was damaged after it was written: nothing is added to it until somebody has looked.
    #[error("the journal {path} is damaged: run fsck")]
    JournalDamaged {
        /// Which journal.
        path: &'static str,
    },
    /// A directory of the volume could not be listed.
    #[error("could not list {path:?}: {error}")]
    List {
        /// Which directory.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// A segment could not be read.
    #[error("could not read {path}: {error}")]
    ReadSegment {
        /// Which file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// A segment is not what the archive wrote.
    #[error("{path} is damaged: {what}")]
    SegmentDamaged {
        /// Which file.
        path: String,
        /// What is wrong.
        what: String,
    },
    /// Frames could not be written: they are lost, and the stream's recording goes on at the next key frame in a new run.
    #[error("could not write {path}: {error}")]
    WriteSegment {
        /// Which file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// Nothing of what was written since the last commit is known to be safe.
    #[error("could not make recordings durable: {0}")]
    Commit(io::Error),
    /// A segment could not be removed.
    #[error("could not remove {path}: {error}")]
    Remove {
        /// Which file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// The day's index could not be written; it is only a cache.
    #[error("could not write {path}: {error}")]
    WriteIndex {
        /// Which file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// A sample came for a stream without a run.
    #[error("no run of {0} has begun")]
    NoRun(StreamKey),
    /// A sample does not come after the one before it, or its track does not exist, or it is too large.
    #[error("a sample of {key} was refused: {why}")]
    BadSample {
        /// Which stream.
        key: StreamKey,
        /// Why.
        why: &'static str,
    },
}
