//! SSDP: the search (UPnP Device Architecture 1.1, 1.3.2), its answers (1.3.3), and device descriptions (2.3).
//!
//! What is here: texts out, texts in. Searched for is the service that Axis devices announce.
//! What is not here: sockets, fetching of descriptions.

use std::net::Ipv4Addr;

use url::{Host, Url};

use super::{Method, Sighting, clean, serial};
use crate::xml::{self, BadXml};

/// The service of Axis devices.
const SERVICE: &str = "urn:axis-com:service:BasicService:1";
/// Longest answer, in bytes.
const LONGEST: usize = 4096;
/// Most header lines of an answer.
const MOST_LINES: usize = 64;
/// Longest description, in bytes.
pub(super) const LONGEST_DESCRIPTION: usize = 64 << 10;

/// The question.
pub(super) fn question() -> Vec<u8> {
    format!(
        "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: {SERVICE}\r\n\r\n"
    )
    .into_bytes()
}

/// An answer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) sighting: Sighting,
    /// Where its description is, if at the sender's own address.
    pub(super) description: Option<Url>,
}

/// Reads an answer that came from `sender`; nothing where it is none of an Axis device.
pub(super) fn parse(bytes: &[u8], sender: Ipv4Addr) -> Option<Answer> {
    let text = std::str::from_utf8(bytes.get(..bytes.len().min(LONGEST))?).ok()?;
    let mut lines = text.lines().take(MOST_LINES);
    let status = lines.next()?;
    if !status.starts_with("HTTP/1.") || status.split_whitespace().nth(1) != Some("200") {
        return None;
    }
    let (mut location, mut target, mut usn) = (None, None, None);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "location" => location = Url::parse(value).ok(),
            "st" => target = Some(value),
            "usn" => usn = Some(value),
            _ => {}
        }
    }
    if target != Some(SERVICE) {
        return None;
    }
    // uuid:Upnp-BasicDevice-1_0-<SERIAL>::urn:…
    let number = usn.and_then(|usn| usn.split("::").next()?.rsplit('-').next()).and_then(serial);
    let description = location.filter(|url| {
        url.scheme() == "http" && url.host() == Some(Host::Ipv4(sender)) && url.username().is_empty()
    });
    let sighting = Sighting {
        serial: number,
        brand: Some("AXIS".to_owned()),
        vapix: true,
        ..Sighting::new(Method::Ssdp, sender)
    };
    Some(Answer { sighting, description })
}

/// Adds what a device's description tells to a sighting. Asks nobody.
///
/// # Errors
/// It is no XML, too long, or nested beyond all reason.
pub fn describe(sighting: &mut Sighting, description: &[u8]) -> Result<(), BadXml> {
    let document = xml::parse(description, LONGEST_DESCRIPTION)?;
    let text = |name: &str| document.text_of(name).and_then(clean);
    sighting.name = text("friendlyName").or(sighting.name.take());
    sighting.brand = text("manufacturer").or(sighting.brand.take());
    sighting.model = text("modelNumber").or_else(|| text("modelName")).or(sighting.model.take());
    sighting.serial = document.text_of("serialNumber").and_then(serial).or(sighting.serial.take());
    let page = document.text_of("presentationURL").and_then(|url| Url::parse(url).ok());
    sighting.http_port = page
        .filter(|url| url.scheme() == "http" && url.host() == Some(Host::Ipv4(sighting.address)))
        .and_then(|url| url.port_or_known_default())
        .or(sighting.http_port);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CAMERA: Ipv4Addr = Ipv4Addr::new(192, 168, 0, 90);

    fn answer(location: &str) -> String {
        format!(
            "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nEXT:\r\nLOCATION: {location}\r\nST: {SERVICE}\r\n\
             USN: uuid:Upnp-BasicDevice-1_0-ACCC8E270AD8::{SERVICE}\r\n\r\n"
        )
    }

    #[test]
    fn an_answer_tells_serial_number_and_description() {
        let read = parse(answer("http://192.168.0.90:49154/rootdesc1.xml").as_bytes(), CAMERA).unwrap();
        assert_eq!(read.sighting.serial.as_deref(), Some("ACCC8E270AD8"));
        assert_eq!(read.description.unwrap().as_str(), "http://192.168.0.90:49154/rootdesc1.xml");
    }

    #[test]
    fn descriptions_elsewhere_are_not_fetched() {
        for elsewhere in [
            "http://192.168.0.91/x",
            "https://192.168.0.90/x",
            "http://example.org/x",
            "file:///etc/passwd",
            "",
            "http://user@192.168.0.90/x",
            "http://192.168.0.90.example.org/",
        ] {
            assert_eq!(parse(answer(elsewhere).as_bytes(), CAMERA).unwrap().description, None, "{elsewhere}");
        }
        assert_eq!(parse(answer("").replace("200 OK", "404 No").as_bytes(), CAMERA), None);
        assert_eq!(parse(question().as_slice(), CAMERA), None);
    }

    #[test]
    fn a_description_adds_what_it_tells() {
        let text = r#"<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device>
            <friendlyName>AXIS M1014 - ACCC8E270AD8</friendlyName><manufacturer>AXIS</manufacturer>
            <modelName>AXIS M1014</modelName><modelNumber>M1014</modelNumber><serialNumber>ac:cc:8e:27:0a:d8</serialNumber>
            <presentationURL>http://192.168.0.90:8080/</presentationURL></device></root>"#;
        let mut sighting = Sighting::new(Method::Ssdp, CAMERA);
        describe(&mut sighting, text.as_bytes()).unwrap();
        assert_eq!(sighting.name.as_deref(), Some("AXIS M1014 - ACCC8E270AD8"));
        assert_eq!(sighting.model.as_deref(), Some("M1014"));
        assert_eq!(sighting.serial.as_deref(), Some("ACCC8E270AD8"));
        assert_eq!(sighting.http_port, Some(8080));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "(HTTP/1.1 200 OK\r\n)?([A-Za-z]{0,8}:? ?[ -~]{0,40}\r?\n){0,10}", bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = parse(text.as_bytes(), CAMERA);
            let _ = parse(&bytes, CAMERA);
            let _ = describe(&mut Sighting::new(Method::Ssdp, CAMERA), &bytes);
        }
    }
}
