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
    day::{DayIndex, Entry},
    days::Days,
    deletions::Deletions,
    disk::Disk,
    index::{self, Index},
    journal::{self, Journal},
    layout::{DELETIONS_FILE, Day, LOCKS_FILE, ROOTS_FILE, SegmentName, run_id},
    lead_in::{Lead, Tail},
    load::Loader,
    locks::{self, Lock},
    mark::Mark,
    progress::{Counter, Progress},
    reader::Reader,
    recover::{self, Inspected, Recovery},
    retention::{self, Deleted, Enforced, Reason, Retention},
    roots::{self, Root},
    set::Elsewhere,
    sign::{Signer, Verifier},
    stream::{Limits, Shared, Writer},
    tables::Tables,
    unsettled::{self, Loose, Unsettled},
    volume::{FORMAT, Volume},
};

/// An entry of the journal of deletions names at most so many segments.
const SEGMENTS_PER_ENTRY: usize = 4096;

/// The journal of deletions is shortened when it is longer than this, and twice as long as after the last time.
const SHORTEN_ABOVE: u64 = 1 << 20;
/// A camera sends again what it sent within this time, in µs.
const TAIL_WITHIN_US: i64 = 60_000_000;

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
    /// Checks the notes by which volumes of other sites were adopted; without it every note counts.
    pub verifier: Option<Arc<dyn Verifier + Send + Sync>>,
    /// Where else streams may have footage.
    pub elsewhere: Option<Arc<dyn Elsewhere>>,
}

impl Options {
    /// The usual: segments of 5 minutes or 256 MiB.
    #[must_use]
    pub fn new(site: SiteId, signer: Arc<dyn Signer>) -> Self {
        Self {
            site,
            signer,
            new_volume: VolumeId::new(),
            limits: Limits::default(),
            verifier: None,
            elsewhere: None,
        }
    }
}

/// What readers share with the writer.
pub(crate) struct Volumes<D> {
    pub(crate) disk: D,
    pub(crate) index: Index,
    pub(crate) tables: Tables,
    pub(crate) days: Days,
}

/// A volume that is being recorded to.
pub struct Archive<D: Disk> {
    pub(crate) shared: Arc<Volumes<D>>,
    pub(crate) options: Options,
    volume: Volume,
    writers: HashMap<StreamKey, Writer<D::File>>,
    locks: Vec<Lock>,
    unlocked: HashSet<Uuid>,
    lock_journal: Journal<D::File>,
    deletion_journal: Journal<D::File>,
    root_journal: Journal<D::File>,
    last_root: Option<Root>,
    /// Bytes of the journal of deletions from which on it is shortened.
    shorten_above: u64,
    /// Opened when it is needed.
    pub(crate) copy_journal: Option<Journal<D::File>>,
    /// Files of writers that ended since the last commit.
    closed: Vec<Arc<D::File>>,
    /// When the oldest sample came that was written but is in no commit yet.
    written_since: Option<WallTime>,
    /// The same of the commit that is running.
    committing: Option<Option<WallTime>>,
    /// Segments that ended since the last commit began; those that are in the running commit. They are in no index.
    unsettled: Vec<Unsettled<D::File>>,
    settling: Vec<Unsettled<D::File>>,
    /// Segments whose commit failed and those that were given up: the next start has to look at them.
    spoiled: HashSet<(StreamKey, SegmentName)>,
    /// Ends that are to be cut off, and their files.
    loose: Vec<Loose>,
    loose_files: Vec<Arc<D::File>>,
    /// How far streams without a run are safe, and their last pictures.
    ended: HashMap<StreamKey, (Counter, Tail)>,
    /// Days whose index on disk is missing or old.
    stale_days: BTreeSet<Day>,
    last_run: RunId,
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
    /// Samples lost to failed writes and commits since the archive was opened.
    pub lost_samples: u64,
    /// How far each stream is safe, where that has changed.
    pub progress: Vec<Progress>,
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
    /// Opens a volume, or makes one in an empty directory, and reads its whole index. What a crash tore is cut off.
    pub fn open(disk: D, options: Options, now: WallTime) -> Result<(Self, Recovery), Error> {
        let (mut archive, _) = Self::open_lazily(disk, options, now)?;
        let Volumes { disk, index, days, .. } = &*archive.shared;
        while let Some(day) = days.newest_waiting() {
            days.load(disk, index, day)?;
        }
        let recovery = days.recovery();
        archive.stale_days.append(&mut days.take_stale());
        // The index is a cache: what cannot be written now is written later.
        let _ = archive.write_indexes(Day::of(WallTime::MAX));
        Ok((archive, recovery))
    }

    /// The same, but recording can begin at once: the days are read by the loader, which is to be run on a thread of its
    /// own, or when somebody asks about them. Until then nothing is deleted ([`Archive::enforce`]), and what a
    /// [`Reader`] tells about a stream's whole footage (its bytes, its begin) is about what has been read.
    pub fn open_lazily(disk: D, options: Options, now: WallTime) -> Result<(Self, Loader<D>), Error> {
        let volume = match Volume::read(&disk)? {
            Some(volume) if !volume.belongs_to(&disk, &options)? => {
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
        let (root_journal, roots) = Journal::open::<D, Root>(&disk, ROOTS_FILE)?;
        let deleted = Deletions::new(&deletions.entries);
        let days = Days::new(volume.volume, recover::days(&disk)?, deleted, Recovery::default());
        let shared = Arc::new(Volumes { disk, index: Index::default(), tables: Tables::default(), days });
        let loader = Loader(Arc::clone(&shared));
        let archive = Self {
            shared,
            options,
            volume,
            writers: HashMap::new(),
            unlocked: locks::taken_away(&locks.entries).collect(),
            locks: locks::replay(locks.entries),
            lock_journal,
            deletion_journal,
            root_journal,
            last_root: roots.entries.into_iter().next_back(),
            shorten_above: SHORTEN_ABOVE,
            copy_journal: None,
            closed: Vec::new(),
            written_since: None,
            committing: None,
            unsettled: Vec::new(),
            settling: Vec::new(),
            spoiled: HashSet::new(),
            loose: Vec::new(),
            loose_files: Vec::new(),
            ended: HashMap::new(),
            stale_days: BTreeSet::new(),
            last_run: RunId::from_bytes([0; 16]),
        };
        archive.reader().hide_noted(archive.volume.volume);
        Ok((archive, loader))
    }

    /// What this volume is.
    #[must_use]
    pub fn volume(&self) -> &Volume {
        &self.volume
    }

    /// The run of a stream that goes on: the last four bytes of its id.
    #[must_use]
    pub fn run_tag(&self, key: StreamKey) -> Option<u32> {
        self.writers.get(&key).map(Writer::run_tag)
    }

    /// How many of the samples that were pushed last wait for their fragment to be written.
    #[must_use]
    pub fn waiting(&self, key: StreamKey) -> usize {
        self.writers.get(&key).map_or(0, Writer::waiting)
    }

    /// Ends every run: they go on elsewhere, whether they end well or not.
    pub(crate) fn abandon(&mut self, now: WallTime) {
        let keys: Vec<StreamKey> = self.writers.keys().copied().collect();
        for key in keys {
            let _ = self.end_run(key, now);
        }
    }

    /// Reads beside the writer, on any thread.
    #[must_use]
    pub fn reader(&self) -> Reader<D> {
        Reader::new(Arc::clone(&self.shared))
    }

    /// Begins a run: from the next key frame on, the stream is recorded. A run that goes on already is ended. Pictures that
    /// the stream's last footage has already, since the camera sends them again, become the run's lead-in.
    pub fn begin_run(&mut self, key: StreamKey, tracks: Arc<Tracks>, now: WallTime) -> Result<(), Error> {
        self.begin(key, tracks, Lead::Unknown, now)
    }

    /// The same for a run whose pictures before a decode time (1/90000 s) another volume has already: they become the
    /// lead-in, to be decoded and never shown.
    pub fn begin_run_after(
        &mut self,
        key: StreamKey,
        tracks: Arc<Tracks>,
        shown_from: i64,
        now: WallTime,
    ) -> Result<(), Error> {
        self.begin(key, tracks, Lead::Until(shown_from), now)
    }

    fn begin(&mut self, key: StreamKey, tracks: Arc<Tracks>, lead: Lead, now: WallTime) -> Result<(), Error> {
        let ended = self.end_run(key, now);
        let Volumes { disk, index, days, .. } = &*self.shared;
        days.need_newest_of(disk, index, key);
        let stream = index.get_or_add(key);
        let previous = self.last_value(key)?;
        let run = run_id(self.volume.volume, key, now, &previous, self.last_run);
        self.last_run = run;
        let ended_before = self.ended.remove(&key);
        let mut before = ended_before.unwrap_or_else(|| (Counter::new(previous), Tail::default()));
        if before.1.is_empty() {
            before.1 = self.tail_on_disk(key, now);
        }
        self.writers.insert(key, Writer::new(key, stream, tracks, run, previous, before, lead));
        ended
    }

    /// Keeps a mark with the footage of a stream that is being recorded: it is written with the next fragment. The end
    /// of the run ends whatever goes on.
    pub fn mark(&mut self, key: StreamKey, mark: Mark) -> Result<(), Error> {
        self.writers.get_mut(&key).ok_or(Error::NoRun(key))?.mark(mark);
        Ok(())
    }

    /// By how much a camera's own clock is ahead of the server's (µs), as it says itself: kept in the heads of the stream's
    /// segments from now on, beside what the server's clock said. Nothing is placed by it.
    pub fn set_camera_clock(&mut self, key: StreamKey, ahead_us: Option<i64>) {
        index::write(&self.shared.index.get_or_add(key)).camera_ahead_us = ahead_us;
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
        self.note_retired(std::mem::take(&mut writer.retired));
        self.ended.insert(key, (writer.counter, writer.tail));
        ended
    }

    /// To be called when [`crate::Pace`] says so: writes fragments whose time has come, and makes everything durable.
    /// Blocks on the disk; see [`Archive::begin_commit`].
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

    /// Writes fragments that have waited for 500 ms, so that a process that is killed takes no more along. To be called a
    /// few times a second.
    pub fn write_aged(&mut self, now: WallTime) -> Vec<Error> {
        let shared = shared(&self.shared, &self.options, &self.volume, now);
        self.writers.values_mut().filter_map(|writer| writer.flush_aged(&shared, false).err()).collect()
    }

    /// Writes fragments whose time has come, and hands out the work of making everything durable; nothing where there is
    /// nothing to do, or where a commit is still running.
    pub fn begin_commit(&mut self, now: WallTime) -> (Vec<Error>, Option<Commit<D>>) {
        let shared = shared(&self.shared, &self.options, &self.volume, now);
        let errors =
            self.writers.values_mut().filter_map(|writer| writer.flush_aged(&shared, true).err()).collect();
        if self.committing.is_some() {
            return (errors, None);
        }
        self.cut_loose();
        let mut files = std::mem::take(&mut self.closed);
        files.extend(self.loose_files.iter().cloned());
        let mut since = self.written_since.take();
        let mut retired = Vec::new();
        for writer in self.writers.values_mut() {
            since = earlier(since, writer.written_since);
            files.append(&mut writer.take_dirty());
            retired.append(&mut writer.retired);
        }
        self.note_retired(retired);
        if files.is_empty() && self.loose.is_empty() {
            return (errors, None);
        }
        self.writers.values_mut().for_each(Writer::begin_commit);
        for (key, (counter, _)) in &mut self.ended {
            let value = self.shared.index.get(*key).and_then(|stream| index::read(&stream).last_value);
            counter.begin_commit(value.unwrap_or_default());
        }
        self.committing = Some(since);
        self.settling.append(&mut self.unsettled);
        (errors, Some(Commit { shared: Arc::clone(&self.shared), files }))
    }

    /// Takes note of a commit. After a failed one nothing that was written since the last one counts, and it is cut off
    /// as soon as the disk lets it; all streams go on in new files at their next key frame.
    pub fn finish_commit(&mut self, committed: Committed, now: WallTime) -> TickReport {
        self.committing = None;
        let errors = match committed.0 {
            Ok(()) => {
                self.settle();
                // What cannot be written now is tried again after the next commit.
                let _ = self.write_root(now);
                Vec::new()
            }
            Err(error) => {
                self.void(now);
                vec![Error::Commit(error)]
            }
        };
        let _ = self.write_indexes(Day::of(now));
        self.report(errors, now)
    }

    /// Takes back what was written since the last commit.
    fn void(&mut self, now: WallTime) {
        let shared = shared(&self.shared, &self.options, &self.volume, now);
        let mut open = Vec::new();
        for (key, writer) in &mut self.writers {
            let (mut retired, _): (Vec<_>, Vec<_>) = writer.retired.drain(..).unzip();
            self.unsettled.append(&mut retired);
            writer.closed.clear();
            open.extend(writer.void(&shared));
            index::write(&self.shared.index.get_or_add(*key)).last_value = Some(writer.counter.durable_value);
        }
        for (key, (counter, tail)) in &mut self.ended {
            counter.voided();
            tail.clear();
            index::write(&self.shared.index.get_or_add(*key)).last_value = Some(counter.durable_value);
        }
        self.closed.clear();
        self.written_since = None;
        for one in self.settling.drain(..).chain(self.unsettled.drain(..)).chain(open) {
            let from = one.forget_end(&self.shared.index, &self.shared.tables);
            self.spoiled.insert((one.key, one.name()));
            self.loose_files.push(one.file);
            self.loose.push(Loose { path: one.path, from });
        }
        self.cut_loose();
    }

    /// Cuts void ends off; those that the disk refuses are tried again at the next commit.
    fn cut_loose(&mut self) {
        for one in &self.loose {
            if unsettled::cut(&self.shared.disk, one).is_err() {
                break;
            }
        }
    }

    fn report(&mut self, errors: Vec<Error>, now: WallTime) -> TickReport {
        let at_risk = self.at_risk(now);
        let counters = self.writers.iter_mut().map(|(key, writer)| (*key, &mut writer.counter));
        let counters = counters.chain(self.ended.iter_mut().map(|(key, (counter, _))| (*key, counter)));
        let (mut lost_samples, mut progress) = (0, Vec::new());
        for (key, counter) in counters {
            lost_samples += counter.lost_total;
            progress.extend(counter.tell(key));
        }
        TickReport { errors, at_risk, lost_samples, progress }
    }

    /// Age of the oldest sample that is not known to be on disk: what a power cut now would cost. (By the wall clock:
    /// where it was set meanwhile, this is no age.)
    #[must_use]
    pub fn at_risk(&self, now: WallTime) -> Duration {
        let oldest = self.writers.values().fold(self.written_since, |oldest, writer| {
            earlier(earlier(oldest, writer.written_since), writer.waiting_since())
        });
        let oldest = earlier(oldest, self.committing.flatten());
        let at_risk = oldest.map_or(0, |oldest| now.micros_since(oldest).max(0));
        Duration::from_micros(at_risk.unsigned_abs())
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
            self.unlocked.insert(id);
        }
        Ok(())
    }

    /// The locks that hold.
    #[must_use]
    pub fn locks(&self) -> &[Lock] {
        &self.locks
    }

    /// Locks that were taken away here.
    #[must_use]
    pub fn unlocked(&self) -> &HashSet<Uuid> {
        &self.unlocked
    }

    /// Deletes what must go; nothing as long as the index is being read. The journal says so before any file is removed; a crash in between is finished at the
    /// next start.
    pub fn enforce(&mut self, retention: &Retention, now: WallTime) -> Result<Enforced, Error> {
        if !self.shared.days.complete() {
            return Ok(Enforced::default());
        }
        let space = self.shared.disk.space().map_err(Error::OpenVolume)?;
        let enforced = retention::choose(&self.shared.index, &self.locks, retention, space, now);
        self.delete(&enforced.deleted, now)?;
        if self.deletion_journal.len() > self.shorten_above {
            self.shorten_journals(now)?;
        }
        Ok(enforced)
    }

    /// Rewrites the journal of deletions as short as what is left on the volume allows. [`Archive::enforce`] does so when it
    /// has grown.
    pub fn shorten_journals(&mut self, now: WallTime) -> Result<(), Error> {
        // What was removed stays removed, and no day's index names it: nobody asks for the names any more.
        self.shared.disk.commit(&[]).map_err(Error::Commit)?;
        self.write_indexes(Day::of(WallTime::MAX))?;
        let contents = journal::read_only::<D, retention::Entry>(&self.shared.disk, DELETIONS_FILE, None)?;
        let short = Deletions::new(&contents.entries).shorten(&self.shared.index, now);
        self.deletion_journal.rewrite(&self.shared.disk, &*self.options.signer, &short)?;
        self.shorten_above = SHORTEN_ABOVE.max(2 * self.deletion_journal.len());
        Ok(())
    }

    /// Once an hour, after a commit: a value that stands for all that is recorded.
    fn write_root(&mut self, now: WallTime) -> Result<(), Error> {
        if self.last_root.as_ref().is_some_and(|last| !roots::is_due(last.at, now)) {
            return Ok(());
        }
        let writers = self.writers.iter().map(|(key, writer)| (*key, writer.counter.durable_value));
        let ended = self.ended.iter().map(|(key, (counter, _))| (*key, counter.durable_value));
        let streams = writers.chain(ended).map(|(key, value)| (key.to_string(), value));
        let journals = [
            (LOCKS_FILE.to_owned(), self.lock_journal.head()),
            (DELETIONS_FILE.to_owned(), self.deletion_journal.head()),
        ];
        let root = Root::new(self.last_root.as_ref(), now, streams, journals);
        let (disk, signer) = (&self.shared.disk, &*self.options.signer);
        if self.root_journal.len() > roots::SHORTEN_ABOVE {
            let mut kept = journal::read_only::<D, Root>(disk, ROOTS_FILE, None)?.entries;
            kept.drain(..kept.len().saturating_sub(roots::KEPT));
            self.root_journal.rewrite(disk, signer, &kept)?;
        }
        self.root_journal.append(disk, signer, &root)?;
        self.last_root = Some(root);
        Ok(())
    }

    /// The last hourly root, to be kept or countersigned elsewhere.
    #[must_use]
    pub fn last_root(&self) -> Option<&Root> {
        self.last_root.as_ref()
    }

    pub(crate) fn delete(&mut self, deleted: &[Deleted], now: WallTime) -> Result<(), Error> {
        for reason in [Reason::Age, Reason::Room, Reason::Share, Reason::Void, Reason::Person] {
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
            let mut stream = index::write(&stream);
            for one in deleted.iter().filter(|one| one.key == key) {
                stream.remove(one.segment.name());
            }
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
        self.settling.append(&mut self.unsettled);
        self.settle();
        self.write_indexes(Day::of(WallTime::MAX))?;
        ended.into_iter().collect()
    }

    fn note_retired(&mut self, retired: Vec<(Unsettled<D::File>, bool)>) {
        for (one, sealed) in retired {
            if !sealed {
                self.spoiled.insert((one.key, one.name()));
            }
            self.unsettled.push(one);
        }
    }

    /// What the last commit held is as it will stay.
    fn settle(&mut self) {
        self.writers.values_mut().for_each(Writer::committed);
        self.ended.values_mut().for_each(|(counter, _)| counter.committed());
        for one in self
            .unsettled
            .iter_mut()
            .chain(self.writers.values_mut().flat_map(|writer| writer.retired.iter_mut().map(|(one, _)| one)))
        {
            one.durable = one.committing;
        }
        self.stale_days.extend(self.settling.drain(..).map(|one| one.name().day()));
        // They were cut off before this commit began, or there are still some that the disk refused.
        self.loose.retain(|one| unsettled::cut(&self.shared.disk, one).unwrap_or(true));
        if self.loose.is_empty() {
            self.loose_files.clear();
        }
    }

    /// Writes the indexes of stale days before `today`. An empty day's directories are removed.
    fn write_indexes(&mut self, today: Day) -> Result<(), Error> {
        // What ended a moment ago is in no commit yet, and must not be named.
        let retired = self.writers.values_mut().flat_map(|writer| writer.retired.drain(..)).collect();
        self.note_retired(retired);
        self.stale_days.append(&mut self.shared.days.take_stale());
        while let Some(day) = self.stale_days.first().copied().filter(|day| *day < today) {
            self.shared.days.load(&self.shared.disk, &self.shared.index, day)?;
            let mut streams = Vec::new();
            for key in self.shared.index.keys() {
                let Some(stream) = self.shared.index.get(key) else { continue };
                let unsettled = |name: SegmentName| {
                    let mut retired = self.unsettled.iter().chain(&self.settling);
                    self.spoiled.contains(&(key, name))
                        || retired.any(|one| one.key == key && one.name() == name)
                };
                let of_day: Vec<Entry> = index::read(&stream).of_day(day).collect();
                let settled: Vec<Entry> =
                    of_day.iter().filter(|one| !unsettled(one.summary.name())).cloned().collect();
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

    /// The last pictures of a stream that was recorded a moment ago, as far as they are on disk.
    fn tail_on_disk(&self, key: StreamKey, now: WallTime) -> Tail {
        let reader = self.reader();
        let newest = reader.newest(key).filter(|end| now.micros_since(*end).abs() < TAIL_WITHIN_US);
        newest.and_then(|end| Tail::read(&reader, key, end)).unwrap_or_default()
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

impl<D: Disk> Drop for Archive<D> {
    /// Somebody else may write to the volume from now on.
    fn drop(&mut self) {
        self.shared.days.stop();
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
        volumes,
        disk: &volumes.disk,
        signer: &*options.signer,
        site: options.site,
        volume: volume.volume,
        limits: options.limits,
        now,
        elsewhere: options.elsewhere.as_deref(),
    }
}
