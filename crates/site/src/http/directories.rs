//! Directories: set up, tried, searched; their people and groups given something here.

use api::{
    Code,
    directory::{
        Directory, DirectoryCheck, DirectoryGrant, DirectoryKeytab, DirectoryOrder, DirectorySettings,
        DirectoryState, DirectoryTry,
    },
    people::{Group, User},
};
use axum::{Extension, extract::State, http::StatusCode};
use base64::{Engine, prelude::BASE64_STANDARD};
use catalog::directory::DirectoryRow;
use model::{DirectoryId, Secret, clock::wall_now};

use super::{
    Items, groups,
    problem::{Failure, Json, Outcome, Path},
    rights, users,
};
use crate::{
    App,
    audit::Told,
    directories::{self, settings},
};

/// Directories.
///
/// In the order in which they are asked, with how each answered last. Passwords are not told.
#[utoipa::path(
    get, path = "/v1/directories", operation_id = "directory_list", tag = "people",
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Items<Directory>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn list(State(app): State<App>) -> Outcome<Json<Items<Directory>>> {
    let items = app.blocking(all).await??;
    Ok(Json(Items { items }))
}

/// Put directories into an order.
///
/// They are asked in this order about whoever does not say their domain. All of them are named, each once.
#[utoipa::path(
    put, path = "/v1/directories/order", operation_id = "directory_order_set", tag = "people",
    request_body = DirectoryOrder,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Items<Directory>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn order(
    State(app): State<App>,
    Json(DirectoryOrder { directories }): Json<DirectoryOrder>,
) -> Outcome<Json<Items<Directory>>> {
    let items = app
        .blocking(move |app| match app.catalog.order_directories(&directories) {
            Err(catalog::Error::NotFound(_)) => Ok(None),
            done => done.and_then(|()| app.directories.reload()).and_then(|()| all(app)).map(Some),
        })
        .await??;
    let stale = || {
        Failure::new(Code::Conflict, "These are not the directories that there are (any more)")
            .detail("Ask for the list, and name each of them once.")
    };
    items.map(|items| Json(Items { items })).ok_or_else(stale)
}

/// Add a directory.
///
/// It is not asked yet: try the settings before. Its people can sign in when one of them, or one of their groups, was
/// added.
#[utoipa::path(
    post, path = "/v1/directories", operation_id = "directory_create", tag = "people",
    request_body = DirectorySettings,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 201, body = Directory), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn add(
    State(app): State<App>,
    Json(new): Json<DirectorySettings>,
) -> Outcome<(StatusCode, Extension<Told>, Json<Directory>)> {
    let (told, directory) = put(&app, None, new).await?;
    Ok((StatusCode::CREATED, Extension(told), Json(directory)))
}

/// A directory.
///
/// With how it answered last.
#[utoipa::path(
    get, path = "/v1/directories/{directory}", operation_id = "directory_get", tag = "people",
    params(("directory" = DirectoryId, Path)),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Directory), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn get(State(app): State<App>, Path(id): Path<DirectoryId>) -> Outcome<Json<Directory>> {
    let found = app
        .blocking(move |app| match app.catalog.directory(id)? {
            Some(row) => tell(app, row),
            None => Ok(None),
        })
        .await??;
    found.map(Json).ok_or_else(gone)
}

/// Change a directory.
///
/// It is as given afterwards. A password that is left out stays, as long as servers, protection and account are the same.
#[utoipa::path(
    put, path = "/v1/directories/{directory}", operation_id = "directory_update", tag = "people",
    params(("directory" = DirectoryId, Path)), request_body = DirectorySettings,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Directory), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn change(
    State(app): State<App>,
    Path(id): Path<DirectoryId>,
    Json(new): Json<DirectorySettings>,
) -> Outcome<(Extension<Told>, Json<Directory>)> {
    let (told, directory) = put(&app, Some(id), new).await?;
    Ok((Extension(told), Json(directory)))
}

/// Remove a directory.
///
/// With its users and groups here, and all that was granted to them; what they watch ends within a second. Nothing
/// changes in the directory.
#[utoipa::path(
    delete, path = "/v1/directories/{directory}", operation_id = "directory_delete", tag = "people",
    params(("directory" = DirectoryId, Path)),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 204, description = "removed"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn remove(
    State(app): State<App>,
    Path(id): Path<DirectoryId>,
) -> Outcome<(StatusCode, Extension<Told>)> {
    let called = app
        .blocking(move |app| -> catalog::Result<_> {
            let called = app.catalog.remove_directory(id)?;
            app.directories.reload()?;
            directories::alarm::forget(app, id);
            Ok(called)
        })
        .await??
        .ok_or_else(gone)?;
    Ok((StatusCode::NO_CONTENT, Extension(Told { target: Some(called), ..Told::default() })))
}

/// Take tickets of a directory's domain.
///
/// Its people sign in with the account of their computer, where the keytab has an AES key of a service `HTTP/NAME` of this site
/// in the realm of the domain. A keytab that was kept is replaced. Whoever has it can pretend to be this site there.
#[utoipa::path(
    put, path = "/v1/directories/{directory}/keytab", operation_id = "directory_keytab_set", tag = "people",
    params(("directory" = DirectoryId, Path)), request_body = DirectoryKeytab,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Directory), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn set_keytab(
    State(app): State<App>,
    Path(id): Path<DirectoryId>,
    Json(DirectoryKeytab { keytab }): Json<DirectoryKeytab>,
) -> Outcome<(Extension<Told>, Json<Directory>)> {
    let keytab = Secret::new(keytab);
    let bytes = BASE64_STANDARD.decode(keytab.expose()).unwrap_or_default();
    let bytes = Secret::new(bytes);
    let live = app.directories.get(id).ok_or_else(gone)?;
    let failed = |error: directory::Error| Failure(settings::problem(&error));
    let acceptor = settings::acceptor(live.directory().map_err(failed)?, bytes.expose()).map_err(|error| {
        Failure::new(Code::BadRequest, format!("This keytab cannot be used: {error}")).detail(
            "Export the keytab of the account of the site's service, with AES keys. The directory's domain is the realm.",
        )
    })?;
    keep_keytab(&app, id, Some(bytes), acceptor.services().join(" ")).await
}

/// Take no tickets any more.
///
/// The keytab is forgotten. Who is signed in stays.
#[utoipa::path(
    delete, path = "/v1/directories/{directory}/keytab", operation_id = "directory_keytab_delete", tag = "people",
    params(("directory" = DirectoryId, Path)),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 204, description = "forgotten"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn remove_keytab(
    State(app): State<App>,
    Path(id): Path<DirectoryId>,
) -> Outcome<(StatusCode, Extension<Told>)> {
    let (told, _) = keep_keytab(&app, id, None, "no keytab".to_owned()).await?;
    Ok((StatusCode::NO_CONTENT, told))
}

async fn keep_keytab(
    app: &App,
    id: DirectoryId,
    keytab: Option<Secret<Vec<u8>>>,
    detail: String,
) -> Outcome<(Extension<Told>, Json<Directory>)> {
    let told = app
        .blocking(move |app| {
            let row = app.catalog.set_keytab(id, keytab.as_ref())?;
            app.directories.reload()?;
            tell(app, row)
        })
        .await??
        .ok_or_else(gone)?;
    let target = Some(told.settings.name.clone());
    Ok((Extension(Told { target, detail: Some(detail), ..Told::default() }), Json(told)))
}

/// Try a directory.
///
/// Connects with these settings, signs in as the account that searches and counts what it sees. Nothing is kept. Where
/// the certificate is not trusted, the answer tells its SHA-256. A try of a directory as it is kept counts as its answer.
#[utoipa::path(
    post, path = "/v1/directories/test", operation_id = "directory_test", tag = "people", request_body = DirectoryTry,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = DirectoryCheck), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn test(
    State(app): State<App>,
    Json(DirectoryTry { directory: id, settings: new }): Json<DirectoryTry>,
) -> Outcome<Json<DirectoryCheck>> {
    let kept = match id {
        Some(id) => app.catalog(move |catalog| catalog.directory(id)).await?,
        None => None,
    };
    let password = settings::password(&new, kept.as_ref()).ok_or_else(no_password)?;
    let failed = |error: directory::Error| Failure(settings::problem(&error));
    let checked = settings::directory(&new, &password).map_err(failed)?.check(wall_now()).await;
    // A try of what is kept is an answer like any other: who waits for the directory need not wait for the next round.
    let live = id.and_then(|id| app.directories.get(id)).filter(|live| live.settings == new);
    if let Some(live) = live {
        live.answered(&checked);
        app.directories.poke();
    }
    let check = checked.map_err(failed)?;
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(Json(DirectoryCheck {
        certificate_sha256: settings::shown(&check.certificate),
        people: count(check.people),
        groups: count(check.groups),
    }))
}

/// Add somebody of a directory.
///
/// The person becomes a user here, with what is given, before ever signing in; was it one already, it is changed. `key`
/// is that of the picker.
#[utoipa::path(
    post, path = "/v1/directories/{directory}/users", operation_id = "directory_user_add", tag = "people",
    params(("directory" = DirectoryId, Path)), request_body = DirectoryGrant,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 201, body = User), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn add_user(
    State(app): State<App>,
    Path(id): Path<DirectoryId>,
    Json(given): Json<DirectoryGrant>,
) -> Outcome<(StatusCode, Extension<Told>, Json<User>)> {
    let live = app.directories.get(id).ok_or_else(gone)?;
    let key = directory::Key::from_text(&given.key).ok_or_else(nobody)?;
    let change = rights::given_to_user(given)?;
    let row = app.directories.add_user(&live, &key, change).await?.ok_or_else(nobody)?;
    let made = app.catalog(move |catalog| users::user(catalog, row)).await?;
    Ok((StatusCode::CREATED, Extension(users::told(&made)), Json(made)))
}

/// Add a group of a directory.
///
/// Its members, also those through other groups, have what it gives from their next sign-in on; who is signed in already,
/// within the time of a refresh.
#[utoipa::path(
    post, path = "/v1/directories/{directory}/groups", operation_id = "directory_group_add", tag = "people",
    params(("directory" = DirectoryId, Path)), request_body = DirectoryGrant,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 201, body = Group), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn add_group(
    State(app): State<App>,
    Path(id): Path<DirectoryId>,
    Json(given): Json<DirectoryGrant>,
) -> Outcome<(StatusCode, Extension<Told>, Json<Group>)> {
    let live = app.directories.get(id).ok_or_else(gone)?;
    let key = directory::Key::from_text(&given.key).ok_or_else(nobody)?;
    let failed = |error: directory::Error| Failure(settings::problem(&error));
    let directory = live.directory().map_err(failed)?;
    let found = directory.ask(async |session| session.listed(&key, wall_now()).await).await;
    live.answered(&found);
    let found = found.map_err(failed)?.filter(|found| found.group).ok_or_else(nobody)?;
    let change = rights::given_to_group(&given, format!("{}@{}", found.account, directory.domain()))?;
    let made = app
        .catalog(move |catalog| {
            let row = catalog.put_directory_group(id, key.as_text(), &change, wall_now())?;
            groups::group(catalog, row)
        })
        .await?;
    app.directories.poke();
    Ok((StatusCode::CREATED, Extension(groups::told(&made)), Json(made)))
}

async fn put(app: &App, id: Option<DirectoryId>, new: DirectorySettings) -> Outcome<(Told, Directory)> {
    let kept = match id {
        Some(id) => Some(app.catalog(move |catalog| catalog.directory(id)).await?.ok_or_else(gone)?),
        None => None,
    };
    let password = settings::password(&new, kept.as_ref()).ok_or_else(no_password)?;
    settings::directory(&new, &password).map_err(|error| Failure(settings::problem(&error)))?;
    let told = app
        .blocking(move |app| {
            let open = DirectorySettings { password: None, ..new };
            let value = serde_json::to_value(&open).unwrap_or_default();
            let row = app.catalog.put_directory(id, &open.name, &value, &password, wall_now())?;
            app.directories.reload()?;
            tell(app, row)
        })
        .await??
        .ok_or_else(gone)?;
    let servers: Vec<_> =
        told.settings.servers.iter().map(|one| format!("{}:{}", one.host, one.port)).collect();
    let detail = format!("{}, {}, {}", servers.join(" "), told.settings.base, told.settings.account);
    Ok((Told { target: Some(told.settings.name.clone()), detail: Some(detail), ..Told::default() }, told))
}

/// All, in order. Blocking.
fn all(app: &App) -> catalog::Result<Vec<Directory>> {
    let rows = app.catalog.directories()?;
    rows.into_iter().filter_map(|row| tell(app, row).transpose()).collect()
}

/// Blocking.
fn tell(app: &App, row: DirectoryRow) -> catalog::Result<Option<Directory>> {
    let Some(settings) = settings::of_row(&row) else { return Ok(None) };
    let known = app.catalog.known_of(row.id)?;
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let state = match app.directories.get(row.id) {
        Some(live) => {
            let state = live.state();
            let users_until = if state.since.is_some() { live.users_until(&app.catalog)? } else { None };
            DirectoryState { users_until, ..state }
        }
        None => DirectoryState::default(),
    };
    Ok(Some(Directory {
        id: row.id,
        settings: DirectorySettings { name: row.name, password: None, ..settings },
        state,
        users: count(known.users.len()),
        groups: count(known.groups.len()),
        services: app.directories.get(row.id).map(|live| live.services()).unwrap_or_default(),
    }))
}

fn no_password() -> Failure {
    Failure::new(Code::BadRequest, "The password of the account that searches is needed")
        .detail("A password that was kept is used only for the same account of the same servers.")
}

fn nobody() -> Failure {
    Failure::new(Code::NotFound, "The directory has no such person or group (any more)")
}

pub(super) fn gone() -> Failure {
    Failure::new(Code::NotFound, "There is no such directory (any more)")
}
