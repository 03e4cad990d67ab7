//! Which peers a client may reach through the relay.
//!
//! What is here: a verdict on one address, so that a relay is no way into the networks around it (server-side request forgery).
//! What is not here: permissions of an allocation (`server::allocation`), the rule that a relay does not send to itself
//! (`server::data`).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Denied {
    /// This very machine (127/8, ::1).
    #[error("loopback")]
    Loopback,
    /// A network of somebody's own (RFC 1918, RFC 4193, RFC 2544).
    #[error("private")]
    Private,
    /// The link itself (RFC 3927, RFC 4291).
    #[error("link-local")]
    LinkLocal,
    /// Between a provider and its customers (RFC 6598).
    #[error("shared")]
    Shared,
    /// Where clouds tell their machines secrets.
    #[error("metadata service")]
    Metadata,
    /// Not one machine, or none at all.
    #[error("no address of a machine")]
    NoMachine,
    /// An IPv4 address in the clothes of an IPv6 one: it has a family of its own to be asked for.
    #[error("IPv4 inside of IPv6")]
    Disguised,
}

/// What is allowed beyond public addresses.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct PeerPolicy {
    /// Loopback, private, link-local and shared addresses too: for laboratories and networks of one's own. Metadata services,
    /// multicast and disguised addresses stay refused.
    pub allow_private: bool,
}

/// Metadata services outside of link-local addresses: Azure, Amazon and Google over IPv6.
const METADATA: &[IpAddr] = &[
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

impl PeerPolicy {
    /// Whether packets may go to this address.
    ///
    /// # Errors
    /// Why not.
    pub fn check(self, address: IpAddr) -> Result<(), Denied> {
        match class(address) {
            None => Ok(()),
            Some(Denied::Loopback | Denied::Private | Denied::LinkLocal | Denied::Shared)
                if self.allow_private =>
            {
                Ok(())
            }
            Some(denied) => Err(denied),
        }
    }
}

fn class(address: IpAddr) -> Option<Denied> {
    if METADATA.contains(&address) {
        return Some(Denied::Metadata);
    }
    match address {
        IpAddr::V4(address) => class_v4(address),
        IpAddr::V6(address) => class_v6(address),
    }
}

/// The special-purpose registry of IANA for IPv4. Prefixes for documentation are public here: nobody has them, laboratories do.
const fn class_v4(address: Ipv4Addr) -> Option<Denied> {
    match address.octets() {
        [0, ..] | [192, 0, 0, _] | [192, 88, 99, _] | [224..=255, ..] => Some(Denied::NoMachine),
        [127, ..] => Some(Denied::Loopback),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [198, 18..=19, ..] => Some(Denied::Private),
        [169, 254, ..] => Some(Denied::LinkLocal),
        [100, 64..=127, ..] => Some(Denied::Shared),
        _ => None,
    }
}

/// The same for IPv6, by its first 16 bits. What carries an IPv4 address inside (mapped, compatible, NAT64, 6to4, Teredo) is
/// refused whole: whoever wants that peer asks for an IPv4 allocation.
const fn class_v6(address: Ipv6Addr) -> Option<Denied> {
    if address.is_loopback() {
        return Some(Denied::Loopback);
    }
    if address.is_unspecified() {
        return Some(Denied::NoMachine);
    }
    match address.segments() {
        [0, 0, 0, 0, 0, 0, ..] | [0, 0, 0, 0, 0xffff, ..] | [0, 0, 0, 0, 0, 0xffff, ..] => {
            Some(Denied::Disguised)
        }
        [0x64, 0xff9b, ..] | [0x2001, 0, ..] | [0x2002, ..] => Some(Denied::Disguised),
        [0xfc00..=0xfdff, ..] => Some(Denied::Private),
        [0xfe80..=0xfeff, ..] => Some(Denied::LinkLocal),
        [0x2000..=0x3fff, ..] => None,
        _ => Some(Denied::NoMachine),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Address, verdict by default, verdict where private addresses are allowed.
    #[test]
    fn only_public_addresses_are_peers_unless_told() {
        let cases: &[(&str, Option<Denied>, bool)] = &[
            ("8.8.8.8", None, true),
            ("203.0.113.7", None, true),
            ("2606:4700::1111", None, true),
            ("2001:db8::1", None, true),
            ("127.0.0.1", Some(Denied::Loopback), true),
            ("127.255.0.9", Some(Denied::Loopback), true),
            ("10.1.2.3", Some(Denied::Private), true),
            ("172.16.0.1", Some(Denied::Private), true),
            ("172.31.255.255", Some(Denied::Private), true),
            ("172.32.0.1", None, true),
            ("192.168.0.1", Some(Denied::Private), true),
            ("198.18.0.1", Some(Denied::Private), true),
            ("169.254.0.1", Some(Denied::LinkLocal), true),
            ("169.254.169.254", Some(Denied::Metadata), false),
            ("168.63.129.16", Some(Denied::Metadata), false),
            ("100.100.100.200", Some(Denied::Metadata), false),
            ("100.64.0.1", Some(Denied::Shared), true),
            ("100.128.0.1", None, true),
            ("0.0.0.0", Some(Denied::NoMachine), false),
            ("224.0.0.251", Some(Denied::NoMachine), false),
            ("255.255.255.255", Some(Denied::NoMachine), false),
            ("192.0.0.192", Some(Denied::NoMachine), false),
            ("::", Some(Denied::NoMachine), false),
            ("::1", Some(Denied::Loopback), true),
            ("::ffff:127.0.0.1", Some(Denied::Disguised), false),
            ("::ffff:8.8.8.8", Some(Denied::Disguised), false),
            ("::127.0.0.1", Some(Denied::Disguised), false),
            ("::ffff:0:10.0.0.1", Some(Denied::Disguised), false),
            ("64:ff9b::10.0.0.1", Some(Denied::Disguised), false),
            ("64:ff9b:1::10.0.0.1", Some(Denied::Disguised), false),
            ("2002:7f00:1::1", Some(Denied::Disguised), false),
            ("2001:0:1::1", Some(Denied::Disguised), false),
            ("fd00:ec2::254", Some(Denied::Metadata), false),
            ("fd00::1", Some(Denied::Private), true),
            ("fe80::1", Some(Denied::LinkLocal), true),
            ("fec0::1", Some(Denied::LinkLocal), true),
            ("ff02::1", Some(Denied::NoMachine), false),
            ("100::1", Some(Denied::NoMachine), false),
        ];
        for (address, denied, in_a_laboratory) in cases {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(PeerPolicy::default().check(address).err(), *denied, "{address}");
            assert_eq!(
                PeerPolicy { allow_private: true }.check(address).is_ok(),
                *in_a_laboratory,
                "{address}"
            );
        }
    }
}
