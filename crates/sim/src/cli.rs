//! `martello sim`: simulated cameras from the command line, until a signal.
//!
//! Not here: a tokio runtime and logging, which are the caller's.

use crate::clip::{Codec, Scene};
use crate::discovery::DiscoveryOptions;
use crate::farm::{Farm, StartFarm};
use crate::options::{CameraOptions, Options};
use crate::sound::Audio;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::path::PathBuf;

/// Arguments of `martello sim`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// How many cameras
    #[arg(long, default_value_t = 1)]
    pub count: u16,
    /// Write addresses and credentials as JSON to this file once all cameras answer
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
    /// What the cameras look at; only the street has 3 Mbit/s and H.265. Given several times, cameras take turns
    #[arg(long, value_enum, default_values_t = [Scene::Street])]
    pub scene: Vec<Scene>,
    /// Codec of the main stream where a URL names none
    #[arg(long, value_enum, default_value_t = Codec::H264)]
    pub codec: Codec,
    /// Sound: a tone of 440 Hz
    #[arg(long, value_enum, default_value_t = Audio::Aac)]
    pub audio: Audio,
    /// Frames per group of pictures, 1 to 300, by jumping to the clip's next key frame; above 50 only H.264 1080p
    /// can follow [default: 50]
    #[arg(long, value_name = "N")]
    pub gop: Option<u32>,
    /// Frames per second, 1 to 25; below 25 the clip plays slower
    #[arg(long, value_name = "N", default_value_t = 25)]
    pub fps: u32,
    /// Mbit/s wished for the main stream: below 1 it is the 640x360 clip (0.4), else the 1080p clip (H.264 3, H.265 1)
    #[arg(long, value_name = "MBIT", default_value_t = 3.0)]
    pub rate: f32,
    /// Address of the first camera in 127.0.0.0/8; the others follow [default: a free range]
    #[arg(long, value_name = "ADDR")]
    pub base: Option<Ipv4Addr>,
    /// RTSP port of all cameras; 0 is any free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub rtsp_port: u16,
    /// HTTP port of all cameras; 0 is any free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub http_port: u16,
    /// Account of all cameras
    #[arg(long, default_value = "root")]
    pub user: String,
    /// Its password
    #[arg(long, default_value = "pass")]
    pub password: String,
    /// Ports of mDNS, SSDP and WS-Discovery on 127.255.255.255; 0 is any free one
    #[arg(long, value_name = "MDNS,SSDP,WSD", value_delimiter = ',', num_args = 3, default_values_t = [0, 0, 0])]
    pub discovery_ports: Vec<u16>,
    /// Also join the real multicast groups on the interface of this address; may be repeated
    #[arg(long, value_name = "ADDR")]
    pub multicast: Vec<Ipv4Addr>,
    /// Video and snapshots need no account
    #[arg(long)]
    pub anonymous: bool,
}

/// Why the command failed.
#[derive(Debug, thiserror::Error)]
pub enum Run {
    /// The cameras did not start.
    #[error(transparent)]
    Start(#[from] StartFarm),
    /// The ready file could not be written.
    #[error("cannot write {path}: {source}")]
    WriteReadyFile {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Signals cannot be waited for.
    #[error("cannot wait for signals: {0}")]
    Signal(#[source] std::io::Error),
}

impl From<&Args> for Options {
    fn from(args: &Args) -> Self {
        let looking_at = |scene| CameraOptions {
            name: None,
            scene,
            codec: args.codec,
            audio: args.audio,
            gop: args.gop,
            fps: args.fps,
            rate: args.rate,
        };
        let scenes = args.scene.iter().copied().cycle();
        Self {
            count: args.count,
            base: args.base,
            rtsp_port: args.rtsp_port,
            http_port: args.http_port,
            user: args.user.clone(),
            password: args.password.clone(),
            anonymous: args.anonymous,
            discovery: Some(DiscoveryOptions {
                mdns_port: args.discovery_ports.first().copied().unwrap_or(0),
                ssdp_port: args.discovery_ports.get(1).copied().unwrap_or(0),
                wsd_port: args.discovery_ports.get(2).copied().unwrap_or(0),
                multicast: args.multicast.clone(),
            }),
            camera: looking_at(Scene::Street),
            overrides: (0..args.count).zip(scenes.map(looking_at)).collect(),
        }
    }
}

/// Starts the cameras and runs them until SIGINT or SIGTERM.
///
/// # Errors
/// The cameras do not start, or the ready file cannot be written.
pub async fn run(args: Args) -> Result<(), Run> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate()).map_err(Run::Signal)?;
    let mut interrupted = signal(SignalKind::interrupt()).map_err(Run::Signal)?;
    let farm = Farm::start(Options::from(&args)).await?;
    let ready = ready(&farm);
    if let Some(path) = &args.ready_file {
        let part = path.with_extension("part");
        let written = tokio::fs::write(&part, ready.to_string()).await;
        let placed = match written {
            Ok(()) => tokio::fs::rename(&part, path).await,
            failed => failed,
        };
        placed.map_err(|source| Run::WriteReadyFile { path: path.clone(), source })?;
    }
    tracing::info!(cameras = farm.cameras.len(), first = farm.cameras[0].main_url, "ready");
    tokio::select! {
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    farm.stop().await;
    Ok(())
}

/// What the ready file says: every camera's addresses and credentials, and where discovery queries go.
#[must_use]
pub fn ready(farm: &Farm) -> Value {
    let cameras = farm.cameras.iter().map(|camera| {
        json!({
            "name": camera.name,
            "model": camera.model,
            "serial": camera.serial,
            "rtsp": camera.main_url,
            "rtsp_sub": camera.sub_url,
            "http": camera.http_url(),
            "user": camera.user,
            "password": camera.password,
        })
    });
    let mut ready = json!({
        "cameras": cameras.collect::<Vec<_>>(),
        "control": format!("http://{}", farm.control),
    });
    if let Some(at) = farm.discovery {
        ready["discovery"] = json!({"mdns": at.mdns, "ssdp": at.ssdp, "wsd": at.wsd});
    }
    ready
}
