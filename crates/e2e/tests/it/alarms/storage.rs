//! A disk that is full: it is told, live view goes on, and recording goes on when there is room again.

use std::{fs, time::Duration};

use api::{alarm::AlarmKind, camera::CameraState, live::Ask, recording::Timeline};
use e2e::{Live, System, disk::Small, probe::skip, wait::until};
use model::{StreamKind, clock::wall_now};
use serde_json::Value;
use sim::CameraOptions;

use super::{PATIENCE, alarms};

const TEST: &str = "a_full_disk_is_an_alarm_live_goes_on_and_recording_resumes_when_there_is_room";

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_an_alarm_live_goes_on_and_recording_resumes_when_there_is_room() {
    let place = tempfile::tempdir().expect("a directory");
    if Small::mount(place.path().to_owned()).is_none() {
        skip(TEST, "no file system can be mounted here (needs root)");
        return;
    }
    let camera = CameraOptions { rate: 0.4, ..CameraOptions::default() };
    let system = System::start_with(vec![camera], |config| {
        std::mem::forget(Small::mount(config.recordings()).expect("a small file system"));
    })
    .await;
    let small = Small::mounted(system.recordings());
    let added = system.add(&system.farm.cameras[0], None).await;
    system.until_state(added.id, CameraState::Recording, PATIENCE).await;

    let filler = small.fill();
    let full = wall_now();
    let told = system.until_state(added.id, CameraState::StorageTrouble, PATIENCE).await;
    let detail = told.detail.unwrap_or_default();
    assert!(detail.contains("not written") && detail.contains("space"), "{detail}");
    let alarm = until("an alarm", PATIENCE, || async {
        alarms(&system).await.into_iter().find(|alarm| alarm.kind == AlarmKind::StorageFailed)
    })
    .await;
    assert!(alarm.ended.is_none() && alarm.advice.contains("free space"), "{alarm:?}");
    let health: Value = system.client.get("/healthz").await;
    assert_eq!(health["status"], "recordings are not written");
    let volumes: Value = system.client.get("/v1/volumes").await;
    assert_eq!(volumes["items"][0]["state"], "full", "{volumes}");
    assert!(alarms(&system).await.iter().any(|alarm| alarm.kind == AlarmKind::StorageFull));

    let mut live = Live::open(&system.client).await;
    let ask = Ask::Subscribe {
        subscription: 1,
        camera: added.id,
        stream: StreamKind::Main,
        audio: false,
        profile: None,
        flac: false,
    };
    live.ask(&ask).await;
    let mut newest = 0;
    while newest < full.micros() {
        let record = live.next(Duration::from_secs(10)).await;
        if record.is_picture() {
            newest = record.header.wall_us;
        }
    }

    fs::remove_file(&filler).expect("the filler");
    let room = wall_now();
    system.until_state(added.id, CameraState::Recording, PATIENCE).await;
    until("the alarm has ended", PATIENCE, || async {
        alarms(&system).await.iter().all(|alarm| alarm.ended.is_some()).then_some(())
    })
    .await;
    until("recordings go on", PATIENCE, || async {
        let path = format!("/v1/timeline?from={}&to={}", room, wall_now().plus_micros(1_000_000));
        let timeline: Timeline = system.client.get(&path).await;
        let span = timeline.lanes.first()?.spans.last()?;
        (span.to.micros_since(room) > 3_000_000).then_some(())
    })
    .await;
    let health: Value = system.client.get("/healthz").await;
    assert_eq!(health["status"], "ok");
    system.site.stop().await;
}
