//! What becomes of a stream's samples at the edges: lead-ins that end, commits that are done, commits that fail.
//!
//! What is not here: the usual way of a sample ([`super`]).

use media::Sample;

use super::{Shared, Writer};
use crate::{
    Error, chain,
    disk::{Disk, File},
    index,
    unsettled::Unsettled,
};

impl<F: File> Writer<F> {
    /// The lead-in is over: what was held back is recorded, and the sample is the first picture to be shown.
    pub(super) fn release<D: Disk<File = F>>(
        &mut self,
        shared: &Shared<'_, D>,
        first: &Sample,
    ) -> Result<(), Error> {
        let held = self.lead_in.end();
        if held.is_empty() {
            return Ok(());
        }
        self.shown = Some((first.time.saturating_add(first.composition_offset.into()), first.wall));
        let tail = self.tail.clone();
        let taken =
            held.iter().try_for_each(|(sample, number, before)| self.take(shared, sample, *number, *before));
        if taken.is_ok() {
            self.tail = tail;
        }
        taken
    }

    /// What came last did not stay: nothing that comes again is known.
    pub(super) fn forget_pictures(&mut self) {
        self.tail.clear();
        self.lead_in.end();
        self.shown = None;
    }

    /// Chain value at the end of what was written.
    fn value(&self) -> chain::Value {
        match &self.segment {
            Some(segment) if segment.fragments > 0 => segment.value,
            _ => self.previous,
        }
    }

    /// A commit begins that makes durable what has been written.
    pub(crate) fn begin_commit(&mut self) {
        self.counter.begin_commit(self.value());
        if let Some(segment) = &mut self.segment {
            segment.committing = segment.bytes;
        }
    }

    /// The commit is done.
    pub(crate) fn committed(&mut self) {
        self.counter.committed();
        if let Some(segment) = &mut self.segment {
            segment.durable = segment.committing;
        }
    }

    /// The commit failed: nothing that came since the last one counts. The file that was being written, to be cut.
    pub(crate) fn void<D: Disk<File = F>>(&mut self, shared: &Shared<'_, D>) -> Option<Unsettled<F>> {
        self.counter.voided();
        self.forget_pictures();
        self.pending.clear();
        self.suspended |= self.recording;
        self.recording = false;
        self.previous = self.counter.durable_value;
        self.written_since = None;
        let open = index::read(&self.index).open.clone();
        let segment = self.segment.take();
        self.begin_run(shared);
        let (segment, open) = (segment?, open?);
        Some(segment.unsettled(self.key, open))
    }
}
