//! Journals stay small and keep their word: deletions in short, hourly roots, and what a power cut took.

use std::{sync::Arc, time::Duration};

use archive::{
    Archive, Limits, Lock, Options, Purpose, Retention, Signer, Verifier,
    fsck::{Check, Report, fsck},
};
use model::{SiteId, WallRange, WallTime};
use uuid::Uuid;

use crate::{
    fake::{self, Camera, FakeSigner, frames, record},
    sim_disk::SimDisk,
};

fn at(seconds: i64) -> WallTime {
    fake::start().plus_micros(seconds * 1_000_000)
}

fn open(disk: &SimDisk, now: WallTime) -> Archive<SimDisk> {
    let limits = Limits { segment_ticks: 4 * 90_000, ..Limits::default() };
    Archive::open(disk.clone(), Options { limits, ..fake::options() }, now).unwrap().0
}

fn check(disk: &SimDisk) -> Report {
    fsck(disk, Check { check_only: true, deep: true, verifier: Some(&FakeSigner) }).unwrap()
}

fn segments(disk: &SimDisk) -> Vec<String> {
    disk.paths().into_iter().filter(|path| path.ends_with(".mp4")).collect()
}

#[test]
fn the_journal_of_deletions_is_shortened_and_still_tells_deleted_from_missing() {
    let disk = SimDisk::new(1);
    let mut archive = open(&disk, at(0));
    let cameras = [Camera::new(1, None), Camera::new(2, None)];
    for camera in &cameras {
        // One run of many segments, and shorter ones.
        for (from, to) in [(0, 40), (50, 60), (70, 100)] {
            archive.begin_run(camera.key, camera.tracks.clone(), at(from)).unwrap();
            record(&mut archive, camera.key, &camera.samples(at(from), (to - from) as f64));
            archive.end_run(camera.key, at(to)).unwrap();
        }
    }
    let range = WallRange { from: at(17), to: at(18) };
    let lock = Lock { id: Uuid::from_u128(1), cameras: Vec::new(), range, note: String::new() };
    archive.lock(lock, at(100)).unwrap();
    // Little by little, so that there are many entries.
    let bytes: u64 = cameras.iter().map(|camera| archive.reader().bytes(camera.key)).sum();
    for share in (4..20).rev() {
        let volume_bytes = Some(bytes * share / 20);
        archive.enforce(&Retention { volume_bytes, ..Retention::default() }, at(100)).unwrap();
    }
    let (long, left) = (disk.content("deletions").len(), segments(&disk));
    assert!(left.len() > 4 && left.len() < 20, "{}", left.len());
    let deleted = check(&disk).deleted;
    archive.shorten_journals(at(100)).unwrap();
    let short = disk.content("deletions").len();
    assert!(short * 4 < long, "{short} of {long} bytes");
    // It goes on as before, over a start as well.
    archive.enforce(&Retention { volume_bytes: Some(0), ..Retention::default() }, at(100)).unwrap();
    archive.close(at(101)).unwrap();
    let mut archive = open(&disk, at(102));
    archive.shorten_journals(at(102)).unwrap();
    archive.close(at(103)).unwrap();
    let report = check(&disk);
    assert!(report.sound, "{report:#?}");
    assert!(report.deleted > 0 && report.deleted <= deleted + left.len() as u64, "{report:#?}");
    // The locked segment of each camera is left, deep in what was deleted; it is missed when it is taken away.
    let left = segments(&disk);
    assert_eq!(left.len(), 2);
    disk.steal(&left[0]);
    let report = check(&disk);
    assert!(report.missing.iter().any(|missing| missing.path == left[0]), "{report:#?}");
}

#[test]
fn every_hour_a_root_stands_for_all_that_is_durable() {
    let disk = SimDisk::new(1);
    let mut archive = open(&disk, at(0));
    let cameras = [Camera::new(1, None), Camera::new(2, None)];
    let mut roots = Vec::new();
    for hour in 0..3 {
        let from = at(hour * 3600);
        for camera in &cameras {
            archive.begin_run(camera.key, camera.tracks.clone(), from).unwrap();
            record(&mut archive, camera.key, &camera.samples(from, 2.0));
            archive.end_run(camera.key, from.plus_micros(2_000_000)).unwrap();
        }
        assert!(archive.tick(from.plus_micros(3_000_000)).errors.is_empty());
        let root = archive.last_root().unwrap().clone();
        if roots.last() != Some(&root) {
            roots.push(root);
        }
    }
    assert!(roots.len() >= 3, "{roots:#?}");
    for pair in roots.windows(2) {
        assert_eq!(pair[1].hash(Some(&pair[0])), pair[1].root);
        let mut other = pair[1].clone();
        let digit = if other.streams[0].1.starts_with('0') { "1" } else { "0" };
        other.streams[0].1.replace_range(..1, digit);
        assert_ne!(other.hash(Some(&pair[0])), pair[1].root);
    }
    // Each value is one that stands in a segment.
    let files: Vec<Vec<u8>> = segments(&disk).iter().map(|path| disk.content(path)).collect();
    for (stream, value) in &roots.last().unwrap().streams {
        let value: Vec<u8> =
            (0..64).step_by(2).map(|at| u8::from_str_radix(&value[at..at + 2], 16).unwrap()).collect();
        assert!(files.iter().any(|file| file.windows(32).any(|bytes| bytes == value)), "{stream}");
    }
    let last = roots.last().cloned();
    archive.close(at(9000)).unwrap();
    let archive = open(&disk, at(9100));
    assert_eq!(archive.last_root(), last.as_ref(), "the next one goes on from it");
    assert!(check(&disk).sound);
}

#[test]
fn what_an_hourly_root_stood_for_is_missed_when_somebody_rewrites_the_end_of_a_stream() {
    let disk = SimDisk::new(1);
    let mut archive = open(&disk, at(0));
    let camera = Camera::new(1, None);
    archive.begin_run(camera.key, camera.tracks.clone(), at(0)).unwrap();
    // 23:58 to 0:01: a root in the midst of a segment.
    record(&mut archive, camera.key, &camera.samples(at(0), 180.0));
    archive.close(at(181)).unwrap();
    assert!(check(&disk).sound, "{:#?}", check(&disk));
    // Before the hour ended, with the site's key in hand: nothing after 23:59:30 was ever there, and other footage is.
    let other = SimDisk::new(1);
    let mut archive = open(&other, at(0));
    archive.begin_run(camera.key, camera.tracks.clone(), at(0)).unwrap();
    record(&mut archive, camera.key, &camera.samples(at(0), 90.0));
    archive.close(at(91)).unwrap();
    other.set_content("roots", disk.content("roots"));
    for deep in [false, true] {
        let asked = Check { check_only: true, deep, verifier: Some(&FakeSigner) };
        let report = fsck(&other, asked).unwrap();
        assert!(report.problems.iter().any(|one| one.path == "roots"), "{report:#?}");
    }
    // A lock that was there and is not.
    let locked = SimDisk::new(1);
    let mut archive = open(&locked, at(0));
    let lock = Lock { id: Uuid::from_u128(1), cameras: Vec::new(), range: fake::all(), note: String::new() };
    archive.lock(lock, at(0)).unwrap();
    archive.begin_run(camera.key, camera.tracks.clone(), at(0)).unwrap();
    record(&mut archive, camera.key, &camera.samples(at(0), 4.0));
    archive.close(at(5)).unwrap();
    assert!(check(&locked).sound);
    locked.set_content("locks", other.content("locks"));
    let report = check(&locked);
    assert!(report.problems.iter().any(|one| one.what.contains("locks")), "{report:#?}");
}

/// A site of its own: signs by hashing with its name, and takes only what it signed itself.
struct Site(SiteId);

impl Signer for Site {
    fn public_key(&self) -> Vec<u8> {
        self.0.as_bytes().to_vec()
    }

    fn sign(&self, purpose: Purpose, statement: &[u8]) -> Vec<u8> {
        [FakeSigner.sign(purpose, statement), self.public_key()].concat()
    }
}

impl Verifier for Site {
    fn holds(&self, key: &[u8], purpose: Purpose, statement: &[u8], signature: &[u8]) -> bool {
        self.holds_for(self.0, key, purpose, statement, signature)
    }

    fn holds_for(
        &self,
        site: SiteId,
        key: &[u8],
        purpose: Purpose,
        statement: &[u8],
        signature: &[u8],
    ) -> bool {
        key == site.as_bytes() && signature == Self(site).sign(purpose, statement)
    }
}

#[test]
fn an_adopted_volume_is_sound_and_says_who_signed_what_is_older() {
    let [first, second, stranger] = [1, 2, 3].map(|site| SiteId::from_bytes([site; 16]));
    let disk = SimDisk::new(1);
    let camera = Camera::new(1, None);
    let recorded_by = |site: SiteId, from: i64| {
        let options =
            Options { new_volume: fake::options().new_volume, ..Options::new(site, Arc::new(Site(site))) };
        let mut archive = Archive::open(disk.clone(), options, at(from)).unwrap().0;
        let id = Uuid::from_u128(from as u128);
        let lock = Lock { id, cameras: Vec::new(), range: fake::all(), note: String::new() };
        archive.lock(lock, at(from)).unwrap();
        archive.begin_run(camera.key, camera.tracks.clone(), at(from)).unwrap();
        record(&mut archive, camera.key, &camera.samples(at(from), 4.0));
        archive.close(at(from + 5)).unwrap();
    };
    recorded_by(first, 0);
    archive::volume::adopt(&disk, second, &Site(second), "anna", at(10)).unwrap();
    recorded_by(second, 20);
    let ask =
        |site| fsck(&disk, Check { check_only: true, deep: true, verifier: Some(&Site(site)) }).unwrap();
    let report = ask(second);
    assert!(report.sound, "{report:#?}");
    let [former] = report.former[..] else { panic!("{report:#?}") };
    assert_eq!(former.site, first);
    assert!(former.signatures >= 2, "a lock and a segment at least: {former:?}");
    assert!(!ask(stranger).sound, "whoever never had it has signed nothing");
    // The former owner signs nothing any more.
    let journal = disk.content("locks");
    disk.steal("adoptions");
    recorded_by(first, 40);
    archive::volume::adopt(&disk, second, &Site(second), "anna", at(50)).unwrap();
    recorded_by(second, 60);
    let report = ask(second);
    assert!(report.problems.iter().any(|problem| problem.path == "locks"), "{report:#?}");
    disk.set_content("locks", journal);
    // A note that somebody put there in the name of another site.
    archive::volume::adopt(&disk, stranger, &Site(first), "nobody", at(50)).unwrap();
    let report = ask(second);
    assert!(report.problems.iter().any(|problem| problem.path == "adoptions"), "{report:#?}");
}

#[test]
fn a_segment_that_a_power_cut_took_whole_is_told_from_one_that_was_removed() {
    let mut seen = [false; 2];
    for seed in 0..60 {
        let disk = SimDisk::new(seed);
        let mut archive = open(&disk, at(0));
        let camera = Camera::new(1, None);
        // The first is committed; the second begins and ends, and the third begins, before the next commit.
        for (from, seconds) in [(0, 3.0), (10, 0.3), (20, 0.3)] {
            archive.begin_run(camera.key, camera.tracks.clone(), at(from)).unwrap();
            for sample in camera.samples(at(from), seconds) {
                archive.push(camera.key, &sample, sample.wall).unwrap();
            }
            archive.end_run(camera.key, at(from + 4)).unwrap();
            if from == 0 {
                assert!(archive.tick(at(5)).errors.is_empty());
            }
        }
        let [first, second, third] = <[String; 3]>::try_from(segments(&disk)).unwrap();
        drop(archive);
        let crashed = disk.crash(seed);
        open(&crashed, at(30)).close(at(31)).unwrap();
        let left = segments(&crashed);
        assert!(left.contains(&first));
        let report = check(&crashed);
        let took = left.contains(&third) && !left.contains(&second);
        assert!(report.sound && report.lost.len() == usize::from(took), "{report:#?}");
        seen[usize::from(took)] = true;
        // What had been committed is missed.
        if left.len() == 3 {
            crashed.steal(&first);
            assert!(!check(&crashed).sound);
        }
    }
    assert_eq!(seen, [true; 2], "both happened");
}

#[test]
fn a_key_frame_has_its_duration() {
    let disk = SimDisk::new(1);
    let mut archive = open(&disk, at(0));
    let camera = Camera { step: 4500, ..Camera::new(1, None) };
    archive.begin_run(camera.key, camera.tracks.clone(), at(0)).unwrap();
    record(&mut archive, camera.key, &camera.samples(at(0), 10.0));
    archive.close(at(11)).unwrap();
    let archive = open(&disk, at(12));
    let (_, frame) = archive.reader().key_frame(camera.key, at(0) + Duration::from_secs(6)).unwrap().unwrap();
    assert_eq!(frame.duration, 4500);
    assert!(
        frames(&archive, camera.key, fake::all())
            .contains(&(frame, archive.reader().read(camera.key, &frame).unwrap()))
    );
}
