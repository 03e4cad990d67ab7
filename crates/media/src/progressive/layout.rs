//! Where everything of a progressive file lies, known before any sample is read.
//!
//! What is not here: the tables of a track ([`super::tables`]).

use bytes::Bytes;
use model::{TrackKind, WallTime};

use super::tables::TrackTables;
use crate::{
    Tracks,
    fmp4::{
        boxes::BoxWriter,
        init::{Track, file_type, movie_header},
    },
    sample::VIDEO_TIMESCALE,
};

/// Seconds from 1904-01-01, where the format's times begin, to 1970-01-01.
const EPOCH: i64 = 2_082_844_800;

/// A sample of which only size and times are known. Times of all tracks begin at the same zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleRef {
    /// Which track.
    pub track: TrackKind,
    /// Bytes.
    pub size: u32,
    /// Decode time in ticks of the track, growing. A sample lasts until the next one of its track, whatever lies between:
    /// whoever wants a gap left out passes times without it.
    pub time: i64,
    /// Ticks; counts for the last sample of a track.
    pub duration: u32,
    /// Presentation time minus decode time, ticks.
    pub composition_offset: i32,
    /// Whether decoding can start here.
    pub key: bool,
}

/// Where the presentation begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Presentation time of the first picture to be shown, ticks of the video (1/90000 s); what lies before is decoded
    /// but hidden. Nothing: all is shown.
    pub time: Option<i64>,
    /// Presentation time from which on nothing is shown, in the same ticks. Nothing: all is shown.
    pub end: Option<i64>,
    /// When that picture was taken.
    pub wall: WallTime,
}

/// Why samples make no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLayout {
    /// No pictures at all.
    #[error("there are no pictures")]
    Empty,
    /// The first picture cannot be decoded.
    #[error("the first picture is not a key frame")]
    NoKey,
    /// Times of a track do not grow.
    #[error("the times of a track do not grow")]
    Order,
    /// More ticks between two samples than 32 bits can say.
    #[error("two samples are too far apart")]
    Gap,
    /// More samples than 32 bits can count.
    #[error("there are too many samples")]
    TooMany,
    /// A sample of a track that the stream does not have.
    #[error("a sample of a track that the stream does not have")]
    NoTrack,
    /// The start lies behind the end.
    #[error("the start lies behind the last picture")]
    Start,
}

/// Samples of one track that lie in the file without anything between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Which track.
    pub track: TrackKind,
    /// Its first sample, counted from 0 within the track.
    pub first: u32,
    /// How many samples.
    pub count: u32,
    /// Bytes of all of them.
    pub bytes: u64,
}

/// A file before its data are read.
#[derive(Clone, Debug)]
pub struct Layout {
    head: Bytes,
    chunks: Vec<Chunk>,
    size: u64,
}

impl Layout {
    /// Lays out a file. Samples come in decoding order within each track; how the tracks are mixed does not matter.
    ///
    /// # Errors
    /// The samples make no file that plays.
    pub fn new(
        tracks: &Tracks,
        start: Start,
        samples: impl IntoIterator<Item = SampleRef>,
    ) -> Result<Self, BadLayout> {
        let mut video = TrackTables::new(VIDEO_TIMESCALE);
        let mut audio = tracks.audio.as_ref().map(|audio| TrackTables::new(audio.sample_rate));
        for sample in samples {
            match (sample.track, &mut audio) {
                (TrackKind::Video, _) if video.is_empty() && !sample.key => return Err(BadLayout::NoKey),
                (TrackKind::Video, _) => video.push(&sample)?,
                (TrackKind::Audio, Some(audio)) => audio.push(&sample)?,
                (TrackKind::Audio, None) => return Err(BadLayout::NoTrack),
            }
        }
        if video.is_empty() {
            return Err(BadLayout::Empty);
        }
        video.finish();
        let mut parts = vec![(Track::Video(&tracks.video), video)];
        if let (Some(config), Some(mut tables)) = (&tracks.audio, audio)
            && !tables.is_empty()
        {
            tables.finish();
            parts.push((Track::Audio(config), tables));
        }
        let (order, chunks): (Vec<usize>, Vec<Chunk>) = interleave(&parts).into_iter().unzip();
        let begin = begin(&parts, start)?;
        let order = order.iter().zip(&chunks).map(|(part, chunk)| (*part, chunk.bytes));
        let (head, size) = write(&parts, order, &begin);
        Ok(Self { head, chunks, size })
    }

    /// `ftyp`, `moov` and the head of `mdat`.
    #[must_use]
    pub fn head(&self) -> &Bytes {
        &self.head
    }

    /// What follows the head, in this order.
    #[must_use]
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// Bytes of the whole file.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }
}

/// The head of a file, and the size of the whole file. `order` are the chunks as they follow: whose part, and how many
/// bytes.
pub(super) fn write(
    parts: &[(Track<'_>, TrackTables)],
    order: impl Iterator<Item = (usize, u64)> + Clone,
    start: &Begin,
) -> (Bytes, u64) {
    let data: u64 = order.clone().map(|(_, bytes)| bytes).sum();
    let hint = 2048
        + parts
            .iter()
            .map(|(track, tables)| 640 + track.decoder_config().len() + tables.size_hint())
            .sum::<usize>();
    // 64-bit offsets wherever 32 bits might not do.
    let wide = data + hint as u64 > u64::from(u32::MAX);
    let mut out = BoxWriter::with_capacity(hint);
    let mut entries = Vec::with_capacity(parts.len());
    file_type(&mut out, b"isom", &[b"isom", b"iso2", b"mp41"]);
    out.node(b"moov", |out| {
        let longest = parts.iter().map(|(track, tables)| start.edit(track, tables).end()).max();
        let next = parts.len() as u32 + 1;
        movie_header(out, start.creation, VIDEO_TIMESCALE, longest.unwrap_or(0), next.max(3));
        for (number, (track, tables)) in (1u32..).zip(parts) {
            entries.push(write_track(out, number, track, tables, start, wide));
        }
        out.node(b"udta", |out| day(out, start.wall));
    });
    let header = if wide { 16 } else { 8 };
    let mut at = out.len() as u64 + header;
    for (part, bytes) in order {
        let Some(slot) = entries.get_mut(part) else { continue };
        if wide {
            out.patch(*slot, (at >> 32) as u32);
            *slot += 4;
        }
        out.patch(*slot, at as u32);
        *slot += 4;
        at += bytes;
    }
    out.u32(if wide { 1 } else { (data + header) as u32 });
    out.bytes(b"mdat");
    if wide {
        out.u64(data + header);
    }
    (out.into_vec().into(), at)
}

/// What is shown, resolved.
pub(super) struct Begin {
    /// Ticks of the video.
    time: i64,
    /// Nothing is shown from there on, ticks of the video.
    end: i64,
    wall: WallTime,
    /// Seconds since 1904.
    creation: u64,
}

/// What the edit list of a track says.
struct Edit {
    /// Ticks of the movie before the track begins.
    wait: u64,
    /// Where in the track the presentation begins, ticks of the track.
    media_time: i64,
    /// Ticks of the movie.
    duration: u64,
}

impl Edit {
    fn end(&self) -> u64 {
        self.wait + self.duration
    }
}

fn begin(parts: &[(Track<'_>, TrackTables)], start: Start) -> Result<Begin, BadLayout> {
    let (from, to) = parts.first().map(|(_, video)| video.shown()).ok_or(BadLayout::Empty)?;
    Begin::of((from, to), start)
}
impl Begin {
    /// What of the pictures between `from` and `to` is shown.
    pub(super) fn of((from, to): (i64, i64), start: Start) -> Result<Self, BadLayout> {
        let time = start.time.unwrap_or(from).max(from);
        let end = start.end.unwrap_or(i64::MAX);
        if time >= to.min(end) {
            return Err(BadLayout::Start);
        }
        let seconds = start.wall.micros().div_euclid(1_000_000).saturating_add(EPOCH);
        Ok(Self { time, end, wall: start.wall, creation: seconds.max(0).unsigned_abs() })
    }

    fn edit(&self, track: &Track<'_>, tables: &TrackTables) -> Edit {
        let scale = i128::from(track.timescale());
        let movie = i128::from(VIDEO_TIMESCALE);
        // Rounded to the nearest tick.
        let own = |ticks: i64| {
            let ticks = (i128::from(ticks) * scale * 2 + movie).div_euclid(2 * movie);
            i64::try_from(ticks).unwrap_or(if ticks < 0 { i64::MIN } else { i64::MAX })
        };
        let (own, end) = (own(self.time), own(self.end));
        let in_movie = |ticks: i64| {
            let ticks = (i128::from(ticks.max(0)) * movie * 2 + scale).div_euclid(2 * scale);
            u64::try_from(ticks).unwrap_or(0)
        };
        let (from, to) = tables.shown();
        let (begin, to) = (own.max(from), to.min(end));
        Edit {
            wait: in_movie(from.min(end).saturating_sub(own)),
            media_time: begin.saturating_sub(tables.first()),
            duration: in_movie(to.saturating_sub(begin)),
        }
    }
}

/// Writes `trak`; returns where the entries of its chunk offsets stand.
fn write_track(
    out: &mut BoxWriter,
    number: u32,
    track: &Track<'_>,
    tables: &TrackTables,
    start: &Begin,
    wide: bool,
) -> usize {
    let edit = start.edit(track, tables);
    let mut entries = 0;
    out.node(b"trak", |out| {
        track.header(out, number, start.creation, edit.end());
        out.node(b"edts", |out| edit_list(out, &edit));
        out.node(b"mdia", |out| {
            track.media_head(out, start.creation, tables.duration());
            out.node(b"minf", |out| {
                track.media_information_head(out);
                out.node(b"stbl", |out| {
                    track.sample_description(out);
                    entries = tables.write(out, wide);
                });
            });
        });
    });
    entries
}

fn edit_list(out: &mut BoxWriter, edit: &Edit) {
    let wide = edit.end() > u64::from(u32::MAX) || i32::try_from(edit.media_time).is_err();
    let entry = |out: &mut BoxWriter, duration: u64, media_time: i64| {
        out.sized(wide, duration);
        if wide {
            out.u64(media_time.cast_unsigned());
        } else {
            out.i32(i32::try_from(media_time).unwrap_or(0));
        }
        out.u32(0x0001_0000); // rate 1
    };
    out.full(b"elst", u8::from(wide), 0, |out| {
        out.u32(if edit.wait > 0 { 2 } else { 1 });
        if edit.wait > 0 {
            entry(out, edit.wait, -1);
        }
        entry(out, edit.duration, edit.media_time);
    });
}

/// `©day`: a text with its length and language (undetermined).
fn day(out: &mut BoxWriter, wall: WallTime) {
    let text = wall.to_string();
    out.node(b"\xa9day", |out| {
        out.u16(u16::try_from(text.len()).unwrap_or(0));
        out.u16(0x55c4);
        out.bytes(text.as_bytes());
    });
}

/// The chunks of all parts in the order of their times, each with the number of its part.
fn interleave(parts: &[(Track<'_>, TrackTables)]) -> Vec<(usize, Chunk)> {
    let total = parts.iter().map(|(_, tables)| tables.chunks().len()).sum();
    let mut keyed = Vec::with_capacity(total);
    for (part, (track, tables)) in parts.iter().enumerate() {
        let mut first = 0;
        for chunk in tables.chunks() {
            let micros = i128::from(chunk.time) * 1_000_000 / i128::from(tables.timescale().max(1));
            let out = Chunk { track: track.kind(), first, count: chunk.count, bytes: chunk.bytes };
            keyed.push((micros, (part, out)));
            first += chunk.count;
        }
    }
    // Stable: at the same time the video comes first.
    keyed.sort_by_key(|(micros, _)| *micros);
    keyed.into_iter().map(|(_, chunk)| chunk).collect()
}
