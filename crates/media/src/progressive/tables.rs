//! Sample tables of one track, kept small: 4 bytes per sample and runs for all else.
//!
//! What is not here: the order of the tracks' chunks in the file ([`super::layout`]).

use super::{BadLayout, SampleRef};
use crate::fmp4::boxes::BoxWriter;

/// A run of equal values, as `stts` and `ctts` have them.
#[derive(Clone, Copy, Debug)]
struct Run<T> {
    count: u32,
    value: T,
}

fn push_run<T: PartialEq>(runs: &mut Vec<Run<T>>, value: T) {
    match runs.last_mut() {
        Some(run) if run.value == value => run.count += 1,
        _ => runs.push(Run { count: 1, value }),
    }
}

/// Samples of one track that lie in the file without anything between them.
#[derive(Clone, Copy, Debug)]
pub struct TrackChunk {
    /// Decode time of its first sample, ticks.
    pub time: i64,
    /// Samples.
    pub count: u32,
    /// Bytes of all of them.
    pub bytes: u64,
}

/// All that the tables of a track are made of.
#[derive(Debug)]
pub struct TrackTables {
    timescale: u32,
    sizes: Vec<u32>,
    deltas: Vec<Run<u32>>,
    offsets: Vec<Run<i32>>,
    keys: Vec<u32>,
    chunks: Vec<TrackChunk>,
    /// Decode time of the first sample.
    first: i64,
    last: Option<(i64, u32)>,
    /// The presentation times of all samples lie in here.
    shown: Option<(i64, i64)>,
}

impl TrackTables {
    /// An empty track.
    pub fn new(timescale: u32) -> Self {
        Self {
            timescale,
            sizes: Vec::new(),
            deltas: Vec::new(),
            offsets: Vec::new(),
            keys: Vec::new(),
            chunks: Vec::new(),
            first: 0,
            last: None,
            shown: None,
        }
    }

    /// Adds the next sample in decoding order; chunks last half a second.
    pub fn push(&mut self, sample: &SampleRef) -> Result<(), BadLayout> {
        let half = i64::from(self.timescale) / 2;
        let new = self.chunks.last().is_none_or(|chunk| sample.time - chunk.time >= half);
        self.push_to(sample, new)
    }

    /// Adds the next sample in decoding order, to the last chunk or to a new one.
    pub fn push_to(&mut self, sample: &SampleRef, new_chunk: bool) -> Result<(), BadLayout> {
        let number = u32::try_from(self.sizes.len() + 1).map_err(|_| BadLayout::TooMany)?;
        if let Some((time, _)) = self.last {
            let delta = sample.time.checked_sub(time).filter(|delta| *delta > 0).ok_or(BadLayout::Order)?;
            push_run(&mut self.deltas, u32::try_from(delta).map_err(|_| BadLayout::Gap)?);
        } else {
            self.first = sample.time;
        }
        self.last = Some((sample.time, sample.duration));
        let begin = sample.time.saturating_add(i64::from(sample.composition_offset));
        let end = begin.saturating_add(i64::from(sample.duration));
        let (from, to) = self.shown.unwrap_or((begin, end));
        self.shown = Some((from.min(begin), to.max(end)));
        self.sizes.push(sample.size);
        push_run(&mut self.offsets, sample.composition_offset);
        if sample.key {
            self.keys.push(number);
        }
        match self.chunks.last_mut() {
            Some(chunk) if !new_chunk => {
                chunk.count += 1;
                chunk.bytes += u64::from(sample.size);
            }
            _ => {
                self.chunks.push(TrackChunk { time: sample.time, count: 1, bytes: u64::from(sample.size) });
            }
        }
        Ok(())
    }

    /// Says that no sample follows: the last one lasts as long as it said.
    pub fn finish(&mut self) {
        if let Some((_, duration)) = self.last.take() {
            push_run(&mut self.deltas, duration);
        }
    }

    /// Ticks per second.
    pub fn timescale(&self) -> u32 {
        self.timescale
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }

    /// Decode time of the first sample, ticks.
    pub fn first(&self) -> i64 {
        self.first
    }

    /// The first moment at which a sample is presented, and the end of the one that ends last, ticks.
    pub fn shown(&self) -> (i64, i64) {
        self.shown.unwrap_or_default()
    }

    /// Sum of all durations, ticks.
    pub fn duration(&self) -> u64 {
        self.deltas.iter().map(|run| u64::from(run.count) * u64::from(run.value)).sum()
    }

    /// Its chunks in order.
    pub fn chunks(&self) -> &[TrackChunk] {
        &self.chunks
    }

    /// Bytes that all tables take at most.
    pub fn size_hint(&self) -> usize {
        self.sizes.len() * 4
            + (self.deltas.len() + self.offsets.len()) * 8
            + self.keys.len() * 4
            + self.chunks.len() * 20
    }

    /// Writes all tables but `stsd`; returns where the entries of `stco` or `co64` stand, to be filled in.
    pub fn write(&self, out: &mut BoxWriter, wide: bool) -> usize {
        out.full(b"stts", 0, 0, |out| write_runs(out, &self.deltas, |out, value| out.u32(value)));
        if self.offsets.iter().any(|run| run.value != 0) {
            let version = u8::from(self.offsets.iter().any(|run| run.value < 0));
            out.full(b"ctts", version, 0, |out| {
                write_runs(out, &self.offsets, |out, value| out.i32(value));
            });
        }
        if self.keys.len() < self.sizes.len() {
            out.full(b"stss", 0, 0, |out| {
                count(out, self.keys.len());
                self.keys.iter().for_each(|key| out.u32(*key));
            });
        }
        out.full(b"stsc", 0, 0, |out| self.write_chunk_runs(out));
        out.full(b"stsz", 0, 0, |out| {
            out.u32(0);
            count(out, self.sizes.len());
            self.sizes.iter().for_each(|size| out.u32(*size));
        });
        let mut entries = 0;
        out.full(if wide { b"co64" } else { b"stco" }, 0, 0, |out| {
            count(out, self.chunks.len());
            entries = out.len();
            out.zeros(self.chunks.len() * if wide { 8 } else { 4 });
        });
        entries
    }

    /// `stsc`: the first chunk of each row of chunks with the same number of samples.
    fn write_chunk_runs(&self, out: &mut BoxWriter) {
        let begins = || {
            let before = std::iter::once(None).chain(self.chunks.iter().map(|chunk| Some(chunk.count)));
            (1u32..)
                .zip(self.chunks.iter().zip(before))
                .filter(|(_, (chunk, before))| Some(chunk.count) != *before)
        };
        count(out, begins().count());
        for (number, (chunk, _)) in begins() {
            out.u32(number);
            out.u32(chunk.count);
            out.u32(1);
        }
    }
}

fn count(out: &mut BoxWriter, entries: usize) {
    out.u32(u32::try_from(entries).unwrap_or(u32::MAX));
}

fn write_runs<T: Copy>(out: &mut BoxWriter, runs: &[Run<T>], value: impl Fn(&mut BoxWriter, T)) {
    count(out, runs.len());
    for run in runs {
        out.u32(run.count);
        value(out, run.value);
    }
}
