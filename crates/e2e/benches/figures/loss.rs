//! Seconds of recording that are missing after an orderly stop, a kill and a power cut: worst and median of many.
//!
//! What is here: repetitions and a table. Each counts
//! the newest frame in the files before anything repairs them.
//! What is not here: how a cut is made (`e2e::loss`).

use std::path::Path;
use std::time::Duration;

use e2e::loss::{self, Image};
use e2e::program::{PATIENCE, martello};
use e2e::{Program, system::ADMINISTRATOR, wait::until};
use sim::Farm;

use super::{Outcome, pause, wish};

const CAMERAS: u16 = 8;
/// Files of a cut's image: enough for all rounds in memory of the page cache, little enough to be copied at once.
const IMAGE_MIB: u64 = 2048;

/// Prints the table; `LOSS_ROUNDS` is how many stops, kills and cuts.
pub async fn measure() -> Outcome {
    let rounds = wish("LOSS_ROUNDS", 20)?;
    let program = martello().ok_or("the program martello is not built")?;
    let place = tempfile::tempdir()?;
    let farm = Farm::start(sim::Options { count: CAMERAS, ..sim::Options::default() }).await?;
    println!(
        "| end of the recorder, {CAMERAS} × 1080p25 | streams | median s | worst s |\n|---|--:|--:|--:|"
    );
    for signal in ["-TERM", "-KILL"] {
        let seconds = ends(&program, &farm, rounds, signal).await?;
        line(if signal == "-TERM" { "orderly stop" } else { "kill -9" }, seconds);
    }
    match Image::make(place.path(), IMAGE_MIB) {
        Ok(image) => line("power cut", cuts(&program, &farm, rounds, &image, place.path()).await),
        Err(reason) => println!("| power cut | not measured: {reason} | | |"),
    }
    farm.stop().await;
    Ok(())
}

/// Starts, records for a while, ends; again and again on the same data.
async fn ends(
    program: &Path,
    farm: &Farm,
    rounds: u64,
    signal: &str,
) -> Result<Vec<f64>, Box<dyn std::error::Error>> {
    let place = tempfile::tempdir()?;
    let mut site = Program::start(program, place.path()).await;
    site.set_up().await;
    let ids = site.record(farm).await;
    let mut seconds = Vec::new();
    for round in 0..rounds {
        // Recording goes on for a while, and never for a whole number of ticks.
        let (started, recordings) = (loss::made(farm), place.path().join("site/recordings"));
        until("recording goes on", PATIENCE, || async {
            loss::missing(&started, &recordings, &ids).iter().all(|seconds| *seconds == 0.0).then_some(())
        })
        .await;
        pass(round).await;
        // What is made while an orderly stop goes on is nobody's loss; a kill takes no time.
        let before = loss::made(farm);
        site.signal(signal);
        let made = if signal == "-TERM" { before } else { loss::made(farm) };
        site.end(signal).await;
        seconds.extend(loss::missing(&made, &recordings, &ids));
        site = Program::start(program, place.path()).await;
        site.client.sign_in(ADMINISTRATOR.0, ADMINISTRATOR.1).await;
    }
    Ok(seconds)
}

async fn cuts(program: &Path, farm: &Farm, rounds: u64, image: &Image, place: &Path) -> Vec<f64> {
    let mut site = Program::start_on(program, place, &image.path().join("site")).await;
    site.set_up().await;
    let ids = site.record(farm).await;
    let mut seconds = Vec::new();
    for round in 0..rounds {
        pass(round).await;
        let (missing, _copy) = loss::cut(&site, image, farm, &ids, place);
        seconds.extend(missing);
    }
    seconds
}

/// Long enough to record again, and never a whole number of ticks.
async fn pass(round: u64) {
    pause(Duration::from_millis(2000 + round * 170 % 1000)).await;
}

fn line(what: &str, seconds: Vec<f64>) {
    let streams = seconds.len();
    let (median, worst) = loss::median_and_worst(seconds);
    println!("| {what} | {streams} | {median:.2} | {worst:.2} |");
}
