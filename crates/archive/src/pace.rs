//! How often recordings are made durable: every 500 ms, or as often as the disk can.
//!
//! A pure machine for whoever drives an [`crate::Archive`]: it says when the next commit is due and what is at risk until
//! then. A commit that takes most of its tick twice, or more than all of it once, makes the tick longer, up to 5 s:
//! on a hard disk the seeks are what costs, and a longer tick writes more with each. Three commits in a row that need
//! little of it make the tick shorter again.
//!
//! The oldest byte that is not on disk is at most as old as a fragment that was too young at the tick before
//! ([`crate::YOUNG`]), a tick, and the commit: 1.2 s at the usual tick, as long as a commit takes at most half a second.
//!
//! What is not here: threads, clocks, alarms; how long one commit may take at all.

use std::time::{Duration, Instant};

use crate::stream::YOUNG;

/// A commit that takes longer, or begins so late, is told as slow before it ends.
const OVERDUE: Duration = Duration::from_secs(2);
/// The usual tick.
pub const TICK: Duration = Duration::from_millis(500);
/// The longest.
pub const LONGEST_TICK: Duration = Duration::from_secs(5);
/// A commit that takes a greater part of the tick is late.
const LATE: f64 = 0.8;
/// One that takes a smaller part is early: it fits into a tick that is two thirds as long.
const EARLY: f64 = 0.5;
/// So many late ones make the tick longer.
const LATE_IN_A_ROW: u32 = 2;
/// So many early ones make it shorter.
const EARLY_IN_A_ROW: u32 = 3;

/// When to commit.
#[derive(Clone, Debug)]
pub struct Pace {
    tick: Duration,
    due: Instant,
    /// When the running commit began.
    running: Option<Instant>,
    /// When the last commit began that was done in the end.
    durable: Instant,
    /// How long the last one took.
    took: Duration,
    late: u32,
    early: u32,
}

/// How it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaceStatus {
    /// The time from commit to commit.
    pub tick: Duration,
    /// A power cut loses at most this much.
    pub at_risk: Duration,
    /// The disk does not keep the usual tick: the tick is longer, or a commit is overdue.
    pub slow: bool,
}

impl Pace {
    /// The first commit is due after a tick.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            tick: TICK,
            due: now + TICK,
            running: None,
            durable: now,
            took: Duration::ZERO,
            late: 0,
            early: 0,
        }
    }

    /// When the next commit is to begin; nothing while one is running.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.running.is_some() { None } else { Some(self.due) }
    }

    /// A commit begins.
    pub fn handle_begin(&mut self, now: Instant) {
        self.running = Some(now);
        self.due = now + self.tick;
    }

    /// The running commit has ended; whether it was done. A failed one says nothing about the disk's speed.
    pub fn handle_end(&mut self, done: bool, now: Instant) {
        let Some(begun) = self.running.take() else { return };
        let took = now.saturating_duration_since(begun);
        if !done {
            return;
        }
        self.durable = begun;
        self.took = took;
        let part = took.as_secs_f64() / self.tick.as_secs_f64();
        self.late = if part > LATE { self.late + 1 } else { 0 };
        self.early = if part < EARLY { self.early + 1 } else { 0 };
        if part > 1.0 || self.late >= LATE_IN_A_ROW {
            self.change(self.tick.mul_f64(1.5).max(took.div_f64(LATE)));
        } else if self.early >= EARLY_IN_A_ROW && self.tick > TICK {
            self.change(self.tick.mul_f64(2.0 / 3.0));
        }
        self.due = begun + self.tick;
    }

    fn change(&mut self, tick: Duration) {
        self.tick = tick.clamp(TICK, LONGEST_TICK);
        (self.late, self.early) = (0, 0);
    }

    /// How it goes.
    #[must_use]
    pub fn status(&self, now: Instant) -> PaceStatus {
        let usual = self.tick.max(self.took) + self.took;
        let at_risk = YOUNG + usual.max(now.saturating_duration_since(self.durable));
        // Whoever is to commit may also wait for the disk to take a write.
        let since = self.running.unwrap_or(self.due);
        let overdue = now.saturating_duration_since(since) > OVERDUE;
        PaceStatus { tick: self.tick, at_risk, slow: self.tick > TICK || overdue }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Runs commits that take so long, one after the other; the pace after them, and when that is.
    fn run(pace: &mut Pace, mut now: Instant, took: impl Fn(Duration) -> Duration, count: usize) -> Instant {
        for _ in 0..count {
            now = now.max(pace.poll_timeout().unwrap());
            pace.handle_begin(now);
            assert_eq!(pace.poll_timeout(), None);
            now += took(pace.status(now).tick);
            pace.handle_end(true, now);
        }
        now
    }

    #[test]
    fn a_fast_disk_keeps_the_usual_tick() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        let now = run(&mut pace, now, |_| Duration::from_millis(200), 100);
        let status = pace.status(now);
        assert_eq!((status.tick, status.slow), (TICK, false));
        assert!(status.at_risk <= Duration::from_millis(900), "{status:?}");
    }

    #[test]
    fn one_late_commit_changes_nothing_and_two_do() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        let now = run(&mut pace, now, |_| Duration::from_millis(450), 1);
        assert!(!pace.status(now).slow);
        let now = run(&mut pace, now, |_| Duration::from_millis(450), 1);
        assert_eq!(pace.status(now).tick, Duration::from_millis(750));
    }

    #[test]
    fn a_hard_disk_gets_the_tick_that_it_needs_and_a_recovered_one_the_usual_one() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        // 100 streams: a seek of 12 ms each, and 375 kB/s each at 150 MB/s.
        let seek = Duration::from_millis(1200);
        let now = run(&mut pace, now, |tick| seek + tick / 4, 20);
        let status = pace.status(now);
        assert!(
            status.slow && status.tick > Duration::from_millis(1600) && status.tick < Duration::from_secs(4)
        );
        assert!(status.at_risk < 2 * status.tick + YOUNG, "{status:?}");
        let now = run(&mut pace, now, |_| Duration::from_millis(100), 20);
        assert_eq!(pace.status(now).tick, TICK);
    }

    #[test]
    fn a_commit_that_does_not_end_is_told_while_it_runs() {
        let now = Instant::now();
        let mut pace = Pace::new(now);
        pace.handle_begin(now + TICK);
        let status = pace.status(now + Duration::from_secs(60));
        assert!(status.at_risk >= Duration::from_secs(60) && status.slow, "{status:?}");
        let waits_for_a_write = Pace::new(now).status(now + Duration::from_secs(4));
        assert!(waits_for_a_write.slow && waits_for_a_write.at_risk >= Duration::from_secs(4));
        pace.handle_end(false, now + Duration::from_secs(61));
        assert!(pace.poll_timeout().unwrap() <= now + Duration::from_secs(61), "failed: tried again at once");
    }

    proptest! {
        #[test]
        fn the_tick_stays_in_its_bounds(took in prop::collection::vec(0_u64..20_000, 1..60)) {
            let mut now = Instant::now();
            let mut pace = Pace::new(now);
            for ms in took {
                now = run(&mut pace, now, |_| Duration::from_millis(ms), 1);
                let status = pace.status(now);
                prop_assert!((TICK..=LONGEST_TICK).contains(&status.tick));
                prop_assert!(pace.poll_timeout().unwrap() <= now + LONGEST_TICK);
            }
        }
    }
}
