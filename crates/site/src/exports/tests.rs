//! The list of exports: bounds, the queue, what a start finds, what expires.

use std::time::Duration;

use api::export::{Export, ExportFormat, ExportGaps, ExportState};
use model::{ExportId, UserId, clock::wall_now};

use super::{Exports, Limits, MakeError};
use crate::events::Events;

fn export() -> Export {
    Export {
        id: ExportId::new(),
        user: UserId::new(),
        by: "ines".to_owned(),
        made: wall_now(),
        cameras: Vec::new(),
        from: wall_now(),
        to: wall_now(),
        format: ExportFormat::Mp4,
        gaps: ExportGaps::Keep,
        state: ExportState::Queued,
        done_bytes: 0,
        total_bytes: 0,
        left_s: None,
        ended: None,
        expires: None,
        problem: None,
        files: Vec::new(),
    }
}

fn open(directory: &tempfile::TempDir, limits: Limits) -> Exports {
    Exports::open(directory.path().join("exports"), limits, Events::default()).unwrap()
}

#[test]
fn exports_are_made_in_the_order_in_which_they_were_asked_for_and_the_queue_has_an_end() {
    let directory = tempfile::tempdir().unwrap();
    let exports = open(&directory, Limits { queued: 2, listed: 3, ..Limits::default() });
    let (first, second) = (export(), export());
    exports.make(first.clone()).unwrap();
    exports.make(second.clone()).unwrap();
    assert!(matches!(exports.make(export()), Err(MakeError::Queue(2))));
    let (running, _) = exports.next().unwrap();
    assert_eq!((running.id, running.state), (first.id, ExportState::Running));
    exports.end(first.id, ExportState::Done, None, Vec::new());
    assert_eq!(exports.next().unwrap().0.id, second.id);
    exports.end(second.id, ExportState::Failed, None, Vec::new());
    exports.make(export()).unwrap();
    assert!(matches!(exports.make(export()), Err(MakeError::List(3))));
    assert_eq!(exports.list().last().unwrap().id, first.id, "the newest is told first");
}

#[test]
fn one_that_waits_is_cancelled_one_that_is_made_is_called_off_and_one_that_is_over_is_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let exports = open(&directory, Limits::default());
    let (first, second) = (export(), export());
    exports.make(first.clone()).unwrap();
    exports.make(second.clone()).unwrap();
    let (_, cancelled) = exports.next().unwrap();
    exports.remove(second.id).unwrap().unwrap();
    assert_eq!(exports.get(second.id).unwrap().state, ExportState::Cancelled);
    assert!(exports.next().is_none(), "it does not come");
    assert!(!cancelled.is_asked());
    exports.remove(first.id).unwrap().unwrap();
    assert!(cancelled.is_asked(), "its thread tells how it ends");
    exports.remove(second.id).unwrap().unwrap();
    assert!(exports.get(second.id).is_none());
    assert!(exports.remove(second.id).unwrap().is_none());
}

#[test]
fn what_a_stop_left_unfinished_is_made_anew_and_what_has_expired_goes() {
    let directory = tempfile::tempdir().unwrap();
    let (one, done) = (export(), export());
    {
        let exports = open(&directory, Limits::default());
        exports.make(done.clone()).unwrap();
        exports.make(one.clone()).unwrap();
        exports.next().unwrap();
        exports.end(done.id, ExportState::Done, None, Vec::new());
        exports.next().unwrap();
        exports.begins(one.id);
        exports.change(one.id, |export| export.done_bytes = 4);
        std::fs::write(exports.0.store.path(one.id, "1.mp4"), "half").unwrap();
        std::fs::write(exports.0.store.path(done.id, "1.mp4"), "whole").unwrap();
    }
    let exports = open(&directory, Limits { keep: Duration::ZERO, ..Limits::default() });
    let found = exports.get(one.id).unwrap();
    assert_eq!((found.state, found.done_bytes, found.problem), (ExportState::Queued, 0, None));
    assert!(!exports.0.store.path(one.id, "1.mp4").exists(), "it begins from nothing");
    assert_eq!(exports.next().unwrap().0.id, one.id);
    assert!(exports.0.store.path(done.id, "1.mp4").exists(), "what is done stays");
    exports.end(one.id, ExportState::Failed, None, Vec::new());
    exports.sweep();
    assert!(exports.get(one.id).is_none(), "it was kept for no time");
    assert_eq!(exports.list().len(), 1, "the other one has days left");
    assert_eq!(std::fs::read_dir(directory.path().join("exports")).unwrap().count(), 1);
}

#[test]
fn an_export_that_crashes_the_site_again_and_again_is_told_as_interrupted() {
    let directory = tempfile::tempdir().unwrap();
    let one = export();
    open(&directory, Limits::default()).make(one.clone()).unwrap();
    // Orderly stops do not count.
    for _ in 0..2 * super::TRIES {
        let exports = open(&directory, Limits::default());
        exports.next().unwrap();
        exports.begins(one.id);
        exports.put_off(one.id);
    }
    for _ in 0..super::TRIES {
        let exports = open(&directory, Limits::default());
        assert_eq!(exports.next().unwrap().0.id, one.id);
        exports.begins(one.id);
    }
    let exports = open(&directory, Limits::default());
    let found = exports.get(one.id).unwrap();
    assert_eq!(found.state, ExportState::Failed);
    assert!(found.problem.is_some_and(|problem| problem.title.contains("3 times")));
    assert!(exports.next().is_none());
}
