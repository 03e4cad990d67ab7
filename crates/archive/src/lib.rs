//! The recording engine: samples in, segments on a volume, any range of time out.
//!
//! What is here: the volume's format, its writer, readers, recovery, retention, check and proof. The engine is pure over
//! [`Disk`]: it starts no thread, reads no clock (`now` is an argument) and touches no file but through that trait.
//! What is not here: cameras, schedules and choice of what to record (the site), containers' bytes (`media`), keys
//! (`trust`).
//!
//! - A volume's files: [`layout`]; a segment's bytes: [`mod@format`]; its proof: [`chain`]; its place in time: [`clock`].
//! - Writing: [`Archive`]; reading, on any thread meanwhile: [`Reader`] and [`ReadPlan`].
//! - Several volumes as one: [`set`].
//! - What was written is read at once. It is durable after the next [`Archive::tick`], for which [`Pace`] says when;
//!   frames younger than the unfinished fragment (500 ms) are not read yet.

pub mod chain;
pub mod clock;
pub mod disk;
pub mod format;
pub mod fsck;
pub mod layout;
pub mod locks;
pub mod proof;
pub mod retention;
pub mod roots;
pub mod set;
pub mod sign;
pub mod volume;

mod archive;
mod day;
mod days;
mod deletions;
mod error;
pub mod excerpt;
mod fragment;
mod index;
mod journal;
mod lead_in;
mod load;
mod look;
mod mark;
mod pace;
mod plan;
mod progress;
mod reader;
mod recover;
mod scan;
mod source;
mod stream;
mod tables;
mod unsettled;

pub use archive::{Archive, Commit, Committed, Options, TickReport};
pub use disk::{Dir, Disk};
pub use error::Error;
pub use excerpt::{Excerpt, Original, Piece};
pub use index::{Span, Summary};
pub use load::Loader;
pub use locks::Lock;
pub use mark::{Activity, MAX_NAME, Mark, MarkKind, MarkKinds};
pub use pace::{LONGEST_TICK, Pace, PaceStatus, TICK};
pub use plan::{Part, ReadPlan, SampleRef};
pub use progress::Progress;
pub use reader::Reader;
pub use recover::{Damaged, Recovered, Recovery};
pub use retention::{Deleted, Enforced, Reason, Retention};
pub use sign::{Purpose, Signer, Verifier};
pub use stream::{Limits, YOUNG};
pub use volume::Volume;
