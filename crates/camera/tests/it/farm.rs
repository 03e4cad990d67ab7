//! Simulated cameras: every frame is told by the stamp in it, so that none is missing, doubled or in the wrong place.

use std::{net::SocketAddrV4, time::Duration};

use bytes::Bytes;
use camera::{
    Kind,
    discover::{self, Method, Settings},
    probe::{Source, probe},
    rtsp::{Input, Limits, Session, Target, Transport, open},
    vapix::{Access, Codec, Device, Resolution},
};
use media::{AudioCodec, Sample, VideoCodec, nal};
use model::TrackKind;
use sim::{Audio, CameraOptions, Farm, Fault, Garbage, Options, SimCamera, stamp};
use tokio::time::timeout;
use url::Url;

const PATIENCE: Duration = Duration::from_secs(20);

async fn farm(options: Options) -> Farm {
    Farm::start(options).await.unwrap()
}

fn target(camera: &SimCamera, url: &str) -> Target {
    Target {
        user: Some(camera.user.clone()),
        password: Some(camera.password.clone().into()),
        ..Target::parse(url).unwrap()
    }
}

fn stamp_of(data: &Bytes) -> stamp::Stamp {
    nal::units(data).filter_map(Result::ok).find_map(stamp::find).expect("every frame has a stamp")
}

/// Inputs until so many pictures have come.
async fn inputs(session: &mut Session, pictures: usize) -> Vec<Input> {
    let mut inputs = Vec::new();
    let mut seen = 0;
    let reading = async {
        while seen < pictures {
            let input = session.next().await.unwrap();
            seen += usize::from(matches!(&input, Input::Sample(sample) if sample.track == TrackKind::Video));
            inputs.push(input);
        }
    };
    timeout(PATIENCE, reading).await.expect("pictures in time");
    inputs
}

fn pictures(inputs: &[Input]) -> Vec<&Sample> {
    inputs
        .iter()
        .filter_map(|input| match input {
            Input::Sample(sample) if sample.track == TrackKind::Video => Some(sample),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn every_frame_comes_once_and_its_capture_time_is_true() {
    let h265 = CameraOptions { codec: sim::Codec::H265, audio: Audio::Pcmu, ..CameraOptions::default() };
    let farm = farm(Options { count: 2, overrides: vec![(1, h265)], ..Options::default() }).await;
    for (camera, codec, sound, transport) in [
        (&farm.cameras[0], VideoCodec::H264, AudioCodec::Aac, Transport::Tcp),
        (&farm.cameras[0], VideoCodec::H264, AudioCodec::Aac, Transport::Udp),
        (&farm.cameras[1], VideoCodec::H265, AudioCodec::Pcmu, Transport::Tcp),
    ] {
        let target = Target { transport, ..target(camera, &camera.main_url) };
        let mut session = open(&target, Limits::default()).await.unwrap();
        assert_eq!(session.tracks().video.codec, codec);
        assert_eq!((session.tracks().video.width, session.tracks().video.height), (1920, 1080));
        assert_eq!(session.tracks().audio.as_ref().unwrap().codec, sound);
        let inputs = inputs(&mut session, 100).await;
        let pictures = pictures(&inputs);
        assert!(pictures[0].key && pictures[0].time == 0);
        let lost = inputs.iter().any(|input| matches!(input, Input::Lost { .. }));
        assert!(!lost || transport == Transport::Udp, "nothing is lost over TCP");
        for pair in pictures.windows(2) {
            let (first, second) = (stamp_of(&pair[0].data), stamp_of(&pair[1].data));
            // On a loaded machine datagrams do get lost; then it is told.
            let follows = second.number == first.number + 1 || (lost && second.number > first.number);
            assert!(follows, "{transport:?}: frame {} after {}", second.number, first.number);
            let step = 3600 * i64::try_from(second.number - first.number).unwrap();
            let found = pair[1].time - pair[0].time;
            assert!((found - step).abs() < 200, "{transport:?}: {found} instead of {step} ticks");
        }
        for picture in &pictures {
            let error = picture.wall.micros() - stamp_of(&picture.data).captured_us;
            assert!(error.abs() < 100_000, "{transport:?}: the capture time is off by {error} µs");
        }
        assert!(
            inputs
                .iter()
                .any(|input| matches!(input, Input::Sample(sample) if sample.track == TrackKind::Audio))
        );
        session.close().await;
    }
    farm.stop().await;
}

#[tokio::test]
async fn a_camera_whose_clock_jumps_changes_nothing() {
    let farm = farm(Options::default()).await;
    let camera = &farm.cameras[0];
    let mut session = open(&target(camera, &camera.main_url), Limits::default()).await.unwrap();
    let mut last: Option<(i64, model::WallTime)> = None;
    for jump in [0, 100_000_000, -300_000_000] {
        camera.fault(Fault::Jump { seconds: jump });
        let inputs = inputs(&mut session, 60).await;
        assert!(inputs.iter().all(|input| matches!(input, Input::Sample(_))));
        for picture in pictures(&inputs) {
            if let Some((time, wall)) = last {
                assert!((picture.time - time - 3600_i64).abs() < 200);
                assert!((picture.wall.micros_since(wall) - 40_000).abs() < 5_000);
            }
            last = Some((picture.time, picture.wall));
        }
    }
    farm.stop().await;
}

#[tokio::test]
async fn a_change_of_resolution_begins_a_new_run() {
    let farm = farm(Options::default()).await;
    let camera = &farm.cameras[0];
    let mut session = open(&target(camera, &camera.main_url), Limits::default()).await.unwrap();
    inputs(&mut session, 10).await;
    camera.fault(Fault::Resolution);
    let tracks = timeout(PATIENCE, async {
        loop {
            if let Input::Tracks(tracks) = session.next().await.unwrap() {
                break tracks;
            }
        }
    });
    let tracks = tracks.await.expect("a new run");
    assert_eq!((tracks.video.width, tracks.video.height), (640, 360));
    let inputs = inputs(&mut session, 5).await;
    assert!(pictures(&inputs)[0].key && pictures(&inputs)[0].time == 0);
    farm.stop().await;
}

#[tokio::test]
async fn lost_packets_are_told_and_the_stream_goes_on() {
    let farm = farm(Options::default()).await;
    let camera = &farm.cameras[0];
    let target = Target { transport: Transport::Udp, ..target(camera, &camera.main_url) };
    let mut session = open(&target, Limits::default()).await.unwrap();
    camera.fault(Fault::Drop { percent: 5 });
    let inputs = inputs(&mut session, 50).await;
    assert!(inputs.iter().any(|input| matches!(input, Input::Lost { packets } if *packets > 0)));
    farm.stop().await;
}

#[tokio::test]
async fn faults_of_a_camera_are_told_apart() {
    let farm = farm(Options { count: 3, ..Options::default() }).await;
    let limits = Limits { silence: Duration::from_secs(2), ..Limits::default() };
    for (camera, fault, kinds) in [
        (&farm.cameras[0], Fault::Stall, [Kind::Silent, Kind::Silent]),
        (&farm.cameras[1], Fault::Refuse, [Kind::Ended, Kind::Unexpected]),
    ] {
        let mut session = open(&target(camera, &camera.main_url), limits).await.unwrap();
        inputs(&mut session, 5).await;
        camera.fault(fault);
        let error = timeout(PATIENCE, async {
            loop {
                if let Err(error) = session.next().await {
                    break error;
                }
            }
        });
        let error = error.await.expect("an end");
        assert!(kinds.contains(&error.kind()), "{fault:?}: {error}");
    }
    let refusing = &farm.cameras[1];
    let error = open(&target(refusing, &refusing.main_url), limits).await.err().expect("refused");
    assert_eq!(error.kind(), Kind::Unreachable, "{error}");
    let camera = &farm.cameras[2];
    camera.fault(Fault::WrongPassword);
    let error = open(&target(camera, &camera.main_url), limits).await.err().expect("refused");
    assert_eq!(error.kind(), Kind::RefusedPassword, "{error}");
    farm.stop().await;
}

#[tokio::test]
async fn rubbish_and_a_changed_codec_end_a_session_and_the_next_one_is_well() {
    let farm = farm(Options { count: 3, ..Options::default() }).await;
    for (camera, fault, codec) in [
        (&farm.cameras[0], Fault::Codec { codec: sim::Codec::H265 }, VideoCodec::H265),
        (&farm.cameras[1], Fault::Garbage { place: Garbage::Payload, percent: 50 }, VideoCodec::H264),
        (&farm.cameras[2], Fault::Garbage { place: Garbage::Framing, percent: 50 }, VideoCodec::H264),
    ] {
        let mut session = open(&target(camera, &camera.main_url), Limits::default()).await.unwrap();
        inputs(&mut session, 5).await;
        camera.fault(fault);
        let error = timeout(PATIENCE, async {
            loop {
                if let Err(error) = session.next().await {
                    break error;
                }
            }
        });
        let error = error.await.expect("an end");
        assert_eq!(error.kind(), Kind::Unexpected, "{fault:?}: {error}");
        if matches!(fault, Fault::Garbage { .. }) {
            camera.fault(Fault::Clear);
        }
        let mut session = open(&target(camera, &camera.main_url), Limits::default()).await.unwrap();
        assert_eq!(session.tracks().video.codec, codec);
        inputs(&mut session, 5).await;
    }
    farm.stop().await;
}

#[tokio::test]
async fn frame_rates_and_groups_that_change_lose_nothing() {
    let farm = farm(Options::default()).await;
    let camera = &farm.cameras[0];
    let mut session = open(&target(camera, &camera.main_url), Limits::default()).await.unwrap();
    camera.fault(Fault::DynamicGop);
    camera.fault(Fault::Rate { fps: 5 });
    let mut all = inputs(&mut session, 60).await;
    camera.fault(Fault::Rate { fps: 25 });
    all.extend(inputs(&mut session, 100).await);
    assert!(all.iter().all(|input| matches!(input, Input::Sample(_))), "one run");
    for pair in pictures(&all).windows(2) {
        let (first, second) = (stamp_of(&pair[0].data), stamp_of(&pair[1].data));
        assert_eq!(second.number, first.number + 1);
        let taken = (second.captured_us - first.captured_us) * 9 / 100;
        assert!((pair[1].time - pair[0].time - taken).abs() < 200);
    }
    farm.stop().await;
}

#[tokio::test]
async fn motion_is_told() {
    let farm = farm(Options::default()).await;
    let camera = &farm.cameras[0];
    let mut target = target(camera, &format!("{}&event=on", camera.main_url));
    target.events = true;
    let mut session = open(&target, Limits::default()).await.unwrap();
    camera.motion(Duration::from_secs(5));
    let seen = timeout(PATIENCE, async {
        loop {
            if let Input::Event(event) = session.next().await.unwrap()
                && event.motion == Some(true)
            {
                break event;
            }
        }
    });
    let event = seen.await.expect("motion");
    assert!(event.topic.contains("Motion") || event.topic.contains("VMD"), "{event:?}");
    farm.stop().await;
}

#[tokio::test]
async fn a_device_tells_what_it_is_and_where_its_streams_are() {
    let farm = farm(Options::default()).await;
    let camera = &farm.cameras[0];
    let access = Access {
        user: Some(camera.user.clone()),
        password: Some(camera.password.clone().into()),
        ..Access::anonymous(Url::parse(&camera.http_url()).unwrap())
    };
    let device = Device::new(access.clone()).unwrap();
    let state = device.system_ready().await.unwrap();
    assert!(state.ready && state.needs_setup == Some(false));
    let info = device.device_info().await.unwrap();
    assert_eq!((info.model.as_str(), info.serial.as_str()), (camera.model.as_str(), camera.serial.as_str()));
    assert!(device.api_list().await.unwrap().iter().any(|api| api.id == "systemready"));
    let image = device.image(Some(Resolution { width: 640, height: 360 })).await.unwrap();
    assert!(image.ends_with(&[0xff, 0xd9]), "a whole JPEG");

    let facts = probe(
        Source::Vapix {
            access: access.clone(),
            codec: Codec::H264,
            rtsp_port: None,
            transport: Transport::Tcp,
        },
        Limits::default(),
    );
    let facts = facts.await.unwrap();
    let sizes: Vec<_> = facts
        .streams
        .iter()
        .map(|stream| stream.tracks.as_ref().map(|tracks| (tracks.video.width, tracks.video.height)).unwrap())
        .collect();
    assert_eq!(sizes, [(1920, 1080), (640, 360)]);

    let wrong = Access { password: Some("wrong".to_owned().into()), ..access };
    let error = Device::new(wrong).unwrap().params("Brand").await.unwrap_err();
    assert_eq!(error.kind(), Kind::RefusedPassword, "{error}");
    farm.stop().await;
}

#[tokio::test]
async fn cameras_are_found_in_every_way_and_counted_once() {
    let farm = farm(Options { count: 8, ..Options::default() }).await;
    let heard = farm.discovery.unwrap();
    let target = |address: std::net::SocketAddr| match address {
        std::net::SocketAddr::V4(address) => {
            vec![discover::Target::Address(SocketAddrV4::new(*address.ip(), address.port()))]
        }
        std::net::SocketAddr::V6(_) => unreachable!("loopback of IPv4"),
    };
    let settings = Settings { mdns: target(heard.mdns), ssdp: target(heard.ssdp), wsd: target(heard.wsd) };
    let (tx, mut rx) = tokio::sync::mpsc::channel(64);
    let searching =
        tokio::spawn(async move { discover::search(&settings, Duration::from_secs(4), tx).await });
    let mut sightings = Vec::new();
    while let Some(sighting) = rx.recv().await {
        sightings.push(sighting);
    }
    searching.await.unwrap().unwrap();
    let found = discover::enrich(discover::merge(&sightings)).await;
    assert_eq!(found.len(), 8, "{found:#?}");
    for camera in &farm.cameras {
        let found = found.iter().find(|found| found.address == camera.address).expect("every camera");
        assert_eq!(found.serial.as_deref(), Some(camera.serial.as_str()));
        assert_eq!(found.model.as_deref(), Some(camera.model.as_str()));
        assert_eq!(found.http_url, camera.http_url());
        assert_eq!(found.seen_by, [Method::Mdns, Method::Ssdp, Method::Wsd], "{}", found.name);
        assert!(found.vapix && !found.needs_setup && found.firmware.is_some());
    }
    farm.stop().await;
}
