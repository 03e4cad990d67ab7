//! TLS: how it is served, and the certificate that a service makes itself. Which one is served, the caller decides.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::{Path, PathBuf},
    sync::Arc,
};

use model::WallTime;
use rustls::{ServerConfig, server::ResolvesServerCert};
use serde::{Deserialize, Serialize};
use tokio_rustls::TlsAcceptor;
use trust::{Identity, TlsCertificate};

/// What the site's own certificate was made from, in the data directory.
pub const RECIPE: &str = "tls.json";

/// The certificate is made anew when it has fewer days left.
const RENEW_US: i64 = 30 * 86_400_000_000;

/// Why there is no certificate to serve.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// It cannot be made.
    #[error("making the certificate")]
    Make(#[from] trust::tls::CertificateError),
    /// The note of what was made cannot be kept.
    #[error("keeping {path}")]
    Keep {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// What was made cannot be read.
    #[error("reading the certificate")]
    Read(#[from] trust::chain::ChainError),
    /// What is kept of it in the catalog.
    #[error("keeping the certificate")]
    Catalog(#[from] catalog::Error),
    /// The TLS library refuses it.
    #[error("serving the certificate")]
    Serve(#[from] rustls::Error),
}

/// What the served certificate was made from: the same makes the same again, so that browsers that were told to trust
/// it go on.
#[derive(Serialize, Deserialize)]
struct Made {
    names: Vec<String>,
    addresses: Vec<IpAddr>,
    at: WallTime,
}

/// The site's own certificate: the one that was served before, unless it ends soon or the machine has another name now.
///
/// # Errors
/// It cannot be made or its recipe not be kept.
pub fn own_certificate(
    data: &Path,
    identity: &Identity,
    host_name: &str,
    now: WallTime,
) -> Result<TlsCertificate, TlsError> {
    let path = data.join(RECIPE);
    let mut names = vec!["localhost".to_owned()];
    if is_host_name(host_name) && host_name != "localhost" {
        names.push(host_name.to_owned());
        names.push(format!("{host_name}.local"));
    }
    let kept = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<Made>(&bytes).ok());
    if let Some(made) = kept {
        let certificate = identity.tls_certificate(&made.names, &made.addresses, made.at)?;
        let left = certificate.not_after.micros_since(now);
        if left > RENEW_US && made.at <= now && names.iter().all(|name| made.names.contains(name)) {
            return Ok(certificate);
        }
    }
    let mut addresses = vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let own = if_addrs::get_if_addrs().unwrap_or_default();
    addresses.extend(own.iter().filter(|own| !own.is_loopback()).map(if_addrs::Interface::ip).take(32));
    let made = Made { names, addresses, at: now };
    let certificate = identity.tls_certificate(&made.names, &made.addresses, made.at)?;
    let text = serde_json::to_vec_pretty(&made).unwrap_or_default();
    fs::write(&path, text).map_err(|source| TlsError::Keep { path, source })?;
    Ok(certificate)
}

/// The next own certificate is a new one.
///
/// # Errors
/// The recipe of the last one cannot be removed.
pub fn forget(data: &Path) -> Result<(), TlsError> {
    let path = data.join(RECIPE);
    match fs::remove_file(&path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(TlsError::Keep { path, source }),
        _ => Ok(()),
    }
}

fn is_host_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 63
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !name.starts_with('-')
}

/// An acceptor for TLS 1.3 and 1.2 that offers HTTP/2 and HTTP/1.1, and serves what `certificates` says at each handshake.
///
/// # Errors
/// The TLS library refuses its own defaults.
pub fn acceptor(certificates: Arc<dyn ResolvesServerCert>) -> Result<TlsAcceptor, TlsError> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
