//! Segments play straight from disk: ffprobe finds every frame in order, in closed, open and recovered files.
//!
//! The pictures are real: ffmpeg makes them. Where it is absent the tests say so and end.

use std::{io::Write as _, path::Path, process::Command, sync::Arc};

use archive::{Archive, Dir};
use bytes::Bytes;
use media::{AudioCodec, Sample, Tracks, VideoConfig};
use model::{TrackKind, WallTime};

use crate::fake::{self, frames};

/// Whether the tools are there; prints the name of the test that is skipped.
fn skipped(test: &str) -> bool {
    let absent = ["ffmpeg", "ffprobe"]
        .into_iter()
        .find(|tool| Command::new(tool).arg("-version").output().map_or(true, |out| !out.status.success()));
    if let Some(tool) = absent {
        #[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
        {
            let line = format!("SKIPPED: {test}: {tool} is not installed\n");
            eprint!("{line}");
            if let Some(path) = std::env::var_os("MARTELLO_SKIP_LOG") {
                let mut log = std::fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
                log.write_all(line.as_bytes()).unwrap();
            }
        }
    }
    absent.is_some()
}

/// 4 seconds of a moving picture as an H.264 elementary stream, a key frame each second.
fn clip(directory: &Path) -> (VideoConfig, Vec<(bool, Bytes)>) {
    let path = directory.join("clip.h264");
    let made = Command::new("ffmpeg")
        .args(["-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25", "-t", "4"])
        .args([
            "-c:v",
            "libx264",
            "-pix_fmt",
            "yuv420p",
            "-g",
            "25",
            "-bf",
            "0",
            "-x264-params",
            "slices=1:aud=1",
        ])
        .args(["-bsf:v", "h264_metadata=aud=insert", "-y"])
        .arg(&path)
        .status()
        .unwrap();
    assert!(made.success());
    let stream = std::fs::read(&path).unwrap();
    let mut pictures: Vec<(bool, Vec<u8>)> = Vec::new();
    let (mut sps, mut pps) = (Vec::new(), Vec::new());
    for unit in media::nal::annex_b(&stream) {
        match unit.first().map(|byte| byte & 0x1f) {
            Some(9) => pictures.push((false, Vec::new())),
            Some(7) => sps = unit.to_vec(),
            Some(8) => pps = unit.to_vec(),
            Some(kind) => {
                let (key, data) = pictures.last_mut().unwrap();
                *key |= kind == 5;
                data.extend_from_slice(&(unit.len() as u32).to_be_bytes());
                data.extend_from_slice(unit);
            }
            None => {}
        }
    }
    let config = VideoConfig::from_h264(&sps, &pps).unwrap();
    (config, pictures.into_iter().map(|(key, data)| (key, data.into())).collect())
}

/// What ffprobe says of the packets of a stream: decode times, and whether it complains.
fn probe(path: &Path, stream: &str) -> Vec<f64> {
    let out = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-select_streams",
            stream,
            "-show_entries",
            "packet=dts_time",
            "-of",
            "csv=p=0",
        ])
        .arg(path)
        .output()
        .unwrap();
    assert!(out.status.success() && out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).unwrap();
    text.lines().map(|line| line.trim_end_matches(',').parse().unwrap()).collect()
}

/// Decodes all pictures; tells how many there are. Complaints are failures.
fn decode(path: &Path) -> usize {
    let out = Command::new("ffmpeg")
        .args(["-v", "error", "-xerror", "-i"])
        .arg(path)
        .args(["-map", "0:v", "-f", "framemd5", "-"])
        .output()
        .unwrap();
    assert!(out.status.success() && out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().lines().filter(|line| !line.starts_with('#')).count()
}

fn samples(pictures: &[(bool, Bytes)], start: WallTime) -> Vec<Sample> {
    let video = pictures.iter().enumerate().map(|(index, (key, data))| Sample {
        track: TrackKind::Video,
        time: index as i64 * 3600,
        composition_offset: 0,
        wall: start.plus_micros(index as i64 * 40_000),
        key: *key,
        data: data.clone(),
    });
    let silence = Bytes::from_static(&[0xff; 160]);
    let audio = (0..pictures.len() as i64 * 2).map(|index| Sample {
        track: TrackKind::Audio,
        time: index * 160,
        composition_offset: 0,
        wall: start.plus_micros(index * 20_000),
        key: true,
        data: silence.clone(),
    });
    let mut samples: Vec<Sample> = video.chain(audio).collect();
    samples.sort_by_key(|sample| sample.wall);
    samples
}

fn segment(root: &Path) -> std::path::PathBuf {
    let mut found = Vec::new();
    let mut directories = vec![root.to_path_buf()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "mp4") {
                found.push(path);
            }
        }
    }
    assert_eq!(found.len(), 1);
    found.remove(0)
}

#[test]
fn a_segment_plays_from_disk_while_open_after_a_crash_and_when_closed() {
    if skipped("a_segment_plays_from_disk_while_open_after_a_crash_and_when_closed") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let (video, pictures) = clip(directory.path());
    let tracks = Arc::new(Tracks { video, audio: Some(fake::audio(AudioCodec::Pcmu)) });
    let root = directory.path().join("volume");
    let open = || Archive::open(Dir::open(&root).unwrap(), fake::options(), fake::start()).unwrap();
    let expected = |count: usize| -> Vec<f64> { (0..count).map(|index| index as f64 * 0.04).collect() };
    let close = |found: &[f64], expected: &[f64]| {
        found.len() == expected.len()
            && found.iter().zip(expected).all(|(one, other)| (one - other).abs() < 1e-4)
    };

    let (mut archive, _) = open();
    let key = fake::camera(1);
    archive.begin_run(key, tracks, fake::start()).unwrap();
    for (index, sample) in samples(&pictures, fake::start()).into_iter().enumerate() {
        // Players skip marks.
        if index % 50 == 0 {
            let mark =
                archive::Mark { time: sample.wall, kind: archive::MarkKind::Motion, on: index % 100 == 0 };
            archive.mark(key, mark).unwrap();
        }
        archive.push(key, &sample, sample.wall).unwrap();
    }
    assert!(archive.tick(fake::start()).errors.is_empty());
    let path = segment(&root);

    // Open: all that has been written.
    let written = frames(&archive, key, fake::all())
        .iter()
        .filter(|(frame, _)| frame.track == TrackKind::Video)
        .count();
    assert!(written >= 80, "{written}");
    assert!(close(&probe(&path, "v"), &expected(written)));
    assert_eq!(decode(&path), written);

    // Torn in the middle of a fragment, and recovered.
    let whole = std::fs::read(&path).unwrap();
    let recovered_root = directory.path().join("recovered");
    let torn = recovered_root.join(path.strip_prefix(&root).unwrap());
    std::fs::create_dir_all(torn.parent().unwrap()).unwrap();
    std::fs::copy(root.join("volume.json"), recovered_root.join("volume.json")).unwrap();
    std::fs::write(&torn, &whole[..whole.len() - 1000]).unwrap();
    let (recovered, recovery) =
        Archive::open(Dir::open(&recovered_root).unwrap(), fake::options(), fake::start()).unwrap();
    assert_eq!(recovery.recovered.len(), 1, "{recovery:?}");
    let left = frames(&recovered, key, fake::all())
        .iter()
        .filter(|(frame, _)| frame.track == TrackKind::Video)
        .count();
    assert!(left < written && left >= written - 13, "{left} of {written}");
    assert!(close(&probe(&torn, "v"), &expected(left)));
    assert_eq!(decode(&torn), left);

    // Closed: everything.
    archive.close(fake::start()).unwrap();
    assert!(close(&probe(&path, "v"), &expected(pictures.len())));
    assert_eq!(decode(&path), pictures.len());
    assert_eq!(probe(&path, "a").len(), pictures.len() * 2);
}
