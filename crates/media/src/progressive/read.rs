//! Reads the head of a progressive file back: its tracks and where each of their samples lies.
//!
//! Strict and bounded, as [`crate::fmp4::read`] is: what this crate never writes is refused, and the tables are walked
//! in place, without a copy of them per sample.
//!
//! What is not here: the samples' data; edit lists (they hide samples, they do not move them).

use std::ops::Range;

use bytes::Bytes;

use crate::{
    AudioConfig, VideoConfig,
    fmp4::{
        boxes::FourCc,
        read::{BadFile, ReadAt, TopLevelError, boxes, cursor::Cursor, init, only, top_level},
    },
    sample::VIDEO_TIMESCALE,
};

/// No `moov` is larger: a day of eight cameras with sound takes a third of it.
const MAX_MOOV: u64 = 1 << 30;

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMovie<E> {
    /// The disk said so.
    #[error("reading: {0}")]
    Read(E),
    /// It is not what this crate writes.
    #[error(transparent)]
    Bad(#[from] BadFile),
}

/// A progressive file.
#[derive(Clone, Debug)]
pub struct MovieFile {
    /// In the order of the file.
    pub tracks: Vec<MovieTrack>,
    /// Where the samples' data lie; all before is the head, and nothing comes after.
    pub data: Range<u64>,
}

/// How a track is coded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Pictures.
    Video(VideoConfig),
    /// Sound.
    Audio(AudioConfig),
}

/// A track with its tables.
#[derive(Clone, Debug)]
pub struct MovieTrack {
    /// `track_ID`.
    pub number: u32,
    /// How it is coded.
    pub coding: Coding,
    tables: Tables,
}

/// A sample as the tables tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MovieSample {
    /// Where its bytes begin.
    pub offset: u64,
    /// How many bytes.
    pub size: u32,
    /// Decode time since the first sample of the track, ticks.
    pub time: i64,
    /// Ticks to the next sample of the track.
    pub duration: u32,
    /// Presentation time minus decode time, ticks.
    pub composition_offset: i32,
    /// Whether decoding can start here.
    pub key: bool,
}

/// The contents of the tables' boxes.
#[derive(Clone, Debug)]
struct Tables {
    times: Bytes,
    offsets: Option<Bytes>,
    keys: Option<Bytes>,
    chunk_runs: Bytes,
    sizes: Bytes,
    chunks: Bytes,
    wide: bool,
}

/// Reads `ftyp` and `moov`, and finds `mdat`.
///
/// # Errors
/// It cannot be read, or it is no file that this crate writes.
pub fn read_movie<R: ReadAt + ?Sized>(source: &R) -> Result<MovieFile, BadMovie<R::Error>> {
    let mut heads = top_level(source, 0);
    let mut next = |kind: &FourCc| match heads.next() {
        Some(Ok(head)) if head.kind == *kind => Ok(head),
        Some(Err(TopLevelError::Read(error))) => Err(BadMovie::Read(error)),
        Some(Err(TopLevelError::Bad { why, .. })) => Err(why.into()),
        _ => Err(BadFile::Missing(*kind).into()),
    };
    next(b"ftyp")?;
    let moov = next(b"moov")?;
    let data = next(b"mdat")?.content();
    if heads.next().is_some() {
        return Err(BadFile::TooMany(*b"mdat").into());
    }
    let content = moov.content();
    let len = usize::try_from(content.end - content.start).ok().filter(|len| *len as u64 <= MAX_MOOV);
    let mut bytes = vec![0; len.ok_or(BadFile::TooMany(*b"moov"))?];
    let read = source.read_at(content.start, &mut bytes).map_err(BadMovie::Read)?;
    if read != bytes.len() {
        return Err(BadFile::Truncated(*b"moov").into());
    }
    let bytes = Bytes::from(bytes);
    let mut tracks = Vec::new();
    for item in boxes(&bytes) {
        let (head, trak) = item?;
        if head.kind == *b"trak" {
            tracks.push(read_track(&bytes, trak)?);
        }
    }
    Ok(MovieFile { tracks, data })
}

fn read_track(all: &Bytes, trak: &[u8]) -> Result<MovieTrack, BadFile> {
    let mut header = Cursor::new(*b"tkhd", only(trak, b"tkhd")?);
    let (version, _) = header.full()?;
    header.take(if version == 0 { 8 } else { 16 })?;
    let number = header.u32()?;
    let media = only(trak, b"mdia")?;
    let mut head = Cursor::new(*b"mdhd", only(media, b"mdhd")?);
    let (version, _) = head.full()?;
    head.take(if version == 0 { 8 } else { 16 })?;
    let timescale = head.u32()?;
    let stbl = only(only(media, b"minf")?, b"stbl")?;
    let mut descriptions = Cursor::new(*b"stsd", only(stbl, b"stsd")?);
    descriptions.full()?;
    if descriptions.u32()? != 1 {
        return Err(descriptions.unsupported());
    }
    let (entry, content) = boxes(descriptions.rest()).next().ok_or(BadFile::Truncated(*b"stsd"))??;
    let coding = match &entry.kind {
        b"avc1" | b"hvc1" => Coding::Video(init::read_video(entry.kind, content)?),
        _ => Coding::Audio(init::read_audio(entry.kind, content)?),
    };
    let expected = match &coding {
        Coding::Video(_) => VIDEO_TIMESCALE,
        Coding::Audio(audio) => audio.sample_rate,
    };
    if timescale != expected {
        return Err(head.unsupported());
    }
    Ok(MovieTrack { number, coding, tables: Tables::read(all, stbl)? })
}

impl Tables {
    fn read(all: &Bytes, stbl: &[u8]) -> Result<Self, BadFile> {
        let has = |kind: &FourCc| boxes(stbl).flatten().any(|(head, _)| head.kind == *kind);
        let entries = |kind: &FourCc, each: usize| entries(all, only(stbl, kind)?, *kind, each);
        let mut sizes = Cursor::new(*b"stsz", only(stbl, b"stsz")?);
        sizes.full()?;
        if sizes.u32()? != 0 {
            return Err(sizes.unsupported());
        }
        let count = sizes.u32()? as usize;
        let sizes = sizes.rest();
        if sizes.len() != count.saturating_mul(4) {
            return Err(BadFile::Truncated(*b"stsz"));
        }
        let wide = has(b"co64");
        Ok(Self {
            times: entries(b"stts", 8)?,
            offsets: has(b"ctts").then(|| entries(b"ctts", 8)).transpose()?,
            keys: has(b"stss").then(|| entries(b"stss", 4)).transpose()?,
            chunk_runs: entries(b"stsc", 12)?,
            sizes: all.slice_ref(sizes),
            chunks: if wide { entries(b"co64", 8)? } else { entries(b"stco", 4)? },
            wide,
        })
    }
}

/// The entries of a table, whose number is told and must fit.
fn entries(all: &Bytes, content: &[u8], kind: FourCc, each: usize) -> Result<Bytes, BadFile> {
    let mut fields = Cursor::new(kind, content);
    fields.full()?;
    let count = fields.u32()? as usize;
    if fields.rest().len() != count.saturating_mul(each) {
        return Err(BadFile::Truncated(kind));
    }
    Ok(all.slice_ref(fields.rest()))
}

/// The nth number of 4 bytes.
fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at * 4..)?.first_chunk().map(|chunk| u32::from_be_bytes(*chunk))
}

impl MovieTrack {
    /// How many samples the track has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tables.sizes.len() / 4
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The samples in decoding order; ends after the first error.
    #[must_use]
    pub fn samples(&self) -> Samples {
        Samples {
            tables: self.tables.clone(),
            index: 0,
            time: 0,
            times: Runs::default(),
            offsets: Runs::default(),
            key: 0,
            chunk: 0,
            run: 0,
            left: 0,
            offset: 0,
        }
    }
}

/// A position in a table of runs (`stts`, `ctts`).
#[derive(Clone, Debug, Default)]
struct Runs {
    entry: usize,
    used: u32,
}

impl Runs {
    fn next(&mut self, entries: &[u8]) -> Option<u32> {
        loop {
            let count = number(entries, self.entry * 2)?;
            if self.used < count {
                self.used += 1;
                return number(entries, self.entry * 2 + 1);
            }
            self.entry += 1;
            self.used = 0;
        }
    }
}

/// Walks through the samples of a track.
#[derive(Clone, Debug)]
pub struct Samples {
    tables: Tables,
    index: usize,
    time: i64,
    times: Runs,
    offsets: Runs,
    /// The next entry of `stss`.
    key: usize,
    /// The chunk that comes next, and the run of chunks that it belongs to.
    chunk: usize,
    run: usize,
    /// Samples left in the chunk, and where the next of them lies.
    left: u32,
    offset: u64,
}

impl Samples {
    fn read(&mut self, size: u32) -> Result<MovieSample, BadFile> {
        while self.left == 0 {
            self.enter_chunk()?;
        }
        let offset = self.offset;
        self.offset = offset.checked_add(u64::from(size)).ok_or(BadFile::Outside)?;
        self.left -= 1;
        let duration = self.times.next(&self.tables.times).ok_or(BadFile::Truncated(*b"stts"))?;
        let composition_offset = match &self.tables.offsets {
            Some(entries) => self.offsets.next(entries).ok_or(BadFile::Truncated(*b"ctts"))?.cast_signed(),
            None => 0,
        };
        let key = match &self.tables.keys {
            None => true,
            Some(keys) => number(keys, self.key).is_some_and(|key| key as usize == self.index + 1),
        };
        self.key += usize::from(key);
        let time = self.time;
        self.time = time.saturating_add(duration.into());
        self.index += 1;
        Ok(MovieSample { offset, size, time, duration, composition_offset, key })
    }

    fn enter_chunk(&mut self) -> Result<(), BadFile> {
        let tables = &self.tables;
        let begin = |run: usize| number(&tables.chunk_runs, run * 3);
        while begin(self.run + 1).is_some_and(|first| first as usize <= self.chunk + 1) {
            self.run += 1;
        }
        self.left = number(&tables.chunk_runs, self.run * 3 + 1).ok_or(BadFile::Truncated(*b"stsc"))?;
        self.offset = if tables.wide {
            let bytes = tables.chunks.get(self.chunk * 8..).and_then(|rest| rest.first_chunk());
            u64::from_be_bytes(*bytes.ok_or(BadFile::Truncated(*b"co64"))?)
        } else {
            number(&tables.chunks, self.chunk).ok_or(BadFile::Truncated(*b"stco"))?.into()
        };
        self.chunk += 1;
        Ok(())
    }
}

impl Iterator for Samples {
    type Item = Result<MovieSample, BadFile>;

    fn next(&mut self) -> Option<Self::Item> {
        let size = number(&self.tables.sizes, self.index)?;
        let sample = self.read(size);
        if sample.is_err() {
            self.index = self.tables.sizes.len();
        }
        Some(sample)
    }
}
