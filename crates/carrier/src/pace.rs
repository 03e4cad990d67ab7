//! How much bulk the carrier below may hold: about what the path delivers in one round trip, and not faster.
//!
//! WebRTC's data channels fill whatever queue the path has and then stand still for seconds. So little is handed to
//! them: the measured rate of delivery times the shortest round trip, and a quarter more to find out whether more goes.
//! The idea is that of BBR (congestion control by rate and round trip), over a carrier that has its own control below.
//! Not a congestion control: that is the carrier's.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Never less than this is handed on, bytes.
pub const MIN_WINDOW: usize = 128 << 10;
/// Never more.
pub const MAX_WINDOW: usize = 4 << 20;
/// A measurement lasts so long at least.
const MIN_ROUND: Duration = Duration::from_millis(20);
/// And so long at most.
const MAX_ROUND: Duration = Duration::from_millis(500);
/// Rounds over which the best rate counts.
const ROUNDS: usize = 10;
/// Rounds without growth that end the start.
const FLAT: u8 = 3;
/// Round trip that is assumed while none was measured, and the shortest that counts: below it the machine's own
/// scheduling is longer.
const SHORTEST: Duration = Duration::from_millis(5);
const ASSUMED: Duration = Duration::from_millis(100);
/// For so long the shortest round trip counts.
const REMEMBER: Duration = Duration::from_secs(10);
/// Bytes that may go at once.
const BURST: f64 = 32.0 * 1024.0;

/// The measurements of one path.
#[derive(Debug)]
pub struct Pace {
    window: usize,
    written: u64,
    buffered: usize,
    /// Whether the window held something back in this round: only then its rate says what the path can do.
    held_back: bool,
    round_began: Instant,
    delivered_then: u64,
    /// Bytes per second of the last rounds.
    rates: VecDeque<f64>,
    best: f64,
    flat: u8,
    starting: bool,
    round_trip: Option<(Duration, Instant)>,
    /// Bytes that may go now, and when that was.
    tokens: f64,
    filled: Instant,
}

impl Pace {
    /// Nothing known yet.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            window: MIN_WINDOW,
            written: 0,
            buffered: 0,
            held_back: false,
            round_began: now,
            delivered_then: 0,
            rates: VecDeque::with_capacity(ROUNDS),
            best: 0.0,
            flat: 0,
            starting: true,
            round_trip: None,
            tokens: BURST,
            filled: now,
        }
    }

    /// Bytes that the carrier below may hold.
    #[must_use]
    pub const fn window(&self) -> usize {
        self.window
    }

    /// Bytes per second that the path delivers, where that is known.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        self.rates.iter().copied().reduce(f64::max)
    }

    /// The shortest round trip of late.
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip.map(|(shortest, _)| shortest)
    }

    /// A round trip was measured.
    pub fn handle_round_trip(&mut self, took: Duration, now: Instant) {
        let took = took.max(SHORTEST);
        match self.round_trip {
            Some((shortest, at)) if took > shortest && now.duration_since(at) < REMEMBER => {}
            _ => self.round_trip = Some((took, now)),
        }
    }

    /// The carrier below holds so many bytes of bulk.
    pub fn handle_buffered(&mut self, buffered: usize, now: Instant) {
        self.buffered = buffered;
        let shortest = self.round_trip().unwrap_or(ASSUMED);
        let took = now.duration_since(self.round_began);
        if took < shortest.clamp(MIN_ROUND, MAX_ROUND) {
            return;
        }
        let delivered = self.written.saturating_sub(buffered as u64);
        let moved = delivered.saturating_sub(self.delivered_then);
        let rate = moved as f64 / took.as_secs_f64();
        // A round in which there was little to send says nothing against the path.
        if self.held_back || rate > self.rate().unwrap_or(0.0) {
            if self.rates.len() == ROUNDS {
                self.rates.pop_front();
            }
            self.rates.push_back(rate);
            self.adapt(shortest);
        }
        (self.round_began, self.delivered_then, self.held_back) = (now, delivered, false);
    }

    fn adapt(&mut self, shortest: Duration) {
        let best = self.rate().unwrap_or(0.0);
        if self.starting {
            if best > self.best * 1.25 {
                (self.best, self.flat) = (best, 0);
                // Not far beyond what was delivered: all of that would stand in the queue of the path.
                let ahead = (best * shortest.as_secs_f64() * 2.5) as usize;
                self.window = (self.window * 2).min(ahead.clamp(MIN_WINDOW, MAX_WINDOW));
                return;
            }
            self.flat += 1;
            if self.flat < FLAT {
                return;
            }
            self.starting = false;
        }
        let product = best * shortest.as_secs_f64() * 1.25;
        self.window = (product as usize).clamp(MIN_WINDOW, MAX_WINDOW);
    }

    /// Whether a message may go now.
    pub fn may_send(&mut self, now: Instant) -> bool {
        if self.buffered >= self.window {
            self.held_back = true;
            return false;
        }
        self.refill(now);
        if self.tokens <= 0.0 {
            self.held_back = true;
        }
        self.tokens > 0.0
    }

    /// When it is worth asking again, if it is only the speed that holds bulk back.
    #[must_use]
    pub fn next_send(&self) -> Option<Instant> {
        let speed = self.speed()?;
        (self.tokens <= 0.0 && self.buffered < self.window)
            .then(|| self.filled + Duration::from_secs_f64((1.0 - self.tokens) / speed))
    }

    /// A message was handed on.
    pub fn handle_sent(&mut self, bytes: usize) {
        self.written += bytes as u64;
        self.buffered += bytes;
        self.tokens -= bytes as f64;
    }

    /// Bytes per second that may be handed on: half as much again as was delivered, so that the window decides.
    fn speed(&self) -> Option<f64> {
        self.rate().filter(|_| !self.starting).map(|rate| (rate * 1.5).max(128.0 * 1024.0))
    }

    fn refill(&mut self, now: Instant) {
        let Some(speed) = self.speed() else {
            (self.tokens, self.filled) = (BURST, now);
            return;
        };
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        // Timers are a few milliseconds late: what was missed meanwhile is made up for.
        let burst = BURST.max(speed * 0.008);
        self.tokens = (self.tokens + passed * speed).min(burst);
        self.filled = now;
    }
}
