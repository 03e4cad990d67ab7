//! Connections of either database, and transactions on them. Not what is asked in them.

use std::{
    path::Path,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use postgres::{Client, IsolationLevel, NoTls};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{
    Location,
    sql::{SqlError, Tx},
};
use crate::{Error, Result, connect, schema};

/// Schema `n` (counted from 1) is made of schema `n - 1` by migration `n`.
const MIGRATIONS: [&str; 1] = [include_str!("../migrations/cloud-0001.sql")];
/// Connections to PostgreSQL at once; whoever wants one more waits.
const CONNECTIONS: usize = 8;
/// How often a transaction runs that others came between.
const TRIES: u32 = 50;
/// Migrations of several clouds that start at once wait for each other here: `MTLS` (PostgreSQL, section 13.3.5).
const MIGRATING: &str = "SELECT pg_advisory_xact_lock(1297370195)";

/// Either database.
pub(super) enum Store {
    Sqlite {
        /// SQLite has one writer: threads queue here instead of polling its lock.
        writer: Mutex<Connection>,
        /// With write-ahead logging it does not wait for a writer that syncs.
        reader: Mutex<Connection>,
    },
    Postgres(Pool),
}

/// Connections to PostgreSQL, made when they are needed.
pub(super) struct Pool {
    config: postgres::Config,
    state: Mutex<Connections>,
    given_back: Condvar,
}

#[derive(Default)]
struct Connections {
    idle: Vec<Client>,
    all: usize,
}

impl Store {
    pub(super) fn open(location: &Location) -> Result<Self> {
        match location {
            Location::Sqlite(path) => sqlite(path),
            Location::Postgres(address) => {
                let config =
                    address.expose().parse().map_err(|error| Error::Sql(SqlError::Postgres(error)))?;
                let pool = Pool { config, state: Mutex::default(), given_back: Condvar::new() };
                pool.with(migrate_postgres)?;
                Ok(Self::Postgres(pool))
            }
        }
    }

    pub(super) fn write<T>(&self, mut change: impl FnMut(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        match self {
            Self::Sqlite { writer, .. } => {
                let mut connection = lock(writer);
                let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate);
                let mut tx = Tx::Sqlite(begun.map_err(Error::Write)?);
                let value = change(&mut tx)?;
                tx.commit()?;
                Ok(value)
            }
            Self::Postgres(pool) => pool.with(|client| {
                let mut tries = 0;
                loop {
                    let begun = client.build_transaction().isolation_level(IsolationLevel::Serializable);
                    let mut tx = Tx::Postgres(begun.start().map_err(from_postgres)?);
                    let done = change(&mut tx).and_then(|value| tx.commit().map(|()| value));
                    tries += 1;
                    match done {
                        Err(Error::Sql(error)) if error.may_go_again() && tries < TRIES => {}
                        done => return done,
                    }
                }
            }),
        }
    }

    pub(super) fn read<T>(&self, mut look: impl FnMut(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        match self {
            Self::Sqlite { reader, .. } => {
                let mut connection = lock(reader);
                look(&mut Tx::Sqlite(connection.transaction().map_err(Error::Read)?))
            }
            Self::Postgres(pool) => pool.with(|client| {
                let begun = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
                look(&mut Tx::Postgres(begun.read_only(true).start().map_err(from_postgres)?))
            }),
        }
    }
}

impl Tx<'_> {
    fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().map_err(Error::Write),
            Self::Postgres(tx) => tx.commit().map_err(from_postgres),
        }
    }
}

impl Pool {
    /// Lends a connection. One that broke is closed, not given back.
    fn with<T>(&self, work: impl FnOnce(&mut Client) -> Result<T>) -> Result<T> {
        let mut client = self.take()?;
        let done = work(&mut client);
        let mut state = lock(&self.state);
        if client.is_closed() {
            state.all -= 1;
            drop(state);
            drop(client);
        } else {
            state.idle.push(client);
            drop(state);
        }
        self.given_back.notify_one();
        done
    }

    fn take(&self) -> Result<Client> {
        let mut state = lock(&self.state);
        loop {
            while let Some(client) = state.idle.pop() {
                if !client.is_closed() {
                    return Ok(client);
                }
                state.all -= 1;
            }
            if state.all < CONNECTIONS {
                break;
            }
            state = self.given_back.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.all += 1;
        drop(state);
        self.config.connect(NoTls).map_err(|error| {
            lock(&self.state).all -= 1;
            self.given_back.notify_one();
            from_postgres(error)
        })
    }
}

impl Drop for Pool {
    /// A connection has a runtime of its own inside, which cannot end on a thread that runs another.
    fn drop(&mut self) {
        let idle = std::mem::take(&mut lock(&self.state).idle);
        if !idle.is_empty() {
            let _ = std::thread::Builder::new().name("postgres-end".into()).spawn(move || drop(idle));
        }
    }
}

fn sqlite(path: &Path) -> Result<Store> {
    let opening = |source| Error::Open { path: path.to_owned(), source };
    schema::create_private(path).map_err(|source| Error::Create { path: path.to_owned(), source })?;
    let mut writer = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(opening)?;
    migrate_sqlite(&mut writer)?;
    let reader = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(opening)?;
    Ok(Store::Sqlite { writer: Mutex::new(writer), reader: Mutex::new(reader) })
}

fn migrate_sqlite(connection: &mut Connection) -> Result<()> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(Error::Write)?;
    let tables: i64 =
        tx.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(Error::Read)?;
    let mut tx = Tx::Sqlite(tx);
    let found = if tables == 0 { 0 } else { version(&mut tx)? };
    for (to, sql) in missing(found)? {
        let Tx::Sqlite(inner) = &tx else { break };
        inner.execute_batch(sql).map_err(|source| Error::Migrate { to, source })?;
        note_version(&mut tx, to)?;
    }
    tx.commit()
}

fn migrate_postgres(client: &mut Client) -> Result<()> {
    let mut tx = client.transaction().map_err(from_postgres)?;
    tx.batch_execute(MIGRATING).map_err(from_postgres)?;
    let known: i64 = tx
        .query_one(
            "SELECT count(*) FROM information_schema.tables
             WHERE table_schema = current_schema() AND table_name = 'schema_version'",
            &[],
        )
        .and_then(|row| row.try_get(0))
        .map_err(from_postgres)?;
    let mut tx = Tx::Postgres(tx);
    let found = if known == 0 { 0 } else { version(&mut tx)? };
    for (to, sql) in missing(found)? {
        let Tx::Postgres(inner) = &mut tx else { break };
        inner.batch_execute(sql).map_err(from_postgres)?;
        note_version(&mut tx, to)?;
    }
    tx.commit()
}

/// The migrations that are still to be done, with the schema that each makes.
fn missing(found: i64) -> Result<impl Iterator<Item = (i64, &'static str)>> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(Error::TooNew { found, known });
    }
    Ok((1..).zip(MIGRATIONS).filter(move |(to, _)| *to > found))
}

fn version(tx: &mut Tx<'_>) -> Result<i64> {
    match tx.row("SELECT number FROM schema_version", &[]) {
        Ok(Some(mut row)) => row.int(),
        _ => Err(Error::NotACatalog),
    }
}

fn note_version(tx: &mut Tx<'_>, to: i64) -> Result<()> {
    let sql = "INSERT INTO schema_version (only_row, number) VALUES (1, $1)
               ON CONFLICT (only_row) DO UPDATE SET number = excluded.number";
    tx.execute(sql, &[to.into()]).map(drop)
}

fn from_postgres(error: postgres::Error) -> Error {
    Error::Sql(SqlError::Postgres(error))
}

/// A panic inside of a transaction rolled it back when it unwound.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
