//! The recorder: one thread per volume that feeds the archive, commits every half second and enforces retention.
//!
//! Feeds put samples into a queue and go on; the thread drains it a few times a second, so that many streams cost few
//! wake-ups. The recorder holds up nobody: a queue that a stuck disk fills up drops whole streams to their next
//! key frame, and says so.
//! What is not here: how segments are laid out (the archive crate), what is recorded (feeds decide).

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use archive::Mark;
use media::{Sample, Tracks};
use model::{CameraId, StreamKey, WallTime, clock::wall_now};

/// How often the queue is drained.
const DRAIN: Duration = Duration::from_millis(100);
/// How often all is made durable.
const COMMIT: Duration = Duration::from_millis(500);
/// How often retention is looked at.
const RETENTION: Duration = Duration::from_secs(10);
/// Bytes of samples that may wait for the disk.
const QUEUE_BYTES: usize = 256 << 20;

enum Command {
    Begin(StreamKey, Arc<Tracks>, WallTime),
    Push(StreamKey, Sample),
    Mark(StreamKey, Mark),
    End(StreamKey),
}

#[derive(Default)]
struct Queue {
    commands: VecDeque<Command>,
    bytes: usize,
    stop: bool,
}

impl Queue {
    fn put(&mut self, command: Command) {
        if let Command::Push(_, sample) = &command {
            self.bytes += sample.data.len();
        }
        self.commands.push_back(command);
    }
}

/// How writing goes.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum WriteState {
    /// Everything is written.
    #[default]
    Ok,
    /// Nothing can be written; the reason, for people.
    Failed(String),
}

/// What the recorder tells about itself.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// Whether writing works.
    pub state: WriteState,
    /// Seconds of recording that a power cut could lose now.
    pub at_risk_s: f64,
    /// Since when samples come without the stream's footage on disk growing. It grows every half second.
    pub waiting: HashMap<StreamKey, Instant>,
    /// Streams for which samples were dropped because the disk could not take them.
    pub dropped_streams: u64,
}

struct Shared {
    queue: Mutex<Queue>,
    status: Mutex<Status>,
    retention: Mutex<RetentionGoals>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
    waker: thread::Thread,
}

/// What is to be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetentionGoals {
    /// Days per camera; cameras that are not here: as long as there is room.
    pub days: HashMap<CameraId, u32>,
    /// Bytes that recordings may take; none: all but the reserve.
    pub limit_bytes: Option<u64>,
}

/// The handle that feeds hold.
#[derive(Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
}

/// A stream being recorded, from one [`Recorder::begin`] to its drop: one run.
pub struct Take {
    recorder: Recorder,
    key: StreamKey,
    tracks: Arc<Tracks>,
    overflowed: bool,
}

/// The engine that the thread drives; the archive in the product, something smaller in tests.
pub trait Engine: Send + 'static {
    /// A run begins.
    ///
    /// # Errors
    /// Text for people.
    fn begin(&mut self, key: StreamKey, tracks: Arc<Tracks>, now: WallTime) -> Result<(), String>;
    /// A sample of the run.
    ///
    /// # Errors
    /// Text for people.
    fn push(&mut self, key: StreamKey, sample: &Sample, now: WallTime) -> Result<(), String>;
    /// Something begins or ends; it is kept with the run's footage.
    ///
    /// # Errors
    /// Text for people.
    fn mark(&mut self, key: StreamKey, mark: Mark) -> Result<(), String>;
    /// The run ends.
    ///
    /// # Errors
    /// Text for people.
    fn end(&mut self, key: StreamKey, now: WallTime) -> Result<(), String>;
    /// End of the newest footage of a stream that was written.
    fn newest(&self, key: StreamKey) -> Option<WallTime>;
    /// Makes everything durable; how many seconds are at risk.
    ///
    /// # Errors
    /// Text for people.
    fn commit(&mut self, now: WallTime) -> Result<f64, String>;
    /// Deletes what need not be kept.
    ///
    /// # Errors
    /// Text for people.
    fn retain(&mut self, goals: &RetentionGoals, now: WallTime) -> Result<(), String>;
    /// Orderly stop: nothing may be missing afterwards.
    ///
    /// # Errors
    /// Text for people.
    fn close(&mut self, now: WallTime) -> Result<(), String>;
}

impl Recorder {
    /// Starts the thread.
    ///
    /// # Errors
    /// The thread could not be started.
    pub fn start(engine: impl Engine) -> std::io::Result<Self> {
        let (hand_over, receive) = std::sync::mpsc::sync_channel::<Arc<Shared>>(1);
        let handle = thread::Builder::new().name("volume".into()).spawn(move || {
            if let Ok(shared) = receive.recv() {
                run(engine, &shared);
            }
        })?;
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            status: Mutex::default(),
            retention: Mutex::default(),
            waker: handle.thread().clone(),
            thread: Mutex::new(Some(handle)),
        });
        let _ = hand_over.send(Arc::clone(&shared));
        Ok(Self { shared })
    }

    /// Begins a run.
    #[must_use]
    pub fn begin(&self, key: StreamKey, tracks: Arc<Tracks>) -> Take {
        lock(&self.shared.queue).put(Command::Begin(key, Arc::clone(&tracks), wall_now()));
        Take { recorder: self.clone(), key, tracks, overflowed: false }
    }

    /// How it goes.
    #[must_use]
    pub fn status(&self) -> Status {
        lock(&self.shared.status).clone()
    }

    /// How long samples of a stream have come without its footage on disk growing.
    #[must_use]
    pub fn waiting(&self, key: StreamKey) -> Option<Duration> {
        lock(&self.shared.status).waiting.get(&key).map(Instant::elapsed)
    }

    /// Changes what is to be kept.
    pub fn change_retention(&self, change: impl FnOnce(&mut RetentionGoals)) {
        change(&mut lock(&self.shared.retention));
    }

    /// Orderly stop: returns when everything is on disk.
    pub fn stop(&self) {
        lock(&self.shared.queue).stop = true;
        self.shared.waker.unpark();
        if let Some(thread) = lock(&self.shared.thread).take()
            && thread.join().is_err()
        {
            tracing::error!("the volume's thread ended by a panic");
        }
    }
}

impl Take {
    /// Records a sample. When the disk has not taken what waits already, the stream pauses to its next key frame.
    pub fn push(&mut self, sample: &Sample) {
        let mut queue = lock(&self.recorder.shared.queue);
        if self.overflowed {
            let room = queue.bytes < QUEUE_BYTES / 2;
            if !(room && sample.key && sample.track == model::TrackKind::Video) {
                return;
            }
            self.overflowed = false;
            queue.put(Command::Begin(self.key, Arc::clone(&self.tracks), wall_now()));
        } else if queue.bytes + sample.data.len() > QUEUE_BYTES {
            self.overflowed = true;
            queue.put(Command::End(self.key));
            drop(queue);
            lock(&self.recorder.shared.status).dropped_streams += 1;
            tracing::error!(stream = %self.key, "the disk does not take what is recorded; pausing to the next key frame");
            return;
        }
        queue.put(Command::Push(self.key, sample.clone()));
    }

    /// Keeps a mark with the footage that goes on.
    pub fn mark(&mut self, mark: Mark) {
        if !self.overflowed {
            lock(&self.recorder.shared.queue).put(Command::Mark(self.key, mark));
        }
    }
}

impl Drop for Take {
    fn drop(&mut self) {
        if !self.overflowed {
            lock(&self.recorder.shared.queue).put(Command::End(self.key));
        }
    }
}

fn run(mut engine: impl Engine, shared: &Shared) {
    let mut commit_at = Instant::now() + COMMIT;
    let mut retain_at = Instant::now();
    let mut streams = Streams::default();
    loop {
        let (commands, stop) = {
            let mut queue = lock(&shared.queue);
            queue.bytes = 0;
            (std::mem::take(&mut queue.commands), queue.stop)
        };
        drain(&mut engine, commands, &mut streams, shared);
        let now = Instant::now();
        if now >= commit_at || stop {
            let result = engine.commit(wall_now());
            let mut status = lock(&shared.status);
            match result {
                Ok(at_risk_s) => {
                    status.at_risk_s = at_risk_s;
                    streams.committed(&engine);
                    status.waiting.clone_from(&streams.waiting);
                    if streams.failed.is_empty() {
                        status.state = WriteState::Ok;
                    }
                }
                Err(reason) => {
                    streams.failed.extend(streams.waiting.keys());
                    status.state = WriteState::Failed(reason);
                }
            }
            drop(status);
            commit_at = now.max(commit_at) + COMMIT;
        }
        if stop {
            break;
        }
        if now >= retain_at {
            let goals = lock(&shared.retention).clone();
            if let Err(reason) = engine.retain(&goals, wall_now()) {
                tracing::error!(%reason, "retention");
            }
            retain_at = now + RETENTION;
        }
        thread::park_timeout(DRAIN);
    }
    if let Err(reason) = engine.close(wall_now()) {
        tracing::error!(%reason, "closing the volume");
    }
}

/// What the thread knows of its streams. That a sample was taken says little: it waits for its fragment, and after a
/// failed write for the next key frame. What counts is that footage on disk grows.
#[derive(Default)]
struct Streams {
    /// Streams whose run has come to its first key frame.
    begun: HashSet<StreamKey>,
    /// When the first sample was taken since footage was last seen to grow.
    waiting: HashMap<StreamKey, Instant>,
    /// Where footage ended then.
    ends: HashMap<StreamKey, Option<WallTime>>,
    /// Streams with an error of writing since then.
    failed: HashSet<StreamKey>,
}

impl Streams {
    fn took(&mut self, key: StreamKey, sample: &Sample) {
        if sample.key && sample.track == model::TrackKind::Video {
            self.begun.insert(key);
        }
        if self.begun.contains(&key) {
            self.waiting.entry(key).or_insert_with(Instant::now);
        }
    }

    fn ended(&mut self, key: StreamKey) {
        self.begun.remove(&key);
        self.waiting.remove(&key);
        self.failed.remove(&key);
    }

    /// After a commit: looks whose footage has grown.
    fn committed(&mut self, engine: &impl Engine) {
        self.waiting.retain(|key, _| {
            let end = engine.newest(*key);
            let grown = self.ends.insert(*key, end) != Some(end);
            if grown {
                self.failed.remove(key);
            }
            !grown
        });
    }
}

fn drain(engine: &mut impl Engine, commands: VecDeque<Command>, streams: &mut Streams, shared: &Shared) {
    let now = wall_now();
    let mut trouble = None;
    for command in commands {
        let (key, result) = match command {
            Command::Begin(key, tracks, at) => (key, engine.begin(key, tracks, at)),
            Command::Push(key, sample) => {
                let result = engine.push(key, &sample, now);
                streams.took(key, &sample);
                (key, result)
            }
            Command::Mark(key, mark) => (key, engine.mark(key, mark)),
            Command::End(key) => {
                streams.ended(key);
                if let Err(reason) = engine.end(key, now) {
                    tracing::error!(stream = %key, %reason, "ending a recording");
                }
                (key, Ok(()))
            }
        };
        if let Err(reason) = result {
            if streams.failed.insert(key) {
                tracing::error!(stream = %key, %reason, "recording");
            }
            trouble = Some(reason);
        }
    }
    let mut status = lock(&shared.status);
    // Told before the disk is waited for: it may never answer.
    status.waiting.clone_from(&streams.waiting);
    if let Some(reason) = trouble {
        status.state = WriteState::Failed(reason);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
