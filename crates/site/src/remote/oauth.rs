//! Requests of OAuth to a cloud (RFC 6749 section 3.2, RFC 8628 section 3): forms in, small JSON out.
//!
//! What is not here: when they are asked and what comes of the answers.

use api::cloud::OauthError;
use serde::{Serialize, de::DeserializeOwned};

use super::cloud::{Cloud, CloudError};

/// RFC 8628 section 3.4.
pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// No answer is larger.
const MAX_ANSWER: usize = 64 << 10;

/// What the cloud answered.
#[derive(Debug)]
pub enum Answer<T> {
    /// What was asked for.
    Yes(T),
    /// Why not.
    No(OauthError),
}

/// Why not, for people.
#[must_use]
pub fn told(error: OauthError) -> String {
    error.error_description.unwrap_or(error.error)
}

/// Posts a form.
///
/// # Errors
/// The cloud does not answer, or not as a cloud does.
pub async fn post<T: DeserializeOwned>(
    http: &reqwest::Client,
    cloud: &Cloud,
    path: &str,
    form: &impl Serialize,
) -> Result<Answer<T>, CloudError> {
    let failed = |error: reqwest::Error| CloudError::Request(serve::problem::chain(&error.without_url()));
    let mut answer = http
        .post(format!("{}{path}", cloud.url()))
        .header(reqwest::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(encoded(form))
        .send()
        .await
        .map_err(failed)?;
    let status = answer.status();
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(failed)? {
        if body.len() + piece.len() > MAX_ANSWER {
            return Err(CloudError::Refused("its answer is too large".to_owned()));
        }
        body.extend_from_slice(&piece);
    }
    let understood = if status.is_success() {
        serde_json::from_slice(&body).map(Answer::Yes)
    } else {
        serde_json::from_slice(&body).map(Answer::No)
    };
    understood.map_err(|_| CloudError::Refused(format!("it answered {status}")))
}

/// A form as HTML has it (WHATWG URL, section 5.2).
fn encoded(form: &impl Serialize) -> String {
    let fields = serde_json::to_value(form).unwrap_or_default();
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    for (key, value) in fields.as_object().into_iter().flatten() {
        match value {
            serde_json::Value::String(text) => body.append_pair(key, text),
            other => body.append_pair(key, &other.to_string()),
        };
    }
    body.finish()
}
