//! The live socket and the event socket as a client sees them.

use std::{sync::Arc, time::Duration};

use api::{event::Event, live::Ask};
use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::{Client, client::pinned_tls, records::Record};

/// A connection, with TLS or without.
trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

type Socket = WebSocketStream<Box<dyn Connection>>;

#[allow(clippy::expect_used, reason = "a test's helper: what fails fails the test")]
async fn secured(client: &Client) -> impl Connection + use<> {
    let stream = TcpStream::connect(client.base.trim_start_matches("https://")).await.expect("a connection");
    let connector = TlsConnector::from(Arc::new(pinned_tls(&client.fingerprint)));
    let name = ServerName::try_from("127.0.0.1").expect("a name");
    connector.connect(name, stream).await.expect("TLS")
}

#[allow(clippy::expect_used, reason = "a test's helper: what fails fails the test")]
async fn socket(client: &Client, stream: impl Connection + 'static, path: &str) -> Socket {
    let place = client.base.split_once("://").map_or("", |(_, place)| place);
    let url = format!("ws://{place}{path}");
    let mut request = url.into_client_request().expect("a request");
    request.headers_mut().insert("origin", client.base.parse().expect("a header"));
    if let Some((name, value)) = &client.credential {
        request.headers_mut().insert(name.clone(), value.parse().expect("a header"));
    }
    let stream: Box<dyn Connection> = Box::new(stream);
    tokio_tungstenite::client_async(request, stream).await.expect("a socket").0
}

/// An open event socket.
pub struct Events {
    socket: Socket,
}

#[allow(clippy::expect_used, clippy::panic, reason = "a test's helper: what fails fails the test")]
impl Events {
    /// Opens the socket.
    ///
    /// # Panics
    /// The site refuses.
    pub async fn open(client: &Client) -> Self {
        Self { socket: socket(client, secured(client).await, "/v1/events").await }
    }

    /// The first event from now on that is wanted.
    ///
    /// # Panics
    /// It does not come within the limit.
    pub async fn until(&mut self, limit: Duration, wanted: impl Fn(&Event) -> bool) -> Event {
        let coming = async {
            loop {
                let message = self.socket.next().await.expect("an open socket").expect("a message");
                if let Message::Text(text) = message {
                    let event: Event = serde_json::from_str(&text).expect("an event");
                    if wanted(&event) {
                        return event;
                    }
                }
            }
        };
        tokio::time::timeout(limit, coming).await.expect("the event comes")
    }
}

/// An open live socket.
pub struct Live {
    socket: Socket,
}

#[allow(clippy::expect_used, clippy::panic, reason = "a test's helper: what fails fails the test")]
impl Live {
    /// Opens the socket.
    ///
    /// # Panics
    /// The site refuses.
    pub async fn open(client: &Client) -> Self {
        Self { socket: socket(client, secured(client).await, "/v1/live").await }
    }

    /// Opens the socket at a listener without TLS, which no site has: a bench's own.
    ///
    /// # Panics
    /// It is refused.
    pub async fn open_plain(client: &Client, address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        Self { socket: socket(client, stream, "/v1/live").await }
    }

    /// Asks for something.
    ///
    /// # Panics
    /// The socket is closed.
    pub async fn ask(&mut self, ask: &Ask) {
        let text = serde_json::to_string(ask).expect("JSON");
        self.socket.send(Message::Text(text.into())).await.expect("an open socket");
    }

    /// The next record.
    ///
    /// # Panics
    /// None comes within the limit.
    pub async fn next(&mut self, limit: Duration) -> Record {
        self.next_or_end(limit).await.expect("a record, not the end")
    }

    /// The next record, or nothing when the socket was closed.
    ///
    /// # Panics
    /// Neither comes within the limit.
    pub async fn next_or_end(&mut self, limit: Duration) -> Option<Record> {
        let wait = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Binary(bytes))) => return Some(Record::parse(bytes)),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    Some(Ok(_)) => {}
                }
            }
        };
        tokio::time::timeout(limit, wait).await.expect("a record in time")
    }
}
