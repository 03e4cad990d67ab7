//! Administrators of the server's own machine: root, and the members of one group of the operating system.
//!
//! What is here: whom the operating system's user database names. It is asked again and again, so that who is taken out
//! of the group loses what it gives, signed in or not. What is not here: how they reach the site (`server::local`), and
//! the users that stand for them (the catalog).

use std::{
    collections::HashMap,
    ffi::CString,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use nix::unistd::{Group, Uid, User, getgrouplist};

/// The group, unless the configuration names another.
pub const GROUP: &str = "martello-admin";
const ROOT: u32 = 0;
/// For so long an answer of the operating system counts: a directory may be behind it.
const REMEMBER: Duration = Duration::from_secs(1);
/// Answers kept; more accounts than administrate one machine.
const REMEMBERED: usize = 256;

/// Who administrates this machine.
#[derive(Debug)]
pub struct Machine {
    group: String,
    known: Mutex<HashMap<u32, (Instant, Option<String>)>>,
}

impl Machine {
    /// Root, and the members of this group; root alone where there is no such group.
    #[must_use]
    pub fn new(group: &str) -> Self {
        Self { group: group.to_owned(), known: Mutex::default() }
    }

    /// The name of the account with this number, where it administrates this machine. Blocking.
    ///
    /// What the user database does not answer is a no, except for root.
    #[must_use]
    pub fn administrator(&self, uid: u32) -> Option<String> {
        if let Some((asked, answer)) = self.known().get(&uid)
            && asked.elapsed() < REMEMBER
        {
            return answer.clone();
        }
        let answer = self.ask(uid);
        let mut known = self.known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(uid, (Instant::now(), answer.clone()));
        answer
    }

    fn ask(&self, uid: u32) -> Option<String> {
        let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
        if uid == ROOT {
            return Some(user.map_or_else(|| "root".to_owned(), |user| user.name));
        }
        let user = user?;
        let name = CString::new(user.name.as_str()).ok()?;
        let group = Group::from_name(&self.group).ok().flatten()?.gid;
        getgrouplist(&name, user.gid).ok()?.contains(&group).then_some(user.name)
    }

    /// The number of the group, where there is one. Blocking.
    #[must_use]
    pub fn group_id(&self) -> Option<u32> {
        Group::from_name(&self.group).ok().flatten().map(|group| group.gid.as_raw())
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<u32, (Instant, Option<String>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of any account, to tell who was refused. Blocking.
#[must_use]
pub fn account(uid: u32) -> String {
    let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
    user.map_or_else(|| format!("uid {uid}"), |user| user.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_administrates_always_and_others_by_the_group_only() {
        for group in ["", "no such group", "root"] {
            assert_eq!(Machine::new(group).administrator(ROOT).as_deref(), Some("root"), "{group:?}");
        }
        // Nobody's number, and one that no account has.
        for uid in [65_534, 3_999_999_999] {
            assert_eq!(Machine::new(GROUP).administrator(uid), None, "{uid}");
            assert_eq!(Machine::new("no such group").administrator(uid), None, "{uid}");
        }
        // The primary group of an account counts as its others do.
        let nobody = User::from_uid(Uid::from_raw(65_534)).ok().flatten();
        if let Some(group) = nobody.and_then(|user| Group::from_gid(user.gid).ok().flatten()) {
            assert!(Machine::new(&group.name).administrator(65_534).is_some());
        }
    }
}
