//! Marks: what happened while a stream was recorded, kept with the footage.
//!
//! A mark says that something begins or ends at a moment. Marks lie in the `moof` of the fragment that is written next
//! (so they survive what the fragment survives, and the chain covers them) and once more in the segment's table. A
//! segment repeats in its first fragment what goes on already, so that it can be understood alone.
//!
//! | bytes | what |
//! |--:|---|
//! | 8 | time, µs since 1970, by the clock of `Sample::wall` |
//! | 1 1 | kind: 0 motion, 1 estimated motion, 2 manual, 3 event; 1 where it begins, 0 where it ends |
//! | 1 … | length of the event's name, the name (UTF-8); 0 for other kinds |
//!
//! What is not here: what a camera says about motion, which marks start a recording (the site).

use model::{WallRange, WallTime};

use crate::{
    clock::Anchor,
    format::{Head, Malformed, Table, fields::Fields},
};

/// An event's name is cut to so many bytes.
pub const MAX_NAME: usize = 96;
/// A fragment takes so many marks; later ones go into the next fragment.
pub(crate) const PER_FRAGMENT: usize = 64;
/// So many wait for their fragment; what comes then is dropped.
pub(crate) const WAITING: usize = 1024;
/// A segment's table keeps so many; those in the fragments go on.
pub(crate) const PER_SEGMENT: usize = 2048;
/// So many different things go on at the same time; further ones are marks without a length.
const ACTIVE: usize = 32;

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MarkKind {
    /// Motion, as the camera says.
    Motion,
    /// Motion, estimated from the sizes of frames.
    MotionEstimated,
    /// A person records.
    Manual,
    /// An event of the camera, by its name (at most [`MAX_NAME`] bytes are kept).
    Event(String),
}

/// Something begins or ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When, by the same clock as the samples' wall times.
    pub time: WallTime,
    /// What.
    pub kind: MarkKind,
    /// Whether it begins.
    pub on: bool,
}

/// A set of kinds of marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct MarkKinds(pub u16);

/// A stretch of recording during which something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// From when to when, on the timeline of the footage.
    pub range: WallRange,
    /// What; exactly one kind.
    pub kind: MarkKinds,
}

/// The same, inside of one segment, in 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) start: WallTime,
    pub(crate) ms: u32,
    pub(crate) kind: MarkKinds,
}

const _: () = assert!(size_of::<Stretch>() == 16);

impl MarkKind {
    /// The kind alone.
    #[must_use]
    pub const fn bit(&self) -> MarkKinds {
        match self {
            Self::Motion => MarkKinds::MOTION,
            Self::MotionEstimated => MarkKinds::MOTION_ESTIMATED,
            Self::Manual => MarkKinds::MANUAL,
            Self::Event(_) => MarkKinds::EVENT,
        }
    }
}

impl MarkKinds {
    /// Motion, as the camera says.
    pub const MOTION: Self = Self(1);
    /// Motion, estimated.
    pub const MOTION_ESTIMATED: Self = Self(2);
    /// A person records.
    pub const MANUAL: Self = Self(4);
    /// Events of the camera.
    pub const EVENT: Self = Self(8);

    /// Whether one of these is in the set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl Stretch {
    pub(crate) fn end(&self) -> WallTime {
        self.start.plus_micros(i64::from(self.ms) * 1000)
    }
}

/// What goes on, by what began and did not end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Active(Vec<Mark>);

impl Active {
    /// Takes note of a mark.
    pub(crate) fn take(&mut self, mark: &Mark) {
        let at = self.0.iter().position(|other| other.kind == mark.kind);
        match (at, mark.on) {
            (None, true) if self.0.len() < ACTIVE => self.0.push(mark.clone()),
            (Some(at), false) => drop(self.0.remove(at)),
            _ => {}
        }
    }

    pub(crate) fn kinds(&self) -> MarkKinds {
        self.0.iter().fold(MarkKinds::default(), |kinds, mark| MarkKinds(kinds.0 | mark.kind.bit().0))
    }

    pub(crate) fn marks(&self) -> &[Mark] {
        &self.0
    }

    /// Takes the marks of a fragment; tells what went on during it.
    pub(crate) fn fragment(&mut self, marks: &[Mark]) -> MarkKinds {
        let mut kinds = self.kinds();
        for mark in marks {
            self.take(mark);
            kinds.0 |= mark.kind.bit().0;
        }
        kinds
    }
}

/// Writes marks.
pub(crate) fn encode(marks: &[Mark], out: &mut Vec<u8>) {
    for mark in marks {
        out.extend_from_slice(&mark.time.micros().to_be_bytes());
        let (kind, name) = match &mark.kind {
            MarkKind::Motion => (0, ""),
            MarkKind::MotionEstimated => (1, ""),
            MarkKind::Manual => (2, ""),
            MarkKind::Event(name) => (3, name.as_str()),
        };
        let name = name.get(..name.floor_char_boundary(MAX_NAME)).unwrap_or_default();
        out.extend_from_slice(&[kind, u8::from(mark.on), u8::try_from(name.len()).unwrap_or(0)]);
        out.extend_from_slice(name.as_bytes());
    }
}

/// Reads so many marks, or all there are.
pub(crate) fn parse(fields: &mut Fields<'_>, count: Option<usize>) -> Result<Vec<Mark>, Malformed> {
    let mut marks = Vec::new();
    while count.map_or(!fields.0.is_empty(), |count| marks.len() < count) {
        let time = WallTime::from_micros(fields.i64()?);
        let [kind, on, len] = fields.array()?;
        let name = fields.bytes(len.into())?;
        let kind = match kind {
            0 => MarkKind::Motion,
            1 => MarkKind::MotionEstimated,
            2 => MarkKind::Manual,
            3 => MarkKind::Event(String::from_utf8_lossy(name).into_owned()),
            _ => return Err(Malformed("a mark's kind is unknown")),
        };
        marks.push(Mark { time, kind, on: on == 1 });
    }
    Ok(marks)
}

/// Where a moment that the source told stands on the timeline of a segment's footage.
pub(crate) fn placed(head: &Head, time: WallTime) -> WallTime {
    let Anchor { media, .. } = head.anchor;
    // 1/90000 s are 100/9 µs.
    let ticks = time.micros_since(head.source_wall).saturating_mul(9) / 100;
    head.anchor.wall_at(media.saturating_add(ticks))
}

/// What happened in a segment, from its table.
pub(crate) fn stretches(head: &Head, table: &Table) -> Vec<Stretch> {
    let (start, end) = (head.anchor.wall, head.anchor.wall_at(head.anchor.media.saturating_add(table.end())));
    let at = |mark: &Mark| placed(head, mark.time).clamp(start, end);
    let mut open: Vec<(&MarkKind, WallTime)> = Vec::new();
    let mut out = Vec::new();
    let close = |kind: &MarkKind, from: WallTime, to: WallTime| {
        let ms = u32::try_from(to.micros_since(from).max(0) / 1000).unwrap_or(u32::MAX);
        Stretch { start: from, ms, kind: kind.bit() }
    };
    for mark in &table.marks {
        let known = open.iter().position(|(kind, _)| **kind == mark.kind);
        match (known, mark.on) {
            (None, true) => open.push((&mark.kind, at(mark))),
            (Some(known), false) => {
                let (kind, from) = open.swap_remove(known);
                out.push(close(kind, from, at(mark)));
            }
            _ => {}
        }
    }
    out.extend(open.into_iter().map(|(kind, from)| close(kind, from, end)));
    out.sort_by_key(|stretch| stretch.start);
    out
}

/// Joins stretches of the same kind that are closer to each other than `resolution`; in the range, by start.
pub(crate) fn join(
    stretches: impl Iterator<Item = Stretch>,
    range: WallRange,
    resolution_us: i64,
) -> Vec<Activity> {
    let mut out: Vec<Activity> = Vec::new();
    // Index in `out` of the last one of each kind.
    let mut last: [Option<usize>; 16] = [None; 16];
    for stretch in stretches {
        let to = stretch.end().max(stretch.start.plus_micros(1));
        let Some(clipped) = (WallRange { from: stretch.start, to }).intersection(&range) else { continue };
        let Some(slot) = last.get_mut(stretch.kind.0.trailing_zeros() as usize) else { continue };
        match slot.and_then(|at| out.get_mut(at)) {
            Some(before) if clipped.from.micros_since(before.range.to) < resolution_us.max(2000) => {
                before.range.to = before.range.to.max(clipped.to);
            }
            _ => {
                *slot = Some(out.len());
                out.push(Activity { range: clipped, kind: stretch.kind });
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_as_they_were_written_and_names_are_cut() {
        let mark = |kind, on| Mark { time: WallTime::from_millis(1_234), kind, on };
        let long = "ü".repeat(100);
        let marks = [
            mark(MarkKind::Motion, true),
            mark(MarkKind::MotionEstimated, false),
            mark(MarkKind::Manual, true),
            mark(MarkKind::Event("Device1Scenario1".to_owned()), true),
            mark(MarkKind::Event(long.clone()), false),
        ];
        let mut bytes = Vec::new();
        encode(&marks, &mut bytes);
        let read = parse(&mut Fields(&bytes), None).unwrap();
        assert_eq!(read.get(..4), marks.get(..4));
        assert_eq!(read[4].kind, MarkKind::Event("ü".repeat(48)));
        for len in 1..bytes.len() {
            let _ = parse(&mut Fields(&bytes[..len]), None);
            assert!(parse(&mut Fields(&bytes[..len]), Some(5)).is_err());
        }
    }
}
