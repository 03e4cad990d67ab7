//! Users, groups, folders of cameras, what is granted to whom on what, and what follows from it.

use model::{CameraId, DirectoryId, FolderId, GroupId, Privilege, Role, Scope, SessionId, UserId, WallTime};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::directory::DirectoryUser;

/// A privilege as a client shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrivilegeInfo {
    /// Its name.
    pub privilege: Privilege,
    /// What it allows.
    pub words: String,
    /// On what it is held.
    pub scope: Scope,
    /// The lowest role that can hold it.
    pub lowest_role: Role,
    /// Whether it can be granted; others come with a role or with being signed in.
    pub granted: bool,
    /// Whether this release has an operation that asks for it. Where not, granting it changes nothing yet.
    pub in_use: bool,
    /// Where no operation asks for it: what is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// A privilege on a camera, on a folder, or, with neither, on everything of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Grant {
    /// Which privilege.
    pub privilege: Privilege,
    /// On this camera.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera: Option<CameraId>,
    /// On the cameras of this folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<FolderId>,
    /// Of `camera-ptz`: who steers when several do; the lower number wins. None: 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100)]
    pub priority: Option<u8>,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    /// Identifier.
    pub id: UserId,
    /// Name.
    pub name: String,
    /// The role that the user itself has; a group may give a higher one.
    pub role: Role,
    /// When it was made.
    pub created: WallTime,
    /// An administrator of the server's own machine: signs in there, cannot be changed or removed here.
    pub machine: bool,
    /// Cannot sign in for the time being.
    pub disabled: bool,
    /// Recordings older than so many minutes are kept from what is granted to this user; none: all are shown.
    pub recordings_minutes: Option<u32>,
    /// Whether a code of an authenticator app is asked for.
    pub second_factor: bool,
    /// When somebody last signed in as this user; none: never.
    pub last_sign_in: Option<WallTime>,
    /// What the directory says, of a user that has its password there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryUser>,
    /// Groups that the user is in.
    pub groups: Vec<GroupId>,
    /// What is granted to the user itself.
    pub grants: Vec<Grant>,
}

/// `POST /v1/users`: make a user.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct NewUser {
    /// Name.
    #[schema(min_length = 1, max_length = 256)]
    pub name: String,
    /// Password: 8 characters or more.
    #[schema(min_length = 8, max_length = 1024)]
    pub password: String,
    /// Role.
    pub role: Role,
    /// Recordings older than so many minutes are kept from what is granted to this user; none: all are shown.
    #[serde(default)]
    pub recordings_minutes: Option<u32>,
    /// Groups that the user is in.
    #[serde(default)]
    pub groups: Vec<GroupId>,
    /// What is granted to the user itself.
    #[serde(default)]
    pub grants: Vec<Grant>,
}

/// `PATCH /v1/users/{user}`: what is left out stays.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct UserChange {
    /// Another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256)]
    pub name: Option<String>,
    /// Another role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Whether the user cannot sign in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// Another limit on the age of recordings; `null`: none.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    #[schema(value_type = Option<u32>)]
    pub recordings_minutes: Option<Option<u32>>,
    /// Exactly these groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<GroupId>>,
    /// Exactly these grants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grants: Option<Vec<Grant>>,
}

/// Tells `null` from what is left out.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// `PUT /v1/users/{user}/password`: a new password, by an administrator.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct NewPassword {
    /// The new password: 8 characters or more.
    #[schema(min_length = 8, max_length = 1024)]
    pub password: String,
}

/// `PUT /v1/account/password`: change one's own password.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct PasswordChange {
    /// The password until now.
    #[schema(max_length = 1024)]
    pub old: String,
    /// The new one: 8 characters or more.
    #[schema(min_length = 8, max_length = 1024)]
    pub new: String,
}

/// A group of users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Group {
    /// Identifier.
    pub id: GroupId,
    /// Name.
    pub name: String,
    /// The role that it gives its members.
    pub role: Role,
    /// When it was made.
    pub created: WallTime,
    /// Recordings older than so many minutes are kept from what it grants; none: all are shown.
    pub recordings_minutes: Option<u32>,
    /// The directory that it is a group of; that says who its members are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryId>,
    /// Its members; of a directory's group those who are known here.
    pub members: Vec<UserId>,
    /// What it grants.
    pub grants: Vec<Grant>,
}

/// A group as it is to be: `POST /v1/groups`, `PUT /v1/groups/{group}`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct GroupInput {
    /// Name.
    #[schema(min_length = 1, max_length = 256)]
    pub name: String,
    /// The role that it gives its members.
    pub role: Role,
    /// Recordings older than so many minutes are kept from what it grants; none: all are shown.
    #[serde(default)]
    pub recordings_minutes: Option<u32>,
    /// Its members.
    #[serde(default)]
    pub members: Vec<UserId>,
    /// What it grants.
    #[serde(default)]
    pub grants: Vec<Grant>,
}

/// A folder of cameras, on which rights are granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Folder {
    /// Identifier.
    pub id: FolderId,
    /// Name.
    pub name: String,
    /// The cameras in it.
    pub cameras: Vec<CameraId>,
}

/// A folder as it is to be: `POST /v1/folders`, `PUT /v1/folders/{folder}`.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct FolderInput {
    /// Name.
    #[schema(min_length = 1, max_length = 256)]
    pub name: String,
    /// The cameras in it.
    #[serde(default)]
    pub cameras: Vec<CameraId>,
}

/// What somebody may do, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EffectiveRights {
    /// The highest role of the user and its groups.
    pub role: Role,
    /// On the site as a whole; camera privileges here count for every camera, also those that come later.
    pub site: Vec<Verdict>,
    /// On every camera of the site.
    pub cameras: Vec<CameraRights>,
}

/// What somebody may do with one camera.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CameraRights {
    /// Which camera.
    pub camera: CameraId,
    /// Its name.
    pub name: String,
    /// Privileges on it.
    pub verdicts: Vec<Verdict>,
    /// Its recordings are shown for so many minutes; none: all are shown.
    pub recordings_minutes: Option<u32>,
    /// The priority of steering it, where that is allowed.
    pub priority: Option<u8>,
}

/// A privilege, held or not, with the reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Verdict {
    /// Which privilege.
    pub privilege: Privilege,
    /// Whether it is held.
    pub allowed: bool,
    /// What gives it, or what is in the way.
    pub why: Vec<String>,
}

/// A sign-in of somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignInInfo {
    /// Identifier, to end it with.
    pub id: SessionId,
    /// When it began.
    pub created: WallTime,
    /// When it was last used.
    pub last_used: WallTime,
    /// When it ends if it is not used.
    pub expires: WallTime,
    /// From where it began.
    pub address: String,
    /// The browser that began it.
    pub agent: String,
    /// Whether it is the one that asks.
    pub own: bool,
}

/// `POST /v1/account/second-factor`: the key for an authenticator app, before it counts.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct SecondFactorSetup {
    /// The key, for typing: base 32.
    pub key: String,
    /// The same for programs: `otpauth://totp/…`.
    pub address: String,
    /// The same as a QR code: an SVG picture.
    pub qr_svg: String,
}

/// `PUT /v1/account/second-factor`: a code that the app shows.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct SecondFactorCode {
    /// Six digits.
    #[schema(max_length = 64)]
    pub code: String,
}

/// Codes for when the app is lost. Each counts once; they are shown once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct RecoveryCodes {
    /// The codes.
    pub codes: Vec<String>,
}
