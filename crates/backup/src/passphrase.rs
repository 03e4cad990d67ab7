//! From a passphrase to a key: argon2id (RFC 9106). What the derivation costs stands in the file and is bounded, so that a file
//! of somebody else's cannot take a machine's memory.

use argon2::{Algorithm, Argon2, Params, Version};
use model::Secret;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::Error;

/// Fewest characters of a passphrase: unlike a password, it can be guessed without asking anybody.
pub const MIN_CHARS: usize = 12;
/// Most bytes of it.
const MAX_BYTES: usize = 1024;
/// Bytes of a salt.
pub(crate) const SALT_LEN: usize = 16;

/// Why a passphrase cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    /// Fewer than [`MIN_CHARS`] characters.
    #[error("the passphrase must have {MIN_CHARS} characters or more: whoever has the file can try many")]
    TooShort,
    /// Too many.
    #[error("the passphrase must have {MAX_BYTES} bytes or fewer")]
    TooLong,
}

/// What deriving a key costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory, KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Cost {
    /// 64 MiB, three passes, one lane: RFC 9106's second choice but for the lanes, about 0.2 s of a core.
    pub const USUAL: Self = Self { memory_kib: 64 << 10, passes: 3, lanes: 1 };
    /// For tests of everything else.
    pub const LOWEST: Self = Self { memory_kib: 64, passes: 1, lanes: 1 };
    /// More than this is not computed.
    const HIGHEST: Self = Self { memory_kib: 256 << 10, passes: 16, lanes: 8 };

    fn is_bounded(self) -> bool {
        let within = |value, low, high| (low..=high).contains(&value);
        within(self.memory_kib, Self::LOWEST.memory_kib, Self::HIGHEST.memory_kib)
            && within(self.passes, 1, Self::HIGHEST.passes)
            && within(self.lanes, 1, Self::HIGHEST.lanes)
    }
}

/// Whether a new backup may be sealed under it.
pub(crate) fn check_new(passphrase: &Secret<String>) -> Result<(), PassphraseError> {
    let text = passphrase.expose();
    if text.len() > MAX_BYTES {
        return Err(PassphraseError::TooLong);
    }
    if text.chars().count() < MIN_CHARS { Err(PassphraseError::TooShort) } else { Ok(()) }
}

/// The key. Composed characters are composed (NFC), so that another keyboard types the same passphrase.
pub(crate) fn key(
    passphrase: &Secret<String>,
    salt: &[u8; SALT_LEN],
    cost: Cost,
) -> Result<Zeroizing<[u8; 32]>, Error> {
    if !cost.is_bounded() {
        return Err(Error::Head);
    }
    if passphrase.expose().len() > MAX_BYTES {
        return Err(PassphraseError::TooLong.into());
    }
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).map_err(|_| Error::Head)?;
    let composed: Zeroizing<String> = Zeroizing::new(passphrase.expose().nfc().collect());
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(composed.as_bytes(), salt, key.as_mut_slice())
        .map_err(|_| Error::Head)?;
    Ok(key)
}
