//! FLAC.

/// Samples per channel in a FLAC frame.
#[must_use]
pub fn block_size(_frame: &[u8]) -> Option<u32> {
    None
}
