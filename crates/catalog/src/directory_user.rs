//! Users and groups that a directory knows: what it said of them last. They are known by what stays of them there, so
//! that a renamed account is the same user and a new account of an old name another one. Who asks, and when: the site.

use model::{DirectoryId, GroupId, Secret, UserId, WallTime};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    Catalog, Error, Result,
    column::{bounded, cut, parsed, room, text},
    directory::{LDAP, OPENID, called},
    group::{self, GroupChange, GroupRow, MAX_GROUPS},
    name, password,
    user::{self, MAX_USERS, NO_PASSWORD, UserChange, UserRow},
};

/// A person at an OpenID Connect provider is known by so many bytes at most (OpenID Connect Core 1.0, 2).
const MAX_KEY: usize = 255;
const MAX_FULL_NAME: usize = 256;

/// Whether a directory lets its user in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Good,
    /// The account is disabled or has expired.
    Disabled,
    /// There is no such account any more.
    Gone,
    /// No administrator added the user, and none of its groups is known here any more.
    NoGroup,
    /// The directory could not be asked for longer than was allowed.
    Unconfirmed,
}

/// What ties a user to a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryLink {
    /// Which directory.
    pub directory: DirectoryId,
    /// The person's name.
    pub full_name: String,
    /// Whether the directory lets it in.
    pub standing: Standing,
    /// When the directory last said so.
    pub seen: WallTime,
}

/// What a directory says of a person.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Which directory.
    pub directory: DirectoryId,
    /// What stays of the person there.
    pub key: String,
    /// What the person signs in with there.
    pub login: String,
    /// The name by which the user is shown here.
    pub name: String,
    /// The person's name.
    pub full_name: String,
    /// Whether the account counts.
    pub active: bool,
    /// The groups: what stays of each, and the name by which it is shown here.
    pub groups: Vec<(String, String)>,
}

/// A user to be asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Who.
    pub user: UserId,
    /// What stays of the person in the directory.
    pub key: String,
    /// When the directory last said something.
    pub seen: WallTime,
}

/// Users and groups of a directory that are known here, each with what stays of it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The users.
    pub users: Vec<(String, UserId)>,
    /// The groups.
    pub groups: Vec<(String, GroupId)>,
}

impl Standing {
    const ALL: [Self; 5] = [Self::Good, Self::Disabled, Self::Gone, Self::NoGroup, Self::Unconfirmed];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Disabled => "disabled",
            Self::Gone => "gone",
            Self::NoGroup => "no-group",
            Self::Unconfirmed => "unconfirmed",
        }
    }

    /// Whatever cannot be read lets nobody in.
    pub(crate) fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|one| one.name() == name).unwrap_or(Self::Unconfirmed)
    }
}

impl Catalog {
    /// Takes over what a directory says of a person: names, groups, whether the account counts. A person who is not
    /// known yet becomes a user where one of the groups is known, or where `add` gives the user something; else there is
    /// none afterwards. Gives back the user, and whether anything is different now.
    pub fn see_user(
        &self,
        seen: &Seen,
        add: Option<&UserChange>,
        now: WallTime,
    ) -> Result<(Option<UserRow>, bool)> {
        bounded("directory's key", seen.key.as_bytes(), 1, MAX_KEY)?;
        let (shown, _) = name::prepare(&seen.name)?;
        self.write(|tx| {
            let known = find(tx, seen.directory, &seen.key)?;
            let groups = known_groups(tx, seen)?;
            if known.is_none() && groups.is_empty() && add.is_none() {
                return Ok((None, false));
            }
            let before = known.map(|id| state(tx, id)).transpose()?;
            let id = match known {
                Some(id) => id,
                None => insert(tx, seen, &shown, now)?,
            };
            tx.execute("UPDATE user SET name = ?2 WHERE id = ?1", params![text(id), shown])
                .map_err(Error::Write)?;
            tx.execute(
                "DELETE FROM membership WHERE user = ?1 AND user_group IN
                    (SELECT user_group FROM directory_group WHERE directory = ?2)",
                [text(id), text(seen.directory)],
            )
            .map_err(Error::Write)?;
            groups.iter().try_for_each(|group| group::join(tx, id, *group))?;
            tx.execute(
                "UPDATE directory_user SET login_key = ?2, full_name = ?3, seen = ?4, added = max(added, ?5)
                 WHERE user = ?1",
                params![
                    text(id),
                    name::key(&seen.login),
                    cut(&seen.full_name, MAX_FULL_NAME),
                    now.micros(),
                    add.is_some()
                ],
            )
            .map_err(Error::Write)?;
            let added: bool = tx
                .query_row("SELECT added FROM directory_user WHERE user = ?1", [text(id)], |row| row.get(0))
                .map_err(Error::Read)?;
            let standing = match (seen.active, added || !groups.is_empty()) {
                (false, _) => Standing::Disabled,
                (true, false) => Standing::NoGroup,
                (true, true) => Standing::Good,
            };
            set_standing(tx, id, standing)?;
            let mut user = user::select(tx, id)?.ok_or(Error::NotFound("user"))?;
            if let Some(change) = add {
                user = user::apply(tx, &user, &UserChange { name: None, ..change.clone() })?;
            }
            let changed = before.as_ref() != Some(&state(tx, id)?);
            Ok((Some(user), changed))
        })
    }

    /// Adds a person of whom the key alone is known; who is a user already is changed by what is given, and by no more.
    pub fn add_outsider(&self, seen: &Seen, change: &UserChange, now: WallTime) -> Result<Option<UserRow>> {
        let Some(id) = self.read(|tx| find(tx, seen.directory, &seen.key))? else {
            return Ok(self.see_user(seen, Some(change), now)?.0);
        };
        self.write(|tx| {
            tx.execute(
                "UPDATE directory_user SET added = 1, standing = iif(standing = 'no-group', 'good', standing)
                 WHERE user = ?1",
                [text(id)],
            )
            .map_err(Error::Write)?;
            let user = user::select(tx, id)?.ok_or(Error::NotFound("user"))?;
            user::apply(tx, &user, &UserChange { name: None, ..change.clone() }).map(Some)
        })
    }

    /// The provider confirms the person and says nothing new.
    pub fn confirm_user(&self, user: UserId, now: WallTime) -> Result<()> {
        self.write(|tx| {
            tx.execute(
                "UPDATE directory_user SET seen = ?2 WHERE user = ?1 AND standing = 'good'",
                params![text(user), now.micros()],
            )
            .map(drop)
            .map_err(Error::Write)
        })
    }

    /// The directory knows the person no more, or could not be asked for too long. Sign-ins end; tokens do not count
    /// until it is known again.
    pub fn set_standing(&self, user: UserId, standing: Standing) -> Result<()> {
        self.write(|tx| set_standing(tx, user, standing))
    }

    /// Users of a directory with sign-ins or tokens that have not ended, and those that could not be confirmed.
    pub fn watched_users(&self, directory: DirectoryId, now: WallTime) -> Result<Vec<Watched>> {
        self.read(|tx| {
            tx.prepare_cached(
                "SELECT user, key, seen FROM directory_user AS known WHERE directory = ?1 AND (
                    standing = 'unconfirmed'
                    OR EXISTS (SELECT 1 FROM session WHERE session.user = known.user AND expires > ?2)
                    OR EXISTS (SELECT 1 FROM token WHERE token.user = known.user AND expires > ?2))
                 ORDER BY seen",
            )
            .and_then(|mut select| {
                let read = |row: &rusqlite::Row<'_>| {
                    Ok(Watched {
                        user: parsed(row, "user")?,
                        key: row.get("key")?,
                        seen: WallTime::from_micros(row.get("seen")?),
                    })
                };
                select.query_map(params![text(directory), now.micros()], read)?.collect()
            })
            .map_err(Error::Read)
        })
    }

    /// Keeps a hash of the password that a directory took, for when it cannot be asked; none: what was kept goes.
    pub fn keep_password(&self, user: UserId, password: Option<&Secret<String>>) -> Result<()> {
        let hash = password.map(|password| password::hash_any(password.expose())).transpose()?;
        self.write(|tx| {
            tx.execute(
                "UPDATE user SET password_hash = ?2 WHERE id = ?1 AND origin = 'directory'",
                params![text(user), hash.as_deref().unwrap_or(NO_PASSWORD)],
            )
            .map(drop)
            .map_err(Error::Write)
        })
    }

    /// The user of a directory whose password was taken there since then, where it is the same. Takes as long for a
    /// name that nobody has.
    pub fn verify_kept(
        &self,
        directory: DirectoryId,
        login: &str,
        typed: &Secret<String>,
        since: WallTime,
    ) -> Result<Option<UserRow>> {
        let found = self.read(|tx| {
            tx.query_row(
                &format!(
                    "SELECT {}, password_hash FROM user JOIN directory_user AS known ON known.user = user.id
                     WHERE known.directory = ?1 AND known.login_key = ?2 AND known.seen >= ?3
                     AND known.standing = 'good' AND password_hash <> ''",
                    user::COLUMNS
                ),
                params![text(directory), name::key(login), since.micros()],
                |row| Ok((user::read(row)?, row.get::<_, String>("password_hash")?)),
            )
            .optional()
            .map_err(Error::Read)
        })?;
        let right = password::verify(typed.expose(), found.as_ref().map(|(_, hash)| hash.as_str()));
        Ok(found.filter(|(user, _)| right && user.counts()).map(|(user, _)| user))
    }

    /// The user of a directory that it confirmed since then, by the name of the account there. Only for whom somebody else
    /// proved: no password is asked for.
    pub fn confirmed_user(
        &self,
        directory: DirectoryId,
        login: &str,
        since: WallTime,
    ) -> Result<Option<UserRow>> {
        let found = self.read(|tx| {
            tx.query_row(
                &format!(
                    "SELECT {} FROM user JOIN directory_user AS known ON known.user = user.id
                     WHERE known.directory = ?1 AND known.login_key = ?2 AND known.seen >= ?3
                     AND known.standing = 'good'",
                    user::COLUMNS
                ),
                params![text(directory), name::key(login), since.micros()],
                user::read,
            )
            .optional()
            .map_err(Error::Read)
        })?;
        Ok(found.filter(UserRow::counts))
    }

    /// Gives something to a group of a directory; it becomes a group here.
    pub fn put_directory_group(
        &self,
        directory: DirectoryId,
        key: &str,
        change: &GroupChange,
        now: WallTime,
    ) -> Result<GroupRow> {
        self.put_foreign_group(LDAP, directory, key, change, now)
    }

    /// Gives something to a group of a provider, as [`Self::put_directory_group`] does.
    pub fn put_provider_group(
        &self,
        provider: DirectoryId,
        key: &str,
        change: &GroupChange,
        now: WallTime,
    ) -> Result<GroupRow> {
        self.put_foreign_group(OPENID, provider, key, change, now)
    }

    fn put_foreign_group(
        &self,
        protocol: &str,
        directory: DirectoryId,
        key: &str,
        change: &GroupChange,
        now: WallTime,
    ) -> Result<GroupRow> {
        bounded("directory's key", key.as_bytes(), 1, MAX_KEY)?;
        let (shown, _) = name::prepare(&change.name)?;
        self.write(|tx| {
            called(tx, protocol, directory)?.ok_or(Error::NotFound("directory"))?;
            let known: Option<String> = tx
                .query_row(
                    "SELECT user_group FROM directory_group WHERE directory = ?1 AND key = ?2",
                    [&text(directory), key],
                    |row| row.get(0),
                )
                .optional()
                .map_err(Error::Read)?;
            if known.is_some() {
                return Err(Error::NameTaken);
            }
            let count =
                tx.query_row("SELECT count(*) FROM user_group", [], |row| row.get(0)).map_err(Error::Read)?;
            room("groups", count, MAX_GROUPS)?;
            let id = GroupId::new();
            tx.execute(
                "INSERT INTO user_group (id, name, name_key, role, created) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![text(id), shown, foreign_name(directory, key), change.role.name(), now.micros()],
            )
            .map_err(Error::Write)?;
            tx.execute(
                "INSERT INTO directory_group (user_group, directory, key) VALUES (?1, ?2, ?3)",
                [&text(id), &text(directory), key],
            )
            .map_err(Error::Write)?;
            group::apply(tx, id, change)
        })
    }

    /// Users and groups of a directory that are known here.
    pub fn known_of(&self, directory: DirectoryId) -> Result<Known> {
        self.read(|tx| {
            let users = tx
                .prepare_cached("SELECT key, user FROM directory_user WHERE directory = ?1")
                .and_then(|mut select| {
                    select
                        .query_map([text(directory)], |row| Ok((row.get("key")?, parsed(row, "user")?)))?
                        .collect()
                })
                .map_err(Error::Read)?;
            let groups = tx
                .prepare_cached("SELECT key, user_group FROM directory_group WHERE directory = ?1")
                .and_then(|mut select| {
                    let read = |row: &rusqlite::Row<'_>| Ok((row.get("key")?, parsed(row, "user_group")?));
                    select.query_map([text(directory)], read)?.collect()
                })
                .map_err(Error::Read)?;
            Ok(Known { users, groups })
        })
    }
}

fn find(tx: &Connection, directory: DirectoryId, key: &str) -> Result<Option<UserId>> {
    tx.query_row(
        "SELECT user FROM directory_user WHERE directory = ?1 AND key = ?2",
        [&text(directory), key],
        |row| parsed(row, "user"),
    )
    .optional()
    .map_err(Error::Read)
}

fn insert(tx: &Connection, seen: &Seen, shown: &str, now: WallTime) -> Result<UserId> {
    room("users", user::count(tx, "")?, MAX_USERS)?;
    let id = UserId::new();
    tx.execute(
        "INSERT INTO user (id, name, name_key, role, password_hash, created, origin)
         VALUES (?1, ?2, ?3, 'viewer', ?4, ?5, 'directory')",
        params![text(id), shown, foreign_name(seen.directory, &seen.key), NO_PASSWORD, now.micros()],
    )
    .map_err(Error::Write)?;
    tx.execute(
        "INSERT INTO directory_user (user, directory, key, login_key, full_name, added, standing, seen)
         VALUES (?1, ?2, ?3, '', '', 0, 'good', ?4)",
        params![text(id), text(seen.directory), seen.key, now.micros()],
    )
    .map_err(Error::Write)?;
    Ok(id)
}

/// No name that the site gives has such a key.
fn foreign_name(directory: DirectoryId, key: &str) -> String {
    format!("\u{1}directory/{directory}/{key}")
}

/// The groups of the person that are known here, with the names that they have now.
fn known_groups(tx: &Connection, seen: &Seen) -> Result<Vec<GroupId>> {
    let mut known = Vec::new();
    for (key, called) in &seen.groups {
        let group: Option<GroupId> = tx
            .prepare_cached("SELECT user_group FROM directory_group WHERE directory = ?1 AND key = ?2")
            .and_then(|mut select| {
                select.query_row([&text(seen.directory), key], |row| parsed(row, "user_group")).optional()
            })
            .map_err(Error::Read)?;
        let Some(group) = group else { continue };
        if let Ok((shown, _)) = name::prepare(called) {
            tx.execute(
                "UPDATE user_group SET name = ?2 WHERE id = ?1 AND name <> ?2",
                params![text(group), shown],
            )
            .map_err(Error::Write)?;
        }
        known.push(group);
    }
    Ok(known)
}

/// What of a user decides what it may do.
fn state(tx: &Connection, id: UserId) -> Result<(Option<UserRow>, Vec<String>)> {
    let mut user = user::select(tx, id)?;
    if let Some(link) = user.as_mut().and_then(|user| user.directory.as_mut()) {
        link.seen = WallTime::EPOCH;
    }
    let groups = tx
        .prepare_cached("SELECT user_group FROM membership WHERE user = ?1 ORDER BY user_group")
        .and_then(|mut select| select.query_map([text(id)], |row| row.get(0))?.collect())
        .map_err(Error::Read)?;
    Ok((user, groups))
}

fn set_standing(tx: &Connection, user: UserId, standing: Standing) -> Result<()> {
    tx.execute(
        "UPDATE directory_user SET standing = ?2 WHERE user = ?1",
        params![text(user), standing.name()],
    )
    .map_err(Error::Write)?;
    if standing != Standing::Good {
        tx.execute("DELETE FROM session WHERE user = ?1", [text(user)]).map_err(Error::Write)?;
    }
    if matches!(standing, Standing::Gone | Standing::Disabled) {
        tx.execute("UPDATE user SET password_hash = ?2 WHERE id = ?1", params![text(user), NO_PASSWORD])
            .map_err(Error::Write)?;
    }
    Ok(())
}
