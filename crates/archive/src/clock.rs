//! Where a segment stands on the wall clock.
//!
//! Within a segment the wall time of a frame follows from its media time alone: `wall = anchor + elapsed × (1 + slew)`.
//! A segment's anchor is chosen when it begins, by `place`, so that footage of a stream never overlaps and never
//! goes back, whatever the clocks do:
//! - the frame's own wall time where that leads to no overlap;
//! - else the end of the footage that is in the way, and the segment's wall clock runs slower (at most by half) until
//!   it agrees with the frames' own again. This is how the drift of a camera's crystal is taken up, and a clock set
//!   back by an hour is caught up with in two.
//!
//! A clock set forward leaves a gap. What the clocks said is kept in the segment's head besides (`source_wall`,
//! `server_wall`), so nothing is lost by this.
//!
//! What is not here: reading a clock, or judging which clock is right.

use model::{WallRange, WallTime};

/// Fastest slew, in millionths.
const MAX_SLEW_PPM: i64 = 500_000;
/// A slew is laid out over so many microseconds: the length of a full segment.
const SLEW_OVER_US: i64 = 300_000_000;
/// A frame whose own wall time is further than this from where its segment puts it begins a new run (at a key frame).
pub(crate) const STEP_US: i64 = 2_000_000;

/// How wall time follows from media time within a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Anchor {
    /// Wall time of the first picture.
    pub wall: WallTime,
    /// Media time of the first picture's presentation, 1/90000 s since the start of the run.
    pub media: i64,
    /// By how many millionths wall time runs faster than media time within the segment (−500000 ..= 0).
    pub slew_ppm: i32,
}

impl Anchor {
    /// Wall time at a media time in 1/90000 s. Never decreases where `ticks` does not.
    #[must_use]
    pub fn wall_at(&self, ticks: i64) -> WallTime {
        let elapsed_us = (i128::from(ticks) - i128::from(self.media)) * 100;
        let rate = 1_000_000 + i128::from(self.slew_ppm);
        let micros = (elapsed_us * rate).div_euclid(9 * 1_000_000);
        self.wall.plus_micros(i64::try_from(micros).unwrap_or(if micros < 0 { i64::MIN } else { i64::MAX }))
    }
}

/// A track's ticks as 1/90000 s, rounded down.
#[must_use]
pub fn to_90k(ticks: i64, timescale: u32) -> i64 {
    if timescale == 90_000 || timescale == 0 {
        return ticks;
    }
    let scaled = (i128::from(ticks) * 90_000).div_euclid(i128::from(timescale));
    i64::try_from(scaled).unwrap_or(if scaled < 0 { i64::MIN } else { i64::MAX })
}

/// The anchor of a segment that begins with a picture at `media` whose own wall time is `source`.
///
/// `occupied` is asked for the first footage of the stream that reaches into a range, and tells its end.
pub(crate) fn place(
    source: WallTime,
    media: i64,
    mut occupied: impl FnMut(WallRange) -> Option<WallTime>,
) -> Anchor {
    let mut wall = source;
    while let Some(range) = WallRange::new(wall, wall.plus_micros(SLEW_OVER_US)) {
        match occupied(range) {
            Some(end) if end > wall => wall = end,
            _ => break,
        }
    }
    let ahead_us = wall.micros_since(source);
    let slew_ppm = -(ahead_us.saturating_mul(1_000_000) / SLEW_OVER_US).clamp(0, MAX_SLEW_PPM);
    Anchor { wall, media, slew_ppm: i32::try_from(slew_ppm).unwrap_or(0) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn anchor(slew_ppm: i32) -> Anchor {
        Anchor { wall: WallTime::from_millis(1_000_000), media: 90_000, slew_ppm }
    }

    #[test]
    fn wall_time_follows_media_time() {
        assert_eq!(anchor(0).wall_at(90_000), WallTime::from_millis(1_000_000));
        assert_eq!(anchor(0).wall_at(180_000), WallTime::from_millis(1_001_000));
        assert_eq!(anchor(-500_000).wall_at(180_000), WallTime::from_millis(1_000_500));
        assert_eq!(to_90k(8000, 8000), 90_000);
    }

    #[test]
    fn a_clock_set_back_does_not_make_footage_overlap() {
        let at = |ms| WallTime::from_millis(ms);
        let recorded = WallRange { from: at(0), to: at(3_600_000) };
        let occupied = |range: WallRange| recorded.intersection(&range).map(|_| recorded.to);
        let place = |ms| place(at(ms), 0, occupied);
        assert_eq!(place(3_600_000), Anchor { wall: at(3_600_000), media: 0, slew_ppm: 0 });
        assert_eq!(place(3_599_970), Anchor { wall: at(3_600_000), media: 0, slew_ppm: -100 });
        assert_eq!(place(1_000_000), Anchor { wall: at(3_600_000), media: 0, slew_ppm: -500_000 });
        assert_eq!(place(-400_000), Anchor { wall: at(-400_000), media: 0, slew_ppm: 0 });
    }

    proptest! {
        #[test]
        fn wall_time_never_goes_back_within_a_segment(slew in -500_000_i32..=0, ticks: i64, more in 0_i64..1_000_000) {
            prop_assert!(anchor(slew).wall_at(ticks) <= anchor(slew).wall_at(ticks.saturating_add(more)));
        }
    }
}
