//! The same answers with their reasons: "what may this person do, and why".

use model::{Privilege, Role};

use crate::{
    grant::{Folders, Grant, Origin, Source, Target},
    rights::{Resource, effective, implied},
    set::PrivilegeSet,
};

/// One reason for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Whoever is signed in may.
    SignedIn,
    /// The role of this origin gives everything.
    Administrator(Origin),
    /// This origin grants it.
    Granted {
        /// Where from.
        origin: Origin,
        /// What was granted; it may be more than was asked, such as pictures for access.
        grant: Grant,
    },
    /// It was granted, but the highest role of the person cannot hold it.
    RoleTooLow {
        /// Where from.
        origin: Origin,
        /// The role that is needed.
        needed: Role,
    },
    /// Nothing gives it.
    NotGranted {
        /// The role that could hold it.
        needed: Role,
    },
}

/// Whether the privilege is held on the resource, and why. The reasons for a yes are all that give it; for a no, what is
/// in the way.
#[must_use]
pub fn explain(
    sources: &[Source],
    folders: &Folders,
    privilege: Privilege,
    on: Resource,
) -> (bool, Vec<Reason>) {
    if matches!(privilege, Privilege::None | Privilege::SignedIn | Privilege::OwnAccount) {
        return (true, vec![Reason::SignedIn]);
    }
    let role = sources.iter().map(|source| source.role).max().unwrap_or(Role::Viewer);
    if role == Role::Administrator {
        let administrators = sources.iter().filter(|source| source.role == Role::Administrator);
        return (true, administrators.map(|source| Reason::Administrator(source.origin.clone())).collect());
    }
    let giving = |source: &Source| -> Vec<Grant> {
        let gives = |grant: &&Grant| {
            grant.privilege.is_granted()
                && applies(grant, folders, on)
                && implied(privilege, role, PrivilegeSet::NONE.with(grant.privilege))
        };
        source.grants.iter().filter(gives).copied().collect()
    };
    let (mut yes, mut no) = (Vec::new(), Vec::new());
    for source in sources {
        for grant in giving(source) {
            let origin = source.origin.clone();
            if role >= privilege.lowest_role() && effective(role, grant.privilege) {
                yes.push(Reason::Granted { origin, grant });
            } else {
                let needed = privilege.lowest_role().max(grant.privilege.lowest_role());
                no.push(Reason::RoleTooLow { origin, needed });
            }
        }
    }
    if !yes.is_empty() {
        return (true, yes);
    }
    if no.is_empty() {
        no.push(Reason::NotGranted { needed: privilege.lowest_role() });
    }
    no.dedup();
    (false, no)
}

fn applies(grant: &Grant, folders: &Folders, on: Resource) -> bool {
    use model::Scope;
    match (grant.privilege.scope(), grant.target, on) {
        (_, Target::All, _) => true,
        (Scope::Camera, Target::Camera(granted), Resource::Camera(asked)) => granted == asked,
        (Scope::Camera, Target::Folder(folder), Resource::Camera(asked)) => {
            folders.cameras(folder).contains(&asked)
        }
        (Scope::View, Target::View(granted), Resource::View(asked)) => granted == asked,
        (Scope::Port, Target::Port(granted), Resource::Port(asked)) => granted == asked,
        _ => false,
    }
}
