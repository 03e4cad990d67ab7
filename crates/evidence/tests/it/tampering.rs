//! No byte of an export or of its evidence can be changed unseen.

use evidence::{Container, Gaps};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::made::{Exported, Recorded, check, range, source};

fn exported(container: Container, signed: bool) -> Exported {
    let recorded = Recorded::new();
    let sources = vec![source(1, "Gate"), source(2, "Yard")];
    let wish = evidence::Wish { sources, container, gaps: Gaps::Cut, ..recorded.wish(range(8.0, 21.0)) };
    recorded.export(wish, signed)
}

#[test]
fn any_changed_byte_of_an_exported_file_is_found() {
    for container in [Container::Mp4, Container::Mkv] {
        let Exported { file, evidence } = exported(container, true);
        assert!(check(&file, &evidence, None).holds);
        let mut rng = StdRng::seed_from_u64(5);
        for _ in 0..150 {
            let mut changed = file.clone();
            let at = rng.random_range(0..changed.len());
            changed[at] ^= 1 << rng.random_range(0..8);
            assert!(!check(&changed, &evidence, None).holds, "{container:?}: byte {at} of {}", file.len());
        }
        for len in [0, 10, file.len() / 2, file.len() - 1] {
            assert!(!check(&file[..len], &evidence, None).holds, "cut to {len}");
        }
        assert!(!check(&[file.as_slice(), b"x"].concat(), &evidence, None).holds, "something appended");
    }
}

#[test]
fn any_changed_frame_is_found_without_a_signed_manifest_too() {
    let Exported { file, evidence } = exported(Container::Mp4, false);
    assert!(check(&file, &evidence, None).holds);
    let data = file.windows(4).position(|bytes| bytes == b"mdat").unwrap() + 4;
    let mut rng = StdRng::seed_from_u64(6);
    for _ in 0..150 {
        let mut changed = file.clone();
        let at = rng.random_range(data..changed.len());
        changed[at] ^= 1 << rng.random_range(0..8);
        assert!(!check(&changed, &evidence, None).holds, "byte {at} of {}", file.len());
    }
}

#[test]
fn changed_evidence_does_not_hold() {
    let Exported { file, evidence } = exported(Container::Mp4, true);
    let mut rng = StdRng::seed_from_u64(7);
    let mut harmless = 0;
    for _ in 0..150 {
        let mut changed = evidence.clone();
        let at = rng.random_range(0..changed.len());
        changed[at] ^= 1 << rng.random_range(0..7);
        let report = check(&file, &changed, None);
        // The case of a hex digit says nothing; all else does.
        let same = evidence[at].eq_ignore_ascii_case(&changed[at]);
        assert!(!report.holds || same, "byte {at}: {:?}", String::from_utf8_lossy(&changed[at - 20..at + 1]));
        harmless += usize::from(report.holds);
    }
    assert!(harmless < 20);
}

#[test]
fn a_line_that_is_taken_out_swapped_or_doubled_is_found() {
    let Exported { file, evidence } = exported(Container::Mp4, true);
    let lines: Vec<&[u8]> = evidence.split_inclusive(|byte| *byte == b'\n').collect();
    assert!(lines.len() > 5);
    for at in 0..lines.len() {
        let without = [&lines[..at], &lines[at + 1..]].concat().concat();
        assert!(!check(&file, &without, None).holds, "without line {at}");
        let doubled = [&lines[..=at], &lines[at..]].concat().concat();
        assert!(!check(&file, &doubled, None).holds, "line {at} twice");
        if at + 1 < lines.len() {
            let mut swapped = lines.clone();
            swapped.swap(at, at + 1);
            assert!(!check(&file, &swapped.concat(), None).holds, "lines {at} and the next swapped");
        }
    }
}

#[test]
fn evidence_of_another_export_proves_nothing() {
    let recorded = Recorded::new();
    let one = recorded.export(recorded.wish(range(3.0, 9.0)), true);
    let other = recorded.export(recorded.wish(range(12.0, 18.0)), true);
    assert!(!check(&one.file, &other.evidence, None).holds);
}
