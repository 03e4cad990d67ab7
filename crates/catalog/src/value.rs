//! Secret values that this site hands out (sessions, tokens, setup codes): made of the system's randomness,
//! kept as SHA-256 only. That suffices because nobody can guess 100 bits or more; passwords of people are
//! another matter (`password`).

use model::Secret;
use rand::{TryRngCore, rngs::OsRng};
use sha2::{Digest, Sha256};

/// Longer than any value that is handed out; longer ones are not looked up.
const MAX_LEN: usize = 128;
/// Digits and letters without those that look alike (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness(#[source] rand::rand_core::OsError);

/// Bytes that nobody can guess.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    OsRng.try_fill_bytes(&mut bytes).map_err(NoRandomness)?;
    Ok(bytes)
}

/// 256 random bits as hex digits, after a prefix that tells what it is to whoever finds it.
pub(crate) fn random(prefix: &str) -> Result<Secret<String>, NoRandomness> {
    let bytes: [u8; 32] = random_bytes()?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Secret::new(format!("{prefix}{digits}")))
}

/// 100 random bits for people: `7QK2M-…`, four groups of five.
pub(crate) fn random_code() -> Result<Secret<String>, NoRandomness> {
    let bytes: [u8; 20] = random_bytes()?;
    let letters: Vec<char> = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect();
    let groups: Vec<String> = letters.chunks(5).map(|group| group.iter().collect()).collect();
    Ok(Secret::new(groups.join("-")))
}

/// 40 random bits for people to type within minutes: `7QK2-M3XA`. Whoever takes them slows guessing down.
pub(crate) fn short_code() -> Result<Secret<String>, NoRandomness> {
    let bytes: [u8; 8] = random_bytes()?;
    let letters: Vec<char> = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(Secret::new(groups.join("-")))
}

/// What is kept of a value; nothing for a text that is none.
pub(crate) fn hash(value: &str) -> Option<[u8; 32]> {
    (value.len() <= MAX_LEN).then(|| Sha256::digest(value).into())
}

/// What is kept of a code for people, however it was typed.
pub(crate) fn hash_code(code: &str) -> Option<[u8; 32]> {
    let letters: String = code
        .chars()
        .take(MAX_LEN)
        .filter(|c| *c != '-' && !c.is_whitespace())
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        })
        .collect();
    hash(&letters)
}
