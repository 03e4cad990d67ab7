//! The TLS certificate that a site serves.

use model::WallTime;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a certificate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateKind {
    /// The site has made it itself, with its identity's key.
    SelfMade,
    /// Somebody has installed it.
    Installed,
}

/// `GET /v1/certificate`: the certificate that is served now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Certificate {
    /// Where it comes from.
    pub kind: CertificateKind,
    /// SHA-256 of the certificate as browsers print it.
    pub sha256: String,
    /// Certificate ID of the site, which endorses it: 16 groups of 4 hex digits. It does not change with the certificate.
    pub certificate_id: String,
    /// What the authority that signed it calls itself; of a self-made one: the site. Empty where it cannot be read.
    pub issuer: String,
    /// Its host names.
    pub names: Vec<String>,
    /// When it begins.
    pub not_before: WallTime,
    /// When it ends. A self-made one is made anew 30 days before, an installed one is not.
    pub not_after: WallTime,
    /// Whether this machine's list of public authorities vouches for it. Only then browsers are told to insist on it (HSTS).
    pub publicly_trusted: bool,
    /// What is wrong with it, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// `PUT /v1/certificate`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct NewCertificate {
    /// PEM of the certificate, and of those that sign it (RFC 7468).
    #[schema(max_length = 49152)]
    pub chain_pem: String,
    /// PEM of its private key, not encrypted: PKCS#8, PKCS#1 or SEC 1. Kept encrypted, never given back.
    #[schema(max_length = 4096)]
    pub key_pem: String,
}
