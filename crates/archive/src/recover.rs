//! Finds out what is on a volume, and cuts off what a crash tore.
//!
//! A segment without a whole trailer is read fragment after fragment. A power cut can spoil only what was written after
//! the last commit, so the chain is computed again for the last [`CHECKED_TAIL`] fragments (at least 16 s; a commit tick
//! is at most 5 s) and the file is cut after the last one for which it holds. Of a file without a whole fragment
//! nothing is left, and it is removed. What does not begin as a segment is left alone and reported.
//!
//! What is not here: checking what was written long ago ([`crate::fsck`]).

use std::collections::HashMap;

use model::StreamKey;

use crate::{
    Error, chain,
    day::{DayIndex, Entry},
    deletions::Deletions,
    disk::{Disk, File},
    format::Head,
    index::{self, Index, Summary},
    layout::{Day, SegmentName, parse_stream},
    mark,
    scan::{self, Header, ScanError, Walked},
    set::Void,
    tables::reading,
};

/// So many fragments at the end of a torn segment are computed again.
const CHECKED_TAIL: usize = 64;
/// Read at once when fragments are computed again.
const MAX_FRAGMENT: usize = 64 << 20;

/// What opening a volume found.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Recovery {
    /// Segments on the volume.
    pub segments: u64,
    /// Segments that were known from a day's index, without opening them.
    pub from_index: u64,
    /// Segments that a crash left without trailer; what was whole of them is kept.
    pub recovered: Vec<Recovered>,
    /// Files that a crash left without one whole fragment; they were removed.
    pub removed: Vec<String>,
    /// Deletions that a crash interrupted; they were finished.
    pub finished_deletions: u64,
    /// Segments that a day's index knows and the journal of deletions does not, and that are gone: lost or taken away.
    pub missing: Vec<String>,
    /// Files that are not what they should be; they were left alone.
    pub damaged: Vec<Damaged>,
}

impl Recovery {
    /// Adds what else was found.
    pub(crate) fn add(&mut self, more: Self) {
        self.segments += more.segments;
        self.from_index += more.from_index;
        self.finished_deletions += more.finished_deletions;
        self.recovered.extend(more.recovered);
        self.removed.extend(more.removed);
        self.missing.extend(more.missing);
        self.damaged.extend(more.damaged);
    }
}

/// A segment that was cut.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Recovered {
    /// Its file.
    pub path: String,
    /// Bytes that were cut off.
    pub cut: u64,
}

/// A file that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Damaged {
    /// Which file.
    pub path: String,
    /// What is wrong.
    pub what: String,
}

/// A segment's file after a look at it.
pub(crate) enum Inspected {
    /// It has a trailer.
    Sealed(Entry, chain::Value),
    /// It has none; its fragments end before the file does by `cut` bytes.
    Torn { entry: Entry, value: chain::Value, end_offset: u64, cut: u64 },
    /// It holds no whole fragment.
    Empty,
}

/// Looks at a segment's file; changes nothing.
pub(crate) fn inspect<F: File>(file: &F, name: SegmentName, key: StreamKey) -> Result<Inspected, ScanError> {
    let len = file.len()?;
    let header = match scan::header(file) {
        Ok(header) => header,
        Err(ScanError::Malformed(_)) if never_written(file, len)? => return Ok(Inspected::Empty),
        Err(error) => return Err(error),
    };
    if header.head.name() != name || header.head.key != key {
        return Err(ScanError::Malformed("its name is not that of its head".to_owned()));
    }
    if let Some(trailer) = scan::trailer(file)?.filter(|trailer| trailer.digest_holds) {
        let summary = summary(&header.head, trailer.end, len, true);
        let entry = Entry { summary, stretches: mark::stretches(&header.head, &trailer.table) };
        return Ok(Inspected::Sealed(entry, trailer.seal.chain));
    }
    let mut walked = scan::walk(file, &header, u64::MAX)?;
    cut_at_broken_link(file, &header, &mut walked)?;
    let Some(value) = walked.values.last().copied() else { return Ok(Inspected::Empty) };
    let anchor = &header.head.anchor;
    let end = anchor.wall_at(anchor.media.saturating_add(walked.table.end()));
    let summary = summary(&header.head, end, walked.end_offset, false);
    let entry = Entry { summary, stretches: mark::stretches(&header.head, &walked.table) };
    Ok(Inspected::Torn { entry, value, end_offset: walked.end_offset, cut: len - walked.end_offset })
}

/// Whether the header is not whole because a crash kept it from the disk: the file is short, or zeros stand there.
fn never_written(file: &impl File, len: u64) -> Result<bool, std::io::Error> {
    let mut start = [0; 8];
    let read = file.read_at(0, &mut start)?;
    let whole_header = crate::format::peek_box(&start).is_some_and(|(_, kind)| kind == *b"ftyp");
    Ok(len < 8
        || start.iter().take(read).all(|byte| *byte == 0)
        || (whole_header && scan::header_is_cut(file)?))
}

fn summary(head: &Head, end: model::WallTime, bytes: u64, sealed: bool) -> Summary {
    let name = head.name();
    Summary {
        start: head.anchor.wall,
        wall_us: u32::try_from(end.micros_since(head.anchor.wall).max(1)).unwrap_or(u32::MAX),
        bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
        run_tag: name.run_tag,
        number: name.number,
        sealed,
    }
}

/// Drops the fragments from the first one on whose chain value does not hold.
fn cut_at_broken_link<F: File>(file: &F, header: &Header, walked: &mut Walked) -> Result<(), std::io::Error> {
    let first = walked.table.fragments.len().saturating_sub(CHECKED_TAIL);
    for at in first..walked.table.fragments.len() {
        let before = at.checked_sub(1).and_then(|at| walked.values.get(at)).unwrap_or(&header.value);
        let Some(fragment) = walked.table.fragments.get(at).copied() else { break };
        let len = fragment.len as usize;
        let holds = len <= MAX_FRAGMENT
            && scan::check_fragment(&file.read_exact_at(fragment.offset.into(), len)?, before).is_ok();
        if !holds {
            walked.end_offset = fragment.offset.into();
            walked.table.fragments.truncate(at);
            walked.table.keys.truncate(fragment.keys_before as usize);
            walked.values.truncate(at);
        }
    }
    Ok(())
}

/// The days that have a directory.
pub(crate) fn days<D: Disk>(disk: &D) -> Result<Vec<Day>, Error> {
    let entries = disk.list("").map_err(|error| Error::List { path: String::new(), error })?;
    Ok(entries.iter().filter(|entry| entry.directory).filter_map(|entry| Day::parse(&entry.name)).collect())
}

/// Fills the index from the volume. `deleted` are segments whose deletion is in the journal.
pub(crate) fn load<D: Disk>(
    disk: &D,
    volume: model::VolumeId,
    index: &Index,
    deleted: &Deletions,
) -> Result<(Recovery, Vec<Day>), Error> {
    let mut recovery = Recovery::default();
    let mut stale = Vec::new();
    for day in days(disk)? {
        let (found, changed) = load_day(disk, volume, index, day, deleted, |_| false)?;
        recovery.add(found);
        if changed {
            stale.push(day);
        }
    }
    Ok((recovery, stale))
}

/// Fills the index with a day; whether the day's index on disk is missing or old. `own` are files that this process
/// writes.
pub(crate) fn load_day<D: Disk>(
    disk: &D,
    volume: model::VolumeId,
    index: &Index,
    day: Day,
    deleted: &Deletions,
    own: impl Fn(SegmentName) -> bool,
) -> Result<(Recovery, bool), Error> {
    let mut recovery = Recovery::default();
    let list = |path: &str| disk.list(path).map_err(|error| Error::List { path: path.to_owned(), error });
    let directory = day.directory();
    let mut known = DayIndex::read(disk, volume, day).unwrap_or_default();
    let mut changed = known.is_empty();
    let mut found: Vec<(StreamKey, Vec<Entry>)> = Vec::new();
    for (stream, key) in list(&directory)?.into_iter().filter_map(|entry| {
        let key = parse_stream(&entry.name)?;
        Some((entry.name, key))
    }) {
        let mut entries = known.take(key);
        let mut of_stream = Vec::with_capacity(entries.len());
        for file in list(&format!("{directory}/{stream}"))? {
            let Some(name) = SegmentName::parse(day, &file.name).filter(|name| !own(*name)) else { continue };
            if !deleted.is_empty() && deleted.has(key, name) {
                let path = name.path(key);
                disk.remove(&path).map_err(|error| Error::Remove { path, error })?;
                recovery.finished_deletions += 1;
                entries.remove(&name);
                continue;
            }
            let entry = match entries.remove(&name) {
                Some(entry) => {
                    recovery.from_index += 1;
                    Some(entry)
                }
                None => {
                    changed = true;
                    settle(disk, key, name, &mut recovery)?
                }
            };
            of_stream.extend(entry);
        }
        changed |= note_missing(key, entries, deleted, &mut recovery);
        recovery.segments += of_stream.len() as u64;
        found.push((key, of_stream));
    }
    for (key, entries) in known.take_rest() {
        changed |= note_missing(key, entries, deleted, &mut recovery);
    }
    if changed {
        disk.commit(&[]).map_err(Error::Commit)?;
    }
    for (key, entries) in found {
        insert(disk, index, key, entries);
    }
    Ok((recovery, changed))
}

/// Adds the segments of a stream and a day, without what is known to be void of them.
pub(crate) fn insert<D: Disk>(disk: &D, index: &Index, key: StreamKey, mut entries: Vec<Entry>) {
    entries.sort_unstable_by_key(|entry| entry.summary.start);
    let stream = index.get_or_add(key);
    let voids = index::read(&stream).voids.clone();
    if !voids.is_empty() {
        cut_voids(disk, key, &voids, &mut entries);
    }
    index::write(&stream).insert_day(entries);
}

/// Cuts off what is void of the segments, which are in order, and takes out those of which nothing is left. Reads the heads of
/// those that are concerned.
fn cut_voids<D: Disk>(disk: &D, key: StreamKey, voids: &[Void], entries: &mut Vec<Entry>) {
    // What is void is the end of a run: what is before a segment that is whole is whole.
    let mut whole: Vec<u32> = Vec::new();
    for at in (0..entries.len()).rev() {
        let Some(summary) = entries.get(at).map(|entry| entry.summary) else { continue };
        let void = voids.iter().find(|void| void.run == summary.run_tag && !whole.contains(&void.run));
        let Some(void) = void else { continue };
        let file = disk.open(&summary.name().path(key)).map_err(ScanError::Io);
        let Ok(header) = file.and_then(|file| scan::header(&file)) else { continue };
        match void.cut(summary, &header.head.anchor) {
            None => drop(entries.remove(at)),
            Some(left) if left == summary => whole.push(void.run),
            Some(left) => entries.iter_mut().skip(at).take(1).for_each(|entry| entry.summary = left),
        }
    }
}

/// Segments that only the index knows: whether there are any, and which of them nobody deleted.
fn note_missing(
    key: StreamKey,
    entries: HashMap<SegmentName, Entry>,
    deleted: &Deletions,
    recovery: &mut Recovery,
) -> bool {
    let gone = !entries.is_empty();
    let names = entries.into_keys().filter(|name| !deleted.has(key, *name));
    recovery.missing.extend(names.map(|name| name.path(key)));
    gone
}

/// Looks at a file that no index knows, and repairs it where a crash left it torn.
fn settle<D: Disk>(
    disk: &D,
    key: StreamKey,
    name: SegmentName,
    recovery: &mut Recovery,
) -> Result<Option<Entry>, Error> {
    let path = name.path(key);
    let file = disk.open_append(&path).map_err(|error| Error::ReadSegment { path: path.clone(), error })?;
    match inspect(&file, name, key) {
        Ok(Inspected::Sealed(entry, _)) => Ok(Some(entry)),
        Ok(Inspected::Torn { entry, end_offset, cut, .. }) => {
            if cut > 0 {
                let cut = file.truncate(end_offset).and_then(|()| disk.commit(&[&file]));
                cut.map_err(|error| Error::WriteSegment { path: path.clone(), error })?;
            }
            recovery.recovered.push(Recovered { path, cut });
            Ok(Some(entry))
        }
        Ok(Inspected::Empty) => {
            disk.remove(&path).map_err(|error| Error::Remove { path: path.clone(), error })?;
            recovery.removed.push(path);
            Ok(None)
        }
        Err(error) => {
            let what = reading(path.clone(), error).to_string();
            recovery.damaged.push(Damaged { path, what });
            Ok(None)
        }
    }
}
