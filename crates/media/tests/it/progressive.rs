//! Progressive files: what their head says, and what ffmpeg makes of them.

use media::{
    Sample, Tracks, VideoCodec,
    fmp4::read::boxes,
    progressive::{BadLayout, Layout, SampleRef, Start},
};
use model::{
    TrackKind::{self, Audio, Video},
    WallTime,
};
use proptest::prelude::*;

use crate::{
    clip::{Clip, PLAIN, Recipe, all_tracks},
    fragments::fragmented,
    tools::{ffmpeg, ffprobe, rows, run, skip},
};

const WALL: &str = "2026-11-21T14:07:21.5Z";

fn start(time: Option<i64>) -> Start {
    Start { time, end: None, wall: WALL.parse().unwrap() }
}

fn frame(number: i64) -> SampleRef {
    SampleRef {
        track: Video,
        size: 1000,
        time: number * 3600,
        duration: 3600,
        composition_offset: 0,
        key: number % 10 == 0,
    }
}

/// The tables of the nth track, by name, found in `moov`.
fn table(head: &[u8], track: usize, name: &[u8; 4]) -> Vec<u8> {
    let inside = |bytes: &[u8], kind: &[u8; 4], nth: usize| -> Option<Vec<u8>> {
        let mut found = boxes(bytes).flatten().filter(|(head, _)| head.kind == *kind);
        found.nth(nth).map(|(_, content)| content.to_vec())
    };
    let mut at = inside(head, b"moov", 0).unwrap();
    at = inside(&at, b"trak", track).unwrap();
    for kind in [b"mdia", b"minf", b"stbl"] {
        at = inside(&at, kind, 0).unwrap();
    }
    inside(&at, name, 0).unwrap_or_default()
}

fn numbers(content: &[u8]) -> Vec<u32> {
    content.chunks_exact(4).map(|chunk| u32::from_be_bytes(chunk.try_into().unwrap())).collect()
}

#[test]
fn samples_that_make_no_file_are_refused() {
    let tracks = all_tracks().remove(0);
    let layout =
        |samples: Vec<SampleRef>, at| Layout::new(&tracks, start(at), samples).map(|layout| layout.size());
    assert_eq!(layout(vec![], None), Err(BadLayout::Empty));
    assert_eq!(layout(vec![frame(1)], None), Err(BadLayout::NoKey));
    assert_eq!(layout(vec![frame(0), frame(0)], None), Err(BadLayout::Order));
    assert_eq!(layout(vec![frame(0), frame(i64::from(u32::MAX))], None), Err(BadLayout::Gap));
    assert_eq!(layout(vec![frame(0), frame(1)], Some(7200)), Err(BadLayout::Start));
    assert_eq!(layout(vec![frame(0), SampleRef { track: Audio, ..frame(0) }], None), Err(BadLayout::NoTrack));
    assert!(layout(vec![frame(0), frame(1)], Some(3600)).is_ok());
}

#[test]
fn a_file_of_more_than_4_gib_has_64_bit_offsets() {
    let tracks = all_tracks().remove(0);
    let samples = (0..5000).map(|number| SampleRef { size: 1 << 20, ..frame(number) });
    let layout = Layout::new(&tracks, start(None), samples).unwrap();
    let head = layout.head();
    assert_eq!(layout.size(), (5000 << 20) + head.len() as u64);
    assert_eq!(head[head.len() - 16..head.len() - 8], *b"\0\0\0\x01mdat");
    assert_eq!(head[head.len() - 8..], ((5000u64 << 20) + 16).to_be_bytes());
    assert!(table(head, 0, b"stco").is_empty());
    let offsets = table(head, 0, b"co64");
    let last = u64::from_be_bytes(offsets[offsets.len() - 8..].try_into().unwrap());
    let chunk = layout.chunks().last().unwrap();
    assert_eq!(last, layout.size() - chunk.bytes);
}

#[test]
fn a_day_of_video_needs_few_bytes_per_sample() {
    let tracks = all_tracks().remove(0);
    let layout = Layout::new(&tracks, start(None), (0..25 * 86_400).map(frame)).unwrap();
    assert!(layout.head().len() < 25 * 86_400 * 6);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_tables_say_what_was_laid_out(
        video in proptest::collection::vec((1..100_000u32, 1..20_000u32, 0..3i32), 1..200),
        audio in proptest::collection::vec((1..500u32, 100..2000u32), 0..200),
        begin in 0..1i64 << 40,
    ) {
        let tracks = all_tracks().remove(1);
        let mut samples = Vec::new();
        let mut time = begin;
        for (number, (size, duration, offset)) in video.iter().enumerate() {
            samples.push(SampleRef {
                track: Video, size: *size, time, duration: *duration,
                composition_offset: offset * 3600, key: number % 7 == 0,
            });
            time += i64::from(*duration);
        }
        let mut time = begin * 48_000 / 90_000;
        for (size, duration) in &audio {
            samples.push(SampleRef {
                track: Audio, size: *size, time, duration: *duration, composition_offset: 0, key: true,
            });
            time += i64::from(*duration);
        }
        let layout = Layout::new(&tracks, start(None), samples.iter().copied()).unwrap();
        let head = layout.head();
        let total: u64 = samples.iter().map(|sample| u64::from(sample.size)).sum();
        prop_assert_eq!(layout.size(), head.len() as u64 + total);
        let of = |kind: TrackKind| samples.iter().filter(move |sample| sample.track == kind);
        for (track, kind) in [(0, Video), (1, Audio)] {
            let count = of(kind).count();
            if count == 0 {
                continue;
            }
            let sizes = numbers(&table(head, track, b"stsz"));
            prop_assert_eq!(&sizes[3..], of(kind).map(|sample| sample.size).collect::<Vec<_>>());
            let runs = numbers(&table(head, track, b"stts"));
            let durations: Vec<u32> =
                runs[2..].chunks(2).flat_map(|run| std::iter::repeat_n(run[1], run[0] as usize)).collect();
            prop_assert_eq!(durations, of(kind).map(|sample| sample.duration).collect::<Vec<_>>());
            let keys = numbers(&table(head, track, b"stss"));
            let expected: Vec<u32> =
                (1..).zip(of(kind)).filter(|(_, sample)| sample.key).map(|(number, _)| number).collect();
            if expected.len() < count {
                prop_assert_eq!(&keys[2..], expected);
            }
            // Walk through the chunks as a player does, and meet every sample where the layout puts it.
            let offsets = numbers(&table(head, track, b"stco"));
            let runs = numbers(&table(head, track, b"stsc"));
            let per_chunk = |number: u32| {
                runs[2..].chunks(3).rev().find(|run| run[0] <= number).map(|run| run[1])
            };
            let mut at = head.len() as u64;
            let mut number = 0;
            let mut first = 0;
            for chunk in layout.chunks() {
                if chunk.track == kind {
                    number += 1;
                    prop_assert_eq!(u64::from(offsets[number + 1]), at);
                    prop_assert_eq!(per_chunk(number as u32), Some(chunk.count));
                    prop_assert_eq!(chunk.first, first);
                    let bytes: u64 = of(kind)
                        .skip(first as usize).take(chunk.count as usize).map(|sample| u64::from(sample.size)).sum();
                    prop_assert_eq!(bytes, chunk.bytes);
                    first += chunk.count;
                }
                at += chunk.bytes;
            }
            prop_assert_eq!(first as usize, count);
            prop_assert_eq!(offsets.len(), number + 2);
        }
    }
}

fn reference(sample: &Sample, duration: u32) -> SampleRef {
    SampleRef {
        track: sample.track,
        size: sample.data.len() as u32,
        time: sample.time,
        duration,
        composition_offset: sample.composition_offset,
        key: sample.key,
    }
}

/// The whole file.
fn file(clip: &Clip, tracks: &Tracks, at: Option<i64>, moved: i64) -> Vec<u8> {
    let samples: Vec<&Sample> =
        clip.samples.iter().filter(|sample| tracks.timescale(sample.track).is_some()).collect();
    let references = samples.iter().map(|sample| {
        let scale = i64::from(tracks.timescale(sample.track).unwrap());
        let reference = reference(sample, if sample.track == Video { 3600 } else { 1024 });
        SampleRef { time: reference.time + moved * scale, ..reference }
    });
    let layout = Layout::new(tracks, start(at), references).unwrap();
    let mut out = layout.head().to_vec();
    for chunk in layout.chunks() {
        let of_track = samples.iter().filter(|sample| sample.track == chunk.track);
        let data = of_track.skip(chunk.first as usize).take(chunk.count as usize);
        data.for_each(|sample| out.extend_from_slice(&sample.data));
    }
    assert_eq!(out.len() as u64, layout.size());
    out
}

/// Frames as MD5 of their pictures.
fn pictures(path: &std::path::Path) -> Vec<String> {
    let printed = ffmpeg("-xerror -i {} -map 0:v -fps_mode passthrough -f framemd5 -", &[path]).unwrap();
    assert_eq!(printed.err, "", "{}", path.display());
    let lines = printed.text();
    let lines = lines.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit(',').next().unwrap().trim().to_owned()).collect()
}

#[test]
fn ffmpeg_reads_every_frame_and_shows_the_first_at_the_asked_start() {
    let test = "ffmpeg_reads_every_frame_and_shows_the_first_at_the_asked_start";
    let recipes = [
        Recipe { audio: true, ..PLAIN },
        Recipe { encoder: "-pix_fmt yuv420p -g 10 -bf 2", ..PLAIN },
        Recipe { codec: VideoCodec::H265, audio: true, ..PLAIN },
        Recipe { codec: VideoCodec::H265, encoder: "-pix_fmt yuv420p -g 10", ..PLAIN },
    ];
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("clip.mp4");
    for recipe in recipes {
        let Some(clip) = Clip::encode(recipe) else { return skip(test, "ffmpeg is not installed") };
        let original = pictures(&clip.mp4);
        let shown: i64 =
            clip.of(Video).map(|sample| sample.time + i64::from(sample.composition_offset)).min().unwrap();
        for (hidden, moved) in [(None, 0), (Some(0), 1000), (Some(6), 0), (Some(13), 1000)] {
            let at = hidden.map(|frames| shown + (frames + 25 * moved) * 3600);
            std::fs::write(&path, file(&clip, &clip.tracks, at, moved)).unwrap();
            let count = hidden.unwrap_or(0) as usize;
            assert_eq!(pictures(&path), original[count..], "{recipe:?} {hidden:?}");
            let command =
                "-select_streams v -show_entries stream=nb_frames,duration_ts,start_pts,avg_frame_rate {}";
            let printed = ffprobe(command, &[&path]).unwrap();
            assert_eq!(printed.err, "");
            let duration = (20 - count as i64) * 3600;
            let expected = ["25/1", "0", &duration.to_string(), "20"].map(str::to_owned);
            assert_eq!(rows(&printed)[0], expected, "{recipe:?} {hidden:?}");
            let command = "-show_entries format_tags=creation_time,date {}";
            assert_eq!(
                ffprobe(command, &[&path]).unwrap().text(),
                "2026-11-21T14:07:21.000000Z,2026-11-21T14:07:21.5Z"
            );
        }
    }
}

#[test]
fn sound_that_begins_later_waits_and_sound_that_begins_earlier_is_cut() {
    let Some(clip) = Clip::encode(Recipe { audio: true, ..PLAIN }) else {
        return skip(
            "sound_that_begins_later_waits_and_sound_that_begins_earlier_is_cut",
            "ffmpeg is not installed",
        );
    };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("clip.mp4");
    for (shift, start_time) in [(0, "0.000000"), (4800, "0.100000")] {
        let samples = clip.samples.iter().map(|sample| match sample.track {
            Video => reference(sample, 3600),
            Audio => SampleRef { time: sample.time + shift, ..reference(sample, 1024) },
        });
        let layout = Layout::new(&clip.tracks, start(None), samples).unwrap();
        let mut out = layout.head().to_vec();
        for chunk in layout.chunks() {
            let data = clip.of(chunk.track).skip(chunk.first as usize).take(chunk.count as usize);
            data.for_each(|sample| out.extend_from_slice(&sample.data));
        }
        std::fs::write(&path, out).unwrap();
        let printed = ffprobe("-select_streams a -show_entries stream=start_time {}", &[&path]).unwrap();
        assert_eq!((printed.text().as_str(), printed.err.as_str()), (start_time, ""));
    }
    // A start in the middle: sound and pictures begin together.
    std::fs::write(&path, file(&clip, &clip.tracks, Some(36_000), 0)).unwrap();
    let pcm = ffmpeg("-xerror -i {} -map 0:a -f s16le -", &[&path]).unwrap();
    assert_eq!(pcm.err, "");
    let whole: usize = clip.of(Audio).count() * 1024;
    let expected = whole - 48_000 * 4 / 10;
    assert!((pcm.out.len() / 2).abs_diff(expected) <= 1024, "{} of {expected}", pcm.out.len() / 2);
}

#[test]
fn gstreamer_plays_whole_and_fragmented_files_to_the_end() {
    let test = "gstreamer_plays_whole_and_fragmented_files_to_the_end";
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("clip.mp4");
    for (codec, parser) in [(VideoCodec::H264, "h264parse"), (VideoCodec::H265, "h265parse")] {
        let Some(clip) = Clip::encode(Recipe { codec, ..PLAIN }) else {
            return skip(test, "ffmpeg is not installed");
        };
        for bytes in [file(&clip, &clip.tracks, None, 0), fragmented(&clip, &[Video])] {
            std::fs::write(&path, bytes).unwrap();
            let location = format!("location={}", path.display());
            let pipeline =
                ["-v", "filesrc", &location, "!", "qtdemux", "!", parser, "!", "fakesink", "silent=false"];
            let Some(printed) = run("gst-launch-1.0", pipeline) else {
                return skip(test, "GStreamer is not installed");
            };
            let text = printed.text();
            let buffer = |line: &&str| line.contains("last-message") && line.contains("chain");
            assert_eq!(text.lines().filter(buffer).count(), 20, "{codec:?} {text}");
        }
    }
}

#[test]
fn times_before_1904_and_after_2040_are_written() {
    let tracks = all_tracks().remove(0);
    for (wall, version) in [(WallTime::MIN, 0), (WallTime::EPOCH, 0), (WallTime::MAX, 1)] {
        let layout = Layout::new(&tracks, Start { time: None, end: None, wall }, [frame(0)]).unwrap();
        let moov = boxes(layout.head()).flatten().find(|(head, _)| head.kind == *b"moov").unwrap().1;
        let header = boxes(moov).flatten().next().unwrap().1;
        assert_eq!(header[0], version);
    }
}
