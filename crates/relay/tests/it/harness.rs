//! A relay on loopback with an ephemeral account and a static user.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use model::Secret;
use relay::{Certificates, Config, HttpHandler, Listen, Relay};
use turn::credentials::{Credentials, StaticUser, issue};
use turn::ledger::{LEASE_BYTES, LEASE_MS, LeaseVerdict};

/// Used bytes by account and session, as the ledger knows them.
pub type Used = Arc<Mutex<HashMap<(String, String), u64>>>;

pub struct Lab {
    pub relay: Arc<Relay>,
    pub address: SocketAddr,
    pub used: Used,
    pub certificates: Certificates,
    /// Of the first certificate, DER.
    pub certificate: Vec<u8>,
    secret: Secret<Vec<u8>>,
}

/// A certificate for 127.0.0.1 and its key, as PEM, and the certificate as DER.
pub fn certificate() -> (String, String, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem(), made.cert.der().to_vec())
}

impl Lab {
    pub fn start() -> Self {
        Self::with("127.0.0.1", None, |_| {})
    }

    pub fn with(ip: &str, http: Option<HttpHandler>, change: impl FnOnce(&mut Config)) -> Self {
        let secret = Secret::new(b"a shared secret".to_vec());
        let mut turn = turn::Config::new("test".to_owned());
        turn.policy.allow_private = true;
        turn.users.secret = Some(secret.clone());
        turn.users.static_users =
            vec![StaticUser { name: "u".to_owned(), password: Secret::new("p".to_owned()) }];
        let (chain, key, der) = certificate();
        let certificates = Certificates::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
        let mut config = Config::new(turn);
        let ip: IpAddr = ip.parse().unwrap();
        config.listen = vec![Listen { address: SocketAddr::new(ip, 0), http: http.is_some() }];
        config.relay = Config::relay_addresses(&config.listen, &[]);
        config.certificates = Some(certificates.clone());
        config.http = http;
        config.threads = 2;
        change(&mut config);
        let (relay, mut requests) = Relay::start(config).unwrap();
        let (relay, used) = (Arc::new(relay), Used::default());
        let (ledger, book) = (Arc::downgrade(&relay), used.clone());
        tokio::spawn(async move {
            while let Some(request) = requests.recv().await {
                let Some(relay) = ledger.upgrade() else { return };
                let key = (request.account.clone(), request.session.clone());
                book.lock().unwrap().insert(key, request.used_bytes);
                let verdict = match request.wanted_bytes {
                    0 => LeaseVerdict::Noted,
                    bytes => LeaseVerdict::Granted {
                        bytes: bytes.max(LEASE_BYTES),
                        lasts_ms: LEASE_MS,
                        last: false,
                    },
                };
                relay.answer(&request.answer(verdict));
            }
        });
        let address = relay.addresses()[0];
        Self { relay, address, used, certificates, certificate: der, secret }
    }

    pub fn credentials(&self, account: &str, session: &str) -> Credentials {
        let tomorrow = model::clock::wall_now().micros() / 1_000_000 + 86_400;
        issue(&self.secret, tomorrow as u64, account, session).unwrap()
    }

    pub fn used_by(&self, account: &str, session: &str) -> u64 {
        let key = (account.to_owned(), session.to_owned());
        self.used.lock().unwrap().get(&key).copied().unwrap_or(0)
    }

    pub async fn stop(self) {
        let relay = Arc::try_unwrap(self.relay);
        if let Ok(relay) = relay {
            relay.stop().await;
        }
    }
}

/// Waits for a condition; the machine may be busy.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Says that the running test cannot run here.
pub fn skip(test: &str, reason: &str) {
    let line = format!("SKIPPED: {test}: {reason}\n");
    eprint!("{line}");
    if let Some(path) = std::env::var_os("MARTELLO_SKIP_LOG") {
        use std::io::Write as _;
        let mut log = std::fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
        log.write_all(line.as_bytes()).unwrap();
    }
}
