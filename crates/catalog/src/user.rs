//! Users of the site: people with a password here, and administrators of the server's own machine, who have none. What a
//! user may do is `access`'.

use access::Grant;
use model::{GroupId, Role, UserId, WallTime};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    Catalog, Error, Result,
    column::{parsed, parsed_option, room, text, time, time_option},
    directory_user::{DirectoryLink, Standing},
    grant::{self, Holder, keep_an_administrator},
    group, name, password,
};

/// Most users of a site.
pub const MAX_USERS: usize = 1000;
pub(crate) const COLUMNS: &str = "user.id AS user_id, user.name AS user_name, user.role AS user_role,
    user.created AS user_created, user.origin = 'machine' AS user_machine, user.disabled AS user_disabled,
    user.recordings_minutes AS recordings_minutes, user.last_sign_in AS user_last_sign_in,
    (SELECT directory FROM directory_user WHERE directory_user.user = user.id) AS user_directory,
    (SELECT standing FROM directory_user WHERE directory_user.user = user.id) AS user_standing,
    (SELECT full_name FROM directory_user WHERE directory_user.user = user.id) AS user_full_name,
    (SELECT seen FROM directory_user WHERE directory_user.user = user.id) AS user_seen,
    EXISTS (SELECT 1 FROM second_factor WHERE second_factor.user = user.id AND confirmed = 1) AS user_second_factor";
/// No hash: nothing is its password.
pub(crate) const NO_PASSWORD: &str = "";

/// A user. The password's hash never leaves this crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    /// Identifier.
    pub id: UserId,
    /// Name as it was given. Names that differ in case only are the same.
    pub name: String,
    /// What the user is at this site.
    pub role: Role,
    /// When it was made.
    pub created: WallTime,
    /// An administrator of the server's own machine: signs in there, cannot be changed or removed.
    pub machine: bool,
    /// Cannot sign in for the time being.
    pub disabled: bool,
    /// Recordings older than so many minutes are kept from what is granted to this user; none: all are shown.
    pub recordings_minutes: Option<u32>,
    /// Has to show a code of an authenticator app.
    pub second_factor: bool,
    /// When somebody last signed in as this user; none: never.
    pub last_sign_in: Option<WallTime>,
    /// The directory that knows the user, for those who have no password here.
    pub directory: Option<DirectoryLink>,
}

impl UserRow {
    /// Whether sign-ins and tokens of the user count: neither an administrator nor a directory has switched it off.
    #[must_use]
    pub fn counts(&self) -> bool {
        !self.disabled && self.directory.as_ref().is_none_or(|link| link.standing == Standing::Good)
    }
}

/// What changes about a user; what is none stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChange {
    /// Another name.
    pub name: Option<String>,
    /// Another role.
    pub role: Option<Role>,
    /// Whether it can sign in.
    pub disabled: Option<bool>,
    /// Another limit on the age of recordings.
    pub recordings_minutes: Option<Option<u32>>,
    /// Exactly these groups.
    pub groups: Option<Vec<GroupId>>,
    /// Exactly these grants.
    pub grants: Option<Vec<Grant>>,
}

impl Catalog {
    /// Makes a user. Hashes the password first: takes tens of milliseconds.
    pub fn create_user(&self, name: &str, role: Role, password: &str, now: WallTime) -> Result<UserRow> {
        let hash = password::hash(password)?;
        self.write(|tx| insert(tx, name, role, &hash, now))
    }

    /// The user with this name and password. Takes as long for a name that nobody has.
    pub fn verify_password(&self, name: &str, password: &str) -> Result<Option<UserRow>> {
        let found = self.read(|tx| {
            tx.prepare_cached(&format!(
                "SELECT {COLUMNS}, password_hash FROM user WHERE name_key = ?1 AND origin = 'site'"
            ))
            .and_then(|mut select| {
                select
                    .query_row([name::key(name)], |row| {
                        Ok((read(row)?, row.get::<_, String>("password_hash")?))
                    })
                    .optional()
            })
            .map_err(Error::Read)
        })?;
        let hash = found.as_ref().map(|(_, hash)| hash.as_str());
        let right = password::verify(password, hash);
        Ok(found.filter(|(user, _)| right && !user.disabled).map(|(user, _)| user))
    }

    /// Whether a user of the site's own has the name, who has a password here.
    pub fn is_own_user(&self, name: &str) -> Result<bool> {
        self.read(|tx| {
            tx.query_row(
                "SELECT count(*) FROM user WHERE name_key = ?1 AND origin = 'site'",
                [name::key(name)],
                |row| row.get::<_, i64>(0),
            )
            .map(|count| count > 0)
            .map_err(Error::Read)
        })
    }

    /// Makes a user with all that it may do, at once.
    pub fn create_user_with(
        &self,
        name: &str,
        password: &str,
        change: &UserChange,
        now: WallTime,
    ) -> Result<UserRow> {
        let hash = password::hash(password)?;
        self.write(|tx| {
            let user = insert(tx, name, change.role.unwrap_or(Role::Viewer), &hash, now)?;
            apply(tx, &user, &UserChange { name: None, ..change.clone() })
        })
    }

    /// Changes a user; nothing where there is no such user. The last administrator stays one, and can sign in.
    pub fn change_user(&self, id: UserId, change: &UserChange) -> Result<Option<UserRow>> {
        self.write(|tx| {
            let Some(user) = select(tx, id)? else { return Ok(None) };
            if user.machine {
                return Err(Error::MachineUser);
            }
            let changed = apply(tx, &user, change)?;
            if administrates(&user) {
                keep_an_administrator(tx)?;
            }
            if changed.disabled {
                end_sign_ins(tx, id)?;
            }
            Ok(Some(changed))
        })
    }

    /// The user that stands for an administrator of the server's own machine, made when first needed. `account` is
    /// the name there.
    pub fn machine_user(&self, account: &str, now: WallTime) -> Result<UserRow> {
        let (account, _) = name::prepare(account)?;
        // No name of a site's own user has such a key.
        let key = format!("\u{1}machine/{account}");
        let known = |tx: &Connection| {
            tx.prepare_cached(&format!("SELECT {COLUMNS} FROM user WHERE name_key = ?1"))
                .and_then(|mut select| select.query_row([&key], read).optional())
                .map_err(Error::Read)
        };
        if let Some(known) = self.read(|tx| known(tx))? {
            return Ok(known);
        }
        self.write(|tx| {
            if let Some(known) = known(tx)? {
                return Ok(known);
            }
            room("users", count(tx, "")?, MAX_USERS)?;
            let id = UserId::new();
            tx.execute(
                "INSERT INTO user (id, name, name_key, role, password_hash, created, origin)
                 VALUES (?1, ?2, ?3, 'administrator', ?4, ?5, 'machine')",
                params![text(id), format!("{account} (this machine)"), key, NO_PASSWORD, now.micros()],
            )
            .map_err(Error::Write)?;
            select(tx, id)?.ok_or(Error::NotFound("user"))
        })
    }

    /// Sets a new password where the old one is right; false where it is not. Other sign-ins and all tokens end.
    pub fn change_password(
        &self,
        user: UserId,
        old: &str,
        new: &str,
        keep: Option<model::SessionId>,
    ) -> Result<bool> {
        let kept: Option<String> = self.read(|tx| {
            tx.query_row(
                "SELECT password_hash FROM user WHERE id = ?1 AND origin = 'site'",
                [text(user)],
                |row| row.get(0),
            )
            .optional()
            .map_err(Error::Read)
        })?;
        if !password::verify(old, kept.as_deref().filter(|hash| !hash.is_empty())) {
            return Ok(false);
        }
        let hash = password::hash(new)?;
        self.write(|tx| {
            tx.execute("UPDATE user SET password_hash = ?2 WHERE id = ?1", params![text(user), hash])
                .map_err(Error::Write)?;
            tx.execute("DELETE FROM token WHERE user = ?1", [text(user)]).map_err(Error::Write)?;
            tx.execute(
                "DELETE FROM session WHERE user = ?1 AND id IS NOT ?2",
                params![text(user), keep.map(text)],
            )
            .map_err(Error::Write)?;
            Ok(true)
        })
    }

    /// Sets a new password and ends all sign-ins and tokens of the user.
    pub fn set_password(&self, user: UserId, password: &str) -> Result<()> {
        let hash = password::hash(password)?;
        self.write(|tx| {
            let changed = tx
                .execute(
                    "UPDATE user SET password_hash = ?2 WHERE id = ?1 AND origin = 'site'",
                    params![text(user), hash],
                )
                .map_err(Error::Write)?;
            if changed == 0 {
                return Err(Error::NotFound("user"));
            }
            end_sign_ins(tx, user)
        })
    }

    /// The user, where there is one.
    pub fn user(&self, id: UserId) -> Result<Option<UserRow>> {
        self.read(|tx| select(tx, id))
    }

    /// All users by name.
    pub fn users(&self) -> Result<Vec<UserRow>> {
        self.read(|tx| {
            tx.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM user
                 ORDER BY origin = 'directory', iif(origin = 'directory', lower(name), name_key), id"
            ))
            .and_then(|mut select| select.query_map([], read)?.collect())
            .map_err(Error::Read)
        })
    }

    /// Removes a user with all sign-ins and tokens; false where there was none. The last administrator stays.
    pub fn remove_user(&self, id: UserId) -> Result<bool> {
        self.write(|tx| {
            let Some(user) = select(tx, id)? else { return Ok(false) };
            if user.machine {
                return Err(Error::MachineUser);
            }
            tx.execute("DELETE FROM user WHERE id = ?1", [text(id)]).map_err(Error::Write)?;
            if administrates(&user) {
                keep_an_administrator(tx)?;
            }
            Ok(true)
        })
    }
}

/// Whether it is one of those of whom one has to be left. An administrator of the machine may make users where there is
/// none of them yet.
fn administrates(user: &UserRow) -> bool {
    user.role == Role::Administrator && !user.disabled
}

pub(crate) fn insert(
    connection: &Connection,
    name: &str,
    role: Role,
    password_hash: &str,
    now: WallTime,
) -> Result<UserRow> {
    let (name, key) = name::prepare(name)?;
    room("users", count(connection, "")?, MAX_USERS)?;
    let user = UserRow {
        id: UserId::new(),
        name,
        role,
        created: now,
        machine: false,
        disabled: false,
        recordings_minutes: None,
        second_factor: false,
        last_sign_in: None,
        directory: None,
    };
    let inserted = connection
        .execute(
            "INSERT INTO user (id, name, name_key, role, password_hash, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (name_key) DO NOTHING",
            params![text(user.id), user.name, key, role.name(), password_hash, now.micros()],
        )
        .map_err(Error::Write)?;
    if inserted == 0 { Err(Error::NameTaken) } else { Ok(user) }
}

pub(crate) fn apply(tx: &Connection, user: &UserRow, change: &UserChange) -> Result<UserRow> {
    if let Some(new) = change.name.as_ref().filter(|new| **new != user.name) {
        if user.directory.is_some() {
            return Err(Error::DirectoryName);
        }
        let (shown, key) = name::prepare(new)?;
        if grant::taken(tx, "user", &key, Some(text(user.id)))? {
            return Err(Error::NameTaken);
        }
        tx.execute(
            "UPDATE user SET name = ?2, name_key = ?3 WHERE id = ?1",
            params![text(user.id), shown, key],
        )
        .map_err(Error::Write)?;
    }
    tx.execute(
        "UPDATE user SET role = ?2, disabled = ?3, recordings_minutes = ?4 WHERE id = ?1",
        params![
            text(user.id),
            change.role.unwrap_or(user.role).name(),
            change.disabled.unwrap_or(user.disabled),
            change.recordings_minutes.unwrap_or(user.recordings_minutes),
        ],
    )
    .map_err(Error::Write)?;
    if let Some(groups) = &change.groups {
        group::set_groups(tx, user.id, groups)?;
    }
    if let Some(grants) = &change.grants {
        grant::replace(tx, Holder::User(user.id), grants)?;
    }
    select(tx, user.id)?.ok_or(Error::NotFound("user"))
}

pub(crate) fn end_sign_ins(tx: &Connection, user: UserId) -> Result<()> {
    for table in ["session", "token"] {
        tx.execute(&format!("DELETE FROM {table} WHERE user = ?1"), [text(user)]).map_err(Error::Write)?;
    }
    Ok(())
}

/// How many users there are.
pub(crate) fn count(connection: &Connection, condition: &'static str) -> Result<i64> {
    connection
        .query_row(&format!("SELECT count(*) FROM user {condition}"), [], |row| row.get(0))
        .map_err(Error::Read)
}

pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<UserRow> {
    Ok(UserRow {
        id: parsed(row, "user_id")?,
        name: row.get("user_name")?,
        role: role_column(row, "user_role")?,
        created: time(row, "user_created")?,
        machine: row.get("user_machine")?,
        disabled: row.get("user_disabled")?,
        recordings_minutes: recordings_minutes(row)?,
        second_factor: row.get("user_second_factor")?,
        last_sign_in: time_option(row, "user_last_sign_in")?,
        directory: match parsed_option(row, "user_directory")? {
            None => None,
            Some(directory) => Some(DirectoryLink {
                directory,
                full_name: row.get("user_full_name")?,
                standing: Standing::from_name(row.get_ref("user_standing")?.as_str()?),
                seen: time_option(row, "user_seen")?.unwrap_or(WallTime::EPOCH),
            }),
        },
    })
}

/// The column as a role. Whatever cannot be read is the least.
pub(crate) fn role_column(row: &Row<'_>, column: &str) -> rusqlite::Result<Role> {
    let name = row.get_ref(column)?.as_str()?;
    Ok(Role::ALL.into_iter().find(|role| role.name() == name).unwrap_or(Role::Viewer))
}

/// The limit on the age of recordings. Whatever cannot be read is the strictest.
pub(crate) fn recordings_minutes(row: &Row<'_>) -> rusqlite::Result<Option<u32>> {
    let minutes: Option<i64> = row.get("recordings_minutes")?;
    Ok(minutes.map(|minutes| u32::try_from(minutes).unwrap_or(0)))
}

pub(crate) fn select(connection: &Connection, id: UserId) -> Result<Option<UserRow>> {
    connection
        .query_row(&format!("SELECT {COLUMNS} FROM user WHERE id = ?1"), [text(id)], read)
        .optional()
        .map_err(Error::Read)
}
