//! Users, groups and folders by name, as several commands need them; grants in words. No command of its own.

use api::people::{Folder, Grant, Group, User};
use model::{CameraId, FolderId};
use serde::{Deserialize, de::DeserializeOwned};

use super::{Failure, Outcome, camera, connection::Connection};

/// A list as the site sends it.
#[derive(Deserialize)]
struct Items<T> {
    items: Vec<T>,
}

/// All of a list.
pub(super) async fn all<T: DeserializeOwned>(connection: &Connection, path: &str) -> Outcome<Vec<T>> {
    connection.get(path, &[]).await.map(|Items { items }| items)
}

/// The user with this name or identifier.
pub(super) async fn user(connection: &Connection, wanted: &str) -> Outcome<User> {
    one(all(connection, "/v1/users").await?, wanted, "user", |user: &User| (user.id.to_string(), &user.name))
}

/// The group with this name or identifier.
pub(super) async fn group(connection: &Connection, wanted: &str) -> Outcome<Group> {
    one(all(connection, "/v1/groups").await?, wanted, "group", |group: &Group| {
        (group.id.to_string(), &group.name)
    })
}

/// The folder with this name or identifier.
pub(super) async fn folder(connection: &Connection, wanted: &str) -> Outcome<Folder> {
    one(all(connection, "/v1/folders").await?, wanted, "folder", |folder: &Folder| {
        (folder.id.to_string(), &folder.name)
    })
}

/// Names that differ in case only are the same name at a site.
fn one<T>(rows: Vec<T>, wanted: &str, what: &str, key: impl Fn(&T) -> (String, &String)) -> Outcome<T> {
    let lower = wanted.to_lowercase();
    rows.into_iter()
        .find(|row| {
            let (id, name) = key(row);
            id == wanted || name.to_lowercase() == lower
        })
        .ok_or_else(|| Failure::failed(format!("there is no {what} {wanted:?}")))
}

/// On what something is granted: cameras and folders, or everything where neither is given.
#[derive(clap::Args)]
pub(super) struct On {
    /// On this camera (name or identifier); may be given again.
    #[arg(long = "camera")]
    cameras: Vec<String>,
    /// On the cameras of this folder (name or identifier); may be given again.
    #[arg(long = "folder")]
    folders: Vec<String>,
}

impl On {
    /// Cameras and folders by their identifiers; neither: everything.
    pub async fn targets(
        &self,
        connection: &Connection,
    ) -> Outcome<Vec<(Option<CameraId>, Option<FolderId>)>> {
        let mut targets = Vec::new();
        for name in &self.cameras {
            targets.push((Some(camera::find(connection, name).await?.id), None));
        }
        for name in &self.folders {
            targets.push((None, Some(folder(connection, name).await?.id)));
        }
        if targets.is_empty() {
            targets.push((None, None));
        }
        Ok(targets)
    }
}

/// How far back recordings are shown.
pub(super) fn reach(minutes: Option<u32>) -> String {
    minutes.map_or_else(|| "all".to_owned(), |minutes| format!("{minutes} min"))
}

/// Grants in a few words.
pub(super) fn grants(grants: &[Grant]) -> String {
    match grants {
        [] => "none".to_owned(),
        grants => {
            let mut names: Vec<&str> = grants.iter().map(|grant| grant.privilege.name()).collect();
            names.sort_unstable();
            names.dedup();
            names.join(" ")
        }
    }
}
