//! Reads bits of parameter sets: fixed-length and Exp-Golomb codes, skipping emulation prevention bytes.
//!
//! What is here: the descriptors u(n), ue(v), se(v) of ISO/IEC 14496-10, 7.2 and 9.1 (the same in ISO/IEC 23008-2).
//! What is not here: entropy-coded picture data.

/// A parameter set ended in the middle, or holds a code that is longer than any allowed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bits end too early or hold an impossible code")]
pub struct BadBits;

/// A position in a run of bits.
#[derive(Clone, Debug)]
pub struct BitReader<'a> {
    bytes: &'a [u8],
    next: usize,
    current: u8,
    left: u8,
    zeros: u8,
    emulation: bool,
}

impl<'a> BitReader<'a> {
    /// Reads a NAL unit's payload: `00 00 03` counts as `00 00` (ISO/IEC 14496-10, 7.4.1).
    #[must_use]
    pub fn of_nal(bytes: &'a [u8]) -> Self {
        Self { bytes, next: 0, current: 0, left: 0, zeros: 0, emulation: true }
    }

    /// Reads plain bytes.
    #[must_use]
    pub fn plain(bytes: &'a [u8]) -> Self {
        Self { emulation: false, ..Self::of_nal(bytes) }
    }

    /// One bit.
    ///
    /// # Errors
    /// There are no more bits.
    pub fn flag(&mut self) -> Result<bool, BadBits> {
        if self.left == 0 {
            self.load()?;
        }
        self.left -= 1;
        Ok(self.current >> self.left & 1 == 1)
    }

    /// An unsigned number of `count` bits, at most 32.
    ///
    /// # Errors
    /// There are not so many bits.
    pub fn bits(&mut self, count: u32) -> Result<u32, BadBits> {
        let mut value = 0;
        for _ in 0..count.min(32) {
            value = value << 1 | u32::from(self.flag()?);
        }
        Ok(value)
    }

    /// Passes over `count` bits.
    ///
    /// # Errors
    /// There are not so many bits.
    pub fn skip(&mut self, count: u32) -> Result<(), BadBits> {
        for _ in 0..count {
            self.flag()?;
        }
        Ok(())
    }

    /// An unsigned Exp-Golomb code, ue(v).
    ///
    /// # Errors
    /// The bits end, or the number has more than 32 bits.
    pub fn ue(&mut self) -> Result<u32, BadBits> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > 32 {
                return Err(BadBits);
            }
        }
        let tail = u64::from(self.bits(zeros)?);
        u32::try_from((1u64 << zeros) - 1 + tail).map_err(|_| BadBits)
    }

    /// A signed Exp-Golomb code, se(v).
    ///
    /// # Errors
    /// As for [`Self::ue`].
    pub fn se(&mut self) -> Result<i64, BadBits> {
        let code = i64::from(self.ue()?);
        Ok(if code & 1 == 1 { (code + 1) / 2 } else { -(code / 2) })
    }

    fn load(&mut self) -> Result<(), BadBits> {
        let mut byte = self.take()?;
        if self.emulation && self.zeros >= 2 && byte == 3 {
            self.zeros = 0;
            byte = self.take()?;
        }
        self.zeros = if byte == 0 { self.zeros.saturating_add(1) } else { 0 };
        self.current = byte;
        self.left = 8;
        Ok(())
    }

    fn take(&mut self) -> Result<u8, BadBits> {
        let byte = *self.bytes.get(self.next).ok_or(BadBits)?;
        self.next += 1;
        Ok(byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_golomb_codes_are_read_as_in_table_9_2() {
        // 1 010 011 00100 00101 1 -> 0 1 2 3 4 0
        let mut bits = BitReader::plain(&[0b1010_0110, 0b0100_0010, 0b1100_0000]);
        let values: Vec<u32> = (0..6).map(|_| bits.ue().unwrap()).collect();
        assert_eq!(values, [0, 1, 2, 3, 4, 0]);
        let mut bits = BitReader::plain(&[0b1010_0110, 0b0100_0010, 0b1100_0000]);
        let values: Vec<i64> = (0..6).map(|_| bits.se().unwrap()).collect();
        assert_eq!(values, [0, 1, -1, 2, -2, 0]);
    }

    #[test]
    fn emulation_prevention_bytes_are_passed_over_only_in_nal_units() {
        let bytes = [0, 0, 3, 1, 0, 0, 0, 3];
        let mut bits = BitReader::of_nal(&bytes);
        assert_eq!(bits.bits(32), Ok(0x0000_0100));
        assert_eq!(bits.bits(16), Ok(0));
        assert_eq!(bits.flag(), Err(BadBits));
        assert_eq!(BitReader::plain(&bytes).bits(32), Ok(0x0000_0301));
    }

    #[test]
    fn the_longest_code_is_read_and_a_longer_one_refused() {
        let mut longest = vec![0, 0, 0, 0, 0b1000_0000];
        longest.extend([0; 4]);
        assert_eq!(BitReader::plain(&longest).ue(), Ok(u32::MAX));
        assert_eq!(BitReader::plain(&[0; 16]).ue(), Err(BadBits));
        assert_eq!(BitReader::plain(&[]).ue(), Err(BadBits));
    }
}
