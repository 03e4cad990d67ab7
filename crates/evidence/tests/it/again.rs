//! What a camera sends twice at a reconnect is in a file once, and is proved all the same.

use std::collections::{HashMap, HashSet};

use evidence::{Container, Source, Wish};
use media::{AudioCodec, Sample, progressive::read::read_movie};
use model::TrackKind;

use crate::{
    fake::{self, Camera},
    made::{Bytes, Exported, Recorded, at, range, source},
};

/// A session: what the camera took from one second to the other, its times begun anew.
fn session(all: &[Sample], from: f64, to: f64) -> Vec<Sample> {
    let of_session = all.iter().filter(|sample| at(from) <= sample.wall && sample.wall < at(to));
    let mut begin: HashMap<TrackKind, i64> = HashMap::new();
    let mut restart = |sample: &Sample| Sample {
        time: sample.time - *begin.entry(sample.track).or_insert(sample.time),
        ..sample.clone()
    };
    of_session.map(&mut restart).collect()
}

/// A camera whose line broke at 9.3 s, and which began again with its key frame of 8 s.
fn reconnected() -> (Recorded, Vec<Sample>) {
    let mut recorded = Recorded::new();
    let camera = Camera::new(4, Some(AudioCodec::Pcma));
    let all = camera.samples(at(0.0), 20.0);
    for (from, to) in [(0.0, 9.3), (8.0, 20.0)] {
        recorded.archive.begin_run(camera.key, camera.tracks.clone(), at(from)).unwrap();
        fake::record(&mut recorded.archive, camera.key, &session(&all, from, to));
        recorded.archive.end_run(camera.key, at(to)).unwrap();
    }
    recorded.archive.tick(at(21.0));
    (recorded, all)
}

fn samples(exported: &Exported, track: usize) -> Vec<Vec<u8>> {
    let movie = read_movie(&Bytes(exported.file.clone())).unwrap();
    let data = |offset: u64, size: u32| exported.file[offset as usize..][..size as usize].to_vec();
    movie.tracks[track].samples().map(Result::unwrap).map(|one| data(one.offset, one.size)).collect()
}

fn door() -> Vec<Source> {
    vec![source(4, "Door")]
}

#[test]
fn what_a_camera_sent_twice_is_in_a_file_once_and_is_proved() {
    let (recorded, all) = reconnected();
    for container in [Container::Mp4, Container::Mkv] {
        let wish = Wish { sources: door(), container, ..recorded.wish(range(4.0, 16.0)) };
        let exported = recorded.export(wish, true);
        let report = exported.verify_as(Some(recorded.identity.certificate_id()));
        assert!(report.holds, "{container:?}: {report:#?}");
        assert!(report.cameras[0].gaps.is_empty(), "{report:#?}");
        let of = |kind| move |sample: &&Sample| sample.track == kind && sample.wall >= at(4.0);
        let expected = all.iter().filter(of(TrackKind::Video)).take(300);
        let expected: Vec<_> = expected.map(|sample| sample.data.to_vec()).collect();
        // To the end of the fragment that begins last in the range.
        assert!((300..313).contains(&report.frames), "{container:?}: {}", report.frames);
        if container == Container::Mp4 {
            assert_eq!(samples(&exported, 0)[..300], expected);
            let sound = samples(&exported, 1);
            let once: HashSet<_> = sound.iter().collect();
            assert_eq!(once.len(), sound.len(), "no packet is there twice");
            assert!(sound.len() >= 597, "at most a packet on the border is missing: {}", sound.len());
        }
    }
}

#[test]
fn an_export_without_the_run_before_begins_with_the_repeated_key_frame() {
    let (recorded, all) = reconnected();
    let exported = recorded.export(Wish { sources: door(), ..recorded.wish(range(9.5, 16.0)) }, true);
    assert!(exported.verify().holds);
    let pictures = samples(&exported, 0);
    let key = all.iter().find(|sample| sample.track == TrackKind::Video && sample.wall == at(8.0));
    assert_eq!(pictures[0], key.unwrap().data);
}

#[test]
fn nothing_but_what_was_sent_twice_can_be_left_out_of_a_file() {
    let (recorded, _) = reconnected();
    let exported = recorded.export(Wish { sources: door(), ..recorded.wish(range(4.0, 16.0)) }, true);
    let text = String::from_utf8(exported.evidence.clone()).unwrap();
    assert!(text.contains("\"lead\":") && text.contains("\"lead_audio\":"), "{text}");
    // Pictures told as sound and sound as pictures: neither is what the head of the segment lets be left out.
    let line = text.lines().find(|line| line.contains("\"lead_audio\":")).unwrap();
    let swapped = line.replace("\"lead\":", "\"x\":").replace("\"lead_audio\":", "\"lead\":");
    let forged = text.replace(line, &swapped.replace("\"x\":", "\"lead_audio\":"));
    assert!(!crate::made::check(&exported.file, forged.as_bytes(), None).holds);
}
