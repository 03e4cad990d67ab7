//! What a failed commit leaves behind does not count.

use std::{io, time::Duration};

use archive::{
    Archive, Progress, Reader,
    set::{self, Lane, Order},
};
use model::WallTime;

use crate::{
    fake::{self, Camera, frames},
    sim_disk::{Faults, SimDisk},
};

fn at(ms: u64) -> WallTime {
    fake::start() + Duration::from_millis(ms)
}

fn open(disk: &SimDisk) -> Archive<SimDisk> {
    Archive::open(disk.clone(), fake::options(), fake::start()).unwrap().0
}

/// Records 12 s; the tick after 6 s fails, and so do the operations after it. What every report said.
fn recorded(disk: &SimDisk, failures: u64) -> (Archive<SimDisk>, Camera, Vec<Progress>) {
    let mut archive = open(disk);
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
fn pictures_of(archive: &Archive<SimDisk>, camera: &Camera) -> Vec<u64> {
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
    let read = pictures_of(&archive, &camera);
    let expected: Vec<u64> = (0..lost.start).chain(lost.end..read.last().unwrap() + 1).collect();
    assert_eq!(read, expected, "exactly what was lost is not there");
    assert!(read.last().unwrap() + 1 >= settled);
    // After a power cut as well, and the chain still holds together.
    drop(archive);
    for seed in 0..20 {
        let crashed = disk.crash(seed);
        let archive = open(&crashed);
        let read = pictures_of(&archive, &camera);
        assert_eq!(read, expected.iter().copied().take(read.len()).collect::<Vec<_>>(), "seed {seed}");
        assert!(read.last().unwrap() + 1 >= settled);
        archive.close(at(20_000)).unwrap();
        let check = archive::fsck::Check { check_only: true, deep: true, verifier: None };
        let report = archive::fsck::fsck(&crashed, check).unwrap();
        assert!(report.sound, "{report:#?}");
    }
}

#[test]
fn what_a_volume_has_noted_as_void_is_not_read_by_anybody_who_reads_it_later() {
    let disk = SimDisk::new(1);
    let limits = archive::Limits { segment_ticks: 2 * 90_000, ..archive::Limits::default() };
    let options = archive::Options { limits, ..fake::options() };
    let mut lane = Lane::new(Archive::open(disk.clone(), options, fake::start()).unwrap().0);
    let camera = Camera { group: 25, ..Camera::new(1, None) };
    let mut done = lane.execute(
        Order::Begin { key: camera.key, tracks: camera.tracks.clone(), again: false, at: fake::start() },
        fake::start(),
    );
    let mut run = 0;
    for (index, sample) in camera.samples(fake::start(), 12.0).into_iter().enumerate() {
        let wall = sample.wall;
        done = lane.execute(Order::Push(camera.key, index as u64, sample), wall);
        run = done.placed.map_or(run, |(_, placed)| placed.run);
    }
    assert!(done.failed.is_none());
    // The end of it was written again elsewhere, from the key frame at 5 s on.
    let void = set::Void { run, pictures_from: 5 * 90_000, sound_from: 5 * 90_000 };
    lane.execute(Order::End(camera.key, 1000), at(12_000));
    assert!(lane.tick(at(12_000)).failed.is_none());
    lane.execute(Order::Settle(camera.key, void), at(12_500));
    drop(lane);

    let expected: Vec<u64> = (0..125).collect();
    let day = "2026-11-21/index".to_owned();
    for index_is_lost in [false, true] {
        if index_is_lost {
            disk.steal(&day);
        }
        // Without its site, to be played, exported and jumped to.
        let (reader, _) = Reader::look(disk.clone()).unwrap();
        let spans = reader.spans(camera.key.camera, camera.key.kind, fake::all(), Duration::ZERO);
        assert_eq!(spans.last().unwrap().range.to, at(5000), "{spans:?}");
        let excerpts = reader.excerpt(camera.key, fake::all()).unwrap();
        let mut pictures = 0;
        for excerpt in &excerpts {
            let original = reader.original(camera.key, excerpt.segment).unwrap().unwrap();
            let fragments = &original.fragments[excerpt.fragments.clone()];
            pictures += fragments.iter().map(|fragment| u64::from(fragment.video_samples)).sum::<u64>();
        }
        assert!((125..138).contains(&pictures), "whole fragments: {pictures}");
        let (_, frame) = reader.key_frame(camera.key, at(11_000)).unwrap().unwrap();
        assert_eq!(frame.wall, at(4000));
        // By its site, before the index is read and after.
        let (archive, loader) = Archive::open_lazily(disk.clone(), fake::options(), at(13_000)).unwrap();
        assert_eq!(pictures_of(&archive, &camera), expected);
        drop((archive, loader));
        let archive = open(&disk);
        assert_eq!(pictures_of(&archive, &camera), expected);
        archive.close(at(14_000)).unwrap();
    }
}
