//! All volumes of a site, read as one: a stream's footage on two volumes is one timeline.
//!
//! Volumes come and go while it is used. What is not here: the order of frames across volumes ([`super::Plan`]), writing.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use bytes::Bytes;
use media::Tracks;
use model::{CameraId, StreamKey, StreamKind, TrackKind, VolumeId, WallRange, WallTime};

use super::{Elsewhere, Plan, Void, plan::Window};
use crate::{Activity, Error, Excerpt, Original, SampleRef, Span, disk::Disk, index, layout::SegmentName};

type Volumes<D> = Vec<(VolumeId, crate::Reader<D>)>;

/// A view of what is recorded on all volumes. Clones are the same.
pub struct Reader<D: Disk>(Arc<RwLock<Volumes<D>>>);

impl<D: Disk> Clone for Reader<D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<D: Disk> Default for Reader<D> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<D: Disk> Reader<D> {
    /// Adds a volume, or puts another view of it in the place of the one before.
    pub fn put(&self, volume: VolumeId, reader: crate::Reader<D>) {
        let mut volumes = self.0.write().unwrap_or_else(PoisonError::into_inner);
        volumes.retain(|(other, _)| *other != volume);
        volumes.push((volume, reader));
    }

    /// Takes a volume out.
    pub fn remove(&self, volume: VolumeId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|(other, _)| *other != volume);
    }

    /// The volumes.
    #[must_use]
    pub fn volumes(&self) -> Volumes<D> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// One of them.
    #[must_use]
    pub fn volume(&self, id: VolumeId) -> Option<crate::Reader<D>> {
        let volumes = self.0.read().unwrap_or_else(PoisonError::into_inner);
        volumes.iter().find(|(volume, _)| *volume == id).map(|(_, reader)| reader.clone())
    }

    /// Hides at once what is void on a volume.
    pub fn hide(&self, volume: VolumeId, key: StreamKey, void: Void) {
        if let Some(reader) = self.volume(volume) {
            reader.hide(key, void);
        }
    }

    /// All streams of which there is or was footage.
    #[must_use]
    pub fn streams(&self) -> Vec<StreamKey> {
        let mut keys: Vec<StreamKey> =
            self.volumes().iter().flat_map(|(_, volume)| volume.streams()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// When the stream was recorded within the range, in order. Stretches closer to each other than `resolution` are
    /// told as one, on whichever volumes they lie.
    #[must_use]
    pub fn spans(
        &self,
        camera: CameraId,
        kind: StreamKind,
        range: WallRange,
        resolution: Duration,
    ) -> Vec<Span> {
        let volumes = self.volumes();
        let of = |volume: &crate::Reader<D>| volume.spans(camera, kind, range, resolution);
        if let [(_, only)] = volumes.as_slice() {
            return of(only);
        }
        let mut all: Vec<Span> = volumes.iter().flat_map(|(_, volume)| of(volume)).collect();
        all.sort_by_key(|span| span.range.from);
        let near = i64::try_from(resolution.as_micros()).unwrap_or(i64::MAX).max(1);
        let mut spans: Vec<Span> = Vec::new();
        for span in all {
            match spans.last_mut() {
                Some(last) if span.range.from.micros_since(last.range.to) < near => {
                    last.range.to = last.range.to.max(span.range.to);
                    last.bytes += span.bytes;
                    last.open |= span.open;
                }
                _ => spans.push(span),
            }
        }
        spans
    }

    /// What happened while the stream was recorded within the range, by begin; from memory.
    #[must_use]
    pub fn activity(&self, key: StreamKey, range: WallRange, resolution: Duration) -> Vec<Activity> {
        let of = |(_, volume): &(VolumeId, crate::Reader<D>)| volume.activity(key, range, resolution);
        let mut all: Vec<Activity> = self.volumes().iter().flat_map(of).collect();
        all.sort_by_key(|activity| activity.range.from);
        all
    }

    /// The days on which the stream was recorded, in order. `day` tells of a moment which day it lies in and when that day
    /// ends.
    #[must_use]
    pub fn days<T: Ord>(&self, key: StreamKey, day: impl Fn(WallTime) -> (T, WallTime)) -> Vec<T> {
        let mut days: Vec<T> = self.volumes().iter().flat_map(|(_, volume)| volume.days(key, &day)).collect();
        days.sort_unstable();
        days.dedup();
        days
    }

    /// Start of the oldest footage of a stream.
    #[must_use]
    pub fn oldest(&self, key: StreamKey) -> Option<WallTime> {
        self.volumes().iter().filter_map(|(_, volume)| volume.oldest(key)).min()
    }

    /// End of the newest footage of a stream.
    #[must_use]
    pub fn newest(&self, key: StreamKey) -> Option<WallTime> {
        self.volumes().iter().filter_map(|(_, volume)| volume.newest(key)).max()
    }

    /// End of the newest footage of all.
    #[must_use]
    pub fn newest_of_all(&self) -> Option<WallTime> {
        self.volumes().iter().filter_map(|(_, volume)| volume.newest_of_all()).max()
    }

    /// The volume with the newest footage of a stream.
    #[must_use]
    pub fn newest_on(&self, key: StreamKey) -> Option<VolumeId> {
        let newest = |(id, volume): (VolumeId, crate::Reader<D>)| Some((volume.newest(key)?, id));
        self.volumes().into_iter().filter_map(newest).max().map(|(_, id)| id)
    }

    /// Bytes of all footage of a stream.
    #[must_use]
    pub fn bytes(&self, key: StreamKey) -> u64 {
        self.volumes().iter().map(|(_, volume)| volume.bytes(key)).sum()
    }

    /// The frames of a range of time.
    #[must_use]
    pub fn plan(&self, key: StreamKey, range: WallRange, tracks: &[TrackKind]) -> Plan<D> {
        Plan::new(self.clone(), key, range, tracks)
    }

    /// The fragments of a range as they lie on the volumes, in order; none where nothing was recorded.
    ///
    /// # Errors
    /// A segment cannot be read.
    pub fn excerpt(&self, key: StreamKey, range: WallRange) -> Result<Vec<(VolumeId, Excerpt)>, Error> {
        let mut found: Vec<(VolumeId, Excerpt)> = Vec::new();
        let mut left = range;
        while let Some(window) = Window::next(self, key, left) {
            left.from = window.next;
            for mut excerpt in window.volume.excerpt(key, window.range)? {
                // A stretch may reach back to a key frame that was told already.
                let same =
                    |(id, told): &&(VolumeId, Excerpt)| (*id, told.segment) == (window.id, excerpt.segment);
                if let Some((_, told)) = found.iter().rev().find(same) {
                    excerpt.fragments.start = excerpt.fragments.start.max(told.fragments.end);
                }
                if !excerpt.fragments.is_empty() {
                    found.push((window.id, excerpt));
                }
            }
        }
        Ok(found)
    }

    /// A segment as it lies on its volume; nothing where it, or the volume, is gone.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn original(
        &self,
        volume: VolumeId,
        key: StreamKey,
        name: SegmentName,
    ) -> Result<Option<Original<D::File>>, Error> {
        self.volume(volume).map_or(Ok(None), |volume| volume.original(key, name))
    }

    /// The last key frame at or before that moment, however long before (its `wall` tells), with its bytes.
    pub fn key_frame(
        &self,
        key: StreamKey,
        at: WallTime,
    ) -> Result<Option<(Arc<Tracks>, SampleRef, Bytes)>, Error> {
        // A volume that cannot be read keeps nobody from a key frame on another one.
        let mut failed = None;
        let mut best: Option<(crate::Reader<D>, Arc<Tracks>, SampleRef)> = None;
        for (_, volume) in self.volumes() {
            match volume.key_frame(key, at) {
                Ok(Some((tracks, sample))) if best.as_ref().is_none_or(|(_, _, b)| b.wall < sample.wall) => {
                    best = Some((volume, tracks, sample));
                }
                Ok(_) => {}
                Err(error) => failed = Some(error),
            }
        }
        match (best, failed) {
            (Some((volume, tracks, sample)), _) => {
                let data = volume.read(key, &sample)?;
                Ok(Some((tracks, sample, data)))
            }
            (None, Some(error)) => Err(error),
            (None, None) => Ok(None),
        }
    }
}

impl<D: Disk> Elsewhere for Reader<D> {
    fn reaches(&self, key: StreamKey, at: WallTime) -> Option<WallTime> {
        // What begins later does not count: another volume may be ahead by what waits for this one.
        let end = |(_, volume): &(VolumeId, crate::Reader<D>)| {
            volume.need(WallRange { from: at, to: at });
            let stream = volume.shared().index.get(key)?;
            let (summary, _) = index::read(&stream).from(at).next()?;
            (summary.start < at).then(|| summary.end())
        };
        self.volumes().iter().filter_map(end).max()
    }
}
