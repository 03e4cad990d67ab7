//! The statement at `/.well-known/martello-identity`: this site serves this TLS certificate. Not how it is
//! fetched, and not which certificate IDs somebody trusts.

use model::WallTime;
use serde::{Deserialize, Serialize};

use crate::{CertificateId, Lineage, PublicIdentity, Purpose, Signature, TlsFingerprint};

/// "The holder of this identity serves TLS with this certificate until then", signed by the identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endorsement {
    /// The site's public key; in JSON the hex digits of its SubjectPublicKeyInfo.
    pub identity: PublicIdentity,
    /// SHA-256 of the TLS certificate.
    pub certificate: TlsFingerprint,
    /// When the statement ends.
    pub not_after: WallTime,
    /// The identity's signature.
    pub signature: Signature,
    /// How the site came to this identity, where it had another before. Not signed here: it holds by itself.
    #[serde(default, skip_serializing_if = "Lineage::is_empty")]
    pub rotations: Lineage,
}

/// Why a TLS certificate is not the pinned site's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// Somebody else speaks.
    #[error("another site answers here: its certificate ID is {found}, {pinned} was expected")]
    OtherIdentity {
        /// Whose statement it is.
        found: CertificateId,
        /// Whose was expected.
        pinned: CertificateId,
    },
    /// The statement is about another certificate than the one presented.
    #[error("the site's statement is about another TLS certificate than the one that was presented")]
    OtherCertificate,
    /// The statement has ended.
    #[error("the site's statement about its TLS certificate ended at {0}")]
    Ended(WallTime),
    /// Not signed by the identity.
    #[error("the site's statement about its TLS certificate is not signed by the site")]
    BadSignature,
}

impl Endorsement {
    /// Whether the site with the pinned ID serves the presented certificate (DER) at this time.
    pub fn verify(
        &self,
        pinned: &CertificateId,
        presented_der: &[u8],
        now: WallTime,
    ) -> Result<(), Untrusted> {
        let found = self.identity.certificate_id();
        if found != *pinned {
            return Err(Untrusted::OtherIdentity { found, pinned: *pinned });
        }
        if self.certificate != TlsFingerprint::of(presented_der) {
            return Err(Untrusted::OtherCertificate);
        }
        if now >= self.not_after {
            return Err(Untrusted::Ended(self.not_after));
        }
        let statement = Self::statement(&self.certificate, self.not_after);
        self.identity
            .verify(Purpose::TlsEndorsement, &statement, &self.signature)
            .map_err(|_| Untrusted::BadSignature)
    }

    /// What is signed after the label: 32 bytes fingerprint, 8 bytes microseconds since 1970 (big endian).
    pub(crate) fn statement(certificate: &TlsFingerprint, not_after: WallTime) -> Vec<u8> {
        [certificate.as_bytes().as_slice(), &not_after.micros().to_be_bytes()].concat()
    }
}
