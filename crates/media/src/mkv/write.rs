//! Where everything of a Matroska file lies, known before any sample is read.
//!
//! Samples are pushed group by group, each becomes a cluster; afterwards [`Layout::cluster`] gives the bytes of each group
//! around the samples' own.
//!
//! What is not here: reading samples.

use bytes::Bytes;
use model::{TrackKind, WallTime};

use super::element as e;
use crate::{AudioCodec, AudioConfig, VideoCodec, VideoConfig, fmp4::init::Track, progressive::SampleRef};

/// 2001-01-01T00:00:00Z, where dates begin, in µs since 1970.
const EPOCH_US: i64 = 978_307_200_000_000;
/// Bytes of a cluster before its blocks: identifier, size, timestamp.
const CLUSTER_HEAD: u64 = 4 + 8 + 10;
/// Bytes of a block before its data: identifier, size, track, timestamp, flags.
const BLOCK_HEAD: u64 = 1 + 4 + 4;
/// The size of a block has 28 bits.
const MAX_SAMPLE: u32 = (1 << 28) - 16;
/// Track numbers are one byte.
const MAX_TRACKS: usize = 126;

const KEY: u8 = 0x80;
const INVISIBLE: u8 = 0x08;

/// Why samples make no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLayout {
    /// No samples at all.
    #[error("there are no pictures")]
    Empty,
    /// More tracks than a file takes.
    #[error("there are too many tracks")]
    TooManyTracks,
    /// A group of samples that lasts longer than 32 s.
    #[error("a group of frames lasts too long")]
    TooLong,
    /// A sample of more than 256 MiB.
    #[error("a frame is too large")]
    TooLarge,
}

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Presentation time of the first picture that is shown, 1/90000 s.
    pub from: i64,
    /// Presentation time from which on nothing is shown.
    pub to: i64,
    /// When the first picture that is shown was taken.
    pub wall: WallTime,
}

/// A group of samples before the file is laid out.
#[derive(Clone, Debug)]
struct Group {
    bytes: u64,
    /// Presentation time of its earliest sample, ms.
    begin: i64,
    /// Tracks of which it has a key frame first.
    keys: Vec<u8>,
}

/// A file while its samples are told.
#[derive(Debug, Default)]
pub struct Builder {
    groups: Vec<Group>,
    end: i64,
    bad: Option<BadLayout>,
}

/// A file before its data are read.
#[derive(Clone, Debug)]
pub struct Layout {
    head: Bytes,
    size: u64,
    /// Presentation time that is 0 in the file, ms.
    base: i64,
    shown: Shown,
    timescales: Vec<u32>,
}

/// A cluster around its samples' bytes: the head, then every block's head and data.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// What comes first.
    pub head: Vec<u8>,
    /// In order.
    pub blocks: Vec<Block>,
}

/// A sample in a cluster.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// The bytes before the sample's own.
    pub head: [u8; BLOCK_HEAD as usize],
    /// Which track, from 0.
    pub track: usize,
    /// Which sample of the track in this group.
    pub sample: usize,
}

/// Presentation time, ms, rounded.
fn shown_at(sample: &SampleRef, timescale: u32) -> i64 {
    let ticks = i128::from(sample.time) + i128::from(sample.composition_offset);
    let scale = i128::from(timescale.max(1));
    i64::try_from((ticks * 2000 + scale).div_euclid(2 * scale)).unwrap_or(0)
}

impl Builder {
    /// A file without samples.
    #[must_use]
    pub fn new() -> Self {
        Self { groups: Vec::new(), end: i64::MIN, bad: None }
    }

    /// The next group of samples, track by track (counted from 0).
    pub fn push(&mut self, samples: &[(usize, Vec<SampleRef>)], tracks: &[Track<'_>]) {
        let mut group = Group { bytes: CLUSTER_HEAD, begin: i64::MAX, keys: Vec::new() };
        let mut last = i64::MIN;
        for (track, samples) in samples {
            let Some(kind) = tracks.get(*track) else { continue };
            for (index, sample) in samples.iter().enumerate() {
                let at = shown_at(sample, kind.timescale());
                let duration = i64::from(sample.duration) * 1000 / i64::from(kind.timescale().max(1));
                group.begin = group.begin.min(at);
                last = last.max(at);
                self.end = self.end.max(at.saturating_add(duration));
                group.bytes += BLOCK_HEAD + u64::from(sample.size);
                if sample.size > MAX_SAMPLE {
                    self.bad = Some(BadLayout::TooLarge);
                }
                if index == 0 && sample.key && kind.kind() == TrackKind::Video {
                    group.keys.push(number(*track));
                }
            }
        }
        if group.begin > last {
            return;
        }
        if last - group.begin > i64::from(i16::MAX) {
            self.bad = Some(BadLayout::TooLong);
        }
        self.groups.push(group);
    }

    /// Lays out the file.
    ///
    /// # Errors
    /// The samples make no file.
    pub fn finish(self, tracks: &[Track<'_>], shown: Shown) -> Result<Layout, BadLayout> {
        if let Some(bad) = self.bad {
            return Err(bad);
        }
        if tracks.len() > MAX_TRACKS {
            return Err(BadLayout::TooManyTracks);
        }
        let base = self.groups.iter().map(|group| group.begin).min().ok_or(BadLayout::Empty)?;
        let mut out = Vec::new();
        ebml(&mut out);
        e::id(&mut out, e::SEGMENT);
        let size_at = out.len();
        out.extend_from_slice(&[0; 8]);
        let data = out.len();
        let wall = shown.wall.plus_micros(base.saturating_mul(1000) - shown.from * 100 / 9);
        let mut info_and_tracks = Vec::new();
        info(&mut info_and_tracks, self.end - base, wall);
        let info_len = info_and_tracks.len();
        e::node(&mut info_and_tracks, e::TRACKS, |out| {
            (1u8..).zip(tracks).for_each(|(number, track)| entry(out, number, track));
        });
        // The index of what follows has a fixed length; so have the cues.
        let seek_len = seek_head([0; 3]).len();
        let cues_at = seek_len + info_and_tracks.len();
        let places = [seek_len, seek_len + info_len, cues_at].map(|at| at as u64);
        let cues_len = self.cues(base, 0).len();
        out.extend_from_slice(&seek_head(places));
        out.extend_from_slice(&info_and_tracks);
        out.extend_from_slice(&self.cues(base, (cues_at + cues_len) as u64));
        let size = out.len() as u64 + self.groups.iter().map(|group| group.bytes).sum::<u64>();
        if let Some(place) = out.get_mut(size_at..data) {
            place.copy_from_slice(&e::wide_size(size - data as u64));
        }
        let timescales = tracks.iter().map(Track::timescale).collect();
        Ok(Layout { head: out.into(), size, base, shown, timescales })
    }

    /// The cues, where the first cluster lies at `at` in the segment.
    fn cues(&self, base: i64, mut at: u64) -> Vec<u8> {
        let mut out = Vec::new();
        e::node(&mut out, e::CUES, |out| {
            for group in &self.groups {
                if !group.keys.is_empty() {
                    e::node(out, e::CUE_POINT, |out| {
                        e::number(out, e::CUE_TIME, (group.begin - base).unsigned_abs());
                        for track in &group.keys {
                            e::node(out, e::CUE_TRACK_POSITIONS, |out| {
                                e::number(out, e::CUE_TRACK, (*track).into());
                                e::number(out, e::CUE_CLUSTER_POSITION, at);
                            });
                        }
                    });
                }
                at += group.bytes;
            }
        });
        out
    }
}

impl Layout {
    /// All before the first cluster.
    #[must_use]
    pub fn head(&self) -> &Bytes {
        &self.head
    }

    /// Bytes of the whole file.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The cluster of a group, as it was pushed.
    #[must_use]
    pub fn cluster(&self, samples: &[(usize, Vec<SampleRef>)]) -> Cluster {
        let mut blocks: Vec<(i64, Block)> = Vec::new();
        let mut bytes = CLUSTER_HEAD - 12;
        let scale = |track: usize| self.timescales.get(track).copied();
        let all = samples.iter().filter_map(|(track, samples)| Some((*track, scale(*track)?, samples)));
        let begin =
            all.clone().flat_map(|(_, scale, samples)| samples.iter().map(move |s| shown_at(s, scale)));
        let begin = begin.min().unwrap_or(self.base);
        for (track, scale, samples) in all {
            for (sample, told) in samples.iter().enumerate() {
                let at = shown_at(told, scale);
                bytes += BLOCK_HEAD + u64::from(told.size);
                let head = self.block_head(track, told, scale, at - begin);
                blocks.push((at, Block { head, track, sample }));
            }
        }
        // Pictures keep their coding order: only where the sound comes in between is chosen.
        let mut latest = i64::MIN;
        for (at, block) in &mut blocks {
            if block.sample == 0 {
                latest = i64::MIN;
            }
            latest = latest.max(*at);
            *at = latest;
        }
        blocks.sort_by_key(|(at, _)| *at);
        let mut head = Vec::with_capacity(CLUSTER_HEAD as usize);
        e::id(&mut head, e::CLUSTER);
        head.extend_from_slice(&e::wide_size(bytes));
        e::number(&mut head, e::TIMESTAMP, (begin - self.base).max(0).unsigned_abs());
        Cluster { head, blocks: blocks.into_iter().map(|(_, block)| block).collect() }
    }

    fn block_head(
        &self,
        track: usize,
        sample: &SampleRef,
        scale: u32,
        relative: i64,
    ) -> [u8; BLOCK_HEAD as usize] {
        let ticks = i128::from(sample.time) + i128::from(sample.composition_offset);
        let shown = ticks * 90_000 / i128::from(scale.max(1));
        let hidden = shown < i128::from(self.shown.from) || shown >= i128::from(self.shown.to);
        let flags = if sample.key { KEY } else { 0 } | if hidden { INVISIBLE } else { 0 };
        let [a, b, c, d] = e::size_4(sample.size + 4);
        let [t, u] = i16::try_from(relative).unwrap_or(i16::MAX).to_be_bytes();
        [e::SIMPLE_BLOCK as u8, a, b, c, d, 0x80 | number(track), t, u, flags]
    }
}

/// The number of a track in the file.
fn number(track: usize) -> u8 {
    u8::try_from(track + 1).unwrap_or(u8::MAX)
}

fn ebml(out: &mut Vec<u8>) {
    e::node(out, e::EBML, |out| {
        e::number(out, e::EBML_VERSION, 1);
        e::number(out, e::EBML_READ_VERSION, 1);
        e::number(out, e::EBML_MAX_ID, 4);
        e::number(out, e::EBML_MAX_SIZE, 8);
        e::bytes(out, e::DOC_TYPE, b"matroska");
        e::number(out, e::DOC_TYPE_VERSION, 4);
        e::number(out, e::DOC_TYPE_READ_VERSION, 2);
    });
}

/// Where `Info`, `Tracks` and `Cues` lie in the segment.
fn seek_head(places: [u64; 3]) -> Vec<u8> {
    let mut out = Vec::new();
    e::node(&mut out, e::SEEK_HEAD, |out| {
        for (name, at) in [e::INFO, e::TRACKS, e::CUES].into_iter().zip(places) {
            e::node(out, e::SEEK, |out| {
                e::bytes(out, e::SEEK_ID, &name.to_be_bytes());
                e::number(out, e::SEEK_POSITION, at);
            });
        }
    });
    out
}

fn info(out: &mut Vec<u8>, duration_ms: i64, wall: WallTime) {
    e::node(out, e::INFO, |out| {
        e::number(out, e::TIMESTAMP_SCALE, 1_000_000);
        e::float(out, e::DURATION, duration_ms as f64);
        let date = (wall.micros() - EPOCH_US).saturating_mul(1000);
        e::number(out, e::DATE, date.cast_unsigned());
        e::bytes(out, e::MUXING_APP, b"Martello");
        e::bytes(out, e::WRITING_APP, b"Martello");
    });
}

fn entry(out: &mut Vec<u8>, number: u8, track: &Track<'_>) {
    e::node(out, e::TRACK_ENTRY, |out| {
        e::number(out, e::TRACK_NUMBER, number.into());
        e::number(out, e::TRACK_UID, number.into());
        e::number(out, e::FLAG_LACING, 0);
        e::bytes(out, e::LANGUAGE, b"und");
        match track {
            Track::Video(video) => video_entry(out, video),
            Track::Audio(audio) => audio_entry(out, audio),
        }
    });
}

fn video_entry(out: &mut Vec<u8>, video: &VideoConfig) {
    e::number(out, e::TRACK_TYPE, 1);
    let codec: &[u8] = match video.codec {
        VideoCodec::H264 => b"V_MPEG4/ISO/AVC",
        VideoCodec::H265 => b"V_MPEGH/ISO/HEVC",
    };
    e::bytes(out, e::CODEC_ID, codec);
    e::bytes(out, e::CODEC_PRIVATE, &video.decoder_config);
    e::node(out, e::VIDEO, |out| {
        e::number(out, e::PIXEL_WIDTH, video.width.into());
        e::number(out, e::PIXEL_HEIGHT, video.height.into());
    });
}

fn audio_entry(out: &mut Vec<u8>, audio: &AudioConfig) {
    e::number(out, e::TRACK_TYPE, 2);
    let (codec, private): (&[u8], Vec<u8>) = match audio.codec {
        AudioCodec::Aac => (b"A_AAC", audio.decoder_config.to_vec()),
        AudioCodec::Pcmu => (b"A_MS/ACM", wave_format(7, audio)),
        AudioCodec::Pcma => (b"A_MS/ACM", wave_format(6, audio)),
        // "fLaC" and the one metadata block that there is, marked as the last (RFC 9639, 8.1).
        AudioCodec::Flac => (b"A_FLAC", [b"fLaC\x80\0\0\x22", audio.decoder_config.as_ref()].concat()),
    };
    e::bytes(out, e::CODEC_ID, codec);
    e::bytes(out, e::CODEC_PRIVATE, &private);
    e::node(out, e::AUDIO, |out| {
        e::float(out, e::SAMPLING_FREQUENCY, audio.sample_rate.into());
        e::number(out, e::CHANNELS, audio.channels.into());
        if matches!(audio.codec, AudioCodec::Pcmu | AudioCodec::Pcma) {
            e::number(out, e::BIT_DEPTH, 8);
        }
    });
}

/// `WAVEFORMATEX` of a byte a sample (RFC 2361 has the tags).
fn wave_format(tag: u16, audio: &AudioConfig) -> Vec<u8> {
    let channels = u16::from(audio.channels);
    let mut out = tag.to_le_bytes().to_vec();
    out.extend_from_slice(&channels.to_le_bytes());
    out.extend_from_slice(&audio.sample_rate.to_le_bytes());
    out.extend_from_slice(&(audio.sample_rate * u32::from(channels)).to_le_bytes());
    out.extend_from_slice(&channels.to_le_bytes());
    out.extend_from_slice(&8u16.to_le_bytes());
    out.extend_from_slice(&0u16.to_le_bytes());
    out
}
