//! The live socket as a client sees it.

use std::{sync::Arc, time::Duration};

use api::live::Ask;
use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::{Client, client::pinned_tls, records::Record};

/// An open live socket.
pub struct Live {
    socket: WebSocketStream<TlsStream<TcpStream>>,
}

#[allow(clippy::expect_used, clippy::panic, reason = "a test's helper: what fails fails the test")]
impl Live {
    /// Opens the socket.
    ///
    /// # Panics
    /// The site refuses.
    pub async fn open(client: &Client) -> Self {
        let url = format!("{}/v1/live", client.base.replacen("https", "wss", 1));
        let mut request = url.into_client_request().expect("a request");
        request.headers_mut().insert("origin", client.base.parse().expect("a header"));
        if let Some((name, value)) = &client.credential {
            request.headers_mut().insert(name.clone(), value.parse().expect("a header"));
        }
        let address = client.base.trim_start_matches("https://");
        let stream = TcpStream::connect(address).await.expect("a connection");
        let connector = TlsConnector::from(Arc::new(pinned_tls(&client.fingerprint)));
        let name = ServerName::try_from("127.0.0.1").expect("a name");
        let stream = connector.connect(name, stream).await.expect("TLS");
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await.expect("a live socket");
        Self { socket }
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
