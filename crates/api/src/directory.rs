//! Directories that users and groups come from: how they are reached, what they answer, who is in them.

use model::{DirectoryId, GroupId, Role, UserId, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::people::Grant;

/// What kind of directory it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DirectoryKind {
    /// Active Directory, of Microsoft or of Samba.
    ActiveDirectory,
    /// OpenLDAP and other LDAP servers.
    Ldap,
}

/// How the connection is protected. There is none without TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DirectorySecurity {
    /// TLS from the start (port 636).
    #[default]
    Ldaps,
    /// StartTLS, refused if the server has none (port 389).
    Starttls,
}

/// A server of a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryServer {
    /// Name or IP address, as it stands in its certificate.
    #[schema(min_length = 1, max_length = 255)]
    pub host: String,
    /// TCP port.
    #[schema(minimum = 1)]
    pub port: u16,
}

/// How a directory is reached, and for how long it may be away.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectorySettings {
    /// What it is called here.
    #[schema(min_length = 1, max_length = 256)]
    pub name: String,
    /// What kind it is.
    pub kind: DirectoryKind,
    /// Its servers, 1 to 4; the first that answers is asked.
    pub servers: Vec<DirectoryServer>,
    /// How the connection is protected.
    #[serde(default)]
    pub security: DirectorySecurity,
    /// Certificates (PEM) of the authorities that sign its certificate. Either this or `certificate_sha256`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 32768)]
    pub authority: Option<String>,
    /// SHA-256 of the one certificate that is accepted: 64 hex digits, colons allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 95)]
    pub certificate_sha256: Option<String>,
    /// Below which name people and groups are, such as `dc=example,dc=org`.
    #[schema(min_length = 1, max_length = 1024)]
    pub base: String,
    /// The account that searches: its distinguished name, or `name@domain` in Active Directory.
    #[schema(min_length = 1, max_length = 1024)]
    pub account: String,
    /// Its password. Kept encrypted, never given back; left out in a change: stays, as long as servers, protection and
    /// account are the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1024)]
    pub password: Option<String>,
    /// The attribute that people sign in with; none: `sAMAccountName` or `uid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub login_attribute: Option<String>,
    /// The domain as people write it before or behind their name; none: made of the base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    pub domain: Option<String>,
    /// While the directory cannot be asked, its users go on, and sign in with the password that it took last, for so many
    /// minutes since it confirmed them last. 0: not at all, and no password is kept, not even as a hash.
    #[serde(default = "offline_minutes")]
    #[schema(maximum = 10_080)]
    pub offline_minutes: u32,
}

const fn offline_minutes() -> u32 {
    480
}

/// How a directory answered last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryState {
    /// When it was asked last; none: not since the start.
    pub checked: Option<WallTime>,
    /// Since when it does not answer; none: it answered.
    pub since: Option<WallTime>,
    /// What was wrong then; none: it answered.
    pub problem: Option<String>,
    /// What to do about it.
    pub advice: Option<String>,
    /// While it does not answer: until when whoever it confirmed last goes on and signs in; earlier for those whom it
    /// confirmed earlier. None: it answers, or nobody of it is let in.
    pub users_until: Option<WallTime>,
}

/// A directory.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Directory {
    /// Identifier.
    pub id: DirectoryId,
    /// How it is reached; without the password.
    #[serde(flatten)]
    pub settings: DirectorySettings,
    /// How it answered last.
    pub state: DirectoryState,
    /// How many of its people are known here.
    pub users: u32,
    /// How many of its groups are known here.
    pub groups: u32,
    /// The services of this site whose keys its keytab has, such as `HTTP/site.example.org`: people sign in with the account of
    /// their computer. Empty: there is no keytab, or none of the directory's domain.
    #[serde(default)]
    pub services: Vec<String>,
}

/// `PUT /v1/directories/{directory}/keytab`: take tickets of the directory's domain.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct DirectoryKeytab {
    /// The keytab of the site's service (`HTTP/…`), as base 64: 16 KiB at most. Kept encrypted, never given back.
    #[schema(min_length = 1, max_length = 22_000)]
    pub keytab: String,
}

/// `PUT /v1/directories/order`: in which order directories are asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryOrder {
    /// All directories, the first to be asked first.
    #[schema(max_items = 8)]
    pub directories: Vec<DirectoryId>,
}

/// `POST /v1/directories/test`: try settings.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct DirectoryTry {
    /// The directory whose password is taken where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryId>,
    /// The settings.
    #[serde(flatten)]
    pub settings: DirectorySettings,
}

/// What a try showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryCheck {
    /// SHA-256 of the server's certificate, as browsers and openssl print it.
    pub certificate_sha256: String,
    /// How many people the account sees, counted to 1000.
    pub people: u32,
    /// How many groups it sees, counted to 1000.
    pub groups: u32,
}

/// What the picker looks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PickerKind {
    /// People.
    Users,
    /// Groups.
    Groups,
    /// Both.
    #[default]
    All,
}

/// One line of the picker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Picked {
    /// What stays of it in its directory; of this server's own: the identifier.
    pub key: String,
    /// A group, not a person.
    pub group: bool,
    /// Account of a person, name of a group.
    pub name: String,
    /// The domain; of this server's own: the site's name.
    pub domain: String,
    /// The role that it has here; none: not added.
    pub role: Option<Role>,
    /// The person's name, what the directory says about it, and whether the account is disabled.
    pub details: String,
    /// The directory's name, or the site's.
    pub server: String,
    /// The user that it is here, where it was added.
    pub user: Option<UserId>,
    /// The group that it is here, where it was added.
    pub group_id: Option<GroupId>,
}

/// A page of the picker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PickerPage {
    /// The lines, by name.
    pub items: Vec<Picked>,
    /// How many there are in all; no more than 1000 are counted.
    pub total: u32,
    /// Whether there are more than were counted: a filter finds them.
    pub more: bool,
}

/// `POST /v1/directories/{directory}/users` and `…/groups`, and the same of a provider: give somebody from there something
/// here.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct DirectoryGrant {
    /// `key` of the picker; at a provider: the person's `sub`, or the group as its claim has it.
    #[schema(min_length = 1, max_length = 255)]
    pub key: String,
    /// Role.
    pub role: Role,
    /// Recordings older than so many minutes are kept from what is granted; none: all are shown.
    #[serde(default)]
    pub recordings_minutes: Option<u32>,
    /// Groups of the site that the user is in (of a group: none).
    #[serde(default)]
    pub groups: Vec<GroupId>,
    /// What is granted.
    #[serde(default)]
    pub grants: Vec<Grant>,
}

/// What ties a user to a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DirectoryUser {
    /// Which directory.
    pub directory: DirectoryId,
    /// The person's name there.
    pub full_name: String,
    /// Whether the directory lets the user in: `good`, `disabled`, `gone`, `no-group` (nobody added the user, and none of
    /// its groups is known here), `unconfirmed` (the directory was away for too long, or a provider has nothing to be asked
    /// with).
    pub standing: String,
    /// When the directory last said so.
    pub confirmed: WallTime,
}
