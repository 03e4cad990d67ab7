//! Sign-ins of accounts: a browser's session, and a program's token. How their secret travels is the cloud's.

use std::{fmt, str::FromStr, time::Duration};

use model::{AccountId, Secret, SessionId, WallTime};

use super::{
    CloudCatalog,
    account::{self, AccountRow},
    sql::{Row, Tx, text, values},
};
use crate::{Result, column::cut, value};

/// Most sign-ins of one account; one more ends the one that was unused for longest.
pub const MAX_SIGN_INS: i64 = 100;
const MAX_AGENT: usize = 256;
const MAX_ADDRESS: usize = 64;

/// What signed in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignInKind {
    /// A browser, with a cookie.
    Browser,
    /// A program, with a token that somebody granted.
    Program,
}

/// A text that is no kind of sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseKindError;

/// A sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInRow {
    /// Identifier; not a secret.
    pub id: SessionId,
    /// What signed in.
    pub kind: SignInKind,
    /// What program it is (`User-Agent`, or what it called itself), cut to 256 bytes.
    pub agent: String,
    /// From where it began.
    pub address: String,
    /// When it began.
    pub created: WallTime,
    /// When it was last seen in use.
    pub last_used: WallTime,
    /// When it ends.
    pub expires: WallTime,
}

/// How a sign-in begins.
#[derive(Clone, Copy, Debug)]
pub struct Begin<'a> {
    /// What signs in.
    pub kind: SignInKind,
    /// What program it is.
    pub agent: &'a str,
    /// From where.
    pub address: &'a str,
    /// It ends after so long.
    pub lifetime: Duration,
}

impl Begin<'_> {
    /// Puts the sign-in in under this secret.
    pub(super) fn insert(
        &self,
        tx: &mut Tx<'_>,
        account: AccountId,
        id: SessionId,
        secret: &Secret<String>,
        now: WallTime,
    ) -> Result<SignInRow> {
        tx.execute(
            "DELETE FROM sign_in WHERE account = $1 AND (expires <= $3 OR id NOT IN (
                SELECT id FROM sign_in WHERE account = $1 ORDER BY last_used DESC, id DESC LIMIT $2))",
            values![account, MAX_SIGN_INS - 1, now],
        )?;
        let row = SignInRow {
            id,
            kind: self.kind,
            agent: cut(self.agent, MAX_AGENT).to_owned(),
            address: cut(self.address, MAX_ADDRESS).to_owned(),
            created: now,
            last_used: now,
            expires: now + self.lifetime,
        };
        tx.execute(
            "INSERT INTO sign_in (id, secret_hash, account, kind, agent, address, created, last_used, expires)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
            values![
                id,
                value::hash(secret.expose()),
                account,
                text(self.kind),
                &row.agent,
                &row.address,
                now,
                row.expires,
            ],
        )?;
        Ok(row)
    }
}

impl CloudCatalog {
    /// Begins a sign-in. The secret is given out once; the database has its hash only.
    pub fn begin_sign_in(
        &self,
        account: AccountId,
        begin: Begin<'_>,
        now: WallTime,
    ) -> Result<(SignInRow, Secret<String>)> {
        let (id, secret) = (SessionId::new(), value::random("")?);
        let row = self.write(|tx| begin.insert(tx, account, id, &secret, now))?;
        Ok((row, secret))
    }

    /// The sign-in with this secret and its account, if it has not ended.
    pub fn sign_in(&self, secret: &str, now: WallTime) -> Result<Option<(SignInRow, AccountRow)>> {
        let Some(hash) = value::hash(secret) else { return Ok(None) };
        self.read(|tx| {
            let row = tx.row(
                "SELECT s.id, s.kind, s.agent, s.address, s.created, s.last_used, s.expires,
                        a.id, a.email, a.name, a.created, a.factor_confirmed, a.runs_cloud
                 FROM sign_in s JOIN account a ON a.id = s.account WHERE s.secret_hash = $1 AND s.expires > $2",
                values![hash, now],
            )?;
            row.map(|mut row| Ok((read(&mut row)?, account::read(&mut row)?))).transpose()
        })
    }

    /// Notes that the sign-in is in use; a browser's ends so much later. Each call writes: once a minute is enough.
    pub fn touch_sign_in(&self, id: SessionId, now: WallTime, expires: Option<WallTime>) -> Result<bool> {
        self.write(|tx| {
            tx.one(
                "UPDATE sign_in SET last_used = $2, expires = coalesce($3, expires) WHERE id = $1 AND expires > $2",
                values![id, now, expires],
            )
        })
    }

    /// The account's sign-ins, the one used last first.
    pub fn sign_ins_of(&self, account: AccountId, now: WallTime) -> Result<Vec<SignInRow>> {
        self.read(|tx| {
            let rows = tx.rows(
                "SELECT id, kind, agent, address, created, last_used, expires FROM sign_in
                 WHERE account = $1 AND expires > $2 ORDER BY last_used DESC, id DESC",
                values![account, now],
            )?;
            rows.into_iter().map(|mut row| read(&mut row)).collect()
        })
    }

    /// Ends a sign-in of this account; false where it has no such one.
    pub fn end_sign_in(&self, account: AccountId, id: SessionId) -> Result<bool> {
        self.write(|tx| tx.one("DELETE FROM sign_in WHERE id = $1 AND account = $2", values![id, account]))
    }
}

fn read(row: &mut Row) -> Result<SignInRow> {
    Ok(SignInRow {
        id: row.parsed()?,
        kind: row.parsed()?,
        agent: row.text()?,
        address: row.text()?,
        created: row.time()?,
        last_used: row.time()?,
        expires: row.time()?,
    })
}

impl fmt::Display for SignInKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Browser => "browser",
            Self::Program => "program",
        })
    }
}

impl FromStr for SignInKind {
    type Err = ParseKindError;

    fn from_str(text: &str) -> Result<Self, ParseKindError> {
        [Self::Browser, Self::Program].into_iter().find(|kind| kind.to_string() == text).ok_or(ParseKindError)
    }
}
