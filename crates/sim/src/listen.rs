//! A farm's TCP ports: finding addresses and ports that are free, accepting connections while a camera is up.
//!
//! Not here: what is spoken on a connection ([`crate::rtsp`], [`crate::http`]).

use crate::device::{Device, Power};
use crate::farm::StartFarm;
use crate::options::Options;
use crate::{http, rtsp};
use rand::Rng;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

/// Connections to one camera's port at a time.
const MAX_CONNECTIONS: usize = 64;
/// Bytes that the kernel keeps for a connection, a second of video.
const SEND_BUFFER: u32 = 512 * 1024;

/// RTSP and HTTP listener of each camera.
pub(crate) type Listeners = Vec<(TcpListener, TcpListener)>;

/// Listens on all addresses, with new addresses and ports as long as those that may be chosen are taken.
pub(crate) fn listen(options: &Options) -> Result<(Vec<Ipv4Addr>, Listeners), StartFarm> {
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

pub(crate) fn bind(address: Ipv4Addr, port: u16) -> Result<TcpListener, StartFarm> {
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
pub(crate) async fn serve<F>(
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
        // The port closes first: whoever loses a connection finds nobody there.
        if !listening {
            listener = None;
        }
        if now != cut {
            cut = now;
            connections.shutdown().await;
        }
        if listening && listener.is_none() {
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
pub(crate) async fn serve_control(listener: TcpListener, devices: Arc<[Arc<Device>]>) {
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

/// The port that a listener got.
pub(crate) fn port(listener: &TcpListener) -> u16 {
    listener.local_addr().map_or(0, |address| address.port())
}
