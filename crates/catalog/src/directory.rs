//! Directories that users and groups come from, and OpenID Connect providers, which are directories that cannot be searched.
//! What their settings say is the site's; the password of the account that searches, or the client's secret, and the
//! keytab are sealed. Who is known from them: `directory_user`.

use model::{DirectoryId, Secret, UserId, WallTime};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    Catalog, Error, Result,
    column::{bounded, parsed, room, text, time, time_option},
    grant::{exists, taken},
    name,
    seal::Place,
};

/// Most directories of a site.
pub const MAX_DIRECTORIES: usize = 8;
/// Directories that are asked by LDAP.
pub(crate) const LDAP: &str = "ldap";
/// OpenID Connect providers.
pub(crate) const OPENID: &str = "openid";
const MAX_SETTINGS: usize = 64 << 10;
const MAX_PASSWORD: usize = 1024;
const MAX_KEYTAB: usize = 16 << 10;
const COLUMNS: &str = "id, name, settings, password, keytab, created";

/// A directory.
#[derive(Clone, Debug, PartialEq)]
pub struct DirectoryRow {
    /// Identifier.
    pub id: DirectoryId,
    /// What it is called here.
    pub name: String,
    /// How it is reached: the site's.
    pub settings: serde_json::Value,
    /// Password of the account that searches; the client's secret at a provider.
    pub password: Secret<String>,
    /// The keytab of the site's service in the directory's realm, where there is one.
    pub keytab: Option<Secret<Vec<u8>>>,
    /// When it was added.
    pub created: WallTime,
}

impl Catalog {
    /// All directories, in the order in which they are asked; a new one is the last.
    pub fn directories(&self) -> Result<Vec<DirectoryRow>> {
        self.all_of(LDAP)
    }

    /// The directory, where there is one.
    pub fn directory(&self, id: DirectoryId) -> Result<Option<DirectoryRow>> {
        self.one_of(LDAP, id)
    }

    /// Adds a directory, or changes the one with this identifier: it is as given afterwards.
    pub fn put_directory(
        &self,
        id: Option<DirectoryId>,
        called: &str,
        settings: &serde_json::Value,
        password: &Secret<String>,
        now: WallTime,
    ) -> Result<DirectoryRow> {
        self.put(LDAP, id, called, settings, password, now)
    }

    /// Keeps the keytab of the site's service in the realm of a directory; none: the one that was kept goes.
    pub fn set_keytab(&self, id: DirectoryId, keytab: Option<&Secret<Vec<u8>>>) -> Result<DirectoryRow> {
        let sealed = match keytab {
            Some(keytab) => {
                bounded("keytab", keytab.expose(), 1, MAX_KEYTAB)?;
                Some(self.key().seal(keytab_place(&text(id)), keytab.expose())?)
            }
            None => None,
        };
        self.write(|tx| {
            called(tx, LDAP, id)?.ok_or(Error::NotFound("directory"))?;
            tx.execute("UPDATE directory SET keytab = ?2 WHERE id = ?1", params![text(id), sealed])
                .map_err(Error::Write)
        })?;
        self.one_of(LDAP, id)?.ok_or(Error::NotFound("directory"))
    }

    /// All OpenID Connect providers, in the order in which they were added.
    pub fn providers(&self) -> Result<Vec<DirectoryRow>> {
        self.all_of(OPENID)
    }

    /// The provider, where there is one.
    pub fn provider(&self, id: DirectoryId) -> Result<Option<DirectoryRow>> {
        self.one_of(OPENID, id)
    }

    /// Adds a provider, or changes the one with this identifier, as [`Self::put_directory`] does.
    pub fn put_provider(
        &self,
        id: Option<DirectoryId>,
        called: &str,
        settings: &serde_json::Value,
        secret: &Secret<String>,
        now: WallTime,
    ) -> Result<DirectoryRow> {
        self.put(OPENID, id, called, settings, secret, now)
    }

    /// The name of the provider that the user signs in by; none: it is another kind of user.
    pub fn provider_of(&self, user: UserId) -> Result<Option<String>> {
        self.read(|tx| {
            tx.query_row(
                "SELECT directory.name FROM directory JOIN directory_user AS known ON known.directory = directory.id
                 WHERE known.user = ?1 AND protocol = ?2",
                [&text(user), OPENID],
                |row| row.get(0),
            )
            .optional()
            .map_err(Error::Read)
        })
    }

    fn all_of(&self, protocol: &str) -> Result<Vec<DirectoryRow>> {
        let rows: Vec<Sealed> = self.read(|tx| {
            tx.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM directory WHERE protocol = ?1 ORDER BY position, created, id"
            ))
            .and_then(|mut select| select.query_map([protocol], read)?.collect())
            .map_err(Error::Read)
        })?;
        rows.into_iter().map(|sealed| self.opened(sealed)).collect()
    }

    fn one_of(&self, protocol: &str, id: DirectoryId) -> Result<Option<DirectoryRow>> {
        let found = self.read(|tx| {
            tx.query_row(
                &format!("SELECT {COLUMNS} FROM directory WHERE id = ?1 AND protocol = ?2"),
                [&text(id), protocol],
                read,
            )
            .optional()
            .map_err(Error::Read)
        })?;
        found.map(|sealed| self.opened(sealed)).transpose()
    }

    fn put(
        &self,
        protocol: &str,
        id: Option<DirectoryId>,
        called: &str,
        settings: &serde_json::Value,
        password: &Secret<String>,
        now: WallTime,
    ) -> Result<DirectoryRow> {
        let (shown, key) = name::prepare(called)?;
        let settings_text = settings.to_string();
        bounded("settings", settings_text.as_bytes(), 0, MAX_SETTINGS)?;
        bounded("password", password.expose().as_bytes(), 1, MAX_PASSWORD)?;
        if let Some(id) = id {
            self.one_of(protocol, id)?.ok_or(Error::NotFound("directory"))?;
        }
        let made = id.unwrap_or_default();
        let sealed = self.key().seal(place(&text(made)), password.expose().as_bytes())?;
        self.write(|tx| {
            if taken(tx, "directory", &key, id.map(text))? {
                return Err(Error::NameTaken);
            }
            if id.is_some() {
                exists(tx, "directory", text(made))?;
            } else {
                let count = tx
                    .query_row("SELECT count(*) FROM directory WHERE protocol = ?1", [protocol], |row| {
                        row.get(0)
                    })
                    .map_err(Error::Read)?;
                room("directories", count, MAX_DIRECTORIES)?;
            }
            tx.execute(
                "INSERT INTO directory (id, protocol, name, name_key, settings, password, created, position)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, (SELECT coalesce(max(position), 0) + 1 FROM directory))
                 ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key,
                    settings = excluded.settings, password = excluded.password",
                params![text(made), protocol, shown, key, settings_text, sealed, now.micros()],
            )
            .map_err(Error::Write)
        })?;
        self.one_of(protocol, made)?.ok_or(Error::NotFound("directory"))
    }

    /// Puts the directories into this order. [`Error::NotFound`] unless it names each of them once.
    pub fn order_directories(&self, order: &[DirectoryId]) -> Result<()> {
        self.write(|tx| {
            let mut known: Vec<DirectoryId> = tx
                .prepare_cached("SELECT id FROM directory WHERE protocol = ?1")
                .and_then(|mut select| select.query_map([LDAP], |row| parsed(row, "id"))?.collect())
                .map_err(Error::Read)?;
            let mut named = order.to_vec();
            known.sort();
            named.sort();
            if known != named {
                return Err(Error::NotFound("directory"));
            }
            for (position, id) in (1_i64..).zip(order) {
                tx.execute("UPDATE directory SET position = ?2 WHERE id = ?1", params![text(*id), position])
                    .map_err(Error::Write)?;
            }
            Ok(())
        })
    }

    /// When the directory last confirmed one of its users who counts here.
    pub fn last_confirmed(&self, id: DirectoryId) -> Result<Option<WallTime>> {
        self.read(|tx| {
            tx.query_row(
                "SELECT max(seen) AS seen FROM directory_user WHERE directory = ?1 AND standing = 'good'",
                [text(id)],
                |row| time_option(row, "seen"),
            )
            .map_err(Error::Read)
        })
    }

    /// Removes a directory with its users and groups and what was granted to them. Gives back its name; none: there was no
    /// such directory, whatever else has the identifier.
    pub fn remove_directory(&self, id: DirectoryId) -> Result<Option<String>> {
        self.remove(LDAP, id)
    }

    /// Removes a provider, as [`Self::remove_directory`] does.
    pub fn remove_provider(&self, id: DirectoryId) -> Result<Option<String>> {
        self.remove(OPENID, id)
    }

    fn remove(&self, protocol: &str, id: DirectoryId) -> Result<Option<String>> {
        self.write(|tx| {
            let Some(called) = called(tx, protocol, id)? else { return Ok(None) };
            for (table, link, column) in
                [("user", "directory_user", "user"), ("user_group", "directory_group", "user_group")]
            {
                tx.execute(
                    &format!(
                        "DELETE FROM {table} WHERE id IN (SELECT {column} FROM {link} WHERE directory = ?1)"
                    ),
                    [text(id)],
                )
                .map_err(Error::Write)?;
            }
            tx.execute("DELETE FROM directory WHERE id = ?1", [text(id)]).map_err(Error::Write)?;
            Ok(Some(called))
        })
    }

    fn opened(&self, sealed: Sealed) -> Result<DirectoryRow> {
        let Sealed { row, password, keytab } = sealed;
        let id = text(row.id);
        let password = self.key().open_text(place(&id), Some(&password))?;
        let keytab = keytab.map(|sealed| self.key().open(keytab_place(&id), &sealed)).transpose()?;
        Ok(DirectoryRow {
            password: password.ok_or(Error::Unseal { what: "password" })?,
            keytab: keytab.map(|bytes| Secret::new(bytes.to_vec())),
            ..row
        })
    }
}

/// The name of what has this identifier, where it is of this protocol.
pub(crate) fn called(tx: &Connection, protocol: &str, id: DirectoryId) -> Result<Option<String>> {
    tx.query_row("SELECT name FROM directory WHERE id = ?1 AND protocol = ?2", [&text(id), protocol], |row| {
        row.get(0)
    })
    .optional()
    .map_err(Error::Read)
}

/// A row without its secrets, and those sealed.
struct Sealed {
    row: DirectoryRow,
    password: Vec<u8>,
    keytab: Option<Vec<u8>>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Sealed> {
    let settings: String = row.get("settings")?;
    let found = DirectoryRow {
        id: parsed(row, "id")?,
        name: row.get("name")?,
        settings: serde_json::from_str(&settings).unwrap_or_default(),
        password: Secret::new(String::new()),
        keytab: None,
        created: time(row, "created")?,
    };
    Ok(Sealed { row: found, password: row.get("password")?, keytab: row.get("keytab")? })
}

const fn place(row: &str) -> Place<'_> {
    Place { table: "directory", column: "password", row }
}

const fn keytab_place(row: &str) -> Place<'_> {
    Place { table: "directory", column: "keytab", row }
}
