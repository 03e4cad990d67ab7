//! The server as a machine.
//!
//! What is here: its inputs (`handle_*`), its outputs (`poll_*`), its time (`handle_timeout`, `poll_timeout`), and what holds them
//! together. After every input, outputs are taken until there are none.
//! What is not here: requests (`requests`), data (`data`), counts (`sessions`).

mod allocation;
mod answer;
pub(crate) mod authentication;
pub mod data;
pub mod events;
mod requests;
mod sessions;

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::collections::{HashMap, HashSet, VecDeque};

use stun_types::attribute::Realm;
use stun_types::message::{Message, MessageClass, MessageType};
use turn_types::message::SEND;

use crate::amplification::{Excess, network_of};
use crate::arena::{Arena, Key};
use crate::config::{Config, Families, Family, Limits};
use crate::credentials::Users;
use crate::frame::MAX_REQUEST;
use crate::ledger::{LeaseAnswer, LeaseRequest};
use crate::nonce::Nonces;
use crate::policy::PeerPolicy;
use allocation::{Allocation, State};
use answer::Answer;
use data::Pass;
use events::{Counters, Ended, Event, Refusal};
use requests::{CAPACITY, USED_UP};
use sessions::{Answered, Sessions};

/// How often what has expired is looked for. What expires in between is refused when it is used.
const SWEEP: Duration = Duration::from_millis(500);
/// An allocation that is not ready after this time is refused.
const OPENING: Duration = Duration::from_secs(2);
/// How long clients that were cut off are told why.
const CUT: Duration = Duration::from_secs(30);
/// Events that wait to be taken; beyond, the oldest is dropped.
const EVENTS: usize = 1024;

/// When something happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Now {
    /// Since the server's start; never goes back.
    pub since_start: Duration,
    /// Seconds since 1970-01-01T00:00:00Z: credentials expire by it.
    pub unix_s: u64,
}

/// A client: the 5-tuple of RFC 8656, as far as it is not the same for all.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Client {
    /// Where it comes from.
    pub remote: SocketAddr,
    /// How it reaches us.
    pub via: Via,
}

/// How a client reaches us.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Via {
    /// Packets to one of our UDP addresses.
    Udp {
        /// Which listener, by the shell's count.
        listener: u16,
        /// Which of this machine's addresses, where the listener has several.
        local: Option<IpAddr>,
    },
    /// A TCP or TLS connection; its number is never used again.
    Stream {
        /// By the shell's count.
        connection: u64,
    },
}

impl Client {
    /// Everything that tells this client from others.
    pub(crate) fn feed(&self, mut to: impl FnMut(&[u8])) {
        let mut address = |address: IpAddr| match address {
            IpAddr::V4(address) => to(&address.octets()),
            IpAddr::V6(address) => to(&address.octets()),
        };
        address(self.remote.ip());
        match self.via {
            Via::Udp { local: Some(local), .. } => address(local),
            Via::Udp { local: None, .. } | Via::Stream { .. } => {}
        }
        to(&self.remote.port().to_be_bytes());
        match self.via {
            Via::Udp { listener, .. } => to(&listener.to_be_bytes()),
            Via::Stream { connection } => to(&connection.to_be_bytes()),
        }
    }
}

/// A message for a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// To whom.
    pub client: Client,
    /// A whole STUN message.
    pub bytes: Vec<u8>,
}

/// What the shell does with relay sockets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SocketTask {
    /// Open one and say so by [`Server::handle_opened`].
    Open {
        /// For which allocation.
        allocation: Key,
        /// Whose.
        client: Client,
        /// Of which family.
        family: Family,
        /// With an even port.
        even: bool,
    },
    /// Close that of this allocation, if there is one.
    Close {
        /// Of which allocation.
        allocation: Key,
    },
}

/// No relay socket could be opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no relay port is free")]
pub struct OpenError;

/// The configuration cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not 1 to 127 bytes.
    #[error("a realm is 1 to 127 bytes long")]
    Realm,
}

/// The machine.
#[derive(Debug)]
pub struct Server {
    realm: Realm,
    families: Families,
    policy: PeerPolicy,
    limits: Limits,
    users: Users,
    nonces: Nonces,
    own: HashSet<IpAddr>,
    excess: Excess,
    allocations: Arena<Allocation>,
    by_client: HashMap<Client, Key>,
    by_relayed: HashMap<SocketAddr, Key>,
    per_account: HashMap<Box<str>, u32>,
    per_address: HashMap<IpAddr, u32>,
    sessions: Sessions,
    replies: VecDeque<Reply>,
    sockets: VecDeque<SocketTask>,
    events: VecDeque<Event>,
    counters: Counters,
    indications: u64,
    next_sweep: Duration,
}

impl Server {
    /// A server without allocations. `seed` is random and of this start alone.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn new(config: Config, seed: &[u8; 32]) -> Result<Self, ConfigError> {
        let realm = Realm::new(&config.realm).map_err(|_| ConfigError::Realm)?;
        if !(1..=127).contains(&config.realm.len()) {
            return Err(ConfigError::Realm);
        }
        Ok(Self {
            realm,
            families: config.families,
            policy: config.policy,
            limits: config.limits,
            users: config.users,
            nonces: Nonces::new(seed).ok_or(ConfigError::Realm)?,
            own: config.own_addresses.into_iter().filter(|address| !address.is_unspecified()).collect(),
            excess: Excess::new(config.limits.excess_burst, config.limits.excess_per_s),
            allocations: Arena::new(),
            by_client: HashMap::new(),
            by_relayed: HashMap::new(),
            per_account: HashMap::new(),
            per_address: HashMap::new(),
            sessions: Sessions::new(config.relay, config.limits.ledger_silence),
            replies: VecDeque::new(),
            sockets: VecDeque::new(),
            events: VecDeque::new(),
            counters: Counters::default(),
            indications: 0,
            next_sweep: Duration::ZERO,
        })
    }

    /// One message from a client: a UDP packet, or a frame of a stream without its padding. What it makes pass is returned;
    /// all else is to be polled.
    pub fn handle_client(&mut self, client: Client, message: &[u8], now: Now) -> Option<Pass> {
        match message.first() {
            Some(0x40..=0x7f) => {
                let pass = self.handle_channel_data(client, message, now);
                if pass.is_none() {
                    self.counters.dropped_packets += 1;
                }
                pass
            }
            Some(0x00..=0x3f) => self.handle_stun(client, message, now),
            _ => {
                self.counters.dropped_packets += 1;
                None
            }
        }
    }

    fn handle_stun(&mut self, client: Client, bytes: &[u8], now: Now) -> Option<Pass> {
        let is_send = |kind: MessageType| kind.has_class(MessageClass::Indication) && kind.has_method(SEND);
        let fits = |kind: MessageType| bytes.len() <= MAX_REQUEST || is_send(kind);
        let header = stun_types::message::MessageHeader::from_bytes(bytes).ok().filter(|header| {
            usize::from(header.data_length()) + 20 == bytes.len() && fits(header.get_type())
        });
        let message = header.and_then(|_| Message::from_bytes(bytes).ok());
        let pass = match &message {
            Some(message) if message.has_class(MessageClass::Request) => {
                self.handle_request(client, message, now);
                return None;
            }
            Some(message) if is_send(message.get_type()) => self.handle_send(client, message, now),
            _ => None,
        };
        if pass.is_none() {
            self.counters.dropped_packets += 1;
        }
        pass
    }

    /// The socket of an allocation is open (its address as peers see it), or could not be opened.
    pub fn handle_opened(&mut self, key: Key, opened: Result<SocketAddr, OpenError>, now: Now) {
        let Some(allocation) = self.allocations.get_mut(key) else {
            // It has gone meanwhile.
            self.sockets.push_back(SocketTask::Close { allocation: key });
            return;
        };
        match opened {
            Ok(relayed) => {
                allocation.relayed = Some(relayed);
                self.own.insert(relayed.ip());
                self.by_relayed.insert(relayed, key);
                self.finish_opening(key, now.since_start);
            }
            Err(OpenError) => self.fail_opening(key, CAPACITY, now.since_start),
        }
    }

    /// The connection of a client has ended.
    pub fn handle_disconnected(&mut self, client: Client, now: Now) {
        if let Some(key) = self.by_client.get(&client).copied() {
            self.remove(key, Ended::Disconnected, now.since_start);
        }
    }

    /// The ledger has answered.
    pub fn handle_lease(&mut self, answer: &LeaseAnswer, now: Now) {
        let since = now.since_start;
        let concerned: Vec<Key>;
        match self.sessions.answer(answer, since) {
            Answered::Nothing => {}
            Answered::Granted(session) => {
                concerned = self.allocations_where(|one| one.session == session);
                concerned.into_iter().for_each(|key| self.finish_opening(key, since));
            }
            Answered::UsedUp { account } => {
                let sessions = &self.sessions;
                let of_account = |key| sessions.get(key).is_some_and(|one| *one.account == *account);
                concerned = self.allocations_where(|one| of_account(one.session));
                concerned.into_iter().for_each(|key| self.cut(key, Ended::UsedUp, since));
                self.event(Event::UsedUp { account });
            }
            Answered::Ended(session) => {
                concerned = self.allocations_where(|one| one.session == session);
                concerned.into_iter().for_each(|key| self.cut(key, Ended::SessionEnded, since));
            }
        }
    }

    fn allocations_where(&self, holds: impl Fn(&Allocation) -> bool) -> Vec<Key> {
        self.allocations.iter().filter(|(_, one)| holds(one)).map(|(key, _)| key).collect()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Now) {
        let now = now.since_start;
        if now < self.next_sweep {
            return;
        }
        self.next_sweep = now + SWEEP;
        for key in self.allocations_where(|one| one.expires <= now) {
            self.remove(key, Ended::Expired, now);
        }
        let late = |one: &Allocation| match &one.state {
            State::Opening(opening) => now.saturating_sub(opening.since) >= OPENING,
            State::Open | State::Cut(_) => false,
        };
        for key in self.allocations_where(late) {
            self.fail_opening(key, CAPACITY, now);
        }
        self.sessions.sweep(now);
    }

    /// When [`Self::handle_timeout`] has something to do, as time since the start.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        (self.allocations.len() + self.sessions.len() > 0).then_some(self.next_sweep)
    }

    /// The next message for a client.
    pub fn poll_reply(&mut self) -> Option<Reply> {
        self.replies.pop_front()
    }

    /// The next thing to do with a relay socket.
    pub fn poll_socket(&mut self) -> Option<SocketTask> {
        self.sockets.pop_front()
    }

    /// The next message to the ledger.
    pub fn poll_lease(&mut self) -> Option<LeaseRequest> {
        self.sessions.poll_request()
    }

    /// The next thing for the log.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Sums since the start.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How many allocations there are.
    #[must_use]
    pub fn allocations(&self) -> usize {
        self.allocations.len()
    }

    /// Whether this client has an allocation: then its connection is kept.
    #[must_use]
    pub fn has_allocation(&self, client: &Client) -> bool {
        self.by_client.contains_key(client)
    }

    /// Answers Allocate when both the socket and, where it is billed, a lease are there.
    fn finish_opening(&mut self, key: Key, now: Duration) {
        let Some(allocation) = self.allocations.get_mut(key) else { return };
        let (State::Opening(opening), Some(relayed)) = (&allocation.state, allocation.relayed) else {
            return;
        };
        if !self.sessions.is_ready(allocation.session, now) {
            return;
        }
        let (signer, lifetime) = (opening.signer.clone(), opening.lifetime);
        allocation.state = State::Open;
        let (client, transaction) = (allocation.client, allocation.transaction);
        let session = self.sessions.get(allocation.session);
        let (account, session) =
            session.map_or_else(Default::default, |one| (one.account.to_string(), one.name.to_string()));
        self.counters.allocations += 1;
        self.event(Event::Allocated { client, relayed, account, session });
        self.with_request(transaction, |server, request| {
            let answer = Answer::success(request).relayed(request, relayed).lifetime(lifetime);
            let answer = answer.mapped(request, client.remote).finish(Some(&signer));
            server.reply(client, answer);
        });
    }

    fn fail_opening(&mut self, key: Key, (why, code, reason): (Refusal, u16, &str), now: Duration) {
        let Some(allocation) = self.allocations.get(key) else { return };
        let State::Opening(opening) = &allocation.state else { return };
        let (client, transaction, signer) =
            (allocation.client, allocation.transaction, opening.signer.clone());
        self.refused(client, why);
        self.with_request(transaction, |server, request| {
            server.reply(client, Answer::error(request, code, reason).finish(Some(&signer)));
        });
        self.remove(key, Ended::NotReady, now);
    }

    /// Calls `then` with an Allocate request of this transaction: an answer needs no more of it.
    fn with_request(
        &mut self,
        transaction: stun_types::message::TransactionId,
        then: impl FnOnce(&mut Self, &Message<'_>),
    ) {
        use stun_types::message::{MessageWrite as _, MessageWriteVec};
        let kind = MessageType::from_class_method(MessageClass::Request, turn_types::message::ALLOCATE);
        let bytes = Message::builder(kind, transaction, MessageWriteVec::new()).finish();
        if let Ok(request) = Message::from_bytes(&bytes) {
            then(self, &request);
        }
    }

    /// Ends an allocation at once. Its client is told why by the next answers; there is no message that TURN could send it.
    fn cut(&mut self, key: Key, why: Ended, now: Duration) {
        let Some(allocation) = self.allocations.get_mut(key) else { return };
        let reason = match why {
            Ended::UsedUp => USED_UP.2,
            _ => "Session Ended",
        };
        match allocation.state {
            State::Opening(_) => return self.fail_opening(key, (USED_UP.0, USED_UP.1, reason), now),
            State::Cut(_) => return,
            State::Open => {}
        }
        allocation.state = State::Cut(reason);
        allocation.expires = now + CUT;
        allocation.permissions = Vec::new();
        allocation.channels = Vec::new();
        let client = allocation.client;
        self.release(key, now);
        self.event(Event::Ended { client, why });
    }

    fn remove(&mut self, key: Key, why: Ended, now: Duration) {
        let Some(allocation) = self.allocations.get(key) else { return };
        let (client, open) = (allocation.client, allocation.is_open());
        if !matches!(allocation.state, State::Cut(_)) {
            self.release(key, now);
        }
        self.allocations.remove(key);
        if self.by_client.get(&client) == Some(&key) {
            self.by_client.remove(&client);
        }
        if open {
            self.event(Event::Ended { client, why });
        }
    }

    /// Gives back what an allocation holds: its socket, its place in the counts, its part of the session.
    fn release(&mut self, key: Key, now: Duration) {
        let Some(allocation) = self.allocations.get_mut(key) else { return };
        let (session, address) = (allocation.session, network_of(allocation.client.remote.ip()));
        if let Some(relayed) = allocation.relayed.take()
            && self.by_relayed.get(&relayed) == Some(&key)
        {
            self.by_relayed.remove(&relayed);
        }
        self.sockets.push_back(SocketTask::Close { allocation: key });
        if let Some(one) = self.sessions.get(session).filter(|one| one.is_billed()) {
            less(&mut self.per_account, &one.account);
            less(&mut self.per_address, &address);
        }
        self.sessions.close(session, now);
    }

    fn reply(&mut self, client: Client, bytes: Vec<u8>) {
        self.replies.push_back(Reply { client, bytes });
    }

    /// An answer to somebody who has shown nothing: over UDP its address may be another's.
    fn answer_stranger(&mut self, client: Client, question: usize, answer: Vec<u8>, now: Now) {
        let excess = answer.len().saturating_sub(question);
        let proven = matches!(client.via, Via::Stream { .. }) || self.by_client.contains_key(&client);
        if proven || excess == 0 || self.excess.spend(client.remote.ip(), excess, now.since_start) {
            self.reply(client, answer);
        } else {
            self.counters.withheld_answers += 1;
        }
    }

    fn refused(&mut self, client: Client, why: Refusal) {
        self.counters.refused += 1;
        self.event(Event::Refused { client, why });
    }

    fn event(&mut self, event: Event) {
        if self.events.len() >= EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }
}

/// Takes one from a count and forgets counts of nothing.
fn less<K: core::hash::Hash + Eq + core::borrow::Borrow<Q>, Q: core::hash::Hash + Eq + ?Sized>(
    counts: &mut HashMap<K, u32>,
    of: &Q,
) {
    if let Some(count) = counts.get_mut(of) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(of);
        }
    }
}
