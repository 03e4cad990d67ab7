//! Start and orderly stop of a cloud.

use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use catalog::cloud::{CloudCatalog, Location};
use model::{Secret, clock::wall_now};
use rendezvous::quota::GB;
use rustls::{
    crypto::ring::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use serve::{
    ClientFile, Limits, bind,
    in_use::{self, InUse},
    keys, serve_tls,
    stop::{self, Stopper},
    tls,
};
use tokio::task::JoinSet;
use trust::TlsFingerprint;

use crate::{App, Config, Parts, http, mediator};

/// How long the link for the first account works.
const SETUP_LINK: Duration = Duration::from_secs(3600);

/// Why a cloud does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The directory for data cannot be made.
    #[error("cannot make the directory {path}")]
    Data {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another service runs there.
    #[error("another cloud or site runs on {0}")]
    InUse(PathBuf),
    /// The identity or a key cannot be read or made.
    #[error("the identity of the cloud cannot be used")]
    Identity(#[from] keys::IdentityError),
    /// The TLS certificate cannot be made or served.
    #[error("the TLS certificate cannot be used")]
    Tls(#[from] tls::TlsError),
    /// The database cannot be opened.
    #[error("the database of the cloud cannot be opened")]
    Catalog(#[from] catalog::Error),
    /// Something that runs at start was broken off.
    #[error("the start was broken off")]
    BrokenOff,
    /// A port is taken.
    #[error("cannot listen on {address}")]
    Listen {
        /// Which.
        address: std::net::SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// The cloud.
pub struct Cloud;

/// A running cloud.
pub struct Running {
    app: App,
    url: String,
    setup_code: Option<Secret<String>>,
    stop: Stopper,
    _in_use: InUse,
    tasks: JoinSet<()>,
}

/// Serves one certificate.
#[derive(Debug)]
struct Only(Arc<CertifiedKey>);

impl ResolvesServerCert for Only {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

impl Cloud {
    /// Starts a cloud that serves these files as its web client; returns when it serves.
    ///
    /// # Errors
    /// What keeps it from serving.
    pub async fn start(config: Config, client_files: &'static [ClientFile]) -> Result<Running, StartError> {
        let data = config.data.clone();
        std::fs::create_dir_all(&data).map_err(|source| StartError::Data { path: data.clone(), source })?;
        let in_use = in_use::take(&data).map_err(|source| match source.kind() {
            io::ErrorKind::WouldBlock => StartError::InUse(data.clone()),
            _ => StartError::Data { path: data.clone(), source },
        })?;
        let identity = keys::load_or_create(&data)?;
        let seal_key = keys::load_or_create_seal_key(&data)?;
        let location = config
            .database
            .clone()
            .map_or_else(|| Location::Sqlite(data.join("cloud.sqlite")), Location::Postgres);
        let (catalog, setup_code) = tokio::task::spawn_blocking(move || {
            let catalog = CloudCatalog::open(&location, seal_key)?;
            let code = catalog.new_setup_code(wall_now(), SETUP_LINK)?;
            Ok::<_, catalog::Error>((catalog, code))
        })
        .await
        .map_err(|_| StartError::BrokenOff)??;

        let host_name = config.host_name.clone().unwrap_or_else(|| "localhost".to_owned());
        let certificate = tls::own_certificate(&data, &identity, &host_name, wall_now())?;
        let der = certificate.certificate_der.clone();
        let key = PrivateKeyDer::Pkcs8(certificate.key_der.expose().clone().into());
        let key = any_supported_type(&key).map_err(tls::TlsError::Serve)?;
        let served = Arc::new(CertifiedKey::new(vec![CertificateDer::from(der.clone())], key));
        let acceptor = tls::acceptor(Arc::new(Only(served)))?;

        let (stop, stopping) = stop::signal();
        let (handle, inbox) = mediator::queue();
        let mut listeners = Vec::new();
        let mut port = config.https_port;
        for address in config.addresses(config.https_port) {
            let address = std::net::SocketAddr::new(address.ip(), port);
            match bind(address) {
                Ok(listener) => {
                    port = listener.local_addr().map_or(port, |local| local.port());
                    listeners.push(listener);
                }
                // A machine without IPv6 serves IPv4 only.
                Err(error) if address.is_ipv6() && error.kind() != io::ErrorKind::AddrInUse => {
                    tracing::warn!(%address, %error, "not listening there");
                }
                Err(source) => return Err(StartError::Listen { address, source }),
            }
        }
        let url = url(&config, port);
        let id: String = identity.site_id().to_string().chars().take(8).collect();
        let app = App(Arc::new(Parts {
            catalog,
            tls_fingerprint: TlsFingerprint::of(&der).to_string(),
            endorsement: identity.endorse_tls(&der, certificate.not_after),
            identity,
            cookie_name: format!("__Host-martello-{id}"),
            accounts: crate::accounts::Accounts::default(),
            grants: crate::grants::Grants::default(),
            mediator: handle,
            policy: http::gate::policy(&http::openapi()),
            relay_bytes: config.relay_gb.map(|gb| gb.saturating_mul(GB)),
            client_files,
            url: url.clone(),
            stop: stopping.clone(),
        }));
        let mut tasks = JoinSet::new();
        tasks.spawn(mediator::run(app.clone(), inbox, stopping.clone()));
        let (router, limits) = (http::router(app.clone()), Limits::default());
        for listener in listeners {
            tasks.spawn(serve_tls(
                listener,
                acceptor.clone(),
                router.clone(),
                limits.clone(),
                stopping.clone(),
            ));
        }
        Ok(Running { app, url, setup_code, stop, _in_use: in_use, tasks })
    }
}

/// Where people find it: by the configured name, else by the first address that is one.
fn url(config: &Config, port: u16) -> String {
    let host = config.host_name.clone().unwrap_or_else(|| match config.listen.first() {
        Some(IpAddr::V6(ip)) if !ip.is_unspecified() => format!("[{ip}]"),
        Some(ip) if !ip.is_unspecified() => ip.to_string(),
        _ => Ipv4Addr::LOCALHOST.to_string(),
    });
    if port == 443 { format!("https://{host}") } else { format!("https://{host}:{port}") }
}

impl Running {
    /// Where the cloud is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The certificate ID.
    #[must_use]
    pub fn certificate_id(&self) -> String {
        self.app.identity.certificate_id().to_string()
    }

    /// SHA-256 of the TLS certificate, as browsers print it.
    #[must_use]
    pub fn tls_certificate_sha256(&self) -> &str {
        &self.app.tls_fingerprint
    }

    /// The one-time code for the first account, while it is needed.
    #[must_use]
    pub const fn setup_code(&self) -> Option<&Secret<String>> {
        self.setup_code.as_ref()
    }

    /// The link for the first account, while it is needed.
    #[must_use]
    pub fn setup_url(&self) -> Option<Secret<String>> {
        let code = self.setup_code.as_ref()?;
        Some(format!("{}/setup?code={}", self.url, code.expose()).into())
    }

    /// Stops in order: everybody is told, requests under way are answered.
    pub async fn stop(mut self) {
        self.stop.stop();
        while self.tasks.join_next().await.is_some() {}
    }
}
