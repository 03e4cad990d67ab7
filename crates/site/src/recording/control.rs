//! One camera's recording: its settings, its schedules, its motion, a person's start and stop, in one place.
//!
//! Feeds ask at every picture what to do with it, so no timer is needed: without pictures there is nothing to record.
//! Every call is a short lock. What is not here: which frames follow from it ([`super::gate`]).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use api::method::{Motion, MotionFrom, RecordingMethod, RecordingNow, RecordingSettings, Streams, Week};
use camera::rtsp::DeviceEvent;
use jiff::tz::TimeZone;
use media::Sample;
use model::{ScheduleId, StreamKind, WallTime, clock::wall_now};

use super::{
    estimator::Estimator,
    gate::Want,
    motion::{Change, Intake},
    policy::{Allowed, Policy, Reasons},
    schedule,
};

/// How often schedules are looked at.
const SCHEDULES: Duration = Duration::from_millis(500);
/// How long a moment of motion is marked.
const MOMENT: Duration = Duration::from_secs(1);

/// The site's schedules and time zone.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// The zone.
    pub zone: TimeZone,
    /// Weeks by schedule.
    pub weeks: HashMap<ScheduleId, Week>,
}

impl Default for Calendar {
    fn default() -> Self {
        Self { zone: TimeZone::UTC, weeks: HashMap::new() }
    }
}

impl Calendar {
    /// Whether the schedule applies. Without one always; one that there is no more counts as always, too: footage that
    /// nobody wanted is better than none.
    #[must_use]
    pub fn applies(&self, id: Option<ScheduleId>, at: WallTime) -> bool {
        id.and_then(|id| self.weeks.get(&id)).is_none_or(|week| schedule::contains(week, &self.zone, at))
    }
}

/// What happens now, since when; it is marked in recordings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Active {
    /// Motion, and whether it is estimated.
    pub motion: Option<(WallTime, bool)>,
    /// A person records.
    pub manual: Option<WallTime>,
}

/// What to do with a picture.
#[derive(Clone, Copy, Debug)]
pub struct Verdict {
    /// Whether it is recorded or kept.
    pub want: Want,
    /// Whether sound is recorded with it.
    pub sound: bool,
    /// What is to be marked.
    pub active: Active,
}

/// What a change of is told to clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Told {
    method: RecordingMethod,
    reasons: Reasons,
    motion: Option<Motion>,
    manual_until: Option<Instant>,
    short: Option<u32>,
}

struct Inner {
    settings: RecordingSettings,
    has_sub: bool,
    calendar: Arc<Calendar>,
    policy: Policy,
    intake: Intake,
    estimator: Estimator,
    schedules_at: Option<Instant>,
    moment_until: Option<Instant>,
    active: Active,
    /// What main and sub stream hold of their pre buffers, where that is less than is wanted.
    short: [Option<u32>; 2],
    told: Told,
}

/// The recording of one camera.
pub struct Control {
    inner: Mutex<Inner>,
    changed: Box<dyn Fn() + Send + Sync>,
}

impl Control {
    /// A camera's recording; `changed` is called, without a lock, when there is something new to tell.
    #[must_use]
    pub fn new(
        settings: RecordingSettings,
        has_sub: bool,
        calendar: Arc<Calendar>,
        changed: Box<dyn Fn() + Send + Sync>,
    ) -> Self {
        let now = Instant::now();
        let mut inner = Inner {
            settings: RecordingSettings::default(),
            has_sub,
            calendar,
            policy: Policy::default(),
            intake: Intake::default(),
            estimator: Estimator::default(),
            schedules_at: None,
            moment_until: None,
            active: Active::default(),
            short: [None; 2],
            told: Told::default(),
        };
        inner.set(settings, has_sub, now);
        inner.told = inner.tell(now);
        Self { inner: Mutex::new(inner), changed }
    }

    /// Other settings. What is recorded by the old and the new ones goes on without a gap.
    pub fn change(&self, settings: RecordingSettings, has_sub: bool) {
        self.with(|inner, now| inner.set(settings, has_sub, now));
    }

    /// Other schedules, or another time zone.
    pub fn change_calendar(&self, calendar: &Arc<Calendar>) {
        self.with(|inner, now| {
            inner.calendar = Arc::clone(calendar);
            inner.look_at_schedules(now);
        });
    }

    /// What holds now.
    #[must_use]
    pub fn settings(&self) -> RecordingSettings {
        self.lock().settings
    }

    /// Whether the stream is needed all the time: to record it, to keep its pre buffer, or for motion.
    #[must_use]
    pub fn needs(&self, kind: StreamKind) -> bool {
        let inner = self.lock();
        inner.records(kind) || inner.needs_for_motion(kind, Instant::now())
    }

    /// Whether the stream is recorded at times.
    #[must_use]
    pub fn records(&self, kind: StreamKind) -> bool {
        self.lock().records(kind)
    }

    /// What to do with a picture that came now.
    pub fn picture(&self, kind: StreamKind, sample: &Sample) -> Verdict {
        self.with(|inner, now| {
            if inner.schedules_at.is_none_or(|at| now.duration_since(at) >= SCHEDULES) {
                inner.look_at_schedules(now);
            }
            inner.estimate(kind, sample, now);
            let reasons = inner.policy.reasons(kind, now);
            inner.note_active(now);
            let RecordingSettings { pre_buffer_s, sound, .. } = inner.settings;
            let pre = Duration::from_secs(pre_buffer_s.into());
            let want = if !inner.records(kind) {
                Want::Nothing
            } else if reasons.any() {
                Want::Record(if reasons.want_pre_buffer() { pre } else { Duration::ZERO })
            } else {
                Want::Buffer(inner.pre_buffer(kind))
            };
            Verdict { want, sound, active: inner.active }
        })
    }

    /// How much of the pre buffer a stream holds, where that is less than is wanted.
    pub fn holds_only(&self, kind: StreamKind, seconds: Option<u32>) {
        let place = usize::from(kind == StreamKind::Sub);
        // Growing second by second is no news.
        let coarse = seconds.map(|seconds| seconds / 5 * 5);
        self.with(|inner, _| inner.short[place] = coarse);
    }

    /// The session that carries the camera's events began.
    pub fn session_began(&self) {
        self.with(|inner, now| {
            let change = inner.intake.handle_session(now);
            inner.take(change, now);
        });
    }

    /// That session ended.
    pub fn session_ended(&self) {
        self.with(|inner, now| {
            let change = inner.intake.handle_end(now);
            inner.take(change, now);
        });
    }

    /// An event of the camera.
    pub fn event(&self, event: &DeviceEvent) {
        self.with(|inner, now| {
            let change = inner.intake.handle_event(event, now);
            inner.take(change, now);
        });
    }

    /// A person starts a recording. False where the camera is not recorded at all.
    pub fn start(&self, longest: Option<Duration>) -> bool {
        self.with(|inner, now| {
            let started = inner.policy.handle_start(longest, now);
            inner.note_active(now);
            started
        })
    }

    /// A person ends it. False where there was none.
    pub fn stop(&self) -> bool {
        self.with(|inner, now| {
            let stopped = inner.policy.handle_stop(now);
            inner.note_active(now);
            stopped
        })
    }

    /// Takes note that time has passed, for cameras that send nothing.
    pub fn check(&self) {
        self.with(|inner, now| {
            inner.look_at_schedules(now);
            inner.policy.handle_timeout(now);
            inner.note_active(now);
        });
    }

    /// As the API tells it.
    #[must_use]
    pub fn now(&self) -> RecordingNow {
        let (mut inner, now) = (self.lock(), Instant::now());
        let Told { method, reasons, motion, manual_until, short } = inner.tell(now);
        let manual_until = manual_until.map(|until| wall_now() + until.saturating_duration_since(now));
        RecordingNow { method, reasons: reasons.list(), motion, manual_until, pre_buffer_only_s: short }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Inner, Instant) -> T) -> T {
        let mut inner = self.lock();
        // Inside of the lock: time must not go back for the machines.
        let now = Instant::now();
        let value = work(&mut inner, now);
        let tell = inner.tell(now);
        let changed = tell != inner.told;
        inner.told = tell;
        drop(inner);
        if changed {
            (self.changed)();
        }
        value
    }
}

impl Inner {
    fn set(&mut self, settings: RecordingSettings, has_sub: bool, now: Instant) {
        let mut settings = settings;
        if !has_sub {
            for streams in
                [&mut settings.continuous.streams, &mut settings.motion.streams, &mut settings.manual_streams]
            {
                *streams = Streams::Main;
            }
        }
        (self.settings, self.has_sub) = (settings, has_sub);
        self.policy.handle_settings(settings, now);
        let change = self.intake.handle_setting(settings.motion_from, now);
        self.take(change, now);
        self.look_at_schedules(now);
    }

    fn look_at_schedules(&mut self, now: Instant) {
        self.schedules_at = Some(now);
        let wall = wall_now();
        self.policy.handle_schedules(Allowed {
            continuous: self.calendar.applies(self.settings.continuous.schedule, wall),
            motion: self.calendar.applies(self.settings.motion.schedule, wall),
        });
    }

    fn records(&self, kind: StreamKind) -> bool {
        let RecordingSettings { method, continuous, motion, manual_streams, .. } = self.settings;
        match method {
            RecordingMethod::Off => false,
            RecordingMethod::Continuous => continuous.streams.has(kind) || manual_streams.has(kind),
            RecordingMethod::Motion => motion.streams.has(kind) || manual_streams.has(kind),
            RecordingMethod::Both => {
                continuous.streams.has(kind) || motion.streams.has(kind) || manual_streams.has(kind)
            }
            RecordingMethod::Manual => manual_streams.has(kind),
        }
    }

    /// What is kept of a stream that is not recorded now.
    fn pre_buffer(&self, kind: StreamKind) -> Duration {
        let by_motion = matches!(self.settings.method, RecordingMethod::Motion | RecordingMethod::Both)
            && self.settings.motion.streams.has(kind);
        let wanted = by_motion || self.settings.manual_streams.has(kind);
        Duration::from_secs(if wanted { self.settings.pre_buffer_s.into() } else { 0 })
    }

    fn wants_motion(&self) -> bool {
        matches!(self.settings.method, RecordingMethod::Motion | RecordingMethod::Both)
    }

    fn needs_for_motion(&self, kind: StreamKind, now: Instant) -> bool {
        let events = kind == StreamKind::Main && self.settings.motion_from != MotionFrom::Estimate;
        let estimate = kind == self.estimated_from() && self.intake.estimates(now);
        self.wants_motion() && (events || estimate)
    }

    /// The small picture has less noise and costs less.
    const fn estimated_from(&self) -> StreamKind {
        if self.has_sub { StreamKind::Sub } else { StreamKind::Main }
    }

    fn estimate(&mut self, kind: StreamKind, sample: &Sample, now: Instant) {
        if kind != self.estimated_from() || !self.wants_motion() || !self.intake.may_estimate() {
            return;
        }
        let moving = self.estimator.frame(sample.data.len(), sample.key, sample.time);
        let change = self.intake.handle_estimate(moving, now);
        self.take(change, now);
    }

    fn take(&mut self, change: Option<Change>, now: Instant) {
        match change {
            Some(Change::Moving(moving)) => self.policy.handle_motion(moving, now),
            Some(Change::Momentary) => {
                self.policy.handle_momentary_motion(now);
                self.moment_until = Some(now + MOMENT);
            }
            None => {}
        }
        self.note_active(now);
    }

    /// Since when what happens now happens.
    fn note_active(&mut self, now: Instant) {
        self.moment_until = self.moment_until.filter(|until| *until > now);
        let known = self.intake.known(now);
        let moves = self.policy.watches_motion()
            && (self.moment_until.is_some() || known.is_some_and(|motion| motion.active));
        let estimated = self.intake.estimates(now);
        let since = |old: Option<WallTime>| old.unwrap_or_else(wall_now);
        self.active.motion = moves.then(|| match self.active.motion {
            Some((at, before)) if before == estimated => (at, before),
            _ => (wall_now(), estimated),
        });
        self.policy.handle_timeout(now);
        self.active.manual = self.policy.manual_until().map(|_| since(self.active.manual));
    }

    fn tell(&mut self, now: Instant) -> Told {
        let kinds = [StreamKind::Main, StreamKind::Sub].map(|kind| self.policy.reasons(kind, now));
        let [main, sub] = kinds;
        Told {
            method: self.settings.method,
            reasons: Reasons {
                continuous: main.continuous || sub.continuous,
                motion: main.motion || sub.motion,
                manual: main.manual || sub.manual,
            },
            motion: if self.wants_motion() { self.intake.known(now) } else { None },
            manual_until: self.policy.manual_until(),
            short: self.short.iter().flatten().min().copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use api::method::{DayRange, When};

    use super::*;

    fn calendar(id: ScheduleId, ranges: &[DayRange]) -> Arc<Calendar> {
        let week = Week { days: vec![ranges.to_vec(); 7] };
        Arc::new(Calendar { zone: TimeZone::UTC, weeks: [(id, week)].into() })
    }

    fn picture() -> Sample {
        Sample {
            track: model::TrackKind::Video,
            time: 0,
            composition_offset: 0,
            wall: WallTime::EPOCH,
            key: true,
            data: vec![0; 10].into(),
        }
    }

    #[test]
    fn a_schedule_that_does_not_apply_records_nothing_and_one_that_is_gone_always_does() {
        let id = ScheduleId::new();
        let settings = RecordingSettings {
            continuous: When { schedule: Some(id), ..When::default() },
            ..RecordingSettings::default()
        };
        let never = calendar(id, &[]);
        let control = Control::new(settings, true, Arc::clone(&never), Box::new(|| ()));
        let want = || control.picture(StreamKind::Main, &picture()).want;
        assert_eq!(want(), Want::Buffer(Duration::from_secs(5)));
        control.change_calendar(&calendar(id, &[DayRange { from_minute: 0, to_minute: 1440 }]));
        assert_eq!(want(), Want::Record(Duration::ZERO));
        control.change_calendar(&never);
        assert_eq!(want(), Want::Buffer(Duration::from_secs(5)));
        control.change_calendar(&calendar(ScheduleId::new(), &[]));
        assert_eq!(want(), Want::Record(Duration::ZERO));
    }

    #[test]
    fn changes_are_told_once() {
        let told = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let count = Arc::clone(&told);
        let changed = move || {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        };
        let settings = RecordingSettings { method: RecordingMethod::Manual, ..RecordingSettings::default() };
        let control = Control::new(settings, false, Arc::default(), Box::new(changed));
        let seen = || told.swap(0, std::sync::atomic::Ordering::Relaxed);
        for _ in 0..5 {
            control.picture(StreamKind::Main, &picture());
        }
        assert_eq!(seen(), 0);
        assert!(control.start(None));
        control.picture(StreamKind::Main, &picture());
        assert_eq!(seen(), 1);
        assert_eq!(control.now().reasons, [api::method::Reason::Manual]);
        assert!(control.stop() && !control.stop());
        assert_eq!(seen(), 1);
        control.change(RecordingSettings { method: RecordingMethod::Off, ..settings }, false);
        assert!(!control.start(None), "a camera that is off is not recorded by hand");
    }

    #[test]
    fn a_camera_without_a_sub_stream_records_its_main_stream() {
        let sub = When { streams: Streams::Sub, schedule: None };
        let settings = RecordingSettings { continuous: sub, ..RecordingSettings::default() };
        let control = Control::new(settings, false, Arc::default(), Box::new(|| ()));
        assert!(control.records(StreamKind::Main) && !control.records(StreamKind::Sub));
        control.change(RecordingSettings { manual_streams: Streams::Sub, ..settings }, true);
        assert!(!control.records(StreamKind::Main) && control.records(StreamKind::Sub));
    }
}
