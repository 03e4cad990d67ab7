//! How long a clip of 2 s at a random time takes to arrive over HTTP (keep-alive, TLS), out of a day of recordings.
//!
//! What is here: a volume with a day of one camera at 3 Mbit/s in segments of 5 minutes, made with the archive's own writer;
//! then the product on it and one client, over TLS and over a plain listener as in `fanout`. So that the day needs neither 32 GB nor more memory than there is, only every
//! eighth segment has pictures of full size; the others have all their frames, small. Half of the seeks go to full
//! segments (figures of 2 s clips), half anywhere (figures of the way there). Hot cache.
//! What is not here: timelines and starts with large volumes (`crates/archive/benches`).

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use api::camera::{Camera, NewCamera, Source};
use archive::{Archive, Dir, Options};
use bytes::Bytes;
use e2e::{
    Client, Program,
    program::martello,
    records::split,
    system::{ADMINISTRATOR, new_camera},
};
use evidence::SiteSigner;
use media::{Sample, Tracks, VideoConfig};
use model::{CameraId, StreamKey, StreamKind, TrackKind, WallTime, clock::wall_now};
use rand::Rng;
use reqwest::Method;
use sim::Farm;
use trust::Identity;

use super::{Outcome, row};

const HOURS: i64 = 24;
/// A segment of the archive.
const SEGMENT_S: i64 = 300;
/// Every so many segments has pictures of full size.
const FULL: i64 = 8;
const SEEKS: usize = 1000;
const CLIP_US: i64 = 2_000_000;
/// Parameter sets of a real stream.
const AVCC: &[u8] = &[
    0x01, 0x64, 0x00, 0x0d, 0xff, 0xe1, 0x00, 0x17, 0x67, 0x64, 0x00, 0x0d, 0xac, 0xb2, 0x02, 0x83, 0xf6,
    0x02, 0x20, 0x00, 0x00, 0x03, 0x00, 0x20, 0x00, 0x00, 0x06, 0x41, 0xe2, 0x85, 0x49, 0x01, 0x00, 0x06,
    0x68, 0xeb, 0xc3, 0xcb, 0x22, 0xc0, 0xfd, 0xf8, 0xf8, 0x00,
];

/// Prints the table.
pub async fn measure() -> Outcome {
    let program = martello().ok_or("the program martello is not built")?;
    let place = tempfile::tempdir()?;
    let mut site = Program::start(&program, place.path()).await;
    site.set_up().await;
    let farm = Farm::start(sim::Options::default()).await?;
    let source = Source::Axis { address: farm.cameras[0].http_url(), rtsp_port: None, codec: None };
    let new = NewCamera { record: false, ..new_camera(&farm.cameras[0], source) };
    let camera: Camera = site.client.post("/v1/cameras", &new).await;
    site.end("-TERM").await;
    let begin = wall_now().plus_micros(-HOURS * 3_600_000_000);
    fill(&place.path().join("site"), camera.id, begin)?;

    let mut command = Command::new(std::env::current_exe()?);
    command.arg("serve").arg(place.path().join("site"));
    let mut site = Program::run(command, place.path()).await;
    site.client.sign_in(ADMINISTRATOR.0, ADMINISTRATOR.1).await;
    site.use_token().await;
    let told: serde_json::Value = serde_json::from_slice(&std::fs::read(place.path().join("ready.json"))?)?;
    let plain = told["site"]["plain"].as_str().ok_or("no plain listener")?;
    println!("| seek, ms | p50 | p95 | p99 | most |\n|---|--:|--:|--:|--:|");
    for (what, client) in [("plain", site.client.plain(plain)), ("TLS", site.client.clone())] {
        seeks(what, &client, camera.id, begin).await?;
    }
    println!("resident: {} MiB", site.resident().0 >> 20);
    site.end("-TERM").await;
    Ok(())
}

async fn seeks(what: &str, client: &Client, camera: CameraId, begin: WallTime) -> Outcome {
    let (mut clips, mut anywhere, mut bytes) = (Vec::new(), Vec::new(), 0);
    // Before it counts, each full segment is read once.
    for warm in [true, false] {
        for number in 0..SEEKS {
            let full = number % 2 == 0;
            let segments = HOURS * 3600 / SEGMENT_S;
            let segment = if full {
                rand::rng().random_range(0..segments / FULL) * FULL
            } else {
                rand::rng().random_range(0..segments)
            };
            let within = rand::rng().random_range(0..(SEGMENT_S - 10) * 1_000_000);
            let from = begin.plus_micros(segment * SEGMENT_S * 1_000_000 + within);
            let path = format!("/v1/cameras/{camera}/playback?from={from}&to={}", from.plus_micros(CLIP_US));
            let began = Instant::now();
            let mut response = client.request(Method::GET, &path).send().await?.error_for_status()?;
            let mut body = Vec::new();
            let mut size = 0;
            while let Some(chunk) = response.chunk().await? {
                size += chunk.len();
                // Not every body is looked into: that would warm this process more than the server's.
                if number % 50 == 0 {
                    body.extend_from_slice(&chunk);
                }
            }
            let took = began.elapsed().as_micros() as i64;
            if warm {
                continue;
            }
            if number % 50 == 0 {
                let shown = split(body.into()).iter().filter(|record| record.is_shown_picture()).count();
                assert!((49..=51).contains(&shown), "{shown} pictures in 2 s");
            }
            if full {
                clips.push(took);
                bytes += size;
            } else if segment % FULL != 0 {
                anywhere.push(took);
            }
        }
    }
    row(&format!("{what}: 2 s clip at 3 Mbit/s ({} kB)", bytes / clips.len() / 1000), clips);
    row(&format!("{what}: anywhere in the day, small pictures"), anywhere);
    Ok(())
}

/// Records a day in a minute.
fn fill(data: &Path, camera: CameraId, begin: WallTime) -> Outcome {
    let identity = Identity::from_pem(&std::fs::read_to_string(data.join("identity.key"))?)?;
    let options = Options::new(identity.site_id(), Arc::new(SiteSigner(identity)));
    let (mut archive, _) = Archive::open(Dir::open(data.join("recordings"))?, options, begin)?;
    let key = StreamKey { camera, kind: StreamKind::Main };
    let video = VideoConfig::from_avcc(AVCC)?;
    archive.begin_run(key, Arc::new(Tracks { video, audio: None }), begin)?;
    let bytes = Bytes::from(vec![7; 200_000]);
    for number in 0..HOURS * 3600 * 25 {
        let time = number * 3600;
        let wall = begin.plus_micros(number * 40_000);
        let is_key = number % 50 == 0;
        let full = number / 25 / SEGMENT_S % FULL == 0;
        // 3 Mbit/s: a key frame is eight times as long as another picture.
        let size = if !full {
            120
        } else if is_key {
            105_000
        } else {
            13_160
        };
        let data = bytes.slice(..size);
        let sample = Sample { track: TrackKind::Video, time, composition_offset: 0, wall, key: is_key, data };
        archive.push(key, &sample, wall)?;
        if number % (25 * 60) == 0 {
            archive.tick(wall);
        }
    }
    archive.close(begin.plus_micros(HOURS * 3_600_000_000))?;
    Ok(())
}
