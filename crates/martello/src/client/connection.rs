//! A connection to a site: requests, answers, problems. Which certificate is taken is `pin`'s.

use std::time::Duration;

use api::Problem;
use model::{Secret, WallTime, clock::wall_now};
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, Response, StatusCode, Url, header, redirect};
use serde::{Serialize, de::DeserializeOwned};
use serve::pin::Pin;
use trust::{CertificateId, Endorsement, TlsFingerprint, presented_by};

use super::{Failure, Outcome, target::Target};

/// Until a connection stands.
const CONNECT: Duration = Duration::from_secs(10);
/// Between two pieces of an answer. A site that probes a camera needs some seconds.
const SILENCE: Duration = Duration::from_secs(60);
/// No JSON answer is larger.
const MAX_JSON: usize = 64 << 20;
/// No statement of an identity is larger.
const MAX_STATEMENT: usize = 64 << 10;

/// Whom requests are sent as.
enum Principal {
    Nobody,
    Token(Secret<String>),
    /// `name=value` of a session's cookie.
    Cookie(Secret<String>),
}

/// A site whose certificate was checked.
pub(crate) struct Connection {
    url: Url,
    /// The address, for people.
    shown: String,
    http: Client,
    principal: Principal,
}

impl Connection {
    /// Connects to the site with this certificate ID; without one, to whoever has a certificate for the address that the
    /// operating system trusts. The socket of this machine needs neither: only the site's account can have made it.
    pub(super) async fn open(target: &Target, pinned: Option<CertificateId>) -> Outcome<Self> {
        let http = match (target.address.socket(), pinned) {
            (Some(path), _) => client(Client::builder().unix_socket(path))?,
            (None, None) => client(through(Client::builder(), target)?)?,
            (None, Some(pinned)) => {
                let (certificate, statement) = look(target).await?;
                check(&pinned, &certificate, statement)?;
                pinned_client(&Pin::only(TlsFingerprint::of(&certificate)), target)?
            }
        };
        let (url, shown) = (target.address.url()?, target.address.to_string());
        Ok(Self { url, shown, http, principal: Principal::Nobody })
    }

    /// Connects to a site that this very program runs.
    pub async fn open_own(url: &str, id: CertificateId) -> Outcome<Self> {
        Self::open(&Target::of(url.parse()?), Some(id)).await
    }

    /// Sends requests as the token's user.
    pub fn with_token(self, token: Secret<String>) -> Self {
        Self { principal: Principal::Token(token), ..self }
    }

    /// Sends requests as the user that the answer signed in.
    pub fn with_session_of(self, answer: &Response) -> Outcome<Self> {
        let cookie = answer
            .headers()
            .get(header::SET_COOKIE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .ok_or_else(|| Failure::failed("the site signed nobody in"))?;
        Ok(Self { principal: Principal::Cookie(Secret::new(cookie.to_owned())), ..self })
    }

    /// `GET`, answered with JSON.
    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Outcome<T> {
        json(self.download(path, query).await?, MAX_JSON).await
    }

    /// `GET`, answered with anything.
    pub async fn download(&self, path: &str, query: &[(&str, String)]) -> Outcome<Response> {
        self.send(Method::GET, path, query, None::<&()>).await
    }

    /// `GET` of a file from a byte on.
    pub async fn download_from(&self, path: &str, from: u64) -> Outcome<Response> {
        if from == 0 {
            return self.download(path, &[]).await;
        }
        let answer = self
            .answered(self.request(Method::GET, path, &[]).header(header::RANGE, format!("bytes={from}-")))
            .await?;
        if answer.status() == StatusCode::PARTIAL_CONTENT {
            return Ok(answer);
        }
        Err(Failure::failed("the site sends the file only from its begin on"))
    }

    /// `POST` of JSON, answered with JSON.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: Option<&impl Serialize>) -> Outcome<T> {
        json(self.submit(path, body).await?, MAX_JSON).await
    }

    /// `POST` of JSON, answered with anything.
    pub async fn submit(&self, path: &str, body: Option<&impl Serialize>) -> Outcome<Response> {
        self.send(Method::POST, path, &[], body).await
    }

    /// `PATCH` of JSON, answered with JSON.
    pub async fn patch<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Outcome<T> {
        json(self.send(Method::PATCH, path, &[], Some(body)).await?, MAX_JSON).await
    }

    /// `PUT` of JSON, answered with JSON.
    pub async fn put<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Outcome<T> {
        json(self.send(Method::PUT, path, &[], Some(body)).await?, MAX_JSON).await
    }

    /// `PUT` of JSON, answered with nothing.
    pub async fn replace(&self, path: &str, body: &impl Serialize) -> Outcome {
        self.send(Method::PUT, path, &[], Some(body)).await.map(drop)
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Outcome {
        self.send(Method::DELETE, path, &[], None::<&()>).await.map(drop)
    }

    /// `DELETE` of what cannot be taken back; whoever asked has said so.
    pub async fn delete_confirmed(&self, path: &str) -> Outcome {
        self.delete_with(path, &[("confirm", "true".to_owned())]).await
    }

    /// `DELETE` with more said about it.
    pub async fn delete_with(&self, path: &str, query: &[(&str, String)]) -> Outcome {
        self.send(Method::DELETE, path, query, None::<&()>).await.map(drop)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<&impl Serialize>,
    ) -> Outcome<Response> {
        let mut request = self.request(method, path, query);
        if let Some(body) = body {
            request = request.json(body);
        }
        self.answered(request).await
    }

    fn request(&self, method: Method, path: &str, query: &[(&str, String)]) -> RequestBuilder {
        let mut url = self.url.clone();
        url.set_path(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = self.http.request(method, url);
        match &self.principal {
            Principal::Nobody => {}
            Principal::Token(token) => request = request.bearer_auth(token.expose()),
            Principal::Cookie(cookie) => {
                // A site takes a cookie only from its own page; this is none, and nobody else's either.
                let origin = self.url.origin().ascii_serialization();
                request = request.header(header::COOKIE, cookie.expose()).header(header::ORIGIN, origin);
            }
        }
        request
    }

    async fn answered(&self, request: RequestBuilder) -> Outcome<Response> {
        let answer = request.send().await.map_err(|e| unreachable(&self.shown, e))?;
        if answer.status().is_success() { Ok(answer) } else { Err(problem(answer).await) }
    }
}

/// The certificate ID of whoever answers, to show to a person who compares it.
pub(super) async fn claimed_id(target: &Target) -> Outcome<CertificateId> {
    let (certificate, statement) = look(target).await?;
    if let Some(statement) = statement? {
        let id = statement.identity.certificate_id();
        check(&id, &certificate, Ok(Some(statement)))?;
        return Ok(id);
    }
    presented_by(&certificate).map_err(|e| Failure::failed(e.to_string()))
}

/// The certificate that is presented (DER), and the statement about it. That there is none, or that it cannot be read,
/// matters only where the certificate is not the identity's own.
async fn look(target: &Target) -> Outcome<(Vec<u8>, Outcome<Option<Endorsement>>)> {
    let pin = Pin::looking();
    let mut address = target.address.url()?;
    address.set_path("/.well-known/martello-identity");
    let answer = pinned_client(&pin, target)?.get(address).send().await;
    let answer = answer.map_err(|e| unreachable(&target.address.to_string(), e))?;
    let certificate = pin.seen().ok_or_else(|| Failure::failed("no certificate was presented"))?;
    let statement = match answer.status() {
        StatusCode::OK => json(answer, MAX_STATEMENT).await.map(Some),
        _ => Ok(None),
    };
    Ok((certificate, statement))
}

/// Whether the presented certificate is the pinned site's: its identity's own, or endorsed by it.
fn check(pinned: &CertificateId, certificate: &[u8], statement: Outcome<Option<Endorsement>>) -> Outcome {
    if presented_by(certificate).is_ok_and(|id| id == *pinned) {
        return Ok(());
    }
    let refused = || Failure::failed(format!("this is not the site with the certificate ID {pinned}"));
    let statement = statement?.ok_or_else(refused)?;
    match led(*pinned, certificate, &statement) {
        Some(Led { to, since, .. }) => Err(Failure::failed(format!(
            "the site has another identity since {since}: {to}, signed by the one that is pinned here, {pinned}. Compare it \
             with what the site shows; martello server follow NAME takes it over"
        ))),
        None => statement.verify(pinned, certificate, wall_now()).map_err(|e| Failure::failed(e.to_string())),
    }
}

/// Where a site's rotations lead whoever pinned it before.
#[derive(Clone, Copy)]
pub(super) struct Led {
    /// The present certificate ID.
    pub to: CertificateId,
    /// When the pinned one was given up.
    pub since: WallTime,
    /// How many rotations there were.
    pub rotations: usize,
}

/// The identity that the site with the pinned one has now; nothing where it says of none that it is its own, or still has
/// the pinned one.
pub(super) async fn follow(target: &Target, pinned: CertificateId) -> Outcome<Option<Led>> {
    let (certificate, statement) = look(target).await?;
    let refused = || Failure::failed(format!("this is not the site with the certificate ID {pinned}"));
    let statement = statement?.ok_or_else(refused)?;
    if statement.verify(&pinned, &certificate, wall_now()).is_ok() {
        return Ok(None);
    }
    let now = wall_now();
    let to = statement.identity.certificate_id();
    let led = led(pinned, &certificate, &statement);
    // What keeps it from being followed is told.
    statement.rotations.follow(pinned, to, now).map_err(|e| Failure::failed(e.to_string()))?;
    led.map(Some).ok_or_else(refused)
}

/// Only who presents a certificate of the identity that the rotations lead to is believed to be it.
fn led(pinned: CertificateId, certificate: &[u8], statement: &Endorsement) -> Option<Led> {
    let (to, now) = (statement.identity.certificate_id(), wall_now());
    let way = statement.rotations.follow(pinned, to, now).ok()?;
    statement.verify(&to, certificate, now).ok()?;
    Some(Led { to, since: way.first()?.at, rotations: way.len() })
}

fn pinned_client(pin: &std::sync::Arc<Pin>, target: &Target) -> Outcome<Client> {
    let config = pin.config().map_err(|e| Failure::failed(e.to_string()))?;
    client(through(Client::builder().tls_backend_preconfigured(config), target)?)
}

/// With the proxy, where there is one. What the environment says of proxies for other programs does not count.
fn through(builder: ClientBuilder, target: &Target) -> Outcome<ClientBuilder> {
    let builder = builder.no_proxy();
    Ok(match &target.proxy {
        Some(proxy) => builder.proxy(proxy.through()?),
        None => builder,
    })
}

fn client(builder: ClientBuilder) -> Outcome<Client> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    builder
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .user_agent(concat!("martello/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|e| Failure::failed(reasons(&e)))
}

async fn json<T: DeserializeOwned>(mut answer: Response, max: usize) -> Outcome<T> {
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|e| Failure::failed(reasons(&e)))? {
        if body.len() + piece.len() > max {
            return Err(Failure::failed("the site's answer is too large"));
        }
        body.extend_from_slice(&piece);
    }
    serde_json::from_slice(&body)
        .map_err(|e| Failure::failed(format!("the site's answer is not understood: {e}")))
}

/// What the site says is wrong, in its own words.
async fn problem(answer: Response) -> Failure {
    let status = answer.status();
    match json::<Problem>(answer, MAX_STATEMENT).await {
        Ok(Problem { title, detail: Some(detail), .. }) => Failure::failed(format!("{title}. {detail}")),
        Ok(Problem { title, .. }) => Failure::failed(title),
        Err(_) => Failure::failed(format!("the site answered {status}")),
    }
}

fn unreachable(address: &str, error: reqwest::Error) -> Failure {
    let reason = reasons(&error.without_url());
    let advice = if reason.contains("certificate") {
        ". A site with a certificate of its own needs --certificate-id"
    } else {
        ""
    };
    Failure::failed(format!("{address} cannot be reached: {reason}{advice}"))
}

/// An error with those that it comes from.
pub(super) fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
