//! The rolling file: pre buffers that are too long for memory, one file per group of pictures in a directory of its own.
//!
//! One thread touches the disk; a stream never waits for it. What is there belongs to this run of the program: at the
//! start everything is removed, so a crash leaves nothing behind. The directory never takes more than its limit, and
//! the queue to the thread is bounded: what does not fit is refused and the pre buffer is shorter.
//! What this is not: a recording. Nothing here is made durable, indexed or proved.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, SyncSender},
    },
    thread,
    time::Duration,
};

use bytes::{Buf, BufMut, Bytes};
use media::Sample;
use model::{TrackKind, WallTime};

/// Groups that may wait to be written, and questions to be answered.
const WAITING: usize = 256;
/// How long the thread waits for work before it looks for files that nobody wants any more.
const IDLE: Duration = Duration::from_millis(500);
/// Most samples of a group.
const MOST_SAMPLES: usize = 1 << 16;

/// A group that was read back; nothing where it could not be written or read.
type Answer = Arc<OnceLock<Option<Vec<Sample>>>>;

enum Command {
    Put(u64, Vec<Sample>),
    Read(u64, Answer),
}

struct Shared {
    used: AtomicU64,
    next: AtomicU64,
    limit: u64,
    /// Files that nobody wants any more.
    unwanted: Mutex<Vec<u64>>,
    commands: SyncSender<Command>,
}

/// The directory; clones share it. Its thread ends with the last of them.
#[derive(Clone)]
pub struct Rolling(Arc<Shared>);

/// A group in the rolling file; gone with this value.
pub struct Shelved {
    id: u64,
    bytes: u64,
    with_sound: bool,
    answer: Option<Answer>,
    rolling: Rolling,
}

impl Rolling {
    /// Opens the directory, empties it, and starts its thread.
    ///
    /// # Errors
    /// The directory cannot be made or emptied, or there is no thread.
    pub fn open(path: &Path, limit: u64) -> io::Result<Self> {
        if path.exists() {
            fs::remove_dir_all(path)?;
        }
        fs::create_dir_all(path)?;
        let (commands, work) = mpsc::sync_channel(WAITING);
        let shared = Arc::new(Shared {
            used: AtomicU64::new(0),
            next: AtomicU64::new(0),
            limit,
            unwanted: Mutex::default(),
            commands,
        });
        let (path, weak) = (path.to_owned(), Arc::downgrade(&shared));
        thread::Builder::new().name("pre buffer".into()).spawn(move || {
            loop {
                match work.recv_timeout(IDLE) {
                    Ok(Command::Put(id, samples)) => {
                        if let Err(error) = fs::write(file(&path, id), encode(&samples)) {
                            tracing::warn!(%error, "a pre buffer cannot be written");
                            let _ = fs::remove_file(file(&path, id));
                        }
                    }
                    Ok(Command::Read(id, answer)) => {
                        let _ =
                            answer.set(fs::read(file(&path, id)).ok().and_then(|bytes| decode(bytes.into())));
                    }
                    Err(mpsc::RecvTimeoutError::Timeout) => {}
                    Err(mpsc::RecvTimeoutError::Disconnected) => break,
                }
                let Some(shared) = weak.upgrade() else { break };
                for id in std::mem::take(&mut *shared.unwanted()) {
                    let _ = fs::remove_file(file(&path, id));
                }
            }
            let _ = fs::remove_dir_all(&path);
        })?;
        Ok(Self(shared))
    }

    /// Puts a group into the file; gives it back where there is no room.
    ///
    /// # Errors
    /// There is no room, or the disk does not keep up.
    pub fn put(&self, samples: Vec<Sample>) -> Result<Shelved, Vec<Sample>> {
        let bytes = samples.iter().map(|sample| (sample.data.len() + HEADER) as u64).sum::<u64>();
        let used = self.0.used.fetch_add(bytes, Ordering::Relaxed);
        let give_up = |samples| {
            self.0.used.fetch_sub(bytes, Ordering::Relaxed);
            Err(samples)
        };
        if used + bytes > self.0.limit || samples.len() > MOST_SAMPLES {
            return give_up(samples);
        }
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        match self.0.commands.try_send(Command::Put(id, samples)) {
            Ok(()) => Ok(Shelved { id, bytes, with_sound: true, answer: None, rolling: self.clone() }),
            Err(
                mpsc::TrySendError::Full(Command::Put(_, samples))
                | mpsc::TrySendError::Disconnected(Command::Put(_, samples)),
            ) => give_up(samples),
            Err(_) => give_up(Vec::new()),
        }
    }
}

impl Shared {
    fn unwanted(&self) -> std::sync::MutexGuard<'_, Vec<u64>> {
        self.unwanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelved {
    /// Asks for it to be read, where that was not done yet and the thread has room for the question.
    pub fn fetch(&mut self) {
        if self.answer.is_none() {
            let answer = Answer::default();
            if self.rolling.0.commands.try_send(Command::Read(self.id, Arc::clone(&answer))).is_ok() {
                self.answer = Some(answer);
            }
        }
    }

    /// What was read, once: nothing yet; or nothing that can be had; or the group.
    pub fn fetched(&mut self) -> Option<Option<Vec<Sample>>> {
        let samples = self.answer.as_ref()?.get()?.clone();
        Some(samples.map(|mut samples| {
            samples.retain(|sample| self.with_sound || sample.track == TrackKind::Video);
            samples
        }))
    }

    /// Its sound is wanted no more.
    pub const fn forget_sound(&mut self) {
        self.with_sound = false;
    }
}

impl Drop for Shelved {
    fn drop(&mut self) {
        self.rolling.0.used.fetch_sub(self.bytes, Ordering::Relaxed);
        self.rolling.0.unwanted().push(self.id);
    }
}

fn file(path: &Path, id: u64) -> PathBuf {
    path.join(format!("{id}.group"))
}

/// Bytes of a sample's fields: track and key, decode time, composition offset, wall time, length.
const HEADER: usize = 1 + 8 + 4 + 8 + 4;

fn encode(samples: &[Sample]) -> Vec<u8> {
    let mut out = Vec::with_capacity(samples.iter().map(|sample| sample.data.len() + HEADER).sum());
    for sample in samples {
        out.put_u8(u8::from(sample.track == TrackKind::Audio) << 1 | u8::from(sample.key));
        out.put_i64(sample.time);
        out.put_i32(sample.composition_offset);
        out.put_i64(sample.wall.micros());
        out.put_u32(u32::try_from(sample.data.len()).unwrap_or(u32::MAX));
        out.extend_from_slice(&sample.data);
    }
    out
}

/// The samples of a group; nothing unless the bytes are whole. They share the bytes.
fn decode(mut bytes: Bytes) -> Option<Vec<Sample>> {
    let mut samples = Vec::new();
    while bytes.has_remaining() {
        if bytes.remaining() < HEADER || samples.len() == MOST_SAMPLES {
            return None;
        }
        let flags = bytes.get_u8();
        let (time, composition_offset) = (bytes.get_i64(), bytes.get_i32());
        let (wall, length) = (WallTime::from_micros(bytes.get_i64()), bytes.get_u32() as usize);
        if flags > 3 || bytes.remaining() < length {
            return None;
        }
        let track = if flags & 2 == 0 { TrackKind::Video } else { TrackKind::Audio };
        let data = bytes.split_to(length);
        samples.push(Sample { track, time, composition_offset, wall, key: flags & 1 == 1, data });
    }
    Some(samples)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;

    use super::*;

    fn sample(n: i64, bytes: usize) -> Sample {
        Sample {
            track: if n % 3 == 1 { TrackKind::Audio } else { TrackKind::Video },
            time: n * 3600,
            composition_offset: -7,
            wall: WallTime::from_millis(n),
            key: n % 5 == 0,
            data: vec![n as u8; bytes].into(),
        }
    }

    fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(value) = look() {
                return value;
            }
            assert!(Instant::now() < end, "not within 30 s");
            thread::yield_now();
        }
    }

    #[test]
    fn what_was_put_is_read_and_nothing_stays_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pre-buffer");
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("9.group"), b"of a crash").unwrap();
        let rolling = Rolling::open(&path, 3000).unwrap();
        assert_eq!(fs::read_dir(&path).unwrap().count(), 0, "left-overs are removed");
        let group: Vec<Sample> = (0..10).map(|n| sample(n, 100)).collect();
        let Ok(mut shelved) = rolling.put(group.clone()) else { panic!("there is room") };
        let Ok(mut silent) = rolling.put(group.clone()) else { panic!("there is room") };
        assert!(rolling.put(group.clone()).is_err(), "the limit holds");
        silent.forget_sound();
        shelved.fetch();
        silent.fetch();
        assert_eq!(until(|| shelved.fetched()), Some(group.clone()));
        let pictures = group.iter().filter(|sample| sample.track == TrackKind::Video).cloned().collect();
        assert_eq!(until(|| silent.fetched()), Some(pictures));
        drop((shelved, silent));
        until(|| (fs::read_dir(&path).unwrap().count() == 0).then_some(()));
        let Ok(mut torn) = rolling.put(group) else { panic!("the room came back") };
        until(|| {
            let file = fs::read_dir(&path).unwrap().flatten().next()?.path();
            let bytes = fs::read(&file).ok().filter(|bytes| bytes.len() == 1250)?;
            fs::write(&file, &bytes[..1010]).ok()
        });
        torn.fetch();
        assert_eq!(until(|| torn.fetched()), None);
        drop((torn, rolling));
        until(|| (!path.exists()).then_some(()));
    }

    proptest! {
        #[test]
        fn samples_are_written_and_read_back(sizes in proptest::collection::vec(0_usize..300, 0..30), cut in 0_usize..5000) {
            let samples: Vec<Sample> = sizes.iter().zip(0..).map(|(bytes, n)| sample(n, *bytes)).collect();
            let bytes = encode(&samples);
            prop_assert_eq!(decode(bytes.clone().into()), Some(samples.clone()));
            let cut = Bytes::from(bytes).split_to(cut.min(encode(&samples).len()));
            prop_assert!(decode(cut).is_none_or(|read| samples.starts_with(&read)));
        }

        #[test]
        fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(bytes.into());
        }
    }
}
