//! What a site adds to a picture's way from the camera to a client's socket, and how long the first one takes.
//!
//! What is here: the product as a process of its own, recording; eight simulated cameras and a client that watches all of
//! them over TLS in this one. The same cameras are read directly at the same time: what is added is the difference, picture by picture. (The age
//! of a picture by its stamp has the camera's own timer in it, which is late by up to a millisecond.)
//! What is not here: what a browser adds (`web/e2e`), what recording costs (`xtask bench`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use api::live::Ask;
use api::record::Kind;
use e2e::{Live, Program, direct::Direct, program::martello};
use model::{StreamKind, WallTime, clock::wall_now};
use sim::Farm;

use super::{Outcome, row};

const CAMERAS: usize = 8;
/// Pictures that are looked at: 30 s of all cameras.
const PICTURES: usize = CAMERAS * 25 * 30;
/// From the subscriptions to the first picture that counts.
const SETTLE: Duration = Duration::from_secs(3);
/// Clicks on a camera.
const CLICKS: u32 = 40;
const PATIENCE: Duration = Duration::from_secs(20);

/// When a picture (camera, number) arrived.
type Arrivals = Arc<Mutex<HashMap<(usize, u64), WallTime>>>;

/// Prints the table.
pub async fn measure() -> Outcome {
    let program = martello().ok_or("the program martello is not built")?;
    let place = tempfile::tempdir()?;
    let options = sim::Options { count: CAMERAS as u16, anonymous: true, ..sim::Options::default() };
    let farm = Farm::start(options).await?;
    let mut site = Program::start(&program, place.path()).await;
    site.set_up().await;
    let cameras = site.record(&farm).await;

    let (direct, again) = (Arrivals::default(), Arrivals::default());
    for (index, camera) in farm.cameras.iter().enumerate() {
        for arrivals in [&direct, &again] {
            let (mut stream, arrivals) = (Direct::play(&camera.main_url).await?, Arc::clone(arrivals));
            tokio::spawn(async move {
                while let Ok((number, at)) = stream.next().await {
                    arrivals.lock().unwrap_or_else(PoisonError::into_inner).insert((index, number), at);
                }
            });
        }
    }
    let mut live = Live::open(&site.client).await;
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
    let (mut ages, mut seen) = (Vec::with_capacity(PICTURES), Vec::with_capacity(PICTURES));
    while seen.len() < PICTURES {
        let record = live.next(PATIENCE).await;
        let at = wall_now();
        if let Some(stamp) = record.stamp().filter(|_| record.is_picture() && began.elapsed() > SETTLE) {
            ages.push(at.micros() - stamp.captured_us);
            seen.push(((record.header.subscription as usize % CAMERAS, stamp.number), at));
        }
    }
    let direct = direct.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let again = again.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let since = |at: WallTime, key| direct.get(&key).map(|first| at.micros_since(*first));
    let added: Vec<i64> = seen.iter().filter_map(|(key, at)| since(*at, *key)).collect();
    let noise: Vec<i64> = again.iter().filter_map(|(key, at)| since(*at, *key)).collect();
    println!("| {CAMERAS} × 1080p25 at once, ms | p50 | p95 | p99 | most |\n|---|--:|--:|--:|--:|");
    row("the cameras read directly, twice: noise", noise);
    row("added from camera to client socket (TLS)", added);
    row("age of a picture on the socket by its stamp", ages);

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
        firsts.push(began.elapsed().as_micros() as i64);
        live.ask(&Ask::Unsubscribe { subscription: subscription as u32 }).await;
    }
    row("click to first picture on the socket", firsts);
    site.end("-KILL").await;
    Ok(())
}
