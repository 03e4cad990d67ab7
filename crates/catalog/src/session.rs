//! Sign-ins. How their secret travels (a cookie) is the site's.

use std::time::Duration;

use model::{Secret, SessionId, UserId, WallTime};
use rusqlite::{OptionalExtension, Row, params};

use crate::{
    Catalog, Error, Result,
    column::{cut, parsed, text, time},
    user::{self, UserRow},
    value,
};

/// Most sign-ins of one user; one more ends the one that was unused for longest.
pub const MAX_SESSIONS: i64 = 100;
const MAX_AGENT: usize = 256;
const MAX_ADDRESS: usize = 64;
const COLUMNS: &str = "session.id, session.user, session.created, session.last_used, session.expires,
    session.address, session.agent";

/// A sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Identifier; not a secret.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// When it began.
    pub created: WallTime,
    /// When it was last seen in use.
    pub last_used: WallTime,
    /// When it ends.
    pub expires: WallTime,
    /// From where it began.
    pub address: String,
    /// What program began it (`User-Agent`), cut to 256 bytes.
    pub agent: String,
}

impl Catalog {
    /// Begins a sign-in. The secret is given out once; the database has its hash only.
    pub fn begin_session(
        &self,
        user: UserId,
        now: WallTime,
        lifetime: Duration,
        address: &str,
        agent: &str,
    ) -> Result<(SessionRow, Secret<String>)> {
        let secret = value::random("")?;
        let session = SessionRow {
            id: SessionId::new(),
            user,
            created: now,
            last_used: now,
            expires: now + lifetime,
            address: cut(address, MAX_ADDRESS).to_owned(),
            agent: cut(agent, MAX_AGENT).to_owned(),
        };
        self.write(|tx| {
            tx.execute(
                "DELETE FROM session WHERE id IN (
                    SELECT id FROM session WHERE user = ?1 ORDER BY last_used DESC, id DESC LIMIT -1 OFFSET ?2)",
                params![text(user), MAX_SESSIONS - 1],
            )
            .map_err(Error::Write)?;
            tx.execute(
                "INSERT INTO session (id, secret_hash, user, created, last_used, expires, address, agent)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    text(session.id),
                    value::hash(secret.expose()),
                    text(user),
                    now.micros(),
                    now.micros(),
                    session.expires.micros(),
                    session.address,
                    session.agent,
                ],
            )
            .map_err(Error::Write)?;
            tx.execute("UPDATE user SET last_sign_in = ?2 WHERE id = ?1", params![text(user), now.micros()])
                .map_err(Error::Write)
        })?;
        Ok((session, secret))
    }

    /// The sign-in with this secret and its user, if it has not ended.
    pub fn session(&self, secret: &str, now: WallTime) -> Result<Option<(SessionRow, UserRow)>> {
        let Some(hash) = value::hash(secret) else { return Ok(None) };
        self.read(|tx| {
            tx.prepare_cached(&format!(
                "SELECT {COLUMNS}, {} FROM session JOIN user ON user.id = session.user
                 WHERE session.secret_hash = ?1 AND session.expires > ?2 AND user.disabled = 0
                    AND user.origin <> 'machine'
                    AND NOT EXISTS (SELECT 1 FROM directory_user
                                 WHERE directory_user.user = user.id AND standing <> 'good')",
                user::COLUMNS
            ))
            .and_then(|mut select| {
                select
                    .query_row(params![hash, now.micros()], |row| Ok((read(row)?, user::read(row)?)))
                    .optional()
            })
            .map_err(Error::Read)
        })
    }

    /// Notes that the sign-in is in use, and when it ends now. Each call writes: once a minute is enough.
    pub fn touch_session(&self, id: SessionId, now: WallTime, expires: WallTime) -> Result<bool> {
        self.write(|tx| {
            tx.execute(
                "UPDATE session SET last_used = ?2, expires = ?3 WHERE id = ?1 AND expires > ?2",
                params![text(id), now.micros(), expires.micros()],
            )
            .map(|changed| changed > 0)
            .map_err(Error::Write)
        })
    }

    /// The user's sign-ins, the one used last first.
    pub fn sessions_of(&self, user: UserId, now: WallTime) -> Result<Vec<SessionRow>> {
        self.read(|tx| {
            tx.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM session WHERE user = ?1 AND expires > ?2 ORDER BY last_used DESC, id DESC"
            ))
            .and_then(|mut select| select.query_map(params![text(user), now.micros()], read)?.collect())
            .map_err(Error::Read)
        })
    }

    /// Ends a sign-in of this user; false where the user has no such sign-in.
    pub fn end_session_of(&self, user: UserId, id: SessionId) -> Result<bool> {
        self.write(|tx| {
            tx.execute("DELETE FROM session WHERE id = ?1 AND user = ?2", [text(id), text(user)])
                .map(|gone| gone > 0)
                .map_err(Error::Write)
        })
    }

    /// Ends a sign-in; false where there was none.
    pub fn end_session(&self, id: SessionId) -> Result<bool> {
        self.write(|tx| {
            tx.execute("DELETE FROM session WHERE id = ?1", [text(id)])
                .map(|gone| gone > 0)
                .map_err(Error::Write)
        })
    }

    /// Removes sign-ins, tokens and setup codes that have ended; gives back how many.
    pub fn remove_expired(&self, now: WallTime) -> Result<usize> {
        self.write(|tx| {
            ["session", "token", "setup_code"]
                .iter()
                .map(|table| {
                    tx.execute(&format!("DELETE FROM {table} WHERE expires <= ?1"), [now.micros()])
                        .map_err(Error::Write)
                })
                .sum()
        })
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<SessionRow> {
    Ok(SessionRow {
        id: parsed(row, "id")?,
        user: parsed(row, "user")?,
        created: time(row, "created")?,
        last_used: time(row, "last_used")?,
        expires: time(row, "expires")?,
        address: row.get("address")?,
        agent: row.get("agent")?,
    })
}
