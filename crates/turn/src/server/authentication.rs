//! Who asks (RFC 8489 section 9.2.4).
//!
//! What is here: from a request to the user behind it, or to the answer that sends it back.
//! What is not here: the form of credentials and nonces (`credentials`, `nonce`).

use stun_types::attribute::{
    AttributeStaticType as _, MessageIntegrity, MessageIntegritySha256, Nonce, PasswordAlgorithm,
    PasswordAlgorithmValue, PasswordAlgorithms, Realm, Username,
};
use stun_types::message::{IntegrityAlgorithm, IntegrityKey, LongTermKeyCredentials, Message};

use super::answer::Answer;
use super::events::Refusal;
use super::{Client, Now, Server};
use crate::nonce::offers_algorithms;

/// Signs answers as the request was signed.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    pub(crate) key: IntegrityKey,
    pub(crate) algorithm: IntegrityAlgorithm,
}

/// Somebody who knows the password of a username.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) username: String,
    pub(super) account: String,
    pub(super) session: String,
    /// Whether the ledger is asked.
    pub(super) billed: bool,
    /// Seconds that the credential still holds; none for a static user.
    pub(super) remaining_s: Option<u64>,
    pub(super) signer: Signer,
}

/// Why somebody is sent back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stranger {
    /// No credentials yet: every client begins so.
    Unsigned,
    /// Something is missing or contradicts itself.
    Malformed,
    /// Unknown, wrong or expired.
    Refused,
    /// The nonce is not, or no longer, one of this client.
    Stale,
}

impl Server {
    /// The caller; else the request is answered.
    pub(super) fn authenticate(&mut self, client: Client, request: &Message<'_>, now: Now) -> Option<Caller> {
        let stranger = match self.identify(client, request, now) {
            Ok(caller) => return Some(caller),
            Err(stranger) => stranger,
        };
        let challenge = |server: &Self, code| {
            let nonce = server.nonces.issue(client, now.since_start);
            Answer::error(request, code, "").challenge(&server.realm, &nonce)
        };
        let answer = match stranger {
            Stranger::Unsigned => challenge(self, 401),
            Stranger::Malformed => {
                self.refused(client, Refusal::Malformed);
                Answer::error(request, 400, "")
            }
            Stranger::Refused => {
                self.refused(client, Refusal::Credentials);
                challenge(self, 401)
            }
            Stranger::Stale => challenge(self, 438),
        };
        self.answer_stranger(client, request.as_bytes().len(), answer.finish(None), now);
        None
    }

    fn identify(&self, client: Client, request: &Message<'_>, now: Now) -> Result<Caller, Stranger> {
        let algorithm = if request.has_attribute(MessageIntegritySha256::TYPE) {
            IntegrityAlgorithm::Sha256
        } else if request.has_attribute(MessageIntegrity::TYPE) {
            IntegrityAlgorithm::Sha1
        } else {
            return Err(Stranger::Unsigned);
        };
        let (Ok(username), Ok(realm), Ok(nonce)) =
            (request.attribute::<Username>(), request.attribute::<Realm>(), request.attribute::<Nonce>())
        else {
            return Err(Stranger::Malformed);
        };
        self.check_algorithms(request, nonce.nonce(), algorithm)?;
        // Before any key is computed, so that guessing costs more than it makes us work.
        if !self.nonces.is_fresh(nonce.nonce(), client, now.since_start) {
            return Err(Stranger::Stale);
        }
        if realm.realm() != self.realm.realm() {
            return Err(Stranger::Refused);
        }
        let user = self.users.find(username.username()).ok_or(Stranger::Refused)?;
        let remaining_s = user.expires_unix_s.map(|expires| expires.saturating_sub(now.unix_s));
        let billed = user.is_billed();
        let credentials = LongTermKeyCredentials::new(
            username.username().to_owned(),
            user.password,
            realm.realm().to_owned(),
        );
        let key = credentials.make_key(algorithm);
        if request.validate_integrity_with_key(&key).is_err() || remaining_s == Some(0) {
            return Err(Stranger::Refused);
        }
        Ok(Caller {
            username: username.username().to_owned(),
            account: user.account.to_owned(),
            session: user.session.to_owned(),
            billed,
            remaining_s,
            signer: Signer { key, algorithm },
        })
    }

    /// Password algorithms as RFC 8489 section 9.2.4 has them. MD5 goes with MESSAGE-INTEGRITY and SHA-256 with
    /// MESSAGE-INTEGRITY-SHA256: no client mixes them, and what was not offered cannot be talked down.
    fn check_algorithms(
        &self,
        request: &Message<'_>,
        nonce: &str,
        integrity: IntegrityAlgorithm,
    ) -> Result<(), Stranger> {
        let offered = request.has_attribute(PasswordAlgorithms::TYPE);
        let chosen = request.has_attribute(PasswordAlgorithm::TYPE);
        let algorithm = match (offered, chosen) {
            (false, false) => PasswordAlgorithmValue::MD5,
            (true, true) if offers_algorithms(nonce) => {
                let list = request.attribute::<PasswordAlgorithms>().map_err(|_| Stranger::Malformed)?;
                let ours = [PasswordAlgorithmValue::SHA256, PasswordAlgorithmValue::MD5];
                if list.algorithms() != ours {
                    return Err(Stranger::Malformed);
                }
                request.attribute::<PasswordAlgorithm>().map_err(|_| Stranger::Malformed)?.algorithm()
            }
            _ => return Err(Stranger::Malformed),
        };
        match (algorithm, integrity) {
            (PasswordAlgorithmValue::MD5, IntegrityAlgorithm::Sha1)
            | (PasswordAlgorithmValue::SHA256, IntegrityAlgorithm::Sha256) => Ok(()),
            _ => Err(Stranger::Refused),
        }
    }
}
