//! The audit log is found to be changed, whatever was changed in the database.

use catalog::audit::{Chain, Entry, Query};
use rusqlite::Connection;

use crate::{fresh, noon};

fn entry(second: i64, kind: &str, name: &str) -> Entry {
    Entry {
        at: noon().plus_micros(second * 1_000_000),
        user: None,
        name: name.into(),
        address: "192.0.2.7".into(),
        kind: kind.into(),
        action: "camera_update".into(),
        target: "Gate 100%".into(),
        outcome: "done".into(),
        detail: String::new(),
    }
}

fn ten() -> Vec<Entry> {
    (0..10).map(|second| entry(second, if second % 2 == 0 { "view" } else { "device" }, "anna")).collect()
}

#[test]
fn rows_are_found_by_what_they_say_page_by_page() {
    let catalog = fresh().catalog;
    assert!(matches!(catalog.verify_audit().unwrap(), Chain::Whole { rows: 0, .. }));
    assert_eq!(catalog.add_audit(&ten()).unwrap(), 10);
    catalog.add_audit(&[entry(60, "sign-in", "Åsa")]).unwrap();
    let numbers = |query: &Query, limit| {
        catalog.audit(query, limit).unwrap().iter().map(|row| row.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&Query::default(), 3), [11, 10, 9]);
    assert_eq!(numbers(&Query { before: Some(9), ..Query::default() }, 3), [8, 7, 6]);
    assert_eq!(numbers(&Query { kind: Some("view".into()), ..Query::default() }, 9), [9, 7, 5, 3, 1]);
    let at = |second: i64| Some(noon().plus_micros(second * 1_000_000));
    assert_eq!(numbers(&Query { from: at(2), to: at(4), ..Query::default() }, 9), [4, 3]);
    for (text, expected) in [
        ("åsa", vec![]),
        ("Åsa", vec![11]),
        ("ANNA", vec![10, 9]),
        ("100%", vec![11, 10]),
        ("_", vec![11, 10]),
        ("%%", vec![]),
    ] {
        assert_eq!(numbers(&Query { text: Some(text.into()), ..Query::default() }, 2), expected, "{text}");
    }
    let wanted = [
        (Query { name: Some("ann".into()), ..Query::default() }, 10),
        (Query { name: Some("Åsa".into()), ..Query::default() }, 1),
        (Query { action: Some("ann".into()), ..Query::default() }, 0),
        (Query { target: Some("%".into()), name: Some("nn".into()), ..Query::default() }, 10),
    ];
    for (query, rows) in wanted {
        assert_eq!(numbers(&query, 20).len(), rows, "{query:?}");
    }
    assert!(matches!(catalog.verify_audit().unwrap(), Chain::Whole { rows: 11, .. }));
}

#[test]
fn a_changed_missing_added_or_cut_off_row_is_found() {
    for (what, sql, at) in [
        ("changed", "UPDATE audit SET name = 'bert' WHERE number = 4", 4),
        ("moved in time", "UPDATE audit SET at = at + 1 WHERE number = 7", 7),
        ("taken out", "DELETE FROM audit WHERE number = 5", 5),
        ("the beginning taken out", "DELETE FROM audit WHERE number = 1", 1),
        ("the end cut off", "DELETE FROM audit WHERE number > 8", 9),
        ("all taken out", "DELETE FROM audit", 1),
        (
            "put in",
            "INSERT INTO audit SELECT 11, at, user, name, address, kind, action, target, outcome, detail, hash FROM audit WHERE number = 10",
            11,
        ),
        (
            "swapped",
            "UPDATE audit SET number = -number WHERE number IN (2, 3); UPDATE audit SET number = 5 + number WHERE number < 0",
            2,
        ),
        ("the seal taken away", "DELETE FROM note WHERE purpose = 'audit'", 1),
    ] {
        let fresh = fresh();
        fresh.catalog.add_audit(&ten()).unwrap();
        Connection::open(fresh.path()).unwrap().execute_batch(sql).unwrap();
        assert_eq!(fresh.catalog.verify_audit().unwrap(), Chain::Broken { at }, "{what}");
        // What comes later is still kept, and does not heal it.
        fresh.catalog.add_audit(&[entry(99, "view", "anna")]).unwrap();
        assert!(matches!(fresh.catalog.verify_audit().unwrap(), Chain::Broken { .. }), "{what}");
    }
}

#[test]
fn an_old_copy_of_the_log_does_not_pass_for_the_new_one() {
    let fresh = fresh();
    fresh.catalog.add_audit(&ten()).unwrap();
    let sql = Connection::open(fresh.path()).unwrap();
    sql.execute_batch(
        "CREATE TABLE kept AS SELECT * FROM audit WHERE number > 5; DELETE FROM audit WHERE number > 5",
    )
    .unwrap();
    assert_eq!(fresh.catalog.verify_audit().unwrap(), Chain::Broken { at: 6 });
    sql.execute_batch("INSERT INTO audit SELECT * FROM kept").unwrap();
    assert!(matches!(fresh.catalog.verify_audit().unwrap(), Chain::Whole { rows: 10, .. }));
}
