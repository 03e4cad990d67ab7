//! The site's own TLS certificate, and what can be told from a certificate that somebody presents. Not a
//! TLS stack: whether the presenter holds the key is shown by the handshake.

use std::{fmt, net::IpAddr, str::FromStr};

use model::{Secret, WallTime};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyIdMethod,
    KeyUsagePurpose, PublicKeyData, SanType, SerialNumber, SigningKey, date_time_ymd,
};
use rustls_pki_types::CertificateDer;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::{CertificateId, Identity, KeyError, hex};

/// Days that the site's own certificate is valid: phones refuse one of more than 825 days, even by hand.
pub const OWN_CERTIFICATE_DAYS: u16 = 820;
/// More names than this do not go into a certificate.
pub const MAX_NAMES: usize = 64;
const DAY_MICROS: i64 = 86_400_000_000;

/// SHA-256 of a TLS certificate, written as browsers do: `AA:BB:…`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TlsFingerprint([u8; 32]);

/// A text that is not a SHA-256 fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 fingerprint: 32 pairs of hex digits are expected")]
pub struct ParseFingerprintError;

/// Bytes that are not an X.509 certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an X.509 certificate")]
pub struct NotACertificate;

/// Why the site's own certificate cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// A name cannot stand in a certificate.
    #[error(
        "{0:?} cannot stand in a certificate: a host name of letters, digits, dots and hyphens is expected"
    )]
    Name(String),
    /// Too many names.
    #[error("a certificate takes at most {MAX_NAMES} names and addresses")]
    TooManyNames,
    /// The certificate could not be put together.
    #[error("the certificate could not be made: {0}")]
    Build(String),
    /// The key has no form that a TLS stack takes.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// A certificate with its key, as a TLS stack takes them.
#[derive(Clone, Debug)]
pub struct TlsCertificate {
    /// DER of the certificate.
    pub certificate_der: Vec<u8>,
    /// DER of the key, PKCS#8.
    pub key_der: Secret<Vec<u8>>,
    /// When it ends.
    pub not_after: WallTime,
}

impl Identity {
    /// The site's own certificate: the identity's key, signed by itself. The same arguments give the same
    /// certificate. It begins a day before `now` (clocks differ) and lasts [`OWN_CERTIFICATE_DAYS`].
    pub fn tls_certificate(
        &self,
        names: &[String],
        addresses: &[IpAddr],
        now: WallTime,
    ) -> Result<TlsCertificate, CertificateError> {
        if names.len() + addresses.len() > MAX_NAMES {
            return Err(CertificateError::TooManyNames);
        }
        let not_before = WallTime::from_micros((now.micros().div_euclid(DAY_MICROS) - 1) * DAY_MICROS);
        let not_after = not_before.plus_micros(i64::from(OWN_CERTIFICATE_DAYS) * DAY_MICROS);
        let id = self.certificate_id();

        let midnight = |time: WallTime| {
            let (year, month, day) = time.utc_date();
            date_time_ymd(i32::from(year), month.unsigned_abs(), day.unsigned_abs())
        };

        let mut params = CertificateParams::default();
        (params.not_before, params.not_after) = (midnight(not_before), midnight(not_after));
        params.serial_number = Some(serial(not_before, names, addresses));
        params.key_identifier_method = KeyIdMethod::PreSpecified(id.as_bytes()[..20].to_vec());
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, format!("Martello site {}", id.site_id()));
        params.is_ca = IsCa::NoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.subject_alt_names = names
            .iter()
            .map(|name| dns_name(name))
            .chain(addresses.iter().map(|address| Ok(SanType::IpAddress(*address))))
            .collect::<Result<_, _>>()?;
        let certificate =
            params.self_signed(&SelfSigner(self)).map_err(|e| CertificateError::Build(e.to_string()))?;
        Ok(TlsCertificate { certificate_der: certificate.der().to_vec(), key_der: self.to_der()?, not_after })
    }
}

/// The certificate ID of the key in a certificate (DER). Who presented it has the key only if the TLS
/// handshake was verified as well.
pub fn presented_by(certificate_der: &[u8]) -> Result<CertificateId, NotACertificate> {
    let der = CertificateDer::from(certificate_der);
    let certificate = webpki::EndEntityCert::try_from(&der).map_err(|_| NotACertificate)?;
    Ok(CertificateId::of_spki(certificate.subject_public_key_info().as_ref()))
}

impl TlsFingerprint {
    /// The fingerprint of a certificate (DER).
    #[must_use]
    pub fn of(certificate_der: &[u8]) -> Self {
        Self(Sha256::digest(certificate_der).into())
    }

    /// Its 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for TlsFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write_groups(f, &self.0, 1, ':', true)
    }
}

impl fmt::Debug for TlsFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TlsFingerprint({self})")
    }
}

impl FromStr for TlsFingerprint {
    type Err = ParseFingerprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        hex::decode_32(text, &[':', ' ']).map(Self).map_err(|_| ParseFingerprintError)
    }
}

impl Serialize for TlsFingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TlsFingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Lets rcgen sign with the identity.
struct SelfSigner<'a>(&'a Identity);

impl PublicKeyData for SelfSigner<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.public().point()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl SigningKey for SelfSigner<'_> {
    fn sign(&self, body_der: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(self.0.sign_certificate(body_der))
    }
}

fn dns_name(name: &str) -> Result<SanType, CertificateError> {
    let refused = || CertificateError::Name(name.to_owned());
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    if name.is_empty() || name.len() > 253 || !name.chars().all(allowed) {
        return Err(refused());
    }
    name.to_owned().try_into().map(SanType::DnsName).map_err(|_| refused())
}

/// Two certificates of one issuer must differ in their numbers (RFC 5280 section 4.1.2.2): browsers refuse the
/// second otherwise. 16 bytes of a hash over all that can differ, the highest bit off so that it is positive.
fn serial(not_before: WallTime, names: &[String], addresses: &[IpAddr]) -> SerialNumber {
    let mut hash = Sha256::new().chain_update(not_before.micros().to_be_bytes());
    names.iter().for_each(|name| hash.update(format!("{name}\n")));
    addresses.iter().for_each(|address| hash.update(format!("{address}\n")));
    let mut serial = hash.finalize()[..16].to_vec();
    serial[0] = serial[0] & 0x7f | 0x40;
    SerialNumber::from(serial)
}
