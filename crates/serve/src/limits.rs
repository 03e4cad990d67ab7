//! How many connections there may be at once: in all, and from one address, so that one machine does not shut out the others.
//!
//! What is not here: limits of time and size of a connection (`server`, `http::privilege`).

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections at once on all ports together.
const MAX: usize = 2048;
/// Connections at once from one address; a network of IPv6 (64 bits) is one address.
const MAX_OF_ONE: usize = 256;

/// The limits of all listeners; clones are the same.
#[derive(Clone)]
pub struct Limits {
    all: Arc<Semaphore>,
    of_one: usize,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

/// A connection that was let in; it counts until this is dropped.
pub struct Admitted {
    from: IpAddr,
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    _permit: OwnedSemaphorePermit,
}

/// Why a connection is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Crowded {
    /// There are too many of all.
    #[error("too many connections")]
    All,
    /// There are too many of this address.
    #[error("too many connections from one address")]
    One,
}

impl Default for Limits {
    fn default() -> Self {
        // Files and cameras need descriptors too: viewers must never take the last one.
        let files = std::fs::read_to_string("/proc/self/limits").ok().and_then(|text| open_files(&text));
        Self::new(files.map_or(MAX, |files| MAX.min(files / 2)))
    }
}

impl Limits {
    /// So many in all; a quarter of them, and never more than 256, from one address.
    fn new(all: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(all)),
            of_one: MAX_OF_ONE.min(all / 4).max(1),
            open: Arc::default(),
        }
    }

    /// Lets a connection in.
    ///
    /// # Errors
    /// There are too many.
    pub fn admit(&self, from: IpAddr) -> Result<Admitted, Crowded> {
        let from = network(from);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.get(&from).copied().unwrap_or(0);
        if count >= self.of_one {
            return Err(Crowded::One);
        }
        let permit = Arc::clone(&self.all).try_acquire_owned().map_err(|_| Crowded::All)?;
        open.insert(from, count + 1);
        Ok(Admitted { from, open: Arc::clone(&self.open), _permit: permit })
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.from) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.from);
            }
        }
    }
}

/// What counts as one address: of IPv6 the first 64 bits, which one subscriber has to itself.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

/// How many files this process may have open, from Linux' `/proc/self/limits` (proc_pid_limits(5)).
fn open_files(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_does_not_shut_out_the_others() {
        let limits = Limits::new(8);
        let first = limits.admit(ip("192.0.2.1")).unwrap();
        let _second = limits.admit(ip("::ffff:192.0.2.1")).unwrap();
        assert_eq!(limits.admit(ip("192.0.2.1")).err(), Some(Crowded::One));
        let _other = limits.admit(ip("192.0.2.2")).unwrap();
        drop(first);
        assert!(limits.admit(ip("192.0.2.1")).is_ok());
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let limits = Limits::new(4);
        let _one = limits.admit(ip("2001:db8::1")).unwrap();
        assert_eq!(limits.admit(ip("2001:db8::2")).err(), Some(Crowded::One));
        assert!(limits.admit(ip("2001:db8:0:1::1")).is_ok());
    }

    #[test]
    fn there_is_an_end_to_all() {
        let limits = Limits::new(4);
        let all: Vec<_> = (1..=4).map(|one| limits.admit(ip(&format!("192.0.2.{one}"))).unwrap()).collect();
        assert_eq!(limits.admit(ip("192.0.2.9")).err(), Some(Crowded::All));
        drop(all);
        assert!(limits.open.lock().unwrap().is_empty(), "nothing is kept of who has gone");
    }

    #[test]
    fn the_limit_of_open_files_is_read() {
        let text = "Limit                     Soft Limit           Hard Limit           Units     \n\
            Max processes             95982                95982                processes \n\
            Max open files            1024                 524288               files     \n";
        assert_eq!(open_files(text), Some(1024));
        assert_eq!(
            open_files("Max open files            unlimited            unlimited            files"),
            None
        );
        assert_eq!(open_files(""), None);
    }
}
