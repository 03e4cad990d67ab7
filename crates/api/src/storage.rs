//! Storage: volumes, what is kept on them how long, and locks.

use model::{CameraId, LockId, SiteId, VolumeId, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One volume: a directory that holds recordings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Volume {
    /// Its identifier, kept on the volume itself.
    pub id: VolumeId,
    /// Where it lies.
    pub path: String,
    /// What it is for.
    pub kind: VolumeKind,
    /// Bytes of recordings on it.
    pub used_bytes: u64,
    /// Bytes that recordings may take; none: all but the reserve.
    pub limit_bytes: Option<u64>,
    /// Bytes free on its file system.
    pub free_bytes: u64,
    /// Bytes of the file system.
    pub total_bytes: u64,
    /// Start of the oldest recording.
    pub oldest: Option<WallTime>,
    /// Whether it takes recordings, and why not.
    pub state: VolumeState,
    /// Why it takes none, for people.
    pub reason: Option<String>,
    /// Since when it is so.
    pub since: Option<WallTime>,
    /// The other site that made it, where it is read only.
    pub made_by: Option<SiteId>,
    /// Streams that are recorded on it now.
    pub streams: u32,
    /// Seconds of recording that a power cut could lose now.
    pub at_risk_s: f64,
    /// Bytes a day, on the average of the week as the last four weeks tell it; none: too little was recorded to tell.
    pub bytes_per_day: Option<u64>,
    /// Days until its room is used up and the oldest goes, by the hours of the week in which is recorded; 0: it is now.
    pub full_in_days: Option<f64>,
    /// Days that it holds at this rate once its room is used up.
    pub holds_days: Option<f64>,
}

/// What a volume is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VolumeKind {
    /// Takes recordings.
    #[default]
    Main,
    /// Takes recordings while the volume where they belong cannot.
    Fallback,
}

/// How a volume is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VolumeState {
    /// Being opened.
    Opening,
    /// Takes recordings.
    Ok,
    /// Cannot keep up; more is at risk than usual.
    Slow,
    /// No room, and nothing on it may be deleted.
    Full,
    /// Errors on writing, or it is not there.
    Failed,
    /// Was made by another site; read only until adopted.
    Foreign,
}

/// `POST /v1/volumes`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NewVolume {
    /// The directory, an absolute path on the site's machine. It is made where it is missing; one with recordings of another
    /// site is read only until it is adopted.
    #[schema(min_length = 1, max_length = 4096)]
    pub path: String,
    /// What it is for.
    #[serde(default)]
    pub kind: VolumeKind,
    /// Bytes that recordings may take, 100 MB or more; none: all but the reserve.
    pub limit_bytes: Option<u64>,
}

/// `PATCH /v1/volumes/{volume}`. What is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct VolumeChange {
    /// Bytes that recordings may take, 100 MB or more; 0: all but the reserve.
    pub limit_bytes: Option<u64>,
    /// What it is for.
    pub kind: Option<VolumeKind>,
}

/// What cannot be taken back is asked for twice.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Confirm {
    /// Must be true.
    pub confirm: bool,
}

/// `GET /v1/storage`: what is kept how long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Storage {
    /// Seconds of recording that a power cut could lose now, on all volumes.
    pub at_risk_s: f64,
    /// Why the clock is not trusted, and recordings are not deleted for their age; none: it is.
    pub clock_doubted: Option<String>,
    /// Each camera's.
    pub cameras: Vec<CameraStorage>,
}

/// What is kept of a camera.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CameraStorage {
    /// The camera.
    pub camera: CameraId,
    /// Its name.
    pub name: String,
    /// The volume that was chosen by hand; none: the one with room.
    pub volume: Option<VolumeId>,
    /// The volume that it is recorded to now.
    pub recorded_to: Option<VolumeId>,
    /// Bytes of its recordings.
    pub used_bytes: u64,
    /// Bytes that they may take on all volumes together; none: as much as there is.
    pub max_bytes: Option<u64>,
    /// Days that they are to be kept; none: as long as there is room.
    pub retention_days: Option<u32>,
    /// Start of the oldest one.
    pub oldest: Option<WallTime>,
    /// Bytes a day, on the average of the week as the last four weeks tell it; none: too little was recorded to tell.
    pub bytes_per_day: Option<u64>,
    /// Days that are kept at this rate.
    pub kept_days: Option<f64>,
    /// Whether it is kept as long as is wished.
    pub goal_holds: bool,
}

/// `PATCH /v1/storage/cameras/{camera}`. What is left out is taken back.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct CameraStorageChange {
    /// The volume that it is recorded to; none: the one with room.
    pub volume: Option<VolumeId>,
    /// Bytes that its recordings may take on all volumes together, 100 MB or more; none: as much as there is.
    pub max_bytes: Option<u64>,
}

/// Footage that nothing deletes until it is unlocked. Locks are kept on the volumes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lock {
    /// Its identifier.
    pub id: LockId,
    /// Whose footage; none: every camera's.
    pub cameras: Vec<CameraId>,
    /// From then.
    pub from: WallTime,
    /// Until then.
    pub to: WallTime,
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// `POST /v1/locks`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NewLock {
    /// Whose footage, 1 to 256 cameras.
    #[schema(min_items = 1, max_items = 256)]
    pub cameras: Vec<CameraId>,
    /// From then.
    pub from: WallTime,
    /// Until then.
    pub to: WallTime,
    /// Its name.
    #[schema(min_length = 1, max_length = 128)]
    pub name: String,
    /// Why.
    #[serde(default)]
    #[schema(max_length = 1024)]
    pub reason: String,
}
