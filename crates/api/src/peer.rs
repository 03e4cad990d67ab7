//! What client and site say to each other through a mediator to begin a peer session: [`Signal`]s, JSON, one per message.
//!
//! The mediator carries them as they are: to it each is a body of at most [`MAX_SIGNAL`] bytes. The client sends one
//! offer, the site one answer, and both candidates as they find them, in any order, until the end or a refusal.
//!
//! What is not here: what makes an answer genuine (`trust::peer`), and the mediator's own messages.

use model::{PeerSessionId, SiteId, WallTime};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A signal is no longer than this, bytes of JSON.
pub const MAX_SIGNAL: usize = 4096;
/// The version that is spoken.
pub const VERSION: u16 = 1;
/// Letters of a candidate line.
pub const MAX_CANDIDATE: usize = 512;
/// Candidates that one side sends; more are not looked at.
pub const MAX_CANDIDATES: usize = 64;

/// Bytes that are written as hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hex<const N: usize>(pub [u8; N]);

/// One message of the signalling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "signal", rename_all = "kebab-case")]
pub enum Signal {
    /// The client wants a session.
    Offer(Offer),
    /// The site takes part.
    Answer(Answer),
    /// An address of the sender to try.
    Candidate(Candidate),
    /// The sender has no more candidates.
    EndOfCandidates,
    /// The site takes no part, or either side gives up.
    Refusal(Refusal),
}

/// One side's part of the agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Drawn for this session alone.
    pub nonce: Hex<32>,
    /// SHA-256 of the DTLS certificate, which was made for this session alone.
    pub fingerprint: Hex<32>,
    /// ICE user fragment.
    pub ufrag: String,
    /// ICE password.
    pub pwd: String,
}

/// A client's offer. The client begins the DTLS handshake and controls ICE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// [`VERSION`].
    pub version: u16,
    /// The site that is meant.
    pub site: SiteId,
    /// Drawn by the client.
    pub session: PeerSessionId,
    /// The client's side.
    pub client: Party,
}

/// A site's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// [`VERSION`].
    pub version: u16,
    /// The session that it is about.
    pub session: PeerSessionId,
    /// The site's side.
    pub site: Party,
    /// Who begins the handshake.
    pub setup: Setup,
    /// Until when it can be taken.
    pub expires: WallTime,
    /// DER of the SubjectPublicKeyInfo of the site's identity.
    pub identity: Hex<91>,
    /// By the identity over both sides (ECDSA P-256, r and s as WebCrypto has them).
    pub signature: Hex<64>,
}

/// Who begins the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Setup {
    /// The sender waits; what a site says.
    Passive,
    /// The sender begins.
    Active,
}

/// An address to try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// `candidate:…` as in RFC 8839 section 5.1, at most [`MAX_CANDIDATE`] letters.
    pub candidate: String,
}

/// Why there is no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The reason.
    pub reason: Reason,
}

/// Reasons of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The versions that both speak do not overlap.
    Version,
    /// The offer is for another site, or not one.
    Offer,
    /// This session exists already.
    Session,
    /// There are too many sessions.
    Busy,
    /// The site is being stopped, or takes no sessions.
    Closed,
}

/// Why bytes are no signal.
#[derive(Debug, thiserror::Error)]
pub enum BadSignal {
    /// Too long.
    #[error("a signal has at most {MAX_SIGNAL} bytes, this one has {0}")]
    TooLong(usize),
    /// Not one of those that there are.
    #[error("not a signal")]
    Read(#[source] serde_json::Error),
    /// A line that is too long, or no line.
    #[error("not a candidate of at most {MAX_CANDIDATE} printable letters")]
    Candidate,
}

impl Signal {
    /// Reads one message; its size is looked at first.
    ///
    /// # Errors
    /// It is too long, or no signal.
    pub fn from_json(bytes: &[u8]) -> Result<Self, BadSignal> {
        if bytes.len() > MAX_SIGNAL {
            return Err(BadSignal::TooLong(bytes.len()));
        }
        let signal = serde_json::from_slice(bytes).map_err(BadSignal::Read)?;
        if let Self::Candidate(Candidate { candidate }) = &signal
            && (candidate.len() > MAX_CANDIDATE
                || !candidate.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()))
        {
            return Err(BadSignal::Candidate);
        }
        Ok(signal)
    }

    /// As it is sent.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits: String = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        serializer.serialize_str(&digits)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let wrong = || serde::de::Error::custom(format!("{} hex digits are expected", 2 * N));
        if text.len() != 2 * N {
            return Err(wrong());
        }
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let mut bytes = [0; N];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else { return Err(wrong()) };
            *byte = high << 4 | low;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party() -> Party {
        Party { nonce: Hex([1; 32]), fingerprint: Hex([2; 32]), ufrag: "abcd".into(), pwd: "p".repeat(22) }
    }

    fn all() -> Vec<Signal> {
        let session = PeerSessionId::from_bytes([3; 16]);
        vec![
            Signal::Offer(Offer {
                version: VERSION,
                site: SiteId::from_bytes([4; 16]),
                session,
                client: party(),
            }),
            Signal::Answer(Answer {
                version: VERSION,
                session,
                site: party(),
                setup: Setup::Passive,
                expires: WallTime::from_micros(1_800_000_000_000_000),
                identity: Hex([5; 91]),
                signature: Hex([6; 64]),
            }),
            Signal::Candidate(Candidate { candidate: "candidate:1 1 udp 2122 192.0.2.1 9 typ host".into() }),
            Signal::EndOfCandidates,
            Signal::Refusal(Refusal { reason: Reason::Busy }),
        ]
    }

    #[test]
    fn every_signal_is_read_as_it_was_written_and_fits() {
        for signal in all() {
            let json = signal.to_json();
            assert!(json.len() < MAX_SIGNAL / 2, "{json}");
            assert_eq!(Signal::from_json(json.as_bytes()).unwrap(), signal);
        }
    }

    #[test]
    fn what_is_too_long_unknown_doubled_or_more_than_a_line_is_refused() {
        let offer = all()[0].to_json();
        let second =
            offer.replacen("\"ufrag\"", &format!("\"fingerprint\":\"{}\",\"ufrag\"", "aa".repeat(32)), 1);
        for (what, text) in [
            ("too long", format!("{offer}{}", " ".repeat(MAX_SIGNAL))),
            ("unknown kind", r#"{"signal":"sdp","sdp":"v=0"}"#.to_owned()),
            ("second fingerprint", second),
            ("short nonce", offer.replacen("0101", "01", 1)),
            ("not hex", offer.replacen("0101", "0g01", 1)),
            ("unknown role", all()[1].to_json().replace("passive", "actpass")),
            ("two lines", r#"{"signal":"candidate","candidate":"candidate:1\na=fingerprint:x"}"#.to_owned()),
            ("long line", format!(r#"{{"signal":"candidate","candidate":"{}"}}"#, "c".repeat(513))),
        ] {
            assert!(Signal::from_json(text.as_bytes()).is_err(), "{what}: {text}");
        }
        let more = offer.replacen("{\"signal\"", "{\"later\":1,\"signal\"", 1);
        assert!(Signal::from_json(more.as_bytes()).is_ok(), "a field of a later version is ignored");
    }
}
