//! The audit log: rows that are only ever added, chained by hashes. What is worth a row is the site's.
//!
//! Each row's hash is SHA-256 over the hash before it and the row. Number and hash of the newest row, and of the one
//! before the oldest, are sealed in `note` with the key that lies outside of the database: whoever can change the
//! database alone can neither change a row, nor take one out, nor cut off the end without being found.

use model::{UserId, WallTime};
use rusqlite::{Connection, OptionalExtension, Row, params};
use sha2::{Digest, Sha256};

use crate::{
    Catalog, Error, Result,
    column::{cut, parsed_option, text, time},
    note,
    seal::Place,
};

/// Most rows that are kept; then the oldest tenth goes.
pub const MAX_ROWS: i64 = 500_000;
/// Most rows in one answer.
pub const MAX_PAGE: usize = 1000;
const MAX_TEXT: usize = 512;
const COLUMNS: &str = "number, at, user, name, address, kind, action, target, outcome, detail, hash";
const HEAD: &str = "head";
const BASE: &str = "base";

/// What somebody did. Texts are cut to 512 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: WallTime,
    /// Who; nothing where nobody was signed in.
    pub user: Option<UserId>,
    /// The name of who, as it was then or as it was tried.
    pub name: String,
    /// From where.
    pub address: String,
    /// What sort of thing: `sign-in`, `view`, `export`, `rights`, `device`, `configuration`.
    pub kind: String,
    /// What: an operation of the API document, such as `camera_update`.
    pub action: String,
    /// On what.
    pub target: String,
    /// `done`, `refused` or `failed`.
    pub outcome: String,
    /// More about it.
    pub detail: String,
}

/// An entry with its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its place; without holes.
    pub number: i64,
    /// What was done.
    pub entry: Entry,
    /// SHA-256 over the hash before it and the entry.
    pub hash: [u8; 32],
}

/// Which rows are asked for; what is none does not matter.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// From this moment on.
    pub from: Option<WallTime>,
    /// Before this moment.
    pub to: Option<WallTime>,
    /// Of this kind.
    pub kind: Option<String>,
    /// With this outcome.
    pub outcome: Option<String>,
    /// With this text in the name of who; the case of ASCII letters does not matter, here and below.
    pub name: Option<String>,
    /// With this text in what was done.
    pub action: Option<String>,
    /// With this text in on what.
    pub target: Option<String>,
    /// With this text in name, address, action, target or detail.
    pub text: Option<String>,
    /// Older than this row: where the page before ended.
    pub before: Option<i64>,
}

/// Whether the chain is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    /// Every row is as it was written, and none is missing.
    Whole {
        /// How many there are.
        rows: i64,
        /// The number of the newest.
        number: i64,
        /// The hash of the newest: whoever keeps it elsewhere finds a log that was rewritten with its key.
        hash: [u8; 32],
    },
    /// From this row on it is not what was written.
    Broken {
        /// The first row that is wrong, or the place of the first that is missing.
        at: i64,
    },
}

/// A number and the hash that belongs to it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Mark {
    number: i64,
    hash: [u8; 32],
}

impl Catalog {
    /// Adds rows, in order, and gives back the last one's number. Durable when it returns.
    pub fn add_audit(&self, entries: &[Entry]) -> Result<i64> {
        self.write(|tx| {
            let mut head = self.head(tx)?;
            // A row that somebody put behind the newest must not keep the log from going on.
            let last: Option<i64> =
                tx.query_row("SELECT max(number) FROM audit", [], |row| row.get(0)).map_err(Error::Read)?;
            head.number = head.number.max(last.unwrap_or(0));
            for entry in entries {
                head = add(tx, head, entry)?;
            }
            self.seal_mark(tx, HEAD, head)?;
            self.forget_oldest(tx)?;
            Ok(head.number)
        })
    }

    /// Rows, the newest first, at most `limit` (and [`MAX_PAGE`]).
    pub fn audit(&self, query: &Query, limit: usize) -> Result<Vec<AuditRow>> {
        let limit = i64::try_from(limit.min(MAX_PAGE)).unwrap_or(0);
        self.read(|tx| {
            tx.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM audit
                 WHERE (?1 IS NULL OR at >= ?1) AND (?2 IS NULL OR at < ?2) AND (?3 IS NULL OR kind = ?3)
                    AND (?4 IS NULL OR outcome = ?4) AND (?5 IS NULL OR number < ?5)
                    AND (?6 IS NULL OR name || char(10) || address || char(10) || action || char(10) || target
                        || char(10) || detail LIKE ?6 ESCAPE '\\')
                    AND (?7 IS NULL OR name LIKE ?7 ESCAPE '\\') AND (?8 IS NULL OR action LIKE ?8 ESCAPE '\\')
                    AND (?9 IS NULL OR target LIKE ?9 ESCAPE '\\')
                 ORDER BY number DESC LIMIT ?10"
            ))
            .and_then(|mut select| {
                let values = params![
                    query.from.map(WallTime::micros),
                    query.to.map(WallTime::micros),
                    query.kind,
                    query.outcome,
                    query.before,
                    pattern(query.text.as_deref()),
                    pattern(query.name.as_deref()),
                    pattern(query.action.as_deref()),
                    pattern(query.target.as_deref()),
                    limit
                ];
                select.query_map(values, read)?.collect()
            })
            .map_err(Error::Read)
        })
    }

    /// Reads the whole log and says whether it is what was written.
    pub fn verify_audit(&self) -> Result<Chain> {
        self.read(|tx| {
            let (Some(mut last), Some(head)) = (self.mark(tx, BASE)?, self.mark(tx, HEAD)?) else {
                return Ok(Chain::Broken { at: 1 });
            };
            let first = last.number;
            let mut select =
                tx.prepare(&format!("SELECT {COLUMNS} FROM audit ORDER BY number")).map_err(Error::Read)?;
            let mut rows = select.query([]).map_err(Error::Read)?;
            while let Some(row) = rows.next().map_err(Error::Read)? {
                let broken = Ok(Chain::Broken { at: last.number + 1 });
                let Ok(row) = read(row) else { return broken };
                let expected = chained(&last.hash, row.number, &row.entry);
                if row.number != last.number + 1 || row.hash != expected {
                    return broken;
                }
                last = Mark { number: row.number, hash: row.hash };
            }
            if last == head {
                Ok(Chain::Whole { rows: last.number - first, number: last.number, hash: last.hash })
            } else {
                Ok(Chain::Broken { at: last.number + 1 })
            }
        })
    }

    /// The newest row; the log begins when it is first asked for.
    fn head(&self, tx: &Connection) -> Result<Mark> {
        if let Some(head) = self.mark(tx, HEAD)? {
            return Ok(head);
        }
        let rows: i64 =
            tx.query_row("SELECT count(*) FROM audit", [], |row| row.get(0)).map_err(Error::Read)?;
        if rows > 0 {
            // The mark was taken away. The chain goes on, and the check goes on to say that it is broken.
            return tx
                .query_row("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1", [], |row| {
                    Ok(Mark { number: row.get(0)?, hash: row.get(1)? })
                })
                .map_err(Error::Read);
        }
        let base = Mark { number: 0, hash: [0; 32] };
        self.seal_mark(tx, BASE, base)?;
        self.seal_mark(tx, HEAD, base)?;
        Ok(base)
    }

    /// Whether the log may be whole without a row: the marks are made with the database.
    pub(crate) fn begin_audit(&self) -> Result<()> {
        self.write(|tx| self.head(tx).map(drop))
    }

    fn mark(&self, tx: &Connection, which: &'static str) -> Result<Option<Mark>> {
        let Some(sealed) = note::read(tx, "audit", which)? else { return Ok(None) };
        // A mark that is not ours is no mark: the check says so, and the log goes on.
        let Ok(plain) = self.key().open(place(which), &sealed) else { return Ok(None) };
        let Some((number, hash)) = plain.split_first_chunk::<8>() else { return Ok(None) };
        Ok(hash.try_into().ok().map(|hash| Mark { number: i64::from_be_bytes(*number), hash }))
    }

    fn seal_mark(&self, tx: &Connection, which: &'static str, mark: Mark) -> Result<()> {
        let plain = [mark.number.to_be_bytes().as_slice(), &mark.hash].concat();
        note::write(tx, "audit", which, &self.key().seal(place(which), &plain)?)
    }

    fn forget_oldest(&self, tx: &Connection) -> Result<()> {
        let (oldest, newest): (Option<i64>, Option<i64>) = tx
            .query_row("SELECT min(number), max(number) FROM audit", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(Error::Read)?;
        let (Some(oldest), Some(newest)) = (oldest, newest) else { return Ok(()) };
        if newest - oldest < MAX_ROWS {
            return Ok(());
        }
        let last = oldest + MAX_ROWS / 10;
        let base: Option<[u8; 32]> = tx
            .query_row("SELECT hash FROM audit WHERE number = ?1", [last], |row| row.get(0))
            .optional()
            .map_err(Error::Read)?;
        let Some(hash) = base else { return Ok(()) };
        self.seal_mark(tx, BASE, Mark { number: last, hash })?;
        tx.execute("DELETE FROM audit WHERE number <= ?1", [last]).map(drop).map_err(Error::Write)
    }
}

fn add(tx: &Connection, head: Mark, entry: &Entry) -> Result<Mark> {
    let cut = |text: &str| cut(text, MAX_TEXT).to_owned();
    let entry = Entry {
        name: cut(&entry.name),
        address: cut(&entry.address),
        kind: cut(&entry.kind),
        action: cut(&entry.action),
        target: cut(&entry.target),
        outcome: cut(&entry.outcome),
        detail: cut(&entry.detail),
        ..*entry
    };
    let number = head.number + 1;
    let mark = Mark { number, hash: chained(&head.hash, number, &entry) };
    tx.prepare_cached(&format!(
        "INSERT INTO audit ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
    ))
    .and_then(|mut insert| {
        insert.execute(params![
            number,
            entry.at.micros(),
            entry.user.map(text),
            entry.name,
            entry.address,
            entry.kind,
            entry.action,
            entry.target,
            entry.outcome,
            entry.detail,
            mark.hash
        ])
    })
    .map_err(Error::Write)?;
    Ok(mark)
}

/// The hash of a row: over the hash of the row before it, its number and every field with its length, so that no two
/// entries are hashed alike. The first row comes after zeros.
#[must_use]
pub fn chained(before: &[u8; 32], number: i64, entry: &Entry) -> [u8; 32] {
    let mut hasher = Sha256::new_with_prefix(b"martello/audit/1");
    hasher.update(before);
    hasher.update(number.to_be_bytes());
    hasher.update(entry.at.micros().to_be_bytes());
    let user = entry.user.map(text).unwrap_or_default();
    let texts = [
        &user,
        &entry.name,
        &entry.address,
        &entry.kind,
        &entry.action,
        &entry.target,
        &entry.outcome,
        &entry.detail,
    ];
    for text in texts {
        hasher.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(text);
    }
    hasher.finalize().into()
}

/// What `LIKE` takes for "with this text".
fn pattern(text: Option<&str>) -> Option<String> {
    let text = text.filter(|text| !text.is_empty())?;
    let escaped = cut(text, MAX_TEXT).replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    Some(format!("%{escaped}%"))
}

fn read(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    Ok(AuditRow {
        number: row.get("number")?,
        entry: Entry {
            at: time(row, "at")?,
            user: parsed_option(row, "user")?,
            name: row.get("name")?,
            address: row.get("address")?,
            kind: row.get("kind")?,
            action: row.get("action")?,
            target: row.get("target")?,
            outcome: row.get("outcome")?,
            detail: row.get("detail")?,
        },
        hash: row.get("hash")?,
    })
}

const fn place(which: &str) -> Place<'_> {
    Place { table: "note", column: "value", row: which }
}
