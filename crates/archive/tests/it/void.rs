//! What a failed commit leaves behind does not count, on whatever volume it is written again.

use std::{io, time::Duration};

use archive::{Archive, Options, Progress, Void};
use model::WallTime;

use crate::{
    fake::{self, Camera, frames},
    sim_disk::{Faults, SimDisk},
};

fn at(ms: u64) -> WallTime {
    fake::start() + Duration::from_millis(ms)
}

fn open(disk: &SimDisk, voids: Vec<Void>) -> Archive<SimDisk> {
    Archive::open(disk.clone(), Options { voids, ..fake::options() }, fake::start()).unwrap().0
}

/// Records 12 s; the tick after 6 s fails, and so do the operations after it. What every report said.
fn recorded(disk: &SimDisk, failures: u64) -> (Archive<SimDisk>, Camera, Vec<Progress>) {
    let mut archive = open(disk, Vec::new());
    let camera = Camera::new(1, None);
    archive.begin_run(camera.key, camera.tracks.clone(), fake::start()).unwrap();
    let mut told = Vec::new();
    for (index, sample) in camera.samples(fake::start(), 12.0).iter().enumerate() {
        let _ = archive.push(camera.key, sample, sample.wall);
        if index == 149 {
            // The tick that comes commits.
            let first = disk.ops() + 1;
            let fail_at = (first..first + failures).map(|at| (at, io::ErrorKind::Other)).collect();
            disk.set_faults(Faults { fail_at, ..Faults::default() });
        }
        if index % 15 == 14 {
            let report = archive.tick(sample.wall);
            assert_eq!(report.errors.is_empty(), index != 149 || failures == 0, "{index} {report:?}");
            told.extend(report.progress);
            if index == 149 {
                disk.set_faults(Faults::default());
            }
        }
    }
    (archive, camera, told)
}

/// Which of the pictures can be read.
fn pictures(archive: &Archive<SimDisk>, camera: &Camera) -> Vec<u64> {
    frames(archive, camera.key, fake::all()).iter().map(|(frame, _)| frame.time as u64 / 3600).collect()
}

#[test]
fn what_is_settled_lost_and_left_is_told_for_each_sample() {
    let disk = SimDisk::new(1);
    let (archive, camera, told) = recorded(&disk, 1);
    let lost: Vec<_> = told.iter().flat_map(|one| one.lost.clone()).collect();
    assert_eq!(lost.len(), 1, "{told:?}");
    let lost = lost[0].clone();
    assert!(lost.start > 100 && lost.end == 150, "{lost:?}");
    assert!(told.windows(2).all(|pair| pair[0].settled <= pair[1].settled), "{told:?}");
    let settled = told.last().unwrap().settled;
    let read = pictures(&archive, &camera);
    let expected: Vec<u64> = (0..lost.start).chain(lost.end..read.last().unwrap() + 1).collect();
    assert_eq!(read, expected, "exactly what was lost is not there");
    assert!(read.last().unwrap() + 1 >= settled);
    // After a power cut as well, and the chain still holds together.
    drop(archive);
    for seed in 0..20 {
        let crashed = disk.crash(seed);
        let archive = open(&crashed, Vec::new());
        let read = pictures(&archive, &camera);
        assert_eq!(read, expected.iter().copied().take(read.len()).collect::<Vec<_>>(), "seed {seed}");
        assert!(read.last().unwrap() + 1 >= settled);
        archive.close(at(20_000)).unwrap();
        let check = archive::fsck::Check { check_only: true, deep: true, verifier: None };
        let report = archive::fsck::fsck(&crashed, check).unwrap();
        assert!(report.sound, "{report:#?}");
    }
}

#[test]
fn what_the_disk_does_not_let_go_of_is_void_at_the_next_start() {
    let disk = SimDisk::new(1);
    let mut archive = open(&disk, Vec::new());
    let camera = Camera::new(1, None);
    archive.begin_run(camera.key, camera.tracks.clone(), fake::start()).unwrap();
    for (index, sample) in camera.samples(fake::start(), 4.0).iter().enumerate() {
        archive.push(camera.key, sample, sample.wall).unwrap();
        if index == 49 {
            assert!(archive.tick(sample.wall).errors.is_empty());
        }
    }
    let durable = pictures(&archive, &camera).len();
    // From now on everything fails.
    let first = disk.ops() + 1;
    let fail_at = (first..first + 100).map(|at| (at, io::ErrorKind::Other)).collect();
    disk.set_faults(Faults { fail_at, ..Faults::default() });
    let report = archive.tick(at(4100));
    assert!(!report.errors.is_empty());
    let voids = archive.voids().to_vec();
    assert_eq!(voids.len(), 1, "{voids:?}");
    let left = pictures(&archive, &camera);
    assert!(left.len() < durable && left.len() >= 38, "void is not read: {} of {durable}", left.len());
    drop(archive);

    // The other volume keeps the note over a crash of its own.
    let other = SimDisk::new(2);
    let mut fallback = open(&other, Vec::new());
    fallback.record_voids(&voids, at(4200)).unwrap();
    fallback.record_voids(&voids, at(4300)).unwrap();
    drop(fallback);
    let noted = open(&other.crash(1), Vec::new()).recorded_voids().to_vec();
    assert_eq!(noted, voids);

    disk.set_faults(Faults::default());
    let archive = open(&disk, noted.clone());
    assert_eq!(pictures(&archive, &camera), left);
    archive.close(at(5000)).unwrap();
    assert_eq!(pictures(&open(&disk, noted), &camera), left, "and once more");
    let strange = Void { path: "../volume.json".to_owned(), ..voids[0].clone() };
    open(&disk, vec![strange, Void { path: "volume.json".to_owned(), ..voids[0].clone() }]);
    assert!(disk.paths().contains(&"volume.json".to_owned()), "only segments are cut");
}
