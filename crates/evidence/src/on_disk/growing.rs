//! A file that one thread writes and another reads meanwhile: whoever reads what is not there yet waits for it.
//!
//! What is read comes from the file, never from what the writer has in its hands. Told is what is durable, and what was
//! flushed. Made durable it is on a thread of its own, so that the writer goes on meanwhile.
//!
//! What is not here: what is written.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

use sha2::{Digest as _, Sha256};

use super::OnDisk;
use crate::ReadAt;

/// Made durable at once. Three times that may wait for the disk: what is being made durable, what is next, and what is
/// being written. So a commit of recordings on the same disk never waits for much of an export.
const UNSYNCED: u64 = 4 << 20;

#[derive(Debug, Default)]
struct State {
    bytes: u64,
    /// Whether more comes; at the end, whether the file is whole.
    whole: Option<bool>,
}

/// How far a file is.
#[derive(Debug, Default)]
struct Reach {
    state: Mutex<State>,
    bell: Condvar,
}

impl Reach {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, bytes: u64) {
        let mut state = self.state();
        state.bytes = state.bytes.max(bytes);
        drop(state);
        self.bell.notify_all();
    }

    fn end(&self, whole: bool) {
        self.state().whole.get_or_insert(whole);
        self.bell.notify_all();
    }

    /// Waits until there are so many bytes, or the file is whole.
    fn wait(&self, bytes: u64) -> io::Result<()> {
        let waits = |state: &mut State| state.whole.is_none() && state.bytes < bytes;
        let state = self.bell.wait_while(self.state(), waits).unwrap_or_else(PoisonError::into_inner);
        match state.whole {
            Some(false) => Err(io::Error::other("the file was given up before it was whole")),
            _ => Ok(()),
        }
    }
}

/// Writes a file once, hashed on its way, and never far from being durable. Dropped before its end, it was given up.
#[derive(Debug)]
pub(super) struct Growing {
    file: File,
    hash: Sha256,
    bytes: u64,
    unsynced: u64,
    reach: Arc<Reach>,
    /// Is told up to where to make durable; nothing after its failure.
    syncer: Option<(SyncSender<u64>, JoinHandle<io::Result<()>>)>,
}

/// Makes durable what it is told, until nobody tells more.
fn sync(file: &File, asked: &Receiver<u64>, reach: &Reach) -> io::Result<()> {
    while let Ok(bytes) = asked.recv() {
        file.sync_data()?;
        reach.tell(bytes);
    }
    Ok(())
}

impl Growing {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file = File::create(path)?;
        let reach = Arc::new(Reach::default());
        // One may wait; who writes faster than the disk waits for it.
        let (ask, asked) = sync_channel(1);
        let (other, told) = (file.try_clone()?, Arc::clone(&reach));
        let thread = thread::Builder::new().name("sync".into()).spawn(move || sync(&other, &asked, &told))?;
        Ok(Self { file, hash: Sha256::new(), bytes: 0, unsynced: 0, reach, syncer: Some((ask, thread)) })
    }

    /// Waits until what was asked for is durable.
    fn settle(&mut self) -> io::Result<()> {
        let Some((ask, thread)) = self.syncer.take() else { return Ok(()) };
        drop(ask);
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that syncs ended by a fault")))
    }

    /// Reads the same file beside it; it is going to have so many bytes.
    pub(super) fn follow(&self, path: &Path, bytes: u64) -> io::Result<Following> {
        let file = OnDisk(File::open(path)?);
        Ok(Following { file, bytes, at: 0, reach: Arc::clone(&self.reach) })
    }

    /// Makes it durable; its length and digest.
    pub(super) fn finish(mut self) -> io::Result<(u64, [u8; 32])> {
        self.settle()?;
        self.file.sync_all()?;
        self.reach.tell(self.bytes);
        self.reach.end(true);
        Ok((self.bytes, std::mem::take(&mut self.hash).finalize().into()))
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        self.reach.end(false);
    }
}

impl Write for Growing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        self.unsynced += written as u64;
        if self.unsynced >= UNSYNCED {
            self.unsynced = 0;
            let failed = self.syncer.as_ref().is_none_or(|(ask, _)| ask.send(self.bytes).is_err());
            if failed {
                self.settle()?;
                return Err(io::Error::other("the file could not be made durable"));
            }
        }
        Ok(written)
    }

    /// Lets those who follow read it; durable it is later.
    fn flush(&mut self) -> io::Result<()> {
        self.reach.tell(self.bytes);
        Ok(())
    }
}

/// Reads a file that is being written.
#[derive(Debug)]
pub(super) struct Following {
    file: OnDisk,
    /// How many it is going to have.
    bytes: u64,
    /// Where [`Read`] goes on.
    at: u64,
    reach: Arc<Reach>,
}

impl ReadAt for Following {
    type Error = io::Error;

    /// What was announced: whether it came true is to be asked of the file, at the end.
    fn size(&self) -> io::Result<u64> {
        Ok(self.bytes)
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        self.reach.wait(offset.saturating_add(out.len() as u64).min(self.bytes))?;
        self.file.read_at(offset, out)
    }
}

impl Read for Following {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.reach.wait(self.at.saturating_add(1))?;
        let read = self.file.read_at(self.at, out)?;
        self.at += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_reads_what_is_not_there_yet_waits_and_is_told_of_a_file_that_was_given_up() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        for whole in [true, false] {
            let mut file = Growing::create(&path).unwrap();
            let follower = file.follow(&path, 11).unwrap();
            let mut lines = file.follow(&path, 0).unwrap();
            std::thread::scope(|scope| {
                let reader = scope.spawn(move || {
                    let mut end = [0; 5];
                    follower.read_at(6, &mut end).map(|read| (read, end))
                });
                let text = scope.spawn(move || {
                    let mut text = String::new();
                    lines.read_to_string(&mut text).map(|_| text)
                });
                file.write_all(b"hello ").unwrap();
                file.flush().unwrap();
                file.write_all(b"world").unwrap();
                if whole {
                    let (bytes, digest) = file.finish().unwrap();
                    assert_eq!((bytes, digest), (11, Sha256::digest(b"hello world").into()));
                    assert_eq!(reader.join().unwrap().unwrap(), (5, *b"world"));
                    assert_eq!(text.join().unwrap().unwrap(), "hello world");
                } else {
                    drop(file);
                    assert!(reader.join().unwrap().is_err());
                    assert!(text.join().unwrap().is_err());
                }
            });
        }
    }
}
