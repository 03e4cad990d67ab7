//! Listeners: TLS in front of a router.
//!
//! What is here: sockets, handshakes, limits on connections and time. What is not here: what a request means, which
//! certificate is served.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::Request, http::Extensions};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;
use tower::Service;

use crate::{
    limits::{Crowded, Limits},
    outgoing::{HangUp, PATIENCE},
    stop::Stop,
};

const HANDSHAKE: Duration = Duration::from_secs(10);
/// A connection whose next request has not come whole by then is closed.
const HEADERS: Duration = Duration::from_secs(15);
/// An HTTP/2 connection without a new request for so long ends when the answers under way are sent.
const IDLE: Duration = Duration::from_secs(300);
/// Bytes that the kernel takes beyond what the network takes.
const UNSENT: u32 = 128 << 10;
/// How long an orderly stop waits for requests under way.
pub const DRAIN: Duration = Duration::from_secs(3);

/// Where a request came from; every request carries it as an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Binds a TCP listener; several processes never share the port.
///
/// # Errors
/// The port is taken or may not be opened.
pub fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = socket2::Socket::new(
        socket2::Domain::for_address(address),
        socket2::Type::STREAM,
        Some(socket2::Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    TcpListener::from_std(socket.into())
}

/// Serves the router over TLS until `stop` says so; then lets requests under way end.
pub async fn serve_tls(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    router: Router,
    limits: Limits,
    mut stop: Stop,
) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, peer) = tokio::select! {
            () = stop.requested() => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most likely: wait for some to be closed.
                    tracing::warn!(%error, "accepting a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        let admitted = match limits.admit(peer.ip()) {
            Ok(admitted) => admitted,
            Err(reason @ Crowded::All) => {
                tracing::warn!(%peer, %reason, "a connection was refused");
                continue;
            }
            // Whoever does it would fill the log as well.
            Err(reason @ Crowded::One) => {
                tracing::debug!(%peer, %reason, "a connection was refused");
                continue;
            }
        };
        let (acceptor, router, stop) = (acceptor.clone(), router.clone(), stop.clone());
        connections.spawn(async move {
            if let Err(reason) = serve_connection(stream, peer, acceptor, router, stop).await {
                tracing::debug!(%peer, %reason, "connection ended");
            }
            drop(admitted);
        });
    }
    let drained = tokio::time::timeout(DRAIN, async { while connections.join_next().await.is_some() {} });
    if drained.await.is_err() {
        connections.shutdown().await;
    }
}

async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    acceptor: TlsAcceptor,
    router: Router,
    stop: Stop,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    stream.set_nodelay(true)?;
    // What a viewer does not take waits here, where it can be left out, not in the kernel.
    let socket = socket2::SockRef::from(&stream);
    socket.set_tcp_notsent_lowat(UNSENT)?;
    // A client that has gone, or whose window stays shut for so long.
    socket.set_tcp_user_timeout(Some(PATIENCE))?;
    let tls = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await??;
    serve_requests(tls, router, stop, move |request| {
        request.insert(Peer(peer));
    })
    .await
}

/// Serves the requests of one connection; `from` notes on each where it came from.
///
/// # Errors
/// What ended the connection before its time.
pub async fn serve_requests<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    router: Router,
    mut stop: Stop,
    from: impl Fn(&mut Extensions) + Send + 'static,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let requests = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&requests);
    let hang_up = HangUp::default();
    let of_requests = hang_up.clone();
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        counter.fetch_add(1, Ordering::Relaxed);
        let mut request: Request = request.map(axum::body::Body::new);
        from(request.extensions_mut());
        request.extensions_mut().insert(of_requests.clone());
        router.clone().call(request)
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(64 << 10);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(128)
        .max_header_list_size(32 << 10)
        .adaptive_window(true)
        .keep_alive_interval(Some(Duration::from_secs(20)))
        .keep_alive_timeout(Duration::from_secs(20));
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let (mut seen, mut patience) = (0, HEADERS);
    loop {
        tokio::select! {
            result = connection.as_mut() => return result,
            () = stop.requested() => break,
            () = hang_up.requested() => return Err("the client took nothing for too long".into()),
            // The limit on headers begins only when the first bytes have told the version.
            () = tokio::time::sleep(patience) => {
                let now = requests.load(Ordering::Relaxed);
                if now == 0 {
                    return Err("no request came".into());
                }
                if now == seen {
                    break;
                }
                (seen, patience) = (now, IDLE);
            }
        }
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        result = connection => result,
        () = hang_up.requested() => Err("the client took nothing for too long".into()),
    }
}
