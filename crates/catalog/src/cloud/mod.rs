//! The database of a cloud: accounts, organizations, sites, grants, what relays carried.
//!
//! A [`CloudCatalog`] is a cheap handle with a blocking API, as [`crate::Catalog`] is for a site. The same queries run on
//! SQLite (one file, the default) and on PostgreSQL (`docs/design/0009-one-sql-for-two-databases.md`). A change is one
//! conditional statement, or reads and writes in one transaction that is alone ([`CloudCatalog::write`]).
//!
//! What is not here: who may do what (`cloud::rights`), the wire, e-mail.

pub mod account;
pub mod audit;
pub mod device;
pub mod invitation;
pub mod ledger;
pub mod organization;
pub mod remote;
pub mod sign_in;
mod sql;
mod store;

use std::{path::PathBuf, sync::Arc};

use model::Secret;

pub use sql::SqlError;

use crate::{Error, Result, SealKey, seal::Place};
use sql::{Tx, values};
use store::Store;

/// Where the database is.
#[derive(Clone, Debug)]
pub enum Location {
    /// A file, made where there is none.
    Sqlite(PathBuf),
    /// A server: `postgresql://…` or `host=… dbname=…` (libpq, section "Connection Strings").
    Postgres(Secret<String>),
}

/// The database of a cloud. Clones share it.
#[derive(Clone)]
pub struct CloudCatalog {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    key: SealKey,
}

impl CloudCatalog {
    /// Opens the database, making or migrating it where needed. Blocking, as every call: not for tasks that serve.
    ///
    /// # Errors
    /// It cannot be reached, is of a newer release, is no cloud's, or was sealed with another key.
    pub fn open(location: &Location, key: SealKey) -> Result<Self> {
        let catalog = Self { shared: Arc::new(Shared { store: Store::open(location)?, key }) };
        catalog.check_key()?;
        Ok(catalog)
    }

    /// Runs the closure in a transaction that nobody else's change comes between: SQLite has one writer
    /// (`BEGIN IMMEDIATE`), PostgreSQL runs it as `SERIALIZABLE` and again where that fails. It may therefore run more than
    /// once: no effect beside the database. An error rolls back.
    pub(crate) fn write<T>(&self, change: impl FnMut(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        self.shared.store.write(change)
    }

    /// Runs the closure in a transaction that sees one state of the database.
    pub(crate) fn read<T>(&self, look: impl FnMut(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        self.shared.store.read(look)
    }

    pub(crate) fn key(&self) -> &SealKey {
        &self.shared.key
    }

    /// A known value, sealed at the first opening, shows whether the key is the database's.
    fn check_key(&self) -> Result<()> {
        let place = Place { table: "note", column: "content", row: "seal/check" };
        let fresh = self.key().seal(place, b"martello")?;
        let kept = self.write(|tx| {
            tx.execute(
                "INSERT INTO note (name, content) VALUES ('seal/check', $1) ON CONFLICT (name) DO NOTHING",
                values![fresh.clone()],
            )?;
            let row = tx.row("SELECT content FROM note WHERE name = 'seal/check'", &[])?;
            row.map_or(Ok(None), |mut row| row.bytes_option())
        })?;
        let kept = kept.ok_or(Error::WrongKey)?;
        self.key().open(place, &kept).map(drop).map_err(|_| Error::WrongKey)
    }
}
