//! `GET /v1/cameras/{camera}/keyframe`: one picture for a hover or a first look, decoded by the client.

use std::time::Duration;

use api::record::{self, Header, Kind};
use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::{BufMut, BytesMut};
use media::fmp4::{SampleMeta, fragment_one};
use model::{CameraId, StreamKind, TrackKind, WallRange, WallTime, clock::wall_now};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    problem::{Failure, Outcome, Path, Query},
    recordings::recorded_stream,
};
use crate::{
    App,
    feed::packet::{Lane, LaneTracks, bare, join},
    principal::Principal,
};

/// The other stream is shown where the asked one has nothing within so long before the moment.
const AROUND: Duration = Duration::from_secs(60);

/// What is asked.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Ask {
    /// The moment.
    at: WallTime,
    /// `main` (unless given) or `sub`; the other one is taken where only that was recorded.
    stream: Option<StreamKind>,
}

/// The key frame of a moment.
///
/// The newest key frame at or before the moment, as two length-prefixed media records: init and frame. Nothing (204) where
/// nothing is recorded so early: that is no fault of whoever asks.
#[utoipa::path(
    get, path = "/v1/cameras/{camera}/keyframe", operation_id = "recording_key_frame_get", tag = "recording",
    params(("camera" = CameraId, Path), Ask),
    extensions(("x-privilege" = json!("recordings"))),
    responses((status = 200, content_type = "application/x-martello-records", body = [u8]), (status = 204, description = "nothing is recorded at or before this moment"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn get(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(camera): Path<CameraId>,
    Query(ask): Query<Ask>,
) -> Outcome<Response> {
    let around = WallRange { from: ask.at - AROUND, to: ask.at.plus_micros(1) };
    let key = recorded_stream(&app, camera, ask.stream, around);
    let found = app
        .blocking(move |app| app.reader.key_frame(key, ask.at))
        .await?
        .map_err(|error| Failure::internal("reading a recording", error))?;
    let since = principal.rights.reach(camera).since(wall_now());
    let visible = found.filter(|(_, sample, _)| since.is_none_or(|since| sample.wall >= since));
    let Some((tracks, sample, data)) = visible else {
        return Ok((StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response());
    };
    let init = LaneTracks::new(&tracks, Lane::Video).and_then(|coding| coding.init(key.kind, Lane::Video));
    let duration = tracks.video.nominal_duration;
    let meta = SampleMeta {
        size: u32::try_from(data.len()).unwrap_or(u32::MAX),
        duration,
        composition_offset: sample.composition_offset,
        key: true,
    };
    let head = fragment_one(1, TrackKind::Video, sample.time, meta)
        .map_err(|error| Failure::internal("wrapping a picture", error))?;
    let header = Header {
        flags: record::KEY,
        wall_us: sample.wall.micros(),
        time: sample.time,
        duration,
        composition_offset: sample.composition_offset,
        data_offset: u32::try_from(head.len()).unwrap_or(0),
        ..bare(Kind::Frame, 0)
    };
    let mut body = BytesMut::new();
    for record in init.map(|init| init.bytes).into_iter().chain([join(&header, &[&head, &data])]) {
        body.put_u32(u32::try_from(record.len()).unwrap_or(0));
        body.put_slice(&record);
    }
    // What is too old in a minute must not stay in a browser for an hour.
    let keep = if since.is_none() { "private, max-age=3600" } else { "no-store" };
    let headers = [(header::CONTENT_TYPE, "application/x-martello-records"), (header::CACHE_CONTROL, keep)];
    Ok((headers, body.freeze()).into_response())
}
