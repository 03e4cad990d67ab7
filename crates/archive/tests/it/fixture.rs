//! Volumes of every version of the format are read from now on: `tests/fixtures`, whose README says how they were made.

use std::{collections::HashSet, path::Path, time::Duration};

use archive::{
    Archive, Dir, Lock, Mark, MarkKind, Options, Reader, Retention,
    fsck::{Check, fsck},
    set::{Lane, Order, Void},
};
use media::{AudioCodec, Sample, Tracks, VideoCodec};
use model::{TrackKind, WallRange, WallTime};
use uuid::Uuid;

use crate::fake::{self, BOTH, Camera, FakeSigner};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/volume-1");

/// 23:59:54 and on: the first camera's footage crosses midnight.
fn at(ms: u64) -> WallTime {
    fake::start() + Duration::from_millis(114_000 + ms)
}

/// H.264 and AAC, 12 s; the last segment was left behind by a crash.
fn gate() -> (Camera, Vec<Sample>) {
    let camera = Camera { group: 25, ..Camera::new(1, Some(AudioCodec::Aac)) };
    let samples = camera.samples(at(0), 12.0);
    (camera, samples)
}

/// H.265 and G.711, 6 s; from 4 s on it was written again elsewhere.
fn yard() -> (Camera, Vec<Sample>) {
    let tracks = Tracks { video: fake::video(VideoCodec::H265), audio: Some(fake::audio(AudioCodec::Pcmu)) };
    let camera = Camera { tracks: std::sync::Arc::new(tracks), group: 25, ..Camera::new(2, None) };
    let samples = camera.samples(at(0), 6.0);
    (camera, samples)
}

fn options() -> Options {
    let limits = archive::Limits { segment_ticks: 4 * 90_000, ..archive::Limits::default() };
    Options { limits, ..fake::options() }
}

/// Makes the volume. What the code of that day wrote was committed; it is not made again.
fn make(root: &Path) {
    let open = || Archive::open(Dir::open(root).unwrap(), options(), at(0)).unwrap().0;
    let mut archive = open();
    let old = Camera { group: 25, ..Camera::new(3, None) };
    archive.begin_run(old.key, old.tracks.clone(), at(0)).unwrap();
    fake::record(&mut archive, old.key, &old.samples(at(0), 5.0));
    archive.end_run(old.key, at(5000)).unwrap();
    let now = Retention { before: [(old.key.camera, at(4000))].into(), ..Retention::default() };
    archive.tick(at(5000));
    assert_eq!(archive.enforce(&now, at(5500)).unwrap().deleted.len(), 1);
    let range = WallRange { from: at(1000), to: at(2000) };
    let lock = Lock { id: Uuid::from_u128(7), cameras: Vec::new(), range, note: "Case 7".to_owned() };
    archive.lock(lock, at(5500)).unwrap();

    let mut lane = Lane::new(archive);
    let (yard, samples) = yard();
    lane.execute(Order::CameraClock(yard.key, Some(-3_600_000_000)), at(0));
    let begin = |camera: &Camera| Order::Begin {
        key: camera.key,
        tracks: camera.tracks.clone(),
        again: false,
        at: at(0),
    };
    lane.execute(begin(&yard), at(0));
    let mut run = 0;
    for (number, sample) in samples.into_iter().enumerate() {
        let wall = sample.wall;
        let done = lane.execute(Order::Push(yard.key, number as u64, sample), wall);
        run = done.placed.map_or(run, |(_, placed)| placed.run);
    }
    lane.execute(Order::End(yard.key, 10_000), at(6000));
    assert!(lane.tick(at(6000)).failed.is_none());
    let void = Void { run, pictures_from: 4 * 90_000, sound_from: 4 * 90_000 };
    lane.execute(Order::Settle(yard.key, void), at(6500));
    lane.close(at(6500)).unwrap();
    archive::volume::adopt(&Dir::open(root).unwrap(), fake::site(), &FakeSigner, "anna", at(6600)).unwrap();

    let mut archive = open();
    let (gate, samples) = gate();
    archive.begin_run(gate.key, gate.tracks.clone(), at(0)).unwrap();
    for sample in &samples {
        for (ms, on) in [(2000, true), (5000, false)] {
            if sample.wall == at(ms) && sample.track == TrackKind::Video {
                archive.mark(gate.key, Mark { time: at(ms), kind: MarkKind::Motion, on }).unwrap();
            }
        }
        archive.push(gate.key, sample, sample.wall).unwrap();
        if sample.time % 45_000 == 0 {
            assert!(archive.tick(sample.wall).errors.is_empty());
        }
    }
    archive.tick(at(13_000));
    // Dropped, not closed: as by a crash.
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The frames that a reader finds, each with its bytes.
fn found(reader: &Reader<Dir>, camera: &Camera) -> Vec<(TrackKind, i64, WallTime, bytes::Bytes)> {
    let mut plan = reader.plan(camera.key, fake::all(), BOTH);
    let mut found = Vec::new();
    while let Some(part) = plan.next() {
        if let archive::Part::Sample(sample) = part.unwrap() {
            found.push((sample.track, sample.time, sample.wall, plan.read(&sample).unwrap()));
        }
    }
    found
}

/// Everything that was recorded before `end` and nothing else is read, in order.
fn check(reader: &Reader<Dir>, camera: &Camera, samples: &[Sample], end: WallTime) {
    for kind in [TrackKind::Video, TrackKind::Audio] {
        let found: Vec<_> = found(reader, camera).into_iter().filter(|(of, ..)| *of == kind).collect();
        let given: Vec<_> = samples.iter().filter(|one| one.track == kind && one.wall < end).collect();
        // The youngest fragment of what a crash left behind may be missing.
        assert!(found.len() <= given.len() && found.len() + 30 > given.len(), "{kind:?} {}", found.len());
        for ((_, time, wall, data), given) in found.iter().zip(given) {
            assert_eq!((time, data), (&given.time, &given.data));
            assert!(wall.micros_since(given.wall).abs() <= 100);
        }
    }
}

#[test]
fn a_volume_of_version_1_is_read_checked_and_recorded_to() {
    if let Some(root) = std::env::var_os("ARCHIVE_MAKE_FIXTURE") {
        return make(Path::new(&root));
    }
    let ((gate, gate_samples), (yard, yard_samples)) = (gate(), yard());
    let (reader, volume) = Reader::look(Dir::open_for_reading(Path::new(FIXTURE)).unwrap()).unwrap();
    assert_eq!((volume.site, volume.volume), (fake::site(), fake::options().new_volume));
    check(&reader, &gate, &gate_samples, at(12_000));
    check(&reader, &yard, &yard_samples, at(4000));
    let activity = reader.activity(gate.key, fake::all(), Duration::ZERO);
    assert!(
        activity.iter().any(|one| one.range.from == at(2000) && one.range.to == at(5000)),
        "{activity:?}"
    );
    let excerpts = reader.excerpt(yard.key, fake::all()).unwrap();
    let head = reader.original(yard.key, excerpts[0].segment).unwrap().unwrap().head;
    assert_eq!(head.camera_wall, Some(head.source_wall.plus_micros(-3_600_000_000)));

    let check_all = Check { check_only: true, deep: true, verifier: Some(&FakeSigner) };
    let report = fsck(&Dir::open_for_reading(Path::new(FIXTURE)).unwrap(), check_all).unwrap();
    assert_eq!((report.deleted, report.locks, report.void), (2, 1, 1), "{report:#?}");
    assert!(report.problems.is_empty() && report.missing.is_empty(), "{report:#?}");

    let copied = tempfile::tempdir().unwrap();
    copy(Path::new(FIXTURE), copied.path());
    let (mut archive, recovery) =
        Archive::open(Dir::open(copied.path()).unwrap(), options(), at(20_000)).unwrap();
    assert!(recovery.damaged.is_empty() && recovery.missing.is_empty(), "{recovery:#?}");
    assert_eq!(archive.locks().len(), 1);
    check(&archive.reader(), &gate, &gate_samples, at(12_000));
    check(&archive.reader(), &yard, &yard_samples, at(4000));
    archive.begin_run(gate.key, gate.tracks.clone(), at(20_000)).unwrap();
    fake::record(&mut archive, gate.key, &gate.samples(at(20_000), 5.0));
    archive.close(at(25_000)).unwrap();
    let report = fsck(&Dir::open(copied.path()).unwrap(), check_all).unwrap();
    assert!(report.sound, "{report:#?}");
    let streams: HashSet<_> = reader.streams().into_iter().collect();
    assert_eq!(streams.len(), 3);
}
