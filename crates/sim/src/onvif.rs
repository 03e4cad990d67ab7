//! ONVIF as far as still pictures need it: `GetServices`, `GetProfiles`, `GetSnapshotUri`, over HTTP digest.
//!
//! Shapes follow the ONVIF Core and Media specifications. Not here: authentication ([`crate::http`]), discovery.

use crate::device::Device;
use crate::http::Answer;
use crate::message::Request;

const SOAP: &str = "application/soap+xml; charset=utf-8";

/// Answers what is asked of one of the services; `None` if the path is none of them.
pub(crate) fn answer(device: &Device, request: &Request) -> Option<Answer> {
    let path = request.target().0;
    if !matches!(path, "/onvif/device_service" | "/onvif/media_service") {
        return None;
    }
    if request.method != "POST" {
        return Some(Answer::error("405 Method Not Allowed"));
    }
    let asked = String::from_utf8_lossy(&request.body);
    let at = format!("http://{}:{}", device.identity.address, device.identity.http_port);
    let is_media = path == "/onvif/media_service";
    let body = if !is_media && asked.contains("GetServices") {
        let service = |namespace: &str, path: &str| {
            format!(
                "<tds:Service><tds:Namespace>http://www.onvif.org/ver10/{namespace}/wsdl</tds:Namespace>\
                 <tds:XAddr>{at}/onvif/{path}</tds:XAddr><tds:Version><tt:Major>2</tt:Major>\
                 <tt:Minor>60</tt:Minor></tds:Version></tds:Service>"
            )
        };
        let services = [service("device", "device_service"), service("media", "media_service")].concat();
        format!("<tds:GetServicesResponse>{services}</tds:GetServicesResponse>")
    } else if is_media && asked.contains("GetProfiles") {
        "<trt:GetProfilesResponse><trt:Profiles token=\"profile_1\" fixed=\"true\"><tt:Name>profile_1</tt:Name>\
         </trt:Profiles><trt:Profiles token=\"profile_2\"><tt:Name>profile_2</tt:Name></trt:Profiles>\
         </trt:GetProfilesResponse>"
            .to_owned()
    } else if is_media && asked.contains("GetSnapshotUri") && asked.contains(">profile_1<") {
        format!(
            "<trt:GetSnapshotUriResponse><trt:MediaUri><tt:Uri>{at}/onvif-cgi/jpg/image.cgi?resolution=640x360&amp;\
             compression=30</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>\
             false</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout></trt:MediaUri></trt:GetSnapshotUriResponse>"
        )
    } else {
        let fault = "<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Receiver</SOAP-ENV:Value>\
             <SOAP-ENV:Subcode><SOAP-ENV:Value>ter:ActionNotSupported</SOAP-ENV:Value></SOAP-ENV:Subcode>\
             </SOAP-ENV:Code><SOAP-ENV:Reason><SOAP-ENV:Text xml:lang=\"en\">Optional Action Not Implemented\
             </SOAP-ENV:Text></SOAP-ENV:Reason></SOAP-ENV:Fault>";
        return Some(Answer { status: "500 Internal Server Error", ..Answer::ok(SOAP, envelope(fault)) });
    };
    Some(Answer::ok(SOAP, envelope(&body)))
}

fn envelope(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<SOAP-ENV:Envelope \
         xmlns:SOAP-ENV=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:ter=\"http://www.onvif.org/ver10/error\" \
         xmlns:tt=\"http://www.onvif.org/ver10/schema\" xmlns:tds=\"http://www.onvif.org/ver10/device/wsdl\" \
         xmlns:trt=\"http://www.onvif.org/ver10/media/wsdl\"><SOAP-ENV:Body>{body}</SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )
}
