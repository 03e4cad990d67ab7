//! Exports as files: what a second thread reads back while they are written.

use std::{
    fs::{self, File},
    io::{BufReader, Read as _},
    path::PathBuf,
};

use evidence::{Container, Error, Gaps, Made, OnDisk, Plan, Saved, verify};
use sha2::{Digest as _, Sha256};

use crate::made::{Recorded, at, range, source};

fn paths(directory: &tempfile::TempDir) -> (PathBuf, PathBuf) {
    (directory.path().join("file"), directory.path().join("evidence"))
}

fn save(recorded: &Recorded, container: Container, go_on: bool) -> (tempfile::TempDir, Result<Saved, Error>) {
    let directory = tempfile::tempdir().unwrap();
    let sources = vec![source(1, "Gate"), source(2, "Yard")];
    let wish = evidence::Wish { sources, container, gaps: Gaps::Cut, ..recorded.wish(range(3.0, 70.0)) };
    let plan = Plan::new(&recorded.reader(), wish).unwrap();
    let made = Made { at: at(100.0), by: None, release: "0.1.0", identity: Some(&recorded.identity) };
    let (file, side) = paths(&directory);
    let mut written = 0;
    let saved = plan.save(
        (&file, &side),
        &made,
        &mut |bytes| {
            written += bytes;
            true
        },
        &mut |_| go_on,
    );
    assert!(!go_on || written >= plan.size());
    (directory, saved)
}

#[test]
fn what_is_checked_while_it_is_written_holds_as_what_is_checked_afterwards() {
    let recorded = Recorded::new();
    for container in [Container::Mp4, Container::Mkv] {
        let (directory, saved) = save(&recorded, container, true);
        let saved = saved.unwrap();
        assert!(saved.report.holds, "{:#?}", saved.report);
        let (file, side) = paths(&directory);
        for (path, told) in [(&file, saved.file), (&side, saved.evidence)] {
            let bytes = fs::read(path).unwrap();
            assert_eq!((told.bytes, told.sha256), (bytes.len() as u64, Sha256::digest(&bytes).into()));
        }
        let source = OnDisk(File::open(file).unwrap());
        let mut side = BufReader::new(File::open(side).unwrap());
        let id = Some(recorded.identity.certificate_id());
        assert_eq!(saved.report, verify(&source, &mut side, id, &mut |_| true).unwrap());
    }
}

#[test]
fn a_frame_that_was_changed_on_the_volume_does_not_hold_and_a_check_that_is_called_off_ends_the_export() {
    let recorded = Recorded::new();
    let (_, cancelled) = save(&recorded, Container::Mp4, false);
    assert!(matches!(cancelled, Err(Error::Cancelled)), "{cancelled:?}");
    let mut waiting = vec![recorded.directory.path().to_owned()];
    let mut segment = None;
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            match entry.extension() {
                _ if entry.is_dir() => waiting.push(entry),
                Some(extension) if extension == "mp4" => segment = segment.max(Some(entry)),
                _ => {}
            }
        }
    }
    let path = segment.unwrap();
    let mut bytes = Vec::new();
    File::open(&path).unwrap().read_to_end(&mut bytes).unwrap();
    let data = bytes.windows(4).position(|four| four == b"mdat").unwrap();
    bytes[data + 500] ^= 1;
    fs::write(&path, bytes).unwrap();
    let (_, saved) = save(&recorded, Container::Mp4, true);
    let report = saved.unwrap().report;
    assert!(report.problems[0].contains("not what the hash chain says"), "{:?}", report.problems);
}
