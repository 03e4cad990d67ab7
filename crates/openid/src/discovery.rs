//! What a provider says of itself (OpenID Connect Discovery 1.0, 3 and 4.3). Pure: not how it is fetched.

use serde::Deserialize;
use url::Url;

use crate::{Error, settings::address, token::Algorithm};

const WHAT: &str = "discovery document";

/// What of it counts here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Metadata {
    /// Where browsers are sent.
    pub authorization: Url,
    /// Where codes are exchanged.
    pub token: Url,
    /// Where its keys are.
    pub keys: Url,
    /// Where more is said of a person.
    pub userinfo: Option<Url>,
    /// How it signs, of what is taken here.
    pub algorithms: Vec<Algorithm>,
    /// Whether the secret goes into the head of a request (RFC 6749, 2.3.1), not into its body.
    pub basic: bool,
    /// Whether every answer names the provider (RFC 9207).
    pub names_itself: bool,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    response_types_supported: Option<Vec<String>>,
    id_token_signing_alg_values_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// Reads the document of this issuer.
///
/// # Errors
/// It is another's, or lacks what is needed here.
pub(crate) fn parse(bytes: &[u8], issuer: &str) -> Result<Metadata, Error> {
    let wrong = |reason: &str| Error::Malformed { what: WHAT, reason: reason.to_owned() };
    let document: Document = serde_json::from_slice(bytes).map_err(|error| wrong(&error.to_string()))?;
    if document.issuer != issuer {
        return Err(Error::OtherIssuer { found: document.issuer.chars().take(200).collect() });
    }
    let endpoint = |text: &str, name: &str| {
        address(text).ok_or_else(|| wrong(&format!("{name} is not an address with https")))
    };
    // What is not said is allowed by the standard, or shows when it is tried.
    let lacks = |said: &Option<Vec<String>>, wanted: &str| {
        said.as_ref().is_some_and(|all| !all.iter().any(|one| one == wanted))
    };
    if lacks(&document.response_types_supported, "code") {
        return Err(wrong("it has no authorization code flow"));
    }
    if lacks(&document.code_challenge_methods_supported, "S256") {
        return Err(wrong("it has no PKCE with S256"));
    }
    let named = document.id_token_signing_alg_values_supported;
    let algorithms: Vec<Algorithm> = match &named {
        Some(names) => {
            Algorithm::ALL.into_iter().filter(|one| names.iter().any(|name| name == one.name())).collect()
        }
        // The one that every provider must have.
        None => vec![Algorithm::Rs256],
    };
    if algorithms.is_empty() {
        return Err(wrong("it signs by none of RS256, ES256, EdDSA"));
    }
    let methods = document.token_endpoint_auth_methods_supported;
    let basic = !lacks(&methods, "client_secret_basic");
    if !basic && lacks(&methods, "client_secret_post") {
        return Err(wrong("it knows its clients neither by client_secret_basic nor by client_secret_post"));
    }
    Ok(Metadata {
        authorization: endpoint(&document.authorization_endpoint, "authorization_endpoint")?,
        token: endpoint(&document.token_endpoint, "token_endpoint")?,
        keys: endpoint(&document.jwks_uri, "jwks_uri")?,
        userinfo: document.userinfo_endpoint.map(|text| endpoint(&text, "userinfo_endpoint")).transpose()?,
        algorithms,
        basic,
        names_itself: document.authorization_response_iss_parameter_supported,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ISSUER: &str = "https://login.example.org/realm";

    fn document() -> Value {
        json!({
            "issuer": ISSUER, "authorization_endpoint": "https://login.example.org/auth", "token_endpoint": "https://login.example.org/token",
            "jwks_uri": "https://login.example.org/keys", "id_token_signing_alg_values_supported": ["none", "HS256", "RS256", "ES256"],
            "response_types_supported": ["code", "id_token"], "code_challenge_methods_supported": ["plain", "S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        })
    }

    fn read(change: &Value) -> Result<Metadata, Error> {
        let mut document = document();
        for (name, value) in change.as_object().unwrap() {
            document[name] = value.clone();
        }
        parse(document.to_string().as_bytes(), ISSUER)
    }

    #[test]
    fn what_a_provider_says_of_itself_is_taken_as_far_as_it_is_safe() {
        let metadata = read(&json!({})).unwrap();
        assert_eq!(metadata.algorithms, [Algorithm::Rs256, Algorithm::Es256]);
        assert!(!metadata.basic && !metadata.names_itself && metadata.userinfo.is_none());
    }

    #[test]
    fn a_document_that_is_anothers_or_unsafe_is_refused() {
        // A slash more is another issuer.
        for issuer in [
            "https://evil.example.org",
            "https://login.example.org/realm/",
            "https://LOGIN.example.org/realm",
        ] {
            assert!(matches!(read(&json!({ "issuer": issuer })), Err(Error::OtherIssuer { .. })), "{issuer}");
        }
        for change in [
            json!({ "token_endpoint": "http://login.example.org/token" }),
            json!({ "jwks_uri": "file:///etc/passwd" }),
            json!({ "authorization_endpoint": "javascript:alert(1)" }),
            json!({ "userinfo_endpoint": "https://a:b@login.example.org/" }),
            json!({ "id_token_signing_alg_values_supported": ["none", "HS256"] }),
            json!({ "response_types_supported": ["id_token"] }),
            json!({ "code_challenge_methods_supported": ["plain"] }),
            json!({ "token_endpoint_auth_methods_supported": ["private_key_jwt"] }),
            json!({ "jwks_uri": null }),
        ] {
            assert!(matches!(read(&change), Err(Error::Malformed { .. })), "{change}");
        }
    }
}
