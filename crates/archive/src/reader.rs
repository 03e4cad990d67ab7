//! Answers questions about what is recorded, on any thread, while the writer goes on.
//!
//! What is not here: reading a range of frames ([`crate::ReadPlan`]).

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use media::Tracks;
use model::{CameraId, StreamKey, StreamKind, TrackKind, WallRange, WallTime};

use crate::{
    Error,
    archive::Volumes,
    disk::{Disk, File},
    index::{self, Span},
    mark::{self, Activity, Mark},
    plan::{ReadPlan, SampleRef},
    source::Source,
};

/// A view of what is recorded. Cheap to clone.
pub struct Reader<D: Disk>(pub(crate) Arc<Volumes<D>>);

impl<D: Disk> Clone for Reader<D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<D: Disk> Reader<D> {
    pub(crate) fn shared(&self) -> &Volumes<D> {
        &self.0
    }

    pub(crate) fn new(shared: Arc<Volumes<D>>) -> Self {
        Self(shared)
    }

    /// Whether the whole index has been read: see [`crate::Archive::open_lazily`].
    #[must_use]
    pub fn complete(&self) -> bool {
        self.0.days.complete()
    }

    /// Reads what of the index is needed to tell of the range.
    pub(crate) fn need(&self, range: WallRange) {
        self.0.days.need(&self.0.disk, &self.0.index, range);
    }

    /// All streams of which there is or was footage.
    #[must_use]
    pub fn streams(&self) -> Vec<StreamKey> {
        self.0.index.keys()
    }

    /// When the stream was recorded within the range, in order. Stretches closer to each other than `resolution` are
    /// told as one.
    #[must_use]
    pub fn spans(
        &self,
        camera: CameraId,
        kind: StreamKind,
        range: WallRange,
        resolution: Duration,
    ) -> Vec<Span> {
        self.need(range);
        let Some(stream) = self.0.index.get(StreamKey { camera, kind }) else { return Vec::new() };
        index::read(&stream).spans(range, resolution)
    }

    /// What happened while the stream was recorded within the range, by begin; from memory. Stretches of the same kind
    /// that are closer to each other than `resolution` are told as one.
    #[must_use]
    pub fn activity(&self, key: StreamKey, range: WallRange, resolution: Duration) -> Vec<Activity> {
        self.need(range);
        let Some(stream) = self.0.index.get(key) else { return Vec::new() };
        index::read(&stream).activity(range, resolution)
    }

    /// The marks of the range in the order in which they were written, each with its place on the timeline of the
    /// footage. Reads the table of every segment of the range that has marks: for hours or days, not for months.
    pub fn marks(&self, key: StreamKey, range: WallRange) -> Result<Vec<(WallTime, Mark)>, Error> {
        self.need(range);
        let Some(stream) = self.0.index.get(key) else { return Ok(Vec::new()) };
        let segments: Vec<_> = {
            let stream = index::read(&stream);
            let of_range = stream.from(range.from).take_while(|(summary, _)| summary.start < range.to);
            of_range.filter(|(one, open)| *open || !stream.stretches_in(one).is_empty()).collect()
        };
        let mut found: Vec<(WallTime, Mark)> = Vec::new();
        for (summary, _) in segments {
            let Some(source) = Source::find(&self.0, key, summary.name())? else { continue };
            let marks = source.table(&stream, |table| table.marks.clone()).unwrap_or_default();
            for mark in marks {
                let at = mark::placed(source.head(), mark.time);
                // A segment repeats what goes on at its begin.
                let repeated = mark.time < source.head().source_wall;
                let known = repeated && found.iter().rev().any(|(_, other)| *other == mark);
                if range.contains(at) && !known {
                    found.push((at, mark));
                }
            }
        }
        Ok(found)
    }

    /// The days on which the stream was recorded, in order. `day` tells of a moment which day it lies in and when that
    /// day ends; so days can be those of any time zone.
    #[must_use]
    pub fn days<T>(&self, key: StreamKey, day: impl Fn(WallTime) -> (T, WallTime)) -> Vec<T> {
        self.0.days.need_all(&self.0.disk, &self.0.index);
        let Some(stream) = self.0.index.get(key) else { return Vec::new() };
        let stream = index::read(&stream);
        let mut days = Vec::new();
        let mut at = WallTime::MIN;
        while let Some((summary, _)) = stream.from(at).next() {
            let (name, end) = day(summary.start.max(at));
            days.push(name);
            if end <= at {
                break;
            }
            at = end;
        }
        days
    }

    /// Begin of the oldest footage of a stream.
    #[must_use]
    pub fn oldest(&self, key: StreamKey) -> Option<WallTime> {
        let stream = self.0.index.get(key)?;
        index::read(&stream).from(WallTime::MIN).next().map(|(summary, _)| summary.start)
    }

    /// End of the newest footage of a stream.
    #[must_use]
    pub fn newest(&self, key: StreamKey) -> Option<WallTime> {
        self.0.days.need_newest_of(&self.0.disk, &self.0.index, key);
        let stream = self.0.index.get(key)?;
        index::read(&stream).before(WallTime::MAX).map(|(summary, _)| summary.end())
    }

    /// End of the newest footage of all.
    #[must_use]
    pub fn newest_of_all(&self) -> Option<WallTime> {
        self.0.days.need_newest(&self.0.disk, &self.0.index)
    }

    /// Bytes of all footage of a stream.
    #[must_use]
    pub fn bytes(&self, key: StreamKey) -> u64 {
        self.0.index.get(key).map_or(0, |stream| index::read(&stream).bytes())
    }

    /// The frames of a range of time.
    #[must_use]
    pub fn plan(&self, key: StreamKey, range: WallRange, tracks: &[TrackKind]) -> ReadPlan<D> {
        self.need(range);
        ReadPlan::new(Arc::clone(&self.0), key, range, tracks)
    }

    /// The last key frame at or before that moment, however long before: its `wall` tells.
    pub fn key_frame(&self, key: StreamKey, at: WallTime) -> Result<Option<(Arc<Tracks>, SampleRef)>, Error> {
        const HOUR_US: i64 = 3_600_000_000;
        self.need(WallRange { from: at.plus_micros(-HOUR_US), to: at });
        let mut before = at.plus_micros(1);
        loop {
            let stream = self.0.index.get(key);
            let last = || stream.as_ref().and_then(|stream| index::read(stream).before(before));
            // Days between what is found and the moment may not have been read, though older ones have.
            if !self.complete() {
                let from = last().map_or(WallTime::MIN, |(summary, _)| summary.start);
                self.need(WallRange { from, to: before });
            }
            let stream = self.0.index.get(key);
            let found = stream.as_ref().and_then(|stream| index::read(stream).before(before));
            let (Some(stream), Some((summary, _))) = (stream, found) else { return Ok(None) };
            let source = Source::find(&self.0, key, summary.name())?;
            if let Some(found) = source.as_ref().and_then(|source| source.key_frame(&stream, at)) {
                return Ok(Some(found));
            }
            before = summary.start;
        }
    }

    /// The bytes of a frame.
    pub fn read(&self, key: StreamKey, sample: &SampleRef) -> Result<Bytes, Error> {
        let path = sample.segment.path(key);
        let failed = |error| Error::ReadSegment { path: path.clone(), error };
        let file = self.0.disk.open(&path).map_err(failed)?;
        file.read_exact_at(sample.offset, sample.len as usize).map(Bytes::from).map_err(failed)
    }
}
