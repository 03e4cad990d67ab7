//! The end of a site server that runs as a program of its own: an orderly stop loses nothing, a kill loses little, and
//! the next start goes on. And its beginning: the setup link is told once.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use api::recording::Timeline;
use e2e::{
    Client, Program,
    probe::{self, skip},
    program::{PATIENCE, martello},
    records::split,
    segments,
    system::ADMINISTRATOR,
    wait::until,
};
use model::{CameraId, WallTime, clock::wall_now};
use reqwest::Method;
use serde_json::json;
use sim::{Farm, SimCamera};
use tempfile::TempDir;

/// Frames per second of a simulated camera.
const FPS: u64 = 25;

/// A new site that records two cameras.
async fn record(program: &Path, data: &TempDir, farm: &Farm) -> (Program, Vec<CameraId>) {
    let mut site = Program::start(program, data.path()).await;
    site.set_up().await;
    let ids = site.record(farm).await;
    let begun = Instant::now();
    until("some seconds are recorded", PATIENCE, || async {
        (begun.elapsed() > Duration::from_secs(6)).then_some(())
    })
    .await;
    (site, ids)
}

async fn farm() -> Farm {
    Farm::start(sim::Options { count: 2, ..sim::Options::default() }).await.expect("simulated cameras")
}

/// Recordings of a camera.
fn of_camera(data: &Path, id: CameraId) -> Vec<PathBuf> {
    segments::of_camera(&data.join("site/recordings"), id)
}

/// The newest frame as the files lie there, before anything repairs them.
fn newest_on_disk(data: &Path, id: CameraId) -> u64 {
    segments::newest(&of_camera(data, id)).expect("a recorded frame").number
}

/// The newest frame that a camera has made.
fn newest_made(camera: &SimCamera) -> u64 {
    camera.progress().frames_made - 1
}

async fn played(client: &Client, id: CameraId, from: WallTime, to: WallTime) -> Vec<u64> {
    let path = format!("/v1/cameras/{id}/playback?from={from}&to={to}");
    split(client.bytes(&path).await)
        .iter()
        .filter(|record| record.is_shown_picture())
        .map(|record| record.stamp().expect("a stamp").number)
        .collect()
}

/// The next start shows what was recorded until then, plays it without a hole, and records on.
async fn next_start(program: &Path, data: &TempDir, ids: &[CameraId], newest: &[u64], begun: WallTime) {
    let ended = wall_now();
    let before: Vec<Vec<PathBuf>> = ids.iter().map(|id| of_camera(data.path(), *id)).collect();
    let mut site = Program::start(program, data.path()).await;
    assert_eq!(site.setup_url, None);
    assert!(!site.printed().contains("setup"), "{}", site.printed());
    site.client.sign_in(ADMINISTRATOR.0, ADMINISTRATOR.1).await;
    for ((id, newest), files) in ids.iter().zip(newest).zip(&before) {
        let path = format!(
            "/v1/timeline?cameras={id}&from={}&to={ended}&resolution_ms=500",
            begun.plus_micros(-1_000_000)
        );
        let timeline: Timeline = site.client.get(&path).await;
        let spans = &timeline.lanes[0].spans;
        assert_eq!(spans.len(), 1, "{spans:?}");
        let frames = played(&site.client, *id, begun, ended).await;
        // A camera begins a session with the key frame before: the new run may go on where the old one ended.
        let hole = frames.windows(2).position(|pair| pair[1] != pair[0] + 1);
        let frames = &frames[..hole.map_or(frames.len(), |at| at + 1)];
        assert!(
            frames.last() >= Some(newest),
            "everything that lies on disk is played without a hole, up to {newest}: {frames:?}"
        );
        let seconds = spans[0].to.micros_since(spans[0].from) as f64 / 1e6;
        assert!(
            (seconds - frames.len() as f64 / FPS as f64).abs() < 3.0,
            "{seconds} s, {} frames",
            frames.len()
        );
        if probe::has("ffprobe") {
            let packets: usize = files.iter().map(|file| probe::packets(file, "v:0").len()).sum();
            let recorded = frames.iter().filter(|number| *number <= newest).count();
            assert!(packets >= recorded, "ffprobe finds {packets} of {recorded} frames");
        } else {
            skip("stop: segments after the end", "ffprobe is not installed");
        }
        until("recording goes on", PATIENCE, || async {
            let now = wall_now();
            let frames = played(&site.client, *id, ended, now).await;
            (frames.len() > 25).then_some(())
        })
        .await;
    }
    assert!(site.end("-TERM").await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orderly_stop_loses_no_frame() {
    let Some(program) = martello() else {
        return skip("an_orderly_stop_loses_no_frame", "the program martello is not built");
    };
    let (farm, data, begun) = (farm().await, tempfile::tempdir().expect("a directory"), wall_now());
    let (site, ids) = record(&program, &data, &farm).await;
    let made: Vec<u64> = farm.cameras.iter().map(newest_made).collect();
    assert!(site.end("-TERM").await.success(), "an orderly stop is no failure");
    let disk: Vec<u64> = ids.iter().map(|id| newest_on_disk(data.path(), *id)).collect();
    for (disk, made) in disk.iter().zip(&made) {
        assert!(disk + 1 >= *made, "frame {disk} is the newest on disk, {made} was made before the stop");
    }
    next_start(&program, &data, &ids, &disk, begun).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_site_has_lost_two_seconds_at_most_and_goes_on() {
    let Some(program) = martello() else {
        return skip("a_killed_site_has_lost_two_seconds_at_most", "the program martello is not built");
    };
    let (farm, data, begun) = (farm().await, tempfile::tempdir().expect("a directory"), wall_now());
    let (site, ids) = record(&program, &data, &farm).await;
    site.end("-KILL").await;
    let made: Vec<u64> = farm.cameras.iter().map(newest_made).collect();
    let disk: Vec<u64> = ids.iter().map(|id| newest_on_disk(data.path(), *id)).collect();
    for (disk, made) in disk.iter().zip(&made) {
        assert!(made.saturating_sub(*disk) <= 2 * FPS, "frame {disk} is the newest on disk, {made} was made");
    }
    next_start(&program, &data, &ids, &disk, begun).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_prints_a_setup_link_that_works_once() {
    let Some(program) = martello() else {
        return skip(
            "the_first_start_prints_a_setup_link_that_works_once",
            "the program martello is not built",
        );
    };
    let data = tempfile::tempdir().expect("a directory");
    let first = Program::start(&program, data.path()).await;
    let url = first.setup_url.clone().expect("a setup link");
    assert!(first.printed().contains(&url), "{}", first.printed());
    // A link that was not used is replaced by the next start's.
    assert!(first.end("-INT").await.success());
    let mut site = Program::start(&program, data.path()).await;
    let new = site.setup_url.clone().expect("a setup link");
    assert_ne!(new, url);
    assert!(new.starts_with(&site.client.base) && site.printed().contains(&new), "{new}");
    let set_up = |url: &str| {
        let code = url.split_once("code=").expect("a code").1;
        json!({ "code": code, "user": ADMINISTRATOR.0, "password": ADMINISTRATOR.1 })
    };
    let (status, problem) = site.client.call(Method::POST, "/v1/setup", Some(&set_up(&url))).await;
    assert_eq!((status.as_u16(), &problem["code"]), (403, &"wrong-setup-code".into()), "{problem}");
    let code = new.split_once("code=").expect("a code").1;
    site.client.set_up(code, ADMINISTRATOR.0, ADMINISTRATOR.1).await;
    let again = site.client.call(Method::POST, "/v1/setup", Some(&set_up(&new))).await;
    assert!(again.0.is_client_error() && again.1["code"] == "already-set-up", "{again:?}");
    assert!(site.end("-TERM").await.success());
    let site = Program::start(&program, data.path()).await;
    assert_eq!(site.setup_url, None);
    assert!(!site.printed().contains("setup"), "{}", site.printed());
}
