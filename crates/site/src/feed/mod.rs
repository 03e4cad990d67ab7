//! Feeds: one task per stream of a camera. It connects, reconnects, and hands every sample to the recorder and to the
//! hub of viewers.
//!
//! What is here: when a stream is pulled, and what is told about it. What is not here: RTSP (the camera crate), how
//! frames are written (the recorder), what viewers get (the hub).

pub mod backoff;
pub mod hub;
pub mod packet;
mod rate;
pub(crate) mod run;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use media::Tracks;
use model::{Secret, StreamKey, WallTime};
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    profiles::Video,
    recorder::Recorder,
    recording::{
        Control,
        gate::{Budget, Gate},
        rolling::Rolling,
        tap::Tap,
    },
    stop::{self, Stopper},
};
use hub::Hub;

/// How long a stream that nobody watches any more is kept.
const LINGER: Duration = Duration::from_secs(30);

/// What a feed pulls, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Where the camera's streams come from.
    pub source: api::camera::Source,
    /// Which of them.
    pub video: Video,
    /// User at the camera.
    pub user: Option<String>,
    /// Password at the camera.
    pub password: Option<Secret<String>>,
    /// Addresses of main and sub stream, as the camera told them.
    pub known: Option<(String, String)>,
    /// SHA-256 of the camera's TLS certificate.
    pub pin: Option<[u8; 32]>,
    /// How RTP travels.
    pub transport: api::camera::Transport,
    /// Whether sound is pulled.
    pub audio: bool,
    /// Whether the stream is needed all the time (recorded, or looked at for motion); else it is pulled only while
    /// somebody watches.
    pub needed: bool,
    /// Whether the camera's events are taken from this stream.
    pub events: bool,
}

impl Spec {
    /// Whether going from `self` to `new` needs a new connection.
    fn reconnects(&self, new: &Self) -> bool {
        let same_but_needed = Self { needed: self.needed, ..new.clone() };
        *self != same_but_needed
    }
}

/// What a feed is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nobody needs the stream.
    Idle,
    /// Connecting for the first time, or after a change.
    Connecting,
    /// Frames arrive.
    Running,
    /// The last try failed.
    Failed {
        /// What kind of trouble.
        kind: camera::Kind,
        /// For people.
        reason: String,
        /// When it is tried again.
        next_try: WallTime,
    },
}

/// What is known about a stream now.
#[derive(Clone, Debug)]
pub struct Status {
    /// What the feed is doing.
    pub phase: Phase,
    /// How the stream is coded, since it ran.
    pub tracks: Option<Arc<Tracks>>,
    /// When the newest frame came, on the server's clock.
    pub last_frame: Option<WallTime>,
    /// Frames a second.
    pub fps: f64,
    /// Bits a second.
    pub bits_per_second: u64,
    /// Packets lost on the way since the site started.
    pub lost_packets: u64,
}

/// What feeds need from the site.
#[derive(Clone)]
pub struct Deps {
    /// Where samples are recorded.
    pub recorder: Recorder,
    /// Memory of all pre buffers.
    pub budget: Budget,
    /// Where long pre buffers are kept.
    pub rolling: Option<Rolling>,
    /// Called when the phase of a feed changes.
    pub changed: Arc<dyn Fn(StreamKey) + Send + Sync>,
}

/// A stream's feed. Its task ends with [`Feed::stop`].
pub struct Feed {
    key: StreamKey,
    hub: Arc<Hub>,
    spec: watch::Sender<Spec>,
    viewers: watch::Sender<usize>,
    stop: Stopper,
    status: Arc<Mutex<Status>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// A viewer's hold on a feed; while one exists the stream is pulled.
pub struct Hold {
    viewers: watch::Sender<usize>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.viewers.send_modify(|viewers| *viewers -= 1);
    }
}

impl Feed {
    /// Starts the feed's task. Without somebody to decide about it nothing of it is recorded.
    #[must_use]
    pub fn start(key: StreamKey, spec: Spec, control: Option<Arc<Control>>, deps: Deps) -> Arc<Self> {
        let hub = Hub::new(key.kind);
        let (spec, spec_seen) = watch::channel(spec);
        let (viewers, viewers_seen) = watch::channel(0);
        let (stop, stop_seen) = stop::signal();
        let status = Arc::new(Mutex::new(Status {
            phase: Phase::Idle,
            tracks: None,
            last_frame: None,
            fps: 0.0,
            bits_per_second: 0,
            lost_packets: 0,
        }));
        let run = run::Run {
            key,
            hub: Arc::clone(&hub),
            spec: spec_seen,
            viewers: viewers_seen,
            stop: stop_seen,
            status: Arc::clone(&status),
            gate: Gate::new(deps.budget.clone(), deps.rolling.clone()),
            tap: Tap::new(deps.recorder.clone(), key),
            control,
            deps,
            backoff: backoff::Backoff::default(),
        };
        let task = tokio::spawn(run.forever());
        Arc::new(Self { key, hub, spec, viewers, stop, status, task: Mutex::new(Some(task)) })
    }

    /// Which stream.
    #[must_use]
    pub const fn key(&self) -> StreamKey {
        self.key
    }

    /// Changes what is pulled, without a restart of anything else.
    pub fn change(&self, spec: Spec) {
        self.spec.send_if_modified(|now| {
            let changed = *now != spec;
            *now = spec;
            changed
        });
    }

    /// Whether the stream is needed all the time.
    pub fn need(&self, needed: bool) {
        self.spec.send_if_modified(|now| std::mem::replace(&mut now.needed, needed) != needed);
    }

    /// Keeps the stream running while the hold exists.
    #[must_use]
    pub fn hold(&self) -> Hold {
        self.viewers.send_modify(|viewers| *viewers += 1);
        Hold { viewers: self.viewers.clone() }
    }

    /// Where viewers join.
    #[must_use]
    pub const fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// What is known now.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the task in order: what it has is recorded.
    pub async fn stop(&self) {
        self.stop.stop();
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(stream = %self.key, %error, "the feed's task ended badly");
        }
    }
}
