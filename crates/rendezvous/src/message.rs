//! What goes over a link of the mediator: JSON texts of a closed set of kinds. An unknown kind is refused, an unknown field
//! is ignored. Sizes are bounded before parsing.

use std::fmt;

use model::{AccountId, PeerSessionId, SiteId};
use serde::{Deserialize, Serialize};
use trust::{PublicIdentity, Signature};

/// What both sides say that they speak.
pub const PROTOCOL: &str = "martello-mediator";
/// The versions that this release speaks, the first and the last.
pub const VERSIONS: (u16, u16) = (1, 1);
/// Most bytes of a message.
pub const MAX_MESSAGE: usize = 32 << 10;
/// Most bytes of the body of a session.
pub const MAX_BODY: usize = 12 << 10;
/// Most bytes of a release's name, and of a reason.
const MAX_TEXT: usize = 200;

/// A message of a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Message {
    /// The first message of both sides.
    Hello {
        /// [`PROTOCOL`].
        protocol: String,
        /// The oldest version that is spoken.
        min: u16,
        /// The newest.
        max: u16,
        /// What runs, for people.
        release: String,
    },
    /// Mediator to site: prove who you are.
    Challenge {
        /// 64 hex digits, fresh for every link.
        nonce: Nonce,
    },
    /// Site to mediator: this is who.
    Prove {
        /// The public key.
        identity: PublicIdentity,
        /// Over the mediator's certificate ID and the nonce (`trust::Purpose::MediatorSignIn`).
        signature: Signature,
    },
    /// Mediator to everybody: you are in.
    Welcome {
        /// The version that is spoken from now on.
        version: u16,
        /// Whoever has nothing else to say sends a `ping` this often.
        keep_alive_s: u32,
        /// After a loss of the link the first try is made within so long, at a moment drawn by lot.
        spread_ms: u32,
    },
    /// Client to mediator: a session with this site.
    Open {
        /// Chosen by the client, never used before.
        session: PeerSessionId,
        /// The site.
        site: SiteId,
    },
    /// Mediator to site and client: the session is open. A site hears who opened it.
    Opened {
        /// Which.
        session: PeerSessionId,
        /// Who opened it; a client is not told its own name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Opener>,
    },
    /// Client or site to the other, handed on unread.
    Body {
        /// Of which session.
        session: PeerSessionId,
        /// Anything that the two understand.
        body: String,
    },
    /// Anybody: the session is over, or does not come about.
    Close {
        /// Which.
        session: PeerSessionId,
        /// Why.
        why: Why,
    },
    /// I am here.
    Ping,
    /// So am I.
    Pong,
    /// The link ends.
    Bye {
        /// Why.
        why: Why,
        /// For people.
        text: String,
    },
}

/// Who opened a session, as the cloud says: a hint for people and for the site's own rules, never a right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opener {
    /// The account, which pays for what a relay carries.
    pub account: AccountId,
    /// Its address, for people.
    pub name: String,
    /// What it is in the organization: `viewer`, `operator`, `administrator`.
    pub role: String,
}

/// Why a session or a link ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// It has done what it was for.
    Done,
    /// The link that it went over is lost.
    LinkLost,
    /// The site is not connected.
    SiteOffline,
    /// There is no such site for whoever asks.
    NoSuchSite,
    /// Too many sessions, or too much at once.
    TooMany,
    /// The same site has connected anew.
    Replaced,
    /// The site belongs to no organization of this cloud (any more).
    NotEnrolled,
    /// The signature is not the site's.
    WrongIdentity,
    /// No version is spoken by both sides.
    Version,
    /// A message was not understood, or came at the wrong time.
    Malformed,
    /// Nothing was heard for too long.
    Silent,
    /// Remote access was switched off.
    Disabled,
    /// What relays may carry in this month is used up.
    NoRelayDataLeft,
    /// The cloud stops; it will be back.
    Stopping,
}

/// 32 bytes that are used once; 64 hex digits on the wire.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Nonce(pub [u8; 32]);

/// A text that is no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadMessage {
    /// It has more than [`MAX_MESSAGE`] bytes.
    #[error("the message is too long")]
    TooLong,
    /// It is not one of the kinds.
    #[error("the message is not understood: {0}")]
    NotUnderstood(String),
}

impl Message {
    /// Reads a message.
    ///
    /// # Errors
    /// It is too long or none.
    pub fn read(text: &str) -> Result<Self, BadMessage> {
        if text.len() > MAX_MESSAGE {
            return Err(BadMessage::TooLong);
        }
        let message: Self =
            serde_json::from_str(text).map_err(|error| BadMessage::NotUnderstood(error.to_string()))?;
        let fits = match &message {
            Self::Hello { protocol, release, .. } => protocol.len() <= MAX_TEXT && release.len() <= MAX_TEXT,
            Self::Bye { text, .. } => text.len() <= MAX_TEXT,
            Self::Body { body, .. } => body.len() <= MAX_BODY,
            Self::Opened { by: Some(by), .. } => by.name.len() <= 2 * MAX_TEXT && by.role.len() <= MAX_TEXT,
            _ => true,
        };
        if fits { Ok(message) } else { Err(BadMessage::TooLong) }
    }

    /// The message as text.
    #[must_use]
    pub fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// This release's hello.
    #[must_use]
    pub fn hello(release: &str) -> Self {
        let (min, max) = VERSIONS;
        Self::Hello { protocol: PROTOCOL.to_owned(), min, max, release: release.to_owned() }
    }

    /// The newest version that a hello and this release both speak.
    #[must_use]
    pub fn common_version(&self) -> Option<u16> {
        let Self::Hello { protocol, min, max, .. } = self else { return None };
        let newest = (*max).min(VERSIONS.1);
        (protocol == PROTOCOL && newest >= (*min).max(VERSIONS.0)).then_some(newest)
    }

    /// The end of a link.
    #[must_use]
    pub fn bye(why: Why, text: impl Into<String>) -> Self {
        Self::Bye { why, text: text.into() }
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nonce({self})")
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Nonce {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Nonce {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let wrong = || D::Error::custom("64 hex digits are expected");
        let digits: Vec<u32> =
            text.chars().take(65).map(|c| c.to_digit(16)).collect::<Option<_>>().ok_or_else(wrong)?;
        let mut bytes = [0; 32];
        if digits.len() != 64 {
            return Err(wrong());
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair.iter().fold(0_u8, |all, digit| all << 4 | u8::try_from(*digit).unwrap_or_default());
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_closed_fields_are_open_and_sizes_bounded() {
        assert_eq!(Message::read(r#"{"kind":"ping","later":1}"#), Ok(Message::Ping));
        for wrong in [r#"{"kind":"dance"}"#, "", "[]", "{}", r#"{"kind":"open"}"#] {
            assert!(matches!(Message::read(wrong), Err(BadMessage::NotUnderstood(_))), "{wrong}");
        }
        let body = |len| Message::Body { session: PeerSessionId::random(), body: "é".repeat(len) }.write();
        assert!(Message::read(&body(MAX_BODY / 2)).is_ok());
        assert_eq!(Message::read(&body(MAX_BODY / 2 + 1)), Err(BadMessage::TooLong));
        assert_eq!(Message::read(&" ".repeat(MAX_MESSAGE + 1)), Err(BadMessage::TooLong));
        // What JSON makes of the worst body still fits into a message.
        let worst = Message::Body { session: PeerSessionId::random(), body: "\"".repeat(MAX_BODY) }.write();
        assert!(worst.len() <= MAX_MESSAGE, "{}", worst.len());
    }

    #[test]
    fn the_newest_common_version_is_spoken_or_none() {
        let hello = |protocol: &str, min, max| Message::Hello {
            protocol: protocol.into(),
            min,
            max,
            release: "1".into(),
        };
        for (protocol, min, max, common) in [
            (PROTOCOL, 1, 1, Some(1)),
            (PROTOCOL, 1, 9, Some(1)),
            (PROTOCOL, 2, 9, None),
            ("other", 1, 1, None),
        ] {
            assert_eq!(hello(protocol, min, max).common_version(), common, "{protocol} {min} {max}");
        }
        assert_eq!(Message::read(&Message::hello("0.1.0").write()), Ok(Message::hello("0.1.0")));
    }

    #[test]
    fn a_nonce_is_64_hex_digits() {
        let nonce = Nonce(core::array::from_fn(|index| u8::try_from(index * 7 % 256).unwrap()));
        let text = serde_json::to_string(&nonce).unwrap();
        assert_eq!(serde_json::from_str::<Nonce>(&text).unwrap(), nonce);
        for wrong in
            ["\"\"", "\"00\"", &format!("\"{}\"", "0".repeat(65)), &format!("\"{}\"", "g".repeat(64))]
        {
            assert!(serde_json::from_str::<Nonce>(wrong).is_err(), "{wrong}");
        }
    }
}
