//! What an export holds, and what its evidence proves.

use std::sync::Arc;

use archive::{Archive, Dir};
use evidence::{Container, Error, Gaps, Signature};
use media::{AudioCodec, progressive::read::read_movie};
use model::TrackKind;
use trust::Identity;

use crate::{
    fake,
    made::{Bytes, Recorded, alone, at, check, export, gate, identity, range, source},
};

#[test]
fn a_signed_export_of_two_cameras_over_a_gap_holds_in_both_containers() {
    let recorded = Recorded::new();
    for container in [Container::Mp4, Container::Mkv] {
        for (audio, gaps) in [(true, Gaps::Keep), (false, Gaps::Keep), (true, Gaps::Cut)] {
            let sources = [source(1, "Gate"), source(2, "Yard")];
            let sources = sources.map(|one| evidence::Source { audio, ..one }).to_vec();
            let wish = evidence::Wish { sources, gaps, container, ..recorded.wish(range(3.0, 70.0)) };
            let report = recorded.export(wish, true).verify_as(Some(recorded.identity.certificate_id()));
            assert!(report.holds, "{container:?} {audio} {gaps:?}: {report:#?}");
            assert_eq!(report.signature, Signature::Holds);
            assert_eq!(report.cameras.len(), 2);
            let [gate, yard] = &report.cameras[..] else { panic!() };
            assert_eq!(gate.left_out, if audio { vec![] } else { vec![TrackKind::Audio] });
            // The gap between the runs is proved by the chain; the yard's end is the manifest's word.
            assert_eq!(gate.gaps.len(), 1, "{gate:?}");
            assert!(gate.gaps[0].proved && gate.gaps[0].to == at(60.0), "{gate:?}");
            assert_eq!(yard.gaps.len(), 2, "{yard:?}");
            assert_eq!(report.sealed_segments, report.segments);
        }
    }
}

#[test]
fn an_export_has_the_frames_of_its_range_from_the_key_frame_before_it() {
    let recorded = Recorded::new();
    let exported = recorded.export(recorded.wish(range(3.0, 5.0)), true);
    let movie = read_movie(&Bytes(exported.file.clone())).unwrap();
    assert_eq!(movie.tracks.len(), 2);
    let pictures: Vec<_> = movie.tracks[0].samples().map(Result::unwrap).collect();
    assert!(pictures[0].key);
    // From the key frame at 2 s to the end of the fragment that begins last before 5 s.
    let frames = fake::frames(&recorded.archive, gate(), range(2.0, 5.0));
    let frames: Vec<_> = frames.iter().filter(|(frame, _)| frame.track == TrackKind::Video).collect();
    assert!((frames.len()..frames.len() + 13).contains(&pictures.len()), "{}", pictures.len());
    for (picture, (_, data)) in pictures.iter().zip(frames) {
        let from = picture.offset as usize;
        assert_eq!(&exported.file[from..from + picture.size as usize], data);
    }
}

#[test]
fn without_the_sites_key_frames_are_proved_by_the_seals_alone() {
    let recorded = Recorded::new();
    let exported = recorded.export(recorded.wish(range(3.0, 70.0)), false);
    let report = exported.verify_as(Some(recorded.identity.certificate_id()));
    assert!(report.holds && report.signature == Signature::Missing, "{report:#?}");
    assert_eq!(report.site_key, Some(recorded.identity.certificate_id()));
    assert!(report.limits.iter().any(|limit| limit.contains("not signed")), "{:?}", report.limits);
    let report = exported.verify_as(Some(identity(2).certificate_id()));
    assert!(!report.holds, "another site's seals do not count");
}

/// A site that went on with another key at 100 s, and recorded 20 s more from 110 s on.
fn rotated() -> (tempfile::TempDir, [Identity; 2], Archive<Dir>) {
    let Recorded { directory, archive, identity: old } = Recorded::new();
    archive.close(at(90.0)).unwrap();
    let new = old.rotate(identity(2), at(100.0)).unwrap();
    let mut archive = reopened(&directory, &new);
    let gate = fake::Camera::new(1, Some(AudioCodec::Aac));
    archive.begin_run(gate.key, gate.tracks.clone(), at(110.0)).unwrap();
    fake::record(&mut archive, gate.key, &gate.samples(at(110.0), 20.0));
    archive.end_run(gate.key, at(130.0)).unwrap();
    (directory, [old, new], archive)
}

fn reopened(directory: &tempfile::TempDir, identity: &Identity) -> Archive<Dir> {
    let limits = archive::Limits { segment_ticks: 10 * 90_000, ..archive::Limits::default() };
    let signer = Arc::new(evidence::SiteSigner(identity.clone()));
    let options = archive::Options { limits, ..archive::Options::new(identity.site_id(), signer) };
    Archive::open(Dir::open(directory.path()).unwrap(), options, at(105.0)).unwrap().0
}

#[test]
fn an_export_over_a_rotation_of_the_key_holds_for_both_keys_and_no_other() {
    let (_directory, [old, new], archive) = rotated();
    let wish = |from, to| evidence::Wish {
        sources: vec![source(1, "Gate")],
        range: range(from, to),
        container: Container::Mp4,
        gaps: Gaps::Keep,
    };
    let exported = export(&alone(archive.reader()), wish(3.0, 128.0), Some(&new)).unwrap();
    for id in [None, Some(old.certificate_id()), Some(new.certificate_id())] {
        let report = exported.verify_as(id);
        assert!(report.holds && report.sealed_segments == report.segments, "{id:?}: {report:#?}");
        assert_eq!(report.site_key, Some(new.certificate_id()));
    }
    assert!(!exported.verify_as(Some(identity(3).certificate_id())).holds);

    // Without the rotations, or with a stranger's, the two keys are two sites'.
    let text = String::from_utf8(exported.evidence.clone()).unwrap();
    let rotations = serde_json::to_string(new.lineage()).unwrap();
    let stranger = identity(8).rotate(identity(9), at(100.0)).unwrap();
    for other in ["[]".to_owned(), serde_json::to_string(stranger.lineage()).unwrap()] {
        let changed = text.replacen(&rotations, &other, 1);
        assert_ne!(changed, text);
        assert!(!check(&exported.file, changed.as_bytes(), Some(new.certificate_id())).holds);
        assert!(!check(&exported.file, changed.as_bytes(), None).holds);
    }
}

#[test]
fn what_a_key_that_was_given_up_seals_afterwards_does_not_count() {
    let (directory, [old, new], mut archive) = rotated();
    archive.tick(at(135.0));
    archive.close(at(140.0)).unwrap();
    // A thief of the old key records on.
    let mut archive = reopened(&directory, &old);
    let gate = fake::Camera::new(1, Some(AudioCodec::Aac));
    archive.begin_run(gate.key, gate.tracks.clone(), at(150.0)).unwrap();
    fake::record(&mut archive, gate.key, &gate.samples(at(150.0), 20.0));
    archive.end_run(gate.key, at(170.0)).unwrap();
    let wish = evidence::Wish {
        sources: vec![source(1, "Gate")],
        range: range(112.0, 168.0),
        container: Container::Mp4,
        gaps: Gaps::Keep,
    };
    let exported = export(&alone(archive.reader()), wish, Some(&new)).unwrap();
    let report = exported.verify_as(Some(new.certificate_id()));
    assert!(!report.holds && report.problems[0].contains("given up"), "{report:#?}");
}

#[test]
fn a_segment_that_is_still_open_rests_on_the_manifest() {
    let mut recorded = Recorded::new();
    let camera = fake::Camera::new(3, None);
    recorded.archive.begin_run(camera.key, camera.tracks.clone(), at(0.0)).unwrap();
    fake::record(&mut recorded.archive, camera.key, &camera.samples(at(0.0), 7.0));
    let wish = evidence::Wish { sources: vec![source(3, "Door")], ..recorded.wish(range(1.0, 5.0)) };
    let signed = recorded.export(wish.clone(), true).verify();
    assert!(signed.holds && signed.sealed_segments == 0, "{signed:#?}");
    let report = recorded.export(wish, false).verify();
    assert!(!report.holds && report.problems[0].contains("nobody vouches"), "{report:#?}");
}

#[test]
fn a_volume_is_exported_without_a_running_site() {
    let Recorded { directory, archive, identity } = Recorded::new();
    archive.close(at(90.0)).unwrap();
    let before = std::fs::read_dir(directory.path()).unwrap().count();
    let disk = archive::Dir::open_for_reading(directory.path()).unwrap();
    let (reader, volume) = archive::Reader::look(disk).unwrap();
    assert_eq!(volume.site, identity.site_id());
    let wish = evidence::Wish {
        sources: vec![source(2, "Yard")],
        range: range(0.0, 100.0),
        container: Container::Mp4,
        gaps: Gaps::Keep,
    };
    let exported = export(&alone(reader), wish, None).unwrap();
    assert!(exported.verify().holds);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), before, "nothing is changed");
}

#[test]
fn what_cannot_be_exported_says_why() {
    let mut recorded = Recorded::new();
    let reader = recorded.reader();
    let wish = |from, to| recorded.wish(range(from, to));
    assert!(matches!(export(&reader, wish(40.0, 50.0), None), Err(Error::Empty)));
    let unknown = evidence::Wish { sources: vec![source(77, "?")], ..wish(0.0, 10.0) };
    assert!(matches!(export(&reader, unknown, None), Err(Error::Empty)));
    let plan = evidence::Plan::new(&reader, wish(0.0, 30.0)).unwrap();
    let made = evidence::Made { at: at(0.0), by: None, release: "", identity: None };
    let mut told = 0;
    let cancelled = plan.write(&mut Vec::new(), &mut Vec::new(), &made, &mut |_| {
        told += 1;
        told < 5
    });
    assert!(matches!(cancelled, Err(Error::Cancelled)) && told == 5);
    // A camera that comes back with another coding.
    let camera = fake::Camera {
        tracks: std::sync::Arc::new(media::Tracks {
            video: fake::video(media::VideoCodec::H265),
            audio: None,
        }),
        ..fake::Camera::new(1, None)
    };
    recorded.archive.begin_run(camera.key, camera.tracks.clone(), at(90.0)).unwrap();
    fake::record(&mut recorded.archive, camera.key, &camera.samples(at(90.0), 5.0));
    let wish = recorded.wish(range(70.0, 95.0));
    let refused = export(&reader, wish, None).err();
    assert!(
        matches!(refused, Some(Error::CodingChanged { at: when, .. }) if when == at(90.0)),
        "{refused:?}"
    );
}

#[test]
fn a_recording_that_was_changed_on_disk_is_not_exported_as_genuine() {
    let recorded = Recorded::new();
    let wish = recorded.wish(range(3.0, 25.0));
    let reader = recorded.reader();
    let (_, excerpt) = &reader.excerpt(gate(), wish.range).unwrap()[1];
    let path = recorded.directory.path().join(excerpt.segment.path(gate()));
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let report = export(&reader, wish, Some(&recorded.identity)).map(|exported| exported.verify());
    assert!(report.is_err() || !report.unwrap().holds);
}
