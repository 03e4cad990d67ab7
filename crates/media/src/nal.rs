//! NAL units of a sample: walking through them, and taking parameter sets off.
//!
//! What is here: what H.264 and H.265 samples have in common (ISO/IEC 14496-15, 4.3.3: every unit behind its length).
//! What is not here: what a parameter set says ([`crate::h264`], [`crate::h265`]).

use bytes::Bytes;

use crate::{VideoCodec, h264, h265};

/// Bytes of the length in front of every NAL unit.
pub const LENGTH_SIZE: usize = 4;

/// A sample that is not a row of NAL units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadNal {
    /// The sample ends inside a length or inside a unit.
    #[error("a NAL unit reaches beyond the end of its sample")]
    Truncated,
    /// A unit without a single byte.
    #[error("an empty NAL unit")]
    Empty,
}

/// The NAL units of a sample, each without its length; ends after the first error.
#[derive(Clone, Debug)]
pub struct Units<'a> {
    rest: &'a [u8],
}

/// Walks through the NAL units of a sample whose units stand behind 4-byte lengths.
#[must_use]
pub fn units(sample: &[u8]) -> Units<'_> {
    Units { rest: sample }
}

impl<'a> Iterator for Units<'a> {
    type Item = Result<&'a [u8], BadNal>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let rest = std::mem::take(&mut self.rest);
        let Some((length, rest)) = rest.split_first_chunk::<LENGTH_SIZE>() else {
            return Some(Err(BadNal::Truncated));
        };
        let length = u32::from_be_bytes(*length) as usize;
        if length == 0 {
            return Some(Err(BadNal::Empty));
        }
        let Some((unit, rest)) = rest.split_at_checked(length) else {
            return Some(Err(BadNal::Truncated));
        };
        self.rest = rest;
        Some(Ok(unit))
    }
}

/// What a NAL unit is good for, whichever the codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitKind {
    /// Video, sequence or picture parameter set.
    ParameterSet,
    /// Coded picture data at which decoding can start.
    KeySlice,
    /// Other coded picture data.
    Slice,
    /// Access unit delimiter, filler, end of sequence: says nothing that the container does not say.
    Delimiter,
    /// Supplemental enhancement information and all else.
    Other,
}

/// What a NAL unit is; nothing for no bytes.
#[must_use]
pub fn kind(codec: VideoCodec, unit: &[u8]) -> Option<UnitKind> {
    let first = *unit.first()?;
    Some(match codec {
        VideoCodec::H264 => h264::unit_kind(first),
        VideoCodec::H265 => h265::unit_kind(first),
    })
}

/// Whether decoding can start at this sample: its first picture data are those of an IDR (H.265: any random access)
/// picture. Looks only at the heads of units, and no further than the first picture data.
#[must_use]
pub fn is_key(codec: VideoCodec, sample: &[u8]) -> bool {
    units(sample)
        .map_while(Result::ok)
        .filter_map(|unit| kind(codec, unit))
        .find(|kind| matches!(kind, UnitKind::KeySlice | UnitKind::Slice))
        == Some(UnitKind::KeySlice)
}

/// A sample as it came, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessUnit {
    /// Parameter sets that stood in the sample, in their order, without lengths.
    pub parameter_sets: Vec<Bytes>,
    /// The rest, each unit behind its length, without parameter sets and delimiters. Shares the memory of the sample
    /// where what was taken off stood in front (it does, unless a camera is odd).
    pub data: Bytes,
    /// Whether decoding can start here.
    pub key: bool,
}

/// Takes parameter sets and delimiters off a sample.
///
/// # Errors
/// The sample is not a row of NAL units behind 4-byte lengths.
pub fn split(codec: VideoCodec, sample: &Bytes) -> Result<AccessUnit, BadNal> {
    let mut out = AccessUnit::default();
    let (mut front, mut at, mut picture) = (0, 0, false);
    let mut scattered = false;
    for unit in units(sample) {
        let unit = unit?;
        let end = at + LENGTH_SIZE + unit.len();
        match kind(codec, unit) {
            Some(kind @ (UnitKind::ParameterSet | UnitKind::Delimiter)) => {
                if kind == UnitKind::ParameterSet {
                    out.parameter_sets.push(sample.slice(at + LENGTH_SIZE..end));
                }
                if front == at {
                    front = end;
                } else {
                    scattered = true;
                }
            }
            Some(kind @ (UnitKind::KeySlice | UnitKind::Slice)) if !picture => {
                picture = true;
                out.key = kind == UnitKind::KeySlice;
            }
            _ => {}
        }
        at = end;
    }
    out.data = if scattered { gather(codec, sample)? } else { sample.slice(front..) };
    Ok(out)
}

/// The rare case: what has to go stands between what stays.
fn gather(codec: VideoCodec, sample: &[u8]) -> Result<Bytes, BadNal> {
    let mut out = Vec::with_capacity(sample.len());
    for unit in units(sample) {
        let unit = unit?;
        if !matches!(kind(codec, unit), Some(UnitKind::ParameterSet | UnitKind::Delimiter)) {
            append(&mut out, unit);
        }
    }
    Ok(out.into())
}

/// Appends a NAL unit behind its length. A unit of 4 GiB or more, which no sample can hold, is left out.
pub fn append(out: &mut Vec<u8>, unit: &[u8]) {
    if let Ok(length) = u32::try_from(unit.len()) {
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(unit);
    }
}

/// The NAL units of a byte stream (ISO/IEC 14496-10, Annex B): what stands between start codes.
pub fn annex_b(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = after_start_code(stream);
    std::iter::from_fn(move || {
        let begin = rest?;
        let end = begin.windows(3).position(|window| window == [0, 0, 1]).unwrap_or(begin.len());
        let (unit, tail) = begin.split_at(end);
        rest = after_start_code(tail);
        let zeros = unit.iter().rev().take_while(|byte| **byte == 0).count();
        unit.get(..unit.len() - zeros)
    })
    .filter(|unit| !unit.is_empty())
}

fn after_start_code(stream: &[u8]) -> Option<&[u8]> {
    let at = stream.windows(3).position(|window| window == [0, 0, 1])?;
    stream.get(at + 3..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(units: &[&[u8]]) -> Bytes {
        let mut out = Vec::new();
        units.iter().for_each(|unit| append(&mut out, unit));
        out.into()
    }

    #[test]
    fn parameter_sets_in_front_are_taken_off_without_copying() {
        let whole = sample(&[&[9, 0xf0], &[0x67, 1], &[0x68, 2], &[6, 3], &[0x65, 4]]);
        let split = split(VideoCodec::H264, &whole).unwrap();
        assert_eq!(split.parameter_sets, [&[0x67, 1][..], &[0x68, 2]]);
        assert_eq!(split.data, sample(&[&[6, 3], &[0x65, 4]]));
        assert_eq!(split.data.as_ptr(), whole[whole.len() - split.data.len()..].as_ptr());
        assert!(split.key);
    }

    #[test]
    fn parameter_sets_in_between_are_taken_off_too() {
        let whole = sample(&[&[6, 3], &[0x67, 1], &[0x41, 4]]);
        let split = split(VideoCodec::H264, &whole).unwrap();
        assert_eq!(split.parameter_sets, [&[0x67, 1][..]]);
        assert_eq!(split.data, sample(&[&[6, 3], &[0x41, 4]]));
        assert!(!split.key);
    }

    #[test]
    fn a_random_access_picture_is_key_in_both_codecs() {
        assert!(is_key(VideoCodec::H264, &sample(&[&[6, 3], &[0x65, 4]])));
        assert!(!is_key(VideoCodec::H264, &sample(&[&[0x41, 4], &[0x65, 4]])));
        assert!(is_key(VideoCodec::H265, &sample(&[&[0x26, 1, 4]])));
        assert!(is_key(VideoCodec::H265, &sample(&[&[0x2a, 1, 4]])));
        assert!(!is_key(VideoCodec::H265, &sample(&[&[0x02, 1, 4]])));
        assert!(!is_key(VideoCodec::H264, &[0, 0]));
    }

    #[test]
    fn a_unit_beyond_its_sample_is_an_error() {
        for bytes in [&[0, 0, 0][..], &[0, 0, 0, 2, 1], &[0xff, 0xff, 0xff, 0xff, 1]] {
            assert_eq!(units(bytes).next(), Some(Err(BadNal::Truncated)), "{bytes:?}");
        }
        assert_eq!(units(&[0, 0, 0, 0]).next(), Some(Err(BadNal::Empty)));
        assert_eq!(split(VideoCodec::H264, &Bytes::from_static(&[0, 0, 0, 2, 1])), Err(BadNal::Truncated));
    }

    #[test]
    fn a_byte_stream_is_cut_at_start_codes() {
        let stream = [0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0, 0, 1, 0x65, 3, 0];
        let units: Vec<&[u8]> = annex_b(&stream).collect();
        assert_eq!(units, [&[0x67, 1][..], &[0x68, 2], &[0x65, 3]]);
        assert_eq!(annex_b(&[1, 2, 3]).count(), 0);
    }
}
