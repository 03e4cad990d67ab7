//! A complete MP4 file whose `moov` comes first: what QuickTime, Windows and phones play, and what can be sent while
//! its samples are still being read.
//!
//! [`Layout`] is made from sizes and times alone. It knows the head of the file, its total size (Content-Length), and in
//! which order the samples' data follow; whoever sends the file sends the head, then the data in that order.
//!
//! ```text
//! ftyp                                           ISO/IEC 14496-12, 4.3
//! moov                                           8.2.1
//! ├─ mvhd                                        8.2.2   creation time: the start's wall time
//! ├─ trak per track                              8.3.1
//! │  ├─ tkhd                                     8.3.2
//! │  ├─ edts ─ elst                              8.6.5, 8.6.6  hides what lies before the start
//! │  └─ mdia ─ mdhd hdlr minf ─ … stbl           as in a fragmented file, with tables:
//! │     stsd stts ctts stss stsc stsz stco|co64  8.5.2, 8.6.1.2, 8.6.1.3, 8.6.2, 8.7.4, 8.7.3.2, 8.7.5
//! └─ udta ─ ©day                                 8.10.1; QuickTime: the start's wall time to the microsecond
//! mdat (32-bit or 64-bit size)                   8.1.1
//! ```
//!
//! [`Movie`] is the same for any number of tracks whose data are written in the order in which they were pushed;
//! [`read`] reads such files back.
//!
//! What is not here: reading samples' data; choosing them (a range, the key frame before it, what to do with gaps); wrapping
//! G.711 (pass the sizes of [`crate::flac::FlacTrack`]'s samples and its configuration).

mod layout;
mod movie;
pub mod read;
mod tables;

pub use layout::{BadLayout, Chunk, Layout, SampleRef, Start};
pub use movie::Movie;
