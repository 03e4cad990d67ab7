//! Typed identifiers. Each is a UUID, written as 32 lower-case hex digits, so that it fits into file names.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// A text that is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier: 32 hex digits are expected")]
pub struct ParseIdError;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// A new identifier; later ones sort after earlier ones (UUID version 7).
            #[must_use]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// An identifier that nobody can guess (UUID version 4).
            #[must_use]
            pub fn random() -> Self {
                Self(Uuid::new_v4())
            }

            /// The identifier made of these 16 bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// Its 16 bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0.simple())
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self).map_err(|_| ParseIdError)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some("^[0-9a-f]{32}$"))
                    .description(Some("identifier, 32 hex digits"))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}
    )*};
}

ids! {
    /// Somebody's account at a cloud.
    AccountId,
    /// A condition that somebody should know of.
    AlarmId,
    /// One camera of a site.
    CameraId,
    /// A directory that users and groups come from.
    DirectoryId,
    /// Recordings as files that the site makes.
    ExportId,
    /// A folder of cameras, on which rights are granted.
    FolderId,
    /// A group of users.
    GroupId,
    /// An invitation into an organization of a cloud.
    InvitationId,
    /// What a relay may carry before it asks again.
    LeaseId,
    /// Footage that nothing deletes.
    LockId,
    /// Those who have sites together at a cloud.
    OrganizationId,
    /// One connection of a client to a site through a mediator.
    PeerSessionId,
    /// One input or output port of a device.
    PortId,
    /// A continuous recording of one stream without a gap.
    RunId,
    /// One weekly schedule.
    ScheduleId,
    /// One file of a run.
    SegmentId,
    /// One sign-in.
    SessionId,
    /// One site, for as long as its identity key lives.
    SiteId,
    /// One API token.
    TokenId,
    /// One local user of a site.
    UserId,
    /// A saved arrangement of cameras.
    ViewId,
    /// One directory that holds recordings.
    VolumeId,
}
