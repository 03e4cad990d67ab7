//! When a backup of a site was taken last: one line in its data directory, so that the site can ask for one until there is
//! one. The line is believed; it guards nothing.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};

use model::WallTime;

use super::{BackupError, failed, restore::belongs_to_owner_of, write_private};

/// In the data directory.
pub(super) const FILE: &str = "last-backup";
/// A time is shorter.
const MAX: u64 = 64;

/// When a backup of this data directory was taken last, as far as it knows. Blocking.
#[must_use]
pub fn last(data: &Path) -> Option<WallTime> {
    let mut text = String::new();
    File::open(data.join(FILE)).ok()?.take(MAX).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// Notes one, for the site to read, by way of a directory of one's own within it.
pub(super) fn note(data: &Path, staging: &Path, now: WallTime) -> Result<(), BackupError> {
    let (made, kept) = (staging.join(FILE), data.join(FILE));
    write_private(&made, format!("{now}\n").as_bytes())?;
    belongs_to_owner_of(data, &made)?;
    fs::rename(&made, &kept).map_err(failed(&kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_backup_is_known_and_anything_else_is_none() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(last(data.path()), None);
        let staging = super::super::Staging::within(data.path()).unwrap();
        let noon: WallTime = "2026-11-21T12:00:00Z".parse().unwrap();
        for at in [noon, noon.plus_micros(1_500_000)] {
            note(data.path(), &staging.0, at).unwrap();
            assert_eq!(last(data.path()), Some(at));
        }
        for noise in ["", "yesterday", &"2".repeat(100)] {
            fs::write(data.path().join(FILE), noise).unwrap();
            assert_eq!(last(data.path()), None, "{noise}");
        }
    }
}
