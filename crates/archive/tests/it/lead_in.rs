//! What a camera sends twice stands on the timeline once, and nothing else is taken for a repetition.

use std::{collections::HashMap, time::Duration};

use archive::{Archive, Limits, Options};
use bytes::Bytes;
use media::{AudioCodec, Sample};
use model::{TrackKind, WallRange, WallTime};
use proptest::prelude::*;

use crate::{
    fake::{self, Camera, frames},
    sim_disk::SimDisk,
};

const SECOND: i64 = 1_000_000;

fn open(disk: &SimDisk, now: WallTime) -> Archive<SimDisk> {
    let limits = Limits { segment_ticks: 20 * 90_000, ..Limits::default() };
    Archive::open(disk.clone(), Options { limits, ..fake::options() }, now).unwrap().0
}

/// A session: what the camera took from one second to the other, its times begun anew, its wall times moved.
fn session(all: &[Sample], from: f64, to: f64, moved_us: i64) -> Vec<Sample> {
    let at = |seconds: f64| fake::start().plus_micros((seconds * 1e6) as i64);
    let of_session = all.iter().filter(|sample| at(from) <= sample.wall && sample.wall < at(to));
    let mut begin: HashMap<TrackKind, i64> = HashMap::new();
    let mut restart = |sample: &Sample| Sample {
        time: sample.time - *begin.entry(sample.track).or_insert(sample.time),
        wall: sample.wall.plus_micros(moved_us),
        ..sample.clone()
    };
    of_session.map(&mut restart).collect()
}

fn record(archive: &mut Archive<SimDisk>, camera: &Camera, samples: &[Sample], server_us: i64) {
    let Some(first) = samples.first() else { return };
    let now = |sample: &Sample| sample.wall.plus_micros(server_us);
    archive.begin_run(camera.key, camera.tracks.clone(), now(first)).unwrap();
    for (index, sample) in samples.iter().enumerate() {
        archive.push(camera.key, sample, now(sample)).unwrap();
        if index % 20 == 0 {
            assert!(archive.tick(now(sample)).errors.is_empty());
        }
    }
    archive.end_run(camera.key, now(samples.last().unwrap())).unwrap();
}

/// How often each frame is shown; and that the timeline is sound.
fn shown(archive: &Archive<SimDisk>, camera: &Camera) -> HashMap<Bytes, usize> {
    let reader = archive.reader();
    let spans = reader.spans(camera.key.camera, camera.key.kind, fake::all(), Duration::ZERO);
    assert!(spans.windows(2).all(|pair| pair[0].range.to <= pair[1].range.from), "{spans:#?}");
    let mut count = HashMap::new();
    let mut last = WallTime::MIN;
    for (frame, data) in frames(archive, camera.key, fake::all()) {
        if !frame.preroll {
            *count.entry(data).or_default() += 1;
            if frame.track == TrackKind::Video {
                assert!(last < frame.wall, "two pictures share a time: {frame:?}");
                last = frame.wall;
                assert!(spans.iter().any(|span| span.range.contains(frame.wall)), "{frame:?}");
            }
        }
    }
    count
}

/// Each picture of the samples is shown exactly so often.
fn check(shown: &HashMap<Bytes, usize>, samples: &[Sample], times: usize) {
    for sample in samples.iter().filter(|sample| sample.track == TrackKind::Video) {
        assert_eq!(shown.get(&sample.data).copied().unwrap_or(0), times, "{sample:?}");
    }
}

#[test]
fn what_a_camera_sends_again_at_a_reconnect_is_decoded_but_not_shown_again() {
    // With and without a start of the program in between.
    for reopened in [false, true] {
        let disk = SimDisk::new(1);
        let mut archive = open(&disk, fake::start());
        let camera = Camera::new(1, Some(AudioCodec::Pcma));
        let all = camera.samples(fake::start(), 60.0);
        record(&mut archive, &camera, &session(&all, 0.0, 9.3, 0), 0);
        if reopened {
            let now = fake::start().plus_micros(9 * SECOND + 400_000);
            archive.close(now).unwrap();
            archive = open(&disk, now);
        }
        // The line was down for less than the group of pictures that comes first now; dated a little otherwise.
        record(&mut archive, &camera, &session(&all, 8.0, 20.0, 15_000), 0);
        // Here it was down for longer, and a gap is left.
        record(&mut archive, &camera, &session(&all, 22.0, 30.0, -20_000), 0);
        let shown = shown(&archive, &camera);
        check(&shown, &session(&all, 0.0, 20.0, 0), 1);
        check(&shown, &session(&all, 20.0, 22.0, 0), 0);
        check(&shown, &session(&all, 22.0, 30.0, 0), 1);
        // Sound begins where pictures do; a packet on the border may be missing.
        let sound = all.iter().filter(|sample| sample.track == TrackKind::Audio);
        let once = sound.filter(|sample| shown.get(&sample.data) == Some(&1)).count();
        assert!(once >= 28 * 50 - 3, "{once}");
        let spans = archive.reader().spans(
            camera.key.camera,
            camera.key.kind,
            fake::all(),
            Duration::from_millis(50),
        );
        assert_eq!(spans.len(), 2, "no gap where nothing is missing: {spans:#?}");

        // A range that begins after the border decodes from the repeated key frame.
        let from = fake::start().plus_micros(9 * SECOND + 500_000);
        let range = WallRange { from, to: from.plus_micros(SECOND) };
        let parts = frames(&archive, camera.key, range);
        let first = parts.iter().find(|(frame, _)| frame.track == TrackKind::Video).unwrap();
        assert!(first.0.key && first.0.preroll && first.1.starts_with(b"Video 720000 "), "{first:?}");
        let pictures = parts.iter().filter(|(frame, _)| frame.track == TrackKind::Video && !frame.preroll);
        assert_eq!(pictures.count(), 25);
    }
}

#[test]
fn a_burst_that_is_cut_off_leaves_nothing_behind() {
    let mut archive = open(&SimDisk::new(1), fake::start());
    let camera = Camera::new(1, None);
    let all = camera.samples(fake::start(), 60.0);
    record(&mut archive, &camera, &session(&all, 0.0, 9.3, 0), 0);
    for _ in 0..5 {
        record(&mut archive, &camera, &session(&all, 8.0, 9.0, 0), 0);
    }
    let span = archive.reader().spans(camera.key.camera, camera.key.kind, fake::all(), Duration::ZERO);
    assert_eq!(span.len(), 1, "{span:?}");
    check(&shown(&archive, &camera), &session(&all, 0.0, 9.3, 0), 1);
}

#[test]
fn a_picture_that_never_changes_is_not_taken_for_a_repetition() {
    let mut archive = open(&SimDisk::new(1), fake::start());
    let camera = Camera::new(1, None);
    let mut all = camera.samples(fake::start(), 30.0);
    for sample in &mut all {
        sample.data = Bytes::from_static(if sample.key { b"key" } else { b"other" });
    }
    record(&mut archive, &camera, &session(&all, 0.0, 9.3, 0), 0);
    record(&mut archive, &camera, &session(&all, 12.0, 20.0, 0), 0);
    // The clock was set back by 4 s meanwhile: what comes looks as if it were known.
    record(&mut archive, &camera, &session(&all, 22.0, 28.0, -4 * SECOND), 0);
    let shown: usize = shown(&archive, &camera).values().sum();
    let expected = session(&all, 0.0, 9.3, 0).len() + session(&all, 12.0, 20.0, 0).len() + 6 * 25;
    assert!(shown + 50 >= expected && shown <= expected, "{shown} of {expected}");
}

#[test]
fn what_lies_on_another_volume_already_is_a_lead_in() {
    let mut archive = open(&SimDisk::new(1), fake::start());
    let camera = Camera::new(1, None);
    let all = camera.samples(fake::start(), 10.0);
    archive.begin_run_after(camera.key, camera.tracks.clone(), 130 * 3600, fake::start()).unwrap();
    for sample in &all {
        archive.push(camera.key, sample, sample.wall).unwrap();
    }
    archive.end_run(camera.key, all.last().unwrap().wall).unwrap();
    let reader = archive.reader();
    let spans = reader.spans(camera.key.camera, camera.key.kind, fake::all(), Duration::ZERO);
    assert_eq!(spans.iter().map(|span| span.range.from).collect::<Vec<_>>(), [all[130].wall]);
    check(&shown(&archive, &camera), &all[130..], 1);
    check(&shown(&archive, &camera), &all[..130], 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn sessions_and_clocks_of_any_kind_leave_no_overlap_and_nothing_vanishes(
        sessions in prop::collection::vec((0_u32..4, 1.0_f64..8.0, prop_oneof![
            4 => Just(0),
            2 => -SECOND..SECOND,
            1 => -20 * SECOND..20 * SECOND,
            1 => Just(3600 * SECOND), 1 => Just(-3600 * SECOND),
            1 => Just(315_000_000 * SECOND), 1 => Just(-315_000_000 * SECOND),
        ], prop_oneof![3 => Just(0), 1 => Just(315_000_000 * SECOND), 1 => Just(-315_000_000 * SECOND)]), 1..5)
    ) {
        let mut archive = open(&SimDisk::new(1), fake::start());
        let camera = Camera { size: 1, ..Camera::new(1, None) };
        let all = camera.samples(fake::start(), 60.0);
        // Each session begins with the key frame so many groups before the end of the last one.
        let (mut end, mut moved) = (0.0_f64, 0);
        let mut sent: Vec<Sample> = Vec::new();
        for (groups_back, seconds, jump, server) in sessions {
            let from = ((end / 2.0).floor() - f64::from(groups_back) + 1.0).max(0.0) * 2.0;
            moved += jump;
            let samples = session(&all, from, from.max(end) + seconds, moved);
            record(&mut archive, &camera, &samples, server);
            sent.extend(samples);
            end = from.max(end) + seconds;
        }
        let shown = shown(&archive, &camera);
        for sample in &sent {
            prop_assert!(shown.contains_key(&sample.data), "{:?} vanished", sample);
        }
    }
}
