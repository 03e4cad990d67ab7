//! What is recorded is read back: every frame of a range, in order, with its bytes and its time.

use std::collections::HashMap;

use archive::{Archive, Part};
use bytes::Bytes;
use media::{AudioCodec, Sample, VideoCodec};
use model::{TrackKind, WallRange};
use proptest::prelude::*;

use crate::{
    fake::{self, Camera, frames, play, record},
    sim_disk::SimDisk,
};

fn open(disk: &SimDisk) -> Archive<SimDisk> {
    Archive::open(disk.clone(), fake::options(), fake::start()).unwrap().0
}

/// What the archive must give back of a sample.
fn told(sample: &Sample) -> (TrackKind, i64, i32, bool, Bytes) {
    (sample.track, sample.time, sample.composition_offset, sample.key, sample.data.clone())
}

#[test]
fn everything_recorded_is_read_back_in_order() {
    for (codec, sound) in [
        (VideoCodec::H264, None),
        (VideoCodec::H264, Some(AudioCodec::Aac)),
        (VideoCodec::H265, Some(AudioCodec::Pcmu)),
        (VideoCodec::H264, Some(AudioCodec::Pcma)),
    ] {
        let disk = SimDisk::new(1);
        let mut archive = open(&disk);
        let mut camera = Camera::new(1, sound);
        camera.tracks =
            std::sync::Arc::new(media::Tracks { video: fake::video(codec), audio: sound.map(fake::audio) });
        let samples = camera.samples(fake::start(), 30.0);
        archive.begin_run(camera.key, camera.tracks.clone(), fake::start()).unwrap();
        record(&mut archive, camera.key, &samples);
        archive.end_run(camera.key, samples.last().unwrap().wall).unwrap();

        let parts = play(&archive, camera.key, fake::all());
        let Part::Gap { until } = parts[0].0 else { panic!("{:?}", parts[0]) };
        assert_eq!(until, fake::start());
        assert_eq!(parts[1].0, Part::Tracks(camera.tracks.clone()), "{codec:?} {sound:?}");
        let read: Vec<_> = frames(&archive, camera.key, fake::all());
        for (kind, rate) in [(TrackKind::Video, 90_000), (TrackKind::Audio, 16_000)] {
            let read: Vec<_> = read.iter().filter(|(frame, _)| frame.track == kind).collect();
            let expected: Vec<_> = samples.iter().filter(|sample| sample.track == kind).collect();
            assert_eq!(read.len(), expected.len(), "{kind:?} at {rate}");
            for ((frame, data), sample) in read.iter().zip(expected) {
                let got = (frame.track, frame.time, frame.composition_offset, frame.key, data.clone());
                assert_eq!(got, told(sample));
                assert!((frame.wall.micros_since(sample.wall)).abs() <= 100, "{frame:?} {sample:?}");
            }
        }
        assert!(read.is_sorted_by_key(|(frame, _)| frame.wall), "pictures and sound by time");
        archive.close(fake::start()).unwrap();
    }
}

/// A stream with whims.
#[derive(Clone, Debug)]
struct Whims {
    codec: VideoCodec,
    sound: Option<AudioCodec>,
    /// Of each group of pictures: number of pictures, ticks between them, bytes of each.
    groups: Vec<(usize, i64, usize)>,
    /// Pictures are shown in another order than they come.
    reordered: bool,
}

fn whims() -> impl Strategy<Value = Whims> {
    let group = (
        prop_oneof![1usize..6, 20usize..60, Just(300)],
        prop_oneof![Just(3600), 1500i64..9000, Just(90_000)],
        30usize..3000,
    );
    let codec = prop_oneof![Just(VideoCodec::H264), Just(VideoCodec::H265)];
    let sound = prop_oneof![
        Just(None),
        Just(Some(AudioCodec::Aac)),
        Just(Some(AudioCodec::Pcmu)),
        Just(Some(AudioCodec::Pcma))
    ];
    (codec, sound, prop::collection::vec(group, 1..8), any::<bool>())
        .prop_map(|(codec, sound, groups, reordered)| Whims { codec, sound, groups, reordered })
}

impl Whims {
    fn camera(&self) -> (Camera, Vec<Sample>) {
        let mut camera = Camera::new(3, self.sound);
        camera.tracks = std::sync::Arc::new(media::Tracks {
            video: fake::video(self.codec),
            audio: self.sound.map(fake::audio),
        });
        let mut samples = Vec::new();
        let mut time = 0;
        let reordered = self.reordered && self.groups.iter().all(|(_, step, _)| *step <= 9000);
        for (pictures, step, size) in &self.groups {
            for index in 0..*pictures {
                // Shown as 1 3 2, 4 6 5 …; what is left over at the end of a group is shown as it comes.
                let whole = index / 3 * 3 + 2 < *pictures;
                let later = if whole { [1, 2, 0][index % 3] } else { 1 };
                let composition_offset = if reordered { later * *step as i32 } else { 0 };
                let shown = time + i64::from(composition_offset);
                samples.push(Sample {
                    track: TrackKind::Video,
                    time,
                    composition_offset,
                    wall: fake::start().plus_micros(shown * 100 / 9),
                    key: index == 0,
                    data: fake::payload(TrackKind::Video, time, *size),
                });
                time += step;
            }
        }
        if self.sound.is_some() {
            let sound = camera.samples(fake::start(), time as f64 / 90_000.0).into_iter();
            samples.extend(sound.filter(|sample| sample.track == TrackKind::Audio));
            // Stable: pictures stay in decoding order.
            let decoded = |sample: &Sample| match sample.track {
                TrackKind::Video => fake::start().plus_micros(sample.time * 100 / 9),
                TrackKind::Audio => sample.wall,
            };
            samples.sort_by_key(decoded);
        }
        (camera, samples)
    }
}

/// Replays the samples to an archive with small segments, at the time at which each is decoded.
fn record_small(disk: &SimDisk, camera: &Camera, samples: &[Sample]) -> Archive<SimDisk> {
    let limits = archive::Limits { segment_ticks: 10 * 90_000, segment_bytes: 200_000 };
    let options = archive::Options { limits, ..fake::options() };
    let mut archive = Archive::open(disk.clone(), options, fake::start()).unwrap().0;
    archive.begin_run(camera.key, camera.tracks.clone(), fake::start()).unwrap();
    for (index, sample) in samples.iter().enumerate() {
        let now = sample.wall;
        archive.push(camera.key, sample, now).unwrap();
        if index % 7 == 0 {
            assert!(archive.tick(now).errors.is_empty());
        }
    }
    archive
}

/// Records a stream with whims and reads a range of it, told as parts of its length: exactly the frames of the range.
fn check_range(whims: &Whims, from: f64, length: f64, open: bool) {
    let (camera, samples) = whims.camera();
    let disk = SimDisk::new(2);
    let mut archive = record_small(&disk, &camera, &samples);
    let end = samples.iter().map(|sample| sample.wall).max().unwrap();
    // The last fragment is not on disk yet, unless the run has ended.
    archive.tick(end.plus_micros(600_000));
    if !open {
        archive.end_run(camera.key, end).unwrap();
    }
    let total = end.micros_since(fake::start()) as f64;
    let from = fake::start().plus_micros((total * from) as i64);
    let range = WallRange { from, to: from.plus_micros((total * length) as i64 + 1) };
    let all = frames(&archive, camera.key, fake::all());
    assert_eq!(
        all.iter().filter(|(frame, _)| frame.track == TrackKind::Video).count(),
        samples.iter().filter(|sample| sample.track == TrackKind::Video).count()
    );
    let read = frames(&archive, camera.key, range);
    for kind in [TrackKind::Video, TrackKind::Audio] {
        let of_kind = |(frame, _): &&(archive::SampleRef, Bytes)| frame.track == kind;
        let expected: Vec<_> =
            all.iter().filter(of_kind).filter(|(frame, _)| range.contains(frame.wall)).collect();
        let found: Vec<_> = read.iter().filter(of_kind).filter(|(frame, _)| !frame.preroll).collect();
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(
                (&found.1, found.0.wall, found.0.time),
                (&expected.1, expected.0.wall, expected.0.time)
            );
        }
    }
    let pictures: Vec<_> = read.iter().filter(|(frame, _)| frame.track == TrackKind::Video).collect();
    if let Some((first, _)) = pictures.first() {
        assert!(first.key, "decoding can start");
        let keys_in_preroll =
            pictures.iter().filter(|(frame, _)| frame.key && frame.wall <= range.from).count();
        assert!(keys_in_preroll <= 1, "no more pre-roll than from the last key frame");
    }
    let expected: Vec<i64> = samples.iter().filter(|s| s.track == TrackKind::Video).map(|s| s.time).collect();
    let times: Vec<i64> = pictures.iter().map(|(frame, _)| frame.time).collect();
    let at = times.first().map_or(0, |first| expected.iter().position(|time| time == first).unwrap());
    assert_eq!(&expected[at..at + times.len()], &times[..], "decoding order without a hole");
    let given: HashMap<_, _> =
        samples.iter().map(|sample| ((sample.track, sample.time), &sample.data)).collect();
    for (frame, data) in &read {
        assert_eq!(given.get(&(frame.track, frame.time)), Some(&data));
    }
}

#[test]
fn ranges_that_were_read_wrong_once_are_read_right() {
    for sound in [None, Some(AudioCodec::Aac), Some(AudioCodec::Pcmu), Some(AudioCodec::Pcma)] {
        let whims =
            Whims { codec: VideoCodec::H264, sound, groups: vec![(300, 3600, 2769)], reordered: true };
        check_range(&whims, 0.636_010_689_593_660_5, 0.374_372_832_683_830_9, false);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn a_plan_has_exactly_the_frames_of_its_range_after_the_pre_roll(
        whims in whims(), from in 0.0f64..1.1, length in 0.0f64..0.6, open in any::<bool>()
    ) {
        check_range(&whims, from, length, open);
    }
}
