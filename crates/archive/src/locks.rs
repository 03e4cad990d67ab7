//! Locks: footage that nothing may delete. They live on the volume, so that a lost database deletes nothing locked.
//!
//! What is not here: bookmarks and their names' translation into locks (the site), the journal's form
//! (`journal.rs`).

use model::{CameraId, WallRange, WallTime};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Error, disk::Disk, journal, layout::LOCKS_FILE};

/// Footage of some cameras in a range of time that must stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// What it is taken away by, such as the id of a bookmark.
    pub id: Uuid,
    /// Whose footage; none: every camera's.
    pub cameras: Vec<CameraId>,
    /// Segments that this touches stay.
    pub range: WallRange,
    /// Its name in the first line, and why in the rest.
    pub note: String,
}

/// An entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "do")]
pub(crate) enum Entry {
    /// From now on it stays.
    Lock { at: WallTime, lock: Lock },
    /// From now on it may go.
    Unlock { at: WallTime, id: Uuid },
}

/// The locks that hold on a volume, read beside whoever writes it. Their signatures are not checked: they are the site's own.
///
/// # Errors
/// The journal cannot be read.
pub fn read(disk: &impl Disk) -> Result<Vec<Lock>, Error> {
    journal::read_only(disk, LOCKS_FILE, None).map(|found| replay(found.entries))
}

/// The locks that hold after these entries.
pub(crate) fn replay(entries: impl IntoIterator<Item = Entry>) -> Vec<Lock> {
    let mut locks: Vec<Lock> = Vec::new();
    for entry in entries {
        match entry {
            Entry::Lock { lock, .. } => {
                locks.retain(|other| other.id != lock.id);
                locks.push(lock);
            }
            Entry::Unlock { id, .. } => locks.retain(|other| other.id != id),
        }
    }
    locks
}

/// The locks that were taken away.
pub(crate) fn taken_away(entries: &[Entry]) -> impl Iterator<Item = Uuid> {
    entries.iter().filter_map(|entry| match entry {
        Entry::Unlock { id, .. } => Some(*id),
        Entry::Lock { .. } => None,
    })
}

impl Lock {
    /// Whether it keeps footage of that camera in that range.
    #[must_use]
    pub fn keeps(&self, camera: CameraId, range: &WallRange) -> bool {
        (self.cameras.is_empty() || self.cameras.contains(&camera))
            && self.range.intersection(range).is_some()
    }
}
