//! The certificate ID: what people compare and programs pin. Not a secret, and not the TLS fingerprint.

use std::{fmt, str::FromStr};

use model::SiteId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::hex;

/// SHA-256 of a site's public key (the DER of its SubjectPublicKeyInfo, RFC 5280 section 4.1), written as 16
/// groups of 4 hex digits: `3f0a-91c4-…`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CertificateId([u8; 32]);

/// A text that is not a certificate ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a certificate ID: 16 groups of 4 hex digits are expected")]
pub struct ParseCertificateIdError;

impl CertificateId {
    /// The ID of the key with this SubjectPublicKeyInfo (DER).
    #[must_use]
    pub fn of_spki(spki_der: &[u8]) -> Self {
        Self(Sha256::digest(spki_der).into())
    }

    /// Its 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The identifier of the site with this key: the first 16 bytes.
    #[must_use]
    pub const fn site_id(&self) -> SiteId {
        let (head, _) = self.0.split_at(16);
        let mut id = [0; 16];
        id.copy_from_slice(head);
        SiteId::from_bytes(id)
    }
}

impl fmt::Display for CertificateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write_groups(f, &self.0, 2, '-', false)
    }
}

impl fmt::Debug for CertificateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateId({self})")
    }
}

impl FromStr for CertificateId {
    type Err = ParseCertificateIdError;

    /// Takes upper and lower case, with `-`, `:`, spaces or nothing between the digits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        hex::decode_32(text, &['-', ':', ' ']).map(Self).map_err(|_| ParseCertificateIdError)
    }
}

impl Serialize for CertificateId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CertificateId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
