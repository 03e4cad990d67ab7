//! Migrations: how a database of any release becomes one of this release. Not the meaning of the tables.
//!
//! The schema's number is SQLite's `user_version`; each migration is one transaction. Every historic schema
//! is kept as a fixture in `tests/fixtures`.

use std::{io, path::Path};

use rusqlite::{Connection, TransactionBehavior};

use crate::{Error, Result};

/// Migration `n` (counted from 1) makes schema `n` of schema `n - 1`.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/0001.sql")];
/// `MTLS`, SQLite's `application_id`: what tells a catalog from another program's database.
const APPLICATION_ID: i64 = 0x4d54_4c53;

/// Makes the file where there is none, readable by its owner only; SQLite gives its side files the same mode.
pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(e) => Err(e),
    }
}

/// Brings the database to the newest schema.
pub(crate) fn migrate(connection: &mut Connection) -> Result<()> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    for (to, sql) in (1..).zip(MIGRATIONS) {
        // The version is read inside: another process may be migrating as well.
        let failed = |source| Error::Migrate { to, source };
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let found = version(&transaction)?;
        if found > known {
            return Err(Error::TooNew { found, known });
        }
        if found < to {
            transaction.execute_batch(sql).map_err(failed)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
            transaction.pragma_update(None, "user_version", to).map_err(failed)?;
        }
        transaction.commit().map_err(failed)?;
    }
    Ok(())
}

/// Refuses what is not a catalog of a schema that this release knows.
pub(crate) fn check(connection: &Connection) -> Result<()> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    match version(connection)? {
        0 => Err(Error::NotACatalog),
        found if found > known => Err(Error::TooNew { found, known }),
        _ => Ok(()),
    }
}

/// The schema of the file; 0 is an empty one.
fn version(connection: &Connection) -> Result<i64> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let version = number("user_version").map_err(Error::Read)?;
    let application = number("application_id").map_err(Error::Read)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(Error::Read)?;
    let empty = version == 0 && application == 0 && tables == 0;
    if empty || (version > 0 && application == APPLICATION_ID) {
        Ok(version)
    } else {
        Err(Error::NotACatalog)
    }
}
