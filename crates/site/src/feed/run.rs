//! The life of a feed: wait until somebody needs the stream, connect, run, wait a little, connect again.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use api::record::{Notice, NoticeCode};
use camera::rtsp::{self, Input, Limits, Session};
use media::{Sample, Tracks};
use model::{StreamKey, StreamKind, TrackKind, WallTime, clock::wall_now};
use tokio::sync::watch;

use super::{Deps, LINGER, Phase, Spec, Status, backoff::Backoff, hub::Hub, rate::Meter};
use crate::{
    recording::{
        Control,
        control::Verdict,
        gate::{Gate, Want},
        tap::Tap,
    },
    source,
    stop::Stop,
};

/// How long a stream that broke off waits for its pre buffer to be read from the rolling file.
const CATCHING_UP: Duration = Duration::from_secs(5);

pub(super) struct Run {
    pub key: StreamKey,
    pub hub: Arc<Hub>,
    pub spec: watch::Receiver<Spec>,
    pub viewers: watch::Receiver<usize>,
    pub stop: Stop,
    pub status: Arc<Mutex<Status>>,
    pub deps: Deps,
    pub control: Option<Arc<Control>>,
    pub gate: Gate,
    pub tap: Tap,
    pub backoff: Backoff,
}

/// Why a session ended.
enum End {
    /// The site stops or the camera was removed.
    Stop,
    /// Nobody needs the stream any more.
    Unneeded,
    /// Address, credentials or tracks changed.
    Changed,
    /// Trouble.
    Failed(camera::Error),
}

/// What is known of the run that goes on.
struct Pump {
    meter: Meter,
    verdict: Option<Verdict>,
}

impl Run {
    pub(super) async fn forever(mut self) {
        loop {
            if !self.needed().await {
                break;
            }
            let spec = self.spec.borrow_and_update().clone();
            self.phase(Phase::Connecting);
            let end = self.session(&spec).await;
            self.end_recording().await;
            match end {
                End::Stop => break,
                End::Unneeded => self.phase(Phase::Idle),
                End::Changed => self.backoff.succeeded(),
                End::Failed(error) => {
                    if !self.wait_after(&error).await {
                        break;
                    }
                }
            }
        }
        self.phase(Phase::Idle);
    }

    /// Waits until the stream is needed; false when the feed stops.
    async fn needed(&mut self) -> bool {
        loop {
            if self.stop.is_requested() {
                return false;
            }
            if self.spec.borrow().needed || *self.viewers.borrow() > 0 {
                return true;
            }
            let changed = tokio::select! {
                () = self.stop.requested() => return false,
                changed = self.spec.changed() => changed,
                changed = self.viewers.changed() => changed,
            };
            if changed.is_err() {
                return false;
            }
        }
    }

    /// Waits before the next try; a change of the camera's settings ends the wait. False when the feed stops.
    async fn wait_after(&mut self, error: &camera::Error) -> bool {
        let wait = self.backoff.failed();
        tracing::info!(stream = %self.key, %error, wait_ms = wait.as_millis(), "the stream is tried again");
        let notice = Notice { code: NoticeCode::NoFrames, text: error.to_string() };
        self.hub.pause(&notice);
        let next_try = wall_now() + wait;
        self.phase(Phase::Failed { kind: error.kind(), reason: error.to_string(), next_try });
        tokio::select! {
            () = tokio::time::sleep(wait) => true,
            changed = self.spec.changed() => changed.is_ok(),
            () = self.stop.requested() => false,
        }
    }

    async fn session(&mut self, spec: &Spec) -> End {
        let opened = tokio::select! {
            opened = open(spec, self.backoff.is_failing()) => opened,
            () = self.stop.requested() => return End::Stop,
            Ok(()) = self.spec.changed() => return End::Changed,
        };
        let mut session = match opened {
            Ok(session) => session,
            Err(error) => return End::Failed(error),
        };
        let mut pump = self.begin(&Arc::clone(session.tracks()));
        if let Some(control) = self.events() {
            control.session_began();
        }
        self.phase(Phase::Running);
        let mut needed = spec.needed;
        let mut recheck = tokio::time::interval(Duration::from_secs(1));
        let mut unneeded_since: Option<tokio::time::Instant> = None;
        loop {
            let input = tokio::select! {
                input = session.next() => input,
                () = self.stop.requested() => return End::Stop,
                changed = self.spec.changed() => {
                    if changed.is_err() {
                        return End::Stop;
                    }
                    let new = self.spec.borrow_and_update().clone();
                    if spec.reconnects(&new) {
                        return End::Changed;
                    }
                    needed = new.needed;
                    (self.deps.changed)(self.key);
                    continue;
                }
                now = recheck.tick() => {
                    self.gate.handle_timeout(&mut self.tap);
                    if needed || *self.viewers.borrow() > 0 {
                        unneeded_since = None;
                    } else if now.duration_since(*unneeded_since.get_or_insert(now)) >= LINGER {
                        return End::Unneeded;
                    }
                    continue;
                }
            };
            match input {
                Ok(Input::Sample(sample)) => {
                    if sample.key && sample.track == TrackKind::Video {
                        self.tap.camera_clock(session.camera_ahead());
                    }
                    self.sample(&mut pump, &sample);
                }
                Ok(Input::Tracks(tracks)) => {
                    pump = self.begin(&tracks);
                    (self.deps.changed)(self.key);
                }
                Ok(Input::Lost { packets }) => {
                    self.update(|status| status.lost_packets += u64::from(packets))
                }
                Ok(Input::Event(event)) => {
                    tracing::debug!(stream = %self.key, ?event, "device event");
                    if let Some(control) = self.events() {
                        control.event(&event);
                    }
                }
                Err(error) => return End::Failed(error),
            }
        }
    }

    /// A run begins.
    fn begin(&mut self, tracks: &Arc<Tracks>) -> Pump {
        self.hub.begin(tracks);
        self.gate.handle_tracks(Arc::clone(tracks));
        self.update(|status| status.tracks = Some(Arc::clone(tracks)));
        Pump { meter: Meter::default(), verdict: None }
    }

    /// Whom the camera's events are told.
    fn events(&self) -> Option<&Control> {
        self.control.as_deref().filter(|_| self.key.kind == StreamKind::Main)
    }

    /// The session is over: what came is recorded.
    async fn end_recording(&mut self) {
        if let Some(control) = self.events() {
            control.session_ended();
        }
        self.gate.handle_end(&mut self.tap);
        let deadline = Instant::now() + CATCHING_UP;
        while self.gate.is_behind() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
            self.gate.handle_timeout(&mut self.tap);
        }
    }

    fn sample(&mut self, pump: &mut Pump, sample: &Sample) {
        self.hub.push(sample);
        let picture = sample.track == TrackKind::Video;
        if picture {
            pump.verdict = self.control.as_ref().map(|control| control.picture(self.key.kind, sample));
        }
        if let Some(Verdict { want, sound, active }) = pump.verdict {
            let at = Instant::now();
            self.gate.handle_sample(sample, want, sound, at, &mut self.tap);
            if self.gate.is_live() {
                self.tap.mark(active, sample.wall);
            }
            if let (Some(control), true) =
                (&self.control, picture && sample.key && !matches!(want, Want::Record(_)))
            {
                control.holds_only(self.key.kind, self.gate.holds_only(at));
            }
        }
        if !picture {
            pump.meter.sound(sample.data.len());
            return;
        }
        self.backoff.succeeded();
        let now = wall_now();
        let rate = pump.meter.picture(sample.data.len(), now);
        self.update(|status| {
            status.last_frame = Some(now);
            if let Some(rate) = rate {
                status.fps = rate.fps;
                status.bits_per_second = rate.bits_per_second;
            }
        });
    }

    fn phase(&self, phase: Phase) {
        let mut changed = false;
        self.update(|status| {
            changed = status.phase != phase;
            if phase != Phase::Running {
                (status.fps, status.bits_per_second) = (0.0, 0);
            }
            status.phase = phase;
        });
        if changed {
            (self.deps.changed)(self.key);
        }
    }

    fn update(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.status.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

async fn open(spec: &Spec, ask_again: bool) -> Result<Session, camera::Error> {
    let target = source::target(spec, ask_again).await?;
    rtsp::open(&target, Limits::default()).await
}

/// When a feed that failed is tried next, for people: "Trying again in 12 s."
#[must_use]
pub fn again_in(next_try: WallTime, now: WallTime) -> String {
    match next_try.micros_since(now).div_euclid(1_000_000) {
        ..=0 => "Trying again now.".into(),
        seconds => format!("Trying again in {} s.", seconds + 1),
    }
}
