//! One-time codes of an authenticator app: TOTP (RFC 6238) with its defaults, SHA-1, 30 seconds, six digits, because
//! every app has those. Not where the key is kept, nor how often one may try (`throttle`).

use hmac::{Hmac, Mac};
use model::WallTime;
use sha1::Sha1;

/// Bytes of a key (RFC 4226 section 4 recommends 160 bits).
pub const KEY_LEN: usize = 20;
/// A code counts for so long.
pub const STEP_SECONDS: i64 = 30;
/// A code of the step before and after counts too: clocks of phones differ (RFC 6238 section 5.2).
const DRIFT: i64 = 1;
const DIGITS: u32 = 6;

/// The step of a moment; the code changes with it.
#[must_use]
pub const fn step(at: WallTime) -> i64 {
    at.micros().div_euclid(STEP_SECONDS * 1_000_000)
}

/// The code of a step, six digits (RFC 4226 section 5.3).
#[must_use]
pub fn code(key: &[u8], step: i64) -> String {
    let digest = match Hmac::<Sha1>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(&step.to_be_bytes());
            mac.finalize().into_bytes()
        }
        // HMAC takes keys of any length.
        Err(_) => return String::new(),
    };
    let offset = usize::from(digest[19] & 0xf);
    let word = digest[offset..offset + 4].iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
    format!("{:06}", (word & 0x7fff_ffff) % 10_u32.pow(DIGITS))
}

/// The step whose code this is, where it counts now. A code counts once: steps up to `used` are refused.
#[must_use]
pub fn verify(key: &[u8], given: &str, at: WallTime, used: Option<i64>) -> Option<i64> {
    let given: String = given.chars().filter(|c| !c.is_whitespace()).take(8).collect();
    let now = step(at);
    (now - DRIFT..=now + DRIFT)
        .filter(|step| used.is_none_or(|used| *step > used))
        .find(|step| same(code(key, *step).as_bytes(), given.as_bytes()))
}

/// Compares without telling by its time where they differ.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// The key as apps take it typed: base 32 (RFC 4648 section 6), without padding.
#[must_use]
pub fn base32(key: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digits = (key.len() * 8).div_ceil(5);
    (0..digits)
        .map(|digit| {
            let value = (0..5).fold(0_usize, |value, bit| {
                let at = digit * 5 + bit;
                let byte = key.get(at / 8).copied().unwrap_or(0);
                value << 1 | usize::from(byte >> (7 - at % 8) & 1)
            });
            char::from(ALPHABET[value])
        })
        .collect()
}

/// What the QR code says: `otpauth://totp/…`, the form that apps share.
#[must_use]
pub fn address(site: &str, user: &str, key: &[u8]) -> String {
    let escaped = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    char::from(byte).to_string()
                }
                _ => format!("%{byte:02X}"),
            })
            .collect()
    };
    let (site, user) = (escaped(site), escaped(user));
    format!("otpauth://totp/{site}:{user}?secret={}&issuer={site}", base32(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> WallTime {
        WallTime::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238 appendix B, SHA-1, the last six of eight digits.
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(KEY, step(at(seconds))), expected, "{seconds}");
        }
        // RFC 4226 appendix D.
        assert_eq!(code(KEY, 0), "755224");
        assert_eq!(base32(KEY), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_code_counts_once_and_for_a_step_around_its_own() {
        let now = at(1_111_111_111);
        let own = step(now);
        for (drift, counts) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let given = code(KEY, own + drift);
            assert_eq!(verify(KEY, &given, now, None), counts.then_some(own + drift), "{drift}");
        }
        assert_eq!(verify(KEY, &code(KEY, own), now, Some(own)), None, "a second time");
        assert_eq!(verify(KEY, &code(KEY, own - 1), now, Some(own)), None, "an older one");
        for wrong in ["", "000000", "05047", "0504711", "٠٥٠٤٧١", "050471\0"] {
            assert_eq!(verify(KEY, wrong, now, None), None, "{wrong}");
        }
        assert_eq!(verify(KEY, " 050 471 ", now, None), Some(own), "as apps show it");
    }

    #[test]
    fn the_address_of_the_qr_code_holds_any_name() {
        assert_eq!(
            address("Pier 4", "åsa@x", b"1234567890"),
            "otpauth://totp/Pier%204:%C3%A5sa%40x?secret=GEZDGNBVGY3TQOJQ&issuer=Pier%204"
        );
    }
}
