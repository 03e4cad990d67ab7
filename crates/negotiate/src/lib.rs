//! Sign-in with the account of the computer: a token that a browser sends after `Negotiate` (RFC 4559), held against a keytab.
//!
//! What is here: the accepting side of SPNEGO (RFC 4178) with Kerberos 5 (RFC 4120, RFC 4121), for one round and no more, as
//! pure code: token, keys and time in, the person out. Every size is bounded before anything is read. What is not here: HTTP,
//! who the person is in a directory (`site`), asking for tickets, NTLM, delegated tickets, channel bindings, other realms,
//! protection of messages.

mod crypto;
mod der;
mod keytab;
mod message;
mod replay;
mod token;

use model::WallTime;

pub use crypto::CONFOUNDER;
pub use keytab::{KeytabError, MAX_KEYTAB};
pub use replay::Replays;

use keytab::ServiceKey;
use message::{Authenticator, Request, Ticket};
use token::Offer;

/// Most bytes of a token. One of Windows has at most 48 000; HTTP/2 takes no header that is longer than this as base 64.
pub const MAX_TOKEN: usize = 24 << 10;
/// How far clocks may be apart (RFC 4120, 8.2).
const SKEW_MICROS: i64 = 5 * 60 * 1_000_000;

/// Why a token lets nobody in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is something else, for example NTLM.
    #[error("the browser offers no Kerberos ticket")]
    NoKerberos,
    /// It is no token.
    #[error("what the browser sent cannot be read")]
    Malformed,
    /// There is no key for it.
    #[error(
        "the ticket is for {service}, encryption {kind}, key version {version}: no such key is in the keytab"
    )]
    NoKey {
        /// The service with its realm.
        service: String,
        /// Encryption type.
        kind: i64,
        /// Version of the key; 0 where the ticket does not say.
        version: u32,
    },
    /// It was not made with the key of the keytab, or was changed.
    #[error("the key in the keytab does not open the ticket")]
    Unopened,
    /// The session key is of an encryption that is not taken.
    #[error("the ticket allows only encryption that is not safe")]
    Cipher,
    /// It does not count now.
    #[error("the ticket does not count now")]
    Expired,
    /// The clocks are too far apart.
    #[error("the clocks of the computer and of the site are {seconds} s apart")]
    Clock {
        /// How far.
        seconds: i64,
    },
    /// Ticket and proof are of different people, or of somebody who is no person of the realm.
    #[error("the ticket is of nobody who could sign in")]
    Nobody,
    /// It was used already.
    #[error("the ticket was sent a second time")]
    Replayed,
    /// Too many sign-ins to remember.
    #[error("there were too many sign-ins in the last minutes")]
    TooMany,
}

/// The keys of a web service in one realm.
#[derive(Clone, Debug)]
pub struct Acceptor {
    realm: String,
    keys: Vec<ServiceKey>,
}

/// A token that was read; it is not known yet whether it counts.
#[derive(Clone, Debug)]
pub struct Token<'a> {
    offer: Offer<'a>,
    request: Request<'a>,
}

/// Whom a token proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proved {
    /// The name of the account in the realm.
    pub account: String,
    /// The token for the browser.
    pub reply: Vec<u8>,
}

impl<'a> Token<'a> {
    /// Reads a token.
    ///
    /// # Errors
    /// It is none, or has no ticket.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_TOKEN {
            return Err(Error::Malformed);
        }
        let offer = Offer::read(bytes)?;
        Ok(Self { request: Request::read(offer.request)?, offer })
    }

    /// The realm that it is for.
    #[must_use]
    pub fn realm(&self) -> &str {
        &self.request.realm
    }
}

impl Acceptor {
    /// The keys that a keytab has for services `HTTP/…` of a realm, which is written as domains are, in letters of either case.
    ///
    /// # Errors
    /// The bytes are no keytab, or have no such key.
    pub fn new(keytab: &[u8], realm: &str) -> Result<Self, KeytabError> {
        let mut keys = keytab::read(keytab)?;
        keys.retain(|key| key.realm.eq_ignore_ascii_case(realm));
        match keys.first() {
            Some(first) => Ok(Self { realm: first.realm.clone(), keys }),
            None => Err(KeytabError::NoKey(realm.to_uppercase())),
        }
    }

    /// The realm.
    #[must_use]
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The services, each once, such as `HTTP/site.example.org`.
    #[must_use]
    pub fn services(&self) -> Vec<String> {
        let mut services: Vec<String> = self.keys.iter().map(|key| key.service.to_string()).collect();
        services.sort_unstable();
        services.dedup();
        services
    }

    /// Holds a token against the keys: whom it proves. `confounder` is random.
    ///
    /// # Errors
    /// Why it lets nobody in.
    pub fn accept(
        &self,
        token: &Token<'_>,
        now: WallTime,
        confounder: [u8; CONFOUNDER],
        replays: &mut Replays,
    ) -> Result<Proved, Error> {
        let request = &token.request;
        let ticket = Ticket::open(&request.ticket, &self.key(request)?.key)?;
        let session = ticket.key.as_ref().ok_or(Error::Cipher)?;
        let authenticator = Authenticator::open(&request.authenticator, session)?;
        // Only now is it known who says all this.
        let late = |by: WallTime, than: WallTime| by.micros_since(than) > SKEW_MICROS;
        if ticket.invalid || late(ticket.from, now) || late(now, ticket.until) {
            return Err(Error::Expired);
        }
        let apart = now.micros_since(authenticator.at);
        if !(-SKEW_MICROS..=SKEW_MICROS).contains(&apart) {
            return Err(Error::Clock { seconds: apart.abs() / 1_000_000 });
        }
        if ticket.client != authenticator.client || ticket.client.realm != self.realm {
            return Err(Error::Nobody);
        }
        // Services have two parts, as has whoever is anonymous (RFC 8062). An address is no name of an account.
        let account = match ticket.client.name.parts.as_slice() {
            [account] if !account.contains(['@', '/', '\\']) => account.clone(),
            _ => return Err(Error::Nobody),
        };
        replays.note(
            &format!("{account}@{}", self.realm),
            request.authenticator.bytes,
            authenticator.at,
            now,
        )?;
        let proof =
            request.mutual.then(|| message::reply(&authenticator, session, confounder)).transpose()?;
        Ok(Proved { account, reply: token.offer.accepted(proof.as_deref()) })
    }

    fn key(&self, request: &Request<'_>) -> Result<&ServiceKey, Error> {
        let sealed = &request.ticket;
        let fits = |key: &&ServiceKey| {
            key.realm == request.realm
                && key.service == request.service
                && i64::from(key.key.number()) == sealed.kind
                // A keytab of old knows the last eight bits of the version.
                && sealed.version.is_none_or(|version| version == key.version || version & 0xff == key.version)
        };
        self.keys.iter().filter(fits).max_by_key(|key| key.version).ok_or_else(|| Error::NoKey {
            service: format!("{}@{}", request.service, request.realm),
            kind: sealed.kind,
            version: sealed.version.unwrap_or_default(),
        })
    }
}

/// Reads whatever a browser, or whoever gives a keytab, might send; for fuzzing.
pub fn read_anything(bytes: &[u8]) {
    let _ = Token::read(bytes);
    let _ = keytab::read(bytes);
    message::read_plain(bytes);
}

#[cfg(test)]
mod tests;
