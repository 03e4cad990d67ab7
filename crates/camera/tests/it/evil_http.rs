//! HTTP servers that mean harm: what a password is given to, and what is taken from whom.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use camera::{
    Error, Kind,
    vapix::{Access, Device, Fingerprint},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};
use url::Url;

/// Answers every request by a function of it; keeps the requests.
struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
    certificate: Option<Vec<u8>>,
}

type Answer = fn(&str, u16) -> Vec<u8>;

impl Server {
    async fn start(tls: bool, answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&requests);
        let made = tls.then(|| rcgen::generate_simple_self_signed(vec!["camera".to_owned()]).unwrap());
        let certificate = made.as_ref().map(|made| made.cert.der().to_vec());
        let acceptor = made.map(|made| {
            let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = rustls::ServerConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![made.cert.der().clone()], key.into())
                .unwrap();
            tokio_rustls::TlsAcceptor::from(Arc::new(config))
        });
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, acceptor) = (Arc::clone(&kept), acceptor.clone());
                tokio::spawn(async move {
                    match acceptor {
                        None => serve(stream, answer, port, &kept).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                serve(stream, answer, port, &kept).await;
                            }
                        }
                    }
                });
            }
        });
        Self { port, requests, certificate }
    }

    fn access(&self) -> Access {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        Access {
            user: Some("root".to_owned()),
            password: Some("hunter2".to_owned().into()),
            patience: Duration::from_secs(2),
            ..Access::anonymous(Url::parse(&format!("{scheme}://127.0.0.1:{}", self.port)).unwrap())
        }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Asks for parameters; in bounded time, without repeating the password.
    async fn ask(&self, access: Access) -> Result<usize, Error> {
        let began = Instant::now();
        let result = Device::new(access).unwrap().params("Brand").await;
        assert!(began.elapsed() < Duration::from_secs(5), "took {:?}", began.elapsed());
        result.map(|parameters| parameters.len()).inspect_err(|error| {
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        })
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: Answer,
    port: u16,
    kept: &Mutex<Vec<String>>,
) {
    let mut buffer = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(read) = stream.read(&mut piece).await {
        if read == 0 {
            return;
        }
        buffer.extend_from_slice(&piece[..read]);
        if !buffer.windows(4).any(|four| four == b"\r\n\r\n") {
            continue;
        }
        let request = String::from_utf8_lossy(&buffer).into_owned();
        buffer.clear();
        kept.lock().unwrap().push(request.clone());
        let bytes = answer(&request, port);
        if stream.write_all(&bytes).await.is_err() {
            return;
        }
        // Those that end so go on for ever, slowly enough for the machine.
        let endless = bytes.ends_with(b"and so on");
        let mut every = tokio::time::interval(Duration::from_millis(1));
        for _ in 0..if endless { 5000 } else { 0 } {
            every.tick().await;
            if stream.write_all(&[b'a'; 4096]).await.is_err() {
                return;
            }
        }
    }
}

fn ok(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn challenge(scheme: &str) -> Vec<u8> {
    format!("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {scheme}\r\nContent-Length: 0\r\n\r\n")
        .into_bytes()
}

const DIGEST: &str = r#"Digest realm="AXIS_1", nonce="n", algorithm=MD5, qop="auth""#;

#[tokio::test]
async fn a_password_that_is_refused_is_tried_once() {
    let server = Server::start(false, |_, _| challenge(DIGEST)).await;
    let error = server.ask(server.access()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::RefusedPassword, "{error}");
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    assert!(!requests[0].to_lowercase().contains("authorization"), "not before it is asked for");
    assert!(
        requests[1].contains("Digest ")
            && requests[1].contains(r#"uri="/axis-cgi/param.cgi?action=list&group=Brand""#)
    );
}

#[tokio::test]
async fn a_password_never_travels_in_the_clear() {
    let server = Server::start(false, |_, _| challenge("Basic realm=\"x\"")).await;
    let error = server.ask(server.access()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unexpected, "{error}");
    assert!(error.to_string().contains("in the clear"), "{error}");
    assert!(server.requests().iter().all(|request| !request.to_lowercase().contains("authorization")));
}

#[tokio::test]
async fn inside_tls_basic_is_answered_and_the_certificate_is_pinned() {
    let server = Server::start(true, |request, _| {
        // root:hunter2
        if request.contains("Basic cm9vdDpodW50ZXIy") {
            ok("Brand.Brand=AXIS\n")
        } else {
            challenge("Basic realm=\"x\"")
        }
    })
    .await;
    let fingerprint = Fingerprint::of(server.certificate.as_ref().unwrap());
    let device = Device::new(server.access()).unwrap();
    assert_eq!(device.certificate(), None);
    assert_eq!(device.params("Brand").await.unwrap().get("Brand.Brand"), Some("AXIS"));
    assert_eq!(device.certificate(), Some(fingerprint));
    assert_eq!(server.ask(Access { pin: Some(fingerprint), ..server.access() }).await, Ok(1));
    let before = server.requests().len();
    let other = Fingerprint::of(b"another certificate");
    let error = server.ask(Access { pin: Some(other), ..server.access() }).await.unwrap_err();
    assert!(
        matches!(&error, Error::Certificate { found, .. } if *found == fingerprint.to_string()),
        "{error}"
    );
    assert_eq!(server.requests().len(), before, "nothing was asked of a stranger");
}

#[tokio::test]
async fn redirections_lead_nowhere_else() {
    let elsewhere = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let other_host: Answer = |_, port| {
        format!("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:{port}/x\r\nContent-Length: 0\r\n\r\n")
            .into_bytes()
    };
    let same_host: Answer = |request, _| {
        if request.starts_with("GET /moved") {
            ok("Brand.Brand=AXIS\n")
        } else {
            b"HTTP/1.1 307 Moved\r\nLocation: /moved\r\nContent-Length: 0\r\n\r\n".to_vec()
        }
    };
    let circle: Answer =
        |_, _| b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n".to_vec();
    for location in [other_host, circle] {
        let server = Server::start(false, location).await;
        let error = server.ask(server.access()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unexpected, "{error}");
        assert!(server.requests().len() <= 2);
    }
    let server = Server::start(false, same_host).await;
    assert_eq!(server.ask(server.access()).await, Ok(1));
    let nobody = tokio::time::timeout(Duration::from_millis(200), elsewhere.accept()).await;
    assert!(nobody.is_err(), "nobody went there");
}

#[tokio::test]
async fn answers_without_end_and_without_sense_are_errors_in_bounded_time() {
    let cases: [(&str, Answer, Kind); 9] = [
        ("a body without end", |_, _| b"HTTP/1.1 200 OK\r\n\r\nand so on".to_vec(), Kind::Unexpected),
        (
            "a body that says it is long",
            |_, _| b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n".to_vec(),
            Kind::Unexpected,
        ),
        ("headers without end", |_, _| b"HTTP/1.1 200 OK\r\nX: and so on".to_vec(), Kind::Unreachable),
        ("nothing", |_, _| Vec::new(), Kind::Unreachable),
        ("no HTTP", |_, _| b"SSH-2.0-OpenSSH\r\n\r\n".to_vec(), Kind::Unreachable),
        ("no such thing", |_, _| b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n".to_vec(), Kind::NoStream),
        ("forbidden", |_, _| b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n".to_vec(), Kind::RefusedPassword),
        ("a teapot", |_, _| b"HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\n\r\n".to_vec(), Kind::Unexpected),
        ("a challenge that is none", |_, _| challenge("Digest \""), Kind::Unexpected),
    ];
    for (what, answer, kind) in cases {
        let server = Server::start(false, answer).await;
        let error = server.ask(server.access()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{what}: {error}");
    }
    let server = Server::start(false, |_, _| ok("{\"data\": 5}")).await;
    let device = Device::new(server.access()).unwrap();
    assert_eq!(device.system_ready().await.unwrap_err().kind(), Kind::Unexpected);
    assert_eq!(device.image(None).await.unwrap_err().kind(), Kind::Unexpected);
    assert!(device.streams(camera::vapix::Codec::H264).await.is_err());
}
