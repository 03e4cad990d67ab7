//! What a farm and its cameras shall be like, and what cannot be.
//!
//! Not here: starting them ([`crate::farm`]).

use crate::clip::{self, Codec, Gop, Scene, Size};
use crate::discovery::DiscoveryOptions;
use crate::farm::StartFarm;
use crate::sound::Audio;
use std::net::Ipv4Addr;

/// What a farm shall be like. `Options::default()` is one camera, H.264 1080p25 3 Mbit/s, AAC.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many cameras, 1 to 10,000.
    pub count: u16,
    /// Address of the first camera, the others follow; `None` is a free range in 127.0.0.0/8.
    pub base: Option<Ipv4Addr>,
    /// RTSP port of all cameras; 0 is any free one.
    pub rtsp_port: u16,
    /// HTTP port of all cameras; 0 is any free one.
    pub http_port: u16,
    /// Account of all cameras.
    pub user: String,
    /// Its password.
    pub password: String,
    /// Whether video and snapshots need no account.
    pub anonymous: bool,
    /// Whether cameras can be discovered, and where.
    pub discovery: Option<DiscoveryOptions>,
    /// What all cameras are like.
    pub camera: CameraOptions,
    /// Exceptions: camera index (from 0) and what it is like instead.
    pub overrides: Vec<(u16, CameraOptions)>,
}

/// What one camera is like.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraOptions {
    /// What it is called; `None` is `Camera N`.
    pub name: Option<String>,
    /// What it looks at.
    pub scene: Scene,
    /// Codec of the main stream where a URL names none.
    pub codec: Codec,
    /// What it sends as sound.
    pub audio: Audio,
    /// Frames per group of pictures, 1 to 300; `None` is 50. See [`Fault::Gop`] for what can follow.
    pub gop: Option<u32>,
    /// Frames per second, 1 to 25. Below 25 the clip plays slower.
    pub fps: u32,
    /// Mbit/s wished for the main stream. The clips are packed, so the nearest is taken: below 1 the main stream is
    /// the 640 by 360 clip (0.4), else the 1080p clip (H.264 3, H.265 1).
    pub rate: f32,
}

impl Default for CameraOptions {
    fn default() -> Self {
        Self {
            name: None,
            scene: Scene::Street,
            codec: Codec::H264,
            audio: Audio::Aac,
            gop: None,
            fps: 25,
            rate: 3.0,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            count: 1,
            base: None,
            rtsp_port: 0,
            http_port: 0,
            user: "root".into(),
            password: "pass".into(),
            anonymous: false,
            discovery: Some(DiscoveryOptions::default()),
            camera: CameraOptions::default(),
            overrides: Vec::new(),
        }
    }
}

/// Refuses what no camera can be.
pub(crate) fn check(options: &Options) -> Result<(), StartFarm> {
    let cameras = std::iter::once(&options.camera).chain(options.overrides.iter().map(|(_, camera)| camera));
    for camera in cameras {
        if !(1..=25).contains(&camera.fps) {
            return Err(StartFarm::Options("frames per second must be 1 to 25"));
        }
        if camera.gop.is_some_and(|gop| !(1..=300).contains(&gop)) {
            return Err(StartFarm::Options("frames per group of pictures must be 1 to 300"));
        }
        if clip::video(camera.scene, Size::Main, camera.codec, Gop::Usual).is_none() {
            return Err(StartFarm::Options("this scene has no H.265 clip; only the street has"));
        }
    }
    if !(1..=10_000).contains(&options.count) {
        return Err(StartFarm::Options("the number of cameras must be 1 to 10000"));
    }
    match options.base {
        Some(base) if !base.is_loopback() => {
            Err(StartFarm::Options("the cameras' addresses must be in 127.0.0.0/8"))
        }
        _ => Ok(()),
    }
}
