//! The path of data: what a packet from a client or a peer becomes.
//!
//! What is here: look-ups, the permission, the count, the few bytes that are written before a payload. Nothing is copied: a
//! [`Pass`] says which bytes of the packet go where.
//! What is not here: requests (`requests`), sending.

use core::net::SocketAddr;
use core::ops::Range;
use core::time::Duration;

use stun_types::attribute::AttributeStaticType as _;
use stun_types::message::{Message, MessageClass, MessageType, TransactionId};
use turn_types::attribute::{Data, XorPeerAddress};
use turn_types::channel::ChannelData;
use turn_types::message::DATA;

use super::{Client, Now, Server, Via};
use crate::arena::Key;

/// What becomes of a packet: `prefix`, then `payload` of it, then `padding` zeros, sent to `to`. It is counted already; where
/// sending fails, [`Server::handle_unsent`] takes that back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pass {
    /// Where to.
    pub to: To,
    /// Written before the payload.
    pub prefix: Prefix,
    /// Which bytes of the packet.
    pub payload: Range<usize>,
    /// Zeros after the payload, 0 to 3.
    pub padding: u8,
    /// On whose behalf it is counted.
    pub allocation: Key,
}

/// Where a payload goes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum To {
    /// From the relay socket of an allocation to a peer.
    Peer {
        /// Whose socket.
        socket: Key,
        /// The peer.
        address: SocketAddr,
    },
    /// To a client, as it reaches us.
    Client(Client),
}

/// At most this is written before a payload: a Data indication with an IPv6 peer.
const PREFIX: usize = 20 + 24 + 4;

/// The few bytes before a payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Prefix {
    bytes: [u8; PREFIX],
    length: u8,
}

impl Prefix {
    const NONE: Self = Self { bytes: [0; PREFIX], length: 0 };

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }

    fn push(&mut self, bytes: &[u8]) {
        let from = usize::from(self.length);
        if let Some(to) = self.bytes.get_mut(from..from + bytes.len()) {
            to.copy_from_slice(bytes);
            self.length += bytes.len() as u8;
        }
    }

    fn channel(number: u16, length: u16) -> Self {
        let mut prefix = Self::NONE;
        prefix.push(&number.to_be_bytes());
        prefix.push(&length.to_be_bytes());
        prefix
    }

    /// A Data indication (RFC 8656 section 11.4) up to its payload. Nobody answers an indication: its transaction is a number.
    fn indication(transaction: TransactionId, peer: SocketAddr, length: u16) -> Self {
        let mut prefix = Self::NONE;
        let address = XorPeerAddress::new(peer, transaction);
        let address = stun_types::attribute::AttributeWrite::to_raw(&address).to_bytes();
        let kind = MessageType::from_class_method(MessageClass::Indication, DATA).to_bytes();
        let whole = address.len() as u16 + 4 + length.next_multiple_of(4);
        prefix.push(&kind);
        prefix.push(&whole.to_be_bytes());
        let cookie_and_id = (u128::from(0x2112_A442_u32) << 96) | u128::from(transaction);
        prefix.push(&cookie_and_id.to_be_bytes());
        prefix.push(&address);
        prefix.push(&Data::TYPE.value().to_be_bytes());
        prefix.push(&length.to_be_bytes());
        prefix
    }
}

/// Longest payload of a UDP packet over IPv4.
const MAX_PAYLOAD: usize = 65_507;

impl Server {
    /// ChannelData from a client.
    pub(super) fn handle_channel_data(&mut self, client: Client, message: &[u8], now: Now) -> Option<Pass> {
        let (number, length) = ChannelData::parse_header(message).ok()?;
        if 4 + length > message.len() {
            return None;
        }
        let key = *self.by_client.get(&client)?;
        let allocation = self.allocations.get(key).filter(|allocation| allocation.is_open())?;
        let peer = allocation.peer_of(number, now.since_start)?;
        self.pass_to_peer(key, peer, 4..4 + length, now.since_start)
    }

    /// A Send indication from a client (RFC 8656 section 11.2).
    pub(super) fn handle_send(&mut self, client: Client, message: &Message<'_>, now: Now) -> Option<Pass> {
        let key = *self.by_client.get(&client)?;
        let allocation = self.allocations.get(key).filter(|allocation| allocation.is_open())?;
        let peer = message.attribute::<XorPeerAddress>().ok()?.addr(message.transaction_id());
        let mut payload = None;
        for (offset, attribute) in message.iter_attributes() {
            let kind = attribute.header.get_type();
            if kind == Data::TYPE && payload.is_none() {
                payload = Some(offset + 4..offset + 4 + usize::from(attribute.header.length()));
            } else if kind != XorPeerAddress::TYPE && kind.comprehension_required() {
                return None;
            }
        }
        if !allocation.permits(peer.ip(), now.since_start) {
            return None;
        }
        self.pass_to_peer(key, peer, payload?, now.since_start)
    }

    /// A payload on its way from an allocation to a permitted peer.
    fn pass_to_peer(
        &mut self,
        from: Key,
        peer: SocketAddr,
        payload: Range<usize>,
        now: Duration,
    ) -> Option<Pass> {
        let session = self.allocations.get(from)?.session;
        let bytes = payload.len() as u64;
        if let Some(other) = self.by_relayed.get(&peer).copied() {
            return self.switch(from, other, payload, now);
        }
        // The policy was asked when the permission was made. What is left is this machine under its own public address.
        let own = self.own.contains(&peer.ip()) && !self.policy.allow_private;
        if own
            || peer.port() == 0
            || payload.len() > MAX_PAYLOAD
            || !self.sessions.may_use(session, bytes, now)
        {
            return None;
        }
        self.sessions.used(session, bytes);
        self.counters.to_peers_bytes += bytes;
        self.counters.to_peers_packets += 1;
        let to = To::Peer { socket: from, address: peer };
        Some(Pass { to, prefix: Prefix::NONE, payload, padding: 0, allocation: from })
    }

    /// From one client to another, both with an allocation here: no socket in between, and counted once.
    fn switch(&mut self, from: Key, other: Key, payload: Range<usize>, now: Duration) -> Option<Pass> {
        let (sender, receiver) = (self.allocations.get(from)?, self.allocations.get(other)?);
        let source = sender.relayed?;
        if !receiver.is_open() || !receiver.permits(source.ip(), now) {
            return None;
        }
        let (client, channel) = (receiver.client, receiver.channel_to(source, now));
        let (paying, also) = (sender.session, receiver.session);
        let bytes = payload.len() as u64;
        // Two sessions that exchange bytes have each used them.
        let allowed = self.sessions.may_use(paying, bytes, now)
            && (also == paying || self.sessions.may_use(also, bytes, now));
        if !allowed {
            return None;
        }
        let (prefix, padding) = self.head(client, channel, source, payload.len())?;
        self.sessions.used(paying, bytes);
        if also != paying {
            self.sessions.used(also, bytes);
        }
        self.counters.switched_bytes += bytes;
        self.counters.switched_packets += 1;
        Some(Pass { to: To::Client(client), prefix, payload, padding, allocation: from })
    }

    /// A packet that came to the relay socket of an allocation: `length` bytes from `peer`.
    pub fn handle_peer(&mut self, at: Key, peer: SocketAddr, length: usize, now: Now) -> Option<Pass> {
        let pass = self.pass_to_client(at, peer, length, now.since_start);
        if pass.is_none() {
            self.counters.dropped_packets += 1;
        }
        pass
    }

    fn pass_to_client(&mut self, at: Key, peer: SocketAddr, length: usize, now: Duration) -> Option<Pass> {
        let allocation = self.allocations.get(at).filter(|allocation| allocation.is_open())?;
        if !allocation.permits(peer.ip(), now) {
            return None;
        }
        let (client, channel, session) =
            (allocation.client, allocation.channel_to(peer, now), allocation.session);
        let bytes = length as u64;
        let (prefix, padding) = self.head(client, channel, peer, length)?;
        if !self.sessions.may_use(session, bytes, now) {
            return None;
        }
        self.sessions.used(session, bytes);
        self.counters.to_clients_bytes += bytes;
        self.counters.to_clients_packets += 1;
        Some(Pass { to: To::Client(client), prefix, payload: 0..length, padding, allocation: at })
    }

    /// What is written around a payload for a client.
    fn head(
        &mut self,
        client: Client,
        channel: Option<u16>,
        from: SocketAddr,
        length: usize,
    ) -> Option<(Prefix, u8)> {
        let length = u16::try_from(length).ok()?;
        let padding = (length.wrapping_neg() & 3) as u8;
        match channel {
            Some(number) => {
                let padding = if matches!(client.via, Via::Stream { .. }) { padding } else { 0 };
                Some((Prefix::channel(number, length), padding))
            }
            // The whole indication has to fit its length field.
            None if usize::from(length) <= MAX_PAYLOAD - PREFIX => {
                self.indications = self.indications.wrapping_add(1);
                let transaction = TransactionId::from(u128::from(self.indications));
                Some((Prefix::indication(transaction, from, length), padding))
            }
            None => None,
        }
    }

    /// A payload of `bytes` that was passed on behalf of `allocation` has not gone out: it is not counted, and harms nothing.
    pub fn handle_unsent(&mut self, pass: &To, allocation: Key, bytes: u64) {
        self.counters.dropped_packets += 1;
        if let Some(one) = self.allocations.get(allocation) {
            self.sessions.not_used(one.session, bytes);
            if let To::Client(client) = pass
                && let Some(receiver) = self.by_client.get(client).and_then(|key| self.allocations.get(*key))
                && receiver.session != one.session
            {
                self.sessions.not_used(receiver.session, bytes);
            }
        }
    }
}
