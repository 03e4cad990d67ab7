//! Packets on their way out, gathered so that the kernel is asked once for many.
//!
//! What is here: packets of one size to one place become one segmented send (UDP GSO); packets for a connection go to its
//! queue; what could not be sent is said, so that it is not counted.
//! What is not here: reading (`udp`, `connection`), deciding (`turn`).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use quinn_udp::{Transmit, UdpSockRef};
use turn::{Client, Key, Pass, Server, To, Via};

use crate::core::Core;
use crate::ports::UdpPort;

/// Bytes of one segmented send.
const MOST_BYTES: usize = 64_000;

/// What a [`Pass`] must be told when it was not sent.
type Counted = (To, Key, u64);

/// Packets of one size to one place, the last one perhaps smaller.
#[derive(Default)]
struct Group {
    to: Option<To>,
    bytes: Vec<u8>,
    segment: usize,
    closed: bool,
    counted: Vec<Counted>,
}

/// What one round has to send. Kept from round to round, so that nothing is allocated anew.
#[derive(Default)]
pub(crate) struct Batch {
    groups: Vec<Group>,
    used: usize,
    unsent: Vec<Counted>,
}

impl Batch {
    /// Adds what becomes of `packet`.
    pub(crate) fn push(&mut self, pass: &Pass, packet: &[u8], core: &Core) {
        let payload = packet.get(pass.payload.clone()).unwrap_or_default();
        let counted = (pass.to, pass.allocation, payload.len() as u64);
        let padding = [0_u8; 3];
        let padding = padding.get(..usize::from(pass.padding)).unwrap_or_default();
        let parts = [pass.prefix.as_bytes(), payload, padding];
        if let To::Client(Client { via: Via::Stream { connection }, .. }) = pass.to {
            if !core.queue(connection, &parts) {
                self.unsent.push(counted);
            }
            return;
        }
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let group = self.group(pass.to, length);
        for part in parts {
            group.bytes.extend_from_slice(part);
        }
        group.counted.push(counted);
    }

    /// The group that a packet of this length goes into: the newest to the same place, if it takes it, so that order is kept.
    fn group(&mut self, to: To, length: usize) -> &mut Group {
        let newest = self.groups[..self.used].iter().rposition(|group| group.to == Some(to));
        let fits = newest.filter(|at| {
            let group = &self.groups[*at];
            !group.closed
                && length > 0
                && length <= group.segment
                && group.bytes.len() + length <= MOST_BYTES
                && group.counted.len() < 64
        });
        if let Some(at) = fits {
            let group = &mut self.groups[at];
            group.closed = length < group.segment;
            return group;
        }
        if self.used == self.groups.len() {
            self.groups.push(Group::default());
        }
        let group = &mut self.groups[self.used];
        self.used += 1;
        group.to = Some(to);
        group.bytes.clear();
        group.counted.clear();
        group.segment = length;
        group.closed = length == 0;
        group
    }

    /// Sends everything. `own` are the sockets by which clients of UDP are answered.
    pub(crate) fn flush(&mut self, core: &Core, own: &[Arc<crate::udp::Listener>]) {
        for group in &self.groups[..self.used] {
            let (port, address, source) = match group.to {
                Some(To::Peer { socket, address }) => (core.relay_port(socket), address, None),
                Some(To::Client(Client { remote, via: Via::Udp { listener, local } })) => {
                    let listener = own.get(usize::from(listener));
                    (listener.map(|one| one.port.clone()), remote, local)
                }
                _ => continue,
            };
            match port {
                Some(port) => group.send(&port, address, source, &mut self.unsent),
                None => self.unsent.extend(&group.counted),
            }
        }
        self.used = 0;
    }

    /// Tells the machine what was not sent.
    pub(crate) fn settle(&mut self, server: &mut Server) {
        for (to, allocation, bytes) in self.unsent.drain(..) {
            server.handle_unsent(&to, allocation, bytes);
        }
    }

    pub(crate) fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }
}

impl Group {
    fn send(&self, port: &UdpPort, to: SocketAddr, source: Option<IpAddr>, unsent: &mut Vec<Counted>) {
        let most = port.state.max_gso_segments().max(1);
        let mut packets = self.counted.as_slice();
        let mut bytes = self.bytes.as_slice();
        while !packets.is_empty() {
            let (now, later) = packets.split_at(packets.len().min(most));
            let (chunk, rest) = bytes.split_at(bytes.len().min(now.len() * self.segment));
            if now.len() > 1 {
                if send(port, to, source, chunk, Some(self.segment)).is_err() {
                    // One of them may be at fault, or segments are not possible here: each for itself.
                    for (packet, counted) in chunk.chunks(self.segment.max(1)).zip(now) {
                        if send(port, to, source, packet, None).is_err() {
                            unsent.push(*counted);
                        }
                    }
                }
            } else if send(port, to, source, chunk, None).is_err() {
                unsent.extend(now);
            }
            (packets, bytes) = (later, rest);
        }
    }
}

/// One system call. What fails is lost, as packets are: nobody waits, and no socket is given up.
pub(crate) fn send(
    port: &UdpPort,
    destination: SocketAddr,
    src_ip: Option<IpAddr>,
    contents: &[u8],
    segment_size: Option<usize>,
) -> std::io::Result<()> {
    let transmit = Transmit { destination, ecn: None, contents, segment_size, src_ip };
    port.state.try_send(UdpSockRef::from(&port.socket), &transmit)
}
