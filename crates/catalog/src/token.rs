//! Tokens for scripts.

use model::{Privilege, Secret, TokenId, UserId, WallTime};
use rusqlite::{OptionalExtension, Row, params};

use crate::{
    Catalog, Error, Result,
    column::{named, parsed, room, text, time},
    user::{self, UserRow},
    value,
};

/// Most tokens of one user.
pub const MAX_TOKENS: usize = 100;
/// What tokens begin with, so that somebody who finds one knows what it is.
pub const PREFIX: &str = "martello_";
const COLUMNS: &str = "token.id, token.name, token.created, token.expires, token.scope";

/// A token, without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Identifier; not a secret.
    pub id: TokenId,
    /// What it is for, 1 to 128 bytes.
    pub name: String,
    /// When it was made.
    pub created: WallTime,
    /// When it ends.
    pub expires: WallTime,
    /// The privileges that it was made for; none: all that its user has.
    pub scope: Option<Vec<Privilege>>,
}

impl Catalog {
    /// Makes a token with the user's rights, or with those of them that are in its scope. The value is given out once; the database has its hash only.
    pub fn create_token(
        &self,
        user: UserId,
        name: &str,
        now: WallTime,
        expires: WallTime,
        scope: Option<Vec<Privilege>>,
    ) -> Result<(TokenRow, Secret<String>)> {
        named("token name", name, 128)?;
        let value = value::random(PREFIX)?;
        let token = TokenRow { id: TokenId::new(), name: name.to_owned(), created: now, expires, scope };
        self.write(|tx| {
            let count = tx
                .query_row("SELECT count(*) FROM token WHERE user = ?1", [text(user)], |row| row.get(0))
                .map_err(Error::Read)?;
            room("tokens", count, MAX_TOKENS)?;
            tx.execute(
                "INSERT INTO token (id, name, secret_hash, user, created, expires, scope)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    text(token.id),
                    token.name,
                    value::hash(value.expose()),
                    text(user),
                    now.micros(),
                    expires.micros(),
                    token.scope.as_deref().map(write_scope),
                ],
            )
            .map_err(Error::Write)
        })?;
        Ok((token, value))
    }

    /// The token with this value and its user, if it has not ended.
    pub fn token(&self, value: &str, now: WallTime) -> Result<Option<(TokenRow, UserRow)>> {
        let Some(hash) = value::hash(value) else { return Ok(None) };
        self.read(|tx| {
            tx.prepare_cached(&format!(
                "SELECT {COLUMNS}, {} FROM token JOIN user ON user.id = token.user
                 WHERE token.secret_hash = ?1 AND token.expires > ?2 AND user.disabled = 0
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

    /// The user's tokens, the newest first.
    pub fn tokens_of(&self, user: UserId) -> Result<Vec<TokenRow>> {
        self.read(|tx| {
            tx.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM token WHERE user = ?1 ORDER BY created DESC, id DESC"
            ))
            .and_then(|mut select| select.query_map([text(user)], read)?.collect())
            .map_err(Error::Read)
        })
    }

    /// Ends a token of the user; false where the user has no such token.
    pub fn end_token(&self, user: UserId, id: TokenId) -> Result<bool> {
        self.write(|tx| {
            tx.execute("DELETE FROM token WHERE id = ?1 AND user = ?2", [text(id), text(user)])
                .map(|gone| gone > 0)
                .map_err(Error::Write)
        })
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<TokenRow> {
    Ok(TokenRow {
        id: parsed(row, "id")?,
        name: row.get("name")?,
        created: time(row, "created")?,
        expires: time(row, "expires")?,
        scope: row.get::<_, Option<String>>("scope")?.as_deref().map(read_scope),
    })
}

fn write_scope(scope: &[Privilege]) -> String {
    scope.iter().map(|privilege| privilege.name()).collect::<Vec<_>>().join(" ")
}

/// A name that this release does not know gives nothing.
fn read_scope(text: &str) -> Vec<Privilege> {
    text.split_whitespace().filter_map(|name| name.parse().ok()).collect()
}
