//! A segment that ended while its last bytes were not known to be durable, and what is left of it when they are not.
//!
//! What is not here: when a commit begins and how it ended ([`crate::Archive`]).

use std::sync::Arc;

use model::StreamKey;

use crate::{
    disk::{Disk, File},
    index::{self, Index, Open},
    layout::SegmentName,
    tables::Tables,
};

/// The end of a segment that does not count, since its commit failed, although the disk may still have it. It is written
/// again, here or on another volume ([`crate::set`]).
pub(crate) struct Loose {
    /// The segment.
    pub(crate) path: String,
    /// The first byte that does not count; 0: nothing of the segment does.
    pub(crate) from: u64,
}

/// A segment that is written to no more.
pub(crate) struct Unsettled<F> {
    pub(crate) key: StreamKey,
    pub(crate) path: String,
    pub(crate) file: Arc<F>,
    /// Its table as of its end.
    pub(crate) open: Open,
    /// Bytes that are durable.
    pub(crate) durable: u64,
    /// Bytes that are durable when the running commit is done.
    pub(crate) committing: u64,
}

impl<F> Unsettled<F> {
    pub(crate) fn name(&self) -> SegmentName {
        self.open.head.name()
    }

    /// Takes what is not durable out of the readers' sight; tells where it begins in the file.
    pub(crate) fn forget_end(&self, index: &Index, tables: &Tables) -> u64 {
        let table = self.open.table.before(self.durable);
        let bytes = table.fragments.last().map_or(0, crate::format::Fragment::end_offset);
        let left = Open { table, bytes, ..self.open.clone() };
        let from = bytes;
        let stream = index.get_or_add(self.key);
        let mut stream = index::write(&stream);
        let open = stream.open.take_if(|open| open.head.name() == self.name()).is_some();
        // What was deleted meanwhile does not come back.
        if (stream.remove(self.name()) || open) && from > 0 {
            stream.insert(left.summary(false), left.head.anchor, left.stretches());
        }
        drop(stream);
        tables.forget(self.key, self.name());
        from
    }
}

/// Cuts the end off, not durable before the next commit; whether there was anything to cut.
pub(crate) fn cut<D: Disk>(disk: &D, Loose { path, from }: &Loose) -> std::io::Result<bool> {
    let cut = || {
        if *from == 0 {
            return disk.remove(path).map(|()| true);
        }
        let file = disk.open_append(path)?;
        let longer = file.len()? > *from;
        if longer { file.truncate(*from).map(|()| true) } else { Ok(false) }
    };
    match cut() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        other => other,
    }
}
