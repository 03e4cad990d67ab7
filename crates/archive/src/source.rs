//! A segment as a reader sees it: closed, with the table of its trailer, or still growing.
//!
//! What is not here: the order of frames ([`crate::plan`]), keeping tables ([`crate::tables`]).

use std::sync::{Arc, RwLock};

use media::Tracks;
use model::{StreamKey, TrackKind, WallTime};

use crate::{
    Error,
    archive::Volumes,
    disk::Disk,
    format::{Head, KeyFrame, Table},
    index::{self, Stream},
    layout::SegmentName,
    plan::SampleRef,
    tables::Contents,
};

/// Where the table of a segment is.
pub(crate) enum Source {
    /// It is being written: its table grows.
    Open { head: Head, tracks: Arc<Tracks> },
    /// It is closed.
    Closed(Arc<Contents>),
}

impl Source {
    /// The segment of that name; nothing where it is gone.
    pub(crate) fn find<D: Disk>(
        volumes: &Volumes<D>,
        key: StreamKey,
        name: SegmentName,
    ) -> Result<Option<Self>, Error> {
        let Some(stream) = volumes.index.get(key) else { return Ok(None) };
        let summary = {
            let stream = index::read(&stream);
            if let Some(open) = stream.open.as_ref().filter(|open| open.head.name() == name) {
                return Ok(Some(Self::Open { head: open.head, tracks: Arc::clone(&open.tracks) }));
            }
            stream.closed_named(name)
        };
        let Some(summary) = summary else { return Ok(None) };
        match volumes.tables.get(&volumes.disk, key, &summary) {
            Err(Error::ReadSegment { error, .. }) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            other => other.map(|contents| Some(Self::Closed(contents))),
        }
    }

    pub(crate) fn head(&self) -> &Head {
        match self {
            Self::Open { head, .. } => head,
            Self::Closed(contents) => &contents.head,
        }
    }

    pub(crate) fn tracks(&self) -> &Arc<Tracks> {
        match self {
            Self::Open { tracks, .. } => tracks,
            Self::Closed(contents) => &contents.tracks,
        }
    }

    /// Asks the table; nothing where the segment was closed meanwhile and must be found again.
    pub(crate) fn table<T>(&self, stream: &RwLock<Stream>, ask: impl FnOnce(&Table) -> T) -> Option<T> {
        match self {
            Self::Closed(contents) => Some(ask(&contents.table)),
            Self::Open { head, .. } => {
                let stream = index::read(stream);
                stream
                    .open
                    .as_ref()
                    .filter(|open| open.head.name() == head.name())
                    .map(|open| ask(&open.table))
            }
        }
    }

    /// The last key frame that is shown at or before the moment.
    pub(crate) fn key_frame(
        &self,
        stream: &RwLock<Stream>,
        at: WallTime,
    ) -> Option<(Arc<Tracks>, SampleRef)> {
        let anchor = self.head().anchor;
        let void = index::read(stream).void_of(self.head().name().run_tag);
        let counts = |key: &&KeyFrame| {
            let time = anchor.media.saturating_add(key.time.into());
            void.is_none_or(|void| !void.takes(TrackKind::Video, time))
        };
        let found = self.table(stream, |table| {
            let wall =
                |time: i32, offset: i32| anchor.wall_at(anchor.media + i64::from(time) + i64::from(offset));
            let after = table.keys.partition_point(|key| wall(key.time, key.composition_offset) <= at);
            let key = table.keys.get(..after)?.iter().rev().find(counts)?;
            let fragment = table.fragments.get(key.fragment as usize)?;
            Some(SampleRef {
                track: TrackKind::Video,
                segment: self.head().name(),
                fragment: fragment.offset.into(),
                fragment_len: fragment.len,
                offset: u64::from(fragment.offset) + u64::from(key.offset),
                len: key.len,
                time: anchor.media + i64::from(key.time),
                duration: key.duration,
                composition_offset: key.composition_offset,
                key: true,
                wall: wall(key.time, key.composition_offset),
                preroll: false,
            })
        });
        Some((Arc::clone(self.tracks()), found??))
    }
}
