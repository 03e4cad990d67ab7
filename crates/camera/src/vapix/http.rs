//! HTTP to a device: digest sign-in, bounded answers, no surprises.
//!
//! What is here: one question, one answer. Credentials go out only in answer to a challenge: as a digest (RFC 7616), or as
//! Basic (RFC 7617) inside TLS, never as Basic in the clear. A redirection is followed once and only to the same host.
//! What is not here: what is asked.

use std::{future::Future, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http_auth::{PasswordClient, PasswordParams};
use reqwest::{Method, RequestBuilder, Response, StatusCode, header, redirect::Policy};
use url::Url;

use super::{
    Access,
    tls::{Fingerprint, Pinned},
};
use crate::{
    Error,
    error::scrub,
    still::{self, Found, Scan, SoapAnswer},
};

/// Longest time to a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// A client of one device.
pub(crate) struct Client {
    http: reqwest::Client,
    access: Access,
    trust: Arc<Pinned>,
}

/// One request, to be sent once or several times (challenge, redirection).
struct Request<'a> {
    operation: &'static str,
    method: Method,
    body: Body<'a>,
}

/// What a request carries.
enum Body<'a> {
    Nothing,
    Json(&'a serde_json::Value),
    /// SOAP 1.2.
    Soap(&'a str),
}

impl Client {
    pub(crate) fn new(access: Access) -> Result<Self, Error> {
        let bad = |reason: &str| Error::Address { reason: reason.to_owned() };
        if !matches!(access.base.scheme(), "http" | "https") || access.base.host().is_none() {
            return Err(bad("it is not an http:// or https:// address"));
        }
        if !access.base.username().is_empty() || access.base.password().is_some() {
            return Err(bad("credentials do not belong inside it"));
        }
        let trust = Pinned::new(access.pin);
        let tls = trust.client().map_err(|error| bad(&error.to_string()))?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT)
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(Duration::from_secs(10))
            .user_agent(concat!("Martello/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| bad(&error.to_string()))?;
        Ok(Self { http, access, trust })
    }

    pub(crate) const fn base(&self) -> &Url {
        &self.access.base
    }

    pub(super) fn certificate(&self) -> Option<Fingerprint> {
        self.trust.seen()
    }

    /// Host and port, for texts.
    pub(crate) fn host(&self) -> String {
        let host = self.access.base.host_str().unwrap_or_default();
        self.access.base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    pub(crate) fn unexpected(&self, operation: &'static str, reason: &str) -> Error {
        Error::Answer { host: self.host(), operation, reason: scrub(reason, &self.secrets()) }
    }

    pub(super) async fn get(
        &self,
        operation: &'static str,
        path: &str,
        query: &[(&str, &str)],
        longest: usize,
    ) -> Result<Bytes, Error> {
        let mut url = self.url(path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.exchange(url, &Request { operation, method: Method::GET, body: Body::Nothing }, longest).await
    }

    pub(super) async fn post(
        &self,
        operation: &'static str,
        path: &str,
        body: &serde_json::Value,
        longest: usize,
    ) -> Result<Bytes, Error> {
        let url = self.url(path)?;
        self.exchange(url, &Request { operation, method: Method::POST, body: Body::Json(body) }, longest)
            .await
    }

    /// A picture that is there, or the first one of a Motion JPEG stream; as JPEG.
    pub(crate) async fn picture(&self, operation: &'static str, url: Url) -> Result<Bytes, Error> {
        let request = Request { operation, method: Method::GET, body: Body::Nothing };
        let all = async {
            let response = self.follow(&url, &request).await?;
            let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            let picture = match Scan::new(kind.unwrap_or_default(), still::LONGEST) {
                Some(scan) if response.status().is_success() => {
                    self.first_part(response, operation, scan).await?
                }
                _ => self.body(response, operation, still::LONGEST).await?,
            };
            if still::is_jpeg(&picture) {
                Ok(picture)
            } else {
                Err(self.unexpected(operation, "it is not a JPEG picture"))
            }
        };
        self.patiently(all).await
    }

    /// Asks a SOAP question; also tells whether credentials went along in answer to an HTTP challenge.
    pub(crate) async fn soap(
        &self,
        operation: &'static str,
        url: &Url,
        envelope: &str,
        longest: usize,
    ) -> Result<(SoapAnswer, bool), Error> {
        let request = Request { operation, method: Method::POST, body: Body::Soap(envelope) };
        let all = async {
            let (response, challenged) = self.signed_in(url, &request).await?;
            let status = response.status();
            if matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) {
                return Err(Error::Missing { host: self.host(), operation });
            }
            let body =
                bounded(response, longest).await.map_err(|bad| self.bad_body(bad, operation, longest))?;
            let is_unauthorized = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
            Ok((SoapAnswer { is_good: status.is_success(), is_unauthorized, body }, challenged))
        };
        self.patiently(all).await
    }

    async fn first_part(
        &self,
        mut response: Response,
        operation: &'static str,
        mut scan: Scan,
    ) -> Result<Bytes, Error> {
        loop {
            let chunk = response.chunk().await.map_err(|_| self.bad_body(BadBody::Broken, operation, 0))?;
            let Some(chunk) = chunk else {
                return Err(self.unexpected(operation, "the stream ended before its first picture"));
            };
            match scan.push(&chunk) {
                Found::Part(part) => return Ok(part.into()),
                Found::Bad(why) => return Err(self.unexpected(operation, why)),
                Found::More => {}
            }
        }
    }

    fn url(&self, path: &str) -> Result<Url, Error> {
        let mut url = self.access.base.clone();
        url.set_path(path);
        url.set_query(None);
        url.set_fragment(None);
        Ok(url)
    }

    fn secrets(&self) -> Vec<&str> {
        self.access.password.iter().map(|password| password.expose().as_str()).collect()
    }

    async fn exchange(&self, url: Url, request: &Request<'_>, longest: usize) -> Result<Bytes, Error> {
        let all = async {
            let response = self.follow(&url, request).await?;
            self.body(response, request.operation, longest).await
        };
        self.patiently(all).await
    }

    /// Sends the request, and once more where the device says it is elsewhere on it.
    async fn follow(&self, url: &Url, request: &Request<'_>) -> Result<Response, Error> {
        let (response, _) = self.signed_in(url, request).await?;
        if !response.status().is_redirection() {
            return Ok(response);
        }
        let target = self.redirection(url, &response, request.operation)?;
        Ok(self.signed_in(&target, request).await?.0)
    }

    async fn patiently<T>(&self, all: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        tokio::time::timeout(self.access.patience, all).await.unwrap_or_else(|_| {
            Err(Error::Connect {
                host: self.host(),
                reason: format!("no answer within {:?}", self.access.patience),
            })
        })
    }

    /// Sends the request, and once more with credentials where the device asks for them; then the answer comes with true.
    async fn signed_in(&self, url: &Url, request: &Request<'_>) -> Result<(Response, bool), Error> {
        let response = self.send(self.prepare(url, request)).await?;
        let asked = response.status() == StatusCode::UNAUTHORIZED
            && response.headers().contains_key(header::WWW_AUTHENTICATE);
        let (true, Some(user), Some(password)) = (asked, &self.access.user, &self.access.password) else {
            return Ok((response, false));
        };
        let mut challenges = PasswordClient::builder();
        for value in response.headers().get_all(header::WWW_AUTHENTICATE) {
            challenges = challenges.challenges(value.to_str().unwrap_or_default());
        }
        let mut challenge =
            challenges.build().map_err(|reason| self.unexpected(request.operation, &reason))?;
        if matches!(challenge, PasswordClient::Basic(_)) && url.scheme() != "https" {
            let reason = "it wants the password in the clear, which is not given without HTTPS";
            return Err(self.unexpected(request.operation, reason));
        }
        let uri =
            url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let answer = challenge
            .respond(&PasswordParams {
                username: user,
                password: password.expose(),
                uri: &uri,
                method: request.method.as_str(),
                body: None,
            })
            .map_err(|reason| self.unexpected(request.operation, &reason))?;
        let response = self.send(self.prepare(url, request).header(header::AUTHORIZATION, answer)).await?;
        Ok((response, true))
    }

    fn prepare(&self, url: &Url, request: &Request<'_>) -> RequestBuilder {
        let builder = self.http.request(request.method.clone(), url.clone());
        match request.body {
            Body::Json(body) => builder.json(body),
            Body::Soap(envelope) => builder
                .header(header::CONTENT_TYPE, "application/soap+xml; charset=utf-8")
                .body(envelope.to_owned()),
            Body::Nothing => builder,
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Error> {
        request.send().await.map_err(|error| {
            if let (Some(pinned), Some(found)) = (self.access.pin, self.trust.seen())
                && pinned != found
            {
                let (found, pinned) = (found.to_string(), pinned.to_string());
                return Error::Certificate { host: self.host(), found, pinned };
            }
            let mut reason = &error as &dyn std::error::Error;
            while let Some(source) = reason.source() {
                reason = source;
            }
            Error::Connect { host: self.host(), reason: scrub(&reason.to_string(), &self.secrets()) }
        })
    }

    /// Where a redirection leads: to the same host, and never from TLS to the clear.
    fn redirection(&self, from: &Url, response: &Response, operation: &'static str) -> Result<Url, Error> {
        let location = response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
        let target = location.and_then(|location| from.join(location).ok());
        match target {
            Some(target)
                if target.host() == from.host()
                    && target.username().is_empty()
                    && (target.scheme() == "https"
                        || (target.scheme() == "http" && from.scheme() == "http")) =>
            {
                Ok(target)
            }
            _ => Err(self.unexpected(operation, "it sends us elsewhere, where we do not go")),
        }
    }

    async fn body(
        &self,
        response: Response,
        operation: &'static str,
        longest: usize,
    ) -> Result<Bytes, Error> {
        match response.status() {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(Error::Credentials { host: self.host() });
            }
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                return Err(Error::Missing { host: self.host(), operation });
            }
            // VAPIX sends its own error 1000 with status 500 and a body that tells more.
            status if status.is_success() || status == StatusCode::INTERNAL_SERVER_ERROR => {}
            status => return Err(self.unexpected(operation, &format!("status {status}"))),
        }
        bounded(response, longest).await.map_err(|bad| self.bad_body(bad, operation, longest))
    }

    fn bad_body(&self, bad: BadBody, operation: &'static str, longest: usize) -> Error {
        match bad {
            BadBody::TooLong => self.unexpected(operation, &format!("it is longer than {longest} bytes")),
            BadBody::Broken => self.unexpected(operation, "it broke off"),
        }
    }
}

/// Fetches small public documents from devices: no credentials, no redirections, plain HTTP.
pub(crate) struct Fetcher(reqwest::Client);

impl Fetcher {
    pub(crate) fn new() -> Result<Self, Error> {
        let bad = |reason: String| Error::Search { reason };
        let tls = Pinned::new(None).client().map_err(|error| bad(error.to_string()))?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .pool_max_idle_per_host(0)
            .build();
        http.map(Self).map_err(|error| bad(error.to_string()))
    }

    /// The document there, if it is no longer than `longest` bytes and comes within `patience`.
    pub(crate) async fn fetch(&self, url: Url, longest: usize, patience: Duration) -> Result<Bytes, String> {
        let all = async {
            let response = self.0.get(url).send().await.map_err(|_| "it does not answer")?;
            if response.status() != StatusCode::OK {
                return Err("it is not there");
            }
            bounded(response, longest).await.map_err(|bad| match bad {
                BadBody::TooLong => "it is too long",
                BadBody::Broken => "it broke off",
            })
        };
        match tokio::time::timeout(patience, all).await {
            Ok(result) => result.map_err(str::to_owned),
            Err(_) => Err("it takes too long".to_owned()),
        }
    }
}

/// Why there is no body.
enum BadBody {
    TooLong,
    Broken,
}

async fn bounded(mut response: Response, longest: usize) -> Result<Bytes, BadBody> {
    if response.content_length().is_some_and(|length| length > longest as u64) {
        return Err(BadBody::TooLong);
    }
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > longest => return Err(BadBody::TooLong),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body.freeze()),
            Err(_) => return Err(BadBody::Broken),
        }
    }
}
