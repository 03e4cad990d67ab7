//! The first administrator, made with a one-time code. How the code reaches a person is the site's.

use std::time::Duration;

use model::{Role, Secret, WallTime};
use rusqlite::{OptionalExtension, params};

use crate::{
    Catalog, Error, Result, password,
    user::{self, UserRow},
    value,
};

/// Administrators of the machine do not count: the site wants one of its own.
const SITE: &str = "WHERE origin = 'site'";

impl Catalog {
    /// Whether the site still waits for its first user.
    pub fn needs_setup(&self) -> Result<bool> {
        self.read(|tx| Ok(user::count(tx, SITE)? == 0))
    }

    /// Makes a new setup code, in place of an older one. Nothing where the site has its administrator already.
    pub fn new_setup_code(&self, now: WallTime, lifetime: Duration) -> Result<Option<Secret<String>>> {
        let code = value::random_code()?;
        self.write(|tx| {
            if user::count(tx, SITE)? > 0 {
                return Ok(None);
            }
            tx.execute(
                "INSERT INTO setup_code (only_row, hash, expires) VALUES (1, ?1, ?2)
                 ON CONFLICT (only_row) DO UPDATE SET hash = excluded.hash, expires = excluded.expires",
                params![value::hash_code(code.expose()), (now + lifetime).micros()],
            )
            .map_err(Error::Write)?;
            Ok(Some(code))
        })
    }

    /// Makes the first administrator and uses up the code. Of two that come at once, one wins.
    pub fn set_up(
        &self,
        code: &str,
        name: &str,
        password: &str,
        site_name: Option<&str>,
        now: WallTime,
    ) -> Result<UserRow> {
        let given = value::hash_code(code).ok_or(Error::WrongSetupCode)?;
        // Cheap checks first: a wrong code must not cost a password hash.
        self.read(|tx| check(tx, &given, now))?;
        let hash = password::hash(password)?;
        self.write(|tx| {
            check(tx, &given, now)?;
            let user = user::insert(tx, name, Role::Administrator, &hash, now)?;
            if let Some(site_name) = site_name {
                crate::column::named("site name", site_name, 128)?;
                tx.execute("UPDATE site SET name = ?1", [site_name]).map_err(Error::Write)?;
            }
            tx.execute("DELETE FROM setup_code", []).map_err(Error::Write)?;
            Ok(user)
        })
    }
}

fn check(connection: &rusqlite::Connection, given: &[u8; 32], now: WallTime) -> Result<()> {
    if user::count(connection, SITE)? > 0 {
        return Err(Error::AlreadySetUp);
    }
    let kept: Option<[u8; 32]> = connection
        .query_row("SELECT hash FROM setup_code WHERE expires > ?1", [now.micros()], |row| row.get(0))
        .optional()
        .map_err(Error::Read)?;
    if kept.as_ref() == Some(given) { Ok(()) } else { Err(Error::WrongSetupCode) }
}
