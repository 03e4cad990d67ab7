//! Footage that was written twice: which copy does not count, in memory and on the volumes.
//!
//! What a failing volume had not confirmed is written again elsewhere. The other volume notes so before it takes the first
//! frame ("run *by* of mine takes the place of run *run* of that volume, from this frame on"). Whichever way a crash cuts
//! the second copy, one of the two is whole: [`resolve`] finds out which, and the rest of the other one is void.
//!
//! What is not here: who writes again, and when ([`super::Router`]).

use model::{StreamKey, TrackKind, VolumeId, WallRange, WallTime};
use serde::{Deserialize, Serialize};

use crate::{
    Archive, Deleted, Error, Reader, Reason,
    clock::Anchor,
    deletions::Deletions,
    disk::Disk,
    index::{self, Stream, Summary},
    journal::{self, Journal},
    layout::{COPIES_FILE, DELETIONS_FILE, SegmentName, parse_stream},
    retention,
    source::Source,
};

/// The end of a run that does not count, since it is written elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Void {
    /// The run: the last four bytes of its id.
    pub run: u32,
    /// Pictures from this decode time on, 1/90000 s since the start of the run.
    pub pictures_from: i64,
    /// Sound from this time on, 1/90000 s since the start of the run; pictures that are shown from then on are void.
    pub sound_from: i64,
}

/// An entry of the journal of copies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) at: WallTime,
    /// The volume with the copy that may be void.
    pub(crate) of: VolumeId,
    pub(crate) stream: String,
    pub(crate) void: Void,
    /// The run on the volume of this journal that takes its place; none: it is void, whatever there is elsewhere.
    pub(crate) by: Option<u32>,
}

impl Entry {
    /// The run of that volume of which it says that it is void for good, with its stream.
    pub(crate) fn void_on(&self, volume: VolumeId) -> Option<(&str, u32)> {
        (self.by.is_none() && self.of == volume).then_some((self.stream.as_str(), self.void.run))
    }
}

impl Void {
    /// All of a run.
    #[must_use]
    pub const fn whole(run: u32) -> Self {
        Self { run, pictures_from: i64::MIN, sound_from: i64::MIN }
    }

    /// Whether it takes a sample of its run; `time` in 1/90000 s.
    pub(crate) fn takes(&self, kind: TrackKind, time: i64) -> bool {
        time >= match kind {
            TrackKind::Video => self.pictures_from,
            TrackKind::Audio => self.sound_from,
        }
    }

    /// What is left of a segment whose first picture is placed by `anchor`; nothing where none of it is.
    pub(crate) fn cut(&self, summary: Summary, anchor: &Anchor) -> Option<Summary> {
        if summary.run_tag != self.run || self.sound_from == i64::MAX {
            return Some(summary);
        }
        if self.sound_from <= anchor.media {
            return None;
        }
        let left = anchor.wall_at(self.sound_from).micros_since(summary.start);
        let left = u32::try_from(left.max(0)).unwrap_or(u32::MAX);
        Some(Summary { wall_us: summary.wall_us.min(left), ..summary })
    }
}

impl Stream {
    /// What is void of a run.
    pub(crate) fn void_of(&self, run: u32) -> Option<Void> {
        self.voids.iter().find(|void| void.run == run).copied()
    }

    /// Takes note of a void; `anchors` tell where segments of its run stand. Gives back what is void altogether.
    pub(crate) fn apply(&mut self, void: Void, anchors: &[(SegmentName, Anchor)]) -> Vec<Summary> {
        match self.voids.iter_mut().find(|known| known.run == void.run) {
            Some(known) if known.sound_from <= void.sound_from => {}
            Some(known) => *known = void,
            None => self.voids.push(void),
        }
        let mut gone = Vec::new();
        for summary in self.closed.iter_mut().filter(|summary| summary.run_tag == void.run) {
            let Some((_, anchor)) = anchors.iter().find(|(name, _)| *name == summary.name()) else {
                continue;
            };
            match void.cut(*summary, anchor) {
                Some(left) => *summary = left,
                None => gone.push(*summary),
            }
        }
        for summary in &gone {
            self.remove(summary.name());
        }
        gone
    }
}

impl<D: Disk> Reader<D> {
    /// Hides what is void at once. Touches no disk: segments closed long ago are cut when the volume is opened again.
    pub fn hide(&self, key: StreamKey, void: Void) {
        let stream = self.shared().index.get_or_add(key);
        let mut stream = index::write(&stream);
        let recent: Vec<_> = stream.recent.iter().copied().collect();
        stream.apply(void, &recent);
    }

    /// Hides what is void, and tells which segments are void altogether. Reads heads of segments.
    fn cut(&self, key: StreamKey, void: Void) -> Vec<Summary> {
        let stream = self.shared().index.get_or_add(key);
        let of_run: Vec<Summary> =
            index::read(&stream).closed.iter().filter(|one| one.run_tag == void.run).copied().collect();
        let anchor = |summary: &Summary| {
            let contents = self.shared().tables.get(&self.shared().disk, key, summary).ok()?;
            Some((summary.name(), contents.head.anchor))
        };
        let anchors: Vec<_> = of_run.iter().filter_map(anchor).collect();
        index::write(&stream).apply(void, &anchors)
    }

    /// Media time at which a run ends on this volume without what is void, 1/90000 s; nothing where there is none of it.
    fn run_end(&self, key: StreamKey, run: u32) -> Option<i64> {
        let stream = self.shared().index.get(key)?;
        let names: Vec<SegmentName> = index::read(&stream)
            .from(WallTime::MIN)
            .map(|(summary, _)| summary.name())
            .filter(|name| name.run_tag == run)
            .collect();
        let end = |name| {
            let source = Source::find(self.shared(), key, name).ok()??;
            let media = source.head().anchor.media;
            source.table(&stream, |table| media.saturating_add(table.end()))
        };
        let end: i64 = names.into_iter().filter_map(end).max()?;
        let void = index::read(&stream).void_of(run);
        Some(void.map_or(end, |void| end.min(void.sound_from)))
    }

    /// The same, up to the first segment that is missing; a run whose beginning was deleted in order is whole.
    fn whole_until(&self, key: StreamKey, run: u32) -> Option<i64> {
        let end = self.run_end(key, run)?;
        let stream = self.shared().index.get(key)?;
        let mut numbers: Vec<u32> = index::read(&stream)
            .from(WallTime::MIN)
            .filter(|(summary, _)| summary.run_tag == run)
            .map(|(summary, _)| summary.number)
            .collect();
        numbers.sort_unstable();
        let whole = numbers.iter().zip(0..).all(|(number, expected)| *number == expected);
        (whole || self.was_deleted(key, run)).then_some(end)
    }

    /// Whether segments of the run were deleted.
    fn was_deleted(&self, key: StreamKey, run: u32) -> bool {
        let journal = journal::read_only::<D, retention::Entry>(&self.shared().disk, DELETIONS_FILE, None);
        journal
            .is_ok_and(|journal| Deletions::new(&journal.entries).of(key).any(|range| range.run_tag == run))
    }

    /// Hides what this volume's own journal says is void for good; of segments that are read into the index later as well.
    pub(crate) fn hide_noted(&self, own: VolumeId) {
        for entry in self.void_entries().into_iter().filter(|entry| entry.by.is_none() && entry.of == own) {
            if let Some(key) = parse_stream(&entry.stream) {
                self.hide(key, entry.void);
            }
        }
    }

    /// The entries of the volume's journal of copies; one that cannot be read has none.
    fn void_entries(&self) -> Vec<Entry> {
        journal::read_only::<D, Entry>(&self.shared().disk, COPIES_FILE, None)
            .map(|contents| contents.entries)
            .unwrap_or_default()
    }
}

impl<D: Disk> Archive<D> {
    /// Notes that the run of a stream that goes on here takes the place of what is void on another volume. Durable on return.
    pub(crate) fn note_replaces(
        &mut self,
        of: VolumeId,
        key: StreamKey,
        voids: &[Void],
        now: WallTime,
    ) -> Result<(), Error> {
        let by = self.run_tag(key);
        for void in voids {
            self.append_void(&Entry { at: now, of, stream: key.to_string(), void: *void, by })?;
        }
        Ok(())
    }

    /// Notes for good what is void here, and deletes segments of which nothing is left.
    pub(crate) fn settle_void(&mut self, key: StreamKey, void: Void, now: WallTime) -> Result<(), Error> {
        let of = self.volume().volume;
        self.append_void(&Entry { at: now, of, stream: key.to_string(), void, by: None })?;
        let gone = self.reader().cut(key, void);
        let deleted: Vec<Deleted> =
            gone.into_iter().map(|segment| Deleted { key, segment, reason: Reason::Void }).collect();
        self.delete(&deleted, now)
    }

    fn append_void(&mut self, entry: &Entry) -> Result<(), Error> {
        let (disk, signer) = (&self.shared.disk, &*self.options.signer);
        let mut journal = match self.copy_journal.take() {
            Some(journal) => journal,
            None => Journal::open::<D, Entry>(disk, COPIES_FILE)?.0,
        };
        let appended = journal.append(disk, signer, entry);
        self.copy_journal = Some(journal);
        appended
    }
}

/// A run that was written in the place of others, and what it takes the place of.
struct Second {
    holder: VolumeId,
    key: StreamKey,
    run: u32,
    at: WallTime,
    of: Vec<(VolumeId, Void)>,
}

/// Copies of which no volume has noted yet which one counts, as far as the other copy's volume is there.
fn undecided<D: Disk>(volumes: &[(VolumeId, Reader<D>)]) -> Vec<Second> {
    let entries: Vec<(VolumeId, Entry)> = volumes
        .iter()
        .flat_map(|(holder, volume)| volume.void_entries().into_iter().map(|entry| (*holder, entry)))
        .collect();
    let noted = |volume: VolumeId, key: StreamKey, void: &Void| {
        entries.iter().any(|(holder, Entry { of, stream, void: known, by, .. })| {
            by.is_none()
                && (*holder, *of, known.run) == (volume, volume, void.run)
                && known.pictures_from <= void.pictures_from
                && known.sound_from <= void.sound_from
                && parse_stream(stream) == Some(key)
        })
    };
    let mut seconds: Vec<Second> = Vec::new();
    for (holder, Entry { at, of, stream, void, by }) in &entries {
        let (Some(run), Some(key)) = (*by, parse_stream(stream)) else { continue };
        let there = volumes.iter().any(|(volume, _)| volume == of);
        if !there || noted(*of, key, void) || noted(*holder, key, &Void { run, ..*void }) {
            continue;
        }
        match seconds.iter_mut().find(|one| (one.holder, one.key, one.run) == (*holder, key, run)) {
            Some(second) => second.of.push((*of, *void)),
            None => seconds.push(Second { holder: *holder, key, run, at: *at, of: vec![(*of, *void)] }),
        }
    }
    seconds
}

/// Decides, after volumes were opened, which copies are void. What it tells is hidden already; the volume's [`super::Lane`] is
/// to note it for good. Reads the whole index of volumes with copies of which that is not noted yet, and of no other: so a start
/// after an orderly stop waits for none.
#[must_use]
pub fn resolve<D: Disk>(volumes: &[(VolumeId, Reader<D>)]) -> Vec<(VolumeId, StreamKey, Void)> {
    let mut seconds = undecided(volumes);
    // What was written last counts first.
    seconds.sort_by_key(|second| std::cmp::Reverse(second.at));
    let find = |id| volumes.iter().find(|(volume, _)| *volume == id).map(|(_, reader)| reader);
    let concerned = seconds.iter().flat_map(|one| one.of.iter().map(|(of, _)| *of).chain([one.holder]));
    for volume in concerned.filter_map(find) {
        volume.need(WallRange { from: WallTime::MIN, to: WallTime::MAX });
    }
    let mut voids = Vec::new();
    for Second { holder, key, run, of, .. } in seconds {
        // Without a second copy the first one counts.
        let Some(by) = find(holder).filter(|by| by.run_end(key, run).is_some()) else { continue };
        let whole = by.whole_until(key, run);
        let end = whole.unwrap_or(i64::MIN);
        let mut copies = Vec::new();
        for (of, void) in of {
            let Some(reader) = find(of) else { continue };
            match reader.run_end(key, void.run).filter(|first_end| *first_end > void.sound_from) {
                Some(first_end) => copies.push((of, reader, void, first_end)),
                // Nothing is there twice. So that nobody asks again, it is noted.
                None => voids.push((of, key, void)),
            }
        }
        let longer = copies.iter().filter(|(_, _, _, first_end)| *first_end > end);
        if let Some((_, _, first, _)) = longer.min_by_key(|(_, _, void, _)| void.sound_from) {
            // A crash cut it off: from where that first copy begins, it has nothing that the first copy has not.
            let void = whole.map_or(Void::whole(run), |_| Void { run, ..*first });
            if end > void.sound_from || whole.is_none() {
                by.cut(key, void);
                voids.push((holder, key, void));
            }
        }
        for (of, reader, void, _) in copies.into_iter().filter(|(_, _, _, first_end)| *first_end <= end) {
            reader.cut(key, void);
            voids.push((of, key, void));
        }
    }
    voids
}
