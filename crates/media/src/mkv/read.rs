//! Reads the Matroska files that this crate writes: their tracks, and where each sample lies.
//!
//! Strict and bounded: elements that the writer never makes are refused. All bytes that are no sample's are handed out as
//! they are met, so that whoever wants to can hash them.
//!
//! What is not here: the samples' data; files of other writers.

use bytes::Bytes;

use super::element as e;
use crate::{
    AudioCodec, AudioConfig, VideoConfig, aac::BadAudio, fmp4::read::ReadAt, progressive::read::Coding,
    video::BadVideo,
};

/// No element but clusters is larger: the cues of a year of key frames would be.
const MAX_HEAD: u64 = 256 << 20;
/// No file with more samples is read.
const MAX_SAMPLES: usize = 64 << 20;
/// No file has more tracks.
const MAX_TRACKS: usize = 126;
/// Bytes of an identifier and a size.
const LONGEST_HEAD: usize = 12;
/// The same with the four bytes that a block begins with.
const HEAD_AND_MORE: usize = LONGEST_HEAD + 4;

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFile<E> {
    /// The disk said so.
    #[error("reading: {0}")]
    Read(E),
    /// It is not what this crate writes.
    #[error("{0}")]
    Malformed(&'static str),
    /// The video's decoder configuration.
    #[error("the decoder configuration of the video: {0}")]
    Video(#[from] BadVideo),
    /// The sound's decoder configuration.
    #[error("the decoder configuration of the sound: {0}")]
    Audio(#[from] BadAudio),
}

/// A file whose clusters are read one after the other: see [`MkvFile::cluster`].
#[derive(Clone, Debug)]
pub struct MkvFile {
    /// How the tracks are coded, numbered from 1.
    pub tracks: Vec<Coding>,
    at: u64,
    end: u64,
    samples: usize,
}

/// A sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MkvSample {
    /// Where its bytes begin.
    pub offset: u64,
    /// How many bytes.
    pub size: u32,
    /// Presentation time, ms.
    pub time: i64,
    /// Whether decoding can start here.
    pub key: bool,
}

/// The samples of a cluster, in the order of the file, each with its track counted from 0.
pub type Cluster = Vec<(usize, MkvSample)>;

/// An element's identifier, content and where the content begins.
struct Element {
    id: u32,
    begin: u64,
    end: u64,
}

struct Walk<'a, R: ReadAt + ?Sized> {
    source: &'a R,
    structure: &'a mut dyn FnMut(&[u8]),
    at: u64,
}

/// Reads a file up to its first cluster; `structure` is given all bytes that are no sample's, in order, here and by
/// [`MkvFile::cluster`].
///
/// # Errors
/// It cannot be read, or it is no file that this crate writes.
pub fn read_mkv<R: ReadAt + ?Sized>(
    source: &R,
    structure: &mut dyn FnMut(&[u8]),
) -> Result<MkvFile, BadFile<R::Error>> {
    let size = source.size().map_err(BadFile::Read)?;
    let mut walk = Walk { source, structure, at: 0 };
    let header = walk.element(size)?;
    if header.id != e::EBML {
        return Err(BadFile::Malformed("it does not begin as Matroska"));
    }
    walk.content(&header)?;
    let segment = walk.element(size)?;
    if segment.id != e::SEGMENT || segment.end != size {
        return Err(BadFile::Malformed("there is not one segment"));
    }
    let mut file = MkvFile { tracks: Vec::new(), at: walk.at, end: segment.end, samples: 0 };
    while walk.at < segment.end && walk.peek(segment.end)?.0.id != e::CLUSTER {
        file.other(&mut walk)?;
    }
    file.at = walk.at;
    Ok(file)
}

impl MkvFile {
    /// The samples of the next cluster; nothing at the end of the file.
    ///
    /// # Errors
    /// See [`read_mkv`].
    pub fn cluster<R: ReadAt + ?Sized>(
        &mut self,
        source: &R,
        structure: &mut dyn FnMut(&[u8]),
    ) -> Result<Option<Cluster>, BadFile<R::Error>> {
        let mut walk = Walk { source, structure, at: self.at };
        while walk.at < self.end {
            if walk.peek(self.end)?.0.id == e::CLUSTER {
                let cluster = walk.element(self.end)?;
                let samples = walk.cluster(&cluster, self.tracks.len())?;
                self.samples += samples.len();
                if self.samples > MAX_SAMPLES {
                    return Err(BadFile::Malformed("too many blocks"));
                }
                self.at = walk.at;
                return Ok(Some(samples));
            }
            self.other(&mut walk)?;
            self.at = walk.at;
        }
        Ok(None)
    }

    /// What is no cluster.
    fn other<R: ReadAt + ?Sized>(&mut self, walk: &mut Walk<'_, R>) -> Result<(), BadFile<R::Error>> {
        let element = walk.element(self.end)?;
        match element.id {
            e::TRACKS if self.tracks.is_empty() => self.tracks = tracks(&walk.content(&element)?)?,
            e::SEEK_HEAD | e::INFO | e::CUES => drop(walk.content(&element)?),
            _ => return Err(BadFile::Malformed("an element that is never written")),
        }
        Ok(())
    }
}

impl<R: ReadAt + ?Sized> Walk<'_, R> {
    fn bytes(&mut self, len: usize) -> Result<Vec<u8>, BadFile<R::Error>> {
        let mut bytes = vec![0; len];
        if self.source.read_at(self.at, &mut bytes).map_err(BadFile::Read)? != len {
            return Err(BadFile::Malformed("the file ends within an element"));
        }
        (self.structure)(&bytes);
        self.at += len as u64;
        Ok(bytes)
    }

    /// The next element, which must end before `end`, the bytes of its head and some that follow, and how long the head
    /// is.
    fn peek(&self, end: u64) -> Result<(Element, [u8; HEAD_AND_MORE], usize), BadFile<R::Error>> {
        let mut bytes = [0; HEAD_AND_MORE];
        let read = self.source.read_at(self.at, &mut bytes).map_err(BadFile::Read)?;
        let head = bytes.get(..read.min(LONGEST_HEAD)).and_then(head_of);
        let (id, size, len) = head.ok_or(BadFile::Malformed("the head of an element cannot be read"))?;
        let begin = self.at.saturating_add(len as u64);
        let element_end = begin.checked_add(size).filter(|at| *at <= end);
        let end = element_end.ok_or(BadFile::Malformed("an element reaches beyond what holds it"))?;
        Ok((Element { id, begin, end }, bytes, len))
    }

    /// Goes into the next element, which must end before `end`.
    fn element(&mut self, end: u64) -> Result<Element, BadFile<R::Error>> {
        let (element, bytes, len) = self.peek(end)?;
        (self.structure)(bytes.get(..len).unwrap_or_default());
        self.at = element.begin;
        Ok(element)
    }

    /// Goes to the data of the next block of a cluster; tells also the four bytes before them.
    fn block(&mut self, end: u64) -> Result<(Element, [u8; 4]), BadFile<R::Error>> {
        let (block, bytes, len) = self.peek(end)?;
        if block.id != e::SIMPLE_BLOCK || block.end - block.begin < 4 {
            return Err(BadFile::Malformed("a cluster holds what is no block"));
        }
        (self.structure)(bytes.get(..len + 4).unwrap_or_default());
        self.at = block.begin + 4;
        let head = bytes.get(len..).and_then(|rest| rest.first_chunk());
        Ok((block, *head.ok_or(BadFile::Malformed("a block is too short"))?))
    }

    fn content(&mut self, element: &Element) -> Result<Bytes, BadFile<R::Error>> {
        let size = element.end - element.begin;
        let len = usize::try_from(size).ok().filter(|_| size <= MAX_HEAD);
        Ok(self.bytes(len.ok_or(BadFile::Malformed("an element is too large"))?)?.into())
    }

    fn cluster(&mut self, cluster: &Element, tracks: usize) -> Result<Cluster, BadFile<R::Error>> {
        let timestamp = self.element(cluster.end)?;
        if timestamp.id != e::TIMESTAMP || timestamp.end - timestamp.begin != 8 {
            return Err(BadFile::Malformed("a cluster does not begin with its time"));
        }
        let content = self.bytes(8)?;
        let begin = number(&content).and_then(|time| i64::try_from(time).ok());
        let begin = begin.ok_or(BadFile::Malformed("a cluster's time is out of range"))?;
        let mut samples = Vec::new();
        while self.at < cluster.end {
            let (block, [track, t, u, flags]) = self.block(cluster.end)?;
            let size =
                u32::try_from(block.end - self.at).map_err(|_| BadFile::Malformed("a block is too large"))?;
            let track = usize::from(track & 0x7f).checked_sub(1).filter(|_| track & 0x80 != 0);
            let track = track.filter(|track| *track < tracks);
            let track = track.ok_or(BadFile::Malformed("a block of no track"))?;
            if samples.len() >= MAX_SAMPLES || flags & 0x77 != 0 {
                return Err(BadFile::Malformed("too many blocks, or blocks that are never written"));
            }
            let time = begin.saturating_add(i16::from_be_bytes([t, u]).into());
            samples.push((track, MkvSample { offset: self.at, size, time, key: flags & 0x80 != 0 }));
            self.at = block.end;
        }
        Ok(samples)
    }
}

/// Identifier, size of the content and bytes of the head of the element at the start.
fn head_of(bytes: &[u8]) -> Option<(u32, u64, usize)> {
    let id_len = usize::try_from(bytes.first()?.leading_zeros()).ok()? + 1;
    if id_len > 4 {
        return None;
    }
    let id = bytes.get(..id_len)?.iter().fold(0, |id, byte| id << 8 | u32::from(*byte));
    let rest = bytes.get(id_len..)?;
    let size_len = usize::try_from(rest.first()?.leading_zeros()).ok()? + 1;
    if size_len > 8 {
        return None;
    }
    let size = rest.get(..size_len)?.iter().fold(0, |size, byte| size << 8 | u64::from(*byte));
    let size = size & !(1 << (7 * size_len));
    // All ones: a size that is not known. It is never written.
    (size != (1 << (7 * size_len)) - 1).then_some((id, size, id_len + size_len))
}

fn number(content: &[u8]) -> Option<u64> {
    (content.len() <= 8).then(|| content.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

/// The elements in a row of bytes; ends at what is none.
fn elements(mut bytes: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    std::iter::from_fn(move || {
        let (id, size, len) = head_of(bytes)?;
        let content = bytes.get(len..)?;
        let (content, rest) = content.split_at_checked(usize::try_from(size).ok()?)?;
        bytes = rest;
        Some((id, content))
    })
}

fn child(bytes: &[u8], id: u32) -> Option<&[u8]> {
    elements(bytes).find(|(other, _)| *other == id).map(|(_, content)| content)
}

fn tracks<E>(bytes: &[u8]) -> Result<Vec<Coding>, BadFile<E>> {
    let entries = elements(bytes).filter(|(id, _)| *id == e::TRACK_ENTRY).take(MAX_TRACKS);
    entries.map(|(_, entry)| coding(entry)).collect()
}

fn coding<E>(entry: &[u8]) -> Result<Coding, BadFile<E>> {
    let private = child(entry, e::CODEC_PRIVATE).unwrap_or_default();
    match child(entry, e::CODEC_ID).unwrap_or_default() {
        b"V_MPEG4/ISO/AVC" => Ok(Coding::Video(VideoConfig::from_avcc(private)?)),
        b"V_MPEGH/ISO/HEVC" => Ok(Coding::Video(VideoConfig::from_hvcc(private)?)),
        b"A_AAC" => Ok(Coding::Audio(AudioConfig::from_aac(private)?)),
        b"A_MS/ACM" => wave(private).map(Coding::Audio).ok_or(BadFile::Malformed("sound of an unknown form")),
        _ => Err(BadFile::Malformed("a codec that is never written")),
    }
}

fn wave(format: &[u8]) -> Option<AudioConfig> {
    let codec = match format.first_chunk()? {
        [7, 0] => AudioCodec::Pcmu,
        [6, 0] => AudioCodec::Pcma,
        _ => return None,
    };
    let channels = *format.get(2)?;
    let sample_rate = u32::from_le_bytes(*format.get(4..)?.first_chunk()?);
    let sound = AudioConfig { codec, sample_rate, channels, decoder_config: Bytes::new() };
    (matches!(channels, 1 | 2) && sample_rate > 0).then_some(sound)
}
