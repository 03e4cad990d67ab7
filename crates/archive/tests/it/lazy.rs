//! Recording begins before the index has been read, and nobody sees that it was not.

use std::time::Duration;

use archive::{Archive, Loader, Retention};
use model::{WallRange, WallTime};

use crate::{
    fake::{self, Camera, frames, record},
    sim_disk::SimDisk,
};

const HOUR_US: i64 = 3_600_000_000;

fn at(hours: i64) -> WallTime {
    fake::start().plus_micros(hours * HOUR_US)
}

/// A camera with 4 s of footage each 12 hours, for five days; another one on the first day only.
fn recorded() -> (SimDisk, Camera, Camera) {
    let disk = SimDisk::new(1);
    let mut archive = Archive::open(disk.clone(), fake::options(), fake::start()).unwrap().0;
    let (often, once) = (Camera::new(1, None), Camera::new(2, None));
    for half_day in 0..10 {
        for camera in [&often, &once] {
            if camera.key == often.key || half_day == 0 {
                let start = at(half_day * 12);
                archive.begin_run(camera.key, camera.tracks.clone(), start).unwrap();
                record(&mut archive, camera.key, &camera.samples(start, 4.0));
                archive.end_run(camera.key, start.plus_micros(4_000_000)).unwrap();
            }
        }
    }
    archive.close(at(120)).unwrap();
    (disk, often, once)
}

fn reopened(disk: &SimDisk) -> (Archive<SimDisk>, Loader<SimDisk>) {
    Archive::open_lazily(disk.clone(), fake::options(), at(121)).unwrap()
}

#[test]
fn every_question_has_the_answer_of_the_whole_index() {
    let (disk, often, once) = recorded();
    let whole = Archive::open(disk.clone(), fake::options(), at(121)).unwrap().0.reader();
    type Ask = fn(&archive::Reader<SimDisk>, &Camera) -> String;
    let all: [Ask; 5] = [
        |reader, camera| {
            let days = WallRange { from: at(30), to: at(80) };
            format!("{:?}", reader.spans(camera.key.camera, camera.key.kind, days, Duration::ZERO))
        },
        |reader, camera| format!("{:?}", reader.newest(camera.key)),
        |reader, camera| format!("{:?}", reader.key_frame(camera.key, at(70)).unwrap()),
        |reader, camera| {
            format!("{:?}", reader.days(camera.key, |at| (at.utc_date(), at + Duration::from_secs(86_400))))
        },
        |reader, camera| {
            let range = WallRange { from: at(24), to: at(60) };
            reader.plan(camera.key, range, fake::BOTH).map(|part| format!("{:?}", part.unwrap())).collect()
        },
    ];
    for ask in all {
        for camera in [&often, &once] {
            let (archive, _) = reopened(&disk);
            let reader = archive.reader();
            assert!(!reader.complete());
            assert_eq!(ask(&reader, camera), ask(&whole, camera));
        }
    }
}

#[test]
fn a_key_frame_is_the_last_one_though_only_older_days_were_read() {
    let (disk, often, _) = recorded();
    let (archive, _) = reopened(&disk);
    let reader = archive.reader();
    // The first day is read for somebody else.
    let old = WallRange { from: at(-1), to: at(1) };
    assert_eq!(reader.spans(often.key.camera, often.key.kind, old, Duration::ZERO).len(), 1);
    let (_, key) = reader.key_frame(often.key, at(71)).unwrap().unwrap();
    assert_eq!(key.wall.micros_since(at(60)) / 1_000_000, 2, "{key:?}");
}

#[test]
fn many_ask_at_once_right_after_a_start_and_all_are_told_the_whole() {
    let (first, often, once) = recorded();
    let whole = Archive::open(first.crash(0), fake::options(), at(121)).unwrap().0.reader();
    let spans = |reader: &archive::Reader<SimDisk>, camera: &Camera, range| {
        reader.spans(camera.key.camera, camera.key.kind, range, Duration::ZERO)
    };
    let ranges: Vec<WallRange> =
        (0..56).map(|hour| WallRange { from: at(2 * hour), to: at(2 * hour + 7) }).collect();
    for round in 0..40 {
        let disk = first.crash(round as u64);
        let (mut archive, loader) = reopened(&disk);
        let reader = archive.reader();
        std::thread::scope(|scope| {
            scope.spawn(move || loader.run().unwrap());
            for asker in 0..4 {
                let (reader, whole, ranges, often, once) = (&reader, &whole, &ranges, &often, &once);
                scope.spawn(move || {
                    // Each begins elsewhere.
                    for turn in 0..ranges.len() {
                        let range = ranges[(turn * 7 + asker * 17 + round) % ranges.len()];
                        for camera in [often, once] {
                            assert_eq!(spans(reader, camera, range), spans(whole, camera, range));
                        }
                        let key = |reader: &archive::Reader<SimDisk>| {
                            reader.key_frame(often.key, range.to).unwrap().map(|(_, sample)| sample)
                        };
                        assert_eq!(key(reader), key(whole));
                    }
                });
            }
            // Meanwhile both are recorded.
            for camera in [&often, &once] {
                archive.begin_run(camera.key, camera.tracks.clone(), at(122)).unwrap();
                record(&mut archive, camera.key, &camera.samples(at(122), 2.0));
            }
        });
        assert_eq!(spans(&reader, &often, fake::all()).len(), 11);
    }
}

#[test]
fn recording_goes_on_at_once_even_into_days_that_were_not_read() {
    // The clock is right, or was set back to a moment that has footage.
    for now in [121, 36] {
        let (disk, often, once) = recorded();
        let (mut archive, loader) = reopened(&disk);
        for camera in [&often, &once] {
            archive.begin_run(camera.key, camera.tracks.clone(), at(now)).unwrap();
            record(&mut archive, camera.key, &camera.samples(at(now), 5.0));
        }
        assert!(!archive.reader().complete());
        let deletes_nothing = Retention { volume_bytes: Some(0), ..Retention::default() };
        assert!(archive.enforce(&deletes_nothing, at(now)).unwrap().deleted.is_empty());
        let recovery = std::thread::spawn(move || loader.run()).join().unwrap().unwrap();
        assert!(archive.reader().complete());
        assert_eq!((recovery.segments, recovery.missing.len()), (11, 0), "{recovery:?}");
        for camera in [&often, &once] {
            archive.end_run(camera.key, at(now).plus_micros(5_000_000)).unwrap();
        }
        let read = frames(&archive, often.key, fake::all());
        assert_eq!(read.len(), 10 * 100 + 125);
        assert!(read.windows(2).all(|pair| pair[0].0.wall < pair[1].0.wall));
        assert_eq!(frames(&archive, once.key, fake::all()).len(), 100 + 125);
        archive.close(at(130)).unwrap();
        let check = archive::fsck::Check { check_only: true, deep: true, verifier: None };
        let report = archive::fsck::fsck(&disk, check).unwrap();
        // Where the clock was set back, heads are not in the order of time.
        assert!(report.missing.is_empty() && (report.sound || now == 36), "{report:#?}");
        let (archive, recovery) = Archive::open(disk, fake::options(), at(131)).unwrap();
        assert_eq!((recovery.segments, recovery.from_index), (13, 13));
        assert_eq!(frames(&archive, often.key, fake::all()).len(), 10 * 100 + 125);
    }
}
