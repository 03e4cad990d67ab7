//! A set of privileges, as small as a number.

use model::Privilege;

/// Some of the privileges.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PrivilegeSet(u64);

impl PrivilegeSet {
    /// No privilege.
    pub const NONE: Self = Self(0);
    /// Every privilege.
    pub const ALL: Self = Self(u64::MAX);

    const fn bit(privilege: Privilege) -> u64 {
        1 << (privilege as u64)
    }

    /// Whether the privilege is in it.
    #[must_use]
    pub const fn has(self, privilege: Privilege) -> bool {
        self.0 & Self::bit(privilege) != 0
    }

    /// With the privilege, and all that comes with it.
    #[must_use]
    pub fn with(self, privilege: Privilege) -> Self {
        let more = Self(self.0 | Self::bit(privilege));
        privilege.implies().map_or(more, |implied| more.with(implied))
    }

    /// What is in either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether everything of the other is in this one.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The privileges in it, in the order in which they are shown.
    pub fn iter(self) -> impl Iterator<Item = Privilege> {
        Privilege::ALL.iter().copied().filter(move |one| self.has(*one))
    }
}

impl FromIterator<Privilege> for PrivilegeSet {
    fn from_iter<I: IntoIterator<Item = Privilege>>(privileges: I) -> Self {
        privileges.into_iter().fold(Self::NONE, Self::with)
    }
}

impl std::fmt::Debug for PrivilegeSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter().map(Privilege::name)).finish()
    }
}
