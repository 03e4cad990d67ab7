//! The bytes of a segment's file.
//!
//! ```text
//! ftyp moov                         playable by itself
//! uuid head                         whose it is, where it stands on the wall clock, chain value of the segment before
//! ( moof mdat uuid link )*          a fragment and the chain value after it, in one write
//! uuid table                        every fragment, key frame and mark            ┐
//! uuid seal                         chain value, digest of the trailer, signature │ trailer, in one write, at close
//! mfra                              for players that seek by it                   ┘
//! ```
//!
//! Numbers in our boxes are big-endian; each begins with a format version. `mfra` stands last because players look for
//! it at the end of a file, so the seal comes before it and its last 4 bytes tell how long the whole trailer is.
//! Nothing that was written is written again. A file without trailer is open, or was left behind by a crash: then its
//! torn end has been cut off, and it stays without trailer.
//!
//! What is not here: `ftyp`, `moov`, `moof`, `mdat`, `mfra` (`media::fmp4`); files.

pub mod head;
pub mod seal;
pub mod table;

pub(crate) mod fields;

pub use head::Head;
pub use seal::Seal;
pub use table::{Fragment, KeyFrame, Table};

/// `usertype` of the box with the segment's head.
pub const HEAD: [u8; 16] = *b"martello/head\0\0\0";
/// `usertype` of the box with marks, the last one in a fragment's `moof`; only where there are any.
pub const MARKS: [u8; 16] = *b"martello/marks\0\0";
/// `usertype` of the box with a fragment's chain value.
pub const LINK: [u8; 16] = *b"martello/link\0\0\0";
/// `usertype` of the box with the table of fragments.
pub const TABLE: [u8; 16] = *b"martello/table\0\0";
/// `usertype` of the box with the signature.
pub const SEAL: [u8; 16] = *b"martello/seal\0\0\0";

/// Bytes of a box's size and type.
pub const BOX_HEADER: usize = 8;
/// Bytes of a `uuid` box before its content.
pub const UUID_HEADER: usize = BOX_HEADER + 16;
/// Bytes of the whole box with a chain value.
pub const LINK_LEN: usize = UUID_HEADER + 32;
/// No trailer is longer than this: more would be more fragments than a segment can have.
pub const MAX_TRAILER: usize = 1 << 20;

/// Why a box of ours cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub &'static str);

/// A `uuid` box (ISO/IEC 14496-12, 4.2).
#[must_use]
pub fn uuid_box(usertype: &[u8; 16], content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(UUID_HEADER + content.len());
    out.extend_from_slice(&u32::try_from(UUID_HEADER + content.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(b"uuid");
    out.extend_from_slice(usertype);
    out.extend_from_slice(content);
    out
}

/// The box with a chain value.
#[must_use]
pub fn link_box(value: &crate::chain::Value) -> [u8; LINK_LEN] {
    let mut out = [0; LINK_LEN];
    out.iter_mut().zip(uuid_box(&LINK, value)).for_each(|(to, from)| *to = from);
    out
}

/// Size and type of the box at the start of `bytes`; nothing where they are no box of 8 bytes to 4 GiB.
#[must_use]
pub fn peek_box(bytes: &[u8]) -> Option<(usize, [u8; 4])> {
    let (size, rest) = bytes.split_first_chunk::<4>()?;
    let kind = rest.first_chunk::<4>()?;
    let size = usize::try_from(u32::from_be_bytes(*size)).ok()?;
    (size >= BOX_HEADER).then_some((size, *kind))
}

/// The box at the start of `bytes`, whole, and what follows it.
#[must_use]
pub fn split_box(bytes: &[u8]) -> Option<([u8; 4], &[u8], &[u8])> {
    let (size, kind) = peek_box(bytes)?;
    let (whole, rest) = bytes.split_at_checked(size)?;
    Some((kind, whole, rest))
}

/// The content of a `uuid` box of that type.
#[must_use]
pub fn uuid_content<'a>(whole: &'a [u8], usertype: &[u8; 16]) -> Option<&'a [u8]> {
    let (_, kind) = peek_box(whole)?;
    let (found, content) = whole.get(BOX_HEADER..)?.split_first_chunk::<16>()?;
    (kind == *b"uuid" && found == usertype).then_some(content)
}
