//! The audit log: who did what, from where, on what, when, with what outcome.

use model::{UserId, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A row of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// Its place in the log, without holes.
    pub number: i64,
    /// When.
    pub at: WallTime,
    /// Who; none where nobody was signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The name of who, as it was then or as it was tried.
    pub name: String,
    /// From where.
    pub address: String,
    /// `sign-in`, `account`, `view`, `export`, `rights`, `device` or `configuration`.
    pub kind: String,
    /// What: an operation of this document, such as `camera_update`.
    pub action: String,
    /// On what.
    pub target: String,
    /// `done`, `refused` or `failed`.
    pub outcome: String,
    /// More about it.
    pub detail: String,
    /// SHA-256 over the hash of the row before and this row, 64 hex digits.
    pub hash: String,
}

/// A page of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditPage {
    /// Rows, the newest first.
    pub items: Vec<AuditEntry>,
    /// Where the next page begins: give it as `before`. None: this was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<i64>,
}

/// Whether the audit log is what was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditChain {
    /// Whether it is whole.
    pub whole: bool,
    /// How many rows there are, where it is whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<i64>,
    /// The number of the newest row, where it is whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// The hash of the newest row, 64 hex digits, where it is whole. Kept apart from the site, it finds a log that was
    /// rewritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// The first row that was changed or is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken_at: Option<i64>,
}
