//! Every fault of the cameras' script: recording goes on after it, the gap is visible, other cameras lose no frame.

use std::time::Duration;

use api::{camera::CameraState, recording::Timeline};
use e2e::{System, records::split, wait::until};
use model::{CameraId, WallTime, clock::wall_now};
use sim::{CameraOptions, Fault, Garbage};

const PATIENCE: Duration = Duration::from_secs(40);

struct Case {
    name: &'static str,
    fault: Fault,
    /// How long it lasts.
    seconds: u64,
    /// Whether frames must be missing.
    gap: bool,
}

const CASES: [Case; 10] = [
    Case { name: "refuse", fault: Fault::Refuse, seconds: 4, gap: true },
    Case { name: "stall", fault: Fault::Stall, seconds: 13, gap: true },
    Case { name: "drop", fault: Fault::Drop { percent: 5 }, seconds: 5, gap: false },
    Case { name: "wrong password", fault: Fault::WrongPassword, seconds: 4, gap: false },
    Case { name: "reboot", fault: Fault::Reboot { seconds: 4 }, seconds: 5, gap: true },
    Case { name: "resolution", fault: Fault::Resolution, seconds: 6, gap: false },
    Case { name: "jump", fault: Fault::Jump { seconds: -86_400 * 365 }, seconds: 4, gap: false },
    Case { name: "dynamic GOP", fault: Fault::DynamicGop, seconds: 6, gap: false },
    Case { name: "dynamic rate", fault: Fault::Rate { fps: 1 }, seconds: 6, gap: false },
    Case {
        name: "garbage",
        fault: Fault::Garbage { place: Garbage::Framing, percent: 50 },
        seconds: 5,
        gap: false,
    },
];

async fn seconds(count: u64) {
    let begun = wall_now();
    until("time has passed", Duration::from_secs(count * 2 + 5), || async {
        (wall_now().micros_since(begun) > count as i64 * 1_000_000).then_some(())
    })
    .await;
}

async fn shown(system: &System, id: CameraId, from: WallTime, to: WallTime) -> Vec<(i64, u64)> {
    let path = format!("/v1/cameras/{id}/playback?from={from}&to={to}");
    split(system.client.bytes(&path).await)
        .iter()
        .filter(|record| record.is_shown_picture())
        .filter_map(|record| Some((record.header.wall_us, record.stamp()?.number)))
        .collect()
}

/// One camera after the other gets into trouble; a witness records beside it all the time.
#[tokio::test(flavor = "multi_thread")]
async fn recording_goes_on_after_every_fault_and_other_cameras_lose_nothing() {
    let system = System::start(vec![CameraOptions::default(); 2]).await;
    let (troubled, witness) = (&system.farm.cameras[0], &system.farm.cameras[1]);
    let troubled_id = system.add(troubled, None).await.id;
    let witness_id = system.add(witness, None).await.id;
    for id in [troubled_id, witness_id] {
        system.until_state(id, CameraState::Recording, PATIENCE).await;
    }
    seconds(2).await;
    let begun = wall_now();
    for case in &CASES {
        let before = wall_now();
        troubled.fault(case.fault);
        seconds(case.seconds).await;
        troubled.fault(Fault::Clear);
        let after = wall_now();
        system.until_state(troubled_id, CameraState::Recording, PATIENCE).await;
        // Frames that were made after the fault are recorded.
        until(&format!("{}: recording goes on", case.name), PATIENCE, || async {
            let frames = shown(&system, troubled_id, after, wall_now().plus_micros(60_000_000)).await;
            (frames.len() >= 50).then_some(())
        })
        .await;
        if case.gap {
            let path = format!(
                "/v1/timeline?cameras={troubled_id}&from={}&to={}&resolution_ms=500",
                before.plus_micros(-1_000_000),
                wall_now()
            );
            let timeline: Timeline = system.client.get(&path).await;
            let spans = &timeline.lanes[0].spans;
            assert!(spans.len() >= 2, "{}: the gap is visible: {spans:?}", case.name);
        }
    }
    let end = wall_now();
    // What is played back of the troubled camera goes forward in time, whatever its clock did.
    let all = shown(&system, troubled_id, begun, end).await;
    assert!(all.windows(2).all(|pair| pair[0].0 < pair[1].0), "recorded time goes forward");
    let frames = shown(&system, witness_id, begun, end.plus_micros(-2_000_000)).await;
    let lost: Vec<_> = frames.windows(2).filter(|pair| pair[1].1 != pair[0].1 + 1).collect();
    assert!(lost.is_empty(), "the other camera lost frames at {lost:?}");
    let expected = (end.micros_since(begun) - 2_000_000) / 40_000;
    assert!((frames.len() as i64 - expected).abs() < 30, "{} frames instead of {expected}", frames.len());
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_codec_that_changes_mid_stream_is_recorded_as_what_it_is() {
    let system = System::start(vec![CameraOptions::default()]).await;
    let camera = &system.farm.cameras[0];
    let id = system.add(camera, None).await.id;
    system.until_state(id, CameraState::Recording, PATIENCE).await;
    seconds(3).await;
    let changed = wall_now();
    camera.fault(Fault::Codec { codec: sim::Codec::H265 });
    let records = until("both codecs are recorded", PATIENCE * 2, || async {
        let path = format!(
            "/v1/cameras/{id}/playback?from={}&to={}",
            changed.plus_micros(-3_000_000),
            wall_now().plus_micros(1_000_000)
        );
        let records = split(system.client.bytes(&path).await);
        let codecs: Vec<String> = records
            .iter()
            .filter(|record| record.header.kind == api::record::Kind::Init)
            .map(|record| record.init().codec)
            .collect();
        let both = codecs.iter().any(|codec| codec.starts_with("avc1"))
            && codecs.last().is_some_and(|codec| codec.starts_with("hvc1"));
        both.then_some(records)
    })
    .await;
    assert!(records.iter().filter(|record| record.is_picture()).all(|record| record.stamp().is_some()));
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_password_is_told_and_a_new_one_taken_at_run_time() {
    let system = System::start(vec![CameraOptions::default()]).await;
    let camera = &system.farm.cameras[0];
    let id = system.add(camera, None).await.id;
    system.until_state(id, CameraState::Recording, PATIENCE).await;
    let change = serde_json::json!({ "password": "wrong" });
    let path = format!("/v1/cameras/{id}");
    let (status, _) = system.client.call(reqwest::Method::PATCH, &path, Some(&change)).await;
    assert_eq!(status, 200);
    let told = system.until_state(id, CameraState::WrongPassword, PATIENCE).await;
    assert!(told.detail.is_some_and(|detail| detail.contains("password")));
    let alarms = until("an alarm", PATIENCE, || async {
        let alarms: serde_json::Value = system.client.get("/v1/alarms").await;
        (!alarms["items"].as_array()?.is_empty()).then_some(alarms)
    })
    .await;
    assert_eq!(alarms["items"][0]["kind"], "camera-password");
    let change = serde_json::json!({ "password": camera.password });
    let (status, _) = system.client.call(reqwest::Method::PATCH, &path, Some(&change)).await;
    assert_eq!(status, 200);
    system.until_state(id, CameraState::Recording, PATIENCE).await;
    system.site.stop().await;
}
