//! The site's own row: name and time zone.

use model::WallTime;
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    Catalog, Error, Result,
    column::{bounded, named, time},
};

/// What the site is called, and where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteRow {
    /// Its name, 1 to 128 bytes.
    pub name: String,
    /// IANA name of its time zone. That there is such a zone is for the caller to check.
    pub time_zone: String,
    /// When it was first started.
    pub created: WallTime,
}

impl Catalog {
    /// The site's row; `first` becomes it at the first call.
    pub fn site_or(&self, first: &SiteRow) -> Result<SiteRow> {
        self.write(|tx| match select(tx)? {
            Some(site) => Ok(site),
            None => put(tx, first).map(|()| first.clone()),
        })
    }

    /// The site's row, where it was started before.
    pub fn site(&self) -> Result<Option<SiteRow>> {
        self.read(|tx| select(tx))
    }

    /// Changes name or time zone; gives back the row as it is then.
    pub fn change_site(&self, change: impl FnOnce(&mut SiteRow)) -> Result<SiteRow> {
        self.write(|tx| {
            let mut site = select(tx)?.ok_or(Error::NotFound("site"))?;
            change(&mut site);
            put(tx, &site)?;
            Ok(site)
        })
    }
}

fn select(connection: &Connection) -> Result<Option<SiteRow>> {
    connection
        .query_row("SELECT name, time_zone, created FROM site", [], |row| {
            Ok(SiteRow {
                name: row.get("name")?,
                time_zone: row.get("time_zone")?,
                created: time(row, "created")?,
            })
        })
        .optional()
        .map_err(Error::Read)
}

pub(crate) fn put(connection: &Connection, site: &SiteRow) -> Result<()> {
    named("site name", &site.name, 128)?;
    bounded("time zone", site.time_zone.as_bytes(), 1, 64)?;
    connection
        .execute(
            "INSERT INTO site (only_row, name, time_zone, created) VALUES (1, ?1, ?2, ?3)
             ON CONFLICT (only_row) DO UPDATE SET name = excluded.name, time_zone = excluded.time_zone",
            params![site.name, site.time_zone, site.created.micros()],
        )
        .map(drop)
        .map_err(Error::Write)
}
