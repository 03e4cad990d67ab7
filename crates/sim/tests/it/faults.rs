//! Every fault, seen by a client.

use crate::client::{Client, Frame};
use sim::{Codec, Farm, Fault, Garbage, Options, SimCamera};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn farm() -> Farm {
    Farm::start(Options { count: 2, anonymous: true, ..Default::default() }).await.unwrap()
}

/// A small HTTP request from outside.
async fn http(host: &str, method: &str, path: &str, body: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(host).await?;
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    stream.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

async fn boot_id(camera: &SimCamera) -> Option<String> {
    let host = format!("{}:{}", camera.address, camera.http_port);
    let body = r#"{"apiVersion":"1.0","method":"systemready"}"#;
    let answer = http(&host, "POST", "/axis-cgi/systemready.cgi", body).await.ok()?;
    let (_, rest) = answer.split_once("\"bootid\":\"")?;
    rest.split_once('"').map(|(id, _)| id.to_owned())
}

/// Plays only the main stream's video.
async fn video(camera: &SimCamera) -> Client {
    Client::play(&camera.main_url.replace("audio=1", "audio=0")).await
}

/// Frames up to the first that fits.
async fn frames_until(client: &mut Client, h265: bool, fits: impl Fn(&Frame) -> bool) -> Vec<Frame> {
    let mut frames = Vec::new();
    while !frames.last().is_some_and(&fits) {
        assert!(frames.len() < 400, "what is waited for does not come");
        frames.extend(client.frames(1, h265).await);
    }
    frames
}

/// The lengths of the complete groups of pictures.
fn groups(frames: &[Frame]) -> Vec<usize> {
    let keys: Vec<_> = (0..frames.len()).filter(|i| frames[*i].is_key(false)).collect();
    keys.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn refuse_closes_and_refuses_connections_until_cleared_and_the_neighbour_goes_on() {
    let farm = farm().await;
    let [camera, neighbour] = &farm.cameras[..] else { panic!("two cameras") };
    let (mut client, mut other) = (video(camera).await, video(neighbour).await);
    let before = other.frames(1, false).await[0].stamp.number;
    let control = farm.control.to_string();
    let answer = http(&control, "POST", "/cameras/0/fault", r#"{"fault":"refuse"}"#).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    client.ended().await;
    let refused = Client::connect(&camera.main_url).await.err().expect("refused");
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    http(&control, "POST", "/cameras/0/fault", r#"{"fault":"clear"}"#).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while Client::connect(&camera.main_url).await.is_err() {
        assert!(Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
    video(camera).await.frames(5, false).await;
    let frames = other.frames(30, false).await;
    for (i, frame) in frames.iter().enumerate() {
        assert_eq!(frame.stamp.number, before + 1 + i as u64, "the neighbour lost no frame");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stall_keeps_the_connection_and_sends_nothing() {
    let farm = farm().await;
    let camera = &farm.cameras[0];
    let mut client = video(camera).await;
    let first = client.frames(60, false).await.pop().unwrap();
    camera.fault(Fault::Stall);
    let drained =
        tokio::time::timeout(Duration::from_millis(400), async { while client.raw().await.is_some() {} });
    assert!(drained.await.is_err(), "still connected");
    let silent = tokio::time::timeout(Duration::from_millis(600), client.raw());
    assert!(silent.await.is_err(), "nothing comes");
    camera.fault(Fault::Clear);
    let next = client.frames(1, false).await.pop().unwrap();
    assert!(next.stamp.number > first.stamp.number + 10, "what was made meanwhile is lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn drop_leaves_out_its_share_of_packets() {
    let farm = farm().await;
    farm.cameras[0].fault(Fault::Drop { percent: 20 });
    let mut client = video(&farm.cameras[0]).await;
    let mut sequences = Vec::new();
    while sequences.len() < 1000 {
        let packet = client.packet().await.unwrap();
        if packet.is_rtp() {
            sequences.push(packet.sequence());
        }
    }
    let span = usize::from(sequences[999].wrapping_sub(sequences[0]));
    assert!((1120..1400).contains(&span), "1000 of {span} packets came");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_password_answers_401_to_everybody() {
    let farm = farm().await;
    let camera = &farm.cameras[0];
    camera.fault(Fault::WrongPassword);
    let mut client = Client::connect(&camera.main_url).await.unwrap();
    let url = client.url.clone();
    assert_eq!(client.request("DESCRIBE", &url, &[]).await.status, 401);
    camera.fault(Fault::Clear);
    assert_eq!(client.request("DESCRIBE", &url, &[]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_from_outside_plays_its_faults_in_order() {
    let farm = farm().await;
    let camera = &farm.cameras[0];
    let mut client = video(camera).await;
    client.frames(51, false).await;
    let script =
        r#"[{"after_ms":0,"do":{"fault":"rate","fps":10}},{"after_ms":1200,"do":{"fault":"clear"}}]"#;
    let host = format!("{}:{}", camera.address, camera.http_port);
    let answer = http(&host, "POST", "/sim/script", script).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // What was sent before the script was heard may still be on its way: read until the slow stretch is over.
    let mut frames = Vec::new();
    let apart: Vec<_> = loop {
        frames.extend(client.frames(10, false).await);
        let apart: Vec<_> =
            frames.windows(2).map(|pair| pair[1].stamp.captured_us - pair[0].stamp.captured_us).collect();
        let over = apart.contains(&100_000) && apart.ends_with(&[40_000; 5]);
        if over || frames.len() > 200 {
            break apart;
        }
    };
    let slow = apart.iter().filter(|us| **us == 100_000).count();
    assert!((8..=14).contains(&slow) && apart.ends_with(&[40_000; 5]), "{apart:?}");
    let answer = http(&host, "POST", "/sim/fault", r#"{"fault":"explode"}"#).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn reboot_is_away_for_its_time_and_comes_back_with_a_new_boot_id() {
    let farm = farm().await;
    let camera = &farm.cameras[0];
    let before = boot_id(camera).await.unwrap();
    let mut client = video(camera).await;
    let started = Instant::now();
    camera.fault(Fault::Reboot { seconds: 2 });
    client.ended().await;
    assert!(Client::connect(&camera.main_url).await.is_err());
    let after = loop {
        assert!(started.elapsed() < Duration::from_secs(15));
        match boot_id(camera).await {
            Some(id) => break id,
            None => tokio::task::yield_now().await,
        }
    };
    assert!(started.elapsed() >= Duration::from_secs(2));
    assert_ne!(before, after);
    assert_eq!(camera.progress().boots, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn resolution_and_codec_change_in_the_running_stream_at_a_key_frame() {
    let farm = farm().await;
    let camera = &farm.cameras[0];
    let mut client = video(camera).await;
    let first = client.frames(1, false).await.pop().unwrap();
    camera.fault(Fault::Resolution);
    let changed = |f: &Frame| f.nals[0][0] & 31 == 7 && f.nals[0] != first.nals[0];
    let frames = frames_until(&mut client, false, changed).await;
    assert!(frames.last().unwrap().is_key(false));
    assert!(frames.windows(2).all(|pair| pair[1].stamp.number == pair[0].stamp.number + 1));

    let camera = &farm.cameras[1];
    let mut client = video(camera).await;
    client.frames(1, false).await;
    camera.fault(Fault::Codec { codec: Codec::H265 });
    // In H.265 a frame begins with a video parameter set of type 32.
    let mut found = false;
    for _ in 0..3000 {
        let packet = client.packet().await.unwrap();
        found |= packet.channel == 0 && packet.payload()[..2] == [0x40, 1];
        if found {
            break;
        }
    }
    assert!(found);
    let url = client.url.clone();
    let description = Client::connect(&url).await.unwrap().request("DESCRIBE", &url, &[]).await.body;
    assert!(description.contains("H265/90000"), "{description}");
}

#[tokio::test(flavor = "multi_thread")]
async fn jump_moves_stamps_and_reports_but_not_rtp_time() {
    let farm = farm().await;
    let camera = &farm.cameras[0];
    let mut client = video(camera).await;
    let (first, _) = client.frame(false).await.unwrap();
    camera.fault(Fault::Jump { seconds: -3600 });
    let frames = frames_until(&mut client, false, |f| f.stamp.captured_us < first.stamp.captured_us).await;
    let last = frames.last().unwrap();
    let count = last.stamp.number - first.stamp.number;
    assert_eq!(last.stamp.captured_us - first.stamp.captured_us, count as i64 * 40_000 - 3_600_000_000);
    let ticks = last.timestamp.wrapping_sub(first.timestamp);
    assert!(u64::from(ticks).abs_diff(count * 3600) <= 1);
    let report = loop {
        if let (_, Some(report)) = client.frame(false).await.unwrap() {
            break report;
        }
    };
    let ago_us = i64::from(report.timestamp.wrapping_sub(last.timestamp)) * 1_000_000 / 90_000;
    assert!((report.wall_us - last.stamp.captured_us - ago_us).abs() < 500);
}

/// Reads until the last two groups have that length; says how the frames were numbered.
async fn expect_groups(client: &mut Client, wanted: usize) {
    let mut frames = Vec::new();
    for _ in 0..600 {
        frames.extend(client.frames(1, false).await);
        if groups(&frames).ends_with(&[wanted, wanted]) {
            assert!(frames.windows(2).all(|pair| pair[1].stamp.number == pair[0].stamp.number + 1));
            return;
        }
    }
    panic!("no two groups of {wanted}: {:?}", groups(&frames));
}

#[tokio::test(flavor = "multi_thread")]
async fn gop_sets_the_distance_of_key_frames() {
    let farm = farm().await;
    let camera = &farm.cameras[0];
    let mut client = video(camera).await;
    for wanted in [1, 7, 75, 50] {
        camera.fault(Fault::Gop { frames: wanted });
        expect_groups(&mut client, wanted as usize).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dynamic_gop_makes_groups_of_different_length() {
    let farm = farm().await;
    let camera = &farm.cameras[0];
    camera.fault(Fault::DynamicGop);
    let mut client = video(camera).await;
    let mut frames = Vec::new();
    for _ in 0..900 {
        frames.extend(client.frames(1, false).await);
        let mut groups = groups(&frames);
        groups.sort_unstable();
        groups.dedup();
        if groups.len() >= 3 {
            assert!(groups.iter().all(|group| *group <= 300), "{groups:?}");
            return;
        }
    }
    panic!("only groups of {:?}", groups(&frames));
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_changes_the_time_between_frames_and_back() {
    let farm = farm().await;
    let camera = &farm.cameras[0];
    let mut client = video(camera).await;
    for (fps, between_us) in [(10, 100_000), (25, 40_000)] {
        camera.fault(Fault::Rate { fps });
        let mut last = client.frames(1, false).await.pop().unwrap();
        let mut steady = 0;
        for _ in 0..120 {
            let next = client.frames(1, false).await.pop().unwrap();
            assert_eq!(next.stamp.number, last.stamp.number + 1);
            steady =
                if next.stamp.captured_us - last.stamp.captured_us == between_us { steady + 1 } else { 0 };
            last = next;
            if steady == 5 {
                break;
            }
        }
        assert_eq!(steady, 5, "{fps} frames per second");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_comes_in_payload_framing_and_description() {
    let farm = farm().await;
    let camera = &farm.cameras[0];
    camera.fault(Fault::Garbage { place: Garbage::Payload, percent: 100 });
    let mut client = video(camera).await;
    let mut stamps = 0;
    for _ in 0..50 {
        let packet = client.packet().await.unwrap();
        stamps += usize::from(sim::stamp::find(packet.payload()).is_some());
    }
    assert_eq!(stamps, 0);

    camera.fault(Fault::Clear);
    let mut client = video(camera).await;
    client.frames(51, false).await;
    camera.fault(Fault::Garbage { place: Garbage::Framing, percent: 100 });
    let mut broken = false;
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut bytes = Vec::new();
    while !broken && Instant::now() < deadline {
        bytes.extend(client.raw().await.unwrap());
        let mut at = 0;
        while let Some([mark, _, high, low]) = bytes.get(at..at + 4) {
            broken |= *mark != b'$';
            at += 4 + usize::from(u16::from_be_bytes([*high, *low]));
        }
    }
    assert!(broken);

    camera.fault(Fault::Garbage { place: Garbage::Sdp, percent: 100 });
    let url = camera.main_url.clone();
    let reply = Client::connect(&url).await.unwrap().request("DESCRIBE", &url, &[]).await;
    assert_eq!(reply.status, 200);
    assert!(!reply.body.contains("m=video"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_is_too_slow_loses_whole_groups_and_the_others_nothing() {
    let farm = farm().await;
    let camera = &farm.cameras[0];
    let url = camera.main_url.replace("audio=1", "audio=0");
    let mut slow = Client::play_with_small_buffer(&url).await;
    let mut quick = video(camera).await;
    // Eight seconds are more than all buffers between camera and reader hold.
    let frames = quick.frames(200, false).await;
    assert!(frames.windows(2).all(|pair| pair[1].stamp.number == pair[0].stamp.number + 1));
    let mut last = slow.frames(1, false).await[0].stamp.number;
    for _ in 0..300 {
        let next = slow.frames(1, false).await.pop().unwrap();
        if next.stamp.number != last + 1 {
            assert!(next.is_key(false), "after {last} comes {}", next.stamp.number);
            assert!(camera.progress().frames_skipped > 0);
            return;
        }
        last = next.stamp.number;
    }
    panic!("no gap");
}
