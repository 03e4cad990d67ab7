//! Recordings: timelines, playback, clips.

use model::{CameraId, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A stretch of recording without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Span {
    /// Time of the first frame.
    pub from: WallTime,
    /// End of the last frame.
    pub to: WallTime,
    /// Bytes.
    pub bytes: u64,
    /// Whether it is being recorded now.
    pub open: bool,
}

/// What happened while a camera was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// Something moved, as the camera says.
    Motion,
    /// Something moved, estimated from the sizes of frames.
    EstimatedMotion,
    /// Somebody recorded it by hand.
    Manual,
    /// Another event of the camera.
    Event,
}

/// A stretch of recording during which something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordedEvent {
    /// What.
    pub kind: EventKind,
    /// From when.
    pub from: WallTime,
    /// Until when; where it goes on: until the newest footage.
    pub to: WallTime,
}

/// One camera's lane of the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lane {
    /// Whose.
    pub camera: CameraId,
    /// Stretches of recording in order. Stretches closer to each other than `resolution_ms` are told as one.
    pub spans: Vec<Span>,
    /// What happened in them, by its start. Stretches of the same kind closer to each other than `resolution_ms` are told as
    /// one.
    pub events: Vec<RecordedEvent>,
}

/// `GET /v1/timeline`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Timeline {
    /// Start of what was asked.
    pub from: WallTime,
    /// End of what was asked.
    pub to: WallTime,
    /// What the site's clock says: later than this is not a gap but the future.
    pub now: WallTime,
    /// One lane a camera.
    pub lanes: Vec<Lane>,
}

/// A day on which there are recordings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordedDays {
    /// Days in the site's time zone, `2026-11-21`, in order.
    pub days: Vec<String>,
}
