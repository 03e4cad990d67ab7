//! Users: make, change, disable, remove; their passwords and sign-ins.

use api::{
    Code,
    directory::DirectoryUser,
    people::{NewPassword, NewUser, SignInInfo, User, UserChange},
};
use axum::{Extension, extract::State, http::StatusCode};
use catalog::{
    Catalog,
    grant::Holder,
    session::SessionRow,
    user::{UserChange as Change, UserRow},
};
use model::{GroupId, SessionId, UserId, clock::wall_now};

use super::{
    Items,
    problem::{Failure, Json, Outcome, Path},
    rights,
};
use crate::{App, audit::Told, principal::Principal};

/// Users.
///
/// All users of the site, by name, with what is granted to each.
#[utoipa::path(
    get, path = "/v1/users", operation_id = "user_list", tag = "people",
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Items<User>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn list(State(app): State<App>) -> Outcome<Json<Items<User>>> {
    let items =
        app.catalog(|catalog| catalog.users()?.into_iter().map(|row| user(catalog, row)).collect()).await?;
    Ok(Json(Items { items }))
}

/// Make a user.
///
/// With role, groups and grants at once. A user without grants may sign in and sees no camera.
#[utoipa::path(
    post, path = "/v1/users", operation_id = "user_create", tag = "people", request_body = NewUser,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 201, body = User), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn add(
    State(app): State<App>,
    Json(new): Json<NewUser>,
) -> Outcome<(StatusCode, Extension<Told>, Json<User>)> {
    let change = Change {
        name: None,
        role: Some(new.role),
        disabled: None,
        recordings_minutes: Some(new.recordings_minutes),
        groups: Some(new.groups),
        grants: Some(rights::granted(&new.grants)?),
    };
    let made = app
        .catalog(move |catalog| {
            let row = catalog.create_user_with(&new.name, &new.password, &change, wall_now())?;
            user(catalog, row)
        })
        .await?;
    Ok((StatusCode::CREATED, Extension(told(&made)), Json(made)))
}

/// A user.
///
/// With what is granted to it.
#[utoipa::path(
    get, path = "/v1/users/{user}", operation_id = "user_get", tag = "people", params(("user" = UserId, Path)),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = User), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn get(State(app): State<App>, Path(id): Path<UserId>) -> Outcome<Json<User>> {
    let found =
        app.catalog(move |catalog| catalog.user(id)?.map(|row| user(catalog, row)).transpose()).await?;
    found.map(Json).ok_or_else(gone)
}

/// Change a user.
///
/// What is left out stays. Rights that are taken away end what is under way by them within a second. The last
/// administrator stays one.
#[utoipa::path(
    patch, path = "/v1/users/{user}", operation_id = "user_update", tag = "people",
    params(("user" = UserId, Path)), request_body = UserChange,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = User), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn change(
    State(app): State<App>,
    Path(id): Path<UserId>,
    Json(change): Json<UserChange>,
) -> Outcome<(Extension<Told>, Json<User>)> {
    let UserChange { name, role, disabled, recordings_minutes, groups, grants } = change;
    let grants = grants.as_deref().map(rights::granted).transpose()?;
    let change = Change { name, role, disabled, recordings_minutes, groups, grants };
    let changed = app
        .catalog(move |catalog| catalog.change_user(id, &change)?.map(|row| user(catalog, row)).transpose())
        .await?
        .ok_or_else(gone)?;
    Ok((Extension(told(&changed)), Json(changed)))
}

/// Remove a user.
///
/// With sign-ins and tokens. The last administrator stays.
#[utoipa::path(
    delete, path = "/v1/users/{user}", operation_id = "user_delete", tag = "people", params(("user" = UserId, Path)),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 204, description = "removed"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn remove(
    State(app): State<App>,
    Path(id): Path<UserId>,
) -> Outcome<(StatusCode, Extension<Told>)> {
    let removed = app
        .catalog(move |catalog| {
            let user = catalog.user(id)?;
            Ok(if catalog.remove_user(id)? { user } else { None })
        })
        .await?;
    let user = removed.ok_or_else(gone)?;
    Ok((StatusCode::NO_CONTENT, Extension(Told { target: Some(user.name), ..Told::default() })))
}

/// Set a user's password.
///
/// Ends all sign-ins and tokens of the user. One's own is changed at `/v1/account/password`.
#[utoipa::path(
    put, path = "/v1/users/{user}/password", operation_id = "user_password_set", tag = "people",
    params(("user" = UserId, Path)), request_body = NewPassword,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 204, description = "set"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn password(
    State(app): State<App>,
    Path(id): Path<UserId>,
    Json(new): Json<NewPassword>,
) -> Outcome<StatusCode> {
    app.catalog(move |catalog| catalog.set_password(id, &new.password)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End a user's second factor.
///
/// For who has lost both the app and the recovery codes.
#[utoipa::path(
    delete, path = "/v1/users/{user}/second-factor", operation_id = "user_second_factor_delete", tag = "people",
    params(("user" = UserId, Path)),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 204, description = "ended"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn end_factor(State(app): State<App>, Path(id): Path<UserId>) -> Outcome<StatusCode> {
    let ended = app.catalog(move |catalog| catalog.end_second_factor(id)).await?;
    if ended { Ok(StatusCode::NO_CONTENT) } else { Err(gone()) }
}

/// A user's sign-ins.
///
/// The one used last first.
#[utoipa::path(
    get, path = "/v1/users/{user}/sessions", operation_id = "user_session_list", tag = "people",
    params(("user" = UserId, Path)),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Items<SignInInfo>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn sessions(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<UserId>,
) -> Outcome<Json<Items<SignInInfo>>> {
    let rows = app.catalog(move |catalog| catalog.sessions_of(id, wall_now())).await?;
    Ok(Json(Items { items: rows.into_iter().map(|row| sign_in(row, &principal)).collect() }))
}

/// End a user's sign-in.
///
/// What it streams ends within a second.
#[utoipa::path(
    delete, path = "/v1/users/{user}/sessions/{session}", operation_id = "user_session_delete", tag = "people",
    params(("user" = UserId, Path), ("session" = SessionId, Path)),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 204, description = "ended"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn end_session(
    State(app): State<App>,
    Path((user, session)): Path<(UserId, SessionId)>,
) -> Outcome<StatusCode> {
    let ended = app.catalog(move |catalog| catalog.end_session_of(user, session)).await?;
    if ended {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Failure::new(Code::NotFound, "There is no such sign-in (any more)"))
    }
}

/// A sign-in as it is told; the one that asks is marked.
pub fn sign_in(row: SessionRow, principal: &Principal) -> SignInInfo {
    SignInInfo {
        own: row.id == principal.session,
        id: row.id,
        created: row.created,
        last_used: row.last_used,
        expires: row.expires,
        address: row.address,
        agent: row.agent,
    }
}

pub fn user(catalog: &Catalog, row: UserRow) -> catalog::Result<User> {
    let groups: Vec<GroupId> = catalog.groups_of(row.id)?.into_iter().map(|(id, _)| id).collect();
    let grants = catalog.grants(Holder::User(row.id))?.iter().filter_map(rights::told).collect();
    Ok(User {
        id: row.id,
        name: row.name,
        role: row.role,
        created: row.created,
        machine: row.machine,
        disabled: row.disabled,
        recordings_minutes: row.recordings_minutes,
        second_factor: row.second_factor,
        last_sign_in: row.last_sign_in,
        directory: row.directory.map(|link| DirectoryUser {
            directory: link.directory,
            full_name: link.full_name,
            standing: link.standing.name().to_owned(),
            confirmed: link.seen,
        }),
        groups,
        grants,
    })
}

pub fn told(user: &User) -> Told {
    let limit = user.recordings_minutes.map(|minutes| format!(", recordings of {minutes} min"));
    let detail = format!(
        "{}{}, {} groups, {} grants{}",
        user.role.name(),
        if user.disabled { ", disabled" } else { "" },
        user.groups.len(),
        user.grants.len(),
        limit.unwrap_or_default()
    );
    Told { target: Some(user.name.clone()), detail: Some(detail), ..Told::default() }
}

fn gone() -> Failure {
    Failure::new(Code::NotFound, "There is no such user (any more)")
}
