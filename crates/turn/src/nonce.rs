//! Nonces that the server need not remember (RFC 8489 section 9.2).
//!
//! What is here: a nonce tells when it expires and is bound to the client that it was given to; a code over both shows that it
//! was made here.
//! What is not here: passwords.

use core::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::server::Client;

/// How long a nonce is taken. RFC 8656 section 5: at least once an hour a new one.
pub const NONCE_LIFETIME: Duration = Duration::from_secs(600);

/// The nonce cookie and the security features (RFC 8489 section 9.2): password algorithms are understood, user hashes are not.
const COOKIE: &str = "obMatJos2gAAA";
const EXPIRES: usize = 4;
const CODE: usize = 8;

/// Makes and checks nonces.
#[derive(Clone)]
pub(crate) struct Nonces {
    key: Hmac<Sha256>,
}

impl core::fmt::Debug for Nonces {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Nonces(…)")
    }
}

impl Nonces {
    /// From random bytes of this start of the server: nonces of an earlier one are stale.
    pub(crate) fn new(seed: &[u8; 32]) -> Option<Self> {
        Hmac::new_from_slice(seed).ok().map(|key| Self { key })
    }

    /// A nonce for this client. `now` is the time since the server's start.
    pub(crate) fn issue(&self, client: Client, now: Duration) -> String {
        let expires = u32::try_from((now + NONCE_LIFETIME).as_secs()).unwrap_or(u32::MAX).to_be_bytes();
        let mut bytes = [0; EXPIRES + CODE];
        for (to, from) in bytes.iter_mut().zip(expires.iter().chain(&self.code(client, expires))) {
            *to = *from;
        }
        let mut nonce = String::with_capacity(COOKIE.len() + 16);
        nonce.push_str(COOKIE);
        BASE64.encode_string(bytes, &mut nonce);
        nonce
    }

    /// Whether this nonce was made here for this client and has not expired.
    pub(crate) fn is_fresh(&self, nonce: &str, client: Client, now: Duration) -> bool {
        let Some(text) = nonce.strip_prefix(COOKIE) else { return false };
        let mut bytes = [0; EXPIRES + CODE];
        if BASE64.decode_slice(text, &mut bytes) != Ok(bytes.len()) {
            return false;
        }
        let [a, b, c, d, code @ ..] = bytes;
        let expires = [a, b, c, d];
        let right = self.code(client, expires);
        // No early end: how many bytes were right is not to be measured.
        let differs = code.iter().zip(&right).fold(0, |differs, (a, b)| differs | (a ^ b));
        differs == 0 && u64::from(u32::from_be_bytes(expires)) > now.as_secs()
    }

    fn code(&self, client: Client, expires: [u8; EXPIRES]) -> [u8; CODE] {
        let mut mac = self.key.clone();
        mac.update(&expires);
        client.feed(|bytes| mac.update(bytes));
        let whole = mac.finalize().into_bytes();
        let mut code = [0; CODE];
        for (to, from) in code.iter_mut().zip(whole) {
            *to = from;
        }
        code
    }
}

/// Whether a nonce promises that password algorithms are understood, as all of ours do.
pub(crate) fn offers_algorithms(nonce: &str) -> bool {
    nonce.starts_with(COOKIE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::Via;

    #[test]
    fn a_nonce_is_for_its_client_and_for_ten_minutes() {
        let nonces = Nonces::new(&[7; 32]).unwrap();
        let client = Client { remote: "192.0.2.1:1000".parse().unwrap(), via: Via::Stream { connection: 1 } };
        let (other, other_way) = (
            Client { remote: "192.0.2.1:1001".parse().unwrap(), ..client },
            Client { via: Via::Stream { connection: 2 }, ..client },
        );
        let start = Duration::from_secs(1000);
        let nonce = nonces.issue(client, start);
        assert!(nonce.len() <= 32, "answers to strangers stay small");
        assert!(nonces.is_fresh(&nonce, client, start + NONCE_LIFETIME - Duration::from_secs(1)));
        assert!(!nonces.is_fresh(&nonce, client, start + NONCE_LIFETIME));
        assert!(!nonces.is_fresh(&nonce, other, start));
        assert!(!nonces.is_fresh(&nonce, other_way, start));
        assert!(!Nonces::new(&[8; 32]).unwrap().is_fresh(&nonce, client, start), "of another start");
        for at in 0..nonce.len() {
            let mut changed = nonce.clone().into_bytes();
            changed[at] ^= 1;
            assert!(!nonces.is_fresh(&String::from_utf8(changed).unwrap(), client, start), "changed at {at}");
        }
    }
}
