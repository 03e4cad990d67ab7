//! How cameras are found: answers to mDNS, SSDP and WS-Discovery queries, each from the camera's own address.
//!
//! One socket per protocol listens on the loopback network's broadcast address (127.255.255.255), where a test sends
//! what a product sends to a multicast group; on request the real groups are joined, too. Every query is answered by
//! unicast, camera after camera in random order with short pauses, so that no socket buffer runs over. A camera that is
//! down or stalled is silent. Not here: announcements, queries to a single camera's address.

mod mdns;
mod ssdp;
mod wsd;

use crate::device::Device;
use crate::farm::StartFarm;
use rand::seq::SliceRandom;
use socket2::{Domain, Protocol, Socket, Type};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

pub(crate) use ssdp::description;

/// Where the loopback network's queries go.
const BROADCAST: Ipv4Addr = Ipv4Addr::new(127, 255, 255, 255);
/// Answers sent before a pause of a millisecond.
const BURST: usize = 8;

/// Whether and where cameras can be discovered.
#[derive(Debug, Clone, Default)]
pub struct DiscoveryOptions {
    /// Port of mDNS on the loopback broadcast address; 0 is any free one.
    pub mdns_port: u16,
    /// Port of SSDP; 0 is any free one.
    pub ssdp_port: u16,
    /// Port of WS-Discovery; 0 is any free one.
    pub wsd_port: u16,
    /// Addresses of interfaces on which the real multicast groups are joined, at their real ports. Only for networks
    /// of their own, such as a network namespace.
    pub multicast: Vec<Ipv4Addr>,
}

/// Where discovery queries are heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiscoveryAddresses {
    /// mDNS.
    pub mdns: SocketAddr,
    /// SSDP.
    pub ssdp: SocketAddr,
    /// WS-Discovery.
    pub wsd: SocketAddr,
}

/// A protocol: its multicast group and port, and how a camera answers a datagram.
struct Responder {
    group: SocketAddrV4,
    answer: fn(&Device, &[u8]) -> Option<Vec<u8>>,
}

const MDNS: Responder =
    Responder { group: SocketAddrV4::new(Ipv4Addr::new(224, 0, 0, 251), 5353), answer: mdns::answer };
const SSDP: Responder =
    Responder { group: SocketAddrV4::new(Ipv4Addr::new(239, 255, 255, 250), 1900), answer: ssdp::answer };
const WSD: Responder =
    Responder { group: SocketAddrV4::new(Ipv4Addr::new(239, 255, 255, 250), 3702), answer: wsd::answer };

/// Starts answering for the cameras.
pub(crate) fn start(
    options: &DiscoveryOptions,
    devices: &Arc<[Arc<Device>]>,
    tasks: &mut JoinSet<()>,
) -> Result<DiscoveryAddresses, StartFarm> {
    let mut listen = |protocol: &'static Responder, port| -> Result<SocketAddr, StartFarm> {
        let address = SocketAddrV4::new(BROADCAST, port);
        let failed = |address| move |source| StartFarm::Listen { address, source };
        let socket = bind(address).map_err(failed(address))?;
        let bound = socket.local_addr().map_err(failed(address))?;
        tasks.spawn(respond(socket, protocol, Arc::clone(devices)));
        if !options.multicast.is_empty() {
            let any = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, protocol.group.port());
            let socket = bind(any).map_err(failed(any))?;
            for interface in &options.multicast {
                socket.join_multicast_v4(*protocol.group.ip(), *interface).map_err(failed(protocol.group))?;
            }
            tasks.spawn(respond(socket, protocol, Arc::clone(devices)));
        }
        Ok(bound)
    };
    Ok(DiscoveryAddresses {
        mdns: listen(&MDNS, options.mdns_port)?,
        ssdp: listen(&SSDP, options.ssdp_port)?,
        wsd: listen(&WSD, options.wsd_port)?,
    })
}

/// A UDP socket that shares its address with others.
fn bind(address: SocketAddrV4) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

async fn respond(socket: UdpSocket, protocol: &'static Responder, devices: Arc<[Arc<Device>]>) {
    let port = socket.local_addr().map_or(0, |address| address.port());
    let mut datagram = [0; 2048];
    loop {
        let Ok((length, asker)) = socket.recv_from(&mut datagram).await else { continue };
        let mut order: Vec<_> = devices.iter().filter(|device| device.answers()).collect();
        order.shuffle(&mut rand::rng());
        for burst in order.chunks(BURST) {
            for device in burst {
                let Some(answer) = (protocol.answer)(device, &datagram[..length]) else { continue };
                let own = SocketAddrV4::new(device.identity.address, port);
                let sent = match bind(own) {
                    Ok(socket) => socket.send_to(&answer, asker).await.map(|_| ()),
                    Err(error) => Err(error),
                };
                if let Err(error) = sent {
                    tracing::debug!(%asker, %error, "discovery answer not sent");
                }
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}
