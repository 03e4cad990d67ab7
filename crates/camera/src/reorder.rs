//! Decode times for streams whose pictures are sent in another order than they are shown (B-frames).
//!
//! What is here: presentation times in decode order in, decode times out, without waiting for a later picture. With a
//! reordering depth of d, the n-th picture is decoded when the n-th but d picture *in order of showing* is shown.
//! What is not here: parsing of the stream; the depth is learned from the times (at most [`DEEPEST`]).

/// Deepest reordering that is believed; what goes back further is a glitch of the camera's clock.
const DEEPEST: usize = 4;
/// How many presentation times are remembered.
const REMEMBERED: usize = 16;

/// The presentation times seen last.
#[derive(Debug)]
pub(crate) struct Reorder {
    /// Sorted.
    recent: Vec<i64>,
    depth: usize,
    may: bool,
}

impl Reorder {
    /// `may`: whether the stream may reorder at all.
    pub(crate) const fn new(may: bool) -> Self {
        Self { recent: Vec::new(), depth: 0, may }
    }

    /// Forgets what it learned.
    pub(crate) fn restart(&mut self) {
        *self = Self::new(self.may);
    }

    /// The decode time of the next picture; nothing where the stream does not reorder (it is then the presentation time).
    pub(crate) fn decode_time(&mut self, presentation: i64) -> Option<i64> {
        if !self.may {
            return None;
        }
        let at = self.recent.partition_point(|seen| *seen <= presentation);
        let shown_later = self.recent.len() - at;
        if shown_later <= DEEPEST {
            self.depth = self.depth.max(shown_later);
        }
        self.recent.insert(at, presentation);
        if self.recent.len() > REMEMBERED {
            self.recent.remove(0);
        }
        if self.depth == 0 {
            return None;
        }
        let index = self.recent.len().saturating_sub(1 + self.depth);
        self.recent.get(index).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_b_frames_nothing_is_reordered() {
        let mut reorder = Reorder::new(true);
        for time in [0, 40, 80, 80, 120] {
            assert_eq!(reorder.decode_time(time), None);
        }
    }

    #[test]
    fn two_b_frames_between_references_become_an_even_decode_order() {
        let mut reorder = Reorder::new(true);
        let shown = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8];
        let decoded: Vec<_> = shown.iter().map(|time| reorder.decode_time(*time)).collect();
        assert_eq!(decoded[4..], [3, 4, 5, 6, 7, 8].map(Some));
    }
}
