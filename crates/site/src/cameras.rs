//! The cameras of the site at run time: their feeds, their state, who watches.
//!
//! What is here: which feeds run and what is told about a camera. What is not here: the catalog's rows (callers hand
//! them in), requests (`http`).

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock, PoisonError, RwLock},
    time::Duration,
};

use api::{
    alarm::AlarmKind,
    camera::{CameraState, Stream},
    event::Event,
    method::RecordingSettings,
    profile::ProfilePicture,
    record::{Notice, NoticeCode},
};
use catalog::camera::CameraRow;
use model::{CameraId, StreamKey, StreamKind, WallTime, clock::wall_now};
use tokio::sync::mpsc;

use crate::{
    alarms::Alarms,
    convert,
    events::Events,
    feed::{
        Deps, Feed, Hold, Phase, Spec, Status,
        hub::{Delivery, Ticket},
        packet::Lane,
        run::again_in,
    },
    profiles,
    recorder::{Recorder, RetentionGoals, WriteState},
    recording::{Calendar, Control, gate::Budget, rolling::Rolling},
};

struct Entry {
    row: CameraRow,
    control: Arc<Control>,
    main: Arc<Feed>,
    sub: Option<Arc<Feed>>,
    /// Profiles that are neither, as far as somebody asked for them since the start.
    others: BTreeMap<String, Arc<Feed>>,
    /// Since when it should send frames: silence is counted from here until the first frame.
    expected_since: WallTime,
}

impl Entry {
    /// The stream whose state is the camera's: the main stream, unless only the sub stream is recorded.
    fn leading(&self) -> &Arc<Feed> {
        match &self.sub {
            Some(sub) if self.control.records(StreamKind::Sub) && !self.control.records(StreamKind::Main) => {
                sub
            }
            _ => &self.main,
        }
    }

    fn is_recorded(&self) -> bool {
        !self.control.now().reasons.is_empty()
    }
}

struct Inner {
    entries: RwLock<BTreeMap<CameraId, Entry>>,
    recorder: Recorder,
    events: Events,
    alarms: Alarms,
    /// A camera without frames for so long is an alarm.
    silence: Duration,
    calendar: RwLock<Arc<Calendar>>,
    deps: OnceLock<Deps>,
}

/// All cameras; clones are the same.
#[derive(Clone)]
pub struct Cameras {
    inner: Arc<Inner>,
}

/// Which stream of a camera a viewer wants.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Main or sub.
    pub kind: StreamKind,
    /// A profile by its name, in place of that.
    pub profile: Option<&'a str>,
}

impl Entry {
    fn feeds(&self) -> Vec<Arc<Feed>> {
        [&self.main].into_iter().chain(&self.sub).chain(self.others.values()).cloned().collect()
    }

    /// What the stream of a profile carries, where it has been open since the start.
    fn picture(&self, name: &str) -> Option<ProfilePicture> {
        let feed = match profiles::used_as(&self.row, name) {
            Some(StreamKind::Main) => Some(&self.main),
            Some(StreamKind::Sub) => self.sub.as_ref(),
            None => self.others.get(name),
        };
        let tracks = feed?.status().tracks?;
        Some(ProfilePicture {
            video_codec: tracks.video.codec_string.clone(),
            audio_codec: tracks.audio.as_ref().map(|audio| audio.codec_string().to_owned()),
            width: tracks.video.width,
            height: tracks.video.height,
        })
    }
}

/// A viewer's subscription to one stream; ends on drop.
pub struct Watch {
    _ticket: Ticket,
    _hold: Hold,
}

impl Cameras {
    /// No cameras yet.
    #[must_use]
    pub fn new(
        recorder: Recorder,
        rolling: Option<Rolling>,
        events: Events,
        alarms: Alarms,
        silence: Duration,
    ) -> Self {
        let inner = Arc::new(Inner {
            entries: RwLock::default(),
            recorder: recorder.clone(),
            events,
            alarms,
            silence,
            calendar: RwLock::default(),
            deps: OnceLock::new(),
        });
        let weak = Arc::downgrade(&inner);
        let changed = move |key: StreamKey| {
            if let Some(inner) = weak.upgrade() {
                Self { inner }.tell(key.camera);
            }
        };
        let budget = Budget::default();
        let _ = inner.deps.set(Deps { recorder, budget, rolling, changed: Arc::new(changed) });
        Self { inner }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<CameraId, Entry>> {
        self.inner.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<CameraId, Entry>> {
        self.inner.entries.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a camera, or takes over what changed about it; feeds go on where they can. Without settings of its recording
    /// those that it had stay.
    pub fn put(&self, row: CameraRow, settings: Option<RecordingSettings>) {
        let id = row.id;
        let Some(deps) = self.inner.deps.get() else { return };
        let stopped = {
            let mut entries = self.write();
            let kept = settings.or_else(|| entries.get(&id).map(|entry| entry.control.settings()));
            let settings = convert::recording(&row, kept.unwrap_or_default());
            let has_sub = profiles::sub(&row).is_some();
            let control = match entries.get(&id) {
                Some(entry) => {
                    entry.control.change(settings, has_sub);
                    Arc::clone(&entry.control)
                }
                None => self.control(id, settings, has_sub),
            };
            let spec = |kind, video| Spec {
                needed: control.needs(kind),
                events: kind == StreamKind::Main,
                ..convert::spec(&row, video)
            };
            let main = spec(StreamKind::Main, profiles::main(&row));
            let sub = profiles::sub(&row).map(|video| spec(StreamKind::Sub, video));
            let start =
                |kind, spec| Feed::start(key(id, kind), spec, Some(Arc::clone(&control)), deps.clone());
            if let Some(entry) = entries.get_mut(&id) {
                entry.main.change(main);
                let mut stopped = Vec::new();
                match (&entry.sub, sub) {
                    (Some(feed), Some(spec)) => feed.change(spec),
                    (Some(_), None) => stopped.extend(entry.sub.take()),
                    (None, Some(spec)) => entry.sub = Some(start(StreamKind::Sub, spec)),
                    (None, None) => {}
                }
                entry.others.retain(|name, feed| {
                    let Some(video) = profiles::video(&row, name) else {
                        stopped.push(Arc::clone(feed));
                        return false;
                    };
                    feed.change(convert::spec(&row, video));
                    true
                });
                entry.row = row;
                stopped
            } else {
                let main = start(StreamKind::Main, main);
                let sub = sub.map(|spec| start(StreamKind::Sub, spec));
                let (others, expected_since) = (BTreeMap::new(), wall_now());
                entries.insert(id, Entry { row, control, main, sub, others, expected_since });
                Vec::new()
            }
        };
        for feed in stopped {
            feed.hub().pause(&Notice {
                code: NoticeCode::NoFrames,
                text: "This stream was taken away in the camera's details.".into(),
            });
            tokio::spawn(async move { feed.stop().await });
        }
        self.set_retention();
        self.tell(id);
    }

    fn control(&self, id: CameraId, settings: RecordingSettings, has_sub: bool) -> Arc<Control> {
        let calendar = Arc::clone(&self.inner.calendar.read().unwrap_or_else(PoisonError::into_inner));
        let weak = Arc::downgrade(&self.inner);
        let changed = move || {
            if let Some(inner) = weak.upgrade() {
                // Not here: whoever changed it may hold the list of cameras.
                tokio::spawn(async move { Self { inner }.tell(id) });
            }
        };
        Arc::new(Control::new(settings, has_sub, calendar, Box::new(changed)))
    }

    /// What decides about the recording of a camera.
    #[must_use]
    pub fn recording(&self, id: CameraId) -> Option<Arc<Control>> {
        self.read().get(&id).map(|entry| Arc::clone(&entry.control))
    }

    /// Takes over other schedules, or another time zone.
    pub fn set_calendar(&self, calendar: Calendar) {
        let calendar = Arc::new(calendar);
        *self.inner.calendar.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&calendar);
        for entry in self.read().values() {
            entry.control.change_calendar(&calendar);
        }
    }

    /// Removes a camera; its recordings stay.
    pub async fn remove(&self, id: CameraId) {
        let Some(entry) = self.write().remove(&id) else { return };
        for feed in entry.feeds() {
            feed.stop().await;
        }
        self.inner.alarms.clear_camera(id);
        self.set_retention();
        self.inner.events.publish(&Event::CameraRemoved { camera: id });
    }

    /// Ends all feeds in order.
    pub async fn stop(&self) {
        let feeds: Vec<_> = self.read().values().flat_map(Entry::feeds).collect();
        for feed in feeds {
            feed.stop().await;
        }
    }

    fn set_retention(&self) {
        let days = self
            .read()
            .iter()
            .filter_map(|(id, entry)| entry.row.retention_days.map(|days| (*id, days)))
            .collect();
        self.inner.recorder.change_retention(|goals: &mut RetentionGoals| goals.days = days);
    }

    fn tell(&self, id: CameraId) {
        if let Some(camera) = self.get(id) {
            self.inner.events.publish(&Event::Camera { camera: Box::new(camera) });
        }
    }

    /// One camera as the API tells it.
    #[must_use]
    pub fn get(&self, id: CameraId) -> Option<api::camera::Camera> {
        self.read().get(&id).map(|entry| self.view(entry))
    }

    /// All cameras, by name.
    #[must_use]
    pub fn list(&self) -> Vec<api::camera::Camera> {
        let mut cameras: Vec<_> = self.read().values().map(|entry| self.view(entry)).collect();
        cameras.sort_by_key(|camera| (camera.name.to_lowercase(), camera.id));
        cameras
    }

    /// The row of a camera, with its secrets.
    #[must_use]
    pub fn row(&self, id: CameraId) -> Option<CameraRow> {
        self.read().get(&id).map(|entry| entry.row.clone())
    }

    fn view(&self, entry: &Entry) -> api::camera::Camera {
        let now = wall_now();
        let status = entry.leading().status();
        let (state, detail, next_try) = self.state(entry, &status, now);
        let mut streams: Vec<Stream> = stream(StreamKind::Main, &entry.main.status()).into_iter().collect();
        if let Some(sub) = &entry.sub {
            streams.extend(stream(StreamKind::Sub, &sub.status()));
        }
        let profiles = profiles::list(&entry.row, |name| entry.picture(name));
        convert::camera(
            &entry.row,
            convert::Now {
                state,
                detail,
                next_try,
                last_frame: status.last_frame,
                recording: entry.control.now(),
                streams,
                profiles,
            },
        )
    }

    fn state(
        &self,
        entry: &Entry,
        status: &Status,
        now: WallTime,
    ) -> (CameraState, Option<String>, Option<WallTime>) {
        match &status.phase {
            Phase::Failed { kind, reason, next_try } => {
                let state = match kind {
                    camera::Kind::RefusedPassword => CameraState::WrongPassword,
                    _ => CameraState::Silent,
                };
                let detail = match state {
                    CameraState::WrongPassword => {
                        "The camera refuses the user name or password. Change them in the camera's details."
                            .to_owned()
                    }
                    _ => format!("{reason}. {}", again_in(*next_try, now)),
                };
                (state, Some(detail), Some(*next_try))
            }
            Phase::Connecting => (CameraState::Connecting, None, None),
            Phase::Idle => {
                (CameraState::Live, Some("Not recorded. Pulled while somebody watches.".into()), None)
            }
            Phase::Running if !entry.is_recorded() => (CameraState::Live, None, None),
            Phase::Running => match self.unwritten(entry) {
                Some(reason) => (CameraState::StorageTrouble, Some(reason), None),
                None => (CameraState::Recording, None, None),
            },
        }
    }

    /// Why frames that come are not written, where that is so.
    fn unwritten(&self, entry: &Entry) -> Option<String> {
        self.inner.recorder.is_unwritten(entry.leading().key()).then_some(())?;
        Some(match self.inner.recorder.status().state {
            WriteState::Failed(reason) => format!("Frames arrive but are not written: {reason}"),
            WriteState::Ok => "Frames arrive but are not written.".into(),
        })
    }

    /// The feed of a profile that is neither main nor sub; it begins when it is asked for.
    fn other(&self, camera: CameraId, name: &str) -> Option<Arc<Feed>> {
        let mut entries = self.write();
        let entry = entries.get_mut(&camera)?;
        let video = profiles::video(&entry.row, name)?;
        let spec = convert::spec(&entry.row, video);
        let deps = self.inner.deps.get()?.clone();
        let start = || Feed::start(key(camera, StreamKind::Sub), spec, None, deps);
        Some(Arc::clone(entry.others.entry(name.to_owned()).or_insert_with(start)))
    }

    /// Subscribes a viewer. A camera without the asked stream sends the other one; the notice says so.
    ///
    /// # Errors
    /// There is no such camera.
    pub fn watch(
        &self,
        camera: CameraId,
        wanted: Wanted<'_>,
        subscription: u32,
        sound: Option<Lane>,
        queue: mpsc::Sender<Delivery>,
    ) -> Result<(Watch, Option<Notice>), Notice> {
        let no_camera =
            || Notice { code: NoticeCode::NoCamera, text: "There is no such camera (any more).".into() };
        let (mut kind, mut other, mut missing) = (wanted.kind, None, false);
        if let Some(name) = wanted.profile {
            let row = self.row(camera).ok_or_else(no_camera)?;
            match profiles::used_as(&row, name) {
                Some(used) => kind = used,
                None => {
                    other = self.other(camera, name);
                    missing = other.is_none();
                }
            }
        }
        let (feed, instead) = match other {
            Some(feed) => (feed, None),
            None => {
                let entries = self.read();
                let entry = entries.get(&camera).ok_or_else(no_camera)?;
                match (kind, &entry.sub) {
                    (StreamKind::Sub, Some(sub)) => (Arc::clone(sub), None),
                    (StreamKind::Sub, None) => (
                        Arc::clone(&entry.main),
                        Some("This camera has no sub stream; the main stream is shown."),
                    ),
                    (StreamKind::Main, _) => (Arc::clone(&entry.main), None),
                }
            }
        };
        let instead = if missing {
            Some("This camera has no such stream profile (any more); another stream is shown.")
        } else {
            instead
        };
        let hold = feed.hold();
        let ticket = feed.hub().join(subscription, sound, queue);
        let notice = match &feed.status().phase {
            Phase::Failed { reason, .. } => Some(Notice { code: NoticeCode::NoFrames, text: reason.clone() }),
            _ => instead.map(|text| Notice { code: NoticeCode::OtherStream, text: text.into() }),
        };
        Ok((Watch { _ticket: ticket, _hold: hold }, notice))
    }

    /// Looks for cameras that are silent or refuse the password; call once a second.
    pub fn check(&self) {
        let now = wall_now();
        for entry in self.read().values() {
            entry.control.check();
            for feed in std::iter::once(&entry.main).chain(&entry.sub) {
                feed.need(entry.control.needs(feed.key().kind));
            }
            let status = entry.leading().status();
            let id = entry.row.id;
            if entry.row.record {
                self.check_silence(entry, &status, now);
            } else {
                self.inner.alarms.clear(AlarmKind::CameraSilent, Some(id));
            }
            let refused = matches!(status.phase, Phase::Failed { kind: camera::Kind::RefusedPassword, .. })
                && entry.row.record;
            if refused {
                self.inner.alarms.raise(
                    AlarmKind::CameraPassword,
                    Some(id),
                    now,
                    format!("{}: the camera refuses the password", entry.row.name),
                    "Enter the user name and password of the camera again in its details. Nothing is recorded until then.",
                );
            } else if status.phase == Phase::Running {
                self.inner.alarms.clear(AlarmKind::CameraPassword, Some(id));
            }
        }
    }

    fn check_silence(&self, entry: &Entry, status: &Status, now: WallTime) {
        let since = status.last_frame.unwrap_or(entry.expected_since);
        if now.micros_since(since) < micros(self.inner.silence) {
            if status.last_frame.is_some() {
                self.inner.alarms.clear(AlarmKind::CameraSilent, Some(entry.row.id));
            }
            return;
        }
        let why = match &status.phase {
            Phase::Failed { reason, .. } => format!(" Last try: {reason}."),
            _ => String::new(),
        };
        self.inner.alarms.raise(
            AlarmKind::CameraSilent,
            Some(entry.row.id),
            since,
            format!("{}: no frames", entry.row.name),
            &format!("Check the camera's power, its network cable and its address.{why} It is tried again all the time."),
        );
    }
}

fn stream(kind: StreamKind, status: &Status) -> Option<Stream> {
    let tracks = status.tracks.as_ref()?;
    (status.phase == Phase::Running || kind == StreamKind::Main).then(|| Stream {
        kind,
        video_codec: tracks.video.codec_string.clone(),
        audio_codec: tracks.audio.as_ref().map(|audio| audio.codec_string().to_owned()),
        width: tracks.video.width,
        height: tracks.video.height,
        fps: status.fps,
        bits_per_second: status.bits_per_second,
    })
}

const fn key(camera: CameraId, kind: StreamKind) -> StreamKey {
    StreamKey { camera, kind }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
