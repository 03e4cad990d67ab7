//! The UDP path: threads that read batches of packets, ask the machine once for each batch, and send batches.
//!
//! What is here: listeners (one socket for each thread at the same address, the kernel spreads clients over them), relay
//! sockets, reading.
//! What is not here: sending (`batch`), TCP and TLS (`connection`).

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use nix::sys::epoll::{EpollEvent, EpollFlags};
use nix::sys::socket::{setsockopt, sockopt};
use quinn_udp::{RecvMeta, UdpSockRef};
use turn::{Client, Key, Pass, Via};

use crate::StartError;
use crate::batch::Batch;
use crate::config::Listen;
use crate::core::{Core, Outputs, local_of};
use crate::ports::{self, UdpPort};

/// Reads of one system call.
const READS: usize = quinn_udp::BATCH_SIZE;
/// Bytes of one read: the kernel may hand over many packets of one sender as one.
const READ: usize = 65_536;
/// Batches of one socket before others have their turn.
const TURNS: usize = 4;
/// Buffer of a listener in the kernel: some milliseconds at full speed.
const BUFFER: usize = 8 << 20;
/// How long a thread sleeps when nothing comes: what has expired is looked for, and whether to stop.
const NAP_MS: u16 = 250;
/// Marks listeners among keys of allocations.
const LISTENER: u64 = u64::MAX - 0xffff;

/// A listening socket of one thread.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) port: Arc<UdpPort>,
    pub(crate) address: SocketAddr,
}

/// All sockets at one address.
pub(crate) struct Bound {
    pub(crate) address: SocketAddr,
    /// One for each thread.
    pub(crate) listeners: Vec<Arc<Listener>>,
}

/// Binds every address once for each thread.
pub(crate) fn bind(listen: &[Listen], threads: usize) -> Result<Vec<Bound>, StartError> {
    let one = |listen: &Listen| {
        let mut address = listen.address;
        let mut listeners = Vec::new();
        for _ in 0..threads {
            let wanted = address;
            let failed = |error| StartError::Listen { address: wanted, error };
            let socket = ports::bind(address, threads > 1).map_err(failed)?;
            // More than the kernel's limit takes a privilege; without it, as much as it gives.
            for size in [&BUFFER, &(BUFFER / 16)] {
                let forced = setsockopt(&socket, sockopt::RcvBufForce, size);
                if forced.is_ok() || setsockopt(&socket, sockopt::RcvBuf, size).is_ok() {
                    break;
                }
            }
            address = socket.local_addr().map_err(failed)?;
            let port = Arc::new(UdpPort::new(socket).map_err(failed)?);
            listeners.push(Arc::new(Listener { port, address }));
        }
        Ok(Bound { address, listeners })
    };
    listen.iter().map(one).collect()
}

/// One thread.
pub(crate) struct Worker {
    core: Arc<Core>,
    index: usize,
    listeners: Vec<Arc<Listener>>,
    buffers: Vec<u8>,
    metas: Vec<RecvMeta>,
    passes: Vec<(usize, usize, Pass)>,
    batch: Batch,
}

impl Worker {
    pub(crate) fn new(core: Arc<Core>, index: usize, listeners: Vec<Arc<Listener>>) -> Self {
        let buffers = vec![0; READS * READ];
        let metas = vec![RecvMeta::default(); READS];
        Self { core, index, listeners, buffers, metas, passes: Vec::new(), batch: Batch::default() }
    }

    /// Until the relay stops.
    pub(crate) fn run(mut self) {
        let core = self.core.clone();
        let Some(epoll) = core.epolls.get(self.index) else { return };
        for (number, listener) in self.listeners.iter().enumerate() {
            let event = EpollEvent::new(EpollFlags::EPOLLIN, LISTENER + number as u64);
            if let Err(error) = epoll.add(&listener.port.socket, event) {
                tracing::error!(%error, "a listener cannot be watched");
            }
        }
        let mut events = [EpollEvent::empty(); 256];
        while !core.stopping.load(Ordering::Relaxed) {
            let count = match epoll.wait(&mut events, NAP_MS) {
                Ok(count) => count,
                Err(nix::errno::Errno::EINTR) => 0,
                Err(error) => return tracing::error!(%error, "the relay cannot wait for packets"),
            };
            for event in events.iter().take(count) {
                match event.data().checked_sub(LISTENER) {
                    Some(number) => self.listener(number as usize),
                    None => self.relay(Key::from_bits(event.data())),
                }
            }
            if self.index == 0 {
                core.run(|server, now| server.handle_timeout(now));
            }
        }
    }

    /// Packets of clients.
    fn listener(&mut self, number: usize) {
        let Some(listener) = self.listeners.get(number).cloned() else { return };
        for _ in 0..TURNS {
            let Ok(count) = self.read(&listener.port) else { return };
            let now = self.core.now();
            let mut server = self.core.lock();
            for (at, meta) in self.metas.iter().take(count).enumerate() {
                let local = local_of(meta.dst_ip, &listener);
                let via = Via::Udp { listener: number as u16, local };
                let client = Client { remote: meta.addr, via };
                for (from, to) in packets(at, meta) {
                    let packet = self.buffers.get(from..to).unwrap_or_default();
                    if let Some(pass) = server.handle_client(client, packet, now) {
                        self.passes.push((from, to, pass));
                    }
                }
            }
            let outputs = Outputs::take(&mut server);
            drop(server);
            self.send();
            self.core.perform(outputs);
            if count < READS {
                return;
            }
        }
    }

    /// Packets of peers.
    fn relay(&mut self, allocation: Key) {
        let Some(port) = self.core.relay_port(allocation) else { return };
        for _ in 0..TURNS {
            let Ok(count) = self.read(&port) else { return };
            let now = self.core.now();
            let mut server = self.core.lock();
            for (at, meta) in self.metas.iter().take(count).enumerate() {
                for (from, to) in packets(at, meta) {
                    if let Some(pass) = server.handle_peer(allocation, meta.addr, to - from, now) {
                        self.passes.push((from, to, pass));
                    }
                }
            }
            let outputs = Outputs::take(&mut server);
            drop(server);
            self.send();
            self.core.perform(outputs);
            if count < READS {
                return;
            }
        }
    }

    fn send(&mut self) {
        for (from, to, pass) in self.passes.drain(..) {
            let packet = self.buffers.get(from..to).unwrap_or_default();
            self.batch.push(&pass, packet, &self.core);
        }
        self.batch.flush(&self.core, &self.listeners);
        if self.batch.has_unsent() {
            self.batch.settle(&mut self.core.lock());
        }
    }

    fn read(&mut self, port: &UdpPort) -> io::Result<usize> {
        let mut chunks = self.buffers.chunks_mut(READ);
        let mut slices: [IoSliceMut<'_>; READS] =
            std::array::from_fn(|_| IoSliceMut::new(chunks.next().unwrap_or_default()));
        port.state.recv(UdpSockRef::from(&port.socket), &mut slices, &mut self.metas)
    }
}

/// Where in the buffers the packets of one read lie.
fn packets(at: usize, meta: &RecvMeta) -> impl Iterator<Item = (usize, usize)> {
    let start = at * READ;
    let (length, stride) = (meta.len.min(READ), meta.stride.max(1));
    // A packet without a payload is one too.
    let count = length.div_ceil(stride).max(1);
    (0..count).map(move |n| (start + n * stride.min(length), start + ((n + 1) * stride).min(length)))
}
