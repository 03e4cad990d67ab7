//! The site itself, its storage, its health.

use model::{SiteId, VolumeId, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Site {
    /// Its identifier, made from its identity.
    pub id: SiteId,
    /// Its name.
    pub name: String,
    /// IANA name of its time zone, such as `Europe/Stockholm`.
    pub time_zone: String,
    /// What its clock says.
    pub time: WallTime,
    /// Certificate ID: 16 groups of 4 hex digits.
    pub certificate_id: String,
    /// SHA-256 of the TLS certificate as browsers print it.
    pub tls_certificate_sha256: String,
    /// The release that runs.
    pub release: String,
    /// Since when it runs.
    pub started: WallTime,
}

/// `PATCH /v1/site`. What is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct SiteChange {
    /// Its name.
    #[schema(min_length = 1, max_length = 128)]
    pub name: Option<String>,
    /// IANA name of its time zone.
    pub time_zone: Option<String>,
}

/// One volume: a directory that holds recordings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Volume {
    /// Its identifier, kept on the volume itself.
    pub id: VolumeId,
    /// Where it lies.
    pub path: String,
    /// Bytes of recordings on it.
    pub used_bytes: u64,
    /// Bytes that recordings may take; none: all but the reserve.
    pub limit_bytes: Option<u64>,
    /// Bytes free on its file system.
    pub free_bytes: u64,
    /// Bytes of the file system.
    pub total_bytes: u64,
    /// Start of the oldest recording.
    pub oldest: Option<WallTime>,
    /// Whether it takes recordings, and why not.
    pub state: VolumeState,
    /// Seconds of recording that a power cut could lose now.
    pub at_risk_s: f64,
}

/// How a volume is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VolumeState {
    /// Takes recordings.
    Ok,
    /// Cannot keep up; recordings go on with a larger tick.
    Slow,
    /// Full, and nothing on it may be deleted.
    Full,
    /// Errors on writing.
    Failed,
    /// Was made by another site; read only until adopted.
    Foreign,
}

/// `PATCH /v1/volumes/{volume}`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VolumeChange {
    /// Bytes that recordings may take, 100 MB or more; null: all but the reserve.
    pub limit_bytes: Option<u64>,
}

/// `GET /healthz`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `ok`, or what is wrong.
    pub status: String,
    /// The release that runs.
    pub release: String,
}
