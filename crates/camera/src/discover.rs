//! Finding cameras on the network: mDNS, SSDP and WS-Discovery.
//!
//! What is here: [`search`] asks from ephemeral ports and hands on every answer as a [`Sighting`]; [`merge`] (pure) makes
//! devices of sightings; [`enrich`] asks the devices themselves, without credentials.
//! What is not here: listening for announcements, probing of address ranges, adding cameras.
//!
//! Nothing that an answer says is believed without need. Datagrams, records, names and their number are bounded. Texts
//! lose control characters. **Addresses**: a device is where its answer came from. Another address in the answer counts only
//! if the answer does not name the sender's own, and only if it is private or link-local (loopback: if the sender is, too);
//! answers that name public addresses only are dropped. Documents are fetched (SSDP) from the sender's address alone.

mod dns;
mod enrich;
mod merge;
mod search;
mod ssdp;
mod wsd;

use std::net::{Ipv4Addr, SocketAddrV4};

pub use enrich::enrich;
pub use merge::{Found, merge};
pub use search::{read_answer, search};
pub use ssdp::describe;

/// Most sightings that one search hands on; what comes after is dropped.
pub const MOST_SIGHTINGS: usize = 4096;

/// How a device was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// mDNS and DNS-SD: RFC 6762 and 6763.
    Mdns,
    /// SSDP: UPnP Device Architecture 1.1, 1.3.
    Ssdp,
    /// WS-Discovery 1.1 (ONVIF Core, 7).
    Wsd,
}

/// Whom to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Everybody on the network of the interface with this address.
    Multicast {
        /// The interface's own address.
        interface: Ipv4Addr,
    },
    /// Whoever listens there; broadcast addresses are allowed.
    Address(SocketAddrV4),
}

/// Whom to ask in which way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// By mDNS.
    pub mdns: Vec<Target>,
    /// By SSDP.
    pub ssdp: Vec<Target>,
    /// By WS-Discovery.
    pub wsd: Vec<Target>,
}

impl Settings {
    /// Everybody on every network that this machine is in (IPv4, without loopback).
    ///
    /// # Errors
    /// The system does not tell its interfaces.
    pub fn all_interfaces() -> Result<Self, crate::Error> {
        let interfaces =
            if_addrs::get_if_addrs().map_err(|error| crate::Error::Search { reason: error.to_string() })?;
        let targets: Vec<Target> = interfaces
            .iter()
            .filter(|interface| !interface.is_loopback())
            .filter_map(|interface| match interface.ip() {
                std::net::IpAddr::V4(address) => Some(Target::Multicast { interface: address }),
                std::net::IpAddr::V6(_) => None,
            })
            .collect();
        Ok(Self { mdns: targets.clone(), ssdp: targets.clone(), wsd: targets })
    }
}

/// One answer of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// How it was seen.
    pub method: Method,
    /// Where it is.
    pub address: Ipv4Addr,
    /// What it calls itself.
    pub name: Option<String>,
    /// Serial number; MAC addresses without colons, in capitals.
    pub serial: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Maker.
    pub brand: Option<String>,
    /// Port of its HTTP server.
    pub http_port: Option<u16>,
    /// Whether it says that it is an Axis video device, which speaks VAPIX.
    pub vapix: bool,
}

impl Sighting {
    const fn new(method: Method, address: Ipv4Addr) -> Self {
        Self {
            method,
            address,
            name: None,
            serial: None,
            model: None,
            brand: None,
            http_port: None,
            vapix: false,
        }
    }
}

/// Longest text of a device that is kept, in characters.
const LONGEST_TEXT: usize = 120;

/// A text from a device as it may be shown; nothing where nothing is left.
fn clean(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !c.is_control()).take(LONGEST_TEXT).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A serial number or MAC address as all methods write it: letters and digits, capitals.
fn serial(text: &str) -> Option<String> {
    let text: String = text.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    (text.len() >= 4).then(|| text.to_ascii_uppercase())
}

/// Where a device is that answered from `sender` and named these addresses; nothing if it is not to be believed.
fn believed(sender: Ipv4Addr, named: &[Ipv4Addr]) -> Option<Ipv4Addr> {
    if named.is_empty() || named.contains(&sender) {
        return Some(sender);
    }
    let near = |address: &Ipv4Addr| {
        address.is_private() || address.is_link_local() || (address.is_loopback() && sender.is_loopback())
    };
    named.iter().copied().find(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_where_its_answer_came_from_or_nearby() {
        let address = |text: &str| text.parse::<Ipv4Addr>().unwrap();
        for (sender, named, wanted) in [
            ("192.168.1.5", vec![], Some("192.168.1.5")),
            ("192.168.1.5", vec!["10.0.0.1", "192.168.1.5"], Some("192.168.1.5")),
            ("192.168.1.5", vec!["203.0.113.9", "169.254.3.4"], Some("169.254.3.4")),
            ("192.168.1.5", vec!["203.0.113.9"], None),
            ("192.168.1.5", vec!["127.0.0.1"], None),
            ("127.0.0.1", vec!["127.1.0.2"], Some("127.1.0.2")),
        ] {
            let named: Vec<Ipv4Addr> = named.into_iter().map(address).collect();
            assert_eq!(believed(address(sender), &named), wanted.map(address), "{sender} {named:?}");
        }
    }

    #[test]
    fn texts_are_cleaned() {
        assert_eq!(clean("  AXIS\u{1b}[31m M1065 \n"), Some("AXIS[31m M1065".to_owned()));
        assert_eq!(clean("\u{0}\r\n"), None);
        assert_eq!(serial("ac:cc:8e:01:02:03").as_deref(), Some("ACCC8E010203"));
        assert_eq!(serial("::"), None);
    }
}
