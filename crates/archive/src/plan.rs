//! The frames of a range of time, in order, read bit by bit.
//!
//! A plan begins with the key frame before the range (what only serves decoding is marked `preroll`), crosses
//! segments, runs and gaps, and ends with the last frame that begins before the end of the range, or with the newest
//! fragment that has been written. Sound comes between pictures by time, from the begin of the range on. It holds the
//! descriptions of a few fragments and the bytes of one.
//!
//! What is not here: headers for players (`media`), rights.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, RwLock},
};

use bytes::Bytes;
use media::{
    Tracks,
    fmp4::read::{FragmentSample, FragmentTrack},
};
use model::{StreamKey, TrackKind, WallRange, WallTime};

use crate::{
    Error,
    archive::Volumes,
    clock::to_90k,
    disk::{Disk, File},
    format::{self, BOX_HEADER, Fragment, LINK_LEN},
    index::{self, Stream, Summary},
    layout::SegmentName,
    scan::{self, ScanError},
    source::Source,
    tables::reading,
};

/// Sound may stand in a file this much before or after the pictures of its time.
const SKEW_US: i64 = format::table::SKEW * 100 / 9;

/// A frame: where it lies and when it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleRef {
    /// Which track.
    pub track: TrackKind,
    /// The segment that holds it.
    pub segment: SegmentName,
    /// Where its fragment begins in the file.
    pub fragment: u64,
    /// Bytes of its fragment.
    pub fragment_len: u32,
    /// Where its bytes begin in the file.
    pub offset: u64,
    /// How many bytes.
    pub len: u32,
    /// Decode time, ticks of the track since the start of the run.
    pub time: i64,
    /// Ticks.
    pub duration: u32,
    /// Presentation time minus decode time, ticks.
    pub composition_offset: i32,
    /// Whether decoding can start here.
    pub key: bool,
    /// When it is shown, on the wall clock.
    pub wall: WallTime,
    /// Outside of the range, or the lead-in of a run (see [`crate::format::head`]): to be decoded, not to be shown.
    pub preroll: bool,
}

/// A piece of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// How the frames from here on are coded. Comes first, and with every run: times begin anew with it.
    Tracks(Arc<Tracks>),
    /// Nothing is recorded until then.
    Gap {
        /// Where recording goes on.
        until: WallTime,
    },
    /// A frame.
    Sample(SampleRef),
}

/// The segment that a plan is in.
struct Cursor<F> {
    summary: Summary,
    source: Source,
    file: Arc<F>,
    next: usize,
    /// Pictures before this decode time are not wanted.
    video_from: i64,
}

/// The frames of a range. An iterator: after an error it goes on with what can be read.
pub struct ReadPlan<D: Disk> {
    shared: Arc<Volumes<D>>,
    stream: Option<Arc<RwLock<Stream>>>,
    key: StreamKey,
    range: WallRange,
    video: bool,
    audio: bool,
    cursor: Option<Cursor<D::File>>,
    begun: bool,
    ended: bool,
    /// A key frame has been met since the run began or was entered.
    decodable: bool,
    /// Parts to be told before the samples that wait.
    parts: VecDeque<Part>,
    /// Samples that wait to be brought into order, each with the time that it is ordered by.
    waiting: [VecDeque<(WallTime, SampleRef)>; 2],
    /// Wall time of the newest fragment that was loaded.
    frontier: WallTime,
    /// Nothing more comes before the next gap.
    drain: bool,
    /// What comes after the gap.
    upcoming: Option<Cursor<D::File>>,
    files: VecDeque<(SegmentName, Arc<D::File>)>,
    fragment: Option<(SegmentName, u64, Bytes)>,
}

impl<D: Disk> ReadPlan<D> {
    pub(crate) fn new(
        shared: Arc<Volumes<D>>,
        key: StreamKey,
        range: WallRange,
        tracks: &[TrackKind],
    ) -> Self {
        Self {
            stream: shared.index.get(key),
            shared,
            key,
            range,
            video: tracks.contains(&TrackKind::Video),
            audio: tracks.contains(&TrackKind::Audio),
            cursor: None,
            begun: false,
            ended: range.from >= range.to,
            decodable: false,
            parts: VecDeque::new(),
            waiting: [VecDeque::new(), VecDeque::new()],
            frontier: WallTime::MIN,
            drain: false,
            upcoming: None,
            files: VecDeque::new(),
            fragment: None,
        }
    }

    /// The next part; nothing when the plan has ended.
    fn advance(&mut self) -> Result<Option<Part>, Error> {
        loop {
            if let Some(part) = self.parts.pop_front() {
                return Ok(Some(part));
            }
            if let Some(sample) = self.take_in_order() {
                return Ok(Some(Part::Sample(sample)));
            }
            if self.drain
                && let Some(next) = self.upcoming.take()
            {
                self.drain = false;
                self.parts.push_back(Part::Gap { until: next.summary.start.max(self.range.from) });
                self.enter(next, true);
                continue;
            }
            if self.ended {
                return Ok(None);
            }
            let step = if self.begun { self.load() } else { self.begin() };
            if let Err(error) = step {
                // The segment is left; what is after it is told as after a gap.
                if let Some(cursor) = self.cursor.take() {
                    let _ = self.skip_to_after(cursor.summary);
                }
                return Err(error);
            }
        }
    }

    /// The earliest sample that waits, if no earlier one can come.
    fn take_in_order(&mut self) -> Option<SampleRef> {
        let [video, audio] = &mut self.waiting;
        let (first, safe) = match (video.front(), audio.front()) {
            (Some((v, _)), Some((a, _))) => (if a < v { audio } else { video }, true),
            (Some((v, _)), None) => {
                let safe = !self.audio || v.plus_micros(SKEW_US) < self.frontier;
                (video, safe)
            }
            (None, Some((a, _))) => {
                let safe = !self.video || a.plus_micros(SKEW_US) < self.frontier;
                (audio, safe)
            }
            (None, None) => return None,
        };
        if safe || self.drain || self.ended { first.pop_front().map(|(_, sample)| sample) } else { None }
    }

    /// Finds the first segment and the key frame before the range.
    fn begin(&mut self) -> Result<(), Error> {
        self.begun = true;
        let Some(stream) = self.stream.clone() else {
            self.ended = true;
            return Ok(());
        };
        let first = index::read(&stream).from(self.range.from).next();
        let Some((mut summary, _)) = first.filter(|(summary, _)| summary.start < self.range.to) else {
            self.ended = true;
            return Ok(());
        };
        let before = index::read(&stream).before(summary.start).map(|(before, _)| before);
        if summary.start > self.range.from && !before.is_some_and(|before| summary.continues(&before)) {
            self.parts.push_back(Part::Gap { until: summary.start });
        }
        // Back to a segment with a key frame at or before the range; usually this one.
        loop {
            let cursor = match self.open(summary) {
                Ok(Some(cursor)) => cursor,
                Ok(None) => return self.skip_to_after(summary),
                Err(error) => return self.skip_to_after(summary).and(Err(error)),
            };
            let at = self.range.from.max(summary.start);
            if cursor.source.key_frame(&stream, at).is_some() {
                self.enter(cursor, true);
                return Ok(());
            }
            let before = index::read(&stream).before(summary.start).map(|(before, _)| before);
            match before.filter(|before| summary.continues(before)) {
                Some(before) => summary = before,
                None => {
                    self.enter(cursor, true);
                    return Ok(());
                }
            }
        }
    }

    fn open(&mut self, summary: Summary) -> Result<Option<Cursor<D::File>>, Error> {
        let Some(source) = Source::find(&self.shared, self.key, summary.name())? else { return Ok(None) };
        let Some(file) = self.file(summary.name())? else { return Ok(None) };
        Ok(Some(Cursor { summary, source, file, next: 0, video_from: i64::MIN }))
    }

    /// Goes on in that segment: from the key frame before the range, else from its begin.
    fn enter(&mut self, mut cursor: Cursor<D::File>, new_run: bool) {
        if new_run {
            self.parts.push_back(Part::Tracks(Arc::clone(cursor.source.tracks())));
        }
        if new_run && let Some(stream) = &self.stream {
            let anchor = cursor.source.head().anchor;
            let at = self.range.from.max(cursor.summary.start);
            let key = cursor.source.key_frame(stream, at).map(|(_, key)| key);
            if let Some(key) = key.filter(|_| self.video) {
                cursor.video_from = key.time;
            }
            // Pictures from the fragment of the key frame on; sound may stand a little before its time.
            let sound_from = self.range.from.plus_micros(-SKEW_US);
            let (video, audio) = (self.video, self.audio);
            let first = cursor.source.table(stream, |table| {
                let wall = |fragment: &Fragment| anchor.wall_at(anchor.media + i64::from(fragment.time));
                let of_key = |key: SampleRef| {
                    table.fragments.partition_point(|fragment| u64::from(fragment.offset) < key.fragment)
                };
                let of_sound =
                    || table.fragments.partition_point(|at| wall(at) < sound_from).saturating_sub(1);
                let pictures = video.then(|| key.map_or(0, of_key));
                pictures.into_iter().chain(audio.then(of_sound)).min()
            });
            cursor.next = first.flatten().unwrap_or(0);
            self.decodable = false;
        }
        self.cursor = Some(cursor);
    }

    /// Loads the next fragment.
    fn load(&mut self) -> Result<(), Error> {
        let (Some(stream), Some(cursor)) = (self.stream.clone(), &mut self.cursor) else {
            self.ended = true;
            return Ok(());
        };
        let at = cursor.next;
        let Some(fragment) = cursor.source.table(&stream, |table| table.fragments.get(at).copied()) else {
            // It was closed meanwhile.
            let summary = cursor.summary;
            match Source::find(&self.shared, self.key, summary.name())? {
                Some(source) => cursor.source = source,
                None => return self.skip_to_after(summary),
            }
            return Ok(());
        };
        let Some(fragment) = fragment else { return self.next_segment() };
        cursor.next += 1;
        let anchor = cursor.source.head().anchor;
        self.frontier = anchor.wall_at(anchor.media + i64::from(fragment.time));
        let skew = if self.audio { SKEW_US } else { 0 };
        if self.frontier >= self.range.to.plus_micros(skew) {
            self.ended = true;
            return Ok(());
        }
        self.load_fragment(fragment)
    }

    fn load_fragment(&mut self, fragment: Fragment) -> Result<(), Error> {
        let Some(cursor) = &self.cursor else { return Ok(()) };
        let name = cursor.summary.name();
        let tracks = cursor
            .file
            .read_exact_at(fragment.offset.into(), fragment.moof_len as usize)
            .map_err(ScanError::Io)
            .and_then(|moof| scan::parse_moof(&moof, fragment.len as usize))
            .map_err(|error| reading(name.path(self.key), error))?;
        let anchor = cursor.source.head().anchor;
        let audio_rate = cursor.source.tracks().timescale(TrackKind::Audio).unwrap_or(0);
        let video_from = cursor.video_from;
        let void = self.stream.as_ref().and_then(|stream| index::read(stream).void_of(name.run_tag));
        let range = self.range;
        let head = *cursor.source.head();
        let shown = |wall| range.contains(wall) && !head.is_lead_in(wall);
        let [video, audio] = &mut self.waiting;
        for FragmentTrack { kind, samples } in tracks {
            let (wanted, queue, timescale) = match kind {
                TrackKind::Video => (self.video, &mut *video, 90_000),
                TrackKind::Audio => (self.audio, &mut *audio, audio_rate),
            };
            for sample in samples.into_iter().filter(|_| wanted) {
                let FragmentSample { offset, size, time, duration, composition_offset, key } = sample;
                let decoded = anchor.wall_at(to_90k(time, timescale));
                let wall = anchor.wall_at(to_90k(time.saturating_add(composition_offset.into()), timescale));
                if void.is_some_and(|void| void.takes(kind, to_90k(time, timescale))) {
                    continue;
                }
                let used = match kind {
                    TrackKind::Video => {
                        self.decodable |= key && time >= video_from;
                        self.decodable && decoded < range.to
                    }
                    TrackKind::Audio => shown(wall),
                };
                if used {
                    let sample = SampleRef {
                        track: kind,
                        segment: name,
                        fragment: fragment.offset.into(),
                        fragment_len: fragment.len,
                        offset: u64::from(fragment.offset) + offset,
                        len: size,
                        time,
                        duration,
                        composition_offset,
                        key,
                        wall,
                        preroll: !shown(wall),
                    };
                    queue.push_back((decoded, sample));
                }
            }
        }
        Ok(())
    }

    fn next_segment(&mut self) -> Result<(), Error> {
        let Some(summary) = self.cursor.as_ref().map(|cursor| cursor.summary) else { return Ok(()) };
        self.skip_to_after(summary)
    }

    /// Goes on with the first segment after that one.
    fn skip_to_after(&mut self, last: Summary) -> Result<(), Error> {
        let Some(stream) = self.stream.clone() else { return Ok(()) };
        let mut start = last.start;
        let mut failed = Ok(());
        loop {
            let next = index::read(&stream).after(start);
            let continues = |summary: &Summary| self.cursor.is_some() && summary.continues(&last);
            // Sound of the range may stand behind the first picture of the next segment.
            let late = if self.audio { SKEW_US } else { 0 };
            let end =
                |summary: &Summary| self.range.to.plus_micros(if continues(summary) { late } else { 0 });
            let Some(summary) = next.filter(|summary| summary.start < end(summary)) else {
                self.ended = true;
                return failed;
            };
            let whole = continues(&summary);
            match self.open(summary) {
                Ok(Some(cursor)) if whole => self.enter(cursor, false),
                Ok(Some(cursor)) => {
                    self.cursor = None;
                    self.drain = true;
                    self.upcoming = Some(cursor);
                }
                gone_or_damaged => {
                    start = summary.start;
                    failed = failed.and(gone_or_damaged.map(drop));
                    continue;
                }
            }
            return failed;
        }
    }

    /// An open file of the segment; nothing where it was deleted.
    fn file(&mut self, name: SegmentName) -> Result<Option<Arc<D::File>>, Error> {
        if let Some((_, file)) = self.files.iter().find(|(other, _)| *other == name) {
            return Ok(Some(Arc::clone(file)));
        }
        let path = name.path(self.key);
        let file = match self.shared.disk.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => Arc::new(other.map_err(|error| Error::ReadSegment { path, error })?),
        };
        if self.files.len() > 1 {
            self.files.pop_front();
        }
        self.files.push_back((name, Arc::clone(&file)));
        Ok(Some(file))
    }

    /// When a frame of the segment that the plan is in was taken, as its source said.
    pub(crate) fn source_wall(&self, sample: &SampleRef) -> WallTime {
        let moved = |head: &format::Head| head.source_wall.micros_since(head.anchor.wall);
        let cursor = self.cursor.as_ref().filter(|cursor| cursor.summary.name() == sample.segment);
        sample.wall.plus_micros(cursor.map_or(0, |cursor| moved(cursor.source.head())))
    }

    /// The bytes of a frame. The bytes of its fragment are read at once and kept until another one is asked for.
    pub fn read(&mut self, sample: &SampleRef) -> Result<Bytes, Error> {
        let kept =
            self.fragment.take().filter(|(name, at, _)| (*name, *at) == (sample.segment, sample.fragment));
        let bytes = match kept {
            Some((_, _, bytes)) => bytes,
            None => {
                let len = (sample.fragment_len as usize).saturating_sub(LINK_LEN);
                let file = self.file(sample.segment)?;
                let missing = || io::Error::from(io::ErrorKind::NotFound);
                let read = file.ok_or_else(missing).and_then(|file| file.read_exact_at(sample.fragment, len));
                Bytes::from(
                    read.map_err(|error| Error::ReadSegment { path: sample.segment.path(self.key), error })?,
                )
            }
        };
        let begin = usize::try_from(sample.offset.saturating_sub(sample.fragment)).unwrap_or(usize::MAX);
        let end = begin.saturating_add(sample.len as usize);
        let data = (begin >= BOX_HEADER && end <= bytes.len()).then(|| bytes.slice(begin..end));
        self.fragment = Some((sample.segment, sample.fragment, bytes));
        data.ok_or_else(|| Error::SegmentDamaged {
            path: sample.segment.path(self.key),
            what: "a frame lies outside of its fragment".to_owned(),
        })
    }
}

impl<D: Disk> Iterator for ReadPlan<D> {
    type Item = Result<Part, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}
