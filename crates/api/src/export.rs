//! Exports: recordings as files that a site makes, checks, keeps for some days and gives out.

use model::{CameraId, ExportId, StreamKind, UserId, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /v1/exports`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NewExport {
    /// Whose recordings; all go into the same files, each with tracks of its own.
    #[schema(min_items = 1, max_items = 16)]
    pub cameras: Vec<CameraId>,
    /// Start of the range.
    pub from: WallTime,
    /// Its end; 7 days later at most.
    pub to: WallTime,
    /// Which stream (unless given: main); the other one is taken where only that was recorded.
    #[serde(default)]
    pub stream: Option<StreamKind>,
    /// With the sound of the cameras that the caller may listen to (unless given: yes).
    #[serde(default)]
    pub audio: Option<bool>,
    /// What the files are (unless given: MP4).
    #[serde(default)]
    pub format: ExportFormat,
    /// What becomes of time in which nothing was recorded (unless given: it is kept).
    #[serde(default)]
    pub gaps: ExportGaps,
}

/// What an exported file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExportFormat {
    /// Progressive MP4: every player plays it.
    #[default]
    Mp4,
    /// Matroska.
    Mkv,
}

/// What becomes of time in which nothing was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExportGaps {
    /// It stays in the file: the last picture stands still meanwhile.
    #[default]
    Keep,
    /// It is left out where no camera has anything.
    Cut,
}

/// An export.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Export {
    /// Which.
    pub id: ExportId,
    /// Whose: the user who asked for it.
    pub user: UserId,
    /// What the user was called then.
    pub by: String,
    /// When it was asked for.
    pub made: WallTime,
    /// What is in it.
    pub cameras: Vec<ExportCamera>,
    /// Start of the range, as far back as the user may see.
    pub from: WallTime,
    /// Its end.
    pub to: WallTime,
    /// What the files are.
    pub format: ExportFormat,
    /// What becomes of time in which nothing was recorded.
    pub gaps: ExportGaps,
    /// How far it is.
    pub state: ExportState,
    /// Bytes that were written, or read again while it is checked.
    pub done_bytes: u64,
    /// Bytes that there are to write; 0: not known yet.
    pub total_bytes: u64,
    /// Seconds until it is done, by the rate so far; none: not known.
    pub left_s: Option<f64>,
    /// When it ended, whichever way.
    pub ended: Option<WallTime>,
    /// When it and its files are deleted.
    pub expires: Option<WallTime>,
    /// Why it failed.
    pub problem: Option<ExportProblem>,
    /// Its files, once it is done. Several, where the coding of the pictures or sound changed within the range.
    pub files: Vec<ExportFile>,
}

/// A camera of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExportCamera {
    /// Which.
    pub id: CameraId,
    /// What it was called then.
    pub name: String,
    /// Which of its streams.
    pub stream: StreamKind,
    /// Whether its sound is exported, where there is any.
    pub audio: bool,
}

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExportState {
    /// Waits for others.
    Queued,
    /// Being written.
    Running,
    /// Being read again and held against the hash chain.
    Checking,
    /// All files are there and hold.
    Done,
    /// It was given up; `problem` tells why.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
}

impl ExportState {
    /// Whether nothing more happens to it.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// Why an export failed, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExportProblem {
    /// What happened.
    pub title: String,
    /// What to do next.
    pub detail: String,
}

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExportFile {
    /// Its name in `GET /v1/exports/{export}/files/{file}`.
    pub name: String,
    /// The name that it is saved under.
    pub save_as: String,
    /// What it is.
    pub kind: ExportFileKind,
    /// Start of its part of the range.
    pub from: WallTime,
    /// Its end.
    pub to: WallTime,
    /// How long it is.
    pub bytes: u64,
    /// SHA-256, 64 hexadecimal digits.
    pub sha256: String,
}

/// What a file of an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExportFileKind {
    /// Pictures and sound.
    Video,
    /// The evidence of the file before it (`docs/reference/evidence.md`).
    Evidence,
}
