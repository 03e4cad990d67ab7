//! How a provider is reached and what is asked of it. Not the asking (`provider`).

use model::Secret;
use url::Url;

use crate::Error;

const MAX_ADDRESS: usize = 1024;
const MAX_NAME: usize = 255;
const MAX_CA: usize = 32 << 10;
const MAX_SCOPES: usize = 16;

/// How a provider is reached and what is asked of it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its issuer identifier, exactly as it writes it.
    pub issuer: String,
    /// What the site is called there.
    pub client: String,
    /// The site's secret there.
    pub secret: Secret<String>,
    /// Certificates (PEM) of the authorities that sign its certificate; none: those that this machine trusts.
    pub authority: Option<String>,
    /// Where the browser comes back to, exactly as it is registered there.
    pub redirect: String,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that has the groups: a name, or a JSON pointer (RFC 6901); none: groups do not count.
    pub groups: Option<String>,
    /// The authentication context class that is demanded, as the provider writes it in `acr`.
    pub acr: Option<String>,
}

impl Settings {
    /// Refuses what cannot be right, before anything is sent.
    ///
    /// # Errors
    /// [`Error::Settings`] says what to change.
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |what: &str| Err(Error::Settings(what.to_owned()));
        if address(&self.issuer).is_none_or(|url| url.query().is_some()) {
            return wrong("the issuer is an https address without ? and #, as the provider writes it");
        }
        if address(&self.redirect).is_none() {
            return wrong("the site's address is one with https, as people open it");
        }
        if !(1..=MAX_NAME).contains(&self.client.len()) || !printable(&self.client) {
            return wrong("give the client ID that the provider has for this site");
        }
        if !(1..=MAX_ADDRESS).contains(&self.secret.expose().len()) || !printable(self.secret.expose()) {
            return wrong("give the client secret that the provider has for this site");
        }
        if self.authority.as_ref().is_some_and(|pem| pem.len() > MAX_CA) {
            return wrong("the certificate of the authority is too long");
        }
        // RFC 6749, appendix A.4.
        let scope = |scope: &String| {
            (1..=MAX_NAME).contains(&scope.len())
                && scope.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
        };
        if self.scopes.len() > MAX_SCOPES || !self.scopes.iter().all(scope) {
            return wrong("a scope is a word; no more than 16 are asked for");
        }
        let word = |text: &Option<String>| {
            text.as_ref()
                .is_none_or(|text| (1..=MAX_NAME).contains(&text.len()) && !text.contains(char::is_control))
        };
        if !word(&self.groups) {
            return wrong("the claim with the groups is a name, or a pointer such as /realm_access/roles");
        }
        if !word(&self.acr) || self.acr.as_ref().is_some_and(|acr| acr.contains(' ')) {
            return wrong("the class of authentication (acr) is one word, as the provider writes it");
        }
        Ok(())
    }
}

/// An address with TLS, that names a host and nobody.
pub(crate) fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|_| text.len() <= MAX_ADDRESS && printable(text))?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    (url.scheme() == "https" && url.has_host() && plain).then_some(url)
}

/// RFC 6749, appendix A.1 and A.2.
fn printable(text: &str) -> bool {
    text.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn settings() -> Settings {
        Settings {
            issuer: "https://login.example.org".into(),
            client: "martello".into(),
            secret: Secret::new("a secret of the two".into()),
            authority: None,
            redirect: "https://site.example.org:55754/sign-in/openid".into(),
            scopes: vec!["profile".into()],
            groups: Some("groups".into()),
            acr: None,
        }
    }

    #[test]
    fn settings_that_cannot_be_right_are_refused_before_anything_is_sent() {
        assert!(settings().check().is_ok());
        type Change = fn(&mut Settings);
        let wrong: [(&str, Change); 12] = [
            ("an issuer without TLS", |s| s.issuer = "http://login.example.org".into()),
            ("an issuer without TLS on this machine", |s| s.issuer = "http://127.0.0.1:3000".into()),
            ("an issuer with a query", |s| s.issuer = "https://login.example.org/?a=b".into()),
            ("an issuer with a fragment", |s| s.issuer = "https://login.example.org/#a".into()),
            ("an issuer with a password", |s| s.issuer = "https://a:b@login.example.org".into()),
            ("an issuer that is none", |s| s.issuer = "login.example.org".into()),
            ("a way back without TLS", |s| s.redirect = "http://site.example.org/".into()),
            ("no client", |s| s.client.clear()),
            ("no secret", |s| s.secret = Secret::new(String::new())),
            ("two scopes in one", |s| s.scopes = vec!["a b".into()]),
            ("an empty claim", |s| s.groups = Some(String::new())),
            ("two classes", |s| s.acr = Some("a b".into())),
        ];
        for (what, change) in wrong {
            let mut settings = settings();
            change(&mut settings);
            assert!(matches!(settings.check(), Err(Error::Settings(_))), "{what}");
        }
    }
}
