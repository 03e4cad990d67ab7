//! Finds boxes: inside bytes, and at the top level of something that can only be read piecewise.
//!
//! What is not here: what is inside of them.

use std::{convert::Infallible, ops::Range};

use super::BadFile;
use crate::fmp4::boxes::FourCc;

/// No container and no file with more boxes than this is read: a segment of 5 minutes has a few thousand.
pub const MAX_BOXES: usize = 1 << 20;

/// The longest head: 8 bytes, 8 of a large size, 16 of a `uuid`.
const LONGEST_HEAD: usize = 32;

/// Bytes at a place.
pub trait ReadAt {
    /// What can go wrong.
    type Error;

    /// How many bytes there are.
    ///
    /// # Errors
    /// As the implementation says.
    fn size(&self) -> Result<u64, Self::Error>;

    /// Fills `out` from `offset` on as far as there are bytes; returns how many were read.
    ///
    /// # Errors
    /// As the implementation says.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<usize, Self::Error>;
}

impl ReadAt for [u8] {
    type Error = Infallible;

    fn size(&self) -> Result<u64, Infallible> {
        Ok(self.len() as u64)
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> Result<usize, Infallible> {
        let from = usize::try_from(offset).ok().and_then(|offset| self.get(offset..)).unwrap_or_default();
        let count = from.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..count), from.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }
}

/// Where a box lies and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoxHead {
    /// Its type.
    pub kind: FourCc,
    /// The extended type of a `uuid` box.
    pub usertype: Option<[u8; 16]>,
    /// Where it begins.
    pub offset: u64,
    /// Bytes of its head: 8, 16, 24 or 32.
    pub header: u8,
    /// Bytes of head and content together.
    pub size: u64,
}

impl BoxHead {
    /// Where its content lies.
    #[must_use]
    pub fn content(&self) -> Range<u64> {
        self.offset + u64::from(self.header)..self.end()
    }

    /// The first byte behind it.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.offset + self.size
    }

    /// Reads the head of a box that begins at `offset` of something that ends at `end`; `bytes` are what stands there,
    /// at least 32 or all that is left. A size of 0 means: to the end.
    fn read(bytes: &[u8], offset: u64, end: u64) -> Result<Self, BadFile> {
        let left = end.saturating_sub(offset);
        let (Some(size), Some(kind)) =
            (bytes.first_chunk::<4>(), bytes.get(4..).and_then(<[u8]>::first_chunk))
        else {
            return Err(BadFile::Truncated(*b"????"));
        };
        let truncated = BadFile::Truncated(*kind);
        let (size, mut header) = match u32::from_be_bytes(*size) {
            0 => (left, 8u8),
            1 => {
                let large = bytes.get(8..).and_then(<[u8]>::first_chunk).ok_or(truncated)?;
                (u64::from_be_bytes(*large), 16)
            }
            size => (u64::from(size), 8),
        };
        let mut usertype = None;
        if kind == b"uuid" {
            usertype =
                Some(*bytes.get(usize::from(header)..).and_then(<[u8]>::first_chunk).ok_or(truncated)?);
            header += 16;
        }
        if size < u64::from(header) {
            return Err(BadFile::Size);
        }
        if size > left {
            return Err(truncated);
        }
        Ok(Self { kind: *kind, usertype, offset, header, size })
    }
}

/// The boxes in a row of bytes, each with its content; ends after the first error.
#[derive(Clone, Debug)]
pub struct Boxes<'a> {
    bytes: &'a [u8],
    at: usize,
    left: usize,
}

/// Walks through the boxes in a container's content or in a file's bytes.
#[must_use]
pub fn boxes(bytes: &[u8]) -> Boxes<'_> {
    Boxes { bytes, at: 0, left: MAX_BOXES }
}

impl<'a> Boxes<'a> {
    fn read(&mut self) -> Result<(BoxHead, &'a [u8]), BadFile> {
        self.left = self.left.checked_sub(1).ok_or(BadFile::TooMany(*b"????"))?;
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let head = BoxHead::read(rest, self.at as u64, self.bytes.len() as u64)?;
        let end = usize::try_from(head.size).ok().ok_or(BadFile::Truncated(head.kind))?;
        let content = rest.get(usize::from(head.header)..end).ok_or(BadFile::Truncated(head.kind))?;
        self.at += end;
        Ok((head, content))
    }
}

impl<'a> Iterator for Boxes<'a> {
    type Item = Result<(BoxHead, &'a [u8]), BadFile>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let out = self.read();
        if out.is_err() {
            self.at = self.bytes.len();
        }
        Some(out)
    }
}

/// The content of the only box of a type.
pub(crate) fn only<'a>(bytes: &'a [u8], kind: &FourCc) -> Result<&'a [u8], BadFile> {
    let mut found = None;
    for item in boxes(bytes) {
        let (head, content) = item?;
        if head.kind == *kind && found.replace(content).is_some() {
            return Err(BadFile::TooMany(*kind));
        }
    }
    found.ok_or(BadFile::Missing(*kind))
}

/// Why a top-level box cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopLevelError<E> {
    /// Reading failed.
    #[error("reading the head of a box: {0}")]
    Read(E),
    /// What stands there is no box; at this offset begins what cannot be read.
    #[error("at byte {at}: {why}")]
    Bad {
        /// Where the box begins: all before it is sound.
        at: u64,
        /// What is wrong with it.
        why: BadFile,
    },
}

/// The top-level boxes of something that is read piecewise; ends after the first error.
#[derive(Debug)]
pub struct TopLevel<'a, R: ReadAt + ?Sized> {
    source: &'a R,
    at: u64,
    left: usize,
    done: bool,
}

/// Walks through the top-level boxes from `offset` on, reading only their heads.
pub fn top_level<R: ReadAt + ?Sized>(source: &R, offset: u64) -> TopLevel<'_, R> {
    TopLevel { source, at: offset, left: MAX_BOXES, done: false }
}

impl<R: ReadAt + ?Sized> TopLevel<'_, R> {
    fn read(&mut self) -> Result<Option<BoxHead>, TopLevelError<R::Error>> {
        let end = self.source.size().map_err(TopLevelError::Read)?;
        if self.at >= end {
            return Ok(None);
        }
        let at = self.at;
        let bad = |why| TopLevelError::Bad { at, why };
        self.left = self.left.checked_sub(1).ok_or(bad(BadFile::TooMany(*b"????")))?;
        let mut bytes = [0; LONGEST_HEAD];
        let count = self.source.read_at(at, &mut bytes).map_err(TopLevelError::Read)?;
        let head = BoxHead::read(bytes.get(..count).unwrap_or_default(), at, end).map_err(bad)?;
        self.at = head.end();
        Ok(Some(head))
    }
}

impl<R: ReadAt + ?Sized> Iterator for TopLevel<'_, R> {
    type Item = Result<BoxHead, TopLevelError<R::Error>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let out = self.read().transpose();
        self.done = !matches!(out, Some(Ok(_)));
        out
    }
}
