//! What is being read is judged again while it is read: playback and clips, whose reader takes their time.

use std::time::Duration;

use api::camera::{Camera, NewCamera, Source};
use e2e::{
    Client, System, past, records,
    system::{ADMINISTRATOR, new_camera, start_again},
    wait::until,
};
use model::{CameraId, WallTime, clock::wall_now};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use sim::{CameraOptions, Farm};

const PATIENCE: Duration = Duration::from_secs(20);
const PASSWORD: &str = "pier, gate and yard";
const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3600 * SECOND;
/// Footage around the moment that is an hour ago, at eight times the usual rate: 24 Mbit/s.
const BEFORE: i64 = 2;
const FOOTAGE: i64 = 28;
const TIMES: i64 = 8;

struct Past {
    site: site::Running,
    administrator: Client,
    /// Sees an hour back.
    olga: Client,
    user: String,
    camera: CameraId,
    began: WallTime,
    _farm: Farm,
    _data: tempfile::TempDir,
}

/// A site with footage around the limit of a user.
async fn site() -> Past {
    let system = System::start(vec![CameraOptions::default(); 2]).await;
    let recorded = system.add(&system.farm.cameras[0], None).await.id;
    let source = Source::Axis { address: system.farm.cameras[1].http_url(), rtsp_port: None, codec: None };
    let silent = NewCamera { record: false, ..new_camera(&system.farm.cameras[1], source) };
    let camera: Camera = system.client.post("/v1/cameras", &silent).await;
    until("some seconds are recorded", PATIENCE, || async {
        let now = wall_now();
        let path = format!("/v1/timeline?cameras={recorded}&from={}&to={now}", now.plus_micros(-60 * SECOND));
        let timeline: Value = system.client.get(&path).await;
        (timeline["lanes"][0]["spans"][0]["bytes"].as_u64()? > 1_000_000).then_some(())
    })
    .await;
    let new = json!({ "name": "olga", "password": PASSWORD, "role": "operator", "recordings_minutes": 60,
        "grants": [{ "privilege": "camera-video" }, { "privilege": "export" }] });
    let user: Value = system.client.post("/v1/users", &new).await;
    let System { site, farm, data, .. } = system;
    site.stop().await;
    let began = wall_now().plus_micros(-HOUR - BEFORE * SECOND);
    past::write_faster(data.path(), recorded, camera.id, began, FOOTAGE, TIMES);
    let site = start_again(&data, &farm).await;
    let mut administrator = Client::new(&site.url(), &site.tls_certificate_sha256());
    administrator.sign_in(ADMINISTRATOR.0, ADMINISTRATOR.1).await;
    let mut olga = Client::new(&site.url(), &site.tls_certificate_sha256());
    olga.sign_in("olga", PASSWORD).await;
    let user = user["id"].as_str().expect("an identifier").to_owned();
    Past { site, administrator, olga, user, camera: camera.id, began, _farm: farm, _data: data }
}

impl Past {
    /// Begins to read, and takes the first piece.
    async fn begin(&self, client: &Client, what: &str) -> (Response, Vec<u8>) {
        let ended = self.began.plus_micros(FOOTAGE * SECOND);
        let path = format!("/v1/cameras/{}/{what}?from={}&to={ended}", self.camera, self.began);
        let mut response = client.request(Method::GET, &path).send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK, "{what}");
        let first = response.chunk().await.expect("a piece").expect("not nothing");
        (response, first.to_vec())
    }
}

/// Reads on to the end; whether it was whole.
async fn rest((mut response, mut bytes): (Response, Vec<u8>)) -> (Vec<u8>, bool) {
    loop {
        match response.chunk().await {
            Ok(Some(piece)) => bytes.extend_from_slice(&piece),
            Ok(None) => return (bytes, true),
            Err(_) => return (bytes, false),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_read_is_cut_when_the_right_ends_and_follows_the_limit_on_its_age() {
    let past = site().await;
    let whole = rest(past.begin(&past.administrator, "playback").await).await.0.len();
    assert!(whole > 30 << 20, "more than any socket holds: {whole}");

    // A reader who pauses is overtaken by the limit: a playback goes on with what may still be seen, a clip ends.
    let playback = past.begin(&past.olga, "playback").await;
    let clip = past.begin(&past.olga, "clip").await;
    let paused = wall_now();
    until("the limit has gone on", PATIENCE, || async {
        (wall_now().micros_since(paused) > 10 * SECOND).then_some(())
    })
    .await;
    let resumed = wall_now();
    let (bytes, complete) = rest(playback).await;
    assert!(complete, "a playback goes on");
    let walls: Vec<i64> = records::split(bytes.into())
        .iter()
        .filter(|record| record.is_picture())
        .map(|record| record.header.wall_us)
        .collect();
    let (before, after) = walls
        .windows(2)
        .map(|pair| (pair[0], pair[1]))
        .max_by_key(|(before, after)| after - before)
        .expect("pictures");
    assert!(after - before > SECOND, "some is left out: {}", after - before);
    assert!(after >= resumed.micros() - HOUR - 4 * SECOND, "and what comes then is not too old");
    assert_eq!(walls.last(), walls.iter().max(), "the end is there");
    let (_, complete) = rest(clip).await;
    assert!(!complete, "a file cannot leave something out: it is cut off");

    // A right that is taken away cuts both, however much is still to come.
    let (playback, clip) = (past.begin(&past.olga, "playback").await, past.begin(&past.olga, "clip").await);
    let path = format!("/v1/users/{}", past.user);
    let (status, _) = past.administrator.call(Method::PATCH, &path, Some(&json!({ "grants": [] }))).await;
    assert_eq!(status, 200);
    for (what, reading) in [("playback", playback), ("clip", clip)] {
        let (bytes, complete) = rest(reading).await;
        assert!(!complete && bytes.len() < whole * 2 / 3, "{what}: {} of {whole} bytes", bytes.len());
    }
    past.site.stop().await;
}
