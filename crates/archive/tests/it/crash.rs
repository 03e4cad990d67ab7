//! Crashes, torn writes and failing disks, many of them, against a simple model of what must survive.
//!
//! A run of a seed can be repeated alone: `ARCHIVE_SEED=17 cargo nextest run -p archive crash`.

use std::{
    collections::HashMap,
    io,
    sync::atomic::{AtomicU64, Ordering},
};

use archive::{
    Archive, Lock, Retention,
    fsck::{Check, fsck},
    layout::SegmentName,
};
use bytes::Bytes;
use media::Sample;
use model::{StreamKey, TrackKind, WallRange, WallTime};
use rand::{Rng, SeedableRng, rngs::StdRng};
use uuid::Uuid;

use crate::{
    fake::{self, FakeSigner, frames},
    sim_disk::{Faults, SimDisk},
};

const SEEDS: u64 = 300;
const FRAME_US: i64 = 40_000;
const GROUP: i64 = 15;

/// A frame that was given to the archive.
struct Given {
    wall: WallTime,
    key: bool,
    data: Bytes,
    fate: Fate,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    /// It was given at that time, and is not known to be safe.
    Pending(WallTime),
    /// It must be there after a crash.
    Safe,
    /// It may be there.
    Maybe,
}

/// What a camera sent, and what of it must be there.
struct Stream {
    key: StreamKey,
    given: Vec<Given>,
    /// The next frame's place in its run.
    frame: i64,
    run: u32,
    recording: bool,
    /// The next picture is a key frame.
    key_due: bool,
    /// Frames are refused until the next key frame, since a write failed.
    suspended: bool,
}

impl Stream {
    /// The camera begins a session with the group of pictures that it was in.
    fn send_again(&mut self, archive: &mut Archive<SimDisk>, now: WallTime) {
        let Some(from) = self.given.iter().rposition(|given| given.key) else { return };
        let first = self.given[from].wall;
        // After a longer time the camera is in another group.
        if self.given.last().is_none_or(|last| now.micros_since(last.wall) > 1_000_000) {
            return;
        }
        for given in self.given.get(from..).unwrap_or_default() {
            self.frame = given.wall.micros_since(first) / FRAME_US;
            let sample = Sample {
                track: TrackKind::Video,
                time: self.frame * 3600,
                composition_offset: 0,
                wall: given.wall,
                key: given.key,
                data: given.data.clone(),
            };
            self.suspended |= archive.push(self.key, &sample, now).is_err();
        }
        // The next picture begins a group.
        self.frame = now.micros_since(first) / FRAME_US;
        self.key_due = true;
    }

    fn give_up_pending(&mut self) {
        for given in self.given.iter_mut().filter(|given| given.fate != Fate::Safe) {
            given.fate = Fate::Maybe;
        }
    }
}

struct World {
    seed: u64,
    rng: StdRng,
    now: WallTime,
    streams: Vec<Stream>,
    locks: Vec<WallRange>,
    /// Clocks jump in this world; then nothing is deleted, and frames stand where they can.
    clocks_jump: bool,
    /// What happened, told when a check fails.
    log: Vec<String>,
}

fn open(disk: &SimDisk, now: WallTime) -> Result<Archive<SimDisk>, archive::Error> {
    let limits = archive::Limits { segment_ticks: 4 * 90_000, segment_bytes: 1 << 20 };
    let options = archive::Options { limits, ..fake::options() };
    Archive::open(disk.clone(), options, now).map(|(archive, _)| archive)
}

impl World {
    fn new(seed: u64) -> Self {
        let streams = (1..=2).map(|number| Stream {
            key: fake::camera(number),
            given: Vec::new(),
            frame: 0,
            run: 0,
            recording: false,
            key_due: false,
            suspended: false,
        });
        Self {
            seed,
            rng: StdRng::seed_from_u64(seed),
            now: fake::start(),
            streams: streams.collect(),
            locks: Vec::new(),
            clocks_jump: seed % 4 == 3,
            log: Vec::new(),
        }
    }

    fn push(&mut self, archive: &mut Archive<SimDisk>, at: usize) {
        let now = self.now;
        let stream = &mut self.streams[at];
        if !stream.recording {
            stream.run += 1;
            stream.frame = 0;
            stream.suspended = false;
            stream.recording = true;
            if archive.begin_run(stream.key, fake::tracks(None), now).is_err() {
                stream.give_up_pending();
            }
            if self.rng.random_bool(0.3) && !self.clocks_jump {
                stream.send_again(archive, now);
            }
        }
        let key = stream.frame % GROUP == 0 || std::mem::take(&mut stream.key_due);
        let data = Bytes::from(format!("{at} run {} frame {} {}", stream.run, stream.frame, ".".repeat(100)));
        let sample = Sample {
            track: TrackKind::Video,
            time: stream.frame * 3600,
            composition_offset: 0,
            wall: now,
            key,
            data: data.clone(),
        };
        stream.frame += 1;
        let pushed = archive.push(stream.key, &sample, now);
        if key || pushed.is_err() {
            let frame = stream.given.len();
            self.log.push(format!("{now} camera {at} frame {frame} run {} {pushed:?}", stream.run));
        }
        stream.suspended &= !key;
        let mut fate = if stream.suspended { Fate::Maybe } else { Fate::Pending(now) };
        if pushed.is_err() {
            stream.give_up_pending();
            stream.suspended = !key;
            fate = Fate::Maybe;
        }
        stream.given.push(Given { wall: now, key, data, fate });
    }

    fn tick(&mut self, archive: &mut Archive<SimDisk>) {
        let report = archive.tick(self.now);
        self.log.push(format!("{} tick {:?}", self.now, report.errors));
        for stream in &mut self.streams {
            if report.errors.is_empty() {
                for given in &mut stream.given {
                    if matches!(given.fate, Fate::Pending(at) if self.now.micros_since(at) >= 500_000) {
                        given.fate = Fate::Safe;
                    }
                }
            } else {
                stream.give_up_pending();
                stream.suspended = true;
            }
        }
    }

    fn end_run(&mut self, archive: &mut Archive<SimDisk>, at: usize) {
        let stream = &mut self.streams[at];
        stream.recording = false;
        let ended = archive.end_run(stream.key, self.now);
        self.log.push(format!("{} camera {at} ends {ended:?}", self.now));
        if ended.is_err() {
            stream.give_up_pending();
        }
    }

    fn enforce(&mut self, archive: &mut Archive<SimDisk>) {
        let volume_bytes = Some(self.rng.random_range(5_000..60_000));
        let retention = Retention { volume_bytes, ..Retention::default() };
        // Where each frame lies. (Its wall time may be another one: what is sent again stands where there is room.)
        let places: Vec<HashMap<Bytes, SegmentName>> = self
            .streams
            .iter()
            .map(|stream| {
                let read = frames(archive, stream.key, fake::all()).into_iter();
                read.filter(|(frame, _)| !frame.preroll).map(|(frame, data)| (data, frame.segment)).collect()
            })
            .collect();
        let enforced = archive.enforce(&retention, self.now);
        self.log.push(format!("{} {enforced:?}", self.now));
        let locks = &self.locks;
        let may_go = |key: StreamKey, place: Option<&SegmentName>, wall: WallTime| match &enforced {
            Ok(enforced) => enforced
                .deleted
                .iter()
                .any(|deleted| deleted.key == key && Some(&deleted.segment.name()) == place),
            // It was interrupted: anything may be gone that is not locked.
            Err(_) => !locks.iter().any(|lock| lock.contains(wall)),
        };
        for (stream, places) in self.streams.iter_mut().zip(&places) {
            for given in &mut stream.given {
                if may_go(stream.key, places.get(&given.data), given.wall) {
                    given.fate = Fate::Maybe;
                }
            }
        }
        for deleted in enforced.iter().flat_map(|enforced| &enforced.deleted) {
            let range = WallRange { from: deleted.segment.start, to: deleted.segment.end() };
            assert!(!locks.iter().any(|lock| lock.intersection(&range).is_some()), "{deleted:?}");
        }
    }

    fn lock(&mut self, archive: &mut Archive<SimDisk>) {
        let from = self.now.plus_micros(-self.rng.random_range(0..10_000_000));
        let range = WallRange { from, to: from.plus_micros(500_000) };
        let id = Uuid::from_u128(self.locks.len() as u128);
        let lock = Lock { id, cameras: Vec::new(), range, note: "bookmark".to_owned() };
        if archive.lock(lock, self.now).is_ok() {
            self.locks.push(range);
        }
    }

    /// Some time of recording, with whatever else happens.
    fn live(&mut self, archive: &mut Archive<SimDisk>, disk: &SimDisk, steps: usize) {
        for _ in 0..steps {
            if disk.is_off() {
                return;
            }
            match self.rng.random_range(0..1000) {
                0..15 => {
                    let at = self.rng.random_range(0..self.streams.len());
                    self.end_run(archive, at);
                }
                15..25 if self.clocks_jump => {
                    // Some seconds, a day, ten years; forward or back.
                    let by = [3, 86_400, 315_000_000][self.rng.random_range(0..3)] * 1_000_000;
                    self.now = self.now.plus_micros(if self.rng.random_bool(0.5) { by } else { -by });
                    self.log.push(format!("{} the clocks jumped", self.now));
                }
                15..25 => self.enforce(archive),
                25..30 => self.lock(archive),
                30..32 if !self.clocks_jump => drop(archive.shorten_journals(self.now)),
                30..130 => self.tick(archive),
                _ => {
                    self.now = self.now.plus_micros(FRAME_US);
                    for at in 0..self.streams.len() {
                        self.push(archive, at);
                    }
                }
            }
        }
    }

    /// What must be there is there; what is there was given, in order, once.
    fn check(&mut self, archive: &Archive<SimDisk>) {
        let seed = self.seed;
        self.log.push(format!("{} check", self.now));
        let log = std::fmt::from_fn(|f| self.log.iter().try_for_each(|line| writeln!(f, "{line}")));
        for stream in &mut self.streams {
            let mut read = frames(archive, stream.key, fake::all());
            // What was sent again is decoded, not shown.
            read.retain(|(frame, _)| !frame.preroll);
            assert!(
                read.windows(2).all(|pair| pair[0].0.wall < pair[1].0.wall),
                "{log}\nseed {seed}: overlap"
            );
            if self.clocks_jump {
                let given = stream.given.iter().enumerate();
                let places: HashMap<&Bytes, usize> = given.map(|(at, given)| (&given.data, at)).collect();
                read.sort_by_cached_key(|(_, data)| places.get(data).copied());
            }
            let mut at = 0;
            let mut found = vec![false; stream.given.len()];
            for (frame, data) in &read {
                let Some(skip) = stream.given[at..].iter().position(|given| given.data == *data) else {
                    panic!("{log}\nseed {seed}: {frame:?} was never given, or comes twice: {data:?}");
                };
                at += skip + 1;
                found[at - 1] = true;
                let given = &stream.given[at - 1];
                let off = frame.wall.micros_since(given.wall).abs();
                assert!(
                    off < 2_500_000 || self.clocks_jump,
                    "{log}\nseed {seed}: {frame:?} was at {}",
                    given.wall
                );
            }
            for (index, given) in stream.given.iter_mut().enumerate() {
                let required = given.fate == Fate::Safe;
                assert!(
                    found[index] || !required,
                    "{log}\nseed {seed}: frame {index} of {} is lost",
                    stream.key
                );
                // What survived once must survive from now on.
                given.fate = if found[index] { Fate::Safe } else { Fate::Maybe };
            }
        }
    }
}

fn seeds() -> std::ops::Range<u64> {
    match std::env::var("ARCHIVE_SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => seed..seed + 1,
        None => 0..std::env::var("ARCHIVE_SEEDS").ok().and_then(|count| count.parse().ok()).unwrap_or(SEEDS),
    }
}

/// Faults for the next stretch, counted from the operations done so far.
fn faults(rng: &mut StdRng, ops: u64) -> Faults {
    let at = |rng: &mut StdRng| ops + rng.random_range(1..250);
    match rng.random_range(0..10) {
        0..5 => Faults { crash_at: Some(at(rng)), ..Faults::default() },
        5..8 => {
            let kind = if rng.random_bool(0.5) { io::ErrorKind::StorageFull } else { io::ErrorKind::Other };
            let first = at(rng);
            let fail_at = (0..rng.random_range(1..6)).map(|index| (first + index, kind)).collect();
            Faults { fail_at, crash_at: rng.random_bool(0.5).then(|| at(rng)), ..Faults::default() }
        }
        8 => Faults { capacity: Some(rng.random_range(20_000..200_000)), ..Faults::default() },
        _ => Faults::default(),
    }
}

fn simulate(seed: u64) {
    let mut world = World::new(seed);
    let mut disk = SimDisk::new(seed);
    for round in 0..4 {
        let faults = faults(&mut world.rng, disk.ops());
        world.log.push(format!("{} opens with {faults:?} after {} operations", world.now, disk.ops()));
        disk.set_faults(faults);
        if let Ok(mut archive) = open(&disk, world.now) {
            world.check(&archive);
            let steps = world.rng.random_range(50..600);
            world.live(&mut archive, &disk, steps);
            for stream in &mut world.streams {
                stream.recording = false;
            }
            if world.rng.random_bool(0.3) {
                // An orderly stop: everything is safe.
                if archive.close(world.now).is_ok() {
                    for given in world.streams.iter_mut().flat_map(|stream| &mut stream.given) {
                        if matches!(given.fate, Fate::Pending(_)) {
                            given.fate = Fate::Safe;
                        }
                    }
                }
            }
        }
        for stream in &mut world.streams {
            stream.give_up_pending();
        }
        disk = disk.crash(seed * 10 + round);
        let down = if world.rng.random_bool(0.5) { 400_000 } else { 3_000_000 };
        world.now = world.now.plus_micros(down);
    }
    let archive = open(&disk, world.now).unwrap();
    world.check(&archive);
    archive.close(world.now).unwrap();
    let report = fsck(&disk, Check { check_only: true, deep: true, verifier: Some(&FakeSigner) }).unwrap();
    // Where clocks jump, heads are not in the order of time, and nobody knows what a root is older than.
    let of_order = |what: &str| {
        world.clocks_jump && (what.contains("its head names") || what.contains("is not there as it was"))
    };
    let problems = report.problems.iter().filter(|problem| !of_order(&problem.what));
    assert_eq!(problems.count(), 0, "{}\nseed {seed}: {report:#?}", world.log.join("\n"));
    assert!(report.missing.is_empty(), "{}\nseed {seed}: {report:#?}", world.log.join("\n"));
}

#[test]
fn what_was_durable_survives_every_crash_and_nothing_else_appears() {
    let seeds = seeds();
    let next = AtomicU64::new(seeds.start);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let seed = next.fetch_add(1, Ordering::Relaxed)
                    && seed < seeds.end
                {
                    let result = std::panic::catch_unwind(|| simulate(seed));
                    assert!(result.is_ok(), "ARCHIVE_SEED={seed} fails");
                }
            });
        }
    });
}
