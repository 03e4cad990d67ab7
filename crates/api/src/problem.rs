//! Errors on the wire: RFC 9457 problem details with a closed set of codes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What went wrong, told by a code that never changes its meaning.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The request does not have the form that the operation asks for.
    BadRequest,
    /// Nobody is signed in, or the sign-in has ended.
    SignInRequired,
    /// Name or password is wrong.
    WrongPassword,
    /// The password is right, and a code of the authenticator app is needed too (or was wrong).
    SecondFactorRequired,
    /// Too many tries; `retry_after_s` tells when the next one counts.
    TooManyTries,
    /// Signed in, but without the privilege.
    Forbidden,
    /// The request came from another web page.
    WrongOrigin,
    /// There is no such thing (any more).
    NotFound,
    /// The thing exists already, or changed meanwhile.
    Conflict,
    /// The request is larger than the operation takes.
    TooLarge,
    /// The site has its first administrator already.
    AlreadySetUp,
    /// The setup code is wrong or used up.
    WrongSetupCode,
    /// The camera refused the name or password.
    CameraRefusedPassword,
    /// The camera does not answer.
    CameraUnreachable,
    /// The camera answered something that is not understood.
    CameraUnexpected,
    /// The camera's stream has nothing that can be recorded.
    CameraNoStream,
    /// There is no recording in the range.
    NoRecording,
    /// A directory could not be asked.
    DirectoryFailed,
    /// A message could not be delivered to its mail server or web address.
    DeliveryFailed,
    /// The site cannot write its recordings.
    StorageTrouble,
    /// Too much is under way; try again.
    Busy,
    /// A fault of this program. The log has the details.
    Internal,
}

impl Code {
    /// The HTTP status that goes with it.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::SignInRequired | Self::WrongPassword | Self::SecondFactorRequired => 401,
            Self::Forbidden | Self::WrongOrigin | Self::WrongSetupCode => 403,
            Self::NotFound | Self::NoRecording => 404,
            Self::Conflict | Self::AlreadySetUp => 409,
            Self::TooLarge => 413,
            Self::CameraRefusedPassword
            | Self::CameraUnreachable
            | Self::CameraUnexpected
            | Self::CameraNoStream
            | Self::DirectoryFailed
            | Self::DeliveryFailed => 422,
            Self::TooManyTries => 429,
            Self::StorageTrouble | Self::Busy => 503,
            Self::Internal => 500,
        }
    }
}

/// A problem (RFC 9457), sent as `application/problem+json`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: `code` tells the kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status.
    pub status: u16,
    /// What kind of problem it is.
    pub code: Code,
    /// What happened, in one sentence.
    pub title: String,
    /// What to do next, where there is something to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Seconds until trying again makes sense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(code: Code, title: impl Into<String>) -> Self {
        Self {
            kind: "about:blank".into(),
            status: code.status(),
            code,
            title: title.into(),
            detail: None,
            retry_after_s: None,
        }
    }

    /// With what to do next.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With the seconds to wait.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }
}
