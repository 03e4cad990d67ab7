//! A disk in memory that keeps the contract of `Disk` and not a bit more: it loses what was not committed, tears
//! what was being written, fills up and fails on command. The same seed gives the same faults.

use std::{
    collections::BTreeMap,
    io::{self, IoSlice},
    sync::{Arc, Mutex, MutexGuard},
};

use archive::disk::{Disk, Entry, File, Space};
use rand::{Rng, SeedableRng, rngs::StdRng};

#[derive(Clone, Default, Debug)]
struct Inode {
    bytes: Vec<u8>,
    /// So many of them survive a crash.
    durable: usize,
    /// What was durable, was cut off, and may be there again after a crash.
    cut: Vec<u8>,
}

type Shared = Arc<Mutex<Inode>>;

struct State {
    names: BTreeMap<String, Shared>,
    /// What the names are after a crash, unless luck has it otherwise.
    durable_names: BTreeMap<String, Shared>,
    rng: StdRng,
    ops: u64,
    faults: Faults,
    off: bool,
}

/// What goes wrong. Operations are counted from 1; only those that change something count.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// The power goes off in this operation.
    pub crash_at: Option<u64>,
    /// These operations fail, appends after a part was written.
    pub fail_at: Vec<(u64, io::ErrorKind)>,
    /// Every operation fails.
    pub broken: Option<io::ErrorKind>,
    /// Bytes that fit.
    pub capacity: Option<u64>,
}

#[derive(Clone)]
pub struct SimDisk(Arc<Mutex<State>>);

pub struct SimFile {
    inode: Shared,
    disk: SimDisk,
}

impl State {
    /// Counts an operation; tells how it ends.
    fn operate(&mut self) -> io::Result<()> {
        if self.off {
            return Err(io::Error::other("the power is off"));
        }
        self.ops += 1;
        let ops = self.ops;
        if self.faults.crash_at == Some(ops) {
            self.off = true;
            return Err(io::Error::other("the power goes off"));
        }
        if let Some(kind) = self.faults.broken {
            return Err(kind.into());
        }
        match self.faults.fail_at.iter().find(|(at, _)| *at == ops) {
            Some((_, kind)) => Err((*kind).into()),
            None => Ok(()),
        }
    }

    fn used(&self) -> u64 {
        self.names.values().map(|inode| inode.lock().unwrap().bytes.len() as u64).sum()
    }
}

impl SimDisk {
    pub fn new(seed: u64) -> Self {
        Self::with(BTreeMap::new(), seed)
    }

    fn with(names: BTreeMap<String, Shared>, seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            durable_names: names.clone(),
            names,
            rng: StdRng::seed_from_u64(seed),
            ops: 0,
            faults: Faults::default(),
            off: false,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub fn set_faults(&self, faults: Faults) {
        self.state().faults = faults;
    }

    pub fn ops(&self) -> u64 {
        self.state().ops
    }

    pub fn is_off(&self) -> bool {
        self.state().off
    }

    /// The disk after the power went off now and came back.
    pub fn crash(&self, seed: u64) -> Self {
        let state = self.state();
        let mut rng = StdRng::seed_from_u64(seed);
        let mut names = BTreeMap::new();
        let all: std::collections::BTreeSet<_> =
            state.names.keys().chain(state.durable_names.keys()).collect();
        for name in all {
            let luck = rng.random_bool(0.5);
            let kept = if luck { state.names.get(name) } else { state.durable_names.get(name) };
            let Some(inode) = kept else { continue };
            let mut inode = inode.lock().unwrap().clone();
            let cut = std::mem::take(&mut inode.cut);
            if !cut.is_empty() && rng.random_bool(0.5) {
                inode.bytes.truncate(inode.durable);
                inode.bytes.extend(cut);
                inode.durable = inode.bytes.len();
            }
            let extra = rng.random_range(0..=inode.bytes.len() - inode.durable);
            inode.bytes.truncate(inode.durable + extra);
            // Of a file that was never committed a beginning is left.
            if inode.durable > 0 && extra > 0 && rng.random_bool(0.3) {
                let from = rng.random_range(inode.durable..inode.bytes.len());
                let to = rng.random_range(from..=inode.bytes.len());
                let rubbish = rng.random_bool(0.5);
                inode.bytes[from..to]
                    .iter_mut()
                    .for_each(|byte| *byte = if rubbish { rng.random() } else { 0 });
            }
            inode.durable = inode.bytes.len();
            names.insert(name.clone(), Arc::new(Mutex::new(inode)));
        }
        drop(state);
        Self::with(names, seed)
    }

    pub fn paths(&self) -> Vec<String> {
        self.state().names.keys().cloned().collect()
    }

    pub fn content(&self, path: &str) -> Vec<u8> {
        self.state().names[path].lock().unwrap().bytes.clone()
    }

    pub fn set_content(&self, path: &str, bytes: Vec<u8>) {
        let inode = Arc::clone(&self.state().names[path]);
        let mut inode = inode.lock().unwrap();
        inode.durable = bytes.len();
        inode.bytes = bytes;
    }

    /// Takes a file away behind the archive's back.
    pub fn steal(&self, path: &str) -> Vec<u8> {
        let mut state = self.state();
        state.durable_names.remove(path);
        let inode = state.names.remove(path).unwrap();
        inode.lock().unwrap().bytes.clone()
    }

    fn handle(&self, path: &str) -> io::Result<SimFile> {
        let inode = self.state().names.get(path).cloned().ok_or(io::ErrorKind::NotFound)?;
        Ok(SimFile { inode, disk: self.clone() })
    }
}

impl Disk for SimDisk {
    type File = SimFile;

    fn create(&self, path: &str) -> io::Result<SimFile> {
        let mut state = self.state();
        state.operate()?;
        if state.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.names.insert(path.to_owned(), Shared::default());
        drop(state);
        self.handle(path)
    }

    fn open_append(&self, path: &str) -> io::Result<SimFile> {
        self.handle(path)
    }

    fn open(&self, path: &str) -> io::Result<SimFile> {
        self.handle(path)
    }

    fn replace(&self, path: &str, content: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        state.operate()?;
        let inode =
            Arc::new(Mutex::new(Inode { bytes: content.to_vec(), durable: content.len(), cut: Vec::new() }));
        state.names.insert(path.to_owned(), Arc::clone(&inode));
        state.durable_names.insert(path.to_owned(), inode);
        Ok(())
    }

    fn list(&self, directory: &str) -> io::Result<Vec<Entry>> {
        let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
        let mut entries: Vec<Entry> = Vec::new();
        for path in self.state().names.keys() {
            let Some(rest) = path.strip_prefix(&prefix) else { continue };
            let entry = match rest.split_once('/') {
                Some((name, _)) => Entry { name: name.to_owned(), directory: true },
                None => Entry { name: rest.to_owned(), directory: false },
            };
            if entries.last() != Some(&entry) {
                entries.push(entry);
            }
        }
        Ok(entries)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut state = self.state();
        state.operate()?;
        state.names.remove(path).map(drop).ok_or(io::ErrorKind::NotFound.into())
    }

    fn remove_directory(&self, path: &str) -> io::Result<()> {
        if self.list(path)?.is_empty() { Ok(()) } else { Err(io::ErrorKind::DirectoryNotEmpty.into()) }
    }

    fn commit(&self, files: &[&SimFile]) -> io::Result<()> {
        let mut state = self.state();
        state.operate()?;
        for file in files {
            let mut inode = file.inode.lock().unwrap();
            inode.durable = inode.bytes.len();
            inode.cut.clear();
        }
        state.durable_names = state.names.clone();
        Ok(())
    }

    fn space(&self) -> io::Result<Space> {
        let state = self.state();
        let total = state.faults.capacity.unwrap_or(1 << 40);
        Ok(Space { free: total.saturating_sub(state.used()), total })
    }
}

impl File for SimFile {
    fn append(&self, parts: &mut [IoSlice<'_>]) -> io::Result<()> {
        let mut state = self.disk.state();
        let mut bytes: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).collect();
        let mut done = state.operate();
        let room = state.faults.capacity.map(|capacity| capacity.saturating_sub(state.used()));
        if done.is_ok() && room.is_some_and(|room| room < bytes.len() as u64) {
            bytes.truncate(room.unwrap() as usize);
            done = Err(io::ErrorKind::StorageFull.into());
        } else if done.is_err() {
            let torn = state.rng.random_range(0..=bytes.len());
            bytes.truncate(torn);
        }
        self.inode.lock().unwrap().bytes.append(&mut bytes);
        done
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let inode = self.inode.lock().unwrap();
        let rest = inode.bytes.get(offset as usize..).unwrap_or_default();
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.inode.lock().unwrap().bytes.len() as u64)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.disk.state().operate()?;
        let mut inode = self.inode.lock().unwrap();
        let len = len as usize;
        if len < inode.durable {
            let cut = inode.bytes[len..inode.durable].to_vec();
            inode.cut.splice(0..0, cut);
        }
        inode.bytes.truncate(len);
        inode.durable = inode.durable.min(inode.bytes.len());
        Ok(())
    }
}
