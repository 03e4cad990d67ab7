//! Webhook: one POST with the alarm as JSON. Redirects are not followed: the signed body goes to the address
//! that the administrator wrote, and nowhere else.

use std::time::Duration;

use api::{alarm::Alarm, notification::Webhook};
use hmac::{Hmac, Mac};
use reqwest::{StatusCode, Url, header, redirect};
use sha2::Sha256;

use super::Error;

/// Header with the HMAC-SHA256 of the body under the webhook's secret: `sha256=` and hex digits.
pub const SIGNATURE: &str = "martello-signature";
/// Header that tells an alarm from a test.
pub const OCCASION: &str = "martello-occasion";

/// Why the message is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Occasion {
    /// Something happened.
    Alarm,
    /// Somebody tries whether messages arrive.
    Test,
}

/// The address, if it is one for the web.
pub(super) fn address(webhook: &Webhook) -> Result<Url, Error> {
    let refused = || Error::WebhookAddress(webhook.url.clone());
    let url = Url::parse(&webhook.url).map_err(|_| refused())?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() { Ok(url) } else { Err(refused()) }
}

/// Sends the alarm within the time.
pub(super) async fn deliver(
    webhook: &Webhook,
    alarm: &Alarm,
    occasion: Occasion,
    limit: Duration,
) -> Result<(), Error> {
    let url = address(webhook)?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let refused = |reason: String| Error::Webhook { reason, again: false };
    let body = serde_json::to_vec(alarm).map_err(|e| refused(e.to_string()))?;
    let occasion = match occasion {
        Occasion::Alarm => "alarm",
        Occasion::Test => "test",
    };
    let mut request = client(&url, limit)?
        .post(url)
        .header(header::CONTENT_TYPE, "application/json")
        .header(OCCASION, occasion);
    if let Some(secret) = &webhook.secret {
        request = request.header(SIGNATURE, signature(secret, &body));
    }
    let answer = request.body(body).send().await.map_err(|e| {
        if e.is_timeout() {
            Error::Silent { host, seconds: limit.as_secs() }
        } else {
            Error::Webhook { reason: reasons(&e.without_url()), again: true }
        }
    })?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let later = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];
    Err(Error::Webhook {
        reason: format!("it answered {status}"),
        again: status.is_server_error() || later.contains(&status),
    })
}

/// `sha256=` and the HMAC (RFC 2104) of the body as hex digits.
pub(super) fn signature(secret: &str, body: &[u8]) -> String {
    // HMAC takes keys of any length; the error cannot happen.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(body);
    let digits: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={digits}")
}

fn client(url: &Url, limit: Duration) -> Result<reqwest::Client, Error> {
    // Where the program has chosen a provider already, that one stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder();
    if url.scheme() == "http" {
        // Without TLS it must work on a machine that has no list of certificate authorities.
        builder = builder.tls_certs_only([]);
    }
    builder
        .redirect(redirect::Policy::none())
        .no_proxy()
        .timeout(limit)
        .user_agent(concat!("martello/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|e| Error::Webhook { reason: reasons(&e), again: false })
}

/// An error with those that it comes from, for people.
pub(super) fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
