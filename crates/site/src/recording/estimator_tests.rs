//! The estimator on the simulated cameras' pictures and on series of sizes made for one purpose each.

use proptest::prelude::*;
use sim::{Codec, Scene, Size};

use super::*;

/// A series of frames: bytes, key, time.
struct Series {
    time: i64,
    noise: u32,
    estimator: Estimator,
    /// Seconds at which the state changed.
    changes: Vec<(f64, bool)>,
    state: Option<bool>,
}

impl Series {
    fn new() -> Self {
        Self { time: 0, noise: 1, estimator: Estimator::default(), changes: Vec::new(), state: None }
    }

    fn frame(&mut self, bytes: usize, key: bool, step: i64) {
        self.time += step;
        let state = self.estimator.frame(bytes, key, self.time);
        if state.is_some() && state != self.state {
            if self.state.is_some() || state == Some(true) {
                self.changes.push((self.time as f64 / 90_000.0, state == Some(true)));
            }
            self.state = state;
        }
    }

    /// Seconds of frames of about so many bytes, groups of `gop`, at `fps`.
    fn run(&mut self, seconds: usize, fps: usize, gop: impl Fn(usize) -> bool, bytes: usize) -> &mut Self {
        for n in 0..seconds * fps {
            self.noise = self.noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let scatter = (self.noise >> 16) as usize % (bytes / 10 + 1);
            let key = gop(n);
            self.frame(if key { 40_000 } else { bytes + scatter }, key, 90_000 / fps as i64);
        }
        self
    }
}

const fn every(gop: usize) -> impl Fn(usize) -> bool {
    move |n| n.is_multiple_of(gop)
}

#[test]
fn motion_in_the_yard_is_seen_from_its_sizes() {
    let sizes = sim::frame_sizes(Scene::Yard, Size::Sub, Codec::H264).unwrap();
    let mut series = Series::new();
    sizes.iter().for_each(|(bytes, key)| series.frame(*bytes, *key, 3600));
    // Something moves in frames 300 to 600, and less in 750 to 1300.
    let near = |at: f64, expected: f64, late: f64| at >= expected && at < expected + late;
    assert!(
        matches!(series.changes[..], [(on, true), (off, false), ..]
        if near(on, 12.0, 1.5) && near(off, 22.0, 5.0)),
        "{:?}",
        series.changes
    );
    assert!(series.changes.iter().any(|(at, on)| *on && (30.0..52.0).contains(at)), "{:?}", series.changes);
}

#[test]
fn where_nothing_moves_nothing_is_seen() {
    for (scene, quiet) in [(Scene::Yard, 0..300), (Scene::Yard, 1320..1500), (Scene::Hall, 0..120)] {
        let sizes = sim::frame_sizes(scene, Size::Sub, Codec::H264).unwrap();
        let mut series = Series::new();
        for _ in 0..20 {
            sizes[quiet.clone()].iter().for_each(|(bytes, key)| series.frame(*bytes, *key, 3600));
        }
        assert_eq!(series.changes, [], "{scene:?} {quiet:?}");
        assert_eq!(series.state, Some(false));
    }
}

#[test]
fn groups_whose_length_changes_are_no_motion() {
    let mut series = Series::new();
    let lengths = [1, 2, 5, 12, 25, 50, 90, 150, 220, 300];
    let keys: Vec<usize> = lengths
        .iter()
        .cycle()
        .scan(0, |at, length| {
            *at += length;
            Some(*at)
        })
        .take(30)
        .collect();
    series.run(60, 25, |n| keys.contains(&n), 900);
    assert_eq!(series.changes, []);
    series.run(5, 25, every(220), 2500).run(10, 25, every(7), 900);
    assert!(
        matches!(series.changes[..], [(on, true), (off, false)] if on < 61.5 && off < 68.5),
        "{:?}",
        series.changes
    );
}

#[test]
fn another_frame_rate_begins_anew() {
    let mut series = Series::new();
    series.run(30, 25, every(50), 900).run(30, 5, every(10), 2400).run(30, 25, every(50), 900);
    assert_eq!(series.changes, []);
    series.run(4, 25, every(50), 2400);
    assert_eq!(series.changes.len(), 1);
}

#[test]
fn another_bit_rate_is_motion_for_three_minutes_at_most() {
    let mut series = Series::new();
    series.run(60, 25, every(50), 900).run(400, 25, every(50), 2000);
    assert!(
        matches!(series.changes[..], [(_, true), (off, false)] if off < 60.0 + 180.0),
        "{:?}",
        series.changes
    );
}

#[test]
fn streams_of_key_frames_are_looked_at_too() {
    let mut series = Series::new();
    for (seconds, bytes) in [(20, 30_000), (4, 36_000), (10, 30_000)] {
        for n in 0..seconds * 25 {
            series.frame(bytes + n % 7 * 50, true, 3600);
        }
    }
    assert!(
        matches!(series.changes[..], [(on, true), (off, false)] if on < 21.5 && off < 28.0),
        "{:?}",
        series.changes
    );
}

#[test]
fn slow_changes_of_light_are_no_motion() {
    let mut series = Series::new();
    for minute in 0..60 {
        series.run(60, 10, every(20), 900 + minute * 30);
    }
    assert_eq!(series.changes, []);
}

proptest! {
    #[test]
    fn whatever_comes_memory_is_bounded(frames in proptest::collection::vec((any::<u32>(), any::<bool>(), any::<i64>()), 0..500)) {
        let mut estimator = Estimator::default();
        for (bytes, key, time) in frames {
            estimator.frame(bytes as usize, key, time / 2);
        }
        prop_assert!(estimator.predicted.bins.len() <= MOST_BINS && estimator.predicted.recent.len() <= RECENT);
        prop_assert!(estimator.predicted.bin.len() < SLOTS_PER_BIN);
    }
}
