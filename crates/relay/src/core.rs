//! What all threads share: the machine behind one lock, relay sockets, queues of connections.
//!
//! What is here: taking the machine's outputs and doing what they say.
//! What is not here: reading from sockets (`udp`, `connection`). The lock is held for a batch of packets and never across a system
//! call that could wait.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use tokio::sync::mpsc;
use turn::ledger::LeaseRequest;
use turn::{Event, Families, Family, Key, Now, OpenError, Reply, Server, SocketTask, Via};

use crate::StartError;
use crate::batch;
use crate::config::{Config, RelayAddress};
use crate::connection::Queue;
use crate::log;
use crate::ports::{self, UdpPort};
use crate::udp::{Bound, Listener};

/// How the relay is, for health and metrics.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Health {
    /// Allocations at this moment.
    pub allocations: usize,
    /// TCP and TLS connections at this moment.
    pub connections: usize,
    /// Payload bytes delivered since the start, in both directions; those of a pair once.
    pub delivered_bytes: u64,
    /// Packets delivered since the start.
    pub delivered_packets: u64,
    /// Of these, switched from client to client inside.
    pub switched_bytes: u64,
    /// Packets that went nowhere.
    pub dropped_packets: u64,
    /// Requests that were refused.
    pub refused_requests: u64,
    /// Requests to the ledger that found its queue full.
    pub ledger_overflows: u64,
}

impl Health {
    /// As Prometheus reads it.
    #[must_use]
    pub fn to_prometheus(&self) -> String {
        let values: [(&str, &str, u64); 8] = [
            ("allocations", "gauge", self.allocations as u64),
            ("connections", "gauge", self.connections as u64),
            ("delivered_bytes_total", "counter", self.delivered_bytes),
            ("delivered_packets_total", "counter", self.delivered_packets),
            ("switched_bytes_total", "counter", self.switched_bytes),
            ("dropped_packets_total", "counter", self.dropped_packets),
            ("refused_requests_total", "counter", self.refused_requests),
            ("ledger_overflows_total", "counter", self.ledger_overflows),
        ];
        let line = |(name, kind, value)| {
            format!("# TYPE martello_relay_{name} {kind}\nmartello_relay_{name} {value}\n")
        };
        values.into_iter().map(line).collect()
    }
}

pub(crate) struct Core {
    server: Mutex<Server>,
    started: Instant,
    ports: RwLock<HashMap<Key, Arc<UdpPort>>>,
    streams: RwLock<HashMap<u64, Arc<Queue>>>,
    /// One for each thread of the UDP path; relay sockets are spread over them.
    pub(crate) epolls: Vec<Epoll>,
    /// By which any thread answers clients of UDP.
    pub(crate) listeners: Vec<Arc<Listener>>,
    relay: Vec<RelayAddress>,
    range: RangeInclusive<u16>,
    to_ledger: mpsc::Sender<LeaseRequest>,
    ledger_overflows: AtomicU64,
    next_connection: AtomicU64,
    pub(crate) stopping: AtomicBool,
}

/// What the machine wants done.
#[derive(Default)]
pub(crate) struct Outputs {
    replies: Vec<Reply>,
    sockets: Vec<SocketTask>,
    leases: Vec<LeaseRequest>,
    events: Vec<Event>,
}

impl Outputs {
    pub(crate) fn take(server: &mut Server) -> Self {
        Self {
            replies: std::iter::from_fn(|| server.poll_reply()).collect(),
            sockets: std::iter::from_fn(|| server.poll_socket()).collect(),
            leases: std::iter::from_fn(|| server.poll_lease()).collect(),
            events: std::iter::from_fn(|| server.poll_event()).collect(),
        }
    }
}

impl Core {
    pub(crate) fn new(
        config: &Config,
        bound: &[Bound],
        to_ledger: mpsc::Sender<LeaseRequest>,
    ) -> Result<Self, StartError> {
        let mut turn = config.turn.clone();
        let has = |v4: bool| config.relay.iter().any(|one| one.bind.is_ipv4() == v4);
        turn.families = Families { v4: has(true), v6: has(false) };
        turn.own_addresses.extend(config.relay.iter().flat_map(|one| [one.bind, one.public]));
        turn.own_addresses.extend(bound.iter().map(|one| one.address.ip()));
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        turn.own_addresses.extend(interfaces.iter().map(if_addrs::Interface::ip));
        let epoll = |_| Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC);
        let epolls = (0..config.threads.max(1)).map(epoll).collect::<Result<_, _>>();
        Ok(Self {
            server: Mutex::new(Server::new(turn, &rand::random())?),
            started: Instant::now(),
            ports: RwLock::default(),
            streams: RwLock::default(),
            epolls: epolls.map_err(|error| StartError::System(error.into()))?,
            listeners: bound.iter().filter_map(|one| one.listeners.first().cloned()).collect(),
            relay: config.relay.clone(),
            range: config.ports.clone(),
            to_ledger,
            ledger_overflows: AtomicU64::new(0),
            next_connection: AtomicU64::new(1),
            stopping: AtomicBool::new(false),
        })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn now(&self) -> Now {
        let unix_s = u64::try_from(model::clock::wall_now().micros() / 1_000_000).unwrap_or(0);
        Now { since_start: self.started.elapsed(), unix_s }
    }

    /// One input, and everything that follows from it.
    pub(crate) fn run(&self, input: impl FnOnce(&mut Server, Now)) {
        let now = self.now();
        let outputs = {
            let mut server = self.lock();
            input(&mut server, now);
            Outputs::take(&mut server)
        };
        self.perform(outputs);
    }

    /// Does what the machine wants done, until it wants nothing more.
    pub(crate) fn perform(&self, mut outputs: Outputs) {
        loop {
            let mut opened = Vec::new();
            for task in outputs.sockets.drain(..) {
                match task {
                    SocketTask::Open { allocation, family, even, .. } => {
                        opened.push((allocation, self.open(allocation, family, even)));
                    }
                    SocketTask::Close { allocation } => {
                        self.ports.write().unwrap_or_else(PoisonError::into_inner).remove(&allocation);
                    }
                }
            }
            for reply in outputs.replies.drain(..) {
                self.reply(&reply);
            }
            for request in outputs.leases.drain(..) {
                if self.to_ledger.try_send(request).is_err() {
                    self.ledger_overflows.fetch_add(1, Ordering::Relaxed);
                }
            }
            for event in outputs.events.drain(..) {
                log::event(&event);
            }
            if opened.is_empty() {
                return;
            }
            let now = self.now();
            let mut server = self.lock();
            for (allocation, result) in opened {
                server.handle_opened(allocation, result, now);
            }
            outputs = Outputs::take(&mut server);
        }
    }

    fn open(&self, allocation: Key, family: Family, even: bool) -> Result<SocketAddr, OpenError> {
        let place = self.relay.iter().find(|one| Family::of(one.bind) == family).ok_or(OpenError)?;
        let failed = |error: &std::io::Error| {
            tracing::warn!(%error, "no relay socket can be opened");
            OpenError
        };
        let (port, number) = ports::open(place.bind, &self.range, even).map_err(|error| failed(&error))?;
        let bits = allocation.to_bits();
        let epoll = self.epolls.get((bits as u32 as usize) % self.epolls.len()).ok_or(OpenError)?;
        let port = Arc::new(port);
        self.ports.write().unwrap_or_else(PoisonError::into_inner).insert(allocation, port.clone());
        let added = epoll.add(&port.socket, EpollEvent::new(EpollFlags::EPOLLIN, bits));
        added.map_err(|error| failed(&error.into()))?;
        Ok(SocketAddr::new(place.public, number))
    }

    fn reply(&self, reply: &Reply) {
        match reply.client.via {
            Via::Udp { listener, local } => {
                if let Some(one) = self.listeners.get(usize::from(listener)) {
                    // A lost answer is asked for again.
                    let _ = batch::send(&one.port, reply.client.remote, local, &reply.bytes, None);
                }
            }
            Via::Stream { connection } => {
                self.queue(connection, &[&reply.bytes]);
            }
        }
    }

    pub(crate) fn relay_port(&self, allocation: Key) -> Option<Arc<UdpPort>> {
        self.ports.read().unwrap_or_else(PoisonError::into_inner).get(&allocation).cloned()
    }

    /// Puts a message into the queue of a connection; false where there is no room or no connection.
    pub(crate) fn queue(&self, connection: u64, parts: &[&[u8]]) -> bool {
        let streams = self.streams.read().unwrap_or_else(PoisonError::into_inner);
        streams.get(&connection).is_some_and(|queue| queue.push(parts))
    }

    pub(crate) fn add_stream(&self) -> (u64, Arc<Queue>) {
        let connection = self.next_connection.fetch_add(1, Ordering::Relaxed);
        let queue = Arc::new(Queue::default());
        self.streams.write().unwrap_or_else(PoisonError::into_inner).insert(connection, queue.clone());
        (connection, queue)
    }

    pub(crate) fn remove_stream(&self, connection: u64) {
        self.streams.write().unwrap_or_else(PoisonError::into_inner).remove(&connection);
    }

    pub(crate) fn close_streams(&self) {
        for queue in self.streams.read().unwrap_or_else(PoisonError::into_inner).values() {
            queue.close();
        }
    }

    pub(crate) fn health(&self) -> Health {
        let connections = self.streams.read().unwrap_or_else(PoisonError::into_inner).len();
        let server = self.lock();
        let counters = server.counters();
        Health {
            allocations: server.allocations(),
            connections,
            delivered_bytes: counters.to_peers_bytes + counters.to_clients_bytes + counters.switched_bytes,
            delivered_packets: counters.to_peers_packets
                + counters.to_clients_packets
                + counters.switched_packets,
            switched_bytes: counters.switched_bytes,
            dropped_packets: counters.dropped_packets,
            refused_requests: counters.refused,
            ledger_overflows: self.ledger_overflows.load(Ordering::Relaxed),
        }
    }
}

/// The local address that a packet came to, where it says which.
pub(crate) fn local_of(destination: Option<IpAddr>, listener: &Listener) -> Option<IpAddr> {
    if listener.address.ip().is_unspecified() { destination } else { None }
}
