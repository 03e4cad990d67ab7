//! Which volume records which stream, and what is written again when a volume fails.
//!
//! A pure machine: frames, reports of volumes and a clock that never jumps go in; orders to volumes and voids come out.
//! - A stream goes to its main volume: the one chosen by hand, else the one with its newest footage, else the one with the
//!   most room for each stream that it has.
//! - A frame is kept until its volume confirms it. When the volume fails, what it had not confirmed is given to a fallback,
//!   else to another main volume, from the key frame on; what the failed volume had of it is void.
//! - A volume that takes recordings again gets its streams back at their next key frames.
//! - Where no volume takes a stream, its frames wait. Memory is bounded: beyond the limit a stream pauses to its next key
//!   frame; what waits is not given up for it.
//!
//! What is not here: disks ([`super::Lane`]), threads.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use media::{Sample, Tracks};
use model::{StreamKey, TrackKind, VolumeId, WallTime};

use super::{
    Void,
    again::Again,
    blocks::Blocks,
    buffer::{Buffer, What},
};
use crate::Mark;

/// So many stretches that a volume was given and that are written elsewhere are remembered for each stream.
const LEFT: usize = 4;

/// A camera's clock that has moved by less is not told again, in µs.
const TOLD_AGAIN_US: i64 = 100_000;

/// What a volume is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Takes recordings.
    Main,
    /// Takes them while main volumes cannot.
    Fallback,
}

/// What a volume is to do, in order.
pub enum Order {
    /// A run begins; its frames are written once more, or for the first time.
    Begin {
        /// Which stream.
        key: StreamKey,
        /// How it is coded.
        tracks: Arc<Tracks>,
        /// Whether its frames were given to a volume before: they are no repetition of the camera's.
        again: bool,
        /// When.
        at: WallTime,
    },
    /// The run that begins takes the place of what is void on another volume.
    Replaces {
        /// The other volume.
        of: VolumeId,
        /// Which stream.
        key: StreamKey,
        /// What is void there.
        voids: Vec<Void>,
    },
    /// A frame, with its number.
    Push(StreamKey, u64, Sample),
    /// Something begins or ends in front of the camera.
    Mark(StreamKey, Mark),
    /// By how much the camera's own clock is ahead of the server's, µs; nothing where it does not say.
    CameraClock(StreamKey, Option<i64>),
    /// The run ends; its end has a number too.
    End(StreamKey, u64),
    /// All runs are given up: they go on elsewhere.
    Abandon,
    /// Footage of this volume is void for good.
    Settle(StreamKey, Void),
}

/// Where a key frame went: what must be known to call it void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Number of the frame in its stream.
    pub seq: u64,
    /// The run that it was written in.
    pub run: u32,
    /// Decode time, 1/90000 s.
    pub time: i64,
    /// When it is shown, 1/90000 s.
    pub shown: i64,
}

/// How much a volume has to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Streams that record there now.
    pub streams: usize,
    /// Age of the oldest frame that is not known to be on its disk: what a power cut now would cost.
    pub at_risk: Duration,
}

impl Placed {
    /// From here on the run is void.
    const fn void(&self) -> Void {
        Void { run: self.run, pictures_from: self.time, sound_from: self.shown }
    }
}

/// What is void of a volume, and not noted on its disk yet.
struct Unsettled {
    key: StreamKey,
    void: Void,
    /// Number of its first frame, as that is to be written elsewhere.
    seq: u64,
    /// It is noted when all up to this number is durable elsewhere.
    until: u64,
}

/// Frames that are written elsewhere.
struct Left {
    /// First and last of their numbers.
    old: std::ops::RangeInclusive<u64>,
    /// Old and new numbers.
    renumbered: Vec<(u64, u64)>,
    /// The last new number.
    until: u64,
}

struct Volume {
    kind: Kind,
    usable: bool,
    /// Counts its failures: what it says of before the last one counts no more.
    epoch: u64,
    orders: VecDeque<Order>,
    /// Bytes that can be recorded there.
    room: u64,
    marks: HashMap<StreamKey, VecDeque<Placed>>,
    /// Frames that were given to it and are written elsewhere.
    left: HashMap<StreamKey, Vec<Left>>,
    /// Not noted on its disk yet.
    unsettled: Vec<Unsettled>,
}

pub(super) struct Stream {
    pub(super) buffer: Buffer,
    /// Chosen by hand.
    fixed: Option<VolumeId>,
    home: Option<VolumeId>,
    /// Where its run goes on.
    at: Option<VolumeId>,
    running: Option<Arc<Tracks>>,
    camera_ahead_us: Option<i64>,
    /// Frames are refused to the next key frame, since memory was used up.
    paused: bool,
    /// When a volume last confirmed frames of it, or its run began.
    confirmed: Duration,
}

/// The machine.
pub struct Router {
    volumes: BTreeMap<VolumeId, Volume>,
    streams: HashMap<StreamKey, Stream>,
    voids: Vec<(VolumeId, StreamKey, Void)>,
    limit: usize,
    bytes: usize,
    refused: u64,
    lost: u64,
    /// Where frames lie that come while a disk is late.
    blocks: Blocks,
}

impl Router {
    /// Keeps at most so many bytes of frames.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            volumes: BTreeMap::new(),
            streams: HashMap::new(),
            voids: Vec::new(),
            limit,
            bytes: 0,
            refused: 0,
            lost: 0,
            blocks: Blocks::default(),
        }
    }

    /// Adds a volume, or changes what it is for. A new one is not used before [`Router::revive`].
    pub fn put(&mut self, volume: VolumeId, kind: Kind) {
        let new = || Volume {
            kind,
            usable: false,
            epoch: 0,
            orders: VecDeque::new(),
            room: 0,
            marks: HashMap::new(),
            left: HashMap::new(),
            unsettled: Vec::new(),
        };
        self.volumes.entry(volume).or_insert_with(new).kind = kind;
        self.streams.values_mut().for_each(|stream| stream.home = None);
    }

    /// Takes a volume out. What it did not confirm is written elsewhere; what it must still do before it is closed is told.
    pub fn remove(&mut self, volume: VolumeId, now: WallTime) -> Vec<Order> {
        self.fail(volume, now);
        let orders = self.volumes.remove(&volume).map_or_else(Vec::new, |gone| {
            let settle = gone.unsettled.into_iter().map(|one| Order::Settle(one.key, one.void));
            gone.orders.into_iter().chain(settle).collect()
        });
        for stream in self.streams.values_mut() {
            stream.home = stream.home.filter(|home| *home != volume);
            stream.fixed = stream.fixed.filter(|fixed| *fixed != volume);
        }
        orders
    }

    /// Chooses by hand where a stream goes; none: by room. `hint` is where its newest footage is.
    pub fn assign(&mut self, key: StreamKey, fixed: Option<VolumeId>, hint: Option<VolumeId>) {
        let stream = self.stream(key);
        stream.fixed = fixed;
        stream.home = fixed.or(hint);
    }

    /// Where a stream's newest footage is: it belongs there, unless it was given another home already.
    pub fn hint(&mut self, key: StreamKey, volume: Option<VolumeId>) {
        let is_main = |id: &VolumeId| {
            self.volumes.get(id).is_some_and(|volume| volume.kind == Kind::Main && volume.usable)
        };
        let hint = volume.filter(is_main);
        let stream = self.stream(key);
        stream.home = stream.home.or(hint);
    }

    /// Footage of a volume was found to be void: it is noted there when it can be.
    pub fn settle_later(&mut self, volume: VolumeId, key: StreamKey, void: Void) {
        if let Some(volume) = self.volumes.get_mut(&volume) {
            volume.unsettled.push(Unsettled { key, void, seq: 0, until: 0 });
        }
        self.settle();
    }

    /// How many bytes can still be recorded on a volume.
    pub fn set_room(&mut self, volume: VolumeId, room: u64) {
        if let Some(volume) = self.volumes.get_mut(&volume) {
            volume.room = room;
        }
    }

    fn stream(&mut self, key: StreamKey) -> &mut Stream {
        self.streams.entry(key).or_insert_with(|| Stream {
            buffer: Buffer::new(),
            fixed: None,
            home: None,
            at: None,
            running: None,
            camera_ahead_us: None,
            paused: false,
            confirmed: Duration::ZERO,
        })
    }

    /// A run begins.
    pub fn begin(&mut self, key: StreamKey, tracks: Arc<Tracks>, came: Duration, now: WallTime) {
        self.end(key, came);
        if self.stream(key).at.is_none() {
            self.rewrite(key, now);
        }
        let at = self.wanted(key);
        let stream = self.stream(key);
        stream.running = Some(Arc::clone(&tracks));
        stream.at = at;
        stream.paused = false;
        stream.confirmed = came;
        stream.buffer.push(What::Begin(Arc::clone(&tracks)), at, came);
        self.order(at, Order::Begin { key, tracks, again: false, at: now });
    }

    /// A frame of the run comes. False where memory is used up and it is refused.
    pub fn push(&mut self, key: StreamKey, sample: &Sample, came: Duration, now: WallTime) -> bool {
        let key_frame = sample.key && sample.track == TrackKind::Video;
        let (bytes, limit) = (self.bytes, self.limit);
        let Some(stream) = self.streams.get_mut(&key) else { return true };
        let Some(tracks) = stream.running.clone() else { return true };
        if stream.paused {
            if !(key_frame && bytes < limit / 2) {
                return false;
            }
            self.begin(key, tracks, came, now);
        } else if bytes + sample.data.len() > limit {
            let tracks = stream.running.clone();
            self.end(key, came);
            let stream = self.stream(key);
            (stream.paused, stream.running) = (true, tracks);
            self.refused += 1;
            return false;
        } else if key_frame {
            self.move_to_wanted(key, now);
        }
        let confirmed = self.stream(key).confirmed;
        let sample = self.blocks.hold(sample, confirmed, came);
        let stream = self.stream(key);
        let at = stream.at;
        let before = stream.buffer.bytes;
        let seq = stream.buffer.push(What::Sample(sample.clone()), at, came);
        self.bytes += self.stream(key).buffer.bytes - before;
        self.order(at, Order::Push(key, seq, sample));
        true
    }

    /// Something begins or ends in front of the camera: it is kept with the run's footage.
    pub fn event(&mut self, key: StreamKey, mark: Mark, came: Duration) {
        let Some(stream) = self.streams.get_mut(&key) else { return };
        if stream.running.is_some() && !stream.paused {
            let at = stream.at;
            stream.buffer.push(What::Mark(mark.clone()), at, came);
            self.order(at, Order::Mark(key, mark));
        }
    }

    /// By how much a camera's own clock is ahead of the server's (µs), as it says itself. All volumes are told: any of them may
    /// take the stream next.
    pub fn camera_clock(&mut self, key: StreamKey, ahead_us: Option<i64>) {
        let stream = self.stream(key);
        let same = match (stream.camera_ahead_us, ahead_us) {
            (Some(told), Some(now)) => now.saturating_sub(told).saturating_abs() < TOLD_AGAIN_US,
            (told, now) => told == now,
        };
        if !same {
            stream.camera_ahead_us = ahead_us;
            for volume in self.volumes.values_mut().filter(|volume| volume.usable) {
                volume.orders.push_back(Order::CameraClock(key, ahead_us));
            }
        }
    }

    /// The run ends.
    pub fn end(&mut self, key: StreamKey, came: Duration) {
        let Some(stream) = self.streams.get_mut(&key) else { return };
        if stream.running.take().is_none() || stream.paused {
            return;
        }
        let at = stream.at;
        let seq = stream.buffer.push(What::End, at, came);
        self.order(at, Order::End(key, seq));
    }

    /// At a key frame a stream goes to the volume where it should be.
    fn move_to_wanted(&mut self, key: StreamKey, now: WallTime) {
        let wanted = self.wanted(key);
        let Some(stream) = self.streams.get_mut(&key) else { return };
        let (Some(tracks), true) = (stream.running.clone(), wanted.is_some() && stream.at != wanted) else {
            return;
        };
        if stream.at.is_none() {
            // It waited for a volume: what waits goes first.
            self.rewrite(key, now);
            return;
        }
        let left = std::mem::replace(&mut stream.at, wanted);
        self.order(left, Order::End(key, 0));
        self.order(wanted, Order::Begin { key, tracks, again: false, at: now });
    }

    /// Where a stream should go now.
    fn wanted(&mut self, key: StreamKey) -> Option<VolumeId> {
        if self.stream(key).home.is_none() {
            let home = self.stream(key).fixed.or_else(|| self.roomiest());
            self.stream(key).home = home;
        }
        let home = self.stream(key).home;
        let usable = |volume: &VolumeId| self.volumes.get(volume).is_some_and(|volume| volume.usable);
        let is_main = |volume: &VolumeId| self.volumes.get(volume).is_some_and(|one| one.kind == Kind::Main);
        // A home that is of the other kind by now is left, unless somebody chose it.
        let fixed = self.streams.get(&key).and_then(|stream| stream.fixed);
        if let Some(home) = home.filter(|home| usable(home) && (is_main(home) || fixed == Some(*home))) {
            return Some(home);
        }
        let fallback = self.volumes.iter().find(|(_, volume)| volume.usable && volume.kind == Kind::Fallback);
        fallback.map(|(id, _)| *id).or_else(|| self.roomiest())
    }

    /// The usable main volume with the most room for each stream that it has.
    fn roomiest(&self) -> Option<VolumeId> {
        let share = |id: &VolumeId, volume: &Volume| {
            let streams = self.streams.values().filter(|stream| stream.home == Some(*id)).count() as u64;
            volume.room / (streams + 1)
        };
        self.volumes
            .iter()
            .filter(|(_, volume)| volume.usable && volume.kind == Kind::Main)
            .max_by_key(|(id, volume)| (share(id, volume), std::cmp::Reverse(**id)))
            .map(|(id, _)| *id)
    }

    fn order(&mut self, volume: Option<VolumeId>, order: Order) {
        if let Some(volume) = volume.and_then(|volume| self.volumes.get_mut(&volume)) {
            volume.orders.push_back(order);
        }
    }

    /// What a volume is to do next. One at a time: what follows may change by what comes of it.
    pub fn next_order(&mut self, volume: VolumeId) -> Option<Order> {
        self.volumes.get_mut(&volume)?.orders.pop_front()
    }

    /// The epoch of a volume, for [`Router::confirm`]: it ends when the volume fails.
    #[must_use]
    pub fn epoch(&self, volume: VolumeId) -> u64 {
        self.volumes.get(&volume).map_or(u64::MAX, |volume| volume.epoch)
    }

    /// A volume was given a key frame. What it must call void at once, where the stream has left it meanwhile.
    pub fn placed(&mut self, id: VolumeId, key: StreamKey, mark: Placed) {
        let Some(volume) = self.volumes.get_mut(&id) else { return };
        volume.marks.entry(key).or_default().push_back(mark);
        let left = volume.left.get(&key).into_iter().flatten();
        let Some(left) = left.into_iter().find(|left| left.old.contains(&mark.seq)) else { return };
        let seq = left.renumbered.iter().find(|(old, _)| *old == mark.seq).map_or(mark.seq, |(_, new)| *new);
        volume.unsettled.push(Unsettled { key, void: mark.void(), seq, until: left.until });
        self.voids.push((id, key, mark.void()));
        // Whoever takes the frame now is to know, if it has not taken it yet.
        let at = self.streams.get(&key).and_then(|stream| stream.at);
        let Some(to) = at.and_then(|at| self.volumes.get_mut(&at)) else { return };
        let same =
            |order: &Order| matches!(order, Order::Push(of, number, _) if *of == key && *number == seq);
        if let Some(place) = to.orders.iter().position(same) {
            to.orders.insert(place, Order::Replaces { of: id, key, voids: vec![mark.void()] });
        }
    }

    /// What a volume has made durable: of each stream all up to that number.
    pub fn confirm(&mut self, id: VolumeId, epoch: u64, durable: &[(StreamKey, u64)]) {
        if self.epoch(id) != epoch {
            return;
        }
        for (key, seq) in durable {
            let Some(stream) = self.streams.get_mut(key) else { continue };
            stream.confirmed = self.blocks.newest();
            let before = stream.buffer.bytes;
            stream.buffer.confirm(id, *seq);
            stream.buffer.prune();
            self.bytes -= before - stream.buffer.bytes;
            let first = stream.buffer.items.front().map_or(u64::MAX, |item| item.seq);
            for volume in self.volumes.values_mut() {
                if let Some(marks) = volume.marks.get_mut(key) {
                    marks.retain(|mark| mark.seq >= first);
                }
            }
        }
        self.settle();
    }

    /// How many of the newest frames of a stream are not known to be on a disk.
    #[must_use]
    pub fn unconfirmed(&self, key: StreamKey) -> usize {
        let Some(stream) = self.streams.get(&key) else { return 0 };
        let samples = stream.buffer.items.iter().filter(|item| matches!(item.what, What::Sample(_)));
        samples.skip_while(|item| item.durable).count()
    }

    /// A volume takes nothing any more: what it had not confirmed goes elsewhere.
    pub fn fail(&mut self, id: VolumeId, now: WallTime) {
        let Some(volume) = self.volumes.get_mut(&id).filter(|volume| volume.usable) else { return };
        volume.usable = false;
        volume.epoch += 1;
        volume.orders.clear();
        volume.orders.push_back(Order::Abandon);
        let concerned = |stream: &Stream| {
            stream.at == Some(id)
                || stream.buffer.items.iter().any(|item| item.at == Some(id) && !item.durable)
        };
        let keys: Vec<StreamKey> =
            self.streams.iter().filter(|(_, stream)| concerned(stream)).map(|(key, _)| *key).collect();
        for key in keys {
            let stream = self.stream(key);
            if stream.at == Some(id) {
                stream.at = None;
            }
            self.rewrite(key, now);
        }
    }

    /// A volume takes recordings (again).
    pub fn revive(&mut self, id: VolumeId, now: WallTime) {
        let Some(volume) = self.volumes.get_mut(&id).filter(|volume| !volume.usable) else { return };
        volume.usable = true;
        let clocks = self.streams.iter().filter_map(|(key, stream)| Some((*key, stream.camera_ahead_us?)));
        volume.orders.extend(clocks.map(|(key, ahead_us)| Order::CameraClock(key, Some(ahead_us))));
        let waiting: Vec<StreamKey> = self
            .streams
            .iter()
            .filter(|(_, stream)| stream.at.is_none() && stream.buffer.restart().is_some())
            .map(|(key, _)| *key)
            .collect();
        for key in waiting {
            self.rewrite(key, now);
        }
        self.settle();
    }

    /// Gives to the wanted volume all that is not durable, from its key frame on. Where there is no such volume, it waits.
    fn rewrite(&mut self, key: StreamKey, now: WallTime) {
        let Some(to) = self.wanted(key) else { return };
        let stream = self.stream(key);
        let Some(from) = stream.buffer.restart() else {
            // All is durable: it goes on at the next key frame.
            if let (None, Some(tracks)) = (stream.at, stream.running.clone()) {
                stream.at = Some(to);
                self.order(Some(to), Order::Begin { key, tracks, again: false, at: now });
            }
            return;
        };
        let left = stream.at.replace(to);
        let old = stream.buffer.last_seq();
        let again = Again::collect(key, stream, from, to, now);
        self.lost += again.lost;
        self.order(left, Order::End(key, 0));
        let until = self.stream(key).buffer.last_seq();
        let voids = self.void_all(key, &again, old, until);
        let mut bounds = again.begins.iter().copied().peekable();
        for order in again.orders {
            let begins = matches!(order, Order::Begin { .. });
            self.order(Some(to), order);
            let Some(from) = bounds.next_if(|_| begins) else { continue };
            let of_run = from..bounds.peek().copied().unwrap_or(u64::MAX);
            for (of, _, void) in voids.iter().filter(|(_, seq, _)| of_run.contains(seq)) {
                self.order(Some(to), Order::Replaces { of: *of, key, voids: vec![*void] });
            }
        }
    }

    /// Calls void what volumes have of what is written again, and what they are still given of it, up to number `old`. It is
    /// settled when all up to `until` is durable elsewhere.
    fn void_all(
        &mut self,
        key: StreamKey,
        again: &Again,
        old: u64,
        until: u64,
    ) -> Vec<(VolumeId, u64, Void)> {
        let mut voids: Vec<(VolumeId, u64, Void)> = Vec::new();
        let renumbered = |seq: u64| again.renumbered.iter().find(|(old, _)| *old == seq).map(|(_, new)| *new);
        for (id, volume) in &mut self.volumes {
            // What was void already must be called so by whoever takes it now.
            for one in volume.unsettled.iter_mut().filter(|one| one.key == key) {
                if let Some(new) = renumbered(one.seq) {
                    voids.push((*id, one.seq, one.void));
                    (one.seq, one.until) = (new, until);
                } else if let Some((pictures_from, sound_from)) = again
                    .key
                    .filter(|_| (again.begun..again.first).contains(&one.seq) && one.until >= again.first)
                {
                    // The frames before are safe where they were written then; from here on they are written once more.
                    voids.push((*id, again.first, Void { run: one.void.run, pictures_from, sound_from }));
                    one.until = until;
                }
            }
            if !again.had.contains(id) {
                continue;
            }
            let ranges = volume.left.entry(key).or_default();
            ranges.push(Left { old: again.first..=old, renumbered: again.renumbered.clone(), until });
            if ranges.len() > LEFT {
                ranges.remove(0);
            }
            for mark in volume.marks.remove(&key).into_iter().flatten().filter(|mark| mark.seq >= again.first)
            {
                if !voids.iter().any(|(of, _, void)| of == id && void.run == mark.run) {
                    voids.push((*id, mark.seq, mark.void()));
                    self.voids.push((*id, key, mark.void()));
                    let seq = renumbered(mark.seq).unwrap_or(mark.seq);
                    volume.unsettled.push(Unsettled { key, void: mark.void(), seq, until });
                }
            }
        }
        voids
    }

    /// Has noted for good what is void and by now durable elsewhere.
    fn settle(&mut self) {
        for volume in self.volumes.values_mut().filter(|volume| volume.usable) {
            let streams = &self.streams;
            let safe = |key: &StreamKey, until: u64| {
                streams.get(key).is_none_or(|stream| stream.buffer.first_waiting() > until)
            };
            let orders = &mut volume.orders;
            volume.unsettled.retain(|one| {
                let safe = safe(&one.key, one.until);
                if safe {
                    orders.push_back(Order::Settle(one.key, one.void));
                }
                !safe
            });
        }
    }

    /// What became void since somebody asked: to be hidden from readers at once.
    pub fn poll_voids(&mut self) -> Vec<(VolumeId, StreamKey, Void)> {
        std::mem::take(&mut self.voids)
    }

    /// What a volume has to do.
    #[must_use]
    pub fn load(&self, volume: VolumeId, now: Duration) -> Load {
        let streams = self.streams.values().filter(|one| one.at == Some(volume) && one.running.is_some());
        let oldest =
            self.streams.values().filter_map(|stream| stream.buffer.at_risk_since(Some(volume))).min();
        Load {
            streams: streams.count(),
            at_risk: oldest.map_or(Duration::ZERO, |oldest| now.saturating_sub(oldest)),
        }
    }

    /// Age of the oldest frame of a stream that is on no disk for sure.
    #[must_use]
    pub fn waiting(&self, key: StreamKey, now: Duration) -> Option<Duration> {
        let buffer = &self.streams.get(&key)?.buffer;
        let oldest =
            buffer.items.iter().find(|item| !item.durable && matches!(item.what, What::Sample(_)))?;
        Some(now.saturating_sub(oldest.came))
    }

    /// Age of the oldest frame of all that is on no disk for sure.
    #[must_use]
    pub fn oldest(&self, now: Duration) -> Option<Duration> {
        self.streams.keys().filter_map(|key| self.waiting(*key, now)).max()
    }

    /// Where a stream is recorded now, and where it belongs.
    #[must_use]
    pub fn place(&self, key: StreamKey) -> (Option<VolumeId>, Option<VolumeId>) {
        self.streams
            .get(&key)
            .map_or((None, None), |stream| (stream.at.filter(|_| stream.running.is_some()), stream.home))
    }

    /// Whether a volume is given recordings.
    #[must_use]
    pub fn usable(&self, volume: VolumeId) -> bool {
        self.volumes.get(&volume).is_some_and(|volume| volume.usable)
    }

    /// How often a stream was paused for want of memory, and frames that were lost to failing volumes.
    #[must_use]
    pub const fn losses(&self) -> (u64, u64) {
        (self.refused, self.lost)
    }

    /// Bytes of frames that are kept.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }
}
