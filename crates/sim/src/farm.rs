//! A farm: any number of cameras in this process, started and stopped together.
//!
//! Each camera has its own address in 127.0.0.0/8; all have the same RTSP port and the same HTTP port. Not here: what a
//! camera does ([`crate::device`]), its ports ([`crate::listen`]), the command line ([`crate::cli`]).

use crate::clip::Codec;
use crate::device::{Device, Identity, Progress};
use crate::discovery::{self, DiscoveryAddresses};
use crate::fault::{Fault, Step};
use crate::listen::{bind, listen, port, serve, serve_control};
use crate::options::{Options, check};
use crate::sound::Audio;
use crate::{http, rtsp};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Models that the cameras take in turn.
const MODELS: [&str; 4] = ["P3245-LVE", "P3265-LVE", "Q1656-LE", "M3086-V"];
/// Why a farm did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartFarm {
    /// An option is out of its range.
    #[error("{0}")]
    Options(&'static str),
    /// An address or port is taken or may not be used.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddrV4,
        /// Why not.
        source: std::io::Error,
    },
}

/// Running cameras. They stop when this is dropped.
#[derive(Debug)]
pub struct Farm {
    /// The cameras, in order.
    pub cameras: Vec<SimCamera>,
    /// Where discovery queries are heard, if they are.
    pub discovery: Option<DiscoveryAddresses>,
    /// HTTP address for faults from outside: `POST /cameras/N/fault`, `script`, `motion` and
    /// `GET /cameras/N/progress`, N from 0.
    pub control: SocketAddr,
    tasks: JoinSet<()>,
}

/// A handle on one camera.
#[derive(Clone)]
pub struct SimCamera {
    /// What people call it.
    pub name: String,
    /// Model number, like `P3245-LVE`.
    pub model: String,
    /// Serial number: 12 hexadecimal digits, the MAC address.
    pub serial: String,
    /// Its address.
    pub address: Ipv4Addr,
    /// Its RTSP port.
    pub rtsp_port: u16,
    /// Its HTTP port.
    pub http_port: u16,
    /// Its account.
    pub user: String,
    /// The account's password.
    pub password: String,
    /// RTSP URL of the main stream, with sound if it has any.
    pub main_url: String,
    /// RTSP URL of the sub stream (640 by 360, H.264), with sound if it has any.
    pub sub_url: String,
    pub(crate) device: Arc<Device>,
}

impl std::fmt::Debug for SimCamera {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimCamera")
            .field("name", &self.name)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl SimCamera {
    fn of(device: Arc<Device>) -> Self {
        let Identity { name, model, serial, address, rtsp_port, http_port, user, password, .. } =
            device.identity.clone();
        let base = format!("rtsp://{address}:{rtsp_port}/axis-media/media.amp");
        let audio = u8::from(device.identity.audio != Audio::None);
        let codec = if device.identity.codec == Codec::H265 { "h265" } else { "h264" };
        Self {
            main_url: format!("{base}?videocodec={codec}&audio={audio}"),
            sub_url: format!("{base}?videocodec=h264&resolution=640x360&audio={audio}"),
            model: model.to_owned(),
            name,
            serial,
            address,
            rtsp_port,
            http_port,
            user,
            password,
            device,
        }
    }

    /// Lets something go wrong, or all be well again.
    pub fn fault(&self, fault: Fault) {
        self.device.fault(fault);
    }

    /// Lets things go wrong one after the other, each at its time. Scripts add up.
    pub fn script(&self, script: Vec<Step>) {
        self.device.play(script);
    }

    /// Makes motion for so long from now.
    pub fn motion(&self, duration: Duration) {
        self.device.move_for(duration);
    }

    /// What the camera has made and sent so far.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.device.progress()
    }

    /// `http://ADDRESS:PORT`
    #[must_use]
    pub fn http_url(&self) -> String {
        format!("http://{}:{}", self.address, self.http_port)
    }
}

impl Farm {
    /// Starts the cameras; when this returns they answer.
    ///
    /// # Errors
    /// An option out of range, a scene without the codec, or an address that cannot be listened on.
    pub async fn start(options: Options) -> Result<Self, StartFarm> {
        check(&options)?;
        let (addresses, listeners) = listen(&options)?;
        let mut tasks = JoinSet::new();
        let first = addresses[0];
        let control = bind(first, 0)?;
        let mut devices = Vec::with_capacity(addresses.len());
        for (index, (address, (rtsp, http))) in addresses.into_iter().zip(listeners).enumerate() {
            let ports = (port(&rtsp), port(&http));
            let device = Device::new(identity(&options, index as u16, address, ports));
            tasks.spawn(Arc::clone(&device).run());
            tasks.spawn(serve(Arc::clone(&device), rtsp, ports.0, rtsp::serve));
            tasks.spawn(serve(Arc::clone(&device), http, ports.1, http::serve));
            devices.push(device);
        }
        let cameras = devices.iter().map(|device| SimCamera::of(Arc::clone(device))).collect();
        let devices = Arc::from(devices);
        let discovery = match &options.discovery {
            Some(wanted) => Some(discovery::start(wanted, &devices, &mut tasks)?),
            None => None,
        };
        let address = SocketAddr::from((first, port(&control)));
        tasks.spawn(serve_control(control, devices));
        Ok(Self { cameras, discovery, control: address, tasks })
    }

    /// Stops all cameras and closes their connections; returns when that is done.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

fn identity(options: &Options, index: u16, address: Ipv4Addr, ports: (u16, u16)) -> Identity {
    let chosen = options.overrides.iter().find(|(i, _)| *i == index);
    let camera = chosen.map_or(&options.camera, |(_, camera)| camera);
    Identity {
        index,
        name: camera.name.clone().unwrap_or_else(|| format!("Camera {}", index + 1)),
        model: MODELS[usize::from(index) % MODELS.len()],
        serial: format!("B8A44F{:06X}", u32::from(index) + 1),
        address,
        rtsp_port: ports.0,
        http_port: ports.1,
        user: options.user.clone(),
        password: options.password.clone(),
        anonymous: options.anonymous,
        scene: camera.scene,
        codec: camera.codec,
        audio: camera.audio,
        gop: camera.gop,
        fps: camera.fps,
        small: camera.rate < 1.0,
    }
}
