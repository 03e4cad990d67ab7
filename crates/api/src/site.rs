//! The site itself, its storage, its health.

use model::{SiteId, WallTime};
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

/// `GET /v1/backup`: whether the site could be made again if its machine were lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupState {
    /// When a backup was taken last; none: never.
    pub last: Option<WallTime>,
    /// The command that takes one, on the site's machine.
    pub command: String,
}

/// `GET /healthz`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// `ok`, or what is wrong.
    pub status: String,
    /// The release that runs.
    pub release: String,
}
