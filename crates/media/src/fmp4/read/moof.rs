//! Reads a fragment's `moof` to the table of its samples.
//!
//! What is not here: base data offsets and defaults in `tfhd`, which the writer never makes; sample data.

use std::ops::Range;

use model::TrackKind;

use super::{
    BadFile,
    boxes::{boxes, only},
    cursor::Cursor,
};
use crate::fmp4::track_kind;

/// No fragment with more samples than this in a track is read.
pub const MAX_SAMPLES: u32 = 65_536;

/// Bit of `sample_flags`: is no sync sample.
const NON_SYNC: u32 = 0x0001_0000;

/// A fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// `sequence_number`.
    pub sequence: u32,
    /// At most one of each kind.
    pub tracks: Vec<FragmentTrack>,
}

/// The samples of a track in a fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FragmentTrack {
    /// Which track.
    pub kind: TrackKind,
    /// In decoding order.
    pub samples: Vec<FragmentSample>,
}

/// A sample as a fragment describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FragmentSample {
    /// Where its data begin, counted as the fragment's offset is.
    pub offset: u64,
    /// Bytes.
    pub size: u32,
    /// Decode time, ticks.
    pub time: i64,
    /// Ticks.
    pub duration: u32,
    /// Presentation time minus decode time, ticks.
    pub composition_offset: i32,
    /// Whether decoding can start here.
    pub key: bool,
}

/// Reads a whole `moof` box (its head included) that begins at `offset`; `data` is where the content of its `mdat` lies,
/// counted from the same zero.
///
/// # Errors
/// It is no sound `moof` of a kind that this crate writes, or a sample lies outside of `data`.
pub fn read_fragment(moof: &[u8], offset: u64, data: Range<u64>) -> Result<Fragment, BadFile> {
    let content = only(moof, b"moof")?;
    let mut header = Cursor::new(*b"mfhd", only(content, b"mfhd")?);
    header.full()?;
    let mut out = Fragment { sequence: header.u32()?, tracks: Vec::with_capacity(2) };
    for item in boxes(content) {
        let (head, content) = item?;
        if head.kind == *b"traf" {
            let track = read_track(content, offset, &data)?;
            if out.tracks.iter().any(|other| other.kind == track.kind) {
                return Err(BadFile::TooMany(*b"moof"));
            }
            out.tracks.push(track);
        }
    }
    Ok(out)
}

fn read_track(traf: &[u8], offset: u64, data: &Range<u64>) -> Result<FragmentTrack, BadFile> {
    let mut header = Cursor::new(*b"tfhd", only(traf, b"tfhd")?);
    let (_, flags) = header.full()?;
    if flags != 0x02_0000 {
        return Err(header.unsupported());
    }
    let kind = track_kind(header.u32()?).ok_or(header.unsupported())?;
    let mut time = Cursor::new(*b"tfdt", only(traf, b"tfdt")?);
    let begin = match time.full()? {
        (1, _) => time.u64()?,
        _ => u64::from(time.u32()?),
    };
    let begin = i64::try_from(begin).ok().filter(|begin| *begin < 1 << 62).ok_or(time.unsupported())?;
    let samples = read_run(only(traf, b"trun")?, kind, begin, offset, data)?;
    Ok(FragmentTrack { kind, samples })
}

fn read_run(
    trun: &[u8],
    kind: TrackKind,
    begin: i64,
    moof: u64,
    data: &Range<u64>,
) -> Result<Vec<FragmentSample>, BadFile> {
    let mut fields = Cursor::new(*b"trun", trun);
    let (version, flags) = fields.full()?;
    if version != 1 || flags & !0xc00 != 0x301 {
        return Err(fields.unsupported());
    }
    let (has_flags, has_composition) = (flags & 0x400 != 0, flags & 0x800 != 0);
    let count = fields.u32()?;
    let each = 8 + if has_flags { 4 } else { 0 } + if has_composition { 4 } else { 0 };
    let start = fields.u32()?;
    if count > MAX_SAMPLES {
        return Err(BadFile::TooMany(*b"trun"));
    }
    if fields.rest().len() != count as usize * each {
        return Err(BadFile::Truncated(*b"trun"));
    }
    let mut at = moof.checked_add(u64::from(start)).ok_or(BadFile::Outside)?;
    let mut time = begin;
    let mut out = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let (duration, size) = (fields.u32()?, fields.u32()?);
        let key = if has_flags { fields.u32()? & NON_SYNC == 0 } else { kind == TrackKind::Audio };
        let composition_offset = if has_composition { fields.u32()?.cast_signed() } else { 0 };
        let end = at.checked_add(u64::from(size)).ok_or(BadFile::Outside)?;
        if at < data.start || end > data.end {
            return Err(BadFile::Outside);
        }
        out.push(FragmentSample { offset: at, size, time, duration, composition_offset, key });
        at = end;
        time += i64::from(duration);
    }
    Ok(out)
}
