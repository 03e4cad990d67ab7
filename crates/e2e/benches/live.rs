//! How old a picture is when it reaches a client's socket, and how long the first one takes.
//!
//! What is here: a site and eight simulated cameras in one process, a client that watches all of them, and a table. The age of
//! a picture is the clock's time at its arrival minus the capture time that the simulated camera stamped into it.
//! What is not here: what a browser adds (`web/e2e`), what recording costs (`xtask bench`).

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::time::{Duration, Instant};

use api::live::Ask;
use api::record::Kind;
use e2e::{Live, System};
use model::{StreamKind, clock::wall_now};
use sim::CameraOptions;

const CAMERAS: usize = 8;
/// Pictures whose age is looked at: 30 s of all cameras.
const PICTURES: usize = CAMERAS * 25 * 30;
/// From the subscriptions to the first picture that counts.
const SETTLE: Duration = Duration::from_secs(3);
/// Clicks on a camera.
const CLICKS: u32 = 40;
const PATIENCE: Duration = Duration::from_secs(20);

fn main() -> std::io::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(measure());
    Ok(())
}

async fn measure() {
    let system = System::start(vec![CameraOptions::default(); CAMERAS]).await;
    let mut cameras = Vec::new();
    for camera in &system.farm.cameras {
        cameras.push(system.add(camera, None).await.id);
    }
    for id in &cameras {
        system.until_state(*id, api::camera::CameraState::Recording, PATIENCE).await;
    }
    let mut live = Live::open(&system.client).await;
    let ask = |subscription: usize| Ask::Subscribe {
        subscription: subscription as u32,
        camera: cameras[subscription % CAMERAS],
        stream: StreamKind::Main,
        audio: false,
        profile: None,
        flac: false,
    };
    for subscription in 0..CAMERAS {
        live.ask(&ask(subscription)).await;
    }
    // What a new viewer is sent to start with is old by nature: it is left out.
    let began = Instant::now();
    let mut ages = Vec::with_capacity(PICTURES);
    while ages.len() < PICTURES {
        let record = live.next(PATIENCE).await;
        if let Some(stamp) = record.stamp().filter(|_| record.is_picture() && began.elapsed() > SETTLE) {
            ages.push(Duration::from_micros((wall_now().micros() - stamp.captured_us).max(0) as u64));
        }
    }
    println!("| what | p50 ms | p95 ms | most ms |\n|---|--:|--:|--:|");
    row(&format!("camera to client socket, {CAMERAS} × 1080p25"), ages);

    let mut firsts = Vec::new();
    for click in 0..CLICKS {
        let subscription = CAMERAS + click as usize;
        let began = Instant::now();
        live.ask(&ask(subscription)).await;
        loop {
            let record = live.next(PATIENCE).await;
            if record.header.subscription as usize == subscription && record.header.kind == Kind::Frame {
                break;
            }
        }
        firsts.push(began.elapsed());
        live.ask(&Ask::Unsubscribe { subscription: subscription as u32 }).await;
    }
    row("click to first picture on the socket", firsts);
    system.site.stop().await;
}

fn row(what: &str, mut values: Vec<Duration>) {
    values.sort();
    let at = |percent: usize| values[(values.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
    println!("| {what} | {:.1} | {:.1} | {:.1} |", at(50), at(95), at(100));
}
