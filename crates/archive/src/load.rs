//! Reads the index of a volume while recording goes on already.
//!
//! What is not here: reading one day ([`crate::recover`]), knowing which are read ([`crate::days`]).

use std::sync::Arc;

use crate::{Recovery, archive::Volumes, disk::Disk};

/// Work for a thread that may block on the disk: see [`crate::Archive::open_lazily`].
pub struct Loader<D: Disk>(pub(crate) Arc<Volumes<D>>);

impl<D: Disk> Loader<D> {
    /// Reads all days that nobody has read yet, newest first; tells what was found on the whole volume. A day that
    /// cannot be read is told as damaged and left out.
    #[must_use]
    pub fn run(self) -> Recovery {
        let Volumes { disk, index, days, .. } = &*self.0;
        while let Some(day) = days.newest_waiting() {
            if let Err(error) = days.load(disk, index, day) {
                days.give_up(day, &error);
            }
        }
        // Others may read the last ones still.
        days.need_all(disk, index);
        days.recovery()
    }
}
