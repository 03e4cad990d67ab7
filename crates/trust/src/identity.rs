//! The key of a site, its private and its public half. Not where it is kept: that is the site's.

use std::fmt;

use model::{Secret, SiteId, WallTime};
use p256::{
    ecdsa::{
        SigningKey, VerifyingKey,
        signature::{DigestSigner, DigestVerifier},
    },
    elliptic_curve::zeroize::Zeroizing,
    pkcs8::{DecodePrivateKey, EncodePrivateKey, LineEnding},
};

use crate::{
    BadSignature, CertificateId, Endorsement, Lineage, Purpose, Rotation, Signature, TlsFingerprint,
};

/// DER of every SubjectPublicKeyInfo of an uncompressed P-256 point up to the point itself (RFC 5480).
const SPKI_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// Bytes of the DER of a P-256 SubjectPublicKeyInfo.
pub const SPKI_LEN: usize = 91;
/// A PKCS#8 file of a P-256 key has about 240 bytes, with the most rotations some kilobytes; more is something else.
const MAX_PEM_LEN: usize = 32 << 10;
/// What ends the key in its file; the rotations stand behind it.
const PEM_END: &str = "-----END PRIVATE KEY-----";

/// What keeps a key from being read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a PKCS#8 PEM of a P-256 key.
    #[error("not a P-256 private key in PKCS#8 PEM")]
    ReadPrivate,
    /// The key has no PKCS#8 form.
    #[error("the private key could not be written as PKCS#8")]
    WritePrivate,
    /// What stands behind the key does not lead to it.
    #[error("the rotations behind the private key are not those of this key: {0}")]
    Rotations(&'static str),
    /// Not the SubjectPublicKeyInfo of an uncompressed P-256 point.
    #[error("not a P-256 public key")]
    ReadPublic,
}

/// The private key of a site.
#[derive(Clone)]
pub struct Identity {
    key: SigningKey,
    public: PublicIdentity,
    lineage: Lineage,
}

/// The public key of a site: checks what [`Identity`] signed.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicIdentity {
    key: VerifyingKey,
    spki: [u8; SPKI_LEN],
}

impl Identity {
    /// A new key.
    pub fn generate(rng: &mut impl rand::CryptoRng) -> Self {
        // All but one in 2^32 draws are below the order of the group: the loop ends.
        loop {
            let mut scalar = Zeroizing::new(p256::FieldBytes::default());
            rng.fill_bytes(&mut scalar);
            if let Ok(key) = SigningKey::from_bytes(&scalar) {
                return Self::of(key);
            }
        }
    }

    /// Reads the PKCS#8 PEM form (RFC 5958, RFC 7468), and behind it the rotations that led to this key, as JSON.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        if pem.len() > MAX_PEM_LEN {
            return Err(KeyError::ReadPrivate);
        }
        let (key, behind) = match pem.find(PEM_END) {
            Some(at) => pem.split_at(at + PEM_END.len()),
            None => return Err(KeyError::ReadPrivate),
        };
        let mut identity =
            SigningKey::from_pkcs8_pem(key).map(Self::of).map_err(|_| KeyError::ReadPrivate)?;
        if !behind.trim().is_empty() {
            let lineage: Lineage =
                serde_json::from_str(behind).map_err(|_| KeyError::Rotations("they do not hold"))?;
            if lineage.current().is_some_and(|current| *current != identity.public) {
                return Err(KeyError::Rotations("they lead to another key"));
            }
            identity.lineage = lineage;
        }
        Ok(identity)
    }

    /// The PKCS#8 PEM form, and behind it the rotations, where there are any. Programs that read keys pass over them.
    pub fn to_pem(&self) -> Result<Secret<String>, KeyError> {
        let pem = self.key.to_pkcs8_pem(LineEnding::LF).map_err(|_| KeyError::WritePrivate)?;
        let mut text = pem.to_string();
        if !self.lineage.is_empty() {
            let rotations = serde_json::to_string(&self.lineage).map_err(|_| KeyError::WritePrivate)?;
            text.push_str(&rotations);
            text.push('\n');
        }
        Ok(Secret::new(text))
    }

    /// The same site with a new key, which this one signs and which takes on this one's past. The old key is of no use
    /// afterwards, and should not be kept.
    pub fn rotate(&self, new: Self, now: WallTime) -> Result<Self, KeyError> {
        let statement = Rotation::statement(&self.public, &new.public, now);
        let rotation = Rotation {
            from: self.public.clone(),
            to: new.public.clone(),
            at: now,
            signed_by_old: self.sign(Purpose::Rotation, &statement),
            signed_by_new: new.sign(Purpose::Rotation, &statement),
        };
        let lineage = self.lineage.and(rotation).map_err(|_| KeyError::Rotations("it is one too many"))?;
        Ok(Self { lineage, ..new })
    }

    /// The keys that the site had before, and how it came to this one.
    #[must_use]
    pub const fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// The PKCS#8 DER form, as TLS stacks take it.
    pub(crate) fn to_der(&self) -> Result<Secret<Vec<u8>>, KeyError> {
        let der = self.key.to_pkcs8_der().map_err(|_| KeyError::WritePrivate)?;
        Ok(Secret::new(der.as_bytes().to_vec()))
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &PublicIdentity {
        &self.public
    }

    /// What people compare and programs pin.
    #[must_use]
    pub fn certificate_id(&self) -> CertificateId {
        self.public.certificate_id()
    }

    /// The site's identifier: that of its first key, so that it stays when the key is rotated.
    #[must_use]
    pub fn site_id(&self) -> SiteId {
        self.lineage.site_of(self.certificate_id())
    }

    /// Signs what a closing segment says about itself (head and trailer without the signature).
    #[must_use]
    pub fn sign_segment(&self, statement: &[u8]) -> Signature {
        self.sign(Purpose::SegmentTrailer, statement)
    }

    /// Signs an entry of a volume's journal.
    #[must_use]
    pub fn sign_journal(&self, statement: &[u8]) -> Signature {
        self.sign(Purpose::JournalEntry, statement)
    }

    /// Signs what an export says about itself.
    #[must_use]
    pub fn sign_export(&self, statement: &[u8]) -> Signature {
        self.sign(Purpose::ExportManifest, statement)
    }

    /// Says that this site serves the TLS certificate (DER) until `not_after`.
    #[must_use]
    pub fn endorse_tls(&self, certificate_der: &[u8], not_after: WallTime) -> Endorsement {
        let certificate = TlsFingerprint::of(certificate_der);
        let signature = self.sign(Purpose::TlsEndorsement, &Endorsement::statement(&certificate, not_after));
        let (identity, rotations) = (self.public.clone(), self.lineage.clone());
        Endorsement { identity, certificate, not_after, signature, rotations }
    }

    /// Deterministic (RFC 6979): no randomness that could be bad.
    pub(crate) fn sign(&self, purpose: Purpose, statement: &[u8]) -> Signature {
        Signature::new(self.key.sign_digest(purpose.digest(statement)))
    }

    /// Signs the body of the site's own certificate, which begins with the tag of a DER sequence and so is no
    /// statement of any purpose.
    pub(crate) fn sign_certificate(&self, body_der: &[u8]) -> Vec<u8> {
        let signature: p256::ecdsa::Signature = p256::ecdsa::signature::Signer::sign(&self.key, body_der);
        Signature::new(signature).to_der()
    }

    fn of(key: SigningKey) -> Self {
        let public = PublicIdentity::of(*key.verifying_key());
        Self { key, public, lineage: Lineage::default() }
    }
}

impl PublicIdentity {
    /// Reads the DER of a SubjectPublicKeyInfo. Exactly one form is taken, so that a key has one certificate ID.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        let point = der.strip_prefix(&SPKI_HEAD).ok_or(KeyError::ReadPublic)?;
        if der.len() != SPKI_LEN || point.first() != Some(&0x04) {
            return Err(KeyError::ReadPublic);
        }
        VerifyingKey::from_sec1_bytes(point).map(Self::of).map_err(|_| KeyError::ReadPublic)
    }

    /// The DER of its SubjectPublicKeyInfo (RFC 5480).
    #[must_use]
    pub const fn spki_der(&self) -> &[u8; SPKI_LEN] {
        &self.spki
    }

    /// The uncompressed point (SEC 1 section 2.3.3), 65 bytes.
    pub(crate) fn point(&self) -> &[u8] {
        &self.spki[SPKI_HEAD.len()..]
    }

    /// What people compare and programs pin.
    #[must_use]
    pub fn certificate_id(&self) -> CertificateId {
        CertificateId::of_spki(&self.spki)
    }

    /// Whether this site closed the segment that says this about itself.
    pub fn verify_segment(&self, statement: &[u8], signature: &Signature) -> Result<(), BadSignature> {
        self.verify(Purpose::SegmentTrailer, statement, signature)
    }

    /// Whether this site wrote the entry of a volume's journal.
    pub fn verify_journal(&self, statement: &[u8], signature: &Signature) -> Result<(), BadSignature> {
        self.verify(Purpose::JournalEntry, statement, signature)
    }

    /// Whether this site made the export that says this about itself.
    pub fn verify_export(&self, statement: &[u8], signature: &Signature) -> Result<(), BadSignature> {
        self.verify(Purpose::ExportManifest, statement, signature)
    }

    pub(crate) fn verify(
        &self,
        purpose: Purpose,
        statement: &[u8],
        signature: &Signature,
    ) -> Result<(), BadSignature> {
        self.key.verify_digest(purpose.digest(statement), signature.inner()).map_err(|_| BadSignature)
    }

    fn of(key: VerifyingKey) -> Self {
        let mut spki = [0; SPKI_LEN];
        let point = key.to_encoded_point(false);
        let bytes = SPKI_HEAD.iter().chain(point.as_bytes());
        spki.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        Self { key, spki }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.certificate_id())
    }
}

impl fmt::Debug for PublicIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicIdentity({})", self.certificate_id())
    }
}
