//! One volume and all that writes to it.
//!
//! One thread owns the [`Archive`] and feeds it; readers work beside it ([`Archive::reader`]). A commit may run on
//! another thread meanwhile: [`Archive::begin_commit`], [`Commit::run`], [`Archive::finish_commit`].
//!
//! What is not here: the writing of a stream ([`crate::stream`]), choosing what must go ([`crate::retention`]).

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use media::{Sample, Tracks};
use model::{RunId, SiteId, StreamKey, VolumeId, WallTime};
use uuid::Uuid;

use crate::{
    Error, chain,
    day::DayIndex,
    disk::Disk,
    index::{self, Index, Summary},
    journal::Journal,
    layout::{DELETIONS_FILE, Day, LOCKS_FILE, SegmentName},
    locks::{self, Lock},
    reader::Reader,
    recover::{self, Inspected, Recovery},
    retention::{self, Deleted, Enforced, Reason, Retention},
    sign::Signer,
    stream::{Limits, Shared, Writer, run_id},
    tables::Tables,
    volume::{FORMAT, Volume},
};

/// An entry of the journal of deletions names at most so many segments.
const SEGMENTS_PER_ENTRY: usize = 4096;

/// What an archive needs to know.
#[derive(Clone)]
pub struct Options {
    /// The site that records.
    pub site: SiteId,
    /// Its identity.
    pub signer: Arc<dyn Signer>,
    /// The id that the volume gets if it is new.
    pub new_volume: VolumeId,
    /// How large segments become.
    pub limits: Limits,
}

impl Options {
    /// The usual: segments of 5 minutes or 256 MiB.
    #[must_use]
    pub fn new(site: SiteId, signer: Arc<dyn Signer>) -> Self {
        Self { site, signer, new_volume: VolumeId::new(), limits: Limits::default() }
    }
}

/// What readers share with the writer.
pub(crate) struct Volumes<D> {
    pub(crate) disk: D,
    pub(crate) index: Index,
    pub(crate) tables: Tables,
}

/// A volume that is being recorded to.
pub struct Archive<D: Disk> {
    shared: Arc<Volumes<D>>,
    options: Options,
    volume: Volume,
    writers: HashMap<StreamKey, Writer<D::File>>,
    locks: Vec<Lock>,
    lock_journal: Journal<D::File>,
    deletion_journal: Journal<D::File>,
    /// Files of writers that ended since the last commit.
    closed: Vec<Arc<D::File>>,
    /// When the oldest sample came that was written but is in no commit yet.
    written_since: Option<WallTime>,
    /// The same of the commit that is running.
    committing: Option<Option<WallTime>>,
    /// Segments closed since the last commit began; those that are in the running commit; those whose commit failed and
    /// those that were given up. They are in no index: the next start has to look at them.
    unsettled: HashSet<(StreamKey, SegmentName)>,
    settling: HashSet<(StreamKey, SegmentName)>,
    spoiled: HashSet<(StreamKey, SegmentName)>,
    /// Days whose index on disk is missing or old.
    stale_days: BTreeSet<Day>,
    last_run: RunId,
    lost_samples: u64,
}

/// Work for a thread that may block on the disk.
pub struct Commit<D: Disk> {
    shared: Arc<Volumes<D>>,
    files: Vec<Arc<D::File>>,
}

/// What came of a [`Commit`].
#[derive(Debug)]
pub struct Committed(std::io::Result<()>);

/// How safe the recordings are.
#[derive(Debug, Default)]
pub struct TickReport {
    /// What failed since the last tick: writes that lost frames, a commit.
    pub errors: Vec<Error>,
    /// Age of the oldest sample that is not known to be on disk: what a power cut now would cost.
    pub at_risk: Duration,
    /// Samples lost to failed writes since the archive was opened.
    pub lost_samples: u64,
}

impl<D: Disk> Commit<D> {
    /// Makes durable what was written before [`Archive::begin_commit`].
    #[must_use]
    pub fn run(self) -> Committed {
        let files: Vec<&D::File> = self.files.iter().map(|file| &**file).collect();
        Committed(self.shared.disk.commit(&files))
    }
}

impl<D: Disk> Archive<D> {
    /// Opens a volume, or makes one in an empty directory. What a crash tore is cut off.
    pub fn open(disk: D, options: Options, now: WallTime) -> Result<(Self, Recovery), Error> {
        let volume = match Volume::read(&disk)? {
            Some(volume) if volume.site != options.site => {
                return Err(Error::ForeignVolume { made_by: volume.site });
            }
            Some(volume) => volume,
            None => {
                let new =
                    Volume { format: FORMAT, volume: options.new_volume, site: options.site, created: now };
                new.write(&disk)?;
                new
            }
        };
        let (lock_journal, locks) = Journal::open::<D, locks::Entry>(&disk, LOCKS_FILE)?;
        let (deletion_journal, deletions) = Journal::open::<D, retention::Entry>(&disk, DELETIONS_FILE)?;
        let deleted: HashSet<(StreamKey, SegmentName)> =
            deletions.entries.iter().flat_map(retention::Entry::names).collect();
        let shared = Volumes { disk, index: Index::default(), tables: Tables::default() };
        let (recovery, stale) = recover::load(&shared.disk, volume.volume, &shared.index, &deleted)?;
        let mut archive = Self {
            shared: Arc::new(shared),
            options,
            volume,
            writers: HashMap::new(),
            locks: locks::replay(locks.entries),
            lock_journal,
            deletion_journal,
            closed: Vec::new(),
            written_since: None,
            committing: None,
            unsettled: HashSet::new(),
            settling: HashSet::new(),
            spoiled: HashSet::new(),
            stale_days: stale.into_iter().collect(),
            last_run: RunId::from_bytes([0; 16]),
            lost_samples: 0,
        };
        // The index is a cache: what cannot be written now is written later.
        let _ = archive.write_indexes(Day::of(WallTime::MAX));
        Ok((archive, recovery))
    }

    /// What this volume is.
    #[must_use]
    pub fn volume(&self) -> &Volume {
        &self.volume
    }

    /// Reads beside the writer, on any thread.
    #[must_use]
    pub fn reader(&self) -> Reader<D> {
        Reader::new(Arc::clone(&self.shared))
    }

    /// Begins a run: from the next key frame on, the stream is recorded. A run that goes on already is ended.
    pub fn begin_run(&mut self, key: StreamKey, tracks: Arc<Tracks>, now: WallTime) -> Result<(), Error> {
        let ended = self.end_run(key, now);
        let stream = self.shared.index.get_or_add(key);
        let previous = self.last_value(key)?;
        let run = run_id(self.volume.volume, key, now, &previous, self.last_run);
        self.last_run = run;
        self.writers.insert(key, Writer::new(key, stream, tracks, run, previous));
        ended
    }

    /// Records a sample. After an error of writing, the frames that waited to be written are lost; recording goes on
    /// with the next key frame in a new run.
    pub fn push(&mut self, key: StreamKey, sample: &Sample, now: WallTime) -> Result<(), Error> {
        let writer = self.writers.get_mut(&key).ok_or(Error::NoRun(key))?;
        writer.push(&shared(&self.shared, &self.options, &self.volume, now), sample)
    }

    /// Ends a run, if one goes on: what waits is written and the segment closed.
    pub fn end_run(&mut self, key: StreamKey, now: WallTime) -> Result<(), Error> {
        let Some(mut writer) = self.writers.remove(&key) else { return Ok(()) };
        let ended = writer.end_run(&shared(&self.shared, &self.options, &self.volume, now));
        self.written_since = earlier(self.written_since, writer.written_since);
        self.closed.append(&mut writer.take_dirty());
        self.note_retired(key, std::mem::take(&mut writer.retired));
        self.lost_samples += writer.lost;
        ended
    }

    /// To be called every 500 ms: writes fragments whose time has come, and makes everything durable. Blocks on the
    /// disk; see [`Archive::begin_commit`].
    pub fn tick(&mut self, now: WallTime) -> TickReport {
        let (errors, commit) = self.begin_commit(now);
        let mut report = match commit {
            Some(commit) => {
                let committed = commit.run();
                self.finish_commit(committed, now)
            }
            None => self.report(Vec::new(), now),
        };
        report.errors.splice(0..0, errors);
        report
    }

    /// Writes fragments whose time has come, and hands out the work of making everything durable; nothing where there is
    /// nothing to do, or where a commit is still running.
    pub fn begin_commit(&mut self, now: WallTime) -> (Vec<Error>, Option<Commit<D>>) {
        let shared = shared(&self.shared, &self.options, &self.volume, now);
        let errors =
            self.writers.values_mut().filter_map(|writer| writer.flush_aged(&shared).err()).collect();
        if self.committing.is_some() {
            return (errors, None);
        }
        let mut files = std::mem::take(&mut self.closed);
        let mut since = self.written_since.take();
        let mut retired = Vec::new();
        for (key, writer) in &mut self.writers {
            since = earlier(since, writer.written_since);
            files.append(&mut writer.take_dirty());
            retired.push((*key, std::mem::take(&mut writer.retired)));
        }
        retired.into_iter().for_each(|(key, names)| self.note_retired(key, names));
        if files.is_empty() {
            return (errors, None);
        }
        self.committing = Some(since);
        self.settling.extend(self.unsettled.drain());
        (errors, Some(Commit { shared: Arc::clone(&self.shared), files }))
    }

    /// Takes note of a commit. After a failed one nothing that was written since the last one is trusted: all streams
    /// go on in new files at their next key frame.
    pub fn finish_commit(&mut self, committed: Committed, now: WallTime) -> TickReport {
        self.committing = None;
        let errors = match committed.0 {
            Ok(()) => {
                self.settle();
                Vec::new()
            }
            Err(error) => {
                self.spoiled.extend(self.settling.drain());
                let shared = shared(&self.shared, &self.options, &self.volume, now);
                self.writers.values_mut().for_each(|writer| writer.give_up(&shared));
                vec![Error::Commit(error)]
            }
        };
        let _ = self.write_indexes(Day::of(now));
        self.report(errors, now)
    }

    fn report(&self, errors: Vec<Error>, now: WallTime) -> TickReport {
        let oldest = self.writers.values().fold(self.written_since, |oldest, writer| {
            earlier(earlier(oldest, writer.written_since), writer.waiting_since())
        });
        let oldest = earlier(oldest, self.committing.flatten());
        let at_risk = oldest.map_or(0, |oldest| now.micros_since(oldest).max(0));
        let lost = self.writers.values().map(|writer| writer.lost).sum::<u64>();
        TickReport {
            errors,
            at_risk: Duration::from_micros(at_risk.unsigned_abs()),
            lost_samples: self.lost_samples + lost,
        }
    }

    /// Keeps footage from being deleted. Durable on return; a lock with the same id is replaced.
    pub fn lock(&mut self, lock: Lock, now: WallTime) -> Result<(), Error> {
        let entry = locks::Entry::Lock { at: now, lock: lock.clone() };
        self.lock_journal.append(&self.shared.disk, &*self.options.signer, &entry)?;
        self.locks.retain(|other| other.id != lock.id);
        self.locks.push(lock);
        Ok(())
    }

    /// Takes a lock away. Durable on return.
    pub fn unlock(&mut self, id: Uuid, now: WallTime) -> Result<(), Error> {
        if self.locks.iter().any(|lock| lock.id == id) {
            let entry = locks::Entry::Unlock { at: now, id };
            self.lock_journal.append(&self.shared.disk, &*self.options.signer, &entry)?;
            self.locks.retain(|lock| lock.id != id);
        }
        Ok(())
    }

    /// The locks that hold.
    #[must_use]
    pub fn locks(&self) -> &[Lock] {
        &self.locks
    }

    /// Deletes what must go. The journal says so before any file is removed; a crash in between is finished at the
    /// next start.
    pub fn enforce(&mut self, retention: &Retention, now: WallTime) -> Result<Enforced, Error> {
        let space = self.shared.disk.space().map_err(Error::OpenVolume)?;
        let enforced = retention::choose(&self.shared.index, &self.locks, retention, space, now);
        self.delete(&enforced.deleted, now)?;
        Ok(enforced)
    }

    fn delete(&mut self, deleted: &[Deleted], now: WallTime) -> Result<(), Error> {
        for reason in [Reason::Age, Reason::Room, Reason::Person] {
            let of_reason: Vec<Deleted> =
                deleted.iter().filter(|one| one.reason == reason).copied().collect();
            for batch in of_reason.chunks(SEGMENTS_PER_ENTRY) {
                let entry = retention::Entry::of(now, reason, batch);
                self.deletion_journal.append(&self.shared.disk, &*self.options.signer, &entry)?;
                self.remove(batch)?;
            }
        }
        Ok(())
    }

    /// Removes what the journal has: first from the readers' sight, then from the disk.
    fn remove(&mut self, deleted: &[Deleted]) -> Result<(), Error> {
        let gone: HashSet<(StreamKey, SegmentName)> =
            deleted.iter().map(|one| (one.key, one.segment.name())).collect();
        for key in deleted.iter().map(|one| one.key).collect::<HashSet<_>>() {
            let Some(stream) = self.shared.index.get(key) else { continue };
            index::write(&stream).closed.retain(|summary| !gone.contains(&(key, summary.name())));
        }
        for (key, name) in &gone {
            self.shared.tables.forget(*key, *name);
            self.stale_days.insert(name.day());
            let path = name.path(*key);
            match self.shared.disk.remove(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::Remove { path, error });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// An orderly stop: every run is ended and everything is durable; nothing is missing.
    pub fn close(mut self, now: WallTime) -> Result<(), Error> {
        let keys: Vec<StreamKey> = self.writers.keys().copied().collect();
        let ended: Vec<Result<(), Error>> = keys.into_iter().map(|key| self.end_run(key, now)).collect();
        let files: Vec<&D::File> = self.closed.iter().map(|file| &**file).collect();
        self.shared.disk.commit(&files).map_err(Error::Commit)?;
        self.settling.extend(self.unsettled.drain());
        self.settle();
        self.write_indexes(Day::of(WallTime::MAX))?;
        ended.into_iter().collect()
    }

    fn note_retired(&mut self, key: StreamKey, names: Vec<(SegmentName, bool)>) {
        for (name, sealed) in names {
            let place = if sealed { &mut self.unsettled } else { &mut self.spoiled };
            place.insert((key, name));
        }
    }

    /// What the last commit held is as it will stay.
    fn settle(&mut self) {
        self.stale_days.extend(self.settling.drain().map(|(_, name)| name.day()));
    }

    /// Writes the indexes of stale days before `today`. An empty day's directories are removed.
    fn write_indexes(&mut self, today: Day) -> Result<(), Error> {
        while let Some(day) = self.stale_days.first().copied().filter(|day| *day < today) {
            let mut streams = Vec::new();
            for key in self.shared.index.keys() {
                let Some(stream) = self.shared.index.get(key) else { continue };
                let unsettled = |summary: &Summary| {
                    let name = (key, summary.name());
                    [&self.unsettled, &self.settling, &self.spoiled]
                        .into_iter()
                        .any(|names| names.contains(&name))
                };
                let of_day: Vec<Summary> = index::read(&stream).of_day(day).collect();
                let settled: Vec<Summary> = of_day.iter().filter(|one| !unsettled(one)).copied().collect();
                if of_day.is_empty() {
                    let _ = self.shared.disk.remove_directory(&format!("{}/{key}", day.directory()));
                } else {
                    streams.push((key, settled));
                }
            }
            if streams.is_empty() {
                let _ = self.shared.disk.remove(&day.index_path());
                let _ = self.shared.disk.remove_directory(&day.directory());
            } else {
                DayIndex::write(&self.shared.disk, self.volume.volume, day, streams)?;
            }
            self.stale_days.remove(&day);
        }
        Ok(())
    }

    /// Chain value at the end of the stream's last segment; zeros for a stream that was never recorded.
    fn last_value(&self, key: StreamKey) -> Result<chain::Value, Error> {
        let stream = self.shared.index.get_or_add(key);
        let (value, last) = {
            let stream = index::read(&stream);
            (stream.last_value, stream.closed.back().copied())
        };
        let (None, Some(last)) = (value, last) else { return Ok(value.unwrap_or_default()) };
        let path = last.name().path(key);
        let inspected = self
            .shared
            .disk
            .open(&path)
            .map_err(crate::scan::ScanError::Io)
            .and_then(|file| recover::inspect(&file, last.name(), key));
        let value = match inspected.map_err(|error| crate::tables::reading(path, error)) {
            Ok(Inspected::Sealed(_, value) | Inspected::Torn { value, .. }) => value,
            // A damaged segment must not keep the stream from being recorded; fsck tells of the break in the chain.
            Ok(Inspected::Empty) | Err(_) => chain::Value::default(),
        };
        index::write(&stream).last_value = Some(value);
        Ok(value)
    }
}

fn earlier(one: Option<WallTime>, other: Option<WallTime>) -> Option<WallTime> {
    one.into_iter().chain(other).min()
}

fn shared<'a, D: Disk>(
    volumes: &'a Volumes<D>,
    options: &'a Options,
    volume: &Volume,
    now: WallTime,
) -> Shared<'a, D> {
    Shared {
        disk: &volumes.disk,
        signer: &*options.signer,
        site: options.site,
        volume: volume.volume,
        limits: options.limits,
        now,
    }
}
