//! An exported file as a reader meets it: tracks whose samples come one after the other.
//!
//! What is not here: what the samples should be.

use std::io;

use media::{
    mkv::read::{BadFile as BadMkv, MkvSample, read_mkv},
    progressive::read::{BadMovie, Coding, Samples, read_movie},
};
use sha2::{Digest, Sha256};

use crate::plan::Container;

pub(crate) use media::fmp4::read::ReadAt;

/// Read at once.
const PIECE: usize = 1 << 20;

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
    Mkv(std::vec::IntoIter<MkvSample>),
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
    /// SHA-256 of all bytes that are no sample's.
    pub(crate) structure: [u8; 32],
    pub(crate) bytes: u64,
    /// Where samples may lie, where the file says so.
    data: Option<(u64, u64)>,
}

/// Why a file cannot be checked.
pub(crate) enum Unreadable {
    Io(io::Error),
    Malformed(String),
}

impl Opened {
    pub(crate) fn open<R: ReadAt<Error = io::Error>>(
        source: &R,
        container: Container,
    ) -> Result<Self, Unreadable> {
        let bytes = source.size().map_err(Unreadable::Io)?;
        match container {
            Container::Mp4 => {
                let movie = read_movie(source).map_err(|error| match error {
                    BadMovie::Read(error) => Unreadable::Io(error),
                    BadMovie::Bad(bad) => Unreadable::Malformed(bad.to_string()),
                })?;
                let mut structure = Sha256::new();
                hash(source, 0, movie.data.start, &mut structure).map_err(Unreadable::Io)?;
                let track = |track: &media::progressive::read::MovieTrack| Track {
                    coding: track.coding.clone(),
                    source: Source::Mp4(Box::new(track.samples())),
                    extents: Vec::new(),
                };
                let data = Some((movie.data.start, movie.data.end));
                let structure = structure.finalize().into();
                Ok(Self { tracks: movie.tracks.iter().map(track).collect(), structure, bytes, data })
            }
            Container::Mkv => {
                let mut structure = Sha256::new();
                let file = read_mkv(source, &mut |bytes| structure.update(bytes));
                let file = file.map_err(|error| match error {
                    BadMkv::Read(error) => Unreadable::Io(error),
                    other => Unreadable::Malformed(other.to_string()),
                })?;
                let tracks = file.tracks.into_iter().map(|track| Track {
                    coding: track.coding,
                    source: Source::Mkv(track.samples.into_iter()),
                    extents: Vec::new(),
                });
                let structure = structure.finalize().into();
                Ok(Self { tracks: tracks.collect(), structure, bytes, data: None })
            }
        }
    }

    /// Whether all tracks have come to their end, and there is nothing between their samples. To be asked at the end.
    pub(crate) fn rest(&mut self) -> Option<&'static str> {
        if self.tracks.iter_mut().any(|track| track.next().is_some()) {
            return Some("the file has frames that no segment proves");
        }
        let (mut at, end) = self.data?;
        let mut extents: Vec<_> =
            self.tracks.iter().flat_map(|track| track.extents.iter().copied()).collect();
        extents.sort_unstable();
        for (from, to) in extents {
            if from != at {
                return Some("there is something between the frames of the file");
            }
            at = to;
        }
        (at != end).then_some("there is something after the frames of the file")
    }
}

impl Track {
    /// The next sample; `Some(Err)` where the file's tables make no sense.
    pub(crate) fn next(&mut self) -> Option<Result<FileSample, String>> {
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
            Source::Mkv(samples) => {
                let MkvSample { offset, size, time, key } = samples.next()?;
                FileSample { offset, size, time, composition_offset: 0, key }
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

/// Hashes the bytes of a range; what the file does not have is an error.
pub(crate) fn hash<R: ReadAt<Error = io::Error>>(
    source: &R,
    mut from: u64,
    to: u64,
    hasher: &mut Sha256,
) -> io::Result<()> {
    let mut piece = vec![0; PIECE.min(usize::try_from(to.saturating_sub(from)).unwrap_or(PIECE))];
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
