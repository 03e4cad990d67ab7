//! Hours of recording with faults and retention: memory must stay flat, and cameras without a fault lose no frame.
//!
//! What is here: 32 cameras on a volume of 4 GB; half of them get one fault after the other, the others are witnesses.
//! Once a minute the frames of all witnesses are played back through the product and must follow each other. `SOAK_SECONDS`
//! is how long (3600 unless given), `SOAK_LIMIT_MB` and `SOAK_CAMERAS` are what their names say.
//! What is not here: single faults in detail (`tests/it/faults.rs`).

use std::path::Path;
use std::time::{Duration, Instant};

use e2e::{Program, program::martello, records::split};
use model::{CameraId, WallTime, clock::wall_now};
use rand::{Rng, seq::IndexedRandom};
use reqwest::Method;
use serde_json::{Value, json};
use sim::{Farm, Fault, Garbage};

use super::{Outcome, pause, wish};

/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(60);
/// What is newer may still wait to be written; what is older may too, where the disk is slow: the next look has it.
const FRESH_US: i64 = 5_000_000;
/// Who has nothing newer than this at the end has lost it.
const SILENT_US: i64 = 60_000_000;
/// A fault lasts so long, then the camera is well for as long.
const FAULT_S: std::ops::Range<u64> = 4..20;
const FAULTS: [Fault; 11] = [
    Fault::Refuse,
    Fault::Stall,
    Fault::Drop { percent: 5 },
    Fault::WrongPassword,
    Fault::Reboot { seconds: 3 },
    Fault::Resolution,
    Fault::Jump { seconds: 86_400 * 365 },
    Fault::Jump { seconds: -86_400 * 30 },
    Fault::DynamicGop,
    Fault::Rate { fps: 2 },
    Fault::Garbage { place: Garbage::Framing, percent: 30 },
];

/// A camera that has no fault, and how far it was looked at.
struct Witness {
    id: CameraId,
    /// After the last frame that was seen.
    from: WallTime,
    last: Option<u64>,
    frames: u64,
    lost: u64,
}

/// Prints the report.
pub async fn measure() -> Outcome {
    let length = Duration::from_secs(wish("SOAK_SECONDS", 3600)?);
    let limit = wish("SOAK_LIMIT_MB", 4000)? * 1_000_000;
    let count = u16::try_from(wish("SOAK_CAMERAS", 32)?)?;
    let program = martello().ok_or("the program martello is not built")?;
    let place = tempfile::tempdir()?;
    let farm = Farm::start(sim::Options { count, ..sim::Options::default() }).await?;
    let mut site = Program::start(&program, place.path()).await;
    site.set_up().await;
    site.use_token().await;
    let volumes: Value = site.client.get("/v1/volumes").await;
    let path = format!("/v1/volumes/{}", volumes["items"][0]["id"].as_str().ok_or("no volume")?);
    let (status, answer) =
        site.client.call(Method::PATCH, &path, Some(&json!({ "limit_bytes": limit }))).await;
    if !status.is_success() {
        return Err(format!("the limit is refused: {answer}").into());
    }
    let ids = site.record(&farm).await;
    let troubled = farm.cameras.len() / 2;
    let trouble: Vec<_> = farm
        .cameras
        .iter()
        .take(troubled)
        .cloned()
        .map(|camera| tokio::spawn(make_trouble(camera)))
        .collect();
    let begun = wall_now().plus_micros(2_000_000);
    let mut witnesses: Vec<Witness> = ids
        .iter()
        .skip(troubled)
        .map(|id| Witness { id: *id, from: begun, last: None, frames: 0, lost: 0 })
        .collect();

    println!(
        "| minute | RSS MiB | anonymous MiB | recordings MB | CPU s per stream-minute | frames of {} witnesses | lost |",
        witnesses.len()
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|");
    let (start, mut cpu) = (Instant::now(), site.cpu_s());
    let mut memory = Vec::new();
    while start.elapsed() < length {
        pause(LOOK).await;
        for witness in &mut witnesses {
            look(&site, witness).await?;
        }
        let used = site.cpu_s() - std::mem::replace(&mut cpu, site.cpu_s());
        let (rss, _) = site.resident();
        memory.push(rss);
        let (frames, lost) = total(&witnesses);
        println!(
            "| {:.1} | {:.1} | {:.1} | {} | {:.3} | {frames} | {lost} |",
            start.elapsed().as_secs_f64() / 60.0,
            rss as f64 / f64::from(1 << 20),
            site.anonymous() as f64 / f64::from(1 << 20),
            bytes_below(&place.path().join("site/recordings")) / 1_000_000,
            used / f64::from(count),
        );
    }
    trouble.iter().for_each(tokio::task::JoinHandle::abort);
    let (frames, lost) = total(&witnesses);
    // The first quarter is for filling: memory is compared with its end.
    let filled = memory.get(memory.len() / 4).copied().unwrap_or_default();
    let most = memory.iter().skip(memory.len() / 4).max().copied().unwrap_or_default();
    println!(
        "\n{frames} frames of cameras without a fault, {lost} lost; memory {:.1} MiB after a quarter, {:.1} MiB at most after it",
        filled as f64 / f64::from(1 << 20),
        most as f64 / f64::from(1 << 20),
    );
    let ended = site.end("-TERM").await;
    let silent = |one: &&Witness| one.from < wall_now().plus_micros(-SILENT_US);
    if let Some(silent) = witnesses.iter().find(silent) {
        return Err(format!("camera {} has no frame after {}", silent.id, silent.from).into());
    }
    if lost > 0 || !ended.success() {
        return Err(format!("{lost} frames lost, the end was {ended}").into());
    }
    Ok(())
}

async fn make_trouble(camera: sim::SimCamera) {
    loop {
        let (fault, rest) = {
            let mut random = rand::rng();
            (FAULTS.choose(&mut random).copied().unwrap_or(Fault::Stall), random.random_range(FAULT_S))
        };
        camera.fault(fault);
        pause(Duration::from_secs(rest)).await;
        camera.fault(Fault::Clear);
        pause(Duration::from_secs(rest)).await;
    }
}

/// Plays back what is new.
async fn look(site: &Program, witness: &mut Witness) -> Outcome {
    let until = wall_now().plus_micros(-FRESH_US);
    let path = format!("/v1/cameras/{}/playback?from={}&to={until}", witness.id, witness.from);
    let response = site.client.request(Method::GET, &path).send().await?.error_for_status()?;
    for record in split(response.bytes().await?) {
        let Some(stamp) = record.stamp().filter(|_| record.is_shown_picture()) else { continue };
        if let Some(last) = witness.last {
            witness.lost += stamp.number.abs_diff(last + 1);
        }
        witness.last = Some(stamp.number);
        witness.frames += 1;
        witness.from = WallTime::from_micros(record.header.wall_us + 1);
    }
    Ok(())
}

fn total(witnesses: &[Witness]) -> (u64, u64) {
    witnesses.iter().fold((0, 0), |(frames, lost), one| (frames + one.frames, lost + one.lost))
}

fn bytes_below(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_below(&entry.path()),
            Ok(metadata) => metadata.len(),
            // Retention has removed it.
            Err(_) => 0,
        })
        .sum()
}
