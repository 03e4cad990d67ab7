//! A volume's thread: opens it, follows the router's orders, makes durable twice a second or as often as the disk can
//! (`archive::Pace`), enforces retention, and tries again when the disk has failed.
//!
//! What is not here: which stream goes where (`archive::set::Router`), what is told of it (`volume`).

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use archive::{
    Archive, Dir, Enforced, Pace, PaceStatus, Retention, TICK,
    set::{Kind, Lane, Order, horizon, resolve},
};
use model::{CameraId, SiteId, VolumeId, WallTime};

use super::{Shared, lock, now};
use crate::archive_engine::{self, OpenError};

/// How often orders are taken.
const DRAIN: Duration = Duration::from_millis(100);
/// How often retention is looked at.
const RETENTION: Duration = Duration::from_secs(10);
/// A failed volume is tried again after this long first, then after twice as long, and so on.
const RETRY: Duration = Duration::from_secs(1);
const RETRY_AT_MOST: Duration = Duration::from_secs(30);
/// A volume that fails sooner than this after it came back has not recovered: waiting goes on where it was.
const STEADY: Duration = Duration::from_secs(20);
/// Most bytes that stay free on the file system, so that the database and the system go on.
const RESERVE: u64 = 1 << 30;
/// Tasks that may wait for a thread; further ones are refused.
const TASKS: usize = 64;
/// How long an orderly stop waits for a disk.
const STOP: Duration = Duration::from_secs(20);

/// Work for a volume's thread.
type Task = Box<dyn FnOnce(&mut Archive<Dir>) + Send>;

/// Where a volume is and what it is for.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its identifier.
    pub id: VolumeId,
    /// Its directory.
    pub path: PathBuf,
    /// What it is for.
    pub kind: Kind,
    /// Bytes that recordings may take; none: all but the reserve.
    pub limit_bytes: Option<u64>,
    /// It may be made where there is none yet.
    pub make: bool,
}

/// How a volume is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// It is being opened.
    #[default]
    Opening,
    /// It takes recordings.
    Ok,
    /// No room: the disk refuses.
    Full(String),
    /// It cannot be written; why, for people.
    Failed(String),
    /// Made by another site, which this one reads only.
    Foreign(SiteId),
}

impl State {
    /// Whether it takes recordings.
    pub const fn takes(&self) -> bool {
        matches!(self, Self::Ok)
    }

    /// Why it does not.
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::Full(reason) | Self::Failed(reason) => Some(reason.clone()),
            Self::Opening | Self::Ok | Self::Foreign(_) => None,
        }
    }
}

/// What a volume's thread tells.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// How it is.
    pub state: State,
    /// Since when it is so.
    pub since: Option<WallTime>,
    /// Bytes that limit or reserve are missed by: all that is left is locked or being written.
    pub missing_bytes: u64,
    /// Cameras whose footage went for want of room before its days were over, and when that was last seen.
    pub short: HashMap<CameraId, Instant>,
    /// It has the locks of all other volumes: before that nothing is deleted on it.
    pub locks_known: bool,
    /// It has been opened, or was found not to open, at least once.
    pub tried: bool,
}

struct Desk {
    place: Mutex<Place>,
    health: Mutex<Health>,
    pace: Mutex<Pace>,
    tasks: Mutex<Option<mpsc::SyncSender<Message>>>,
    done: Mutex<Option<mpsc::Receiver<()>>>,
    id: VolumeId,
}

enum Message {
    Task(Task),
    /// These orders, then the end.
    Stop(Vec<Order>),
}

/// The handle of a volume's thread; clones are the same.
#[derive(Clone)]
pub struct Worker(Arc<Desk>);

impl Worker {
    /// Starts the thread.
    pub(super) fn start(place: Place, shared: &Arc<Shared>) -> std::io::Result<Self> {
        let (tasks, inbox) = mpsc::sync_channel(TASKS);
        let (end, done) = mpsc::sync_channel(1);
        let worker = Self(Arc::new(Desk {
            id: place.id,
            place: Mutex::new(place),
            health: Mutex::default(),
            pace: Mutex::new(Pace::new(Instant::now())),
            tasks: Mutex::new(Some(tasks)),
            done: Mutex::new(Some(done)),
        }));
        let (desk, shared) = (worker.clone(), Arc::clone(shared));
        thread::Builder::new().name("volume".into()).spawn(move || {
            Runner { desk, shared, lane: None, retry: RETRY, retry_at: Instant::now(), back: None }
                .run(&inbox);
            let _ = end.send(());
        })?;
        Ok(worker)
    }

    /// The volume.
    #[must_use]
    pub fn id(&self) -> VolumeId {
        self.0.id
    }

    /// Where it is and what it is for.
    #[must_use]
    pub fn place(&self) -> Place {
        lock(&self.0.place).clone()
    }

    pub(super) fn change(&self, kind: Kind, limit_bytes: Option<u64>) {
        let mut place = lock(&self.0.place);
        (place.kind, place.limit_bytes) = (kind, limit_bytes);
    }

    /// How it is.
    #[must_use]
    pub fn health(&self) -> Health {
        lock(&self.0.health).clone()
    }

    /// How often its disk takes what is recorded.
    #[must_use]
    pub fn pace(&self) -> PaceStatus {
        lock(&self.0.pace).status(Instant::now())
    }

    /// How much longer than usual something may wait for a disk that is slow but works: for the tick that it was too young
    /// for, and for the one that takes it.
    pub fn slack(&self) -> Duration {
        2 * self.pace().tick.saturating_sub(TICK)
    }

    /// Locks of other volumes were brought here.
    pub fn locks_are_known(&self) {
        lock(&self.0.health).locks_known = true;
    }

    pub(super) fn does_not_answer(&self) {
        self.tell(State::Failed("the disk does not answer".to_owned()));
    }

    fn tell(&self, state: State) {
        let mut health = lock(&self.0.health);
        health.tried = true;
        if health.state != state {
            health.since = Some(now());
            health.state = state;
        }
    }

    /// Waits until the volume was opened once, or was found not to open. False where that takes too long.
    #[must_use]
    pub fn until_tried(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while !self.health().tried {
            if Instant::now() > deadline {
                return false;
            }
            thread::park_timeout(Duration::from_millis(5));
        }
        true
    }

    /// Does something with the open volume on its thread, and waits for the answer. Blocking.
    ///
    /// # Errors
    /// The volume does not take recordings now, or does not answer.
    pub fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Archive<Dir>) -> T + Send + 'static,
    ) -> Result<T, String> {
        let (answer, answered) = mpsc::sync_channel(1);
        let task: Task = Box::new(move |archive| {
            let _ = answer.send(work(archive));
        });
        let sent = lock(&self.0.tasks).as_ref().map(|tasks| tasks.try_send(Message::Task(task)));
        match sent {
            Some(Ok(())) => answered.recv_timeout(STOP).map_err(|_| self.why()),
            _ => Err(self.why()),
        }
    }

    fn why(&self) -> String {
        self.health().state.reason().unwrap_or_else(|| "the volume does not answer".to_owned())
    }

    /// Ends the thread after these orders.
    pub(super) fn stop(&self, orders: Vec<Order>) {
        if let Some(tasks) = lock(&self.0.tasks).take() {
            let _ = tasks.try_send(Message::Stop(orders));
        }
        if let Some(done) = lock(&self.0.done).take()
            && done.recv_timeout(STOP).is_err()
        {
            tracing::error!(volume = %self.id(), "the volume was not closed in time");
        }
    }
}

struct Runner {
    desk: Worker,
    shared: Arc<Shared>,
    lane: Option<Lane<Dir>>,
    retry: Duration,
    retry_at: Instant,
    /// When it last came back.
    back: Option<Instant>,
}

impl Runner {
    fn run(mut self, inbox: &mpsc::Receiver<Message>) {
        let mut retain_at = Instant::now();
        let mut written = Instant::now();
        loop {
            let due = lock(&self.desk.0.pace).poll_timeout();
            let wait = due.map_or(DRAIN, |due| due.saturating_duration_since(Instant::now()).min(DRAIN));
            let message = inbox.recv_timeout(wait);
            self.try_again();
            self.drain(due.map(|due| due.max(Instant::now() + DRAIN)));
            match message {
                Ok(Message::Task(task)) => {
                    if let Some(lane) = &mut self.lane {
                        task(lane.archive_mut());
                    }
                    continue;
                }
                Ok(Message::Stop(orders)) => return self.close(orders),
                Err(mpsc::RecvTimeoutError::Disconnected) => return self.close(Vec::new()),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
            let clock = Instant::now();
            if due.is_some_and(|due| clock >= due) {
                self.commit();
                written = Instant::now();
            } else if clock.saturating_duration_since(written) >= TICK {
                self.write_aged();
                written = clock;
            }
            if clock >= retain_at {
                self.retain();
                retain_at = clock + RETENTION;
            }
        }
    }

    fn usable(&self) -> bool {
        self.shared.router().usable(self.desk.id())
    }

    /// Opens the volume, or looks whether its disk is back.
    fn try_again(&mut self) {
        if self.usable() || Instant::now() < self.retry_at {
            return;
        }
        // Streams that left give up their runs first.
        self.drain(None);
        let gone = self.lane.as_ref().is_some_and(|lane| !lane.is_present());
        if gone {
            // Another file system is in its place, or none: it is opened anew.
            self.lane = None;
        }
        let result = match &self.lane {
            Some(lane) => lane.probe().map_err(|error| (is_full(&error), error.to_string())),
            None => self.open(),
        };
        self.retry_at = Instant::now() + self.retry;
        self.retry = (self.retry * 2).min(RETRY_AT_MOST);
        match result {
            Ok(()) => {
                tracing::info!(volume = %self.desk.id(), "the volume takes recordings");
                self.back = Some(Instant::now());
                self.set_room();
                // How long it took to come back is not how long it takes now.
                *lock(&self.desk.0.pace) = Pace::new(Instant::now());
                self.desk.tell(State::Ok);
                let mut router = self.shared.router();
                router.revive(self.desk.id(), now());
                self.shared.hide(&mut router);
            }
            Err((full, reason)) => self.desk.tell(match (full, self.desk.health().state) {
                (_, foreign @ State::Foreign(_)) if self.lane.is_none() => foreign,
                (true, _) => State::Full(reason),
                (false, _) => State::Failed(reason),
            }),
        }
    }

    fn open(&mut self) -> Result<(), (bool, String)> {
        let place = self.desk.place();
        let opened = archive_engine::open(&place, &self.shared.identity, &self.shared.reader);
        let lane = match opened {
            Ok(lane) => lane,
            Err(OpenError::Volume(archive::Error::ForeignVolume { made_by })) => {
                self.desk.tell(State::Foreign(made_by));
                if self.shared.reader.volume(place.id).is_none()
                    && let Some(reader) = archive_engine::read_only(&place.path)
                {
                    self.shared.reader.put(place.id, reader);
                }
                return Err((false, format!("it was made by site {made_by}")));
            }
            Err(error) => return Err((false, crate::http::problem::chain(&error))),
        };
        self.shared.reader.put(place.id, lane.archive().reader());
        self.lane = Some(lane);
        lock(&self.desk.0.place).make = false;
        for (volume, key, void) in resolve(&self.shared.reader.volumes()) {
            match (&mut self.lane, volume == place.id) {
                (Some(lane), true) => drop(lane.execute(Order::Settle(key, void), now())),
                _ => self.shared.router().settle_later(volume, key, void),
            }
        }
        lock(&self.desk.0.health).locks_known = false;
        Ok(())
    }

    /// Follows the router's orders; with a time, only until then: what waited through a long standstill is more than a disk
    /// takes in a tick, and without commits in between nobody would know that it goes on.
    fn drain(&mut self, until: Option<Instant>) {
        let id = self.desk.id();
        while until.is_none_or(|until| Instant::now() < until) {
            let Some(lane) = &mut self.lane else { return };
            let Some(order) = self.shared.router().next_order(id) else { return };
            let done = lane.execute(order, now());
            if let Some((key, placed)) = done.placed {
                let mut router = self.shared.router();
                router.placed(id, key, placed);
                self.shared.hide(&mut router);
            }
            if let Some(error) = done.failed {
                self.fail(&error);
            }
        }
    }

    /// Where ticks are long: so that a process that is killed loses no more than at the usual tick.
    fn write_aged(&mut self) {
        if !self.usable() {
            return;
        }
        if let Some(error) = self.lane.as_mut().and_then(|lane| lane.write_aged(now())) {
            self.fail(&error);
        }
    }

    fn commit(&mut self) {
        let epoch = self.shared.router().epoch(self.desk.id());
        let begun = Instant::now();
        let usable = self.usable();
        let Some(lane) = self.lane.as_mut().filter(|_| usable) else {
            // When it is back, its disk may be another one.
            *lock(&self.desk.0.pace) = Pace::new(begun);
            return;
        };
        lock(&self.desk.0.pace).handle_begin(begun);
        let ticked = lane.tick(now());
        lock(&self.desk.0.pace).handle_end(ticked.failed.is_none(), Instant::now());
        match ticked.failed {
            Some(error) => self.fail(&error),
            None => self.shared.router().confirm(self.desk.id(), epoch, &ticked.durable),
        }
    }

    fn fail(&mut self, error: &archive::Error) {
        let reason = crate::http::problem::chain(error);
        if self.usable() {
            tracing::error!(volume = %self.desk.id(), %reason, "the volume fails");
            if self.back.is_none_or(|back| back.elapsed() > STEADY) {
                self.retry = RETRY;
            }
            self.retry_at = Instant::now() + self.retry;
        }
        let full = self.lane.as_ref().is_some_and(|lane| lane.probe().is_err_and(|error| is_full(&error)));
        self.desk.tell(if full { State::Full(reason) } else { State::Failed(reason) });
        let mut router = self.shared.router();
        router.fail(self.desk.id(), now());
        self.shared.hide(&mut router);
    }

    fn set_room(&self) {
        let place = self.desk.place();
        let Some(space) = self.lane.as_ref().and_then(|lane| lane.space().ok()) else { return };
        let used: u64 = self
            .shared
            .reader
            .volume(place.id)
            .map_or(0, |reader| reader.streams().into_iter().map(|key| reader.bytes(key)).sum());
        let room = place.limit_bytes.unwrap_or(u64::MAX).min(space.free.saturating_add(used));
        self.shared.router().set_room(place.id, room);
    }

    fn retain(&mut self) {
        self.set_room();
        if !self.desk.health().locks_known {
            return;
        }
        let place = self.desk.place();
        let goals = lock(&self.shared.goals).clone();
        let volumes = self.shared.reader.volumes();
        // A share of room is counted over all of them.
        if volumes.iter().any(|(_, volume)| !volume.complete()) {
            return;
        }
        let day = |days: u32| Duration::from_secs(u64::from(days) * 86_400);
        let wished: HashMap<_, _> = goals.days.iter().map(|(camera, days)| (*camera, day(*days))).collect();
        let before = goals
            .camera_bytes
            .iter()
            .filter_map(|(camera, bytes)| horizon(&volumes, *camera, *bytes).map(|until| (*camera, until)));
        let Some(lane) = &mut self.lane else { return };
        let total = lane.space().map_or(u64::MAX, |space| space.total);
        let retention = Retention {
            before: before.collect(),
            max_age: if goals.clock_doubted { HashMap::new() } else { wished.clone() },
            goals: if goals.clock_doubted { HashMap::new() } else { wished },
            volume_bytes: place.limit_bytes,
            reserve_bytes: RESERVE.min(total / 20),
        };
        match lane.archive_mut().enforce(&retention, now()) {
            Ok(Enforced { deleted, missing_bytes, short, .. }) => {
                if !deleted.is_empty() {
                    tracing::info!(segments = deleted.len(), "retention");
                }
                let mut health = lock(&self.desk.0.health);
                health.missing_bytes = missing_bytes;
                health.short.extend(short.into_iter().map(|camera| (camera, Instant::now())));
            }
            Err(error) => tracing::error!(%error, volume = %place.id, "retention"),
        }
    }

    fn close(mut self, orders: Vec<Order>) {
        self.drain(None);
        let Some(mut lane) = self.lane.take() else { return };
        for order in orders {
            lane.execute(order, now());
        }
        if let Err(error) = lane.close(now()) {
            tracing::error!(%error, volume = %self.desk.id(), "closing the volume");
        }
    }
}

fn is_full(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
}
