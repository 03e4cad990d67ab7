//! TCP: accepting, and finding out what a connection speaks.
//!
//! What is here: the first byte tells TLS from STUN, after a handshake it tells STUN from HTTP; bounds of connections, in all and from
//! one address; patience with slow ones.
//! What is not here: what is then spoken (`connection`); HTTP.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use turn::amplification::network_of;
use turn::frame::Speaks;

use crate::StartError;
use crate::certificates::Certificates;
use crate::config::{Config, HttpHandler};
use crate::connection;
use crate::core::Core;

/// Connections that the kernel keeps until they are accepted.
const BACKLOG: i32 = 1024;
/// A listener that cannot accept (no descriptors are left) waits so long.
const PAUSE: Duration = Duration::from_millis(100);
/// A client that has gone without a word is noticed after this time and a few probes.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// A listening TCP socket.
pub(crate) fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    let bound = || {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        TcpListener::from_std(socket.into())
    };
    bound().map_err(|error| StartError::Listen { address, error })
}

/// What all listeners need.
#[derive(Clone)]
pub(crate) struct Accept {
    core: Arc<Core>,
    certificates: Option<Certificates>,
    http: Option<HttpHandler>,
    all: Arc<Semaphore>,
    from: Arc<Mutex<HashMap<IpAddr, usize>>>,
    per_address: usize,
    patience: Duration,
}

/// A place among the connections, given back when dropped.
struct Place {
    _all: OwnedSemaphorePermit,
    from: Arc<Mutex<HashMap<IpAddr, usize>>>,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut from = self.from.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = from.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                from.remove(&self.address);
            }
        }
    }
}

impl Accept {
    pub(crate) fn new(core: Arc<Core>, config: &Config) -> Self {
        Self {
            core,
            certificates: config.certificates.clone(),
            http: config.http.clone(),
            all: Arc::new(Semaphore::new(config.connections)),
            from: Arc::default(),
            per_address: config.connections_per_address,
            patience: config.patience,
        }
    }

    /// Accepts until it is aborted; its connections end with it.
    pub(crate) async fn run(self, listener: TcpListener, http: bool) {
        let mut connections = tokio::task::JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, remote)) => {
                        // Whoever is one too many is closed at once: waiting would keep out everybody else.
                        if let Some(place) = self.place(remote.ip()) {
                            connections.spawn(self.clone().connection(stream, remote, http, place));
                        }
                    }
                    Err(_) => tokio::time::sleep(PAUSE).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }

    fn place(&self, address: IpAddr) -> Option<Place> {
        let address = network_of(address);
        let all = self.all.clone().try_acquire_owned().ok()?;
        let mut from = self.from.lock().unwrap_or_else(PoisonError::into_inner);
        let count = from.entry(address).or_default();
        if *count >= self.per_address {
            return None;
        }
        *count += 1;
        drop(from);
        Some(Place { _all: all, from: self.from.clone(), address })
    }

    async fn connection(self, stream: TcpStream, remote: SocketAddr, http: bool, place: Place) {
        let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE / 4);
        let _ = socket2::SockRef::from(&stream).set_tcp_keepalive(&keepalive);
        let _ = stream.set_nodelay(true);
        let mut first = [0];
        let Ok(Ok(1)) = tokio::time::timeout(self.patience, stream.peek(&mut first)).await else { return };
        match (Speaks::by(first[0]), &self.certificates) {
            (Speaks::Stun, _) => connection::serve(self.core, stream, remote, self.patience).await,
            (Speaks::Tls, Some(certificates)) => {
                let accept =
                    TlsAcceptor::from(certificates.server(http && self.http.is_some())).accept(stream);
                let Ok(Ok(mut stream)) = tokio::time::timeout(self.patience, accept).await else { return };
                let read = stream.read(&mut first);
                let Ok(Ok(1)) = tokio::time::timeout(self.patience, read).await else { return };
                let stream = Unread { first: Some(first[0]), stream, _place: place };
                match (Speaks::by(first[0]), &self.http) {
                    (Speaks::Stun, _) => connection::serve(self.core, stream, remote, self.patience).await,
                    (Speaks::Http, Some(handler)) if http => handler(Box::new(stream), remote),
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

/// A stream whose first byte has been read and is to be read again, with its place among the connections.
struct Unread<S> {
    first: Option<u8>,
    stream: S,
    _place: Place,
}

impl<S: AsyncRead + Unpin> AsyncRead for Unread<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if to.remaining() > 0
            && let Some(first) = self.first.take()
        {
            to.put_slice(&[first]);
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(context, to)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Unread<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
