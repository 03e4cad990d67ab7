//! `GET /v1/cameras/{camera}/clip`: a range as one MP4 file that every player plays.
//!
//! The file is laid out before its data are read, so that its length is known, nothing is kept in memory, and a broken
//! download can be told from a whole one. G.711 sound becomes FLAC, without loss. Gaps are left out.

mod source;

use std::{sync::Arc, time::Duration};

use api::Code;
use axum::{
    Extension,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use model::{CameraId, Privilege, StreamKind, WallTime};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    file::attachment,
    outgoing::{HangUp, outgoing},
    problem::{Failure, Outcome, Path, Query},
    recordings::{range, readable, recorded_stream},
};
use crate::{App, audit::Told, principal::Principal};
use source::{Clip, ClipError};

/// No longer range in one file.
const MAX_RANGE: Duration = Duration::from_secs(24 * 3600);

/// What is asked.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Ask {
    /// Start: the first picture shown is the first one from here on.
    from: WallTime,
    /// End: no picture from here on.
    to: WallTime,
    /// `main` (unless given) or `sub`; the other one is taken where only that was recorded.
    stream: Option<StreamKind>,
    /// Whether sound is saved too (unless given: yes).
    audio: Option<bool>,
}

/// Save a clip.
///
/// A progressive MP4 of the range. Pictures before the start that decoding needs are in the file but not shown (edit list).
/// G.711 sound is saved as FLAC. A range in which the coding of the pictures changes is refused; the problem tells where.
#[utoipa::path(
    get, path = "/v1/cameras/{camera}/clip", operation_id = "clip_get", tag = "recording",
    params(("camera" = CameraId, Path), Ask),
    extensions(("x-privilege" = json!("export")), ("x-privilege-also" = json!(["camera-listen"]))),
    responses((status = 200, content_type = "video/mp4", body = [u8]), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn save(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Extension(hang_up): Extension<HangUp>,
    Path(camera): Path<CameraId>,
    Query(ask): Query<Ask>,
) -> Outcome<Response> {
    let range = range(ask.from, ask.to, MAX_RANGE)?;
    let key = recorded_stream(&app, camera, ask.stream, range);
    let audio = ask.audio.unwrap_or(true) && principal.may_on(Privilege::CameraListen, camera);
    let Ok(permit) = Arc::clone(&app.playbacks).try_acquire_owned() else {
        return Err(Failure::new(Code::Busy, "Too many recordings are being played back or saved")
            .detail("Wait for some to end and try again."));
    };
    let reach = principal.rights.reach(camera);
    let range = readable(&app, &principal, key, range).await?;
    let range = range.ok_or_else(|| refused(ClipError::Empty))?;
    let clip =
        app.blocking(move |app| Clip::lay_out(&app.reader, key, range, audio)).await?.map_err(refused)?;
    let name = app.cameras.get(camera).map_or_else(|| "camera".to_owned(), |camera| camera.name);
    let length = clip.size();
    let (data, body) = outgoing(app.patience, hang_up);
    let reader = app.reader.clone();
    tokio::task::spawn_blocking(move || {
        if let Err(error) = clip.write(&reader, reach, |bytes| data.send(bytes)) {
            match error {
                ClipError::TooOld => tracing::info!(stream = %key, %error, "a clip was cut off"),
                _ => tracing::error!(stream = %key, %error, "a clip could not be read to its end"),
            }
            data.fail("a recording could not be read");
        }
        drop(permit);
    });
    let mut response = body.into_response();
    response.extensions_mut().insert(Told {
        detail: Some(format!("{} to {}{}", range.from, range.to, if audio { ", with sound" } else { "" })),
        ..Told::default()
    });
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("video/mp4"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    if let Ok(value) = HeaderValue::from_str(&attachment(&file_name(&name, ask.from))) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

fn refused(error: ClipError) -> Failure {
    match error {
        ClipError::Empty => Failure::new(Code::NoRecording, "There is no recording in this range"),
        ClipError::Changed(at) => {
            Failure::new(Code::Conflict, format!("The picture's coding changed at {at}"))
                .detail("Save the time before and after it as two clips.")
        }
        ClipError::TooLong => Failure::new(Code::TooLarge, "The range has too many frames for one file")
            .detail("Save it in parts."),
        error @ (ClipError::Read(_) | ClipError::Layout(_) | ClipError::TooOld) => {
            Failure::internal("laying out a clip", super::problem::chain(&error))
        }
    }
}

/// File name: camera and start.
fn file_name(camera: &str, from: WallTime) -> String {
    let time: String = from.to_string().chars().take(19).map(|c| if c == ':' { '-' } else { c }).collect();
    format!("{camera} {time}.mp4")
}
