//! Which stream of a camera, and which track of a stream.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::CameraId;

/// A camera's main stream (full picture) or its sub stream (small picture for grids).
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum StreamKind {
    /// Full resolution.
    Main,
    /// Low resolution.
    Sub,
}

/// What a track carries.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum TrackKind {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
}

/// One stream of one camera.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct StreamKey {
    /// Whose stream.
    pub camera: CameraId,
    /// Which of its streams.
    pub kind: StreamKind,
}

impl fmt::Display for StreamKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Main => "main",
            Self::Sub => "sub",
        })
    }
}

impl FromStr for StreamKind {
    type Err = UnknownStream;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "main" => Ok(Self::Main),
            "sub" => Ok(Self::Sub),
            _ => Err(UnknownStream),
        }
    }
}

/// Neither `main` nor `sub`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown stream: main or sub is expected")]
pub struct UnknownStream;

impl fmt::Display for StreamKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.camera, self.kind)
    }
}
