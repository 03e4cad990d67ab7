//! Who is connected to this site by a peer session, for status and for whoever wants to disable remote access.
//!
//! What is not here: what they may do; sessions that do not stand yet.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use api::remote::RemotePerson;
use model::{PeerSessionId, WallTime, clock::wall_now};
use tokio::sync::watch;

use crate::peers::Connection;

/// The list; clones are the same.
#[derive(Clone, Default)]
pub struct Presence(Arc<Mutex<BTreeMap<PeerSessionId, Present>>>);

struct Present {
    account: String,
    connection: Arc<Connection>,
    path: watch::Receiver<live::Path>,
    since: WallTime,
}

/// Somebody is on the list for as long as this is held.
pub struct Entered {
    presence: Presence,
    id: PeerSessionId,
}

impl Presence {
    /// Puts a session on the list; nothing where it is there already. `account` is what the cloud says who opened it.
    pub fn enter(
        &self,
        session: &live::Session,
        account: String,
        connection: Arc<Connection>,
    ) -> Option<Entered> {
        let id = session.id();
        let present = Present { account, connection, path: session.path(), since: wall_now() };
        match self.all().entry(id) {
            std::collections::btree_map::Entry::Occupied(_) => return None,
            std::collections::btree_map::Entry::Vacant(place) => place.insert(present),
        };
        Some(Entered { presence: self.clone(), id })
    }

    /// Everybody, as the API tells it.
    #[must_use]
    pub fn people(&self) -> Vec<RemotePerson> {
        let person = |present: &Present| RemotePerson {
            account: present.account.clone(),
            user: present.connection.user(),
            address: present.path.borrow().remote.map(|address| address.ip().to_string()),
            since: present.since,
        };
        self.all().values().map(person).collect()
    }

    /// Their names, each once: of the site's users where they have signed in.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.people().into_iter().map(|person| person.user.unwrap_or(person.account)).collect();
        names.sort();
        names.dedup();
        names
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<PeerSessionId, Present>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.presence.all().remove(&self.id);
    }
}
