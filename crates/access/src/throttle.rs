//! Slows down guessing of passwords without ever locking anybody out for good. Pure.
//!
//! Every name and every address has a count of recent failures. After five of them each further try has to wait: one
//! second, two, four, up to a minute. Ten quiet minutes forget everything. A right password from an address without
//! failures of its own counts at once, so that strangers cannot keep the owner out.

use core::net::IpAddr;
use std::{
    collections::HashMap,
    hash::Hash,
    time::{Duration, Instant},
};

const FREE: u32 = 5;
const LONGEST: Duration = Duration::from_secs(60);
const FORGET: Duration = Duration::from_secs(600);
/// Entries kept at most per table; the oldest goes.
const ENTRIES: usize = 10_000;

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Instant,
}

/// Failures by name and by address.
#[derive(Debug, Default)]
pub struct Throttle {
    names: HashMap<String, Failures>,
    addresses: HashMap<IpAddr, Failures>,
}

impl Throttle {
    /// How long this try has to wait; nothing: it counts now.
    #[must_use]
    pub fn wait(&self, name: &str, address: IpAddr, now: Instant) -> Option<Duration> {
        let by_address = remaining(self.addresses.get(&address), now);
        if by_address.is_none() && !self.addresses.contains_key(&address) {
            return None;
        }
        by_address.max(remaining(self.names.get(name), now))
    }

    /// A try failed.
    pub fn failed(&mut self, name: &str, address: IpAddr, now: Instant) {
        note(&mut self.names, name.to_owned(), now);
        note(&mut self.addresses, address, now);
    }

    /// A try succeeded.
    pub fn succeeded(&mut self, name: &str, address: IpAddr) {
        self.names.remove(name);
        self.addresses.remove(&address);
    }
}

fn remaining(failures: Option<&Failures>, now: Instant) -> Option<Duration> {
    let failures = failures.filter(|failures| failures.count >= FREE)?;
    let wait = Duration::from_secs(1 << (failures.count - FREE).min(6)).min(LONGEST);
    (failures.last + wait).checked_duration_since(now).filter(|wait| !wait.is_zero())
}

fn note<K: Hash + Eq + Clone>(table: &mut HashMap<K, Failures>, key: K, now: Instant) {
    if table.len() >= ENTRIES && !table.contains_key(&key) {
        table.retain(|_, failures| now.saturating_duration_since(failures.last) < FORGET);
        if table.len() >= ENTRIES
            && let Some(oldest) =
                table.iter().min_by_key(|(_, failures)| failures.last).map(|(key, _)| key.clone())
        {
            table.remove(&oldest);
        }
    }
    let failures = table.entry(key).or_insert(Failures { count: 0, last: now });
    if now.saturating_duration_since(failures.last) >= FORGET {
        failures.count = 0;
    }
    failures.count = failures.count.saturating_add(1);
    failures.last = now;
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(core::net::Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(core::net::Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn the_sixth_try_waits_and_waits_grow_to_a_minute() {
        let (mut throttle, start) = (Throttle::default(), Instant::now());
        let mut waits = Vec::new();
        for _ in 0..13 {
            waits.push(throttle.wait("ines", HERE, start).map_or(0, |wait| wait.as_secs()));
            throttle.failed("ines", HERE, start);
        }
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60]);
    }

    #[test]
    fn strangers_cannot_keep_the_owner_out() {
        let (mut throttle, start) = (Throttle::default(), Instant::now());
        for _ in 0..100 {
            throttle.failed("ines", THERE, start);
        }
        assert_eq!(throttle.wait("ines", HERE, start), None);
        assert!(throttle.wait("ines", THERE, start).is_some());
    }

    #[test]
    fn quiet_minutes_forget() {
        let (mut throttle, start) = (Throttle::default(), Instant::now());
        for _ in 0..8 {
            throttle.failed("ines", HERE, start);
        }
        let later = start + FORGET;
        assert_eq!(throttle.wait("ines", HERE, later), None);
        throttle.failed("ines", HERE, later);
        assert_eq!(throttle.wait("ines", HERE, later), None);
    }

    #[test]
    fn memory_is_bounded() {
        let (mut throttle, start) = (Throttle::default(), Instant::now());
        for name in 0..ENTRIES + 50 {
            throttle.failed(&name.to_string(), HERE, start);
        }
        assert_eq!(throttle.names.len(), ENTRIES);
    }
}
