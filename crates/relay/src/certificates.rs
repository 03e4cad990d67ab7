//! The certificate of TURN over TLS, changed while connections go on.
//!
//! What is here: a certificate from PEM or as the caller has it; whoever connects after a change gets the new one, nobody else
//! notices.
//! What is not here: where certificates come from (files, ACME, a laboratory's authority) and when they change.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// Why a certificate cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The certificates are no PEM.
    #[error("the certificates cannot be read")]
    Certificates,
    /// The key is no PEM.
    #[error("the private key cannot be read")]
    Key,
    /// The key is another one's, or of a sort that is not supported.
    #[error("the private key does not go with the certificate")]
    Mismatch(#[source] rustls::Error),
}

/// What is served; clones are the same.
#[derive(Clone, Debug)]
pub struct Certificates {
    served: Arc<Served>,
    turn: Arc<ServerConfig>,
    turn_and_http: Arc<ServerConfig>,
}

#[derive(Debug)]
struct Served(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Served {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl Certificates {
    /// From a chain and its key, as PEM.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, CertificateError> {
        let served = Arc::new(Served(RwLock::new(Arc::new(read(chain, key)?))));
        let mut turn = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(CertificateError::Mismatch)?
            .with_no_client_auth()
            .with_cert_resolver(served.clone());
        // A TURN connection lives long and carries little that another one would need.
        turn.send_tls13_tickets = 0;
        let mut both = turn.clone();
        // A browser chooses HTTP by these; a TURN client names itself (RFC 7443) or nothing.
        both.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec(), b"stun.turn".to_vec()];
        Ok(Self { served, turn: Arc::new(turn), turn_and_http: Arc::new(both) })
    }

    /// From now on serves this chain and key.
    ///
    /// # Errors
    /// [`CertificateError`]: what was served before goes on being served.
    pub fn replace(&self, chain: &[u8], key: &[u8]) -> Result<(), CertificateError> {
        let new = Arc::new(read(chain, key)?);
        *self.served.0.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    pub(crate) fn server(&self, http: bool) -> Arc<ServerConfig> {
        if http { self.turn_and_http.clone() } else { self.turn.clone() }
    }
}

fn read(chain: &[u8], key: &[u8]) -> Result<CertifiedKey, CertificateError> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .map_err(|_| CertificateError::Certificates)?;
    if chain.is_empty() {
        return Err(CertificateError::Certificates);
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| CertificateError::Key)?;
    CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(CertificateError::Mismatch)
}
