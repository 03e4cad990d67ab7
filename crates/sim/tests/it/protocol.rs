//! RTSP and RTP in detail: errors, the first picture, time.

use crate::client::Client;
use sim::{Farm, Options};

type Headers<'a> = &'a [(&'a str, &'a str)];

async fn farm() -> Farm {
    Farm::start(Options { anonymous: true, ..Default::default() }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_session_starts_with_the_newest_key_frame_and_its_parameter_sets() {
    let farm = farm().await;
    for _ in 0..3 {
        let frames = Client::play(&farm.cameras[0].main_url).await.frames(30, false).await;
        let kinds: Vec<_> = frames[0].nals.iter().map(|nal| nal[0] & 31).collect();
        assert_eq!(kinds, [7, 8, 6, 5]);
        let age = farm.cameras[0].progress().frames_made - frames[0].stamp.number;
        assert!(age < 100, "the key frame is {age} frames old");
        for pair in frames.windows(2) {
            assert_eq!(pair[1].stamp.number, pair[0].stamp.number + 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rtp_time_sender_reports_and_stamps_tell_the_same_time() {
    let farm = farm().await;
    let mut client = Client::play(&farm.cameras[0].sub_url).await;
    let (first, report) = client.frame(false).await.unwrap();
    let report = report.expect("a sender report before the first frame");
    let frames = client.frames(30, false).await;
    for frame in std::iter::once(&first).chain(&frames) {
        let ticks = i64::from(frame.timestamp.wrapping_sub(report.timestamp) as i32);
        let by_report_us = report.wall_us + ticks * 1_000_000 / 90_000;
        let error_us = by_report_us - frame.stamp.captured_us;
        assert!(error_us.abs() < 500, "{error_us} µs apart");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sequence_numbers_have_no_gap_and_packets_are_no_larger_than_1400() {
    let farm = farm().await;
    let mut client = Client::play(&farm.cameras[0].main_url).await;
    let mut last = [None; 2];
    for _ in 0..600 {
        let packet = client.packet().await.unwrap();
        assert!(packet.bytes.len() <= 1400);
        if packet.is_rtp() {
            let track = usize::from(packet.channel / 2);
            let expected = last[track].map(|last: u16| last.wrapping_add(1)).unwrap_or(packet.sequence());
            assert_eq!(packet.sequence(), expected);
            last[track] = Some(packet.sequence());
        }
    }
    assert!(last[1].is_some(), "sound came, too");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_requests_get_the_error_that_names_the_mistake() {
    let farm = farm().await;
    let url = &farm.cameras[0].main_url;
    let base = url.split('?').next().unwrap();
    let mut client = Client::connect(url).await.unwrap();
    let tcp = ("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1");
    let stream = |i: u32| format!("{base}/stream={i}?videocodec=h264");
    let cases: [(&str, &str, Headers, u16); 10] = [
        ("OPTIONS", "*", &[], 200),
        ("DESCRIBE", &url.replace("axis-media", "nothing"), &[], 404),
        ("DESCRIBE", &url.replace("h264", "av1"), &[], 404),
        ("ANNOUNCE", url, &[], 501),
        ("PLAY", url, &[], 455),
        ("SETUP", &stream(0), &[("Transport", "RTP/AVP;multicast;port=5000-5001")], 461),
        ("SETUP", &stream(7), &[tcp], 404),
        ("SETUP", &stream(0), &[tcp], 200),
        ("GET_PARAMETER", url, &[], 200),
        ("TEARDOWN", url, &[], 200),
    ];
    for (method, url, headers, status) in cases {
        let reply = client.request(method, url, headers).await;
        assert_eq!(reply.status, status, "{method} {url}");
        if status == 461 {
            client.session = None;
        }
    }
    client.session = Some("0123456789abcdef".into());
    assert_eq!(client.request("PLAY", url, &[]).await.status, 454);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_everything_but_options_is_refused() {
    let farm = Farm::start(Options::default()).await.unwrap();
    let url = &farm.cameras[0].main_url;
    let mut client = Client::connect(url).await.unwrap();
    assert_eq!(client.request("OPTIONS", url, &[]).await.status, 200);
    let refusal = client.request("DESCRIBE", url, &[]).await;
    assert_eq!(refusal.status, 401);
    let challenge = &refusal.headers["www-authenticate"];
    assert!(challenge.starts_with("Digest realm=\"AXIS_B8A44F000001\", nonce=\""), "{challenge}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_for_a_key_frame_is_answered_by_the_next_frame() {
    let farm = farm().await;
    let mut client = Client::play(&farm.cameras[0].main_url).await;
    // Be in the middle of a group first.
    let mut last = client.frames(1, false).await.pop().unwrap();
    while farm.cameras[0].progress().frames_made - last.stamp.number > 2 {
        last = client.frames(1, false).await.pop().unwrap();
    }
    let mut keys = 0;
    let parameters = b"Renew-Stream: yes";
    for _ in 0..3 {
        let url = client.url.clone();
        client.send_with_body("SET_PARAMETER", &url, parameters).await;
        let frames = client.frames_after_reply(6).await;
        keys += usize::from(frames.iter().any(|frame| frame.is_key(false)));
    }
    assert_eq!(keys, 3);
}
