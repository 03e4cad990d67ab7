//! What of a camera is recorded now, and why: a machine without clock or effects.
//!
//! In: settings, whether the schedules apply, motion, a person's start and stop. Out: reasons for each stream. A reason
//! that ends lasts for the post buffer; motion meanwhile prolongs it, so that events that overlap are one recording.
//! What is not here: where motion is known from ([`super::motion`]), which frames that makes ([`super::gate`]).

use std::time::{Duration, Instant};

use api::method::{Reason, RecordingMethod, RecordingSettings};
use model::StreamKind;

/// Which schedules apply now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// That of continuous recording.
    pub continuous: bool,
    /// That of motion.
    pub motion: bool,
}

impl Default for Allowed {
    fn default() -> Self {
        Self { continuous: true, motion: true }
    }
}

/// The machine. Times never go back: they are monotonic.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    settings: RecordingSettings,
    allowed: Allowed,
    moving: bool,
    /// End of the post buffer of the newest motion.
    motion_tail: Option<Instant>,
    /// While a person records: until when at most.
    manual_until: Option<Instant>,
    /// End of the post buffer of the newest recording by hand.
    manual_tail: Option<Instant>,
}

impl Policy {
    /// Other settings. What they no longer allow ends at once, what they still allow goes on.
    pub fn handle_settings(&mut self, settings: RecordingSettings, now: Instant) {
        self.handle_timeout(now);
        self.settings = settings;
        if settings.method == RecordingMethod::Off {
            (self.manual_until, self.manual_tail, self.motion_tail) = (None, None, None);
        }
        if let Some(until) = &mut self.manual_until {
            *until = (*until).min(now + seconds(settings.manual_longest_s));
        }
    }

    /// Schedules apply from now on, or no longer do.
    pub fn handle_schedules(&mut self, allowed: Allowed) {
        self.allowed = allowed;
    }

    /// Something moves, or no longer does.
    pub fn handle_motion(&mut self, moving: bool, now: Instant) {
        if self.moving && !moving {
            self.motion_tail = Some(now + seconds(self.settings.post_buffer_s));
        }
        self.moving = moving;
    }

    /// A camera told of a moment with motion, not of its end.
    pub fn handle_momentary_motion(&mut self, now: Instant) {
        let tail = now + seconds(self.settings.post_buffer_s);
        self.motion_tail = Some(self.motion_tail.map_or(tail, |old| old.max(tail)));
    }

    /// A person starts a recording, or prolongs it. False where the camera is not recorded at all.
    pub fn handle_start(&mut self, longest: Option<Duration>, now: Instant) -> bool {
        if self.settings.method == RecordingMethod::Off {
            return false;
        }
        let most = seconds(self.settings.manual_longest_s);
        self.manual_until = Some(now + longest.map_or(most, |asked| asked.min(most)));
        true
    }

    /// A person ends the recording that a person started. False where there was none.
    pub fn handle_stop(&mut self, now: Instant) -> bool {
        self.handle_timeout(now);
        let was = self.manual_until.take().is_some();
        if was {
            self.manual_tail = Some(now + seconds(self.settings.post_buffer_s));
        }
        was
    }

    /// Takes note that time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Some(until) = self.manual_until.filter(|until| *until <= now) {
            self.manual_until = None;
            self.manual_tail = Some(until + seconds(self.settings.post_buffer_s));
        }
        self.motion_tail = self.motion_tail.filter(|tail| *tail > now);
        self.manual_tail = self.manual_tail.filter(|tail| *tail > now);
    }

    /// Whether a frame of this stream that comes now is to be recorded, and why. Empty: it is not.
    pub fn reasons(&mut self, kind: StreamKind, now: Instant) -> Reasons {
        self.handle_timeout(now);
        let RecordingSettings { method, continuous, motion, manual_streams, .. } = self.settings;
        let by_continuous = matches!(method, RecordingMethod::Continuous | RecordingMethod::Both)
            && self.allowed.continuous
            && continuous.streams.has(kind);
        let by_motion = matches!(method, RecordingMethod::Motion | RecordingMethod::Both)
            && self.allowed.motion
            && (self.moving || self.motion_tail.is_some())
            && motion.streams.has(kind);
        let by_hand = method != RecordingMethod::Off
            && (self.manual_until.is_some() || self.manual_tail.is_some())
            && manual_streams.has(kind);
        Reasons { continuous: by_continuous, motion: by_motion, manual: by_hand }
    }

    /// Until when a person's recording goes on at most.
    #[must_use]
    pub const fn manual_until(&self) -> Option<Instant> {
        self.manual_until
    }

    /// Whether motion matters now: it is recorded or marked.
    #[must_use]
    pub const fn watches_motion(&self) -> bool {
        matches!(self.settings.method, RecordingMethod::Motion | RecordingMethod::Both) && self.allowed.motion
    }
}

/// Why a stream is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reasons {
    /// Its schedule says so.
    pub continuous: bool,
    /// Something moves, or did a moment ago.
    pub motion: bool,
    /// Somebody started it.
    pub manual: bool,
}

impl Reasons {
    /// Whether there is any.
    #[must_use]
    pub const fn any(self) -> bool {
        self.continuous || self.motion || self.manual
    }

    /// Whether what came before is wanted too.
    #[must_use]
    pub const fn want_pre_buffer(self) -> bool {
        self.motion || self.manual
    }

    /// As the API tells them.
    #[must_use]
    pub fn list(self) -> Vec<Reason> {
        [(self.continuous, Reason::Continuous), (self.motion, Reason::Motion), (self.manual, Reason::Manual)]
            .into_iter()
            .filter_map(|(is, reason)| is.then_some(reason))
            .collect()
    }
}

const fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds as u64)
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
