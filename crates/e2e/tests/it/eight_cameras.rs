//! Eight cameras of all kinds: found, added, recorded for half a minute; every frame is there, in order, and any range
//! plays back with exactly its frames.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use api::{
    camera::CameraState,
    record::{KEY, Kind},
    recording::Timeline,
};
use e2e::{
    System, probe,
    records::{Record, split},
    system::new_camera,
    wait::until,
};
use model::{CameraId, WallTime, clock::wall_now};
use sim::{Audio, CameraOptions, Codec};

const RECORDED: Duration = Duration::from_secs(30);

fn cameras() -> Vec<CameraOptions> {
    let camera = |codec, audio| CameraOptions { codec, audio, ..CameraOptions::default() };
    vec![
        camera(Codec::H264, Audio::Aac),
        camera(Codec::H264, Audio::Pcmu),
        camera(Codec::H265, Audio::Aac),
        camera(Codec::H265, Audio::None),
        camera(Codec::H264, Audio::None),
        camera(Codec::H265, Audio::Pcmu),
        camera(Codec::H264, Audio::Aac),
        camera(Codec::H264, Audio::None),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_cameras_are_found_added_recorded_and_played_back_to_the_frame() {
    let system = System::start(cameras()).await;
    let found = system.discover(8).await;
    assert_eq!(found.len(), 8, "{found:?}");

    let mut ids = BTreeMap::new();
    for (index, camera) in system.farm.cameras.iter().enumerate() {
        let found =
            found.iter().find(|found| found.serial.as_deref() == Some(&*camera.serial)).expect("found");
        assert!(found.vapix && !found.needs_setup, "{found:?}");
        let codec = match cameras()[index].codec {
            Codec::H264 => api::camera::Codec::H264,
            Codec::H265 => api::camera::Codec::H265,
        };
        let source = api::camera::Source::Axis {
            address: found.http_url.clone(),
            rtsp_port: None,
            codec: Some(codec),
        };
        let added: api::camera::Camera = system.client.post("/v1/cameras", &new_camera(camera, source)).await;
        ids.insert(index, added.id);
    }
    for id in ids.values() {
        system.until_state(*id, CameraState::Recording, Duration::from_secs(15)).await;
    }
    let begun = wall_now();
    until("half a minute is recorded", RECORDED * 2, || async {
        (wall_now().micros_since(begun) > RECORDED.as_micros() as i64).then_some(())
    })
    .await;
    let system = system.restart().await;

    for (index, id) in &ids {
        let all = frames(&system, *id, begun.plus_micros(-20_000_000), begun.plus_micros(25_000_000)).await;
        check_continuous(*index, &all);
        check_ranges(&system, *id, &all).await;
        check_pieces(&system, *id, &all).await;
    }
    for (index, id) in &ids {
        check_files(&system, *index, *id);
    }
    system.site.stop().await;
}

fn path(id: CameraId, from: WallTime, to: WallTime) -> String {
    format!("/v1/cameras/{id}/playback?from={from}&to={to}&audio=true")
}

async fn play(system: &System, id: CameraId, from: WallTime, to: WallTime) -> Vec<Record> {
    let records = split(system.client.bytes(&path(id, from, to)).await);
    assert_eq!(records.last().map(|record| record.header.kind), Some(Kind::End), "an answer that is whole");
    records
}

/// Wall time and frame number of every picture that is to be shown.
async fn frames(system: &System, id: CameraId, from: WallTime, to: WallTime) -> Vec<(i64, u64)> {
    play(system, id, from, to)
        .await
        .iter()
        .filter(|record| record.is_shown_picture())
        .map(|record| (record.header.wall_us, record.stamp().expect("a stamp").number))
        .collect()
}

/// Every frame is there once, in order.
fn check_continuous(index: usize, frames: &[(i64, u64)]) {
    assert!(frames.len() > 24 * 25, "camera {index}: {} frames", frames.len());
    for pair in frames.windows(2) {
        let ((wall, number), (next_wall, next_number)) = (pair[0], pair[1]);
        assert_eq!(next_number, number + 1, "camera {index}: after frame {number}");
        assert!(next_wall > wall, "camera {index}: the time of frame {next_number}");
        let step = next_wall - wall;
        assert!((20_000..80_000).contains(&step), "camera {index}: {step} µs before frame {next_number}");
    }
}

/// Ranges that begin and end between, on and beside frames give the frames of the range, and only them after pre-roll.
async fn check_ranges(system: &System, id: CameraId, all: &[(i64, u64)]) {
    let (first, last) = (all[0].0, all[all.len() - 1].0);
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for round in 0..12 {
        let mut random = |below: i64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed % below as u64) as i64
        };
        let mut from = first + random(last - first);
        if round % 3 == 0 {
            from = all[random(all.len() as i64) as usize].0;
        }
        let to = (from + 1 + random(4_000_000)).min(last);
        if from >= to {
            continue;
        }
        let records = play(system, id, WallTime::from_micros(from), WallTime::from_micros(to)).await;
        let pictures: Vec<&Record> = records.iter().filter(|record| record.is_picture()).collect();
        let shown: Vec<u64> = records
            .iter()
            .filter(|record| record.is_shown_picture())
            .map(|record| record.stamp().expect("a stamp").number)
            .collect();
        let expected: Vec<u64> =
            all.iter().filter(|(wall, _)| (from..to).contains(wall)).map(|(_, number)| *number).collect();
        assert_eq!(shown, expected, "{from}..{to}");
        let Some(head) = pictures.first() else { continue };
        assert_ne!(head.header.flags & KEY, 0, "playback begins with a key frame");
        let numbers: Vec<u64> =
            pictures.iter().filter_map(|record| record.stamp()).map(|stamp| stamp.number).collect();
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "pre-roll without a hole");
        assert!(numbers.len() - shown.len() <= 50, "no more pre-roll than one group of pictures");
    }
}

/// A range in pieces is the range: each frame once, marked as it is in the whole.
async fn check_pieces(system: &System, id: CameraId, all: &[(i64, u64)]) {
    let (from, to) = (WallTime::from_micros(all[3].0), WallTime::from_micros(all[all.len() - 3].0));
    let whole = play(system, id, from, to).await;
    let (pieces, requests) = play_in_pieces(system, id, from, to).await;
    assert!(requests > 3, "{requests} pieces");
    for track in 0..2 {
        let of = |records: &[Record]| -> Vec<_> {
            let one = |record: &Record| (record.header.wall_us, record.header.flags, record.data());
            records
                .iter()
                .filter(|record| record.header.kind == Kind::Frame && record.header.track == track)
                .map(one)
                .collect()
        };
        assert!(of(&whole) == of(&pieces), "camera {id}, track {track}");
    }
}

/// The records of a range that is asked for in pieces, and how many pieces there were.
async fn play_in_pieces(system: &System, id: CameraId, from: WallTime, to: WallTime) -> (Vec<Record>, usize) {
    let (mut records, mut requests, mut from, mut resume) = (Vec::new(), 0, from, false);
    loop {
        let path = format!("{}&piece=100000&resume={resume}", path(id, from, to));
        let mut piece = split(system.client.bytes(&path).await);
        requests += 1;
        let last = piece.pop().expect("a record");
        let keys = piece.iter().filter(|record| record.is_shown_picture() && record.header.flags & KEY != 0);
        assert!(last.header.kind == Kind::End || keys.count() < 20, "a piece that is none");
        records.append(&mut piece);
        match last.header.kind {
            Kind::More => (from, resume) = (WallTime::from_micros(last.header.wall_us), true),
            other => {
                assert_eq!(other, Kind::End);
                return (records, requests);
            }
        }
    }
}

/// What lies on disk is played by a program that is not ours, every frame of it, in order.
fn check_files(system: &System, index: usize, id: CameraId) {
    const TEST: &str = "eight_cameras_are_found_added_recorded_and_played_back_to_the_frame";
    if !probe::has("ffprobe") {
        probe::skip(TEST, "ffprobe is not installed");
        return;
    }
    let files = segments(&system.recordings(), id);
    assert!(!files.is_empty(), "camera {index} has segments");
    let options = &cameras()[index];
    for file in &files {
        let streams = probe::streams(file);
        let video = streams.iter().find(|stream| stream["codec_type"] == "video").expect("video");
        let expected = match options.codec {
            Codec::H264 => "h264",
            Codec::H265 => "hevc",
        };
        assert_eq!(video["codec_name"], expected);
        assert_eq!((&video["width"], &video["height"]), (&1920.into(), &1080.into()));
        let sound = streams
            .iter()
            .find(|stream| stream["codec_type"] == "audio")
            .map(|stream| stream["codec_name"].clone());
        let expected = match options.audio {
            Audio::None => None,
            Audio::Aac => Some("aac".into()),
            Audio::Pcmu => Some("pcm_mulaw".into()),
        };
        assert_eq!(sound, expected);
        let packets = probe::packets(file, "v:0");
        let times: Vec<f64> = packets
            .iter()
            .map(|packet| packet["dts_time"].as_str().expect("a time").parse().expect("a number"))
            .collect();
        let gaps = times.windows(2).filter(|pair| !(0.015..0.085).contains(&(pair[1] - pair[0]))).count();
        assert_eq!(gaps, 0, "camera {index}: {}", file.display());
        assert!(packets[0]["flags"].as_str().is_some_and(|flags| flags.starts_with('K')));
    }
}

fn segments(recordings: &std::path::Path, id: CameraId) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![recordings.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(&directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|end| end == "mp4")
                && path.parent().is_some_and(|parent| parent.to_string_lossy().contains(&id.to_string()))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timeline_tells_recordings_and_gaps() {
    let system = System::start(vec![CameraOptions::default()]).await;
    let camera = system.add(&system.farm.cameras[0], None).await;
    system.until_state(camera.id, CameraState::Recording, Duration::from_secs(15)).await;
    let begun = wall_now();
    let seconds = |count: i64| async move {
        until("time has passed", Duration::from_secs(30), || async {
            (wall_now().micros_since(begun) > count * 1_000_000).then_some(())
        })
        .await;
    };
    seconds(4).await;
    system.farm.cameras[0].fault(sim::Fault::Refuse);
    seconds(8).await;
    system.farm.cameras[0].fault(sim::Fault::Clear);
    system.until_state(camera.id, CameraState::Recording, Duration::from_secs(30)).await;
    let end = wall_now().micros_since(begun) / 1_000_000 + 3;
    seconds(end).await;
    let path = format!(
        "/v1/timeline?from={}&to={}",
        begun.plus_micros(-30_000_000),
        wall_now().plus_micros(1_000_000)
    );
    let timeline: Timeline = system.client.get(&path).await;
    let spans = &timeline.lanes[0].spans;
    assert_eq!(spans.len(), 2, "{spans:?}");
    let gap = spans[1].from.micros_since(spans[0].to);
    assert!((3_000_000..25_000_000).contains(&gap), "{gap}");
    assert!(spans[1].open && !spans[0].open, "{spans:?}");
    let records = play(&system, camera.id, spans[0].from, spans[1].to).await;
    let gaps: Vec<_> = records.iter().filter(|record| record.header.kind == Kind::Gap).collect();
    assert_eq!(gaps.len(), 1, "playback tells the gap");
    assert_eq!(gaps[0].header.wall_us, spans[1].from.micros());
    let (pieces, _) = play_in_pieces(&system, camera.id, spans[0].from, spans[1].to).await;
    let seen = |records: &[Record]| -> Vec<_> {
        let seen = records.iter().filter(|record| record.header.kind == Kind::Gap || record.is_picture());
        seen.map(|record| (record.header.kind as u8, record.header.wall_us, record.header.flags)).collect()
    };
    let whole: Vec<Record> =
        play(&system, camera.id, spans[0].from, spans[1].from.plus_micros(2_000_000)).await;
    let pieces = seen(&pieces);
    assert_eq!(seen(&whole), pieces[..seen(&whole).len()], "a gap stands in pieces as in the whole");
    system.site.stop().await;
}
