//! Exports, and the proof that they are what a site recorded.
//!
//! An export is a plain MP4 or Matroska file and a side file, the *evidence*: for every fragment in the file what its
//! link in the recording's hash chain is made of, the seals that the site put under the segments when it recorded them,
//! and a manifest that the site signed when it exported. Whoever has both files proves offline that every frame is what
//! was recorded, what was left out, and where nothing was recorded. The format is in `docs/reference/evidence.md`.
//!
//! - [`Plan`] chooses and lays out, [`Plan::write`] writes both files, [`verify`] checks them; [`Plan::save`] does both at
//!   once.
//! - Pure over `std::io` traits and the archive's reader: no clock; files and a thread only in `on_disk`.
//!
//! What is not here: jobs, folders and requests (the site), what is printed (the command line), keys (`trust`).

mod coding;
mod error;
mod evidence;
mod file;
mod lead_in;
mod on_disk;
mod order;
mod plan;
mod signatures;
mod verify;
mod write;

pub use error::Error;
pub use evidence::{CameraEntry, Gap, Line, Manifest, SegmentEntry, Signed, TrackEntry};
pub use media::fmp4::read::ReadAt;
pub use on_disk::{OnDisk, Saved, SavedFile};
pub use plan::{Container, Gaps, Plan, Source, Wish};
pub use signatures::{Signatures, SiteSigner};
pub use verify::{Camera, CheckedGap, Report, Signature, verify};
pub use write::{Made, Watch, Written};
