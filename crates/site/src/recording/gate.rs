//! Which frames of a stream are recorded: the pre buffer, and the seam between it and live.
//!
//! Frames go through one queue of groups of pictures, whether they are recorded or not. Recording takes from the head of
//! the queue until it is empty, so at the seam no frame is missing and none stands twice. A recording begins with the
//! group that was running when the pre buffer begins, and ends before a key frame, so that the next one can begin
//! right there.
//! What is not here: when something is recorded ([`super::policy`]), files ([`super::rolling`]), segments (the archive).

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use media::{Sample, Tracks};
use model::TrackKind;

use super::rolling::{Rolling, Shelved};

/// Longest pre buffer that is kept in memory alone.
const IN_MEMORY: Duration = Duration::from_secs(30);
/// With a longer one, this much of it stays in memory.
const NEWEST: Duration = Duration::from_secs(4);
/// Bytes of a stream's pre buffer in memory.
const STREAM_BYTES: usize = 16 << 20;
/// Bytes of all pre buffers in memory.
const ALL_BYTES: usize = 256 << 20;
/// Groups that are read ahead from the rolling file.
const READ_AHEAD: usize = 4;
/// A recording without a reason waits at most this long for the key frame that ends it.
const LONGEST_TAIL: Duration = Duration::from_secs(20);

/// What is wanted of a stream now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// It is not recorded, and nothing is kept for later.
    Nothing,
    /// So much is kept for later.
    Buffer(Duration),
    /// It is recorded; what came so long before is wanted too.
    Record(Duration),
}

/// Where recorded frames go.
pub trait Sink {
    /// A run begins.
    fn begin(&mut self, tracks: &Arc<Tracks>);
    /// A frame of the run.
    fn push(&mut self, sample: &Sample);
    /// The run ends.
    fn end(&mut self);
}

/// Memory of all pre buffers together. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Budget(Arc<AtomicUsize>);

impl Budget {
    fn take(&self, bytes: usize) -> bool {
        let taken = self.0.fetch_add(bytes, Ordering::Relaxed);
        let fits = taken + bytes <= ALL_BYTES;
        if !fits {
            self.give_back(bytes);
        }
        fits
    }

    fn give_back(&self, bytes: usize) {
        self.0.fetch_sub(bytes, Ordering::Relaxed);
    }
}

enum Place {
    Memory(Vec<Sample>),
    File(Shelved),
}

/// A group of pictures with the sound of its time.
struct Group {
    number: u64,
    run: u64,
    tracks: Arc<Tracks>,
    began: Instant,
    place: Place,
    /// Bytes in memory.
    bytes: usize,
}

struct Recording {
    /// Run and tracks that the sink is in.
    run: Option<(u64, Arc<Tracks>)>,
    /// The group before which it ends.
    ends_before: Option<u64>,
    /// Since when there is no reason for it.
    idle_since: Option<Instant>,
}

/// The gate of one stream.
pub struct Gate {
    budget: Budget,
    rolling: Option<Rolling>,
    stream_bytes: usize,
    tracks: Option<Arc<Tracks>>,
    run: u64,
    next_group: u64,
    /// Whether the newest group still takes frames.
    open: bool,
    groups: VecDeque<Group>,
    recording: Option<Recording>,
    /// Something was left out of the pre buffer since it was last as long as is wanted.
    short: bool,
}

impl Gate {
    /// A gate without frames.
    #[must_use]
    pub fn new(budget: Budget, rolling: Option<Rolling>) -> Self {
        Self {
            budget,
            rolling,
            stream_bytes: STREAM_BYTES,
            tracks: None,
            run: 0,
            next_group: 0,
            open: false,
            groups: VecDeque::new(),
            recording: None,
            short: false,
        }
    }

    /// What follows belongs to a new run with these tracks; it begins with a key frame.
    pub fn handle_tracks(&mut self, tracks: Arc<Tracks>) {
        self.run += 1;
        self.tracks = Some(tracks);
        self.open = false;
    }

    /// The stream broke off. What was taken in is recorded if it was to be; see [`Self::is_behind`].
    pub fn handle_end(&mut self, sink: &mut impl Sink) {
        self.tracks = None;
        self.open = false;
        if let Some(recording) = &mut self.recording {
            recording.ends_before.get_or_insert(self.next_group);
            self.drain(sink);
        }
    }

    /// A frame came.
    pub fn handle_sample(
        &mut self,
        sample: &Sample,
        want: Want,
        sound: bool,
        now: Instant,
        sink: &mut impl Sink,
    ) {
        let (record, pre) = match want {
            Want::Nothing => return self.stop(sink),
            Want::Buffer(pre) => (false, pre),
            Want::Record(pre) => (true, pre),
        };
        if !sound {
            self.forget_sound();
        }
        self.note(record, now, sink);
        if sample.track == TrackKind::Video && sample.key {
            self.begin_group(sound, now);
        }
        self.append(sample, sound);
        if record && self.recording.is_none() && self.open {
            self.forget_before(now, pre);
            self.recording = Some(Recording { run: None, ends_before: None, idle_since: None });
        }
        if self.recording.is_some() {
            self.drain(sink);
        }
        if self.recording.is_none() {
            self.trim(now, pre);
        }
        self.keep_limits(now, pre);
    }

    /// Goes on with what waits for the rolling file; call until [`Self::is_behind`] is false.
    pub fn handle_timeout(&mut self, sink: &mut impl Sink) {
        if self.recording.is_some() {
            self.drain(sink);
        }
    }

    /// Whether recorded frames still wait for the rolling file.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.recording.is_some()
            && self.groups.front().is_some_and(|group| matches!(group.place, Place::File(_)))
    }

    /// Whether it records and everything that came was handed on.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.recording.as_ref().is_some_and(|recording| recording.run.is_some()) && !self.is_behind()
    }

    /// How many seconds the pre buffer holds, where a limit keeps it from what is wanted.
    #[must_use]
    pub fn holds_only(&self, now: Instant) -> Option<u32> {
        let held = self.groups.front().map_or(Duration::ZERO, |group| now.duration_since(group.began));
        (self.short && self.recording.is_none()).then(|| u32::try_from(held.as_secs()).unwrap_or(u32::MAX))
    }

    /// Whether there is a reason: a recording ends before the next group that begins without one.
    fn note(&mut self, record: bool, now: Instant, sink: &mut impl Sink) {
        let Some(recording) = &mut self.recording else { return };
        if record {
            (recording.ends_before, recording.idle_since) = (None, None);
            return;
        }
        let since = *recording.idle_since.get_or_insert(now);
        recording.ends_before.get_or_insert(self.next_group);
        if now.duration_since(since) >= LONGEST_TAIL && !self.is_behind() {
            self.stop(sink);
        }
    }

    /// Ends at once, and keeps nothing.
    fn stop(&mut self, sink: &mut impl Sink) {
        if let Some(Recording { run: Some(_), .. }) = self.recording.take() {
            sink.end();
        }
        self.open = false;
        self.short = false;
        while self.pop().is_some() {}
    }

    fn begin_group(&mut self, sound: bool, now: Instant) {
        let Some(tracks) = &self.tracks else { return };
        let tracks = if sound || tracks.audio.is_none() {
            Arc::clone(tracks)
        } else {
            match self.groups.back() {
                Some(last) if last.run == self.run && last.tracks.audio.is_none() => Arc::clone(&last.tracks),
                _ => Arc::new(Tracks { video: tracks.video.clone(), audio: None }),
            }
        };
        self.groups.push_back(Group {
            number: self.next_group,
            run: self.run,
            tracks,
            began: now,
            place: Place::Memory(Vec::new()),
            bytes: 0,
        });
        self.next_group += 1;
        self.open = true;
    }

    fn append(&mut self, sample: &Sample, sound: bool) {
        let heard =
            |group: &Group| sample.track == TrackKind::Video || (sound && group.tracks.audio.is_some());
        if !self.open || !self.groups.back().is_some_and(heard) {
            return;
        }
        let mut bytes = sample.data.len();
        while !self.budget.take(bytes) {
            if self.recording.is_some() {
                // It only passes through here; the recorder has a limit of its own.
                bytes = 0;
            } else if !self.make_room() || !self.open {
                return;
            }
        }
        if let Some(Group { place: Place::Memory(samples), bytes: held, .. }) = self.groups.back_mut() {
            samples.push(sample.clone());
            *held += bytes;
        }
    }

    fn forget_sound(&mut self) {
        for group in &mut self.groups {
            if group.tracks.audio.is_none() {
                continue;
            }
            match &mut group.place {
                Place::Memory(samples) => samples.retain(|sample| sample.track == TrackKind::Video),
                Place::File(shelved) => shelved.forget_sound(),
            }
        }
    }

    /// Forgets what the pre buffer does not reach.
    fn forget_before(&mut self, now: Instant, pre: Duration) {
        while self.groups.get(1).is_some_and(|second| now.duration_since(second.began) >= pre) {
            self.pop();
        }
    }

    fn trim(&mut self, now: Instant, pre: Duration) {
        self.forget_before(now, pre);
        if self.groups.front().is_some_and(|first| now.duration_since(first.began) >= pre) {
            self.short = false;
        }
        if pre > IN_MEMORY {
            self.shelve_older_than(NEWEST, now);
        }
    }

    fn keep_limits(&mut self, now: Instant, pre: Duration) {
        let in_memory = |gate: &Self| gate.groups.iter().map(|group| group.bytes).sum::<usize>();
        while in_memory(self) > self.stream_bytes {
            let made = if self.recording.is_some() {
                // The rolling file does not answer: what is live counts more.
                let waits = self.is_behind();
                waits && self.pop().is_some()
            } else if pre > IN_MEMORY && self.shelve_older_than(Duration::ZERO, now) {
                true
            } else {
                self.make_room()
            };
            if !made {
                return;
            }
        }
    }

    /// Leaves out the oldest group that is in memory, and what came before it.
    fn make_room(&mut self) -> bool {
        self.short = true;
        while let Some(group) = self.pop() {
            if group.bytes > 0 {
                if self.groups.is_empty() {
                    self.open = false;
                }
                return true;
            }
        }
        self.open = false;
        false
    }

    /// Moves whole groups into the rolling file; whether any was moved.
    fn shelve_older_than(&mut self, age: Duration, now: Instant) -> bool {
        let Some(rolling) = &self.rolling else { return false };
        let last = self.next_group - u64::from(self.open);
        let mut moved = false;
        for group in &mut self.groups {
            if group.number >= last || now.duration_since(group.began) < age {
                break;
            }
            if let Place::Memory(samples) = &mut group.place {
                match rolling.put(std::mem::take(samples)) {
                    Ok(shelved) => {
                        group.place = Place::File(shelved);
                        self.budget.give_back(std::mem::take(&mut group.bytes));
                        moved = true;
                    }
                    Err(back) => {
                        *samples = back;
                        break;
                    }
                }
            }
        }
        moved
    }

    fn pop(&mut self) -> Option<Group> {
        let group = self.groups.pop_front()?;
        self.budget.give_back(group.bytes);
        Some(group)
    }

    /// Hands on what waits.
    fn drain(&mut self, sink: &mut impl Sink) {
        for group in self.groups.iter_mut().take(READ_AHEAD) {
            if let Place::File(shelved) = &mut group.place {
                shelved.fetch();
            }
        }
        loop {
            let Some(recording) = &mut self.recording else { return };
            let next = self.groups.front().map_or(self.next_group, |group| group.number);
            if recording.ends_before.is_some_and(|end| next >= end) {
                if recording.run.is_some() {
                    sink.end();
                }
                self.recording = None;
                return;
            }
            let Some(group) = self.groups.front_mut() else { return };
            if let Place::File(shelved) = &mut group.place {
                match shelved.fetched() {
                    None => return,
                    // It could not be written or read.
                    Some(None) => {
                        self.short = true;
                        self.groups.pop_front();
                        continue;
                    }
                    Some(Some(samples)) => group.place = Place::Memory(samples),
                }
            }
            let same = recording
                .run
                .as_ref()
                .is_some_and(|(run, tracks)| *run == group.run && *tracks == group.tracks);
            if !same {
                if recording.run.is_some() {
                    sink.end();
                }
                sink.begin(&group.tracks);
                recording.run = Some((group.run, Arc::clone(&group.tracks)));
            }
            if let Place::Memory(samples) = &mut group.place {
                samples.drain(..).for_each(|sample| sink.push(&sample));
            }
            self.budget.give_back(std::mem::take(&mut group.bytes));
            if self.groups.len() == 1 && self.open {
                return;
            }
            self.groups.pop_front();
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        while self.pop().is_some() {}
    }
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
