//! A provider that lies: about who it is, about who somebody is, about how long it takes. Whatever it says, nobody is signed
//! in, and the site is not held up.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use e2e::slapd::Authority;
use model::clock::wall_now;
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use super::*;

/// How it answers for its keys.
#[derive(Clone, Copy, PartialEq)]
enum Keys {
    Right,
    Endless,
    Silent,
    Elsewhere,
}

/// How it signs.
#[derive(Clone, Copy, PartialEq)]
enum Signs {
    Right,
    ByAnother,
    NotAtAll,
    /// HMAC with its public key as the secret.
    ByPublicKey,
}

/// What it says. Values of null are left out.
#[derive(Clone)]
struct Says {
    discovery: Value,
    claims: Value,
    header: Value,
    keys: Keys,
    signs: Signs,
    nonce: String,
}

impl Default for Says {
    fn default() -> Self {
        Self {
            discovery: json!({}),
            claims: json!({}),
            header: json!({}),
            keys: Keys::Right,
            signs: Signs::Right,
            nonce: String::new(),
        }
    }
}

struct Liar {
    issuer: String,
    authority: Authority,
    says: Arc<Mutex<Says>>,
    key: Arc<Mutex<EcdsaKeyPair>>,
}

fn pair() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).expect("a key")
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The first with the values of the second.
fn changed(mut first: Value, second: &Value) -> Value {
    for (name, value) in second.as_object().expect("an object") {
        first[name] = value.clone();
    }
    first.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    first
}

impl Liar {
    async fn start() -> Self {
        let place = tempfile::tempdir().expect("a directory");
        let authority = Authority::new();
        authority.certify(&["localhost"], place.path());
        let read = |name: &str| std::fs::read(place.path().join(name)).expect("a file");
        let chain = vec![CertificateDer::from_pem_slice(&read("cert.pem")).expect("a certificate")];
        let key = PrivateKeyDer::from_pem_slice(&read("key.pem")).expect("a key");
        let tls = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
        let acceptor = TlsAcceptor::from(Arc::new(tls.expect("TLS")));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let issuer = format!("https://localhost:{}", listener.local_addr().expect("an address").port());
        let liar = Self {
            issuer: issuer.clone(),
            authority,
            says: Arc::default(),
            key: Arc::new(Mutex::new(pair())),
        };
        let (says, key) = (Arc::clone(&liar.says), Arc::clone(&liar.key));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, says, key, issuer) =
                    (acceptor.clone(), Arc::clone(&says), Arc::clone(&key), issuer.clone());
                tokio::spawn(async move {
                    let Ok(mut socket) = acceptor.accept(socket).await else { return };
                    let mut request = vec![0; 16 << 10];
                    let count = socket.read(&mut request).await.unwrap_or_default();
                    let request = String::from_utf8_lossy(&request[..count]).into_owned();
                    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                    let says = says.lock().expect("it").clone();
                    if path == "/keys" && says.keys == Keys::Silent {
                        return std::future::pending().await;
                    }
                    if path == "/keys" && says.keys == Keys::Endless {
                        let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"keys\":[";
                        let _ = socket.write_all(head.as_bytes()).await;
                        while socket.write_all(&[b' '; 4096]).await.is_ok() {}
                        return;
                    }
                    if path == "/keys" && says.keys == Keys::Elsewhere {
                        let head = format!(
                            "HTTP/1.1 302 Found\r\nlocation: {issuer}/other\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                        );
                        let _ = socket.write_all(head.as_bytes()).await;
                        return;
                    }
                    let body = {
                        let key = key.lock().expect("it");
                        match path.as_str() {
                            "/.well-known/openid-configuration" => discovery(&issuer, &says),
                            "/keys" | "/other" => keys(&key),
                            _ => json!({ "token_type": "Bearer", "access_token": "a", "id_token": token(&issuer, &says, &key) }),
                        }
                    }
                    .to_string();
                    let head = format!(
                        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                        body.len()
                    );
                    let _ = socket.write_all((head + &body).as_bytes()).await;
                    let _ = socket.shutdown().await;
                });
            }
        });
        liar
    }

    fn says(&self, says: Says) {
        *self.says.lock().expect("it") = says;
    }

    fn settings(&self, system: &System) -> Value {
        json!({
            "name": "Liar", "issuer": self.issuer, "client_id": "martello", "client_secret": "no secret of anybody",
            "authority": self.authority.pem, "site_address": system.client.base,
        })
    }
}

fn discovery(issuer: &str, says: &Says) -> Value {
    let right = json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/auth"), "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"), "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
    });
    changed(right, &says.discovery)
}

/// The key's name follows from the key.
fn name(key: &EcdsaKeyPair) -> String {
    base64(&key.public_key().as_ref()[1..9])
}

fn keys(key: &EcdsaKeyPair) -> Value {
    let point = key.public_key().as_ref();
    json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": name(key), "x": base64(&point[1..33]), "y": base64(&point[33..]) }] })
}

fn token(issuer: &str, says: &Says, key: &EcdsaKeyPair) -> String {
    let now = wall_now().micros() / 1_000_000;
    let claims = json!({ "iss": issuer, "sub": "a1", "aud": "martello", "exp": now + 300, "iat": now, "nonce": says.nonce });
    let claims = changed(claims, &says.claims);
    let header = changed(json!({ "alg": "ES256", "kid": name(key) }), &says.header);
    let message = format!("{}.{}", base64(header.to_string()), base64(claims.to_string()));
    let sign = |key: &EcdsaKeyPair| {
        key.sign(&SystemRandom::new(), message.as_bytes()).expect("a signature").as_ref().to_vec()
    };
    let signature = match says.signs {
        Signs::Right => sign(key),
        Signs::ByAnother => sign(&pair()),
        Signs::NotAtAll => Vec::new(),
        Signs::ByPublicKey => {
            let secret = hmac::Key::new(hmac::HMAC_SHA256, key.public_key().as_ref());
            hmac::sign(&secret, message.as_bytes()).as_ref().to_vec()
        }
    };
    format!("{message}.{}", base64(signature))
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_provider_lies_nobody_is_signed_in_and_the_site_is_not_held_up() {
    let system = System::start(vec![CameraOptions::default()]).await;
    let liar = Liar::start().await;
    let settings = liar.settings(&system);
    let tried = async || system.client.call(Method::POST, "/v1/providers/test", Some(&settings)).await;
    assert_eq!(tried().await.0, 200);
    for (what, says, expected) in [
        (
            "it is another",
            Says { discovery: json!({ "issuer": "https://evil.example.org" }), ..Says::default() },
            "issuer",
        ),
        (
            "it has no TLS for tokens",
            Says { discovery: json!({ "token_endpoint": "http://localhost/token" }), ..Says::default() },
            "https",
        ),
        (
            "it only signs by HMAC",
            Says {
                discovery: json!({ "id_token_signing_alg_values_supported": ["HS256", "none"] }),
                ..Says::default()
            },
            "RS256",
        ),
        ("its keys never end", Says { keys: Keys::Endless, ..Says::default() }, "longer"),
        ("its keys are elsewhere", Says { keys: Keys::Elsewhere, ..Says::default() }, "302"),
        ("it does not answer", Says { keys: Keys::Silent, ..Says::default() }, "within"),
    ] {
        liar.says(says);
        let began = Instant::now();
        let (status, problem) = tried().await;
        assert_eq!(status, 422, "{what}: {problem}");
        assert!(words(&problem).contains(expected), "{what}: {problem}");
        assert!(began.elapsed() < Duration::from_secs(20), "{what}: {:?}", began.elapsed());
    }
    let others = Authority::new().pem;
    let stranger = changed(settings.clone(), &json!({ "authority": others }));
    let (status, problem) = system.client.call(Method::POST, "/v1/providers/test", Some(&stranger)).await;
    assert_eq!(status, 422, "an authority that did not sign its certificate: {problem}");
    let plain = changed(settings.clone(), &json!({ "issuer": liar.issuer.replace("https", "http") }));
    let (status, problem) = system.client.call(Method::POST, "/v1/providers/test", Some(&plain)).await;
    assert_eq!(status, 400, "no TLS: {problem}");

    liar.says(Says::default());
    let provider: Provider = system.client.post("/v1/providers", &settings).await;
    let given = json!({ "key": "a1", "role": "operator" });
    let _: User = system.client.post(&format!("/v1/providers/{}/users", provider.id), &given).await;
    let sign_in = async |says: Says| {
        let (mut browser, address) = begin(&system, &provider).await;
        let query: Query =
            reqwest::Url::parse(&address).expect("an address").query_pairs().into_owned().collect();
        liar.says(Says { nonce: query["nonce"].clone(), ..says });
        let answer = Query::from([("state".into(), query["state"].clone()), ("code".into(), "c".into())]);
        finish(&mut browser, &answer).await
    };
    assert_eq!(sign_in(Says::default()).await.0, 200, "the truth");
    let now = wall_now().micros() / 1_000_000;
    let claims = |claims: Value| Says { claims, ..Says::default() };
    let header = |header: Value, signs: Signs| Says { header, signs, ..Says::default() };
    for (what, says, expected) in [
        ("of another provider", claims(json!({ "iss": "https://evil.example.org" })), "another provider"),
        ("for another site", claims(json!({ "aud": "somebody else" })), "another client"),
        (
            "for two, made for the other",
            claims(json!({ "aud": ["martello", "other"], "azp": "other" })),
            "another client",
        ),
        ("of another sign-in", claims(json!({ "nonce": "guessed" })), "another sign-in"),
        ("of no sign-in", claims(json!({ "nonce": null })), "another sign-in"),
        ("of long ago", claims(json!({ "exp": now - 61 })), "ended"),
        ("of the future", claims(json!({ "iat": now + 120 })), "clocks"),
        ("about nobody", claims(json!({ "sub": "" })), "claims"),
        ("signed by another", header(json!({}), Signs::ByAnother), "signature"),
        (
            "signed by another who brings the key",
            header(json!({ "kid": null, "jwk": { "kty": "EC" } }), Signs::ByAnother),
            "signature",
        ),
        ("not signed", header(json!({ "alg": "none" }), Signs::NotAtAll), "none"),
        ("not signed, and does not say so", header(json!({}), Signs::NotAtAll), "signature"),
        ("signed with the public key", header(json!({ "alg": "HS256" }), Signs::ByPublicKey), "HS256"),
    ] {
        let (status, problem) = sign_in(says).await;
        assert_eq!(status, 403, "{what}: {problem}");
        assert!(words(&problem).contains(expected), "{what}: {problem}");
    }

    // New keys are fetched when a token names one, and not for each that names none of them.
    *liar.key.lock().expect("it") = pair();
    until("the new key counts", PATIENCE, || async {
        (sign_in(Says::default()).await.0 == 200).then_some(())
    })
    .await;

    // Sign-ins that nobody ends are bounded, for each address; users of the site sign in as always.
    let body = json!({ "provider": provider.id });
    let begun = async || system.client.call(Method::POST, "/v1/session/openid/begin", Some(&body)).await.0;
    let mut begins = 0;
    while begun().await == StatusCode::OK {
        begins += 1;
        assert!(begins < 100, "tries are not bounded");
    }
    assert_eq!(begun().await, StatusCode::SERVICE_UNAVAILABLE);
    let mut owner = Client::new(&system.client.base, &system.client.fingerprint);
    owner.sign_in(ADMINISTRATOR.0, ADMINISTRATOR.1).await;
}
