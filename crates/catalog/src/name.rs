//! Names of users: which are allowed, and which are the same. Not passwords.
//!
//! As UsernameCaseMapped of RFC 8265 section 3.3 does: lower case and NFC decide whether two names are the
//! same; the name is shown as it was given. Width mapping is by NFKC, which also takes ligatures for their
//! letters: stricter about what counts as different, which is the safe side for names.

use unicode_normalization::UnicodeNormalization;

use crate::{
    Error, Result,
    column::{bounded, cut},
};

/// Most bytes of a name.
pub const MAX_BYTES: usize = 256;

/// The name as it is shown, and the form by which it is compared.
pub(crate) fn prepare(name: &str) -> Result<(String, String)> {
    let shown: String = name.trim().nfc().take(MAX_BYTES + 1).collect();
    bounded("user name", shown.as_bytes(), 1, MAX_BYTES)?;
    if shown.chars().any(hidden) {
        return Err(Error::Name);
    }
    let key = key(&shown);
    Ok((shown, key))
}

/// Characters that are not seen, or that turn the reading direction, make names that only look the same.
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// What of a name from outside can be part of one here: without what is not seen, of at most so many bytes.
#[must_use]
pub fn cleaned(foreign: &str, max: usize) -> String {
    let seen: String = foreign.trim().nfc().filter(|c| !hidden(*c)).take(max).collect();
    cut(&seen, max).trim().to_owned()
}

/// Two names with the same key are one name.
pub(crate) fn key(name: &str) -> String {
    let folded: String = name.trim().chars().take(MAX_BYTES).nfkc().collect();
    folded.to_lowercase().nfkc().collect()
}
