//! An exported file as a reader meets it: tracks whose samples come one after the other.
//!
//! What is not here: what the samples should be.

use std::{collections::VecDeque, io};

use media::{
    mkv::read::{BadFile as BadMkv, MkvFile, MkvSample, read_mkv},
    progressive::read::{BadMovie, Coding, Samples, read_movie},
};
use sha2::{Digest, Sha256};

use crate::plan::Container;

pub(crate) use media::fmp4::read::ReadAt;

/// Read at once: small enough to be hashed out of the processor's cache.
const PIECE: usize = 256 << 10;

/// A sample of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileSample {
    pub(crate) offset: u64,
    pub(crate) size: u32,
    /// MP4: decode time, ticks; Matroska: presentation time, ms.
    pub(crate) time: i64,
    /// MP4 only.
    pub(crate) composition_offset: i32,
    pub(crate) key: bool,
}

enum Source {
    Mp4(Box<Samples>),
    /// Those of the clusters that were read.
    Mkv(VecDeque<MkvSample>),
}

/// A track whose samples come.
pub(crate) struct Track {
    pub(crate) coding: Coding,
    source: Source,
    /// Where samples lay, as they came; neighbours are one.
    extents: Vec<(u64, u64)>,
}

/// A parsed file.
pub(crate) struct Opened {
    pub(crate) tracks: Vec<Track>,
    /// Of all bytes that are no sample's, as far as they were read.
    structure: Sha256,
    pub(crate) bytes: u64,
    /// Where samples may lie, where the file says so.
    data: Option<(u64, u64)>,
    /// Clusters that were not read yet.
    clusters: Option<MkvFile>,
}

/// Why a file cannot be checked.
pub(crate) enum Unreadable {
    Io(io::Error),
    Malformed(String),
}

impl From<BadMkv<io::Error>> for Unreadable {
    fn from(error: BadMkv<io::Error>) -> Self {
        match error {
            BadMkv::Read(error) => Self::Io(error),
            other => Self::Malformed(other.to_string()),
        }
    }
}

impl Opened {
    pub(crate) fn open<R: ReadAt<Error = io::Error>>(
        source: &R,
        container: Container,
    ) -> Result<Self, Unreadable> {
        let bytes = source.size().map_err(Unreadable::Io)?;
        let track = |coding, source| Track { coding, source, extents: Vec::new() };
        let mut structure = Sha256::new();
        match container {
            Container::Mp4 => {
                let movie = read_movie(source).map_err(|error| match error {
                    BadMovie::Read(error) => Unreadable::Io(error),
                    BadMovie::Bad(bad) => Unreadable::Malformed(bad.to_string()),
                })?;
                hash(source, 0, movie.data.start, &mut structure, &mut Vec::new()).map_err(Unreadable::Io)?;
                let tracks = movie.tracks.iter();
                let tracks = tracks
                    .map(|found| track(found.coding.clone(), Source::Mp4(Box::new(found.samples()))))
                    .collect();
                let data = Some((movie.data.start, movie.data.end));
                Ok(Self { tracks, structure, bytes, data, clusters: None })
            }
            Container::Mkv => {
                let file = read_mkv(source, &mut |bytes| structure.update(bytes))?;
                let of = |coding: &Coding| track(coding.clone(), Source::Mkv(VecDeque::new()));
                let tracks = file.tracks.iter().map(of).collect();
                Ok(Self { tracks, structure, bytes, data: None, clusters: Some(file) })
            }
        }
    }

    /// The next sample of a track, counted from 0; nothing at its end.
    pub(crate) fn next<R: ReadAt<Error = io::Error>>(
        &mut self,
        source: &R,
        number: usize,
    ) -> Result<Option<FileSample>, Unreadable> {
        loop {
            let Some(track) = self.tracks.get_mut(number) else { return Ok(None) };
            match track.next() {
                Some(sample) => return sample.map(Some).map_err(Unreadable::Malformed),
                None if !self.read_cluster(source)? => return Ok(None),
                None => {}
            }
        }
    }

    /// Whether there was one more.
    fn read_cluster<R: ReadAt<Error = io::Error>>(&mut self, source: &R) -> Result<bool, Unreadable> {
        let Self { clusters: Some(file), structure, tracks, .. } = self else { return Ok(false) };
        let Some(samples) = file.cluster(source, &mut |bytes| structure.update(bytes))? else {
            return Ok(false);
        };
        for (number, sample) in samples {
            if let Some(Track { source: Source::Mkv(waiting), .. }) = tracks.get_mut(number) {
                waiting.push_back(sample);
            }
        }
        Ok(true)
    }

    /// Whether all tracks have come to their end, and there is nothing between their samples. To be asked at the end.
    pub(crate) fn rest<R: ReadAt<Error = io::Error>>(
        &mut self,
        source: &R,
    ) -> Result<Option<&'static str>, Unreadable> {
        for number in 0..self.tracks.len() {
            if self.next(source, number)?.is_some() {
                return Ok(Some("the file has frames that no segment proves"));
            }
        }
        let Some((mut at, end)) = self.data else { return Ok(None) };
        let mut extents: Vec<_> =
            self.tracks.iter().flat_map(|track| track.extents.iter().copied()).collect();
        extents.sort_unstable();
        for (from, to) in extents {
            if from != at {
                return Ok(Some("there is something between the frames of the file"));
            }
            at = to;
        }
        Ok((at != end).then_some("there is something after the frames of the file"))
    }

    /// SHA-256 of all bytes that are no sample's; after [`Opened::rest`].
    pub(crate) fn structure(&self) -> [u8; 32] {
        self.structure.clone().finalize().into()
    }
}

impl Track {
    /// The next sample; `Some(Err)` where the file's tables make no sense.
    fn next(&mut self) -> Option<Result<FileSample, String>> {
        let sample = match &mut self.source {
            Source::Mp4(samples) => match samples.next()? {
                Err(bad) => return Some(Err(bad.to_string())),
                Ok(sample) => FileSample {
                    offset: sample.offset,
                    size: sample.size,
                    time: sample.time,
                    composition_offset: sample.composition_offset,
                    key: sample.key,
                },
            },
            Source::Mkv(waiting) => {
                let MkvSample { offset, size, time, key } = waiting.pop_front()?;
                return Some(Ok(FileSample { offset, size, time, composition_offset: 0, key }));
            }
        };
        let end = sample.offset.saturating_add(sample.size.into());
        match self.extents.last_mut() {
            Some((_, last)) if *last == sample.offset => *last = end,
            _ => self.extents.push((sample.offset, end)),
        }
        Some(Ok(sample))
    }
}

/// Hashes the bytes of a range; what the file does not have is an error. `piece` is where they are read to: kept from
/// call to call, since memory that is asked for anew costs as much as the hash.
pub(crate) fn hash<R: ReadAt<Error = io::Error>>(
    source: &R,
    mut from: u64,
    to: u64,
    hasher: &mut Sha256,
    piece: &mut Vec<u8>,
) -> io::Result<()> {
    piece.resize(PIECE, 0);
    while from < to {
        let want = piece.len().min(usize::try_from(to - from).unwrap_or(PIECE));
        let Some(buffer) = piece.get_mut(..want) else { break };
        if source.read_at(from, buffer)? != want {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        hasher.update(&*buffer);
        from += want as u64;
    }
    Ok(())
}
