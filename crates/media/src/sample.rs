//! Samples and the description of the tracks that they belong to.

use bytes::Bytes;
use model::{TrackKind, WallTime};

/// One frame of video, or one packet of sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Which track of the stream.
    pub track: TrackKind,
    /// Decode time in ticks of the track's timescale, since the start of the run (start: 0 or a little more).
    /// Strictly increasing within a track.
    pub time: i64,
    /// Presentation time minus decode time, in the same ticks; 0 unless the stream has B-frames.
    pub composition_offset: i32,
    /// When the picture was taken, on the server's clock (derived from the camera's clock where it tells it).
    pub wall: WallTime,
    /// Whether decoding can start here. Sound: always.
    pub key: bool,
    /// Video: NAL units, each behind a 4-byte big-endian length, without parameter sets that the track's
    /// configuration holds already. AAC: one raw access unit. G.711: raw bytes.
    pub data: Bytes,
}

/// The tracks of a stream, from the start of a run on. A change of any of it starts a new run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracks {
    /// The pictures; every stream has them.
    pub video: VideoConfig,
    /// The sound, where there is any.
    pub audio: Option<AudioConfig>,
}

/// How pictures are coded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum VideoCodec {
    /// ISO/IEC 14496-10.
    H264,
    /// ISO/IEC 23008-2.
    H265,
}

/// A video track. Its timescale is always 90000.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoConfig {
    /// Which codec.
    pub codec: VideoCodec,
    /// Width in pixels, as cropped.
    pub width: u16,
    /// Height in pixels, as cropped.
    pub height: u16,
    /// The payload of `avcC` (ISO/IEC 14496-15, 5.3.3.1) or `hvcC` (8.3.3.1), made from the stream's parameter sets.
    pub decoder_config: Bytes,
    /// The codec string for browsers (RFC 6381), such as `avc1.64001f` or `hvc1.1.6.L93.B0`.
    pub codec_string: String,
    /// Usual ticks from one picture to the next, where the stream or its description tells it; else 3600 (25 fps).
    pub nominal_duration: u32,
}

/// How sound is coded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AudioCodec {
    /// AAC-LC and its relatives, ISO/IEC 14496-3.
    Aac,
    /// G.711 µ-law, 8 kHz.
    Pcmu,
    /// G.711 A-law, 8 kHz.
    Pcma,
    /// FLAC, RFC 9639: how G.711 is offered to browsers and players. No camera sends it, no archive holds it.
    Flac,
}

/// An audio track. Its timescale is its sample rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioConfig {
    /// Which codec.
    pub codec: AudioCodec,
    /// Samples per second.
    pub sample_rate: u32,
    /// 1 or 2.
    pub channels: u8,
    /// AAC: the AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1). G.711: empty. FLAC: the 34 bytes of STREAMINFO.
    pub decoder_config: Bytes,
}

/// Ticks per second of every video track.
pub const VIDEO_TIMESCALE: u32 = 90_000;

impl Tracks {
    /// Ticks per second of a track; nothing where the stream has no such track.
    #[must_use]
    pub fn timescale(&self, track: TrackKind) -> Option<u32> {
        match track {
            TrackKind::Video => Some(VIDEO_TIMESCALE),
            TrackKind::Audio => self.audio.as_ref().map(|audio| audio.sample_rate),
        }
    }
}

impl AudioConfig {
    /// The codec string for browsers; nothing where browsers have no name for it.
    #[must_use]
    pub fn codec_string(&self) -> &'static str {
        match self.codec {
            AudioCodec::Aac => match crate::aac::AudioSpecificConfig::parse(&self.decoder_config) {
                Ok(config) if config.object_type == 5 => "mp4a.40.5",
                Ok(config) if config.object_type == 29 => "mp4a.40.29",
                _ => "mp4a.40.2",
            },
            AudioCodec::Pcmu => "ulaw",
            AudioCodec::Pcma => "alaw",
            AudioCodec::Flac => "flac",
        }
    }
}
