//! A provider's public keys (JSON Web Key Set: RFC 7517, RFC 7518 section 6, RFC 8037). Pure: not how they are fetched.
//!
//! A key is of one kind, and its kind decides by which algorithm it checks: a token cannot have it used as something else.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;

use crate::{Error, token::Algorithm};

const WHAT: &str = "key set";
const MAX_KEYS: usize = 64;

/// The keys that can check ID tokens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys(Vec<Key>);

/// One key.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    id: Option<String>,
    numbers: Numbers,
}

#[derive(Clone, Debug)]
enum Numbers {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    P256([u8; 65]),
    Ed25519(Vec<u8>),
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Written {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// Reads a key set. Keys that are of no use here are left out.
///
/// # Errors
/// It is no key set, or has too many keys.
pub(crate) fn parse(bytes: &[u8]) -> Result<Keys, Error> {
    let wrong = |reason: String| Error::Malformed { what: WHAT, reason };
    let set: Set = serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
    if set.keys.len() > MAX_KEYS {
        return Err(wrong(format!("more than {MAX_KEYS} keys")));
    }
    let written = set.keys.into_iter().filter_map(|key| serde_json::from_value::<Written>(key).ok());
    Ok(Keys(written.filter_map(|key| read(&key)).collect()))
}

fn read(key: &Written) -> Option<Key> {
    let signs = key.purpose.as_ref().is_none_or(|purpose| purpose == "sig")
        && key.key_ops.as_ref().is_none_or(|all| all.iter().any(|one| one == "verify"));
    let number = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_ref()?).ok();
    let numbers = match (key.kty.as_str(), key.crv.as_deref()) {
        ("RSA", _) => Numbers::Rsa { modulus: number(&key.n)?, exponent: number(&key.e)? },
        ("EC", Some("P-256")) => {
            let (x, y) = (number(&key.x)?, number(&key.y)?);
            // Uncompressed, as SEC 1 section 2.3.3 writes it; both numbers have their full length (RFC 7518, 6.2.1.2).
            Numbers::P256([&[4], x.as_slice(), &y].concat().try_into().ok().filter(|_| x.len() == 32)?)
        }
        ("OKP", Some("Ed25519")) => Numbers::Ed25519(number(&key.x)?),
        _ => return None,
    };
    let key_of = Key { id: key.kid.clone(), numbers };
    let named = key.alg.as_ref().is_none_or(|name| name == key_of.algorithm().name());
    (signs && named).then_some(key_of)
}

impl Keys {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Those that may have signed by this algorithm, of this name where one is named.
    pub(crate) fn of(&self, algorithm: Algorithm, id: Option<&str>) -> impl Iterator<Item = &Key> {
        self.0
            .iter()
            .filter(move |key| key.algorithm() == algorithm && (id.is_none() || key.id.as_deref() == id))
    }
}

impl Key {
    fn algorithm(&self) -> Algorithm {
        match self.numbers {
            Numbers::Rsa { .. } => Algorithm::Rs256,
            Numbers::P256(_) => Algorithm::Es256,
            Numbers::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    /// Whether it signed this. RSA keys below 2048 bits did not.
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.numbers {
            Numbers::Rsa { modulus, exponent } => RsaPublicKeyComponents { n: modulus, e: exponent }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok(),
            Numbers::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
            }
            Numbers::Ed25519(point) => {
                UnparsedPublicKey::new(&ED25519, point).verify(message, signature).is_ok()
            }
        }
    }
}
