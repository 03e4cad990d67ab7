//! Locks: footage that nothing deletes. They live on the volumes, so that a lost or restored database deletes nothing
//! locked; every volume has all of them.
//!
//! What is not here: what a lock keeps (`archive::locks`).

use std::collections::{BTreeMap, HashSet};

use archive::Lock;
use model::{LockId, WallTime};
use uuid::Uuid;

use super::Volumes;
use crate::recorder::Worker;

/// Most locks of a site.
const MAX_LOCKS: usize = 10_000;

/// Why a lock cannot be kept or taken away.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// No volume could be written.
    #[error("no volume can keep the lock now: {0}")]
    Nowhere(String),
    /// There is no such lock.
    #[error("there is no such lock")]
    NotFound,
    /// Enough is enough.
    #[error("there are {MAX_LOCKS} locks already")]
    TooMany,
}

fn id(lock: &Lock) -> LockId {
    LockId::from_bytes(*lock.id.as_bytes())
}

impl Volumes {
    fn taking(&self) -> Vec<Worker> {
        self.recorder.workers().into_iter().filter(|worker| worker.health().state.takes()).collect()
    }

    /// All locks, by beginning. Blocking.
    #[must_use]
    pub fn locks(&self) -> Vec<(LockId, Lock)> {
        let mut all = BTreeMap::new();
        for worker in self.taking() {
            for lock in worker.with(|archive| archive.locks().to_vec()).unwrap_or_default() {
                all.insert(id(&lock), lock);
            }
        }
        let mut locks: Vec<_> = all.into_iter().collect();
        locks.sort_by_key(|(_, lock)| lock.range.from);
        locks
    }

    /// Locks footage on all volumes. Blocking. It holds when one volume has it; the others get it when they can be written.
    ///
    /// # Errors
    /// No volume could keep it.
    pub fn lock(&self, lock: &Lock, now: WallTime) -> Result<(), LockError> {
        if self.locks().len() >= MAX_LOCKS {
            return Err(LockError::TooMany);
        }
        let mut failed = Vec::new();
        let mut kept = false;
        for worker in self.taking() {
            let lock = lock.clone();
            match worker.with(move |archive| archive.lock(lock, now)) {
                Ok(Ok(())) => kept = true,
                Ok(Err(error)) => failed.push(error.to_string()),
                Err(reason) => failed.push(reason),
            }
        }
        if kept { Ok(()) } else { Err(LockError::Nowhere(failed.join("; "))) }
    }

    /// Takes a lock away on all volumes. Blocking. A volume that is away loses it when it is back.
    ///
    /// # Errors
    /// There is none.
    pub fn unlock(&self, lock: LockId, now: WallTime) -> Result<(), LockError> {
        let id = Uuid::from_bytes(*lock.as_bytes());
        if !self.locks().iter().any(|(other, _)| *other == lock) {
            return Err(LockError::NotFound);
        }
        let mut failed = Vec::new();
        for worker in self.taking() {
            match worker.with(move |archive| archive.unlock(id, now)) {
                Ok(Ok(())) => {}
                Ok(Err(error)) => failed.push(error.to_string()),
                Err(reason) => failed.push(reason),
            }
        }
        if failed.is_empty() { Ok(()) } else { Err(LockError::Nowhere(failed.join("; "))) }
    }

    /// Locks what a backup had locked, except for what a volume knows to have been unlocked since. Blocking.
    ///
    /// # Errors
    /// No volume could keep one of them.
    pub fn bring(&self, locks: Vec<Lock>, now: WallTime) -> Result<(), LockError> {
        let mut known: HashSet<Uuid> = HashSet::new();
        for worker in self.taking() {
            let found = worker.with(|archive| {
                let has = archive.locks().iter().map(|lock| lock.id);
                has.chain(archive.unlocked().iter().copied()).collect::<Vec<_>>()
            });
            known.extend(found.unwrap_or_default());
        }
        locks.iter().filter(|lock| !known.contains(&lock.id)).try_for_each(|lock| self.lock(lock, now))
    }

    /// Brings locks to volumes that do not have them, and takes away there what was unlocked while they were away. Before that
    /// nothing is deleted on a volume that was opened. Blocking.
    pub fn sync_locks(&self) {
        let workers = self.taking();
        if workers.iter().all(|worker| worker.health().locks_known) {
            return;
        }
        let mut locks: BTreeMap<Uuid, Lock> = BTreeMap::new();
        let mut unlocked: HashSet<Uuid> = HashSet::new();
        for worker in &workers {
            let found = worker.with(|archive| (archive.locks().to_vec(), archive.unlocked().clone()));
            let Ok((has, gone)) = found else { continue };
            locks.extend(has.into_iter().map(|lock| (lock.id, lock)));
            unlocked.extend(gone);
        }
        locks.retain(|id, _| !unlocked.contains(id));
        for worker in workers {
            let (locks, unlocked) = (locks.clone(), unlocked.clone());
            let brought = worker.with(move |archive| {
                let now = model::clock::wall_now();
                let has: HashSet<Uuid> = archive.locks().iter().map(|lock| lock.id).collect();
                for lock in locks.into_values().filter(|lock| !has.contains(&lock.id)) {
                    archive.lock(lock, now)?;
                }
                unlocked.into_iter().try_for_each(|id| archive.unlock(id, now))
            });
            match brought {
                Ok(Ok(())) => worker.locks_are_known(),
                Ok(Err(error)) => {
                    tracing::error!(%error, volume = %worker.id(), "locks could not be brought")
                }
                Err(reason) => tracing::error!(%reason, volume = %worker.id(), "locks could not be brought"),
            }
        }
    }
}
