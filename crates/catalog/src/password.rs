//! Passwords of users: prepared as OpaqueString (RFC 8265 section 4.2), kept as argon2id (RFC 9106). Not
//! passwords of devices: those must be read again (`seal`).
//!
//! Of RFC 8265 one rule is left out: code points that Unicode has not assigned yet are taken, because refusing
//! them needs a table that ages.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::value::random_bytes;

/// Fewest characters of a new password.
pub const MIN_CHARS: usize = 8;
/// Most bytes of a password.
pub const MAX_BYTES: usize = 1024;

/// 19 MiB, two passes, one lane: the lowest that OWASP recommends, because a site may be a small computer that
/// records at the same time. A login costs about 20 ms of one core.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// What is checked where there is no such user, so that the answer takes as long.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ib2R5$ZlHHSTCwyEE7fW3lGjA84GvmvSXTSbXjIy5xCZzzmsM";

/// Why a password cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than [`MIN_CHARS`] characters.
    #[error("the password must have {MIN_CHARS} characters or more")]
    TooShort,
    /// More than [`MAX_BYTES`] bytes.
    #[error("the password must have {MAX_BYTES} bytes or fewer")]
    TooLong,
    /// Control characters cannot be typed again everywhere.
    #[error("the password must not have control characters such as tabs or line ends")]
    ControlCharacter,
    /// The hash could not be made.
    #[error("the password could not be hashed")]
    Hash,
}

/// The form by which passwords are compared: every space is U+0020, composed characters are composed (NFC).
pub(crate) fn prepare(password: &str) -> Result<Zeroizing<String>, PasswordError> {
    if password.len() > MAX_BYTES {
        return Err(PasswordError::TooLong);
    }
    if password.chars().any(char::is_control) {
        return Err(PasswordError::ControlCharacter);
    }
    // Of the characters that are white space and no controls, all but two separators are of category Zs.
    let space = |c: char| if c.is_whitespace() && !matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c };
    Ok(Zeroizing::new(password.chars().map(space).nfc().collect()))
}

/// The hash of a new password, as PHC string.
pub(crate) fn hash(password: &str) -> Result<String, PasswordError> {
    if prepare(password)?.chars().count() < MIN_CHARS {
        return Err(PasswordError::TooShort);
    }
    hash_any(password)
}

/// The hash of a password that somebody else took, however short.
pub(crate) fn hash_any(password: &str) -> Result<String, PasswordError> {
    let prepared = prepare(password)?;
    let salt: [u8; 16] = random_bytes().map_err(|_| PasswordError::Hash)?;
    let salt = SaltString::encode_b64(&salt).map_err(|_| PasswordError::Hash)?;
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| PasswordError::Hash)?;
    let hash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password(prepared.as_bytes(), &salt)
        .map_err(|_| PasswordError::Hash)?;
    Ok(hash.to_string())
}

/// Whether it is the password of the hash. Takes as long where there is no hash.
pub(crate) fn verify(password: &str, hash: Option<&str>) -> bool {
    let prepared = prepare(password).unwrap_or_default();
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else { return false };
    // The parameters are the hash's own.
    Argon2::default().verify_password(prepared.as_bytes(), &parsed).is_ok() && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checking_nobody_s_password_costs_what_checking_somebody_s_does() {
        let somebody = hash("correct horse").unwrap();
        let (somebody, nobody) = (PasswordHash::new(&somebody).unwrap(), PasswordHash::new(NOBODY).unwrap());
        assert_eq!(nobody.params, somebody.params);
        assert_eq!((nobody.algorithm, nobody.version), (somebody.algorithm, somebody.version));
        assert_eq!(nobody.hash.unwrap().len(), somebody.hash.unwrap().len());
    }

    #[test]
    fn passwords_that_are_typed_differently_are_compared_alike() {
        let cases = [
            ("A\u{30a}ngström", "Ångström"),            // composed and decomposed
            ("p\u{a0}a\u{3000}ss word", "p a ss word"), // all spaces are one
        ];
        for (typed, kept) in cases {
            assert_eq!(prepare(typed).unwrap().as_str(), kept);
        }
        // Unlike names, passwords keep their case and their width.
        assert_ne!(prepare("Passw\u{ff4f}rd").unwrap(), prepare("password").unwrap());
    }

    #[test]
    fn any_characters_are_taken_and_told_apart_from_others() {
        let long = "🗝".repeat(256);
        assert_eq!((long.chars().count(), long.len()), (256, MAX_BYTES));
        for (typed, another_way, different) in [
            ("£ ¤ Å Ä Ö", "\u{a3}\u{a0}\u{a4}\u{2003}A\u{30a} A\u{308}\u{3000}O\u{308}", "£ ¤ Å Ä O"),
            (
                "ÅÄÖåäöÅÄÖ",
                "A\u{30a}A\u{308}O\u{308}a\u{30a}a\u{308}o\u{308}A\u{30a}A\u{308}O\u{308}",
                "åäöåäöåäö",
            ),
            ("👩\u{200d}🚒🗝🎉🦀£¤€", "👩\u{200d}🚒🗝🎉🦀£¤€", "👩🚒🗝🎉🦀£¤€"),
            (
                "\u{ac00}\u{ac01}\u{ac02}\u{ac03}\u{ac04}\u{ac05}\u{ac06}\u{ac07}",
                "\u{1100}\u{1161}\u{1100}\u{1161}\u{11a8}\u{1100}\u{1161}\u{11a9}\u{ac03}\u{ac04}\u{ac05}\u{ac06}\u{ac07}",
                "\u{ac00}\u{ac01}\u{ac02}\u{ac03}\u{ac04}\u{ac05}\u{ac06}\u{ac08}",
            ),
            (&long, &long, &"🗝".repeat(255)),
        ] {
            let kept = hash(typed).unwrap();
            assert!(verify(typed, Some(&kept)) && verify(another_way, Some(&kept)), "{typed}");
            assert!(!verify(different, Some(&kept)), "{different} is not {typed}");
            assert!(!kept.contains(typed), "the hash alone is kept");
        }
        // One character is too few for a new password, and one more than 256 of four bytes too many.
        assert_eq!(hash("Å"), Err(PasswordError::TooShort));
        assert_eq!(hash(&"🗝".repeat(257)), Err(PasswordError::TooLong));
        assert_eq!((prepare("A\u{30a}").unwrap().as_str(), verify("Å", None)), ("Å", false));
        // Decomposed characters are counted as the one that they make.
        assert_eq!(hash(&"A\u{30a}".repeat(7)), Err(PasswordError::TooShort));
    }

    #[test]
    fn passwords_that_cannot_be_taken_are_refused_with_the_reason() {
        assert_eq!(hash("1234567"), Err(PasswordError::TooShort));
        assert_eq!(hash("12345678\n"), Err(PasswordError::ControlCharacter));
        assert_eq!(hash(&"x".repeat(1025)), Err(PasswordError::TooLong));
        assert!(hash("£¤ÅÄÖß€🗝").is_ok());
    }
}
