//! Streams of GStreamer's RTSP server: what comes out of a session is what ISO and our own rules ask for.
//!
//! Skipped, saying so, where Python's GStreamer bindings are missing.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use camera::{
    Kind,
    rtsp::{Input, Limits, Session, Target, Transport, open},
};
use media::{AudioCodec, Sample, VideoCodec, nal};
use model::{TrackKind, clock::wall_now};

const PYTHON: &str = "/usr/bin/python3";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/gstreamer.py");

/// A server that ends when its standard input closes, that is when this is dropped.
struct Server {
    child: Child,
    open: u16,
    closed: u16,
}

impl Server {
    fn start() -> Option<Self> {
        let bindings =
            "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer";
        let usable = Command::new(PYTHON).args(["-c", bindings]).stderr(Stdio::null()).status();
        if !usable.is_ok_and(|status| status.success()) {
            crate::skip("GStreamer's RTSP server or its Python bindings are not installed");
            return None;
        }
        let mut child = Command::new(PYTHON)
            .args([SCRIPT, "root", "pässword"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ports: Vec<u16> = line.split_whitespace().map(|port| port.parse().unwrap()).collect();
        let [open, closed] = ports[..] else { panic!("the server prints two ports, not {line:?}") };
        Some(Self { child, open, closed })
    }

    fn target(&self, path: &str) -> Target {
        Target::parse(&format!("rtsp://127.0.0.1:{}/{path}", self.open)).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn patient() -> Limits {
    Limits { open: Duration::from_secs(20), ..Limits::default() }
}

async fn session(target: &Target) -> Session {
    open(target, patient()).await.unwrap_or_else(|error| panic!("{}: {error}", target.url))
}

/// So many seconds of samples by the video's clock.
async fn samples(session: &mut Session, seconds: i64) -> Vec<Sample> {
    let mut samples = Vec::new();
    let reading = async {
        loop {
            match session.next().await.unwrap() {
                Input::Sample(sample) => {
                    let end = sample.track == TrackKind::Video && sample.time > seconds * 90_000;
                    samples.push(sample);
                    if end {
                        break;
                    }
                }
                other => panic!("unexpected {other:?}"),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), reading).await.expect("samples in time");
    samples
}

fn of(samples: &[Sample], track: TrackKind) -> Vec<&Sample> {
    samples.iter().filter(|sample| sample.track == track).collect()
}

fn check_rules(session: &Session, samples: &[Sample]) {
    for track in [TrackKind::Video, TrackKind::Audio] {
        let track = of(samples, track);
        for pair in track.windows(2) {
            assert!(pair[0].time < pair[1].time, "times increase: {} then {}", pair[0].time, pair[1].time);
        }
    }
    let video = of(samples, TrackKind::Video);
    let first = video.first().expect("pictures");
    assert!(first.key && first.time == 0, "a run begins with a key frame at 0");
    let age = wall_now().micros_since(first.wall);
    assert!((0..30_000_000).contains(&age), "the first picture was taken {age} µs ago");
    let codec = session.tracks().video.codec;
    for sample in video {
        assert_eq!(
            nal::is_key(codec, &sample.data),
            sample.key,
            "key as the NAL units say: {:02x?}",
            nal::units(&sample.data).map(|unit| unit.unwrap()[0]).collect::<Vec<_>>()
        );
        let access_unit = nal::split(codec, &sample.data).expect("whole NAL units");
        assert!(access_unit.parameter_sets.is_empty(), "parameter sets are in the configuration");
    }
}

fn distance(samples: &[&Sample], ticks: i64) {
    for pair in samples.windows(2) {
        let step = pair[1].time - pair[0].time;
        assert!((step - ticks).abs() <= ticks / 20, "a step of {step}, not {ticks} ticks");
    }
}

#[tokio::test]
async fn h264_and_h265_come_whole_over_tcp_and_udp() {
    let Some(server) = Server::start() else { return };
    for (path, codec, transport) in [
        ("h264", VideoCodec::H264, Transport::Tcp),
        ("h264", VideoCodec::H264, Transport::Udp),
        ("h264-inband", VideoCodec::H264, Transport::Tcp),
        ("h265", VideoCodec::H265, Transport::Tcp),
    ] {
        let mut session = session(&Target { transport, ..server.target(path) }).await;
        let video = session.tracks().video.clone();
        assert_eq!((video.codec, video.width, video.height), (codec, 320, 240), "{path}");
        let samples = samples(&mut session, 2).await;
        check_rules(&session, &samples);
        distance(&of(&samples, TrackKind::Video), 3600);
        assert!(samples.iter().all(|sample| sample.composition_offset == 0));
        assert!(
            samples.iter().filter(|sample| sample.key).count() >= 4,
            "{path}: a key frame every 10 pictures"
        );
        session.close().await;
    }
}

#[tokio::test]
async fn sound_has_the_same_zero_as_the_pictures() {
    let Some(server) = Server::start() else { return };
    for (path, codec, rate, step) in
        [("h264-aac", AudioCodec::Aac, 16_000, 1024), ("h264-pcmu", AudioCodec::Pcmu, 8_000, 0)]
    {
        let mut session = session(&server.target(path)).await;
        let audio = session.tracks().audio.clone().expect("sound");
        assert_eq!((audio.codec, audio.sample_rate, audio.channels), (codec, rate, 1));
        let samples = samples(&mut session, 6).await;
        check_rules(&session, &samples);
        let sound = of(&samples, TrackKind::Audio);
        let last = |track: &[&Sample], rate: i64| track.last().unwrap().time as f64 / rate as f64;
        let apart = last(&sound, rate.into()) - last(&of(&samples, TrackKind::Video), 90_000);
        assert!(apart.abs() < 0.5, "{path}: sound is {apart} s from the pictures");
        let late: Vec<&Sample> =
            sound.iter().copied().filter(|sample| sample.time > i64::from(rate)).collect();
        if step > 0 {
            let steps = late.windows(2).map(|pair| pair[1].time - pair[0].time);
            assert!(
                steps.filter(|found| (found - step).abs() > 1).count() <= 8,
                "AAC frames follow each other"
            );
        } else {
            let bytes: usize = late.iter().map(|sample| sample.data.len()).sum();
            let ticks = late.last().unwrap().time - late.first().unwrap().time;
            assert!((bytes as i64 - ticks).abs() < 2000, "{bytes} bytes of G.711 in {ticks} ticks");
        }
        session.close().await;
    }
}

#[tokio::test]
async fn b_frames_get_monotonic_decode_times_and_true_presentation_times() {
    let Some(server) = Server::start() else { return };
    let mut session = session(&server.target("h264-b")).await;
    let samples = samples(&mut session, 3).await;
    check_rules(&session, &samples);
    let mut shown: Vec<i64> =
        samples.iter().map(|sample| sample.time + i64::from(sample.composition_offset)).collect();
    assert!(shown.windows(2).any(|pair| pair[1] < pair[0]), "the stream reorders");
    shown.sort_unstable();
    shown.truncate(shown.len() - 4);
    for pair in shown.windows(2) {
        assert!((pair[1] - pair[0] - 3600).abs() < 200, "shown every 40 ms: {} then {}", pair[0], pair[1]);
    }
    let settled: Vec<&Sample> = samples.iter().skip(12).collect();
    assert!(settled.iter().all(|sample| sample.composition_offset >= 0), "shown after decoding");
    distance(&settled, 3600);
    session.close().await;
}

#[tokio::test]
async fn what_cannot_be_recorded_is_told_plainly() {
    let Some(server) = Server::start() else { return };
    for (path, kind, text) in [
        ("mjpeg", Kind::NoStream, "Motion JPEG"),
        ("sound-only", Kind::NoStream, "H.264 or H.265"),
        ("nothing-here", Kind::NoStream, "nothing at this address"),
    ] {
        let error = open(&server.target(path), patient()).await.err().expect(path);
        assert_eq!(error.kind(), kind, "{path}: {error}");
        assert!(error.to_string().contains(text), "{path}: {error}");
    }
}

#[tokio::test]
async fn a_password_is_asked_for_taken_and_never_repeated() {
    let Some(server) = Server::start() else { return };
    let mut closed = server.target("h264");
    closed.url.set_port(Some(server.closed)).unwrap();
    let with = |user: &str, password: &str| Target {
        user: Some(user.to_owned()),
        password: Some(password.to_owned().into()),
        ..closed.clone()
    };
    session(&with("root", "pässword")).await.close().await;
    for target in [with("root", "wrong-secret"), with("nobody", "pässword"), closed.clone()] {
        let error = open(&target, patient()).await.err().expect("refused");
        assert_eq!(error.kind(), Kind::RefusedPassword, "{error}");
        assert!(!format!("{error} {error:?} {target:?}").contains("secret"));
    }
}

#[tokio::test]
async fn a_server_that_goes_away_ends_the_session() {
    let Some(server) = Server::start() else { return };
    let mut session = session(&server.target("h264")).await;
    samples(&mut session, 1).await;
    drop(server);
    let ended = async {
        loop {
            if let Err(error) = session.next().await {
                break error;
            }
        }
    };
    let error = tokio::time::timeout(Duration::from_secs(15), ended).await.expect("an end");
    assert_eq!(error.kind(), Kind::Ended, "{error}");
}
