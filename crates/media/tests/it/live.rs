//! The live clock: no hole, no overlap, and an error that never adds up.

use bytes::Bytes;
use media::{
    AudioCodec, AudioConfig, Tracks,
    fmp4::{read::read_fragment, read::read_init},
    live::{LiveFragment, LiveTrack, MAX_CATCH_UP_SECONDS},
};
use model::TrackKind::{Audio, Video};
use proptest::prelude::*;

use crate::{
    clip::{Clip, PLAIN, all_tracks, sample},
    tools::{ffmpeg, ffprobe, rows, skip},
};

fn push_all(tracks: &Tracks, times: &[i64]) -> Vec<LiveFragment> {
    let mut live = LiveTrack::new(tracks, Video).unwrap();
    let data = Bytes::from_static(&[0, 0, 0, 1, 0x65]);
    times.iter().map(|time| live.push(&sample(Video, *time, true, data.clone())).unwrap()).collect()
}

fn tracks(nominal: u32) -> Tracks {
    let mut tracks = all_tracks().remove(0);
    tracks.video.nominal_duration = nominal;
    tracks
}

/// Times from intervals.
fn times(start: i64, intervals: &[i64]) -> Vec<i64> {
    let sums = intervals.iter().scan(start, |time, interval| {
        *time += interval;
        Some(*time)
    });
    std::iter::once(start).chain(sums).collect()
}

/// No hole, no overlap, and each written time at most one nominal duration ahead of the true one, and no later than
/// the frame before it came plus that.
fn check(fragments: &[LiveFragment], times: &[i64], nominal: i64) {
    assert_eq!(fragments[0].time, times[0]);
    for (pair, times) in fragments.windows(2).zip(times.windows(2)) {
        let [this, next] = pair else { unreachable!() };
        assert!(this.duration > 0);
        assert!(!next.discontinuity);
        assert_eq!(this.time + i64::from(this.duration), next.time, "no hole, no overlap");
        let error = next.time - times[1];
        let interval = times[1] - times[0];
        assert!(error <= nominal, "ahead by {error}");
        assert!(error >= -interval, "behind by {} after {interval}", -error);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn jitter_never_makes_a_hole_an_overlap_or_a_growing_error(
        nominal in 1500..9000u32,
        start in 0..1i64 << 50,
        intervals in proptest::collection::vec(1..90_000i64, 1..200),
    ) {
        let times = times(start, &intervals);
        check(&push_all(&tracks(nominal), &times), &times, i64::from(nominal));
    }

    #[test]
    fn a_steady_stream_is_written_at_its_true_times_whatever_its_nominal_rate(
        nominal in 300..90_000u32, interval in 300..90_000i64,
    ) {
        // Time enough to make up for one duration that was far too long.
        let count = 100 + 2 * (i64::from(nominal) / interval) as usize;
        let times = times(0, &vec![interval; count]);
        let fragments = push_all(&tracks(nominal), &times);
        check(&fragments, &times, i64::from(nominal));
        let last = fragments.last().unwrap();
        prop_assert!((i64::from(last.duration) - interval).abs() <= 8);
        // Faster than said: the moving average has found the true interval. Slower: as late as the guess is short.
        let expected = (i64::from(nominal) - interval).min(0);
        prop_assert!((last.time - times[count] - expected).abs() <= 8);
    }
}

#[test]
fn a_rate_from_25_to_1_and_back_leaves_no_trace() {
    let mut intervals = vec![3600; 50];
    intervals.extend([90_000; 10]);
    intervals.extend([3600; 50]);
    let times = times(0, &intervals);
    let fragments = push_all(&tracks(3600), &times);
    check(&fragments, &times, 3600);
    let last = fragments.last().unwrap();
    assert_eq!((last.time, last.duration), (times[110], 3600));
    // At one frame a second, the picture before lasts as guessed, and the next one covers the rest.
    assert_eq!((fragments[52].time, fragments[52].duration), (times[51] + 3600, 90_000));
}

#[test]
fn a_gap_and_a_step_back_begin_the_time_anew_and_say_so() {
    let gap = 90_000 * MAX_CATCH_UP_SECONDS + 3601;
    let times = [0, 3600, 3600 + gap, 7200 + gap, 500, 4100];
    let fragments = push_all(&tracks(3600), &times);
    let anew: Vec<_> = fragments.iter().map(|fragment| fragment.discontinuity).collect();
    assert_eq!(anew, [false, false, true, false, true, false]);
    assert_eq!(fragments.iter().map(|fragment| fragment.time).collect::<Vec<_>>(), times);
    assert!(fragments.iter().all(|fragment| fragment.duration == 3600));
}

#[test]
fn sound_lasts_as_long_as_its_samples() {
    let mut tracks = tracks(3600);
    tracks.audio = Some(AudioConfig::g711(AudioCodec::Pcmu));
    let mut live = LiveTrack::new(&tracks, Audio).unwrap();
    for (time, length) in [(0, 160), (160, 320), (480, 160)] {
        let fragment = live.push(&sample(Audio, time, true, vec![0xff; length].into())).unwrap();
        assert_eq!((fragment.time, fragment.duration as usize), (time, length));
    }
    tracks.audio = Some(AudioConfig::from_aac(&[0x11, 0x90]).unwrap());
    let mut live = LiveTrack::new(&tracks, Audio).unwrap();
    let fragment = live.push(&sample(Audio, 0, true, vec![1].into())).unwrap();
    assert_eq!(fragment.duration, 1024);
    tracks.audio = None;
    assert!(LiveTrack::new(&tracks, Audio).is_none());
}

#[test]
fn the_description_names_the_track_and_the_fragments_fit_it() {
    for tracks in all_tracks() {
        let mut live = LiveTrack::new(&tracks, Video).unwrap();
        let init = live.init();
        assert_eq!(read_init(&init.segment).unwrap().video, Some(tracks.video.clone()));
        assert_eq!(init.mime, format!("video/mp4; codecs=\"{}\"", tracks.video.codec_string));
        assert_eq!((init.width, init.height, init.timescale), (1920, 1080, 90_000));
        let data = Bytes::from_static(&[0, 0, 0, 1, 0x65]);
        let fragment = live.push(&sample(Video, 5, true, data.clone())).unwrap();
        assert_eq!(fragment.data.as_ptr(), data.as_ptr());
        let begin = fragment.head.len() as u64;
        read_fragment(&fragment.head[..fragment.head.len() - 8], 0, begin..begin + 5).unwrap();
        if let Some(audio) = &tracks.audio {
            let init = LiveTrack::new(&tracks, Audio).unwrap().init();
            assert_eq!((init.sample_rate, init.channels), (audio.sample_rate, audio.channels));
            assert_eq!(init.mime, format!("audio/mp4; codecs=\"{}\"", audio.codec_string()));
        }
    }
}

#[test]
fn ffmpeg_plays_what_live_sends_without_a_hole() {
    let Some(clip) = Clip::encode(PLAIN) else {
        return skip("ffmpeg_plays_what_live_sends_without_a_hole", "ffmpeg is not installed");
    };
    let mut live = LiveTrack::new(&clip.tracks, Video).unwrap();
    let mut file = live.init().segment.to_vec();
    let mut written = Vec::new();
    for (number, sample) in clip.of(Video).enumerate() {
        let mut late = sample.clone();
        late.time += [0, 700, -300, 1200][number % 4].max(-sample.time);
        let fragment = live.push(&late).unwrap();
        file.extend_from_slice(&fragment.head);
        file.extend_from_slice(&fragment.data);
        written.push(fragment.time.to_string());
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("live.mp4");
    std::fs::write(&path, file).unwrap();
    let printed = ffprobe("-show_entries packet=dts {}", &[&path]).unwrap();
    assert_eq!(printed.err, "");
    assert_eq!(rows(&printed).concat(), written);
    let ours = ffmpeg("-xerror -i {} -fps_mode passthrough -f rawvideo -", &[&path]).unwrap();
    let theirs = ffmpeg("-i {} -fps_mode passthrough -f rawvideo -", &[&clip.mp4]).unwrap();
    assert_eq!(ours.err, "");
    assert!(ours.out == theirs.out, "other pictures");
}
