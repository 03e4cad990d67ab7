//! How far the samples of a stream are safe, told to whoever keeps copies until then.
//!
//! Samples are numbered by the calls of `Archive::push` for their stream, from 0 on, since the archive was opened;
//! refused ones count.
//!
//! What is not here: writing them elsewhere (the layer above one volume).

use std::ops::Range;

use model::StreamKey;

use crate::chain;

/// How far a stream is safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Which stream.
    pub key: StreamKey,
    /// All samples with smaller numbers need no care any more: they are on disk, or were told as lost, or were never to
    /// be recorded (refused, or before the first key frame of a run).
    pub settled: u64,
    /// Samples that are not on this volume since a write or a commit failed; told once. Recording goes on with the
    /// next key frame in a new run.
    pub lost: Vec<Range<u64>>,
}

/// Counts the samples of one stream.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counter {
    /// Number of the next sample.
    pub(crate) pushed: u64,
    /// All before it are written or lost.
    pub(crate) written: u64,
    /// All before it are settled.
    durable: u64,
    /// Chain value at the end of what is durable.
    pub(crate) durable_value: chain::Value,
    /// What the running commit makes durable.
    committing: Option<(u64, chain::Value)>,
    /// So many of the stream's last segments began after the last commit; so many of them are in the running one.
    pub(crate) at_risk: u8,
    at_risk_committing: u8,
    lost: Vec<Range<u64>>,
    pub(crate) lost_total: u64,
    told: u64,
}

impl Counter {
    /// A counter for a stream whose footage ends with that value.
    pub(crate) fn new(value: chain::Value) -> Self {
        Self { durable_value: value, ..Self::default() }
    }

    /// The number of a sample that comes.
    pub(crate) fn next(&mut self) -> u64 {
        let number = self.pushed;
        self.pushed = number.saturating_add(1);
        number
    }

    /// Everything before that number was written.
    pub(crate) fn wrote(&mut self, until: u64) {
        self.written = self.written.max(until);
    }

    /// Everything from what was written to that number is lost.
    pub(crate) fn lose_unwritten(&mut self, until: u64) {
        self.lose(self.written..until);
        self.wrote(until);
    }

    /// One sample is lost.
    pub(crate) fn lose(&mut self, numbers: Range<u64>) {
        if numbers.is_empty() {
            return;
        }
        self.lost_total += numbers.end - numbers.start;
        match self.lost.last_mut() {
            Some(last) if last.end >= numbers.start => last.end = last.end.max(numbers.end),
            _ => self.lost.push(numbers),
        }
    }

    /// A commit begins; the stream's footage ends with that value.
    pub(crate) fn begin_commit(&mut self, value: chain::Value) {
        self.committing = Some((self.written, value));
        self.at_risk_committing = self.at_risk;
    }

    /// The commit is done.
    pub(crate) fn committed(&mut self) {
        if let Some((number, value)) = self.committing.take() {
            self.durable = self.durable.max(number);
            self.durable_value = value;
            self.at_risk = self.at_risk.saturating_sub(self.at_risk_committing);
        }
    }

    /// A segment has ended, some of which is durable or nothing.
    pub(crate) fn ended_segment(&mut self, durable: bool) {
        if durable {
            (self.at_risk, self.at_risk_committing) = (0, 0);
        } else {
            self.at_risk = self.at_risk.saturating_add(1);
        }
    }

    /// The commit failed: nothing since the last one counts.
    pub(crate) fn voided(&mut self) {
        self.committing = None;
        (self.at_risk, self.at_risk_committing) = (0, 0);
        // What was told as lost before must not be told twice.
        let from = self.lost.first().map_or(self.pushed, |range| range.start).min(self.pushed);
        let already: u64 = self.lost.iter().map(|range| range.end - range.start).sum();
        self.lost.clear();
        self.lost_total -= already.min(self.lost_total);
        self.lose(self.durable.min(from)..self.pushed);
        self.written = self.pushed;
        self.durable = self.pushed;
    }

    /// What changed since it was last told.
    pub(crate) fn tell(&mut self, key: StreamKey) -> Option<Progress> {
        if self.told == self.durable && self.lost.is_empty() {
            return None;
        }
        self.told = self.durable;
        Some(Progress { key, settled: self.durable, lost: std::mem::take(&mut self.lost) })
    }
}
