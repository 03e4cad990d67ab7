//! The decoder configuration `hvcC` of H.265, ISO/IEC 14496-15, 8.3.3.1.
//!
//! What is not here: the syntax of the parameter sets that it holds ([`crate::h265`]).

use bytes::Bytes;

use crate::{
    VideoCodec, VideoConfig,
    h264::take_set,
    h265::{PPS, SPS, Sps, VPS, parallel_tools, unit_type},
    video::{BadVideo, USUAL_DURATION},
};

impl VideoConfig {
    /// The configuration of a track with these parameter sets (whole NAL units, without start code or length).
    ///
    /// # Errors
    /// A parameter set is missing, damaged or of impossible size.
    pub fn from_h265(vps: &[u8], sps: &[u8], pps: &[u8]) -> Result<Self, BadVideo> {
        Self::from_h265_sets(&[vps], &[sps], &[pps])
    }

    /// As [`Self::from_h265`], for streams with several parameter sets of a kind; the first SPS describes the track.
    ///
    /// # Errors
    /// As for [`Self::from_h265`].
    pub fn from_h265_sets(vps: &[&[u8]], sps: &[&[u8]], pps: &[&[u8]]) -> Result<Self, BadVideo> {
        let parsed = Sps::parse(sps.first().ok_or(BadVideo::Missing("SPS"))?)?;
        let parallelism = parallelism(&parsed, pps)?;
        let mut out = head(&parsed, parallelism);
        out.push(3);
        for (sets, unit_type, what) in [(vps, VPS, "VPS"), (sps, SPS, "SPS"), (pps, PPS, "PPS")] {
            put_array(&mut out, sets, unit_type, what)?;
        }
        Ok(Self::with_h265_sps(&parsed, out.into()))
    }

    /// The configuration that an `hvcC` box's payload describes.
    ///
    /// # Errors
    /// The bytes are no `hvcC` of version 1 with 4-byte lengths and a valid SPS.
    pub fn from_hvcc(payload: &[u8]) -> Result<Self, BadVideo> {
        let mut sps = None;
        for set in hvcc_sets(payload)? {
            let set = set?;
            if sps.is_none() && unit_type(set) == Some(SPS) {
                sps = Some(Sps::parse(set)?);
            }
        }
        let sps = sps.ok_or(BadVideo::Missing("SPS"))?;
        Ok(Self::with_h265_sps(&sps, Bytes::copy_from_slice(payload)))
    }

    fn with_h265_sps(sps: &Sps, decoder_config: Bytes) -> Self {
        Self {
            codec: VideoCodec::H265,
            width: sps.width,
            height: sps.height,
            decoder_config,
            codec_string: sps.profile.codec_string("hvc1"),
            nominal_duration: sps.picture_duration.unwrap_or(USUAL_DURATION),
        }
    }
}

/// The 22 bytes before the number of arrays.
fn head(sps: &Sps, parallelism: u8) -> Vec<u8> {
    let profile = &sps.profile;
    let mut out = vec![1, profile.space << 6 | u8::from(profile.high_tier) << 5 | profile.profile];
    out.extend_from_slice(&profile.compatibility.to_be_bytes());
    out.extend_from_slice(&profile.constraints);
    out.push(profile.level);
    out.extend_from_slice(&(0xf000 | sps.min_spatial_segmentation).to_be_bytes());
    out.push(0xfc | parallelism);
    out.push(0xfc | sps.chroma_format);
    out.push(0xf8 | (sps.bit_depth_luma - 8));
    out.push(0xf8 | (sps.bit_depth_chroma - 8));
    out.extend_from_slice(&[0, 0]); // average frame rate: unspecified
    out.push(sps.temporal_layers << 3 | u8::from(sps.temporal_id_nested) << 2 | 3);
    out
}

/// `parallelismType`: 0 mixed or unknown, 1 slices, 2 tiles, 3 wavefronts.
fn parallelism(sps: &Sps, pps: &[&[u8]]) -> Result<u8, BadVideo> {
    if sps.min_spatial_segmentation == 0 {
        return Ok(0);
    }
    let mut out = None;
    for set in pps {
        let this = match parallel_tools(set)? {
            (true, true) => 0,
            (false, true) => 3,
            (true, false) => 2,
            (false, false) => 1,
        };
        out = Some(if out.is_none_or(|before| before == this) { this } else { 0 });
    }
    Ok(out.unwrap_or(0))
}

/// An array of all parameter sets of a kind, marked as complete (`hvc1`: none in the samples).
fn put_array(out: &mut Vec<u8>, sets: &[&[u8]], kind: u8, what: &'static str) -> Result<(), BadVideo> {
    if sets.is_empty() {
        return Err(BadVideo::Missing(what));
    }
    out.push(0x80 | kind);
    out.extend_from_slice(&u16::try_from(sets.len()).map_err(|_| BadVideo::TooLong(what))?.to_be_bytes());
    for set in sets {
        if unit_type(set) != Some(kind) {
            return Err(BadVideo::Missing(what));
        }
        let length = u16::try_from(set.len()).map_err(|_| BadVideo::TooLong(what))?;
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(set);
    }
    Ok(())
}

/// The parameter sets in an `hvcC` payload, in its order.
///
/// # Errors
/// The head is damaged; damage further on is an item.
pub fn hvcc_sets(payload: &[u8]) -> Result<impl Iterator<Item = Result<&[u8], BadVideo>>, BadVideo> {
    let (head, rest) = payload.split_first_chunk::<23>().ok_or(BadVideo::Truncated)?;
    if head[0] != 1 {
        return Err(BadVideo::Value { what: "configurationVersion", value: u32::from(head[0]) });
    }
    if head[21] & 3 != 3 {
        return Err(BadVideo::Value { what: "lengthSizeMinusOne", value: u32::from(head[21] & 3) });
    }
    let mut state = Some((rest, head[22], 0u16));
    Ok(std::iter::from_fn(move || {
        loop {
            let (rest, arrays, sets) = state?;
            state = None;
            if sets > 0 {
                let Some((set, rest)) = take_set(rest) else { return Some(Err(BadVideo::Truncated)) };
                state = Some((rest, arrays, sets - 1));
                return Some(Ok(set));
            }
            if arrays == 0 {
                return None;
            }
            let Some(([_, high, low], rest)) = rest.split_first_chunk::<3>() else {
                return Some(Err(BadVideo::Truncated));
            };
            state = Some((rest, arrays - 1, u16::from_be_bytes([*high, *low])));
        }
    }))
}
