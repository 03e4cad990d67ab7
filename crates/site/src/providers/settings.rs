//! A provider's settings: from the wire to the client's, and the words for what goes wrong. Not the asking.

use api::{Code, Problem, provider::ProviderSettings};
use axum::http::StatusCode;
use catalog::directory::DirectoryRow;
use model::Secret;
use openid::{Error, Provider, Settings};
use url::Url;

use crate::{directories::settings::sentence, http::problem::Failure};

/// The client's page that a provider sends browsers back to.
const BACK: &str = "sign-in/openid";
/// A week.
const MAX_OFFLINE_MINUTES: u32 = 7 * 24 * 60;
const MAX_REFRESH_SECONDS: u32 = 86_400;

/// The settings as they are kept, without the secret.
#[must_use]
pub fn of_row(row: &DirectoryRow) -> Option<ProviderSettings> {
    serde_json::from_value(row.settings.clone())
        .inspect_err(|error| tracing::error!(%error, name = row.name, "a provider's settings cannot be read"))
        .ok()
}

/// What can be asked by these settings.
///
/// # Errors
/// [`Error::Settings`] says what to change.
pub fn provider(settings: &ProviderSettings, secret: &Secret<String>) -> Result<Provider, Error> {
    let wrong = |what: &str| Err(Error::Settings(what.to_owned()));
    if !(1..=MAX_OFFLINE_MINUTES).contains(&settings.offline_minutes) {
        return wrong("a sign-in goes on for 1 minute to a week (10080 minutes) without being confirmed");
    }
    if !(1..=MAX_REFRESH_SECONDS).contains(&settings.refresh_seconds) {
        return wrong("a provider is asked again after 1 second to a day (86400 seconds)");
    }
    let Some(redirect) = redirect_uri(settings) else {
        return wrong("the site's address is one with https and without a path, as people open it");
    };
    Provider::new(Settings {
        issuer: settings.issuer.clone(),
        client: settings.client_id.clone(),
        secret: secret.clone(),
        authority: settings.authority.clone().filter(|pem| !pem.trim().is_empty()),
        redirect,
        scopes: settings.scopes.clone(),
        groups: settings.groups_claim.clone().filter(|claim| !claim.is_empty()),
        acr: settings.acr.clone().filter(|acr| !acr.is_empty()),
    })
}

/// Where the provider sends browsers back to, exactly; none: the site's address is none.
#[must_use]
pub fn redirect_uri(settings: &ProviderSettings) -> Option<String> {
    origin(&settings.site_address).map(|origin| format!("{origin}/{BACK}"))
}

/// The origin of an address without a path: `https://host` or `https://host:port`.
#[must_use]
pub fn origin(address: &str) -> Option<String> {
    let url = Url::parse(address.trim()).ok()?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let nobody = url.username().is_empty() && url.password().is_none();
    (url.scheme() == "https" && bare && nobody).then(|| url.origin().ascii_serialization())
}

/// The secret that was kept goes only to whom it was given for: the same client of the same provider.
#[must_use]
pub fn secret(new: &ProviderSettings, kept: Option<&DirectoryRow>) -> Option<Secret<String>> {
    if let Some(given) = &new.client_secret {
        return Some(Secret::new(given.clone()));
    }
    let kept = kept?;
    let old = of_row(kept)?;
    ((&new.issuer, &new.client_id) == (&old.issuer, &old.client_id)).then(|| kept.password.clone())
}

/// Whether it says something of the one who signs in, and nothing of the provider.
#[must_use]
pub fn about_person(error: &Error) -> bool {
    // What the settings of the site or of its client are to blame for (RFC 6749, 4.1.2.1 and 5.2).
    let site = [
        "invalid_client",
        "unauthorized_client",
        "invalid_scope",
        "invalid_request",
        "unsupported_response_type",
    ];
    match error {
        Error::Refused { error, .. } => !site.contains(&error.as_str()),
        // Who answers, with what, is up to the browser.
        Error::OtherSignIn | Error::OtherIssuer { .. } => true,
        _ => false,
    }
}

/// What to do about it.
#[must_use]
pub fn advice(error: &Error) -> String {
    match error {
        Error::Settings(_) => "Change the settings of the provider.",
        Error::Unreachable { .. } => {
            "Check the issuer's address, that no firewall is in the way, and that the server's machine trusts its certificate; else give the certificate of the authority that signed it."
        }
        Error::Silent { .. } | Error::Status { .. } => "Check whether the provider works, and the issuer's address.",
        Error::TooMuch { .. } | Error::Malformed { .. } => "Check that the issuer's address is that of an OpenID Connect provider.",
        Error::OtherIssuer { .. } => "Write the issuer exactly as the provider does, also with or without a slash at its end.",
        Error::Refused { .. } => "Check client ID, client secret, redirect URI and scopes at the provider.",
        Error::OtherSignIn => "Begin again on the sign-in page.",
        Error::Token(_) => "Check the clocks of both machines, the client ID, and what the provider was told to put into its tokens.",
        Error::NoRandomness => "Look into the log of the server's machine.",
    }
    .to_owned()
}

/// The answer to an administrator.
#[must_use]
pub fn problem(error: &Error) -> Problem {
    let code = if matches!(error, Error::Settings(_)) { Code::BadRequest } else { Code::DirectoryFailed };
    Problem::new(code, sentence(&error.to_string())).detail(advice(error))
}

/// The answer to somebody who signs in: what goes on inside is for the administrators.
pub fn refusal(name: &str, error: &Error) -> Failure {
    tracing::info!(name, %error, "a sign-in by a provider failed");
    match error {
        Error::Refused { .. } | Error::OtherSignIn | Error::OtherIssuer { .. } | Error::Token(_) => {
            Failure::new(Code::Forbidden, format!("You are not signed in by {name}"))
                .detail(sentence(&error.to_string()))
        }
        _ => Failure::new(Code::DirectoryFailed, format!("{name} cannot be asked at the moment"))
            .detail("Try again in a moment. Users of the site itself can sign in.")
            .status(StatusCode::SERVICE_UNAVAILABLE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sites_address_is_an_origin_and_nothing_more() {
        for (address, expected) in [
            ("https://site.example.org:55754", Some("https://site.example.org:55754")),
            ("https://site.example.org:443/", Some("https://site.example.org")),
            (" https://[::1]:55754 ", Some("https://[::1]:55754")),
            ("https://SITE.example.org", Some("https://site.example.org")),
            ("http://site.example.org", None),
            ("https://site.example.org/martello", None),
            ("https://site.example.org/?a", None),
            ("https://a@site.example.org", None),
            ("site.example.org", None),
        ] {
            assert_eq!(origin(address).as_deref(), expected, "{address}");
        }
    }
}
