//! Rights: the sum of what a person's sources give, ready to be asked at every request.
//!
//! Made once when somebody signs in or something was granted or taken; each question is a lookup.

use std::{collections::HashMap, time::Duration};

use model::{CameraId, PortId, Privilege, Role, Scope, ViewId, WallRange, WallTime};

use crate::{
    PrivilegeSet,
    grant::{Folders, Grant, Source, Target},
};

/// What a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// The site as a whole.
    Site,
    /// One camera.
    Camera(CameraId),
    /// One view.
    View(ViewId),
    /// One input or output.
    Port(PortId),
}

/// How far back recordings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// So many minutes.
    Minutes(u32),
    /// As far as there are any.
    Everything,
}

impl Reach {
    /// By how much what is being sent may be older than the limit.
    pub const ON_ITS_WAY: Duration = Duration::from_secs(3);

    const NOTHING: Self = Self::Minutes(0);

    fn of(source: &Source) -> Self {
        source.recordings_minutes.map_or(Self::Everything, Self::Minutes)
    }

    /// The oldest moment that is shown; none: all are.
    #[must_use]
    pub fn since(self, now: WallTime) -> Option<WallTime> {
        match self {
            Self::Minutes(minutes) => {
                let micros = Duration::from_secs(u64::from(minutes) * 60).as_micros();
                Some(now.plus_micros(-i64::try_from(micros).unwrap_or(i64::MAX)))
            }
            Self::Everything => None,
        }
    }

    /// Whether a moment may still be sent to who asked for it when it was shown: the limit goes on while somebody reads.
    /// So that what was just shown is not cut off on its way, it may be older by [`Reach::ON_ITS_WAY`].
    #[must_use]
    pub fn still_shows(self, at: WallTime, now: WallTime) -> bool {
        let micros = i64::try_from(Self::ON_ITS_WAY.as_micros()).unwrap_or(0);
        self.since(now).is_none_or(|since| at >= since.plus_micros(-micros))
    }

    /// The part of a range that is shown; none: nothing of it.
    #[must_use]
    pub fn narrow(self, range: WallRange, now: WallTime) -> Option<WallRange> {
        let from = self.since(now).map_or(range.from, |since| since.max(range.from));
        WallRange::new(from, range.to)
    }
}

/// What is held on one camera, or on all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    set: PrivilegeSet,
    reach: Reach,
    priority: u8,
}

impl Held {
    const NOTHING: Self = Self { set: PrivilegeSet::NONE, reach: Reach::NOTHING, priority: u8::MAX };
    const EVERYTHING: Self = Self { set: PrivilegeSet::ALL, reach: Reach::Everything, priority: 1 };

    fn add(&mut self, grant: &Grant, reach: Reach) {
        self.set = self.set.with(grant.privilege);
        match grant.privilege {
            Privilege::CameraVideo => self.reach = self.reach.max(reach),
            Privilege::CameraPtz => {
                self.priority = self.priority.min(grant.priority.unwrap_or(Grant::PRIORITY));
            }
            _ => {}
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            set: self.set.or(other.set),
            reach: self.reach.max(other.reach),
            priority: self.priority.min(other.priority),
        }
    }
}

/// The rights of one person, or of one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    role: Role,
    everywhere: Held,
    cameras: HashMap<CameraId, Held>,
    views: HashMap<ViewId, PrivilegeSet>,
    ports: HashMap<PortId, PrivilegeSet>,
    /// What is held on anything at all.
    somewhere: PrivilegeSet,
    /// What a token was made for; everything for a person.
    scope: PrivilegeSet,
}

impl Rights {
    /// The sum of the sources. A person without any source has the lowest role and no right.
    #[must_use]
    pub fn of(sources: &[Source], folders: &Folders) -> Self {
        let role = sources.iter().map(|source| source.role).max().unwrap_or(Role::Viewer);
        let mut rights = Self {
            role,
            everywhere: if role == Role::Administrator { Held::EVERYTHING } else { Held::NOTHING },
            cameras: HashMap::new(),
            views: HashMap::new(),
            ports: HashMap::new(),
            somewhere: PrivilegeSet::NONE,
            scope: PrivilegeSet::ALL,
        };
        if role != Role::Administrator {
            for source in sources {
                let reach = Reach::of(source);
                for grant in source.grants.iter().filter(|grant| effective(role, grant.privilege)) {
                    rights.add(grant, reach, folders);
                }
            }
        }
        let cameras = rights.cameras.values().map(|held| held.set);
        let others = rights.views.values().chain(rights.ports.values()).copied();
        rights.somewhere = cameras.chain(others).fold(rights.everywhere.set, PrivilegeSet::or);
        rights
    }

    fn add(&mut self, grant: &Grant, reach: Reach, folders: &Folders) {
        let privilege = grant.privilege;
        match (privilege.scope(), grant.target) {
            (Scope::Implied, _) => {}
            (_, Target::All) => self.everywhere.add(grant, reach),
            (Scope::Camera, Target::Camera(camera)) => self.camera_mut(camera).add(grant, reach),
            (Scope::Camera, Target::Folder(folder)) => {
                for camera in folders.cameras(folder) {
                    self.camera_mut(*camera).add(grant, reach);
                }
            }
            (Scope::View, Target::View(view)) => {
                let set = self.views.entry(view).or_default();
                *set = set.with(privilege);
            }
            (Scope::Port, Target::Port(port)) => {
                let set = self.ports.entry(port).or_default();
                *set = set.with(privilege);
            }
            // A grant on what the privilege is not about gives nothing.
            _ => {}
        }
    }

    fn camera_mut(&mut self, camera: CameraId) -> &mut Held {
        self.cameras.entry(camera).or_insert(Held::NOTHING)
    }

    /// The same, for what a token was made for only.
    #[must_use]
    pub fn within(mut self, scope: PrivilegeSet) -> Self {
        self.scope = self.scope.and(scope);
        self
    }

    /// The highest role of all sources.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    fn on_camera(&self, camera: CameraId) -> Held {
        self.cameras.get(&camera).map_or(self.everywhere, |held| held.plus(self.everywhere))
    }

    /// Whether the privilege is held on the resource.
    #[must_use]
    pub fn holds(&self, privilege: Privilege, on: Resource) -> bool {
        if !self.in_scope(privilege) || self.role < privilege.lowest_role() {
            return false;
        }
        let set = match on {
            Resource::Site => self.everywhere.set,
            Resource::Camera(camera) => self.on_camera(camera).set,
            Resource::View(view) => {
                self.views.get(&view).copied().unwrap_or_default().or(self.everywhere.set)
            }
            Resource::Port(port) => {
                self.ports.get(&port).copied().unwrap_or_default().or(self.everywhere.set)
            }
        };
        implied(privilege, self.role, set)
    }

    /// Whether the privilege is held on anything at all: what a client offers at all, and what an operation without a
    /// resource in its address asks for.
    #[must_use]
    pub fn holds_somewhere(&self, privilege: Privilege) -> bool {
        self.in_scope(privilege)
            && self.role >= privilege.lowest_role()
            && implied(privilege, self.role, self.somewhere)
    }

    /// Whether an operation that asks for the privilege may be done to the camera.
    #[must_use]
    pub fn may_on_camera(&self, privilege: Privilege, camera: CameraId) -> bool {
        let on = Resource::Camera(camera);
        self.holds(privilege, on) && self.holds(privilege.on_camera(), on)
    }

    /// How far back the recordings of a camera are shown.
    #[must_use]
    pub fn reach(&self, camera: CameraId) -> Reach {
        if self.holds(Privilege::Recordings, Resource::Camera(camera)) {
            self.on_camera(camera).reach
        } else {
            Reach::NOTHING
        }
    }

    /// The priority of steering a camera, where it may be steered: the lower number wins.
    #[must_use]
    pub fn priority(&self, camera: CameraId) -> Option<u8> {
        self.holds(Privilege::CameraPtz, Resource::Camera(camera)).then(|| self.on_camera(camera).priority)
    }

    /// All that is held on a camera.
    #[must_use]
    pub fn on(&self, camera: CameraId) -> PrivilegeSet {
        let holds = |privilege: &Privilege| {
            matches!(privilege.scope(), Scope::Camera | Scope::System | Scope::Implied)
                && self.may_on_camera(*privilege, camera)
        };
        Privilege::ALL.iter().copied().filter(holds).collect()
    }

    /// Whether everything that the others allow on the camera is allowed here too: what is under way may go on.
    #[must_use]
    pub fn cover(&self, others: &Self, camera: CameraId) -> bool {
        self.on(camera).covers(others.on(camera)) && self.reach(camera) >= others.reach(camera)
    }

    fn in_scope(&self, privilege: Privilege) -> bool {
        match privilege {
            Privilege::None | Privilege::SignedIn => true,
            Privilege::OwnAccount => self.scope == PrivilegeSet::ALL,
            _ => self.scope.has(privilege),
        }
    }
}

/// Whether a grant of the privilege gives anything to somebody with this role.
pub(crate) fn effective(role: Role, privilege: Privilege) -> bool {
    privilege.is_granted() && role >= privilege.lowest_role()
}

/// Whether a privilege is held by those who hold these on something.
pub(crate) fn implied(privilege: Privilege, role: Role, held: PrivilegeSet) -> bool {
    match privilege {
        Privilege::None | Privilege::SignedIn | Privilege::OwnAccount => true,
        Privilege::Recordings => held.has(Privilege::CameraVideo),
        Privilege::Configure => role == Role::Administrator,
        _ => held.has(privilege),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_slowly_is_overtaken_by_the_limit() {
        let at = WallTime::from_micros(1_800_000_000_000_000);
        let seconds = |count: i64| at.plus_micros(count * 1_000_000);
        let hour = Reach::Minutes(60);
        for (later, shown) in [(0, true), (3600, true), (3603, true), (3604, false)] {
            assert_eq!(hour.still_shows(at, seconds(later)), shown, "{later} s later");
            assert!(Reach::Everything.still_shows(at, seconds(later)));
        }
        assert!(!Reach::NOTHING.still_shows(at, seconds(4)));
    }
}
