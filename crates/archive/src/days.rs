//! The days of a volume: which of them are in the index in memory, and reading the others when somebody needs them.
//!
//! A start reads the newest day only, so that recording begins at once; a [`crate::Loader`] reads the rest, newest first,
//! on a thread of its own. Whoever asks about a day that is not read yet reads it, or waits for who does.
//!
//! What is not here: reading one day ([`crate::recover`]).

use std::{
    collections::{BTreeSet, HashSet},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use model::{StreamKey, VolumeId, WallRange, WallTime};

use crate::{
    Error, Recovery,
    deletions::Deletions,
    disk::Disk,
    index::Index,
    layout::{Day, SegmentName},
    recover::{self, Damaged},
};

/// A segment reaches at most so far into the next day, in µs.
const REACH_US: i64 = 3_600_000_000;

#[derive(Debug, Default)]
struct State {
    waiting: BTreeSet<Day>,
    loading: BTreeSet<Day>,
    recovery: Recovery,
    /// Days whose index on disk is missing or old.
    stale: BTreeSet<Day>,
    /// Runs of this process: their files are no business of whoever reads a day.
    own_runs: HashSet<u32>,
    /// Segments whose deletion is in the journal; forgotten when all days are read.
    deleted: Arc<Deletions>,
}

/// See the module's description.
#[derive(Debug)]
pub(crate) struct Days {
    volume: VolumeId,
    state: Mutex<State>,
    loaded: Condvar,
    complete: AtomicBool,
}

impl Days {
    pub(crate) fn new(
        volume: VolumeId,
        days: impl IntoIterator<Item = Day>,
        deleted: Deletions,
        recovery: Recovery,
    ) -> Self {
        let waiting: BTreeSet<Day> = days.into_iter().collect();
        let complete = AtomicBool::new(waiting.is_empty());
        let state = State { waiting, deleted: Arc::new(deleted), recovery, ..State::default() };
        Self { volume, state: Mutex::new(state), loaded: Condvar::new(), complete }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether all days are in the index.
    pub(crate) fn complete(&self) -> bool {
        self.complete.load(Ordering::Acquire)
    }

    /// A run of this process.
    pub(crate) fn own(&self, run_tag: u32) {
        if !self.complete() {
            self.state().own_runs.insert(run_tag);
        }
    }

    /// The newest day that is not in the index.
    pub(crate) fn newest_waiting(&self) -> Option<Day> {
        if self.complete() { None } else { self.state().waiting.last().copied() }
    }

    /// Reads a day, if nobody has yet. After an error it is tried again by whoever asks next.
    pub(crate) fn load<D: Disk>(&self, disk: &D, index: &Index, day: Day) -> Result<(), Error> {
        if self.complete() {
            return Ok(());
        }
        let mut state = self.state();
        while state.loading.contains(&day) {
            state = self.loaded.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if !state.waiting.remove(&day) {
            return Ok(());
        }
        state.loading.insert(day);
        let deleted = Arc::clone(&state.deleted);
        drop(state);
        let own = |name: SegmentName| self.state().own_runs.contains(&name.run_tag);
        let read = recover::load_day(disk, self.volume, index, day, &deleted, own);
        let mut state = self.state();
        state.loading.remove(&day);
        let done = match read {
            Ok((recovery, stale)) => {
                state.recovery.add(recovery);
                if stale {
                    state.stale.insert(day);
                }
                Ok(())
            }
            Err(error) => {
                state.waiting.insert(day);
                Err(error)
            }
        };
        self.note_complete(&mut state);
        done
    }

    /// Reads no day any more, since somebody else may write to the volume from now on. Returns when none is being read.
    pub(crate) fn stop(&self) {
        if self.complete() {
            return;
        }
        let mut state = self.state();
        loop {
            state.waiting.clear();
            if state.loading.is_empty() {
                break;
            }
            state = self.loaded.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        self.note_complete(&mut state);
    }

    /// Gives a day up that cannot be read: what lies there is not served.
    pub(crate) fn give_up(&self, day: Day, error: &Error) {
        let mut state = self.state();
        state.waiting.remove(&day);
        state.recovery.damaged.push(Damaged { path: day.directory(), what: error.to_string() });
        self.note_complete(&mut state);
    }

    fn note_complete(&self, state: &mut State) {
        if state.waiting.is_empty() && state.loading.is_empty() {
            state.deleted = Arc::default();
            state.own_runs = HashSet::new();
            self.complete.store(true, Ordering::Release);
        }
        self.loaded.notify_all();
    }

    /// Reads what is needed to know of the range; days that cannot be read are left out.
    pub(crate) fn need<D: Disk>(&self, disk: &D, index: &Index, range: WallRange) {
        if self.complete() {
            return;
        }
        let (from, to) = (Day::of(range.from.plus_micros(-REACH_US)), Day::of(range.to));
        let days: Vec<Day> = {
            let state = self.state();
            state.waiting.range(from..=to).chain(state.loading.range(from..=to)).copied().collect()
        };
        for day in days.into_iter().rev() {
            let _ = self.load(disk, index, day);
        }
    }

    /// Reads all days.
    pub(crate) fn need_all<D: Disk>(&self, disk: &D, index: &Index) {
        self.need(disk, index, WallRange { from: WallTime::MIN, to: WallTime::MAX });
    }

    /// Reads the newest day that has footage at all, and what is newer; tells the end of the newest footage.
    pub(crate) fn need_newest<D: Disk>(&self, disk: &D, index: &Index) -> Option<WallTime> {
        loop {
            let ends = index.keys().into_iter().filter_map(|key| {
                let stream = index.get(key)?;
                let newest = crate::index::read(&stream).before(WallTime::MAX);
                newest.map(|(summary, _)| summary.end())
            });
            let known = ends.max();
            let unread = {
                let state = self.state();
                state.waiting.last().max(state.loading.last()).copied()
            };
            match unread.filter(|day| known.is_none_or(|known| Day::of(known) < *day)) {
                Some(day) if self.load(disk, index, day).is_ok() => {}
                _ => return known,
            }
        }
    }

    /// Reads the newest day that has footage of the stream, and what is newer.
    pub(crate) fn need_newest_of<D: Disk>(&self, disk: &D, index: &Index, key: StreamKey) {
        if self.complete() {
            return;
        }
        let known = index.get(key).and_then(|stream| {
            let newest = crate::index::read(&stream).before(WallTime::MAX);
            newest.map(|(summary, _)| Day::of(summary.start))
        });
        let days: Vec<Day> = {
            let state = self.state();
            let days: BTreeSet<Day> = state.waiting.union(&state.loading).copied().collect();
            days.into_iter().rev().take_while(|day| known.is_none_or(|known| known < *day)).collect()
        };
        for day in days {
            let path = format!("{}/{key}", day.directory());
            if disk.list(&path).is_ok_and(|files| !files.is_empty()) {
                let _ = self.load(disk, index, day);
                return;
            }
        }
    }

    /// What was found so far.
    pub(crate) fn recovery(&self) -> Recovery {
        self.state().recovery.clone()
    }

    /// Takes the days whose index is to be written.
    pub(crate) fn take_stale(&self) -> BTreeSet<Day> {
        std::mem::take(&mut self.state().stale)
    }
}
