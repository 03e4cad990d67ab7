//! Where an ONVIF device's pictures are: `GetServices`, `GetProfiles`, `GetSnapshotUri` (ONVIF Core and Media
//! specifications).
//!
//! What is here: the three questions, signed in by HTTP digest where the device challenges, else by a token in the message
//! (WS-Security UsernameToken Profile 1.0, *PasswordDigest*).
//! What is not here: events ([`crate::onvif`]), discovery.

use base64::Engine as _;
use bytes::Bytes;
use model::{Secret, WallTime, clock::wall_now};
use sha1::{Digest, Sha1};
use url::Url;

use super::at_host_of;
use crate::{
    Error,
    vapix::{Access, Client},
    xml::{self, Element},
};

const WHAT: &str = "pictures by ONVIF";
/// Longest answer, in bytes.
const LONGEST: usize = 1 << 20;
const BASE64: base64::engine::GeneralPurpose = base64::engine::general_purpose::STANDARD;

/// A conversation with a device.
struct Talk {
    client: Client,
    user: Option<(String, Secret<String>)>,
    /// Whether the device wants the token in the message.
    token: bool,
}

/// A picture of now. `access.base` is the device service.
pub(super) async fn picture(access: Access) -> Result<Bytes, Error> {
    let service = access.base.clone();
    let user = access.user.clone().zip(access.password.clone());
    let mut talk = Talk { client: Client::new(access)?, user, token: false };
    let services = talk
        .ask(
            &service,
            r#"<GetServices xmlns="http://www.onvif.org/ver10/device/wsdl"><IncludeCapability>false</IncludeCapability></GetServices>"#,
        )
        .await?;
    let media = services
        .descendants("Service")
        .into_iter()
        .find(|service| service.text_of("Namespace") == Some("http://www.onvif.org/ver10/media/wsdl"))
        .and_then(|service| at_host_of(&service_base(&talk), service.text_of("XAddr")?))
        .ok_or_else(|| talk.missing())?;
    let profiles =
        talk.ask(&media, r#"<GetProfiles xmlns="http://www.onvif.org/ver10/media/wsdl"/>"#).await?;
    let token = profiles
        .descendants("Profiles")
        .first()
        .and_then(|profile| profile.attribute("token"))
        .map(quick_xml::escape::escape)
        .ok_or_else(|| talk.missing())?;
    let question = format!(
        r#"<GetSnapshotUri xmlns="http://www.onvif.org/ver10/media/wsdl"><ProfileToken>{token}</ProfileToken></GetSnapshotUri>"#
    );
    let answer = talk.ask(&media, &question).await?;
    let url = answer
        .text_of("Uri")
        .and_then(|told| at_host_of(&service_base(&talk), told))
        .ok_or_else(|| talk.missing())?;
    talk.client.picture(WHAT, url).await
}

fn service_base(talk: &Talk) -> Url {
    talk.client.base().clone()
}

impl Talk {
    fn missing(&self) -> Error {
        Error::Missing { host: self.client.host(), operation: WHAT }
    }

    /// Asks; a device that wants a token in the message is asked once more with it, and from then on.
    async fn ask(&mut self, url: &Url, question: &str) -> Result<Element, Error> {
        let unsigned = if self.token { self.signed(question) } else { envelope("", question) };
        let (mut answer, challenged) = self.client.soap(WHAT, url, &unsigned, LONGEST).await?;
        if answer.is_refusal() && !challenged && !self.token && self.user.is_some() {
            self.token = true;
            (answer, _) = self.client.soap(WHAT, url, &self.signed(question), LONGEST).await?;
        }
        if answer.is_refusal() {
            return Err(Error::Credentials { host: self.client.host() });
        }
        let document = xml::parse(&answer.body, LONGEST)
            .map_err(|error| self.client.unexpected(WHAT, &error.to_string()))?;
        if answer.is_good {
            return Ok(document);
        }
        // A fault tells what the device lacks (SOAP 1.2, 5.4): ter:ActionNotSupported and the like.
        match document.text_of("Text") {
            _ if names(&document, "ActionNotSupported") => Err(self.missing()),
            Some(reason) => Err(self.client.unexpected(WHAT, reason)),
            None => Err(self.client.unexpected(WHAT, "it did not understand the question")),
        }
    }

    fn signed(&self, question: &str) -> String {
        let Some((user, password)) = &self.user else { return envelope("", question) };
        let nonce: [u8; 16] = rand::random();
        envelope(&security(user, password.expose(), &nonce, wall_now()), question)
    }
}

/// An answer to a SOAP question.
#[derive(Debug)]
pub(crate) struct SoapAnswer {
    /// Status 2xx.
    pub(crate) is_good: bool,
    /// Status 401 or 403.
    pub(crate) is_unauthorized: bool,
    /// What it says.
    pub(crate) body: Bytes,
}

impl SoapAnswer {
    /// Whether the device wants (other) credentials: by status, or by a fault with the subcode `ter:NotAuthorized`.
    fn is_refusal(&self) -> bool {
        let refused =
            || xml::parse(&self.body, LONGEST).is_ok_and(|document| names(&document, "NotAuthorized"));
        self.is_unauthorized || (!self.is_good && refused())
    }
}

/// Whether a fault has this subcode.
fn names(document: &Element, subcode: &str) -> bool {
    document
        .descendants("Value")
        .iter()
        .any(|value| value.text.rsplit(':').next().is_some_and(|name| name == subcode))
}

fn envelope(header: &str, body: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"#
    )
}

/// `wsse:Security` with a password digest: Base64(SHA-1(nonce + created + password)).
fn security(user: &str, password: &str, nonce: &[u8], now: WallTime) -> String {
    const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss";
    let created = now.to_string();
    let digest = digest(nonce, &created, password);
    let (user, nonce) = (quick_xml::escape::escape(user), BASE64.encode(nonce));
    format!(
        r#"<wsse:Security s:mustUnderstand="1" xmlns:wsse="{WSSE}-wssecurity-secext-1.0.xsd" xmlns:wsu="{WSSE}-wssecurity-utility-1.0.xsd"><wsse:UsernameToken><wsse:Username>{user}</wsse:Username><wsse:Password Type="{WSSE}-username-token-profile-1.0#PasswordDigest">{digest}</wsse:Password><wsse:Nonce EncodingType="{WSSE}-soap-message-security-1.0#Base64Binary">{nonce}</wsse:Nonce><wsu:Created>{created}</wsu:Created></wsse:UsernameToken></wsse:Security>"#
    )
}

fn digest(nonce: &[u8], created: &str, password: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(nonce);
    hash.update(created);
    hash.update(password);
    BASE64.encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_onvif_programmers_guide() {
        let nonce = BASE64.decode("LKqI6G/AikKCQrN0zqZFlg==").unwrap();
        assert_eq!(digest(&nonce, "2010-09-16T07:50:45Z", "userpassword"), "tuOSpGlFlIXsozq4HFNeeGeFLEI=");
    }

    #[test]
    fn a_name_does_not_break_out_of_the_message() {
        let header = security("a</wsse:Username>&", "p", b"n", WallTime::from_micros(0));
        assert!(header.contains("a&lt;/wsse:Username&gt;&amp;"), "{header}");
        xml::parse(envelope(&header, "").as_bytes(), LONGEST).unwrap();
    }

    #[test]
    fn a_refusal_is_told_by_status_or_fault() {
        let fault = |subcode: &str| {
            let body = format!(
                "<e:Envelope xmlns:e='x'><e:Body><e:Fault><e:Code><e:Value>e:Sender</e:Value><e:Subcode>\
                 <e:Value>ter:{subcode}</e:Value></e:Subcode></e:Code></e:Fault></e:Body></e:Envelope>"
            );
            SoapAnswer { is_good: false, is_unauthorized: false, body: body.into() }
        };
        assert!(fault("NotAuthorized").is_refusal());
        assert!(!fault("ActionNotSupported").is_refusal());
        assert!(SoapAnswer { is_good: false, is_unauthorized: true, body: Bytes::new() }.is_refusal());
        assert!(!SoapAnswer { is_good: true, is_unauthorized: false, body: Bytes::new() }.is_refusal());
    }
}
