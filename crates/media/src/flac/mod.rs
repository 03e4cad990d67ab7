//! FLAC (RFC 9639): G.711 wrapped without loss, for browsers and players that have no G.711.
//!
//! Every packet becomes one frame of a stream with variable block size; the number in its header is the packet's time,
//! so wrapping needs no memory and packets may be lost before it.
//!
//! What is here: STREAMINFO (8.2), frames (9.1, 9.3), subframes of fixed prediction (9.2.5) with Rice coding (9.2.7).
//! What is not here: decoding FLAC, a `.flac` file, sources other than G.711.

mod bits;
mod subframe;

use bytes::Bytes;

use crate::{AudioCodec, AudioConfig, Sample, g711};
use bits::{BitWriter, crc8, crc16};

/// Samples per channel in the longest frame.
pub const MAX_BLOCK: usize = 65_535;

const BITS_PER_SAMPLE: u32 = 16;

/// A packet that cannot become a FLAC frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPacket {
    /// None, too many, or not the same number for each channel.
    #[error("a packet of {0} samples does not fit into a FLAC frame")]
    Samples(usize),
}

/// A G.711 track that is sent or saved as FLAC.
#[derive(Clone, Debug)]
pub struct FlacTrack {
    table: &'static [i16; 256],
    sample_rate: u32,
    channels: u8,
}

impl FlacTrack {
    /// Wraps the packets of a G.711 track; nothing for other codecs, or for neither mono nor stereo.
    #[must_use]
    pub fn new(source: &AudioConfig) -> Option<Self> {
        let table = g711::decoder(source.codec)?;
        matches!(source.channels, 1 | 2).then_some(Self {
            table,
            sample_rate: source.sample_rate,
            channels: source.channels,
        })
    }

    /// The track as it comes out: codec FLAC, with STREAMINFO.
    #[must_use]
    pub fn config(&self) -> AudioConfig {
        AudioConfig {
            codec: AudioCodec::Flac,
            sample_rate: self.sample_rate,
            channels: self.channels,
            decoder_config: stream_info(self.sample_rate, self.channels),
        }
    }

    /// One packet as one FLAC frame, at the same time.
    ///
    /// # Errors
    /// The packet is empty, too long, or of unequal channels.
    pub fn wrap(&self, sample: &Sample) -> Result<Sample, BadPacket> {
        let channels = usize::from(self.channels);
        let block = sample.data.len() / channels;
        if block == 0 || block > MAX_BLOCK || !sample.data.len().is_multiple_of(channels) {
            return Err(BadPacket::Samples(sample.data.len()));
        }
        let mut out = BitWriter::with_capacity(sample.data.len() + 32);
        self.header(&mut out, block, sample.time.max(0).unsigned_abs());
        let mut pcm = Vec::with_capacity(block);
        for channel in 0..channels {
            pcm.clear();
            let bytes = sample.data.iter().skip(channel).step_by(channels);
            pcm.extend(bytes.map(|byte| i32::from(self.table[usize::from(*byte)])));
            subframe::write(&mut out, &mut pcm);
        }
        let mut frame = out.into_vec();
        let check = crc16(&frame);
        frame.extend_from_slice(&check.to_be_bytes());
        Ok(Sample { data: frame.into(), ..sample.clone() })
    }

    /// The frame header (9.1).
    fn header(&self, out: &mut BitWriter, block: usize, first_sample: u64) {
        let rate = match self.sample_rate {
            8_000 => 0b0100,
            16_000 => 0b0101,
            _ => 0b0000, // as STREAMINFO says
        };
        out.put(0xfff9, 16); // sync code, variable block size
        out.put(if block <= 256 { 0b0110 } else { 0b0111 }, 4);
        out.put(rate, 4);
        out.put(u32::from(self.channels) - 1, 4); // independent channels
        out.put(0b1000, 4); // 16 bits per sample, reserved bit
        coded_number(out, first_sample);
        out.put(block as u32 - 1, if block <= 256 { 8 } else { 16 });
        let check = crc8(out.bytes());
        out.put(u32::from(check), 8);
    }
}

/// STREAMINFO without the head of its metadata block: 34 bytes.
fn stream_info(sample_rate: u32, channels: u8) -> Bytes {
    let mut out = BitWriter::with_capacity(34);
    out.put(16, 16); // smallest block but for the last
    out.put(MAX_BLOCK as u32, 16);
    out.put(0, 24); // frame sizes: unknown
    out.put(0, 24);
    out.put(sample_rate, 20);
    out.put(u32::from(channels) - 1, 3);
    out.put(BITS_PER_SAMPLE - 1, 5);
    out.put(0, 4); // total samples: unknown (36 bits)
    out.put(0, 32);
    for _ in 0..4 {
        out.put(0, 32); // MD5: unknown
    }
    out.into_vec().into()
}

/// The number of the frame's first sample, up to 36 bits, coded as UTF-8 codes characters (9.1.5).
fn coded_number(out: &mut BitWriter, number: u64) {
    let number = number & 0xf_ffff_ffff;
    let bits = 64 - number.leading_zeros();
    if bits <= 7 {
        out.put(number as u32, 8);
        return;
    }
    let tails = (bits - 2) / 5;
    let lead = 0xff00u32 >> (tails + 1) & 0xff;
    out.put(lead | (number >> (6 * tails)) as u32, 8);
    for tail in (0..tails).rev() {
        out.put(0x80 | (number >> (6 * tail)) as u32 & 0x3f, 8);
    }
}

/// FLAC's metadata as WebCodecs wants it: `fLaC`, then the only block.
#[must_use]
pub fn metadata(stream_info: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(8 + stream_info.len());
    out.extend_from_slice(b"fLaC");
    out.extend_from_slice(&(0x8000_0000 | stream_info.len() as u32 & 0x00ff_ffff).to_be_bytes());
    out.extend_from_slice(stream_info);
    out.into()
}

/// Samples per channel in a FLAC frame that [`FlacTrack`] made; nothing when it is none.
#[must_use]
pub fn block_size(frame: &[u8]) -> Option<u32> {
    let ([0xff, 0xf9, codes, _], rest) = frame.split_first_chunk::<4>()? else { return None };
    let number = match rest.first()?.leading_ones() {
        0 => 1,
        length @ 2..=7 => length as usize,
        _ => return None,
    };
    let rest = rest.get(number..)?;
    match codes >> 4 {
        0b0110 => Some(u32::from(*rest.first()?) + 1),
        0b0111 => Some(u32::from(u16::from_be_bytes(*rest.first_chunk::<2>()?)) + 1),
        _ => None,
    }
}
