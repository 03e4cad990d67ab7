//! Stream profiles of a camera: named ways to pull a stream from it, and which one is recorded.

use model::StreamKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::camera::Codec;

/// A stream profile of a camera.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Profile {
    /// Its name. Every camera has `main`, and `sub` where its source tells of a sub stream; they are not changed here.
    pub name: String,
    /// Where its stream comes from.
    pub video: ProfileVideo,
    /// What it is used for: `main` is recorded, `sub` is for grids; none: only sent where it is asked for by name.
    pub used_as: Option<StreamKind>,
    /// Whether it comes with the camera's source, not from a person.
    pub built_in: bool,
    /// What the stream carried when it was seen last; none where it has not been opened yet.
    pub picture: Option<ProfilePicture>,
}

/// Where a profile's stream comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum ProfileVideo {
    /// An address.
    Rtsp {
        /// `rtsp://…`, without name and password.
        #[schema(max_length = 2048)]
        url: String,
    },
    /// Parameters of an Axis camera. What is left out is the camera's choice.
    Axis {
        /// Codec of the pictures.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        codec: Option<Codec>,
        /// Width and height in pixels, such as `1280x720`.
        #[schema(max_length = 11)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resolution: Option<String>,
        /// Pictures a second.
        #[schema(minimum = 1, maximum = 200)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fps: Option<u8>,
        /// From 0 (best picture) to 100 (fewest bits).
        #[schema(minimum = 0, maximum = 100)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        compression: Option<u8>,
    },
}

/// What a stream carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProfilePicture {
    /// Codec string of the pictures, such as `avc1.64001f`.
    pub video_codec: String,
    /// Codec string of the sound (`ulaw` and `alaw` for G.711).
    pub audio_codec: Option<String>,
    /// Width in pixels.
    pub width: u16,
    /// Height in pixels.
    pub height: u16,
}

/// What a profile shall be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProfileUse {
    /// It is recorded.
    Main,
    /// It is for grids.
    Sub,
    /// It is only sent where it is asked for by name.
    None,
}

/// `POST /v1/cameras/{camera}/profiles`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NewProfile {
    /// Its name; another than those that the camera has.
    #[schema(min_length = 1, max_length = 64)]
    pub name: String,
    /// Where its stream comes from.
    pub video: ProfileVideo,
    /// What it shall be used for.
    #[serde(default = "nothing")]
    pub use_as: ProfileUse,
}

const fn nothing() -> ProfileUse {
    ProfileUse::None
}

/// `PATCH /v1/cameras/{camera}/profiles/{profile}`. What is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ProfileChange {
    /// Its name.
    #[schema(min_length = 1, max_length = 64)]
    pub name: Option<String>,
    /// Where its stream comes from.
    pub video: Option<ProfileVideo>,
    /// What it shall be used for.
    pub use_as: Option<ProfileUse>,
}
