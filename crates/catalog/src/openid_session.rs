//! Sign-ins that an OpenID Connect provider made: what it is asked again with (sealed), and when it last confirmed them. Who
//! asks, and when: the site. The sign-ins themselves: `session`.

use model::{DirectoryId, Secret, SessionId, UserId, WallTime};
use rusqlite::{Row, params};

use crate::{
    Catalog, Error, Result,
    column::{bounded, parsed, text},
    seal::Place,
};

const MAX_NONCE: usize = 128;
const MAX_REFRESH: usize = 8 << 10;

/// A sign-in about which the provider can be asked.
#[derive(Clone, Debug)]
pub struct OpenIdSession {
    /// Which.
    pub session: SessionId,
    /// Whose.
    pub user: UserId,
    /// What stays of the person at the provider.
    pub key: String,
    /// The nonce of the sign-in.
    pub nonce: String,
    /// What it is asked with.
    pub refresh: Secret<String>,
}

impl Catalog {
    /// A provider made this sign-in just now.
    pub fn keep_openid_session(
        &self,
        session: SessionId,
        directory: DirectoryId,
        nonce: &str,
        refresh: Option<&Secret<String>>,
        now: WallTime,
    ) -> Result<()> {
        bounded("nonce", nonce.as_bytes(), 1, MAX_NONCE)?;
        let sealed = self.sealed(session, refresh)?;
        self.write(|tx| {
            tx.execute(
                "INSERT INTO openid_session (session, directory, nonce, refresh, confirmed, asked)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
                params![text(session), text(directory), nonce, sealed, now.micros()],
            )
            .map(drop)
            .map_err(Error::Write)
        })
    }

    /// Sign-ins of a provider that can be asked about and were not since then, the longest ago first.
    pub fn openid_sessions_due(
        &self,
        directory: DirectoryId,
        since: WallTime,
        now: WallTime,
        most: u32,
    ) -> Result<Vec<OpenIdSession>> {
        let rows: Vec<(OpenIdSession, Vec<u8>)> = self.read(|tx| {
            tx.prepare_cached(
                "SELECT known.session, session.user, directory_user.key, known.nonce, known.refresh
                 FROM openid_session AS known
                 JOIN session ON session.id = known.session AND session.expires > ?3
                 JOIN directory_user ON directory_user.user = session.user
                 WHERE known.directory = ?1 AND known.refresh IS NOT NULL AND known.asked <= ?2
                 ORDER BY known.asked LIMIT ?4",
            )
            .and_then(|mut select| {
                select
                    .query_map(params![text(directory), since.micros(), now.micros(), most], read)?
                    .collect()
            })
            .map_err(Error::Read)
        })?;
        rows.into_iter()
            .map(|(row, sealed)| {
                let refresh = self.key().open_text(place(&text(row.session)), Some(&sealed))?;
                Ok(OpenIdSession { refresh: refresh.ok_or(Error::Unseal { what: "refresh" })?, ..row })
            })
            .collect()
    }

    /// The provider was asked about the sign-in; whether it confirmed it, and what it is asked with from now on where that
    /// is another.
    pub fn note_openid_session(
        &self,
        session: SessionId,
        confirmed: bool,
        refresh: Option<&Secret<String>>,
        now: WallTime,
    ) -> Result<()> {
        let sealed = self.sealed(session, refresh)?;
        self.write(|tx| {
            tx.execute(
                "UPDATE openid_session SET asked = ?2, confirmed = iif(?3, ?2, confirmed),
                    refresh = coalesce(?4, refresh)
                 WHERE session = ?1",
                params![text(session), now.micros(), confirmed, sealed],
            )
            .map(drop)
            .map_err(Error::Write)
        })
    }

    /// Ends sign-ins that their provider has not confirmed since then; gives back how many.
    pub fn end_unconfirmed_openid_sessions(&self, directory: DirectoryId, since: WallTime) -> Result<usize> {
        self.write(|tx| {
            tx.execute(
                "DELETE FROM session WHERE id IN
                    (SELECT session FROM openid_session WHERE directory = ?1 AND confirmed < ?2)",
                params![text(directory), since.micros()],
            )
            .map_err(Error::Write)
        })
    }

    fn sealed(&self, session: SessionId, refresh: Option<&Secret<String>>) -> Result<Option<Vec<u8>>> {
        if let Some(refresh) = refresh {
            bounded("refresh token", refresh.expose().as_bytes(), 1, MAX_REFRESH)?;
        }
        self.key().seal_text(place(&text(session)), refresh)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<(OpenIdSession, Vec<u8>)> {
    let found = OpenIdSession {
        session: parsed(row, "session")?,
        user: parsed(row, "user")?,
        key: row.get("key")?,
        nonce: row.get("nonce")?,
        refresh: Secret::new(String::new()),
    };
    Ok((found, row.get("refresh")?))
}

const fn place(row: &str) -> Place<'_> {
    Place { table: "openid_session", column: "refresh", row }
}
