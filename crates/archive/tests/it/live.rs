//! Readers beside the writer, indexes that come and go, clocks that jump.

use std::{sync::Arc, time::Duration};

use archive::{Archive, Part, TickReport};
use media::{AudioCodec, Sample};
use model::{StreamKey, TrackKind, WallRange, WallTime};
use proptest::prelude::*;

use crate::{
    fake::{self, BOTH, Camera, frames, record},
    sim_disk::SimDisk,
};

fn open(disk: &SimDisk) -> Archive<SimDisk> {
    Archive::open(disk.clone(), fake::options(), fake::start()).unwrap().0
}

#[test]
fn a_plan_reaches_the_newest_written_fragment_while_recording_goes_on() {
    let disk = SimDisk::new(1);
    let mut archive = open(&disk);
    let camera = Camera::new(1, Some(AudioCodec::Pcma));
    archive.begin_run(camera.key, camera.tracks.clone(), fake::start()).unwrap();
    let samples = camera.samples(fake::start(), 20.0);
    let (first, second) = samples.split_at(samples.len() / 2);
    record(&mut archive, camera.key, first);
    let reader = archive.reader();
    let range = WallRange { from: fake::start(), to: fake::start().plus_micros(15_000_000) };
    let mut plan = reader.plan(camera.key, range, BOTH);
    let mut seen: Vec<i64> = plan
        .by_ref()
        .take(100)
        .filter_map(|part| match part.unwrap() {
            Part::Sample(sample) if sample.track == TrackKind::Video => Some(sample.time),
            _ => None,
        })
        .collect();
    let newest = reader.newest(camera.key).unwrap();
    assert!(first.last().unwrap().wall.micros_since(newest) < 1_100_000, "{newest}");
    // The segment is closed under the plan's feet.
    record(&mut archive, camera.key, second);
    archive.end_run(camera.key, second.last().unwrap().wall).unwrap();
    seen.extend(plan.filter_map(|part| match part.unwrap() {
        Part::Sample(sample) if sample.track == TrackKind::Video => Some(sample.time),
        _ => None,
    }));
    let expected: Vec<i64> = (0..15 * 25).map(|index| index * 3600).collect();
    assert_eq!(seen, expected);
}

#[test]
fn readers_on_other_threads_see_whole_frames_only() {
    let disk = SimDisk::new(1);
    let mut archive = open(&disk);
    let camera = Camera::new(1, None);
    archive.begin_run(camera.key, camera.tracks.clone(), fake::start()).unwrap();
    let samples = camera.samples(fake::start(), 60.0);
    std::thread::scope(|scope| {
        let reader = archive.reader();
        let watcher = scope.spawn(move || {
            let mut most = 0;
            while most < 1400 {
                let mut plan = reader.plan(camera.key, fake::all(), BOTH);
                let mut count = 0;
                while let Some(part) = plan.next() {
                    if let Part::Sample(sample) = part.unwrap() {
                        let data = plan.read(&sample).unwrap();
                        assert!(data.starts_with(format!("Video {} ", sample.time).as_bytes()));
                        count += 1;
                    }
                }
                assert!(count >= most);
                most = count;
            }
        });
        record(&mut archive, camera.key, &samples);
        archive.end_run(camera.key, samples.last().unwrap().wall).unwrap();
        watcher.join().unwrap();
    });
}

#[test]
fn the_index_can_be_deleted_and_is_rebuilt() {
    let disk = SimDisk::new(1);
    let camera = Camera::new(1, None);
    let mut archive = open(&disk);
    for run in 0..3 {
        let start = fake::start().plus_micros(run * 100_000_000);
        archive.begin_run(camera.key, camera.tracks.clone(), start).unwrap();
        record(&mut archive, camera.key, &camera.samples(start, 10.0));
        archive.end_run(camera.key, start.plus_micros(10_000_000)).unwrap();
    }
    let before = frames(&archive, camera.key, fake::all());
    archive.close(fake::start().plus_micros(400_000_000)).unwrap();
    let indexes: Vec<String> = disk.paths().into_iter().filter(|path| path.ends_with("/index")).collect();
    assert_eq!(indexes, ["2026-11-21/index", "2026-11-22/index"]);
    for damage in 0..3 {
        for path in disk.paths().into_iter().filter(|path| path.ends_with("/index")) {
            match damage {
                0 => {}
                1 => drop(disk.steal(&path)),
                _ => disk.set_content(&path, vec![0; 100]),
            }
        }
        let (archive, recovery) = Archive::open(disk.clone(), fake::options(), fake::start()).unwrap();
        assert_eq!((recovery.segments, recovery.from_index), (3, if damage == 0 { 3 } else { 0 }));
        assert_eq!(frames(&archive, camera.key, fake::all()), before);
        let days = archive.reader().days(camera.key, |at| {
            let (year, month, day) = at.utc_date();
            let end = format!("{year}-{month:02}-{day:02}T00:00:00Z").parse::<WallTime>().unwrap();
            (day, end + Duration::from_secs(86_400))
        });
        assert_eq!(days, [21, 22]);
        archive.close(fake::start()).unwrap();
    }
}

#[test]
fn a_key_frame_is_found_for_every_moment() {
    let disk = SimDisk::new(1);
    let mut archive = open(&disk);
    let camera = Camera::new(1, None);
    archive.begin_run(camera.key, camera.tracks.clone(), fake::start()).unwrap();
    record(&mut archive, camera.key, &camera.samples(fake::start(), 10.0));
    let reader = archive.reader();
    let at = |ms| fake::start() + Duration::from_millis(ms);
    for (moment, key) in [(0, 0), (1999, 0), (2000, 2000), (7777, 6000), (60_000, 8000)] {
        let (tracks, sample) = reader.key_frame(camera.key, at(moment)).unwrap().unwrap();
        assert_eq!((sample.wall, tracks), (at(key), camera.tracks.clone()), "{moment} ms");
        let expected = format!("Video {} ", key * 90);
        assert!(reader.read(camera.key, &sample).unwrap().starts_with(expected.as_bytes()));
    }
    assert!(reader.key_frame(camera.key, fake::start() - Duration::from_secs(1)).unwrap().is_none());
}

#[test]
fn frames_that_wait_and_bytes_that_are_not_durable_are_told_as_at_risk() {
    let disk = SimDisk::new(1);
    let mut archive = open(&disk);
    let camera = Camera::new(1, None);
    archive.begin_run(camera.key, camera.tracks.clone(), fake::start()).unwrap();
    let mut most = Duration::ZERO;
    for (index, sample) in camera.samples(fake::start(), 10.0).iter().enumerate() {
        archive.push(camera.key, sample, sample.wall).unwrap();
        if index % 12 == 0 {
            let TickReport { at_risk, .. } = archive.tick(sample.wall);
            most = most.max(at_risk);
        }
    }
    assert!(most <= Duration::from_millis(500), "{most:?}");
    disk.set_faults(crate::sim_disk::Faults { crash_at: Some(disk.ops() + 1), ..Default::default() });
    let report = archive.tick(fake::start() + Duration::from_secs(11));
    assert!(!report.errors.is_empty() && report.lost_samples > 0, "{report:?}");
}

/// Pictures whose wall clock jumps at some of them.
fn jumping(camera: &Camera, jumps: &[(usize, i64)]) -> Vec<Sample> {
    let mut offset = 0;
    let mut samples = camera.samples(fake::start(), 60.0);
    for (index, sample) in samples.iter_mut().enumerate() {
        offset += jumps.iter().filter(|(at, _)| *at == index).map(|(_, by)| *by).sum::<i64>();
        sample.wall = sample.wall.plus_micros(offset);
    }
    samples
}

fn check_clock(key: StreamKey, archive: &Archive<SimDisk>, samples: &[Sample]) {
    let reader = archive.reader();
    let spans = reader.spans(key.camera, key.kind, fake::all(), Duration::ZERO);
    assert!(spans.windows(2).all(|pair| pair[0].range.to <= pair[1].range.from), "{spans:?}");
    let read = frames(archive, key, fake::all());
    assert_eq!(read.len(), samples.len(), "nothing vanished");
    assert!(read.windows(2).all(|pair| pair[0].0.wall < pair[1].0.wall), "no two frames share a time");
    for (frame, _) in read {
        let range = WallRange { from: frame.wall, to: frame.wall.plus_micros(1) };
        let found = frames(archive, key, range);
        assert!(found.iter().any(|(other, _)| other.time == frame.time && !other.preroll), "{frame:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]
    #[test]
    fn clock_jumps_never_make_footage_overlap_or_vanish(
        jumps in prop::collection::vec((1usize..1500, prop_oneof![
            -20_000_000i64..20_000_000, Just(3_600_000_000), Just(-3_600_000_000),
            Just(315_000_000_000_000), Just(-315_000_000_000_000),
        ]), 0..4)
    ) {
        let disk = SimDisk::new(1);
        let limits = archive::Limits { segment_ticks: 10 * 90_000, ..archive::Limits::default() };
        let options = archive::Options { limits, ..fake::options() };
        let mut archive = Archive::open(disk, options, fake::start()).unwrap().0;
        let camera = Camera { size: 1, ..Camera::new(1, None) };
        archive.begin_run(camera.key, camera.tracks.clone(), fake::start()).unwrap();
        let samples = jumping(&camera, &jumps);
        for sample in &samples {
            // The server's clock jumps with the camera's.
            archive.push(camera.key, sample, sample.wall).unwrap();
        }
        archive.end_run(camera.key, samples.last().unwrap().wall).unwrap();
        check_clock(camera.key, &archive, &samples);
    }
}

#[test]
fn a_foreign_volume_and_a_second_writer_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let dir = archive::Dir::open(directory.path()).unwrap();
    assert_eq!(archive::Dir::open(directory.path()).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    let (archive, _) = Archive::open(dir, fake::options(), fake::start()).unwrap();
    archive.close(fake::start()).unwrap();
    let other = model::SiteId::from_bytes([1; 16]);
    let options = archive::Options::new(other, Arc::new(fake::FakeSigner));
    let opened = Archive::open(archive::Dir::open(directory.path()).unwrap(), options, fake::start());
    assert!(matches!(opened, Err(archive::Error::ForeignVolume { made_by }) if made_by == fake::site()));
}
