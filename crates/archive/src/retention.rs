//! What must go: chosen by age and by room, never what is locked.
//!
//! Order: first what is older than its camera's days or beyond its camera's share, then the oldest of the whole volume
//! until its limit and the reserve hold. The segment being written is never chosen.
//!
//! What is not here: removing files ([`crate::Archive::enforce`]), judging whether the clock can be trusted.

use std::{collections::HashMap, time::Duration};

use model::{CameraId, StreamKey, StreamKind, WallRange, WallTime};
use serde::{Deserialize, Serialize};

use crate::{
    deletions,
    disk::Space,
    index::{self, Index, Summary},
    layout::SegmentName,
    locks::Lock,
};

/// What may stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// How long a camera's footage stays; a camera that is not named: for ever.
    pub max_age: HashMap<CameraId, Duration>,
    /// Footage of a camera that ends by then is beyond the camera's share of room: see [`crate::set::horizon`].
    pub before: HashMap<CameraId, WallTime>,
    /// Days that a camera's footage is wished to stay: what goes earlier for want of room is told.
    pub goals: HashMap<CameraId, Duration>,
    /// Bytes of recordings that the volume may hold.
    pub volume_bytes: Option<u64>,
    /// Bytes of the file system that stay free.
    pub reserve_bytes: u64,
}

/// Why something was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// It was older than its camera's days.
    Age,
    /// The volume was full.
    Room,
    /// The camera had used up its share of room.
    Share,
    /// It was written again elsewhere: see [`crate::set`].
    Void,
    /// A person asked for it.
    Person,
}

/// A segment that was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// Which stream's.
    pub key: StreamKey,
    /// What it was.
    pub segment: Summary,
    /// Why.
    pub reason: Reason,
}

/// What [`crate::Archive::enforce`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enforced {
    /// What was deleted.
    pub deleted: Vec<Deleted>,
    /// Bytes by which limit or reserve are still missed, since all that is left is locked or being written.
    pub missing_bytes: u64,
    /// Cameras of which footage went for want of room before its days were over.
    pub short: Vec<CameraId>,
    /// Bytes of footage that would have gone by age or room if no lock held it.
    pub locked_bytes: u64,
}

/// Of a segment: start in ms since 1970, run tag and number.
type Numbers = (i64, u32, u32);

/// An entry of the journal of deletions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) at: WallTime,
    pub(crate) reason: Reason,
    /// Each stream's.
    pub(crate) segments: Vec<(String, Vec<Numbers>)>,
    /// The same of earlier entries, in short: see [`crate::deletions`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) ranges: Vec<(String, Vec<deletions::Range>)>,
}

impl Entry {
    pub(crate) fn names(&self) -> impl Iterator<Item = (StreamKey, SegmentName)> {
        self.segments
            .iter()
            .filter_map(|(stream, names)| Some((crate::layout::parse_stream(stream)?, names)))
            .flat_map(|(key, names)| {
                names.iter().map(move |(start_ms, run_tag, number)| {
                    (key, SegmentName { start_ms: *start_ms, run_tag: *run_tag, number: *number })
                })
            })
    }

    /// One entry for these segments, which share a reason.
    pub(crate) fn of(at: WallTime, reason: Reason, deleted: &[Deleted]) -> Self {
        let mut segments: Vec<(String, Vec<Numbers>)> = Vec::new();
        for Deleted { key, segment, .. } in deleted {
            let name = segment.name();
            let name = (name.start_ms, name.run_tag, name.number);
            let stream = key.to_string();
            match segments.iter_mut().find(|(other, _)| *other == stream) {
                Some((_, names)) => names.push(name),
                None => segments.push((stream, vec![name])),
            }
        }
        Self { at, reason, segments, ranges: Vec::new() }
    }

    /// An entry in the place of earlier ones.
    pub(crate) fn short(at: WallTime, ranges: (String, Vec<deletions::Range>)) -> Self {
        Self { at, reason: Reason::Age, segments: Vec::new(), ranges: vec![ranges] }
    }
}

/// Chooses what must go.
pub(crate) fn choose(
    index: &Index,
    locks: &[Lock],
    retention: &Retention,
    space: Space,
    now: WallTime,
) -> Enforced {
    let mut all: Vec<(StreamKey, Summary)> = Vec::new();
    let mut used = 0;
    for key in index.keys() {
        let Some(stream) = index.get(key) else { continue };
        let stream = index::read(&stream);
        used += stream.bytes();
        all.extend(stream.closed.iter().map(|summary| (key, *summary)));
    }
    all.sort_by_key(|(key, summary)| (summary.end(), *key.camera.as_bytes(), key.kind == StreamKind::Sub));
    let over_limit = retention.volume_bytes.map_or(0, |limit| used.saturating_sub(limit));
    let mut missing = over_limit.max(retention.reserve_bytes.saturating_sub(space.free));
    let mut enforced = Enforced::default();
    let too_old = |key: &StreamKey, summary: &Summary| {
        retention.max_age.get(&key.camera).is_some_and(|age| summary.end() <= now - *age)
    };
    let beyond = |key: &StreamKey, summary: &Summary| {
        retention.before.get(&key.camera).is_some_and(|before| summary.end() <= *before)
    };
    let mut must: Vec<((StreamKey, Summary), Reason)> = Vec::new();
    let mut young = Vec::new();
    for (key, summary) in all {
        if too_old(&key, &summary) {
            must.push(((key, summary), Reason::Age));
        } else if beyond(&key, &summary) {
            must.push(((key, summary), Reason::Share));
        } else {
            young.push(((key, summary), Reason::Room));
        }
    }
    for ((key, segment), reason) in must.into_iter().chain(young) {
        if reason == Reason::Room && missing == 0 {
            break;
        }
        let range = WallRange { from: segment.start, to: segment.end().max(segment.start.plus_micros(1)) };
        if locks.iter().any(|lock| lock.keeps(key.camera, &range)) {
            enforced.locked_bytes += u64::from(segment.bytes);
            continue;
        }
        missing = missing.saturating_sub(segment.bytes.into());
        let early = retention.goals.get(&key.camera).is_some_and(|goal| segment.end() > now - *goal);
        if reason == Reason::Room && early && !enforced.short.contains(&key.camera) {
            enforced.short.push(key.camera);
        }
        enforced.deleted.push(Deleted { key, segment, reason });
    }
    enforced.missing_bytes = missing;
    enforced
}
