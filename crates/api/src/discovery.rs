//! Looking for cameras on the network.

use model::{CameraId, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a device was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// mDNS and DNS-SD, RFC 6762 and 6763.
    Mdns,
    /// SSDP of UPnP.
    Ssdp,
    /// WS-Discovery, as ONVIF devices do.
    Wsd,
}

/// A device that answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Found {
    /// What tells it from others: serial number, else its address.
    pub key: String,
    /// What it calls itself.
    pub name: String,
    /// Model.
    pub model: Option<String>,
    /// Maker.
    pub brand: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// IP address.
    pub address: String,
    /// Base address for HTTP.
    pub http_url: String,
    /// RTSP port, where the device tells it.
    pub rtsp_port: Option<u16>,
    /// Whether it speaks VAPIX, so that name and password are enough to add it.
    pub vapix: bool,
    /// Version of its system software.
    pub firmware: Option<String>,
    /// Whether it still waits for its first account.
    pub needs_setup: bool,
    /// How it was seen.
    pub seen_by: Vec<Method>,
    /// The camera that it was added as.
    pub added_as: Option<CameraId>,
}

/// `GET /v1/discovery`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Discovery {
    /// Whether a search is under way.
    pub running: bool,
    /// When the last search began.
    pub started: Option<WallTime>,
    /// What was found, by name.
    pub found: Vec<Found>,
}
