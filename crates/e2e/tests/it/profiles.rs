//! What a person tells of a camera by hand: stream profiles and what they are for (live, grids and recordings follow), and
//! where its still pictures are.

use std::time::Duration;

use api::{
    camera::{Camera, CameraState, Codec, Source},
    live::Ask,
    profile::{NewProfile, Profile, ProfileUse, ProfileVideo},
    record::{Kind, Notice, NoticeCode},
};
use e2e::{
    System,
    live::Live,
    records::{Record, split},
    system::new_camera,
    wait::until,
};
use model::{CameraId, StreamKind, clock::wall_now};
use reqwest::{Method, StatusCode};
use serde_json::json;
use sim::CameraOptions;

const PATIENCE: Duration = Duration::from_secs(20);

fn small() -> ProfileVideo {
    ProfileVideo::Axis {
        codec: Some(Codec::H264),
        resolution: Some("640x360".into()),
        fps: Some(25),
        compression: Some(30),
    }
}

/// The first init of pictures that a subscription gets, and the first picture after it.
async fn watch(system: &System, camera: CameraId, profile: &str) -> (Record, Record, Option<NoticeCode>) {
    let mut live = Live::open(&system.client).await;
    live.ask(&Ask::Subscribe {
        subscription: 1,
        camera,
        stream: StreamKind::Main,
        profile: Some(profile.into()),
        audio: false,
        flac: false,
    })
    .await;
    let (mut init, mut notice) = (None, None);
    loop {
        let record = live.next(PATIENCE).await;
        match record.header.kind {
            Kind::Init => init = Some(record),
            Kind::Notice => notice = Some(notice_of(&record)),
            _ if record.is_picture() => return (init.expect("an init before pictures"), record, notice),
            _ => {}
        }
    }
}

fn notice_of(record: &Record) -> NoticeCode {
    serde_json::from_slice::<Notice>(&record.payload).expect("a notice").code
}

async fn width_of_recording(system: &System, camera: CameraId) -> Option<u16> {
    let now = wall_now();
    let path = format!("/v1/cameras/{camera}/playback?from={}&to={now}", now.plus_micros(-1_000_000));
    let response = system.client.request(Method::GET, &path).send().await.ok()?;
    if !response.status().is_success() {
        return None;
    }
    let records = split(response.bytes().await.ok()?);
    let inits = records.iter().filter(|record| record.header.kind == Kind::Init).map(Record::init);
    inits.map(|init| init.width).filter(|width| *width > 0).last()
}

async fn uses(system: &System, camera: CameraId) -> Vec<(String, Option<StreamKind>)> {
    let camera: Camera = system.client.get(&format!("/v1/cameras/{camera}")).await;
    camera.profiles.into_iter().map(|profile| (profile.name, profile.used_as)).collect()
}

fn named(name: &str, used: Option<StreamKind>) -> (String, Option<StreamKind>) {
    (name.to_owned(), used)
}

#[tokio::test(flavor = "multi_thread")]
async fn profiles_of_an_axis_camera_are_added_watched_by_name_recorded_and_removed() {
    let system = System::start(vec![CameraOptions::default()]).await;
    let id = system.add(&system.farm.cameras[0], None).await.id;
    system.until_state(id, CameraState::Recording, PATIENCE).await;
    let profiles = format!("/v1/cameras/{id}/profiles");
    assert_eq!(
        uses(&system, id).await,
        [named("main", Some(StreamKind::Main)), named("sub", Some(StreamKind::Sub))]
    );

    let new = NewProfile { name: "Küche/£".into(), video: small(), use_as: ProfileUse::None };
    let (status, problem) = system.client.call(Method::POST, &profiles, Some(&json!(new))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
    let new = NewProfile { name: "Küche £".into(), ..new };
    let added: Profile = system.client.post(&profiles, &new).await;
    let picture = added.picture.expect("it was opened");
    assert_eq!((picture.width, picture.height, added.used_as, added.built_in), (640, 360, None, false));
    assert!(picture.video_codec.starts_with("avc1."), "{picture:?}");
    let (status, problem) = system.client.call(Method::POST, &profiles, Some(&json!(new))).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("conflict")));

    let (init, first, notice) = watch(&system, id, "Küche £").await;
    assert_eq!((init.init().width, notice), (640, None));
    assert!(first.stamp().is_some());
    let (init, _, notice) = watch(&system, id, "sub").await;
    assert_eq!((init.init().width, notice), (640, None));
    let (init, _, notice) = watch(&system, id, "no such").await;
    assert_eq!((init.init().width, notice), (1920, Some(NoticeCode::OtherStream)));

    // It becomes what is recorded, the rest goes on; a new name takes that along.
    let one = format!("{profiles}/K%C3%BCche%20%C2%A3");
    let (status, answer) =
        system.client.call(Method::PATCH, &one, Some(&json!({"use_as": "main", "name": "Kitchen"}))).await;
    assert_eq!((status, &answer["used_as"]), (StatusCode::OK, &json!("main")), "{answer}");
    assert_eq!(
        uses(&system, id).await,
        [named("main", None), named("sub", Some(StreamKind::Sub)), named("Kitchen", Some(StreamKind::Main))]
    );
    until("the small picture is recorded", PATIENCE, || async {
        (width_of_recording(&system, id).await == Some(640)).then_some(())
    })
    .await;
    let (init, _, _) = watch(&system, id, "main").await;
    assert_eq!(init.init().width, 1920, "the profile that is not recorded any more is still there to watch");

    let kitchen = format!("{profiles}/Kitchen");
    let (status, problem) = system.client.call(Method::DELETE, &kitchen, None).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("conflict")), "it is recorded");

    // All of it stays over a restart.
    let system = system.restart().await;
    until("the small picture is recorded again", PATIENCE, || async {
        (width_of_recording(&system, id).await == Some(640)).then_some(())
    })
    .await;
    let main = format!("{profiles}/main");
    let (status, _) = system.client.call(Method::PATCH, &main, Some(&json!({"use_as": "main"}))).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) = system.client.call(Method::DELETE, &kitchen, None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    until("the large picture is recorded", PATIENCE, || async {
        (width_of_recording(&system, id).await == Some(1920)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_by_address_shows_stills_once_it_is_known_where_they_are() {
    let system = System::start(vec![CameraOptions::default()]).await;
    let camera = &system.farm.cameras[0];
    let source = Source::Rtsp { main_url: camera.main_url.clone(), sub_url: None };
    let added: Camera = system.client.post("/v1/cameras", &new_camera(camera, source)).await;
    let (one, image) = (format!("/v1/cameras/{}", added.id), format!("/v1/cameras/{}/image", added.id));
    let (status, problem) = system.client.call(Method::GET, &image, None).await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("camera-no-stream")));
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains("Still pictures")), "{problem}");
    for (path, good) in
        [("/onvif/device_service", true), ("/axis-cgi/jpg/image.cgi", true), ("/nothing", false)]
    {
        let url = format!("{}{path}", camera.http_url());
        let (status, changed) =
            system.client.call(Method::PATCH, &one, Some(&json!({"image_url": url}))).await;
        assert_eq!((status, &changed["image_url"]), (StatusCode::OK, &json!(url)));
        if good {
            assert!(system.client.bytes(&image).await.starts_with(&[0xff, 0xd8, 0xff]), "{path}");
        } else {
            let (status, problem) = system.client.call(Method::GET, &image, None).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        }
    }
    for url in ["ftp://127.0.0.1/a.jpg", "http://u:p@127.0.0.1/a.jpg"] {
        let (status, _) = system.client.call(Method::PATCH, &one, Some(&json!({"image_url": url}))).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_by_address_gets_its_grid_stream_by_hand() {
    let system = System::start(vec![CameraOptions::default()]).await;
    let camera = &system.farm.cameras[0];
    let source = Source::Rtsp { main_url: camera.main_url.clone(), sub_url: None };
    let added: Camera = system.client.post("/v1/cameras", &new_camera(camera, source)).await;
    assert!(!added.has_sub);
    let profiles = format!("/v1/cameras/{}/profiles", added.id);
    for (video, status) in [
        (json!({"kind": "axis", "resolution": "640x360"}), StatusCode::BAD_REQUEST),
        (json!({"kind": "rtsp", "url": "rtsp://u:p@127.0.0.1/"}), StatusCode::BAD_REQUEST),
        (
            json!({"kind": "rtsp", "url": format!("rtsp://{}:{}/nothing", camera.address, camera.rtsp_port)}),
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (json!({"kind": "rtsp", "url": camera.sub_url}), StatusCode::CREATED),
    ] {
        let new = json!({"name": "Grid", "video": video, "use_as": "sub"});
        let (answered, answer) = system.client.call(Method::POST, &profiles, Some(&new)).await;
        assert_eq!(answered, status, "{new}: {answer}");
    }
    let changed: Camera = system.client.get(&format!("/v1/cameras/{}", added.id)).await;
    assert!(changed.has_sub);
    let (init, _, notice) = watch(&system, added.id, "Grid").await;
    assert_eq!((init.init().width, notice), (640, None));
}
