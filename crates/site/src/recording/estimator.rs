//! Motion estimated from the sizes of frames, without decoding. Pure.
//!
//! What moves cannot be predicted from the frame before, so predicted frames grow. Key frames are as large as the scene
//! is rich and say nothing; they count apart, and only where there is nothing else. Sizes are averaged over slots of
//! 200 ms, so that neither the order of frame types nor the length of groups matters, and compared with the quiet level:
//! the lower quarter of the last three minutes, which follows light, weather and settings by itself. The threshold is
//! a ratio, or four times the scatter of the quiet level where that is more (rain, leaves, noise); falling back takes
//! half of it over two seconds, so that a walk is one event and not ten.
//!
//! What this is not: a detector of objects. Headlights, a lamp that goes on and a wiper are motion; a camera that keeps
//! its bit rate constant hides small motion. Everything made of it is marked as estimated.

use std::collections::VecDeque;

/// Length of a slot, in 1/90000 s.
const SLOT: i64 = 18_000;
/// Slots of a second.
const SLOTS_PER_BIN: usize = 5;
/// Seconds that make the quiet level.
const MOST_BINS: usize = 180;
/// Seconds before anything is said.
const FEWEST_BINS: usize = 4;
/// Slots that are remembered: two seconds.
const RECENT: usize = 10;
/// A jump of time this long begins anew, in 1/90000 s.
const HOLE: i64 = 5 * 90_000;
/// Smallest growth that counts: of predicted frames, and of key frames where there is nothing else.
const GROWTH: f64 = 1.3;
const GROWTH_OF_KEYS: f64 = 1.08;
/// Scatter of the quiet level that counts as noise.
const SCATTERS: f64 = 4.0;
/// A change of the frame rate by this much begins anew: frames that are further apart differ more.
const OTHER_RATE: f64 = 1.6;
/// So many frames at another distance show another rate.
const FEW: u32 = 3;

/// Looks at the frames of one stream.
#[derive(Clone, Debug, Default)]
pub struct Estimator {
    /// Start of the current slot.
    slot: Option<i64>,
    last: Option<i64>,
    predicted: Level,
    keys: Level,
    /// Slots since the last predicted frame.
    only_keys: usize,
    /// Usual distance of frames, in 1/90000 s.
    distance: Option<f64>,
    /// Distances that differed from it in a row.
    odd: u32,
    moving: bool,
    above: u32,
}

/// Sizes of one type of frame.
#[derive(Clone, Debug, Default)]
struct Level {
    bytes: u64,
    frames: u32,
    /// Means of the last slots.
    recent: VecDeque<f64>,
    /// Mean of the slots of the current second.
    bin: Vec<f64>,
    bins: VecDeque<f64>,
    quiet: Option<Quiet>,
}

/// The quiet level, and how far the quiet itself scatters, as logarithms.
#[derive(Clone, Copy, Debug)]
struct Quiet {
    level: f64,
    scatter: f64,
}

impl Estimator {
    /// A frame of so many bytes, at its decode time in 1/90000 s. Whether something moves; nothing while too little is
    /// known.
    pub fn frame(&mut self, bytes: usize, key: bool, time: i64) -> Option<bool> {
        if self.last.is_some_and(|last| !(0..HOLE).contains(&time.saturating_sub(last))) {
            *self = Self::default();
        }
        self.watch_rate(time);
        let slot = *self.slot.get_or_insert(time);
        if time.saturating_sub(slot) >= SLOT {
            self.close_slot();
            // Slots without frames do not count.
            self.slot = Some(time - (time - slot) % SLOT);
        }
        let level = if key { &mut self.keys } else { &mut self.predicted };
        level.bytes += bytes as u64;
        level.frames += 1;
        self.state()
    }

    /// Whether something moves, as far as is known.
    fn state(&self) -> Option<bool> {
        let (level, _) = self.level();
        level.quiet.map(|_| self.moving)
    }

    fn level(&self) -> (&Level, f64) {
        if self.only_keys >= RECENT { (&self.keys, GROWTH_OF_KEYS) } else { (&self.predicted, GROWTH) }
    }

    fn watch_rate(&mut self, time: i64) {
        let Some(last) = self.last.replace(time) else { return };
        let distance = (time - last).max(1) as f64;
        let usual = *self.distance.get_or_insert(distance);
        if (usual / OTHER_RATE..usual * OTHER_RATE).contains(&distance) {
            self.distance = Some(usual + (distance - usual) / 32.0);
            self.odd = 0;
            return;
        }
        self.odd += 1;
        if self.odd >= FEW {
            *self = Self { last: Some(time), distance: Some(distance), ..Self::default() };
        }
    }

    fn close_slot(&mut self) {
        self.only_keys = if self.predicted.frames > 0 { 0 } else { (self.only_keys + 1).min(RECENT) };
        self.predicted.close_slot();
        self.keys.close_slot();
        let (level, growth) = self.level();
        let Some(quiet) = level.quiet else { return };
        let on = growth.ln().max(SCATTERS * quiet.scatter);
        let above = |mean: f64, by: f64| mean.max(1.0).ln() - quiet.level > by;
        if !self.moving {
            let grown = self.odd == 0 && above(level.middle_of_three(), on);
            self.above = if grown { self.above + 1 } else { 0 };
            self.moving = self.above >= 2;
        } else if !above(level.mean(), on / 2.0) {
            (self.moving, self.above) = (false, 0);
        }
    }
}

impl Level {
    fn close_slot(&mut self) {
        if self.frames == 0 {
            return;
        }
        let mean = self.bytes as f64 / f64::from(self.frames);
        (self.bytes, self.frames) = (0, 0);
        push(&mut self.recent, mean, RECENT);
        self.bin.push(mean);
        if self.bin.len() < SLOTS_PER_BIN {
            return;
        }
        let mean = self.bin.iter().sum::<f64>() / SLOTS_PER_BIN as f64;
        self.bin.clear();
        push(&mut self.bins, mean.max(1.0).ln(), MOST_BINS);
        if self.bins.len() >= FEWEST_BINS {
            self.quiet = Some(quiet(&self.bins));
        }
    }

    fn middle_of_three(&self) -> f64 {
        let mut last: Vec<f64> = self.recent.iter().rev().take(3).copied().collect();
        last.sort_by(f64::total_cmp);
        last.get(last.len() / 2).copied().unwrap_or(0.0)
    }

    fn mean(&self) -> f64 {
        self.recent.iter().sum::<f64>() / self.recent.len().max(1) as f64
    }
}

fn quiet(bins: &VecDeque<f64>) -> Quiet {
    let mut sorted: Vec<f64> = bins.iter().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let level = sorted.get(sorted.len() / 4).copied().unwrap_or(0.0);
    let below: Vec<f64> = sorted.iter().take_while(|bin| **bin <= level).map(|bin| bin - level).collect();
    let squares: f64 = below.iter().map(|distance| distance * distance).sum();
    Quiet { level, scatter: (squares / below.len().max(1) as f64).sqrt() }
}

fn push(to: &mut VecDeque<f64>, value: f64, most: usize) {
    if to.len() == most {
        to.pop_front();
    }
    to.push_back(value);
}

#[cfg(test)]
#[path = "estimator_tests.rs"]
mod tests;
