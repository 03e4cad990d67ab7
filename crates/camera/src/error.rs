//! What can go wrong with a camera, told to people and to programs.
//!
//! What is here: one error type for all of this crate, its stable kinds, and the scrubbing of texts that came from a
//! camera.
//! What is not here: what to do about it (the site decides when to try again and whom to tell).

use std::time::Duration;

/// What went wrong, as programs tell it apart. The set is closed and stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// No connection: wrong address, switched off, cable, firewall.
    Unreachable,
    /// Name and password were refused, or are missing.
    RefusedPassword,
    /// The camera answers, but has no stream that can be recorded there.
    NoStream,
    /// The camera answered with something that is not understood.
    Unexpected,
    /// A stream that ran was ended by the camera or the network.
    Ended,
    /// The connection stands, but nothing comes through it.
    Silent,
}

/// A failed operation. The texts are for people and never hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An address that cannot be used.
    #[error("this address cannot be used: {reason}")]
    Address {
        /// Why.
        reason: String,
    },
    /// No connection.
    #[error("{host} cannot be reached: {reason}")]
    Connect {
        /// Host and port.
        host: String,
        /// Why.
        reason: String,
    },
    /// The camera wants other credentials, or some.
    #[error("{host} refused the user name or password")]
    Credentials {
        /// Host and port.
        host: String,
    },
    /// The camera does not show the certificate that it showed when it was added.
    #[error("{host} shows another certificate than before: {found} instead of {pinned}")]
    Certificate {
        /// Host and port.
        host: String,
        /// SHA-256 of the certificate that it showed, hexadecimal.
        found: String,
        /// SHA-256 of the one that was expected.
        pinned: String,
    },
    /// `DESCRIBE` failed or told of nothing that can be recorded.
    #[error("{host} has no usable stream there: {reason}")]
    Describe {
        /// Host and port.
        host: String,
        /// Why.
        reason: String,
        /// `NoStream` or `Unexpected`.
        kind: Kind,
    },
    /// `SETUP` or `PLAY` failed.
    #[error("{host} did not start the stream: {reason}")]
    Start {
        /// Host and port.
        host: String,
        /// Why.
        reason: String,
    },
    /// The stream was ended.
    #[error("{host} ended the stream: {reason}")]
    Ended {
        /// Host and port.
        host: String,
        /// Why.
        reason: String,
    },
    /// What came in the stream cannot be used.
    #[error("{host} sent a stream that is not understood: {reason}")]
    Stream {
        /// Host and port.
        host: String,
        /// Why.
        reason: String,
    },
    /// The camera sent something longer than anything that is kept.
    #[error("{host} sent more than is allowed: {reason}")]
    TooMuch {
        /// Host and port.
        host: String,
        /// What, and how much is allowed.
        reason: String,
    },
    /// Nothing came for too long.
    #[error("{host} has sent no {what} for {} s", .after.as_secs())]
    Silent {
        /// Host and port.
        host: String,
        /// What was missed.
        what: &'static str,
        /// For how long.
        after: Duration,
    },
    /// An HTTP answer that is not what was asked for.
    #[error("{host} answered {operation} with something unexpected: {reason}")]
    Answer {
        /// Host and port.
        host: String,
        /// What was asked.
        operation: &'static str,
        /// Why it is no answer.
        reason: String,
    },
    /// The device does not have this function.
    #[error("{host} does not have {operation}")]
    Missing {
        /// Host and port.
        host: String,
        /// What was asked.
        operation: &'static str,
    },
    /// The local network did not let us search.
    #[error("the network cannot be searched: {reason}")]
    Search {
        /// Why.
        reason: String,
    },
}

impl Error {
    /// The stable kind, for programs.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Address { .. } | Self::Connect { .. } | Self::Search { .. } => Kind::Unreachable,
            Self::Credentials { .. } => Kind::RefusedPassword,
            Self::Describe { kind, .. } => *kind,
            Self::Certificate { .. }
            | Self::Start { .. }
            | Self::Stream { .. }
            | Self::TooMuch { .. }
            | Self::Answer { .. } => Kind::Unexpected,
            Self::Missing { .. } => Kind::NoStream,
            Self::Ended { .. } => Kind::Ended,
            Self::Silent { .. } => Kind::Silent,
        }
    }
}

/// Longest text of a camera or a library that is repeated to people, in characters.
const LONGEST: usize = 200;

/// The first line of a text that came from outside, without control characters, shortened, and without the secrets.
#[must_use]
pub(crate) fn scrub(text: &str, secrets: &[&str]) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let mut clean: String = line.chars().filter(|c| !c.is_control()).collect();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        clean = clean.replace(secret, "…");
    }
    match clean.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", clean.get(..end).unwrap_or_default()),
        None => clean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_from_outside_is_one_short_line_without_the_password() {
        assert_eq!(scrub("\n  bad\u{7}ge hunter2 x\nsecond", &["hunter2", ""]), "  badge … x");
        assert_eq!(scrub(&"ä".repeat(1000), &[]).chars().count(), LONGEST + 1);
    }
}
