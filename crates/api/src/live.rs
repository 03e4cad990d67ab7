//! What a client says on the live socket `GET /v1/live` (text messages, JSON). Answers are media records.

use model::{CameraId, StreamKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A message from a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "lowercase")]
pub enum Ask {
    /// Begin to send a camera. A subscription that exists already is changed without a hole: the new stream begins
    /// with a key frame.
    Subscribe {
        /// Chosen by the client, told in every record.
        subscription: u32,
        /// Which camera.
        camera: CameraId,
        /// Which stream; a camera without a sub stream sends its main stream and says so in a notice.
        stream: StreamKind,
        /// A stream profile by its name, in place of `stream`. Records of one that is neither main nor sub say `sub`. A
        /// camera without it sends `stream` and says so in a notice.
        #[schema(max_length = 64)]
        #[serde(default, skip_serializing_if = "Option::is_none")]
        profile: Option<String>,
        /// Whether sound is wanted too.
        #[serde(default)]
        audio: bool,
        /// Whether G.711 sound comes wrapped as FLAC (for MSE) instead of raw (for WebCodecs).
        #[serde(default)]
        flac: bool,
    },
    /// Stop sending.
    Unsubscribe {
        /// Which one.
        subscription: u32,
    },
}

/// No client has more subscriptions than this on one socket.
pub const MAX_SUBSCRIPTIONS: usize = 128;
