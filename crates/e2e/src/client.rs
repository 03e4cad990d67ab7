//! A client of the HTTP API that pins the site's certificate.

use std::sync::Arc;

use reqwest::{Method, RequestBuilder, StatusCode, header};
use rustls::{
    DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use trust::TlsFingerprint;

/// Accepts exactly one certificate.
#[derive(Debug)]
struct Pinned {
    fingerprint: String,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if TlsFingerprint::of(certificate).to_string() == self.fingerprint {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::Error::General("another certificate".into()))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// TLS that accepts only the certificate with this SHA-256.
///
/// # Panics
/// The TLS library refuses its own defaults.
#[must_use]
#[allow(clippy::expect_used, reason = "a test's helper")]
pub fn pinned_tls(fingerprint: &str) -> rustls::ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Pinned { fingerprint: fingerprint.to_owned(), provider: Arc::clone(&provider) };
    rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth()
}

/// A signed-in client.
#[derive(Clone)]
pub struct Client {
    /// `https://127.0.0.1:PORT`
    pub base: String,
    /// The pinned certificate.
    pub fingerprint: String,
    /// Cookie or bearer token.
    pub credential: Option<(header::HeaderName, String)>,
    http: reqwest::Client,
}

#[allow(clippy::expect_used, clippy::panic, reason = "a test's helper: what fails fails the test")]
impl Client {
    /// Nobody is signed in.
    #[must_use]
    pub fn new(base: &str, fingerprint: &str) -> Self {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(pinned_tls(fingerprint))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        Self { base: base.to_owned(), fingerprint: fingerprint.to_owned(), credential: None, http }
    }

    /// The same person over a plain listener of the same site.
    #[must_use]
    pub fn plain(&self, address: &str) -> Self {
        Self { base: format!("http://{address}"), ..self.clone() }
    }

    /// A request with the credential.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request =
            self.http.request(method, format!("{}{path}", self.base)).header("origin", &self.base);
        if let Some((name, value)) = &self.credential {
            request = request.header(name, value);
        }
        request
    }

    /// Takes over the cookie of an answer.
    pub fn keep_cookie(&mut self, response: &reqwest::Response) {
        let cookie = response.headers().get(header::SET_COOKIE).expect("a cookie").to_str().expect("a text");
        let pair = cookie.split(';').next().unwrap_or_default().to_owned();
        self.credential = Some((header::COOKIE, pair));
    }

    /// Makes the first administrator and is it from now on.
    pub async fn set_up(&mut self, code: &str, user: &str, password: &str) {
        let body = serde_json::json!({ "code": code, "user": user, "password": password });
        let response = self.request(Method::POST, "/v1/setup").json(&body).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK);
        self.keep_cookie(&response);
    }

    /// Signs in.
    pub async fn sign_in(&mut self, user: &str, password: &str) {
        let body = serde_json::json!({ "user": user, "password": password });
        let response = self.request(Method::POST, "/v1/session").json(&body).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK);
        self.keep_cookie(&response);
    }

    /// Status and JSON of an answer.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> (StatusCode, Value) {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.expect("an answer");
        let status = response.status();
        let bytes = response.bytes().await.expect("a body");
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// What a `GET` gives; it has to succeed.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        let (status, value) = self.call(Method::GET, path, None).await;
        assert!(status.is_success(), "GET {path}: {status} {value}");
        serde_json::from_value(value).expect("the expected type")
    }

    /// What a `POST` gives; it has to succeed.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> T {
        let body = serde_json::to_value(body).expect("JSON");
        let (status, value) = self.call(Method::POST, path, Some(&body)).await;
        assert!(status.is_success(), "POST {path}: {status} {value}");
        serde_json::from_value(value).expect("the expected type")
    }

    /// The bytes of a `GET`; it has to succeed.
    pub async fn bytes(&self, path: &str) -> bytes::Bytes {
        let response = self.request(Method::GET, path).send().await.expect("an answer");
        let status = response.status();
        let bytes = response.bytes().await.expect("a body");
        assert!(status.is_success(), "GET {path}: {status} {}", String::from_utf8_lossy(&bytes));
        bytes
    }
}
