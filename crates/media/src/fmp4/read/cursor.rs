//! A position in a box's content; every step is checked.
//!
//! What is not here: what the fields mean.

use super::BadFile;
use crate::fmp4::boxes::FourCc;

/// What is left of a box's content.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    kind: FourCc,
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// The content of a box of that type.
    pub fn new(kind: FourCc, content: &'a [u8]) -> Self {
        Self { kind, rest: content }
    }

    /// All that is left.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// So many bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], BadFile> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(BadFile::Truncated(self.kind))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BadFile> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(BadFile::Truncated(self.kind))?;
        self.rest = rest;
        Ok(*taken)
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, BadFile> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Two bytes.
    pub fn u16(&mut self) -> Result<u16, BadFile> {
        self.array().map(u16::from_be_bytes)
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Result<u32, BadFile> {
        self.array().map(u32::from_be_bytes)
    }

    /// Eight bytes.
    pub fn u64(&mut self) -> Result<u64, BadFile> {
        self.array().map(u64::from_be_bytes)
    }

    /// Version and flags of a full box.
    pub fn full(&mut self) -> Result<(u8, u32), BadFile> {
        let [version, a, b, c] = self.array()?;
        Ok((version, u32::from_be_bytes([0, a, b, c])))
    }

    /// The error for a value that the writer never makes.
    pub fn unsupported(&self) -> BadFile {
        BadFile::Unsupported(self.kind)
    }
}
