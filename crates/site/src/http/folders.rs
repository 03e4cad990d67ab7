//! Folders of cameras, on which rights are granted.

use api::{
    Code,
    people::{Folder, FolderInput},
};
use axum::{Extension, extract::State, http::StatusCode};
use catalog::grant::FolderRow;
use model::FolderId;

use super::{
    Items,
    problem::{Failure, Json, Outcome, Path},
};
use crate::{App, audit::Told, principal::Principal};

/// Folders of cameras.
///
/// All folders, by name, each with those of its cameras that the caller may know of; folders without any are left out
/// for who is no administrator.
#[utoipa::path(
    get, path = "/v1/folders", operation_id = "folder_list", tag = "people",
    extensions(("x-privilege" = json!("camera-access"))),
    responses((status = 200, body = Items<Folder>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn list(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
) -> Outcome<Json<Items<Folder>>> {
    let all = principal.may(model::Privilege::Configure);
    let rows = app.catalog(|catalog| catalog.folders()).await?;
    let items = rows
        .into_iter()
        .map(|mut row| {
            row.cameras.retain(|camera| principal.sees(*camera));
            folder(row)
        })
        .filter(|folder| all || !folder.cameras.is_empty())
        .collect();
    Ok(Json(Items { items }))
}

/// Make a folder.
///
/// With its cameras.
#[utoipa::path(
    post, path = "/v1/folders", operation_id = "folder_create", tag = "people", request_body = FolderInput,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 201, body = Folder), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn add(
    State(app): State<App>,
    Json(input): Json<FolderInput>,
) -> Outcome<(StatusCode, Extension<Told>, Json<Folder>)> {
    let row = app.catalog(move |catalog| catalog.put_folder(None, &input.name, &input.cameras)).await?;
    Ok((StatusCode::CREATED, Extension(told(&row)), Json(folder(row))))
}

/// Change a folder.
///
/// It is as given afterwards. What is granted on it counts for the cameras that are in it then.
#[utoipa::path(
    put, path = "/v1/folders/{folder}", operation_id = "folder_update", tag = "people",
    params(("folder" = FolderId, Path)), request_body = FolderInput,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Folder), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn change(
    State(app): State<App>,
    Path(id): Path<FolderId>,
    Json(input): Json<FolderInput>,
) -> Outcome<(Extension<Told>, Json<Folder>)> {
    let row = app.catalog(move |catalog| catalog.put_folder(Some(id), &input.name, &input.cameras)).await?;
    Ok((Extension(told(&row)), Json(folder(row))))
}

/// Remove a folder.
///
/// Its cameras stay; what was granted on it ends.
#[utoipa::path(
    delete, path = "/v1/folders/{folder}", operation_id = "folder_delete", tag = "people",
    params(("folder" = FolderId, Path)),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 204, description = "removed"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn remove(State(app): State<App>, Path(id): Path<FolderId>) -> Outcome<StatusCode> {
    if app.catalog(move |catalog| catalog.remove_folder(id)).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Failure::new(Code::NotFound, "There is no such folder (any more)"))
    }
}

fn folder(row: FolderRow) -> Folder {
    Folder { id: row.id, name: row.name, cameras: row.cameras }
}

fn told(row: &FolderRow) -> Told {
    let detail = Some(format!("{} cameras", row.cameras.len()));
    Told { target: Some(row.name.clone()), detail, ..Told::default() }
}
