//! H.265: what parameter sets say.
//!
//! What is here: ISO/IEC 23008-2, 7.3.2 (VPS, SPS, PPS), 7.3.3 and Annex E, as far as the decoder configuration needs.
//! What is not here: `hvcC` itself ([`crate::hvcc`]), slices, decoding.

use crate::{
    bits::{BadBits, BitReader},
    nal::UnitKind,
    video::{BadVideo, nominal_duration},
};

pub use crate::hvcc::hvcc_sets;

pub(crate) const VPS: u8 = 32;
pub(crate) const SPS: u8 = 33;
pub(crate) const PPS: u8 = 34;

/// Profile, tier and level (7.3.3), as bytes that `hvcC` and the codec string repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// `general_profile_space`: 0 in all streams of today.
    pub space: u8,
    /// Whether the tier is High.
    pub high_tier: bool,
    /// `general_profile_idc`: 1 Main, 2 Main 10…
    pub profile: u8,
    /// The 32 compatibility flags, that of profile 0 first (highest bit).
    pub compatibility: u32,
    /// The 48 constraint bits.
    pub constraints: [u8; 6],
    /// `general_level_idc`: thirty times the level.
    pub level: u8,
}

/// What a sequence parameter set says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sps {
    /// Profile, tier and level.
    pub profile: Profile,
    /// Temporal sub-layers, 1 to 7.
    pub temporal_layers: u8,
    /// Whether one can switch up between sub-layers anywhere.
    pub temporal_id_nested: bool,
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
    /// How many pictures can precede a picture in decoding order and follow it in output order.
    pub num_reorder_frames: u8,
    /// `min_spatial_segmentation_idc` of the VUI; 0 where it is absent.
    pub min_spatial_segmentation: u16,
}

/// What a NAL unit is, by the first byte of it (ISO/IEC 23008-2, table 7-1).
#[must_use]
pub fn unit_kind(first: u8) -> UnitKind {
    match first >> 1 & 0x3f {
        16..=23 => UnitKind::KeySlice,
        0..=31 => UnitKind::Slice,
        VPS | SPS | PPS => UnitKind::ParameterSet,
        35..=38 => UnitKind::Delimiter,
        _ => UnitKind::Other,
    }
}

pub(crate) fn unit_type(unit: &[u8]) -> Option<u8> {
    unit.first().map(|first| first >> 1 & 0x3f)
}

fn payload<'a>(unit: &'a [u8], wanted: u8, what: &'static str) -> Result<&'a [u8], BadVideo> {
    match unit.split_first_chunk::<2>() {
        Some((_, payload)) if unit_type(unit) == Some(wanted) => Ok(payload),
        _ => Err(BadVideo::Missing(what)),
    }
}

impl Profile {
    fn read(bits: &mut BitReader<'_>, layers_minus1: u32) -> Result<Self, BadBits> {
        let out = Self {
            space: bits.bits(2)? as u8,
            high_tier: bits.flag()?,
            profile: bits.bits(5)? as u8,
            compatibility: bits.bits(32)?,
            constraints: {
                let mut bytes = [0; 6];
                for byte in &mut bytes {
                    *byte = bits.bits(8)? as u8;
                }
                bytes
            },
            level: bits.bits(8)? as u8,
        };
        let mut present = Vec::with_capacity(6);
        for _ in 0..layers_minus1 {
            present.push((bits.flag()?, bits.flag()?));
        }
        if layers_minus1 > 0 {
            bits.skip(2 * (8 - layers_minus1))?;
        }
        for (profile, level) in present {
            bits.skip(if profile { 88 } else { 0 } + if level { 8 } else { 0 })?;
        }
        Ok(out)
    }

    /// The codec string with the given sample entry type, such as `hvc1.1.6.L93.B0` (ISO/IEC 14496-15, E.3).
    #[must_use]
    pub fn codec_string(&self, sample_entry: &str) -> String {
        use std::fmt::Write as _;
        let space = ["", "A", "B", "C"][usize::from(self.space & 3)];
        let tier = if self.high_tier { 'H' } else { 'L' };
        let compatibility = self.compatibility.reverse_bits();
        let mut out =
            format!("{sample_entry}.{space}{}.{compatibility:X}.{tier}{}", self.profile, self.level);
        let used = self.constraints.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        for byte in self.constraints.iter().take(used) {
            let _ = write!(out, ".{byte:02X}");
        }
        out
    }
}

impl Sps {
    /// Reads a sequence parameter set, its NAL unit header included. Damage in the VUI costs only what it tells.
    ///
    /// # Errors
    /// The unit is no sequence parameter set, ends too early, or holds values that the standard forbids.
    pub fn parse(unit: &[u8]) -> Result<Self, BadVideo> {
        let mut reader = BitReader::of_nal(payload(unit, SPS, "SPS")?);
        let bits = &mut reader;
        bits.skip(4)?;
        let layers = limit("sps_max_sub_layers_minus1", bits.bits(3)?, 6)?;
        let temporal_id_nested = bits.flag()?;
        let profile = Profile::read(bits, layers)?;
        limit("sps_seq_parameter_set_id", bits.ue()?, 15)?;
        let chroma_format = limit("chroma_format_idc", bits.ue()?, 3)? as u8;
        let separate = chroma_format == 3 && bits.flag()?;
        let (coded_width, coded_height) = (u64::from(bits.ue()?), u64::from(bits.ue()?));
        let (unit_x, unit_y) = match (chroma_format, separate) {
            (1, _) => (2, 2),
            (2, _) => (2, 1),
            _ => (1, 1),
        };
        let (mut crop_x, mut crop_y) = (0, 0);
        if bits.flag()? {
            let (left, right) = (u64::from(bits.ue()?), u64::from(bits.ue()?));
            let (top, bottom) = (u64::from(bits.ue()?), u64::from(bits.ue()?));
            (crop_x, crop_y) = ((left + right) * unit_x, (top + bottom) * unit_y);
        }
        let mut out = Self {
            profile,
            temporal_layers: layers as u8 + 1,
            temporal_id_nested,
            chroma_format,
            bit_depth_luma: 8 + limit("bit_depth_luma_minus8", bits.ue()?, 8)? as u8,
            bit_depth_chroma: 8 + limit("bit_depth_chroma_minus8", bits.ue()?, 8)? as u8,
            width: size("width", coded_width, crop_x)?,
            height: size("height", coded_height, crop_y)?,
            picture_duration: None,
            num_reorder_frames: 0,
            min_spatial_segmentation: 0,
        };
        let order_bits = 4 + limit("log2_max_pic_order_cnt_lsb_minus4", bits.ue()?, 12)?;
        let each_layer = bits.flag()?;
        for _ in if each_layer { 0 } else { layers }..=layers {
            bits.ue()?;
            out.num_reorder_frames = limit("sps_max_num_reorder_pics", bits.ue()?, 16)? as u8;
            bits.ue()?;
        }
        // What follows tells only the VUI; a stream whose tail is damaged can be recorded without it.
        let _ = out.read_tail(bits, layers, order_bits);
        Ok(out)
    }

    fn read_tail(&mut self, bits: &mut BitReader<'_>, layers: u32, order_bits: u32) -> Result<(), BadBits> {
        for _ in 0..6 {
            bits.ue()?; // sizes and depths of blocks
        }
        if bits.flag()? && bits.flag()? {
            scaling_lists(bits)?;
        }
        bits.skip(2)?; // amp, sample adaptive offset
        if bits.flag()? {
            bits.skip(8)?; // pulse code modulation
            bits.ue()?;
            bits.ue()?;
            bits.skip(1)?;
        }
        reference_picture_sets(bits)?;
        if bits.flag()? {
            let count = bits.ue()?;
            if count > 32 {
                return Err(BadBits);
            }
            bits.skip(count * (order_bits + 1))?;
        }
        bits.skip(2)?; // temporal motion vectors, strong intra smoothing
        if bits.flag()? { self.read_vui(bits, layers) } else { Ok(()) }
    }

    fn read_vui(&mut self, bits: &mut BitReader<'_>, layers: u32) -> Result<(), BadBits> {
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
        bits.skip(3)?; // neutral chroma, field sequence, field information
        if bits.flag()? {
            for _ in 0..4 {
                bits.ue()?; // default display window
            }
        }
        if bits.flag()? {
            let (units, scale) = (bits.bits(32)?, bits.bits(32)?);
            self.picture_duration = nominal_duration(u64::from(units), scale);
            if bits.flag()? {
                bits.ue()?;
            }
            if bits.flag()? {
                hrd(bits, layers)?;
            }
        }
        if bits.flag()? {
            bits.skip(3)?;
            self.min_spatial_segmentation =
                u16::try_from(bits.ue()?).ok().filter(|idc| *idc < 4096).ok_or(BadBits)?;
        }
        Ok(())
    }
}

/// Which tools for parallel decoding a picture parameter set allows: (tiles, entropy coding synchronization).
///
/// # Errors
/// The unit is no picture parameter set or ends too early.
pub fn parallel_tools(unit: &[u8]) -> Result<(bool, bool), BadVideo> {
    let mut bits = BitReader::of_nal(payload(unit, PPS, "PPS")?);
    limit("pps_pic_parameter_set_id", bits.ue()?, 63)?;
    limit("pps_seq_parameter_set_id", bits.ue()?, 15)?;
    bits.skip(7)?;
    bits.ue()?;
    bits.ue()?;
    bits.se()?;
    bits.skip(2)?;
    if bits.flag()? {
        bits.ue()?;
    }
    bits.se()?;
    bits.se()?;
    bits.skip(4)?;
    Ok((bits.flag()?, bits.flag()?))
}

fn limit(what: &'static str, value: u32, most: u32) -> Result<u32, BadVideo> {
    if value <= most { Ok(value) } else { Err(BadVideo::Value { what, value }) }
}

fn size(what: &'static str, coded: u64, cropped: u64) -> Result<u16, BadVideo> {
    let size = coded.checked_sub(cropped).filter(|size| *size > 0).ok_or(BadVideo::Cropped(what))?;
    u16::try_from(size).map_err(|_| BadVideo::Value { what, value: u32::try_from(size).unwrap_or(u32::MAX) })
}

/// Passes over scaling lists (7.3.4).
fn scaling_lists(bits: &mut BitReader<'_>) -> Result<(), BadBits> {
    for size in 0..4u32 {
        for _ in 0..if size == 3 { 2 } else { 6 } {
            if !bits.flag()? {
                bits.ue()?;
                continue;
            }
            if size > 1 {
                bits.se()?;
            }
            for _ in 0..(1u32 << (4 + 2 * size)).min(64) {
                bits.se()?;
            }
        }
    }
    Ok(())
}

/// Passes over short-term reference picture sets (7.3.7): only how many pictures each has matters for the next.
fn reference_picture_sets(bits: &mut BitReader<'_>) -> Result<(), BadBits> {
    let count = bits.ue()?;
    if count > 64 {
        return Err(BadBits);
    }
    let mut pictures = 0u32;
    for set in 0..count {
        if set > 0 && bits.flag()? {
            bits.skip(1)?;
            bits.ue()?;
            let mut kept = 0;
            for _ in 0..=pictures {
                let used = bits.flag()?;
                if used || bits.flag()? {
                    kept += 1;
                }
            }
            pictures = kept;
            continue;
        }
        let (before, after) = (bits.ue()?, bits.ue()?);
        if before > 16 || after > 16 {
            return Err(BadBits);
        }
        pictures = before + after;
        for _ in 0..pictures {
            bits.ue()?;
            bits.skip(1)?;
        }
    }
    Ok(())
}

/// Passes over the parameters of the hypothetical decoder (E.2.2 with common information).
fn hrd(bits: &mut BitReader<'_>, layers: u32) -> Result<(), BadBits> {
    let (nal, vcl) = (bits.flag()?, bits.flag()?);
    let mut sub_pictures = false;
    if nal || vcl {
        sub_pictures = bits.flag()?;
        bits.skip(if sub_pictures { 19 } else { 0 } + 8 + if sub_pictures { 4 } else { 0 } + 15)?;
    }
    for _ in 0..=layers {
        let general = bits.flag()?;
        let fixed = general || bits.flag()?;
        let mut low_delay = false;
        if fixed {
            bits.ue()?;
        } else {
            low_delay = bits.flag()?;
        }
        let count = if low_delay { 0 } else { bits.ue()? };
        if count > 31 {
            return Err(BadBits);
        }
        for _ in 0..u32::from(nal) + u32::from(vcl) {
            for _ in 0..=count {
                for _ in 0..if sub_pictures { 4 } else { 2 } {
                    bits.ue()?;
                }
                bits.skip(1)?;
            }
        }
    }
    Ok(())
}
