//! Relay sockets: real UDP ports.
//!
//! What is here: opening one in the configured range, with its options.
//! What is not here: whose it is (`core`).

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;

use nix::sys::socket::{setsockopt, sockopt};
use quinn_udp::{UdpSockRef, UdpSocketState};
use rand::Rng as _;
use socket2::{Domain, Protocol, Socket, Type};

/// How often another port is tried. With half of the range taken, all fail once in 2^64.
const TRIES: usize = 64;

/// A UDP socket with what the fast path knows about it.
#[derive(Debug)]
pub(crate) struct UdpPort {
    pub(crate) socket: UdpSocket,
    pub(crate) state: UdpSocketState,
}

impl UdpPort {
    /// From a bound socket.
    pub(crate) fn new(socket: UdpSocket) -> io::Result<Self> {
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        // What QUIC wants to know about packets and a relay does not: less work for each.
        let _ = setsockopt(&socket, sockopt::ReceiveTimestampns, &false);
        let _ = socket2::SockRef::from(&socket).set_recv_tos_v4(false);
        Ok(Self { socket, state })
    }
}

/// Opens a relay socket at a random free port: ports that cannot be guessed are harder to send to (RFC 6056).
pub(crate) fn open(ip: IpAddr, range: &RangeInclusive<u16>, even: bool) -> io::Result<(UdpPort, u16)> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..TRIES {
        let mut port = rand::rng().random_range(range.clone());
        if even {
            port &= !1;
            if !range.contains(&port) {
                continue;
            }
        }
        match bind(SocketAddr::new(ip, port), false) {
            Ok(socket) => return Ok((UdpPort::new(socket)?, port)),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// A bound UDP socket that does not block. `shared`: several threads have one each at the same address.
pub(crate) fn bind(address: SocketAddr, shared: bool) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    if shared {
        socket.set_reuse_port(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}
