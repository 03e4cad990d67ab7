//! Writes boxes of the ISO base media file format (ISO/IEC 14496-12, 4.2).
//!
//! What is not here: which boxes a file has ([`super::init`], [`super::fragment`], [`crate::progressive`]).

/// Four characters that name a box.
pub type FourCc = [u8; 4];

/// A growing row of boxes.
#[derive(Debug, Default)]
pub struct BoxWriter {
    out: Vec<u8>,
}

impl BoxWriter {
    /// A writer with room for so many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { out: Vec::with_capacity(bytes) }
    }

    /// What has been written.
    #[must_use]
    pub fn into_vec(self) -> Vec<u8> {
        self.out
    }

    /// Bytes written so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether nothing has been written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// A box whose content `content` writes. No box that this crate writes comes near 4 GiB (`mdat` has a writer of
    /// its own).
    pub fn node(&mut self, kind: &FourCc, content: impl FnOnce(&mut Self)) {
        let begin = self.out.len();
        self.u32(0);
        self.bytes(kind);
        content(self);
        let size = u32::try_from(self.out.len() - begin).unwrap_or(u32::MAX);
        self.patch(begin, size);
    }

    /// A full box: with version and flags.
    pub fn full(&mut self, kind: &FourCc, version: u8, flags: u32, content: impl FnOnce(&mut Self)) {
        self.node(kind, |out| {
            out.u32(u32::from(version) << 24 | flags & 0x00ff_ffff);
            content(out);
        });
    }

    /// Overwrites four bytes written before.
    pub(crate) fn patch(&mut self, at: usize, value: u32) {
        if let Some(bytes) = self.out.get_mut(at..at + 4) {
            bytes.copy_from_slice(&value.to_be_bytes());
        }
    }

    /// Bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// So many zero bytes.
    pub fn zeros(&mut self, count: usize) {
        self.out.resize(self.out.len() + count, 0);
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) {
        self.out.push(value);
    }

    /// Two bytes.
    pub fn u16(&mut self, value: u16) {
        self.bytes(&value.to_be_bytes());
    }

    /// Four bytes.
    pub fn u32(&mut self, value: u32) {
        self.bytes(&value.to_be_bytes());
    }

    /// Four bytes, signed.
    pub fn i32(&mut self, value: i32) {
        self.bytes(&value.to_be_bytes());
    }

    /// Four bytes, or eight where `wide`.
    pub fn sized(&mut self, wide: bool, value: u64) {
        if wide {
            self.u64(value);
        } else {
            self.u32(u32::try_from(value).unwrap_or(u32::MAX));
        }
    }

    /// Eight bytes.
    pub fn u64(&mut self, value: u64) {
        self.bytes(&value.to_be_bytes());
    }
}
