//! Reads the index of a volume while recording goes on already.
//!
//! What is not here: reading one day ([`crate::recover`]), knowing which are read ([`crate::days`]).

use std::sync::Arc;

use crate::{Error, Recovery, archive::Volumes, disk::Disk};

/// Work for a thread that may block on the disk: see [`crate::Archive::open_lazily`].
pub struct Loader<D: Disk>(pub(crate) Arc<Volumes<D>>);

impl<D: Disk> Loader<D> {
    /// Reads all days that nobody has read yet, newest first; tells what was found on the whole volume. Ends early where nobody
    /// writes to the volume any more.
    ///
    /// # Errors
    /// A day cannot be read: to be called again, for the disk may recover, or to be given up.
    pub fn run(&self) -> Result<Recovery, Error> {
        let Volumes { disk, index, days, .. } = &*self.0;
        while let Some(day) = days.newest_waiting() {
            days.load(disk, index, day)?;
        }
        // Others may read the last ones still.
        days.need_all(disk, index);
        Ok(days.recovery())
    }

    /// The same, but a day that cannot be read is told as damaged and left out.
    #[must_use]
    pub fn give_up(self) -> Recovery {
        let Volumes { disk, index, days, .. } = &*self.0;
        while let Some(day) = days.newest_waiting() {
            if let Err(error) = days.load(disk, index, day) {
                days.give_up(day, &error);
            }
        }
        days.need_all(disk, index);
        days.recovery()
    }
}
