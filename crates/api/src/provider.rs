//! OpenID Connect providers that people sign in by: how they are reached, how they answered, and the two steps of a sign-in.

use model::{DirectoryId, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a provider is reached, what is asked of it, and for how long it may be silent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProviderSettings {
    /// What it is called here: people read "Sign in with …".
    #[schema(min_length = 1, max_length = 128)]
    pub name: String,
    /// Its issuer identifier, exactly as its discovery document has it. It cannot be changed: people are known by it.
    #[schema(min_length = 1, max_length = 1024)]
    pub issuer: String,
    /// What the site is called there.
    #[schema(min_length = 1, max_length = 255)]
    pub client_id: String,
    /// The site's secret there. Kept encrypted, never given back; left out in a change: stays, as long as the client ID is
    /// the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub client_secret: Option<String>,
    /// The address at which people open this site, such as `https://site.example.org:55754`. Sign-ins by the provider work
    /// at this address only.
    #[schema(min_length = 1, max_length = 512)]
    pub site_address: String,
    /// Certificates (PEM) of the authorities that sign the provider's certificate; none: those that the server's machine
    /// trusts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 32768)]
    pub authority: Option<String>,
    /// Scopes that are asked for beside `openid`. Many providers let themselves be asked again only with `offline_access`.
    #[serde(default = "scopes")]
    #[schema(max_items = 16)]
    pub scopes: Vec<String>,
    /// The claim that has the groups: a name such as `groups`, or a JSON pointer such as `/realm_access/roles`; none: groups
    /// do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    pub groups_claim: Option<String>,
    /// The authentication context class that is demanded (`acr`), such as one that stands for a second factor; none: as the
    /// provider decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    pub acr: Option<String>,
    /// A sign-in ends when the provider has not confirmed it for so many minutes: because it is away, or because it cannot be
    /// asked again.
    #[serde(default = "offline_minutes")]
    #[schema(minimum = 1, maximum = 10_080)]
    pub offline_minutes: u32,
    /// How many seconds after it was asked the provider is asked again about a sign-in.
    #[serde(default = "refresh_seconds")]
    #[schema(minimum = 1, maximum = 86_400)]
    pub refresh_seconds: u32,
}

fn scopes() -> Vec<String> {
    vec!["profile".to_owned()]
}

const fn offline_minutes() -> u32 {
    480
}

const fn refresh_seconds() -> u32 {
    60
}

/// How a provider answered last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProviderState {
    /// When it was asked last; none: not since the start.
    pub checked: Option<WallTime>,
    /// What was wrong then; none: it answered.
    pub problem: Option<String>,
    /// What to do about it.
    pub advice: Option<String>,
}

/// A provider.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Provider {
    /// Identifier.
    pub id: DirectoryId,
    /// How it is reached; without the secret.
    #[serde(flatten)]
    pub settings: ProviderSettings,
    /// The redirect URI to be registered at the provider, exactly so.
    pub redirect_uri: String,
    /// How it answered last.
    pub state: ProviderState,
    /// How many of its people are known here.
    pub users: u32,
    /// How many of its groups are known here.
    pub groups: u32,
}

/// `POST /v1/providers/test`: try settings.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct ProviderTry {
    /// The provider whose secret is taken where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<DirectoryId>,
    /// The settings.
    #[serde(flatten)]
    pub settings: ProviderSettings,
}

/// What a try showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProviderCheck {
    /// Where browsers are sent.
    pub authorization_endpoint: String,
    /// How many of its keys can be used.
    pub keys: u32,
    /// How it signs, of what is taken here.
    pub algorithms: Vec<String>,
    /// The redirect URI to be registered at the provider, exactly so.
    pub redirect_uri: String,
}

/// A provider as whoever is not signed in is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProviderDoor {
    /// Identifier.
    pub id: DirectoryId,
    /// What it is called here.
    pub name: String,
}

/// `POST /v1/session/openid/begin`: begin a sign-in by a provider.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct OpenIdBegin {
    /// Which.
    pub provider: DirectoryId,
}

/// Where the sign-in goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OpenIdBegun {
    /// The address at the provider that the browser is to open.
    pub address: String,
}

/// `POST /v1/session/openid`: what the browser came back with from the provider (RFC 6749, 4.1.2; RFC 9207).
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct OpenIdAnswer {
    /// `state`.
    #[schema(max_length = 128)]
    pub state: String,
    /// `code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 8192)]
    pub code: Option<String>,
    /// `iss`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub iss: Option<String>,
    /// `error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 256)]
    pub error: Option<String>,
    /// `error_description`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2048)]
    pub error_description: Option<String>,
}
