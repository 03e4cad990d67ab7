//! What there is to grant, and what somebody may do and why. The rules are `access`'; here they become words.

use std::collections::HashMap;

use access::{Grant, Origin, Reach, Reason, Resource, Rights, Source, Target, explain};
use api::{
    Code,
    directory::DirectoryGrant,
    people::{self, CameraRights, EffectiveRights, PrivilegeInfo, Verdict},
};
use axum::extract::State;
use catalog::{group::GroupChange, user::UserChange};
use model::{CameraId, FolderId, Privilege, Scope, UserId};

use super::{
    Items,
    problem::{Failure, Json, Outcome, Path},
};
use crate::App;

/// Privileges.
///
/// All privileges, what they are held on, who can hold them, and whether this release has an operation that asks for
/// them.
#[utoipa::path(
    get, path = "/v1/privileges", operation_id = "privilege_list", tag = "people",
    extensions(("x-privilege" = json!("signed-in"))),
    responses((status = 200, body = Items<PrivilegeInfo>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn privileges(State(app): State<App>) -> Json<Items<PrivilegeInfo>> {
    let info = |privilege: &Privilege| PrivilegeInfo {
        privilege: *privilege,
        words: privilege.words().to_owned(),
        scope: privilege.scope(),
        lowest_role: privilege.lowest_role(),
        granted: privilege.is_granted(),
        in_use: app.policy.uses(*privilege),
        missing: super::reference::missing(*privilege).map(str::to_owned),
    };
    Json(Items { items: Privilege::ALL.iter().map(info).collect() })
}

/// What a user may do, and why.
///
/// Every privilege on the site and on every camera, held or not, with what gives it or what is in the way.
#[utoipa::path(
    get, path = "/v1/users/{user}/rights", operation_id = "user_rights_get", tag = "people",
    params(("user" = UserId, Path)),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = EffectiveRights), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn of_user(State(app): State<App>, Path(user): Path<UserId>) -> Outcome<Json<EffectiveRights>> {
    let cameras: Vec<_> = app.cameras.list().into_iter().map(|camera| (camera.id, camera.name)).collect();
    let rights = app
        .catalog(move |catalog| {
            let sources = catalog.sources(user)?;
            if sources.is_empty() {
                return Ok(None);
            }
            let folders = catalog.folder_table()?;
            let names = Names {
                cameras: cameras.iter().cloned().collect(),
                folders: catalog.folders()?.into_iter().map(|row| (row.id, row.name)).collect(),
            };
            let rights = Rights::of(&sources, &folders);
            let verdicts = |on: Resource, shown: &dyn Fn(Privilege) -> bool| -> Vec<Verdict> {
                let privileges = Privilege::ALL.iter().copied().filter(|one| shown(*one));
                privileges
                    .map(|privilege| {
                        let (allowed, why) = explain(&sources, &folders, privilege, on);
                        let why = why.iter().map(|reason| names.words(reason, &sources)).collect();
                        Verdict { privilege, allowed, why }
                    })
                    .collect()
            };
            let on_camera = |one: Privilege| one.scope() == Scope::Camera || one == Privilege::Recordings;
            let of_camera = |(camera, name): &(CameraId, String)| CameraRights {
                camera: *camera,
                name: name.clone(),
                verdicts: verdicts(Resource::Camera(*camera), &on_camera),
                recordings_minutes: match rights.reach(*camera) {
                    Reach::Minutes(minutes) => Some(minutes),
                    Reach::Everything => None,
                },
                priority: rights.priority(*camera),
            };
            Ok(Some(EffectiveRights {
                role: rights.role(),
                site: verdicts(Resource::Site, &|one| one.is_granted() || one == Privilege::Configure),
                cameras: cameras.iter().map(of_camera).collect(),
            }))
        })
        .await?;
    rights.map(Json).ok_or_else(|| Failure::new(Code::NotFound, "There is no such user (any more)"))
}

/// Names for reasons.
struct Names {
    cameras: HashMap<CameraId, String>,
    folders: HashMap<FolderId, String>,
}

impl Names {
    fn words(&self, reason: &Reason, sources: &[Source]) -> String {
        match reason {
            Reason::SignedIn => "Whoever is signed in may".to_owned(),
            Reason::Administrator(origin) => format!("{} administrator", is(origin)),
            Reason::Granted { origin, grant } => {
                let limit = sources
                    .iter()
                    .find(|source| source.origin == *origin)
                    .and_then(|source| source.recordings_minutes)
                    .filter(|_| grant.privilege == Privilege::CameraVideo);
                let limit = limit.map(|minutes| format!(", recordings of the last {minutes} min"));
                format!(
                    "“{}” {} on {}{}",
                    grant.privilege,
                    granted_by(origin),
                    self.target(grant.target),
                    limit.unwrap_or_default()
                )
            }
            Reason::RoleTooLow { origin, needed } => {
                format!("It is {}, but the role {} is needed", granted_by(origin), needed.name())
            }
            Reason::NotGranted { needed } => {
                format!("Nothing grants it (it can be granted to the role {} and above)", needed.name())
            }
        }
    }

    fn target(&self, target: Target) -> String {
        match target {
            Target::All => "everything".to_owned(),
            Target::Camera(id) => self.cameras.get(&id).cloned().unwrap_or_else(|| id.to_string()),
            Target::Folder(id) => {
                format!("the folder {}", self.folders.get(&id).cloned().unwrap_or_else(|| id.to_string()))
            }
            Target::View(id) => format!("the view {id}"),
            Target::Port(id) => format!("the port {id}"),
        }
    }
}

fn is(origin: &Origin) -> String {
    match origin {
        Origin::Own => "Is".to_owned(),
        Origin::Group(_, name) => format!("The group {name} is"),
    }
}

fn granted_by(origin: &Origin) -> String {
    match origin {
        Origin::Own => "granted to the user".to_owned(),
        Origin::Group(_, name) => format!("granted to the group {name}"),
    }
}

/// What a person from outside is given here.
///
/// # Errors
/// As [`granted`].
pub fn given_to_user(given: DirectoryGrant) -> Outcome<UserChange> {
    Ok(UserChange {
        role: Some(given.role),
        recordings_minutes: Some(given.recordings_minutes),
        groups: Some(given.groups),
        grants: Some(granted(&given.grants)?),
        ..UserChange::default()
    })
}

/// What a group from outside, shown by this name, is given here. Its members are not the site's to say.
///
/// # Errors
/// As [`granted`].
pub fn given_to_group(given: &DirectoryGrant, name: String) -> Outcome<GroupChange> {
    Ok(GroupChange {
        name,
        role: given.role,
        recordings_minutes: given.recordings_minutes,
        members: Vec::new(),
        grants: granted(&given.grants)?,
    })
}

/// Grants as they are kept.
///
/// # Errors
/// One grants what cannot be granted, or on what it is not about.
pub fn granted(grants: &[people::Grant]) -> Outcome<Vec<Grant>> {
    let one = |grant: &people::Grant| {
        let bad = |why: &str| {
            Err(Failure::new(Code::BadRequest, format!("“{}” cannot be granted so", grant.privilege))
                .detail(why))
        };
        let people::Grant { privilege, camera, folder, priority } = *grant;
        if !privilege.is_granted() {
            return bad("It comes with a role, or with being signed in.");
        }
        if (camera.is_some() || folder.is_some()) && privilege.scope() != Scope::Camera {
            return bad("It is not about cameras: leave camera and folder out.");
        }
        if priority.is_some() && privilege != Privilege::CameraPtz
            || priority.is_some_and(|one| !(1..=100).contains(&one))
        {
            return bad("Only camera-ptz has a priority, from 1 to 100.");
        }
        let target = match (camera, folder) {
            (Some(_), Some(_)) => return bad("Give a camera or a folder, not both."),
            (Some(camera), None) => Target::Camera(camera),
            (None, Some(folder)) => Target::Folder(folder),
            (None, None) => Target::All,
        };
        Ok(Grant { privilege, target, priority })
    };
    grants.iter().map(one).collect()
}

/// A grant as it is told.
pub fn told(grant: &Grant) -> Option<people::Grant> {
    let (camera, folder) = match grant.target {
        Target::All => (None, None),
        Target::Camera(camera) => (Some(camera), None),
        Target::Folder(folder) => (None, Some(folder)),
        // Neither is kept by the catalog of this release.
        Target::View(_) | Target::Port(_) => return None,
    };
    Some(people::Grant { privilege: grant.privilege, camera, folder, priority: grant.priority })
}
