//! Footage of the past: what one camera recorded, written into the recordings as another camera's, at a time long ago.
//! The site has to be stopped meanwhile. It is how tests come to recordings that are older than a limit.

use std::{path::Path, sync::Arc};

use archive::{Archive, Dir, Options, Part};
use evidence::SiteSigner;
use media::Sample;
use model::{CameraId, StreamKey, StreamKind, TrackKind, WallRange, WallTime, clock::wall_now};

/// Writes all that `from` recorded as `to`'s, beginning at `at`, again and again until it ends `seconds` later.
///
/// # Panics
/// The recordings cannot be opened, or there are none.
pub fn write(data: &Path, from: CameraId, to: CameraId, at: WallTime, seconds: i64) {
    write_faster(data, from, to, at, seconds, 1);
}

/// The same with so many times as many frames a second: more bytes than sockets hold, in few seconds of footage.
///
/// # Panics
/// The recordings cannot be opened, or there are none.
#[allow(clippy::expect_used, reason = "a test's helper: what fails fails the test")]
pub fn write_faster(data: &Path, from: CameraId, to: CameraId, at: WallTime, seconds: i64, times: i64) {
    let pem = std::fs::read_to_string(data.join("identity.key")).expect("the site's identity");
    let identity = trust::Identity::from_pem(&pem).expect("an identity");
    let options = Options::new(identity.site_id(), Arc::new(SiteSigner(identity)));
    let disk = Dir::open(data.join("recordings")).expect("recordings");
    let (mut archive, _) = Archive::open(disk, options, wall_now()).expect("the volume");
    let key = |camera| StreamKey { camera, kind: StreamKind::Main };
    let all = WallRange::new(WallTime::from_micros(0), wall_now()).expect("a range");
    let mut plan = archive.reader().plan(key(from), all, &[TrackKind::Video]);
    let (mut tracks, mut samples) = (None, Vec::new());
    while let Some(part) = plan.next() {
        match part.expect("a part") {
            Part::Tracks(found) => tracks = tracks.or(Some(found)),
            Part::Sample(sample) if sample.track == TrackKind::Video => {
                let data = plan.read(&sample).expect("a frame");
                samples.push((sample, data));
            }
            Part::Sample(_) | Part::Gap { .. } => {}
        }
    }
    let tracks = tracks.expect("something was recorded");
    archive.begin_run(key(to), Arc::clone(&tracks), at).expect("a run");
    let timescale = i64::from(tracks.timescale(TrackKind::Video).expect("pictures"));
    let (first, end) = (samples.first().expect("frames").0.time, samples.last().expect("frames").0.time);
    let lap = end - first + timescale / 25;
    for turn in 0.. {
        for (sample, data) in &samples {
            let time = (sample.time - first + turn * lap) / times;
            if time > seconds * timescale {
                archive.end_run(key(to), at).expect("an ended run");
                archive.close(wall_now()).expect("a closed volume");
                return;
            }
            let wall = at.plus_micros(time * 1_000_000 / timescale);
            let sample = Sample {
                track: TrackKind::Video,
                time,
                composition_offset: sample.composition_offset,
                wall,
                key: sample.key,
                data: data.clone(),
            };
            archive.push(key(to), &sample, wall).expect("a written frame");
        }
        archive.tick(at.plus_micros(turn * lap / times * 1_000_000 / timescale));
    }
}
