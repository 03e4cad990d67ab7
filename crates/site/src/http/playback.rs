//! `GET /v1/cameras/{camera}/playback`: recorded frames as media records, straight from disk.
//!
//! The answer begins with the key frame at or before the asked start; frames before the start are marked as pre-roll.
//! It is made while it is read: a client that reads slowly costs no memory, one that goes away costs nothing more.

use std::{sync::Arc, time::Duration};

use api::{
    Code,
    record::{self, Kind},
};
use archive::{Part, ReadPlan, SampleRef};
use axum::{
    Extension,
    body::Body,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use bytes::{BufMut, Bytes, BytesMut};
use media::{
    Sample, Tracks,
    fmp4::{SampleMeta, fragment_one},
};
use model::{CameraId, Privilege, StreamKey, StreamKind, TrackKind, WallRange, WallTime};
use serde::Deserialize;
use tokio::sync::mpsc;
use utoipa::IntoParams;

use super::{
    problem::{Failure, Outcome, Path, Query},
    recordings::range,
};
use crate::{
    App,
    feed::packet::{Lane, LaneTracks, bare, join},
    principal::Principal,
};

/// No longer range in one answer.
const MAX_RANGE: Duration = Duration::from_secs(24 * 3600);
/// Bytes gathered before they are handed on.
const CHUNK: usize = 128 << 10;

/// What is asked.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Ask {
    /// Start: no frame before it is to be shown.
    from: WallTime,
    /// End: no frame from it on is sent.
    to: WallTime,
    /// `main` (unless given) or `sub`.
    stream: Option<StreamKind>,
    /// Whether sound is sent too.
    audio: Option<bool>,
    /// `flac`: G.711 comes wrapped as FLAC (for MSE); `raw` (unless given): as it was recorded.
    sound: Option<Sound>,
}

/// How G.711 is sent.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sound {
    /// As it was recorded.
    Raw,
    /// Wrapped losslessly.
    Flac,
}

/// Play back.
///
/// Frames of a range, preceded by those from the key frame before it (flagged as pre-roll), as length-prefixed media
/// records: init records where coding begins or changes, frames of pictures and sound in order of time, gaps, end.
/// Stop reading to pause, close to end.
#[utoipa::path(
    get, path = "/v1/cameras/{camera}/playback", operation_id = "recording_play", tag = "recording",
    params(("camera" = CameraId, Path), Ask),
    extensions(("x-privilege" = json!("recordings"))),
    responses(
        (status = 200, content_type = "application/x-martello-records", body = [u8]),
        (status = "default", body = api::Problem, content_type = "application/problem+json")
    )
)]
pub async fn play(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Path(camera): Path<CameraId>,
    Query(ask): Query<Ask>,
) -> Outcome<Response> {
    let range = range(ask.from, ask.to, MAX_RANGE)?;
    let key = StreamKey { camera, kind: ask.stream.unwrap_or(StreamKind::Main) };
    let sound = match (ask.audio.unwrap_or(false) && principal.may(Privilege::CameraListen), ask.sound) {
        (false, _) => None,
        (true, Some(Sound::Flac)) => Some(Lane::Flac),
        (true, _) => Some(Lane::Sound),
    };
    let Ok(permit) = Arc::clone(&app.playbacks).try_acquire_owned() else {
        return Err(Failure::new(Code::Busy, "Too many recordings are being played back").detail("Close some and try again."));
    };
    let (records, body) = mpsc::channel::<Result<Bytes, std::io::Error>>(4);
    let reader = app.reader.clone();
    tokio::task::spawn_blocking(move || {
        let tracks: &[TrackKind] = if sound.is_some() { &[TrackKind::Video, TrackKind::Audio] } else { &[TrackKind::Video] };
        let plan = reader.plan(key, range, tracks);
        let mut player = Player { kind: key.kind, sound, records, chunk: BytesMut::with_capacity(CHUNK), first: true, lanes: Vec::new(), anchor: None, sequence: 0 };
        if let Err(error) = player.play(plan, range) {
            tracing::warn!(stream = %key, %error, "playback ended early");
        }
        drop(permit);
    });
    let body = Body::from_stream(futures_util::stream::unfold(body, |mut body| async move {
        body.recv().await.map(|chunk| (chunk, body))
    }));
    Ok(([(header::CONTENT_TYPE, "application/x-martello-records")], body).into_response())
}

struct Player {
    kind: StreamKind,
    sound: Option<Lane>,
    records: mpsc::Sender<Result<Bytes, std::io::Error>>,
    chunk: BytesMut,
    first: bool,
    lanes: Vec<(Lane, LaneTracks)>,
    /// Wall time and media time (per lane's timescale) where the run began, so that time goes on across runs.
    anchor: Option<WallTime>,
    sequence: u32,
}

/// The client went away, or the disk failed.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("the client closed")]
    Closed,
    #[error("reading")]
    Read(#[from] archive::Error),
}
