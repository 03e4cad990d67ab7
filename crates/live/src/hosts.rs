//! The UDP sockets of a session: one per address of this machine that the other side may try (RFC 8445 section 5.1.1,
//! host candidates). Not which of them works: ICE finds out.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    task::{Context, Poll, ready},
};

use tokio::{io::ReadBuf, net::UdpSocket};

/// Addresses of one machine that are tried; more are left out.
const MAX: usize = 16;

/// Which addresses of this machine are told to the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// All of its interfaces, but neither loopback nor link-local ones.
    Interfaces,
    /// These.
    These(Vec<IpAddr>),
}

/// The sockets of one session.
pub struct Sockets {
    all: Vec<(SocketAddr, UdpSocket)>,
    /// Which is asked first next time.
    turn: usize,
}

/// A free port at every address.
pub fn bind(hosts: &Hosts) -> io::Result<Sockets> {
    let addresses = match hosts {
        Hosts::These(addresses) => addresses.clone(),
        Hosts::Interfaces => {
            let interfaces = if_addrs::get_if_addrs()?;
            interfaces.iter().filter(|one| !one.is_link_local()).map(if_addrs::Interface::ip).collect()
        }
    };
    let wanted = |ip: &&IpAddr| !ip.is_loopback() || matches!(hosts, Hosts::These(_));
    let mut all = Vec::new();
    let mut failed = None;
    for ip in addresses.iter().filter(wanted).take(MAX) {
        match open(*ip) {
            Ok(socket) => all.push(socket),
            // An address may be gone, or not be ready yet.
            Err(error) => failed = Some(error),
        }
    }
    if all.is_empty() {
        return Err(failed.unwrap_or_else(|| io::Error::other("this machine has no address")));
    }
    Ok(Sockets { all, turn: 0 })
}

fn open(ip: IpAddr) -> io::Result<(SocketAddr, UdpSocket)> {
    let socket = socket2::Socket::new(
        socket2::Domain::for_address(SocketAddr::new(ip, 0)),
        socket2::Type::DGRAM,
        Some(socket2::Protocol::UDP),
    )?;
    socket.set_nonblocking(true)?;
    // Bursts of a whole window fit; the kernel gives what it allows.
    let _ = socket.set_recv_buffer_size(2 << 20);
    let _ = socket.set_send_buffer_size(1 << 20);
    socket.bind(&SocketAddr::new(ip, 0).into())?;
    let socket = UdpSocket::from_std(socket.into())?;
    Ok((socket.local_addr()?, socket))
}

impl Sockets {
    pub fn addresses(&self) -> impl Iterator<Item = SocketAddr> + '_ {
        self.all.iter().map(|(address, _)| *address)
    }

    /// Sends from the socket with this address. What the network does not take is lost, as on any path.
    pub async fn send(&self, from: SocketAddr, to: SocketAddr, datagram: &[u8]) {
        let Some((_, socket)) = self.all.iter().find(|(address, _)| *address == from) else { return };
        if let Err(error) = socket.try_send_to(datagram, to)
            && error.kind() == io::ErrorKind::WouldBlock
        {
            let _ = socket.send_to(datagram, to).await;
        }
    }

    /// The next datagram: from where, to which socket, how long.
    pub fn poll_recv(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<(SocketAddr, SocketAddr, usize)> {
        for offset in 0..self.all.len() {
            let at = (self.turn + offset) % self.all.len();
            let (local, socket) = &self.all[at];
            if let Poll::Ready(Some((source, length))) = poll_one(socket, context, buffer) {
                let local = *local;
                self.turn = at;
                return Poll::Ready((source, local, length));
            }
        }
        Poll::Pending
    }
}

/// One that fails (a peer's port is closed) is asked again.
fn poll_one(
    socket: &UdpSocket,
    context: &mut Context<'_>,
    buffer: &mut [u8],
) -> Poll<Option<(SocketAddr, usize)>> {
    for _ in 0..8 {
        let mut buf = ReadBuf::new(buffer);
        if let Ok(source) = ready!(socket.poll_recv_from(context, &mut buf)) {
            let length = buf.filled().len();
            return Poll::Ready(Some((source, length)));
        }
    }
    context.waker().wake_by_ref();
    Poll::Ready(None)
}
