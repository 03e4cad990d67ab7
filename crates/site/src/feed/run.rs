//! The life of a feed: wait until somebody needs the stream, connect, run, wait a little, connect again.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use api::record::{Notice, NoticeCode};
use camera::rtsp::{self, Input, Limits, Session};
use media::{Sample, Tracks};
use model::{StreamKey, TrackKind, WallTime, clock::wall_now};
use tokio::sync::watch;

use super::{Deps, LINGER, Phase, Spec, Status, backoff::Backoff, hub::Hub, rate::Meter};
use crate::{recorder::Take, source, stop::Stop};

pub(super) struct Run {
    pub key: StreamKey,
    pub hub: Arc<Hub>,
    pub spec: watch::Receiver<Spec>,
    pub viewers: watch::Receiver<usize>,
    pub stop: Stop,
    pub status: Arc<Mutex<Status>>,
    pub deps: Deps,
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

/// One session's connection to recorder and meter.
struct Pump {
    tracks: Arc<Tracks>,
    take: Option<Take>,
    meter: Meter,
}

impl Run {
    pub(super) async fn forever(mut self) {
        loop {
            if !self.needed().await {
                break;
            }
            let spec = self.spec.borrow_and_update().clone();
            self.phase(Phase::Connecting);
            match self.session(&spec).await {
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
            if self.spec.borrow().record || *self.viewers.borrow() > 0 {
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
        let mut pump = Pump { tracks: Arc::clone(session.tracks()), take: None, meter: Meter::default() };
        self.hub.begin(&pump.tracks);
        self.learned(&pump.tracks);
        self.phase(Phase::Running);
        let mut record = spec.record;
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
                    record = new.record;
                    if !record {
                        pump.take = None;
                    }
                    (self.deps.changed)(self.key);
                    continue;
                }
                now = recheck.tick() => {
                    if record || *self.viewers.borrow() > 0 {
                        unneeded_since = None;
                    } else if now.duration_since(*unneeded_since.get_or_insert(now)) >= LINGER {
                        return End::Unneeded;
                    }
                    continue;
                }
            };
            match input {
                Ok(Input::Sample(sample)) => self.sample(&mut pump, record, &sample),
                Ok(Input::Tracks(tracks)) => {
                    pump = Pump { tracks: Arc::clone(&tracks), take: None, meter: Meter::default() };
                    self.hub.begin(&tracks);
                    self.learned(&tracks);
                    (self.deps.changed)(self.key);
                }
                Ok(Input::Lost { packets }) => {
                    self.update(|status| status.lost_packets += u64::from(packets))
                }
                Ok(Input::Event(event)) => tracing::debug!(stream = %self.key, ?event, "device event"),
                Err(error) => return End::Failed(error),
            }
        }
    }

    fn sample(&mut self, pump: &mut Pump, record: bool, sample: &Sample) {
        self.hub.push(sample);
        let picture = sample.track == TrackKind::Video;
        if record && pump.take.is_none() && picture && sample.key {
            pump.take = Some(self.deps.recorder.begin(self.key, Arc::clone(&pump.tracks)));
        }
        if let Some(take) = &mut pump.take {
            take.push(sample);
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

    fn learned(&self, tracks: &Arc<Tracks>) {
        self.update(|status| status.tracks = Some(Arc::clone(tracks)));
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
