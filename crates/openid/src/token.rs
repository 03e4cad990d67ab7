//! The form of a signed token (JSON Web Signature, RFC 7515, compact) and its signature. Not what it says (`claims`).
//!
//! The algorithm has to be one that is taken from the provider, and the key one of its public keys of just that kind: `none`
//! is no algorithm here, and no public key is ever a secret of HMAC (RFC 8725, 2.1 and 3.1).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use crate::{TokenError, keys::Keys};

const MAX_TOKEN: usize = 32 << 10;
/// Keys that are tried for a token that names none.
const MAX_TRIED: usize = 8;

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<serde_json::Value>,
}

impl Algorithm {
    /// All that are taken.
    pub(crate) const ALL: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    /// `alg` (RFC 7518, 3.1; RFC 8037, 3.1).
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// The content of a token that one of the keys signed by one of the algorithms.
///
/// # Errors
/// Why it does not hold. [`TokenError::UnknownKey`]: the keys may have changed since.
pub(crate) fn verify(token: &str, keys: &Keys, taken: &[Algorithm]) -> Result<Vec<u8>, TokenError> {
    if token.len() > MAX_TOKEN {
        return Err(TokenError::Malformed);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    let (header, content) = message.split_once('.').ok_or(TokenError::Malformed)?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Malformed);
    let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| TokenError::Malformed)?;
    let (content, signature) = (decode(content)?, decode(signature)?);
    if header.crit.is_some() {
        return Err(TokenError::Critical);
    }
    // An access token or a message about a sign-out is no ID token (RFC 8725, 3.11).
    if header.typ.is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
        return Err(TokenError::Malformed);
    }
    let algorithm = taken.iter().find(|one| one.name() == header.alg);
    let algorithm = algorithm.ok_or_else(|| TokenError::Algorithm(header.alg.chars().take(32).collect()))?;
    let mut keys = keys.of(*algorithm, header.kid.as_deref()).take(MAX_TRIED).peekable();
    if keys.peek().is_none() {
        return Err(TokenError::UnknownKey);
    }
    if keys.any(|key| key.signed(message.as_bytes(), &signature)) {
        Ok(content)
    } else {
        Err(TokenError::Signature)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
    };
    use serde_json::{Value, json};

    use super::*;
    use crate::keys;

    fn base64(bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// A provider's pair of keys: P-256 as `p`, Ed25519 as `e`.
    pub(crate) struct Pair {
        p: EcdsaKeyPair,
        e: Ed25519KeyPair,
    }

    impl Pair {
        pub(crate) fn new() -> Self {
            let random = SystemRandom::new();
            let p = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
            let e = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
            Self {
                p: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, p.as_ref(), &random).unwrap(),
                e: Ed25519KeyPair::from_pkcs8(e.as_ref()).unwrap(),
            }
        }

        fn set(&self) -> Value {
            let point = self.p.public_key().as_ref();
            json!({ "keys": [
                { "kty": "EC", "crv": "P-256", "kid": "p", "use": "sig", "x": base64(&point[1..33]), "y": base64(&point[33..]) },
                { "kty": "OKP", "crv": "Ed25519", "kid": "e", "alg": "EdDSA", "x": base64(self.e.public_key().as_ref()) },
                { "kty": "oct", "kid": "o", "k": base64(b"a secret of the two") },
                { "kty": "EC", "crv": "P-256", "kid": "enc", "use": "enc", "x": base64(&point[1..33]), "y": base64(&point[33..]) },
                { "kty": 7 },
            ] })
        }

        pub(crate) fn keys(&self) -> Keys {
            keys::parse(self.set().to_string().as_bytes()).unwrap()
        }

        /// Signs by the key that the header names.
        fn token(&self, header: &Value, content: &str) -> String {
            let message = format!("{}.{}", base64(header.to_string().as_bytes()), base64(content.as_bytes()));
            let signature = match header["kid"].as_str() {
                Some("e") => self.e.sign(message.as_bytes()).as_ref().to_vec(),
                _ => self.p.sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref().to_vec(),
            };
            format!("{message}.{}", base64(&signature))
        }
    }

    #[test]
    fn tokens_of_the_providers_keys_hold() {
        let pair = Pair::new();
        assert_eq!(pair.keys().len(), 2);
        for header in [
            json!({ "alg": "ES256", "kid": "p" }),
            json!({ "alg": "ES256", "typ": "JWT" }),
            json!({ "alg": "EdDSA", "kid": "e", "typ": "jwt" }),
        ] {
            let token = pair.token(&header, "{}");
            assert_eq!(verify(&token, &pair.keys(), &Algorithm::ALL), Ok(b"{}".to_vec()), "{header}");
        }
    }

    #[test]
    fn tokens_that_are_forged_are_refused() {
        use TokenError::{Algorithm as Alg, Critical, Malformed, Signature, UnknownKey};
        let pair = Pair::new();
        let token = |header: Value| pair.token(&header, "{}");
        let good = token(json!({ "alg": "ES256", "kid": "p" }));
        let (message, _) = good.rsplit_once('.').unwrap();
        let none = format!("{}.{}.", base64(br#"{"alg":"none"}"#), base64(b"{}"));
        for (what, token, error) in [
            ("no signature, and says so", none, Alg("none".into())),
            (
                "an HMAC with the public key as its secret",
                token(json!({ "alg": "HS256", "kid": "p" })),
                Alg("HS256".into()),
            ),
            (
                "an HMAC with a key of the set",
                token(json!({ "alg": "HS256", "kid": "o" })),
                Alg("HS256".into()),
            ),
            ("another algorithm of the same key", token(json!({ "alg": "RS256", "kid": "p" })), UnknownKey),
            ("the key of another algorithm", token(json!({ "alg": "EdDSA", "kid": "p" })), UnknownKey),
            ("a key that is not for signing", token(json!({ "alg": "ES256", "kid": "enc" })), UnknownKey),
            ("a key that is not there", token(json!({ "alg": "ES256", "kid": "x" })), UnknownKey),
            (
                "another provider's key",
                Pair::new().token(&json!({ "alg": "ES256", "kid": "p" }), "{}"),
                Signature,
            ),
            (
                "its own key in the header",
                Pair::new().token(&json!({ "alg": "ES256", "jwk": { "kty": "EC" } }), "{}"),
                Signature,
            ),
            (
                "something critical",
                token(json!({ "alg": "ES256", "kid": "p", "crit": ["b64"], "b64": false })),
                Critical,
            ),
            ("an access token", token(json!({ "alg": "ES256", "kid": "p", "typ": "at+jwt" })), Malformed),
            ("no signature", format!("{message}."), Signature),
            ("two parts", message.to_owned(), Malformed),
            ("padding", format!("{good}="), Malformed),
            ("four parts", format!("{good}.{good}"), Malformed),
            ("nothing", String::new(), Malformed),
            ("two algorithms", format!("{}.e30.", base64(br#"{"alg":"ES256","alg":"none"}"#)), Malformed),
            ("too long", "a".repeat(MAX_TOKEN + 1), Malformed),
        ] {
            assert_eq!(verify(&token, &pair.keys(), &Algorithm::ALL), Err(error), "{what}");
        }
        // One that the provider does not say that it uses.
        let eddsa = token(json!({ "alg": "EdDSA", "kid": "e" }));
        assert_eq!(verify(&eddsa, &pair.keys(), &[Algorithm::Es256]), Err(Alg("EdDSA".into())));
    }

    proptest! {
        #[test]
        fn a_token_with_any_character_changed_is_refused(at in 0usize..200, to in "[A-Za-z0-9_.-]") {
            let pair = Pair::new();
            let good = pair.token(&json!({ "alg": "EdDSA", "kid": "e" }), r#"{"sub":"anna"}"#);
            let at = at % good.len();
            let changed = format!("{}{to}{}", &good[..at], &good[at + 1..]);
            prop_assume!(changed != good);
            prop_assert!(verify(&changed, &pair.keys(), &Algorithm::ALL).is_err());
        }

        #[test]
        fn whatever_is_sent_is_read_or_refused(bytes: Vec<u8>) {
            crate::read_anything(&bytes);
        }
    }
}
