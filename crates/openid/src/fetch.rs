//! Requests to a provider: over TLS, without redirects, bounded in time and size. Not what is asked (`provider`).

use std::time::Duration;

use reqwest::{Certificate, Client, RequestBuilder, Response, header, redirect};
use url::Url;

use crate::{Error, Settings};

/// How long one answer may take, with the connection.
pub(crate) const PATIENCE: Duration = Duration::from_secs(8);
const CONNECT: Duration = Duration::from_secs(4);
/// No answer is longer.
const MAX_ANSWER: usize = 128 << 10;

/// A client that trusts whom the settings say.
///
/// # Errors
/// [`Error::Settings`]: the certificates are none.
pub(crate) fn client(settings: &Settings) -> Result<Client, Error> {
    let wrong = |why: &str| Error::Settings(why.to_owned());
    // The process has one already, as a rule.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .https_only(true)
        .redirect(redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT)
        .timeout(PATIENCE);
    if let Some(pem) = &settings.authority {
        let authorities = Certificate::from_pem_bundle(pem.as_bytes()).unwrap_or_default();
        if authorities.is_empty() {
            return Err(wrong("the certificate of the authority is not PEM"));
        }
        builder = builder.tls_certs_only(authorities);
    }
    builder.build().map_err(|error| {
        wrong(&format!("the certificate of the authority cannot be used: {}", reasons(&error)))
    })
}

/// Sends it; the answer's status and body.
///
/// # Errors
/// There is none, or it is too long.
pub(crate) async fn send(
    request: RequestBuilder,
    url: &Url,
    what: &'static str,
) -> Result<(u16, Vec<u8>), Error> {
    let host = || url.host_str().unwrap_or_default().to_owned();
    let failed = |error: reqwest::Error| {
        if error.is_timeout() {
            Error::Silent { host: host(), seconds: PATIENCE.as_secs() }
        } else {
            Error::Unreachable { host: host(), reason: reasons(&error.without_url()) }
        }
    };
    let mut answer: Response =
        request.header(header::ACCEPT, "application/json").send().await.map_err(failed)?;
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(failed)? {
        if body.len() + piece.len() > MAX_ANSWER {
            return Err(Error::TooMuch { what });
        }
        body.extend_from_slice(&piece);
    }
    Ok((status, body))
}

/// An error with what caused it, the last cause being the one that says something.
fn reasons(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
