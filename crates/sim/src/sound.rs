//! The cameras' sound: a steady tone of 440 Hz, as AAC from a packed clip or as G.711 mu-law computed here.
//!
//! Not here: packets, when a frame of sound is due.

use crate::clip;
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;

/// What a camera sends as sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Audio {
    /// No microphone.
    None,
    /// AAC-LC, 16 kHz mono, 32 kbit/s.
    Aac,
    /// G.711 mu-law, 8 kHz.
    Pcmu,
}

/// Samples of G.711 per packet: 40 ms.
const PCMU_SAMPLES: u64 = 320;
/// 11 periods of 440 Hz are exactly 200 samples at 8 kHz.
const PERIOD: usize = 200;

impl Audio {
    /// Samples per second, and samples per frame; `None` without sound.
    pub(crate) fn shape(self) -> Option<(u64, u64)> {
        match self {
            Audio::None => None,
            Audio::Aac => Some((16_000, 1024)),
            Audio::Pcmu => Some((8_000, PCMU_SAMPLES)),
        }
    }

    /// RTP payload type.
    pub(crate) fn payload_type(self) -> u8 {
        if self == Audio::Pcmu { 0 } else { 97 }
    }

    /// The bytes of the frame of sound with that number.
    pub(crate) fn frame(self, number: u64) -> &'static [u8] {
        match self {
            Audio::None => &[],
            Audio::Aac => {
                clip::tone().map_or(&[], |clip| clip.frame((number % clip.len() as u64) as usize).bytes)
            }
            Audio::Pcmu => {
                let start = (number * PCMU_SAMPLES) as usize % PERIOD;
                &tone()[start..start + PCMU_SAMPLES as usize]
            }
        }
    }
}

fn tone() -> &'static [u8] {
    static TONE: OnceLock<Vec<u8>> = OnceLock::new();
    TONE.get_or_init(|| {
        let sample = |i: usize| 0.25 * (i as f64 / PERIOD as f64 * 11.0 * std::f64::consts::TAU).sin();
        (0..PERIOD + PCMU_SAMPLES as usize).map(|i| mu_law((sample(i) * 32_767.0) as i16)).collect()
    })
}

/// A 16-bit sample in mu-law (ITU-T G.711).
fn mu_law(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = i32::from(sample).abs().min(32_635) + 0x84;
    let exponent = (24 - magnitude.leading_zeros() as i32).clamp(0, 7);
    let mantissa = magnitude >> (exponent + 3) & 0x0f;
    !(sign | (exponent << 4 | mantissa) as u8)
}

#[cfg(test)]
mod tests {
    use super::mu_law;

    #[test]
    fn mu_law_of_known_samples() {
        for (sample, code) in [(0, 0xff), (-1, 0x7f), (32_767, 0x80), (-32_768, 0x00), (1000, 0xce)] {
            assert_eq!(mu_law(sample), code, "{sample}");
        }
    }
}
