//! A site that answers what the test says. It shares no code with the product's server.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use rand::SeedableRng;
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use trust::{Identity, TlsCertificate};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// `POST /v1/cameras?x=y`
    pub line: String,
    /// Header lines in lower case.
    pub headers: Vec<String>,
    /// Body.
    pub body: String,
}

impl Request {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// What is answered: status, further headers, body.
pub type Answer = (u16, &'static str, Vec<u8>);

/// JSON with status 200.
pub fn ok(json: impl Into<String>) -> Answer {
    (200, "content-type: application/json\r\n", json.into().into_bytes())
}

/// A site on a port of 127.0.0.1, until it is dropped.
pub struct FakeSite {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
    task: JoinHandle<()>,
}

impl Drop for FakeSite {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The same identity for the same seed.
pub fn identity(seed: u64) -> Identity {
    Identity::generate(&mut rand::rngs::StdRng::seed_from_u64(seed))
}

/// An identity's own certificate.
pub fn certificate(identity: &Identity) -> TlsCertificate {
    identity.tls_certificate(&["localhost".into()], &[], model::clock::wall_now()).unwrap()
}

impl FakeSite {
    /// Serves the first certificate to the first connection and so on, the last one to all that follow.
    pub async fn start(
        certificates: &[TlsCertificate],
        answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let acceptors: Vec<_> = certificates.iter().map(acceptor).collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            let mut connections = 0;
            // One request a connection.
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor: &TlsAcceptor = acceptors.get(connections).or(acceptors.last()).unwrap();
                connections += 1;
                // A client that refuses the certificate ends the handshake.
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                if let Some(request) = read(&mut stream).await {
                    kept.lock().unwrap().push(request.clone());
                    let (status, headers, body) = answer(&request);
                    let length = if headers.contains("content-length") {
                        String::new()
                    } else {
                        format!("content-length: {}\r\n", body.len())
                    };
                    let head = format!("HTTP/1.1 {status} -\r\n{headers}{length}connection: close\r\n\r\n");
                    stream.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
                    let _ = stream.shutdown().await;
                }
            }
        });
        Self { address, seen, task }
    }

    /// Its address for people.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// All requests so far.
    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// The request with this first line.
    pub fn request(&self, line: &str) -> Request {
        let seen = self.seen();
        let found = seen.iter().find(|request| request.line == line).cloned();
        found.unwrap_or_else(|| panic!("{line} did not come: {seen:#?}"))
    }
}

fn acceptor(certificate: &TlsCertificate) -> TlsAcceptor {
    let key = PrivateKeyDer::try_from(certificate.key_der.expose().clone()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(certificate.certificate_der.clone())], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn read(stream: &mut TlsStream<TcpStream>) -> Option<Request> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.lines();
        let line = lines.next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
        let headers: Vec<String> = lines
            .map(|line| {
                let (name, value) = line.split_once(": ").unwrap();
                format!("{}: {value}", name.to_lowercase())
            })
            .collect();
        let length = headers.iter().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        let body = &bytes[end + 4..];
        if body.len() >= length {
            return Some(Request { line, headers, body: String::from_utf8(body.to_vec()).unwrap() });
        }
    }
}
