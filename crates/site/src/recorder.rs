//! The recorder: hands what feeds record to volumes, one thread per volume, and gives to another volume what one could not
//! keep.
//!
//! Feeds put samples into the router (`archive::set`) and go on; each volume's thread takes its orders from there a few
//! times a second, so that many streams cost few wake-ups. The recorder holds up nobody: what no disk takes waits in
//! bounded memory, then whole streams pause to their next key frame, and it is said.
//! What is not here: how segments are laid out (the archive crate), what is recorded (feeds decide), which volumes there are
//! (`volume`).

mod worker;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::{Duration, Instant},
};

use archive::{
    Mark, PaceStatus,
    set::{Kind, Load, Router},
};
use media::{Sample, Tracks};
use model::{CameraId, StreamKey, VolumeId, WallTime, clock::wall_now};
use trust::Identity;

use crate::archive_engine::Reader;
pub use worker::{Place, State, Worker};

/// Bytes of samples that may wait for disks.
const MEMORY: usize = 512 << 20;
/// A disk that keeps the usual tick and has not confirmed anything for so long does not answer: its streams go elsewhere.
const STUCK: Duration = Duration::from_secs(10);
/// Samples that are on no disk for so long are not written, where disks keep the usual tick.
const UNWRITTEN: Duration = Duration::from_secs(5);

/// How writing goes.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum WriteState {
    /// Everything is written.
    #[default]
    Ok,
    /// Something is not written; the reason, for people.
    Failed(String),
}

/// What the recorder tells about itself.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// Whether writing works.
    pub state: WriteState,
    /// Seconds of recording that a power cut could lose now.
    pub at_risk_s: f64,
    /// How often a stream paused because no disk could take it.
    pub dropped_streams: u64,
}

/// What is to be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetentionGoals {
    /// Days per camera; cameras that are not here: as long as there is room.
    pub days: HashMap<CameraId, u32>,
    /// Bytes that a camera's recordings may take on all volumes together.
    pub camera_bytes: HashMap<CameraId, u64>,
    /// The clock cannot be trusted: nothing is deleted for its age.
    pub clock_doubted: bool,
}

struct Shared {
    router: Mutex<Router>,
    workers: RwLock<BTreeMap<VolumeId, Worker>>,
    reader: Reader,
    goals: Mutex<RetentionGoals>,
    identity: Identity,
    started: Instant,
}

impl Shared {
    fn router(&self) -> MutexGuard<'_, Router> {
        lock(&self.router)
    }

    /// On a clock that never jumps.
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Readers do not see what is void.
    fn hide(&self, router: &mut Router) {
        for (volume, key, void) in router.poll_voids() {
            self.reader.hide(volume, key, void);
        }
    }

    fn workers(&self) -> Vec<Worker> {
        self.workers.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}

/// The handle that feeds hold; clones are the same.
#[derive(Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
}

/// A stream being recorded, from one [`Recorder::begin`] to its drop: one run.
pub struct Take {
    recorder: Recorder,
    key: StreamKey,
}

impl Recorder {
    /// Without volumes yet.
    #[must_use]
    pub fn new(identity: Identity, reader: Reader) -> Self {
        let shared = Shared {
            router: Mutex::new(Router::new(MEMORY)),
            workers: RwLock::default(),
            reader,
            goals: Mutex::default(),
            identity,
            started: Instant::now(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Takes a volume in: its thread opens it and goes on trying while that fails.
    ///
    /// # Errors
    /// The thread could not be started.
    pub fn add(&self, place: Place) -> std::io::Result<Worker> {
        self.shared.router().put(place.id, place.kind);
        let worker = Worker::start(place, &self.shared)?;
        let mut workers = self.shared.workers.write().unwrap_or_else(PoisonError::into_inner);
        workers.insert(worker.id(), worker.clone());
        Ok(worker)
    }

    /// Changes what a volume is for, and its limit.
    pub fn change(&self, id: VolumeId, kind: Kind, limit_bytes: Option<u64>) {
        self.shared.router().put(id, kind);
        if let Some(worker) = self.worker(id) {
            worker.change(kind, limit_bytes);
        }
    }

    /// Lets a volume go; what is on it stays. Blocks until its thread has closed it, or for some seconds where its disk does
    /// not answer.
    pub fn remove(&self, id: VolumeId) {
        let worker = self.shared.workers.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
        let orders = {
            let mut router = self.shared.router();
            let orders = router.remove(id, wall_now());
            self.shared.hide(&mut router);
            orders
        };
        self.shared.reader.remove(id);
        if let Some(worker) = worker {
            worker.stop(orders);
        }
    }

    /// The volumes.
    #[must_use]
    pub fn workers(&self) -> Vec<Worker> {
        self.shared.workers()
    }

    /// One of them.
    #[must_use]
    pub fn worker(&self, id: VolumeId) -> Option<Worker> {
        self.shared.workers.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// What a volume has to do, and what a power cut could cost there now: as much as its disk's pace allows, or what waits
    /// for longer already.
    #[must_use]
    pub fn load(&self, id: VolumeId) -> Load {
        let load = self.shared.router().load(id, self.shared.now());
        let paced = self.worker(id).filter(|_| load.streams > 0).map(|worker| worker.pace().at_risk);
        Load { at_risk: load.at_risk.max(paced.unwrap_or_default()), ..load }
    }

    /// Where a stream is recorded now, and where it belongs.
    #[must_use]
    pub fn place(&self, key: StreamKey) -> (Option<VolumeId>, Option<VolumeId>) {
        self.shared.router().place(key)
    }

    /// Chooses by hand where a stream goes; none: by room.
    pub fn assign(&self, key: StreamKey, volume: Option<VolumeId>) {
        let hint = self.shared.reader.newest_on(key);
        self.shared.router().assign(key, volume, hint);
    }

    /// Begins a run.
    #[must_use]
    pub fn begin(&self, key: StreamKey, tracks: Arc<Tracks>) -> Take {
        let hint = self.shared.reader.newest_on(key);
        let mut router = self.shared.router();
        router.hint(key, hint);
        router.begin(key, tracks, self.shared.now(), wall_now());
        self.shared.hide(&mut router);
        Take { recorder: self.clone(), key }
    }

    /// What a camera's own clock says, to be kept beside the server's.
    pub fn camera_clock(&self, key: StreamKey, ahead_us: Option<i64>) {
        self.shared.router().camera_clock(key, ahead_us);
    }

    /// How it goes.
    #[must_use]
    pub fn status(&self) -> Status {
        let workers = self.workers();
        let now = self.shared.now();
        let router = self.shared.router();
        let oldest = router.oldest(now).unwrap_or_default();
        let (dropped_streams, _) = router.losses();
        drop(router);
        let trouble = workers.iter().filter_map(|worker| worker.health().state.reason());
        let patience = UNWRITTEN + workers.iter().map(Worker::slack).max().unwrap_or_default();
        let nowhere = !workers.iter().any(|worker| worker.health().state.takes());
        let state = if nowhere || oldest >= patience {
            let reason = trouble.collect::<Vec<_>>().join("; ");
            WriteState::Failed(if reason.is_empty() { "no volume takes them".to_owned() } else { reason })
        } else {
            WriteState::Ok
        };
        let at_risk = workers.iter().map(|worker| self.load(worker.id()).at_risk).fold(oldest, Duration::max);
        Status { state, at_risk_s: at_risk.as_secs_f64(), dropped_streams }
    }

    /// Whether samples of a stream wait for longer than disks need to take them.
    #[must_use]
    pub fn is_unwritten(&self, key: StreamKey) -> bool {
        let slack = self.workers().iter().map(Worker::slack).max().unwrap_or_default();
        let waiting = self.shared.router().waiting(key, self.shared.now());
        waiting.is_some_and(|waiting| waiting >= UNWRITTEN + slack)
    }

    /// Changes what is to be kept.
    pub fn change_retention(&self, change: impl FnOnce(&mut RetentionGoals)) {
        change(&mut lock(&self.shared.goals));
    }

    /// Gives the streams of disks that do not answer to other volumes; call once a second.
    pub fn check(&self) {
        for worker in self.workers() {
            let (pace, patience) = (worker.pace(), STUCK + worker.slack());
            let mut router = self.shared.router();
            if !is_stuck(router.load(worker.id(), self.shared.now()).at_risk, pace, patience) {
                continue;
            }
            if router.usable(worker.id()) {
                tracing::error!(volume = %worker.id(), "the disk does not answer");
                worker.does_not_answer();
                router.fail(worker.id(), wall_now());
                self.shared.hide(&mut router);
            }
        }
    }

    /// Orderly stop: returns when everything is on disk.
    pub fn stop(&self) {
        for worker in self.workers() {
            worker.stop(Vec::new());
        }
    }
}

impl Take {
    /// Records a sample. When no disk has taken what waits already, the stream pauses to its next key frame.
    pub fn push(&mut self, sample: &Sample) {
        let shared = &self.recorder.shared;
        let mut router = shared.router();
        let refused_before = router.losses().0;
        router.push(self.key, sample, shared.now(), wall_now());
        shared.hide(&mut router);
        if router.losses().0 > refused_before {
            tracing::error!(stream = %self.key, "no disk takes what is recorded; pausing to the next key frame");
        }
    }

    /// Keeps a mark with the footage that goes on.
    #[allow(dead_code, reason = "recording methods use it")]
    pub fn mark(&mut self, mark: Mark) {
        let shared = &self.recorder.shared;
        shared.router().event(self.key, mark, shared.now());
    }
}

impl Drop for Take {
    fn drop(&mut self) {
        let shared = &self.recorder.shared;
        shared.router().end(self.key, shared.now());
    }
}

/// Whether a disk does not answer: frames wait for it, and it has not taken any for as long. What waits may be older than
/// the wait for this disk: it came from another one, or the disk is only just back.
fn is_stuck(oldest: Duration, pace: PaceStatus, patience: Duration) -> bool {
    oldest >= patience && pace.at_risk >= patience
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A moment on the wall clock, for the router's callers.
fn now() -> WallTime {
    wall_now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_is_back_and_one_that_takes_over_are_not_stuck_by_what_waited_before() {
        let (old, young) = (Duration::from_secs(60), Duration::from_secs(1));
        let at_risk = |at_risk| PaceStatus { tick: archive::TICK, at_risk, slow: at_risk > STUCK };
        assert!(!is_stuck(old, at_risk(young), STUCK), "it commits");
        assert!(!is_stuck(young, at_risk(old), STUCK), "nothing waits for it");
        assert!(is_stuck(old, at_risk(old), STUCK));
    }
}
