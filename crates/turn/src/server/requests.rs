//! Requests: Binding, Allocate, Refresh, CreatePermission, ChannelBind (RFC 8489 section 2, RFC 8656 sections 7 to 12).
//!
//! What is here: what each request needs, does and is answered.
//! What is not here: who asks (`authentication`), data (`data`).

use core::net::SocketAddr;
use core::time::Duration;

use stun_types::AddressFamily;
use stun_types::attribute::{
    AttributeStaticType as _, AttributeType, MessageIntegrity, MessageIntegritySha256, Nonce,
    PasswordAlgorithm, Realm, Username,
};
use stun_types::message::{BINDING, Message};
use turn_types::attribute::{
    ChannelNumber, EvenPort, Lifetime, RequestedAddressFamily, RequestedTransport, ReservationToken,
    XorPeerAddress,
};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH};

use super::allocation::{Allocation, BindError, CHANNELS, Opening, State};
use super::answer::Answer;
use super::authentication::Caller;
use super::events::{Ended, Refusal};
use super::{Client, Now, Server, SocketTask};
use crate::amplification::network_of;
use crate::arena::Key;
use crate::config::Family;

/// Attributes that a request may have and that must be understood. DONT-FRAGMENT is not among them.
const UNDERSTOOD: &[AttributeType] = &[
    Username::TYPE,
    MessageIntegrity::TYPE,
    MessageIntegritySha256::TYPE,
    PasswordAlgorithm::TYPE,
    Realm::TYPE,
    Nonce::TYPE,
    ChannelNumber::TYPE,
    Lifetime::TYPE,
    XorPeerAddress::TYPE,
    RequestedAddressFamily::TYPE,
    RequestedTransport::TYPE,
    EvenPort::TYPE,
    ReservationToken::TYPE,
];

/// A refusal: the code of the answer and what a person reads.
type Refused = (Refusal, u16, &'static str);
const MALFORMED: Refused = (Refusal::Malformed, 400, "Bad Request");
const NO_ALLOCATION: Refused = (Refusal::Mismatch, 437, "Allocation Mismatch");
const FAMILY: Refused = (Refusal::Family, 443, "Peer Address Family Mismatch");
pub(super) const CAPACITY: Refused = (Refusal::Capacity, 508, "Insufficient Capacity");
pub(super) const USED_UP: Refused = (Refusal::UsedUp, 486, "No Relay Data Left");

impl Server {
    pub(super) fn handle_request(&mut self, client: Client, request: &Message<'_>, now: Now) {
        match request.method() {
            BINDING => self.binding(client, request, now),
            ALLOCATE | REFRESH | CREATE_PERMISSION | CHANNEL_BIND => {
                let Some(caller) = self.authenticate(client, request, now) else { return };
                if let Err((why, code, reason)) = self.serve(client, request, &caller, now) {
                    self.refused(client, why);
                    let answer = Answer::error(request, code, reason).finish(Some(&caller.signer));
                    self.reply(client, answer);
                }
            }
            // Methods that are not served here, and strangers that try some.
            _ => self.counters.dropped_packets += 1,
        }
    }

    fn binding(&mut self, client: Client, request: &Message<'_>, now: Now) {
        let unknown = unknown(request, &[]);
        let answer = if unknown.is_empty() {
            Answer::success(request).mapped(request, client.remote)
        } else {
            Answer::error(request, 420, "").unknown(&unknown)
        };
        self.answer_stranger(client, request.as_bytes().len(), answer.finish(None), now);
    }

    fn serve(
        &mut self,
        client: Client,
        request: &Message<'_>,
        caller: &Caller,
        now: Now,
    ) -> Result<(), Refused> {
        let unknown = unknown(request, UNDERSTOOD);
        if !unknown.is_empty() {
            let answer = Answer::error(request, 420, "Unknown Attribute").unknown(&unknown);
            self.reply(client, answer.finish(Some(&caller.signer)));
            return Ok(());
        }
        let existing = self.by_client.get(&client).copied();
        if request.method() == ALLOCATE {
            return match existing {
                None => self.allocate(client, request, caller, now),
                Some(key) => self.allocate_again(key, request, caller, now),
            };
        }
        let key = existing.ok_or(NO_ALLOCATION)?;
        let allocation = self.allocations.get(key).ok_or(NO_ALLOCATION)?;
        if *allocation.username != *caller.username {
            return Err((Refusal::OtherUser, 441, "Wrong Credentials"));
        }
        match allocation.state {
            State::Open => {}
            State::Opening(_) => return Err(NO_ALLOCATION),
            State::Cut(reason) => return Err((Refusal::UsedUp, 486, reason)),
        }
        let answer = match request.method() {
            REFRESH => self.refresh(key, request, caller, now)?,
            CREATE_PERMISSION => self.create_permission(key, request, now)?,
            _ => self.channel_bind(key, request, now)?,
        };
        self.reply(client, answer.finish(Some(&caller.signer)));
        Ok(())
    }

    fn allocate(
        &mut self,
        client: Client,
        request: &Message<'_>,
        caller: &Caller,
        now: Now,
    ) -> Result<(), Refused> {
        let transport = request.attribute::<RequestedTransport>().map_err(|_| MALFORMED)?;
        if transport.protocol() != RequestedTransport::UDP {
            return Err((Refusal::Transport, 442, "Unsupported Transport Protocol"));
        }
        let asked = family_of(request)?;
        let reserved = request.has_attribute(ReservationToken::TYPE);
        let even = attribute::<EvenPort>(request)?;
        if reserved && (asked.is_some() || even.is_some()) {
            return Err(MALFORMED);
        }
        // Ports are not reserved for later.
        if reserved || even.as_ref().is_some_and(EvenPort::requested) {
            return Err(CAPACITY);
        }
        let family = asked.unwrap_or(Family::V4);
        if !self.families.has(family) {
            return Err((Refusal::Family, 440, "Address Family not Supported"));
        }
        let lifetime = self.lifetime(attribute::<Lifetime>(request)?, caller);
        if self.allocations.len() >= self.limits.allocations {
            return Err(CAPACITY);
        }
        let address = network_of(client.remote.ip());
        if caller.billed {
            let of_account = self.per_account.get(caller.account.as_str()).copied().unwrap_or(0);
            let of_address = self.per_address.get(&address).copied().unwrap_or(0);
            if of_account >= self.limits.allocations_per_account
                || of_address >= self.limits.allocations_per_address
            {
                return Err((Refusal::TooMany, 486, "Allocation Quota Reached"));
            }
        }
        let since = now.since_start;
        let session = self.sessions.open(&caller.account, &caller.session, caller.billed, since);
        let key = self.allocations.insert(Allocation {
            client,
            username: caller.username.as_str().into(),
            session,
            family,
            relayed: None,
            transaction: request.transaction_id(),
            expires: since + lifetime,
            state: State::Opening(Box::new(Opening { signer: caller.signer.clone(), lifetime, since })),
            permissions: Vec::new(),
            channels: Vec::new(),
        });
        self.by_client.insert(client, key);
        if caller.billed {
            *self.per_account.entry(caller.account.as_str().into()).or_default() += 1;
            *self.per_address.entry(address).or_default() += 1;
        }
        self.sockets.push_back(SocketTask::Open { allocation: key, client, family, even: even.is_some() });
        Ok(())
    }

    /// Allocate from a client that has an allocation: the same request again, whose answer may have been lost, or a mistake.
    fn allocate_again(
        &mut self,
        key: Key,
        request: &Message<'_>,
        caller: &Caller,
        now: Now,
    ) -> Result<(), Refused> {
        let allocation = self.allocations.get(key).ok_or(NO_ALLOCATION)?;
        let (client, relayed) = (allocation.client, allocation.relayed);
        if allocation.transaction != request.transaction_id() {
            return Err(NO_ALLOCATION);
        }
        match (&allocation.state, relayed) {
            (State::Open, Some(relayed)) => {
                let lifetime = allocation.expires.saturating_sub(now.since_start);
                let answer = Answer::success(request).relayed(request, relayed).lifetime(lifetime);
                let answer = answer.mapped(request, client.remote).finish(Some(&caller.signer));
                self.reply(client, answer);
                Ok(())
            }
            (State::Cut(_), _) => Err(USED_UP),
            _ => Ok(()),
        }
    }

    fn refresh(
        &mut self,
        key: Key,
        request: &Message<'_>,
        caller: &Caller,
        now: Now,
    ) -> Result<Answer, Refused> {
        let lifetime = attribute::<Lifetime>(request)?;
        let family = family_of(request)?;
        let lasts = self.lifetime(lifetime.clone(), caller);
        let allocation = self.allocations.get_mut(key).ok_or(NO_ALLOCATION)?;
        if family.is_some_and(|family| family != allocation.family) {
            return Err(FAMILY);
        }
        if lifetime.is_some_and(|lifetime| lifetime.seconds() == 0) {
            self.remove(key, Ended::Released, now.since_start);
            return Ok(Answer::success(request).lifetime(Duration::ZERO));
        }
        allocation.expires = now.since_start + lasts;
        Ok(Answer::success(request).lifetime(lasts))
    }

    /// RFC 8656 section 7.2; never longer than the credential.
    fn lifetime(&self, asked: Option<Lifetime>, caller: &Caller) -> Duration {
        let asked = asked.map_or(Duration::ZERO, |asked| Duration::from_secs(u64::from(asked.seconds())));
        let lifetime = asked.clamp(self.limits.lifetime_default, self.limits.lifetime_max);
        caller.remaining_s.map_or(lifetime, |remaining| lifetime.min(Duration::from_secs(remaining)))
    }

    fn create_permission(&mut self, key: Key, request: &Message<'_>, now: Now) -> Result<Answer, Refused> {
        let (policy, most) = (self.policy, self.limits.permissions);
        let allocation = self.allocations.get_mut(key).ok_or(NO_ALLOCATION)?;
        let mut peers = Vec::new();
        for n in 0.. {
            if n > most {
                return Err(CAPACITY);
            }
            let Some(raw) = request.nth_raw_attribute(XorPeerAddress::TYPE, n) else { break };
            let peer = XorPeerAddress::try_from(&raw).map_err(|_| MALFORMED)?;
            peers.push(peer.addr(request.transaction_id()));
        }
        if peers.is_empty() {
            return Err(MALFORMED);
        }
        for peer in &peers {
            check_peer(policy, allocation.family, *peer)?;
        }
        for peer in peers {
            allocation.permit(peer.ip(), now.since_start, most).map_err(|_| CAPACITY)?;
        }
        Ok(Answer::success(request))
    }

    fn channel_bind(&mut self, key: Key, request: &Message<'_>, now: Now) -> Result<Answer, Refused> {
        let (policy, limits) = (self.policy, self.limits);
        let number = request.attribute::<ChannelNumber>().map_err(|_| MALFORMED)?.channel();
        let peer =
            request.attribute::<XorPeerAddress>().map_err(|_| MALFORMED)?.addr(request.transaction_id());
        let allocation = self.allocations.get_mut(key).ok_or(NO_ALLOCATION)?;
        if !CHANNELS.contains(&number) {
            return Err(MALFORMED);
        }
        check_peer(policy, allocation.family, peer)?;
        let bound = allocation
            .bind(number, peer, now.since_start, limits.channels)
            .and_then(|()| allocation.permit(peer.ip(), now.since_start, limits.permissions));
        match bound {
            Ok(()) => Ok(Answer::success(request)),
            Err(BindError::Taken) => Err(MALFORMED),
            Err(BindError::Full) => Err(CAPACITY),
        }
    }
}

fn check_peer(policy: crate::policy::PeerPolicy, family: Family, peer: SocketAddr) -> Result<(), Refused> {
    if Family::of(peer.ip()) != family {
        return Err(FAMILY);
    }
    policy.check(peer.ip()).map_err(|_| (Refusal::Peer, 403, "Forbidden"))
}

/// An attribute that may be absent, but not broken.
fn attribute<'a, A>(request: &'a Message<'a>) -> Result<Option<A>, Refused>
where
    A: stun_types::attribute::AttributeFromRaw<'a> + stun_types::attribute::AttributeStaticType,
{
    if !request.has_attribute(A::TYPE) {
        return Ok(None);
    }
    request.attribute::<A>().map(Some).map_err(|_| MALFORMED)
}

fn family_of(request: &Message<'_>) -> Result<Option<Family>, Refused> {
    let Some(raw) = request.raw_attribute(RequestedAddressFamily::TYPE) else { return Ok(None) };
    let asked = RequestedAddressFamily::try_from(&raw)
        .map_err(|_| (Refusal::Family, 440, "Address Family not Supported"))?;
    Ok(Some(match asked.family() {
        AddressFamily::IPV4 => Family::V4,
        AddressFamily::IPV6 => Family::V6,
    }))
}

/// Attributes that must be understood and are not; the first few.
fn unknown(request: &Message<'_>, understood: &[AttributeType]) -> Vec<AttributeType> {
    let kinds = request.iter_attributes().map(|(_, attribute)| attribute.header.get_type());
    kinds.filter(|kind| kind.comprehension_required() && !understood.contains(kind)).take(4).collect()
}
