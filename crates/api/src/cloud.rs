//! A cloud: accounts, organizations, their sites, and what somebody without a browser asks for.

use model::{AccountId, FolderId, InvitationId, OrganizationId, Role, SessionId, SiteId, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /v1/setup`: what a client must know before anybody signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CloudSetupState {
    /// Whether the cloud still waits for its first account.
    pub needed: bool,
    /// The cloud's certificate ID: 16 groups of 4 hex digits.
    pub certificate_id: String,
    /// SHA-256 of the TLS certificate as browsers print it.
    pub tls_certificate_sha256: String,
    /// The release that runs.
    pub release: String,
}

/// `POST /v1/setup`: make the first account, which runs this cloud.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct CloudSetUp {
    /// The one-time code of the link on the console.
    #[schema(max_length = 64)]
    pub code: String,
    /// The address that the account is known by.
    #[schema(max_length = 254)]
    pub email: String,
    /// The person's name.
    #[schema(min_length = 1, max_length = 128)]
    pub name: String,
    /// Any characters, 8 or more.
    #[schema(min_length = 8, max_length = 1024)]
    pub password: String,
    /// The first organization's name.
    #[schema(min_length = 1, max_length = 128)]
    pub organization: String,
}

/// `POST /v1/session`: sign in at a cloud.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct CloudSignIn {
    /// The account's address.
    #[schema(max_length = 254)]
    pub email: String,
    /// The password.
    #[schema(max_length = 1024)]
    pub password: String,
    /// A code of the authenticator app, or a recovery code, where the account has that set up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub code: Option<String>,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CloudSession {
    /// This sign-in.
    pub session: SessionId,
    /// The account.
    pub account: AccountId,
    /// Its address.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// Whether a code of an authenticator app is asked for.
    pub second_factor: bool,
    /// Whether the account runs this cloud.
    pub runs_cloud: bool,
    /// When the sign-in ends if it is not used.
    pub expires: WallTime,
}

/// A sign-in of one's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CloudSignInInfo {
    /// Identifier.
    pub id: SessionId,
    /// `browser` or `program`.
    pub kind: String,
    /// What program it is.
    pub agent: String,
    /// From where it began.
    pub address: String,
    /// When it began.
    pub created: WallTime,
    /// When it was last seen in use.
    pub last_used: WallTime,
    /// When it ends.
    pub expires: WallTime,
    /// Whether it is the one that asks.
    pub own: bool,
}

/// `PUT /v1/account/password`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct PasswordChange {
    /// The old one.
    #[schema(max_length = 1024)]
    pub old: String,
    /// The new one: any characters, 8 or more.
    #[schema(min_length = 8, max_length = 1024)]
    pub new: String,
}

/// A new key for an authenticator app; it counts when it is confirmed.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct NewFactor {
    /// For typing: base 32.
    pub key: String,
    /// For a QR code: `otpauth://totp/…`.
    pub address: String,
}

/// A code, of whatever the operation says.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct CodeOnly {
    /// The code.
    #[schema(max_length = 64)]
    pub code: String,
}

/// A password, to prove that it is still the same person.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct PasswordOnly {
    /// The account's password.
    #[schema(max_length = 1024)]
    pub password: String,
}

/// Codes that let in once each where the authenticator app is lost. They are shown once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct RecoveryCodes {
    /// Ten of them.
    pub codes: Vec<String>,
}

/// An organization that one belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Organization {
    /// Identifier.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Who owns it.
    pub owner: AccountId,
    /// What one is there.
    pub role: Role,
    /// Bytes that relays may carry for one account in a month; none: any number.
    pub relay_bytes: Option<u64>,
    /// When it was made.
    pub created: WallTime,
}

/// A name, of whatever the operation says.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NameOnly {
    /// The name.
    #[schema(min_length = 1, max_length = 128)]
    pub name: String,
}

/// `PUT /v1/organizations/{organization}/relay-limit`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "limit", rename_all = "kebab-case")]
pub enum RelayLimitChange {
    /// As the cloud has it.
    AsCloud,
    /// So many bytes for one account in a month.
    Bytes {
        /// How many; 1 GB is 1,000,000,000.
        bytes: u64,
    },
    /// Any number.
    Unlimited,
}

/// A folder of sites.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SiteFolder {
    /// Identifier.
    pub id: FolderId,
    /// In which it lies; none: at the top.
    pub parent: Option<FolderId>,
    /// Its name.
    pub name: String,
    /// Where sites go unless told otherwise.
    pub is_default: bool,
}

/// A new folder.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NewSiteFolder {
    /// Its name.
    #[schema(min_length = 1, max_length = 128)]
    pub name: String,
    /// In which it is to lie; none: at the top.
    #[serde(default)]
    pub parent: Option<FolderId>,
}

/// Somebody of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Member {
    /// Who.
    pub account: AccountId,
    /// The account's address.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// What the person is there.
    pub role: Role,
    /// On which folders and what is in them; none: on all.
    pub folders: Option<Vec<FolderId>>,
    /// Whether the organization is theirs.
    pub owner: bool,
    /// Since when.
    pub joined: WallTime,
}

/// What somebody is to be from now on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MemberChange {
    /// What.
    pub role: Role,
    /// On which folders and what is in them; none: on all.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub folders: Option<Vec<FolderId>>,
}

/// An invitation that nobody has answered yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Invitation {
    /// Identifier.
    pub id: InvitationId,
    /// Who may accept it.
    pub email: String,
    /// Who invited.
    pub invited_by: String,
    /// When.
    pub created: WallTime,
    /// When it ends.
    pub expires: WallTime,
    /// Shown once, to whoever invites: the code, and the link that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// As above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// Somebody to invite.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NewInvitation {
    /// The address.
    #[schema(max_length = 254)]
    pub email: String,
}

/// What a code invites to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvitationFacts {
    /// The organization's name.
    pub organization: String,
    /// Who is invited.
    pub email: String,
    /// By whom.
    pub invited_by: String,
    /// Whether the address has an account already: then it signs in first.
    pub has_account: bool,
}

/// `POST /v1/invitations/accept`. Who has an account signs in first and sends the code alone.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct AcceptInvitation {
    /// The code.
    #[schema(max_length = 64)]
    pub code: String,
    /// The person's name, for a new account.
    #[serde(default)]
    #[schema(max_length = 128)]
    pub name: Option<String>,
    /// Its password.
    #[serde(default)]
    #[schema(max_length = 1024)]
    pub password: Option<String>,
}

/// What an invitation led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Joined {
    /// The organization.
    pub organization: OrganizationId,
}

/// A site of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CloudSite {
    /// Identifier, made from its identity.
    pub id: SiteId,
    /// Its name, as the organization has it.
    pub name: String,
    /// The organization.
    pub organization: OrganizationId,
    /// In which folder it lies.
    pub folder: FolderId,
    /// The site's certificate ID: compare it with what the site shows.
    pub certificate_id: String,
    /// Whether it is connected now.
    pub online: bool,
    /// When it was last heard of.
    pub last_contact: Option<WallTime>,
    /// Since when the organization has it.
    pub enrolled: WallTime,
}

/// Changes of a site's entry. What is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct CloudSiteChange {
    /// Its name.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 128)]
    pub name: Option<String>,
    /// In which folder.
    #[serde(default)]
    pub folder: Option<FolderId>,
}

/// `GET /v1/relay`: what relays carried for the account in this month of UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RelayUse {
    /// The month's first day.
    pub month: String,
    /// When counting begins anew.
    pub renewed: String,
    /// Bytes that were carried.
    pub bytes: u64,
    /// Bytes that may be carried; none: any number.
    pub limit: Option<u64>,
    /// `good`, `warning` (four fifths are used) or `used` ("No Relay Data Left").
    pub standing: String,
}

/// What somebody without a browser asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GrantFacts {
    /// `site` (belongs to an organization) or `program` (acts as you).
    pub asks: String,
    /// What it calls itself.
    pub name: String,
    /// From where it asks.
    pub address: String,
    /// A site's certificate ID: compare it with what the site shows.
    pub certificate_id: Option<String>,
    /// What it may do then, in words.
    pub may: String,
    /// For how long, in words.
    pub lasts: String,
    /// When it was asked.
    pub asked: WallTime,
    /// Until when the code counts.
    pub expires: WallTime,
}

/// `POST /v1/grants/decide`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GrantDecision {
    /// The code that the asking side shows.
    #[schema(max_length = 64)]
    pub code: String,
    /// Whether it may.
    pub grant: bool,
    /// For a site: the organization that it is to belong to, whose administrator one is.
    #[serde(default)]
    pub organization: Option<OrganizationId>,
    /// In which folder; none: the default one.
    #[serde(default)]
    pub folder: Option<FolderId>,
}

/// `POST /oauth/device_authorization` (RFC 8628 section 3.1), as a form.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DeviceAsk {
    /// `martello-site` or `martello-program`.
    #[schema(max_length = 64)]
    pub client_id: String,
    /// What it calls itself.
    #[schema(min_length = 1, max_length = 128)]
    pub name: String,
    /// A site's public key: hex digits of the DER of its SubjectPublicKeyInfo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 182)]
    pub identity: Option<String>,
}

/// The answer to it (RFC 8628 section 3.2).
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct DeviceCodes {
    /// For the asking side alone.
    pub device_code: String,
    /// For the person.
    pub user_code: String,
    /// Where the person goes. The code is typed there: no link fills it in.
    pub verification_uri: String,
    /// Seconds until the codes end.
    pub expires_in: u32,
    /// Seconds between two questions.
    pub interval: u32,
}

/// `POST /oauth/token` (RFC 8628 section 3.4), as a form.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct TokenAsk {
    /// `urn:ietf:params:oauth:grant-type:device_code`.
    #[schema(max_length = 128)]
    pub grant_type: String,
    /// The device code.
    #[schema(max_length = 128)]
    pub device_code: String,
    /// As before.
    #[schema(max_length = 64)]
    pub client_id: String,
    /// A site's signature over the cloud's certificate ID and the device code; hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 160)]
    pub signature: Option<String>,
    /// Seconds that the answer may be held back until somebody has decided, 25 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<u32>,
}

/// What was granted.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct TokenAnswer {
    /// `Bearer` for a program's token, `martello-identity` for a site, which signs in by its identity.
    pub token_type: String,
    /// A program's token; empty for a site.
    pub access_token: String,
    /// Seconds until the token ends; none: until it is ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    /// The name of the organization that a site belongs to now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
}

/// Why nothing was granted (yet): RFC 6749 section 5.2, RFC 8628 section 3.5.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OauthError {
    /// `authorization_pending`, `access_denied`, `expired_token`, `invalid_request`, `invalid_grant`,
    /// `unsupported_grant_type`.
    pub error: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
}

/// Something that somebody did at an organization, or tried to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CloudAuditEntry {
    /// Its number.
    pub number: i64,
    /// When.
    pub at: WallTime,
    /// Who.
    pub who: String,
    /// From where.
    pub address: String,
    /// Which operation.
    pub operation: String,
    /// On what.
    pub target: String,
    /// `done`, or why not.
    pub outcome: String,
}
