//! A clip before and while it is written: which frames, where they lie, in which order they go into the file.
//!
//! What is not here: the file's boxes (`media::progressive`), requests.

use std::{ops::Range, sync::Arc};

use access::Reach;
use archive::{Part, SampleRef};
use bytes::{Bytes, BytesMut};
use media::{
    Sample, Tracks,
    progressive::{self, BadLayout, Layout, Start},
};
use model::{StreamKey, TrackKind, WallRange, WallTime, clock::wall_now};

use crate::{
    archive_engine::{ReadPlan, Reader},
    feed::packet::{Lane, LaneTracks},
};

/// Frames of one file: a day of 25 pictures and 50 packets of sound a second.
const MAX_SAMPLES: usize = 7_000_000;
/// Bytes gathered before they are handed on.
const PIECE: usize = 256 << 10;

/// Why there is no clip.
#[derive(Debug, thiserror::Error)]
pub enum ClipError {
    /// Nothing was recorded.
    #[error("there is no recording")]
    Empty,
    /// Coding changes inside of the range.
    #[error("the coding changed at {0}")]
    Changed(WallTime),
    /// Saving took so long that what is left is older than the reader may see.
    #[error("the recording has become older than may be seen while it was saved")]
    TooOld,
    /// Too many frames.
    #[error("too many frames")]
    TooLong,
    /// Reading failed.
    #[error("a recording could not be read")]
    Read(#[from] archive::Error),
    /// The frames make no file.
    #[error("the frames make no file")]
    Layout(#[from] BadLayout),
}

/// A clip that is laid out.
pub struct Clip {
    key: StreamKey,
    range: WallRange,
    coding: LaneTracks,
    layout: Layout,
    audio: bool,
    /// Pictures that are left out, counted from the first one of the plan.
    repeated: Vec<Range<usize>>,
}

/// What the first reading of the range found.
struct Survey {
    coding: LaneTracks,
    /// Pictures of the plan so far.
    pictures: usize,
    /// The begin of a run while it is not known where its lead-in ends; nothing behind it.
    held: Option<Vec<SampleRef>>,
    repeated: Vec<Range<usize>>,
    samples: Vec<progressive::SampleRef>,
    first_shown: Option<(i64, WallTime)>,
}

impl Clip {
    /// Lays out the clip. Reads the descriptions of the range's frames, and G.711 sound itself.
    pub fn lay_out(
        reader: &Reader,
        key: StreamKey,
        range: WallRange,
        audio: bool,
    ) -> Result<Self, ClipError> {
        let survey = Survey::of(reader, key, range, audio)?.ok_or(ClipError::Empty)?;
        let (time, wall) = survey.first_shown.ok_or(ClipError::Empty)?;
        let layout =
            Layout::new(&survey.coding.tracks, Start { time: Some(time), end: None, wall }, survey.samples)?;
        let Survey { coding, repeated, .. } = survey;
        Ok(Self { key, range, coding, layout, audio, repeated })
    }

    /// Bytes of the whole file.
    pub fn size(&self) -> u64 {
        self.layout.size()
    }

    /// Writes the file in pieces, as long as they are taken, and as long as what is read is not older than the reader may
    /// see.
    pub fn write(
        &self,
        reader: &Reader,
        reach: Reach,
        mut take: impl FnMut(Bytes) -> bool,
    ) -> Result<(), ClipError> {
        if !take(self.layout.head().clone()) {
            return Ok(());
        }
        // Each track is read by a plan of its own: the file's order is not the archive's order.
        let mut video = TrackReader::new(reader, self, TrackKind::Video);
        let mut audio = TrackReader::new(reader, self, TrackKind::Audio);
        let mut piece = BytesMut::with_capacity(PIECE);
        for chunk in self.layout.chunks() {
            let source = match chunk.track {
                TrackKind::Video => &mut video,
                TrackKind::Audio => &mut audio,
            };
            let mut left = chunk.bytes;
            for _ in 0..chunk.count {
                let (at, data) = source.next()?.ok_or(ClipError::Empty)?;
                if !reach.still_shows(at, wall_now()) {
                    return Err(ClipError::TooOld);
                }
                left = left.saturating_sub(data.len() as u64);
                piece.extend_from_slice(&data);
                if piece.len() >= PIECE && !take(piece.split().freeze()) {
                    return Ok(());
                }
            }
            if left != 0 {
                return Err(ClipError::Empty);
            }
        }
        take(piece.freeze());
        Ok(())
    }
}

/// The tracks that a plan is asked for; the same in every reading, so that every reading finds the same frames.
const fn wanted(audio: bool) -> &'static [TrackKind] {
    if audio { &[TrackKind::Video, TrackKind::Audio] } else { &[TrackKind::Video] }
}

impl Survey {
    fn of(reader: &Reader, key: StreamKey, range: WallRange, audio: bool) -> Result<Option<Self>, ClipError> {
        let mut plan = reader.plan(key, range, wanted(audio));
        let mut survey: Option<Self> = None;
        let mut run = Run::default();
        let mut recorded: Option<Arc<Tracks>> = None;
        let mut at = range.from;
        while let Some(part) = plan.next() {
            match part? {
                Part::Gap { until } => at = until,
                Part::Tracks(tracks) => {
                    if recorded.as_ref().is_some_and(|known| !same_coding(known, &tracks, audio)) {
                        return Err(ClipError::Changed(at));
                    }
                    if survey.is_none() {
                        let tracks = if audio {
                            tracks.clone()
                        } else {
                            Arc::new(Tracks { audio: None, ..Tracks::clone(&tracks) })
                        };
                        let lane = if tracks.audio.is_some() { Lane::Flac } else { Lane::Video };
                        survey = LaneTracks::new(&tracks, lane).map(|coding| Self {
                            coding,
                            pictures: 0,
                            held: None,
                            repeated: Vec::new(),
                            samples: Vec::new(),
                            first_shown: None,
                        });
                    } else if let Some(survey) = &mut survey {
                        survey.release(&mut plan, &mut run)?;
                        survey.held = Some(Vec::new());
                    }
                    recorded = Some(tracks);
                    run.begin();
                }
                Part::Sample(sample) => {
                    at = sample.wall;
                    let Some(survey) = &mut survey else { continue };
                    survey.take(&mut plan, &mut run, sample)?;
                    if survey.samples.len() > MAX_SAMPLES {
                        return Err(ClipError::TooLong);
                    }
                }
            }
        }
        if let Some(survey) = &mut survey {
            survey.release(&mut plan, &mut run)?;
        }
        Ok(survey)
    }

    fn take(&mut self, plan: &mut ReadPlan, run: &mut Run, sample: SampleRef) -> Result<(), ClipError> {
        let video = sample.track == TrackKind::Video;
        match &mut self.held {
            Some(held) if !video || sample.preroll => held.push(sample),
            _ => {
                self.release(plan, run)?;
                self.add(plan, run, &sample)?;
            }
        }
        self.pictures += usize::from(video);
        Ok(())
    }

    /// The lead-in of a run has ended. Where the file ends with its pictures, they are not put there again: the decoder has
    /// just decoded them. (That they are the same is the archive's word; how many the file has is looked at here.)
    fn release(&mut self, plan: &mut ReadPlan, run: &mut Run) -> Result<(), ClipError> {
        let held = self.held.take().unwrap_or_default();
        let (pictures, sound): (Vec<SampleRef>, Vec<SampleRef>) =
            held.iter().partition(|sample| sample.track == TrackKind::Video);
        let is_video = |sample: &&progressive::SampleRef| sample.track == TrackKind::Video;
        let last = self.samples.iter().rev().filter(is_video).map(|sample| sample.size);
        if !pictures.is_empty()
            && last.take(pictures.len()).eq(pictures.iter().rev().map(|one: &SampleRef| one.len))
        {
            self.repeated.push(self.pictures - pictures.len()..self.pictures);
            return sound.iter().try_for_each(|sample| self.add(plan, run, sample));
        }
        held.iter().try_for_each(|sample| self.add(plan, run, sample))
    }

    fn add(&mut self, plan: &mut ReadPlan, run: &mut Run, sample: &SampleRef) -> Result<(), ClipError> {
        let Some(timescale) = self.coding.tracks.timescale(sample.track) else { return Ok(()) };
        let size = match (&self.coding.wrapper, sample.track) {
            (Some(_), TrackKind::Audio) => {
                let data = plan.read(sample)?;
                wrap(&self.coding, sample, data).map_or(0, |data| data.len())
            }
            _ => sample.len as usize,
        };
        if size == 0 {
            return Ok(());
        }
        let time = run.place(sample, timescale);
        if sample.track == TrackKind::Video && !sample.preroll && self.first_shown.is_none() {
            self.first_shown = Some((time + i64::from(sample.composition_offset), sample.wall));
        }
        self.samples.push(progressive::SampleRef {
            track: sample.track,
            size: u32::try_from(size).unwrap_or(u32::MAX),
            time,
            duration: sample.duration,
            composition_offset: sample.composition_offset,
            key: sample.key,
        });
        Ok(())
    }
}

/// Puts runs one behind the other: gaps are left out.
#[derive(Default)]
struct Run {
    /// File time, µs, at which the run begins.
    start_us: i64,
    /// File time, µs, at which what was placed so far ends.
    end_us: i64,
    /// Media time of the run, µs, that lies at its start.
    first_us: Option<i64>,
}

impl Run {
    fn begin(&mut self) {
        self.start_us = self.end_us;
        self.first_us = None;
    }

    /// File time of a sample, ticks of its track.
    fn place(&mut self, sample: &SampleRef, timescale: u32) -> i64 {
        let scale = i128::from(timescale);
        let micros = |ticks: i64| i64::try_from(i128::from(ticks) * 1_000_000 / scale).unwrap_or(0);
        let first_us = *self.first_us.get_or_insert(micros(sample.time));
        let shift_us = self.start_us - first_us;
        // The same shift for every sample of a track and run: distances stay exact.
        let shift = i64::try_from(i128::from(shift_us) * scale / 1_000_000).unwrap_or(0);
        let time = (sample.time + shift).max(0);
        self.end_us = self.end_us.max(micros(time + i64::from(sample.duration)));
        time
    }
}

fn same_coding(one: &Tracks, other: &Tracks, audio: bool) -> bool {
    one.video.decoder_config == other.video.decoder_config
        && one.video.codec == other.video.codec
        && (!audio || one.audio == other.audio)
}

fn wrap(coding: &LaneTracks, sample: &SampleRef, data: Bytes) -> Option<Bytes> {
    let Some(flac) = coding.wrapper.as_ref().filter(|_| sample.track == TrackKind::Audio) else {
        return Some(data);
    };
    let sample = Sample {
        track: sample.track,
        time: sample.time,
        composition_offset: 0,
        wall: sample.wall,
        key: true,
        data,
    };
    flac.wrap(&sample).ok().map(|wrapped| wrapped.data)
}

/// The frames of one track, in order.
struct TrackReader<'c> {
    clip: &'c Clip,
    plan: ReadPlan,
    track: TrackKind,
    /// Frames of the track that were met.
    met: usize,
}

impl<'c> TrackReader<'c> {
    fn new(reader: &Reader, clip: &'c Clip, track: TrackKind) -> Self {
        let plan = reader.plan(clip.key, clip.range, wanted(clip.audio));
        Self { clip, plan, track, met: 0 }
    }

    /// Whether the next frame is left out.
    fn is_repeated(&mut self) -> bool {
        let at = self.met;
        self.met += 1;
        self.track == TrackKind::Video && self.clip.repeated.iter().any(|range| range.contains(&at))
    }

    fn next(&mut self) -> Result<Option<(WallTime, Bytes)>, ClipError> {
        while let Some(part) = self.plan.next() {
            if let Part::Sample(sample) = part?
                && sample.track == self.track
                && !self.is_repeated()
            {
                let data = self.plan.read(&sample)?;
                if let Some(data) = wrap(&self.clip.coding, &sample, data).filter(|data| !data.is_empty()) {
                    return Ok(Some((sample.wall, data)));
                }
            }
        }
        Ok(None)
    }
}
