//! Matroska files (RFC 9559) whose index comes first: written from sizes and times alone, as [`crate::progressive`] is.
//!
//! ```text
//! EBML                                      RFC 8794, 11.2.1
//! Segment                                   RFC 9559, 5.1
//! ├─ SeekHead                               5.1.1
//! ├─ Info                                   5.1.2   one tick is 1 ms; date of the first picture
//! ├─ Tracks ─ TrackEntry                    5.1.4
//! ├─ Cues ─ CuePoint                        5.1.5   a point for each key frame that begins a cluster
//! └─ Cluster                                5.1.3   one for each group of samples that is pushed
//!    └─ Timestamp, SimpleBlock …            5.1.3.1, 5.1.3.4
//! ```
//!
//! Pictures outside of what is to be shown are marked *invisible*. H.264 (`V_MPEG4/ISO/AVC`), H.265
//! (`V_MPEGH/ISO/HEVC`), AAC (`A_AAC`) and G.711 (`A_MS/ACM`: Matroska has no name of its own for it).
//!
//! What is not here: lacing, chapters, files of other writers.

mod element;
pub mod read;
mod write;

pub use write::{BadLayout, Block, Builder, Cluster, Layout, Shown};
