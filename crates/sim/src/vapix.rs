//! The device's own HTTP interface (VAPIX) as far as the product uses it: the JSON CGIs, parameters, snapshots, UPnP.
//!
//! Shapes follow the public VAPIX documentation and recorded answers of AXIS OS 11. Not here: authentication and
//! connections ([`crate::http`]), the parameter tree ([`param`]).

pub(crate) mod param;

use crate::clip::{self, Size};
use crate::device::Device;
use crate::discovery;
use crate::http::Answer;
use crate::message::{Request, parameter};
use crate::onvif;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// AXIS OS of the simulated devices.
pub(crate) const VERSION: &str = "11.11.192";
/// The device's JSON content type, with its own spelling of the charset.
const JSON: &str = "application/json; charset=utf8";

/// The APIs that `apidiscovery.cgi` lists: id, version, name.
const APIS: [(&str, &str, &str); 5] = [
    ("api-discovery", "1.1", "API Discovery Service"),
    ("basic-device-info", "1.3", "Basic Device Information"),
    ("param-cgi", "1.0", "Legacy Parameter Handling"),
    ("stream-profiles", "1.0", "Stream Profiles"),
    ("systemready", "1.4", "Systemready"),
];

/// Whether the request is answered to everybody.
pub(crate) fn anonymous(device: &Device, request: &Request) -> bool {
    match request.target().0 {
        "/axis-cgi/systemready.cgi" | "/axis-cgi/apidiscovery.cgi" | "/rootdesc1.xml" | "/" => true,
        "/axis-cgi/basicdeviceinfo.cgi" => {
            let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            matches!(asked["method"].as_str(), Some("getAllUnrestrictedProperties" | "getSupportedVersions"))
        }
        "/axis-cgi/jpg/image.cgi" => device.identity.anonymous,
        _ => false,
    }
}

/// Answers a request that may be answered.
pub(crate) fn answer(device: &Arc<Device>, request: &Request) -> Answer {
    let (path, query) = request.target();
    if let Some(answer) = onvif::answer(device, request) {
        return answer;
    }
    let form = String::from_utf8_lossy(&request.body);
    // Some clients send a form, some a query; the device does not look at the content type.
    let form = if form.is_empty() { query } else { form.trim() };
    let api: fn(&Device, &str, &Value) -> Result<Value, Refusal> = match path {
        "/axis-cgi/systemready.cgi" => ready,
        "/axis-cgi/basicdeviceinfo.cgi" => device_info,
        "/axis-cgi/apidiscovery.cgi" => apis,
        "/axis-cgi/streamprofile.cgi" => profiles,
        "/axis-cgi/param.cgi" => return Answer::ok("text/plain", param::answer(&device.identity, form)),
        "/axis-cgi/jpg/image.cgi" | "/onvif-cgi/jpg/image.cgi" => return image(device, query),
        "/axis-cgi/usergroup.cgi" => {
            let user = &device.identity.user;
            return Answer::ok("text/plain", format!("{user}\nroot admin operator ptz viewer\n"));
        }
        "/axis-cgi/applications/list.cgi" => {
            return Answer::ok("text/xml", "<reply result=\"ok\"></reply>\n");
        }
        "/rootdesc1.xml" => return Answer::ok("text/xml", discovery::description(&device.identity)),
        "/" => {
            return Answer::ok("text/html", "<HTML><HEAD><TITLE>AXIS</TITLE></HEAD><BODY></BODY></HTML>\n");
        }
        _ => return Answer::error("404 Not Found"),
    };
    if request.method != "POST" {
        return Answer::error("405 Method Not Allowed");
    }
    let id = path.trim_start_matches("/axis-cgi/").trim_end_matches(".cgi");
    json_answer(device, id, &request.body, api)
}

/// An API's error: code and message.
struct Refusal(u32, &'static str);

const UNKNOWN_METHOD: Refusal = Refusal(2004, "Method not supported");

fn json_answer(
    device: &Device,
    id: &str,
    body: &[u8],
    api: fn(&Device, &str, &Value) -> Result<Value, Refusal>,
) -> Answer {
    let version = match id {
        "systemready" => "1.4",
        "basicdeviceinfo" => "1.3",
        "apidiscovery" => "1.1",
        _ => "1.0",
    };
    let mut answer = Map::new();
    let result = match serde_json::from_slice::<Value>(body) {
        Err(_) => Err(Refusal(4000, "Invalid JSON")),
        Ok(asked) => {
            let method = asked["method"].as_str().unwrap_or_default();
            if !method.is_empty() {
                answer.insert("method".into(), method.into());
            }
            if let Some(context) = asked.get("context") {
                answer.insert("context".into(), context.clone());
            }
            match asked["apiVersion"].as_str() {
                _ if method == "getSupportedVersions" => Ok(json!({"apiVersions": [version]})),
                Some(asked) if !asked.is_empty() && !asked.starts_with('1') => {
                    Err(Refusal(2003, "API version not supported"))
                }
                None => Err(Refusal(4002, "Required parameter missing: apiVersion")),
                Some(_) => api(device, method, &asked["params"]),
            }
        }
    };
    answer.insert("apiVersion".into(), version.into());
    match result {
        Ok(data) => answer.insert("data".into(), data),
        Err(Refusal(code, message)) => {
            answer.insert("error".into(), json!({"code": code, "message": message}))
        }
    };
    Answer::ok(JSON, Value::Object(answer).to_string())
}

fn ready(device: &Device, method: &str, _: &Value) -> Result<Value, Refusal> {
    let (boot_id, uptime) = device.boot();
    match method {
        "systemready" => Ok(json!({
            "systemready": "yes", "needsetup": "no", "uptime": uptime.to_string(), "bootid": boot_id,
        })),
        _ => Err(UNKNOWN_METHOD),
    }
}

fn device_info(device: &Device, method: &str, params: &Value) -> Result<Value, Refusal> {
    let identity = &device.identity;
    let mut all = json!({
        "Architecture": "aarch64",
        "Brand": "AXIS",
        "BuildDate": "Jan 17 2026 18:22",
        "HardwareID": "92D",
        "ProdFullName": format!("AXIS {} Network Camera", identity.model),
        "ProdNbr": identity.model,
        "ProdShortName": format!("AXIS {}", identity.model),
        "ProdType": "Network Camera",
        "ProdVariant": "",
        "SerialNumber": identity.serial,
        "Soc": "Axis Artpec-8",
        "SocSerialNumber": "00000000-00000000-01234567-89ABCDEF",
        "Version": VERSION,
        "WebURL": "http://www.axis.com",
    });
    if let Some(properties) = all.as_object_mut() {
        match method {
            "getAllProperties" => {}
            "getAllUnrestrictedProperties" => {
                properties
                    .retain(|name, _| !["Architecture", "Soc", "SocSerialNumber"].contains(&name.as_str()));
            }
            "getProperties" => {
                let list =
                    params["propertyList"].as_array().ok_or(Refusal(4002, "Required parameter missing"))?;
                properties.retain(|name, _| list.iter().any(|wanted| wanted == name));
            }
            _ => return Err(UNKNOWN_METHOD),
        }
    }
    Ok(json!({"propertyList": all}))
}

fn apis(_: &Device, method: &str, params: &Value) -> Result<Value, Refusal> {
    if method != "getApiList" {
        return Err(UNKNOWN_METHOD);
    }
    let wanted = params["id"].as_str().unwrap_or("*");
    let list = APIS.iter().filter(|(id, ..)| wanted == "*" || wanted == *id);
    let entry = |(id, version, name): &(&str, &str, &str)| {
        let link = "https://www.axis.com/partner_pages/vapix_library/#/";
        json!({"id": id, "version": version, "name": name, "docLink": link, "status": "official"})
    };
    Ok(json!({"apiList": list.map(entry).collect::<Vec<_>>()}))
}

fn profiles(_: &Device, method: &str, _: &Value) -> Result<Value, Refusal> {
    if method != "list" {
        return Err(UNKNOWN_METHOD);
    }
    let list = param::PROFILES.map(|(name, description, parameters)| {
        json!({"name": name, "description": description, "parameters": parameters})
    });
    Ok(json!({"maxProfiles": 26, "streamProfile": list}))
}

/// A snapshot: the small one for anything up to 640 wide.
fn image(device: &Device, query: &str) -> Answer {
    if parameter(query, "camera").is_some_and(|camera| camera != "1") {
        return Answer::error("400 Bad Request");
    }
    let width = match parameter(query, "resolution") {
        Some(size) => match size.split_once('x').and_then(|(width, _)| width.parse::<u32>().ok()) {
            Some(width) => width,
            None => return Answer::error("400 Bad Request"),
        },
        None => 1920,
    };
    let size = if width <= 640 { Size::Sub } else { Size::Main };
    Answer::ok("image/jpeg", clip::still(device.identity.scene, size))
}
