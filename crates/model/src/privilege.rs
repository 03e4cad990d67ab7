//! Roles, and the privileges that operations ask for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What somebody is at a site.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Watches.
    Viewer,
    /// Watches, plays back, saves.
    Operator,
    /// Everything.
    Administrator,
}

/// What an operation asks of its caller; written into the API document as `x-privilege`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Privilege {
    /// Nobody needs to be signed in.
    None,
    /// Anybody who is signed in.
    SignedIn,
    /// See that a camera exists, and its pictures live.
    CameraVideo,
    /// Hear a camera.
    CameraListen,
    /// Start and stop manual recording.
    CameraRecord,
    /// See recordings.
    Recordings,
    /// Take recordings out of the system.
    Export,
    /// Take single pictures.
    Snapshot,
    /// Change the site: cameras, storage, settings.
    Configure,
}

impl Privilege {
    /// The lowest role that has it. (The privileges of single users and cameras refine this.)
    #[must_use]
    pub const fn lowest_role(self) -> Option<Role> {
        match self {
            Self::None => None,
            Self::SignedIn | Self::CameraVideo | Self::CameraListen | Self::Snapshot => Some(Role::Viewer),
            Self::CameraRecord | Self::Recordings | Self::Export => Some(Role::Operator),
            Self::Configure => Some(Role::Administrator),
        }
    }

    /// Its name in the API document.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SignedIn => "signed-in",
            Self::CameraVideo => "camera-video",
            Self::CameraListen => "camera-listen",
            Self::CameraRecord => "camera-record",
            Self::Recordings => "recordings",
            Self::Export => "export",
            Self::Snapshot => "snapshot",
            Self::Configure => "configure",
        }
    }
}

impl fmt::Display for Privilege {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
