//! What a relay is told before it starts.
//!
//! What is here: addresses, ports, bounds of connections.
//! What is not here: what the machine is told (`turn::Config`); flags and files (crate `martello`).

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::Certificates;

/// A connection that speaks HTTP, as it is handed over: nothing of it has been read.
pub type HttpStream = Box<dyn Connection>;

/// Takes connections that speak HTTP after their TLS handshake, with the address that they come from. It returns at once and
/// bounds what it serves itself.
pub type HttpHandler = Arc<dyn Fn(HttpStream, SocketAddr) + Send + Sync>;

/// What can be read and written.
pub trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// An address to listen on, by UDP and by TCP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Listen {
    /// Port 0: any free one, the same for both.
    pub address: SocketAddr,
    /// Whether connections that speak HTTP are handed over; else they are closed.
    pub http: bool,
}

/// Where relay sockets are opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RelayAddress {
    /// This machine's address.
    pub bind: IpAddr,
    /// As others see it: another one behind a 1:1 NAT.
    pub public: IpAddr,
}

/// Everything that a [`crate::Relay`] is told.
#[derive(Clone)]
pub struct Config {
    /// The machine.
    pub turn: turn::Config,
    /// Addresses to listen on.
    pub listen: Vec<Listen>,
    /// Where relay sockets are opened, at most one of each family. Sets `turn.families`.
    pub relay: Vec<RelayAddress>,
    /// Their ports.
    pub ports: RangeInclusive<u16>,
    /// Threads of the UDP path.
    pub threads: usize,
    /// For TLS; without it, connections are plain.
    pub certificates: Option<Certificates>,
    /// Takes connections that speak HTTP.
    pub http: Option<HttpHandler>,
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address.
    pub connections_per_address: usize,
    /// A connection that has no allocation after this time is closed; a TLS handshake has as long.
    pub patience: Duration,
}

impl Config {
    /// Ports of RFC 8656, one thread per core up to four, no TLS, no HTTP.
    #[must_use]
    pub fn new(turn: turn::Config) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            turn,
            listen: Vec::new(),
            relay: Vec::new(),
            ports: 49152..=65535,
            threads: cores.min(4),
            certificates: None,
            http: None,
            connections: 8192,
            connections_per_address: 512,
            patience: Duration::from_secs(10),
        }
    }

    /// Where relay sockets go, from where is listened: one address of each family that is listened on. `public` are addresses
    /// of a 1:1 NAT, at most one of each family.
    #[must_use]
    pub fn relay_addresses(listen: &[Listen], public: &[IpAddr]) -> Vec<RelayAddress> {
        let mut found: Vec<RelayAddress> = Vec::new();
        for one in listen {
            let ip = one.address.ip();
            if found.iter().any(|known| known.bind.is_ipv4() == ip.is_ipv4()) {
                continue;
            }
            let bind = if ip.is_unspecified() { outgoing(ip) } else { Some(ip) };
            if let Some(bind) = bind {
                let public = public.iter().find(|one| one.is_ipv4() == bind.is_ipv4()).copied();
                found.push(RelayAddress { bind, public: public.unwrap_or(bind) });
            }
        }
        found
    }
}

/// The address that this machine would send from. Connecting a UDP socket asks the routing table and sends nothing.
fn outgoing(unspecified: IpAddr) -> Option<IpAddr> {
    let far: SocketAddr = if unspecified.is_ipv4() {
        ([192, 0, 2, 1], 9).into()
    } else {
        ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], 9).into()
    };
    let socket = UdpSocket::bind(SocketAddr::new(unspecified, 0)).ok()?;
    match socket.connect(far).and_then(|()| socket.local_addr()) {
        Ok(address) => Some(address.ip()),
        // No route: a machine that has but itself.
        Err(_) if unspecified.is_ipv4() => Some(std::net::Ipv4Addr::LOCALHOST.into()),
        Err(_) => None,
    }
}
