//! Several volumes: one fails and another takes over, one of another site is only read, locks outlive the database.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use api::{
    alarm::{Alarm, AlarmKind},
    camera::CameraState,
    recording::Timeline,
    storage::{Lock, Storage, Volume, VolumeKind, VolumeState},
};
use e2e::{System, disk::Small, probe, wait::until};
use model::{CameraId, WallTime, clock::wall_now};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sim::CameraOptions;

pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) fn small_camera() -> CameraOptions {
    CameraOptions { rate: 0.4, ..CameraOptions::default() }
}

pub(crate) async fn volumes(system: &System) -> Vec<Volume> {
    let list: Value = system.client.get("/v1/volumes").await;
    serde_json::from_value(list["items"].clone()).expect("volumes")
}

pub(crate) async fn volume(system: &System, path: &Path) -> Volume {
    let path = path.display().to_string();
    volumes(system).await.into_iter().find(|volume| volume.path == path).expect("the volume")
}

pub(crate) async fn timeline(system: &System, camera: CameraId, from: WallTime) -> Timeline {
    let path = format!("/v1/timeline?cameras={camera}&from={from}&to={}", wall_now().plus_micros(1_000_000));
    system.client.get(&path).await
}

pub(crate) async fn recorded(system: &System, camera: CameraId, from: WallTime, seconds: i64) {
    until("enough is recorded", PATIENCE, || async {
        let timeline = timeline(system, camera, from).await;
        let spans = &timeline.lanes.first()?.spans;
        let recorded: i64 = spans.iter().map(|span| span.to.micros_since(span.from)).sum();
        (recorded > seconds * 1_000_000).then_some(())
    })
    .await;
}

/// Segments below a directory.
fn segments(volume: &Path) -> Vec<PathBuf> {
    let (mut found, mut waiting) = (Vec::new(), vec![volume.to_owned()]);
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|end| end == "mp4") {
                found.push(path);
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_volume_is_replaced_by_the_fallback_within_seconds_and_takes_over_again() {
    const TEST: &str = "a_full_volume_is_replaced_by_the_fallback_within_seconds_and_takes_over_again";
    let place = tempfile::tempdir().expect("a directory");
    if Small::mount(place.path().to_owned()).is_none() {
        probe::skip(TEST, "no file system can be mounted here (needs root)");
        return;
    }
    let system = System::start_with(vec![small_camera()], |config| {
        std::mem::forget(Small::mount(config.recordings()).expect("a small file system"));
    })
    .await;
    let main = Small::mounted(system.recordings());
    let fallback = system.data.path().join("fallback");
    let new = json!({ "path": fallback, "kind": "fallback" });
    let added: Volume = system.client.post("/v1/volumes", &new).await;
    assert_eq!((added.state, added.kind), (VolumeState::Ok, VolumeKind::Fallback), "{added:?}");
    let begun = wall_now();
    let camera = system.add(&system.farm.cameras[0], None).await;
    recorded(&system, camera.id, begun, 5).await;
    assert_eq!(volume(&system, main.path()).await.streams, 1);

    let filler = main.fill();
    let full = wall_now();
    until("the fallback takes over", PATIENCE, || async {
        let (main, other) = (volume(&system, main.path()).await, volume(&system, &fallback).await);
        (main.state == VolumeState::Full && other.streams == 1 && other.used_bytes > 0).then_some(())
    })
    .await;
    let alarm = until("it is an alarm", PATIENCE, || async {
        let list: Value = system.client.get("/v1/alarms").await;
        let alarms: Vec<Alarm> = serde_json::from_value(list["items"].clone()).expect("alarms");
        alarms.into_iter().find(|alarm| alarm.kind == AlarmKind::StorageFull)
    })
    .await;
    assert!(alarm.advice.contains("room"), "{alarm:?}");
    let health: Value = system.client.get("/healthz").await;
    assert_eq!(health["status"], "ok", "recording goes on");
    recorded(&system, camera.id, full, 4).await;

    fs::remove_file(&filler).expect("the filler");
    until("the main volume takes its camera back", PATIENCE, || async {
        let (main, other) = (volume(&system, main.path()).await, volume(&system, &fallback).await);
        (main.state == VolumeState::Ok && main.streams == 1 && other.streams == 0).then_some(())
    })
    .await;
    recorded(&system, camera.id, full, 12).await;
    until("the alarm has ended", PATIENCE, || async {
        let list: Value = system.client.get("/v1/alarms").await;
        let alarms: Vec<Alarm> = serde_json::from_value(list["items"].clone()).expect("alarms");
        alarms.iter().all(|alarm| alarm.ended.is_some()).then_some(())
    })
    .await;
    let state = system.until_state(camera.id, CameraState::Recording, PATIENCE).await;
    assert_eq!(state.detail, None);

    // Nothing is missing in between, and nothing is there twice.
    let timeline = timeline(&system, camera.id, begun).await;
    let spans = &timeline.lanes[0].spans;
    assert_eq!(spans.len(), 1, "{spans:?}");
    let (from, to) = (spans[0].from, spans[0].to);
    system.site.stop().await;
    if !probe::has("ffprobe") {
        probe::skip(TEST, "ffprobe is not installed");
        return;
    }
    for volume in [main.path(), fallback.as_path()] {
        let files = segments(volume);
        assert!(!files.is_empty(), "{volume:?}");
        for file in files {
            let streams = probe::streams(&file);
            assert!(streams.iter().any(|stream| stream["codec_name"] == "h264"), "{file:?}: {streams:?}");
        }
    }
    assert!(to.micros_since(from) > 15_000_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_of_another_site_is_only_read_until_it_is_adopted() {
    let first = System::start(vec![small_camera()]).await;
    let begun = wall_now();
    let camera = first.add(&first.farm.cameras[0], None).await;
    recorded(&first, camera.id, begun, 3).await;
    let moved = first.recordings();
    let data = first.data;
    first.site.stop().await;
    let before = fs::read_dir(&moved).expect("a directory").count();

    let second = System::start(vec![small_camera()]).await;
    let added: Volume = second.client.post("/v1/volumes", &json!({ "path": moved })).await;
    assert_eq!(added.state, VolumeState::Foreign, "{added:?}");
    assert!(added.made_by.is_some() && added.used_bytes > 0, "{added:?}");
    let spans = timeline(&second, camera.id, begun).await.lanes[0].spans.clone();
    assert!(!spans.is_empty(), "its footage can be looked at");
    let path = format!(
        "/v1/cameras/{}/playback?from={}&to={}",
        camera.id,
        spans[0].from,
        spans[0].from.plus_micros(1_000_000)
    );
    assert!(second.client.bytes(&path).await.len() > 1000);
    let own = second.add(&second.farm.cameras[0], None).await;
    recorded(&second, own.id, begun, 2).await;
    assert_eq!(fs::read_dir(&moved).expect("a directory").count(), before, "nothing was written to it");

    let adopt = format!("/v1/volumes/{}/adopt", added.id);
    let (status, _) = second.client.call(Method::POST, &adopt, Some(&json!({ "confirm": false }))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let adopted: Volume = second.client.post(&adopt, &json!({ "confirm": true })).await;
    assert_eq!((adopted.state, adopted.made_by), (VolumeState::Ok, None), "{adopted:?}");
    let chosen: Storage = {
        let path = format!("/v1/storage/cameras/{}", own.id);
        let body = json!({ "volume": added.id });
        let (status, value) = second.client.call(Method::PATCH, &path, Some(&body)).await;
        assert_eq!(status, StatusCode::OK, "{value}");
        serde_json::from_value(value).expect("storage")
    };
    assert_eq!(chosen.cameras[0].volume, Some(added.id));
    until("the camera moves to it", PATIENCE, || async {
        (volume(&second, &moved).await.streams == 1).then_some(())
    })
    .await;
    let again = timeline(&second, camera.id, begun).await.lanes[0].spans.clone();
    assert_eq!(again[0].from, spans[0].from, "what was on it stays");
    // It was recorded all the while, before, during and after the adoption.
    let adopted_at = wall_now();
    recorded(&second, own.id, adopted_at, 2).await;
    let own_spans = timeline(&second, own.id, begun).await.lanes[0].spans.clone();
    assert_eq!(own_spans.len(), 1, "{own_spans:?}");
    let frames = crate::disks::frames(&second, own.id, own_spans[0].from, own_spans[0].to).await;
    let holes: Vec<_> = frames.windows(2).filter(|pair| pair[1] != pair[0] + 1).collect();
    assert!(holes.is_empty() && frames.len() > 75, "{holes:?} of {}", frames.len());
    second.site.stop().await;
    drop(data);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_outlives_the_database_and_keeps_what_it_locks() {
    let system = System::start(vec![small_camera()]).await;
    let begun = wall_now();
    let camera = system.add(&system.farm.cameras[0], None).await;
    recorded(&system, camera.id, begun, 4).await;
    let from = timeline(&system, camera.id, begun).await.lanes[0].spans[0].from;
    let new = json!({
        "cameras": [camera.id], "from": from, "to": from.plus_micros(1_000_000),
        "name": "Case 7", "reason": "Asked for by the police",
    });
    let lock: Lock = system.client.post("/v1/locks", &new).await;

    let system = system.lose_database().await;
    let list: Value = system.client.get("/v1/locks").await;
    let kept: Vec<Lock> = serde_json::from_value(list["items"].clone()).expect("locks");
    assert_eq!(kept, std::slice::from_ref(&lock));
    let volume = volumes(&system).await.remove(0);
    let limit = json!({ "limit_bytes": 100_000_000 });
    let path = format!("/v1/volumes/{}", volume.id);
    let (status, _) = system.client.call(Method::PATCH, &path, Some(&limit)).await;
    assert_eq!(status, StatusCode::OK);
    let spans = timeline(&system, camera.id, begun).await.lanes[0].spans.clone();
    assert_eq!(spans[0].from, from, "{spans:?}");

    let path = format!("/v1/locks/{}", lock.id);
    let (status, _) = system.client.call(Method::DELETE, &path, None).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "it must be confirmed");
    let (status, _) = system.client.call(Method::DELETE, &format!("{path}?confirm=true"), None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let list: Value = system.client.get("/v1/locks").await;
    assert_eq!(list["items"], json!([]));
    system.site.stop().await;
}
