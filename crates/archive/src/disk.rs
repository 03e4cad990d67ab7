//! What the engine asks of a disk: a handful of verbs over one directory, a *volume*.
//!
//! What is here: the contract, narrow enough that a simulated disk with faults can honour all of it.
//! What is not here: knowledge of segments, journals or days; retries; buffering.
//!
//! Paths are relative to the volume and use `/`. Three rules make recovery provable:
//! - what [`File::append`] wrote is visible to readers at once, but survives a crash only after [`Disk::commit`];
//! - a crash may leave any beginning of what was appended after the last commit, and zeros or rubbish in the place of
//!   any of it (of a file that was never committed: only a beginning);
//! - names that were made, replaced or removed survive a crash only after [`Disk::commit`] as well, each by itself.

use std::io;

mod dir;

pub use dir::Dir;

/// One volume.
pub trait Disk: Send + Sync + 'static {
    /// An open file of it.
    type File: File;

    /// Makes a file for appending and reading, and the directories that lead to it. Refuses an existing name.
    fn create(&self, path: &str) -> io::Result<Self::File>;

    /// Opens an existing file for appending and reading.
    fn open_append(&self, path: &str) -> io::Result<Self::File>;

    /// Opens an existing file for reading.
    fn open(&self, path: &str) -> io::Result<Self::File>;

    /// Puts a whole file in the place of another or of none: after a crash it is the old or the new one, never a
    /// mixture. Durable on return.
    fn replace(&self, path: &str, content: &[u8]) -> io::Result<()>;

    /// What a directory holds, in no particular order; `""` is the volume itself. No such directory: nothing.
    fn list(&self, directory: &str) -> io::Result<Vec<Entry>>;

    /// Removes a file. Open handles of it go on reading.
    fn remove(&self, path: &str) -> io::Result<()>;

    /// Removes an empty directory.
    fn remove_directory(&self, path: &str) -> io::Result<()>;

    /// Makes durable what was appended to these files, and every name made or removed up to now. An error means that
    /// any part of what was appended since the last commit may be lost, even if a later commit succeeds.
    fn commit(&self, files: &[&Self::File]) -> io::Result<()>;

    /// Whether the directory is still the one that was opened: a disk that was unplugged leaves another one in its place.
    fn present(&self) -> io::Result<()> {
        Ok(())
    }

    /// Bytes that can still be written, and bytes that the whole file system can hold.
    fn space(&self) -> io::Result<Space>;
}

/// An open file. Appending and reading may happen on different threads at the same time.
pub trait File: Send + Sync + 'static {
    /// Appends the parts, one after the other, in as few writes as possible. After an error any beginning of them
    /// may have been written.
    fn append(&self, parts: &mut [io::IoSlice<'_>]) -> io::Result<()>;

    /// Reads at an offset until the buffer is full or the file ends; tells how many bytes were read.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Bytes in the file.
    fn len(&self) -> io::Result<u64>;

    /// Cuts the file to so many bytes; the next append goes there.
    fn truncate(&self, len: u64) -> io::Result<()>;

    /// Whether the file is empty.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Reads exactly so many bytes, or fails with [`io::ErrorKind::UnexpectedEof`].
    fn read_exact_at(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut buffer = vec![0; len];
        if self.read_at(offset, &mut buffer)? == len {
            Ok(buffer)
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }
}

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its last component.
    pub name: String,
    /// Whether it is a directory.
    pub directory: bool,
}

/// Room on a disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// What can still be written.
    pub free: u64,
    /// What the file system holds altogether.
    pub total: u64,
}
