//! AAC: what an AudioSpecificConfig says (ISO/IEC 14496-3, 1.6.2.1), and configurations of audio tracks.
//!
//! What is not here: ADTS and LATM framing (samples are raw access units), decoding.

use bytes::Bytes;

use crate::{
    AudioCodec, AudioConfig,
    bits::{BadBits, BitReader},
};

const RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

/// The longest AudioSpecificConfig that a track can have; those of mono and stereo have 2 to 7 bytes.
pub const MAX_CONFIG: usize = 64;

/// Why an AudioSpecificConfig cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAudio {
    /// The bytes end too early.
    #[error("the AudioSpecificConfig ends too early")]
    Truncated,
    /// Longer than [`MAX_CONFIG`].
    #[error("the AudioSpecificConfig is longer than {MAX_CONFIG} bytes")]
    TooLong,
    /// Not AAC as cameras send it.
    #[error("audio object type {0} is not AAC")]
    ObjectType(u8),
    /// A reserved index or an impossible rate.
    #[error("the sample rate is reserved or out of range")]
    SampleRate,
    /// Neither mono nor stereo.
    #[error("channel configuration {0}: only mono and stereo are supported")]
    Channels(u8),
}

impl From<BadBits> for BadAudio {
    fn from(_: BadBits) -> Self {
        Self::Truncated
    }
}

/// What an AudioSpecificConfig says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioSpecificConfig {
    /// Audio object type: 2 AAC-LC, 5 with spectral band replication (HE-AAC), 29 with parametric stereo too.
    pub object_type: u8,
    /// Samples per second of the core coder: what access units are counted in.
    pub sample_rate: u32,
    /// 1 or 2.
    pub channels: u8,
    /// Samples of the core coder in an access unit: 1024 or 960; 512 or 480 for low delay.
    pub samples_per_unit: u16,
}

impl AudioSpecificConfig {
    /// Reads an AudioSpecificConfig.
    ///
    /// # Errors
    /// It ends too early, or describes what is not AAC in mono or stereo.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadAudio> {
        let mut bits = BitReader::plain(bytes);
        let object_type = object_type(&mut bits)?;
        let sample_rate = sample_rate(&mut bits)?;
        let channels = bits.bits(4)? as u8;
        let mut core = object_type;
        if matches!(object_type, 5 | 29) {
            self::sample_rate(&mut bits)?;
            core = self::object_type(&mut bits)?;
        }
        if !matches!(core, 1..=4 | 17 | 23 | 39) {
            return Err(BadAudio::ObjectType(core));
        }
        if !matches!(channels, 1 | 2) {
            return Err(BadAudio::Channels(channels));
        }
        let samples_per_unit = match (matches!(core, 23 | 39), bits.flag()?) {
            (false, false) => 1024,
            (false, true) => 960,
            (true, false) => 512,
            (true, true) => 480,
        };
        Ok(Self { object_type, sample_rate, channels, samples_per_unit })
    }
}

fn object_type(bits: &mut BitReader<'_>) -> Result<u8, BadBits> {
    Ok(match bits.bits(5)? {
        31 => 32 + bits.bits(6)?,
        short => short,
    } as u8)
}

fn sample_rate(bits: &mut BitReader<'_>) -> Result<u32, BadAudio> {
    let rate = match bits.bits(4)? {
        15 => bits.bits(24)?,
        index => *RATES.get(index as usize).ok_or(BadAudio::SampleRate)?,
    };
    if (1000..=192_000).contains(&rate) { Ok(rate) } else { Err(BadAudio::SampleRate) }
}

impl AudioConfig {
    /// The configuration of an AAC track with this AudioSpecificConfig.
    ///
    /// # Errors
    /// It ends too early, is too long, or describes what is not AAC in mono or stereo.
    pub fn from_aac(config: &[u8]) -> Result<Self, BadAudio> {
        if config.len() > MAX_CONFIG {
            return Err(BadAudio::TooLong);
        }
        let parsed = AudioSpecificConfig::parse(config)?;
        Ok(Self {
            codec: AudioCodec::Aac,
            sample_rate: parsed.sample_rate,
            channels: parsed.channels,
            decoder_config: Bytes::copy_from_slice(config),
        })
    }

    /// The configuration of a G.711 track: µ-law or A-law, 8 kHz, mono.
    #[must_use]
    pub fn g711(codec: AudioCodec) -> Self {
        Self { codec, sample_rate: 8000, channels: 1, decoder_config: Bytes::new() }
    }

    /// Ticks that a sample of the track lasts by what its bytes are: AAC by the configuration, G.711 by its length;
    /// FLAC by its frame header.
    #[must_use]
    pub fn sample_duration(&self, data: &[u8]) -> u32 {
        match self.codec {
            AudioCodec::Aac => AudioSpecificConfig::parse(&self.decoder_config)
                .map_or(1024, |config| u32::from(config.samples_per_unit)),
            AudioCodec::Pcmu | AudioCodec::Pcma => {
                u32::try_from(data.len() / usize::from(self.channels.max(1))).unwrap_or(u32::MAX)
            }
            AudioCodec::Flac => crate::flac::block_size(data).unwrap_or(0),
        }
    }
}
