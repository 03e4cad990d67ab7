//! A farm: any number of cameras in this process, started and stopped together.
//!
//! Each camera has its own address in 127.0.0.0/8; all have the same RTSP port and the same HTTP port. Not here: what a
//! camera does ([`crate::device`]), the command line ([`crate::cli`]).

use crate::clip::{Codec, Scene, Size};
use crate::device::{Device, Identity, Power, Progress};
use crate::discovery::{self, DiscoveryAddresses, DiscoveryOptions};
use crate::fault::{Fault, Step};
use crate::sound::Audio;
use crate::{http, rtsp};
use rand::Rng;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

/// Models that the cameras take in turn.
const MODELS: [&str; 4] = ["P3245-LVE", "P3265-LVE", "Q1656-LE", "M3086-V"];
/// Connections to one camera's port at a time.
const MAX_CONNECTIONS: usize = 64;
/// Bytes that the kernel keeps for a connection, a second of video.
const SEND_BUFFER: u32 = 512 * 1024;

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

fn port(listener: &TcpListener) -> u16 {
    listener.local_addr().map_or(0, |address| address.port())
}

fn check(options: &Options) -> Result<(), StartFarm> {
    let cameras = std::iter::once(&options.camera).chain(options.overrides.iter().map(|(_, camera)| camera));
    for camera in cameras {
        if !(1..=25).contains(&camera.fps) {
            return Err(StartFarm::Options("frames per second must be 1 to 25"));
        }
        if camera.gop.is_some_and(|gop| !(1..=300).contains(&gop)) {
            return Err(StartFarm::Options("frames per group of pictures must be 1 to 300"));
        }
        if crate::clip::video(camera.scene, Size::Main, camera.codec, crate::clip::Gop::Usual).is_none() {
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

type Listeners = Vec<(TcpListener, TcpListener)>;

/// Listens on all addresses, with new addresses and ports as long as those that may be chosen are taken.
fn listen(options: &Options) -> Result<(Vec<Ipv4Addr>, Listeners), StartFarm> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let base = options.base.unwrap_or_else(|| {
            let mut random = rand::rng();
            Ipv4Addr::new(127, random.random_range(64..192), random.random_range(0..250), 1)
        });
        let addresses: Vec<_> = (0..u32::from(options.count))
            .map(|i| Ipv4Addr::from_bits(base.to_bits().wrapping_add(i)))
            .collect();
        let (mut rtsp_port, mut http_port) = (options.rtsp_port, options.http_port);
        let mut listeners = Vec::new();
        let mut failed = None;
        for address in &addresses {
            let pair = bind(*address, rtsp_port).and_then(|rtsp| Ok((rtsp, bind(*address, http_port)?)));
            match pair {
                Ok((rtsp, http)) => {
                    (rtsp_port, http_port) = (port(&rtsp), port(&http));
                    listeners.push((rtsp, http));
                }
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        match failed {
            None => return Ok((addresses, listeners)),
            Some(error) if attempt == 20 => return Err(error),
            Some(_) => {}
        }
    }
}

fn bind(address: Ipv4Addr, port: u16) -> Result<TcpListener, StartFarm> {
    let address = SocketAddrV4::new(address, port);
    let listen = || {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        // Connections inherit it: a stuck reader costs a camera no more.
        socket.set_send_buffer_size(SEND_BUFFER)?;
        socket.bind(address.into())?;
        socket.listen(64)
    };
    listen().map_err(|source| StartFarm::Listen { address, source })
}

/// Accepts connections while the camera is up; when it goes down, all are closed and the port with them.
async fn serve<F>(
    device: Arc<Device>,
    listener: TcpListener,
    port: u16,
    each: impl Fn(Arc<Device>, TcpStream) -> F + Send + 'static,
) where
    F: Future<Output = Result<(), rtsp::Serve>> + Send + 'static,
{
    let mut power = device.power();
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    let mut cut = power.borrow().cut;
    loop {
        let Power { listening, cut: now } = *power.borrow_and_update();
        if now != cut {
            cut = now;
            connections.shutdown().await;
        }
        if !listening {
            listener = None;
        } else if listener.is_none() {
            // The port was ours a moment ago; whoever took it meanwhile keeps this camera down.
            match bind(device.identity.address, port) {
                Ok(bound) => listener = Some(bound),
                Err(error) => tracing::warn!(%error, "the camera cannot come back"),
            }
        }
        tokio::select! {
            changed = power.changed() => if changed.is_err() { return },
            accepted = accept(&listener) => match accepted {
                Ok((stream, peer)) if connections.len() < MAX_CONNECTIONS => {
                    let served = each(Arc::clone(&device), stream);
                    connections.spawn(async move {
                        if let Err(error) = served.await {
                            tracing::debug!(%peer, %error, "connection ended");
                        }
                    });
                }
                Ok(_) => tracing::warn!("too many connections to one camera"),
                Err(error) => tracing::warn!(%error, "accept failed"),
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Accepts connections to the control port.
async fn serve_control(listener: TcpListener, devices: Arc<[Arc<Device>]>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) if connections.len() < MAX_CONNECTIONS => {
                    connections.spawn(http::serve_control(Arc::clone(&devices), stream));
                }
                Ok(_) => tracing::warn!("too many connections to the control port"),
                Err(error) => tracing::warn!(%error, "accept failed"),
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn accept(listener: &Option<TcpListener>) -> std::io::Result<(TcpStream, std::net::SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}
