//! What the journal of deletions says, at length and in its short form.
//!
//! Each deletion names its segments. With the years that is much, and little of it is still needed: a name proves that
//! a segment is missing because it was deleted, and it is missed only where something of its run, or something older
//! of its stream, is still there. So the journal is rewritten now and then: what is still needed as ranges of
//! numbers of a run, the rest not at all. The rewritten journal begins with the hash of its last entry before
//! ([`crate::journal`]), which the hourly roots tell as well ([`crate::roots`]).
//!
//! What is not here: the journal's form ([`crate::journal`]), what is to be deleted ([`crate::retention`]).

use std::collections::{BTreeMap, HashMap, HashSet};

use model::{StreamKey, WallTime};
use serde::{Deserialize, Serialize};

use crate::{
    index::{self, Index},
    layout::{SegmentName, parse_stream},
    retention::Entry,
};

/// A rewritten entry has at most so many ranges.
const RANGES_PER_ENTRY: usize = 8192;

/// Segments of a run that were deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Range {
    pub(crate) run_tag: u32,
    /// Numbers, both ends included.
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// When the first and the last of them began, ms since 1970.
    pub(crate) first_ms: i64,
    pub(crate) last_ms: i64,
}

/// All that was deleted.
#[derive(Debug, Default)]
pub(crate) struct Deletions {
    names: HashSet<(StreamKey, SegmentName)>,
    ranges: HashMap<StreamKey, Vec<Range>>,
}

impl Deletions {
    pub(crate) fn new(entries: &[Entry]) -> Self {
        let mut ranges: HashMap<StreamKey, Vec<Range>> = HashMap::new();
        for (stream, more) in entries.iter().flat_map(|entry| &entry.ranges) {
            if let Some(key) = parse_stream(stream) {
                ranges.entry(key).or_default().extend(more);
            }
        }
        Self { names: entries.iter().flat_map(Entry::names).collect(), ranges }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.ranges.is_empty()
    }

    /// Whether the segment was deleted.
    pub(crate) fn has(&self, key: StreamKey, name: SegmentName) -> bool {
        let in_range =
            |range: &Range| range.run_tag == name.run_tag && (range.from..=range.to).contains(&name.number);
        self.names.contains(&(key, name)) || self.ranges.get(&key).is_some_and(|all| all.iter().any(in_range))
    }

    /// How many segments.
    pub(crate) fn len(&self) -> u64 {
        let of_range = |range: &Range| u64::from(range.to - range.from.min(range.to)) + 1;
        self.names.len() as u64 + self.ranges.values().flatten().map(of_range).sum::<u64>()
    }

    /// What was deleted of a stream, in pieces.
    pub(crate) fn of(&self, key: StreamKey) -> impl Iterator<Item = Range> {
        let of_name = |name: &SegmentName| Range {
            run_tag: name.run_tag,
            from: name.number,
            to: name.number,
            first_ms: name.start_ms,
            last_ms: name.start_ms,
        };
        let names =
            self.names.iter().filter(move |(other, _)| *other == key).map(move |(_, name)| of_name(name));
        names.chain(self.ranges.get(&key).into_iter().flatten().copied())
    }

    /// Moments at which segments began that were deleted.
    pub(crate) fn times(&self, key: StreamKey) -> Vec<WallTime> {
        self.of(key).flat_map(|range| [range.first_ms, range.last_ms]).map(WallTime::from_millis).collect()
    }

    /// The same in short, without what nothing on the volume asks for any more.
    pub(crate) fn shorten(&self, index: &Index, at: WallTime) -> Vec<Entry> {
        let keys: HashSet<StreamKey> =
            self.names.iter().map(|(key, _)| *key).chain(self.ranges.keys().copied()).collect();
        let mut short: Vec<(String, Vec<Range>)> = Vec::new();
        for key in keys {
            let Some(stream) = index.get(key) else { continue };
            let (oldest, runs): (Option<i64>, HashSet<u32>) = {
                let stream = index::read(&stream);
                let mut all = stream.from(WallTime::MIN).map(|(summary, _)| summary).peekable();
                (all.peek().map(|first| first.name().start_ms), all.map(|summary| summary.run_tag).collect())
            };
            let Some(oldest) = oldest else { continue };
            let mut by_run: BTreeMap<u32, Vec<Range>> = BTreeMap::new();
            for range in self.of(key) {
                by_run.entry(range.run_tag).or_default().push(range);
            }
            by_run.retain(|run, ranges| {
                runs.contains(run) || ranges.iter().any(|range| range.last_ms >= oldest)
            });
            let ranges: Vec<Range> = by_run.into_values().flat_map(joined).collect();
            if !ranges.is_empty() {
                short.push((key.to_string(), ranges));
            }
        }
        short.sort_by(|one, other| one.0.cmp(&other.0));
        let pieces = short.iter().flat_map(|(stream, ranges)| {
            ranges.chunks(RANGES_PER_ENTRY).map(move |piece| (stream.clone(), piece.to_vec()))
        });
        pieces.map(|piece| Entry::short(at, piece)).collect()
    }
}

/// Ranges of one run, those that touch joined.
fn joined(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_by_key(|range| range.from);
    let mut out: Vec<Range> = Vec::new();
    for range in ranges {
        match out.last_mut().filter(|last| range.from <= last.to.saturating_add(1)) {
            Some(last) => {
                last.to = last.to.max(range.to);
                last.first_ms = last.first_ms.min(range.first_ms);
                last.last_ms = last.last_ms.max(range.last_ms);
            }
            None => out.push(range),
        }
    }
    out
}
