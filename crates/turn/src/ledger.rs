//! What a relay and the ledger of accounts say to each other.
//!
//! What is here: the two messages, as JSON or in process, and what they promise.
//! What is not here: the ledger itself; how the messages travel.
//!
//! A *session* is one remote access by one person; its *account* is that of the person who opened it. A relay may let a session
//! use bytes only as far as a *lease* reaches: so many bytes beyond those that it has reported, for so long. The ledger sets
//! leased bytes aside until they are reported as used, given back, or expired, so that all relays together never exceed the quota.
//!
//! Counts are totals since the relay took up the session and only grow: a message that comes twice, late or never changes
//! nothing that the next one does not correct. A relay that crashes loses what it had not reported, at most one lease's time;
//! that is in the account's favour.

use serde::{Deserialize, Serialize};

/// Bytes that a relay asks for at a time.
pub const LEASE_BYTES: u64 = 1_000_000;
/// How long a lease holds, in milliseconds. A relay that uses bytes reports them at least this often.
pub const LEASE_MS: u64 = 5_000;

/// From a relay: so much has been used, so much more is wanted. Answered once with a [`LeaseAnswer`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LeaseRequest {
    /// The running relay: made anew at each of its starts, so that counts of two runs are never taken for one.
    pub relay: String,
    /// Who pays.
    pub account: String,
    /// For which session. Account and session together name a count.
    pub session: String,
    /// Grows with every request of this count; the answer repeats it.
    pub serial: u64,
    /// Payload bytes delivered in this session by this run of the relay, both directions, until now. Never shrinks.
    pub used_bytes: u64,
    /// Bytes wanted beyond `used_bytes`; 0 when the session has ended here: what was set aside is free again.
    pub wanted_bytes: u64,
}

/// The ledger's answer to the request with this serial. Answers to older serials are ignored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LeaseAnswer {
    /// As in the request.
    pub account: String,
    /// As in the request.
    pub session: String,
    /// As in the request.
    pub serial: u64,
    /// What the ledger says.
    pub verdict: LeaseVerdict,
}

/// What the ledger says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LeaseVerdict {
    /// The session may go on; this replaces the lease before it.
    Granted {
        /// Bytes beyond the request's `used_bytes`.
        bytes: u64,
        /// For how long, in milliseconds from the answer's arrival.
        lasts_ms: u64,
        /// Nothing is left after these bytes: the relay stops exactly there instead of going on while it asks again.
        last: bool,
    },
    /// The account's quota is used up: the relay cuts off all its sessions at once.
    UsedUp,
    /// The session is not, or no longer, allowed: the relay cuts it off.
    Ended,
    /// Noted: the answer to a request that wants nothing.
    Noted,
}

impl LeaseRequest {
    /// The answer to this request.
    #[must_use]
    pub fn answer(&self, verdict: LeaseVerdict) -> LeaseAnswer {
        LeaseAnswer {
            account: self.account.clone(),
            session: self.session.clone(),
            serial: self.serial,
            verdict,
        }
    }
}
