//! What is recorded: in memory, a few words a segment; all of it can be read again from the volume.
//!
//! Shared by the writer, which alone changes it, and readers on other threads. A lock is held for as long as it takes to
//! copy a few words, never while a disk is at work.
//!
//! What is not here: the tables of closed segments ([`crate::tables`]), the cache of this on disk ([`crate::day`]).

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use media::Tracks;
use model::{StreamKey, WallRange, WallTime};

use crate::{
    day::Entry,
    format::{Head, Table},
    layout::{Day, SegmentName},
    mark::{self, Activity, Stretch},
};

/// So many segments that were closed last are remembered with their place.
const RECENT: usize = 8;

/// A segment, in 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Wall time of its first picture.
    pub start: WallTime,
    /// From there to the end of its last picture, µs.
    pub wall_us: u32,
    /// Bytes of the file.
    pub bytes: u32,
    /// See [`SegmentName::run_tag`].
    pub run_tag: u32,
    /// Which segment of its run.
    pub number: u32,
    /// Whether it was closed in order and has a trailer.
    pub sealed: bool,
}

const _: () = assert!(size_of::<Summary>() == 32);

/// A stretch of recording without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// From the first picture to the end of the last one.
    pub range: WallRange,
    /// Bytes of the segments that it touches.
    pub bytes: u64,
    /// Whether it is being recorded now.
    pub open: bool,
}

/// The segment that is being written.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    pub(crate) head: Head,
    pub(crate) tracks: Arc<Tracks>,
    /// Of what has been written.
    pub(crate) table: Table,
    pub(crate) bytes: u64,
}

/// The segments of one stream, by start; they do not overlap.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    pub(crate) closed: VecDeque<Summary>,
    /// What happened during them, by start; each lies within its segment.
    pub(crate) stretches: VecDeque<Stretch>,
    pub(crate) open: Option<Open>,
    /// Chain value at the end of the segment written last, once it is known.
    pub(crate) last_value: Option<crate::chain::Value>,
    /// By how much the camera's own clock is ahead of the server's, µs; nothing where it does not say.
    pub(crate) camera_ahead_us: Option<i64>,
    /// Ends of runs that do not count.
    pub(crate) voids: Vec<crate::set::Void>,
    /// Where the segments stand that were closed last.
    pub(crate) recent: VecDeque<(SegmentName, crate::clock::Anchor)>,
}

/// All streams of a volume.
#[derive(Debug, Default)]
pub(crate) struct Index {
    streams: RwLock<HashMap<StreamKey, Arc<RwLock<Stream>>>>,
}

impl Summary {
    /// End of its last picture.
    #[must_use]
    pub fn end(&self) -> WallTime {
        self.start.plus_micros(self.wall_us.into())
    }

    /// The name of its file.
    #[must_use]
    pub fn name(&self) -> SegmentName {
        SegmentName { start_ms: self.start.millis(), run_tag: self.run_tag, number: self.number }
    }

    /// Whether nothing was missed between the other segment and this.
    #[must_use]
    pub fn continues(&self, before: &Self) -> bool {
        self.run_tag == before.run_tag && before.number.checked_add(1) == Some(self.number)
    }
}

impl Open {
    pub(crate) fn end(&self) -> WallTime {
        let anchor = &self.head.anchor;
        anchor.wall_at(anchor.media.saturating_add(self.table.end()))
    }

    pub(crate) fn summary(&self, sealed: bool) -> Summary {
        let name = self.head.name();
        // Where nothing but a lead-in was written, the shortest time there is: no two segments begin at the same.
        let wall_us = self.end().micros_since(self.head.anchor.wall);
        Summary {
            start: self.head.anchor.wall,
            wall_us: u32::try_from(wall_us.max(1)).unwrap_or(u32::MAX),
            bytes: u32::try_from(self.bytes).unwrap_or(u32::MAX),
            run_tag: name.run_tag,
            number: name.number,
            sealed,
        }
    }

    pub(crate) fn stretches(&self) -> Vec<Stretch> {
        mark::stretches(&self.head, &self.table)
    }
}

impl Stream {
    /// Adds a closed segment at its place, and what happened during it; without what is void of it.
    pub(crate) fn insert(&mut self, summary: Summary, anchor: crate::clock::Anchor, stretches: Vec<Stretch>) {
        self.recent.push_back((summary.name(), anchor));
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        let left = self.void_of(summary.run_tag).map_or(Some(summary), |void| void.cut(summary, &anchor));
        if let Some(summary) = left {
            self.add(summary, stretches);
        }
    }

    /// The same for one of which nothing is void, or of which that is found out later.
    pub(crate) fn add(&mut self, summary: Summary, stretches: Vec<Stretch>) {
        let at = self.closed.partition_point(|other| other.start <= summary.start);
        self.closed.insert(at, summary);
        let at = self.stretches.partition_point(|other| other.start <= summary.start);
        stretches
            .into_iter()
            .enumerate()
            .for_each(|(index, stretch)| self.stretches.insert(at + index, stretch));
    }

    /// Adds the closed segments of a day, by start.
    pub(crate) fn insert_day(&mut self, entries: Vec<Entry>) {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return };
        let older = self.closed.front().is_none_or(|front| last.summary.start < front.start);
        let newer = self.closed.back().is_none_or(|back| back.start < first.summary.start);
        self.closed.reserve(entries.len());
        if older {
            for Entry { summary, stretches } in entries.into_iter().rev() {
                self.closed.push_front(summary);
                stretches.into_iter().rev().for_each(|stretch| self.stretches.push_front(stretch));
            }
        } else if newer {
            for Entry { summary, stretches } in entries {
                self.closed.push_back(summary);
                self.stretches.extend(stretches);
            }
        } else {
            // After a clock was set: another day's footage lies around it.
            for Entry { summary, stretches } in entries {
                self.add(summary, stretches);
            }
        }
    }

    /// Takes a closed segment out; whether it was there.
    pub(crate) fn remove(&mut self, name: SegmentName) -> bool {
        let Some(summary) = self.closed_named(name) else { return false };
        let (from, to) = self.stretches_of(&summary);
        self.stretches.drain(from..to);
        let first = self.closed.partition_point(|other| other.start < summary.start);
        let at = (first..self.closed.len())
            .find(|at| self.closed.get(*at).is_some_and(|other| other.name() == name));
        at.is_some_and(|at| self.closed.remove(at).is_some())
    }

    /// Where the stretches of a closed segment are.
    fn stretches_of(&self, summary: &Summary) -> (usize, usize) {
        let from = self.stretches.partition_point(|other| other.start < summary.start);
        let next = self.after(summary.start).map_or(WallTime::MAX, |next| next.start);
        let to = self.stretches.partition_point(|other| other.start < next);
        (from, to.max(from))
    }

    /// What happened during a closed segment.
    pub(crate) fn stretches_in(&self, summary: &Summary) -> Vec<Stretch> {
        let (from, to) = self.stretches_of(summary);
        self.stretches.range(from..to).copied().collect()
    }

    /// What happened in the range, by start and kind.
    pub(crate) fn activity(&self, range: WallRange, resolution: Duration) -> Vec<Activity> {
        let Some((first, _)) = self.from(range.from).next() else { return Vec::new() };
        let resolution = i64::try_from(resolution.as_micros()).unwrap_or(i64::MAX);
        let from = self.stretches.partition_point(|other| other.start < first.start);
        let closed = self.stretches.range(from..).take_while(|stretch| stretch.start < range.to).copied();
        match self.open.as_ref().map(Open::stretches).filter(|open| !open.is_empty()) {
            None => mark::join(closed, range, resolution),
            Some(open) => {
                let mut all: Vec<Stretch> = closed.chain(open).collect();
                all.sort_by_key(|stretch| stretch.start);
                mark::join(all.into_iter(), range, resolution)
            }
        }
    }

    /// The segment that is being written, without what is void of it.
    pub(crate) fn open_summary(&self) -> Option<Summary> {
        let open = self.open.as_ref()?;
        let summary = open.summary(false);
        match self.void_of(summary.run_tag) {
            Some(void) => void.cut(summary, &open.head.anchor),
            None => Some(summary),
        }
    }

    /// All segments from the first one that ends after `from`, the open one at its place.
    pub(crate) fn from(&self, from: WallTime) -> impl Iterator<Item = (Summary, bool)> {
        let first = self.closed.partition_point(|other| other.start <= from);
        // The one before may reach in (and only that one: they do not overlap).
        let first = first.saturating_sub(1);
        let open = self.open_summary();
        let before_open =
            self.closed.partition_point(|other| open.is_some_and(|open| other.start <= open.start));
        let before_open = if open.is_some() { before_open.max(first) } else { self.closed.len() };
        let closed =
            |range: std::ops::Range<usize>| self.closed.range(range).map(|summary| (*summary, false));
        closed(first..before_open)
            .chain(open.map(|open| (open, true)))
            .chain(closed(before_open..self.closed.len()))
            .filter(move |(summary, _)| summary.end() > from)
    }

    /// The end of the first footage that reaches into the range.
    pub(crate) fn occupied(&self, range: WallRange) -> Option<WallTime> {
        let (summary, _) = self.from(range.from).next()?;
        (summary.start < range.to).then(|| summary.end())
    }

    /// The last segment that begins before that time, the open one included.
    pub(crate) fn before(&self, at: WallTime) -> Option<(Summary, bool)> {
        let closed = self.closed.partition_point(|other| other.start < at).checked_sub(1);
        let closed = closed.and_then(|at| self.closed.get(at)).map(|summary| (*summary, false));
        let open = self.open_summary().map(|open| (open, true)).filter(|(open, _)| open.start < at);
        closed.into_iter().chain(open).max_by_key(|(summary, _)| summary.start)
    }

    /// The first segment that begins after that time.
    pub(crate) fn after(&self, start: WallTime) -> Option<Summary> {
        let closed = self.closed.get(self.closed.partition_point(|other| other.start <= start)).copied();
        let open = self.open_summary().filter(|open| open.start > start);
        closed.into_iter().chain(open).min_by_key(|summary| summary.start)
    }

    /// The closed segment of that name.
    pub(crate) fn closed_named(&self, name: SegmentName) -> Option<Summary> {
        let from = WallTime::from_millis(name.start_ms);
        let first = self.closed.partition_point(|other| other.start < from);
        let same_ms = self.closed.range(first..).take_while(|other| other.start.millis() == name.start_ms);
        same_ms.copied().find(|other| other.name() == name)
    }

    pub(crate) fn spans(&self, range: WallRange, resolution: Duration) -> Vec<Span> {
        let resolution = i64::try_from(resolution.as_micros()).unwrap_or(i64::MAX);
        let mut spans: Vec<(Span, Summary)> = Vec::new();
        for (summary, open) in self.from(range.from).take_while(|(summary, _)| summary.start < range.to) {
            let bytes = summary.bytes.into();
            match spans.last_mut() {
                Some((span, last))
                    if summary.continues(last)
                        || summary.start.micros_since(span.range.to) < resolution.max(1) =>
                {
                    span.range.to = span.range.to.max(summary.end());
                    span.bytes += bytes;
                    span.open |= open;
                    *last = summary;
                }
                _ => {
                    let range = WallRange { from: summary.start, to: summary.end() };
                    spans.push((Span { range, bytes, open }, summary));
                }
            }
        }
        let clip = |(span, _): (Span, _)| Some(Span { range: span.range.intersection(&range)?, ..span });
        spans.into_iter().filter_map(clip).collect()
    }

    /// The closed segments that lie in a day's directory.
    pub(crate) fn of_day(&self, day: Day) -> impl Iterator<Item = Entry> {
        let first = self.closed.partition_point(|other| other.start < day.start());
        let end = self.closed.partition_point(|other| other.start < day.next().start());
        let entry = |summary: &Summary| Entry { summary: *summary, stretches: self.stretches_in(summary) };
        self.closed.range(first..end.max(first)).map(entry)
    }

    pub(crate) fn bytes(&self) -> u64 {
        let closed: u64 = self.closed.iter().map(|summary| u64::from(summary.bytes)).sum();
        closed + self.open.as_ref().map_or(0, |open| open.bytes)
    }
}

impl Index {
    /// All streams that have ever been recorded here.
    pub(crate) fn keys(&self) -> Vec<StreamKey> {
        self.streams.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    pub(crate) fn get(&self, key: StreamKey) -> Option<Arc<RwLock<Stream>>> {
        self.streams.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
    }

    pub(crate) fn get_or_add(&self, key: StreamKey) -> Arc<RwLock<Stream>> {
        if let Some(stream) = self.get(key) {
            return stream;
        }
        Arc::clone(self.streams.write().unwrap_or_else(PoisonError::into_inner).entry(key).or_default())
    }
}

/// The stream, to be read. (A writer that panicked left whole words behind: each change is one assignment or push.)
pub(crate) fn read(stream: &RwLock<Stream>) -> RwLockReadGuard<'_, Stream> {
    stream.read().unwrap_or_else(PoisonError::into_inner)
}

/// The stream, to be changed.
pub(crate) fn write(stream: &RwLock<Stream>) -> RwLockWriteGuard<'_, Stream> {
    stream.write().unwrap_or_else(PoisonError::into_inner)
}
