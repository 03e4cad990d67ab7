//! Users and groups of Active Directory and of LDAP servers: who somebody is, whether a password is right, in which
//! groups somebody is.
//!
//! What is here: a small LDAP client of its own (RFC 4511), because a directory that answers badly must not cost the
//! site memory, time or its life: messages, entries, pages, depths and times are bounded, and parsers are pure. There is
//! no connection without TLS. Referrals are not followed. What is not here: what people of a directory may do at the
//! site, how passwords are kept, when is asked again (`site`).

mod ber;
mod connection;
mod filter;
mod message;
mod person;
mod session;
mod settings;
mod tls;

use std::{sync::Arc, time::Duration};

use model::{Secret, WallTime};
use tokio::time::timeout;

pub use person::{Group, Key, Listed, Person};
pub use session::{Session, Wanted};
pub use settings::{Kind, MAX_SERVERS, Security, Server, Settings, Trust};

use filter::Filter;
use message::Outcome;
use tls::Verifier;

/// How long one server may take until it is connected and knows who asks.
const OPEN: Duration = Duration::from_secs(4);
/// How long a question may take, with all that belongs to it.
const QUESTION: Duration = Duration::from_secs(10);
/// What people type as their name is no longer.
const MAX_TYPED: usize = 256;

/// Why a directory could not be asked. None of these says that a password is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings cannot be right.
    #[error("{0}")]
    Settings(String),
    /// There is no connection.
    #[error("{server} cannot be reached: {source}")]
    Connect {
        /// Which server.
        server: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is no trust in the server.
    #[error("{server} is not trusted: {reason}")]
    Tls {
        /// Which server.
        server: String,
        /// Why.
        reason: String,
        /// SHA-256 of the certificate that it showed.
        certificate: Option<String>,
    },
    /// It will not protect the connection.
    #[error("{server} does not begin TLS: {reason}")]
    StartTls {
        /// Which server.
        server: String,
        /// What it says.
        reason: String,
    },
    /// The searching account is not let in.
    #[error("{server} refuses the searching account: {reason}")]
    Account {
        /// Which server.
        server: String,
        /// What it says.
        reason: String,
    },
    /// There is nothing at the base.
    #[error("{server} has nothing at {base}")]
    Base {
        /// Which server.
        server: String,
        /// The base.
        base: String,
    },
    /// A search was refused.
    #[error("{server} refuses the search: {reason} (result {code})")]
    Search {
        /// Which server.
        server: String,
        /// Result code (RFC 4511, appendix A).
        code: u32,
        /// What it says.
        reason: String,
    },
    /// An entry has no identifier that stays.
    #[error("{server} shows no entryUUID of {name}")]
    NoKey {
        /// Which server.
        server: String,
        /// Of whom.
        name: String,
    },
    /// What came is not LDAP.
    #[error("{server} does not answer as a directory does")]
    Malformed {
        /// Which server.
        server: String,
    },
    /// More came than is taken.
    #[error("{server} answers with more than is taken")]
    TooMuch {
        /// Which server.
        server: String,
    },
    /// Nothing came in time.
    #[error("{server} does not answer within {seconds} s")]
    Silent {
        /// Which server.
        server: String,
        /// How long was waited.
        seconds: u64,
    },
}

/// What a try of the settings showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// SHA-256 of the server's certificate.
    pub certificate: String,
    /// How many people were seen; counted to 1000.
    pub people: usize,
    /// How many groups were seen; counted to 1000.
    pub groups: usize,
}

/// A directory that can be asked.
#[derive(Clone, Debug)]
pub struct Directory {
    settings: Settings,
    verifier: Arc<Verifier>,
    domain: String,
}

impl Directory {
    /// Over these settings. Nothing is sent.
    ///
    /// # Errors
    /// [`Error::Settings`] says what to change.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        settings.check()?;
        let verifier = Verifier::new(&settings.trust)?;
        Ok(Self { domain: settings.domain_name(), verifier, settings })
    }

    /// The domain's name, such as `example.org`.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Tries the settings: connects, signs in, looks at the base.
    ///
    /// # Errors
    /// What is wrong first.
    pub async fn check(&self, now: WallTime) -> Result<Check, Error> {
        self.within(async {
            let mut session = self.open().await?;
            if !session.base_exists().await? {
                let server = session.connection.server().to_owned();
                return Err(Error::Base { server, base: self.settings.base.clone() });
            }
            let people = session.search("", Wanted::People, 1000, now).await?.0.len();
            let groups = session.search("", Wanted::Groups, 1000, now).await?.0.len();
            Ok(Check { certificate: self.verifier.seen().unwrap_or_default(), people, groups })
        })
        .await
    }

    /// Whether somebody who types this could be of this directory.
    #[must_use]
    pub fn may_know(&self, typed: &str) -> bool {
        self.who(typed).is_some()
    }

    /// The person who signs in with this name and password; none where there is none, or the password is wrong: the two
    /// are not told apart.
    ///
    /// # Errors
    /// The directory could not be asked.
    pub async fn sign_in(
        &self,
        typed: &str,
        password: &Secret<String>,
        now: WallTime,
    ) -> Result<Option<Person>, Error> {
        let Some(who) = self.who(typed) else { return Ok(None) };
        if password.expose().is_empty() {
            return Ok(None);
        }
        self.within(async { self.open().await?.prove(&who, password, now).await }).await
    }

    /// The person whose account has this name in the realm of the directory; none where there is none. Only for whom somebody
    /// else proved: no password is asked for.
    ///
    /// # Errors
    /// The directory could not be asked.
    pub async fn account(&self, name: &str, now: WallTime) -> Result<Option<Person>, Error> {
        if name.is_empty() || name.len() > MAX_TYPED {
            return Ok(None);
        }
        let attribute = match self.settings.kind {
            // Whatever people type, tickets have this.
            Kind::ActiveDirectory => "sAMAccountName",
            Kind::Ldap => self.settings.login_attribute(),
        };
        let who = Filter::Named(attribute.to_owned(), name.as_bytes().to_vec());
        self.ask(async |session| session.named(&who, now).await).await
    }

    /// Asks something; the question has [so much](QUESTION) time, with the connection.
    ///
    /// # Errors
    /// The directory could not be asked.
    pub async fn ask<T>(
        &self,
        question: impl AsyncFnOnce(&mut Session<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.within(async { question(&mut self.open().await?).await }).await
    }

    /// A connection, signed in as the searching account, to the first server that lets it in.
    ///
    /// # Errors
    /// Why the last server did not.
    pub async fn open(&self) -> Result<Session<'_>, Error> {
        let mut failed = Error::Settings("there is no server".to_owned());
        for server in &self.settings.servers {
            let signed_in = timeout(OPEN, async {
                let mut connection = connection::open(&self.settings, server, &self.verifier).await?;
                let outcome = connection.bind(&self.settings.account, &self.settings.password).await?;
                if outcome.code == Outcome::SUCCESS {
                    return Ok(connection);
                }
                let reason = refusal(&outcome);
                Err(Error::Account { server: connection.server().to_owned(), reason })
            });
            match signed_in.await {
                Ok(Ok(connection)) => return Ok(Session { settings: &self.settings, connection }),
                Ok(Err(error)) => failed = error,
                Err(_) => {
                    let server = format!("{}:{}", server.host, server.port);
                    failed = Error::Silent { server, seconds: OPEN.as_secs() };
                }
            }
        }
        Err(failed)
    }

    async fn within<T>(&self, question: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let server = || self.settings.servers.first().map(|server| server.host.clone()).unwrap_or_default();
        timeout(QUESTION, question)
            .await
            .unwrap_or_else(|_| Err(Error::Silent { server: server(), seconds: QUESTION.as_secs() }))
    }

    /// What somebody types, without the domain where it is this directory's.
    #[must_use]
    pub fn login<'t>(&self, typed: &'t str) -> &'t str {
        let typed = typed.trim();
        let of_domain =
            typed.split_once('\\').or_else(|| typed.rsplit_once('@').map(|(name, domain)| (domain, name)));
        of_domain.filter(|(domain, _)| self.is_ours(domain)).map_or(typed, |(_, name)| name)
    }

    fn is_ours(&self, domain: &str) -> bool {
        let short = self.domain.split('.').next().unwrap_or_default();
        domain.eq_ignore_ascii_case(&self.domain) || domain.eq_ignore_ascii_case(short)
    }

    /// Who is meant by what somebody typed: `name`, `name@domain` or `DOMAIN\name`; none where that is not somebody of
    /// this directory.
    fn who(&self, typed: &str) -> Option<Filter> {
        let typed = typed.trim();
        if typed.is_empty() || typed.len() > MAX_TYPED {
            return None;
        }
        let login =
            |name: &str| Filter::Named(self.settings.login_attribute().to_owned(), name.as_bytes().to_vec());
        if let Some((domain, name)) = typed.split_once('\\') {
            return (self.is_ours(domain) && !name.is_empty()).then(|| login(name));
        }
        let Some((name, domain)) = typed.rsplit_once('@') else { return Some(login(typed)) };
        let mut any = match self.settings.kind {
            Kind::ActiveDirectory => vec![Filter::is("userPrincipalName", typed)],
            Kind::Ldap => vec![login(typed)],
        };
        if self.is_ours(domain) && !name.is_empty() {
            any.push(login(name));
        }
        Some(Filter::Any(any))
    }
}

/// Why a name and password were refused, in words. Active Directory hides it in a number of Windows.
fn refusal(outcome: &Outcome) -> String {
    let windows = [
        ("data 525", "there is no such account"),
        ("data 52e", "name or password is wrong"),
        ("data 532", "its password has expired"),
        ("data 533", "it is disabled"),
        ("data 701", "it has expired"),
        ("data 773", "its password has to be changed first"),
        ("data 775", "it is locked after wrong passwords"),
    ];
    let known = windows.iter().find(|(data, _)| outcome.diagnostic.contains(data)).map(|(_, words)| *words);
    match (known, outcome.code) {
        (Some(words), _) => words.to_owned(),
        (None, Outcome::INVALID_CREDENTIALS) => "name or password is wrong".to_owned(),
        (None, code) => format!("{} (result {code})", outcome.diagnostic),
    }
}

/// Reads whatever a server might send; for fuzzing.
pub fn read_anything(bytes: &[u8]) {
    message::read_all(bytes, connection::MAX_MESSAGE);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(kind: Kind) -> Directory {
        Directory::new(Settings {
            kind,
            servers: vec![Server { host: "dc.example.org".into(), port: 636 }],
            security: Security::Ldaps,
            trust: Trust::Pinned([0; 32]),
            base: "OU=People, DC=Example,DC=org".into(),
            account: "cn=martello,dc=example,dc=org".into(),
            password: Secret::new("secret".into()),
            login: None,
            domain: None,
        })
        .unwrap()
    }

    #[test]
    fn a_typed_name_is_of_this_directory_or_not() {
        let directory = directory(Kind::ActiveDirectory);
        assert_eq!(directory.domain(), "example.org");
        for (typed, known) in [
            ("anna", true),
            ("EXAMPLE\\anna", true),
            ("example.org\\anna", true),
            ("OTHER\\anna", false),
            ("EXAMPLE\\", false),
            ("anna@example.org", true),
            ("anna@elsewhere.org", true),
            (" ", false),
            ("", false),
        ] {
            assert_eq!(directory.may_know(typed), known, "{typed}");
        }
        assert!(!directory.may_know(&"a".repeat(257)));
        let elsewhere = Filter::Any(vec![Filter::is("userPrincipalName", "anna@elsewhere.org")]);
        assert_eq!(directory.who("anna@elsewhere.org"), Some(elsewhere));
    }

    #[test]
    fn settings_that_cannot_be_right_are_refused_before_anything_is_sent() {
        let right = directory(Kind::Ldap).settings;
        type Change = fn(&mut Settings);
        let wrong: [(&str, Change); 7] = [
            ("no server", |s| s.servers.clear()),
            ("no port", |s| s.servers[0].port = 0),
            ("a host with a path", |s| s.servers[0].host = "a/b".into()),
            ("no base", |s| s.base.clear()),
            ("no account: an anonymous sign-in", |s| s.account.clear()),
            ("no password: an unauthenticated sign-in", |s| s.password = Secret::new(String::new())),
            ("an authority that is none", |s| s.trust = Trust::Authority("hello".into())),
        ];
        for (what, change) in wrong {
            let mut settings = right.clone();
            change(&mut settings);
            assert!(matches!(Directory::new(settings), Err(Error::Settings(_))), "{what}");
        }
    }
}
