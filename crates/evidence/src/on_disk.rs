//! Exports as files: read to be checked, written, and read while they are being written.
//!
//! What is not here: what is in them.

mod growing;
mod save;

pub use save::{Saved, SavedFile};

use std::{fs::File, io, os::unix::fs::FileExt as _};

use crate::ReadAt;

/// A file that is read at any place.
#[derive(Debug)]
pub struct OnDisk(pub File);

impl ReadAt for OnDisk {
    type Error = io::Error;

    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let mut read = 0;
        while let Some(rest) = out.get_mut(read..).filter(|rest| !rest.is_empty()) {
            match self.0.read_at(rest, offset + read as u64) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }
}
