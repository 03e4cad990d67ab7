//! Groups of users. What a group gives its members is added up by `access`.

use access::Grant;
use model::{DirectoryId, GroupId, Role, UserId, WallTime};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    Catalog, Error, Result,
    column::{parsed, parsed_option, room, text, time},
    grant::{self, Holder, exists, taken},
    name,
    user::{recordings_minutes, role_column},
};

/// Most groups of a site.
pub const MAX_GROUPS: usize = 1000;
const COLUMNS: &str = "id, name, role, created, recordings_minutes,
    (SELECT directory FROM directory_group WHERE directory_group.user_group = user_group.id) AS directory";
/// Groups of directories come last, by their names as they are shown.
const ORDER: &str = "ORDER BY directory IS NOT NULL, iif(directory IS NULL, name_key, lower(name)), id";

/// A group of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRow {
    /// Identifier.
    pub id: GroupId,
    /// Its name; names that differ in case only are the same.
    pub name: String,
    /// The role that it gives its members.
    pub role: Role,
    /// When it was made.
    pub created: WallTime,
    /// Recordings older than so many minutes are kept from what it grants; none: all are shown.
    pub recordings_minutes: Option<u32>,
    /// Its members.
    pub members: Vec<UserId>,
    /// The directory that it is a group of. That says who its members are; those who were seen here are known.
    pub directory: Option<DirectoryId>,
}

/// A group as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupChange {
    /// Its name.
    pub name: String,
    /// The role that it gives.
    pub role: Role,
    /// Recordings older than so many minutes are kept from what it grants; none: all are shown.
    pub recordings_minutes: Option<u32>,
    /// Its members.
    pub members: Vec<UserId>,
    /// What it grants.
    pub grants: Vec<Grant>,
}

impl Catalog {
    /// All groups by name.
    pub fn groups(&self) -> Result<Vec<GroupRow>> {
        self.read(|tx| {
            let mut groups: Vec<GroupRow> = tx
                .prepare_cached(&format!("SELECT {COLUMNS} FROM user_group {ORDER}"))
                .and_then(|mut select| select.query_map([], read)?.collect())
                .map_err(Error::Read)?;
            for group in &mut groups {
                group.members = members(tx, group.id)?;
            }
            Ok(groups)
        })
    }

    /// The group, where there is one.
    pub fn group(&self, id: GroupId) -> Result<Option<GroupRow>> {
        self.read(|tx| one(tx, id))
    }

    /// The groups that a user is in, by name.
    pub fn groups_of(&self, user: UserId) -> Result<Vec<(GroupId, String)>> {
        self.read(|tx| {
            tx.prepare_cached(
                "SELECT id, name FROM user_group JOIN membership ON membership.user_group = user_group.id
                 WHERE membership.user = ?1 ORDER BY name_key",
            )
            .and_then(|mut select| {
                select.query_map([text(user)], |row| Ok((parsed(row, "id")?, row.get("name")?)))?.collect()
            })
            .map_err(Error::Read)
        })
    }

    /// Makes a group, or changes the one with this identifier: it is as given afterwards.
    pub fn put_group(&self, id: Option<GroupId>, change: &GroupChange, now: WallTime) -> Result<GroupRow> {
        let (name, key) = name::prepare(&change.name)?;
        self.write(|tx| {
            if let Some(id) = id
                && let Some(GroupRow { directory: Some(_), name: known, .. }) = one(tx, id)?
            {
                return if known == name { apply(tx, id, change) } else { Err(Error::DirectoryName) };
            }
            if taken(tx, "user_group", &key, id.map(text))? {
                return Err(Error::NameTaken);
            }
            let made = id.unwrap_or_default();
            if let Some(id) = id {
                exists(tx, "user_group", text(id))?;
            } else {
                let count = tx
                    .query_row("SELECT count(*) FROM user_group", [], |row| row.get(0))
                    .map_err(Error::Read)?;
                room("groups", count, MAX_GROUPS)?;
            }
            tx.execute(
                "INSERT INTO user_group (id, name, name_key, role, created, recordings_minutes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key,
                    role = excluded.role, recordings_minutes = excluded.recordings_minutes",
                params![text(made), name, key, change.role.name(), now.micros(), change.recordings_minutes],
            )
            .map_err(Error::Write)?;
            tx.execute("DELETE FROM membership WHERE user_group = ?1", [text(made)]).map_err(Error::Write)?;
            for user in &change.members {
                exists(tx, "user", text(user))?;
                join(tx, *user, made)?;
            }
            grant::replace(tx, Holder::Group(made), &change.grants)?;
            one(tx, made)?.ok_or(Error::NotFound("group"))
        })
    }

    /// Removes a group and what it granted; false where there was none. Its members stay.
    pub fn remove_group(&self, id: GroupId) -> Result<bool> {
        self.write(|tx| {
            tx.execute("DELETE FROM user_group WHERE id = ?1", [text(id)])
                .map(|gone| gone > 0)
                .map_err(Error::Write)
        })
    }
}

/// Changes what a group of a directory gives; who is in it is the directory's.
pub(crate) fn apply(tx: &Connection, id: GroupId, change: &GroupChange) -> Result<GroupRow> {
    tx.execute(
        "UPDATE user_group SET role = ?2, recordings_minutes = ?3 WHERE id = ?1",
        params![text(id), change.role.name(), change.recordings_minutes],
    )
    .map_err(Error::Write)?;
    grant::replace(tx, Holder::Group(id), &change.grants)?;
    one(tx, id)?.ok_or(Error::NotFound("group"))
}

/// Puts a user into exactly these groups of the site. Membership of a directory's groups is the directory's.
pub(crate) fn set_groups(tx: &Connection, user: UserId, groups: &[GroupId]) -> Result<()> {
    tx.execute(
        "DELETE FROM membership WHERE user = ?1
         AND user_group NOT IN (SELECT user_group FROM directory_group)",
        [text(user)],
    )
    .map_err(Error::Write)?;
    for group in groups {
        let found = one(tx, *group)?.ok_or(Error::NotFound("group"))?;
        if found.directory.is_none() {
            join(tx, user, *group)?;
        }
    }
    Ok(())
}

pub(crate) fn join(tx: &Connection, user: UserId, group: GroupId) -> Result<()> {
    tx.execute(
        "INSERT OR IGNORE INTO membership (user, user_group) VALUES (?1, ?2)",
        params![text(user), text(group)],
    )
    .map(drop)
    .map_err(Error::Write)
}

pub(crate) fn one(tx: &Connection, id: GroupId) -> Result<Option<GroupRow>> {
    let found = tx
        .query_row(&format!("SELECT {COLUMNS} FROM user_group WHERE id = ?1"), [text(id)], read)
        .optional()
        .map_err(Error::Read)?;
    found.map(|group| Ok(GroupRow { members: members(tx, id)?, ..group })).transpose()
}

fn members(tx: &Connection, group: GroupId) -> Result<Vec<UserId>> {
    tx.prepare_cached("SELECT user FROM membership WHERE user_group = ?1 ORDER BY user")
        .and_then(|mut select| select.query_map([text(group)], |row| parsed(row, "user"))?.collect())
        .map_err(Error::Read)
}

fn read(row: &Row<'_>) -> rusqlite::Result<GroupRow> {
    Ok(GroupRow {
        id: parsed(row, "id")?,
        name: row.get("name")?,
        role: role_column(row, "role")?,
        created: time(row, "created")?,
        recordings_minutes: recordings_minutes(row)?,
        members: Vec::new(),
        directory: parsed_option(row, "directory")?,
    })
}
