//! Secrets that must be read again (passwords of cameras and of the mail server) are sealed with
//! XChaCha20-Poly1305 under a key that lies outside of the database. Not for passwords of users: those are
//! hashed (`password`). Where the key file lies is the caller's.

use std::fmt;

use chacha20poly1305::{
    Key, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use model::Secret;
use zeroize::Zeroizing;

use crate::{
    Catalog, Error, Result,
    value::{NoRandomness, random_bytes},
};

const VERSION: u8 = 1;
const NONCE_LEN: usize = 24;

/// The key that seals secrets. Overwritten when dropped; never printed.
#[derive(Clone)]
pub struct SealKey(Zeroizing<[u8; 32]>);

/// A text that is not a seal key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a seal key: 64 hex digits are expected")]
pub struct ParseSealKeyError;

/// Where a sealed value stands: it opens nowhere else.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub table: &'static str,
    pub column: &'static str,
    pub row: &'a str,
}

impl SealKey {
    /// A new key.
    pub fn generate() -> Result<Self, NoRandomness> {
        random_bytes().map(Self::from_bytes)
    }

    /// The key made of these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads the form of [`Self::to_text`]; white space around it does not count.
    pub fn from_text(text: &str) -> Result<Self, ParseSealKeyError> {
        let digits = text.trim_ascii().as_bytes();
        let mut bytes = Zeroizing::new([0; 32]);
        if digits.len() != 64 {
            return Err(ParseSealKeyError);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |ascii: u8| char::from(ascii).to_digit(16).ok_or(ParseSealKeyError);
            *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).map_err(|_| ParseSealKeyError)?;
        }
        Ok(Self(bytes))
    }

    /// The key as 64 hex digits, for its file.
    #[must_use]
    pub fn to_text(&self) -> Secret<String> {
        Secret::new(self.0.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Version byte, nonce, ciphertext with tag.
    pub(crate) fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = random_bytes()?;
        let payload = Payload { msg: plain, aad: &place.associated_data() };
        let sealed = self
            .cipher()
            .encrypt(XNonce::from_slice(&nonce), payload)
            .map_err(|_| Error::Seal { what: place.column })?;
        Ok([&[VERSION], nonce.as_slice(), &sealed].concat())
    }

    pub(crate) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let failed = || Error::Unseal { what: place.column };
        let rest = sealed.strip_prefix(&[VERSION]).ok_or_else(failed)?;
        let (nonce, ciphertext) = rest.split_at_checked(NONCE_LEN).ok_or_else(failed)?;
        let payload = Payload { msg: ciphertext, aad: &place.associated_data() };
        self.cipher().decrypt(XNonce::from_slice(nonce), payload).map(Zeroizing::new).map_err(|_| failed())
    }

    /// Seals a text, where there is one.
    pub(crate) fn seal_text(
        &self,
        place: Place<'_>,
        text: Option<&Secret<String>>,
    ) -> Result<Option<Vec<u8>>> {
        text.map(|text| self.seal(place, text.expose().as_bytes())).transpose()
    }

    /// Opens a text, where there is one.
    pub(crate) fn open_text(
        &self,
        place: Place<'_>,
        sealed: Option<&[u8]>,
    ) -> Result<Option<Secret<String>>> {
        let Some(sealed) = sealed else { return Ok(None) };
        let plain = self.open(place, sealed)?;
        let text = std::str::from_utf8(&plain).map_err(|_| Error::Unseal { what: place.column })?;
        Ok(Some(Secret::new(text.to_owned())))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(Key::from_slice(self.0.as_slice()))
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}

impl Place<'_> {
    /// Table and column are names without NUL and the row comes last, so no two places read the same.
    fn associated_data(&self) -> Vec<u8> {
        format!("martello/seal/{VERSION}\0{}\0{}\0{}", self.table, self.column, self.row).into_bytes()
    }
}

impl Catalog {
    /// A known value, sealed at the first opening, shows whether the key is the database's.
    pub(crate) fn check_key(&self) -> Result<()> {
        let place = Place { table: "note", column: "value", row: "seal/check" };
        let kept = self.read(|tx| crate::note::read(tx, "seal", "check"))?;
        match kept {
            Some(sealed) => self.key().open(place, &sealed).map(drop).map_err(|_| Error::WrongKey),
            None => {
                let sealed = self.key().seal(place, b"martello")?;
                self.write(|tx| crate::note::write(tx, "seal", "check", &sealed))
            }
        }
    }
}
