//! A provider that can be asked: the steps of the authorization code flow, and what is kept between them.

use std::time::{Duration, Instant};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use model::{Secret, WallTime};
use rand::{TryRngCore, rngs::OsRng};
use reqwest::{Client, RequestBuilder, header};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;
use url::{Url, form_urlencoded};

use crate::{
    Error, Person, Settings, TokenError,
    claims::{self, Occasion, cut},
    discovery::{self, Metadata},
    fetch,
    keys::{self, Keys},
    settings::address,
    token,
};

/// What a provider says of itself, and its keys, count for so long.
const FRESH: Duration = Duration::from_secs(3600);
/// Keys that lack one are fetched again no more often.
const KEYS_AGAIN: Duration = Duration::from_secs(1);
/// Codes and tokens are no longer.
const MAX_VALUE: usize = 8 << 10;

/// A provider that can be asked.
#[derive(Debug)]
pub struct Provider {
    settings: Settings,
    client: Client,
    known: Mutex<Option<Known>>,
}

/// What it last said of itself.
#[derive(Clone, Debug)]
struct Known {
    metadata: Metadata,
    keys: Keys,
    fetched: Instant,
    keys_fetched: Instant,
}

/// What belongs to one try to sign in. Only the browser of the try may bring its answer.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Comes back with the answer.
    pub state: String,
    /// Comes back in the ID token.
    nonce: String,
    /// Shows that the code goes to whom it was asked for (RFC 7636).
    verifier: Secret<String>,
}

/// A try that has begun.
#[derive(Clone, Debug)]
pub struct Begun {
    /// Where the browser is sent.
    pub address: String,
    /// What has to be kept until it comes back.
    pub asked: Asked,
}

/// What a browser came back with (RFC 6749, 4.1.2; RFC 9207, 2).
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The code.
    pub code: Option<String>,
    /// Who answers.
    pub issuer: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
    /// The same in words.
    pub description: Option<String>,
}

/// Somebody whom the provider signed in, or still knows as signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who; none where the provider was asked again and said nothing new.
    pub person: Option<Person>,
    /// What it can be asked again with; none: it cannot, or as before.
    pub refresh: Option<Secret<String>>,
    /// The nonce of the sign-in, for when it is asked again.
    pub nonce: String,
}

/// What a try of the settings showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Where browsers are sent.
    pub address: String,
    /// How many of its keys can be used here.
    pub keys: usize,
    /// How it signs, of what is taken here.
    pub algorithms: Vec<&'static str>,
}

/// RFC 6749, 5.1; OpenID Connect Core 1.0, 3.1.3.3.
#[derive(Deserialize)]
struct Tokens {
    access_token: Option<String>,
    refresh_token: Option<String>,
    id_token: Option<String>,
}

/// RFC 6749, 5.2.
#[derive(Deserialize)]
struct Refusal {
    error: String,
    error_description: Option<String>,
}

impl Provider {
    /// Over these settings. Nothing is sent.
    ///
    /// # Errors
    /// [`Error::Settings`] says what to change.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        settings.check()?;
        Ok(Self { client: fetch::client(&settings)?, settings, known: Mutex::new(None) })
    }

    /// Tries the settings: asks what the provider says of itself, and for its keys. Whether it knows the site shows at the
    /// first sign-in only.
    ///
    /// # Errors
    /// What is wrong first.
    pub async fn check(&self) -> Result<Check, Error> {
        let known = self.known(None).await?;
        Ok(Check {
            address: known.metadata.authorization.to_string(),
            keys: known.keys.len(),
            algorithms: known.metadata.algorithms.iter().map(|one| one.name()).collect(),
        })
    }

    /// Begins a try: where a browser is sent (OpenID Connect Core 1.0, 3.1.2.1).
    ///
    /// # Errors
    /// The provider cannot be asked what it says of itself.
    pub async fn begin(&self) -> Result<Begun, Error> {
        let metadata = self.known(None).await?.metadata;
        let asked = Asked { state: random()?, nonce: random()?, verifier: Secret::new(random()?) };
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(asked.verifier.expose()));
        let others = self.settings.scopes.iter().filter(|scope| *scope != "openid");
        let scope = others.fold("openid".to_owned(), |all, scope| format!("{all} {scope}"));
        let mut address: Url = metadata.authorization;
        address
            .query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client)
            .append_pair("redirect_uri", &self.settings.redirect)
            .append_pair("scope", &scope)
            .append_pair("state", &asked.state)
            .append_pair("nonce", &asked.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .extend_pairs(self.settings.acr.iter().map(|acr| ("acr_values", acr)));
        // Long-lived access is given to a web page only after it was agreed to (OpenID Connect Core 1.0, 11).
        if self.settings.scopes.iter().any(|scope| scope == "offline_access") {
            address.query_pairs_mut().append_pair("prompt", "consent");
        }
        Ok(Begun { address: address.into(), asked })
    }

    /// Ends a try: exchanges the code, and judges who is signed in. The caller has made sure that the answer has the state
    /// of `asked` and comes from the browser that began.
    ///
    /// # Errors
    /// Nobody is signed in.
    pub async fn finish(&self, asked: &Asked, answer: &Answer, now: WallTime) -> Result<SignedIn, Error> {
        let known = self.known(None).await?;
        // Who answers is looked at before anything else is believed (RFC 9207, 2.4).
        let named = answer.issuer.as_deref();
        if named.map_or(known.metadata.names_itself, |issuer| issuer != self.settings.issuer) {
            return Err(Error::OtherIssuer { found: cut(named.unwrap_or_default()) });
        }
        if let Some(error) = &answer.error {
            return Err(Error::Refused {
                error: cut(error),
                description: answer.description.as_deref().map(cut),
            });
        }
        let code = answer.code.as_deref().filter(|code| (1..=MAX_VALUE).contains(&code.len()));
        let tokens = self
            .tokens(
                &known.metadata,
                &[
                    ("grant_type", "authorization_code"),
                    ("code", code.ok_or(Error::OtherSignIn)?),
                    ("redirect_uri", &self.settings.redirect),
                    ("code_verifier", asked.verifier.expose()),
                ],
            )
            .await?;
        let id_token = tokens.id_token.as_deref().ok_or(TokenError::Malformed)?;
        let person = self.person(id_token, &Occasion::SignIn { nonce: &asked.nonce }, now).await?;
        let person = self.completed(person, &known.metadata, tokens.access_token.as_deref()).await?;
        Ok(SignedIn {
            person: Some(person),
            refresh: value(tokens.refresh_token),
            nonce: asked.nonce.clone(),
        })
    }

    /// Asks about somebody again with what the provider gave for it (OpenID Connect Core 1.0, 12).
    ///
    /// # Errors
    /// [`Error::ended`] tells whether the sign-in at the provider has ended; else it could not be asked.
    pub async fn again(
        &self,
        refresh: &Secret<String>,
        nonce: &str,
        subject: &str,
        now: WallTime,
    ) -> Result<SignedIn, Error> {
        let known = self.known(None).await?;
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose())];
        let tokens = self.tokens(&known.metadata, &form).await?;
        let person = match tokens.id_token.as_deref() {
            Some(token) => {
                let person = self.person(token, &Occasion::Again { nonce, subject }, now).await?;
                Some(self.completed(person, &known.metadata, tokens.access_token.as_deref()).await?)
            }
            // A provider need not give a new ID token: then UserInfo says what there is.
            None if known.metadata.userinfo.is_some() => {
                let mut person = Person {
                    subject: subject.to_owned(),
                    login: None,
                    name: None,
                    groups: None,
                    method: String::new(),
                };
                self.userinfo(&mut person, &known.metadata, tokens.access_token.as_deref())
                    .await?
                    .then_some(person)
            }
            None => None,
        };
        Ok(SignedIn { person, refresh: value(tokens.refresh_token), nonce: nonce.to_owned() })
    }

    /// Who an ID token is about, where it holds. Keys that have changed since are fetched again.
    async fn person(&self, id_token: &str, occasion: &Occasion<'_>, now: WallTime) -> Result<Person, Error> {
        let known = self.known(None).await?;
        let content = match token::verify(id_token, &known.keys, &known.metadata.algorithms) {
            Err(TokenError::UnknownKey) => {
                let known = self.known(Some(KEYS_AGAIN)).await?;
                token::verify(id_token, &known.keys, &known.metadata.algorithms)?
            }
            other => other?,
        };
        let claims = claims::parse(&content)?;
        claims.judge(&self.settings, occasion, now.micros() / 1_000_000)?;
        Ok(claims.person(&self.settings))
    }

    /// The person with what only UserInfo says.
    async fn completed(
        &self,
        mut person: Person,
        metadata: &Metadata,
        access: Option<&str>,
    ) -> Result<Person, Error> {
        let lacks_groups = self.settings.groups.is_some() && person.groups.is_none();
        if lacks_groups || person.login.is_none() {
            self.userinfo(&mut person, metadata, access).await?;
        }
        Ok(person)
    }

    /// Asks UserInfo (OpenID Connect Core 1.0, 5.3), where there is one; whether it was asked.
    async fn userinfo(
        &self,
        person: &mut Person,
        metadata: &Metadata,
        access: Option<&str>,
    ) -> Result<bool, Error> {
        const WHAT: &str = "UserInfo";
        let (Some(url), Some(access)) = (&metadata.userinfo, access) else { return Ok(false) };
        let request = self.client.get(url.clone()).bearer_auth(access);
        let (status, body) = fetch::send(request, url, WHAT).await?;
        if status != 200 {
            return Err(bad_status(url, WHAT, status));
        }
        person.complete(&body, &self.settings)?;
        Ok(true)
    }

    /// Asks the token endpoint (RFC 6749, 3.2).
    async fn tokens(&self, metadata: &Metadata, form: &[(&str, &str)]) -> Result<Tokens, Error> {
        const WHAT: &str = "tokens";
        let (status, answer) = fetch::send(self.as_client(metadata, form)?, &metadata.token, WHAT).await?;
        if status == 200 {
            // What cannot be read is not told: it may have tokens in it.
            return serde_json::from_slice(&answer)
                .map_err(|_| Error::Malformed { what: WHAT, reason: "they are not JSON".to_owned() });
        }
        match serde_json::from_slice::<Refusal>(&answer) {
            Ok(Refusal { error, error_description }) if (400..500).contains(&status) => {
                Err(Error::Refused { error: cut(&error), description: error_description.as_deref().map(cut) })
            }
            _ => Err(bad_status(&metadata.token, WHAT, status)),
        }
    }

    /// A request to the token endpoint, as the client that the site is (RFC 6749, 2.3.1).
    fn as_client(&self, metadata: &Metadata, form: &[(&str, &str)]) -> Result<RequestBuilder, Error> {
        let Settings { client, secret, .. } = &self.settings;
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        let mut request = self.client.post(metadata.token.clone());
        if metadata.basic {
            let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let both = STANDARD.encode(format!("{}:{}", encoded(client), encoded(secret.expose())));
            let head = header::HeaderValue::from_str(&format!("Basic {both}"));
            let mut head =
                head.map_err(|_| Error::Settings("the client secret cannot be sent".to_owned()))?;
            head.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, head);
        } else {
            body.append_pair("client_id", client).append_pair("client_secret", secret.expose());
        }
        Ok(request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body.finish()))
    }

    /// What it says of itself, and its keys: fetched where that was long ago, keys also where they are older than this.
    async fn known(&self, keys_within: Option<Duration>) -> Result<Known, Error> {
        // Held while it is fetched: whoever waits gets the same answer.
        let mut held = self.known.lock().await;
        match held.as_mut() {
            Some(known) if known.fetched.elapsed() < FRESH => {
                if keys_within.is_some_and(|within| known.keys_fetched.elapsed() >= within) {
                    known.keys = self.keys(&known.metadata.keys).await?;
                    known.keys_fetched = Instant::now();
                }
                Ok(known.clone())
            }
            _ => {
                let metadata = self.metadata().await?;
                let keys = self.keys(&metadata.keys).await?;
                let now = Instant::now();
                Ok(held.insert(Known { metadata, keys, fetched: now, keys_fetched: now }).clone())
            }
        }
    }

    async fn metadata(&self) -> Result<Metadata, Error> {
        let issuer = self.settings.issuer.as_str();
        let text = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let url = address(&text).ok_or_else(|| Error::Settings("the issuer is too long".to_owned()))?;
        discovery::parse(&self.get(&url, "discovery document").await?, issuer)
    }

    async fn keys(&self, url: &Url) -> Result<Keys, Error> {
        keys::parse(&self.get(url, "key set").await?)
    }

    async fn get(&self, url: &Url, what: &'static str) -> Result<Vec<u8>, Error> {
        let (status, body) = fetch::send(self.client.get(url.clone()), url, what).await?;
        if status == 200 { Ok(body) } else { Err(bad_status(url, what, status)) }
    }
}

fn bad_status(url: &Url, what: &'static str, status: u16) -> Error {
    Error::Status { host: url.host_str().unwrap_or_default().to_owned(), what, status }
}

fn value(token: Option<String>) -> Option<Secret<String>> {
    token.filter(|token| (1..=MAX_VALUE).contains(&token.len())).map(Secret::new)
}

/// 256 bits that nobody can guess, as base64url: also a verifier (RFC 7636, 4.1).
fn random() -> Result<String, Error> {
    let mut bytes = [0; 32];
    OsRng.try_fill_bytes(&mut bytes).map_err(|_| Error::NoRandomness)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
