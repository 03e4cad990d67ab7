//! Recording methods with simulated cameras: what is kept of an event, by hand, by schedule, without sound.

use std::{path::PathBuf, time::Duration};

use api::{
    camera::{Camera, CameraState, Source},
    method::{
        DayRange, Motion, MotionFrom, NewSchedule, Reason, RecordingMethod, RecordingSettings, Schedule,
        Streams, Week, When,
    },
    recording::{EventKind, Lane, Timeline},
};
use e2e::{System, probe, records, system::new_camera, wait::until};
use model::{CameraId, WallTime, clock::wall_now};
use reqwest::{Method, StatusCode};
use serde_json::json;
use sim::{CameraOptions, Scene, SimCamera};

const PATIENCE: Duration = Duration::from_secs(40);

/// A camera in front of which nothing moves by itself for a while, added and recorded like this.
async fn system(settings: RecordingSettings) -> (System, Camera) {
    let quiet = CameraOptions { scene: Scene::Yard, ..CameraOptions::default() };
    let system = System::start(vec![quiet]).await;
    let camera = add(&system, &system.farm.cameras[0], settings).await;
    (system, camera)
}

/// Adds a camera that is recorded by these settings from the first moment on.
async fn add(system: &System, camera: &SimCamera, settings: RecordingSettings) -> Camera {
    let source = Source::Axis { address: camera.http_url(), rtsp_port: None, codec: None };
    let new = api::camera::NewCamera { record: false, ..new_camera(camera, source) };
    let added: Camera = system.client.post("/v1/cameras", &new).await;
    put(system, added.id, settings).await;
    added
}

async fn put(system: &System, id: CameraId, settings: RecordingSettings) {
    let body = serde_json::to_value(settings).expect("JSON");
    let path = format!("/v1/cameras/{id}/recording");
    let (status, answer) = system.client.call(Method::PUT, &path, Some(&body)).await;
    assert!(status.is_success(), "{status} {answer}");
}

async fn lane(system: &System, id: CameraId) -> Lane {
    let now = wall_now();
    let (from, to) = (now - Duration::from_secs(3600), now + Duration::from_secs(60));
    let timeline: Timeline =
        system.client.get(&format!("/v1/timeline?cameras={id}&from={from}&to={to}&resolution_ms=1")).await;
    timeline.lanes.into_iter().next().expect("a lane")
}

async fn camera(system: &System, id: CameraId) -> Camera {
    system.client.get(&format!("/v1/cameras/{id}")).await
}

/// Waits until the camera runs and has a pre buffer of so many seconds.
async fn buffered(system: &System, id: CameraId, seconds: i64) {
    system.until_state(id, CameraState::Live, PATIENCE).await;
    let since = until("frames come", PATIENCE, || async { camera(system, id).await.last_frame }).await;
    until("the pre buffer is full", PATIENCE, || async {
        (wall_now().micros_since(since) > seconds * 1_000_000).then_some(())
    })
    .await;
}

/// Waits until nothing is recorded any more.
async fn ended(system: &System, id: CameraId) -> Lane {
    until("the recording has ended", PATIENCE, || async {
        let lane = lane(system, id).await;
        let idle = camera(system, id).await.recording.reasons.is_empty();
        (idle && !lane.spans.is_empty() && lane.spans.iter().all(|span| !span.open)).then_some(lane)
    })
    .await
}

/// Frame numbers and capture times of what is played back of a stretch.
async fn frames(
    system: &System,
    id: CameraId,
    stream: &str,
    from: WallTime,
    to: WallTime,
) -> Vec<(u64, i64)> {
    let path = format!("/v1/cameras/{id}/playback?stream={stream}&from={from}&to={to}");
    records::split(system.client.bytes(&path).await)
        .iter()
        .filter(|record| record.is_shown_picture())
        .map(|record| record.stamp().expect("a stamp"))
        .map(|stamp| (stamp.number, stamp.captured_us))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_recorded_with_what_came_before_and_after_it_to_the_frame() {
    let motion = RecordingSettings {
        method: RecordingMethod::Motion,
        motion: When { streams: Streams::Both, schedule: None },
        pre_buffer_s: 3,
        post_buffer_s: 2,
        ..RecordingSettings::default()
    };
    let (system, added) = system(motion).await;
    let id = added.id;
    buffered(&system, id, 5).await;
    assert_eq!(lane(&system, id).await.spans, [], "nothing is recorded without a reason");
    system.farm.cameras[0].motion(Duration::from_secs(2));
    let began = until("motion is told", PATIENCE, || async {
        let recording = camera(&system, id).await.recording;
        let told = recording.motion == Some(Motion { active: true, estimated: false });
        (told && recording.reasons == [Reason::Motion]).then(wall_now)
    })
    .await;
    let lane = ended(&system, id).await;
    let [span] = lane.spans[..] else { panic!("one recording: {:?}", lane.spans) };
    let [event] = lane.events[..] else { panic!("one event: {:?}", lane.events) };
    assert_eq!(event.kind, EventKind::Motion);
    let seconds = |from: WallTime, to: WallTime| to.micros_since(from) as f64 / 1e6;
    assert!((-1.5..=0.2).contains(&seconds(began, event.from)), "the event begins when it began");
    assert!((1.5..3.0).contains(&seconds(event.from, event.to)), "{event:?}");
    // To the group of pictures: they are 2 s long here.
    assert!((2.9..5.3).contains(&seconds(span.from, event.from)), "{span:?} {event:?}");
    assert!((1.9..4.3).contains(&seconds(event.to, span.to)), "{span:?} {event:?}");
    for stream in ["main", "sub"] {
        let frames = frames(&system, id, stream, span.from, span.to).await;
        let numbers: Vec<u64> = frames.iter().map(|(number, _)| *number).collect();
        assert!(
            numbers.windows(2).all(|pair| pair[1] == pair[0] + 1),
            "no frame is missing or doubled at the seam: {numbers:?}"
        );
        let (first, last) = (frames[0].1, frames[frames.len() - 1].1);
        assert!(first <= event.from.micros() - 2_900_000, "the pre buffer is there");
        assert!(last >= event.to.micros() + 1_900_000, "the post buffer is there");
    }
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_starts_and_stops_a_recording_and_a_limit_ends_it() {
    let manual = RecordingSettings {
        method: RecordingMethod::Manual,
        manual_longest_s: 10,
        pre_buffer_s: 0,
        post_buffer_s: 0,
        ..RecordingSettings::default()
    };
    let (system, added) = system(manual).await;
    let (id, path) = (added.id, format!("/v1/cameras/{}/recording/manual", added.id));
    system.until_state(id, CameraState::Live, PATIENCE).await;
    let started: Camera = system.client.post(&path, &json!({ "seconds": 1000 })).await;
    assert_eq!(started.recording.reasons, [Reason::Manual]);
    let left = started.recording.manual_until.expect("an end").micros_since(wall_now());
    assert!((5_000_000..=10_000_000).contains(&left), "the camera's limit holds: {left} µs");
    until("it is recorded", PATIENCE, || async {
        lane(&system, id).await.spans.iter().any(|span| span.open).then_some(())
    })
    .await;
    let (status, _) = system.client.call(Method::DELETE, &path, None).await;
    assert_eq!(status, StatusCode::OK);
    let lane = ended(&system, id).await;
    assert_eq!(lane.spans.len(), 1);
    assert!(matches!(lane.events[..], [event] if event.kind == EventKind::Manual), "{:?}", lane.events);
    // Ends by itself.
    let _: Camera = system.client.post(&path, &json!({ "seconds": 1 })).await;
    until("it has ended by itself", PATIENCE, || async {
        camera(&system, id).await.recording.reasons.is_empty().then_some(())
    })
    .await;
    // Off is off.
    put(&system, id, RecordingSettings { method: RecordingMethod::Off, ..manual }).await;
    let (status, problem) = system.client.call(Method::POST, &path, Some(&json!({}))).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::CONFLICT, Some("conflict")));
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_and_schedules_change_without_losing_a_frame_and_sound_that_is_off_is_nowhere() {
    let test = "settings_and_schedules_change_without_losing_a_frame_and_sound_that_is_off_is_nowhere";
    let (system, added) = system(RecordingSettings { sound: false, ..RecordingSettings::default() }).await;
    let id = added.id;
    system.until_state(id, CameraState::Recording, PATIENCE).await;
    let whole_week = Week { days: vec![vec![DayRange { from_minute: 0, to_minute: 1440 }]; 7] };
    let schedule: Schedule =
        system.client.post("/v1/schedules", &NewSchedule { name: "Always".into(), week: whole_week }).await;
    let both = RecordingSettings {
        method: RecordingMethod::Both,
        continuous: When { streams: Streams::Main, schedule: Some(schedule.id) },
        sound: false,
        post_buffer_s: 30,
        ..RecordingSettings::default()
    };
    put(&system, id, both).await;
    // What a camera uses stays.
    let (status, _) =
        system.client.call(Method::DELETE, &format!("/v1/schedules/{}", schedule.id), None).await;
    assert_eq!(status, StatusCode::CONFLICT);
    let recorded = |seconds: i64| {
        let system = &system;
        async move {
            until("so much is recorded", PATIENCE, || async {
                let lane = lane(system, id).await;
                let span = lane.spans.last()?;
                (span.to.micros_since(span.from) > seconds * 1_000_000).then_some(lane)
            })
            .await
        }
    };
    recorded(4).await;
    let path = format!("/v1/cameras/{id}/recording/manual");
    let _: Camera = system.client.post(&path, &json!({})).await;
    // The schedule ends; the recording by hand goes on in the same run.
    let never = NewSchedule { name: "Never".into(), week: Week { days: vec![Vec::new(); 7] } };
    let body = serde_json::to_value(&never).expect("JSON");
    let (status, answer) =
        system.client.call(Method::PUT, &format!("/v1/schedules/{}", schedule.id), Some(&body)).await;
    assert!(status.is_success(), "{answer}");
    until("only by hand", PATIENCE, || async {
        (camera(&system, id).await.recording.reasons == [Reason::Manual]).then_some(())
    })
    .await;
    let lane = recorded(8).await;
    assert_eq!(lane.spans.len(), 1, "{:?}", lane.spans);
    let span = lane.spans[0];
    let frames = frames(&system, id, "main", span.from, span.to).await;
    assert!(frames.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1), "no frame is missing");
    put(&system, id, RecordingSettings { method: RecordingMethod::Off, ..both }).await;
    ended(&system, id).await;
    let recordings = system.recordings();
    system.site.stop().await;
    if !probe::has("ffprobe") {
        return probe::skip(test, "ffprobe is not installed");
    }
    let files = segments(&recordings);
    assert!(!files.is_empty());
    for file in files {
        let kinds: Vec<_> = probe::streams(&file).iter().map(|stream| stream["codec_type"].clone()).collect();
        assert_eq!(kinds, ["video"], "{}", file.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn motion_is_estimated_where_the_camera_tells_none() {
    let test = "motion_is_estimated_where_the_camera_tells_none";
    let Some((_server, port)) = crate::foreign::still_and_moving() else {
        return probe::skip(test, "GStreamer's RTSP server for Python is not installed");
    };
    let system = System::start(vec![CameraOptions::default()]).await;
    let url = |path| format!("rtsp://127.0.0.1:{port}/{path}");
    let new = api::camera::NewCamera {
        name: Some("Foreign".into()),
        source: Source::Rtsp { main_url: url("main"), sub_url: Some(url("sub")) },
        user: None,
        password: None,
        record: false,
        ..new_camera(&system.farm.cameras[0], Source::Rtsp { main_url: String::new(), sub_url: None })
    };
    let added: Camera = system.client.post("/v1/cameras", &new).await;
    let motion = RecordingSettings {
        method: RecordingMethod::Motion,
        motion_from: MotionFrom::Estimate,
        pre_buffer_s: 1,
        post_buffer_s: 1,
        ..RecordingSettings::default()
    };
    put(&system, added.id, motion).await;
    let event = until("an estimated event is recorded", PATIENCE, || async {
        lane(&system, added.id).await.events.first().copied()
    })
    .await;
    assert_eq!(event.kind, EventKind::EstimatedMotion);
    let told = until("motion is told as estimated", PATIENCE, || async {
        camera(&system, added.id).await.recording.motion
    })
    .await;
    assert!(told.estimated);
    let lane = ended(&system, added.id).await;
    assert!(lane.spans[0].from < event.from, "the pre buffer is there: {lane:?}");
    system.site.stop().await;
}

fn segments(directory: &std::path::Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(segments(&path));
        } else if path.extension().is_some_and(|end| end == "mp4") {
            files.push(path);
        }
    }
    files
}
