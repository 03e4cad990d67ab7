//! A copy of the database for a backup, taken while a site may be using it. Not where it goes from there.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::{Error, Result, connect, schema};

/// Writes one state of the database at `from` into the new file `to` (mode 0600), without sign-ins and setup codes: a backup
/// lets nobody in whose sign-in has ended meanwhile. Everything else is in it; secrets stay sealed.
///
/// # Errors
/// There is no catalog of a known schema, or the copy cannot be made.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    let opening = |source| Error::Open { path: from.to_owned(), source };
    let source = connect(from, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(opening)?;
    schema::check(&source)?;
    schema::create_private(to).map_err(|source| Error::Create { path: to.to_owned(), source })?;
    // One statement, one state: who writes meanwhile does not wait and is not in it.
    source.execute("VACUUM INTO ?1", [to.to_string_lossy()]).map_err(Error::Read)?;
    let opening = |source| Error::Open { path: to.to_owned(), source };
    let copy = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(opening)?;
    copy.pragma_update(None, "secure_delete", true).map_err(Error::Write)?;
    copy.execute_batch("DELETE FROM session; DELETE FROM setup_code; VACUUM;").map_err(Error::Write)?;
    copy.close().map_err(|(_, source)| Error::Write(source))
}

/// Whether the file is a whole catalog of a known schema, page by page.
///
/// # Errors
/// It is not.
pub fn check(path: &Path) -> Result<()> {
    let opening = |source| Error::Open { path: path.to_owned(), source };
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(opening)?;
    schema::check(&connection)?;
    let found: String =
        connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(Error::Read)?;
    if found == "ok" { Ok(()) } else { Err(Error::NotACatalog) }
}
