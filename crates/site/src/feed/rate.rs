//! Frames and bits a second, over the last few seconds of capture time. Pure.

use model::WallTime;

/// Length of one measuring window.
const WINDOW_US: i64 = 2_000_000;

/// Counts frames and bytes between two moments.
#[derive(Debug, Default)]
pub struct Meter {
    since: Option<WallTime>,
    frames: u32,
    bytes: u64,
}

/// A finished measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Frames a second.
    pub fps: f64,
    /// Bits a second.
    pub bits_per_second: u64,
}

impl Meter {
    /// A picture of so many bytes; sometimes a measurement is ready.
    pub fn picture(&mut self, bytes: usize, now: WallTime) -> Option<Rate> {
        let since = *self.since.get_or_insert(now);
        let elapsed = now.micros_since(since);
        let rate = (elapsed >= WINDOW_US).then(|| {
            let seconds = elapsed as f64 / 1e6;
            Rate {
                fps: (f64::from(self.frames) / seconds * 10.0).round() / 10.0,
                bits_per_second: (self.bytes as f64 * 8.0 / seconds) as u64,
            }
        });
        if rate.is_some() || elapsed < 0 {
            *self = Self { since: Some(now), ..Self::default() };
        }
        self.frames += 1;
        self.bytes += bytes as u64;
        rate
    }

    /// A packet of sound of so many bytes.
    pub const fn sound(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_is_measured() {
        let mut meter = Meter::default();
        let rates: Vec<_> =
            (0..=50).filter_map(|n| meter.picture(1000, WallTime::from_millis(n * 40))).collect();
        assert_eq!(rates, [Rate { fps: 25.0, bits_per_second: 200_000 }]);
    }

    #[test]
    fn a_clock_that_jumps_back_begins_a_new_window() {
        let mut meter = Meter::default();
        assert_eq!(meter.picture(1, WallTime::from_millis(10_000)), None);
        assert_eq!(meter.picture(1, WallTime::from_millis(0)), None);
        assert_eq!(meter.picture(1, WallTime::from_millis(1000)), None);
    }
}
