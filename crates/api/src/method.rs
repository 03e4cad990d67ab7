//! Recording methods: when a camera is recorded and which of its streams, weekly schedules, and why it is recorded now.

use model::{ScheduleId, StreamKind, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// When a camera is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RecordingMethod {
    /// Never; the camera is connected only while somebody watches.
    Off,
    /// All the time of its schedule.
    #[default]
    Continuous,
    /// While something moves, with pre and post buffer.
    Motion,
    /// Continuously within that schedule, on motion within the other; motion is marked in both.
    Both,
    /// Only when somebody starts it.
    Manual,
}

/// Which streams of a camera.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Streams {
    /// The full picture.
    #[default]
    Main,
    /// The small picture.
    Sub,
    /// Both.
    Both,
}

impl Streams {
    /// Whether this stream is among them.
    #[must_use]
    pub const fn has(self, kind: StreamKind) -> bool {
        match self {
            Self::Both => true,
            Self::Main => matches!(kind, StreamKind::Main),
            Self::Sub => matches!(kind, StreamKind::Sub),
        }
    }
}

/// Where a camera's motion is known from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MotionFrom {
    /// The camera's own events; estimated where it sends none.
    #[default]
    Auto,
    /// The camera's own events only.
    Camera,
    /// Estimated from the sizes of its frames, even where it sends events.
    Estimate,
}

/// When one method records, and what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct When {
    /// Which streams.
    #[serde(default)]
    pub streams: Streams,
    /// The schedule; none: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleId>,
}

/// `GET` and `PUT /v1/cameras/{camera}/recording`: how a camera is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordingSettings {
    /// The method.
    pub method: RecordingMethod,
    /// For the methods `continuous` and `both`.
    #[serde(default)]
    pub continuous: When,
    /// For the methods `motion` and `both`.
    #[serde(default)]
    pub motion: When,
    /// Streams of a recording that a person starts.
    #[serde(default)]
    pub manual_streams: Streams,
    /// A recording that a person starts ends by itself after so many seconds.
    #[serde(default = "RecordingSettings::an_hour")]
    #[schema(minimum = 10, maximum = 86400)]
    pub manual_longest_s: u32,
    /// Whether sound is recorded. What is off is stored nowhere, not even for the pre buffer.
    #[serde(default = "RecordingSettings::yes")]
    pub sound: bool,
    /// Seconds before an event that are recorded too: up to 30 from memory, longer ones from a rolling file.
    #[serde(default = "RecordingSettings::five")]
    #[schema(maximum = 600)]
    pub pre_buffer_s: u32,
    /// Seconds after an event that are recorded too; motion meanwhile begins them anew.
    #[serde(default = "RecordingSettings::ten")]
    #[schema(maximum = 600)]
    pub post_buffer_s: u32,
    /// Where motion is known from.
    #[serde(default)]
    pub motion_from: MotionFrom,
}

impl RecordingSettings {
    /// Longest pre or post buffer, in seconds.
    pub const MOST_BUFFER_S: u32 = 600;
    /// Shortest and longest limit of a manual recording, in seconds.
    pub const MANUAL_S: std::ops::RangeInclusive<u32> = 10..=86_400;

    const fn yes() -> bool {
        true
    }

    const fn five() -> u32 {
        5
    }

    const fn ten() -> u32 {
        10
    }

    const fn an_hour() -> u32 {
        3600
    }
}

impl Default for RecordingSettings {
    fn default() -> Self {
        Self {
            method: RecordingMethod::default(),
            continuous: When::default(),
            motion: When::default(),
            manual_streams: Streams::default(),
            manual_longest_s: Self::an_hour(),
            sound: Self::yes(),
            pre_buffer_s: Self::five(),
            post_buffer_s: Self::ten(),
            motion_from: MotionFrom::default(),
        }
    }
}

/// Why a camera is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// Its schedule says so.
    Continuous,
    /// Something moves, or did a moment ago.
    Motion,
    /// Somebody started it.
    Manual,
}

/// What is known of motion in front of a camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Motion {
    /// Whether something moves now.
    pub active: bool,
    /// Whether that is estimated from the sizes of frames, instead of told by the camera.
    pub estimated: bool,
}

/// What is recorded of a camera now, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordingNow {
    /// The method.
    pub method: RecordingMethod,
    /// Why it is recorded now; empty: it is not.
    pub reasons: Vec<Reason>,
    /// Motion, where it is looked for and known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub motion: Option<Motion>,
    /// When the recording that a person started ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manual_until: Option<WallTime>,
    /// The pre buffer cannot hold what is set: how many seconds it does hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_buffer_only_s: Option<u32>,
}

/// `POST /v1/cameras/{camera}/recording/manual`: start a recording by hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ManualRecording {
    /// Ends by itself after so many seconds; none, or more than the camera's limit: at that limit.
    #[schema(minimum = 1, maximum = 86400)]
    pub seconds: Option<u32>,
}

/// A stretch of a day, in the site's time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayRange {
    /// Start, minutes since midnight as the clock on the wall shows them.
    #[schema(maximum = 1439)]
    pub from_minute: u16,
    /// End, in the same minutes; 1440 is the end of the day.
    #[schema(minimum = 1, maximum = 1440)]
    pub to_minute: u16,
}

/// A week, in the site's time zone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Week {
    /// Stretches of each day, Monday first: seven lists, each in order and without overlap, at most 24 long.
    #[schema(min_items = 7, max_items = 7)]
    pub days: Vec<Vec<DayRange>>,
}

/// `POST /v1/schedules`, `PUT /v1/schedules/{schedule}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewSchedule {
    /// Its name.
    #[schema(min_length = 1, max_length = 128)]
    pub name: String,
    /// When it applies.
    pub week: Week,
}

/// A weekly schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Schedule {
    /// Its identifier.
    pub id: ScheduleId,
    /// Its name.
    pub name: String,
    /// When it applies.
    pub week: Week,
}
