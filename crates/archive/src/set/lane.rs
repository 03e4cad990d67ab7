//! One volume as the [`super::Router`] drives it: orders in, what is durable and what failed out.
//!
//! Blocks on its disk: the shell gives every lane a thread of its own, so that a stuck disk harms no other volume.
//! What is not here: which orders there are to be (the router), when to tick.

use std::{
    collections::{HashMap, VecDeque},
    io::{self, IoSlice},
};

use model::{StreamKey, TrackKind, WallTime};

use super::{Order, Placed};
use crate::{
    Archive, Error,
    disk::{Disk, File, Space},
};

/// A volume that tries whether it can be written to writes this file.
const PROBE_FILE: &str = "probe";
/// A volume with less room than this takes no recordings.
const LEAST_ROOM: u64 = 4 << 20;

/// What came of an order.
#[derive(Debug, Default)]
pub struct Done {
    /// A key frame was taken: to be told to [`super::Router::placed`].
    pub placed: Option<(StreamKey, Placed)>,
    /// The volume fails.
    pub failed: Option<Error>,
}

/// What came of a tick.
#[derive(Debug, Default)]
pub struct Ticked {
    /// What is on the disk: of each stream all up to that number. To be told to [`super::Router::confirm`].
    pub durable: Vec<(StreamKey, u64)>,
    /// The volume fails.
    pub failed: Option<Error>,
}

/// A volume.
pub struct Lane<D: Disk> {
    archive: Archive<D>,
    /// Numbers of frames that are not known to be durable, as they were taken.
    taken: HashMap<StreamKey, VecDeque<u64>>,
}

/// Whether an error is the disk's fault.
const fn is_disk(error: &Error) -> bool {
    !matches!(error, Error::NoRun(_) | Error::BadSample { .. })
}

impl<D: Disk> Lane<D> {
    /// Over an open volume.
    #[must_use]
    pub fn new(archive: Archive<D>) -> Self {
        Self { archive, taken: HashMap::new() }
    }

    /// The volume.
    #[must_use]
    pub const fn archive(&self) -> &Archive<D> {
        &self.archive
    }

    /// The volume, for locks and retention.
    pub const fn archive_mut(&mut self) -> &mut Archive<D> {
        &mut self.archive
    }

    /// Follows an order.
    pub fn execute(&mut self, order: Order, now: WallTime) -> Done {
        let mut done = Done::default();
        let result = match order {
            Order::Begin { key, tracks, again: true, at } => {
                self.archive.begin_run_after(key, tracks, i64::MIN, at)
            }
            Order::Begin { key, tracks, again: false, at } => self.archive.begin_run(key, tracks, at),
            Order::Replaces { of, key, voids } => self.archive.note_replaces(of, key, &voids, now),
            Order::Push(key, seq, sample) => {
                let pushed = self.archive.push(key, &sample, now);
                // A frame that waits was taken; one before the first key frame of a run was not. A key frame is taken even
                // where writing what came before it has failed.
                let refused = matches!(pushed, Err(Error::NoRun(_) | Error::BadSample { .. }));
                if !refused && self.archive.waiting(key) > 0 {
                    self.taken.entry(key).or_default().push_back(seq);
                }
                if !refused
                    && sample.key
                    && sample.track == TrackKind::Video
                    && let Some(run) = self.archive.run_tag(key)
                {
                    let shown = sample.time.saturating_add(sample.composition_offset.into());
                    done.placed = Some((key, Placed { seq, run, time: sample.time, shown }));
                }
                pushed
            }
            Order::Mark(key, mark) => self.archive.mark(key, mark),
            Order::CameraClock(key, ahead_us) => {
                self.archive.set_camera_clock(key, ahead_us);
                Ok(())
            }
            Order::End(key, seq) => {
                let ended = self.archive.end_run(key, now);
                if seq > 0 && ended.is_ok() {
                    self.taken.entry(key).or_default().push_back(seq);
                }
                ended
            }
            Order::Abandon => {
                self.archive.abandon(now);
                self.taken.clear();
                Ok(())
            }
            Order::Settle(key, void) => self.archive.settle_void(key, void, now),
        };
        done.failed = result.err().filter(is_disk);
        done
    }

    /// Writes what has waited for 500 ms, so that a process that is killed takes no more along; to be called a few times a second
    /// where ticks are longer than that.
    pub fn write_aged(&mut self, now: WallTime) -> Option<Error> {
        self.archive.write_aged(now).into_iter().find(is_disk)
    }

    /// Makes durable what was taken.
    pub fn tick(&mut self, now: WallTime) -> Ticked {
        let report = self.archive.tick(now);
        let present = self.archive.shared.disk.present().map_err(Error::Commit);
        let failed = report.errors.into_iter().find(is_disk).or(present.err());
        let mut durable = Vec::new();
        if failed.is_none() {
            for (key, taken) in &mut self.taken {
                // What waits for its fragment came last.
                let safe = taken.len().saturating_sub(self.archive.waiting(*key));
                if let Some(last) = taken.drain(..safe).next_back() {
                    durable.push((*key, last));
                }
            }
            self.taken.retain(|_, taken| !taken.is_empty());
        }
        Ticked { durable, failed }
    }

    /// Whether the volume's disk is still where it was opened.
    #[must_use]
    pub fn is_present(&self) -> bool {
        self.archive.shared.disk.present().is_ok()
    }

    /// Room on its disk.
    pub fn space(&self) -> io::Result<Space> {
        self.archive.shared.disk.space()
    }

    /// Tries whether the disk takes recordings.
    pub fn probe(&self) -> io::Result<()> {
        let disk = &self.archive.shared.disk;
        disk.present()?;
        if disk.space()?.free < LEAST_ROOM {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let _ = disk.remove(PROBE_FILE);
        let file = disk.create(PROBE_FILE)?;
        let tried = file.append(&mut [IoSlice::new(&[0; 4096])]).and_then(|()| disk.commit(&[&file]));
        disk.remove(PROBE_FILE)?;
        tried
    }

    /// An orderly stop: every run is ended and everything is durable.
    pub fn close(self, now: WallTime) -> Result<(), Error> {
        self.archive.close(now)
    }
}
