//! Knows pictures again that a stream has recorded already.
//!
//! Many cameras begin a session with the group of pictures that they are in: what they sent already, in a burst. Those
//! pictures are needed to decode what follows, but they must not stand on the timeline twice. They are known by their
//! bytes (length and CRC), by their order (a key frame and all after it, up to the last picture recorded) and by their
//! wall time; so neither a clock that was set nor a picture that never changes can make footage vanish. They become
//! the *lead-in* of the new run: see [`crate::format::head`].
//!
//! What is not here: what the writer does with them ([`crate::stream`]).

use std::collections::VecDeque;

use media::Sample;
use model::{StreamKey, TrackKind, WallRange, WallTime};

use crate::{Disk, Part, Reader};

/// So many pictures of a stream are remembered: 20 s at 25 a second.
const REMEMBERED: usize = 512;
/// The same picture is dated this close to its first time, in µs: the clock of a session begins anew.
const SAME_WALL_US: i64 = 1_500_000;

/// So much is held back until it is certain where the lead-in ends; what comes then is taken for new.
const HELD_BYTES: usize = 16 << 20;
const HELD_SAMPLES: usize = 2048;

/// How a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lead {
    /// With a picture that is shown.
    No,
    /// The first key frame tells.
    Unknown,
    /// With pictures that are recorded already; the next one is at that place among the last ones.
    Known(usize),
    /// With pictures before that decode time.
    Until(i64),
}

/// The begin of a run, held back until its first picture to be shown has come.
#[derive(Debug)]
pub(crate) struct LeadIn {
    pub(crate) lead: Lead,
    /// Each with its number and the time of its track's sample before.
    held: Vec<(Sample, u64, Option<i64>)>,
    bytes: usize,
}

impl LeadIn {
    pub(crate) fn new(lead: Lead) -> Self {
        Self { lead, held: Vec::new(), bytes: 0 }
    }

    /// Whether the sample belongs to the lead-in, which it does not end.
    pub(crate) fn goes_on_with(&mut self, sample: &Sample, tail: &Tail) -> bool {
        if sample.track == TrackKind::Audio {
            return !self.held.is_empty();
        }
        if self.held.is_empty() && !sample.key {
            return false;
        }
        if self.bytes + sample.data.len() > HELD_BYTES || self.held.len() >= HELD_SAMPLES {
            return false;
        }
        let place = match self.lead {
            Lead::No => return false,
            Lead::Until(time) => return sample.time < time,
            Lead::Unknown => tail.find(sample),
            Lead::Known(place) => Some(place).filter(|place| tail.is(*place, sample)),
        };
        if let Some(place) = place {
            self.lead = Lead::Known(place + 1);
        }
        place.is_some()
    }

    pub(crate) fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    pub(crate) fn hold(&mut self, sample: &Sample, number: u64, before: Option<i64>) {
        self.bytes += sample.data.len();
        self.held.push((sample.clone(), number, before));
    }

    /// The lead-in is over, or there is none.
    pub(crate) fn end(&mut self) -> Vec<(Sample, u64, Option<i64>)> {
        self.lead = Lead::No;
        self.bytes = 0;
        std::mem::take(&mut self.held)
    }
}

/// What a picture is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Print {
    len: u32,
    crc: u32,
    wall: WallTime,
}

/// The last pictures of a stream, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail {
    pictures: VecDeque<Print>,
}

fn print(data: &[u8], wall: WallTime) -> Print {
    Print { len: u32::try_from(data.len()).unwrap_or(u32::MAX), crc: crc32fast::hash(data), wall }
}

impl Print {
    fn is(&self, other: &Self) -> bool {
        (self.len, self.crc) == (other.len, other.crc)
            && self.wall.micros_since(other.wall).abs() <= SAME_WALL_US
    }
}

impl Tail {
    /// A picture is recorded.
    pub(crate) fn push(&mut self, picture: &Sample) {
        self.remember(print(&picture.data, picture.wall));
    }

    fn remember(&mut self, picture: Print) {
        if self.pictures.len() >= REMEMBERED {
            self.pictures.pop_front();
        }
        self.pictures.push_back(picture);
    }

    /// The pictures from the last key frame before that end of footage on; nothing where they cannot be read.
    pub(crate) fn read<D: Disk>(reader: &Reader<D>, key: StreamKey, end: WallTime) -> Option<Self> {
        let (_, first) = reader.key_frame(key, end).ok()??;
        let mut tail = Self::default();
        let mut plan = reader.plan(key, WallRange { from: first.wall, to: end }, &[TrackKind::Video]);
        while let Some(part) = plan.next() {
            let Part::Sample(sample) = part.ok()? else { continue };
            tail.remember(print(&plan.read(&sample).ok()?, plan.source_wall(&sample)));
        }
        Some(tail)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pictures.is_empty()
    }

    /// Pictures that were recorded did not stay.
    pub(crate) fn clear(&mut self) {
        self.pictures.clear();
    }

    /// The first picture of a run: where it stands among the last ones.
    pub(crate) fn find(&self, key: &Sample) -> Option<usize> {
        let wanted = print(&key.data, key.wall);
        self.pictures.iter().rposition(|known| wanted.is(known))
    }

    /// Whether that is the picture of that place.
    pub(crate) fn is(&self, place: usize, picture: &Sample) -> bool {
        self.pictures.get(place).is_some_and(|known| print(&picture.data, picture.wall).is(known))
    }
}
