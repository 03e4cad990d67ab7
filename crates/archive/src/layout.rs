//! Where things lie on a volume: names, made and read.
//!
//! ```text
//! volume.json                                                      what this volume is
//! locks  deletions  roots  copies  adoptions                       journals (see `journal`)
//! 2026-11-21/                                                      UTC day in which its segments begin
//!   index                                                          cache of the heads and trailers of the day
//!   <camera, 32 hex digits>.main/
//!     14-07-21.500-9c01aa37-00003.mp4                              start (UTC, ms), last 4 bytes of the run's id, number
//! ```
//!
//! What is not here: reading or writing any of these files.

use model::{RunId, StreamKey, VolumeId, WallTime};
use sha2::{Digest, Sha256};

use crate::chain;

/// What this volume is: see [`crate::volume`].
pub const VOLUME_FILE: &str = "volume.json";
/// The journal of locks.
pub const LOCKS_FILE: &str = "locks";
/// The journal of deletions.
pub const DELETIONS_FILE: &str = "deletions";
/// The journal of hourly roots: see [`crate::roots`].
pub const ROOTS_FILE: &str = "roots";
/// The journal of what was written again: see [`crate::set`].
pub const COPIES_FILE: &str = "copies";
/// The journal of adoptions: see [`crate::volume::adopt`].
pub const ADOPTIONS_FILE: &str = "adoptions";
/// Name of a day's index within the day's directory.
pub const INDEX_FILE: &str = "index";

const DAY_MICROS: i64 = 86_400_000_000;

/// A UTC day, counted from 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Day(i32);

/// What the name of a segment's file tells.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SegmentName {
    /// Wall time of the first picture, cut to the millisecond.
    pub start_ms: i64,
    /// The last 4 bytes of the run's id.
    pub run_tag: u32,
    /// Which segment of the run, from 0.
    pub number: u32,
}

impl Day {
    /// The day that the moment lies in.
    #[must_use]
    pub fn of(at: WallTime) -> Self {
        Self(i32::try_from(at.micros().div_euclid(DAY_MICROS)).unwrap_or(0))
    }

    /// Its first moment.
    #[must_use]
    pub fn start(self) -> WallTime {
        WallTime::from_micros(i64::from(self.0) * DAY_MICROS)
    }

    /// The day after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The name of its directory.
    #[must_use]
    pub fn directory(self) -> String {
        let (year, month, day) = self.start().utc_date();
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// The day of a directory's name; nothing where it is not one.
    #[must_use]
    pub fn parse(directory: &str) -> Option<Self> {
        let midnight: WallTime = format!("{directory}T00:00:00Z").parse().ok()?;
        Some(Self::of(midnight)).filter(|day| day.directory() == directory)
    }

    /// Path of its index.
    #[must_use]
    pub fn index_path(self) -> String {
        format!("{}/{INDEX_FILE}", self.directory())
    }
}

/// The part of a run's id that stands in names.
#[must_use]
pub fn run_tag(run: RunId) -> u32 {
    let [.., a, b, c, d] = *run.as_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// The name of a new run. Made of what no other run has, so that the engine needs neither clock nor dice.
pub(crate) fn run_id(
    volume: VolumeId,
    key: StreamKey,
    now: WallTime,
    previous: &chain::Value,
    before: RunId,
) -> RunId {
    let mut hash = Sha256::new_with_prefix(b"martello run 1");
    hash.update(volume.as_bytes());
    hash.update(key.to_string());
    hash.update(now.micros().to_be_bytes());
    hash.update(previous);
    hash.update(before.as_bytes());
    let mut id = [0; 16];
    id.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
    // RFC 9562, 5.8: a UUID of version 8.
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    RunId::from_bytes(id)
}

/// The stream of a directory's name within a day; nothing where it is not one.
#[must_use]
pub fn parse_stream(directory: &str) -> Option<StreamKey> {
    let (camera, kind) = directory.split_once('.')?;
    let key = StreamKey { camera: camera.parse().ok()?, kind: kind.parse().ok()? };
    Some(key).filter(|key| key.to_string() == directory)
}

/// A number of these digits (lower case) and nothing else.
fn digits(text: &[u8], radix: u32) -> Option<u32> {
    text.iter().try_fold(0_u32, |number, byte| {
        let digit = char::from(*byte).to_digit(radix).filter(|_| !byte.is_ascii_uppercase())?;
        number.checked_mul(radix)?.checked_add(digit)
    })
}

impl SegmentName {
    /// The day in whose directory it lies.
    #[must_use]
    pub fn day(&self) -> Day {
        Day::of(WallTime::from_millis(self.start_ms))
    }

    /// The file's name within the stream's directory.
    #[must_use]
    pub fn file(&self) -> String {
        let ms = self.start_ms.rem_euclid(DAY_MICROS / 1000);
        let (hours, minutes, seconds, ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
        let Self { run_tag, number, .. } = self;
        format!("{hours:02}-{minutes:02}-{seconds:02}.{ms:03}-{run_tag:08x}-{number:05}.mp4")
    }

    /// Reads a file's name; nothing where it is not a segment's. (Starting reads some hundred thousand of them.)
    #[must_use]
    pub fn parse(day: Day, file: &str) -> Option<Self> {
        let fields = file.strip_suffix(".mp4")?.as_bytes();
        let (time, rest) = fields.split_first_chunk::<12>()?;
        let (tag, number) = rest.split_first_chunk::<10>()?;
        let [h, hh, b'-', m, mm, b'-', s, ss, b'.', ms @ ..] = *time else { return None };
        let [b'-', tag @ .., b'-'] = *tag else { return None };
        let (hours, minutes, seconds, ms) =
            (digits(&[h, hh], 10)?, digits(&[m, mm], 10)?, digits(&[s, ss], 10)?, digits(&ms, 10)?);
        let long = number.len() > 5 && number.first() == Some(&b'0');
        if hours > 23 || minutes > 59 || seconds > 59 || number.len() < 5 || long {
            return None;
        }
        let in_day = i64::from(hours) * 3_600_000 + i64::from(minutes) * 60_000 + i64::from(seconds) * 1000;
        let start_ms = day.start().millis() + in_day + i64::from(ms);
        Some(Self { start_ms, run_tag: digits(&tag, 16)?, number: digits(number, 10)? })
    }

    /// Path of the file on the volume.
    #[must_use]
    pub fn path(&self, key: StreamKey) -> String {
        format!("{}/{key}/{}", self.day().directory(), self.file())
    }
}

#[cfg(test)]
mod tests {
    use model::{CameraId, StreamKind};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_segment_is_found_by_day_stream_and_time() {
        let key = StreamKey { camera: CameraId::from_bytes([0xab; 16]), kind: StreamKind::Main };
        let start: WallTime = "2026-11-21T14:07:21.5Z".parse().unwrap();
        let run = RunId::from_bytes([0x9c, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0x9c, 0x01, 0xaa, 0x37]);
        let name = SegmentName { start_ms: start.millis(), run_tag: run_tag(run), number: 3 };
        let path = "2026-11-21/abababababababababababababababab.main/14-07-21.500-9c01aa37-00003.mp4";
        assert_eq!(name.path(key), path);
    }

    #[test]
    fn what_is_not_ours_is_not_taken_for_ours() {
        for directory in ["2026-11-2", "2026-13-01", "lost+found", "2026-11-21 ", "", "+2026-11-21"] {
            assert_eq!(Day::parse(directory), None, "{directory}");
        }
        let day = Day::parse("2026-11-21").unwrap();
        for file in ["", "a.mp4", "14-07-21.500-9c01aa37-3.mp4", "24-00-00.000-9c01aa37-00003.mp4", "index"] {
            assert_eq!(SegmentName::parse(day, file), None, "{file}");
        }
        assert_eq!(parse_stream("abababababababababababababababab.other"), None);
    }

    proptest! {
        #[test]
        fn names_are_read_as_they_were_written(micros in -2_000_000_000_000_000_i64..200_000_000_000_000_000, run_tag: u32, number: u32) {
            let start_ms = WallTime::from_micros(micros).millis();
            let name = SegmentName { start_ms, run_tag, number };
            let day = Day::parse(&name.day().directory()).unwrap();
            prop_assert_eq!(SegmentName::parse(day, &name.file()), Some(name));
        }
    }
}
