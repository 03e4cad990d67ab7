//! A directory's settings: from the wire to the client's, and the words for what goes wrong. Not the asking.

use api::{
    Code, Problem,
    directory::{DirectoryKind, DirectorySecurity, DirectorySettings},
};
use catalog::directory::DirectoryRow;
use directory::{Directory, Error, Kind, Security, Server, Settings, Trust};
use model::Secret;
use negotiate::{Acceptor, KeytabError};

/// A week.
const MAX_OFFLINE_MINUTES: u32 = 7 * 24 * 60;

/// The settings as they are kept, without the password.
#[must_use]
pub fn of_row(row: &DirectoryRow) -> Option<DirectorySettings> {
    serde_json::from_value(row.settings.clone())
        .inspect_err(
            |error| tracing::error!(%error, name = row.name, "a directory's settings cannot be read"),
        )
        .ok()
}

/// What can be asked by these settings.
///
/// # Errors
/// [`Error::Settings`] says what to change.
pub fn directory(settings: &DirectorySettings, password: &Secret<String>) -> Result<Directory, Error> {
    let wrong = |what: &str| Err(Error::Settings(what.to_owned()));
    let trust = match (&settings.authority, &settings.certificate_sha256) {
        (Some(pem), None) => Trust::Authority(pem.clone()),
        (None, Some(hash)) => match pin(hash) {
            Some(pin) => Trust::Pinned(pin),
            None => return wrong("the SHA-256 of a certificate has 64 hex digits"),
        },
        _ => return wrong("give either the authority's certificate or the SHA-256 of the server's"),
    };
    if settings.offline_minutes > MAX_OFFLINE_MINUTES {
        return wrong("a directory may be away for a week at most (10080 minutes)");
    }
    Directory::new(Settings {
        kind: match settings.kind {
            DirectoryKind::ActiveDirectory => Kind::ActiveDirectory,
            DirectoryKind::Ldap => Kind::Ldap,
        },
        servers: settings
            .servers
            .iter()
            .map(|server| Server { host: server.host.trim().to_owned(), port: server.port })
            .collect(),
        security: match settings.security {
            DirectorySecurity::Ldaps => Security::Ldaps,
            DirectorySecurity::Starttls => Security::StartTls,
        },
        trust,
        base: settings.base.trim().to_owned(),
        account: settings.account.trim().to_owned(),
        password: password.clone(),
        login: settings.login_attribute.clone().filter(|name| !name.is_empty()),
        domain: settings.domain.clone(),
    })
}

/// What takes tickets of the directory's domain with this keytab.
///
/// # Errors
/// It is none, or has no key of the domain.
pub fn acceptor(directory: &Directory, keytab: &[u8]) -> Result<Acceptor, KeytabError> {
    Acceptor::new(keytab, directory.domain())
}

/// The password that was kept goes only to whom it was given for: the same account of the same servers, protected alike.
#[must_use]
pub fn password(new: &DirectorySettings, kept: Option<&DirectoryRow>) -> Option<Secret<String>> {
    if let Some(given) = &new.password {
        return Some(Secret::new(given.clone()));
    }
    let kept = kept?;
    let old = of_row(kept)?;
    let same = (&new.servers, new.security, &new.account) == (&old.servers, old.security, &old.account);
    same.then(|| kept.password.clone())
}

fn pin(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u32> =
        text.trim().chars().filter(|c| *c != ':').map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).ok());
    let bytes: Vec<u8> = pairs.collect::<Option<_>>()?;
    (digits.len() == 64).then(|| bytes.try_into().ok()).flatten()
}

/// A fingerprint as browsers and openssl print it.
#[must_use]
pub fn shown(hex: &str) -> String {
    let upper = hex.to_uppercase();
    let pairs: Vec<&str> = (0..upper.len() / 2).filter_map(|at| upper.get(2 * at..2 * at + 2)).collect();
    pairs.join(":")
}

/// What to do about it.
#[must_use]
pub fn advice(error: &Error) -> String {
    match error {
        Error::Settings(_) => "Change the settings of the directory.".to_owned(),
        Error::Connect { .. } | Error::Silent { .. } => {
            "Check name, port and protection of the server, and that no firewall is in the way. LDAPS is port 636, StartTLS 389."
                .to_owned()
        }
        Error::Tls { certificate: Some(hash), .. } => format!(
            "It showed the certificate with SHA-256 {}. If that is your directory's, give the certificate of the authority that signed it, or this value.",
            shown(hash)
        ),
        Error::Tls { certificate: None, .. } => {
            "It did not show a certificate: check the port and the protection. LDAPS is port 636, StartTLS 389.".to_owned()
        }
        Error::StartTls { .. } => {
            "Set up TLS at the directory, or use LDAPS. Nothing is sent without TLS.".to_owned()
        }
        Error::Account { .. } => "Check the account that searches and its password.".to_owned(),
        Error::Base { .. } => {
            "Check the base, such as dc=example,dc=org, and that the account may read there.".to_owned()
        }
        Error::Search { .. } => "Let the account that searches read people and groups below the base.".to_owned(),
        Error::NoKey { .. } => {
            "Let the account that searches read entryUUID: without it a renamed or re-made account cannot be told apart."
                .to_owned()
        }
        Error::Malformed { .. } | Error::TooMuch { .. } => {
            "Check that this is the port of an LDAP server, and that the base is not too wide.".to_owned()
        }
    }
}

/// The answer to an operation that could not be done.
#[must_use]
pub fn problem(error: &Error) -> Problem {
    let code = if matches!(error, Error::Settings(_)) { Code::BadRequest } else { Code::DirectoryFailed };
    Problem::new(code, sentence(&error.to_string())).detail(advice(error))
}

/// With a capital letter.
#[must_use]
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_read_as_it_is_printed() {
        let hex = "00ff".repeat(16);
        let bytes = pin(&hex).unwrap();
        assert_eq!((bytes[0], bytes[31]), (0, 255));
        assert_eq!(pin(&shown(&hex)), Some(bytes));
        for bad in ["", "00", &"0".repeat(63), &"0".repeat(66), &"zz".repeat(32)] {
            assert_eq!(pin(bad), None, "{bad}");
        }
    }
}
