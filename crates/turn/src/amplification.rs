//! Answers to addresses that have not been proven: anybody can write any sender into a UDP packet.
//!
//! What is here: how many bytes such answers may be larger than the questions, per address and second, in bounded memory.
//! What is not here: which answers these are (`server`).
//!
//! A STUN answer is larger than the smallest question (Binding: 32 to 20 bytes), and the first answer of TURN must carry realm
//! and nonce, so a server that never exceeded a single question could serve nobody. What matters is the sum: towards each
//! address, answers are larger than questions by no more than a trickle that is not worth an attacker's while. Beyond it, a
//! question that would need a larger answer gets none, and a real client asks again.

use core::hash::BuildHasher;
use core::net::IpAddr;
use core::time::Duration;
use std::collections::hash_map::RandomState;

/// Buckets; addresses that fall into the same one share it.
const BUCKETS: usize = 4096;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Bytes that are left.
    left: u32,
    /// When that was so, in milliseconds since the start.
    at_ms: u64,
}

/// What bounds are kept by: an IPv4 address; of an IPv6 address the network of 64 bits that one host has to itself.
#[must_use]
pub const fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            IpAddr::V6(core::net::Ipv6Addr::from_bits(address.to_bits() & !(u64::MAX as u128)))
        }
    }
}

/// Token buckets of excess bytes by source address.
#[derive(Debug)]
pub struct Excess {
    buckets: Vec<Bucket>,
    hasher: RandomState,
    burst: u32,
    per_s: u32,
}

impl Excess {
    /// Every address may begin with `burst` bytes and gains `per_s` a second.
    #[must_use]
    pub fn new(burst: u32, per_s: u32) -> Self {
        let buckets = vec![Bucket { left: burst, at_ms: 0 }; BUCKETS];
        Self { buckets, hasher: RandomState::new(), burst, per_s }
    }

    /// Whether an answer may go out that is larger than its question by `excess` bytes.
    pub fn spend(&mut self, to: IpAddr, excess: usize, now: Duration) -> bool {
        let index = (self.hasher.hash_one(network_of(to)) % BUCKETS as u64) as usize;
        let Some(bucket) = self.buckets.get_mut(index) else { return false };
        let now_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let gained = now_ms.saturating_sub(bucket.at_ms).saturating_mul(u64::from(self.per_s)) / 1000;
        if gained > 0 {
            let left = u64::from(bucket.left).saturating_add(gained).min(u64::from(self.burst));
            *bucket = Bucket { left: u32::try_from(left).unwrap_or(self.burst), at_ms: now_ms };
        }
        let after = u32::try_from(excess).ok().and_then(|excess| bucket.left.checked_sub(excess));
        if let Some(after) = after {
            bucket.left = after;
        }
        after.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_exceed_questions_by_no_more_than_a_trickle() {
        let mut excess = Excess::new(1000, 100);
        let victim: IpAddr = "192.0.2.1".parse().unwrap();
        let mut sent = 0;
        for ms in 0..10_000 {
            if excess.spend(victim, 60, Duration::from_millis(ms)) {
                sent += 60;
            }
        }
        assert!((1900..=2000).contains(&sent), "{sent} bytes in ten seconds");
        assert!(excess.spend(victim, 0, Duration::from_secs(10)), "what is not larger always goes out");
        assert!(!excess.spend(victim, usize::MAX, Duration::from_secs(1000)));
    }
}
