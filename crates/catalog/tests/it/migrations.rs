//! Databases of every release open in this one. `tests/fixtures/vN.sql` is a database as the release with
//! schema N wrote it, with the seal key of this test; it is never changed. `examples/fixture.rs` writes the database of a new one.

use catalog::{Catalog, Error};
use rusqlite::Connection;

use crate::{fresh, key, noon};

const FIXTURES: [(i64, &str); 1] = [(1, include_str!("../fixtures/v1.sql"))];

/// All tables and indexes, as SQLite keeps them.
fn schema(sql: &Connection) -> Vec<String> {
    sql.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

#[test]
fn every_historic_database_opens_with_all_that_is_in_it() {
    let newest = fresh();
    let newest_schema = schema(&Connection::open(newest.path()).unwrap());
    for (version, dump) in FIXTURES {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("catalog.db");
        Connection::open(&path).unwrap().execute_batch(dump).unwrap();
        let catalog = Catalog::open(&path, key()).unwrap();
        assert_eq!(schema(&Connection::open(&path).unwrap()), newest_schema, "schema {version}");

        assert_eq!(catalog.site().unwrap().unwrap().name, "Fixture", "schema {version}");
        assert!(catalog.verify_password("ANNA", "fixture password").unwrap().is_some());
        let camera = &catalog.cameras().unwrap()[0];
        assert_eq!(camera.name, "Gate");
        assert_eq!(camera.password.as_ref().unwrap().expose(), "camera password");
        let setting = catalog.setting("notifications").unwrap().unwrap();
        assert_eq!(setting.secrets["mail"].expose(), "mail password");
        assert_eq!(catalog.alarms(10).unwrap().len(), 1);
        assert_eq!(catalog.volumes().unwrap().len(), 1);
        let anna = catalog.users().unwrap()[0].id;
        assert_eq!(catalog.sessions_of(anna, noon()).unwrap().len(), 1);
        assert_eq!(catalog.tokens_of(anna).unwrap().len(), 1);
    }
}

#[test]
fn the_newest_schema_has_a_fixture() {
    let version: i64 = Connection::open(fresh().path())
        .unwrap()
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(FIXTURES.last().unwrap().0, version);
}

#[test]
fn a_newer_database_and_a_foreign_one_are_left_alone() {
    let fresh = fresh();
    let sql = Connection::open(fresh.path()).unwrap();
    sql.pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(Catalog::open(&fresh.path(), key()), Err(Error::TooNew { found: 99, .. })));

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("other.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE theirs (x); PRAGMA user_version = 1")
        .unwrap();
    assert!(matches!(Catalog::open(&path, key()), Err(Error::NotACatalog)));
    std::fs::write(&path, "this is no database, only a text that is long enough to be one".repeat(100))
        .unwrap();
    assert!(Catalog::open(&path, key()).is_err());
}
