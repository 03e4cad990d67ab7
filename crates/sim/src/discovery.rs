//! How the cameras are found. (Answers to multicast queries follow.)
use crate::device::Identity;

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
