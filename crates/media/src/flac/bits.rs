//! Bits in, bytes out, and FLAC's two checksums (RFC 9639, 9.1.8 and 9.3).
//!
//! What is not here: what the bits mean.

const CRC8: [u8; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = index as u8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x80 != 0 { crc << 1 ^ 0x07 } else { crc << 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
};

const CRC16: [u16; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = (index as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 != 0 { crc << 1 ^ 0x8005 } else { crc << 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
};

/// The checksum of a frame header.
pub fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, byte| CRC8[usize::from(crc ^ byte)])
}

/// The checksum of a frame.
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| crc << 8 ^ CRC16[usize::from((crc >> 8) as u8 ^ byte)])
}

/// A growing row of bits, the highest first.
#[derive(Debug, Default)]
pub struct BitWriter {
    out: Vec<u8>,
    pending: u64,
    count: u32,
}

impl BitWriter {
    /// A writer with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { out: Vec::with_capacity(bytes), pending: 0, count: 0 }
    }

    /// The lowest `count` bits of `value`, at most 32.
    pub fn put(&mut self, value: u32, count: u32) {
        let value = u64::from(value) & ((1u64 << count.min(32)) - 1);
        self.pending = self.pending << count | value;
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            self.out.push((self.pending >> self.count) as u8);
        }
    }

    /// `value` in two's complement.
    pub fn put_signed(&mut self, value: i32, count: u32) {
        self.put(value as u32, count);
    }

    /// So many zero bits, then a one.
    pub fn unary(&mut self, zeros: u32) {
        for _ in 0..zeros / 32 {
            self.put(0, 32);
        }
        self.put(1, zeros % 32 + 1);
    }

    /// The whole bytes so far.
    pub fn bytes(&self) -> &[u8] {
        &self.out
    }

    /// All bytes, the last one filled up with zero bits.
    pub fn into_vec(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.put(0, 8 - self.count);
        }
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_rfc_example() {
        // RFC 9639, appendix D.1: the header and the frame of the first example.
        let frame =
            [0xff, 0xf8, 0x69, 0x18, 0x00, 0x00, 0xbf, 0x03, 0x58, 0xfd, 0x03, 0x12, 0x8b, 0xaa, 0x9a];
        assert_eq!(crc8(&frame[..6]), 0xbf);
        assert_eq!(crc16(&frame[..13]), 0xaa9a);
    }

    #[test]
    fn bits_are_packed_from_the_highest() {
        let mut out = BitWriter::default();
        out.put(0b101, 3);
        out.unary(2);
        out.put_signed(-1, 4);
        assert_eq!(out.into_vec(), [0b1010_0111, 0b1100_0000]);
        let mut out = BitWriter::default();
        out.unary(40);
        assert_eq!(out.into_vec(), [0, 0, 0, 0, 0, 0x80]);
    }
}
