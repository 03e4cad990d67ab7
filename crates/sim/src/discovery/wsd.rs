//! WS-Discovery (OASIS 1.1, with the addressing of April 2005 that ONVIF uses): answers to `Probe`.
//!
//! The query is searched for what is needed, not parsed as XML. Not here: `Resolve`, `Hello`, `Bye`, the ONVIF device
//! service that the answer points to.

use crate::device::{Device, random_id};

/// The camera's answer to a probe, if it probes for network video transmitters or for everything.
pub(super) fn answer(device: &Device, datagram: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(datagram).ok()?;
    if !text.contains("/discovery/Probe") && !text.contains(":Probe") {
        return None;
    }
    let kinds = element(text, "Types").unwrap_or_default();
    let wanted = kinds.is_empty() || kinds.contains("NetworkVideoTransmitter") || kinds.contains(":Device");
    if !wanted {
        return None;
    }
    let relates = element(text, "MessageID")?;
    let identity = &device.identity;
    let (model, serial) = (identity.model, &identity.serial);
    let place = format!("http://{}:{}/onvif/device_service", identity.address, identity.http_port);
    let answer = format!(
        concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?>"#,
            r#"<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" "#,
            r#"xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" "#,
            r#"xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" "#,
            r#"xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl">"#,
            r#"<SOAP-ENV:Header><wsa:MessageID>urn:uuid:{id}</wsa:MessageID><wsa:RelatesTo>{relates}</wsa:RelatesTo>"#,
            r#"<wsa:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</wsa:To>"#,
            r#"<wsa:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</wsa:Action>"#,
            r#"</SOAP-ENV:Header><SOAP-ENV:Body><d:ProbeMatches><d:ProbeMatch><wsa:EndpointReference>"#,
            r#"<wsa:Address>urn:uuid:00000000-0000-1000-8000-{node}</wsa:Address></wsa:EndpointReference>"#,
            r#"<d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types><d:Scopes>"#,
            r#"onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/Profile/Streaming "#,
            r#"onvif://www.onvif.org/hardware/{model} onvif://www.onvif.org/name/AXIS%20{model} "#,
            r#"onvif://www.onvif.org/location/</d:Scopes><d:XAddrs>{place}</d:XAddrs>"#,
            r#"<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></SOAP-ENV:Body>"#,
            r#"</SOAP-ENV:Envelope>"#,
        ),
        id = random_id(),
        relates = relates,
        node = serial.to_ascii_lowercase(),
        model = model,
        place = place,
    );
    Some(answer.into_bytes())
}

/// The text of the first element of that local name, if nothing in it looks like markup.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = text;
    loop {
        let (_, after) = rest.split_once('<')?;
        let (tag, content) = after.split_once('>')?;
        let full = tag.split([' ', '\r', '\n', '\t', '/']).next().unwrap_or_default();
        if full.rsplit(':').next() == Some(name) && !tag.ends_with('/') {
            return content.split('<').next().map(str::trim);
        }
        rest = content;
    }
}

#[cfg(test)]
mod tests {
    use super::element;
    use proptest::prelude::*;

    #[test]
    fn an_element_is_found_whatever_its_prefix() {
        let text = "<?xml?><a:Types xmlns='x'> dn:X </a:Types><MessageID>uuid:1</MessageID><w:Empty/>";
        assert_eq!(element(text, "Types"), Some("dn:X"));
        assert_eq!(element(text, "MessageID"), Some("uuid:1"));
        assert_eq!(element(text, "Empty"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_searched_without_panic(text: String) {
            let _ = element(&text, "Types");
        }
    }
}
