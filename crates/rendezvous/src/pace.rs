//! When to try again, and how much somebody may send: small machines of time.

use std::time::{Duration, Instant};

/// The first wait after a failure, and the longest.
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(60);

/// Waits between tries: twice as long after each failure, drawn by lot between half of it and all of it, so that many who
/// failed together do not come together.
#[derive(Clone, Debug)]
pub struct Backoff {
    failures: u32,
    lot: u64,
}

/// How much may come: so many at once, and so many a second on average.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    left: f64,
    most: f64,
    per_second: f64,
    at: Instant,
}

impl Backoff {
    /// With this seed, which need not be secret but should differ.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { failures: 0, lot: seed }
    }

    /// The wait after one more failure.
    pub fn failed(&mut self) -> Duration {
        let whole = FIRST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        whole / 2 + self.within(whole / 2)
    }

    /// All is well again.
    pub const fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// A wait drawn by lot, from nothing up to this.
    pub fn within(&mut self, longest: Duration) -> Duration {
        // SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
        self.lot = self.lot.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.lot;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let micros = u64::try_from(longest.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(mixed.checked_rem(micros).unwrap_or(0))
    }
}

impl Bucket {
    /// Full.
    #[must_use]
    pub fn new(most: u32, per_second: u32, now: Instant) -> Self {
        Self { left: most.into(), most: most.into(), per_second: per_second.into(), at: now }
    }

    /// Takes one out; false where there is none.
    pub fn take(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.left = (self.left + passed * self.per_second).min(self.most);
        if self.left < 1.0 {
            return false;
        }
        self.left -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute_and_differ() {
        let mut backoff = Backoff::new(7);
        let mut whole = FIRST;
        for _ in 0..20 {
            let wait = backoff.failed();
            assert!(wait >= whole / 2 && wait <= whole, "{wait:?} of {whole:?}");
            whole = (whole * 2).min(LONGEST);
        }
        backoff.succeeded();
        assert!(backoff.failed() <= FIRST);
        let waits: Vec<_> = (0..50).map(|seed| Backoff::new(seed).failed()).collect();
        let mut others = waits.clone();
        others.sort();
        others.dedup();
        assert!(others.len() > 45, "{waits:?}");
        assert_eq!(backoff.within(Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn a_bucket_gives_what_it_has_and_what_time_adds() {
        let start = Instant::now();
        let mut bucket = Bucket::new(3, 2, start);
        assert_eq!((0..5).filter(|_| bucket.take(start)).count(), 3);
        assert_eq!((0..5).filter(|_| bucket.take(start + Duration::from_secs(1))).count(), 2);
        assert_eq!((0..9).filter(|_| bucket.take(start + Duration::from_secs(60))).count(), 3);
    }
}
