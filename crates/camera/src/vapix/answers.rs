//! What devices answer, read: pure functions over bytes and JSON.
//!
//! What is here: the JSON envelope of VAPIX, its answers as far as they are used, `param.cgi` text, and the choice of
//! resolutions.
//! What is not here: HTTP. Unknown fields are ignored; texts are kept as the device wrote them, without control
//! characters and shortened.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde_json::Value;
use url::Url;

/// Longest text that is kept of any field, in characters.
const LONGEST_TEXT: usize = 200;
/// Most functions of a device that are listed.
const MOST_APIS: usize = 512;
/// Most resolutions that are looked at.
const MOST_RESOLUTIONS: usize = 256;

/// The device understood and said no (`error` in the answer).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its code; texts and numbers both occur.
    pub code: String,
    /// What it said.
    pub message: String,
}

/// The data of an answer, or the device's refusal.
///
/// # Errors
/// Neither: the reason.
pub fn envelope(body: &[u8]) -> Result<Result<Value, Refusal>, String> {
    let mut answer: Value = serde_json::from_slice(body).map_err(|_| "it is not JSON".to_owned())?;
    if let Some(error) = answer.get("error").filter(|error| error.is_object()) {
        let code = match error.get("code") {
            Some(Value::String(code)) => clean(code),
            Some(code) => clean(&code.to_string()),
            None => String::new(),
        };
        let message = error.get("message").and_then(Value::as_str).map(clean).unwrap_or_default();
        return Ok(Err(Refusal { code, message }));
    }
    match answer.get_mut("data") {
        Some(data) => Ok(Ok(data.take())),
        None => Err("it has neither data nor error".to_owned()),
    }
}

/// Answer to `systemready`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemReady {
    /// Whether it has started.
    pub ready: bool,
    /// Whether it waits for its first account; nothing where it does not say (before AXIS OS 9.50).
    pub needs_setup: Option<bool>,
    /// Tells one start of the device from another.
    pub boot_id: Option<String>,
}

impl SystemReady {
    /// Reads `data`.
    ///
    /// # Errors
    /// The reason.
    pub fn from_data(data: &Value) -> Result<Self, String> {
        let yes = |name: &str| {
            data.get(name).and_then(Value::as_str).map(|value| value.eq_ignore_ascii_case("yes"))
        };
        Ok(Self {
            ready: yes("systemready").ok_or("systemready is missing")?,
            needs_setup: yes("needsetup"),
            boot_id: data.get("bootid").and_then(Value::as_str).map(clean),
        })
    }
}

/// What a device is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Maker, such as `AXIS`.
    pub brand: String,
    /// Model, such as `P3245-LVE`.
    pub model: String,
    /// The product's full name.
    pub full_name: String,
    /// What it is, such as `Network Camera`; may be empty.
    pub kind: String,
    /// Serial number: the MAC address without colons.
    pub serial: String,
    /// Version of its system software.
    pub firmware: String,
}

impl DeviceInfo {
    /// Reads `data` of `basicdeviceinfo.cgi`.
    ///
    /// # Errors
    /// The reason.
    pub fn from_data(data: &Value) -> Result<Self, String> {
        let list = data.get("propertyList").ok_or("propertyList is missing")?;
        let text = |name: &str| list.get(name).and_then(Value::as_str).map(clean).unwrap_or_default();
        let info = Self {
            brand: text("Brand"),
            model: text("ProdNbr"),
            full_name: text("ProdFullName"),
            kind: text("ProdType"),
            serial: text("SerialNumber"),
            firmware: text("Version"),
        };
        if info.serial.is_empty() && info.model.is_empty() {
            return Err("it tells neither model nor serial number".to_owned());
        }
        Ok(info)
    }

    /// The same out of parameters; nothing where they do not tell.
    #[must_use]
    pub fn from_parameters(parameters: &Parameters) -> Option<Self> {
        let text = |name: &str| parameters.get(name).map(clean).unwrap_or_default();
        let info = Self {
            brand: text("Brand.Brand"),
            model: text("Brand.ProdNbr"),
            full_name: text("Brand.ProdFullName"),
            kind: text("Brand.ProdType"),
            serial: text("Properties.System.SerialNumber"),
            firmware: text("Properties.Firmware.Version"),
        };
        (!info.serial.is_empty() || !info.model.is_empty()).then_some(info)
    }
}

/// One function of a device (`apidiscovery.cgi`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    /// Such as `basic-device-info`.
    pub id: String,
    /// Such as `1.3`.
    pub version: String,
}

/// Reads `data` of `getApiList`.
///
/// # Errors
/// The reason.
pub fn api_list(data: &Value) -> Result<Vec<Api>, String> {
    let list = data.get("apiList").and_then(Value::as_array).ok_or("apiList is missing")?;
    let text = |api: &Value, name: &str| api.get(name).and_then(Value::as_str).map(clean);
    Ok(list
        .iter()
        .take(MOST_APIS)
        .filter_map(|api| {
            Some(Api { id: text(api, "id")?, version: text(api, "version").unwrap_or_default() })
        })
        .collect())
}

/// Parameters by name, without the leading `root.`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Reads the text of `param.cgi?action=list`. Lines that are no parameter (errors begin with `#`) are left out; bytes
    /// that are not UTF-8 are ISO 8859-1, as old devices write.
    #[must_use]
    pub fn parse(body: &[u8]) -> Self {
        let text = match std::str::from_utf8(body) {
            Ok(text) => text.to_owned(),
            Err(_) => body.iter().map(|byte| char::from(*byte)).collect(),
        };
        let line = |line: &str| {
            let (name, value) = line.trim_end_matches('\r').split_once('=')?;
            let name = name.trim().strip_prefix("root.").unwrap_or(name.trim());
            (!name.is_empty() && !name.starts_with('#')).then(|| (name.to_owned(), value.to_owned()))
        };
        Self(text.split('\n').filter_map(line).collect())
    }

    /// A parameter's value, by its name without `root.`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The resolutions that it can send (`Properties.Image.Resolution`).
    #[must_use]
    pub fn resolutions(&self) -> Vec<Resolution> {
        let list = self.get("Properties.Image.Resolution").unwrap_or_default();
        list.split(',').take(MOST_RESOLUTIONS).filter_map(|text| text.trim().parse().ok()).collect()
    }
}

/// Width and height in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// Pixels in a line.
    pub width: u16,
    /// Lines.
    pub height: u16,
}

impl Resolution {
    fn pixels(self) -> u32 {
        u32::from(self.width) * u32::from(self.height)
    }

    /// Within a pixel or so of 16:9.
    fn is_wide(self) -> bool {
        u32::from(self.width).abs_diff(u32::from(self.height) * 16 / 9) <= 4
    }
}

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl FromStr for Resolution {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (width, height) = text.split_once('x').ok_or(())?;
        let side = |text: &str| text.parse::<u16>().ok().filter(|side| *side > 0).ok_or(());
        Ok(Self { width: side(width)?, height: side(height)? })
    }
}

/// The largest.
#[must_use]
pub fn main_resolution(resolutions: &[Resolution]) -> Option<Resolution> {
    resolutions.iter().copied().max_by_key(|resolution| resolution.pixels())
}

/// 640x360; else the 16:9 one nearest to it that is not wider than 960; else the one with the nearest number of pixels.
#[must_use]
pub fn sub_resolution(resolutions: &[Resolution]) -> Option<Resolution> {
    let wanted = Resolution { width: 640, height: 360 };
    let off = |resolution: &Resolution| resolution.pixels().abs_diff(wanted.pixels());
    let small =
        resolutions.iter().copied().filter(|resolution| resolution.is_wide() && resolution.width <= 960);
    small.min_by_key(off).or_else(|| resolutions.iter().copied().min_by_key(off))
}

/// How the device shall code pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Codec {
    /// Every browser shows it.
    #[default]
    H264,
    /// Half the disk, where browser and device have it.
    H265,
}

impl Codec {
    /// Its name in addresses of streams.
    pub(crate) const fn parameter(self) -> &'static str {
        match self {
            Self::H264 => "h264",
            Self::H265 => "h265",
        }
    }
}

/// `rtsp://host:port/axis-media/media.amp?…` (VAPIX, video streaming over RTSP); nothing where `base` has no host.
#[must_use]
pub fn stream_url(base: &Url, port: u16, codec: Codec, resolution: Resolution) -> Option<Url> {
    let codec = codec.parameter();
    let host = base.host_str()?;
    let query = format!("videocodec={codec}&resolution={resolution}&audio=1&camera=1");
    Url::parse(&format!("rtsp://{host}:{port}/axis-media/media.amp?{query}")).ok()
}

/// A device's text as it may be shown: no control characters, not too long.
pub(crate) fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST_TEXT).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn resolutions(text: &str) -> Vec<Resolution> {
        Parameters::parse(format!("root.Properties.Image.Resolution={text}\r\n").as_bytes()).resolutions()
    }

    #[test]
    fn main_is_the_largest_and_sub_a_small_wide_one() {
        for (list, main, sub) in [
            ("1920x1080,1280x960,640x480,640x360,320x240", "1920x1080", "640x360"),
            ("2304x1728,1920x1080,800x450,480x270", "2304x1728", "480x270"),
            ("768x576,640x480,480x360,320x240,160x120", "768x576", "480x360"),
            ("3840x2160", "3840x2160", "3840x2160"),
        ] {
            let found = resolutions(list);
            let text = |resolution: Option<Resolution>| resolution.unwrap().to_string();
            assert_eq!(
                (text(main_resolution(&found)), text(sub_resolution(&found))),
                (main.into(), sub.into())
            );
        }
        assert_eq!(main_resolution(&resolutions("0x0,x,5,99999x1,-1x2")), None);
    }

    #[test]
    fn parameters_are_read_as_old_and_new_devices_write_them() {
        let text = b"# Error: Error -1 getting param in group 'X'\nBrand.Brand=AXIS\r\nroot.Network.Name=B\xfcro=1\n=\n\nx";
        let parameters = Parameters::parse(text);
        assert_eq!(parameters.get("Brand.Brand"), Some("AXIS"));
        assert_eq!(parameters.get("Network.Name"), Some("Büro=1"));
        assert_eq!(parameters.len(), 2);
    }

    #[test]
    fn an_answer_is_data_or_a_refusal_or_neither() {
        assert_eq!(envelope(br#"{"data":{"a":1}}"#), Ok(Ok(serde_json::json!({"a": 1}))));
        let refusal = envelope(br#"{"error":{"code":"2004","message":"no\n such"}}"#).unwrap().unwrap_err();
        assert_eq!((refusal.code.as_str(), refusal.message.as_str()), ("2004", "no such"));
        for bad in [&b""[..], b"<html>", b"{}", b"[1]", b"{\"data\":"] {
            assert!(envelope(bad).is_err());
        }
    }

    #[test]
    fn the_stream_address_names_port_codec_and_resolution() {
        let base = Url::parse("https://[::1]:8443/x").unwrap();
        let url = stream_url(&base, 8554, Codec::H265, Resolution { width: 640, height: 360 }).unwrap();
        let wanted =
            "rtsp://[::1]:8554/axis-media/media.amp?videocodec=h265&resolution=640x360&audio=1&camera=1";
        assert_eq!(url.as_str(), wanted);
    }

    proptest! {
        #[test]
        fn no_answer_breaks_the_readers(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in "\\PC{0,80}") {
            let _ = Parameters::parse(&bytes).resolutions();
            let _ = envelope(&bytes);
            let data = serde_json::json!({"propertyList": {"SerialNumber": text, "ProdNbr": 5}, "apiList": [text, {"id": text}], "systemready": text});
            let _ = DeviceInfo::from_data(&data);
            let _ = api_list(&data);
            let _ = SystemReady::from_data(&data);
            prop_assert!(clean(&text).chars().count() <= LONGEST_TEXT);
        }
    }
}
