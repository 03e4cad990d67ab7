//! Signing in, first setup, tokens.

use model::{Privilege, Role, SessionId, TokenId, UserId, WallTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::provider::ProviderDoor;

/// `POST /v1/session`: sign in.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct SignIn {
    /// The user's name.
    #[schema(max_length = 256)]
    pub user: String,
    /// The password, any characters.
    #[schema(max_length = 1024)]
    pub password: String,
    /// A code of the authenticator app, or a recovery code, where the user has set that up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub code: Option<String>,
}

/// `POST /v1/session/negotiate`: sign in with the account of the computer.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct NegotiateSignIn {
    /// A code of the authenticator app, or a recovery code, where the user has set that up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub code: Option<String>,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// This sign-in.
    pub session: SessionId,
    /// The user.
    pub user_id: UserId,
    /// The user's name.
    pub user: String,
    /// What the user is at this site.
    pub role: Role,
    /// What the user may do to anything at all: names as in `x-privilege`. Each camera tells what may be done to it.
    pub privileges: Vec<String>,
    /// An administrator of the server's own machine.
    pub machine: bool,
    /// Whether a code of an authenticator app is asked for at a sign-in.
    pub second_factor: bool,
    /// When the sign-in ends if it is not used.
    pub expires: WallTime,
}

/// `GET /v1/setup`: what a client must know before anybody signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetupState {
    /// Whether the site still waits for its first administrator.
    pub needed: bool,
    /// The site's name.
    pub site_name: String,
    /// The site's certificate ID: 16 groups of 4 hex digits.
    pub certificate_id: String,
    /// SHA-256 of the TLS certificate as browsers print it.
    pub tls_certificate_sha256: String,
    /// The release that runs.
    pub release: String,
    /// Whether people sign in with the account of their computer, beside name and password.
    #[serde(default)]
    pub computer_account: bool,
    /// By which providers people sign in, beside name and password.
    #[serde(default)]
    pub providers: Vec<ProviderDoor>,
}

/// `POST /v1/setup`: make the first administrator.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct SetUp {
    /// The one-time code of the setup link.
    pub code: String,
    /// Name of the first administrator.
    #[schema(min_length = 1, max_length = 256)]
    pub user: String,
    /// Its password: 8 characters or more.
    #[schema(min_length = 8, max_length = 1024)]
    pub password: String,
    /// The site's name.
    #[schema(max_length = 128)]
    pub site_name: Option<String>,
}

/// `POST /v1/tokens`: make a token for a script.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct TokenRequest {
    /// What it is for.
    #[schema(min_length = 1, max_length = 128)]
    pub name: String,
    /// Days until it ends; none: 90.
    #[schema(minimum = 1, maximum = 3650)]
    pub days: Option<u32>,
    /// The privileges that it is for; none: all that its user has. A token with a scope cannot change its user's sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Vec<Privilege>>,
}

/// A token. Its value is shown once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// The token's identifier, to end it with.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// When it was made.
    pub created: WallTime,
    /// When it ends.
    pub expires: WallTime,
    /// The privileges that it is for; none: all that its user has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Vec<Privilege>>,
    /// The value for `Authorization: Bearer …`; only in the answer that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}
