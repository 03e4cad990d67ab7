//! Stamps that let a test tell every frame: in the stream an SEI message, in the picture a bar code.
//!
//! **SEI.** Before each frame's first slice the camera sends one `user_data_unregistered` SEI (H.264 Annex D.1.7,
//! H.265 Annex D.2.7; payload type 5) with the UUID [`UUID`] and 36 ASCII hexadecimal digits: 4 camera index, 16
//! absolute frame number (`u64`), 16 capture time in µs since 1970 UTC (`i64`, two's complement). Neither holds a
//! zero byte, so that the NAL unit needs no emulation prevention. [`find`] reads one NAL unit.
//!
//! **Bar code.** Every picture of every clip carries its number in the clip. Divide the picture into 80 columns and
//! 45 rows of equal squares; the code is the 24 squares of row 43 (from 0), columns 55 to 78: centre of bit i at
//! x = (55.5 + i) / 80 of the width, y = 43.5 / 45 of the height. Light is 1, dark is 0. From left: `1101`, two bits
//! scene (0 street, 1 yard, 2 hall, 3 harbour), twelve bits frame number in the clip, four bits check, `01`. The check is
//! the sum of the four nibbles of the 14-bit value scene·4096 + number, plus 10, modulo 16. A light square's luma is
//! above 150 and a dark one's below 75, at the squares' middle, also after compression at 640 by 360.
//! [`read_bar_code`] reads a luma plane.
//!
//! Not here: drawing the bar code (`xtask clips`), any other understanding of a stream.

use crate::clip::Codec;

/// The UUID of the stamp's SEI message.
pub const UUID: [u8; 16] = *b"Martello-sim\x9d\xe1\xb7\xc5";

const DIGITS: usize = 4 + 16 + 16;

/// What the SEI of a frame says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Index of the camera in its farm.
    pub camera: u16,
    /// Frames the camera has made before this one since it was started; the same for its main and sub stream.
    pub number: u64,
    /// When the frame was captured by the camera's clock, µs since 1970 UTC.
    pub captured_us: i64,
}

impl Stamp {
    /// The SEI NAL unit, without start code.
    #[must_use]
    pub fn nal(&self, codec: Codec) -> Vec<u8> {
        let mut nal = Vec::with_capacity(64);
        match codec {
            Codec::H264 => nal.push(6),
            Codec::H265 => nal.extend_from_slice(&[39 << 1, 1]),
        }
        nal.extend_from_slice(&[5, (UUID.len() + DIGITS) as u8]);
        nal.extend_from_slice(&UUID);
        let digits = format!("{:04x}{:016x}{:016x}", self.camera, self.number, self.captured_us as u64);
        nal.extend_from_slice(digits.as_bytes());
        nal.push(0x80);
        nal
    }
}

/// The stamp in one NAL unit (H.264 or H.265, without start code), if it is a stamp's SEI.
#[must_use]
pub fn find(nal: &[u8]) -> Option<Stamp> {
    let message = match nal {
        [6, rest @ ..] => rest,
        [head, 1, rest @ ..] if head >> 1 == 39 => rest,
        _ => return None,
    };
    let digits =
        message.strip_prefix(&[5, (UUID.len() + DIGITS) as u8])?.strip_prefix(&UUID)?.get(..DIGITS)?;
    let digits = std::str::from_utf8(digits).ok()?;
    let number = |range| u64::from_str_radix(digits.get(range)?, 16).ok();
    Some(Stamp {
        camera: u16::try_from(number(0..4)?).ok()?,
        number: number(4..20)?,
        captured_us: number(20..36)? as i64,
    })
}

/// The bar code of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BarCode {
    /// Which scene: 0 street, 1 yard, 2 hall, 3 harbour.
    pub scene: u8,
    /// The frame's number in the clip.
    pub number: u16,
}

/// Reads the bar code of a luma plane of `width` by `height` bytes; `None` if there is none or its check fails.
#[must_use]
pub fn read_bar_code(luma: &[u8], width: usize, height: usize) -> Option<BarCode> {
    let middle = |bit: usize| {
        let (x, y) = ((2 * (55 + bit) + 1) * width / 160, 87 * height / 90);
        let mut sum = 0;
        for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            sum += u32::from(*luma.get((y + dy).checked_sub(1)? * width + (x + dx).checked_sub(1)?)?);
        }
        match sum / 4 {
            151.. => Some(1),
            0..75 => Some(0),
            _ => None,
        }
    };
    let mut code = 0_u32;
    for bit in 0..24 {
        code = code << 1 | middle(bit)?;
    }
    let value = code >> 6 & 0x3fff;
    let nibbles: u32 = (0..4).map(|n| value >> (4 * n) & 15).sum();
    let sound = code >> 20 == 0b1101 && code & 3 == 0b01 && code >> 2 & 15 == (nibbles + 10) & 15;
    sound.then_some(BarCode { scene: (value >> 12) as u8, number: (value & 0xfff) as u16 })
}

#[cfg(test)]
mod tests {
    use super::{Stamp, find};
    use crate::clip::Codec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_stamp_survives_its_sei(camera: u16, number: u64, captured_us: i64, h265: bool) {
            let stamp = Stamp { camera, number, captured_us };
            let nal = stamp.nal(if h265 { Codec::H265 } else { Codec::H264 });
            prop_assert!(!nal.contains(&0));
            prop_assert_eq!(find(&nal), Some(stamp));
        }

        #[test]
        fn other_bytes_are_no_stamp_and_no_panic(nal: Vec<u8>) {
            prop_assert_eq!(find(&nal), None);
        }
    }
}
