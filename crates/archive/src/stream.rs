//! The writer of one stream: samples into fragments, fragments into segments, segments into runs.
//!
//! Rules:
//! - a fragment closes when it is 500 ms long, when its first sample is 500 ms old, with a commit ([`YOUNG`]), when it
//!   is large, or at a key frame once it is 250 ms long (streams of nothing but key frames would else be written frame
//!   by frame);
//! - a segment begins at a key frame; it ends at the key frame after which the next one would come too late, and in
//!   any case before 5 minutes or 256 MiB are full (only then may a segment begin without a key frame);
//! - a run begins with a key frame; what comes before is not recorded. It ends when the caller says so, after a failed
//!   write, after a hole of a minute, and when the samples' wall clock steps (at a key frame).
//!
//! What is not here: which streams there are, commits, journals ([`crate::Archive`]).

use std::{
    io::IoSlice,
    sync::{Arc, RwLock},
    time::Duration,
};

use bytes::Bytes;
use media::{Sample, Tracks, fmp4};
use model::{RunId, SiteId, StreamKey, TrackKind, VolumeId, WallTime};

use crate::{
    Error,
    archive::Volumes,
    chain,
    clock::{Anchor, STEP_US, place},
    disk::{Disk, File},
    format::{self, Fragment, Head, Table, seal},
    fragment::Pending,
    index::{self, Open, Stream},
    layout::{run_id, run_tag},
    lead_in::{Lead, LeadIn, Tail},
    mark::{self, Active, Mark},
    progress::Counter,
    set::Elsewhere,
    sign::Signer,
    unsettled::Unsettled,
};

mod settle;

/// A fragment is at most this long, in 1/90000 s.
const FRAGMENT: i64 = 45_000;
/// At a key frame a fragment closes once it is this long.
const FRAGMENT_AT_KEY: i64 = 22_500;
/// A fragment's first sample waits at most this long to be written.
const FRAGMENT_AGE: Duration = Duration::from_millis(500);
/// A commit takes along what waits, but for fragments that are younger than this: they wait for the next one. So
/// fragments fall into step with the tick, and there are hardly more of them.
pub const YOUNG: Duration = Duration::from_millis(200);
/// A fragment of so many bytes or samples closes.
const FRAGMENT_BYTES: usize = 8 << 20;
const FRAGMENT_SAMPLES: usize = 1024;
/// A larger sample is refused.
const MAX_SAMPLE: usize = 16 << 20;
/// A hole of this length begins a new run, in 1/90000 s.
const HOLE: i64 = 60 * 90_000;

/// How large a segment becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// At most so long, in 1/90000 s.
    pub segment_ticks: i64,
    /// At most so many bytes (without trailer).
    pub segment_bytes: u64,
}

impl Default for Limits {
    /// 5 minutes or 256 MiB.
    fn default() -> Self {
        Self { segment_ticks: 300 * 90_000, segment_bytes: 256 << 20 }
    }
}

/// What all writers of a volume share.
pub(crate) struct Shared<'a, D: Disk> {
    pub(crate) volumes: &'a Volumes<D>,
    pub(crate) disk: &'a D,
    pub(crate) signer: &'a dyn Signer,
    pub(crate) site: SiteId,
    pub(crate) volume: VolumeId,
    pub(crate) limits: Limits,
    pub(crate) now: WallTime,
    pub(crate) elsewhere: Option<&'a dyn Elsewhere>,
}

/// The file that is being written.
struct Segment<F> {
    file: Arc<F>,
    path: String,
    head: Head,
    value: chain::Value,
    bytes: u64,
    fragments: u32,
    /// Whether something was written since the last commit.
    dirty: bool,
    /// Bytes that are durable, and those that are when the running commit is done.
    durable: u64,
    committing: u64,
}

/// The writer of one stream.
pub(crate) struct Writer<F> {
    key: StreamKey,
    index: Arc<RwLock<Stream>>,
    tracks: Arc<Tracks>,
    run: RunId,
    number: u32,
    pending: Pending,
    segment: Option<Segment<F>>,
    last_video: Option<i64>,
    last_audio: Option<i64>,
    last_key: Option<i64>,
    /// Longest stretch from key frame to key frame in this run.
    group: i64,
    recording: bool,
    /// Samples that come before the next key frame are lost.
    suspended: bool,
    pub(crate) counter: Counter,
    /// The stream's last pictures.
    pub(crate) tail: Tail,
    lead_in: LeadIn,
    /// Media time and wall time of the first picture after the lead-in, until its segment has begun.
    shown: Option<(i64, WallTime)>,
    /// Marks that wait for their fragment.
    marks: Vec<Mark>,
    /// What goes on as of the marks that were written.
    active: Active,
    /// Chain value at the end of the segment before.
    previous: chain::Value,
    /// Files that were closed or given up since the last commit.
    pub(crate) closed: Vec<Arc<F>>,
    /// Segments that were closed or given up since somebody asked, and whether they were closed in order.
    pub(crate) retired: Vec<(Unsettled<F>, bool)>,
    /// When the oldest sample came that was written since the last commit.
    pub(crate) written_since: Option<WallTime>,
}

impl<F: File> Writer<F> {
    pub(crate) fn new(
        key: StreamKey,
        index: Arc<RwLock<Stream>>,
        tracks: Arc<Tracks>,
        run: RunId,
        previous: chain::Value,
        (counter, tail): (Counter, Tail),
        lead: Lead,
    ) -> Self {
        Self {
            key,
            index,
            pending: Pending::new(&tracks),
            tracks,
            run,
            number: 0,
            segment: None,
            last_video: None,
            last_audio: None,
            last_key: None,
            group: 0,
            recording: false,
            suspended: false,
            counter,
            tail,
            lead_in: LeadIn::new(lead),
            shown: None,
            marks: Vec::new(),
            active: Active::default(),
            previous,
            closed: Vec::new(),
            retired: Vec::new(),
            written_since: None,
        }
    }

    /// Takes a mark, to be written with the next fragment.
    pub(crate) fn mark(&mut self, mark: Mark) {
        if self.marks.len() < mark::WAITING {
            self.marks.push(mark);
        }
    }

    /// Takes a sample. After an error of writing, the samples of the fragment are lost and the run is over; the next
    /// key frame begins a new one.
    pub(crate) fn push<D: Disk<File = F>>(
        &mut self,
        shared: &Shared<'_, D>,
        sample: &Sample,
    ) -> Result<(), Error> {
        let number = self.counter.next();
        let before = self.check(sample).map_err(|why| Error::BadSample { key: self.key, why })?;
        if self.lead_in.lead == Lead::No {
            return self.take(shared, sample, number, before);
        }
        if self.lead_in.goes_on_with(sample, &self.tail) {
            self.lead_in.hold(sample, number, before);
            return Ok(());
        }
        let mut done = Ok(());
        if sample.track == TrackKind::Video && (sample.key || self.lead_in.holds()) {
            done = self.release(shared, sample);
        }
        done.and(self.take(shared, sample, number, before))
    }

    fn take<D: Disk<File = F>>(
        &mut self,
        shared: &Shared<'_, D>,
        sample: &Sample,
        number: u64,
        before: Option<i64>,
    ) -> Result<(), Error> {
        match sample.track {
            TrackKind::Video => self.push_video(shared, sample, number, before),
            TrackKind::Audio => self.push_audio(shared, sample, number),
        }
    }

    fn push_audio<D: Disk<File = F>>(
        &mut self,
        shared: &Shared<'_, D>,
        sample: &Sample,
        number: u64,
    ) -> Result<(), Error> {
        let full = self.pending.samples() >= FRAGMENT_SAMPLES || self.is_large(sample);
        let done = if self.recording && full { self.flush(shared) } else { Ok(()) };
        if self.recording {
            self.pending.push(sample, number, shared.now);
        } else {
            self.skip(number);
        }
        done
    }

    /// A sample is not recorded: it came before the first key frame of a run, or after a failure.
    fn skip(&mut self, number: u64) {
        if self.suspended {
            self.counter.lose(number..number.saturating_add(1));
        }
    }

    /// Refuses what cannot be recorded; tells the time of the track's sample before.
    fn check(&mut self, sample: &Sample) -> Result<Option<i64>, &'static str> {
        let last = match sample.track {
            TrackKind::Video => &mut self.last_video,
            TrackKind::Audio if self.tracks.audio.is_none() => return Err("the run has no sound"),
            TrackKind::Audio => &mut self.last_audio,
        };
        if sample.data.len() > MAX_SAMPLE {
            return Err("it is larger than 16 MiB");
        }
        if sample.time < 0 || last.is_some_and(|last| sample.time <= last) {
            return Err("it does not come after the one before");
        }
        Ok(last.replace(sample.time))
    }

    fn is_large(&self, sample: &Sample) -> bool {
        self.pending.samples() > 0 && self.pending.bytes() + sample.data.len() > FRAGMENT_BYTES
    }

    fn push_video<D: Disk<File = F>>(
        &mut self,
        shared: &Shared<'_, D>,
        sample: &Sample,
        number: u64,
        before: Option<i64>,
    ) -> Result<(), Error> {
        self.pending.video_goes_on_at(sample.time);
        let mut ended = Ok(());
        if self.recording && self.must_end_run(sample, before) {
            ended = self.end_run(shared);
            self.begin_run(shared);
        }
        if sample.key {
            if let Some(last) = self.last_key {
                self.group = self.group.max(sample.time.saturating_sub(last));
            }
            self.last_key = Some(sample.time);
        }
        if !self.recording {
            if !sample.key {
                self.skip(number);
                return ended;
            }
            self.recording = true;
        }
        let length = self.pending.first_video().map_or(0, |first| sample.time.saturating_sub(first.time));
        let closes = self.pending.length_with(sample.time) > FRAGMENT
            || (sample.key && length >= FRAGMENT_AT_KEY)
            || self.pending.samples() >= FRAGMENT_SAMPLES
            || self.is_large(sample);
        let rolls = self.must_roll(shared.limits, sample);
        let mut done = if closes || rolls { ended.and(self.flush(shared)) } else { ended };
        if rolls {
            done = done.and(self.close_segment(shared));
        }
        // After a failed write only a key frame can begin anew.
        if self.recording || sample.key {
            self.recording = true;
            self.suspended = false;
            self.tail.push(sample);
            self.pending.push(sample, number, shared.now);
        } else {
            self.skip(number);
        }
        done
    }

    /// Whether the sample cannot belong to the run any more.
    fn must_end_run(&self, sample: &Sample, before: Option<i64>) -> bool {
        let Some(segment) = &self.segment else { return false };
        if before.is_some_and(|before| sample.time.saturating_sub(before) > HOLE) {
            return true;
        }
        // Where the source's wall clock would be if it went on as it did when the segment began.
        let source = Anchor { wall: segment.head.source_wall, slew_ppm: 0, ..segment.head.anchor };
        let expected = source.wall_at(sample.time.saturating_add(sample.composition_offset.into()));
        sample.key && sample.wall.micros_since(expected).abs() > STEP_US
    }

    /// Whether the sample must stand in a new segment of the run.
    fn must_roll(&self, limits: Limits, sample: &Sample) -> bool {
        let Some(segment) = &self.segment else { return false };
        let length = sample.time.saturating_sub(segment.head.anchor.media);
        let bytes = segment.bytes + self.pending.bytes() as u64;
        let (next, bytes_next) = match length {
            1.. if sample.key => {
                let group_bytes = (i128::from(bytes) * i128::from(self.group) / i128::from(length)) as u64;
                (length.saturating_add(self.group), bytes.saturating_add(group_bytes))
            }
            _ => (length, bytes.saturating_add(sample.data.len() as u64)),
        };
        length > 0 && (next > limits.segment_ticks || bytes_next > limits.segment_bytes)
    }

    fn begin_run<D: Disk<File = F>>(&mut self, shared: &Shared<'_, D>) {
        self.run = run_id(shared.volume, self.key, shared.now, &self.previous, self.run);
        self.number = 0;
        self.group = 0;
        self.last_key = None;
    }

    /// Writes what waits and closes the segment: nothing of the run is missing then.
    pub(crate) fn end_run<D: Disk<File = F>>(&mut self, shared: &Shared<'_, D>) -> Result<(), Error> {
        if self.lead_in.holds() {
            // Nothing new came.
            self.lead_in.end();
            self.counter.wrote(self.counter.pushed);
        }
        let flushed = self.flush(shared);
        // Marks that no sample followed have their place in the table alone.
        if let Some(open) = &mut index::write(&self.index).open {
            let room = mark::PER_SEGMENT.saturating_sub(open.table.marks.len());
            open.table.marks.extend(self.marks.drain(..).take(room));
        }
        self.active = Active::default();
        let closed = self.close_segment(shared);
        self.recording = false;
        flushed.and(closed)
    }

    /// Writes what waits if its first sample came long enough ago: for a commit, or at all.
    pub(crate) fn flush_aged<D: Disk<File = F>>(
        &mut self,
        shared: &Shared<'_, D>,
        commit: bool,
    ) -> Result<(), Error> {
        let age = if commit { YOUNG } else { FRAGMENT_AGE };
        match self.pending.since() {
            Some(since) if shared.now >= since + age || shared.now < since => self.flush(shared),
            _ => Ok(()),
        }
    }

    /// The last four bytes of the run's id.
    pub(crate) fn run_tag(&self) -> u32 {
        run_tag(self.run)
    }

    /// How many samples wait to be written.
    pub(crate) fn waiting(&self) -> usize {
        self.pending.samples()
    }

    /// When the oldest sample came that waits to be written.
    pub(crate) fn waiting_since(&self) -> Option<WallTime> {
        self.pending.since()
    }

    /// Files with bytes that are not durable; they count as clean from now on.
    pub(crate) fn take_dirty(&mut self) -> Vec<Arc<F>> {
        self.written_since = None;
        let mut files = std::mem::take(&mut self.closed);
        if let Some(segment) = self.segment.as_mut().filter(|segment| segment.dirty) {
            segment.dirty = false;
            files.push(Arc::clone(&segment.file));
        }
        files
    }

    /// Gives up the file that is being written: what was written stays, nothing is added.
    fn give_up<D: Disk<File = F>>(&mut self, shared: &Shared<'_, D>) {
        self.counter.lose_unwritten(self.pending.until());
        self.forget_pictures();
        self.pending.clear();
        self.suspended |= self.recording;
        self.recording = false;
        if let Some(segment) = self.segment.take() {
            if segment.fragments == 0 {
                // Nothing of it counts; a rest that cannot be removed now is removed at the next start.
                let _ = shared.disk.remove(&segment.path);
            }
            self.retire(segment, false);
        }
        self.begin_run(shared);
    }

    /// Writes the fragment that waits, in one write, and makes it known to readers.
    fn flush<D: Disk<File = F>>(&mut self, shared: &Shared<'_, D>) -> Result<(), Error> {
        if self.pending.samples() == 0 {
            return Ok(());
        }
        let mut header = Bytes::new();
        if self.segment.is_none() {
            match self.begin_segment(shared) {
                Ok(Some(bytes)) => header = bytes,
                // Sound before the first picture of a segment has no place.
                Ok(None) => {
                    self.pending.clear();
                    return Ok(());
                }
                Err(error) => {
                    self.give_up(shared);
                    return Err(error);
                }
            }
        }
        let written = self.write_pending(&header);
        match written {
            Ok(()) => {
                self.counter.wrote(self.pending.until());
                self.pending.clear();
            }
            Err(_) => self.give_up(shared),
        }
        written
    }

    fn write_pending(&mut self, header: &Bytes) -> Result<(), Error> {
        let Some(segment) = &mut self.segment else { return Ok(()) };
        let failed = |segment: &Segment<F>, error| Error::WriteSegment { path: segment.path.clone(), error };
        // A segment repeats in its first fragment what goes on already.
        let repeated = if segment.fragments == 0 { self.active.marks() } else { &[] };
        let waiting = self.marks.len().min(mark::PER_FRAGMENT);
        let marks = [repeated, self.marks.get(..waiting).unwrap_or_default()].concat();
        let mut content = Vec::new();
        mark::encode(&marks, &mut content);
        let marks_box =
            if marks.is_empty() { Vec::new() } else { format::uuid_box(&format::MARKS, &content) };
        let closed = self
            .pending
            .close(segment.fragments.saturating_add(1), &segment.value, &marks_box)
            .map_err(|error| failed(segment, std::io::Error::other(error)))?;
        let mut parts = Vec::with_capacity(self.pending.samples() + 3);
        parts.push(IoSlice::new(header));
        parts.push(IoSlice::new(&closed.head));
        parts.extend(self.pending.data().map(|data| IoSlice::new(data)));
        parts.push(IoSlice::new(&closed.link));
        segment.dirty = true;
        self.written_since = self.written_since.or(self.pending.since());
        if let Err(error) = segment.file.append(&mut parts) {
            // Readers never learn of the torn fragment; if it cannot be cut off now, it will be at the next start.
            let _ = segment.file.truncate(segment.bytes);
            return Err(failed(segment, error));
        }
        let offset = segment.bytes + header.len() as u64;
        segment.bytes = offset + closed.len as u64;
        segment.value = closed.value;
        segment.fragments += 1;
        self.marks.drain(..waiting);
        let kinds = self.active.fragment(&marks);
        let mut stream = index::write(&self.index);
        let open = stream.open.get_or_insert_with(|| Open {
            head: segment.head,
            tracks: Arc::clone(&self.tracks),
            table: Table::default(),
            bytes: 0,
        });
        open.bytes = segment.bytes;
        let media = segment.head.anchor.media;
        let relative = |(begin, end): (i64, i64)| (begin.saturating_sub(media), end.saturating_sub(media));
        let (time, duration) = open.table.next(closed.pictures.map(relative), closed.sound.map(relative));
        let index = narrow(open.table.fragments.len() as u64);
        open.table.fragments.push(Fragment {
            offset: narrow(offset),
            len: narrow(closed.len as u64),
            moof_len: narrow(closed.moof_len as u64),
            time: i32::try_from(time).unwrap_or(i32::MAX),
            duration: narrow(duration.unsigned_abs()),
            video_samples: u16::try_from(closed.video_samples).unwrap_or(u16::MAX),
            audio_samples: u16::try_from(closed.audio_samples).unwrap_or(u16::MAX),
            keys_before: narrow(open.table.keys.len() as u64),
            marks: kinds,
        });
        let room = mark::PER_SEGMENT.saturating_sub(open.table.marks.len());
        open.table.marks.extend(marks.into_iter().take(room));
        open.table.keys.extend(self.pending.keys(media, index, closed.head.len()));
        Ok(())
    }

    /// Makes the file for the fragment that waits; the header's bytes are to be written with it.
    fn begin_segment<D: Disk<File = F>>(&mut self, shared: &Shared<'_, D>) -> Result<Option<Bytes>, Error> {
        let Some(first) = self.pending.first_video() else { return Ok(None) };
        let of_first = || (first.time.saturating_add(first.composition_offset.into()), first.wall);
        let (media, wall) = self.shown.take().unwrap_or_else(of_first);
        let Volumes { disk, index, days, .. } = shared.volumes;
        let anchor = place(wall, media, |range| {
            days.need(disk, index, range);
            let here = index::read(&self.index).occupied(range);
            here.or_else(|| shared.elsewhere?.reaches(self.key, range.from))
        });
        let head = Head {
            site: shared.site,
            volume: shared.volume,
            key: self.key,
            run: self.run,
            number: self.number,
            anchor,
            source_wall: wall,
            server_wall: shared.now,
            camera_wall: index::read(&self.index).camera_ahead_us.map(|ahead| wall.plus_micros(ahead)),
            previous: self.previous,
            previous_at_risk: self.counter.at_risk,
        };
        days.own(head.name().run_tag);
        let path = head.name().path(self.key);
        let file =
            shared.disk.create(&path).map_err(|error| Error::WriteSegment { path: path.clone(), error })?;
        let mut header = fmp4::init_segment(&self.tracks, &[TrackKind::Video, TrackKind::Audio]).to_vec();
        header.extend_from_slice(&head.to_box());
        self.segment = Some(Segment {
            file: Arc::new(file),
            path,
            head,
            value: chain::start(&header),
            bytes: 0,
            fragments: 0,
            dirty: true,
            durable: 0,
            committing: 0,
        });
        Ok(Some(header.into()))
    }

    /// Writes the trailer.
    fn close_segment<D: Disk<File = F>>(&mut self, shared: &Shared<'_, D>) -> Result<(), Error> {
        let Some(segment) = self.segment.take() else { return Ok(()) };
        let boxes = index::read(&self.index).open.as_ref().map(|open| {
            (open.table.to_box(&segment.head.anchor), open.table.random_access(segment.head.anchor.media))
        });
        let Some((table, mfra)) = boxes else { return Ok(()) };
        let trailer = seal::trailer(shared.signer, &segment.value, &table, &mfra);
        let written = segment.file.append(&mut [IoSlice::new(&trailer)]);
        if written.is_err() {
            let _ = segment.file.truncate(segment.bytes);
        }
        let path = segment.path.clone();
        let sealed = written.is_ok();
        if let Some(open) = index::write(&self.index).open.as_mut().filter(|_| sealed) {
            open.bytes += trailer.len() as u64;
        }
        self.number += 1;
        self.retire(segment, sealed);
        written.map_err(|error| Error::WriteSegment { path, error })
    }

    /// The segment is written to no more.
    fn retire(&mut self, segment: Segment<F>, sealed: bool) {
        self.closed.push(Arc::clone(&segment.file));
        if segment.fragments > 0 {
            self.counter.ended_segment(segment.durable > 0);
            self.previous = segment.value;
            let mut stream = index::write(&self.index);
            stream.last_value = Some(segment.value);
            if let Some(open) = stream.open.take() {
                stream.insert(open.summary(sealed), open.head.anchor, open.stretches());
                self.retired.push((segment.unsettled(self.key, open), sealed));
            }
        }
    }
}

impl<F> Segment<F> {
    fn unsettled(self, key: StreamKey, open: Open) -> Unsettled<F> {
        let Self { path, file, durable, committing, .. } = self;
        Unsettled { key, path, file, open, durable, committing }
    }
}

fn narrow(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
