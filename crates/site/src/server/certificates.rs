//! Which certificate is served: the site's own, made anew in time, or one that somebody has installed. It is changed while
//! connections go on: whoever connects afterwards gets the new one.
//!
//! What is not here: how the own one is made (`tls`), what a chain must be like (`trust::chain`), the operations
//! (`http::certificate`). An installed chain lies in the catalog, its key sealed.

use std::{
    collections::BTreeMap,
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use api::certificate::{Certificate, CertificateKind};
use catalog::{Catalog, setting::Setting};
use model::{Secret, WallTime};
use rustls::{
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use trust::{
    Identity, TlsFingerprint,
    chain::{self, ChainError, Facts},
};

use super::tls::{self, TlsError};

const SETTING: &str = "tls-certificate";
const KEY: &str = "key";
/// An installed certificate that ends within so many days is told.
pub(super) const SOON_DAYS: i64 = 21;
pub(super) const DAY_US: i64 = 86_400_000_000;
/// A statement of the identity holds for so many days and is made anew with half of them left: whoever steals the key of an
/// installed certificate passes for this site no longer than that.
const ENDORSED_DAYS: i64 = 30;
/// Browsers are told to insist on a trusted certificate for so long at most.
const INSIST: Duration = Duration::from_secs(180 * 86_400);

/// Why a certificate is not installed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The text is no PEM.
    #[error("the certificates cannot be read: {0}")]
    Pem(String),
    /// The key is none that can be used.
    #[error("the private key cannot be used: {0}")]
    Key(String),
    /// The key is another certificate's.
    #[error("the private key does not belong to the certificate")]
    OtherKey,
    /// The chain cannot be served.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// It cannot be kept.
    #[error("the certificate cannot be kept")]
    Keep(#[from] catalog::Error),
}

/// A certificate as it is served.
pub struct Served {
    kind: CertificateKind,
    facts: Facts,
    publicly_trusted: bool,
    /// Until when the identity's statement holds.
    endorsed_until: WallTime,
    /// SHA-256 as browsers print it.
    pub fingerprint: String,
    /// The statement of the site's identity about it.
    pub endorsement: serde_json::Value,
    key: Arc<CertifiedKey>,
}

/// The certificates of a site; clones are the same.
#[derive(Clone)]
pub struct Certificates(Arc<Shared>);

struct Shared {
    data: PathBuf,
    host_name: String,
    identity: Identity,
    catalog: Catalog,
    served: RwLock<Arc<Served>>,
}

impl Certificates {
    /// The installed certificate where there is one that can be used, else the site's own.
    ///
    /// # Errors
    /// Neither can be served.
    pub fn open(
        data: &Path,
        host_name: &str,
        identity: &Identity,
        catalog: &Catalog,
        now: WallTime,
    ) -> Result<Self, TlsError> {
        let installed = kept(catalog).and_then(|kept| match kept {
            Some((chain, key)) => installed(&chain, &key, identity, false, now).map(Some),
            None => Ok(None),
        });
        let served = match installed {
            Ok(Some(served)) => served,
            Ok(None) => own(data, host_name, identity, now)?,
            Err(error) => {
                tracing::error!(%error, "the installed TLS certificate cannot be served: the site's own is served instead");
                own(data, host_name, identity, now)?
            }
        };
        Ok(Self(Arc::new(Shared {
            data: data.to_owned(),
            host_name: host_name.to_owned(),
            identity: identity.clone(),
            catalog: catalog.clone(),
            served: RwLock::new(Arc::new(served)),
        })))
    }

    /// What is served now.
    #[must_use]
    pub fn served(&self) -> Arc<Served> {
        self.0.served.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Serves this certificate from now on, and after every start. Blocking.
    ///
    /// # Errors
    /// It is not one that can be served now, or cannot be kept.
    pub fn install(&self, chain_pem: &str, key_pem: &Secret<String>, now: WallTime) -> Result<(), Refused> {
        let served = installed(chain_pem, key_pem, &self.0.identity, true, now)?;
        let secrets = BTreeMap::from([(KEY.to_owned(), key_pem.clone())]);
        self.0.catalog.change_setting(SETTING, |_| Setting { value: chain_pem.into(), secrets })?;
        tracing::info!(sha256 = served.fingerprint, "a TLS certificate was installed");
        self.serve(served);
        Ok(())
    }

    /// Goes back to the site's own certificate. Blocking.
    ///
    /// # Errors
    /// The catalog cannot be changed, or the certificate not be made.
    pub fn uninstall(&self, now: WallTime) -> Result<(), TlsError> {
        let own = own(&self.0.data, &self.0.host_name, &self.0.identity, now)?;
        self.0.catalog.change_setting(SETTING, |_| Setting::default())?;
        self.serve(own);
        Ok(())
    }

    /// Makes the site's own certificate anew, with the names and addresses that the machine has now. Blocking.
    ///
    /// # Errors
    /// It cannot be made or its recipe not be kept.
    pub fn renew(&self, now: WallTime) -> Result<(), TlsError> {
        tls::forget(&self.0.data)?;
        let own = own(&self.0.data, &self.0.host_name, &self.0.identity, now)?;
        self.serve(own);
        Ok(())
    }

    /// What has to be done in time: the site's own certificate is made anew, and it is asked again whether an installed one
    /// is publicly trusted. Blocking.
    pub fn look_after(&self, now: WallTime) {
        let served = self.served();
        match served.kind {
            CertificateKind::SelfMade => match own(&self.0.data, &self.0.host_name, &self.0.identity, now) {
                Ok(own) if own.fingerprint != served.fingerprint => {
                    tracing::info!(sha256 = own.fingerprint, "the site's TLS certificate was made anew");
                    self.serve(own);
                }
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "the site's TLS certificate cannot be made anew"),
            },
            CertificateKind::Installed => {
                let publicly_trusted = is_public(&served.key.cert, now);
                let holds = served.endorsed_until.micros_since(now);
                if publicly_trusted != served.publicly_trusted || holds < ENDORSED_DAYS * DAY_US / 2 {
                    let (facts, key) = (served.facts.clone(), Arc::clone(&served.key));
                    let identity = &self.0.identity;
                    self.serve(as_served(served.kind, facts, publicly_trusted, key, identity, now));
                }
            }
        }
    }

    fn serve(&self, served: Served) {
        *self.0.served.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(served);
    }
}

impl Served {
    /// As the API tells it.
    #[must_use]
    pub fn tell(&self, identity: &Identity, now: WallTime) -> Certificate {
        Certificate {
            kind: self.kind,
            sha256: self.fingerprint.clone(),
            certificate_id: identity.certificate_id().to_string(),
            issuer: self.facts.issuer.clone(),
            names: self.facts.names.clone(),
            not_before: self.facts.not_before,
            not_after: self.facts.not_after,
            publicly_trusted: self.publicly_trusted,
            trouble: self.trouble(now).map(str::to_owned),
        }
    }

    /// What is wrong with it, without details of the site.
    #[must_use]
    pub fn trouble(&self, now: WallTime) -> Option<&'static str> {
        let left = self.facts.not_after.micros_since(now);
        match self.kind {
            _ if left <= 0 => Some("the TLS certificate has ended"),
            CertificateKind::Installed if left < SOON_DAYS * DAY_US => {
                Some("the TLS certificate ends within 21 days")
            }
            _ if self.facts.not_before > now => {
                Some("the TLS certificate has not begun: is the clock right?")
            }
            _ => None,
        }
    }

    /// When it begins and ends.
    #[must_use]
    pub const fn lasts(&self) -> (WallTime, WallTime) {
        (self.facts.not_before, self.facts.not_after)
    }

    /// For how many seconds browsers are told to take nothing but a trusted certificate: none unless this one is publicly
    /// trusted, and never for longer than it lasts.
    #[must_use]
    pub fn insists(&self, now: WallTime) -> Option<u64> {
        let left = u64::try_from(self.facts.not_after.micros_since(now)).unwrap_or(0) / 1_000_000;
        Some(left.min(INSIST.as_secs())).filter(|seconds| self.publicly_trusted && *seconds > 0)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.served().key))
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificates({})", self.served().fingerprint)
    }
}

fn kept(catalog: &Catalog) -> Result<Option<(String, Secret<String>)>, Refused> {
    let Some(Setting { value, mut secrets }) = catalog.setting(SETTING)? else { return Ok(None) };
    let chain = value.as_str().map(str::to_owned);
    Ok(chain.zip(secrets.remove(KEY)))
}

/// The site's own, as it is served.
fn own(data: &Path, host_name: &str, identity: &Identity, now: WallTime) -> Result<Served, TlsError> {
    let made = tls::own_certificate(data, identity, host_name, now)?;
    let chain = vec![CertificateDer::from(made.certificate_der)];
    let key = PrivateKeyDer::try_from(made.key_der.into_inner())
        .map_err(|reason| rustls::Error::General(reason.to_owned()))?;
    let facts = chain.first().ok_or(ChainError::Empty).and_then(chain::facts)?;
    let key = CertifiedKey::from_der(chain, key, &ring::default_provider())?;
    Ok(as_served(CertificateKind::SelfMade, facts, false, Arc::new(key), identity, now))
}

/// An installed one, as it is served. One that is not new is not asked whether it may be installed now: that it has ended is
/// told, and it is served on.
fn installed(
    chain_pem: &str,
    key_pem: &Secret<String>,
    identity: &Identity,
    is_new: bool,
    now: WallTime,
) -> Result<Served, Refused> {
    let chain = CertificateDer::pem_slice_iter(chain_pem.as_bytes())
        .take(chain::MAX_CHAIN + 1)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Refused::Pem(error.to_string()))?;
    let facts = if is_new {
        let own = if_addrs::get_if_addrs().unwrap_or_default();
        let addresses: Vec<IpAddr> = own.iter().map(if_addrs::Interface::ip).collect();
        let algorithms = ring::default_provider().signature_verification_algorithms.all;
        chain::check(&chain, &addresses, algorithms, now)?
    } else {
        chain.first().ok_or(ChainError::Empty).and_then(chain::facts)?
    };
    let key = PrivateKeyDer::from_pem_slice(key_pem.expose().as_bytes()).map_err(|_| {
        Refused::Key(
            "a PEM section PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY is expected, not encrypted".into(),
        )
    })?;
    let key = CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => Refused::OtherKey,
        other => Refused::Key(other.to_string()),
    })?;
    let publicly_trusted = is_public(&key.cert, now);
    Ok(as_served(CertificateKind::Installed, facts, publicly_trusted, Arc::new(key), identity, now))
}

fn as_served(
    kind: CertificateKind,
    facts: Facts,
    publicly_trusted: bool,
    key: Arc<CertifiedKey>,
    identity: &Identity,
    now: WallTime,
) -> Served {
    let certificate = key.cert.first().map(|one| one.as_ref()).unwrap_or_default();
    let endorsed_until = facts.not_after.min(now.plus_micros(ENDORSED_DAYS * DAY_US));
    let endorsement = identity.endorse_tls(certificate, endorsed_until);
    Served {
        kind,
        publicly_trusted,
        endorsed_until,
        fingerprint: TlsFingerprint::of(certificate).to_string(),
        endorsement: serde_json::to_value(endorsement).unwrap_or_default(),
        facts,
        key,
    }
}

/// Whether the authorities that this machine trusts (`SSL_CERT_FILE` where it is set) vouch for the chain.
fn is_public(chain: &[CertificateDer<'_>], now: WallTime) -> bool {
    let found = rustls_native_certs::load_native_certs();
    chain::is_trusted(
        chain,
        &found.certs,
        ring::default_provider().signature_verification_algorithms.all,
        now,
    )
}

#[cfg(test)]
#[path = "certificates_tests.rs"]
mod tests;
