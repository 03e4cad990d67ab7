//! Alarms: conditions that somebody should know of.

use model::{AlarmId, CameraId, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an alarm is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmKind {
    /// A camera sends no frames.
    CameraSilent,
    /// A camera refuses the password.
    CameraPassword,
    /// Recordings cannot be written.
    StorageFailed,
    /// The disk is slow: more is at risk than usual.
    StorageSlow,
    /// The disk is full and nothing may be deleted.
    StorageFull,
    /// Recordings cannot be kept as long as is wished.
    RetentionGoals,
    /// The clock jumped.
    ClockJumped,
}

/// An alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Alarm {
    /// Its identifier.
    pub id: AlarmId,
    /// What it is about.
    pub kind: AlarmKind,
    /// The camera that it is about.
    pub camera: Option<CameraId>,
    /// What happened: "Gate north: no frames since 13:58:04".
    pub title: String,
    /// What to do.
    pub advice: String,
    /// When it began.
    pub since: WallTime,
    /// When the condition ended.
    pub ended: Option<WallTime>,
    /// When somebody acknowledged it.
    pub acknowledged: Option<WallTime>,
    /// Who did.
    pub acknowledged_by: Option<String>,
}
