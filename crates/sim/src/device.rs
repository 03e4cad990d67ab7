//! One simulated camera: its identity, its clock, the task that makes its frames, and what is wrong with it.
//!
//! Not here: sockets. Sessions ask a [`Device`] for streams; listeners watch whether it is up.

use crate::clip::{Clip, Codec, Scene, Size};
use crate::clock;
use crate::digest::Gate;
use crate::fault::{Fault, Faults, Step};
use crate::metadata::Motion;
use crate::sound::Audio;
use crate::timeline::{Frame, Tick, Timeline, Wish};
use serde::Serialize;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

/// What a camera is, fixed while it runs.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub index: u16,
    pub name: String,
    pub model: &'static str,
    pub serial: String,
    pub address: Ipv4Addr,
    pub rtsp_port: u16,
    pub http_port: u16,
    pub user: String,
    pub password: String,
    pub anonymous: bool,
    pub scene: Scene,
    pub codec: Codec,
    pub audio: Audio,
    /// Frames per group; `None` is 50.
    pub gop: Option<u32>,
    pub fps: u32,
    /// The main stream is the small picture (for low rates).
    pub small: bool,
}

/// A frame of sound.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sound {
    pub bytes: &'static [u8],
    pub steady_us: i64,
}

/// Whether the listeners shall listen; a new number closes all connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Power {
    pub listening: bool,
    pub cut: u64,
}

/// What a camera has sent, over all sessions, since its start.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub sessions: AtomicU64,
    pub main_frames: AtomicU64,
    pub sub_frames: AtomicU64,
    pub sounds: AtomicU64,
    pub documents: AtomicU64,
    pub bytes: AtomicU64,
    pub skipped: AtomicU64,
}

/// What a camera has done so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Progress {
    /// Frames made since the start; the newest frame's number is one less. Main and sub stream have the same.
    pub frames_made: u64,
    /// Capture time of the newest frame by the camera's clock, µs since 1970 UTC.
    pub newest_captured_us: i64,
    /// RTSP sessions that play now.
    pub sessions: u64,
    /// Frames of main streams written to sessions, all sessions together; each burst at the start counts too.
    pub main_frames_sent: u64,
    /// The same for sub streams.
    pub sub_frames_sent: u64,
    /// Frames of sound written.
    pub sounds_sent: u64,
    /// Metadata documents written.
    pub documents_sent: u64,
    /// Bytes of RTP and RTCP written.
    pub bytes_sent: u64,
    /// Frames not written because a session's reader was too slow.
    pub frames_skipped: u64,
    /// How often the camera has been started, the first time included.
    pub boots: u64,
}

struct State {
    faults: Faults,
    streams: Vec<Timeline>,
    made: u64,
    next_us: i64,
    newest_us: i64,
    jump_us: i64,
    sounds: u64,
    motion: Motion,
    commanded_until_us: i64,
    boot_id: String,
    booted_us: i64,
    boots: u64,
}

pub(crate) struct Device {
    pub identity: Identity,
    pub gate: Gate,
    pub counters: Counters,
    state: Mutex<State>,
    sounds: broadcast::Sender<Sound>,
    motions: broadcast::Sender<Motion>,
    power: watch::Sender<Power>,
    epoch_us: i64,
    started: Instant,
}

impl Device {
    /// A camera that has been running for a moment: not all cameras of a farm make their key frames at once.
    pub(crate) fn new(identity: Identity) -> Arc<Self> {
        let epoch_us = clock::wall_us();
        let index = usize::from(identity.index);
        let interval_us = 1_000_000 / i64::from(identity.fps.clamp(1, 25));
        let next_us = epoch_us - (index as i64 * 13 % 50) * interval_us - index as i64 * 7_919 % interval_us;
        let offset = index * 350;
        let kinds = [Size::Main, Size::Sub].into_iter().flat_map(|s| [(s, Codec::H264), (s, Codec::H265)]);
        let streams = kinds.filter_map(|(s, c)| Timeline::new(identity.scene, s, c, offset)).collect();
        let state = State {
            faults: Faults::default(),
            streams,
            made: 0,
            next_us,
            newest_us: next_us,
            jump_us: 0,
            sounds: 0,
            motion: Motion { active: false, steady_us: next_us, wall_us: next_us },
            commanded_until_us: i64::MIN,
            boot_id: random_id(),
            booted_us: epoch_us,
            boots: 1,
        };
        Arc::new(Self {
            gate: Gate::new(&identity.serial, &identity.user, &identity.password),
            identity,
            counters: Counters::default(),
            state: Mutex::new(state),
            sounds: broadcast::channel(64).0,
            motions: broadcast::channel(16).0,
            power: watch::channel(Power { listening: true, cut: 0 }).0,
            epoch_us,
            started: Instant::now(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes frames for ever.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            let due_us = self.tick();
            let wait = u64::try_from(due_us - self.steady_us()).unwrap_or(0);
            tokio::time::sleep(Duration::from_micros(wait)).await;
        }
    }

    /// The clock that never jumps, µs since 1970 UTC.
    pub(crate) fn steady_us(&self) -> i64 {
        self.epoch_us + self.started.elapsed().as_micros() as i64
    }

    /// The clock that never jumps and the camera's own, at the same moment.
    pub(crate) fn clocks_us(&self) -> (i64, i64) {
        let steady_us = self.steady_us();
        (steady_us, steady_us + self.state().jump_us)
    }

    /// Makes everything that is due and says when the next is.
    fn tick(&self) -> i64 {
        let now_us = self.steady_us();
        let mut state = self.state();
        let state = &mut *state;
        while state.next_us <= now_us {
            let tick =
                Tick { number: state.made, steady_us: state.next_us, wall_us: state.next_us + state.jump_us };
            let wish = self.wish(&state.faults);
            for stream in &mut state.streams {
                stream.advance(tick, wish);
            }
            state.made += 1;
            state.newest_us = tick.wall_us;
            state.next_us +=
                1_000_000 / i64::from(state.faults.fps.unwrap_or(self.identity.fps).clamp(1, 25));
            self.watch_for_motion(state, tick);
        }
        let mut due_us = state.next_us;
        if let Some((rate, samples)) = self.identity.audio.shape() {
            let ends = |number: u64| self.epoch_us + ((number + 1) * samples * 1_000_000 / rate) as i64;
            while ends(state.sounds) <= now_us {
                let steady_us = self.epoch_us + (state.sounds * samples * 1_000_000 / rate) as i64;
                let sound = Sound { bytes: self.identity.audio.frame(state.sounds), steady_us };
                state.sounds += 1;
                // Nobody listening is no error.
                let _ = self.sounds.send(sound);
            }
            if self.sounds.receiver_count() > 0 {
                due_us = due_us.min(ends(state.sounds));
            }
        }
        due_us
    }

    fn watch_for_motion(&self, state: &mut State, tick: Tick) {
        let place = (u64::from(self.identity.index) * 350 + tick.number) % 1500;
        let seen = self.identity.scene.motion().iter().any(|(from, to)| (*from..*to).contains(&place));
        let active = seen || tick.steady_us < state.commanded_until_us;
        if active != state.motion.active {
            state.motion = Motion { active, steady_us: tick.steady_us, wall_us: tick.wall_us };
            // Nobody listening is no error.
            let _ = self.motions.send(state.motion);
        }
    }

    fn wish(&self, faults: &Faults) -> Wish {
        Wish {
            gop: faults.gop.or(self.identity.gop),
            dynamic_gop: faults.dynamic_gop,
            small: faults.small || self.identity.small,
            codec: faults.codec,
        }
    }

    /// The clip and codec that a stream shows at present; `None` if the camera has no such stream.
    pub(crate) fn description(&self, size: Size, codec: Codec) -> Option<(&'static Clip, Codec)> {
        let state = self.state();
        let wish = self.wish(&state.faults);
        state.streams.iter().find(|s| s.is(size, codec)).map(|s| s.description(wish))
    }

    /// A stream's frames since its newest key frame, and those to come.
    pub(crate) fn join(&self, size: Size, codec: Codec) -> Option<(Vec<Frame>, broadcast::Receiver<Frame>)> {
        self.state().streams.iter().find(|s| s.is(size, codec)).map(Timeline::join)
    }

    /// The sound to come.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Sound> {
        self.sounds.subscribe()
    }

    /// The present state of motion and its changes to come.
    pub(crate) fn watch(&self) -> (Motion, broadcast::Receiver<Motion>) {
        let state = self.state();
        (state.motion, self.motions.subscribe())
    }

    /// Makes motion for so long from now.
    pub(crate) fn move_for(&self, duration: Duration) {
        let until_us = self.steady_us() + duration.as_micros() as i64;
        self.state().commanded_until_us = until_us;
    }

    /// All streams go on with a key frame.
    pub(crate) fn renew(&self) {
        self.state().streams.iter_mut().for_each(Timeline::renew);
    }

    /// Whether the camera answers discovery at present.
    pub(crate) fn answers(&self) -> bool {
        self.power.borrow().listening && !self.faults().stall
    }

    pub(crate) fn faults(&self) -> Faults {
        self.state().faults
    }

    /// Boot id and seconds since the last start.
    pub(crate) fn boot(&self) -> (String, i64) {
        let state = self.state();
        (state.boot_id.clone(), (self.steady_us() - state.booted_us) / 1_000_000)
    }

    pub(crate) fn power(&self) -> watch::Receiver<Power> {
        self.power.subscribe()
    }

    /// Applies a fault.
    pub(crate) fn fault(self: &Arc<Self>, fault: Fault) {
        tracing::info!(camera = self.identity.index, ?fault, "fault");
        self.state().faults.add(fault);
        match fault {
            Fault::Clear => self.power.send_modify(|power| power.listening = true),
            Fault::Refuse => self.cut(false),
            Fault::Reboot { seconds } => {
                self.cut(false);
                let device = Arc::downgrade(self);
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_secs(u64::from(seconds))).await;
                    if let Some(device) = device.upgrade() {
                        device.boot_again();
                    }
                });
            }
            Fault::Jump { seconds } => {
                let mut state = self.state();
                state.jump_us = state.jump_us.saturating_add(seconds.saturating_mul(1_000_000));
            }
            _ => {}
        }
    }

    /// Applies faults one after the other, each at its time.
    pub(crate) fn play(self: &Arc<Self>, script: Vec<Step>) {
        let device = Arc::downgrade(self);
        tokio::spawn(async move {
            for step in script {
                tokio::time::sleep(Duration::from_millis(step.after_ms)).await;
                let Some(device) = device.upgrade() else { return };
                device.fault(step.fault);
            }
        });
    }

    fn cut(&self, listening: bool) {
        self.power.send_modify(|power| *power = Power { listening, cut: power.cut + 1 });
    }

    fn boot_again(&self) {
        let now_us = self.steady_us();
        {
            let mut state = self.state();
            state.boot_id = random_id();
            state.booted_us = now_us;
            state.boots += 1;
        }
        self.power.send_modify(|power| power.listening = true);
    }

    pub(crate) fn progress(&self) -> Progress {
        let state = self.state();
        let counters = &self.counters;
        Progress {
            frames_made: state.made,
            newest_captured_us: state.newest_us,
            sessions: counters.sessions.load(Relaxed),
            main_frames_sent: counters.main_frames.load(Relaxed),
            sub_frames_sent: counters.sub_frames.load(Relaxed),
            sounds_sent: counters.sounds.load(Relaxed),
            documents_sent: counters.documents.load(Relaxed),
            bytes_sent: counters.bytes.load(Relaxed),
            frames_skipped: counters.skipped.load(Relaxed),
            boots: state.boots,
        }
    }
}

/// A random UUID (RFC 9562 version 4).
pub(crate) fn random_id() -> String {
    let bits: u128 = rand::random();
    let bits = bits & !(0xf << 76) & !(3 << 62) | 4 << 76 | 2 << 62;
    let digits = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..])
}
