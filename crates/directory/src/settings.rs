//! How a directory is reached, and what is true of its kind. Not how it is asked (`directory`).

use model::Secret;

use crate::Error;

/// Most servers of one directory; they are asked in order until one answers.
pub const MAX_SERVERS: usize = 4;
const MAX_NAME: usize = 1024;
const MAX_CA: usize = 32 << 10;

/// What kind of directory it is: how people, groups and locked accounts look there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Active Directory, of Microsoft or of Samba.
    ActiveDirectory,
    /// Any other LDAP server with people as `person` or `posixAccount` and groups as `groupOfNames`, `groupOfUniqueNames`
    /// or `posixGroup` (RFC 4519, RFC 2307).
    Ldap,
}

/// How the connection is protected. Without TLS none is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the start.
    Ldaps,
    /// TLS before anything else is said (RFC 4511, 4.14); refused where the server will not.
    StartTls,
}

/// Whose certificate is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// One that these authorities signed for the server's name: certificates as PEM.
    Authority(String),
    /// Exactly the one with this SHA-256.
    Pinned([u8; 32]),
}

/// A server of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Name or IP address, as it stands in the certificate.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

/// How a directory is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What kind it is.
    pub kind: Kind,
    /// Its servers, the first one first.
    pub servers: Vec<Server>,
    /// How the connection is protected.
    pub security: Security,
    /// Whose certificate is trusted.
    pub trust: Trust,
    /// Below which name people and groups are, such as `dc=example,dc=org`.
    pub base: String,
    /// The account that searches: its distinguished name, or `name@domain` in Active Directory.
    pub account: String,
    /// Its password.
    pub password: Secret<String>,
    /// The attribute that people sign in with; none: the usual one of the kind.
    pub login: Option<String>,
    /// The domain's name as people know it; none: made of the base.
    pub domain: Option<String>,
}

impl Settings {
    /// Refuses what cannot be right, before anything is sent.
    ///
    /// # Errors
    /// [`Error::Settings`] says what to change.
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |what: &str| Err(Error::Settings(what.to_owned()));
        if self.servers.is_empty() || self.servers.len() > MAX_SERVERS {
            return wrong("give one to four servers");
        }
        let host = |host: &str| {
            !host.is_empty()
                && host.len() <= 255
                && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:_".contains(c))
        };
        if !self.servers.iter().all(|server| host(&server.host) && server.port != 0) {
            return wrong("a server is a name or an address, and a port");
        }
        if self.base.is_empty() || self.base.len() > MAX_NAME || !self.base.contains('=') {
            return wrong("the base is a distinguished name, such as dc=example,dc=org");
        }
        // A bind without name or password is no sign-in (RFC 4513, 5.1.1 and 5.1.2).
        if self.account.is_empty() || self.account.len() > MAX_NAME || self.password.expose().is_empty() {
            return wrong(
                "give the account that searches, and its password: nothing is asked without signing in",
            );
        }
        let attribute = |name: &String| {
            name.len() <= 64
                && name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        };
        if !self.login.as_ref().is_none_or(attribute) {
            return wrong("the attribute to sign in with is a name, such as uid or mail");
        }
        if matches!(&self.trust, Trust::Authority(pem) if pem.len() > MAX_CA) {
            return wrong("the certificate of the authority is too long");
        }
        Ok(())
    }

    /// The attribute that people sign in with.
    pub(crate) fn login_attribute(&self) -> &str {
        self.login.as_deref().unwrap_or(match self.kind {
            Kind::ActiveDirectory => "sAMAccountName",
            Kind::Ldap => "uid",
        })
    }

    /// The domain's name, such as `example.org`.
    pub(crate) fn domain_name(&self) -> String {
        if let Some(domain) = self.domain.as_deref().map(str::trim).filter(|domain| !domain.is_empty()) {
            return domain.to_owned();
        }
        let parts = self.base.split(',').filter_map(|part| part.trim().split_once('='));
        let labels: Vec<&str> = parts
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case("dc"))
            .map(|(_, value)| value.trim())
            .collect();
        if labels.is_empty() { self.base.clone() } else { labels.join(".").to_lowercase() }
    }
}
