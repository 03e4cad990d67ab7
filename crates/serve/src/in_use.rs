//! One process at a time uses a data directory: a site that runs, or a backup that is restored.
//!
//! What is not here: who writes a volume (the archive has a lock of its own there, because a volume may lie elsewhere).

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// The file that is locked. It stays; what counts is the lock, which ends with its process.
const NAME: &str = ".lock";

/// Held until dropped.
#[derive(Debug)]
pub struct InUse(#[allow(dead_code, reason = "held, not used")] File);

/// Takes the directory.
///
/// # Errors
/// [`io::ErrorKind::WouldBlock`]: somebody else has it. Otherwise the file cannot be made.
pub fn take(data: &Path) -> io::Result<InUse> {
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(data.join(NAME))?;
    match file.try_lock() {
        Ok(()) => Ok(InUse(file)),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
