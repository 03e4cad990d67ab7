//! What has been used, and how far the next lease reaches.
//!
//! What is here: one count for each session, the requests to the ledger that it causes, and what its answers mean.
//! What is not here: allocations (`allocation`); the ledger (`crate::ledger` has its messages).

use core::time::Duration;
use std::collections::{HashMap, VecDeque};

use crate::arena::{Arena, Key};
use crate::ledger::{LEASE_BYTES, LEASE_MS, LeaseAnswer, LeaseRequest, LeaseVerdict};

/// A request that has no answer is made again after this time.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// Used bytes are reported before a lease's time is half over.
const REPORT_EVERY: Duration = Duration::from_millis(LEASE_MS / 2);
/// Fewer last bytes than a packet has are none.
const ONE_PACKET: u64 = 1_500;
/// How long a session that has ended tries to report its last bytes.
const LAST_REPORT: Duration = Duration::from_secs(60);

/// The count of one session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) account: Box<str>,
    pub(super) name: Box<str>,
    billed: bool,
    allocations: u32,
    /// Bytes delivered.
    used: u64,
    /// Bytes that were reported and then turned out not to be delivered: the next ones are free.
    credit: u64,
    lease: Lease,
    /// A packet of so many bytes did not fit into the last lease.
    short_of: u64,
    /// `used` as the ledger knows it.
    reported: u64,
    serial: u64,
    asked: Option<Asked>,
    queued: bool,
    ended: Option<Duration>,
    last_asked: Duration,
}

#[derive(Clone, Copy, Default, Debug)]
struct Lease {
    /// `used` may reach this.
    limit: u64,
    /// At this the next lease is asked for.
    renew_at: u64,
    expires: Duration,
    last: bool,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    /// The first request that has no answer.
    since: Duration,
    /// The newest one.
    at: Duration,
    used: u64,
}

/// What an answer of the ledger has changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Answered {
    Nothing,
    Granted(Key),
    UsedUp { account: String },
    Ended(Key),
}

/// All counts of the server.
#[derive(Debug)]
pub(super) struct Sessions {
    relay: String,
    silence: Duration,
    sessions: Arena<Session>,
    by_name: HashMap<(Box<str>, Box<str>), Key>,
    /// Sessions whose newest request is to be sent: each at most once.
    requests: VecDeque<Key>,
}

impl Sessions {
    pub(super) fn new(relay: String, silence: Duration) -> Self {
        Self { relay, silence, sessions: Arena::new(), by_name: HashMap::new(), requests: VecDeque::new() }
    }

    /// The session of a new allocation.
    pub(super) fn open(&mut self, account: &str, name: &str, billed: bool, now: Duration) -> Key {
        let names = (Box::from(account), Box::from(name));
        let key = match self.by_name.get(&names) {
            Some(key) => *key,
            None => {
                let key = self.sessions.insert(Session {
                    account: names.0.clone(),
                    name: names.1.clone(),
                    billed,
                    allocations: 0,
                    used: 0,
                    credit: 0,
                    lease: Lease::default(),
                    short_of: 0,
                    reported: 0,
                    serial: 0,
                    asked: None,
                    queued: false,
                    ended: None,
                    last_asked: now,
                });
                self.by_name.insert(names, key);
                key
            }
        };
        if let Some(session) = self.sessions.get_mut(key) {
            session.allocations += 1;
            // An answer to the last report would be none to this.
            let again = session.ended.take().is_some();
            if again || (!session.is_leased(now) && session.asked.is_none()) {
                session.ask(key, now, &mut self.requests);
            }
        }
        key
    }

    pub(super) fn get(&self, key: Key) -> Option<&Session> {
        self.sessions.get(key)
    }

    pub(super) fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Whether bytes may pass without waiting for the ledger.
    pub(super) fn is_ready(&self, key: Key, now: Duration) -> bool {
        self.sessions.get(key).is_some_and(|session| session.is_leased(now))
    }

    /// Whether `bytes` may pass now. Asks for the next lease in time.
    pub(super) fn may_use(&mut self, key: Key, bytes: u64, now: Duration) -> bool {
        let Some(session) = self.sessions.get_mut(key) else { return false };
        if !session.billed {
            return true;
        }
        let after = session.used.saturating_add(bytes);
        let beyond = after > session.lease.limit || now >= session.lease.expires;
        if (beyond || after >= session.lease.renew_at) && session.asked.is_none() {
            session.ask(key, now, &mut self.requests);
        }
        if !beyond {
            return true;
        }
        if session.lease.last && after > session.lease.limit {
            session.short_of = bytes;
            return false;
        }
        // Goes on, counted, while the ledger thinks.
        let silent = session.asked.map_or(Duration::ZERO, |asked| now.saturating_sub(asked.since));
        silent < self.silence
    }

    /// These bytes were delivered.
    pub(super) fn used(&mut self, key: Key, bytes: u64) {
        if let Some(session) = self.sessions.get_mut(key) {
            let free = session.credit.min(bytes);
            session.credit -= free;
            session.used = session.used.saturating_add(bytes - free);
        }
    }

    /// These were not, after all.
    pub(super) fn not_used(&mut self, key: Key, bytes: u64) {
        if let Some(session) = self.sessions.get_mut(key) {
            // What the ledger may have heard of never shrinks.
            let told = session.asked.map_or(session.reported, |asked| asked.used);
            let back = bytes.min(session.used.saturating_sub(told));
            session.used -= back;
            session.credit = session.credit.saturating_add(bytes - back);
        }
    }

    /// An allocation of this session has gone.
    pub(super) fn close(&mut self, key: Key, now: Duration) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        session.allocations = session.allocations.saturating_sub(1);
        if session.allocations > 0 {
            return;
        }
        if session.billed {
            session.ended = Some(now);
            session.ask(key, now, &mut self.requests);
        } else {
            self.forget(key);
        }
    }

    fn forget(&mut self, key: Key) {
        if let Some(session) = self.sessions.remove(key) {
            self.by_name.remove(&(session.account, session.name));
        }
    }

    /// What the ledger says.
    pub(super) fn answer(&mut self, answer: &LeaseAnswer, now: Duration) -> Answered {
        let names = (Box::from(answer.account.as_str()), Box::from(answer.session.as_str()));
        let Some(key) = self.by_name.get(&names).copied() else { return Answered::Nothing };
        let Some(session) = self.sessions.get_mut(key) else { return Answered::Nothing };
        let Some(asked) = session.asked.filter(|_| session.serial == answer.serial) else {
            return Answered::Nothing;
        };
        session.asked = None;
        session.reported = asked.used;
        if session.ended.is_some() {
            self.forget(key);
            return Answered::Nothing;
        }
        let short_of = core::mem::take(&mut session.short_of);
        match answer.verdict {
            // Last bytes that are too few for what waits for them are none.
            LeaseVerdict::Granted { bytes, lasts_ms, last }
                if bytes > 0 && !(last && bytes < short_of.max(ONE_PACKET)) =>
            {
                session.lease = Lease {
                    limit: asked.used.saturating_add(bytes),
                    renew_at: if last { u64::MAX } else { asked.used.saturating_add(bytes / 2) },
                    expires: now.saturating_add(Duration::from_millis(lasts_ms)),
                    last,
                };
                Answered::Granted(key)
            }
            LeaseVerdict::Granted { .. } | LeaseVerdict::UsedUp => {
                session.lease = Lease { last: true, ..Lease::default() };
                Answered::UsedUp { account: answer.account.clone() }
            }
            LeaseVerdict::Ended => {
                session.lease = Lease { last: true, ..Lease::default() };
                Answered::Ended(key)
            }
            LeaseVerdict::Noted => Answered::Nothing,
        }
    }

    /// Asks again what was not answered, reports what was used.
    pub(super) fn sweep(&mut self, now: Duration) {
        let due: Vec<Key> =
            self.sessions.iter().filter(|(_, session)| session.is_due(now)).map(|(key, _)| key).collect();
        for key in due {
            let Some(session) = self.sessions.get_mut(key) else { continue };
            if session.ended.is_some_and(|ended| now.saturating_sub(ended) >= LAST_REPORT) {
                self.forget(key);
                continue;
            }
            session.ask(key, now, &mut self.requests);
        }
    }

    /// The next message to the ledger.
    pub(super) fn poll_request(&mut self) -> Option<LeaseRequest> {
        while let Some(key) = self.requests.pop_front() {
            let Some(session) = self.sessions.get_mut(key) else { continue };
            session.queued = false;
            if let Some(asked) = session.asked {
                return Some(LeaseRequest {
                    relay: self.relay.clone(),
                    account: session.account.to_string(),
                    session: session.name.to_string(),
                    serial: session.serial,
                    used_bytes: asked.used,
                    wanted_bytes: if session.ended.is_some() { 0 } else { LEASE_BYTES },
                });
            }
        }
        None
    }
}

impl Session {
    pub(super) const fn is_billed(&self) -> bool {
        self.billed
    }

    fn is_leased(&self, now: Duration) -> bool {
        !self.billed || (self.used < self.lease.limit && now < self.lease.expires)
    }

    fn ask(&mut self, key: Key, now: Duration, requests: &mut VecDeque<Key>) {
        if !self.queued {
            self.queued = true;
            requests.push_back(key);
        }
        self.serial += 1;
        let since = self.asked.map_or(now, |asked| asked.since);
        self.asked = Some(Asked { since, at: now, used: self.used });
        self.last_asked = now;
    }

    fn is_due(&self, now: Duration) -> bool {
        match self.asked {
            Some(asked) => now.saturating_sub(asked.at) >= ASK_AGAIN,
            None => {
                self.billed
                    && self.used != self.reported
                    && now.saturating_sub(self.last_asked) >= REPORT_EVERY
            }
        }
    }
}
