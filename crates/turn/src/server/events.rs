//! What a server tells its log and its metrics.
//!
//! What is here: plain values.
//! What is not here: text for people, files.

use core::net::SocketAddr;

use super::Client;

/// Something that a log should have. Events that nobody takes are dropped, the oldest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A client has a relayed address.
    Allocated {
        /// Who.
        client: Client,
        /// As peers see it.
        relayed: SocketAddr,
        /// Who pays; the name of a static user.
        account: String,
        /// For which session; empty for a static user.
        session: String,
    },
    /// It has none any more.
    Ended {
        /// Who.
        client: Client,
        /// Why.
        why: Ended,
    },
    /// A request was refused.
    Refused {
        /// From where it seemed to come.
        client: Client,
        /// Why.
        why: Refusal,
    },
    /// The ledger has said that an account's quota is used up; its allocations were cut off.
    UsedUp {
        /// Whose.
        account: String,
    },
}

/// Why an allocation ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// The client gave it back.
    Released,
    /// It was not renewed.
    Expired,
    /// The client's connection ended.
    Disconnected,
    /// The quota is used up.
    UsedUp,
    /// The ledger ended the session.
    SessionEnded,
    /// It was never ready: no port, or no answer of the ledger.
    NotReady,
}

/// Why a request was refused; its code goes to the client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// 400: what must be there is not, or what is there cannot be.
    Malformed,
    /// 401: unknown user, wrong password, expired credential.
    Credentials,
    /// 403: a peer that the policy refuses.
    Peer,
    /// 437: no allocation, or already one.
    Mismatch,
    /// 440, 443: a family of addresses that is not there.
    Family,
    /// 441: the allocation is somebody else's.
    OtherUser,
    /// 442: only UDP is relayed.
    Transport,
    /// 486: too many allocations.
    TooMany,
    /// 486: the quota is used up.
    UsedUp,
    /// 508: no port, no room, or no answer of the ledger.
    Capacity,
}

/// Sums since the start.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counters {
    /// Payload bytes delivered to peers.
    pub to_peers_bytes: u64,
    /// Packets delivered to peers.
    pub to_peers_packets: u64,
    /// Payload bytes delivered to clients, from peers.
    pub to_clients_bytes: u64,
    /// Packets delivered to clients, from peers.
    pub to_clients_packets: u64,
    /// Payload bytes switched from client to client inside.
    pub switched_bytes: u64,
    /// Packets switched from client to client inside.
    pub switched_packets: u64,
    /// Packets that went nowhere: no allocation, no permission, no lease, no sense.
    pub dropped_packets: u64,
    /// Answers that were not given because they would have been larger than the question.
    pub withheld_answers: u64,
    /// Allocations made.
    pub allocations: u64,
    /// Requests refused, challenges for credentials not counted.
    pub refused: u64,
}
