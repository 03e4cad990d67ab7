//! Marks are kept with the footage, survive what it survives, and are told quickly.

use std::time::Duration;

use archive::{Activity, Archive, Limits, Mark, MarkKind, MarkKinds, Options};
use model::{WallRange, WallTime};

use crate::{
    fake::{self, Camera},
    sim_disk::SimDisk,
};

fn open(disk: &SimDisk) -> Archive<SimDisk> {
    // Segments of 4 s, so that what goes on crosses them.
    let limits = Limits { segment_ticks: 4 * 90_000, ..Limits::default() };
    Archive::open(disk.clone(), Options { limits, ..fake::options() }, fake::start()).unwrap().0
}

fn at(ms: u64) -> WallTime {
    fake::start() + Duration::from_millis(ms)
}

/// What happens, in ms from the start.
fn script() -> Vec<(u64, Mark)> {
    let door = || MarkKind::Event("door".to_owned());
    let mark = |ms, kind, on| (ms, Mark { time: at(ms), kind, on });
    vec![
        mark(1000, MarkKind::Motion, true),
        mark(2500, door(), true),
        mark(2600, door(), false),
        mark(9000, MarkKind::Motion, false),
        mark(9500, MarkKind::Motion, true),
        mark(11_000, MarkKind::Motion, false),
        mark(16_000, MarkKind::Manual, true),
    ]
}

/// 20 s with these marks.
fn recorded(disk: &SimDisk) -> (Archive<SimDisk>, Camera) {
    let mut archive = open(disk);
    let camera = Camera { group: 25, ..Camera::new(1, None) };
    archive.begin_run(camera.key, camera.tracks.clone(), fake::start()).unwrap();
    let mut marks = script().into_iter().peekable();
    for sample in camera.samples(fake::start(), 20.0) {
        while let Some((_, mark)) = marks.next_if(|(ms, _)| at(*ms) <= sample.wall) {
            archive.mark(camera.key, mark).unwrap();
        }
        archive.push(camera.key, &sample, sample.wall).unwrap();
        if sample.time % 45_000 == 0 {
            assert!(archive.tick(sample.wall).errors.is_empty());
        }
    }
    assert!(archive.tick(at(20_500)).errors.is_empty());
    (archive, camera)
}

fn check(archive: &Archive<SimDisk>, camera: &Camera) {
    let reader = archive.reader();
    let activity = reader.activity(camera.key, fake::all(), Duration::ZERO);
    let expected = [
        (MarkKinds::MOTION, 1000, 9000),
        (MarkKinds::EVENT, 2500, 2600),
        (MarkKinds::MOTION, 9500, 11_000),
        (MarkKinds::MANUAL, 16_000, 20_000),
    ];
    let expected =
        expected.map(|(kind, from, to)| Activity { range: WallRange { from: at(from), to: at(to) }, kind });
    let near = |one: WallTime, other: WallTime| one.micros_since(other).abs() <= 1000;
    assert!(
        activity.len() == expected.len()
            && activity.iter().zip(&expected).all(|(one, other)| one.kind == other.kind
                && near(one.range.from, other.range.from)
                && near(one.range.to, other.range.to)),
        "{activity:#?}"
    );
    let joined = reader.activity(camera.key, fake::all(), Duration::from_secs(1));
    assert_eq!(joined.iter().filter(|one| one.kind == MarkKinds::MOTION).count(), 1, "{joined:?}");
    let range = WallRange { from: at(2000), to: at(10_000) };
    let marks: Vec<Mark> =
        reader.marks(camera.key, range).unwrap().into_iter().map(|(_, mark)| mark).collect();
    let expected = script().into_iter().map(|(_, mark)| mark);
    assert_eq!(marks, expected.filter(|mark| range.contains(mark.time)).collect::<Vec<_>>());
    let whole = reader.marks(camera.key, fake::all()).unwrap();
    assert_eq!(whole.len(), script().len(), "each is told once: {whole:#?}");
}

#[test]
fn marks_are_told_while_recording_after_a_crash_after_a_stop_and_without_index() {
    let disk = SimDisk::new(1);
    let (archive, camera) = recorded(&disk);
    check(&archive, &camera);
    let crashed = open(&disk.crash(3));
    check(&crashed, &camera);
    archive.close(at(20_500)).unwrap();
    check(&open(&disk), &camera);
    let indexes: Vec<String> = disk.paths().into_iter().filter(|path| path.ends_with("/index")).collect();
    assert!(!indexes.is_empty());
    indexes.iter().for_each(|path| drop(disk.steal(path)));
    check(&open(&disk), &camera);
}

#[test]
fn marks_without_a_run_are_refused_and_floods_are_bounded() {
    let mut archive = open(&SimDisk::new(1));
    let camera = Camera::new(1, None);
    let mark = |ms: u64| Mark { time: at(ms), kind: MarkKind::Motion, on: ms.is_multiple_of(2) };
    assert!(matches!(archive.mark(camera.key, mark(0)), Err(archive::Error::NoRun(_))));
    archive.begin_run(camera.key, camera.tracks.clone(), fake::start()).unwrap();
    for sample in camera.samples(fake::start(), 3.0) {
        for ms in 0..1000 {
            archive.mark(camera.key, mark(ms)).unwrap();
        }
        archive.push(camera.key, &sample, sample.wall).unwrap();
    }
    archive.end_run(camera.key, at(3000)).unwrap();
    let kept = archive.reader().marks(camera.key, fake::all()).unwrap().len();
    assert!((64..=2048).contains(&kept), "{kept}");
}
