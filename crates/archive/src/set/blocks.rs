//! Memory for frames that wait long for a disk, in blocks so large that it is given back to the system with them.
//!
//! Frames come in pieces of some kilobytes. Hundreds of megabytes of these, while a disk stands still, leave a heap with
//! holes that its allocator keeps for ever. A block is asked of the system by itself (glibc maps what is larger than
//! 32 MiB, malloc(3), `M_MMAP_THRESHOLD`), takes room only as far as it is filled, and goes back with the last frame in it.
//!
//! What is not here: how much may wait ([`super::Router`]).

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use media::Sample;

/// Bytes of a block.
const BLOCK: usize = 40 << 20;
/// A stream of which nothing was confirmed for so long waits for a disk that is late. (A disk that keeps its tick confirms
/// twice a second.)
const LATE: Duration = Duration::from_secs(2);

/// Puts frames one after the other into blocks.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// What is left of the block that is being filled.
    open: BytesMut,
    /// When the last frame came, and when the last one that was put into a block.
    newest: Duration,
    late: Duration,
}

impl Blocks {
    /// The frame as it is to wait for its disk; of its stream something was confirmed last at that time.
    pub(super) fn hold(&mut self, sample: &Sample, confirmed: Duration, came: Duration) -> Sample {
        self.newest = came;
        if came.saturating_sub(confirmed) > LATE {
            self.late = came;
            return Sample { data: self.keep(&sample.data), ..sample.clone() };
        }
        if came.saturating_sub(self.late) > LATE {
            // The block goes when its last frame does.
            self.open = BytesMut::new();
        }
        sample.clone()
    }

    /// When the last frame came.
    pub(super) const fn newest(&self) -> Duration {
        self.newest
    }

    /// A copy of the bytes, in a block.
    fn keep(&mut self, data: &[u8]) -> Bytes {
        if self.open.capacity() < data.len() {
            self.open = BytesMut::with_capacity(BLOCK.max(data.len()));
        }
        self.open.extend_from_slice(data);
        self.open.split().freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_what_was_given_and_lies_side_by_side() {
        let mut blocks = Blocks::default();
        let (one, two) = (blocks.keep(b"one"), blocks.keep(b"and two"));
        assert_eq!((one.as_ref(), two.as_ref()), (&b"one"[..], &b"and two"[..]));
        assert_eq!(one.as_ptr().wrapping_add(3), two.as_ptr());
        let large = vec![7; BLOCK + 1];
        assert_eq!(blocks.keep(&large), large);
        assert_eq!(blocks.keep(b"three").as_ref(), b"three");
    }
}
