//! What recording costs the engine alone: no camera, no network, real files. `cargo bench -p archive --bench cost`.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a measurement")]

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../tests/it/fake.rs"]
mod fake;

use std::time::Instant;

use archive::{Archive, Dir};
use media::{AudioCodec, Sample};
use model::{StreamKey, TrackKind};

use fake::Camera;

/// Nanoseconds that this thread has run on a processor.
fn cpu_ns() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or(0)
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

/// A stream-minute at 3 Mbit/s with sound.
fn main() {
    const STREAMS: u8 = 8;
    const SECONDS: f64 = 120.0;
    let directory = tempfile::tempdir().unwrap();
    let (mut archive, _) =
        Archive::open(Dir::open(directory.path()).unwrap(), fake::options(), fake::start()).unwrap();
    // 3 Mbit/s at 25 fps and a key frame every 2 s: 15000 bytes a picture on average.
    let mut samples: Vec<(StreamKey, Sample)> = Vec::new();
    for number in 0..STREAMS {
        let camera = Camera { size: 13_200, ..Camera::new(number, Some(AudioCodec::Aac)) };
        archive.begin_run(camera.key, camera.tracks.clone(), fake::start()).unwrap();
        let mut first_of_kind: [Option<bytes::Bytes>; 2] = [None, None];
        for mut sample in camera.samples(fake::start(), SECONDS) {
            // The same bytes again and again: the test's own memory must not count.
            let kind = if sample.track == TrackKind::Audio { None } else { Some(usize::from(sample.key)) };
            if let Some(kind) = kind {
                sample.data = first_of_kind[kind].get_or_insert(sample.data).clone();
            }
            samples.push((camera.key, sample));
        }
    }
    samples.sort_by_key(|(_, sample)| sample.wall);
    let before = resident_kib();
    let (wall, cpu, mut ticks) = (Instant::now(), cpu_ns(), 0);
    let mut tick = fake::start();
    for (key, sample) in &samples {
        archive.push(*key, sample, sample.wall).unwrap();
        if sample.wall.micros_since(tick) >= 500_000 {
            tick = sample.wall;
            ticks += 1;
            assert!(archive.tick(tick).errors.is_empty());
        }
    }
    let stream_minutes = f64::from(STREAMS) * SECONDS / 60.0;
    let bytes: u64 = (0..STREAMS).map(|number| archive.reader().bytes(fake::camera(number))).sum();
    println!(
        "{:.4} CPU-s a stream-minute, {:.2} s for {ticks} commits of {} MiB, {} KiB more resident",
        (cpu_ns() - cpu) as f64 / 1e9 / stream_minutes,
        wall.elapsed().as_secs_f64(),
        bytes >> 20,
        resident_kib() - before,
    );
    archive.close(tick).unwrap();
}
