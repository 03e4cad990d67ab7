//! What H.264 and H.265 configurations have in common: errors, timing, and noticing a change inside a stream.
//!
//! What is not here: the syntax of either codec ([`crate::h264`], [`crate::h265`]).

use bytes::Bytes;

use crate::{VideoCodec, VideoConfig, bits::BadBits, h264, h265, sample::VIDEO_TIMESCALE};

/// Ticks from picture to picture where nothing tells them: 25 fps.
pub const USUAL_DURATION: u32 = VIDEO_TIMESCALE / 25;

/// Why parameter sets or a decoder configuration cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadVideo {
    /// There is none, or another NAL unit stands in its place.
    #[error("no usable {0}")]
    Missing(&'static str),
    /// The bytes end too early, or hold a code longer than any allowed one.
    #[error("the parameter set or decoder configuration ends too early")]
    Truncated,
    /// A value that the standard forbids or that nothing can show.
    #[error("{what} is {value}, which is out of range")]
    Value {
        /// The standard's name of it.
        what: &'static str,
        /// What it is.
        value: u32,
    },
    /// The cropping leaves nothing.
    #[error("the cropping leaves no {0}")]
    Cropped(&'static str),
    /// Longer than its 16-bit length can say.
    #[error("the {0} is longer than 65535 bytes")]
    TooLong(&'static str),
}

impl From<BadBits> for BadVideo {
    fn from(_: BadBits) -> Self {
        Self::Truncated
    }
}

/// `units / scale` seconds in ticks of 1/90000 s; nothing unless between 300 pictures a second and one in 10 s.
pub(crate) fn nominal_duration(units: u64, scale: u32) -> Option<u32> {
    if scale == 0 {
        return None;
    }
    let ticks = (units * u64::from(VIDEO_TIMESCALE) + u64::from(scale) / 2) / u64::from(scale);
    u32::try_from(ticks).ok().filter(|ticks| (300..=10 * VIDEO_TIMESCALE).contains(ticks))
}

impl VideoConfig {
    /// The configuration that these parameter sets, in any order, describe (as [`crate::nal::split`] finds them).
    ///
    /// # Errors
    /// A parameter set is missing or damaged.
    pub fn from_parameter_sets(codec: VideoCodec, sets: &[Bytes]) -> Result<Self, BadVideo> {
        let of = |wanted: u8| -> Vec<&[u8]> {
            let unit_type = |first: u8| match codec {
                VideoCodec::H264 => first & 0x1f,
                VideoCodec::H265 => first >> 1 & 0x3f,
            };
            let mut found: Vec<&[u8]> = sets
                .iter()
                .filter(|set| set.first().is_some_and(|first| unit_type(*first) == wanted))
                .map(|set| &set[..])
                .collect();
            found.dedup();
            found
        };
        match codec {
            VideoCodec::H264 => Self::from_h264_sets(&of(7), &of(8)),
            VideoCodec::H265 => Self::from_h265_sets(&of(32), &of(33), &of(34)),
        }
    }

    /// How many pictures can be out of order: 0 means that every composition offset is 0; nothing where the stream
    /// does not say.
    #[must_use]
    pub fn num_reorder_frames(&self) -> Option<u8> {
        let is_sps = |set: &&[u8]| match self.codec {
            VideoCodec::H264 => set.first().is_some_and(|first| first & 0x1f == 7),
            VideoCodec::H265 => set.first().is_some_and(|first| first >> 1 & 0x3f == 33),
        };
        match self.codec {
            VideoCodec::H264 => {
                let sps = h264::avcc_sets(&self.decoder_config).ok()?.map_while(Result::ok).find(is_sps)?;
                h264::Sps::parse(sps).ok()?.num_reorder_frames
            }
            VideoCodec::H265 => {
                let sps = h265::hvcc_sets(&self.decoder_config).ok()?.map_while(Result::ok).find(is_sps)?;
                Some(h265::Sps::parse(sps).ok()?.num_reorder_frames)
            }
        }
    }
}
