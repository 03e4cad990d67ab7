//! The random access index at the end of a file, and boxes of our own.
//!
//! ```text
//! mfra                 ISO/IEC 14496-12, 8.8.9
//! ├─ tfra version 1    8.8.10  per key frame: decode time, offset of its moof, which sample of the fragment
//! └─ mfro              8.8.11  size of mfra, so that it is found from the end
//! ```
//!
//! What is not here: what the archive puts into its `uuid` boxes.

use bytes::Bytes;

use super::{boxes::BoxWriter, track_id};
use model::TrackKind;

/// A key frame of the video track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RandomAccess {
    /// Presentation time in ticks; negative times are written as 0.
    pub time: i64,
    /// Where the `moof` of its fragment begins in the file.
    pub moof_offset: u64,
    /// Which sample of the fragment's video track, counted from 1.
    pub sample_number: u32,
}

/// `mfra` of the video track; its `traf` must be the first of each fragment.
#[must_use]
pub fn random_access_index(keys: &[RandomAccess]) -> Bytes {
    let mut out = BoxWriter::with_capacity(48 + keys.len() * 22);
    out.node(b"mfra", |out| {
        out.full(b"tfra", 1, 0, |out| {
            out.u32(track_id(TrackKind::Video));
            out.u32(0b00_00_11); // lengths of traf, trun and sample numbers: 1, 1 and 4 bytes
            out.u32(u32::try_from(keys.len()).unwrap_or(u32::MAX));
            for key in keys {
                out.u64(key.time.max(0).unsigned_abs());
                out.u64(key.moof_offset);
                out.u8(1);
                out.u8(1);
                out.u32(key.sample_number);
            }
        });
        out.full(b"mfro", 0, 0, |out| out.u32(0));
    });
    let (size, at) = (u32::try_from(out.len()).unwrap_or(u32::MAX), out.len() - 4);
    out.patch(at, size);
    out.into_vec().into()
}

/// A `uuid` box (4.2), which readers that do not know its type pass over.
#[must_use]
pub fn uuid_box(usertype: [u8; 16], payload: &[u8]) -> Bytes {
    let mut out = BoxWriter::with_capacity(24 + payload.len());
    out.node(b"uuid", |out| {
        out.bytes(&usertype);
        out.bytes(payload);
    });
    out.into_vec().into()
}
