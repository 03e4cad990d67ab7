//! `GET /v1/cameras/{camera}/playback`: recorded frames as media records, straight from disk.
//!
//! The answer begins with the key frame at or before the asked start; frames before the start are marked as pre-roll.
//! It is made while it is read: a client that reads slowly costs no memory, one that goes away costs nothing more.

use std::{sync::Arc, time::Duration};

use access::Reach;
use api::{
    Code,
    record::{self, Header, Kind},
};
use archive::{Part, SampleRef};
use axum::{
    Extension,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use bytes::{BufMut, Bytes, BytesMut};
use media::{
    Sample, Tracks,
    fmp4::{SampleMeta, fragment_one},
};
use model::{CameraId, Privilege, StreamKind, TrackKind, WallRange, WallTime, clock::wall_now};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    outgoing::{HangUp, Outgoing, outgoing},
    problem::{Failure, Outcome, Path, Query},
    recordings::{from_key_frame, range, readable, recorded_stream},
};
use crate::{
    App,
    archive_engine::ReadPlan,
    feed::packet::{Lane, LaneTracks, bare},
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
    /// `main` (unless given) or `sub`; the other one is taken where only that was recorded.
    stream: Option<StreamKind>,
    /// Whether sound is sent too.
    audio: Option<bool>,
    /// `flac`: G.711 comes wrapped as FLAC (for MSE); `raw` (unless given): as it was recorded.
    sound: Option<Sound>,
    /// Bytes of pictures after which the answer ends before the next key frame, with a *more* record that tells its time.
    /// A client that asks for pieces need never stop reading: answers that are not read hold up all others of their
    /// connection (RFC 9113, section 5.2.2).
    piece: Option<u32>,
    /// Whether `from` is the time that a *more* record told: nothing is pre-roll then, and nothing is missing before it.
    resume: Option<bool>,
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
/// Stop reading to pause (for half an hour at most: then the connection is closed), close to end; or ask for pieces.
#[utoipa::path(
    get, path = "/v1/cameras/{camera}/playback", operation_id = "recording_play", tag = "recording",
    params(("camera" = CameraId, Path), Ask),
    extensions(("x-privilege" = json!("recordings")), ("x-privilege-also" = json!(["camera-listen"]))),
    responses(
        (status = 200, content_type = "application/x-martello-records", body = [u8]),
        (status = "default", body = api::Problem, content_type = "application/problem+json")
    )
)]
pub async fn play(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Extension(hang_up): Extension<HangUp>,
    Path(camera): Path<CameraId>,
    Query(ask): Query<Ask>,
) -> Outcome<Response> {
    let range = range(ask.from, ask.to, MAX_RANGE)?;
    let key = recorded_stream(&app, camera, ask.stream, range);
    let sound =
        match (ask.audio.unwrap_or(false) && principal.may_on(Privilege::CameraListen, camera), ask.sound) {
            (false, _) => None,
            (true, Some(Sound::Flac)) => Some(Lane::Flac),
            (true, _) => Some(Lane::Sound),
        };
    let Ok(permit) = Arc::clone(&app.playbacks).try_acquire_owned() else {
        return Err(Failure::new(Code::Busy, "Too many recordings are being played back")
            .detail("Close some and try again."));
    };
    let reach = principal.rights.reach(camera);
    let range = readable(&app, &principal, key, range).await?;
    let (records, body) = outgoing(app.patience, hang_up);
    let reader = app.reader.clone();
    tokio::task::spawn_blocking(move || {
        let tracks: &[TrackKind] =
            if sound.is_some() { &[TrackKind::Video, TrackKind::Audio] } else { &[TrackKind::Video] };
        // Only to find its place again where the limit on the age of recordings has overtaken the reader.
        let again = |range| match principal.narrow(camera, range) {
            Some(shown) => from_key_frame(&app, key, shown).map_err(|_| Ended::Again),
            None => Ok(None),
        };
        let chunk = BytesMut::with_capacity(CHUNK);
        let mut player = Player {
            stream: key.kind,
            sound,
            records,
            chunk,
            first: true,
            lanes: Vec::new(),
            sequence: 0,
            reach,
            resumed: ask.resume.unwrap_or(false).then_some(ask.from),
            piece: ask.piece.map_or(usize::MAX, |piece| (piece as usize).max(1)),
        };
        match player.play(range, |range| reader.plan(key, range, tracks), again) {
            Ok(()) | Err(Ended::Closed) => {}
            Err(error @ (Ended::Read(_) | Ended::Again)) => {
                tracing::error!(stream = %key, %error, "a recording could not be read");
                player.records.fail("a recording could not be read");
            }
        }
        drop(permit);
    });
    Ok(([(header::CONTENT_TYPE, "application/x-martello-records")], body).into_response())
}

/// Turns the parts of a plan into records.
struct Player {
    stream: StreamKind,
    sound: Option<Lane>,
    records: Outgoing,
    chunk: BytesMut,
    /// The first record is handed on at once, later ones in chunks.
    first: bool,
    lanes: Vec<RunLane>,
    sequence: u32,
    /// How far back the reader may see.
    reach: Reach,
    /// Where an answer before this one ended.
    resumed: Option<WallTime>,
    /// Bytes of pictures that may be sent before the answer ends at a key frame.
    piece: usize,
}

/// Where a plan was left.
enum Left {
    /// At its end.
    Ended,
    /// Before a frame that is too old by now.
    TooOld(WallTime),
    /// Before a key frame: the piece is full.
    Full(WallTime),
}

/// One lane of one run.
struct RunLane {
    lane: Lane,
    coding: LaneTracks,
    timescale: u32,
    /// What is added to times of the run, so that they count from 1970 and go on across runs.
    base: Option<i64>,
}

/// Why playback ended before its end.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("the client closed or was given up")]
    Closed,
    #[error("a recording could not be read")]
    Read(#[from] archive::Error),
    #[error("what may still be seen of a recording could not be found")]
    Again,
}

impl Player {
    /// Sends the range. Where somebody reads so slowly that what comes next is older than they may see by then, it goes on
    /// with what they still may.
    fn play(
        &mut self,
        mut range: Option<WallRange>,
        plan: impl Fn(WallRange) -> ReadPlan,
        again: impl Fn(WallRange) -> Result<Option<WallRange>, Ended>,
    ) -> Result<(), Ended> {
        while let Some(now) = range {
            range = match self.stretch(plan(now))? {
                Left::TooOld(left) => WallRange::new(left, now.to).map(&again).transpose()?.flatten(),
                Left::Full(key) => {
                    let header = Header { wall_us: key.micros(), ..bare(Kind::More, 0) };
                    self.put(&[&header.to_bytes()])?;
                    return self.flush();
                }
                Left::Ended => None,
            };
        }
        self.put(&[&bare(Kind::End, 0).to_bytes()])?;
        self.flush()
    }

    /// Sends what the plan has.
    fn stretch(&mut self, mut plan: ReadPlan) -> Result<Left, Ended> {
        while let Some(part) = plan.next() {
            match part? {
                Part::Tracks(tracks) => self.run(&tracks)?,
                Part::Gap { until } => {
                    let header = Header { wall_us: until.micros(), ..bare(Kind::Gap, 0) };
                    self.put(&[&header.to_bytes()])?;
                }
                Part::Sample(sample) if !self.reach.still_shows(sample.wall, wall_now()) => {
                    return Ok(Left::TooOld(sample.wall));
                }
                Part::Sample(sample) if self.piece == 0 && self.may_end_before(&sample) => {
                    return self.sound_until(plan, sample.wall);
                }
                Part::Sample(sample) => {
                    let data = plan.read(&sample)?;
                    self.frame(&sample, data)?;
                }
            }
        }
        Ok(Left::Ended)
    }

    /// Whether another answer could go on with the frame: a key frame that begins no run.
    fn may_end_before(&self, sample: &SampleRef) -> bool {
        let goes_on = |lane: &RunLane| lane.lane == Lane::Video && lane.base.is_some();
        sample.track == TrackKind::Video && sample.key && !sample.preroll && self.lanes.iter().any(goes_on)
    }

    /// The sound that belongs to pictures before the key frame: it is decoded before it is shown, and the next answer begins
    /// when it is shown.
    fn sound_until(&mut self, mut plan: ReadPlan, key: WallTime) -> Result<Left, Ended> {
        while let Some(part) = plan.next() {
            let Part::Sample(sample) = part? else { break };
            match sample.track {
                TrackKind::Audio if self.sound.is_some() && sample.wall < key => {
                    let data = plan.read(&sample)?;
                    self.frame(&sample, data)?;
                }
                TrackKind::Video if self.sound.is_some() && self.decoded(&sample) < key => {}
                _ => break,
            }
        }
        Ok(Left::Full(key))
    }

    /// When a picture is decoded.
    fn decoded(&self, sample: &SampleRef) -> WallTime {
        let lane = self.lanes.iter().find(|lane| lane.lane.kind() == sample.track);
        let timescale = lane.map_or(90_000, |lane| i64::from(lane.timescale.max(1)));
        sample.wall.plus_micros(-(i64::from(sample.composition_offset) * 1_000_000 / timescale))
    }

    fn run(&mut self, tracks: &Arc<Tracks>) -> Result<(), Ended> {
        if !self.lanes.is_empty() {
            // Another run: what was before it is not what this answer goes on with.
            self.resumed = None;
        }
        self.lanes.clear();
        for lane in [Some(Lane::Video), self.sound].into_iter().flatten() {
            let Some(coding) = LaneTracks::new(tracks, lane) else { continue };
            let Some(timescale) = coding.tracks.timescale(lane.kind()) else { continue };
            if let Some(init) = coding.init(self.stream, lane) {
                self.put(&[&init.bytes])?;
            }
            self.lanes.push(RunLane { lane, coding, timescale, base: None });
        }
        Ok(())
    }

    fn frame(&mut self, sample: &SampleRef, data: Bytes) -> Result<(), Ended> {
        let Some(lane) = self.lanes.iter_mut().find(|lane| lane.lane.kind() == sample.track) else {
            return Ok(());
        };
        let Some(data) = lane.wrap(sample, data) else { return Ok(()) };
        let shown = ticks(sample.wall, lane.timescale) - i64::from(sample.composition_offset);
        if sample.track == TrackKind::Video {
            self.piece = self.piece.saturating_sub(data.len());
        }
        let discontinuity = lane.base.is_none() && self.resumed.is_none();
        // A picture that is decoded after the key frame and shown before it: the answer before this one did not have it.
        let late = self.resumed.is_some_and(|from| sample.track == TrackKind::Video && sample.wall < from);
        let time = sample.time + *lane.base.get_or_insert(shown - sample.time);
        let mut flags = 0;
        for (flag, set) in [
            (record::KEY, sample.key),
            (record::PRE_ROLL, sample.preroll && !late),
            (record::DISCONTINUITY, discontinuity),
        ] {
            if set {
                flags |= flag;
            }
        }
        self.sequence = self.sequence.wrapping_add(1);
        let meta = SampleMeta {
            size: u32::try_from(data.len()).unwrap_or(u32::MAX),
            duration: sample.duration,
            composition_offset: sample.composition_offset,
            key: sample.key,
        };
        let Ok(head) = fragment_one(self.sequence, sample.track, time, meta) else { return Ok(()) };
        let header = Header {
            flags,
            wall_us: sample.wall.micros(),
            time,
            duration: sample.duration,
            composition_offset: sample.composition_offset,
            data_offset: u32::try_from(head.len()).unwrap_or(0),
            ..bare(Kind::Frame, lane.lane.track())
        };
        self.put(&[&header.to_bytes(), &head, &data])
    }

    /// Puts a record out of its parts behind its length.
    fn put(&mut self, parts: &[&[u8]]) -> Result<(), Ended> {
        let length = parts.iter().map(|part| part.len()).sum::<usize>();
        self.chunk.reserve(4 + length);
        self.chunk.put_u32(u32::try_from(length).unwrap_or(0));
        for part in parts {
            self.chunk.put_slice(part);
        }
        if self.first || self.chunk.len() >= CHUNK {
            // The first picture is what the person waits for.
            self.first = self.lanes.is_empty();
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Ended> {
        let chunk = std::mem::replace(&mut self.chunk, BytesMut::with_capacity(CHUNK)).freeze();
        if chunk.is_empty() {
            return Ok(());
        }
        if self.records.send(chunk) { Ok(()) } else { Err(Ended::Closed) }
    }
}

impl RunLane {
    fn wrap(&self, sample: &SampleRef, data: Bytes) -> Option<Bytes> {
        let Some(flac) = &self.coding.wrapper else { return Some(data) };
        let sample = Sample {
            track: sample.track,
            time: sample.time,
            composition_offset: 0,
            wall: sample.wall,
            key: true,
            data,
        };
        flac.wrap(&sample).ok().map(|wrapped| wrapped.data)
    }
}

fn ticks(wall: WallTime, timescale: u32) -> i64 {
    let ticks = i128::from(wall.micros()) * i128::from(timescale) / 1_000_000;
    i64::try_from(ticks).unwrap_or(0)
}
