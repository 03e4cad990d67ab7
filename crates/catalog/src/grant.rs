//! What was granted to users and groups, and the folders of cameras on which it was. What follows from it is `access`'.

use access::{Folders, Grant, Origin, Source, Target};
use model::{CameraId, FolderId, GroupId, Privilege, Role, UserId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    Catalog, Error, Result,
    column::{parsed, parsed_option, room, text},
    name,
    user::{self, recordings_minutes, role_column},
};

/// Most grants of one user or group.
pub const MAX_GRANTS: usize = 10_000;
/// Most folders of a site.
pub const MAX_FOLDERS: usize = 1000;

/// Whom something is granted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A user.
    User(UserId),
    /// A group.
    Group(GroupId),
}

/// A folder of cameras.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderRow {
    /// Identifier.
    pub id: FolderId,
    /// Its name; names that differ in case only are the same.
    pub name: String,
    /// The cameras in it.
    pub cameras: Vec<CameraId>,
}

impl Holder {
    const fn column(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Group(_) => "user_group",
        }
    }

    fn id(self) -> String {
        match self {
            Self::User(id) => text(id),
            Self::Group(id) => text(id),
        }
    }
}

impl Catalog {
    /// What was granted to a user or a group, in order.
    pub fn grants(&self, to: Holder) -> Result<Vec<Grant>> {
        self.read(|tx| grants(tx, to))
    }

    /// All that gives rights to a user: its own grants and those of its groups; nothing where there is no such user.
    pub fn sources(&self, of: UserId) -> Result<Vec<Source>> {
        self.read(|tx| sources(tx, of))
    }

    /// Which camera is in which folder.
    pub fn folder_table(&self) -> Result<Folders> {
        self.read(|tx| {
            let pairs: Vec<(FolderId, CameraId)> = tx
                .prepare_cached("SELECT folder, camera FROM folder_camera")
                .and_then(|mut select| {
                    select
                        .query_map([], |row| Ok((parsed(row, "folder")?, parsed(row, "camera")?)))?
                        .collect()
                })
                .map_err(Error::Read)?;
            let mut folders = Folders::default();
            pairs.into_iter().for_each(|(folder, camera)| folders.put(folder, camera));
            Ok(folders)
        })
    }

    /// All folders by name.
    pub fn folders(&self) -> Result<Vec<FolderRow>> {
        self.read(|tx| {
            let mut folders: Vec<FolderRow> = tx
                .prepare_cached("SELECT id, name FROM folder ORDER BY name_key")
                .and_then(|mut select| {
                    let read = |row: &Row<'_>| {
                        Ok(FolderRow { id: parsed(row, "id")?, name: row.get("name")?, cameras: Vec::new() })
                    };
                    select.query_map([], read)?.collect()
                })
                .map_err(Error::Read)?;
            for folder in &mut folders {
                folder.cameras = cameras_of(tx, folder.id)?;
            }
            Ok(folders)
        })
    }

    /// Makes a folder, or changes the one with this identifier: name and cameras are as given afterwards.
    pub fn put_folder(&self, id: Option<FolderId>, name: &str, cameras: &[CameraId]) -> Result<FolderRow> {
        let (name, key) = name::prepare(name)?;
        self.write(|tx| {
            if taken(tx, "folder", &key, id.map(text))? {
                return Err(Error::NameTaken);
            }
            let id = match id {
                Some(id) => {
                    let changed = tx
                        .execute(
                            "UPDATE folder SET name = ?2, name_key = ?3 WHERE id = ?1",
                            params![text(id), name, key],
                        )
                        .map_err(Error::Write)?;
                    if changed == 0 {
                        return Err(Error::NotFound("folder"));
                    }
                    id
                }
                None => {
                    let count = tx
                        .query_row("SELECT count(*) FROM folder", [], |row| row.get(0))
                        .map_err(Error::Read)?;
                    room("folders", count, MAX_FOLDERS)?;
                    let id = FolderId::new();
                    tx.execute(
                        "INSERT INTO folder (id, name, name_key) VALUES (?1, ?2, ?3)",
                        params![text(id), name, key],
                    )
                    .map_err(Error::Write)?;
                    id
                }
            };
            tx.execute("DELETE FROM folder_camera WHERE folder = ?1", [text(id)]).map_err(Error::Write)?;
            for camera in cameras {
                exists(tx, "camera", text(camera))?;
                tx.execute(
                    "INSERT OR IGNORE INTO folder_camera (folder, camera) VALUES (?1, ?2)",
                    params![text(id), text(camera)],
                )
                .map_err(Error::Write)?;
            }
            Ok(FolderRow { id, name: name.clone(), cameras: cameras_of(tx, id)? })
        })
    }

    /// Removes a folder and what was granted on it; false where there was none. Its cameras stay.
    pub fn remove_folder(&self, id: FolderId) -> Result<bool> {
        self.write(|tx| {
            tx.execute("DELETE FROM folder WHERE id = ?1", [text(id)])
                .map(|gone| gone > 0)
                .map_err(Error::Write)
        })
    }
}

/// Puts these grants in place of all that a holder has.
pub(crate) fn replace(tx: &Connection, to: Holder, grants: &[Grant]) -> Result<()> {
    room("grants", i64::try_from(grants.len()).unwrap_or(i64::MAX), MAX_GRANTS + 1)?;
    let column = to.column();
    tx.execute(&format!("DELETE FROM access_grant WHERE {column} = ?1"), [to.id()]).map_err(Error::Write)?;
    let mut insert = tx
        .prepare_cached(&format!(
            "INSERT INTO access_grant ({column}, privilege, camera, folder, priority) VALUES (?1, ?2, ?3, ?4, ?5)"
        ))
        .map_err(Error::Write)?;
    for grant in grants {
        let (camera, folder) = match grant.target {
            Target::All => (None, None),
            Target::Camera(camera) => {
                exists(tx, "camera", text(camera))?;
                (Some(text(camera)), None)
            }
            Target::Folder(folder) => {
                exists(tx, "folder", text(folder))?;
                (None, Some(text(folder)))
            }
            Target::View(_) => return Err(Error::NotFound("view")),
            Target::Port(_) => return Err(Error::NotFound("port")),
        };
        insert
            .execute(params![to.id(), grant.privilege.name(), camera, folder, grant.priority])
            .map_err(Error::Write)?;
    }
    Ok(())
}

pub(crate) fn grants(tx: &Connection, to: Holder) -> Result<Vec<Grant>> {
    let rows: Vec<Option<Grant>> = tx
        .prepare_cached(&format!(
            "SELECT privilege, camera, folder, priority FROM access_grant WHERE {} = ?1 ORDER BY rowid",
            to.column()
        ))
        .and_then(|mut select| select.query_map([to.id()], read)?.collect())
        .map_err(Error::Read)?;
    Ok(rows.into_iter().flatten().collect())
}

pub(crate) fn sources(tx: &Connection, of: UserId) -> Result<Vec<Source>> {
    let own = tx
        .prepare_cached("SELECT role, recordings_minutes FROM user WHERE id = ?1")
        .and_then(|mut select| {
            select
                .query_row([text(of)], |row| Ok((role_column(row, "role")?, recordings_minutes(row)?)))
                .optional()
        })
        .map_err(Error::Read)?;
    let Some((role, recordings_minutes_of)) = own else { return Ok(Vec::new()) };
    let mut sources = vec![Source {
        origin: Origin::Own,
        role,
        grants: grants(tx, Holder::User(of))?,
        recordings_minutes: recordings_minutes_of,
    }];
    let groups: Vec<(GroupId, String, Role, Option<u32>)> = tx
        .prepare_cached(
            "SELECT id, name, role, recordings_minutes FROM user_group
             JOIN membership ON membership.user_group = user_group.id WHERE membership.user = ?1 ORDER BY name_key",
        )
        .and_then(|mut select| {
            let read = |row: &Row<'_>| {
                Ok((parsed(row, "id")?, row.get("name")?, role_column(row, "role")?, recordings_minutes(row)?))
            };
            select.query_map([text(of)], read)?.collect()
        })
        .map_err(Error::Read)?;
    for (id, name, role, recordings_minutes) in groups {
        let grants = grants(tx, Holder::Group(id))?;
        sources.push(Source { origin: Origin::Group(id, name), role, grants, recordings_minutes });
    }
    Ok(sources)
}

/// A grant of a privilege that a newer release knew, and this one does not, gives nothing.
fn read(row: &Row<'_>) -> rusqlite::Result<Option<Grant>> {
    let Ok(privilege) = row.get_ref("privilege")?.as_str()?.parse::<Privilege>() else { return Ok(None) };
    let target = match (parsed_option(row, "camera")?, parsed_option(row, "folder")?) {
        (Some(camera), _) => Target::Camera(camera),
        (None, Some(folder)) => Target::Folder(folder),
        (None, None) => Target::All,
    };
    Ok(Some(Grant { privilege, target, priority: row.get("priority")? }))
}

fn cameras_of(tx: &Connection, folder: FolderId) -> Result<Vec<CameraId>> {
    tx.prepare_cached("SELECT camera FROM folder_camera WHERE folder = ?1 ORDER BY camera")
        .and_then(|mut select| select.query_map([text(folder)], |row| parsed(row, "camera"))?.collect())
        .map_err(Error::Read)
}

/// Whether another row of the table has the name.
pub(crate) fn taken(tx: &Connection, table: &'static str, key: &str, but: Option<String>) -> Result<bool> {
    tx.query_row(
        &format!("SELECT count(*) FROM {table} WHERE name_key = ?1 AND id IS NOT ?2"),
        params![key, but],
        |row| row.get::<_, i64>(0),
    )
    .map(|count| count > 0)
    .map_err(Error::Read)
}

/// Refuses what refers to a row that is not there.
pub(crate) fn exists(tx: &Connection, table: &'static str, id: String) -> Result<()> {
    let count: i64 = tx
        .query_row(&format!("SELECT count(*) FROM {table} WHERE id = ?1"), [id], |row| row.get(0))
        .map_err(Error::Read)?;
    if count == 0 {
        Err(Error::NotFound(if table == "user_group" { "group" } else { table }))
    } else {
        Ok(())
    }
}

/// Nobody may be left who cannot administrate.
pub(crate) fn keep_an_administrator(tx: &Connection) -> Result<()> {
    let left = user::count(tx, "WHERE role = 'administrator' AND disabled = 0 AND origin = 'site'")?;
    if left == 0 { Err(Error::LastAdministrator) } else { Ok(()) }
}
