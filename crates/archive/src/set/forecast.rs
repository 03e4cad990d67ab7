//! How fast room is used, from what was really recorded lately, and where a camera's share of room ends.
//!
//! What is not here: what people are told of it (the site), deleting ([`crate::retention`]).

use std::time::Duration;

use model::{CameraId, VolumeId, WallRange, WallTime};

use crate::{Reader, Summary, disk::Disk, index};

/// How fast room is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// Bytes that were recorded …
    pub bytes: u64,
    /// … in the stretch of so many microseconds that was looked at.
    pub over_us: i64,
}

impl Rate {
    /// Bytes a day; nothing where too little was recorded to tell (less than a minute).
    #[must_use]
    pub fn bytes_per_day(&self) -> Option<u64> {
        const DAY_US: i128 = 86_400_000_000;
        if self.over_us < 60_000_000 || self.bytes == 0 {
            return None;
        }
        u64::try_from(i128::from(self.bytes) * DAY_US / i128::from(self.over_us)).ok()
    }

    /// Days that so many bytes last.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "days are told to a tenth")]
    pub fn days(&self, bytes: u64) -> Option<f64> {
        self.bytes_per_day().map(|a_day| bytes as f64 / a_day as f64)
    }
}

/// What was recorded on these volumes in the last `window`: of one camera, or of all. A stretch before the first footage
/// does not count, so that a new camera is told right after a minute.
#[must_use]
pub fn rate<D: Disk>(
    volumes: &[Reader<D>],
    camera: Option<CameraId>,
    now: WallTime,
    window: Duration,
) -> Rate {
    let from = now - window;
    let mut rate = Rate::default();
    let mut first = now;
    for (_, summary) in volumes.iter().flat_map(|volume| volume.segments(camera, from)) {
        first = first.min(summary.start.max(from));
        // Of a segment that began before, the part within counts.
        let length = i64::from(summary.wall_us).max(1);
        let within = summary.end().micros_since(summary.start.max(from)).clamp(0, length);
        let bytes = i128::from(summary.bytes) * i128::from(within) / i128::from(length);
        rate.bytes += u64::try_from(bytes).unwrap_or(0);
    }
    rate.over_us = now.micros_since(first).max(0);
    rate
}

/// The moment up to which footage of a camera is beyond its share of `max_bytes`, counted over all volumes of the set, the
/// oldest first; nothing where all of it is within.
#[must_use]
pub fn horizon<D: Disk>(
    volumes: &[(VolumeId, Reader<D>)],
    camera: CameraId,
    max_bytes: u64,
) -> Option<WallTime> {
    let mut all: Vec<Summary> = volumes
        .iter()
        .flat_map(|(_, volume)| volume.segments(Some(camera), WallTime::MIN))
        .map(|(_, summary)| summary)
        .collect();
    all.sort_unstable_by_key(Summary::end);
    let mut kept = 0_u64;
    for summary in all.iter().rev() {
        kept = kept.saturating_add(summary.bytes.into());
        if kept > max_bytes {
            return Some(summary.end());
        }
    }
    None
}

impl<D: Disk> Reader<D> {
    /// The segments of one camera or of all that end after that moment, those being written too.
    fn segments(&self, camera: Option<CameraId>, from: WallTime) -> Vec<(model::StreamKey, Summary)> {
        self.need(WallRange { from, to: WallTime::MAX });
        let mut segments = Vec::new();
        for key in self.streams().into_iter().filter(|key| camera.is_none_or(|camera| key.camera == camera)) {
            let Some(stream) = self.shared().index.get(key) else { continue };
            segments.extend(index::read(&stream).from(from).map(|(summary, _)| (key, summary)));
        }
        segments
    }
}
