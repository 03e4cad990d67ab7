//! Where alarms are sent: e-mail and webhook.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// TLS from the start (port 465).
    Tls,
    /// STARTTLS, refused if the server has none (port 587).
    #[default]
    Starttls,
    /// None; for a mail server on this machine.
    None,
}

/// E-mail.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Mail {
    /// Mail server.
    #[schema(max_length = 255)]
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Protection.
    #[serde(default)]
    pub security: MailSecurity,
    /// User there.
    pub user: Option<String>,
    /// Password there. Kept encrypted, never given back; left out in a change: stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Sender address.
    pub from: String,
    /// Receivers, 1 to 20.
    pub to: Vec<String>,
}

/// Webhook: a POST with the alarm as JSON. The header `martello-occasion` tells `alarm`, or `test` for a message that only
/// tries the way out.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Webhook {
    /// Address, `https://…` or `http://…`.
    #[schema(max_length = 2048)]
    pub url: String,
    /// Key of the signature header (`martello-signature: sha256=…`, HMAC over the body). Never given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// `GET` and `PUT /v1/settings/notifications`.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct Notifications {
    /// E-mail, where it is set up.
    pub mail: Option<Mail>,
    /// Webhook, where it is set up.
    pub webhook: Option<Webhook>,
}
