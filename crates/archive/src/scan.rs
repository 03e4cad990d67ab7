//! Reads a segment's file: header, trailer, and, where the trailer is missing, fragment after fragment.
//!
//! What is not here: repairing ([`crate::recover`]), caching ([`crate::tables`]).

use std::sync::Arc;

use media::{
    Tracks,
    fmp4::read::{FragmentSample, FragmentTrack, read_fragment, read_init},
};
use model::{TrackKind, WallTime};

use crate::{
    chain::{self, Link},
    clock::to_90k,
    disk::File,
    format::{
        self, Fragment, Head, KeyFrame, LINK_LEN, Seal, Table, fields::Fields, peek_box, seal, split_box,
        uuid_content,
    },
    mark::{self, Active, Mark, MarkKinds},
};

/// Read at first of every file: more than a usual header.
const HEADER_GUESS: usize = 4096;
/// No header is longer than this.
const MAX_HEADER: usize = 1 << 20;
/// Read at first of every fragment: more than a usual `moof`.
const MOOF_GUESS: usize = 2048;
/// No `moof` is longer than this.
const MAX_MOOF: usize = 1 << 20;
/// Read at first of every trailer: more than a usual one.
const TRAILER_GUESS: u64 = 64 << 10;

/// Why a segment cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScanError {
    /// The disk said so.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// It is not what the archive writes, or not all of it is there.
    #[error("{0}")]
    Malformed(String),
}

impl From<format::Malformed> for ScanError {
    fn from(error: format::Malformed) -> Self {
        Self::Malformed(error.to_string())
    }
}

fn malformed<T>(what: &str) -> Result<T, ScanError> {
    Err(ScanError::Malformed(what.to_owned()))
}

/// All before the first fragment.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) head: Head,
    pub(crate) tracks: Arc<Tracks>,
    pub(crate) len: usize,
    /// The chain's first value.
    pub(crate) value: chain::Value,
}

/// A trailer.
#[derive(Clone, Debug)]
pub(crate) struct Trailer {
    pub(crate) table: Table,
    pub(crate) end: WallTime,
    pub(crate) seal: Seal,
    /// Whether table and `mfra` are what the seal says.
    pub(crate) digest_holds: bool,
}

/// A fragment, as it is found in a file.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) fragment: Fragment,
    pub(crate) keys: Vec<KeyFrame>,
    pub(crate) marks: Vec<Mark>,
    /// The chain value that the file tells.
    pub(crate) value: chain::Value,
}

/// What reading fragment after fragment found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Walked {
    pub(crate) table: Table,
    /// Chain value after each fragment, as the file tells them.
    pub(crate) values: Vec<chain::Value>,
    /// Where the whole fragments end.
    pub(crate) end_offset: u64,
}

/// Reads `ftyp`, `moov` and the head.
pub(crate) fn header(file: &impl File) -> Result<Header, ScanError> {
    let mut guess = HEADER_GUESS;
    loop {
        let mut bytes = vec![0; guess];
        let read = file.read_at(0, &mut bytes)?;
        bytes.truncate(read);
        match parse_header(&bytes)? {
            Some(header) => return Ok(header),
            None if read < guess || guess >= MAX_HEADER => return malformed("the header is not whole"),
            None => guess *= 4,
        }
    }
}

/// Whether the file begins as a segment and ends within the header, or goes on with zeros there: what a crash leaves.
pub(crate) fn header_is_cut(file: &impl File) -> Result<bool, std::io::Error> {
    let mut bytes = vec![0; MAX_HEADER];
    let read = file.read_at(0, &mut bytes)?;
    bytes.truncate(read);
    let mut rest = bytes.as_slice();
    for expected in [b"ftyp", b"moov", b"uuid"] {
        match (peek_box(rest), split_box(rest)) {
            (Some((_, kind)), Some((_, _, after))) if kind == *expected => rest = after,
            (Some((_, kind)), None) if kind == *expected => return Ok(read < MAX_HEADER),
            (None, _) if rest.len() < format::BOX_HEADER => return Ok(read < MAX_HEADER),
            _ => return Ok(rest.iter().take(format::BOX_HEADER).all(|byte| *byte == 0)),
        }
    }
    Ok(false)
}

/// The header at the start of a file's bytes; nothing where they are too few.
pub(crate) fn parse_header(bytes: &[u8]) -> Result<Option<Header>, ScanError> {
    let mut rest = bytes;
    for expected in [b"ftyp", b"moov", b"uuid"] {
        match (peek_box(rest), split_box(rest)) {
            (Some((_, kind)), _) if kind != *expected => return malformed("it does not begin as a segment"),
            (_, Some((_, _, after))) => rest = after,
            (_, None) => return Ok(None),
        }
    }
    let len = bytes.len() - rest.len();
    let (header, _) = bytes.split_at(len);
    let Some((_, _, after_ftyp)) = split_box(header) else { return Ok(None) };
    let Some((_, _, head)) = split_box(after_ftyp) else { return Ok(None) };
    let Some(content) = uuid_content(head, &format::HEAD) else { return malformed("the head is missing") };
    let init = read_init(header).map_err(|error| ScanError::Malformed(error.to_string()))?;
    let Some(tracks) = init.tracks() else { return malformed("there is no video track") };
    Ok(Some(Header {
        head: Head::parse(content)?,
        tracks: Arc::new(tracks),
        len,
        value: chain::start(header),
    }))
}

/// Reads the trailer; nothing where there is none that is whole.
pub(crate) fn trailer(file: &impl File) -> Result<Option<Trailer>, ScanError> {
    let len = file.len()?;
    let tail = file.read_exact_at(len.saturating_sub(TRAILER_GUESS), len.min(TRAILER_GUESS) as usize)?;
    let Some(trailer_len) = trailer_len(&tail) else { return Ok(None) };
    if trailer_len > tail.len() {
        let Some(from) = len.checked_sub(trailer_len as u64) else { return Ok(None) };
        let bytes = file.read_exact_at(from, trailer_len)?;
        return Ok(parse_trailer(&bytes));
    }
    Ok(tail.get(tail.len() - trailer_len..).and_then(parse_trailer))
}

/// How long the trailer at the end of these bytes is: `mfro` tells where `mfra` begins, and the 4 bytes before that
/// belong to the seal.
fn trailer_len(tail: &[u8]) -> Option<usize> {
    let mfra_len = u32::from_be_bytes(*tail.last_chunk::<4>()?) as usize;
    let before = tail.len().checked_sub(mfra_len)?;
    let (seal, mfra) = tail.split_at_checked(before)?;
    if peek_box(mfra)? != (mfra_len, *b"mfra") {
        return None;
    }
    let len = u32::from_be_bytes(*seal.last_chunk::<4>()?) as usize;
    (mfra_len..=format::MAX_TRAILER).contains(&len).then_some(len)
}

/// Reads table, seal and `mfra`; nothing where they are not whole.
pub(crate) fn parse_trailer(bytes: &[u8]) -> Option<Trailer> {
    let (_, table_box, rest) = split_box(bytes)?;
    let (_, seal_box, mfra) = split_box(rest)?;
    let (table, end) = Table::parse(uuid_content(table_box, &format::TABLE)?).ok()?;
    let seal = Seal::parse(uuid_content(seal_box, &format::SEAL)?).ok()?;
    let digest_holds = seal::digest(table_box, mfra) == seal.digest;
    (seal.trailer_len as usize == bytes.len()).then_some(Trailer { table, end, seal, digest_holds })
}

/// Reads fragment after fragment, their heads only, as far as they are whole and lie before `limit`.
pub(crate) fn walk(file: &impl File, header: &Header, limit: u64) -> Result<Walked, std::io::Error> {
    let len = file.len()?.min(limit);
    let mut active = Active::default();
    let mut walked = Walked { end_offset: header.len as u64, ..Walked::default() };
    loop {
        let found = match fragment(file, header, walked.end_offset, len, &walked.table) {
            Ok(found) => found,
            Err(ScanError::Io(error)) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
                return Err(error);
            }
            Err(_) => return Ok(walked),
        };
        walked.end_offset = found.fragment.end_offset();
        let marks = active.fragment(&found.marks);
        walked.table.fragments.push(Fragment { marks, ..found.fragment });
        walked.table.keys.extend(found.keys);
        let room = mark::PER_SEGMENT.saturating_sub(walked.table.marks.len());
        walked.table.marks.extend(found.marks.into_iter().take(room));
        walked.values.push(found.value);
    }
}

/// Reads the boxes of one fragment, all but the samples' data.
fn fragment(
    file: &impl File,
    header: &Header,
    offset: u64,
    file_len: u64,
    before: &Table,
) -> Result<Found, ScanError> {
    let room = usize::try_from(file_len.saturating_sub(offset)).unwrap_or(usize::MAX);
    let mut bytes = file.read_exact_at(offset, room.min(MOOF_GUESS))?;
    let Some((moof_len, kind)) = peek_box(&bytes) else { return malformed("the file ends") };
    if kind != *b"moof" || moof_len > MAX_MOOF {
        return malformed("there is no fragment");
    }
    if bytes.len() < moof_len + format::BOX_HEADER {
        bytes = file.read_exact_at(offset, moof_len + format::BOX_HEADER)?;
    }
    let (moof, rest) = bytes.split_at(moof_len);
    let Some((mdat_len, kind)) = peek_box(rest) else { return malformed("the file ends") };
    let len = moof_len.saturating_add(mdat_len).saturating_add(LINK_LEN);
    if kind != *b"mdat" || len > room {
        return malformed("the fragment is not whole");
    }
    let link = file.read_exact_at(offset + (len - LINK_LEN) as u64, LINK_LEN)?;
    let Some(value) = link_value(&link) else { return malformed("the chain value is missing") };
    let tracks = parse_moof(moof, len)?;
    let (fragment, keys) = describe(header, before, offset, moof_len, len, &tracks)?;
    Ok(Found { fragment, keys, marks: marks_of(moof)?, value })
}

pub(crate) fn link_value(link: &[u8]) -> Option<chain::Value> {
    let (whole, rest) = link.split_at_checked(LINK_LEN)?;
    let content = uuid_content(whole, &format::LINK)?;
    (peek_box(whole)?.0 == LINK_LEN && rest.is_empty()).then_some(*content.first_chunk()?)
}

/// The samples of a fragment of so many bytes, link included; offsets count from its begin.
pub(crate) fn parse_moof(moof: &[u8], len: usize) -> Result<Vec<FragmentTrack>, ScanError> {
    let data = (moof.len() + format::BOX_HEADER) as u64..len.saturating_sub(LINK_LEN) as u64;
    let fragment = read_fragment(moof, 0, data).map_err(|error| ScanError::Malformed(error.to_string()))?;
    Ok(fragment.tracks)
}

/// The marks in a `moof`.
fn marks_of(moof: &[u8]) -> Result<Vec<Mark>, ScanError> {
    let mut rest = moof.get(format::BOX_HEADER..).unwrap_or_default();
    while let Some((_, whole, after)) = split_box(rest) {
        if let Some(content) = uuid_content(whole, &format::MARKS) {
            return Ok(mark::parse(&mut Fields(content), None)?);
        }
        rest = after;
    }
    Ok(Vec::new())
}

fn describe(
    header: &Header,
    before: &Table,
    offset: u64,
    moof_len: usize,
    len: usize,
    tracks: &[FragmentTrack],
) -> Result<(Fragment, Vec<KeyFrame>), ScanError> {
    let narrow =
        |value: u64| u32::try_from(value).or_else(|_| malformed("the file is larger than a segment"));
    let relative = |ticks: i64| ticks.saturating_sub(header.head.anchor.media);
    let short = |ticks: i64| {
        i32::try_from(ticks).or_else(|_| malformed("the fragment's times are further apart than a segment's"))
    };
    let of = |kind| tracks.iter().filter(move |track| track.kind == kind).flat_map(|track| &track.samples);
    let reach = |kind| {
        let rate = header.tracks.timescale(kind)?;
        let shown_until = |sample: &FragmentSample| {
            sample
                .time
                .saturating_add(sample.composition_offset.into())
                .saturating_add(sample.duration.into())
        };
        let end = of(kind).map(shown_until).max()?;
        Some((relative(to_90k(of(kind).next()?.time, rate)), relative(to_90k(end, rate))))
    };
    let (time, duration) = before.next(reach(TrackKind::Video), reach(TrackKind::Audio));
    let fragment = Fragment {
        offset: narrow(offset)?,
        len: narrow(len as u64)?,
        moof_len: narrow(moof_len as u64)?,
        time: short(time)?,
        duration: narrow(duration.unsigned_abs())?,
        video_samples: u16::try_from(of(TrackKind::Video).count()).unwrap_or(u16::MAX),
        audio_samples: u16::try_from(of(TrackKind::Audio).count()).unwrap_or(u16::MAX),
        keys_before: narrow(before.keys.len() as u64)?,
        marks: MarkKinds::default(),
    };
    let index = narrow(before.fragments.len() as u64)?;
    let keys = of(TrackKind::Video).enumerate().filter(|(_, sample)| sample.key).map(|(at, sample)| {
        Ok(KeyFrame {
            fragment: index,
            sample: narrow(at as u64)?,
            time: short(relative(sample.time))?,
            duration: sample.duration,
            composition_offset: sample.composition_offset,
            offset: narrow(sample.offset)?,
            len: sample.size,
        })
    });
    Ok((fragment, keys.collect::<Result<_, ScanError>>()?))
}

/// Computes the chain value after a whole fragment's bytes, checking that they are `moof`, `mdat` and link and that
/// the samples fill `mdat` exactly, track after track. `Err` tells what does not hold.
pub(crate) fn check_fragment(bytes: &[u8], before: &chain::Value) -> Result<chain::Value, String> {
    let moof_len = peek_box(bytes).filter(|(_, kind)| kind == b"moof").map(|(len, _)| len);
    let (moof, rest) = moof_len.and_then(|len| bytes.split_at_checked(len)).ok_or("there is no moof")?;
    let (kind, mdat, link) = split_box(rest).ok_or("mdat is not whole")?;
    if kind != *b"mdat" {
        return Err("there is no mdat".to_owned());
    }
    let tracks = parse_moof(moof, bytes.len()).map_err(|error| error.to_string())?;
    let mut at = moof.len() + format::BOX_HEADER;
    let mut chained = Link::default();
    for kind in [TrackKind::Video, TrackKind::Audio] {
        for sample in tracks.iter().filter(|track| track.kind == kind).flat_map(|track| &track.samples) {
            let end = at + sample.size as usize;
            let data = bytes
                .get(at..end)
                .filter(|_| sample.offset == at as u64)
                .ok_or("a sample is not in its place")?;
            match kind {
                TrackKind::Video => chained.video(data),
                TrackKind::Audio => chained.audio(data),
            }
            at = end;
        }
    }
    if at != moof.len() + mdat.len() {
        return Err("mdat holds more than its samples".to_owned());
    }
    let value = chained.close(before, moof);
    match link_value(link) {
        Some(told) if told == value => Ok(value),
        Some(_) => Err("the chain value does not hold".to_owned()),
        None => Err("the chain value is missing".to_owned()),
    }
}
