//! What a client hears on the event socket `GET /v1/events` (text messages, JSON).

use model::{CameraId, ExportId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{alarm::Alarm, camera::Camera, export::Export};

/// Something changed. Events of one thing that pile up are told as one: the newest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// First message: protocol versions and release.
    Hello {
        /// Always `martello-events`.
        protocol: String,
        /// Oldest version spoken.
        min: u32,
        /// Newest version spoken.
        max: u32,
        /// The release that runs.
        release: String,
    },
    /// A camera is new or changed.
    Camera {
        /// As it is now.
        camera: Box<Camera>,
    },
    /// A camera was removed.
    CameraRemoved {
        /// Which.
        camera: CameraId,
    },
    /// The list of found devices changed: ask for it.
    Discovery,
    /// An alarm began, changed or ended.
    Alarm {
        /// As it is now.
        alarm: Box<Alarm>,
    },
    /// An export was asked for, goes on, or is over. Told to who made it and to administrators.
    Export {
        /// As it is now.
        export: Box<Export>,
    },
    /// An export was deleted.
    ExportRemoved {
        /// Which.
        export: ExportId,
    },
    /// What the caller may do may have changed: ask for everything.
    Rights,
    /// Site, storage or settings changed: ask for them.
    Site,
}
