//! Small values with a purpose and a key, for what needs no table of its own. Not for secrets.

use rusqlite::{Connection, OptionalExtension, params};

use crate::{Catalog, Error, Result, column::bounded};

/// Most bytes of a value.
pub const MAX_VALUE: usize = 64 * 1024;
const MAX_KEY: usize = 128;

impl Catalog {
    /// The value, where there is one.
    pub fn note(&self, purpose: &'static str, key: &str) -> Result<Option<Vec<u8>>> {
        self.read(|tx| read(tx, purpose, key))
    }

    /// Keeps the value, in place of an older one.
    pub fn put_note(&self, purpose: &'static str, key: &str, value: &[u8]) -> Result<()> {
        bounded("key", key.as_bytes(), 1, MAX_KEY)?;
        bounded("value", value, 0, MAX_VALUE)?;
        self.write(|tx| write(tx, purpose, key, value))
    }
}

pub(crate) fn read(connection: &Connection, purpose: &str, key: &str) -> Result<Option<Vec<u8>>> {
    connection
        .prepare_cached("SELECT value FROM note WHERE purpose = ?1 AND key = ?2")
        .and_then(|mut select| select.query_row(params![purpose, key], |row| row.get(0)).optional())
        .map_err(Error::Read)
}

pub(crate) fn write(connection: &Connection, purpose: &str, key: &str, value: &[u8]) -> Result<()> {
    connection
        .execute(
            "INSERT INTO note (purpose, key, value) VALUES (?1, ?2, ?3)
             ON CONFLICT (purpose, key) DO UPDATE SET value = excluded.value",
            params![purpose, key, value],
        )
        .map(drop)
        .map_err(Error::Write)
}
