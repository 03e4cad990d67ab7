//! Two links and the path between them in virtual time: delay, jitter, loss (what is lost comes later), a rate and its queue.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use bytes::Bytes;
use carrier::{Event, Lane, Limits, Link, Role, Violation};
use rand::{Rng, SeedableRng, rngs::StdRng};

/// A path.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    /// There and back.
    pub round_trip: Duration,
    /// Share of messages that come one to three round trips late.
    pub loss: f64,
    /// Bytes per second from site to client.
    pub rate: f64,
}

pub struct World {
    pub now: Instant,
    pub client: Link,
    pub site: Link,
    pub client_events: Vec<Event>,
    pub site_events: Vec<Event>,
    path: Path,
    rng: StdRng,
    /// By time and a number, to whom.
    under_way: BTreeMap<(Instant, u64), (bool, Bytes)>,
    sent: u64,
    /// Bulk that the carrier holds: bytes, and when they are delivered.
    bulk: VecDeque<(usize, Instant)>,
    free_at: Instant,
    last_bulk: Instant,
    pub bulk_held_most: usize,
}

pub const CLIENT: Limits = Limits { window: 4 << 20, streams: 0 };
pub const SITE: Limits = Limits { window: 32 << 10, streams: 8 };

impl World {
    pub fn new(path: Path, seed: u64) -> Self {
        let now = Instant::now();
        let mut world = Self {
            now,
            client: Link::new(Role::Client, CLIENT, "test", now),
            site: Link::new(Role::Site, SITE, "test", now),
            client_events: Vec::new(),
            site_events: Vec::new(),
            path,
            rng: StdRng::seed_from_u64(seed),
            under_way: BTreeMap::new(),
            sent: 0,
            bulk: VecDeque::new(),
            free_at: now,
            last_bulk: now,
            bulk_held_most: 0,
        };
        world.pump().unwrap();
        world.run_until(|world| !world.client_events.is_empty()).unwrap();
        world.client_events.clear();
        world
    }

    pub fn fast(seed: u64) -> Self {
        Self::new(Path { round_trip: Duration::from_millis(20), loss: 0.1, rate: 10e6 }, seed)
    }

    /// Lets both sides send what they want to send now.
    pub fn pump(&mut self) -> Result<(), Violation> {
        let held = self.bulk_held();
        self.site.handle_buffered(held, self.now);
        self.site.handle_timeout(self.now);
        self.client.handle_timeout(self.now);
        while let Some((lane, message)) = self.site.poll_transmit(self.now) {
            self.send(true, lane, message);
        }
        while let Some((lane, message)) = self.client.poll_transmit(self.now) {
            self.send(false, lane, message);
        }
        while let Some(event) = self.client.poll_event() {
            self.client_events.push(event);
        }
        while let Some(event) = self.site.poll_event() {
            if !matches!(event, Event::Ready { .. }) {
                self.site_events.push(event);
            }
        }
        Ok(())
    }

    fn send(&mut self, to_client: bool, lane: Lane, message: Bytes) {
        self.sent += 1;
        let mut late = Duration::from_micros(self.rng.random_range(0..2000));
        if self.rng.random_bool(self.path.loss) {
            late += self.path.round_trip.mul_f64(self.rng.random_range(1.0..3.0));
        }
        let mut at = self.now;
        if to_client {
            // One queue for all; control goes first in the carrier, so it waits for what is on the path only.
            let takes = Duration::from_secs_f64(message.len() as f64 / self.path.rate);
            self.free_at = self.free_at.max(self.now) + takes;
            at = self.free_at;
        }
        at += self.path.round_trip / 2 + late;
        if lane == Lane::Bulk {
            // In order.
            at = at.max(self.last_bulk);
            self.last_bulk = at;
            self.bulk.push_back((message.len(), at + self.path.round_trip / 2));
        }
        self.under_way.insert((at, self.sent), (to_client, message));
    }

    fn bulk_held(&mut self) -> usize {
        while self.bulk.front().is_some_and(|(_, at)| *at <= self.now) {
            self.bulk.pop_front();
        }
        let held = self.bulk.iter().map(|(bytes, _)| bytes).sum();
        self.bulk_held_most = self.bulk_held_most.max(held);
        held
    }

    /// Goes on to the next thing that happens; false: nothing more happens by itself.
    pub fn step(&mut self) -> Result<bool, Violation> {
        self.pump()?;
        let arrival = self.under_way.keys().next().map(|(at, _)| *at);
        let delivered = self.bulk.front().map(|(_, at)| *at);
        let timeouts = [self.site.poll_timeout(), self.client.poll_timeout()];
        let next = timeouts.into_iter().chain([arrival, delivered]).flatten().min();
        let Some(next) = next else { return Ok(false) };
        self.now = self.now.max(next) + Duration::from_micros(10);
        while let Some(first) = self.under_way.first_entry().filter(|first| first.key().0 <= self.now) {
            let (to_client, message) = first.remove();
            let link = if to_client { &mut self.client } else { &mut self.site };
            link.handle_message(&message, self.now)?;
        }
        self.pump()?;
        Ok(true)
    }

    pub fn run_until(&mut self, done: impl Fn(&Self) -> bool) -> Result<(), Violation> {
        let end = self.now + Duration::from_secs(600);
        while !done(self) {
            assert!(self.step()?, "nothing more happens");
            assert!(self.now < end, "it takes too long");
        }
        Ok(())
    }

    /// Lets happen what happens in so much time.
    pub fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end && self.step().unwrap() {}
    }
}
