//! What an ID token or UserInfo says of a person, and whether it says it to us (OpenID Connect Core 1.0, sections 2, 3.1.3.7,
//! 5.3.2, 12.2). Pure. Not signatures (`token`).

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Error, SKEW_SECONDS, Settings, TokenError};

/// A token for a sign-in was made no longer ago.
const MAX_AGE_SECONDS: i64 = 600;
const MAX_SUBJECT: usize = 255;
const MAX_GROUPS: usize = 2048;
const MAX_TEXT: usize = 255;

/// A person, as the provider says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// What stays of the person at this provider (`sub`).
    pub subject: String,
    /// What the person signs in with there (`preferred_username`).
    pub login: Option<String>,
    /// The person's name.
    pub name: Option<String>,
    /// The groups; none: nothing was said of groups.
    pub groups: Option<Vec<String>>,
    /// How the person signed in (`acr`, `amr`), in words for a log.
    pub method: String,
}

/// The claims of an ID token.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
    nonce: Option<String>,
    acr: Option<String>,
    #[serde(default)]
    amr: Vec<String>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// For what a token is judged.
pub(crate) enum Occasion<'a> {
    /// A sign-in that sent this nonce.
    SignIn {
        /// The nonce.
        nonce: &'a str,
    },
    /// Asking again about this person, who had signed in with this nonce.
    Again {
        /// The nonce of then.
        nonce: &'a str,
        /// The person.
        subject: &'a str,
    },
}

/// Reads claims.
///
/// # Errors
/// Something is missing or of another form.
pub(crate) fn parse(content: &[u8]) -> Result<Claims, TokenError> {
    serde_json::from_slice(content).map_err(|_| TokenError::Claims)
}

impl Claims {
    /// Judges them. `now`: seconds since 1970.
    ///
    /// # Errors
    /// Why they do not hold.
    #[allow(clippy::cast_precision_loss, reason = "seconds of this age")]
    pub(crate) fn judge(
        &self,
        settings: &Settings,
        occasion: &Occasion<'_>,
        now: i64,
    ) -> Result<(), TokenError> {
        let (now, skew, client) = (now as f64, SKEW_SECONDS as f64, settings.client.as_str());
        if self.iss != settings.issuer {
            return Err(TokenError::Issuer);
        }
        let (ours, alone) = match &self.aud {
            Audience::One(one) => (one == client, true),
            Audience::Many(all) => (all.iter().any(|one| one == client), all.len() == 1),
        };
        // A token for several is ours if it was made for us.
        let party = self.azp.as_ref().map_or(alone, |party| party == client);
        if !ours || !party {
            return Err(TokenError::Audience);
        }
        if self.exp + skew <= now {
            return Err(TokenError::Expired);
        }
        let early = self.iat.max(self.nbf.unwrap_or(self.iat)) > now + skew;
        // Asked again, a provider may give the time of the first token.
        let old =
            matches!(occasion, Occasion::SignIn { .. }) && self.iat + MAX_AGE_SECONDS as f64 + skew < now;
        if early || old || !(self.iat.is_finite() && self.exp.is_finite()) {
            return Err(TokenError::Time);
        }
        if !(1..=MAX_SUBJECT).contains(&self.sub.len())
            || !self.sub.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
        {
            return Err(TokenError::Claims);
        }
        match occasion {
            Occasion::SignIn { nonce } if self.nonce.as_deref() != Some(*nonce) => {
                return Err(TokenError::Nonce);
            }
            Occasion::Again { nonce, .. } if self.nonce.as_deref().is_some_and(|given| given != *nonce) => {
                return Err(TokenError::Nonce);
            }
            Occasion::Again { subject, .. } if self.sub != *subject => return Err(TokenError::Subject),
            _ => {}
        }
        if settings.acr.is_some() && self.acr != settings.acr {
            return Err(TokenError::Acr);
        }
        Ok(())
    }

    /// The person that they are about.
    pub(crate) fn person(&self, settings: &Settings) -> Person {
        let word = |label: &str, text: &str| format!("{label} {}", cut(text));
        let mut method: Vec<String> = self.acr.iter().map(|acr| word("acr", acr)).collect();
        method.extend(self.amr.iter().take(8).map(|amr| word("amr", amr)));
        let mut person = Person {
            subject: self.sub.clone(),
            login: None,
            name: None,
            groups: None,
            method: method.join(", "),
        };
        person.fill(&self.more, settings);
        person
    }
}

impl Person {
    /// What UserInfo says beside the ID token; it has to be about the same person.
    ///
    /// # Errors
    /// It is about another, or no JSON.
    pub(crate) fn complete(&mut self, userinfo: &[u8], settings: &Settings) -> Result<(), Error> {
        let wrong = |reason: &str| Error::Malformed { what: "UserInfo", reason: reason.to_owned() };
        let more: Map<String, Value> =
            serde_json::from_slice(userinfo).map_err(|error| wrong(&error.to_string()))?;
        if more.get("sub").and_then(Value::as_str) != Some(&self.subject) {
            return Err(wrong("it is about another person"));
        }
        self.fill(&more, settings);
        Ok(())
    }

    fn fill(&mut self, more: &Map<String, Value>, settings: &Settings) {
        let text =
            |name: &str| more.get(name).and_then(Value::as_str).map(cut).filter(|text| !text.is_empty());
        self.login = self.login.take().or_else(|| text("preferred_username"));
        self.name = self.name.take().or_else(|| text("name"));
        if self.groups.is_none() {
            self.groups = settings.groups.as_ref().and_then(|claim| groups(more, claim));
        }
    }
}

/// The groups of a claim: a list of texts, or one text.
fn groups(more: &Map<String, Value>, claim: &str) -> Option<Vec<String>> {
    let mut steps = claim.strip_prefix('/').map(|pointer| pointer.split('/'));
    let found = match steps.as_mut() {
        None => more.get(claim),
        Some(steps) => {
            let unescape = |step: &str| step.replace("~1", "/").replace("~0", "~");
            let first = more.get(&unescape(steps.next().unwrap_or_default()));
            steps.fold(first, |value, step| value.and_then(|value| value.get(unescape(step))))
        }
    };
    let list = match found? {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        Value::String(one) => vec![one.as_str()],
        _ => return None,
    };
    let usable = |group: &&str| !group.is_empty() && group.len() <= MAX_TEXT;
    Some(list.into_iter().filter(usable).take(MAX_GROUPS).map(str::to_owned).collect())
}

/// A text to be shown: no longer than is kept, without characters that are not seen.
pub(crate) fn cut(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(128).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::settings::tests::settings;

    const NOW: i64 = 1_800_000_000;

    fn good() -> Value {
        json!({ "iss": "https://login.example.org", "sub": "a1", "aud": "martello", "exp": NOW + 300, "iat": NOW, "nonce": "n",
            "preferred_username": "anna", "name": "Anna Lind", "groups": ["guards", "night", 7], "amr": ["pwd", "otp"] })
    }

    fn judged(change: &Value, occasion: &Occasion<'_>, settings: &Settings) -> Result<(), TokenError> {
        let mut claims = good();
        for (name, value) in change.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        parse(claims.to_string().as_bytes())?.judge(settings, occasion, NOW)
    }

    #[test]
    fn claims_hold_only_for_this_site_this_sign_in_and_this_moment() {
        use TokenError::{Audience, Claims, Expired, Issuer, Nonce, Time};
        let sign_in = Occasion::SignIn { nonce: "n" };
        for (change, expected) in [
            (json!({}), Ok(())),
            (json!({ "aud": ["martello"] }), Ok(())),
            (json!({ "aud": ["other", "martello"], "azp": "martello" }), Ok(())),
            (json!({ "aud": ["other", "martello"] }), Err(Audience)),
            (json!({ "aud": ["other", "martello"], "azp": "other" }), Err(Audience)),
            (json!({ "azp": "other" }), Err(Audience)),
            (json!({ "aud": "other" }), Err(Audience)),
            (json!({ "aud": [] }), Err(Audience)),
            (json!({ "aud": null }), Err(Claims)),
            (json!({ "iss": "https://login.example.org/" }), Err(Issuer)),
            (json!({ "iss": "https://evil.example.org" }), Err(Issuer)),
            (json!({ "exp": NOW - 30 }), Ok(())),
            (json!({ "exp": NOW - 60 }), Err(Expired)),
            (json!({ "exp": "never" }), Err(Claims)),
            (json!({ "exp": null }), Err(Claims)),
            (json!({ "iat": NOW + 30 }), Ok(())),
            (json!({ "iat": NOW + 61 }), Err(Time)),
            (json!({ "iat": NOW - 661 }), Err(Time)),
            (json!({ "nbf": NOW + 61 }), Err(Time)),
            (json!({ "nonce": "m" }), Err(Nonce)),
            (json!({ "nonce": null }), Err(Nonce)),
            (json!({ "sub": "" }), Err(Claims)),
            (json!({ "sub": "a".repeat(256) }), Err(Claims)),
            (json!({ "sub": "an\u{e4}" }), Err(Claims)),
            (json!({ "sub": 7 }), Err(Claims)),
        ] {
            assert_eq!(judged(&change, &sign_in, &settings()), expected, "{change}");
        }
    }

    #[test]
    fn asked_again_a_token_is_about_the_same_person_and_may_be_old() {
        let again = Occasion::Again { nonce: "n", subject: "a1" };
        for (change, expected) in [
            (json!({ "nonce": null }), Ok(())),
            (json!({ "iat": NOW - 100_000 }), Ok(())),
            (json!({ "nonce": "m" }), Err(TokenError::Nonce)),
            (json!({ "sub": "b2" }), Err(TokenError::Subject)),
            (json!({ "exp": NOW - 100 }), Err(TokenError::Expired)),
        ] {
            assert_eq!(judged(&change, &again, &settings()), expected, "{change}");
        }
    }

    #[test]
    fn a_demanded_class_of_authentication_has_to_be_there() {
        let settings = Settings { acr: Some("mfa".into()), ..settings() };
        let sign_in = Occasion::SignIn { nonce: "n" };
        assert_eq!(judged(&json!({ "acr": "mfa" }), &sign_in, &settings), Ok(()));
        for change in [json!({}), json!({ "acr": "password" })] {
            assert_eq!(judged(&change, &sign_in, &settings), Err(TokenError::Acr), "{change}");
        }
    }

    #[test]
    fn a_person_is_read_with_the_groups_of_the_claim() {
        let claims = parse(good().to_string().as_bytes()).unwrap();
        let person = claims.person(&settings());
        assert_eq!(
            (person.subject.as_str(), person.login.as_deref(), person.name.as_deref()),
            ("a1", Some("anna"), Some("Anna Lind"))
        );
        assert_eq!(person.groups, Some(vec!["guards".to_owned(), "night".to_owned()]));
        assert_eq!(person.method, "amr pwd, amr otp");
        for (claim, content, expected) in [
            ("groups", json!({ "groups": "one" }), Some(vec!["one"])),
            ("groups", json!({ "groups": [] }), Some(vec![])),
            ("groups", json!({ "groups": { "a": 1 } }), None),
            ("groups", json!({}), None),
            ("https://x/groups", json!({ "https://x/groups": ["a"] }), Some(vec!["a"])),
            ("/realm_access/roles", json!({ "realm_access": { "roles": ["a", "b"] } }), Some(vec!["a", "b"])),
            ("/a~1b/c", json!({ "a/b": { "c": ["d"] } }), Some(vec!["d"])),
            ("/realm_access/roles", json!({ "realm_access": 7 }), None),
        ] {
            let found = groups(content.as_object().unwrap(), claim);
            assert_eq!(
                found,
                expected.map(|all: Vec<&str>| all.into_iter().map(str::to_owned).collect()),
                "{claim} in {content}"
            );
        }
    }

    #[test]
    fn userinfo_is_taken_only_of_the_same_person() {
        let settings = settings();
        let bare =
            json!({ "iss": "i", "sub": "a1", "aud": "c", "exp": 1, "iat": 1, "nonce": "n" }).to_string();
        let mut person = parse(bare.as_bytes()).unwrap().person(&settings);
        assert!(person.complete(br#"{"sub":"b2","groups":["guards"]}"#, &settings).is_err());
        assert!(person.complete(br#"{"groups":["guards"]}"#, &settings).is_err());
        person
            .complete(br#"{"sub":"a1","groups":["guards"],"preferred_username":"an\u0000na"}"#, &settings)
            .unwrap();
        assert_eq!((person.groups, person.login.as_deref()), (Some(vec!["guards".to_owned()]), Some("anna")));
    }
}
