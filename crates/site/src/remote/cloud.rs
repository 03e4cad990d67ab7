//! How a site or a client reaches a cloud: its address, and TLS that takes the certificates of the cloud's identity alone.
//!
//! What is not here: what is said there (`oauth`, `link`). Proxies are not gone through yet.

use std::{io, time::Duration};

use model::Secret;
use rustls::pki_types::ServerName;
use serve::pin::Pin;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{handshake::client::generate_key, http::Request, protocol::WebSocketConfig},
};
use trust::CertificateId;
use url::Url;

/// Until a connection stands, with TLS and the handshake of the WebSocket.
const CONNECT: Duration = Duration::from_secs(10);
/// An answer may be held back for 25 s.
const ANSWER: Duration = Duration::from_secs(40);

/// The socket of a link.
pub type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// Who links to the mediator.
#[derive(Clone, Copy, Debug)]
pub enum Door<'t> {
    /// A site, which proves itself over the link.
    Site,
    /// A client, with the token that the cloud gave it.
    Client(&'t Secret<String>),
}

/// A cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloud {
    url: String,
    host: String,
    port: u16,
    certificate_id: CertificateId,
}

/// Why a cloud is not reached.
#[derive(Debug, thiserror::Error)]
pub enum CloudError {
    /// It is not `https://HOST[:PORT]`.
    #[error("not an address of a cloud")]
    Address,
    /// No connection, or another certificate.
    #[error("the cloud cannot be reached: {0}")]
    Connect(#[from] io::Error),
    /// The TLS library refuses what it is told.
    #[error("TLS cannot be used: {0}")]
    Tls(#[from] rustls::Error),
    /// A request has failed.
    #[error("the cloud cannot be reached: {0}")]
    Request(String),
    /// It does not speak as a cloud does.
    #[error("the cloud does not take the link: {0}")]
    Refused(String),
    /// It takes too long.
    #[error("the cloud does not answer")]
    Silent,
}

impl Cloud {
    /// The cloud at this address, with this identity.
    ///
    /// # Errors
    /// The address is none.
    pub fn new(url: &str, certificate_id: CertificateId) -> Result<Self, CloudError> {
        let parsed = Url::parse(url.trim()).map_err(|_| CloudError::Address)?;
        let plain = parsed.path() == "/"
            && parsed.query().is_none()
            && parsed.fragment().is_none()
            && parsed.username().is_empty()
            && parsed.password().is_none();
        let host = parsed.host_str().filter(|_| parsed.scheme() == "https" && plain && url.len() <= 256);
        let host = host.ok_or(CloudError::Address)?.to_owned();
        let port = parsed.port_or_known_default().unwrap_or(443);
        Ok(Self { url: parsed.origin().ascii_serialization(), host, port, certificate_id })
    }

    /// `https://HOST[:PORT]`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Who it is.
    #[must_use]
    pub const fn certificate_id(&self) -> CertificateId {
        self.certificate_id
    }

    /// For requests.
    ///
    /// # Errors
    /// TLS cannot be used.
    pub fn http(&self) -> Result<reqwest::Client, CloudError> {
        reqwest::Client::builder()
            .tls_backend_preconfigured(Pin::of(self.certificate_id).config()?)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .build()
            .map_err(|error| CloudError::Request(error.to_string()))
    }

    /// A link to the mediator.
    ///
    /// # Errors
    /// The cloud is not reached, or does not let in.
    pub async fn link(&self, door: Door<'_>, max_message: usize) -> Result<Socket, CloudError> {
        tokio::time::timeout(CONNECT, self.open(door, max_message)).await.map_err(|_| CloudError::Silent)?
    }

    async fn open(&self, door: Door<'_>, max_message: usize) -> Result<Socket, CloudError> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((host, self.port)).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(host.to_owned()).map_err(|_| CloudError::Address)?;
        let connector = TlsConnector::from(std::sync::Arc::new(Pin::of(self.certificate_id).config()?));
        let stream = connector.connect(name, stream).await?;
        let (place, token) = match door {
            Door::Site => ("site", None),
            Door::Client(token) => ("client", Some(format!("Bearer {}", token.expose()))),
        };
        let mut request = Request::builder()
            .uri(format!("wss://{}:{}/v1/mediator/{place}", self.host, self.port))
            .header("host", format!("{}:{}", self.host, self.port))
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", generate_key());
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        let request = request.body(()).map_err(|error| CloudError::Refused(error.to_string()))?;
        let config =
            WebSocketConfig::default().max_message_size(Some(max_message)).max_frame_size(Some(max_message));
        let (socket, _) = client_async_with_config(request, stream, Some(config))
            .await
            .map_err(|error| CloudError::Refused(error.to_string()))?;
        Ok(socket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cloud_is_a_host_and_a_port_over_https() {
        let id: CertificateId = "0".repeat(64).parse().unwrap();
        for (typed, url) in [
            ("https://cloud.example.org", "https://cloud.example.org"),
            (" https://cloud.example.org:8443/ ", "https://cloud.example.org:8443"),
            ("https://[::1]:4430", "https://[::1]:4430"),
        ] {
            assert_eq!(Cloud::new(typed, id).unwrap().url(), url);
        }
        for wrong in
            ["", "cloud", "http://cloud", "https://a@cloud", "https://cloud/x", "https://cloud?x", "wss://c"]
        {
            assert!(Cloud::new(wrong, id).is_err(), "{wrong}");
        }
    }
}
