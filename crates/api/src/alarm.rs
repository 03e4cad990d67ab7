//! Alarms: conditions that somebody should know of.

use model::{AlarmId, CameraId, DirectoryId, WallTime};
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
    /// A directory of users and groups cannot be asked.
    DirectoryDown,
    /// The TLS certificate ends within 21 days, and the site cannot renew it by itself.
    CertificateEnds,
    /// It ends within 7 days.
    CertificateEndsSoon,
    /// It has ended.
    CertificateEnded,
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
    /// The directory that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryId>,
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
