//! How many streams of 3 Mbit/s one machine records, its cameras included, with nothing lost: the stamps in the files prove it.
//!
//! What is here: for each number of cameras a window of recording, what it used, and a look at every frame on disk.
//! `STREAMS` is a list of numbers (`64,128` unless given), `STREAMS_SECONDS` the window.
//! What is not here: a comparison with others (`xtask bench`).

use std::time::{Duration, Instant};

use e2e::{Program, program::martello, segments};
use sim::Farm;

use super::{Outcome, pause, wish};

/// From the first camera's recording to the window.
const SETTLE: Duration = Duration::from_secs(5);

/// Prints the table.
pub async fn measure() -> Outcome {
    let window = Duration::from_secs(wish("STREAMS_SECONDS", 60)?);
    let wanted = std::env::var("STREAMS").unwrap_or_else(|_| "64,128".to_owned());
    println!(
        "| streams | CPU s per stream-minute, site | same, cameras | cores, both | RSS MiB | PSS MiB | most at risk, s | frames on disk | lost |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for count in wanted.split(',') {
        streams(count.trim().parse()?, window).await?;
    }
    Ok(())
}

async fn streams(count: u16, window: Duration) -> Outcome {
    let program = martello().ok_or("the program martello is not built")?;
    let place = tempfile::tempdir()?;
    let farm = Farm::start(sim::Options { count, ..sim::Options::default() }).await?;
    let mut site = Program::start(&program, place.path()).await;
    site.set_up().await;
    site.use_token().await;
    let ids = site.record(&farm).await;
    pause(SETTLE).await;

    let (site_before, own_before, began) = (site.cpu_s(), own_cpu_s(), Instant::now());
    let mut most_at_risk: f64 = 0.0;
    while began.elapsed() < window {
        pause(Duration::from_millis(500)).await;
        let volumes: serde_json::Value = site.client.get("/v1/volumes").await;
        let at_risk = volumes["items"][0]["at_risk_s"].as_f64().unwrap_or_default();
        most_at_risk = most_at_risk.max(at_risk);
    }
    let minutes = began.elapsed().as_secs_f64() / 60.0;
    let (used, own) = (site.cpu_s() - site_before, own_cpu_s() - own_before);
    let (rss, pss) = site.resident();
    let made = e2e::loss::made(&farm);
    site.end("-TERM").await;
    let skipped: u64 = farm.cameras.iter().map(|camera| camera.progress().frames_skipped).sum();

    let (mut frames, mut lost) = (0, 0);
    for (id, made) in ids.iter().zip(&made) {
        let files = segments::of_camera(&place.path().join("site/recordings"), *id);
        let stamps = segments::stamps(&files);
        frames += stamps.len();
        lost += stamps.windows(2).map(|pair| pair[1].number.saturating_sub(pair[0].number + 1)).sum::<u64>();
        // What was made before the stop is on disk.
        let newest = stamps.last().map_or(0, |stamp| stamp.captured_us);
        lost += u64::try_from((made - newest) / 40_000).unwrap_or(0);
    }
    let each = |seconds: f64| seconds / f64::from(count) / minutes;
    println!(
        "| {count} | {:.3} | {:.3} | {:.2} | {} | {} | {most_at_risk:.1} | {frames} | {lost}{} |",
        each(used),
        each(own),
        (used + own) / 60.0 / minutes,
        rss >> 20,
        pss >> 20,
        if skipped > 0 { format!(" (and {skipped} that the cameras could not send)") } else { String::new() },
    );
    farm.stop().await;
    Ok(())
}

/// Seconds of a core that this process, which is the cameras, has used.
fn own_cpu_s() -> f64 {
    e2e::program::cpu_s("self")
}
