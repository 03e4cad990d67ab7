//! What must go goes, the oldest first; what is locked stays; the journal knows.

use std::{collections::HashMap, time::Duration};

use archive::{
    Archive, Lock, Reason, Retention,
    fsck::{Check, fsck},
};
use model::WallRange;
use uuid::Uuid;

use crate::{
    fake::{self, Camera, FakeSigner, frames, record},
    sim_disk::SimDisk,
};

/// Two cameras, a minute each, in segments of 10 s.
fn recorded(disk: &SimDisk) -> (Archive<SimDisk>, [Camera; 2]) {
    let limits = archive::Limits { segment_ticks: 10 * 90_000, ..archive::Limits::default() };
    let options = archive::Options { limits, ..fake::options() };
    let mut archive = Archive::open(disk.clone(), options, fake::start()).unwrap().0;
    let cameras = [Camera::new(1, None), Camera::new(2, None)];
    for camera in &cameras {
        archive.begin_run(camera.key, camera.tracks.clone(), fake::start()).unwrap();
    }
    let mut samples: Vec<_> = cameras
        .iter()
        .flat_map(|camera| camera.samples(fake::start(), 60.0).into_iter().map(|sample| (camera.key, sample)))
        .collect();
    samples.sort_by_key(|(_, sample)| sample.wall);
    for (key, sample) in &samples {
        archive.push(*key, sample, sample.wall).unwrap();
    }
    let end = fake::start().plus_micros(60_000_000);
    for camera in &cameras {
        archive.end_run(camera.key, end).unwrap();
    }
    assert!(archive.tick(end).errors.is_empty());
    (archive, cameras)
}

fn seconds(from: i64, to: i64) -> WallRange {
    WallRange {
        from: fake::start().plus_micros(from * 1_000_000),
        to: fake::start().plus_micros(to * 1_000_000),
    }
}

#[test]
fn the_oldest_goes_first_until_the_limit_holds_and_locks_win() {
    let disk = SimDisk::new(1);
    let (mut archive, cameras) = recorded(&disk);
    let now = seconds(60, 61).from;
    let lock = Lock {
        id: Uuid::from_u128(1),
        cameras: vec![cameras[0].key.camera],
        range: seconds(12, 13),
        note: "it happened here".to_owned(),
    };
    archive.lock(lock, now).unwrap();
    let reader = archive.reader();
    let used: u64 = cameras.iter().map(|camera| reader.bytes(camera.key)).sum();
    let retention = Retention { volume_bytes: Some(used / 2), ..Retention::default() };
    let enforced = archive.enforce(&retention, now).unwrap();
    assert_eq!(enforced.missing_bytes, 0);
    assert!(enforced.deleted.iter().all(|deleted| deleted.reason == Reason::Room));
    let spans = |camera: &Camera| -> Vec<_> {
        let spans = reader.spans(camera.key.camera, camera.key.kind, fake::all(), Duration::ZERO);
        spans.iter().map(|span| span.range).collect()
    };
    assert_eq!(spans(&cameras[0]), [seconds(10, 20), seconds(40, 60)]);
    assert_eq!(spans(&cameras[1]), [seconds(30, 60)]);

    // The lock outlives the process, and what was deleted is not called missing.
    archive.close(now).unwrap();
    let report = fsck(&disk, Check { deep: true, verifier: Some(&FakeSigner), ..Check::default() }).unwrap();
    assert!(report.sound, "{report:#?}");
    let (mut archive, recovery) = Archive::open(disk.clone(), fake::options(), now).unwrap();
    assert_eq!((recovery.segments, recovery.from_index), (6, 6));
    assert_eq!(archive.locks().len(), 1);
    let retention = Retention { volume_bytes: Some(0), ..Retention::default() };
    let enforced = archive.enforce(&retention, now).unwrap();
    assert!(enforced.missing_bytes > 0 && enforced.locked_bytes > 0, "{enforced:?}");
    assert_eq!(frames(&archive, cameras[0].key, fake::all()).len(), 250);
    assert!(frames(&archive, cameras[1].key, fake::all()).is_empty());
    archive.unlock(Uuid::from_u128(1), now).unwrap();
    assert_eq!(archive.enforce(&retention, now).unwrap().deleted.len(), 1);
    archive.close(now).unwrap();
    assert!(
        disk.paths().iter().all(|path| !path.contains('/')),
        "empty days are removed: {:?}",
        disk.paths()
    );
}

#[test]
fn each_camera_has_its_days() {
    let disk = SimDisk::new(1);
    let (mut archive, cameras) = recorded(&disk);
    let now = seconds(60, 61).from;
    let max_age = HashMap::from([(cameras[1].key.camera, Duration::from_secs(25))]);
    let enforced = archive.enforce(&Retention { max_age, ..Retention::default() }, now).unwrap();
    assert_eq!(enforced.deleted.len(), 3);
    assert!(enforced.deleted.iter().all(|one| one.reason == Reason::Age && one.key == cameras[1].key));
    assert_eq!(archive.reader().oldest(cameras[1].key), Some(seconds(30, 31).from));
    assert_eq!(archive.reader().oldest(cameras[0].key), Some(fake::start()));
}

#[test]
fn the_reserve_of_the_disk_is_kept_free() {
    let disk = SimDisk::new(1);
    let (mut archive, cameras) = recorded(&disk);
    disk.set_faults(crate::sim_disk::Faults { capacity: Some(400_000), ..Default::default() });
    let now = seconds(60, 61).from;
    let enforced =
        archive.enforce(&Retention { reserve_bytes: 200_000, ..Retention::default() }, now).unwrap();
    assert!(!enforced.deleted.is_empty() && enforced.missing_bytes == 0);
    let left: u64 = cameras.iter().map(|camera| archive.reader().bytes(camera.key)).sum();
    assert!(left < 200_000);
}

#[test]
fn what_is_being_recorded_is_never_deleted() {
    let disk = SimDisk::new(1);
    let mut archive = Archive::open(disk, fake::options(), fake::start()).unwrap().0;
    let camera = Camera::new(1, None);
    archive.begin_run(camera.key, camera.tracks.clone(), fake::start()).unwrap();
    record(&mut archive, camera.key, &camera.samples(fake::start(), 5.0));
    let retention = Retention { volume_bytes: Some(0), ..Retention::default() };
    let enforced = archive.enforce(&retention, seconds(5, 6).from).unwrap();
    assert!(enforced.deleted.is_empty() && enforced.missing_bytes > 0);
    assert!(!frames(&archive, camera.key, fake::all()).is_empty());
}
