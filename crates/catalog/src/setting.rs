//! Settings: a JSON value by name, with secrets beside it that are sealed. What the JSON says is the site's.

use std::collections::BTreeMap;

use model::Secret;
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    Catalog, Error, Result,
    column::{bounded, room},
    seal::Place,
};

const MAX_NAME: usize = 64;
const MAX_VALUE: usize = 64 * 1024;
const MAX_SECRETS: usize = 16;
const MAX_SECRET: usize = 4096;

/// A setting. Secrets are not in `value`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Setting {
    /// What people may read.
    pub value: serde_json::Value,
    /// What is kept sealed, by name.
    pub secrets: BTreeMap<String, Secret<String>>,
}

impl Catalog {
    /// The setting, where it was ever set.
    pub fn setting(&self, name: &str) -> Result<Option<Setting>> {
        self.read(|tx| self.read_setting(tx, name))
    }

    /// Changes a setting as a whole; the closure gets the old one. Gives back the new one.
    pub fn change_setting(
        &self,
        name: &str,
        change: impl FnOnce(Option<Setting>) -> Setting,
    ) -> Result<Setting> {
        bounded("setting name", name.as_bytes(), 1, MAX_NAME)?;
        self.write(|tx| {
            let setting = change(self.read_setting(tx, name)?);
            let value = setting.value.to_string();
            bounded("setting", value.as_bytes(), 0, MAX_VALUE)?;
            room("secrets", i64::try_from(setting.secrets.len()).unwrap_or(i64::MAX), MAX_SECRETS + 1)?;
            tx.execute(
                "INSERT INTO setting (name, value) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                params![name, value],
            )
            .map_err(Error::Write)?;
            tx.execute("DELETE FROM setting_secret WHERE setting = ?1", [name]).map_err(Error::Write)?;
            for (key, secret) in &setting.secrets {
                bounded("secret's name", key.as_bytes(), 1, MAX_NAME)?;
                bounded("secret", secret.expose().as_bytes(), 0, MAX_SECRET)?;
                let sealed = self.key().seal(place(&row(name, key)), secret.expose().as_bytes())?;
                tx.execute(
                    "INSERT INTO setting_secret (setting, name, value) VALUES (?1, ?2, ?3)",
                    params![name, key, sealed],
                )
                .map_err(Error::Write)?;
            }
            Ok(setting)
        })
    }

    fn read_setting(&self, connection: &Connection, name: &str) -> Result<Option<Setting>> {
        let value: Option<serde_json::Value> = connection
            .query_row("SELECT value FROM setting WHERE name = ?1", [name], |row| {
                let text: String = row.get(0)?;
                serde_json::from_str(&text).map_err(|e| {
                    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(e))
                })
            })
            .optional()
            .map_err(Error::Read)?;
        let Some(value) = value else { return Ok(None) };
        let sealed: Vec<(String, Vec<u8>)> = connection
            .prepare_cached("SELECT name, value FROM setting_secret WHERE setting = ?1")
            .and_then(|mut select| select.query_map([name], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
            .map_err(Error::Read)?;
        let mut secrets = BTreeMap::new();
        for (key, sealed) in sealed {
            if let Some(secret) = self.key().open_text(place(&row(name, &key)), Some(&sealed))? {
                secrets.insert(key, secret);
            }
        }
        Ok(Some(Setting { value, secrets }))
    }
}

/// The row of a secret. Lengths make it unambiguous.
fn row(setting: &str, name: &str) -> String {
    format!("{}:{setting}/{name}", setting.len())
}

const fn place(row: &str) -> Place<'_> {
    Place { table: "setting_secret", column: "value", row }
}
