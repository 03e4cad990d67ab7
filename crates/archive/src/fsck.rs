//! Checks a volume: what a crash tore is cut, what the journals and heads say is compared with what is there.
//!
//! A quick check reads heads and trailers; a deep one every byte. Journals and sound parts are never changed, and
//! nothing is ever removed but files without one whole fragment and what the journal of deletions says.
//!
//! What is not here: recording (the site must be stopped for repairs; a check may run beside it, and then what is
//! being written is told as unsealed).

mod owners;
mod rooted;

use std::collections::{HashMap, HashSet};

use model::{StreamKey, VolumeId, WallTime};
use serde::Serialize;

use crate::{
    Error, Recovery, chain,
    day::DayIndex,
    deletions::Deletions,
    disk::Disk,
    format::Head,
    index::{self, Index},
    journal, layout,
    layout::{COPIES_FILE, DELETIONS_FILE, Day, LOCKS_FILE, ROOTS_FILE, SegmentName, parse_stream},
    locks,
    proof::verify,
    recover::{self, Inspected},
    retention,
    roots::Root,
    scan, set,
    sign::Verifier,
    tables::reading,
    volume::Volume,
};

pub use owners::Former;
use owners::Owners;
use rooted::Rooted;

/// How to check.
#[derive(Clone, Copy, Default)]
pub struct Check<'a> {
    /// Change nothing.
    pub check_only: bool,
    /// Read every byte and compute every chain value.
    pub deep: bool,
    /// Checks signatures of segments and journals.
    pub verifier: Option<&'a dyn Verifier>,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Which file.
    pub path: String,
    /// What is wrong.
    pub what: String,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The volume; nothing where there is none.
    pub volume: Option<VolumeId>,
    /// Segments that can be read.
    pub segments: u64,
    /// Those of them without trailer: being written, or left behind by a crash.
    pub unsealed: u64,
    /// Bytes of the segments.
    pub bytes: u64,
    /// Segments that were deleted by retention or by a person, as the journal tells.
    pub deleted: u64,
    /// Locks that hold.
    pub locks: u64,
    /// Runs with an end that does not count here, since it was written once more on another volume after disk trouble.
    pub void: u64,
    /// Sites that had the volume before it was adopted, where what they signed is on it.
    pub former: Vec<Former>,
    /// What was repaired; empty for a check that changes nothing.
    pub repaired: Recovery,
    /// Segments that were there once, that nobody deleted, and that are gone.
    pub missing: Vec<Problem>,
    /// Segments that a power cut took whole: they had begun after the last commit. It could not have been prevented; whether
    /// somebody removed them instead cannot be told.
    pub lost: Vec<Problem>,
    /// All else that is wrong.
    pub problems: Vec<Problem>,
    /// Whether the volume is sound now.
    pub sound: bool,
}

struct Seen {
    name: SegmentName,
    head: Head,
    value: chain::Value,
    sealed: bool,
}

/// Checks a volume and repairs it, unless it is asked only to check.
pub fn fsck<D: Disk>(disk: &D, check: Check<'_>) -> Result<Report, Error> {
    let mut report = Report::default();
    let Some(volume) = Volume::read(disk)? else {
        let what = "there is no volume here".to_owned();
        report.problems.push(Problem { path: layout::VOLUME_FILE.to_owned(), what });
        return Ok(report);
    };
    report.volume = Some(volume.volume);
    let owners = match check.verifier {
        Some(verifier) => Some(Owners::read(disk, &volume, verifier, &mut report)?),
        None => None,
    };
    let owners = owners.as_ref();
    let (locks, lock_hashes) = read_journal::<D, locks::Entry>(disk, LOCKS_FILE, owners, &mut report)?;
    report.locks = locks::replay(locks).len() as u64;
    let (deletions, deletion_hashes) =
        read_journal::<D, retention::Entry>(disk, DELETIONS_FILE, owners, &mut report)?;
    let deleted = Deletions::new(&deletions);
    report.deleted = deleted.len();
    let (roots, _) = read_journal::<D, Root>(disk, ROOTS_FILE, owners, &mut report)?;
    let (copies, _) = read_journal::<D, set::CopyEntry>(disk, COPIES_FILE, owners, &mut report)?;
    report.void =
        copies.iter().filter_map(|entry| entry.void_on(volume.volume)).collect::<HashSet<_>>().len() as u64;
    let check = Check { verifier: owners.map(|owners| owners as &dyn Verifier), ..check };
    note_missing_by_index(disk, volume.volume, &deleted, &mut report)?;
    if !check.check_only {
        repair(disk, volume.volume, &deleted, &mut report)?;
    }
    let mut streams = look_at_all(disk, check, &deleted, &mut report)?;
    for (key, seen) in &mut streams {
        seen.sort_by_key(|one| one.head.anchor.wall);
        check_numbers(*key, seen, &deleted, &mut report);
        check_links(*key, seen, &deleted, &mut report);
    }
    let journals = [(LOCKS_FILE, lock_hashes), (DELETIONS_FILE, deletion_hashes)];
    let rooted = Rooted { roots: &roots, streams: &streams, deleted: &deleted, journals: &journals };
    rooted.check(disk, check.deep, &mut report)?;
    report.former = owners.map(Owners::former).unwrap_or_default();
    report.missing.sort_by(|one, other| one.path.cmp(&other.path));
    report.missing.dedup_by(|one, other| one.path == other.path);
    report.sound = report.problems.is_empty() && report.missing.is_empty();
    Ok(report)
}

/// The entries of a journal, and their hashes: first the one that it begins with.
fn read_journal<D: Disk, T: serde::de::DeserializeOwned>(
    disk: &D,
    path: &'static str,
    owners: Option<&Owners<'_>>,
    report: &mut Report,
) -> Result<(Vec<T>, Vec<[u8; 32]>), Error> {
    let in_order = owners.map(Owners::of_journal);
    let verifier = in_order.as_ref().map(|verifier| verifier as &dyn Verifier);
    let contents = journal::read_only::<D, T>(disk, path, verifier)?;
    if let Some(what) = contents.damage {
        report.problems.push(Problem { path: path.to_owned(), what });
    }
    let hashes = contents.signed.iter().map(|signed| signed.hash);
    Ok((contents.entries, [contents.base].into_iter().chain(hashes).collect()))
}

/// The days on the volume.
fn days<D: Disk>(disk: &D) -> Result<Vec<Day>, Error> {
    let entries = disk.list("").map_err(|error| Error::List { path: String::new(), error })?;
    let mut days: Vec<Day> =
        entries.iter().filter(|entry| entry.directory).filter_map(|entry| Day::parse(&entry.name)).collect();
    days.sort_unstable();
    Ok(days)
}

/// The segments in a day's directory.
fn segments<D: Disk>(disk: &D, day: Day) -> Result<Vec<(StreamKey, SegmentName)>, Error> {
    let list = |path: String| disk.list(&path).map_err(|error| Error::List { path, error });
    let mut segments = Vec::new();
    for stream in list(day.directory())? {
        let Some(key) = parse_stream(&stream.name) else { continue };
        let files = list(format!("{}/{}", day.directory(), stream.name))?;
        segments.extend(files.iter().filter_map(|file| Some((key, SegmentName::parse(day, &file.name)?))));
    }
    Ok(segments)
}

/// Before the indexes are written anew: what they know and nobody deleted must be there.
fn note_missing_by_index<D: Disk>(
    disk: &D,
    volume: VolumeId,
    deleted: &Deletions,
    report: &mut Report,
) -> Result<(), Error> {
    for day in days(disk)? {
        let Some(mut index) = DayIndex::read(disk, volume, day) else { continue };
        let there: HashSet<_> = segments(disk, day)?.into_iter().collect();
        for (key, summaries) in index.take_rest() {
            for name in summaries
                .into_keys()
                .filter(|name| !there.contains(&(key, *name)) && !deleted.has(key, *name))
            {
                let what = "it is in the day's index, nobody deleted it, and it is gone".to_owned();
                report.missing.push(Problem { path: name.path(key), what });
            }
        }
    }
    Ok(())
}

/// Does what opening the volume does, without trusting any index, and writes the indexes anew.
fn repair<D: Disk>(
    disk: &D,
    volume: VolumeId,
    deleted: &Deletions,
    report: &mut Report,
) -> Result<(), Error> {
    for day in days(disk)? {
        match disk.remove(&day.index_path()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::Remove { path: day.index_path(), error });
            }
            _ => {}
        }
    }
    let index = Index::default();
    let (repaired, stale) = recover::load(disk, volume, &index, deleted)?;
    report.repaired = repaired;
    for day in stale {
        let streams = index.keys().into_iter().filter_map(|key| {
            let of_day: Vec<_> = index::read(&*index.get(key)?).of_day(day).collect();
            (!of_day.is_empty()).then_some((key, of_day))
        });
        DayIndex::write(disk, volume, day, streams)?;
    }
    Ok(())
}

/// Reads every segment.
fn look_at_all<D: Disk>(
    disk: &D,
    check: Check<'_>,
    deleted: &Deletions,
    report: &mut Report,
) -> Result<HashMap<StreamKey, Vec<Seen>>, Error> {
    let mut streams: HashMap<StreamKey, Vec<Seen>> = HashMap::new();
    for day in days(disk)? {
        for (key, name) in segments(disk, day)? {
            let path = name.path(key);
            if deleted.has(key, name) {
                let what = "the journal says that it was deleted".to_owned();
                report.problems.push(Problem { path, what });
                continue;
            }
            match look_at(disk, key, name, check, report) {
                Ok(Some(seen)) => streams.entry(key).or_default().push(seen),
                Ok(None) => {}
                Err(error) => report.problems.push(Problem { path, what: error.to_string() }),
            }
        }
    }
    Ok(streams)
}

fn look_at<D: Disk>(
    disk: &D,
    key: StreamKey,
    name: SegmentName,
    check: Check<'_>,
    report: &mut Report,
) -> Result<Option<Seen>, Error> {
    let path = name.path(key);
    let failed = |error| reading(path.clone(), error);
    let file = disk.open(&path).map_err(|error| failed(error.into()))?;
    let problem = |what: String| Problem { path: path.clone(), what };
    let (summary, value) = match recover::inspect(&file, name, key).map_err(failed)? {
        Inspected::Sealed(entry, value) => (entry.summary, value),
        Inspected::Torn { entry, value, cut, .. } => {
            report.unsealed += 1;
            if cut > 0 {
                report.problems.push(problem(format!("its last {cut} bytes are torn")));
            }
            (entry.summary, value)
        }
        Inspected::Empty => {
            report.problems.push(problem("it holds no whole fragment".to_owned()));
            return Ok(None);
        }
    };
    if check.deep {
        let proof = verify(&file, check.verifier).map_err(|error| failed(error.into()))?;
        report.problems.extend(proof.problems.into_iter().map(&problem));
    }
    report.segments += 1;
    report.bytes += u64::from(summary.bytes);
    let head = scan::header(&file).map_err(failed)?.head;
    Ok(Some(Seen { name, head, value, sealed: summary.sealed }))
}

/// The segments of a run are numbered without a hole.
fn check_numbers(key: StreamKey, seen: &[Seen], deleted: &Deletions, report: &mut Report) {
    let mut runs: HashMap<u32, Vec<(u32, u32)>> = HashMap::new();
    for name in seen.iter().map(|one| one.name) {
        runs.entry(name.run_tag).or_default().push((name.number, name.number));
    }
    for gone in deleted.of(key) {
        runs.entry(gone.run_tag).or_default().push((gone.from, gone.to));
    }
    for (run_tag, mut known) in runs {
        known.sort_unstable();
        let mut next = 0_u32;
        // A forged number must not make this loop long.
        let mut holes = Vec::new();
        for (from, to) in known {
            holes.extend((next..from).take(1000_usize.saturating_sub(holes.len())));
            next = next.max(to.saturating_add(1));
        }
        for number in holes {
            let path = format!("{key}/*-{run_tag:08x}-{number:05}.mp4");
            let at_risk = seen.iter().any(|one| {
                let before = one.name.number.saturating_sub(number);
                one.name.run_tag == run_tag && (1..=one.head.previous_at_risk.into()).contains(&before)
            });
            if at_risk {
                let what = "its run has later segments, but it had never been committed".to_owned();
                report.lost.push(Problem { path, what });
                continue;
            }
            let what = "its run has later segments, and nobody deleted it".to_owned();
            report.missing.push(Problem { path, what });
        }
    }
}

/// Each segment's head holds the chain value at the end of the stream's segment before.
fn check_links(key: StreamKey, seen: &[Seen], deleted: &Deletions, report: &mut Report) {
    let ends: HashSet<chain::Value> = seen.iter().map(|one| one.value).collect();
    let gone = deleted.times(key);
    for pair in seen.windows(2) {
        let [before, after] = pair else { continue };
        let between = |at: &WallTime| before.head.anchor.wall <= *at && *at <= after.head.anchor.wall;
        // Where a crash tore the segment before, its end is not what it was.
        if before.sealed && !ends.contains(&after.head.previous) && !gone.iter().any(between) {
            let path = after.name.path(key);
            if after.head.previous_at_risk > 0 {
                let what = "the segment before it is gone, but it had never been committed".to_owned();
                report.lost.push(Problem { path, what });
                continue;
            }
            let what = "the segment before it is not the one that its head names".to_owned();
            report.problems.push(Problem { path, what });
        }
    }
}
