//! SSDP (UPnP Device Architecture 1.0, chapter 1): answers to `M-SEARCH`, and the description they point to.
//!
//! Not here: `NOTIFY` announcements, control and eventing of the one service named.

use crate::device::{Device, Identity};

const SERVICE: &str = "urn:axis-com:service:BasicService:1";
const DEVICE: &str = "urn:schemas-upnp-org:device:Basic:1";

/// The camera's answer to a search, if it searches for something that the camera is.
pub(super) fn answer(device: &Device, datagram: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(datagram).ok()?;
    let mut lines = text.split("\r\n");
    if !lines.next()?.starts_with("M-SEARCH ") {
        return None;
    }
    let mut headers = lines.filter_map(|line| line.split_once(':'));
    let (_, target) = headers.find(|(name, _)| name.trim().eq_ignore_ascii_case("st"))?;
    let target = match target.trim() {
        "ssdp:all" => SERVICE,
        known @ (SERVICE | DEVICE | "upnp:rootdevice") => known,
        _ => return None,
    };
    let Identity { serial, address, http_port, .. } = &device.identity;
    let answer = format!(
        "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=1800\r\nEXT:\r\n\
         LOCATION: http://{address}:{http_port}/rootdesc1.xml\r\n\
         SERVER: Linux/5.15.0, UPnP/1.0, Portable SDK for UPnP devices/1.14.12\r\nST: {target}\r\n\
         USN: uuid:Upnp-BasicDevice-1_0-{serial}::{target}\r\n\r\n"
    );
    Some(answer.into_bytes())
}

/// The UPnP description of a camera.
pub(crate) fn description(identity: &Identity) -> String {
    let Identity { model, serial, address, http_port, .. } = identity;
    format!(
        "<?xml version=\"1.0\"?>\n<root xmlns=\"urn:schemas-upnp-org:device-1-0\">\
         <specVersion><major>1</major><minor>0</minor></specVersion>\
         <URLBase>http://{address}:{http_port}/</URLBase><device>\
         <deviceType>urn:schemas-upnp-org:device:Basic:1</deviceType>\
         <friendlyName>AXIS {model} - {serial}</friendlyName><manufacturer>AXIS</manufacturer>\
         <manufacturerURL>http://www.axis.com/</manufacturerURL>\
         <modelDescription>AXIS {model} Network Camera</modelDescription><modelName>AXIS {model}</modelName>\
         <modelNumber>{model}</modelNumber><modelURL>http://www.axis.com/</modelURL>\
         <serialNumber>{serial}</serialNumber><UDN>uuid:Upnp-BasicDevice-1_0-{serial}</UDN><serviceList><service>\
         <serviceType>urn:axis-com:service:BasicService:1</serviceType>\
         <serviceId>urn:axis-com:serviceId:BasicServiceId</serviceId>\
         <controlURL>/upnp/control/BasicServiceId</controlURL><eventSubURL>/upnp/event/BasicServiceId</eventSubURL>\
         <SCPDURL>/scpd_basic.xml</SCPDURL></service></serviceList>\
         <presentationURL>http://{address}:{http_port}/</presentationURL></device></root>\n"
    )
}
