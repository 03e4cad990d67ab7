//! Remote access of a site: through which cloud it is reached.

use model::WallTime;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far remote access is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RemoteState {
    /// It is off: the site belongs to no organization.
    Off,
    /// Somebody has to grant it at the cloud.
    WaitingForGrant,
    /// It is on: the site belongs to an organization and connects by itself.
    On,
}

/// `GET /v1/remote`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RemoteStatus {
    /// How far it is.
    pub state: RemoteState,
    /// Where the cloud is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The cloud's certificate ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloud_certificate_id: Option<String>,
    /// The organization that the site belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// While it is waited for a grant: where the person goes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_url: Option<String>,
    /// and what is typed there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_code: Option<String>,
    /// Until when the code counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<WallTime>,
    /// The site's certificate ID: it is shown where the grant is given.
    pub certificate_id: String,
    /// Whether the site is connected to the cloud now.
    pub connected: bool,
    /// What went wrong last, while it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Who is connected by a peer session.
    pub people: Vec<RemotePerson>,
}

/// Somebody who is connected by a peer session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RemotePerson {
    /// The account that opened the session, as the cloud says. Empty where it says nothing.
    pub account: String,
    /// The site's user who has signed in over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Where packets to the person go: the person's own address, or one of a NAT or relay in between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Since when.
    pub since: WallTime,
}

/// `POST /v1/remote`: enable remote access.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RemoteEnable {
    /// Where the cloud is: `https://cloud.example.org`.
    #[schema(max_length = 256)]
    pub url: String,
    /// Its certificate ID: 16 groups of 4 hex digits.
    #[schema(max_length = 128)]
    pub certificate_id: String,
}
