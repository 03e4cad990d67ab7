//! How fast a range becomes a signed, checked export, beside `cp` of the same segments on the same disk, and what both cost.
//! Rounds take turns, so that a busy machine is busy for both. `cargo bench -p evidence --bench export`; EXPORT_DIR says on
//! which disk.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a measurement")]

#[allow(dead_code, reason = "the archive's tests use more of it")]
#[path = "../../archive/tests/it/fake.rs"]
mod fake;

use std::{
    fs::File,
    io::{BufReader, BufWriter},
    path::Path,
    process::Command,
    sync::Arc,
    time::Instant,
};

use archive::{Archive, Dir, Options};
use evidence::{Container, Gaps, Made, OnDisk, Plan, SiteSigner, Source, Wish, verify};
use media::AudioCodec;
use model::VolumeId;
use rand::{SeedableRng, rngs::StdRng};

use fake::Camera;

/// 25 pictures and 15 KiB a picture: 3 Mbit/s.
const SECONDS: f64 = 1200.0;
const ROUNDS: usize = 5;

fn main() {
    let base = std::env::var_os("EXPORT_DIR").unwrap_or_else(|| std::env::temp_dir().into_os_string());
    let directory = tempfile::tempdir_in(base).unwrap();
    let identity = trust::Identity::generate(&mut StdRng::seed_from_u64(1));
    let options = Options::new(identity.site_id(), Arc::new(SiteSigner(identity.clone())));
    let volume = directory.path().join("volume");
    std::fs::create_dir(&volume).unwrap();
    let mut archive = Archive::open(Dir::open(&volume).unwrap(), options, fake::start()).unwrap().0;
    let camera = Camera { size: 13_200, ..Camera::new(1, Some(AudioCodec::Aac)) };
    archive.begin_run(camera.key, camera.tracks.clone(), fake::start()).unwrap();
    let (mut begun, chunk) = (0.0, 60.0);
    while begun < SECONDS {
        let mut samples = camera.samples(fake::start(), begun + chunk);
        samples.retain(|sample| sample.wall >= fake::start().plus_micros((begun * 1e6) as i64));
        fake::record(&mut archive, camera.key, &samples);
        begun += chunk;
    }
    let end = fake::start().plus_micros((SECONDS * 1e6) as i64);
    archive.end_run(camera.key, end).unwrap();
    archive.tick(end);
    let reader = archive::set::Reader::default();
    reader.put(VolumeId::new(), archive.reader());
    let bytes = reader.bytes(camera.key);
    println!("{} MiB of recordings, {ROUNDS} rounds, each synced to the disk; best (median)", bytes >> 20);
    let (file, side) = (directory.path().join("export"), directory.path().join("evidence"));
    for container in [Container::Mp4, Container::Mkv] {
        let plan = || {
            let wish = Wish {
                sources: vec![Source { key: camera.key, name: "Gate".to_owned(), audio: true }],
                range: fake::all(),
                container,
                gaps: Gaps::Keep,
            };
            Plan::new(&reader, wish).unwrap()
        };
        let made = Made { at: end, by: None, release: "bench", identity: Some(&identity) };
        let [mut cp, mut whole, mut written, mut checked] = [const { Vec::new() }; 4];
        for _ in 0..ROUNDS {
            cp.push(measure(|| copy(&volume, &directory.path().join("copy"))));
            whole.push(measure(|| {
                let saved = plan().save((&file, &side), &made, &mut |_| true, &mut |_| true).unwrap();
                assert!(saved.report.holds, "{:#?}", saved.report);
            }));
            written.push(measure(|| {
                let mut out = File::create(&file).unwrap();
                let mut evidence = BufWriter::new(File::create(&side).unwrap());
                plan().write(&mut out, &mut evidence, &made, &mut |_| true).unwrap();
                out.sync_all().unwrap();
            }));
            checked.push(measure(|| {
                let source = OnDisk(File::open(&file).unwrap());
                let mut evidence = BufReader::new(File::open(&side).unwrap());
                let id = Some(identity.certificate_id());
                assert!(verify(&source, &mut evidence, id, &mut |_| true).unwrap().holds);
            }));
            std::fs::remove_file(&file).unwrap();
        }
        let cp = Figure::of(cp);
        for (what, figure) in [
            ("cp", cp),
            ("signed, checked, with its digest", Figure::of(whole)),
            ("written and signed alone", Figure::of(written)),
            ("checked alone", Figure::of(checked)),
        ] {
            let rate = |seconds: f64| bytes as f64 / 1e6 / seconds;
            println!(
                "{container:?} {what:33} {:5.0} ({:4.0}) MB/s, {:4.2} ({:4.2}) of cp, {:5.2} CPU seconds a GB",
                rate(figure.best),
                rate(figure.median),
                cp.best / figure.best,
                cp.median / figure.median,
                figure.cpu * 1e9 / bytes as f64,
            );
        }
    }
    archive.close(end).unwrap();
}

/// Seconds of the rounds, and the CPU seconds of the cheapest.
#[derive(Clone, Copy)]
struct Figure {
    best: f64,
    median: f64,
    cpu: f64,
}

impl Figure {
    fn of(mut rounds: Vec<(f64, f64)>) -> Self {
        rounds.sort_by(|one, other| one.0.total_cmp(&other.0));
        let cpu = rounds.iter().map(|(_, cpu)| *cpu).fold(f64::MAX, f64::min);
        Self { best: rounds[0].0, median: rounds[rounds.len() / 2].0, cpu }
    }
}

fn measure(work: impl FnOnce()) -> (f64, f64) {
    let (began, cpu) = (Instant::now(), cpu_seconds());
    work();
    (began.elapsed().as_secs_f64(), cpu_seconds() - cpu)
}

/// User and system time of this process and of those that it waited for: proc(5), `utime` to `cstime`.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(") ").unwrap().1;
    after_name.split(' ').skip(11).take(4).map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
}

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    assert!(Command::new("cp").arg("-r").arg(from).arg(to).status().unwrap().success());
    assert!(Command::new("sync").arg("-f").arg(to).status().unwrap().success());
}
