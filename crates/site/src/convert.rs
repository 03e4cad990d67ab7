//! Between the catalog's rows and the API's types. Pure.

use api::{
    camera::{Camera, CameraChange, CameraState, Codec, NewCamera, Source, Stream, Transport},
    method::{RecordingMethod, RecordingSettings},
    profile::Profile,
};
use catalog::camera::{self as row, CameraRow, CameraSource, profile::Profiles};
use model::{CameraId, Secret, WallTime};

use crate::{
    feed::Spec,
    profiles::{self, Video},
    source::Looked,
};

/// What is known about a camera at run time.
pub struct Now {
    /// How it is.
    pub state: CameraState,
    /// What happened and what comes next.
    pub detail: Option<String>,
    /// When it is tried again.
    pub next_try: Option<WallTime>,
    /// When the newest frame came.
    pub last_frame: Option<WallTime>,
    /// What is recorded of it.
    pub recording: api::method::RecordingNow,
    /// Its streams.
    pub streams: Vec<Stream>,
    /// Its stream profiles.
    pub profiles: Vec<Profile>,
}

/// A camera as the API tells it. Secrets stay behind.
#[must_use]
pub fn camera(row: &CameraRow, now: Now) -> Camera {
    Camera {
        id: row.id,
        name: row.name.clone(),
        model: row.model.clone(),
        serial: row.serial.clone(),
        has_sub: profiles::sub(row).is_some(),
        profiles: now.profiles,
        image_url: row.image_url.clone(),
        source: source(row),
        user: row.user.clone(),
        transport: transport(row),
        audio: row.audio,
        record: row.record,
        retention_days: row.retention_days,
        recording: now.recording,
        state: now.state,
        detail: now.detail,
        last_frame: now.last_frame,
        next_try: now.next_try,
        streams: now.streams,
        added: row.added,
        // Told to each caller by itself (`Principal::tell`).
        privileges: Vec::new(),
    }
}

/// How a camera is recorded: its switch decides whether, its settings how.
#[must_use]
pub const fn recording(row: &CameraRow, kept: RecordingSettings) -> RecordingSettings {
    let method = match (row.record, kept.method) {
        (false, _) => RecordingMethod::Off,
        (true, RecordingMethod::Off) => RecordingMethod::Continuous,
        (true, method) => method,
    };
    RecordingSettings { method, ..kept }
}

/// Where a camera's streams come from.
#[must_use]
pub fn source(row: &CameraRow) -> Source {
    match &row.source {
        CameraSource::Axis { address, rtsp_port, codec } => Source::Axis {
            address: address.clone(),
            rtsp_port: *rtsp_port,
            codec: codec.map(|codec| match codec {
                row::Codec::H264 => Codec::H264,
                row::Codec::H265 => Codec::H265,
            }),
        },
        CameraSource::Rtsp { main_url, sub_url } => {
            Source::Rtsp { main_url: main_url.clone(), sub_url: sub_url.clone() }
        }
    }
}

fn kept_source(source: Source) -> CameraSource {
    match source {
        Source::Axis { address, rtsp_port, codec } => CameraSource::Axis {
            address,
            rtsp_port,
            codec: codec.map(|codec| match codec {
                Codec::H264 => row::Codec::H264,
                Codec::H265 => row::Codec::H265,
            }),
        },
        Source::Rtsp { main_url, sub_url } => CameraSource::Rtsp { main_url, sub_url },
    }
}

/// How RTP travels.
#[must_use]
pub const fn transport(row: &CameraRow) -> Transport {
    match row.transport {
        row::Transport::Tcp => Transport::Tcp,
        row::Transport::Udp => Transport::Udp,
    }
}

const fn kept_transport(transport: Transport) -> row::Transport {
    match transport {
        Transport::Tcp => row::Transport::Tcp,
        Transport::Udp => row::Transport::Udp,
    }
}

/// What a feed of this camera pulls; nothing is recorded of it.
#[must_use]
pub fn spec(row: &CameraRow, video: Video) -> Spec {
    Spec {
        source: source(row),
        video,
        user: row.user.clone(),
        password: row.password.clone(),
        known: row.main_url.clone().zip(row.sub_url.clone()),
        pin: row.certificate_pin,
        transport: transport(row),
        audio: row.audio,
        needed: false,
        events: false,
    }
}

/// What a device calls itself, as a name that can be kept: in one line, not too long; nothing where nothing is left.
fn tidy(told: &str) -> Option<String> {
    let name: String = told.chars().filter(|c| !c.is_control()).take(32).collect();
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// A row for a camera that is added.
#[must_use]
pub fn new_row(new: NewCamera, looked: &Looked, now: WallTime) -> CameraRow {
    let probe = &looked.probe;
    let name = new
        .name
        .filter(|name| !name.trim().is_empty())
        .or_else(|| probe.name.as_deref().and_then(tidy))
        .or_else(|| probe.model.as_deref().and_then(tidy))
        .unwrap_or_else(|| "Camera".into());
    CameraRow {
        id: CameraId::new(),
        name,
        source: kept_source(new.source),
        user: new.user,
        password: new.password.map(Secret::new),
        transport: kept_transport(new.transport),
        audio: new.audio,
        record: new.record,
        retention_days: new.retention_days,
        model: probe.model.clone(),
        serial: probe.serial.clone(),
        certificate_pin: looked.certificate,
        main_url: looked.streams.as_ref().map(|streams| streams.main.to_string()),
        sub_url: looked.streams.as_ref().map(|streams| streams.sub.to_string()),
        profiles: Profiles::default(),
        image_url: new.image_url,
        added: now,
    }
}

/// Takes a change over into a row.
pub fn change_row(row: &mut CameraRow, change: CameraChange) {
    let CameraChange { name, source, user, password, transport, audio, record, retention_days, image_url } =
        change;
    if let Some(name) = name {
        row.name = name;
    }
    if let Some(source) = source.map(kept_source).filter(|source| *source != row.source) {
        row.source = source;
        // What the camera told about itself is asked for anew.
        (row.main_url, row.sub_url, row.certificate_pin) = (None, None, None);
        profiles::after_change_of_source(row);
    }
    if let Some(user) = user {
        row.user = Some(user).filter(|user| !user.is_empty());
    }
    if let Some(password) = password {
        row.password = Some(password).filter(|password| !password.is_empty()).map(Secret::new);
    }
    if let Some(transport) = transport {
        row.transport = kept_transport(transport);
    }
    row.audio = audio.unwrap_or(row.audio);
    row.record = record.unwrap_or(row.record);
    match retention_days {
        Some(0) => row.retention_days = None,
        Some(days) => row.retention_days = Some(days),
        None => {}
    }
    if let Some(url) = image_url {
        row.image_url = Some(url).filter(|url| !url.is_empty());
    }
}
