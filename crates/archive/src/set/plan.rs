//! The frames of a range across volumes: one volume's plan after the other, in order of time.
//!
//! Footage of a stream does not overlap across volumes: what was written twice is void on one of them, and every segment is
//! placed with a look at all volumes. Should it overlap nevertheless (a volume that was away while a clock was set back),
//! what begins later goes first, and no moment is told twice.
//!
//! What is not here: the frames of one volume ([`crate::ReadPlan`]).

use bytes::Bytes;
use model::{StreamKey, TrackKind, VolumeId, WallRange, WallTime};

use super::Reader;
use crate::{Error, Part, ReadPlan, SampleRef, disk::Disk, index};

/// The frames of a range. An iterator: after an error it goes on with what can be read.
pub struct Plan<D: Disk> {
    reader: Reader<D>,
    key: StreamKey,
    range: WallRange,
    tracks: Vec<TrackKind>,
    /// The plan that parts come from.
    current: Option<ReadPlan<D>>,
    /// What is before this moment was told.
    told: WallTime,
    begun: bool,
}

/// Where a stretch on one volume begins and ends.
pub(super) struct Window<D: Disk> {
    pub(super) id: VolumeId,
    pub(super) volume: crate::Reader<D>,
    pub(super) range: WallRange,
    /// What comes next begins here.
    pub(super) next: WallTime,
}

/// Segments of two volumes whose places overlap by less than this are both told whole: a camera's clock drifts.
const DRIFT_US: i64 = 2_000_000;

impl<D: Disk> Window<D> {
    /// The next stretch of what is left: the earliest footage in it, up to where footage begins on another volume.
    pub(super) fn next(reader: &Reader<D>, key: StreamKey, left: WallRange) -> Option<Self> {
        let WallRange { from: told, to: until } = left;
        let volumes = reader.volumes();
        for (_, volume) in &volumes {
            volume.need(left);
        }
        if let [(id, only)] = volumes.as_slice() {
            let window = || Self { id: *id, volume: only.clone(), range: left, next: until };
            return (told < until).then(window);
        }
        let first = |(id, volume): &(VolumeId, crate::Reader<D>)| {
            let stream = volume.shared().index.get(key)?;
            let (summary, _) = index::read(&stream).from(told).next()?;
            Some((summary, *id, volume.clone()))
        };
        let mut firsts: Vec<_> = volumes.iter().filter_map(first).collect();
        firsts.sort_by_key(|(first, id, _)| (first.start, *id));
        let covering = firsts.iter().rposition(|(first, _, _)| first.start <= told);
        let (first, id, volume) = firsts.get(covering.unwrap_or(0))?;
        let from = first.start.max(told);
        // Another volume goes on where its footage begins.
        let begins_after = |(other, volume): &(VolumeId, crate::Reader<D>)| {
            let stream = volume.shared().index.get(key).filter(|_| other != id)?;
            index::read(&stream).after(from).map(|summary| summary.start)
        };
        let next = volumes.iter().filter_map(begins_after).min().unwrap_or(until).min(until);
        let last = volume.shared().index.get(key).and_then(|stream| index::read(&stream).before(next));
        let end = last.map_or(next, |(last, _)| last.end());
        let drift = end.micros_since(next);
        let to = if (0..DRIFT_US).contains(&drift) { end.min(until) } else { next };
        (from < next).then(|| Self { id: *id, volume: volume.clone(), range: WallRange { from, to }, next })
    }
}

impl<D: Disk> Plan<D> {
    pub(super) fn new(reader: Reader<D>, key: StreamKey, range: WallRange, tracks: &[TrackKind]) -> Self {
        let told = range.from;
        Self { reader, key, range, tracks: tracks.to_vec(), current: None, told, begun: false }
    }

    fn advance(&mut self) -> Result<Option<Part>, Error> {
        loop {
            if let Some(plan) = &mut self.current {
                match plan.next().transpose()? {
                    // Where nothing follows, no gap is told; the next stretch says where footage goes on.
                    Some(part) => return Ok(Some(part)),
                    None => self.current = None,
                }
            }
            let left = WallRange { from: self.told, to: self.range.to };
            let Some(window) = Window::next(&self.reader, self.key, left) else { return Ok(None) };
            let gap = self.begun.then_some(Part::Gap { until: window.range.from });
            let before = (!self.begun && window.range.from > self.range.from)
                .then_some(Part::Gap { until: window.range.from });
            self.told = window.next;
            self.begun = true;
            self.current = Some(window.volume.plan(self.key, window.range, &self.tracks));
            if let Some(gap) = gap.or(before) {
                return Ok(Some(gap));
            }
        }
    }

    /// The bytes of the frame that was told last.
    pub fn read(&mut self, sample: &SampleRef) -> Result<Bytes, Error> {
        match &mut self.current {
            Some(plan) => plan.read(sample),
            None => Err(Error::ReadSegment {
                path: sample.segment.path(self.key),
                error: std::io::ErrorKind::NotFound.into(),
            }),
        }
    }
}

impl<D: Disk> Iterator for Plan<D> {
    type Item = Result<Part, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}
