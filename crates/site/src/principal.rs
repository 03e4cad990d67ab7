//! Who calls: the one value that handlers and streams ask for rights. It only asks `access`; no rule is made here.

use std::{net::IpAddr, sync::Arc};

use access::{Reach, Resource, Rights};
use api::camera::Camera;
use model::{CameraId, Privilege, SessionId, UserId, WallRange, clock::wall_now};

/// How the caller proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// A sign-in: the session cookie of a browser, or the peer session itself.
    Cookie,
    /// A token of a script.
    Token,
    /// The local socket: the kernel names the account of this machine (its user ID).
    Machine(u32),
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
    /// Whether it stands for an administrator of the server's own machine.
    pub machine: bool,
    /// Whether a second factor is set up.
    pub second_factor: bool,
    /// What the user may do at this site.
    pub rights: Arc<Rights>,
    /// How it was proved.
    pub via: Via,
    /// From where the request came.
    pub address: IpAddr,
    /// Whether it came over a peer session.
    pub remote: bool,
}

/// From where an account of this machine comes, for the audit log.
#[must_use]
pub fn at_machine(uid: u32) -> String {
    format!("this machine, uid {uid}")
}

impl Principal {
    /// From where this caller comes, for the audit log.
    #[must_use]
    pub fn origin(&self) -> String {
        match self.via {
            Via::Machine(uid) => at_machine(uid),
            Via::Cookie | Via::Token if self.remote => format!("{}, peer session", self.address),
            Via::Cookie | Via::Token => self.address.to_string(),
        }
    }

    /// Whether this caller has the privilege on anything at all.
    #[must_use]
    pub fn may(&self, privilege: Privilege) -> bool {
        self.rights.holds_somewhere(privilege)
    }

    /// Whether this caller may do to the camera what asks for the privilege.
    #[must_use]
    pub fn may_on(&self, privilege: Privilege, camera: CameraId) -> bool {
        self.rights.may_on_camera(privilege, camera)
    }

    /// Whether this caller may know that the camera exists.
    #[must_use]
    pub fn sees(&self, camera: CameraId) -> bool {
        self.rights.holds(Privilege::CameraAccess, Resource::Camera(camera))
    }

    /// Whether this caller may know of something that is about the site, or about one camera.
    #[must_use]
    pub fn may_know(&self, privilege: Privilege, camera: Option<CameraId>) -> bool {
        camera.map_or_else(|| self.may(privilege), |camera| self.may_on(privilege, camera))
    }

    /// The part of a range of recordings that this caller may see; none: nothing of it.
    #[must_use]
    pub fn narrow(&self, camera: CameraId, range: WallRange) -> Option<WallRange> {
        self.rights.reach(camera).narrow(range, wall_now())
    }

    /// Whether recordings of this camera are shown without a limit on their age.
    #[must_use]
    pub fn sees_all_recordings(&self, camera: CameraId) -> bool {
        self.rights.reach(camera) == Reach::Everything
    }

    /// A camera as this caller is told of it: with what it may do; its user and addresses only to who can change them.
    #[must_use]
    pub fn tell(&self, mut camera: Camera) -> Camera {
        let shown = |privilege: &Privilege| {
            !matches!(privilege, Privilege::None | Privilege::SignedIn | Privilege::OwnAccount)
        };
        camera.privileges = self.rights.on(camera.id).iter().filter(shown).collect();
        if !self.may(Privilege::Configure) {
            camera.user = None;
        }
        camera
    }
}

/// What a client is told of at a sign-in: all that the caller may do to anything at all.
pub fn held(principal: &Principal) -> impl Iterator<Item = Privilege> {
    Privilege::ALL.iter().copied().filter(|one| *one != Privilege::None && principal.may(*one))
}
