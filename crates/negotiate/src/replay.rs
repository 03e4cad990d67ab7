//! What was used already: an authenticator counts once. What is kept is bounded; a person who uses up the own share keeps
//! nobody else out.

use std::collections::HashMap;

use model::WallTime;
use sha2::{Digest, Sha256};

use crate::{Error, SKEW_MICROS};

/// Most authenticators that are remembered.
const MOST: usize = 16 << 10;
/// Most of one person.
const MOST_OF_ONE: usize = 64;

/// Authenticators of the last minutes. One is forgotten when its time would refuse it.
#[derive(Debug, Default)]
pub struct Replays {
    seen: HashMap<String, Vec<(WallTime, [u8; 32])>>,
    count: usize,
}

impl Replays {
    /// Remembers what this person used.
    pub(crate) fn note(
        &mut self,
        who: &str,
        sealed: &[u8],
        made: WallTime,
        now: WallTime,
    ) -> Result<(), Error> {
        let digest: [u8; 32] = Sha256::digest(sealed).into();
        if self.count >= MOST || self.seen.get(who).is_some_and(|seen| seen.len() >= MOST_OF_ONE) {
            self.forget(now);
        }
        let own = self.seen.get(who).map(Vec::as_slice).unwrap_or_default();
        if own.iter().any(|(_, one)| *one == digest) {
            return Err(Error::Replayed);
        }
        if self.count >= MOST || own.len() >= MOST_OF_ONE {
            return Err(Error::TooMany);
        }
        self.seen.entry(who.to_owned()).or_default().push((made, digest));
        self.count += 1;
        Ok(())
    }

    fn forget(&mut self, now: WallTime) {
        let oldest = now.plus_micros(-SKEW_MICROS);
        self.seen.retain(|_, seen| {
            seen.retain(|(made, _)| *made >= oldest);
            !seen.is_empty()
        });
        self.count = self.seen.values().map(Vec::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_counts_once_and_what_is_remembered_is_bounded() {
        let now = WallTime::from_micros(1_000_000_000_000);
        let later = now.plus_micros(SKEW_MICROS + 1);
        let mut replays = Replays::default();
        let mut note =
            |who: &str, sealed: usize, made, now| replays.note(who, &sealed.to_be_bytes(), made, now);
        assert_eq!(note("anna", 0, now, now), Ok(()));
        assert_eq!(note("anna", 0, now, now), Err(Error::Replayed));
        for sealed in 1..MOST_OF_ONE {
            assert_eq!(note("anna", sealed, now, now), Ok(()));
        }
        assert_eq!(note("anna", 1000, now, now), Err(Error::TooMany));
        assert_eq!(note("anna", 5, now, now), Err(Error::Replayed), "also when there is no room");
        assert_eq!(note("bert", 1000, now, now), Ok(()), "others have their own");
        assert_eq!(note("anna", 1000, later, later), Ok(()), "what is too old is forgotten");
        for who in 0..MOST - 1 {
            assert_eq!(note(&format!("u{who}"), 1, later, later), Ok(()));
        }
        assert_eq!(note("carl", 1, later, later), Err(Error::TooMany));
        assert!(replays.seen.values().map(Vec::len).sum::<usize>() <= MOST);
    }
}
