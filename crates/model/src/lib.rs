//! The nouns of Martello: typed ids, times, stream kinds and roles.
//!
//! What is here: plain values with `serde`, shared by every crate.
//! What is not here: effects, formats on the wire or on disk, behaviour of a service.

pub mod clock;
pub mod ids;
pub mod privilege;
pub mod secret;
pub mod stream;
pub mod time;

pub use ids::{
    AccountId, AlarmId, CameraId, DirectoryId, ExportId, FolderId, GroupId, InvitationId, LeaseId, LockId,
    OrganizationId, PeerSessionId, PortId, RunId, ScheduleId, SegmentId, SessionId, SiteId, TokenId, UserId,
    ViewId, VolumeId,
};
pub use privilege::{Privilege, Role, Scope};
pub use secret::Secret;
pub use stream::{StreamKey, StreamKind, TrackKind};
pub use time::{MediaTime, WallRange, WallTime};
