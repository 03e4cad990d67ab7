//! What a viewer costs: CPU of the server's process per minute that one more watches a stream of 3 Mbit/s.
//!
//! What is here: the server in a process of its own, cameras and viewers in this one; windows without viewers and with
//! 50, over TLS and over a plain listener. The product has no plain listener: the plain one is made here, around the
//! product's router, in this program run as `figures serve`.
//! What is not here: delays (`live`).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use api::live::Ask;
use axum::serve::ListenerExt;
use e2e::{Live, Program};
use model::{CameraId, StreamKind};
use serde_json::json;
use sim::Farm;
use site::{Config, Site};
use tokio::net::TcpListener;

use super::{Outcome, pause, wish};

const VIEWERS: usize = 50;
/// From the subscriptions to the window: everybody has had the group of pictures that each begins with.
const SETTLE: Duration = Duration::from_secs(4);
const PATIENCE: Duration = Duration::from_secs(20);

/// The server's process: a site, and its router on a plain port too.
pub async fn serve(data: PathBuf, ready: &Path) -> Outcome {
    let site = Site::start(Config::on_loopback(data), &[]).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let told = json!({ "site": {
        "url": site.url(),
        "tls_certificate_sha256": site.tls_certificate_sha256(),
        "setup_url": site.setup_url(),
        // Where the program tells its name.
        "plain": listener.local_addr()?,
    }});
    std::fs::write(ready, told.to_string())?;
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    Ok(axum::serve(listener, site.router()).await?)
}

/// Prints the table; `FANOUT_SECONDS` is the length of a window.
pub async fn measure() -> Outcome {
    let window = Duration::from_secs(wish("FANOUT_SECONDS", 30)?);
    let farm = Farm::start(sim::Options::default()).await?;
    let place = tempfile::tempdir()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("serve").arg(place.path().join("site"));
    let mut site = Program::run(command, place.path()).await;
    site.set_up().await;
    site.use_token().await;
    let camera = site.record(&farm).await[0];
    let told: serde_json::Value = serde_json::from_slice(&std::fs::read(place.path().join("ready.json"))?)?;
    let plain = told["site"]["plain"].as_str().ok_or("no plain listener")?;

    println!(
        "| one stream of 3 Mbit/s, {VIEWERS} viewers | CPU s per viewer-minute | recording alone, s a minute | frames a viewer and s | RSS MiB |"
    );
    println!("|---|--:|--:|--:|--:|");
    for (what, address) in [("plain", Some(plain)), ("TLS", None)] {
        pause(SETTLE).await;
        let alone = spent(&site, window).await;
        let frames = Arc::new(AtomicU64::new(0));
        let mut viewers = Vec::new();
        for _ in 0..VIEWERS {
            let live = match address {
                Some(address) => Live::open_plain(&site.client, address).await,
                None => Live::open(&site.client).await,
            };
            viewers.push(tokio::spawn(watch(live, camera, Arc::clone(&frames))));
        }
        pause(SETTLE).await;
        let before = frames.load(Relaxed);
        let began = Instant::now();
        let together = spent(&site, window).await;
        let rate = (frames.load(Relaxed) - before) as f64 / VIEWERS as f64 / began.elapsed().as_secs_f64();
        let each = (together - alone) / VIEWERS as f64;
        let memory = site.resident().0 >> 20;
        println!("| {what} | {each:.4} | {alone:.3} | {rate:.2} | {memory} |");
        for viewer in viewers {
            viewer.abort();
            if let Err(error) = viewer.await
                && error.is_panic()
            {
                return Err("a viewer lost frames".into());
            }
        }
    }
    site.end("-KILL").await;
    Ok(())
}

/// Seconds of a core that the server's process uses in a minute.
async fn spent(site: &Program, window: Duration) -> f64 {
    let (before, began) = (site.cpu_s(), Instant::now());
    pause(window).await;
    (site.cpu_s() - before) / began.elapsed().as_secs_f64() * 60.0
}

/// Watches for ever and counts pictures; every one must follow the one before.
async fn watch(mut live: Live, camera: CameraId, frames: Arc<AtomicU64>) {
    let ask = Ask::Subscribe {
        subscription: 1,
        camera,
        stream: StreamKind::Main,
        audio: false,
        profile: None,
        flac: false,
    };
    live.ask(&ask).await;
    let mut last = None;
    loop {
        let record = live.next(PATIENCE).await;
        if let Some(stamp) = record.stamp().filter(|_| record.is_picture()) {
            assert!(last.is_none_or(|last| stamp.number == last + 1), "frames are missing");
            last = Some(stamp.number);
            frames.fetch_add(1, Relaxed);
        }
    }
}
