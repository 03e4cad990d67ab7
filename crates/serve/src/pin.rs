//! TLS of a connection to a service of Martello: which certificate is taken. Who a certificate ID belongs to is decided by
//! `trust`; how requests are sent is the caller's.
//!
//! A pinned connection takes two steps. A first client takes any certificate, remembers it, and asks for nothing but the
//! site's public statement. When the certificate is found to be the pinned site's, a second client takes exactly that
//! certificate, and only it sends anything that matters. Where the service is known to serve its identity's own certificate,
//! one step is enough.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use trust::{CertificateId, TlsFingerprint, presented_by};

/// Which certificates are taken.
#[derive(Clone, Copy, Debug)]
enum Takes {
    Any,
    One(TlsFingerprint),
    Of(CertificateId),
}

/// Takes one certificate only, those of one key, or any while it looks.
#[derive(Debug)]
pub struct Pin {
    takes: Takes,
    seen: Mutex<Option<Vec<u8>>>,
    provider: Arc<CryptoProvider>,
}

impl Pin {
    /// Takes any certificate and remembers it.
    #[must_use]
    pub fn looking() -> Arc<Self> {
        Self::new(Takes::Any)
    }

    /// Takes this certificate and no other, whatever its names and dates: who it belongs to has been proved.
    #[must_use]
    pub fn only(certificate: TlsFingerprint) -> Arc<Self> {
        Self::new(Takes::One(certificate))
    }

    /// Takes the certificates of the key with this certificate ID, whatever their names and dates: the handshake shows that
    /// the other side has the key.
    #[must_use]
    pub fn of(identity: CertificateId) -> Arc<Self> {
        Self::new(Takes::Of(identity))
    }

    fn new(takes: Takes) -> Arc<Self> {
        Arc::new(Self { takes, seen: Mutex::default(), provider: Arc::new(ring::default_provider()) })
    }

    /// The certificate (DER) that was presented, after a handshake.
    #[must_use]
    pub fn seen(&self) -> Option<Vec<u8>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A TLS configuration that asks this.
    ///
    /// # Errors
    /// The TLS library refuses its own defaults.
    pub fn config(self: &Arc<Self>) -> Result<ClientConfig, Error> {
        Ok(ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(self) as Arc<dyn ServerCertVerifier>)
            .with_no_client_auth())
    }
}

impl ServerCertVerifier for Pin {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let taken = match self.takes {
            Takes::Any => true,
            Takes::One(only) => only == TlsFingerprint::of(end_entity),
            Takes::Of(id) => presented_by(end_entity).is_ok_and(|found| found == id),
        };
        if !taken {
            return Err(Error::General("this is not the certificate that was expected".into()));
        }
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(end_entity.to_vec());
        Ok(ServerCertVerified::assertion())
    }

    // That the other side has the certificate's key is checked as ever.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
