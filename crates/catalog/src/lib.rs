//! The databases of the services: the only place that knows SQL. What is here is a site's; the cloud's is [`cloud`].
//!
//! A [`Catalog`] is a cheap handle with a blocking API of typed functions, one module for each kind of thing.
//! Asynchronous callers wrap calls in `spawn_blocking`. Sizes of all texts and lists are bounded here.
//!
//! What is not here: the wire (JSON of the API), recordings (found without this database), who may do what,
//! and files other than the database: the seal key is handed in.

pub mod alarm;
pub mod audit;
pub mod camera;
pub mod cloud;
mod column;
pub mod copy;
pub mod directory;
pub mod directory_user;
pub mod error;
pub mod grant;
pub mod group;
pub mod name;
pub mod note;
pub mod openid_session;
pub mod password;
pub mod recording;
mod schema;
pub mod seal;
pub mod second_factor;
pub mod session;
pub mod setting;
pub mod setup;
pub mod site;
pub mod token;
pub mod user;
pub mod value;
pub mod volume;

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

pub use error::{Error, Result};
pub use seal::SealKey;

/// How long a call waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The database of a site. Clones share it.
#[derive(Clone)]
pub struct Catalog {
    shared: Arc<Shared>,
}

struct Shared {
    /// The one that writes. SQLite has one writer anyway: threads queue here instead of polling its lock.
    writer: Mutex<Connection>,
    /// The one that reads: with write-ahead logging it does not wait for a writer that syncs.
    reader: Mutex<Connection>,
    key: SealKey,
}

impl Catalog {
    /// Opens the database, making (mode 0600) or migrating it where needed.
    ///
    /// Refuses a database of a newer release, one that is not a catalog, and a key that is not its key.
    ///
    /// `synchronous = FULL`: what was answered as done survives a power cut. There are a few writes a minute
    /// (recordings do not come here), so the sync costs nothing that anybody would notice.
    pub fn open(path: &Path, key: SealKey) -> Result<Self> {
        let opening = |source| Error::Open { path: path.to_owned(), source };
        schema::create_private(path).map_err(|source| Error::Create { path: path.to_owned(), source })?;
        let mut writer = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(opening)?;
        schema::migrate(&mut writer)?;
        let reader = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(opening)?;
        let catalog =
            Self { shared: Arc::new(Shared { writer: Mutex::new(writer), reader: Mutex::new(reader), key }) };
        catalog.check_key()?;
        catalog.begin_audit()?;
        Ok(catalog)
    }

    /// Runs the closure in a transaction that has the write lock from its beginning (`IMMEDIATE`): what it
    /// reads is still true when it writes. An error rolls back.
    pub(crate) fn write<T>(&self, change: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut connection = lock(&self.shared.writer);
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(Error::Write)?;
        let value = change(&transaction)?;
        transaction.commit().map_err(Error::Write)?;
        Ok(value)
    }

    /// Runs the closure in a transaction that sees one state of the database.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let mut connection = lock(&self.shared.reader);
        let transaction = connection.transaction().map_err(Error::Read)?;
        look(&transaction)
    }

    pub(crate) fn key(&self) -> &SealKey {
        &self.shared.key
    }
}

/// A panic inside of a transaction rolled it back when it unwound: the connection is sound.
fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    if access.contains(OpenFlags::SQLITE_OPEN_READ_WRITE) {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
    }
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // What is deleted (password hashes, sealed secrets) is overwritten.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}
