//! Slows down guessing of passwords without ever locking anybody out for good. Pure.
//!
//! Every name and every network has a count of recent failures. After five of either each further try of a network that
//! has failed itself has to wait: one second, two, four, up to a minute, from its own last failure on. Ten quiet minutes
//! forget everything. A network without failures of its own does not wait, and one with them never longer than a minute,
//! whatever others do: strangers cannot keep the owner out. A network is an IPv4 address, or 64 bits of an IPv6 one, of
//! which a host has as many as it likes (RFC 4291 section 2.5.1).
//!
//! The table of `docs/reference/sign-in.md` is made by the tests.

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

/// Failures by name and by network.
#[derive(Debug, Default)]
pub struct Throttle {
    names: HashMap<String, Failures>,
    networks: HashMap<IpAddr, Failures>,
}

impl Throttle {
    /// How long this try has to wait; nothing: it counts now.
    #[must_use]
    pub fn wait(&self, name: &str, address: IpAddr, now: Instant) -> Option<Duration> {
        let recent = |failures: &&Failures| now.saturating_duration_since(failures.last) < FORGET;
        let own = self.networks.get(&network(address)).filter(recent)?;
        let of_name = self.names.get(name).filter(recent).map_or(0, |failures| failures.count);
        let over = own.count.max(of_name).checked_sub(FREE)?;
        let wait = Duration::from_secs(1 << over.min(6)).min(LONGEST);
        (own.last + wait).checked_duration_since(now).filter(|wait| !wait.is_zero())
    }

    /// A try failed.
    pub fn failed(&mut self, name: &str, address: IpAddr, now: Instant) {
        note(&mut self.names, name.to_owned(), now);
        note(&mut self.networks, network(address), now);
    }

    /// A try succeeded.
    pub fn succeeded(&mut self, name: &str, address: IpAddr) {
        self.names.remove(name);
        self.networks.remove(&network(address));
    }
}

/// What one host can choose its address from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
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
    fn who_fails_once_waits_a_minute_at_most_however_long_strangers_go_on() {
        let (mut throttle, start) = (Throttle::default(), Instant::now());
        throttle.failed("ines", HERE, start);
        let mut now = start;
        for _ in 0..600 {
            now += Duration::from_millis(500);
            throttle.failed("ines", THERE, now);
            let left = LONGEST.saturating_sub(now.duration_since(start));
            assert!(throttle.wait("ines", HERE, now).is_none_or(|wait| wait <= left));
        }
        assert!(now > start + LONGEST && throttle.wait("ines", HERE, now).is_none());
    }

    #[test]
    fn a_host_with_many_addresses_of_one_network_is_one() {
        let (mut throttle, start) = (Throttle::default(), Instant::now());
        let address = |host: u128| IpAddr::V6((0x2001_0db8_u128 << 96 | host).into());
        for host in 0..8 {
            throttle.failed(&host.to_string(), address(host), start);
        }
        assert!(throttle.wait("ines", address(99), start).is_some());
        assert_eq!(throttle.wait("ines", address(1 << 64), start), None, "another network");
        // An IPv4 address that came over IPv6 is the IPv4 address.
        throttle.failed("x", "::ffff:192.0.2.9".parse().unwrap(), start);
        assert!(throttle.networks.contains_key(&IpAddr::from([192, 0, 2, 9])));
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
