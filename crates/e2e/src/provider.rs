//! A real OpenID Connect provider that is not ours (oidc-provider of npm), for tests; and the browser of somebody who signs in
//! there.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use reqwest::{Certificate, Method, Response, Url, header, redirect::Policy};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::slapd::Authority;

/// A running provider.
pub struct Provider {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    /// Who signs its certificate.
    pub authority: Authority,
    /// What it says where it is.
    pub issuer: String,
    /// What the site is called there.
    pub client_id: String,
    /// The site's secret there.
    pub client_secret: String,
    _place: TempDir,
}

fn program() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/e2e/fixtures/openid-provider.mjs")
}

/// Why there cannot be one here.
#[must_use]
pub fn missing() -> Option<&'static str> {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/node_modules/oidc-provider");
    let node = Command::new("node").arg("--version").output().is_ok();
    (!node || !module.is_dir()).then_some("node or the npm package oidc-provider is not installed")
}

#[allow(clippy::expect_used, clippy::panic, reason = "a test's helper: what fails fails the test")]
impl Provider {
    /// Starts one that sends browsers back there.
    #[must_use]
    pub fn start(redirect_uri: &str) -> Self {
        let place = tempfile::tempdir().expect("a directory");
        let authority = Authority::new();
        authority.certify(&["localhost", "127.0.0.1"], place.path());
        let mut child = Command::new("node")
            .arg(program())
            .arg(place.path())
            .arg(redirect_uri)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // It warns of what it is: one for tests.
            .stderr(Stdio::null())
            .spawn()
            .expect("node");
        let to = child.stdin.take().expect("its input");
        let mut from = BufReader::new(child.stdout.take().expect("its output"));
        let told = line(&mut from);
        let text = |name: &str| told[name].as_str().expect("a text").to_owned();
        Self {
            issuer: text("issuer"),
            client_id: text("client_id"),
            client_secret: text("client_secret"),
            child,
            to,
            from,
            authority,
            _place: place,
        }
    }

    /// Somebody is there, with these claims.
    pub fn person(&mut self, claims: &Value) {
        self.tell(&json!({ "person": claims }));
    }

    /// Somebody is there no more.
    pub fn gone(&mut self, subject: &str) {
        self.tell(&json!({ "gone": subject }));
    }

    fn tell(&mut self, what: &Value) {
        writeln!(self.to, "{what}").expect("it runs");
        assert_eq!(line(&mut self.from)["done"], json!(true));
    }

    /// Signs in there as somebody, from where the site sent the browser; what the browser comes back with.
    pub async fn sign_in(&self, address: &str, subject: &str) -> BTreeMap<String, String> {
        let mut browser = Browser::new(&self.authority.pem);
        let mut response = browser.go(Method::GET, address, None).await;
        for _ in 0..12 {
            let here = response.url().clone();
            if let Some(to) = response.headers().get(header::LOCATION) {
                let to = here.join(to.to_str().expect("an address")).expect("an address");
                if to.host_str() != Some("localhost") {
                    return to.query_pairs().into_owned().collect();
                }
                response = browser.go(Method::GET, to.as_str(), None).await;
                continue;
            }
            assert!(response.status().is_success(), "{here}: {}", response.status());
            let page = response.text().await.expect("a page");
            assert!(page.contains("name=\"login\""), "{here}: {page}");
            let form = format!("prompt=login&login={subject}&password=any");
            response = browser.go(Method::POST, here.as_str(), Some(form)).await;
        }
        panic!("the provider leads nowhere");
    }
}

#[allow(clippy::expect_used, reason = "a test's helper")]
fn line(from: &mut BufReader<ChildStdout>) -> Value {
    let mut line = String::new();
    from.read_line(&mut line).expect("a line");
    serde_json::from_str(&line).expect("JSON")
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// As much of a browser as the provider's pages need.
struct Browser {
    client: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

#[allow(clippy::expect_used, reason = "a test's helper")]
impl Browser {
    fn new(authority: &str) -> Self {
        let authority = Certificate::from_pem(authority.as_bytes()).expect("a certificate");
        let client = reqwest::Client::builder().tls_certs_only([authority]).redirect(Policy::none()).build();
        Self { client: client.expect("a client"), cookies: BTreeMap::new() }
    }

    async fn go(&mut self, method: Method, address: &str, form: Option<String>) -> Response {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let url = Url::parse(address).expect("an address");
        let mut request = self.client.request(method, url).header(header::COOKIE, cookies.join("; "));
        if let Some(form) = form {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
        }
        let response = request.send().await.expect("an answer");
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().expect("a cookie").split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        response
    }
}
