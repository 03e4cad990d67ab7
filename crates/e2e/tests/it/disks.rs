//! A disk that fails under a running site, in each way that disks do: another volume takes over, no other one notices, and when
//! the disk is back the timeline is one.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use api::{
    alarm::{Alarm, AlarmKind},
    storage::{Volume, VolumeState},
};
use e2e::{System, disk::Disk, probe::skip, records::split, wait::until};
use model::{CameraId, WallTime, clock::wall_now};
use serde_json::{Value, json};

use crate::volumes::{PATIENCE, recorded, small_camera, timeline, volume};

/// So fast another volume takes over, where nothing else keeps the machine busy; each try to write takes a commit.
const SECONDS: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug)]
enum Trouble {
    /// Writes fail.
    Errors,
    /// It is gone from its place.
    Unplugged,
    /// The file system has turned read-only.
    ReadOnly,
}

/// Frame numbers of all pictures that are shown, in order.
pub async fn frames(system: &System, id: CameraId, from: WallTime, to: WallTime) -> Vec<u64> {
    let path = format!("/v1/cameras/{id}/playback?from={from}&to={to}");
    let records = split(system.client.bytes(&path).await);
    let shown = records.iter().filter(|record| record.is_shown_picture());
    shown.map(|record| record.stamp().expect("a stamp").number).collect()
}

async fn is_recorded_to(system: &System, path: &Path, what: &str) {
    until(what, PATIENCE, || async {
        let volume = volume(system, path).await;
        (volume.streams == 1 && volume.state == VolumeState::Ok).then_some(())
    })
    .await;
}

/// The alarm that this disk is slow, while it lasts. (A busy machine's other disk may be slow at any moment.)
async fn slow_alarm(system: &System, path: &Path) -> Option<Alarm> {
    let list: Value = system.client.get("/v1/alarms").await;
    let alarms: Vec<Alarm> = serde_json::from_value(list["items"].clone()).expect("alarms");
    let path = path.display().to_string();
    let goes_on = |alarm: &Alarm| {
        alarm.kind == AlarmKind::StorageSlow && alarm.ended.is_none() && alarm.title.contains(&path)
    };
    alarms.into_iter().find(goes_on)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_slow_stands_still_fails_or_is_unplugged_costs_no_frame_and_no_other_volume_notices() {
    const TEST: &str =
        "a_disk_that_is_slow_stands_still_fails_or_is_unplugged_costs_no_frame_and_no_other_volume_notices";
    let place = tempfile::tempdir().expect("a directory");
    let broken = place.path().join("broken");
    let mut disk = match Disk::make(place.path(), broken.clone()) {
        Ok(disk) => disk,
        Err(reason) => return skip(TEST, &format!("no disk of its own can be made: {reason}")),
    };
    let system = System::start_with(vec![small_camera(), small_camera()], |_| ()).await;
    let fallback = system.data.path().join("fallback");
    let main: Volume = system.client.post("/v1/volumes", &json!({ "path": broken })).await;
    system.client.post::<Volume>("/v1/volumes", &json!({ "path": fallback, "kind": "fallback" })).await;
    let begun = wall_now();
    let (mut cameras, well) = (Vec::new(), system.recordings());
    for camera in &system.farm.cameras {
        cameras.push(system.add(camera, None).await.id);
    }
    let (unlucky, lucky) = (cameras[0], cameras[1]);
    let healthy = volume(&system, &well).await;
    for (camera, id) in [(unlucky, main.id), (lucky, healthy.id)] {
        let path = format!("/v1/storage/cameras/{camera}");
        system.client.call(reqwest::Method::PATCH, &path, Some(&json!({ "volume": id }))).await;
    }
    is_recorded_to(&system, &broken, "the camera is recorded to the disk").await;
    recorded(&system, unlucky, begun, 4).await;

    // Slower than the usual tick, but it works: the tick grows, which is told, and everything is recorded there.
    let begun_slow = volume(&system, &broken).await.used_bytes;
    let slowness = disk.slow_down(Duration::from_millis(1500), Duration::from_millis(200));
    until("commits take long, and more is at risk", PATIENCE, || async {
        let slow = volume(&system, &broken).await;
        let told = slow.state == VolumeState::Slow && (2.0..16.0).contains(&slow.at_risk_s);
        (told && slow.used_bytes > begun_slow + 1_000_000).then_some(())
    })
    .await;
    let alarm = until("it is an alarm", PATIENCE, || slow_alarm(&system, &broken)).await;
    assert!(alarm.title.contains("cannot keep up: up to"), "{alarm:?}");
    let slow = volume(&system, &broken).await;
    assert_eq!(slow.streams, 1, "a slow disk keeps its camera: {slow:?}");
    drop(slowness);
    is_recorded_to(&system, &broken, "the tick is the usual one again").await;
    until("the alarm has ended", PATIENCE, || async {
        slow_alarm(&system, &broken).await.is_none().then_some(())
    })
    .await;

    disk.freeze().expect("frozen");
    until("it is slow, and that is said", PATIENCE, || async {
        let slow = volume(&system, &broken).await;
        (slow.state == VolumeState::Slow && slow.at_risk_s > 1.5).then_some(())
    })
    .await;
    let alarm = until("it is an alarm", PATIENCE, || slow_alarm(&system, &broken)).await;
    assert!(alarm.title.contains("s of recording are at risk"), "{alarm:?}");
    disk.thaw().expect("thawed");
    is_recorded_to(&system, &broken, "it keeps the usual tick again").await;
    until("the alarm has ended", PATIENCE, || async {
        slow_alarm(&system, &broken).await.is_none().then_some(())
    })
    .await;

    for trouble in [Trouble::Unplugged, Trouble::Errors, Trouble::ReadOnly] {
        let since = Instant::now();
        match trouble {
            Trouble::Errors => disk.fail_writes(),
            Trouble::Unplugged => disk.unplug().expect("unplugged"),
            Trouble::ReadOnly => disk.break_down().expect("broken"),
        }
        is_recorded_to(&system, &fallback, &format!("{trouble:?}: the fallback takes over")).await;
        assert!(since.elapsed() < SECONDS, "{trouble:?}: {:?}", since.elapsed());
        let failed = volume(&system, &broken).await;
        assert!(matches!(failed.state, VolumeState::Failed | VolumeState::Full), "{trouble:?}: {failed:?}");
        // A busy machine's disk may be slow at any moment; that is not this trouble.
        let other = volume(&system, &well).await;
        let records = matches!(other.state, VolumeState::Ok | VolumeState::Slow);
        assert!(records, "{trouble:?}: no other one notices: {other:?}");
        match trouble {
            Trouble::Unplugged => disk.plug_in().expect("plugged in"),
            Trouble::Errors | Trouble::ReadOnly => disk.replace().expect("repaired"),
        }
        is_recorded_to(&system, &broken, &format!("{trouble:?}: the disk takes its camera back")).await;
    }
    let back = wall_now();
    recorded(&system, unlucky, back, 3).await;
    for camera in [unlucky, lucky] {
        let spans = timeline(&system, camera, begun).await.lanes[0].spans.clone();
        assert_eq!(spans.len(), 1, "{camera}: one timeline: {spans:?}");
        let frames = frames(&system, camera, spans[0].from, spans[0].to).await;
        let holes: Vec<_> = frames.windows(2).filter(|pair| pair[1] != pair[0] + 1).collect();
        assert!(holes.is_empty() && frames.len() > 200, "{camera}: {holes:?} of {}", frames.len());
    }
    system.site.stop().await;
}
