//! H.264: what a sequence parameter set says, and the decoder configuration `avcC` made from parameter sets.
//!
//! What is here: ISO/IEC 14496-10, 7.3.2.1 and Annex E as far as a recorder needs it; ISO/IEC 14496-15, 5.3.3.1.
//! What is not here: picture parameter sets beyond carrying them, slices, decoding.

use bytes::Bytes;

use crate::{
    VideoCodec, VideoConfig,
    bits::{BadBits, BitReader},
    nal::UnitKind,
    video::{BadVideo, nominal_duration},
};

const SPS: u8 = 7;
const PPS: u8 = 8;

/// What a sequence parameter set says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sps {
    /// `profile_idc`: 66 Baseline, 77 Main, 100 High…
    pub profile: u8,
    /// The constraint flags and reserved bits behind the profile, as one byte.
    pub constraints: u8,
    /// `level_idc`: ten times the level.
    pub level: u8,
    /// 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4.
    pub chroma_format: u8,
    /// Bits of a luma sample.
    pub bit_depth_luma: u8,
    /// Bits of a chroma sample.
    pub bit_depth_chroma: u8,
    /// Width in pixels, as cropped.
    pub width: u16,
    /// Height in pixels, as cropped.
    pub height: u16,
    /// Ticks of 1/90000 s from picture to picture, where the timing in the VUI tells it.
    pub picture_duration: Option<u32>,
    /// How many pictures can precede a picture in decoding order and follow it in output order: 0 means that there
    /// are no B-frames in the way that matters to a muxer. Nothing where the stream does not say.
    pub num_reorder_frames: Option<u8>,
}

#[derive(Default)]
struct Vui {
    picture_duration: Option<u32>,
    num_reorder_frames: Option<u8>,
}

impl Sps {
    /// Reads a sequence parameter set, its NAL unit header included. Damage in the VUI, which cameras are known for,
    /// costs only what the VUI tells.
    ///
    /// # Errors
    /// The unit is no sequence parameter set, ends too early, or holds values that the standard forbids.
    pub fn parse(unit: &[u8]) -> Result<Self, BadVideo> {
        let Some((header, payload)) = unit.split_first() else { return Err(BadVideo::Missing("SPS")) };
        if header & 0x1f != SPS {
            return Err(BadVideo::Missing("SPS"));
        }
        let mut bits = BitReader::of_nal(payload);
        Self::read(&mut bits)
    }

    fn read(bits: &mut BitReader<'_>) -> Result<Self, BadVideo> {
        let profile = bits.bits(8)? as u8;
        let constraints = bits.bits(8)? as u8;
        let level = bits.bits(8)? as u8;
        limit("seq_parameter_set_id", bits.ue()?, 31)?;
        let (mut chroma_format, mut separate, mut luma, mut chroma) = (1, false, 8, 8);
        if has_chroma_format(profile) {
            chroma_format = limit("chroma_format_idc", bits.ue()?, 3)? as u8;
            separate = chroma_format == 3 && bits.flag()?;
            luma = 8 + limit("bit_depth_luma_minus8", bits.ue()?, 6)? as u8;
            chroma = 8 + limit("bit_depth_chroma_minus8", bits.ue()?, 6)? as u8;
            bits.skip(1)?;
            if bits.flag()? {
                scaling_matrix(bits, if chroma_format == 3 { 12 } else { 8 })?;
            }
        }
        limit("log2_max_frame_num_minus4", bits.ue()?, 12)?;
        let order_type = limit("pic_order_cnt_type", bits.ue()?, 2)?;
        picture_order(bits, order_type)?;
        bits.ue()?; // max_num_ref_frames
        bits.skip(1)?; // gaps_in_frame_num_value_allowed_flag
        let width_mbs = 1 + limit("pic_width_in_mbs_minus1", bits.ue()?, 4095)?;
        let height_units = 1 + limit("pic_height_in_map_units_minus1", bits.ue()?, 4095)?;
        let frames_only = bits.flag()?;
        if !frames_only {
            bits.skip(1)?; // mb_adaptive_frame_field_flag
        }
        bits.skip(1)?; // direct_8x8_inference_flag
        let fields = if frames_only { 1 } else { 2 };
        let (unit_x, unit_y) = match (chroma_format, separate) {
            (1, _) => (2, 2 * fields),
            (2, _) => (2, fields),
            _ => (1, fields),
        };
        let (mut crop_x, mut crop_y) = (0, 0);
        if bits.flag()? {
            let (left, right) = (u64::from(bits.ue()?), u64::from(bits.ue()?));
            let (top, bottom) = (u64::from(bits.ue()?), u64::from(bits.ue()?));
            (crop_x, crop_y) = ((left + right) * unit_x, (top + bottom) * unit_y);
        }
        let width = size("width", u64::from(width_mbs) * 16, crop_x)?;
        let height = size("height", u64::from(height_units) * 16 * fields, crop_y)?;
        let vui = if bits.flag()? { vui(bits).unwrap_or_default() } else { Vui::default() };
        let no_reordering = profile == 66 || order_type == 2 || (intra_only(profile, constraints));
        Ok(Self {
            profile,
            constraints,
            level,
            chroma_format,
            bit_depth_luma: luma,
            bit_depth_chroma: chroma,
            width,
            height,
            picture_duration: vui.picture_duration,
            num_reorder_frames: vui.num_reorder_frames.or(no_reordering.then_some(0)),
        })
    }

    /// The codec string `avc1.PPCCLL` (RFC 6381, 3.3).
    #[must_use]
    pub fn codec_string(&self) -> String {
        format!("avc1.{:02x}{:02x}{:02x}", self.profile, self.constraints, self.level)
    }
}

/// What a NAL unit is, by the first byte of it (ISO/IEC 14496-10, table 7-1).
#[must_use]
pub fn unit_kind(first: u8) -> UnitKind {
    match first & 0x1f {
        1..=4 => UnitKind::Slice,
        5 => UnitKind::KeySlice,
        SPS | PPS | 13 | 15 => UnitKind::ParameterSet,
        9..=12 => UnitKind::Delimiter,
        _ => UnitKind::Other,
    }
}

fn has_chroma_format(profile: u8) -> bool {
    matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135)
}

fn intra_only(profile: u8, constraints: u8) -> bool {
    profile == 44 || (constraints & 0x10 != 0 && matches!(profile, 86 | 100 | 110 | 122 | 244))
}

fn limit(what: &'static str, value: u32, most: u32) -> Result<u32, BadVideo> {
    if value <= most { Ok(value) } else { Err(BadVideo::Value { what, value }) }
}

fn size(what: &'static str, coded: u64, cropped: u64) -> Result<u16, BadVideo> {
    let size = coded.checked_sub(cropped).filter(|size| *size > 0).ok_or(BadVideo::Cropped(what))?;
    u16::try_from(size).map_err(|_| BadVideo::Value { what, value: u32::try_from(size).unwrap_or(u32::MAX) })
}

fn picture_order(bits: &mut BitReader<'_>, order_type: u32) -> Result<(), BadVideo> {
    match order_type {
        0 => {
            limit("log2_max_pic_order_cnt_lsb_minus4", bits.ue()?, 12)?;
        }
        1 => {
            bits.skip(1)?;
            bits.se()?;
            bits.se()?;
            for _ in 0..limit("num_ref_frames_in_pic_order_cnt_cycle", bits.ue()?, 255)? {
                bits.se()?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Passes over scaling lists (7.3.2.1.1.1).
fn scaling_matrix(bits: &mut BitReader<'_>, lists: u32) -> Result<(), BadBits> {
    for list in 0..lists {
        if !bits.flag()? {
            continue;
        }
        let (mut last, mut next) = (8i64, 8i64);
        for _ in 0..if list < 6 { 16 } else { 64 } {
            if next != 0 {
                next = (last + bits.se()?).rem_euclid(256);
            }
            if next != 0 {
                last = next;
            }
        }
    }
    Ok(())
}

fn vui(bits: &mut BitReader<'_>) -> Result<Vui, BadBits> {
    let mut out = Vui::default();
    if bits.flag()? && bits.bits(8)? == 255 {
        bits.skip(32)?; // sample aspect ratio
    }
    if bits.flag()? {
        bits.skip(1)?; // overscan
    }
    if bits.flag()? {
        bits.skip(4)?;
        if bits.flag()? {
            bits.skip(24)?; // colour description
        }
    }
    if bits.flag()? {
        bits.ue()?; // chroma location
        bits.ue()?;
    }
    if bits.flag()? {
        let (units, scale) = (bits.bits(32)?, bits.bits(32)?);
        bits.skip(1)?;
        out.picture_duration = nominal_duration(u64::from(units) * 2, scale);
    }
    let nal_hrd = bits.flag()?;
    if nal_hrd {
        hrd(bits)?;
    }
    let vcl_hrd = bits.flag()?;
    if vcl_hrd {
        hrd(bits)?;
    }
    if nal_hrd || vcl_hrd {
        bits.skip(1)?;
    }
    bits.skip(1)?; // pic_struct_present_flag
    if bits.flag()? {
        bits.skip(1)?;
        for _ in 0..4 {
            bits.ue()?;
        }
        out.num_reorder_frames = u8::try_from(bits.ue()?).ok().filter(|frames| *frames <= 16);
    }
    Ok(out)
}

fn hrd(bits: &mut BitReader<'_>) -> Result<(), BadBits> {
    let count = bits.ue()?;
    if count > 31 {
        return Err(BadBits);
    }
    bits.skip(8)?;
    for _ in 0..=count {
        bits.ue()?;
        bits.ue()?;
        bits.skip(1)?;
    }
    bits.skip(20)
}

/// The parameter sets of a track.
fn decoder_config(sps: &Sps, sets: &[&[u8]], pps: &[&[u8]]) -> Result<Bytes, BadVideo> {
    if sets.is_empty() || sets.len() > 31 {
        return Err(BadVideo::Missing("SPS"));
    }
    if pps.is_empty() || pps.len() > 255 {
        return Err(BadVideo::Missing("PPS"));
    }
    let mut out = vec![1, sps.profile, sps.constraints, sps.level, 0xff, 0xe0 | sets.len() as u8];
    for set in sets {
        put_set(&mut out, set, SPS, "SPS")?;
    }
    out.push(pps.len() as u8);
    for set in pps {
        put_set(&mut out, set, PPS, "PPS")?;
    }
    if !matches!(sps.profile, 66 | 77 | 88) {
        out.push(0xfc | sps.chroma_format);
        out.push(0xf8 | (sps.bit_depth_luma - 8));
        out.push(0xf8 | (sps.bit_depth_chroma - 8));
        out.push(0);
    }
    Ok(out.into())
}

fn put_set(out: &mut Vec<u8>, set: &[u8], unit_type: u8, what: &'static str) -> Result<(), BadVideo> {
    if set.first().is_none_or(|first| first & 0x1f != unit_type) {
        return Err(BadVideo::Missing(what));
    }
    let length = u16::try_from(set.len()).map_err(|_| BadVideo::TooLong(what))?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(set);
    Ok(())
}

impl VideoConfig {
    /// The configuration of a track with these parameter sets (whole NAL units, without start code or length).
    ///
    /// # Errors
    /// A parameter set is missing, damaged or of impossible size.
    pub fn from_h264(sps: &[u8], pps: &[u8]) -> Result<Self, BadVideo> {
        Self::from_h264_sets(&[sps], &[pps])
    }

    /// As [`Self::from_h264`], for streams with several parameter sets of a kind; the first SPS describes the track.
    ///
    /// # Errors
    /// As for [`Self::from_h264`].
    pub fn from_h264_sets(sps: &[&[u8]], pps: &[&[u8]]) -> Result<Self, BadVideo> {
        let parsed = Sps::parse(sps.first().ok_or(BadVideo::Missing("SPS"))?)?;
        let config = decoder_config(&parsed, sps, pps)?;
        Ok(Self::with_sps(&parsed, config))
    }

    /// The configuration that an `avcC` box's payload describes.
    ///
    /// # Errors
    /// The bytes are no `avcC` of version 1 with 4-byte lengths and a valid SPS.
    pub fn from_avcc(payload: &[u8]) -> Result<Self, BadVideo> {
        let sps = avcc_sets(payload)?.find(|set| set.is_ok_and(|set| unit_type(set) == Some(SPS)));
        let sps = sps.ok_or(BadVideo::Missing("SPS"))??;
        if avcc_sets(payload)?.any(|set| set.is_err()) {
            return Err(BadVideo::Truncated);
        }
        Ok(Self::with_sps(&Sps::parse(sps)?, Bytes::copy_from_slice(payload)))
    }

    fn with_sps(sps: &Sps, decoder_config: Bytes) -> Self {
        Self {
            codec: VideoCodec::H264,
            width: sps.width,
            height: sps.height,
            decoder_config,
            codec_string: sps.codec_string(),
            nominal_duration: sps.picture_duration.unwrap_or(crate::video::USUAL_DURATION),
        }
    }
}

fn unit_type(set: &[u8]) -> Option<u8> {
    set.first().map(|first| first & 0x1f)
}

/// The parameter sets in an `avcC` payload: SPS, then PPS.
///
/// # Errors
/// The head is damaged; damage further on is an item.
pub fn avcc_sets(payload: &[u8]) -> Result<impl Iterator<Item = Result<&[u8], BadVideo>>, BadVideo> {
    let Some(([version, _, _, _, length_size, count], rest)) = payload.split_first_chunk::<6>() else {
        return Err(BadVideo::Truncated);
    };
    if *version != 1 {
        return Err(BadVideo::Value { what: "configurationVersion", value: u32::from(*version) });
    }
    if length_size & 3 != 3 {
        return Err(BadVideo::Value { what: "lengthSizeMinusOne", value: u32::from(length_size & 3) });
    }
    let mut state = Some((rest, count & 0x1f, false));
    Ok(std::iter::from_fn(move || {
        loop {
            let (rest, left, in_pps) = state?;
            state = None;
            if left > 0 {
                let Some((set, rest)) = take_set(rest) else { return Some(Err(BadVideo::Truncated)) };
                state = Some((rest, left - 1, in_pps));
                return Some(Ok(set));
            }
            if in_pps {
                return None;
            }
            let Some((count, rest)) = rest.split_first() else { return Some(Err(BadVideo::Truncated)) };
            state = Some((rest, *count, true));
        }
    }))
}

/// A parameter set behind its 2-byte length, and what follows.
pub(crate) fn take_set(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}
