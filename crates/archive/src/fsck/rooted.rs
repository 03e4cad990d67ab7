//! Holds the hourly roots against what is there: what they stood for must still be there, or be deleted in order.
//!
//! Whoever cuts off the end of a stream with the site's key in hand, and writes heads and journals to match, is told by a root
//! that knows better; kept elsewhere or countersigned, it cannot be written anew ([`crate::roots`]).
//!
//! What is not here: making roots.

use std::collections::{HashMap, HashSet};

use model::{StreamKey, WallTime};

use super::{Problem, Report, Seen};
use crate::{
    Error, chain,
    deletions::Deletions,
    disk::Disk,
    layout::{DELETIONS_FILE, ROOTS_FILE, parse_stream},
    roots::{Root, unhex},
    scan,
    tables::reading,
};

/// A segment that was being written when a root was made had begun at most so long before, in µs; three times the longest there is.
const LONGEST_US: i64 = 900_000_000;
/// What was deleted so near to a root may be what it stood for.
const NEAR_US: i64 = 3_600_000_000;

/// The roots of a volume and what they are held against.
pub(super) struct Rooted<'a> {
    pub(super) roots: &'a [Root],
    pub(super) streams: &'a HashMap<StreamKey, Vec<Seen>>,
    pub(super) deleted: &'a Deletions,
    /// Each journal's name, and the hashes of its entries; the first is that of the last entry before it was rewritten, zeros
    /// where it never was.
    pub(super) journals: &'a [(&'static str, Vec<[u8; 32]>)],
}

impl Rooted<'_> {
    /// Checks the newest root of each stream; `all`: every one.
    pub(super) fn check<D: Disk>(&self, disk: &D, all: bool, report: &mut Report) -> Result<(), Error> {
        let mut problem = |what| report.problems.push(Problem { path: ROOTS_FILE.to_owned(), what });
        for pair in self.roots.windows(2) {
            let [before, root] = pair else { continue };
            if root.hash(Some(before)) != root.root {
                problem(format!("the root of {} does not follow from the one before", root.at));
            }
        }
        let mut seen: HashSet<&str> = HashSet::new();
        for root in self.roots.iter().rev() {
            for (name, value) in &root.streams {
                if !seen.insert(name) && !all {
                    continue;
                }
                let Some(key) = parse_stream(name) else { continue };
                if !self.stands(disk, key, unhex(value), root.at)? {
                    let at = root.at;
                    problem(format!("{name}: what had been recorded by {at} is not there as it was"));
                }
            }
            for (name, value) in &root.journals {
                let known = self.journals.iter().find(|(journal, _)| journal == name);
                let stands = known.is_none_or(|(_, hashes)| hashes.contains(&unhex(value)));
                if !stands && !self.was_rewritten(name) {
                    problem(format!("{name}: entries that were there at {} are gone", root.at));
                }
            }
        }
        Ok(())
    }

    /// A rewritten journal does not have its old entries.
    fn was_rewritten(&self, journal: &str) -> bool {
        let known = self.journals.iter().find(|(name, _)| *name == journal);
        known.and_then(|(_, hashes)| hashes.first()).is_some_and(|base| *base != [0; 32])
    }

    /// Whether a segment of the stream has the value, or the one that had it was deleted.
    fn stands<D: Disk>(
        &self,
        disk: &D,
        key: StreamKey,
        value: chain::Value,
        at: WallTime,
    ) -> Result<bool, Error> {
        let none = Vec::new();
        let segments = self.streams.get(&key).unwrap_or(&none);
        if value == [0; 32] || segments.iter().any(|one| one.value == value || one.head.previous == value) {
            return Ok(true);
        }
        let since = |one: &&Seen| at.micros_since(one.head.server_wall);
        // By the server's clock; where that was set meanwhile, it may be any of them.
        let (likely, other): (Vec<&Seen>, Vec<&Seen>) =
            segments.iter().partition(|one| (0..=LONGEST_US).contains(&since(one)));
        for one in likely.into_iter().chain(other) {
            let failed = |error| reading(one.name.path(key), error);
            let file = disk.open(&one.name.path(key)).map_err(|error| failed(error.into()))?;
            let header = scan::header(&file).map_err(failed)?;
            let walked = scan::walk(&file, &header, u64::MAX).map_err(|error| failed(error.into()))?;
            if walked.values.contains(&value) {
                return Ok(true);
            }
        }
        let gone = self.deleted.times(key);
        let near = gone.iter().any(|gone| gone.micros_since(at).abs() <= NEAR_US);
        // Of what is older than all that is left, a journal that was rewritten tells nothing.
        let may_be_gone = !gone.is_empty() || self.was_rewritten(DELETIONS_FILE);
        let all_older = may_be_gone && !segments.iter().any(|one| since(&one) >= 0);
        Ok(near || all_older)
    }
}
