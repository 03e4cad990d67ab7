//! The server's side of digest authentication (RFC 7616 with MD5 as Axis devices use it), for HTTP and RTSP.
//!
//! Nonces are not stored: a nonce is the time and a keyed hash of it, good for five minutes, then `stale`. Accepted
//! are both forms of response, with `qop=auth` and without (RFC 2069, which RTSP clients still send). Not here: which
//! request needs whom.

use crate::clock;
use md5::{Digest, Md5};

const NONCE_LIFE_US: i64 = 300_000_000;

/// One camera's accounts and realm.
#[derive(Debug)]
pub(crate) struct Gate {
    realm: String,
    user: String,
    password: String,
    key: u64,
}

/// What became of a request's credentials.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Right.
    Welcome,
    /// Missing or wrong.
    Refused,
    /// Right password for a nonce that is too old.
    Stale,
}

impl Gate {
    pub(crate) fn new(serial: &str, user: &str, password: &str) -> Self {
        let realm = format!("AXIS_{serial}");
        Self { realm, user: user.to_owned(), password: password.to_owned(), key: rand::random() }
    }

    /// The value of `WWW-Authenticate`. RTSP is told no `qop`, as the devices do.
    pub(crate) fn challenge(&self, rtsp: bool, stale: bool) -> String {
        let (realm, nonce) = (&self.realm, self.nonce(clock::wall_us()));
        if rtsp {
            let stale = if stale { "TRUE" } else { "FALSE" };
            return format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", stale={stale}");
        }
        let stale = if stale { "stale=true, " } else { "" };
        format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm=MD5, {stale}qop=\"auth\"")
    }

    /// Judges an `Authorization` header.
    pub(crate) fn judge(&self, method: &str, authorization: Option<&str>) -> Verdict {
        self.verdict(method, authorization).unwrap_or(Verdict::Refused)
    }

    fn verdict(&self, method: &str, authorization: Option<&str>) -> Option<Verdict> {
        let given = fields(authorization?.trim().strip_prefix("Digest ")?);
        let field = |name| given.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        let nonce = field("nonce")?;
        if field("username")? != self.user || field("realm")? != self.realm {
            return None;
        }
        let identity = hash(&format!("{}:{}:{}", self.user, self.realm, self.password));
        let request = hash(&format!("{method}:{}", field("uri")?));
        let expected = match field("qop") {
            Some(qop) => {
                let (count, own) = (field("nc")?, field("cnonce")?);
                hash(&format!("{identity}:{nonce}:{count}:{own}:{qop}:{request}"))
            }
            None => hash(&format!("{identity}:{nonce}:{request}")),
        };
        if !field("response")?.eq_ignore_ascii_case(&expected) {
            return None;
        }
        let made_us = i64::from_str_radix(nonce.get(..16)?, 16).ok()?;
        if self.nonce(made_us) != nonce {
            return None;
        }
        let age_us = clock::wall_us() - made_us;
        Some(if age_us < NONCE_LIFE_US { Verdict::Welcome } else { Verdict::Stale })
    }

    fn nonce(&self, at_us: i64) -> String {
        format!("{at_us:016x}{}", hash(&format!("{at_us}:{}", self.key)))
    }
}

/// The lower-case hexadecimal MD5 of a text.
pub(crate) fn hash(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Splits `a="b", c=d` into names and unquoted values.
fn fields(mut text: &str) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    while let Some((name, rest)) = text.split_once('=') {
        let name = name.trim_matches([' ', ',', '\t']).to_ascii_lowercase();
        let (value, rest) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let end = quoted.find('"').unwrap_or(quoted.len());
                (&quoted[..end], quoted.get(end + 1..).unwrap_or_default())
            }
            None => rest.split_once(',').unwrap_or((rest, "")),
        };
        fields.push((name, value.trim().to_owned()));
        text = rest;
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::{Gate, Verdict, fields, hash};

    fn answer(gate: &Gate, password: &str, qop: bool) -> String {
        let challenge = gate.challenge(!qop, false);
        let given = fields(challenge.strip_prefix("Digest ").unwrap());
        let nonce = &given.iter().find(|(n, _)| n == "nonce").unwrap().1;
        let identity = hash(&format!("root:AXIS_B8A44F000001:{password}"));
        let request = hash("GET:/x");
        let (response, more) = if qop {
            let text = format!("{identity}:{nonce}:00000001:abc:auth:{request}");
            (hash(&text), ", qop=auth, nc=00000001, cnonce=\"abc\"")
        } else {
            (hash(&format!("{identity}:{nonce}:{request}")), "")
        };
        format!(
            "Digest username=\"root\", realm=\"AXIS_B8A44F000001\", nonce=\"{nonce}\", uri=\"/x\", \
             response=\"{response}\"{more}"
        )
    }

    #[test]
    fn the_right_password_opens_with_and_without_qop_and_a_wrong_one_does_not() {
        let gate = Gate::new("B8A44F000001", "root", "pass");
        for qop in [true, false] {
            assert_eq!(gate.judge("GET", Some(&answer(&gate, "pass", qop))), Verdict::Welcome);
            assert_eq!(gate.judge("PUT", Some(&answer(&gate, "pass", qop))), Verdict::Refused);
            assert_eq!(gate.judge("GET", Some(&answer(&gate, "word", qop))), Verdict::Refused);
        }
        assert_eq!(gate.judge("GET", None), Verdict::Refused);
        assert_eq!(gate.judge("GET", Some("Digest =\",,")), Verdict::Refused);
    }
}
