//! Cameras: what they are, how they are, how to add one.

use model::{CameraId, Privilege, StreamKind, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::profile::Profile;

/// Where a camera's streams come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Source {
    /// An Axis camera (VAPIX): its streams are asked of it.
    Axis {
        /// Base address, such as `http://192.168.0.90` or `https://192.168.0.90`.
        #[schema(max_length = 512)]
        address: String,
        /// RTSP port where it is not 554.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rtsp_port: Option<u16>,
        /// Codec of the main stream; none: H.264, which every browser shows. The sub stream is always H.264.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        codec: Option<Codec>,
    },
    /// Any RTSP camera, by address of its streams.
    Rtsp {
        /// Main stream, `rtsp://…`, without name and password.
        #[schema(max_length = 2048)]
        main_url: String,
        /// Sub stream, where there is one.
        #[schema(max_length = 2048)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sub_url: Option<String>,
    },
}

/// Codec of a video stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// ISO/IEC 14496-10.
    H264,
    /// ISO/IEC 23008-2.
    H265,
}

/// How RTP travels from the camera.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Inside the RTSP connection.
    #[default]
    Tcp,
    /// Datagrams.
    Udp,
}

/// `POST /v1/cameras`, and `POST /v1/probe` to look before adding.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct NewCamera {
    /// Its name; none: what the camera calls itself.
    #[schema(max_length = 128)]
    pub name: Option<String>,
    /// Where its streams come from.
    pub source: Source,
    /// User at the camera.
    #[schema(max_length = 128)]
    pub user: Option<String>,
    /// Password at the camera. Kept encrypted, never given back.
    #[schema(max_length = 256)]
    pub password: Option<String>,
    /// How RTP travels.
    #[serde(default)]
    pub transport: Transport,
    /// Whether sound is recorded.
    #[serde(default = "yes")]
    pub audio: bool,
    /// Whether the camera is recorded.
    #[serde(default = "yes")]
    pub record: bool,
    /// Days that recordings are kept; none: as long as there is room.
    #[schema(minimum = 1, maximum = 3650)]
    pub retention_days: Option<u32>,
    /// Where its still pictures come from (`http://…` or `https://…`, JPEG or Motion JPEG, without name and password);
    /// none: the camera is asked (VAPIX, ONVIF).
    #[schema(max_length = 2048)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
}

const fn yes() -> bool {
    true
}

/// `PATCH /v1/cameras/{camera}`. What is left out stays.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct CameraChange {
    /// Its name.
    #[schema(min_length = 1, max_length = 128)]
    pub name: Option<String>,
    /// Where its streams come from.
    pub source: Option<Source>,
    /// User at the camera.
    pub user: Option<String>,
    /// Password at the camera.
    pub password: Option<String>,
    /// How RTP travels.
    pub transport: Option<Transport>,
    /// Whether sound is recorded.
    pub audio: Option<bool>,
    /// Whether the camera is recorded.
    pub record: Option<bool>,
    /// Days that recordings are kept; 0: as long as there is room.
    pub retention_days: Option<u32>,
    /// Where its still pictures come from; empty: the camera is asked.
    pub image_url: Option<String>,
}

/// How a camera is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CameraState {
    /// Being connected for the first time, or again.
    Connecting,
    /// Frames arrive, nothing is recorded now: `recording` tells the method.
    Live,
    /// Frames are written.
    Recording,
    /// No frame for a while; `detail` tells why and when it is tried again.
    Silent,
    /// The camera refused name or password.
    WrongPassword,
    /// Frames arrive but cannot be written.
    StorageTrouble,
}

/// One stream as it arrives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Stream {
    /// Main or sub.
    pub kind: StreamKind,
    /// Codec string of the pictures, such as `avc1.64001f`.
    pub video_codec: String,
    /// Codec string of the sound (`ulaw` and `alaw` for G.711).
    pub audio_codec: Option<String>,
    /// Width in pixels.
    pub width: u16,
    /// Height in pixels.
    pub height: u16,
    /// Frames a second, measured.
    pub fps: f64,
    /// Bits a second, measured.
    pub bits_per_second: u64,
}

/// A camera of the site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Camera {
    /// Its identifier.
    pub id: CameraId,
    /// Its name.
    pub name: String,
    /// Model, as the camera tells it.
    pub model: Option<String>,
    /// Serial number, as the camera tells it.
    pub serial: Option<String>,
    /// Where its streams come from.
    pub source: Source,
    /// Whether a sub stream is known.
    pub has_sub: bool,
    /// Its stream profiles: those of its source, then those that a person made.
    pub profiles: Vec<Profile>,
    /// Where its still pictures come from, where a person typed it.
    pub image_url: Option<String>,
    /// User at the camera.
    pub user: Option<String>,
    /// How RTP travels.
    pub transport: Transport,
    /// Whether sound is taken from it at all; whether it is recorded too, its recording settings say.
    pub audio: bool,
    /// Whether it is recorded by its method (`false`: the method is `off`).
    pub record: bool,
    /// Days that recordings are kept; none: as long as there is room.
    pub retention_days: Option<u32>,
    /// What is recorded of it now, and why.
    pub recording: crate::method::RecordingNow,
    /// How it is.
    pub state: CameraState,
    /// What happened and what comes next, for people: "No frames since 13:58:04. Trying again in 12 s."
    pub detail: Option<String>,
    /// When the last frame came.
    pub last_frame: Option<WallTime>,
    /// When it is tried again.
    pub next_try: Option<WallTime>,
    /// Its streams, as far as they run.
    pub streams: Vec<Stream>,
    /// When it was added.
    pub added: WallTime,
    /// What the caller may do to it.
    pub privileges: Vec<Privilege>,
}

/// `POST /v1/probe`: what a camera has, before it is added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Probe {
    /// What the camera calls itself.
    pub name: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// Its streams (rates are not measured: 0).
    pub streams: Vec<Stream>,
}
