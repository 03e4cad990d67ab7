//! Whose password is hashed next. A hash takes memory and a core, so few are made at once, and few wait for it. Who may try
//! at all is not decided here (`access::throttle`).

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Semaphore, SemaphorePermit};

/// Passwords hashed at once.
const HASHES: usize = 2;
/// Tries that are hashed or wait for it, of all addresses and of one: who floods from one address waits behind itself.
const WAITING: usize = 64;
const WAITING_OF_ONE: usize = 4;

/// All turns.
pub struct Turns {
    cores: Semaphore,
    waiting: Mutex<HashMap<IpAddr, usize>>,
}

/// The right to hash a password now.
pub struct Turn<'a> {
    _place: Place<'a>,
    _core: SemaphorePermit<'a>,
}

/// A place among those that wait, given back when it is dropped.
struct Place<'a> {
    turns: &'a Turns,
    address: IpAddr,
}

impl Default for Turns {
    fn default() -> Self {
        Self { cores: Semaphore::new(HASHES), waiting: Mutex::default() }
    }
}

impl Turns {
    /// Waits for a turn; none where too many wait already.
    pub async fn take(&self, address: IpAddr) -> Option<Turn<'_>> {
        let place = self.place(address)?;
        let core = self.cores.acquire().await.ok()?;
        Some(Turn { _place: place, _core: core })
    }

    fn place(&self, address: IpAddr) -> Option<Place<'_>> {
        let mut waiting = self.waiting();
        let of_one = waiting.get(&address).copied().unwrap_or_default();
        if of_one >= WAITING_OF_ONE || waiting.values().sum::<usize>() >= WAITING {
            return None;
        }
        waiting.insert(address, of_one + 1);
        Some(Place { turns: self, address })
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut waiting = self.turns.waiting();
        if let Some(count) = waiting.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                waiting.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_that_wait_are_bounded_for_each_address_and_for_all() {
        let turns = Turns::default();
        let address = |last: u8| IpAddr::from([192, 0, 2, last]);
        let of_one: Vec<_> = (0..10).filter_map(|_| turns.place(address(1))).collect();
        assert_eq!(of_one.len(), WAITING_OF_ONE);
        // Others are not kept out by it, until all room is taken.
        let others: Vec<_> = (2..200).filter_map(|last| turns.place(address(last))).collect();
        assert_eq!(of_one.len() + others.len(), WAITING);
        drop(of_one);
        assert!(turns.place(address(1)).is_some());
        drop(others);
        assert!(turns.waiting().is_empty());
    }
}
