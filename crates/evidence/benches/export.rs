//! How fast a range becomes a signed, checked export, beside `cp` of the same segments on the same disk.
//! `cargo bench -p evidence --bench export`; EXPORT_DIR says on which disk.

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
    println!("{} MiB of recordings, best of {ROUNDS}, each synced to the disk", bytes >> 20);
    let rate = |seconds: f64| bytes as f64 / 1e6 / seconds;
    let cp = best(|| copy(&volume, &directory.path().join("copy")));
    println!("cp                       {:7.0} MB/s", rate(cp));
    for container in [Container::Mp4, Container::Mkv] {
        let mut parts = (f64::MAX, f64::MAX);
        let whole = best(|| {
            let wish = Wish {
                sources: vec![Source { key: camera.key, name: "Gate".to_owned(), audio: true }],
                range: fake::all(),
                container,
                gaps: Gaps::Keep,
            };
            let file = directory.path().join("export");
            let side = directory.path().join("evidence");
            let began = Instant::now();
            let plan = Plan::new(&reader, wish).unwrap();
            let made = Made { at: end, by: None, release: "bench", identity: Some(&identity) };
            let mut out = File::create(&file).unwrap();
            let mut evidence = BufWriter::new(File::create(&side).unwrap());
            plan.write(&mut out, &mut evidence, &made, &mut |_| true).unwrap();
            out.sync_all().unwrap();
            let written = began.elapsed().as_secs_f64();
            let source = OnDisk(File::open(&file).unwrap());
            let mut evidence = BufReader::new(File::open(&side).unwrap());
            let report =
                verify(&source, &mut evidence, Some(identity.certificate_id()), &mut |_| true).unwrap();
            assert!(report.holds, "{report:#?}");
            let all = began.elapsed().as_secs_f64();
            parts = (parts.0.min(written), parts.1.min(all - written));
            std::fs::remove_file(file).unwrap();
        });
        println!(
            "export, signed, checked  {:7.0} MB/s as {container:?}, {:.2} of cp; written alone {:.0}, checked alone {:.0}",
            rate(whole),
            cp / whole,
            rate(parts.0),
            rate(parts.1),
        );
    }
    archive.close(end).unwrap();
}

fn best(mut work: impl FnMut()) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        work();
        best = best.min(began.elapsed().as_secs_f64());
    }
    best
}

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    assert!(Command::new("cp").arg("-r").arg(from).arg(to).status().unwrap().success());
    assert!(Command::new("sync").arg("-f").arg(to).status().unwrap().success());
}
