//! Cameras: list, add, change, remove, look.

use api::{
    Code, Problem,
    camera::{Camera, CameraChange, NewCamera, Probe, Source},
};
use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use catalog::camera::{CameraRow, CameraSource};
use model::{CameraId, clock::wall_now};
use url::Url;

use super::{
    Items,
    problem::{Failure, Json, Outcome, Path},
};
use crate::{App, audit::Told, convert, principal::Principal, source};

/// Cameras.
///
/// All cameras that the caller may know of, by name, each with what the caller may do to it.
#[utoipa::path(
    get, path = "/v1/cameras", operation_id = "camera_list", tag = "camera",
    extensions(("x-privilege" = json!("camera-access"))),
    responses((status = 200, body = Items<Camera>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn list(State(app): State<App>, Extension(principal): Extension<Principal>) -> Json<Items<Camera>> {
    let seen = app.cameras.list().into_iter().filter(|camera| principal.sees(camera.id));
    Json(Items { items: seen.map(|camera| principal.tell(camera)).collect() })
}

/// Add a camera.
///
/// The camera is asked for its streams first; one that does not answer, refuses the password or has nothing to record is
/// not added. Recording begins at once.
#[utoipa::path(
    post, path = "/v1/cameras", operation_id = "camera_create", tag = "camera", request_body = NewCamera,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 201, body = Camera), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn add(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Json(new): Json<NewCamera>,
) -> Outcome<(StatusCode, Extension<Told>, Json<Camera>)> {
    check_new(&new)?;
    let looked = source::look(&new).await.map_err(refused)?;
    let row = convert::new_row(new, &looked, wall_now());
    let id = row.id;
    let kept = row.clone();
    app.catalog(move |catalog| catalog.add_camera(&kept)).await?;
    app.cameras.put(row, None);
    let camera = app.cameras.get(id).ok_or_else(gone)?;
    let told = Told { target: Some(camera.name.clone()), ..Told::default() };
    Ok((StatusCode::CREATED, Extension(told), Json(principal.tell(camera))))
}

/// A camera.
///
/// What it is and how it is.
#[utoipa::path(
    get, path = "/v1/cameras/{camera}", operation_id = "camera_get", tag = "camera",
    params(("camera" = CameraId, Path)),
    extensions(("x-privilege" = json!("camera-access"))),
    responses((status = 200, body = Camera), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn get(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<CameraId>,
) -> Outcome<Json<Camera>> {
    app.cameras.get(id).map(|camera| Json(principal.tell(camera))).ok_or_else(gone)
}

/// Change a camera.
///
/// What is left out stays. The camera is connected again only where that is needed.
#[utoipa::path(
    patch, path = "/v1/cameras/{camera}", operation_id = "camera_update", tag = "camera",
    params(("camera" = CameraId, Path)), request_body = CameraChange,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Camera), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn change(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<CameraId>,
    Json(change): Json<CameraChange>,
) -> Outcome<Json<Camera>> {
    if let Some(source) = &change.source {
        check_source(source)?;
    }
    check_days(change.retention_days.filter(|days| *days != 0))?;
    check_image_url(change.image_url.as_deref().filter(|url| !url.is_empty()))?;
    let row = app
        .catalog(move |catalog| catalog.change_camera(id, |row| convert::change_row(row, change)))
        .await?
        .ok_or_else(gone)?;
    app.cameras.put(row, None);
    app.cameras.get(id).map(|camera| Json(principal.tell(camera))).ok_or_else(gone)
}

/// Remove a camera.
///
/// Its recordings stay until retention removes them.
#[utoipa::path(
    delete, path = "/v1/cameras/{camera}", operation_id = "camera_delete", tag = "camera",
    params(("camera" = CameraId, Path)),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 204, description = "removed"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn remove(State(app): State<App>, Path(id): Path<CameraId>) -> Outcome<StatusCode> {
    let removed = app.catalog(move |catalog| catalog.remove_camera(id, wall_now())).await?;
    app.cameras.remove(id).await;
    if removed { Ok(StatusCode::NO_CONTENT) } else { Err(gone()) }
}

/// A still picture.
///
/// JPEG, made by the camera itself now: from the address that was typed for it (`image_url`: a JPEG picture, a Motion JPEG
/// stream or an ONVIF device service), else asked by VAPIX (Axis) or ONVIF (others).
#[utoipa::path(
    get, path = "/v1/cameras/{camera}/image", operation_id = "camera_image_get", tag = "camera",
    params(("camera" = CameraId, Path)),
    extensions(("x-privilege" = json!("snapshot"))),
    responses((status = 200, content_type = "image/jpeg", body = [u8]), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn image(State(app): State<App>, Path(id): Path<CameraId>) -> Outcome<Response> {
    let row = app.cameras.row(id).ok_or_else(gone)?;
    let jpeg = source::image(&row).await.map_err(|error| no_picture(&row, error))?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg")], jpeg).into_response())
}

/// Look at a camera before adding it.
///
/// What the camera is and which streams it has. Nothing is kept.
#[utoipa::path(
    post, path = "/v1/probe", operation_id = "camera_probe", tag = "camera", request_body = NewCamera,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Probe), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn probe(Json(new): Json<NewCamera>) -> Outcome<Json<Probe>> {
    check_new(&new)?;
    source::look(&new).await.map(|looked| Json(looked.probe)).map_err(refused)
}

pub(super) fn gone() -> Failure {
    Failure::new(Code::NotFound, "There is no such camera (any more)")
}

/// Why there is no picture, and where to tell of one.
fn no_picture(row: &CameraRow, error: camera::Error) -> Failure {
    let guessed = row.image_url.is_none() && matches!(row.source, CameraSource::Rtsp { .. });
    match error.kind() {
        camera::Kind::RefusedPassword => refused(error),
        _ if guessed => Problem::new(Code::CameraNoStream, "This camera tells of no still pictures (ONVIF)")
            .detail(
                "Type the address of a JPEG picture, of a Motion JPEG stream or of its ONVIF device service in the \
                 camera's details, under Still pictures.",
            )
            .into(),
        _ => refused(error),
    }
}

fn check_new(new: &NewCamera) -> Outcome<()> {
    check_source(&new.source)?;
    check_image_url(new.image_url.as_deref())?;
    check_days(new.retention_days)
}

fn check_image_url(url: Option<&str>) -> Outcome<()> {
    url.map_or(Ok(()), |url| check_url(url, &["http", "https"]))
}

fn check_days(days: Option<u32>) -> Outcome<()> {
    match days {
        Some(days) if !(1..=3650).contains(&days) => {
            Err(Failure::new(Code::BadRequest, "Recordings are kept for 1 to 3650 days"))
        }
        _ => Ok(()),
    }
}

fn check_source(source: &Source) -> Outcome<()> {
    match source {
        Source::Axis { address, .. } => check_url(address, &["http", "https"]),
        Source::Rtsp { main_url, sub_url } => {
            check_url(main_url, &["rtsp"])?;
            sub_url.as_deref().map_or(Ok(()), |url| check_url(url, &["rtsp"]))
        }
    }
}

pub(super) fn check_url(text: &str, schemes: &[&str]) -> Outcome<()> {
    let expected = schemes.join(" or ");
    let bad = |why: &str| {
        Failure::new(Code::BadRequest, format!("The address of the camera is not usable: {why}"))
            .detail(format!("An address that begins with {expected}:// and a host is expected."))
    };
    let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
    if !schemes.contains(&url.scheme()) || url.host_str().is_none_or(str::is_empty) {
        return Err(bad("it has another form"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("it holds a user name or password; give them in their own fields"));
    }
    Ok(())
}

/// A camera's refusal as a problem.
pub fn refused(error: camera::Error) -> Failure {
    let (code, detail) = match error.kind() {
        camera::Kind::Unreachable => {
            (Code::CameraUnreachable, "Check the address, the camera's power and the network.")
        }
        camera::Kind::RefusedPassword => {
            (Code::CameraRefusedPassword, "Enter the user name and password of the camera.")
        }
        camera::Kind::NoStream => {
            (Code::CameraNoStream, "Choose another stream of the camera: H.264 or H.265 video is needed.")
        }
        camera::Kind::Unexpected | camera::Kind::Ended | camera::Kind::Silent => {
            (Code::CameraUnexpected, "Restart the camera or update its software, then try again.")
        }
    };
    Problem::new(code, sentence(&error.to_string())).detail(detail).into()
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_with_credentials_or_of_another_kind_are_refused() {
        for (text, good) in [
            ("rtsp://192.0.2.1/stream", true),
            ("rtsp://u:p@192.0.2.1/stream", false),
            ("http://192.0.2.1/stream", false),
            ("rtsp://", false),
            ("file:///etc/passwd", false),
            ("", false),
        ] {
            assert_eq!(check_url(text, &["rtsp"]).is_ok(), good, "{text}");
        }
    }
}
