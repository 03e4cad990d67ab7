//! Who may do what at a cloud: the one evaluator. An operation declares what it asks for (`x-privilege`), the gate asks here.
//!
//! What is not here: rights at a site. Nothing that is decided here opens a camera.

use std::collections::BTreeSet;

use catalog::cloud::organization::{FolderRow, MemberRow};
use model::{FolderId, Role};
use serde::{Deserialize, Serialize};

/// What an operation asks of its caller, in the API document as `x-privilege`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Needs {
    /// Nothing: nobody needs to be signed in.
    None,
    /// An account.
    SignedIn,
    /// To belong to the organization in the address.
    Viewer,
    /// To be its operator.
    Operator,
    /// To be its administrator.
    Administrator,
    /// To run this cloud.
    Cloud,
}

/// What is known of a caller who is signed in.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// Whether the account runs this cloud.
    pub runs_cloud: bool,
    /// What the account is in the organization of the address, where it belongs to it.
    pub member: Option<&'a MemberRow>,
}

/// The answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Go on.
    Allowed,
    /// Somebody has to sign in first.
    SignIn,
    /// There is no such organization, as far as the caller is told.
    NotThere,
    /// The caller may not.
    Forbidden,
}

/// Whether a caller may do what asks for this; `caller` is nothing where nobody is signed in.
#[must_use]
pub fn judge(needs: Needs, caller: Option<Caller<'_>>) -> Verdict {
    let lowest = match needs {
        Needs::None => return Verdict::Allowed,
        Needs::SignedIn | Needs::Cloud => None,
        Needs::Viewer => Some(Role::Viewer),
        Needs::Operator => Some(Role::Operator),
        Needs::Administrator => Some(Role::Administrator),
    };
    let Some(caller) = caller else { return Verdict::SignIn };
    match (lowest, caller.member) {
        (None, _) if needs == Needs::Cloud && !caller.runs_cloud => Verdict::Forbidden,
        (None, _) => Verdict::Allowed,
        (Some(_), None) => Verdict::NotThere,
        (Some(lowest), Some(member)) if rank(member.role) < rank(lowest) => Verdict::Forbidden,
        (Some(_), Some(_)) => Verdict::Allowed,
    }
}

/// The folders whose sites a member sees: its own, and what lies in them.
#[must_use]
pub fn folders(member: &MemberRow, all: &[FolderRow]) -> BTreeSet<FolderId> {
    let Some(own) = &member.folders else { return all.iter().map(|folder| folder.id).collect() };
    let mut seen: BTreeSet<FolderId> =
        all.iter().map(|folder| folder.id).filter(|id| own.contains(id)).collect();
    // Each round goes one level deeper; a folder lies in another one that was there before, so there is an end.
    loop {
        let inner: Vec<FolderId> = all
            .iter()
            .filter(|folder| !seen.contains(&folder.id))
            .filter(|folder| folder.parent.is_some_and(|parent| seen.contains(&parent)))
            .map(|folder| folder.id)
            .collect();
        if inner.is_empty() {
            return seen;
        }
        seen.extend(inner);
    }
}

const fn rank(role: Role) -> u8 {
    match role {
        Role::Viewer => 0,
        Role::Operator => 1,
        Role::Administrator => 2,
    }
}

#[cfg(test)]
mod tests {
    use model::{AccountId, WallTime};

    use super::*;

    fn member(role: Role, folders: Option<Vec<FolderId>>) -> MemberRow {
        let (email, name) = (String::new(), String::new());
        MemberRow { account: AccountId::random(), email, name, role, folders, joined: WallTime::EPOCH }
    }

    #[test]
    fn each_role_may_what_the_lower_ones_may_and_strangers_nothing() {
        use Verdict::{Allowed, Forbidden, NotThere, SignIn};
        let [viewer, operator, administrator] = Role::ALL.map(|role| member(role, None));
        let callers = [
            None,
            Some(Caller { runs_cloud: false, member: None }),
            Some(Caller { runs_cloud: true, member: None }),
            Some(Caller { runs_cloud: false, member: Some(&viewer) }),
            Some(Caller { runs_cloud: false, member: Some(&operator) }),
            Some(Caller { runs_cloud: false, member: Some(&administrator) }),
        ];
        for (needs, expected) in [
            (Needs::None, [Allowed; 6]),
            (Needs::SignedIn, [SignIn, Allowed, Allowed, Allowed, Allowed, Allowed]),
            (Needs::Viewer, [SignIn, NotThere, NotThere, Allowed, Allowed, Allowed]),
            (Needs::Operator, [SignIn, NotThere, NotThere, Forbidden, Allowed, Allowed]),
            (Needs::Administrator, [SignIn, NotThere, NotThere, Forbidden, Forbidden, Allowed]),
            (Needs::Cloud, [SignIn, Forbidden, Allowed, Forbidden, Forbidden, Forbidden]),
        ] {
            assert_eq!(callers.map(|caller| judge(needs, caller)), expected, "{needs:?}");
        }
    }

    #[test]
    fn a_member_of_a_folder_sees_what_lies_in_it_and_nothing_beside() {
        let ids: [FolderId; 5] = core::array::from_fn(|_| FolderId::random());
        let folder = |index: usize, parent: Option<usize>| FolderRow {
            id: ids[index],
            parent: parent.map(|parent| ids[parent]),
            name: String::new(),
            is_default: index == 0,
        };
        let all =
            [folder(0, None), folder(3, Some(2)), folder(1, None), folder(2, Some(1)), folder(4, Some(0))];
        let seen = |own: &[usize]| {
            let own = own.iter().map(|index| ids[*index]).collect();
            folders(&member(Role::Viewer, Some(own)), &all)
        };
        assert_eq!(seen(&[1]), BTreeSet::from([ids[1], ids[2], ids[3]]));
        assert_eq!(seen(&[3]), BTreeSet::from([ids[3]]));
        assert!(seen(&[]).is_empty());
        assert_eq!(folders(&member(Role::Viewer, None), &all).len(), 5);
    }
}
