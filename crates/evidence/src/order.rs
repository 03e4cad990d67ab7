//! In which order fragments go into a file, and at which time of it each run begins.
//!
//! Time in a file follows the wall clock where a run begins and the camera's own ticks within it. With [`Gaps::Cut`] the
//! time in which no camera of the file has anything is taken out of the clock.
//!
//! What is not here: what is in a fragment.

use archive::{Disk, Original, set::Reader};
use model::{WallRange, WallTime};

use crate::{
    Error, Gap,
    plan::{Gaps, Lane, Wish},
};

/// At the ends of a range less than this without pictures is no gap: frames do not come exactly when somebody asks.
const EDGE_US: i64 = 200_000;

/// A fragment of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) lane: usize,
    /// Which of the lane's excerpts.
    pub(crate) excerpt: usize,
    /// Which fragment of the segment.
    pub(crate) fragment: usize,
    pub(crate) begin: WallTime,
}

/// One open segment a lane.
pub(crate) struct Opened<'a, D: Disk> {
    reader: &'a Reader<D>,
    lanes: &'a [Lane],
    open: Vec<Option<(usize, Original<D::File>)>>,
}

impl<'a, D: Disk> Opened<'a, D> {
    pub(crate) fn new(reader: &'a Reader<D>, lanes: &'a [Lane]) -> Self {
        Self { reader, lanes, open: lanes.iter().map(|_| None).collect() }
    }

    /// The segment of a step.
    pub(crate) fn get(&mut self, step: &Step) -> Result<&Original<D::File>, Error> {
        let (Some(lane), Some(open)) = (self.lanes.get(step.lane), self.open.get_mut(step.lane)) else {
            return Err(Error::Empty);
        };
        let gone = || Error::Gone { stream: lane.source.key };
        if open.as_ref().is_none_or(|(excerpt, _)| *excerpt != step.excerpt) {
            let (volume, excerpt) = lane.excerpts.get(step.excerpt).ok_or_else(gone)?;
            let original =
                self.reader.original(*volume, lane.source.key, excerpt.segment)?.ok_or_else(gone)?;
            *open = Some((step.excerpt, original));
        }
        open.as_ref().map(|(_, original)| original).ok_or_else(gone)
    }
}

/// Ticks of 1/90000 s as ticks of a track, rounded.
pub(crate) fn from_90k(ticks: i64, timescale: u32) -> i64 {
    let scaled = (i128::from(ticks) * i128::from(timescale) * 2 + 90_000).div_euclid(180_000);
    i64::try_from(scaled).unwrap_or(if scaled < 0 { i64::MIN } else { i64::MAX })
}

/// A run's share of a lane.
struct Stretch {
    lane: usize,
    /// Its first excerpt.
    excerpt: usize,
    range: WallRange,
    /// Where it begins to be shown: after a lead-in.
    shown: WallTime,
    /// Media time of its begin, 1/90000 s.
    media: i64,
    /// Media time from its begin to its end, 1/90000 s.
    len: i64,
}

/// The fragments of all lanes by time; also gives the lanes their gaps and their times in the file. Lanes of which
/// nothing is shown lose their excerpts.
pub(crate) fn order<D: Disk>(
    reader: &Reader<D>,
    wish: &Wish,
    lanes: &mut [Lane],
) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    let mut stretches: Vec<Stretch> = Vec::new();
    for (number, lane) in lanes.iter_mut().enumerate() {
        let first = stretches.len();
        for (index, (volume, excerpt)) in lane.excerpts.iter().enumerate() {
            let gone = || Error::Gone { stream: lane.source.key };
            let original = reader.original(*volume, lane.source.key, excerpt.segment)?.ok_or_else(gone)?;
            let fragments = original.fragments.get(excerpt.fragments.clone()).ok_or_else(gone)?;
            lane.heard |= fragments.iter().any(|fragment| fragment.audio_samples > 0);
            for (fragment, found) in excerpt.fragments.clone().zip(fragments) {
                let begin = original.begin(found);
                steps.push(Step { lane: number, excerpt: index, fragment, begin });
            }
            let (Some(begin), Some(end)) = (fragments.first(), fragments.last()) else { continue };
            let anchor = original.head.anchor.media;
            let until = original.end(end);
            match stretches.last_mut().filter(|_| excerpt.continues) {
                Some(stretch) => {
                    stretch.range.to = stretch.range.to.max(until);
                    stretch.len = anchor.saturating_add(end.end()).saturating_sub(stretch.media);
                }
                None => {
                    let lead_in = lane.lead_ins.get(index).copied().flatten();
                    let whole = anchor.saturating_add(begin.time.into());
                    let media = lead_in.map_or(whole, |lead_in| lead_in.first);
                    let from = original.head.anchor.wall_at(media);
                    stretches.push(Stretch {
                        lane: number,
                        excerpt: index,
                        range: WallRange { from, to: until.max(from) },
                        shown: if original.head.is_lead_in(from) { original.head.anchor.wall } else { from },
                        media,
                        len: anchor.saturating_add(end.end()).saturating_sub(media),
                    });
                }
            }
        }
        let of_lane = stretches.get(first..).unwrap_or_default();
        lane.gaps =
            gaps(wish.range, of_lane.iter().map(|one| WallRange { from: one.shown, to: one.range.to }));
    }
    let clock = FileClock::new(wish.gaps, &stretches);
    for (number, lane) in lanes.iter_mut().enumerate() {
        let mut busy_until = i64::MIN;
        let mut shift = 0;
        let mut own = stretches.iter().filter(|stretch| stretch.lane == number).peekable();
        for index in 0..lane.excerpts.len() {
            if let Some(stretch) = own.next_if(|stretch| stretch.excerpt == index) {
                let begin = clock.at(stretch.range.from).max(busy_until);
                shift = begin.saturating_sub(stretch.media);
                busy_until = begin.saturating_add(stretch.len);
            }
            lane.shifts.push(shift);
        }
    }
    steps.sort_by_key(|step| step.begin);
    Ok(steps)
}

/// Where a camera has nothing within the range.
fn gaps(range: WallRange, stretches: impl Iterator<Item = WallRange>) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut at = range.from;
    let mut slack = EDGE_US;
    for stretch in stretches {
        if stretch.from.micros_since(at) > slack {
            gaps.push(Gap { from: at, to: stretch.from.min(range.to) });
        }
        at = at.max(stretch.to);
        slack = 0;
    }
    if range.to.micros_since(at) > EDGE_US {
        gaps.push(Gap { from: at, to: range.to });
    }
    gaps
}

/// Wall time to time in the file.
struct FileClock {
    /// Wall time that is in the file, in order and apart, and file time (µs) at the begin of each.
    pieces: Vec<(WallRange, i64)>,
}

impl FileClock {
    fn new(gaps: Gaps, stretches: &[Stretch]) -> Self {
        let mut ranges: Vec<WallRange> = stretches.iter().map(|stretch| stretch.range).collect();
        ranges.sort_by_key(|range| range.from);
        let mut pieces: Vec<(WallRange, i64)> = Vec::new();
        for range in ranges {
            match pieces.last_mut() {
                Some((last, _)) if gaps == Gaps::Keep || range.from <= last.to => {
                    last.to = last.to.max(range.to);
                }
                last => {
                    let at = last.map_or(0, |(last, at)| *at + last.micros());
                    pieces.push((range, at));
                }
            }
        }
        Self { pieces }
    }

    /// File time of a moment, 1/90000 s.
    fn at(&self, wall: WallTime) -> i64 {
        let after = self.pieces.partition_point(|(range, _)| range.from <= wall);
        let piece = after.checked_sub(1).and_then(|at| self.pieces.get(at));
        let micros = piece.map_or(0, |(range, at)| at.saturating_add(wall.micros_since(range.from)));
        micros.saturating_mul(9) / 100
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: i64, to: i64) -> WallRange {
        WallRange { from: WallTime::from_millis(from), to: WallTime::from_millis(to) }
    }

    fn stretch(from: i64, to: i64) -> Stretch {
        let range = range(from, to);
        Stretch { lane: 0, excerpt: 0, range, shown: range.from, media: 0, len: 0 }
    }

    #[test]
    fn gaps_are_what_no_stretch_covers() {
        let found = gaps(range(1000, 9000), [range(0, 2000), range(3000, 8000)].into_iter());
        let gap = |from, to| Gap { from: WallTime::from_millis(from), to: WallTime::from_millis(to) };
        assert_eq!(found, [gap(2000, 3000), gap(8000, 9000)]);
        assert_eq!(gaps(range(0, 1000), [range(100, 900)].into_iter()), []);
        assert_eq!(gaps(range(0, 1000), [].into_iter()), [gap(0, 1000)]);
    }

    #[test]
    fn a_cut_clock_leaves_out_what_no_camera_has() {
        let stretches = [stretch(1000, 2000), stretch(1500, 3000), stretch(10_000, 11_000)];
        let at = |gaps, ms| FileClock::new(gaps, &stretches).at(WallTime::from_millis(ms)) / 90;
        assert_eq!([1000, 3000, 10_500].map(|ms| at(Gaps::Keep, ms)), [0, 2000, 9500]);
        assert_eq!([1000, 2500, 10_500].map(|ms| at(Gaps::Cut, ms)), [0, 1500, 2500]);
    }
}
