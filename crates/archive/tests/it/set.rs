//! Three disks that fail, fill up, hang and lose power, under one router, against a simple model: what was reported durable
//! is read exactly once, nothing is read twice, and nothing locked is deleted.
//!
//! A run of a seed can be repeated alone: `ARCHIVE_SEED=17 cargo nextest run -p archive disks`.

use std::{collections::HashMap, io, sync::Arc, time::Duration};

use archive::{
    Archive, Error, Limits, Loader, Lock, Options, Part, Retention,
    fsck::{Check, fsck},
    set::{Kind, Lane, Order, Reader, Router, resolve},
};
use bytes::Bytes;
use media::Sample;
use model::{StreamKey, TrackKind, VolumeId, WallRange, WallTime};
use rand::{Rng, SeedableRng, rngs::StdRng};
use uuid::Uuid;

use crate::{
    fake::{self, FakeSigner},
    sim_disk::{Faults, SimDisk},
};

const SEEDS: u64 = 40;
const STEP_US: i64 = 40_000;
const GROUP: i64 = 15;
const KINDS: [Kind; 3] = [Kind::Main, Kind::Main, Kind::Fallback];

fn volume(number: usize) -> VolumeId {
    VolumeId::from_bytes([number as u8 + 1; 16])
}

/// A frame that a camera sent.
struct Given {
    wall: WallTime,
    data: Bytes,
    /// It was reported durable: it must be read.
    safe: bool,
    /// It may have been deleted, or lost by a crash before it was durable.
    may_go: bool,
}

struct Stream {
    key: StreamKey,
    given: Vec<Given>,
    frame: i64,
    run: u32,
    running: bool,
}

/// A disk and what works on it.
struct Volume {
    id: VolumeId,
    disk: SimDisk,
    lane: Option<Lane<SimDisk>>,
    /// Its index is not read yet.
    loader: Option<Loader<SimDisk>>,
    /// Steps for which it hangs.
    hangs: u32,
    /// Steps to the next try, once it has failed.
    retry: u32,
}

struct World {
    seed: u64,
    rng: StdRng,
    step: u64,
    now: WallTime,
    streams: Vec<Stream>,
    volumes: Vec<Volume>,
    router: Router,
    reader: Reader<SimDisk>,
    locks: Vec<WallRange>,
    log: Vec<String>,
}

impl World {
    fn new(seed: u64) -> Self {
        let streams = (1..=2).map(|number| Stream {
            key: fake::camera(number),
            given: Vec::new(),
            frame: 0,
            run: 0,
            running: false,
        });
        let volumes = (0..3).map(|number| Volume {
            id: volume(number),
            disk: SimDisk::new(seed * 3 + number as u64),
            lane: None,
            loader: None,
            hangs: 0,
            retry: 0,
        });
        Self {
            seed,
            rng: StdRng::seed_from_u64(seed),
            step: 0,
            now: fake::start(),
            streams: streams.collect(),
            volumes: volumes.collect(),
            router: Router::new(64 << 20),
            reader: Reader::default(),
            locks: Vec::new(),
            log: Vec::new(),
        }
    }

    fn came(&self) -> Duration {
        Duration::from_millis(self.step * 40)
    }

    /// As the site opens its volumes.
    fn open(&mut self) {
        self.router = Router::new(64 << 20);
        self.reader = Reader::default();
        for (at, kind) in KINDS.into_iter().enumerate() {
            let id = self.volumes[at].id;
            self.router.put(id, kind);
            self.router.set_room(id, 1 << 30);
            self.open_volume(at);
        }
        self.resolve();
    }

    fn open_volume(&mut self, at: usize) {
        let volume = &mut self.volumes[at];
        let options = Options {
            new_volume: volume.id,
            limits: Limits { segment_ticks: 4 * 90_000, segment_bytes: 1 << 20 },
            elsewhere: Some(Arc::new(self.reader.clone())),
            ..fake::options()
        };
        match Archive::open_lazily(volume.disk.clone(), options, self.now) {
            Ok((archive, loader)) => {
                volume.loader = Some(loader);
                self.reader.put(volume.id, archive.reader());
                volume.lane = Some(Lane::new(archive));
                self.router.revive(volume.id, self.now);
            }
            Err(error) => {
                self.log.push(format!("{} volume {at} does not open: {error}", self.now));
                volume.retry = 25;
            }
        }
    }

    fn resolve(&mut self) {
        for (of, key, void) in resolve(&self.reader.volumes()) {
            self.log.push(format!("{} {of} {key} {void:?} is void", self.now));
            for volume in self.volumes.iter_mut().filter(|volume| volume.id == of) {
                if let Some(lane) = &mut volume.lane {
                    lane.execute(Order::Settle(key, void), self.now);
                }
            }
        }
    }

    fn push(&mut self, at: usize) {
        let (now, came) = (self.now, self.came());
        let stream = &mut self.streams[at];
        if !stream.running {
            (stream.run, stream.frame, stream.running) = (stream.run + 1, 0, true);
            self.router.begin(stream.key, fake::tracks(None), came, now);
        }
        let data = Bytes::from(format!("{at} run {} frame {} {}", stream.run, stream.frame, ".".repeat(100)));
        let sample = Sample {
            track: TrackKind::Video,
            time: stream.frame * 3600,
            composition_offset: 0,
            wall: now,
            key: stream.frame % GROUP == 0,
            data: data.clone(),
        };
        stream.frame += 1;
        assert!(self.router.push(stream.key, &sample, came, now), "memory is used up");
        stream.given.push(Given { wall: now, data, safe: false, may_go: false });
    }

    fn hide(&mut self) {
        for (of, key, void) in self.router.poll_voids() {
            self.log.push(format!("{} {of} {key} {void:?} is hidden", self.now));
            self.reader.hide(of, key, void);
        }
    }

    fn fail(&mut self, at: usize, why: &str) {
        self.log.push(format!("{} volume {at} fails: {why}", self.now));
        self.router.fail(self.volumes[at].id, self.now);
        self.hide();
        self.volumes[at].retry = self.rng.random_range(10..60);
    }

    /// What a volume's thread does.
    fn work(&mut self, at: usize) {
        let id = self.volumes[at].id;
        while let Some(order) = self.router.next_order(id) {
            let Some(lane) = &mut self.volumes[at].lane else { break };
            match &order {
                Order::Begin { key, .. } => self.log.push(format!("{} volume {at} begins {key}", self.now)),
                Order::Replaces { of, key, voids } => {
                    self.log.push(format!("{} volume {at} {key} replaces {voids:?} of {of}", self.now));
                }
                Order::Settle(key, void) => {
                    self.log.push(format!("{} volume {at} {key} settles {void:?}", self.now));
                }
                Order::End(key, _) => self.log.push(format!("{} volume {at} ends {key}", self.now)),
                Order::Push(..) | Order::Mark(..) | Order::CameraClock(..) | Order::Abandon => {}
            }
            let done = lane.execute(order, self.now);
            if let Some((key, placed)) = done.placed {
                self.router.placed(id, key, placed);
                self.hide();
            }
            if let Some(error) = done.failed {
                self.fail(at, &error.to_string());
                break;
            }
        }
    }

    fn tick(&mut self, at: usize) {
        let id = self.volumes[at].id;
        let epoch = self.router.epoch(id);
        let Some(lane) = &mut self.volumes[at].lane else { return };
        let ticked = lane.tick(self.now);
        if let Some(error) = ticked.failed {
            self.fail(at, &error.to_string());
            return;
        }
        self.router.confirm(id, epoch, &ticked.durable);
        self.log.push(format!("{} volume {at} confirms {:?}", self.now, ticked.durable));
        for stream in &mut self.streams {
            let waits = self.router.unconfirmed(stream.key);
            let safe = stream.given.len() - waits;
            stream.given[..safe].iter_mut().for_each(|given| given.safe = true);
        }
    }

    fn retry(&mut self, at: usize) {
        let id = self.volumes[at].id;
        if self.router.usable(id) || self.volumes[at].hangs > 0 {
            return;
        }
        let volume = &mut self.volumes[at];
        volume.retry = volume.retry.saturating_sub(1);
        if volume.retry > 0 {
            return;
        }
        volume.retry = 25;
        match &volume.lane {
            Some(lane) if lane.probe().is_ok() => {
                self.log.push(format!("{} volume {at} is back", self.now));
                // What it was to give up, it gives up first.
                self.work(at);
                self.router.revive(id, self.now);
                self.hide();
            }
            Some(_) => {}
            None => {
                self.open_volume(at);
                self.resolve();
            }
        }
    }

    fn enforce(&mut self, at: usize) {
        let volume_bytes = Some(self.rng.random_range(10_000..80_000));
        let Some(lane) = &mut self.volumes[at].lane else { return };
        let enforced =
            lane.archive_mut().enforce(&Retention { volume_bytes, ..Retention::default() }, self.now);
        let interrupted = enforced.is_err();
        let deleted = enforced.map(|enforced| enforced.deleted).unwrap_or_default();
        for deleted in &deleted {
            let range = WallRange { from: deleted.segment.start, to: deleted.segment.end() };
            let locked = self.locks.iter().any(|lock| lock.intersection(&range).is_some());
            assert!(!locked, "seed {}: {deleted:?} was locked", self.seed);
        }
        let locks = &self.locks;
        for stream in &mut self.streams {
            let gone = |wall: WallTime| {
                deleted.iter().any(|deleted| {
                    let from = deleted.segment.start.plus_micros(-100_000);
                    let to = deleted.segment.end().plus_micros(100_000);
                    deleted.key == stream.key && from <= wall && wall < to
                })
            };
            let unsure = |wall| interrupted && !locks.iter().any(|lock| lock.contains(wall));
            for given in &mut stream.given {
                given.may_go |= gone(given.wall) || unsure(given.wall);
            }
        }
    }

    fn lock(&mut self) {
        let from = self.now.plus_micros(-self.rng.random_range(0..10_000_000));
        let range = WallRange { from, to: from.plus_micros(500_000) };
        let id = Uuid::from_u128(self.locks.len() as u128);
        let lock = Lock { id, cameras: Vec::new(), range, note: "bookmark".to_owned() };
        let mut kept = true;
        for volume in &mut self.volumes {
            let locked = volume.lane.as_mut().map(|lane| lane.archive_mut().lock(lock.clone(), self.now));
            kept &= matches!(locked, Some(Ok(())));
        }
        if kept {
            self.locks.push(range);
        }
    }

    fn fault(&mut self) {
        let at = self.rng.random_range(0..3);
        let disk = &self.volumes[at].disk;
        let faults = match self.rng.random_range(0..10) {
            0..3 => Faults { broken: Some(io::ErrorKind::Other), ..Faults::default() },
            3..4 => Faults { broken: Some(io::ErrorKind::ReadOnlyFilesystem), ..Faults::default() },
            4..6 => {
                let fail_at = disk.ops() + self.rng.random_range(1..20);
                Faults { fail_at: vec![(fail_at, io::ErrorKind::Other)], ..Faults::default() }
            }
            6 => Faults { capacity: Some(self.rng.random_range(50_000..400_000)), ..Faults::default() },
            7 => {
                self.volumes[at].hangs = self.rng.random_range(5..200);
                Faults::default()
            }
            _ => Faults::default(),
        };
        self.log.push(format!("{} volume {at} gets {faults:?}", self.now));
        self.volumes[at].disk.set_faults(faults);
    }

    fn live(&mut self, steps: u32) {
        for _ in 0..steps {
            self.step += 1;
            self.now = self.now.plus_micros(STEP_US);
            for at in 0..self.streams.len() {
                self.push(at);
            }
            for at in 0..self.volumes.len() {
                if self.volumes[at].hangs > 0 {
                    self.volumes[at].hangs -= 1;
                    let risk = self.router.load(self.volumes[at].id, self.came()).at_risk;
                    if risk > Duration::from_secs(4) && self.router.usable(self.volumes[at].id) {
                        self.fail(at, "it hangs");
                    }
                    continue;
                }
                if self.rng.random_bool(0.6) {
                    self.work(at);
                }
                if self.rng.random_bool(0.08) && self.router.usable(self.volumes[at].id) {
                    self.tick(at);
                }
                self.retry(at);
            }
            match self.rng.random_range(0..1000) {
                0..25 => self.fault(),
                25..35 => {
                    let at = self.rng.random_range(0..self.streams.len());
                    self.streams[at].running = false;
                    self.router.end(self.streams[at].key, self.came());
                }
                35..42 => {
                    let at = self.rng.random_range(0..3);
                    self.enforce(at);
                }
                42..46 => self.lock(),
                46..52 => self.check("while recording"),
                52..82 => {
                    let at = self.rng.random_range(0..3);
                    self.load(at);
                }
                _ => {}
            }
        }
    }

    /// Reads the index of a volume, if that has to be done; whether that could be done.
    fn load(&mut self, at: usize) -> bool {
        let volume = &mut self.volumes[at];
        let read = volume.loader.as_ref().is_none_or(|loader| loader.run().is_ok());
        if read {
            volume.loader = None;
        }
        read
    }

    /// What must be there is there once; what is there was given, in order.
    fn check(&mut self, when: &str) {
        // What a crash tore cannot be repaired, and so not be read, while the disk fails.
        if !(0..self.volumes.len()).all(|at| self.load(at)) {
            return;
        }
        let mut log = self.log.join("\n");
        for stream in &self.streams {
            for (id, volume) in self.reader.volumes() {
                for span in volume.spans(stream.key.camera, stream.key.kind, fake::all(), Duration::ZERO) {
                    log += &format!(
                        "\n{} on {id}: {} – {} {}",
                        stream.key, span.range.from, span.range.to, span.open
                    );
                }
            }
            let mut found: HashMap<Bytes, u32> = HashMap::new();
            let mut plan = self.reader.plan(stream.key, fake::all(), fake::BOTH);
            let mut order = Vec::new();
            while let Some(part) = plan.next() {
                match part {
                    Ok(Part::Sample(sample)) => {
                        let data = plan.read(&sample).unwrap();
                        *found.entry(data.clone()).or_default() += 1;
                        order.push((sample.wall, data));
                    }
                    Ok(_) => {}
                    Err(Error::ReadSegment { .. }) => {}
                    Err(error) => panic!("{log}\nseed {}: {error}", self.seed),
                }
            }
            let place: HashMap<&Bytes, usize> =
                stream.given.iter().enumerate().map(|(at, given)| (&given.data, at)).collect();
            let mut last = None;
            for (wall, data) in &order {
                let at = place.get(data).copied();
                assert!(
                    at > last,
                    "{log}\nseed {} {when}: {} {wall} {data:?} is twice or out of order",
                    self.seed,
                    stream.key
                );
                last = at;
            }
            // What is just being written again is read when that is done.
            let again = stream.given.len() - self.router.unconfirmed(stream.key);
            for (at, given) in stream.given.iter().enumerate() {
                let count = found.get(&given.data).copied().unwrap_or(0);
                assert!(
                    count == 1 || (count == 0 && (!given.safe || given.may_go || at >= again)),
                    "{log}\nseed {} {when}: frame {at} of {} at {} ({:?}) is read {count} times",
                    self.seed,
                    stream.key,
                    given.wall,
                    given.data
                );
            }
        }
    }

    /// The power goes off and comes back.
    fn crash(&mut self, round: u64) {
        for stream in &mut self.streams {
            stream.running = false;
        }
        for (at, volume) in self.volumes.iter_mut().enumerate() {
            (volume.lane, volume.loader) = (None, None);
            volume.hangs = 0;
            volume.disk = volume.disk.crash(self.seed * 100 + round * 3 + at as u64);
        }
        self.reader = Reader::default();
        self.now = self.now.plus_micros(3_000_000);
        self.log.push(format!("{} the power was off", self.now));
        self.open();
        if self.rng.random_bool(0.5) {
            // Recording goes on before anybody has read what is there.
            for given in self.streams.iter_mut().flat_map(|stream| &mut stream.given) {
                given.may_go |= !given.safe;
            }
            self.live(60);
            self.volumes.iter().for_each(|volume| volume.disk.set_faults(Faults::default()));
        }
        self.check("after the power was off");
        // What survived once survives from now on.
        for stream in &mut self.streams {
            let mut plan = self.reader.plan(stream.key, fake::all(), fake::BOTH);
            let mut found: Vec<Bytes> = Vec::new();
            while let Some(part) = plan.next() {
                if let Ok(Part::Sample(sample)) = part {
                    found.push(plan.read(&sample).unwrap());
                }
            }
            for given in &mut stream.given {
                given.safe = found.contains(&given.data);
                given.may_go |= !given.safe;
            }
        }
    }
}

fn simulate(seed: u64) {
    let mut world = World::new(seed);
    world.open();
    for round in 0..3 {
        let steps = world.rng.random_range(100..500);
        world.live(steps);
        world.crash(round);
    }
    for volume in &mut world.volumes {
        if let Some(lane) = volume.lane.take() {
            lane.close(world.now).unwrap();
        }
    }
    for volume in &world.volumes {
        // What a failing disk kept torn is cut by the next start.
        let reopened = Archive::open(volume.disk.clone(), fake::options(), world.now).unwrap().0;
        reopened.close(world.now).unwrap();
        let check = Check { check_only: true, deep: true, verifier: Some(&FakeSigner) };
        let report = fsck(&volume.disk, check).unwrap();
        // A crash may take a whole segment that was begun and ended since the last commit, and leave the next one.
        let problems = report.problems.iter().filter(|problem| !problem.what.contains("its head names"));
        assert_eq!(problems.count(), 0, "seed {seed}: {report:#?}");
    }
}

#[test]
fn any_of_three_disks_may_fail_and_what_was_durable_is_read_exactly_once() {
    let seeds = match std::env::var("ARCHIVE_SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => seed..seed + 1,
        None => 0..std::env::var("ARCHIVE_SEEDS").ok().and_then(|count| count.parse().ok()).unwrap_or(SEEDS),
    };
    for seed in seeds {
        let result = std::panic::catch_unwind(|| simulate(seed));
        assert!(result.is_ok(), "ARCHIVE_SEED={seed} fails");
    }
}
