//! People of an OpenID Connect provider: where a browser is sent to sign in, and what the provider says of who comes
//! back.
//!
//! What is here: the relying party of OpenID Connect Core 1.0 with the authorization code flow and PKCE (RFC 7636), no
//! other flow: discovery, the address to send a browser to, the exchange of the code, the checks of the ID token, and
//! asking again with a refresh token. The rules of RFC 9700 hold: exact redirect URI, one state and nonce for each try,
//! the provider named in the answer (RFC 9207). Everything that comes from a provider is bounded in size and time;
//! redirects are not followed. What is not here: who of them may do what at the site, which browser a try belongs to,
//! when is asked again (`site`).
//!
//! Signatures are checked by `ring`, which TLS uses too; the form around them (RFC 7515) is a page of its own (`token`), so
//! that what it refuses can be read there.

mod claims;
mod discovery;
mod fetch;
mod keys;
mod provider;
mod settings;
mod token;

pub use claims::Person;
pub use provider::{Answer, Asked, Begun, Check, Provider, SignedIn};
pub use settings::Settings;

/// How far the provider's clock may be from ours, in seconds.
pub const SKEW_SECONDS: i64 = 60;

/// Why somebody could not be signed in, or not be asked about.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings cannot be right.
    #[error("{0}")]
    Settings(String),
    /// There is no connection, or no trust in whoever answers.
    #[error("{host} cannot be reached: {reason}")]
    Unreachable {
        /// Which host.
        host: String,
        /// Why.
        reason: String,
    },
    /// Nothing came in time.
    #[error("{host} does not answer within {seconds} s")]
    Silent {
        /// Which host.
        host: String,
        /// How long was waited.
        seconds: u64,
    },
    /// It answered with an error of HTTP.
    #[error("{host} answers {status} when asked for its {what}")]
    Status {
        /// Which host.
        host: String,
        /// For what it was asked.
        what: &'static str,
        /// Status code.
        status: u16,
    },
    /// More came than is taken.
    #[error("the {what} is longer than is taken")]
    TooMuch {
        /// For what was asked.
        what: &'static str,
    },
    /// What came is not what was asked for.
    #[error("the {what} cannot be used: {reason}")]
    Malformed {
        /// For what was asked.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Somebody else answers in the provider's name.
    #[error("another provider answers: {found:?}")]
    OtherIssuer {
        /// Who it says that it is.
        found: String,
    },
    /// The provider says no (RFC 6749, 4.1.2.1 and 5.2).
    #[error("the provider refuses: {error}{}", description.as_ref().map(|text| format!(" ({text})")).unwrap_or_default())]
    Refused {
        /// Its error code.
        error: String,
        /// What it says about it.
        description: Option<String>,
    },
    /// The answer does not belong to what was asked.
    #[error("the answer belongs to another sign-in")]
    OtherSignIn,
    /// The ID token does not hold.
    #[error("the ID token does not hold: {0}")]
    Token(#[from] TokenError),
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    NoRandomness,
}

/// Why an ID token does not hold (OpenID Connect Core 1.0, 3.1.3.7; RFC 8725).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is not three parts of base64url and JSON.
    #[error("it is not a signed token")]
    Malformed,
    /// Its algorithm is none of those that are taken from this provider.
    #[error("its algorithm {0:?} is not taken")]
    Algorithm(String),
    /// It wants something understood that is not.
    #[error("it has a critical header")]
    Critical,
    /// No key of the provider is the one that it names.
    #[error("the provider shows no key for it")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("its signature is wrong")]
    Signature,
    /// It lacks something that it must have, or has it in another form.
    #[error("its claims cannot be read")]
    Claims,
    /// It comes from another provider.
    #[error("it is of another provider")]
    Issuer,
    /// It is for somebody else.
    #[error("it is for another client")]
    Audience,
    /// It has ended.
    #[error("it has ended; are the clocks right?")]
    Expired,
    /// It is of the future, or made long ago.
    #[error("it was not made just now; are the clocks right?")]
    Time,
    /// It was made for another sign-in.
    #[error("it was made for another sign-in")]
    Nonce,
    /// It is about somebody else than before.
    #[error("it is about another person")]
    Subject,
    /// The person did not sign in as is demanded.
    #[error("the provider did not sign the person in as is demanded (acr)")]
    Acr,
}

impl Error {
    /// Whether the provider says that the person's sign-in there has ended.
    #[must_use]
    pub fn ended(&self) -> bool {
        match self {
            Self::Refused { error, .. } => error == "invalid_grant",
            Self::Token(TokenError::Subject | TokenError::Acr) => true,
            _ => false,
        }
    }
}

/// Reads whatever a provider might send; for fuzzing.
pub fn read_anything(bytes: &[u8]) {
    let _ = discovery::parse(bytes, "https://login.example.org");
    let keys = keys::parse(bytes).unwrap_or_default();
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = token::verify(text, &keys, &token::Algorithm::ALL);
    }
    let _ = claims::parse(bytes);
}
