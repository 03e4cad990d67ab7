//! From sightings to devices: pure.
//!
//! What is here: which sightings are of the same device (the same serial number; without one, the same address), and which
//! of their texts counts (mDNS before SSDP before WS-Discovery). The order of sightings does not matter.
//! What is not here: asking the devices ([`super::enrich`]).

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use super::{Method, Sighting};

/// First three bytes of the MAC addresses of Axis devices.
const AXIS_PREFIXES: [&str; 4] = ["00408C", "ACCC8E", "B8A44F", "E82725"];

/// A device that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What tells it from others: serial number, else address.
    pub key: String,
    /// What it calls itself, else its address.
    pub name: String,
    /// Model.
    pub model: Option<String>,
    /// Maker.
    pub brand: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// Where it is.
    pub address: Ipv4Addr,
    /// Base address for HTTP, such as `http://192.168.0.90:80`.
    pub http_url: String,
    /// Whether it speaks VAPIX, as far as is known.
    pub vapix: bool,
    /// Version of its system software, once asked.
    pub firmware: Option<String>,
    /// Whether it waits for its first account, once asked.
    pub needs_setup: bool,
    /// How it was seen.
    pub seen_by: Vec<Method>,
}

/// The devices behind these sightings, by name.
#[must_use]
pub fn merge(sightings: &[Sighting]) -> Vec<Found> {
    let mut by_serial: BTreeMap<&str, Vec<&Sighting>> = BTreeMap::new();
    for sighting in sightings {
        if let Some(serial) = &sighting.serial {
            by_serial.entry(serial).or_default().push(sighting);
        }
    }
    let mut at: BTreeMap<Ipv4Addr, BTreeSet<&str>> = BTreeMap::new();
    for (serial, seen) in &by_serial {
        for sighting in seen {
            at.entry(sighting.address).or_default().insert(serial);
        }
    }
    let mut without: BTreeMap<Ipv4Addr, Vec<&Sighting>> = BTreeMap::new();
    for sighting in sightings.iter().filter(|sighting| sighting.serial.is_none()) {
        // It is the one device known at its address, if it is just one.
        let known = at
            .get(&sighting.address)
            .filter(|serials| serials.len() == 1)
            .and_then(|serials| serials.first());
        match known.and_then(|serial| by_serial.get_mut(serial)) {
            Some(device) => device.push(sighting),
            None => without.entry(sighting.address).or_default().push(sighting),
        }
    }
    let mut found: Vec<Found> =
        by_serial.into_values().chain(without.into_values()).filter_map(device).collect();
    found.sort_by(|a, b| (&a.name, &a.key).cmp(&(&b.name, &b.key)));
    found
}

fn device(mut seen: Vec<&Sighting>) -> Option<Found> {
    seen.sort_by_key(|sighting| {
        (sighting.method, sighting.address, &sighting.name, &sighting.model, &sighting.brand)
    });
    let first =
        |text: fn(&Sighting) -> Option<&String>| seen.iter().find_map(|sighting| text(sighting)).cloned();
    let serial = first(|sighting| sighting.serial.as_ref());
    let brand = first(|sighting| sighting.brand.as_ref());
    let address = seen.first()?.address;
    let mut ports: Vec<(Method, u16)> = seen
        .iter()
        .filter(|sighting| sighting.address == address)
        .filter_map(|sighting| Some((sighting.method, sighting.http_port?)))
        .collect();
    ports.sort_unstable();
    let port = ports.first().map_or(80, |(_, port)| *port);
    let vapix = seen.iter().any(|sighting| sighting.vapix)
        || serial
            .as_deref()
            .is_some_and(|serial| AXIS_PREFIXES.iter().any(|prefix| serial.starts_with(prefix)));
    Some(Found {
        key: serial.clone().unwrap_or_else(|| address.to_string()),
        name: first(|sighting| sighting.name.as_ref()).unwrap_or_else(|| address.to_string()),
        model: first(|sighting| sighting.model.as_ref()),
        brand: brand.or_else(|| vapix.then(|| "AXIS".to_owned())),
        serial,
        address,
        http_url: format!("http://{address}:{port}"),
        vapix,
        firmware: None,
        needs_setup: false,
        seen_by: seen.iter().map(|sighting| sighting.method).collect::<BTreeSet<_>>().into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seen(method: Method, last: u8, serial: Option<&str>, name: Option<&str>) -> Sighting {
        Sighting {
            serial: serial.map(str::to_owned),
            name: name.map(str::to_owned),
            http_port: (method == Method::Mdns).then_some(8080),
            ..Sighting::new(method, Ipv4Addr::new(192, 168, 0, last))
        }
    }

    #[test]
    fn sightings_of_one_device_become_one() {
        let found = merge(&[
            seen(Method::Wsd, 1, None, Some("c")),
            seen(Method::Ssdp, 1, Some("ACCC8E000001"), Some("b")),
            seen(Method::Mdns, 1, Some("ACCC8E000001"), Some("a")),
            seen(Method::Wsd, 2, None, None),
        ]);
        let [other, camera] = &found[..] else { panic!("{found:?}") };
        assert_eq!((camera.name.as_str(), camera.key.as_str(), camera.vapix), ("a", "ACCC8E000001", true));
        assert_eq!(camera.http_url, "http://192.168.0.1:8080");
        assert_eq!(camera.seen_by, [Method::Mdns, Method::Ssdp, Method::Wsd]);
        assert_eq!(
            (other.name.as_str(), other.key.as_str(), other.vapix),
            ("192.168.0.2", "192.168.0.2", false)
        );
    }

    fn sighting() -> impl Strategy<Value = Sighting> {
        let method = prop_oneof![Just(Method::Mdns), Just(Method::Ssdp), Just(Method::Wsd)];
        (method, 1_u8..4, proptest::option::of("[AB]{4}"), proptest::option::of("[xy]"))
            .prop_map(|(method, last, serial, name)| seen(method, last, serial.as_deref(), name.as_deref()))
    }

    proptest! {
        #[test]
        fn the_order_of_sightings_does_not_matter((all, shuffled) in proptest::collection::vec(sighting(), 0..12)
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))) {
            prop_assert_eq!(merge(&all), merge(&shuffled));
        }

        #[test]
        fn every_serial_number_and_address_is_found_and_keys_differ(all in proptest::collection::vec(sighting(), 0..12)) {
            let found = merge(&all);
            let keys: BTreeSet<&String> = found.iter().map(|found| &found.key).collect();
            prop_assert_eq!(keys.len(), found.len());
            for sighting in &all {
                let known = |found: &Found| match &sighting.serial {
                    Some(serial) => found.serial.as_ref() == Some(serial),
                    None => found.address == sighting.address || found.seen_by.contains(&sighting.method),
                };
                prop_assert!(found.iter().any(known));
            }
        }
    }
}
