//! The index of one day: a cache of what its segments' heads and trailers say, so that a start need not open them.
//! It can be deleted at any time. It names closed segments only, whose summaries never change.
//!
//! ```text
//! "martello index 1\n" | volume [16] | number of streams u32
//! per stream: camera [16] | stream u8 (0 main, 1 sub) | number of segments u32
//! per segment: start i64 µs | length u32 µs | bytes u32 | run tag u32 | number u32 | sealed u8 | stretches u16
//! per stretch (see `mark`): start after the segment's u32 ms | length u32 ms | kind u16
//! SHA-256 of all before it
//! ```
//!
//! What is not here: deciding whether the index is complete: the loader compares it with the directory.

use std::collections::HashMap;

use model::{CameraId, StreamKey, StreamKind, VolumeId, WallTime};
use sha2::{Digest, Sha256};

use crate::{
    Error,
    disk::{Disk, File},
    index::Summary,
    layout::{Day, SegmentName},
    mark::{MarkKinds, Stretch},
};

const MAGIC: &[u8] = b"martello index 1\n";
/// A day has at most so many segments: a segment a second of 1000 streams would not fill this.
const MAX_LEN: u64 = 1 << 31;

/// What a day's index says.
#[derive(Debug, Default)]
pub(crate) struct DayIndex(HashMap<StreamKey, HashMap<SegmentName, Entry>>);

/// A closed segment and what happened during it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) summary: Summary,
    pub(crate) stretches: Vec<Stretch>,
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    fn entry(&mut self) -> Option<Entry> {
        let summary = Summary {
            start: WallTime::from_micros(i64::from_be_bytes(self.array()?)),
            wall_us: self.u32()?,
            bytes: self.u32()?,
            run_tag: self.u32()?,
            number: self.u32()?,
            sealed: self.array::<1>()? == [1],
        };
        let count = self.u16()?;
        let stretches = (0..count).map(|_| self.stretch(summary.start)).collect::<Option<_>>()?;
        Some(Entry { summary, stretches })
    }

    fn stretch(&mut self, segment: WallTime) -> Option<Stretch> {
        let start = segment.plus_micros(i64::from(self.u32()?) * 1000);
        Some(Stretch { start, ms: self.u32()?, kind: MarkKinds(self.u16()?) })
    }
}

impl DayIndex {
    /// Reads a day's index; nothing where there is none that is whole and of this volume.
    pub(crate) fn read(disk: &impl Disk, volume: VolumeId, day: Day) -> Option<Self> {
        let file = disk.open(&day.index_path()).ok()?;
        let len = file.len().ok().filter(|len| *len <= MAX_LEN)?;
        let bytes = file.read_exact_at(0, usize::try_from(len).ok()?).ok()?;
        Self::parse(&bytes, volume, day)
    }

    fn parse(bytes: &[u8], volume: VolumeId, day: Day) -> Option<Self> {
        let (content, digest) = bytes.split_last_chunk::<32>()?;
        if Sha256::digest(content).as_slice() != digest {
            return None;
        }
        let mut fields = Reader(content.strip_prefix(MAGIC)?);
        if fields.array()? != *volume.as_bytes() {
            return None;
        }
        let mut streams = HashMap::new();
        for _ in 0..fields.u32()? {
            let camera = CameraId::from_bytes(fields.array()?);
            let kind = if fields.array::<1>()? == [0] { StreamKind::Main } else { StreamKind::Sub };
            let count = fields.u32()?;
            let entries: Option<HashMap<_, _>> =
                (0..count).map(|_| fields.entry().map(|entry| (entry.summary.name(), entry))).collect();
            streams.insert(StreamKey { camera, kind }, entries?);
        }
        let of_day = streams.values().flat_map(HashMap::keys).all(|name| name.day() == day);
        (of_day && fields.0.is_empty()).then_some(Self(streams))
    }

    /// Writes a day's index.
    pub(crate) fn write(
        disk: &impl Disk,
        volume: VolumeId,
        day: Day,
        streams: impl IntoIterator<Item = (StreamKey, Vec<Entry>)>,
    ) -> Result<(), Error> {
        let streams: Vec<_> = streams.into_iter().collect();
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes();
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(volume.as_bytes());
        out.extend_from_slice(&count(streams.len()));
        for (key, entries) in &streams {
            out.extend_from_slice(key.camera.as_bytes());
            out.push(u8::from(key.kind == StreamKind::Sub));
            out.extend_from_slice(&count(entries.len()));
            for Entry { summary, stretches } in entries {
                out.extend_from_slice(&summary.start.micros().to_be_bytes());
                for number in [summary.wall_us, summary.bytes, summary.run_tag, summary.number] {
                    out.extend_from_slice(&number.to_be_bytes());
                }
                out.push(summary.sealed.into());
                let stretches = stretches.get(..stretches.len().min(u16::MAX.into())).unwrap_or_default();
                out.extend_from_slice(&u16::try_from(stretches.len()).unwrap_or(0).to_be_bytes());
                for stretch in stretches {
                    let offset = stretch.start.micros_since(summary.start).max(0) / 1000;
                    out.extend_from_slice(&u32::try_from(offset).unwrap_or(u32::MAX).to_be_bytes());
                    out.extend_from_slice(&stretch.ms.to_be_bytes());
                    out.extend_from_slice(&stretch.kind.0.to_be_bytes());
                }
            }
        }
        let digest = Sha256::digest(&out);
        out.extend_from_slice(&digest);
        let path = day.index_path();
        disk.replace(&path, &out).map_err(|error| Error::WriteIndex { path, error })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes out what it says about all streams.
    pub(crate) fn take_rest(&mut self) -> impl Iterator<Item = (StreamKey, HashMap<SegmentName, Entry>)> {
        std::mem::take(&mut self.0).into_iter()
    }

    /// Takes out what it says about a stream.
    pub(crate) fn take(&mut self, key: StreamKey) -> HashMap<SegmentName, Entry> {
        self.0.remove(&key).unwrap_or_default()
    }
}
