//! The address of this computer at which one site is served: who may use it.
//!
//! Every program of this computer reaches the port, and pages of other origins do too. Therefore: the host name must be the
//! site's own; a link that works once gives the browser a cookie, and nothing is answered without it; and what a page of
//! another origin sends is refused.

use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderValue, header};
use model::Secret;
use rand::Rng;

/// Path of the links that work once.
pub(super) const DOOR: &str = "/martello-connect/";

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stranger {
    /// It is for another host name.
    Host,
    /// It has no cookie of this session.
    Cookie,
    /// It comes from a page of another origin.
    Origin,
    /// The link was used, or never was one.
    Link,
}

/// The origin of one site.
pub(super) struct Origin {
    /// `SITE.localhost:PORT`.
    host: String,
    /// `NAME=SECRET`.
    cookie: Secret<String>,
    /// What the next link ends with.
    next: Mutex<Secret<String>>,
}

impl Origin {
    /// Of a site with this name in host names, at this port.
    pub fn new(label: &str, port: u16) -> Self {
        Self {
            host: format!("{label}.localhost:{port}"),
            // Cookies are shared by all ports of a host name.
            cookie: Secret::new(format!("martello-connect-{port}={}", secret())),
            next: Mutex::new(Secret::new(secret())),
        }
    }

    /// `http://SITE.localhost:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.host)
    }

    /// The link that works once.
    pub fn link(&self) -> String {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{}{DOOR}{}", self.url(), next.expose())
    }

    /// Uses the link up; the value of `Set-Cookie` for whoever comes with it. Another link takes its place.
    pub fn enter(&self, headers: &HeaderMap, given: &str) -> Result<String, Stranger> {
        self.named(headers)?;
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        if !same(next.expose(), given) {
            return Err(Stranger::Link);
        }
        *next = Secret::new(secret());
        Ok(format!("{}; Path=/; HttpOnly; SameSite=Strict", self.cookie.expose()))
    }

    /// Whether the request comes from whoever used the link, and from this origin.
    pub fn admit(&self, headers: &HeaderMap) -> Result<(), Stranger> {
        self.named(headers)?;
        let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = pairs.flat_map(|value| value.split(';')).map(str::trim);
        if !pairs.any(|pair| same(self.cookie.expose(), pair)) {
            return Err(Stranger::Cookie);
        }
        let own_page = match headers.get(header::ORIGIN) {
            Some(origin) => origin.as_bytes() == self.url().as_bytes(),
            // Browsers say from where a request comes; what says nothing is no page.
            None => {
                let fetched = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
                matches!(fetched, None | Some(b"same-origin" | b"none"))
            }
        };
        if own_page { Ok(()) } else { Err(Stranger::Origin) }
    }

    fn named(&self, headers: &HeaderMap) -> Result<(), Stranger> {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        if host.is_some_and(|host| host.eq_ignore_ascii_case(&self.host)) {
            Ok(())
        } else {
            Err(Stranger::Host)
        }
    }
}

/// A site's name as a label of host names (RFC 1123 section 2.1): letters, digits and hyphens.
pub(super) fn label(name: &str, otherwise: &str) -> String {
    let letters = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect::<String>();
    let words: Vec<&str> = letters.split('-').filter(|word| !word.is_empty()).collect();
    let label: String = words.join("-").chars().take(40).collect();
    let label = label.trim_end_matches('-');
    if label.is_empty() { format!("site-{otherwise}").chars().take(40).collect() } else { label.to_owned() }
}

/// 128 random bits as hex digits.
fn secret() -> String {
    format!("{:032x}", rand::rng().random::<u128>())
}

/// Compares without telling by its time how much is right.
fn same(secret: &str, given: &str) -> bool {
    secret.len() == given.len()
        && secret.bytes().zip(given.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(of: &[(&str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in of {
            map.append(name.parse::<header::HeaderName>().unwrap(), value.parse().unwrap());
        }
        map
    }

    #[test]
    fn a_link_works_once_and_only_its_cookie_from_the_own_origin_is_admitted() {
        let origin = Origin::new("pier-4", 4711);
        let host = ("host", "pier-4.localhost:4711");
        let link = origin.link();
        let given = link.rsplit('/').next().unwrap().to_owned();
        assert_eq!(origin.enter(&headers(&[("host", "evil.localhost:4711")]), &given), Err(Stranger::Host));
        assert_eq!(origin.enter(&headers(&[host]), "guess"), Err(Stranger::Link));
        let set = origin.enter(&headers(&[host]), &given).unwrap();
        assert_eq!(origin.enter(&headers(&[host]), &given), Err(Stranger::Link), "once");
        assert_ne!(origin.link(), link);
        let cookie = ("cookie", set.split(';').next().unwrap());
        let other = ("cookie", "martello-connect-4711=00");
        let (own, foreign) = ("http://pier-4.localhost:4711", "http://pier-4.localhost:80");
        for (what, given, admitted) in [
            ("a program", vec![host, cookie], Ok(())),
            ("a program that changes something", vec![host, cookie], Ok(())),
            ("no cookie", vec![host], Err(Stranger::Cookie)),
            ("another cookie", vec![host, other], Err(Stranger::Cookie)),
            ("among others", vec![host, ("cookie", "a=b"), cookie], Ok(())),
            ("another host", vec![("host", "127.0.0.1:4711"), cookie], Err(Stranger::Host)),
            ("no host", vec![cookie], Err(Stranger::Host)),
            ("the own page", vec![host, cookie, ("origin", own)], Ok(())),
            ("another port's page", vec![host, cookie, ("origin", foreign)], Err(Stranger::Origin)),
            ("its image", vec![host, cookie, ("sec-fetch-site", "same-site")], Err(Stranger::Origin)),
            ("typed", vec![host, cookie, ("sec-fetch-site", "none")], Ok(())),
            (
                "another page's socket",
                vec![host, cookie, ("upgrade", "websocket"), ("origin", foreign)],
                Err(Stranger::Origin),
            ),
        ] {
            assert_eq!(origin.admit(&headers(&given)), admitted, "{what}");
        }
    }

    #[test]
    fn any_name_becomes_a_label() {
        for (name, expected) in [
            ("Pier 4", "pier-4"),
            ("  --Lager / Süd--", "lager-s-d"),
            ("港", "site-3f0a"),
            ("", "site-3f0a"),
            (&"x".repeat(90), &"x".repeat(40)),
        ] {
            assert_eq!(label(name, "3f0a"), expected, "{name:?}");
        }
    }
}
