//! A site that goes on with another key: the statement, and the chain of them from a site's first key to its present one.
//!
//! A rotation is for a key whose copies are not certain any more (a disk that was given away, a backup whose passphrase was
//! told). It does not undo a theft: who has the old key can sign a rotation as well. Clients therefore follow one only after
//! a person has agreed, and only for some time; recordings name both keys for ever.
//!
//! What is not here: where keys are kept, who is asked, and a lost key: without the old key there is no rotation, and a
//! site with another key is another site.

use model::{SiteId, WallTime};
use serde::{Deserialize, Serialize};

use crate::{CertificateId, PublicIdentity, Purpose, Signature};

/// No site rotates its key more often.
pub const MAX_ROTATIONS: usize = 16;
/// For so long after a rotation those who pinned the key before it are led to the new one: whoever was away for longer
/// compares the certificate ID anew, and an old statement cannot be brought up again for ever.
pub const FOLLOWED_DAYS: i64 = 400;
/// So far in the future a rotation may be: clocks differ.
const AHEAD_US: i64 = 86_400_000_000;
const DAY_US: i64 = 86_400_000_000;

/// "This site goes on with another key", signed by the old one; and by the new one, so that nobody can put a stranger's
/// key into their own past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// The key before; in JSON the hex digits of its SubjectPublicKeyInfo.
    pub from: PublicIdentity,
    /// The key from then on.
    pub to: PublicIdentity,
    /// When.
    pub at: WallTime,
    /// The old key's signature.
    pub signed_by_old: Signature,
    /// The new key's signature.
    pub signed_by_new: Signature,
}

/// The rotations of one site, oldest first. There is none that does not hold: reading one checks it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Rotation>")]
pub struct Lineage(Vec<Rotation>);

/// Why rotations do not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineageError {
    /// Too many.
    #[error("a site has at most {MAX_ROTATIONS} rotations")]
    TooMany,
    /// One is not signed by the keys that it names.
    #[error("rotation {0} is not signed by both of its keys")]
    BadSignature(usize),
    /// One does not begin where the one before it ended.
    #[error("rotation {0} does not go on from the key of the one before it")]
    Torn(usize),
    /// A key comes twice.
    #[error("rotation {0} leads back to a key that was given up")]
    Loop(usize),
    /// One is older than the one before it.
    #[error("rotation {0} is older than the one before it")]
    Backwards(usize),
}

/// Why a client that pinned a key is not led to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotFollowed {
    /// The pinned key is not among them, or not before the other.
    #[error("the pinned key has signed no rotation that leads to the key that was found")]
    NotFromThere,
    /// Too long ago.
    #[error("the rotation of {0} is more than {FOLLOWED_DAYS} days ago")]
    TooOld(WallTime),
    /// Not yet.
    #[error("the rotation is dated {0}, in the future: is the clock right?")]
    Future(WallTime),
}

impl Rotation {
    /// What is signed after the label: both SubjectPublicKeyInfos (91 bytes each), 8 bytes microseconds since 1970 (big
    /// endian).
    pub(crate) fn statement(from: &PublicIdentity, to: &PublicIdentity, at: WallTime) -> Vec<u8> {
        [from.spki_der().as_slice(), to.spki_der(), &at.micros().to_be_bytes()].concat()
    }

    fn holds(&self) -> bool {
        let statement = Self::statement(&self.from, &self.to, self.at);
        self.from.verify(Purpose::Rotation, &statement, &self.signed_by_old).is_ok()
            && self.to.verify(Purpose::Rotation, &statement, &self.signed_by_new).is_ok()
    }
}

impl TryFrom<Vec<Rotation>> for Lineage {
    type Error = LineageError;

    fn try_from(rotations: Vec<Rotation>) -> Result<Self, LineageError> {
        if rotations.len() > MAX_ROTATIONS {
            return Err(LineageError::TooMany);
        }
        let mut before: Option<&Rotation> = None;
        let mut seen: Vec<&PublicIdentity> = rotations.first().map(|first| &first.from).into_iter().collect();
        for (at, one) in rotations.iter().enumerate() {
            let number = at + 1;
            if before.is_some_and(|before| before.to != one.from) {
                return Err(LineageError::Torn(number));
            }
            if before.is_some_and(|before| before.at > one.at) {
                return Err(LineageError::Backwards(number));
            }
            if seen.contains(&&one.to) {
                return Err(LineageError::Loop(number));
            }
            if !one.holds() {
                return Err(LineageError::BadSignature(number));
            }
            seen.push(&one.to);
            before = Some(one);
        }
        Ok(Self(rotations))
    }
}

impl Lineage {
    /// With one more at its end.
    pub(crate) fn and(&self, next: Rotation) -> Result<Self, LineageError> {
        self.0.iter().cloned().chain([next]).collect::<Vec<_>>().try_into()
    }

    /// Whether the site still has its first key.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, oldest first.
    #[must_use]
    pub fn rotations(&self) -> &[Rotation] {
        &self.0
    }

    /// The key that the last one leads to.
    #[must_use]
    pub fn current(&self) -> Option<&PublicIdentity> {
        self.0.last().map(|last| &last.to)
    }

    /// The identifier of the site that has or had this key: that of the first key.
    #[must_use]
    pub fn site_of(&self, id: CertificateId) -> SiteId {
        let first = self.0.first().map(|first| first.from.certificate_id());
        first.filter(|_| self.has(id)).unwrap_or(id).site_id()
    }

    /// Whether both are keys of one site.
    #[must_use]
    pub fn are_one_site(&self, one: CertificateId, other: CertificateId) -> bool {
        one == other || (self.has(one) && self.has(other))
    }

    /// When the site gave this key up; nothing where it did not, or never had it.
    #[must_use]
    pub fn given_up(&self, id: CertificateId) -> Option<WallTime> {
        self.0.iter().find(|one| one.from.certificate_id() == id).map(|one| one.at)
    }

    /// The rotations that lead from the pinned key to the one that was found, for a person who is asked whether to follow.
    pub fn follow(
        &self,
        pinned: CertificateId,
        found: CertificateId,
        now: WallTime,
    ) -> Result<&[Rotation], NotFollowed> {
        let begin = self.0.iter().position(|one| one.from.certificate_id() == pinned);
        let end = self.0.iter().position(|one| one.to.certificate_id() == found);
        let way = begin.zip(end).and_then(|(begin, end)| self.0.get(begin..=end));
        let way = way.filter(|way| !way.is_empty()).ok_or(NotFollowed::NotFromThere)?;
        for one in way {
            let age = now.micros_since(one.at);
            if age > FOLLOWED_DAYS * DAY_US {
                return Err(NotFollowed::TooOld(one.at));
            }
            if age < -AHEAD_US {
                return Err(NotFollowed::Future(one.at));
            }
        }
        Ok(way)
    }

    fn has(&self, id: CertificateId) -> bool {
        self.0.first().is_some_and(|first| first.from.certificate_id() == id)
            || self.0.iter().any(|one| one.to.certificate_id() == id)
    }
}
