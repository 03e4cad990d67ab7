//! Who may use the relay: credentials for one session, and users of a laboratory.
//!
//! What is here: the form of a credential, how it is issued and how it is found again from a username.
//! What is not here: nonces and message integrity (`server::authentication`); who gets a credential (the issuer).
//!
//! The form is that of the "REST API For Access To TURN Services" draft, so that coturn takes it too:
//!
//! ```text
//! username = EXPIRY ":" ACCOUNT ":" SESSION        EXPIRY: seconds since 1970-01-01T00:00:00Z, decimal
//! password = base64(HMAC-SHA-1(shared secret, username))
//! ```
//!
//! `ACCOUNT` pays, `SESSION` is the remote access that it pays for; each is 1 to 64 letters, digits, `-`, `_`, `.` or `@`. The
//! relay keeps nothing about them but the shared secret.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use hmac::{Hmac, Mac};
use model::Secret;
use sha1::Sha1;

/// Longest account or session in a username, in bytes.
pub const MAX_NAME: usize = 64;

/// What a client signs in with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Credentials {
    /// Not secret: it travels in the clear.
    pub username: String,
    /// For the client alone.
    pub password: Secret<String>,
}

/// A credential cannot be issued.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum IssueError {
    /// Not 1 to 64 letters, digits, `-`, `_`, `.` or `@`.
    #[error("an account or a session is 1 to 64 letters, digits, '-', '_', '.' or '@'")]
    Name,
}

/// Credentials that end at `expires_unix_s` (seconds since the epoch).
///
/// # Errors
/// [`IssueError::Name`].
pub fn issue(
    secret: &Secret<Vec<u8>>,
    expires_unix_s: u64,
    account: &str,
    session: &str,
) -> Result<Credentials, IssueError> {
    if !is_name(account) || !is_name(session) {
        return Err(IssueError::Name);
    }
    let username = format!("{expires_unix_s}:{account}:{session}");
    let password = Secret::new(password_of(secret, &username));
    Ok(Credentials { username, password })
}

fn is_name(text: &str) -> bool {
    let allowed = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.' | b'@');
    (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(allowed)
}

fn password_of(secret: &Secret<Vec<u8>>, username: &str) -> String {
    match Hmac::<Sha1>::new_from_slice(secret.expose()) {
        Ok(mut mac) => {
            mac.update(username.as_bytes());
            BASE64.encode(mac.finalize().into_bytes())
        }
        // HMAC takes keys of every length.
        Err(_) => String::new(),
    }
}

/// A user of a laboratory: nobody pays, nothing is limited but the server as a whole.
#[derive(Clone, Debug)]
pub struct StaticUser {
    /// Any text without a colon.
    pub name: String,
    /// As the client types it.
    pub password: Secret<String>,
}

/// Everybody who may use the relay.
#[derive(Clone, Default, Debug)]
pub struct Users {
    /// Shared with whoever issues credentials. None: there are only static users.
    pub secret: Option<Secret<Vec<u8>>>,
    /// Users of a laboratory.
    pub static_users: Vec<StaticUser>,
}

/// Who a username stands for. Whether the caller knows the password is still to be shown.
#[derive(Clone, Debug)]
pub(crate) struct User<'a> {
    pub(crate) account: &'a str,
    pub(crate) session: &'a str,
    pub(crate) password: String,
    /// Seconds since the epoch; none for a static user.
    pub(crate) expires_unix_s: Option<u64>,
}

impl User<'_> {
    /// Whether the ledger is asked.
    pub(crate) const fn is_billed(&self) -> bool {
        self.expires_unix_s.is_some()
    }
}

impl Users {
    pub(crate) fn find<'a>(&self, username: &'a str) -> Option<User<'a>> {
        if let Some(user) = self.static_users.iter().find(|user| user.name == username) {
            let password = user.password.expose().clone();
            return Some(User { account: username, session: "", password, expires_unix_s: None });
        }
        let secret = self.secret.as_ref()?;
        let (expires, names) = username.split_once(':')?;
        let (account, session) = names.split_once(':')?;
        let digits = (1..=19).contains(&expires.len()) && expires.bytes().all(|c| c.is_ascii_digit());
        if !digits || !is_name(account) || !is_name(session) {
            return None;
        }
        let expires_unix_s = Some(expires.parse().ok()?);
        Some(User { account, session, password: password_of(secret, username), expires_unix_s })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users() -> Users {
        let lab = StaticUser { name: "lab".to_owned(), password: Secret::new("p".to_owned()) };
        Users { secret: Some(Secret::new(b"north".to_vec())), static_users: vec![lab] }
    }

    #[test]
    fn an_issued_credential_is_found_again() {
        let users = users();
        let issued = issue(users.secret.as_ref().unwrap(), 1_800_000_000, "anna@example.org", "s-1").unwrap();
        assert_eq!(issued.username, "1800000000:anna@example.org:s-1");
        // echo -n 1800000000:anna@example.org:s-1 | openssl dgst -sha1 -hmac north -binary | base64
        assert_eq!(issued.password.expose(), "/u/hhzn1Q3ZGbftHwjkFUx8WPO4=");
        let found = users.find(&issued.username).unwrap();
        assert_eq!((found.account, found.session), ("anna@example.org", "s-1"));
        assert_eq!((&found.password, found.expires_unix_s), (issued.password.expose(), Some(1_800_000_000)));
        assert!(found.is_billed() && !users.find("lab").unwrap().is_billed());
    }

    #[test]
    fn what_has_another_form_is_nobody() {
        let long = format!("1:{}:b", "a".repeat(65));
        for username in [
            "", ":", "::", "1:a", "1::b", "1:a:", ":a:b", "-1:a:b", "+1:a:b", "1:a:b:c", "1:a b:c", "x:a:b",
            "1:ä:b", &long,
        ] {
            assert!(users().find(username).is_none(), "{username}");
        }
        assert!(Users::default().find("1:a:b").is_none(), "without a secret nobody is issued anything");
        assert_eq!(issue(&Secret::new(vec![]), 1, "a:b", "c"), Err(IssueError::Name));
    }
}
