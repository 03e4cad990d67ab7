//! Connections as broken and hostile clients make them: bytes in, bytes out.

use std::{sync::Arc, time::Duration};

use e2e::{Client, client::pinned_tls};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// The site has closed everything that is wrong by then: its longest patience is 15 s.
pub const LIMIT: Duration = Duration::from_secs(25);

/// What a connection gave.
#[derive(Debug)]
pub struct Given {
    /// Bytes that came.
    pub bytes: Vec<u8>,
    /// Whether the site closed it within [`LIMIT`].
    pub closed: bool,
}

/// An answer of HTTP/1.1.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its header lines, lower case.
    pub head: String,
    /// What follows.
    pub body: Vec<u8>,
}

impl Given {
    /// Reads the first answer that is not `100 Continue`.
    pub fn answer(&self) -> Option<Answer> {
        let mut rest = self.bytes.as_slice();
        loop {
            let end = rest.windows(4).position(|four| four == b"\r\n\r\n")?;
            let head = String::from_utf8_lossy(&rest[..end]).to_lowercase();
            rest = &rest[end + 4..];
            let status = head.strip_prefix("http/1.1 ")?.get(..3)?.parse().ok()?;
            if status != 100 {
                return Some(Answer { status, head, body: rest.to_vec() });
            }
        }
    }
}

/// A bare connection.
pub async fn tcp(client: &Client) -> TcpStream {
    let address = client.base.trim_start_matches("https://");
    TcpStream::connect(address).await.expect("a connection")
}

/// A TLS connection over one that stands, without a protocol.
pub async fn tls_over(client: &Client, stream: TcpStream) -> TlsStream<TcpStream> {
    handshake(client, b"", stream).await
}

/// A TLS connection that offers this protocol; the empty one offers none.
pub async fn tls(client: &Client, alpn: &[u8]) -> TlsStream<TcpStream> {
    handshake(client, alpn, tcp(client).await).await
}

async fn handshake(client: &Client, alpn: &[u8], stream: TcpStream) -> TlsStream<TcpStream> {
    let mut config = pinned_tls(&client.fingerprint);
    config.alpn_protocols =
        Some(alpn).filter(|name| !name.is_empty()).map(<[u8]>::to_vec).into_iter().collect();
    let name = ServerName::try_from("127.0.0.1").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("TLS")
}

/// Sends the pieces with pauses and reads until the site closes or the limit is over. The client itself never closes.
pub async fn exchange(
    stream: impl AsyncRead + AsyncWrite,
    pieces: impl Iterator<Item = Vec<u8>>,
    pause: Duration,
    limit: Duration,
) -> Given {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let write = async {
        for piece in pieces {
            if writer.write_all(&piece).await.is_err() || writer.flush().await.is_err() {
                break;
            }
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
        std::future::pending::<()>().await;
    };
    let mut bytes = Vec::new();
    let read = async { while !matches!(reader.read_buf(&mut bytes).await, Ok(0) | Err(_)) {} };
    let closed = tokio::select! {
        () = write => false,
        ended = tokio::time::timeout(limit, read) => ended.is_ok(),
    };
    Given { bytes, closed }
}

/// Sends this at once.
pub async fn send(stream: impl AsyncRead + AsyncWrite, bytes: impl Into<Vec<u8>>) -> Given {
    exchange(stream, std::iter::once(bytes.into()), Duration::ZERO, LIMIT).await
}

/// The site answers others.
pub async fn healthy(client: &Client) {
    let health: serde_json::Value = client.get("/healthz").await;
    assert_eq!(health["status"], "ok");
}

/// Resident memory of this process (site, cameras and test), in bytes.
pub fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or_default() << 10
}

/// Bytes without meaning, always the same.
pub fn noise(length: usize) -> Vec<u8> {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed as u8
    };
    (0..length).map(|_| next()).collect()
}
