//! Groups of users.

use api::{
    Code,
    people::{Group, GroupInput},
};
use axum::{Extension, extract::State, http::StatusCode};
use catalog::{
    Catalog,
    grant::Holder,
    group::{GroupChange, GroupRow},
};
use model::{GroupId, clock::wall_now};

use super::{
    Items,
    problem::{Failure, Json, Outcome, Path},
    rights,
};
use crate::{App, audit::Told};

/// Groups.
///
/// All groups of the site, by name.
#[utoipa::path(
    get, path = "/v1/groups", operation_id = "group_list", tag = "people",
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Items<Group>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn list(State(app): State<App>) -> Outcome<Json<Items<Group>>> {
    let items =
        app.catalog(|catalog| catalog.groups()?.into_iter().map(|row| group(catalog, row)).collect()).await?;
    Ok(Json(Items { items }))
}

/// Make a group.
///
/// With members and grants at once.
#[utoipa::path(
    post, path = "/v1/groups", operation_id = "group_create", tag = "people", request_body = GroupInput,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 201, body = Group), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn add(
    State(app): State<App>,
    Json(input): Json<GroupInput>,
) -> Outcome<(StatusCode, Extension<Told>, Json<Group>)> {
    let group = put(&app, None, input).await?;
    Ok((StatusCode::CREATED, Extension(told(&group)), Json(group)))
}

/// A group.
///
/// With members and grants.
#[utoipa::path(
    get, path = "/v1/groups/{group}", operation_id = "group_get", tag = "people", params(("group" = GroupId, Path)),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Group), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn get(State(app): State<App>, Path(id): Path<GroupId>) -> Outcome<Json<Group>> {
    let found =
        app.catalog(move |catalog| catalog.group(id)?.map(|row| group(catalog, row)).transpose()).await?;
    found.map(Json).ok_or_else(gone)
}

/// Change a group.
///
/// It is as given afterwards. Rights that are taken away end what is under way by them within a second.
#[utoipa::path(
    put, path = "/v1/groups/{group}", operation_id = "group_update", tag = "people",
    params(("group" = GroupId, Path)), request_body = GroupInput,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Group), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn change(
    State(app): State<App>,
    Path(id): Path<GroupId>,
    Json(input): Json<GroupInput>,
) -> Outcome<(Extension<Told>, Json<Group>)> {
    let group = put(&app, Some(id), input).await?;
    Ok((Extension(told(&group)), Json(group)))
}

/// Remove a group.
///
/// Its members stay, without what it granted.
#[utoipa::path(
    delete, path = "/v1/groups/{group}", operation_id = "group_delete", tag = "people",
    params(("group" = GroupId, Path)),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 204, description = "removed"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn remove(
    State(app): State<App>,
    Path(id): Path<GroupId>,
) -> Outcome<(StatusCode, Extension<Told>)> {
    let removed = app
        .catalog(move |catalog| {
            let group = catalog.group(id)?;
            Ok(if catalog.remove_group(id)? { group } else { None })
        })
        .await?;
    let group = removed.ok_or_else(gone)?;
    Ok((StatusCode::NO_CONTENT, Extension(Told { target: Some(group.name), ..Told::default() })))
}

async fn put(app: &App, id: Option<GroupId>, input: GroupInput) -> Outcome<Group> {
    let change = GroupChange {
        name: input.name,
        role: input.role,
        recordings_minutes: input.recordings_minutes,
        members: input.members,
        grants: rights::granted(&input.grants)?,
    };
    app.catalog(move |catalog| {
        let row = catalog.put_group(id, &change, wall_now())?;
        group(catalog, row)
    })
    .await
}

pub fn group(catalog: &Catalog, row: GroupRow) -> catalog::Result<Group> {
    let grants = catalog.grants(Holder::Group(row.id))?.iter().filter_map(rights::told).collect();
    Ok(Group {
        id: row.id,
        name: row.name,
        role: row.role,
        created: row.created,
        recordings_minutes: row.recordings_minutes,
        directory: row.directory,
        members: row.members,
        grants,
    })
}

pub fn told(group: &Group) -> Told {
    let limit = group.recordings_minutes.map(|minutes| format!(", recordings of {minutes} min"));
    let detail = format!(
        "{}, {} members, {} grants{}",
        group.role.name(),
        group.members.len(),
        group.grants.len(),
        limit.unwrap_or_default()
    );
    Told { target: Some(group.name.clone()), detail: Some(detail), ..Told::default() }
}

fn gone() -> Failure {
    Failure::new(Code::NotFound, "There is no such group (any more)")
}
