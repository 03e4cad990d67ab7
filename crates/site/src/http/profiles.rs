//! Stream profiles of a camera: list, add, change, remove.

use api::{
    Code,
    profile::{NewProfile, Profile, ProfileChange, ProfileVideo},
};
use axum::{extract::State, http::StatusCode};
use catalog::camera::{
    CameraRow, CameraSource, Codec,
    profile::{self as kept, MAX_NAME, ProfileRow},
};
use model::CameraId;

use super::{
    Items,
    cameras::{check_url, gone, refused},
    problem::{Failure, Json, Outcome, Path},
};
use crate::{
    App,
    profiles::{self, Refused},
    source,
};

/// Stream profiles of a camera.
///
/// Those of its source (`main`, and `sub` where there is one), then those that a person made.
#[utoipa::path(
    get, path = "/v1/cameras/{camera}/profiles", operation_id = "profile_list", tag = "camera",
    params(("camera" = CameraId, Path)),
    extensions(("x-privilege" = json!("camera-video"))),
    responses((status = 200, body = Items<Profile>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn list(State(app): State<App>, Path(id): Path<CameraId>) -> Outcome<Json<Items<Profile>>> {
    let camera = app.cameras.get(id).ok_or_else(gone)?;
    Ok(Json(Items { items: camera.profiles }))
}

/// Add a stream profile.
///
/// Its stream is opened first; one that does not open is not added.
#[utoipa::path(
    post, path = "/v1/cameras/{camera}/profiles", operation_id = "profile_create", tag = "camera",
    params(("camera" = CameraId, Path)), request_body = NewProfile,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 201, body = Profile), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn add(
    State(app): State<App>,
    Path(id): Path<CameraId>,
    Json(new): Json<NewProfile>,
) -> Outcome<(StatusCode, Json<Profile>)> {
    let row = app.cameras.row(id).ok_or_else(gone)?;
    let name = check_name(&new.name)?;
    if profiles::video(&row, &name).is_some() {
        return Err(not_so(Refused::Taken));
    }
    let (video, picture) = tried(&row, &new.video).await?;
    let profile = ProfileRow { name: name.clone(), video, picture };
    change_row(&app, id, move |row| profiles::add(row, profile, new.use_as)).await?;
    Ok((StatusCode::CREATED, Json(one(&app, id, &name)?)))
}

/// Change a stream profile.
///
/// What is left out stays. A new stream is opened first. Choosing another profile to record begins a new recording with
/// its next key frame; what was recorded stays.
#[utoipa::path(
    patch, path = "/v1/cameras/{camera}/profiles/{profile}", operation_id = "profile_update", tag = "camera",
    params(("camera" = CameraId, Path), ("profile" = String, Path)), request_body = ProfileChange,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Profile), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn change(
    State(app): State<App>,
    Path((id, name)): Path<(CameraId, String)>,
    Json(change): Json<ProfileChange>,
) -> Outcome<Json<Profile>> {
    let row = app.cameras.row(id).ok_or_else(gone)?;
    profiles::video(&row, &name).ok_or_else(|| not_so(Refused::Missing))?;
    let new_name = change.name.as_deref().map(check_name).transpose()?;
    let video = match &change.video {
        Some(video) => Some(tried(&row, video).await?),
        None => None,
    };
    let then = new_name.clone().unwrap_or_else(|| name.clone());
    change_row(&app, id, move |row| profiles::change(row, &name, new_name, video, change.use_as)).await?;
    one(&app, id, &then).map(Json)
}

/// Remove a stream profile.
///
/// One that is in use is not removed.
#[utoipa::path(
    delete, path = "/v1/cameras/{camera}/profiles/{profile}", operation_id = "profile_delete", tag = "camera",
    params(("camera" = CameraId, Path), ("profile" = String, Path)),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 204, description = "removed"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn remove(
    State(app): State<App>,
    Path((id, name)): Path<(CameraId, String)>,
) -> Outcome<StatusCode> {
    change_row(&app, id, move |row| profiles::remove(row, &name)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn one(app: &App, id: CameraId, name: &str) -> Outcome<Profile> {
    let camera = app.cameras.get(id).ok_or_else(gone)?;
    camera.profiles.into_iter().find(|profile| profile.name == name).ok_or_else(|| not_so(Refused::Missing))
}

async fn change_row(
    app: &App,
    id: CameraId,
    change: impl FnOnce(&mut CameraRow) -> Result<(), Refused> + Send + 'static,
) -> Outcome<()> {
    let (row, outcome) = app
        .catalog(move |catalog| {
            let mut outcome = Ok(());
            let row = catalog.change_camera(id, |row| {
                let before = row.clone();
                outcome = change(row);
                if outcome.is_err() {
                    *row = before;
                }
            })?;
            Ok((row, outcome))
        })
        .await?;
    let row = row.ok_or_else(gone)?;
    outcome.map_err(not_so)?;
    app.cameras.put(row, None);
    Ok(())
}

/// The stream as it is kept, and what it carries.
async fn tried(row: &CameraRow, video: &ProfileVideo) -> Outcome<(kept::ProfileVideo, kept::ProfilePicture)> {
    let video = check_video(row, video)?;
    let picture = source::try_profile(row, video.clone()).await.map_err(refused)?;
    Ok((video, picture))
}

fn check_name(name: &str) -> Outcome<String> {
    let name = name.trim();
    if name.is_empty() || name.len() > MAX_NAME || name.contains('/') || name.chars().any(char::is_control) {
        return Err(Failure::new(Code::BadRequest, "The name of the profile is not usable")
            .detail(format!("1 to {MAX_NAME} bytes without a slash are expected.")));
    }
    Ok(name.to_owned())
}

fn check_video(row: &CameraRow, video: &ProfileVideo) -> Outcome<kept::ProfileVideo> {
    match video {
        ProfileVideo::Rtsp { url } => {
            check_url(url, &["rtsp"])?;
            Ok(kept::ProfileVideo::Rtsp { url: url.clone() })
        }
        ProfileVideo::Axis { .. } if matches!(row.source, CameraSource::Rtsp { .. }) => {
            Err(Failure::new(Code::BadRequest, "This camera takes no parameters").detail(
                "It was added by the address of its stream: give the rtsp:// address of the profile.",
            ))
        }
        ProfileVideo::Axis { codec, resolution, fps, compression } => {
            let bad = |title: &str| Failure::new(Code::BadRequest, title);
            let resolution = resolution
                .as_deref()
                .map(|text| text.parse::<camera::vapix::Resolution>())
                .transpose()
                .map_err(|()| bad("The resolution is not usable").detail("Such as 1280x720 is expected."))?;
            if fps.is_some_and(|fps| !(1..=200).contains(&fps)) {
                return Err(bad("A profile has 1 to 200 pictures a second"));
            }
            if compression.is_some_and(|compression| compression > 100) {
                return Err(bad("Compression is from 0 (best picture) to 100"));
            }
            Ok(kept::ProfileVideo::Axis {
                codec: codec.map(|codec| match codec {
                    api::camera::Codec::H264 => Codec::H264,
                    api::camera::Codec::H265 => Codec::H265,
                }),
                resolution: resolution.map(|resolution| (resolution.width, resolution.height)),
                fps: *fps,
                compression: *compression,
            })
        }
    }
}

fn not_so(refused: Refused) -> Failure {
    let code = match refused {
        Refused::Missing => Code::NotFound,
        Refused::Taken | Refused::BuiltIn | Refused::Recorded | Refused::Shown | Refused::Full => {
            Code::Conflict
        }
    };
    let text = refused.to_string();
    let mut letters = text.chars();
    let title =
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect());
    Failure::new(code, title)
}
