//! What was granted: the input of the evaluator. Not what follows from it (`rights`).

use std::collections::HashMap;

use model::{CameraId, FolderId, GroupId, PortId, Privilege, Role, ViewId};

/// On what a privilege was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// On everything of its kind, also what comes later; a system privilege is granted so.
    All,
    /// On one camera.
    Camera(CameraId),
    /// On the cameras that are in a folder at the time.
    Folder(FolderId),
    /// On one view.
    View(ViewId),
    /// On one input or output.
    Port(PortId),
}

/// One privilege on one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Grant {
    /// Which privilege.
    pub privilege: Privilege,
    /// On what.
    pub target: Target,
    /// Of steering a camera: the lower number wins; none: [`Grant::PRIORITY`].
    pub priority: Option<u8>,
}

impl Grant {
    /// The priority of who was given none.
    pub const PRIORITY: u8 = 50;

    /// A privilege on a target.
    #[must_use]
    pub const fn new(privilege: Privilege, target: Target) -> Self {
        Self { privilege, target, priority: None }
    }
}

/// Where rights come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// They were granted to the person.
    Own,
    /// They were granted to a group of this name.
    Group(GroupId, String),
}

/// What one origin gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it comes from.
    pub origin: Origin,
    /// The role that it gives.
    pub role: Role,
    /// What it grants.
    pub grants: Vec<Grant>,
    /// Recordings older than so many minutes are kept from what this source grants; none: all are shown.
    pub recordings_minutes: Option<u32>,
}

/// Which folders each camera is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folders {
    cameras: HashMap<FolderId, Vec<CameraId>>,
}

impl Folders {
    /// Puts a camera into a folder.
    pub fn put(&mut self, folder: FolderId, camera: CameraId) {
        self.cameras.entry(folder).or_default().push(camera);
    }

    /// The cameras of a folder.
    #[must_use]
    pub fn cameras(&self, folder: FolderId) -> &[CameraId] {
        self.cameras.get(&folder).map_or(&[], Vec::as_slice)
    }
}
