//! One allocation: who has it, which peers it may exchange packets with, by which channels (RFC 8656 sections 2.2 to 2.5).
//!
//! What is here: permissions and channels with their lifetimes.
//! What is not here: sockets; the count (`sessions`); the maps by which packets find their allocation (`server`).

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use stun_types::message::TransactionId;

use super::Client;
use super::authentication::Signer;
use crate::arena::Key;
use crate::config::Family;

/// RFC 8656 section 9.
pub(crate) const PERMISSION_LIFETIME: Duration = Duration::from_secs(300);
/// RFC 8656 section 12.
pub(crate) const CHANNEL_LIFETIME: Duration = Duration::from_secs(600);
/// Channels that may be bound: those of RFC 5766, whose clients are still about; RFC 8656 has the first sixteenth of them.
pub(crate) const CHANNELS: core::ops::RangeInclusive<u16> = 0x4000..=0x7fff;

/// How far an allocation has come.
#[derive(Debug)]
pub(crate) enum State {
    /// Asked for: waits for its socket and, where it is billed, for its session's first lease.
    Opening(Box<Opening>),
    /// Packets pass.
    Open,
    /// Cut off: nothing passes; requests are told why until it is forgotten.
    Cut(&'static str),
}

/// What the answer to Allocate needs.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) signer: Signer,
    pub(crate) lifetime: Duration,
    pub(crate) since: Duration,
}

/// A relayed transport address and what belongs to it.
#[derive(Debug)]
pub(crate) struct Allocation {
    pub(crate) client: Client,
    pub(crate) username: Box<str>,
    pub(crate) session: Key,
    pub(crate) family: Family,
    /// As peers see it.
    pub(crate) relayed: Option<SocketAddr>,
    /// Of the Allocate request: the same one again gets the same answer.
    pub(crate) transaction: TransactionId,
    pub(crate) expires: Duration,
    pub(crate) state: State,
    pub(crate) permissions: Vec<Permission>,
    pub(crate) channels: Vec<Channel>,
}

/// Packets from and to this address pass, whatever the port.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permission {
    address: IpAddr,
    expires: Duration,
}

/// A number for a peer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Channel {
    number: u16,
    peer: SocketAddr,
    expires: Duration,
}

/// Why a channel or a permission is not made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BindError {
    /// The number has another peer, or the peer another number.
    Taken,
    /// The bound of the configuration.
    Full,
}

impl Allocation {
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    pub(crate) fn permits(&self, address: IpAddr, now: Duration) -> bool {
        self.permissions.iter().any(|one| one.address == address && one.expires > now)
    }

    /// The peer of a channel. A channel outlives its permission; nothing passes then.
    pub(crate) fn peer_of(&self, number: u16, now: Duration) -> Option<SocketAddr> {
        let channel = self.channels.iter().find(|one| one.number == number && one.expires > now)?;
        self.permits(channel.peer.ip(), now).then_some(channel.peer)
    }

    pub(crate) fn channel_to(&self, peer: SocketAddr, now: Duration) -> Option<u16> {
        self.channels.iter().find(|one| one.peer == peer && one.expires > now).map(|one| one.number)
    }

    /// Makes or renews a permission.
    pub(crate) fn permit(&mut self, address: IpAddr, now: Duration, most: usize) -> Result<(), BindError> {
        let expires = now + PERMISSION_LIFETIME;
        if let Some(one) = self.permissions.iter_mut().find(|one| one.address == address) {
            one.expires = expires;
            return Ok(());
        }
        self.permissions.retain(|one| one.expires > now);
        if self.permissions.len() >= most {
            return Err(BindError::Full);
        }
        self.permissions.push(Permission { address, expires });
        Ok(())
    }

    /// Binds or renews a channel; the permission is the caller's.
    pub(crate) fn bind(
        &mut self,
        number: u16,
        peer: SocketAddr,
        now: Duration,
        most: usize,
    ) -> Result<(), BindError> {
        self.channels.retain(|one| one.expires > now);
        let expires = now + CHANNEL_LIFETIME;
        if let Some(one) = self.channels.iter_mut().find(|one| one.number == number || one.peer == peer) {
            if one.number != number || one.peer != peer {
                return Err(BindError::Taken);
            }
            one.expires = expires;
            return Ok(());
        }
        if self.channels.len() >= most {
            return Err(BindError::Full);
        }
        self.channels.push(Channel { number, peer, expires });
        Ok(())
    }
}
