//! TLS: which certificate is served and how.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::{Path, PathBuf},
    sync::Arc,
};

use model::{WallTime, clock::wall_now};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use serde::{Deserialize, Serialize};
use tokio_rustls::TlsAcceptor;
use trust::{Identity, TlsCertificate};

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

/// The site's own certificate: the one that was served before, unless it ends soon.
///
/// # Errors
/// It cannot be made or its recipe not be kept.
pub fn own_certificate(
    data: &Path,
    identity: &Identity,
    host_name: &str,
) -> Result<TlsCertificate, TlsError> {
    let path = data.join("tls.json");
    let now = wall_now();
    let kept = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<Made>(&bytes).ok());
    if let Some(made) = kept {
        let certificate = identity.tls_certificate(&made.names, &made.addresses, made.at)?;
        let left = certificate.not_after.micros_since(now);
        if left > RENEW_US && made.at <= now {
            return Ok(certificate);
        }
    }
    let mut names = vec!["localhost".to_owned()];
    if is_host_name(host_name) && host_name != "localhost" {
        names.push(host_name.to_owned());
        names.push(format!("{host_name}.local"));
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

fn is_host_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 63
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !name.starts_with('-')
}

/// An acceptor for TLS 1.3 and 1.2 that offers HTTP/2 and HTTP/1.1.
///
/// # Errors
/// Certificate and key do not fit together.
pub fn acceptor(certificate: &[u8], key: &[u8]) -> Result<TlsAcceptor, TlsError> {
    let key =
        PrivateKeyDer::try_from(key.to_vec()).map_err(|reason| rustls::Error::General(reason.to_owned()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(certificate.to_vec())], key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
