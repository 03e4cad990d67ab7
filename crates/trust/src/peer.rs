//! The transcript of a peer session: what client and site agreed on before a packet of theirs met, signed by the site.
//!
//! A mediator carries the client's [`Offer`] and the site's [`Answer`] and is trusted with neither. The site signs every
//! field of both under [`Purpose::PeerSession`]; the client takes the answer only if the site it has pinned signed
//! exactly the offer that it made. What a mediator can still do is not to deliver. Candidates (addresses to try) are not
//! signed: whoever answers at a wrong one has no key to the fingerprints.
//!
//! The parts of a [`Party`] go into a WebRTC stack and, in browsers, into SDP that the client writes itself. Their
//! alphabets leave no room for a line break, so nothing can be put in beside them.
//!
//! What is not here: JSON (`api::peer`), ICE, DTLS, SDP; and who may do what once the session stands.

use model::{PeerSessionId, SiteId, WallTime};
use sha2::{Digest, Sha256};

use crate::{BadSignature, CertificateId, Identity, PublicIdentity, Purpose, Signature};

/// Bytes of a nonce.
pub const NONCE_LEN: usize = 32;
/// How long an answer can be taken.
pub const LIFETIME_US: i64 = 120_000_000;
/// How far the clocks of client and site may be apart. That the answer is fresh is shown by the client's nonce.
pub const MAX_SKEW_US: i64 = 600_000_000;
/// Letters of an ICE user fragment (RFC 8839 section 5.4 takes 4 to 256; no stack makes more than this).
const UFRAG: std::ops::RangeInclusive<usize> = 4..=32;
/// Letters of an ICE password (RFC 8839 section 5.4 takes 22 to 256).
const PWD: std::ops::RangeInclusive<usize> = 22..=64;

/// SHA-256 of a DTLS certificate (RFC 8122 section 5, always `sha-256`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DtlsFingerprint(pub [u8; 32]);

/// One side of a session: what the other has to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    nonce: [u8; NONCE_LEN],
    fingerprint: DtlsFingerprint,
    ufrag: String,
    pwd: String,
}

/// Who begins the DTLS handshake (RFC 8842 section 5.2). It is always the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    /// The site waits.
    Passive,
    /// The site begins. Said by no site; named so that it can be refused.
    Active,
}

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The site that is meant.
    pub site: SiteId,
    /// Drawn by the client, for this session alone.
    pub session: PeerSessionId,
    /// The client's side.
    pub client: Party,
}

/// What a site answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The site's side.
    pub site: Party,
    /// Who begins the handshake.
    pub setup: Setup,
    /// Until when it can be taken, by the site's clock.
    pub expires: WallTime,
    /// The site's public key.
    pub identity: PublicIdentity,
    /// The identity's signature over the [`Transcript`].
    pub signature: Signature,
}

/// What was agreed on, as both sides know it: the hash of all fields. Proofs of keys are made over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transcript([u8; 32]);

/// A field of a [`Party`] that no stack would make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadParty {
    /// The user fragment.
    #[error("an ICE user fragment has {} to {} letters, digits, + or /", UFRAG.start(), UFRAG.end())]
    Ufrag,
    /// The password.
    #[error("an ICE password has {} to {} letters, digits, + or /", PWD.start(), PWD.end())]
    Pwd,
}

/// The offer is for another site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the offer is for the site {0}")]
pub struct OtherSite(pub SiteId);

/// Why an answer is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Somebody else answers.
    #[error("another site answers: its certificate ID is {found}, {pinned} was expected")]
    OtherIdentity {
        /// Who answers.
        found: CertificateId,
        /// Who was expected.
        pinned: CertificateId,
    },
    /// The site did not sign this answer to this offer.
    #[error("the answer is not the site's answer to this offer")]
    BadSignature,
    /// The roles are swapped.
    #[error("the answer wants the client to wait for the handshake; it is the client who begins")]
    Role,
    /// The answer has ended.
    #[error("the answer ended at {0}; is this computer's clock right?")]
    Expired(WallTime),
    /// The answer ends later than answers do.
    #[error("the answer ends as late as {0}; is this computer's clock right?")]
    FarAhead(WallTime),
}

impl Party {
    /// One side; the parts are what a WebRTC stack made.
    ///
    /// # Errors
    /// A part that is too long, too short, or has other letters than RFC 8839 allows (`ice-char`).
    pub fn new(
        nonce: [u8; NONCE_LEN],
        fingerprint: DtlsFingerprint,
        ufrag: &str,
        pwd: &str,
    ) -> Result<Self, BadParty> {
        let ice = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte));
        if !UFRAG.contains(&ufrag.len()) || !ice(ufrag) {
            return Err(BadParty::Ufrag);
        }
        if !PWD.contains(&pwd.len()) || !ice(pwd) {
            return Err(BadParty::Pwd);
        }
        Ok(Self { nonce, fingerprint, ufrag: ufrag.to_owned(), pwd: pwd.to_owned() })
    }

    /// Drawn for this session alone.
    #[must_use]
    pub const fn nonce(&self) -> &[u8; NONCE_LEN] {
        &self.nonce
    }

    /// Of the DTLS certificate.
    #[must_use]
    pub const fn fingerprint(&self) -> DtlsFingerprint {
        self.fingerprint
    }

    /// ICE user fragment.
    #[must_use]
    pub fn ufrag(&self) -> &str {
        &self.ufrag
    }

    /// ICE password: lets its holder send connectivity checks, nothing more.
    #[must_use]
    pub fn pwd(&self) -> &str {
        &self.pwd
    }

    fn put(&self, statement: &mut Vec<u8>) {
        for field in [self.nonce.as_slice(), &self.fingerprint.0, self.ufrag.as_bytes(), self.pwd.as_bytes()]
        {
            put(statement, field);
        }
    }
}

impl Offer {
    /// Whether the pinned site gave this answer to this very offer, in time.
    ///
    /// # Errors
    /// Why not.
    pub fn check(
        &self,
        answer: &Answer,
        pinned: &CertificateId,
        now: WallTime,
    ) -> Result<Transcript, Refused> {
        let found = answer.identity.certificate_id();
        if found != *pinned || found.site_id() != self.site {
            return Err(Refused::OtherIdentity { found, pinned: *pinned });
        }
        if answer.setup != Setup::Passive {
            return Err(Refused::Role);
        }
        let statement = self.statement(&answer.site, answer.setup, answer.expires);
        answer
            .identity
            .verify(Purpose::PeerSession, &statement, &answer.signature)
            .map_err(|_| Refused::BadSignature)?;
        let left = answer.expires.micros_since(now);
        if left <= -MAX_SKEW_US {
            return Err(Refused::Expired(answer.expires));
        }
        if left > LIFETIME_US + MAX_SKEW_US {
            return Err(Refused::FarAhead(answer.expires));
        }
        Ok(Transcript::of(&statement))
    }

    /// What is signed after the label: every field of offer and answer behind its length (2 bytes, big endian).
    fn statement(&self, site: &Party, setup: Setup, expires: WallTime) -> Vec<u8> {
        let mut statement = Vec::with_capacity(512);
        put(&mut statement, self.site.as_bytes());
        put(&mut statement, self.session.as_bytes());
        self.client.put(&mut statement);
        site.put(&mut statement);
        let setup: &[u8] = match setup {
            Setup::Passive => b"passive",
            Setup::Active => b"active",
        };
        put(&mut statement, setup);
        put(&mut statement, &expires.micros().to_be_bytes());
        statement
    }
}

/// A field behind its length. None is longer than 64 bytes.
fn put(statement: &mut Vec<u8>, field: &[u8]) {
    let length = u16::try_from(field.len()).unwrap_or(u16::MAX);
    statement.extend_from_slice(&length.to_be_bytes());
    statement.extend_from_slice(field);
}

impl Identity {
    /// Answers an offer.
    ///
    /// # Errors
    /// The offer is for another site.
    pub fn answer_peer(
        &self,
        offer: &Offer,
        site: Party,
        now: WallTime,
    ) -> Result<(Answer, Transcript), OtherSite> {
        if offer.site != self.site_id() {
            return Err(OtherSite(offer.site));
        }
        let expires = now.plus_micros(LIFETIME_US);
        let statement = offer.statement(&site, Setup::Passive, expires);
        let signature = self.sign(Purpose::PeerSession, &statement);
        let transcript = Transcript::of(&statement);
        let identity = self.public().clone();
        Ok((Answer { site, setup: Setup::Passive, expires, identity, signature }, transcript))
    }

    /// Proves, as a client, that this key takes part in the session.
    #[must_use]
    pub fn prove_peer(&self, transcript: &Transcript) -> Signature {
        self.sign(Purpose::ClientKey, &transcript.0)
    }
}

impl PublicIdentity {
    /// Whether the holder of this key, a client's, takes part in the session. A proof for one session is none for another.
    ///
    /// # Errors
    /// It is not this key's, or about another session.
    pub fn verify_peer(&self, transcript: &Transcript, proof: &Signature) -> Result<(), BadSignature> {
        self.verify(Purpose::ClientKey, &transcript.0, proof)
    }
}

impl Transcript {
    fn of(statement: &[u8]) -> Self {
        Self(
            Sha256::new()
                .chain_update(Purpose::PeerSession.label())
                .chain_update(statement)
                .finalize()
                .into(),
        )
    }

    /// The 32 bytes that a client's key signs, behind the label of [`Purpose::ClientKey`].
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}
