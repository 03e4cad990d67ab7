//! Local users of the site. What a role may do is `model::Privilege`'s.

use model::{Role, UserId, WallTime};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    Catalog, Error, Result,
    column::{parsed, room, text, time},
    name, password,
};

/// Most users of a site.
pub const MAX_USERS: usize = 1000;
pub(crate) const COLUMNS: &str = "user.id AS user_id, user.name AS user_name, user.role AS user_role,
    user.created AS user_created";

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
            tx.prepare_cached(&format!("SELECT {COLUMNS}, password_hash FROM user WHERE name_key = ?1"))
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
        Ok(found.filter(|_| right).map(|(user, _)| user))
    }

    /// Sets a new password and ends all sign-ins and tokens of the user.
    pub fn set_password(&self, user: UserId, password: &str) -> Result<()> {
        let hash = password::hash(password)?;
        self.write(|tx| {
            let changed = tx
                .execute("UPDATE user SET password_hash = ?2 WHERE id = ?1", params![text(user), hash])
                .map_err(Error::Write)?;
            if changed == 0 {
                return Err(Error::NotFound("user"));
            }
            for table in ["session", "token"] {
                tx.execute(&format!("DELETE FROM {table} WHERE user = ?1"), [text(user)])
                    .map_err(Error::Write)?;
            }
            Ok(())
        })
    }

    /// The user, where there is one.
    pub fn user(&self, id: UserId) -> Result<Option<UserRow>> {
        self.read(|tx| select(tx, id))
    }

    /// All users by name.
    pub fn users(&self) -> Result<Vec<UserRow>> {
        self.read(|tx| {
            tx.prepare_cached(&format!("SELECT {COLUMNS} FROM user ORDER BY name_key"))
                .and_then(|mut select| select.query_map([], read)?.collect())
                .map_err(Error::Read)
        })
    }

    /// Removes a user with all sign-ins and tokens; false where there was none. The last administrator stays.
    pub fn remove_user(&self, id: UserId) -> Result<bool> {
        self.write(|tx| {
            let Some(user) = select(tx, id)? else { return Ok(false) };
            if user.role == Role::Administrator && count(tx, "WHERE role = 'administrator'")? == 1 {
                return Err(Error::LastAdministrator);
            }
            tx.execute("DELETE FROM user WHERE id = ?1", [text(id)]).map_err(Error::Write)?;
            Ok(true)
        })
    }
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
    let user = UserRow { id: UserId::new(), name, role, created: now };
    let inserted = connection
        .execute(
            "INSERT INTO user (id, name, name_key, role, password_hash, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (name_key) DO NOTHING",
            params![text(user.id), user.name, key, role_name(role), password_hash, now.micros()],
        )
        .map_err(Error::Write)?;
    if inserted == 0 { Err(Error::NameTaken) } else { Ok(user) }
}

/// How many users there are.
pub(crate) fn count(connection: &Connection, condition: &'static str) -> Result<i64> {
    connection
        .query_row(&format!("SELECT count(*) FROM user {condition}"), [], |row| row.get(0))
        .map_err(Error::Read)
}

pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<UserRow> {
    let role = match row.get_ref("user_role")?.as_str()? {
        "administrator" => Role::Administrator,
        "operator" => Role::Operator,
        // Whatever cannot be read is the least.
        _ => Role::Viewer,
    };
    Ok(UserRow {
        id: parsed(row, "user_id")?,
        name: row.get("user_name")?,
        role,
        created: time(row, "user_created")?,
    })
}

fn select(connection: &Connection, id: UserId) -> Result<Option<UserRow>> {
    connection
        .query_row(&format!("SELECT {COLUMNS} FROM user WHERE id = ?1"), [text(id)], read)
        .optional()
        .map_err(Error::Read)
}

const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer",
        Role::Operator => "operator",
        Role::Administrator => "administrator",
    }
}
