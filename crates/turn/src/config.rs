//! What a server is told before it starts.
//!
//! What is here: values with their defaults.
//! What is not here: files, flags (crate `martello`).

use core::net::IpAddr;
use core::time::Duration;

use crate::credentials::Users;
use crate::policy::PeerPolicy;

/// Everything that a [`crate::Server`] is told.
#[derive(Clone, Debug)]
pub struct Config {
    /// Names this run in messages to the ledger; made anew at every start.
    pub relay: String,
    /// What clients hash their password with: 1 to 127 bytes. Short, because it is in answers to strangers.
    pub realm: String,
    /// Families of addresses that peers can be reached by.
    pub families: Families,
    /// Addresses of this machine, as it has them and as others see them. Nothing is sent to them but from client to client.
    pub own_addresses: Vec<IpAddr>,
    /// Which peers may be reached.
    pub policy: PeerPolicy,
    /// Who may allocate.
    pub users: Users,
    /// How much.
    pub limits: Limits,
}

impl Config {
    /// IPv4 alone, public peers alone, nobody may allocate.
    #[must_use]
    pub fn new(relay: String) -> Self {
        Self {
            relay,
            realm: "martello".to_owned(),
            families: Families { v4: true, v6: false },
            own_addresses: Vec::new(),
            policy: PeerPolicy::default(),
            users: Users::default(),
            limits: Limits::default(),
        }
    }
}

/// Family of a relayed address (RFC 8656 section 18.8).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// The family of an address.
    #[must_use]
    pub const fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }
}

/// Families that allocations can have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Families {
    /// IPv4.
    pub v4: bool,
    /// IPv6.
    pub v6: bool,
}

impl Families {
    /// Whether an allocation can have this one.
    #[must_use]
    pub const fn has(self, family: Family) -> bool {
        match family {
            Family::V4 => self.v4,
            Family::V6 => self.v6,
        }
    }
}

/// Bounds. What is beyond one is refused; nothing that exists is harmed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Allocations of the whole server.
    pub allocations: usize,
    /// Allocations of one account. A remote access has a few at each end. Not for static users.
    pub allocations_per_account: u32,
    /// Allocations from one address, which may be a provider's for many. Not for static users.
    pub allocations_per_address: u32,
    /// Permissions of one allocation.
    pub permissions: usize,
    /// Channels of one allocation.
    pub channels: usize,
    /// Lifetime of an allocation that asks for none, and the least (RFC 8656 section 3.2: 10 minutes).
    pub lifetime_default: Duration,
    /// The longest (RFC 8656 section 7.2: 1 hour).
    pub lifetime_max: Duration,
    /// How long sessions go on, counted, while the ledger does not answer.
    pub ledger_silence: Duration,
    /// Bytes that answers to one unproven address may be larger than its questions, at once.
    pub excess_burst: u32,
    /// The same, per second.
    pub excess_per_s: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            allocations: 16_000,
            allocations_per_account: 64,
            allocations_per_address: 512,
            permissions: 64,
            channels: 64,
            lifetime_default: Duration::from_secs(600),
            lifetime_max: Duration::from_secs(3600),
            ledger_silence: Duration::from_secs(5),
            excess_burst: 512 * 1024,
            excess_per_s: 32 * 1024,
        }
    }
}
