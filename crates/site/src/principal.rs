//! Who calls: the one value that handlers and streams ask for rights.

use model::{Privilege, Role, SessionId, UserId};

/// How the caller proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// A browser's session cookie.
    Cookie,
    /// A token of a script.
    Token,
}

/// A caller that is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Which sign-in or token.
    pub session: SessionId,
    /// Which user.
    pub user_id: UserId,
    /// The user's name.
    pub user: String,
    /// What the user is at this site.
    pub role: Role,
    /// How it was proved.
    pub via: Via,
}

impl Principal {
    /// Whether this caller has the privilege.
    #[must_use]
    pub fn may(&self, privilege: Privilege) -> bool {
        privilege.lowest_role().is_none_or(|role| self.role >= role)
    }
}

/// All privileges, for telling a client what its user may do.
pub const PRIVILEGES: [Privilege; 8] = [
    Privilege::SignedIn,
    Privilege::CameraVideo,
    Privilege::CameraListen,
    Privilege::CameraRecord,
    Privilege::Recordings,
    Privilege::Export,
    Privilege::Snapshot,
    Privilege::Configure,
];
