//! A file of any number of tracks, whose data are written in the order in which their samples are pushed.
//!
//! What is not here: bringing tracks into an order ([`super::Layout`] does that for one stream).

use bytes::Bytes;

use super::{
    BadLayout, SampleRef, Start,
    layout::{Begin, write},
    tables::TrackTables,
};
use crate::fmp4::init::Track;

/// A file while its samples are told.
#[derive(Debug)]
pub struct Movie<'a> {
    parts: Vec<(Track<'a>, TrackTables)>,
    /// Whose chunk, and how many bytes.
    order: Vec<(usize, u64)>,
}

impl<'a> Movie<'a> {
    /// A file with these tracks; their `track_ID`s are 1, 2, ….
    pub fn new(tracks: impl IntoIterator<Item = Track<'a>>) -> Self {
        let tables = |track: Track<'a>| (track, TrackTables::new(track.timescale()));
        Self { parts: tracks.into_iter().map(tables).collect(), order: Vec::new() }
    }

    /// Samples of a track (counted from 0) that lie in the file without anything between them. Their
    /// [`SampleRef::track`] does not count.
    ///
    /// # Errors
    /// There is no such track, or its samples make no file that plays.
    pub fn push(&mut self, track: usize, samples: &[SampleRef]) -> Result<(), BadLayout> {
        let Some((kind, tables)) = self.parts.get_mut(track) else { return Err(BadLayout::NoTrack) };
        for (index, sample) in samples.iter().enumerate() {
            if tables.is_empty() && matches!(kind, Track::Video(_)) && !sample.key {
                return Err(BadLayout::NoKey);
            }
            tables.push_to(sample, index == 0)?;
        }
        if !samples.is_empty() {
            self.order.push((track, samples.iter().map(|sample| u64::from(sample.size)).sum()));
        }
        Ok(())
    }

    /// `ftyp`, `moov` and the head of `mdat`, and the bytes of the whole file.
    ///
    /// # Errors
    /// A track has no samples, or the start lies behind the end.
    pub fn finish(mut self, start: Start) -> Result<(Bytes, u64), BadLayout> {
        let mut shown = (i64::MAX, i64::MIN);
        for (track, tables) in &mut self.parts {
            if tables.is_empty() {
                return Err(BadLayout::Empty);
            }
            tables.finish();
            if matches!(track, Track::Video(_)) {
                let (from, to) = tables.shown();
                shown = (shown.0.min(from), shown.1.max(to));
            }
        }
        let begin = Begin::of(shown, start)?;
        Ok(write(&self.parts, self.order.iter().copied(), &begin))
    }
}
