//! A signature as it is stored and sent. Making one is [`crate::Identity`]'s, checking one
//! [`crate::PublicIdentity`]'s.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::hex;

/// Longest DER form of a P-256 signature.
pub const MAX_DER_LEN: usize = 72;
/// Bytes of the fixed form.
pub const FIXED_LEN: usize = 64;

/// An ECDSA signature over P-256 with SHA-256 in DER (RFC 3279 section 2.2.3), the form that `openssl dgst
/// -verify` takes; in JSON as hex digits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signature(p256::ecdsa::Signature);

/// It is not a signature, or not this key's, or not of this statement for this purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not valid")]
pub struct BadSignature;

impl Signature {
    pub(crate) const fn new(signature: p256::ecdsa::Signature) -> Self {
        Self(signature)
    }

    pub(crate) const fn inner(&self) -> &p256::ecdsa::Signature {
        &self.0
    }

    /// Reads the DER form.
    pub fn from_der(der: &[u8]) -> Result<Self, BadSignature> {
        if der.len() > MAX_DER_LEN {
            return Err(BadSignature);
        }
        p256::ecdsa::Signature::from_der(der).map(Self).map_err(|_| BadSignature)
    }

    /// Reads the form of WebCrypto and JOSE: r and s, 32 bytes each (RFC 7518 section 3.4).
    pub fn from_fixed(bytes: &[u8; FIXED_LEN]) -> Result<Self, BadSignature> {
        p256::ecdsa::Signature::from_slice(bytes).map(Self).map_err(|_| BadSignature)
    }

    /// The form of WebCrypto and JOSE.
    #[must_use]
    pub fn to_fixed(&self) -> [u8; FIXED_LEN] {
        self.0.to_bytes().into()
    }

    /// The DER form, at most [`MAX_DER_LEN`] bytes.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        self.0.to_der().as_bytes().to_vec()
    }
}

impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.to_der()))
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let der = hex::decode(&text, MAX_DER_LEN).map_err(serde::de::Error::custom)?;
        Self::from_der(&der).map_err(serde::de::Error::custom)
    }
}
