//! Which way of making recordings durable is cheapest: `cargo bench -p archive --bench commit`.
//!
//! Writes what so many streams of 3 Mbit/s write (a fragment each per half second) without waiting in between, and
//! commits in five ways: one `fdatasync` per file; the same on 8 threads; the same after all files' writing was started;
//! one `syncfs`; one log of all streams with one
//! `fdatasync`, from which each stream's segment is made every 30 s. Tells CPU and time on the disk of the directory
//! (`COMMIT_DIR`, else the system's for temporary files).
//!
//! With `COMMIT_TRACE` (a mounted tracefs) and `COMMIT_DEVICE` (`major,minor` of the disk below the directory) it also
//! tells what a hard disk would have taken for the very requests that the file system sent: 12 ms wherever a request
//! does not begin where the one before ended, and 150 MB/s. docs/design/0008 has the figures and how they were made.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a measurement")]

use std::{
    fs,
    io::{IoSlice, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

const FRAGMENT: usize = 187_500;
const SEEK: f64 = 0.012;
const BYTES_PER_S: f64 = 150e6;
/// The log is turned into segments after so many ticks of 500 ms.
const SEGMENT_TICKS: usize = 60;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Method {
    FdatasyncEach,
    FdatasyncThreads,
    FdatasyncStarted,
    Syncfs,
    Log,
}

/// CPU seconds of this process and of the kernel's threads that write back and keep the file system's journal.
fn cpu() -> f64 {
    let ran = |task: &Path| -> f64 {
        let stat = fs::read_to_string(task.join("schedstat")).unwrap_or_default();
        stat.split_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or(0.0)
    };
    let own: f64 = fs::read_dir("/proc/self/task").unwrap().flatten().map(|task| ran(&task.path())).sum();
    let kernel = fs::read_dir("/proc").unwrap().flatten().map(|process| process.path()).filter(|process| {
        let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
        name.starts_with("kworker") || name.starts_with("jbd2")
    });
    (own + kernel.map(|process| ran(&process)).sum::<f64>()) / 1e9
}

/// The requests that a disk gets.
struct Trace {
    root: PathBuf,
    device: String,
    head: u64,
}

impl Trace {
    fn from_env() -> Option<Self> {
        let root = PathBuf::from(std::env::var_os("COMMIT_TRACE")?);
        let device = std::env::var("COMMIT_DEVICE").ok()?;
        fs::write(root.join("buffer_size_kb"), "32768").unwrap();
        fs::write(root.join("events/block/block_rq_issue/enable"), "1").unwrap();
        fs::write(root.join("tracing_on"), "1").unwrap();
        Some(Self { root, device, head: 0 })
    }

    fn clear(&self) {
        fs::write(self.root.join("trace"), "").unwrap();
    }

    /// What a hard disk takes for the requests since the trace was cleared: seconds, seeks, bytes.
    fn modelled(&mut self) -> (f64, u64, u64) {
        let text = fs::read_to_string(self.root.join("trace")).unwrap();
        let (mut seeks, mut bytes) = (0, 0);
        let mut requests: Vec<(f64, u64, u64)> = Vec::new();
        for line in text.lines() {
            // … 12.345678: block_rq_issue: 7,0 WS 4096 () 2048 + 8 none,0,0 [bench]
            let Some((before, event)) = line.split_once(": block_rq_issue: ") else { continue };
            let mut words = event.split_whitespace();
            if words.next() != Some(&self.device) {
                continue;
            }
            let at = before.rsplit(' ').next().and_then(|at| at.parse().ok()).unwrap_or(0.0);
            let Some((place, count)) = event.split_once(") ").and_then(|(_, rest)| rest.split_once(" + "))
            else {
                continue;
            };
            let count = count.split_whitespace().next().and_then(|count| count.parse().ok()).unwrap_or(0);
            requests.push((at, place.trim().parse().unwrap_or(0), count));
        }
        requests.sort_by(|one, other| one.0.total_cmp(&other.0));
        for (_, place, count) in requests.into_iter().filter(|(_, _, count)| *count > 0) {
            if place != self.head {
                seeks += 1;
            }
            self.head = place + count;
            bytes += count * 512;
        }
        (seeks as f64 * SEEK + bytes as f64 / BYTES_PER_S, seeks, bytes)
    }
}

struct Volume {
    root: PathBuf,
    handle: fs::File,
    streams: Vec<fs::File>,
    log: fs::File,
    fragment: Vec<u8>,
}

impl Volume {
    fn new(root: &Path, streams: usize) -> Self {
        let make = |name: String| {
            fs::OpenOptions::new().read(true).append(true).create_new(true).open(root.join(name)).unwrap()
        };
        Self {
            root: root.to_path_buf(),
            handle: fs::File::open(root).unwrap(),
            streams: (0..streams).map(|number| make(format!("stream-{number}"))).collect(),
            log: make("log".to_owned()),
            fragment: (0..FRAGMENT).map(|at| (at * 7 + at / 251) as u8).collect(),
        }
    }

    fn write(&self, method: Method) {
        for file in &self.streams {
            let mut file = if method == Method::Log { &self.log } else { file };
            let written = file.write_vectored(&[IoSlice::new(&self.fragment)]).unwrap();
            assert_eq!(written, FRAGMENT);
        }
    }

    fn commit(&self, method: Method) {
        match method {
            Method::FdatasyncEach => self.streams.iter().for_each(|file| file.sync_data().unwrap()),
            Method::FdatasyncThreads => std::thread::scope(|scope| {
                for files in self.streams.chunks(self.streams.len().div_ceil(8)) {
                    scope.spawn(|| files.iter().for_each(|file| file.sync_data().unwrap()));
                }
            }),
            Method::FdatasyncStarted => {
                for file in &self.streams {
                    let new = FRAGMENT as u64;
                    let from = file.metadata().unwrap().len().saturating_sub(new);
                    // Starts writing what is dirty (and drops what is clean already: nothing).
                    let len = std::num::NonZero::new(new);
                    rustix::fs::fadvise(file, from, len, rustix::fs::Advice::DontNeed).unwrap();
                }
                self.streams.iter().for_each(|file| file.sync_data().unwrap());
            }
            Method::Syncfs => rustix::fs::syncfs(&self.handle).unwrap(),
            Method::Log => self.log.sync_data().unwrap(),
        }
    }

    /// Makes each stream's segment of what the log holds; their bytes are in memory still.
    fn make_segments(&self, ticks: usize) {
        for mut file in &self.streams {
            (0..ticks).for_each(|_| file.write_all(&self.fragment).unwrap());
            file.sync_data().unwrap();
        }
        fs::remove_file(self.root.join("log")).unwrap();
        rustix::fs::syncfs(&self.handle).unwrap();
    }
}

/// Ticks of `halves` half seconds.
fn measure(directory: &Path, trace: &mut Option<Trace>, streams: usize, method: Method, halves: usize) {
    let root = tempfile::tempdir_in(directory).unwrap();
    let volume = Volume::new(root.path(), streams);
    rustix::fs::syncfs(&volume.handle).unwrap();
    let ticks = if streams > 64 { 12 } else { 24 } / halves.min(4);
    let (mut commits, mut modelled) = (Vec::new(), Vec::new());
    let (mut seeks, mut bytes) = (0, 0);
    let before = cpu();
    for _ in 0..ticks {
        (0..halves).for_each(|_| volume.write(method));
        if let Some(trace) = trace {
            trace.clear();
        }
        let begun = Instant::now();
        volume.commit(method);
        commits.push(begun.elapsed());
        if let Some(trace) = trace {
            let (seconds, more, written) = trace.modelled();
            modelled.push(seconds);
            (seeks, bytes) = (seeks + more, bytes + written);
        }
    }
    let mut made = 0.0;
    if method == Method::Log {
        if let Some(trace) = trace {
            trace.clear();
        }
        volume.make_segments(ticks * halves);
        // Seeks come once a segment, bytes with every tick.
        if let Some(trace) = trace {
            let (_, more, written) = trace.modelled();
            let (full, share) = (SEGMENT_TICKS as f64, (ticks * halves) as f64);
            made = (more as f64 * SEEK / full + written as f64 / BYTES_PER_S / share) * halves as f64;
        }
    }
    let minutes = (streams * ticks * halves) as f64 / 120.0;
    commits.sort();
    let mean: Duration = commits.iter().sum::<Duration>() / commits.len() as u32;
    let tick = 0.5 * halves as f64;
    print!(
        "{streams:4} streams, tick {tick:3.1} s, {:16} commit {:6.1} ms, most {:6.1} ms, {:.3} CPU-s a stream-minute",
        format!("{method:?}"),
        mean.as_secs_f64() * 1e3,
        commits[commits.len() - 1].as_secs_f64() * 1e3,
        (cpu() - before) / minutes,
    );
    if !modelled.is_empty() {
        let mean = modelled.iter().sum::<f64>() / modelled.len() as f64 + made;
        print!(
            "; hard disk {:6.0} ms ({:4.0} seeks, {:5.1} MB), busy {:3.0} %",
            mean * 1e3,
            seeks as f64 / ticks as f64,
            bytes as f64 / ticks as f64 / 1e6,
            100.0 * mean / tick
        );
    }
    println!();
}

fn main() {
    let directory = std::env::var_os("COMMIT_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let mut trace = Trace::from_env();
    for streams in [1, 4, 8, 16, 24, 32, 64, 128] {
        for method in [
            Method::FdatasyncEach,
            Method::FdatasyncThreads,
            Method::FdatasyncStarted,
            Method::Syncfs,
            Method::Log,
        ] {
            measure(&directory, &mut trace, streams, method, 1);
        }
    }
    // A longer tick costs the same seeks for more footage.
    for streams in [32, 64, 128] {
        for halves in [2, 4, 6, 10] {
            measure(&directory, &mut trace, streams, Method::Syncfs, halves);
        }
    }
}
