//! Users, groups, folders and where people come from by name, as several commands need them; who is let in from elsewhere;
//! grants in words. No command of its own.

use api::{
    directory::{Directory, DirectoryGrant},
    people::{Folder, Grant, Group, User},
    provider::Provider,
};
use model::{CameraId, FolderId};
use serde::{Deserialize, de::DeserializeOwned};

use super::{Failure, Outcome, camera, connection::Connection, output::Output};

/// Of so many names an error tells which there are.
const FEW: usize = 12;

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

/// The directory with this name or identifier.
pub(super) async fn directory(connection: &Connection, wanted: &str) -> Outcome<Directory> {
    one(all(connection, "/v1/directories").await?, wanted, "directory", |directory: &Directory| {
        (directory.id.to_string(), &directory.settings.name)
    })
}

/// The provider with this name or identifier.
pub(super) async fn provider(connection: &Connection, wanted: &str) -> Outcome<Provider> {
    one(all(connection, "/v1/providers").await?, wanted, "provider", |provider: &Provider| {
        (provider.id.to_string(), &provider.settings.name)
    })
}

/// Lets a person or a group of a directory or provider in; `from` is its path.
pub(super) async fn admit(
    connection: &Connection,
    from: &str,
    is_group: bool,
    given: &DirectoryGrant,
    json: bool,
    output: &mut Output,
) -> Outcome {
    if is_group {
        let group: Group = connection.post(&format!("{from}/groups"), Some(given)).await?;
        if json {
            return output.json(&group);
        }
        return output.line(&format!("The members of {} are let in: {}.", group.name, group.role.name()));
    }
    let user: User = connection.post(&format!("{from}/users"), Some(given)).await?;
    if json {
        return output.json(&user);
    }
    output.line(&format!("{} is let in: {}.", user.name, user.role.name()))
}

/// Names that differ in case only are the same name at a site.
fn one<T>(mut rows: Vec<T>, wanted: &str, what: &str, key: impl Fn(&T) -> (String, &String)) -> Outcome<T> {
    let lower = wanted.to_lowercase();
    let is_wanted = |row: &T| {
        let (id, name) = key(row);
        id == wanted || name.to_lowercase() == lower
    };
    if let Some(at) = rows.iter().position(is_wanted) {
        return Ok(rows.swap_remove(at));
    }
    let names: Vec<&str> = rows.iter().map(|row| key(row).1.as_str()).collect();
    let there = match names.len() {
        0 => "; there are: none".to_owned(),
        1..=FEW => format!("; there are: {}", names.join(", ")),
        _ => String::new(),
    };
    Err(Failure::failed(format!("there is no {what} {wanted:?}{there}")))
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
