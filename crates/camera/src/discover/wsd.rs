//! WS-Discovery: the probe for video transmitters and its matches (WS-Discovery 1.1, 5; ONVIF Core Specification, 7.3).
//!
//! What is here: XML out, XML in. What is not here: sockets, ONVIF device services.

use std::net::Ipv4Addr;

use percent_encoding::percent_decode_str;
use url::{Host, Url};
use uuid::Uuid;

use super::{Method, Sighting, believed, clean};
use crate::xml::{self, Element};

/// Longest answer, in bytes.
const LONGEST: usize = 64 << 10;
/// Most devices in one answer.
const MOST_MATCHES: usize = 64;
/// Most addresses or scopes of a device.
const MOST_ITEMS: usize = 64;

/// The question with this message identifier.
pub(super) fn question(id: Uuid) -> Vec<u8> {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header><w:MessageID>uuid:{id}</w:MessageID><w:To e:mustUnderstand="true">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To><w:Action e:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header><e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>"#
    )
    .into_bytes()
}

/// The devices in an answer from `sender` to the question `id`; none where it answers another question.
pub(super) fn parse(bytes: &[u8], sender: Ipv4Addr, id: Uuid) -> Vec<Sighting> {
    let Ok(document) = xml::parse(bytes, LONGEST) else { return Vec::new() };
    let related = document.text_of("RelatesTo").unwrap_or_default();
    if !related.to_ascii_lowercase().contains(&id.to_string()) {
        return Vec::new();
    }
    let matches = document.descendants("ProbeMatch");
    matches.into_iter().take(MOST_MATCHES).filter_map(|device| sighting(device, sender)).collect()
}

fn sighting(device: &Element, sender: Ipv4Addr) -> Option<Sighting> {
    let services: Vec<(Ipv4Addr, Url)> = device
        .text_of("XAddrs")?
        .split_whitespace()
        .take(MOST_ITEMS)
        .filter_map(|text| Url::parse(text).ok())
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .filter_map(|url| match url.host() {
            Some(Host::Ipv4(address)) => Some((address, url)),
            _ => None,
        })
        .collect();
    let named: Vec<Ipv4Addr> = services.iter().map(|(address, _)| *address).collect();
    let address = believed(sender, &named)?;
    let http_port = services
        .iter()
        .find(|(named, url)| *named == address && url.scheme() == "http")
        .and_then(|(_, url)| url.port_or_known_default());
    let scopes = device.text_of("Scopes").unwrap_or_default();
    let scope = |name: &str| {
        let prefix = format!("onvif://www.onvif.org/{name}/");
        let value = scopes
            .split_whitespace()
            .take(MOST_ITEMS)
            .find_map(|scope| scope.strip_prefix(prefix.as_str()))?;
        clean(&percent_decode_str(value).decode_utf8_lossy())
    };
    let (name, model) = (scope("name"), scope("hardware"));
    let axis = name.as_deref().is_some_and(|name| name.to_ascii_uppercase().starts_with("AXIS"));
    Some(Sighting {
        name,
        model,
        brand: axis.then(|| "AXIS".to_owned()),
        http_port,
        vapix: axis,
        ..Sighting::new(Method::Wsd, address)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CAMERA: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 90);

    fn answer(id: Uuid, addresses: &str) -> String {
        format!(
            r#"<SOAP-ENV:Envelope xmlns:SOAP-ENV="s" xmlns:a="a" xmlns:d="d"><SOAP-ENV:Header><a:RelatesTo>urn:uuid:{id}</a:RelatesTo></SOAP-ENV:Header>
            <SOAP-ENV:Body><d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:5</a:Address></a:EndpointReference>
            <d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>onvif://www.onvif.org/Profile/Streaming
            onvif://www.onvif.org/name/AXIS%20M3066-V onvif://www.onvif.org/hardware/M3066-V</d:Scopes>
            <d:XAddrs>{addresses}</d:XAddrs></d:ProbeMatch></d:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>"#
        )
    }

    #[test]
    fn a_match_tells_name_model_and_port() {
        let id = Uuid::from_u128(77);
        let addresses =
            "http://169.254.1.1/onvif/device_service http://192.168.0.90:8080/onvif/device_service";
        let read = parse(answer(id, addresses).as_bytes(), CAMERA, id);
        let wanted = Sighting {
            name: Some("AXIS M3066-V".to_owned()),
            model: Some("M3066-V".to_owned()),
            brand: Some("AXIS".to_owned()),
            http_port: Some(8080),
            vapix: true,
            ..Sighting::new(Method::Wsd, CAMERA)
        };
        assert_eq!(read, [wanted]);
    }

    #[test]
    fn answers_to_other_questions_and_public_addresses_are_dropped() {
        let id = Uuid::from_u128(77);
        assert!(parse(answer(id, "http://192.168.0.90/").as_bytes(), CAMERA, Uuid::from_u128(78)).is_empty());
        assert!(parse(answer(id, "http://203.0.113.7/").as_bytes(), CAMERA, id).is_empty());
        assert!(parse(&question(id), CAMERA, id).is_empty());
    }

    proptest! {
        #[test]
        fn no_damage_breaks_the_reader(at in 0_usize..900, byte in any::<u8>(), cut in 0_usize..900) {
            let id = Uuid::from_u128(77);
            let mut bytes = answer(id, "http://192.168.0.90/").into_bytes();
            if let Some(place) = bytes.get_mut(at) { *place = byte; }
            bytes.truncate(cut);
            prop_assert!(parse(&bytes, CAMERA, id).len() <= 1);
        }
    }
}
