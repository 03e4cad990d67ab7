//! What starting and the timeline cost with many recordings: `cargo bench -p archive --bench index`.
//!
//! Makes a volume of 8 cameras with 30 days of motion recordings of a minute each, with marks: 345,600 segments, each a
//! real file of a few pictures, in memory (`/dev/shm`) or in `INDEX_DIR`. Then it is opened as after a stop, by a
//! process that has seen none of it, and asked. The system has the directories in memory; the disk's share of a cold
//! start is not measured.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a measurement")]

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../tests/it/fake.rs"]
mod fake;

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use archive::{Archive, Dir, Mark, MarkKind};
use media::Sample;
use model::{StreamKind, TrackKind, WallRange, WallTime};

const CAMERAS: u8 = 8;
const DAYS: i64 = 30;
const MINUTE_US: i64 = 60_000_000;

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

fn start() -> WallTime {
    "2026-10-01T00:00:00Z".parse().unwrap()
}

/// A key frame and two pictures almost a minute later (the last one is as long as the one before), with motion from the
/// first to the last.
fn make(root: &Path) {
    let now = start();
    let (mut archive, _) = Archive::open(Dir::open(root).unwrap(), fake::options(), now).unwrap();
    let tracks = fake::tracks(None);
    for minute in 0..DAYS * 1440 {
        let at = now.plus_micros(minute * MINUTE_US);
        for number in 0..CAMERAS {
            let key = fake::camera(number);
            archive.begin_run(key, tracks.clone(), at).unwrap();
            for time in [0, 58 * 90_000, 58 * 90_000 + 3600] {
                let first = time == 0;
                let wall = at.plus_micros(time * 100 / 9);
                if time % 90_000 == 0 {
                    archive.mark(key, Mark { time: wall, kind: MarkKind::Motion, on: first }).unwrap();
                }
                let data = fake::payload(TrackKind::Video, minute * 90_000 + time, 40);
                let track = TrackKind::Video;
                let sample = Sample { track, time, composition_offset: 0, wall, key: first, data };
                archive.push(key, &sample, wall).unwrap();
            }
            archive.end_run(key, at.plus_micros(59_000_000)).unwrap();
        }
        if minute % 60 == 0 {
            assert!(archive.tick(at).errors.is_empty());
        }
    }
    archive.close(now.plus_micros(DAYS * 1440 * MINUTE_US)).unwrap();
}

fn quantiles(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3;
    format!("p50 {:.3} ms, p99 {:.3} ms", at(0.5), at(0.99))
}

fn measure(root: &Path) {
    let end = start().plus_micros(DAYS * 1440 * MINUTE_US);
    let before = resident_kib();
    let begun = Instant::now();
    let (mut archive, loader) = Archive::open_lazily(Dir::open(root).unwrap(), fake::options(), end).unwrap();
    let opened = begun.elapsed();
    let key = fake::camera(0);
    archive.begin_run(key, fake::tracks(None), end).unwrap();
    let sample = Sample {
        track: TrackKind::Video,
        time: 0,
        composition_offset: 0,
        wall: end,
        key: true,
        data: fake::payload(TrackKind::Video, 0, 40),
    };
    archive.push(key, &sample, end).unwrap();
    assert!(archive.tick(end + Duration::from_millis(500)).errors.is_empty());
    let recording = begun.elapsed();
    let recovery = loader.run().unwrap();
    let loaded = begun.elapsed();
    assert!(recovery.missing.is_empty() && recovery.from_index == recovery.segments, "{recovery:?}");
    println!(
        "start with {} segments: {:.1} ms, first fragment on disk after {:.1} ms, index whole after {:.0} ms; {} bytes of memory a segment",
        recovery.segments,
        opened.as_secs_f64() * 1e3,
        recording.as_secs_f64() * 1e3,
        loaded.as_secs_f64() * 1e3,
        (resident_kib() - before) * 1024 / recovery.segments
    );
    let reader = archive.reader();
    let ask = |camera: u8, days: i64, offset: i64, resolution: Duration| {
        let to = end.plus_micros(-offset * MINUTE_US);
        let range = WallRange { from: to.plus_micros(-days * 1440 * MINUTE_US), to };
        let key = fake::camera(camera);
        let spans = reader.spans(key.camera, StreamKind::Main, range, resolution);
        (spans.len(), reader.activity(key, range, resolution).len())
    };
    for (name, days, resolution) in [("1 day", 1, 0), ("30 days", 30, 0), ("30 days, to 5 minutes", 30, 300)]
    {
        let resolution = Duration::from_secs(resolution);
        let mut found = (0, 0);
        let times = (0..500).map(|round| {
            let begun = Instant::now();
            found = ask((round % 8) as u8, days, round % 700, resolution);
            begun.elapsed()
        });
        let times = quantiles(times.collect());
        println!("timeline of one camera, {name}: {times} ({} stretches, {} of motion)", found.0, found.1);
    }
    let times = (0..20).map(|_| {
        let begun = Instant::now();
        // Eight times the eight cameras: in memory there is no difference.
        let found: usize = (0..64).map(|camera| ask(camera % CAMERAS, DAYS, 0, Duration::ZERO).0).sum();
        assert!(found > 64 * 40_000);
        begun.elapsed()
    });
    println!("timeline of 64 cameras, 30 days, every stretch: {}", quantiles(times.collect()));
}

fn main() {
    if let Some(root) = std::env::var_os("INDEX_MEASURE") {
        return measure(Path::new(&root));
    }
    let directory = std::env::var_os("INDEX_DIR").map_or_else(|| PathBuf::from("/dev/shm"), PathBuf::from);
    let root = tempfile::tempdir_in(directory).unwrap();
    make(root.path());
    // A process of its own, so that nothing of the making is in its memory.
    let this = std::env::current_exe().unwrap();
    assert!(Command::new(this).env("INDEX_MEASURE", root.path()).status().unwrap().success());
}
