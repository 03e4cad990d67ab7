//! The relay as a service: STUN and TURN over UDP, TCP and TLS around the machine of crate `turn`.
//!
//! What is here: listeners that tell by the first bytes what a connection speaks, relay sockets with real ports, the fast path
//! (batches in, batches out), certificates that are changed while allocations go on.
//! What is not here: what TURN means (`turn`), accounts and their ledger (it is given requests and gives answers), HTTP (streams
//! that speak it are handed to a function of the caller's), databases, cameras, video.

mod batch;
pub mod certificates;
pub mod config;
mod connection;
mod core;
mod log;
mod ports;
mod streams;
mod udp;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use turn::ledger::{LeaseAnswer, LeaseRequest};

pub use certificates::{CertificateError, Certificates};
pub use config::{Config, HttpHandler, HttpStream, Listen, RelayAddress};
pub use core::Health;

/// Requests to the ledger that wait to be taken. Beyond, one is dropped; what is not answered is asked again a second later.
const LEDGER_QUEUE: usize = 4096;

/// The relay cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        #[source]
        error: std::io::Error,
    },
    /// There is nothing to listen on.
    #[error("no address to listen on")]
    NoAddress,
    /// The configuration of the machine.
    #[error("the configuration cannot be used")]
    Config(#[from] turn::ConfigError),
    /// Threads or kernel objects are missing.
    #[error("the relay cannot start")]
    System(#[source] std::io::Error),
}

/// A relay that runs. Dropped, it goes on; [`Relay::stop`] ends it.
pub struct Relay {
    core: Arc<core::Core>,
    addresses: Vec<SocketAddr>,
    threads: Vec<std::thread::JoinHandle<()>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Relay {
    /// Listens and serves. The ledger's side takes requests from the receiver and answers by [`Relay::answer`]; where there are
    /// static users alone, it may be dropped.
    ///
    /// # Errors
    /// [`StartError`]: nothing is left running.
    pub fn start(config: Config) -> Result<(Self, mpsc::Receiver<LeaseRequest>), StartError> {
        if config.listen.is_empty() {
            return Err(StartError::NoAddress);
        }
        let (to_ledger, requests) = mpsc::channel(LEDGER_QUEUE);
        let bound = udp::bind(&config.listen, config.threads.max(1))?;
        let addresses: Vec<SocketAddr> = bound.iter().map(|one| one.address).collect();
        let core = Arc::new(core::Core::new(&config, &bound, to_ledger)?);
        let mut tasks = Vec::new();
        let accept = streams::Accept::new(core.clone(), &config);
        let mut threads = Vec::new();
        let mut listeners = Vec::new();
        for (one, listen) in bound.iter().zip(&config.listen) {
            listeners.push((streams::bind(one.address)?, listen.http));
        }
        for (listener, http) in listeners {
            tasks.push(tokio::spawn(accept.clone().run(listener, http)));
        }
        let mut by_thread: Vec<Vec<Arc<udp::Listener>>> =
            (0..config.threads.max(1)).map(|_| Vec::new()).collect();
        for one in bound {
            for (of_thread, listener) in by_thread.iter_mut().zip(one.listeners) {
                of_thread.push(listener);
            }
        }
        for (index, listeners) in by_thread.into_iter().enumerate() {
            let core = core.clone();
            let name = format!("relay-{index}");
            let work = move || udp::Worker::new(core, index, listeners).run();
            threads.push(std::thread::Builder::new().name(name).spawn(work).map_err(StartError::System)?);
        }
        Ok((Self { core, addresses, threads, tasks }, requests))
    }

    /// Where it listens, as it came out: in the order of the configuration.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// An answer of the ledger.
    pub fn answer(&self, answer: &LeaseAnswer) {
        self.core.run(|server, now| server.handle_lease(answer, now));
    }

    /// How it is.
    #[must_use]
    pub fn health(&self) -> Health {
        self.core.health()
    }

    /// Ends everything: connections are closed, relay sockets too.
    pub async fn stop(self) {
        self.core.stopping.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.abort();
            let _ = task.await;
        }
        self.core.close_streams();
        let threads = self.threads;
        let joined = tokio::task::spawn_blocking(move || {
            for thread in threads {
                if thread.join().is_err() {
                    tracing::error!("a thread of the relay had panicked");
                }
            }
        });
        let _ = joined.await;
    }
}
