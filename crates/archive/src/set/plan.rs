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
struct Window<D: Disk> {
    volume: crate::Reader<D>,
    range: WallRange,
    /// What comes next begins here.
    next: WallTime,
}

/// Segments of two volumes whose places overlap by less than this are both told whole: a camera's clock drifts.
const DRIFT_US: i64 = 2_000_000;

impl<D: Disk> Plan<D> {
    pub(super) fn new(reader: Reader<D>, key: StreamKey, range: WallRange, tracks: &[TrackKind]) -> Self {
        let told = range.from;
        Self { reader, key, range, tracks: tracks.to_vec(), current: None, told, begun: false }
    }

    /// The next stretch: the earliest footage that is not told yet, up to where footage begins on another volume.
    fn window(&self) -> Option<Window<D>> {
        let volumes = self.reader.volumes();
        for (_, volume) in &volumes {
            volume.need(WallRange { from: self.told, to: self.range.to });
        }
        if let [(_, only)] = volumes.as_slice() {
            let range = WallRange { from: self.told, to: self.range.to };
            let window = || Window { volume: only.clone(), range, next: range.to };
            return (self.told < self.range.to).then(window);
        }
        let first = |(id, volume): &(VolumeId, crate::Reader<D>)| {
            let stream = volume.shared().index.get(self.key)?;
            let (summary, _) = index::read(&stream).from(self.told).next()?;
            Some((summary, *id, volume.clone()))
        };
        let mut firsts: Vec<_> = volumes.iter().filter_map(first).collect();
        firsts.sort_by_key(|(first, id, _)| (first.start, *id));
        let covering = firsts.iter().rposition(|(first, _, _)| first.start <= self.told);
        let (first, id, volume) = firsts.get(covering.unwrap_or(0))?;
        let from = first.start.max(self.told);
        // Another volume goes on where its footage begins.
        let begins_after = |(other, volume): &(VolumeId, crate::Reader<D>)| {
            let stream = volume.shared().index.get(self.key).filter(|_| other != id)?;
            index::read(&stream).after(from).map(|summary| summary.start)
        };
        let next = volumes.iter().filter_map(begins_after).min().unwrap_or(self.range.to).min(self.range.to);
        let last = volume.shared().index.get(self.key).and_then(|stream| index::read(&stream).before(next));
        let end = last.map_or(next, |(last, _)| last.end());
        let drift = end.micros_since(next);
        let to = if (0..DRIFT_US).contains(&drift) { end.min(self.range.to) } else { next };
        (from < next).then(|| Window { volume: volume.clone(), range: WallRange { from, to }, next })
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
            let Some(window) = self.window() else { return Ok(None) };
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
