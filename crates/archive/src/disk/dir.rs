//! A volume in a directory of a real file system: the only module of this crate that touches files.
//!
//! What is not here: any decision. A commit of few files starts to write all of them, then waits for each by `fdatasync`,
//! so that the disk can order them and the file system's journal is written once or twice; then one `fsync` per
//! directory whose names changed. A commit of many files is one `syncfs` (Linux 5.8 and later report its errors to every
//! holder of a descriptor, which is why the volume's own is kept open). docs/design/0008 has the figures.

use std::{
    collections::BTreeSet,
    fs, io,
    io::Write,
    num::NonZero,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{Disk, Entry, File, Space};

/// With more files than this a commit is one `syncfs`.
const SYNCFS_ABOVE: usize = 16;
/// One process at a time writes a volume; this file is locked by it.
const LOCK_FILE: &str = ".lock";

/// A directory that is a volume.
#[derive(Debug)]
pub struct Dir {
    root: PathBuf,
    /// Descriptor for `syncfs` and `statvfs`.
    handle: fs::File,
    /// Held until dropped; nothing for a volume opened for reading.
    _lock: Option<fs::File>,
    /// Directories whose names changed since the last commit, relative to the root.
    renamed: Mutex<BTreeSet<PathBuf>>,
}

/// An open file of a [`Dir`].
#[derive(Debug)]
pub struct DirFile {
    file: fs::File,
    /// Bytes at the last commit.
    committed: AtomicU64,
}

impl DirFile {
    fn new(file: fs::File) -> Self {
        Self { file, committed: AtomicU64::new(0) }
    }

    /// Starts to write what was appended since the last commit. (The advice means: not needed soon. Linux starts to
    /// write what is dirty of it, and drops what is clean, of which there is next to nothing.) Only a hint.
    fn start_writing(&self) {
        let Ok(len) = self.file.metadata().map(|metadata| metadata.len()) else { return };
        let from = self.committed.swap(len, Ordering::Relaxed);
        if let Some(new) = NonZero::new(len.saturating_sub(from)) {
            let _ = rustix::fs::fadvise(&self.file, from, Some(new), rustix::fs::Advice::DontNeed);
        }
    }
}

impl Dir {
    /// Opens the directory for one writer, making it where it is missing. A second writer, in this process or in
    /// another, is refused with [`io::ErrorKind::WouldBlock`].
    pub fn open(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        fs::create_dir_all(&root)?;
        let lock = fs::OpenOptions::new().create(true).append(true).mode(0o640).open(root.join(LOCK_FILE))?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => io::Error::from(io::ErrorKind::WouldBlock),
            fs::TryLockError::Error(error) => error,
        })?;
        Self::with(root, Some(lock))
    }

    /// Opens an existing directory for reading beside its writer. Nothing stops a caller from writing: the check
    /// of a running site uses it and does not.
    pub fn open_for_reading(root: impl Into<PathBuf>) -> io::Result<Self> {
        Self::with(root.into(), None)
    }

    fn with(root: PathBuf, lock: Option<fs::File>) -> io::Result<Self> {
        let handle = fs::File::open(&root)?;
        Ok(Self { root, handle, _lock: lock, renamed: Mutex::default() })
    }

    /// Where it is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn note_renamed(&self, path: &str) {
        let parent = Path::new(path).parent().unwrap_or(Path::new("")).to_path_buf();
        self.renamed.lock().unwrap_or_else(PoisonError::into_inner).insert(parent);
    }

    fn make_parents(&self, path: &str) -> io::Result<()> {
        let Some(parent) = Path::new(path).parent() else { return Ok(()) };
        let mut missing = Vec::new();
        let mut at = Some(parent);
        while let Some(directory) = at.filter(|directory| !self.root.join(directory).is_dir()) {
            missing.push(directory);
            at = directory.parent();
        }
        for directory in missing.into_iter().rev() {
            match fs::create_dir(self.root.join(directory)) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => self.note_renamed(&directory.to_string_lossy()),
            }
        }
        Ok(())
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        match fs::File::open(self.root.join(directory)) {
            Ok(handle) => handle.sync_all(),
            // It was removed since: that is a change of its parent, which is in the list as well.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Disk for Dir {
    type File = DirFile;

    fn create(&self, path: &str) -> io::Result<DirFile> {
        let open = || {
            fs::OpenOptions::new()
                .read(true)
                .append(true)
                .create_new(true)
                .mode(0o640)
                .open(self.root.join(path))
        };
        let file = match open() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.make_parents(path)?;
                open()?
            }
            other => other?,
        };
        self.note_renamed(path);
        Ok(DirFile::new(file))
    }

    fn open_append(&self, path: &str) -> io::Result<DirFile> {
        fs::OpenOptions::new().read(true).append(true).open(self.root.join(path)).map(DirFile::new)
    }

    fn open(&self, path: &str) -> io::Result<DirFile> {
        fs::File::open(self.root.join(path)).map(DirFile::new)
    }

    fn replace(&self, path: &str, content: &[u8]) -> io::Result<()> {
        self.make_parents(path)?;
        let new = self.root.join(format!("{path}.new"));
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o640).open(&new)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&new, self.root.join(path))?;
        self.sync_directory(Path::new(path).parent().unwrap_or(Path::new("")))
    }

    fn list(&self, directory: &str) -> io::Result<Vec<Entry>> {
        let entries = match fs::read_dir(self.root.join(directory)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        entries
            .map(|entry| {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                Ok(Entry { name, directory: entry.file_type()?.is_dir() })
            })
            .collect()
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.root.join(path))?;
        self.note_renamed(path);
        Ok(())
    }

    fn remove_directory(&self, path: &str) -> io::Result<()> {
        fs::remove_dir(self.root.join(path))?;
        self.note_renamed(path);
        Ok(())
    }

    fn commit(&self, files: &[&DirFile]) -> io::Result<()> {
        let renamed = std::mem::take(&mut *self.renamed.lock().unwrap_or_else(PoisonError::into_inner));
        if files.len() + renamed.len() > SYNCFS_ABOVE {
            return Ok(rustix::fs::syncfs(&self.handle)?);
        }
        if let [_, _, ..] = files {
            files.iter().for_each(|file| file.start_writing());
        }
        let done = files.iter().try_for_each(|file| file.file.sync_data());
        let done =
            done.and_then(|()| renamed.iter().try_for_each(|directory| self.sync_directory(directory)));
        if done.is_err() {
            self.renamed.lock().unwrap_or_else(PoisonError::into_inner).extend(renamed);
        }
        done
    }

    fn present(&self) -> io::Result<()> {
        let (there, opened) = (rustix::fs::stat(&self.root)?, rustix::fs::fstat(&self.handle)?);
        if (there.st_dev, there.st_ino) == (opened.st_dev, opened.st_ino) {
            return Ok(());
        }
        let what = "another file system is in the place of the volume; is its disk unplugged?";
        Err(io::Error::new(io::ErrorKind::NotFound, what))
    }

    fn space(&self) -> io::Result<Space> {
        let stat = rustix::fs::fstatvfs(&self.handle)?;
        Ok(Space { free: stat.f_bavail * stat.f_frsize, total: stat.f_blocks * stat.f_frsize })
    }
}

impl File for DirFile {
    fn append(&self, mut parts: &mut [io::IoSlice<'_>]) -> io::Result<()> {
        while !parts.is_empty() {
            match (&self.file).write_vectored(parts) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => io::IoSlice::advance_slices(&mut parts, written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(rest, offset + done as u64) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }
}
