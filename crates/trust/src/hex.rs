//! Bytes as hex digits and back. Only for values of a known size; not a general codec.

use std::fmt;

/// A text that is not the expected number of hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("hex digits expected")]
pub(crate) struct NotHex;

/// Lower-case digits of the bytes.
pub(crate) fn encode(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of an even number of digits, at most `max_bytes` of them.
pub(crate) fn decode(text: &str, max_bytes: usize) -> Result<Vec<u8>, NotHex> {
    if !text.len().is_multiple_of(2) || text.len() / 2 > max_bytes {
        return Err(NotHex);
    }
    text.as_bytes().chunks_exact(2).map(|pair| Ok(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

/// 32 bytes of 64 digits, between which any of the separators may stand.
pub(crate) fn decode_32(text: &str, separators: &[char]) -> Result<[u8; 32], NotHex> {
    // 64 digits with a separator between any two of them is the longest sensible text.
    if text.len() > 128 {
        return Err(NotHex);
    }
    let digits: String = text.chars().filter(|c| !separators.contains(c)).collect();
    decode(&digits, 32)?.try_into().map_err(|_| NotHex)
}

fn digit(ascii: u8) -> Result<u8, NotHex> {
    match ascii {
        b'0'..=b'9' => Ok(ascii - b'0'),
        b'a'..=b'f' => Ok(ascii - b'a' + 10),
        b'A'..=b'F' => Ok(ascii - b'A' + 10),
        _ => Err(NotHex),
    }
}

/// Writes the bytes in groups of `group` bytes with a separator between groups.
pub(crate) fn write_groups(
    f: &mut fmt::Formatter<'_>,
    bytes: &[u8],
    group: usize,
    separator: char,
    upper: bool,
) -> fmt::Result {
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 && at % group == 0 {
            fmt::Write::write_char(f, separator)?;
        }
        if upper { write!(f, "{byte:02X}")? } else { write!(f, "{byte:02x}")? }
    }
    Ok(())
}
