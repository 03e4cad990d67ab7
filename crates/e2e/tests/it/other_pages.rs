//! What other web pages can make a signed-in person's browser send: nothing of it counts. curl sends it, because it sends
//! every header as it is told; what a browser itself does is in `web/e2e/specs/other-pages.test.ts`.

use std::process::Command;

use e2e::{
    System,
    probe::{has, skip},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// What curl got.
struct Reply {
    status: u16,
    /// Header lines, lower case.
    head: String,
    body: String,
}

impl Reply {
    fn code(&self) -> String {
        let problem: Value = serde_json::from_str(&self.body).unwrap_or_default();
        problem["code"].as_str().unwrap_or_default().to_owned()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// Asks the site by curl with these header lines.
fn curl(system: &System, method: &str, path: &str, headers: &[&str], body: &str) -> Reply {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--insecure", "--include", "--http1.1", "--path-as-is"]);
    command.args(["--max-time", "20", "--request", method]);
    for line in headers {
        command.args(["--header", line]);
    }
    // A socket stays open: its first lines are enough.
    if headers.iter().any(|line| line.starts_with("Upgrade")) {
        command.args(["--max-time", "2"]);
    }
    if !body.is_empty() {
        command.args(["--data-binary", body]);
    }
    let url = format!("{}{path}", system.client.base);
    let output = tokio::task::block_in_place(|| command.arg(url).output()).expect("curl");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| {
        panic!("{method} {path} {headers:?}: {text} {}", String::from_utf8_lossy(&output.stderr))
    });
    Reply { status, head: head.to_lowercase(), body: body.to_owned() }
}

/// Whether the witness is missing; says so.
fn missing(test: &str) -> bool {
    let missing = !has("curl");
    if missing {
        skip(test, "curl is not installed");
    }
    missing
}

async fn site() -> (System, String) {
    let system = System::start(vec![sim::CameraOptions::default()]).await;
    let (_, cookie) = system.client.credential.clone().expect("a cookie");
    (system, cookie)
}

async fn tokens(system: &System) -> Vec<Value> {
    let listed: Value = system.client.get("/v1/tokens").await;
    listed["items"].as_array().cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_page_sends_with_a_cookie_changes_and_tells_nothing() {
    if missing("what_another_page_sends_with_a_cookie_changes_and_tells_nothing") {
        return;
    }
    let (system, cookie) = site().await;
    let base = system.client.base.clone();
    let (cookie, json) = (format!("Cookie: {cookie}"), "Content-Type: application/json");
    let token = json!({ "name": "stolen" }).to_string();
    let host = base.trim_start_matches("https://");
    let port = host.rsplit(':').next().unwrap_or_default();
    let origins = [
        "https://evil.example".to_owned(),
        "null".to_owned(),
        format!("http://{host}"),
        "https://127.0.0.1".to_owned(),
        format!("https://127.0.0.2:{port}"),
        format!("{base}.evil.example"),
        format!("{base}/"),
        format!("https://anna@{host}"),
        format!("https://evil.example {base}"),
        String::new(),
    ];
    let mut sent: Vec<Vec<String>> = Vec::new();
    // curl leaves a header without a value out where it ends with a colon, and sends it where it ends with a semicolon.
    let origin_line =
        |origin: &str| if origin.is_empty() { "Origin;".to_owned() } else { format!("Origin: {origin}") };
    for origin in &origins {
        sent.push(vec![origin_line(origin)]);
    }
    // Forms send no JSON, and some browsers no origin; they say where a request comes from in other words.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        sent.push(vec!["Origin: https://evil.example".into(), format!("Content-Type: {kind}")]);
        sent.push(vec!["Sec-Fetch-Site: cross-site".into(), format!("Content-Type: {kind}")]);
    }
    for from in ["cross-site", "same-site", "Same-Origin, cross-site", ""] {
        sent.push(vec![if from.is_empty() {
            "Sec-Fetch-Site;".into()
        } else {
            format!("Sec-Fetch-Site: {from}")
        }]);
    }
    sent.push(
        vec![format!("Origin: {base}"), "Origin: https://evil.example".into()].into_iter().rev().collect(),
    );
    sent.push(Vec::new());
    for lines in &sent {
        let mut headers: Vec<&str> = lines.iter().map(String::as_str).chain([cookie.as_str()]).collect();
        if !headers.iter().any(|line| line.starts_with("Content-Type")) {
            headers.push(json);
        }
        for (method, path, body) in [
            ("POST", "/v1/tokens", token.as_str()),
            ("POST", "/v1/discovery", ""),
            ("PATCH", "/v1/site", r#"{"name":"evil"}"#),
            ("DELETE", "/v1/session", ""),
        ] {
            let reply = curl(&system, method, path, &headers, body);
            assert_eq!(
                (reply.status, reply.code().as_str()),
                (403, "wrong-origin"),
                "{method} {path} {headers:?}"
            );
        }
    }
    // Reading is refused where a page says that it is another, and told to none.
    for origin in &origins {
        let reply = curl(&system, "GET", "/v1/cameras", &[&origin_line(origin), &cookie], "");
        assert_eq!(reply.status, 403, "{origin}: {}", reply.body);
    }
    for from in ["cross-site", "same-site"] {
        let reply = curl(&system, "GET", "/v1/cameras", &[&format!("Sec-Fetch-Site: {from}"), &cookie], "");
        assert_eq!(reply.status, 403, "{from}: {}", reply.body);
    }
    assert!(tokens(&system).await.is_empty());
    let named: Value = system.client.get("/v1/site").await;
    assert_ne!(named["name"], "evil");
    // The site's own page does the same with success.
    let own = format!("Origin: {base}");
    assert_eq!(curl(&system, "POST", "/v1/tokens", &[&own, &cookie, json], &token).status, 201);
    let own = "Sec-Fetch-Site: same-origin";
    assert_eq!(curl(&system, "POST", "/v1/tokens", &[own, &cookie, json], &token).status, 201);
    assert_eq!(tokens(&system).await.len(), 2);
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_signs_somebody_in_as_somebody_else_and_nothing_is_shared_with_other_origins() {
    const TEST: &str = "no_page_signs_somebody_in_as_somebody_else_and_nothing_is_shared_with_other_origins";
    if missing(TEST) {
        return;
    }
    let (system, cookie) = site().await;
    let (name, password) = e2e::system::ADMINISTRATOR;
    let mine = json!({ "user": name, "password": password }).to_string();
    // A form of another page can send these three kinds; JSON only after it was asked whether it may.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
        let kind = if kind.is_empty() { "Content-Type:".to_owned() } else { format!("Content-Type: {kind}") };
        let reply = curl(&system, "POST", "/v1/session", &["Origin: https://evil.example", &kind], &mine);
        assert_eq!(reply.status, 400, "{kind}: {}", reply.body);
        assert_eq!(reply.header("set-cookie"), None, "{kind}");
    }
    let cookie = format!("Cookie: {cookie}");
    for (method, path) in
        [("POST", "/v1/session"), ("POST", "/v1/setup"), ("GET", "/v1/cameras"), ("GET", "/")]
    {
        let asked = format!("Access-Control-Request-Method: {method}");
        let asking = ["Origin: https://evil.example", &asked, "Access-Control-Request-Headers: content-type"];
        let reply = curl(&system, "OPTIONS", path, &asking, "");
        assert_eq!(reply.status, 405, "{path}");
        assert!(!reply.head.contains("access-control-"), "{path}: {}", reply.head);
        let reply = curl(&system, "GET", path, &["Origin: https://evil.example", &cookie], "");
        assert!(!reply.head.contains("access-control-"), "{path}: {}", reply.head);
    }
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_opens_for_the_site_s_own_page_and_for_programs_only() {
    if missing("a_socket_opens_for_the_site_s_own_page_and_for_programs_only") {
        return;
    }
    let (system, cookie) = site().await;
    let (cookie, base) = (format!("Cookie: {cookie}"), &system.client.base);
    let upgrade = [
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    let open = |path: &str, more: &[&str]| curl(&system, "GET", path, &[&upgrade, more].concat(), "").status;
    let own = format!("Origin: {base}");
    let plain = format!("Origin: {}", base.replace("https", "http"));
    for path in ["/v1/live", "/v1/events"] {
        for (what, more) in [
            ("another page", ["Origin: https://evil.example", &cookie]),
            ("a page without an origin", ["Origin: null", &cookie]),
            ("the same host without TLS", [&plain, &cookie]),
            ("another port", ["Origin: https://127.0.0.1:1", &cookie]),
            ("nobody says who", ["X-Nothing: x", &cookie]),
            ("a page of the same site", ["Sec-Fetch-Site: same-site", &cookie]),
        ] {
            assert_eq!(open(path, &more), 403, "{path}: {what}");
        }
        assert_eq!(open(path, &[&own]), 401, "{path}: nobody");
        assert_eq!(open(path, &[&own, &cookie]), 101, "{path}: the site's own page");
    }
    let token: Value = system.client.post("/v1/tokens", &json!({ "name": "program" })).await;
    let bearer = format!("Authorization: Bearer {}", token["value"].as_str().expect("a token"));
    assert_eq!(open("/v1/events", &[&bearer]), 101, "a program has no origin");
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_of_another_service_of_the_same_host_is_ignored() {
    if missing("a_cookie_of_another_service_of_the_same_host_is_ignored") {
        return;
    }
    let (system, cookie) = site().await;
    let (name, secret) = cookie.split_once('=').expect("a name");
    assert!(name.starts_with("__Host-martello-") && name.len() == 24, "{name}");
    let get = |cookies: &str| curl(&system, "GET", "/v1/session", &[&format!("Cookie: {cookies}")], "");
    for (what, sent, status) in [
        ("of another site of this host", format!("__Host-martello-00000000={secret}"), 401),
        ("without its prefix", format!("{}={secret}", name.trim_start_matches("__Host-")), 401),
        ("in other letters", format!("{}={secret}", name.to_lowercase()), 401),
        ("of another program", format!("session={secret}; token={secret}"), 401),
        ("with another value", format!("{name}=x"), 401),
        ("without a value", format!("{name}="), 401),
        ("with more behind it", format!("{cookie}x"), 401),
        ("in quotes", format!("{name}=\"{secret}\""), 401),
        ("no pair", name.to_owned(), 401),
        ("among others", format!("a=b; __Host-martello-00000000=x; {cookie}; c"), 200),
        ("in a crowd", format!("{}{cookie}", "other=0123456789; ".repeat(300)), 200),
    ] {
        let reply = get(&sent);
        assert_eq!(reply.status, status, "{what}: {}", reply.body);
        assert_eq!(reply.header("set-cookie"), None, "{what}");
    }
    // How it was set: for this host alone, over TLS alone, out of reach for scripts, and not with what others cause.
    let sign_in = json!({ "user": e2e::system::ADMINISTRATOR.0, "password": e2e::system::ADMINISTRATOR.1 });
    let reply =
        curl(&system, "POST", "/v1/session", &["Content-Type: application/json"], &sign_in.to_string());
    let set = reply.header("set-cookie").expect("a cookie");
    for part in ["path=/", "secure", "httponly", "samesite=strict"] {
        assert!(set.split("; ").any(|one| one == part), "{part}: {set}");
    }
    assert!(!set.contains("domain"), "{set}");
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_the_site_answers_is_framed_guessed_at_or_run() {
    if missing("nothing_the_site_answers_is_framed_guessed_at_or_run") {
        return;
    }
    let (system, cookie) = site().await;
    let camera = system.add(&system.farm.cameras[0], None).await.id;
    let cookie = format!("Cookie: {cookie}");
    for path in [
        "/v1/site".to_owned(),
        "/v1/nothing".to_owned(),
        "/healthz".to_owned(),
        "/.well-known/martello-identity".to_owned(),
        "/api/openapi.json".to_owned(),
        "/v1/audit/export?format=csv".to_owned(),
        format!("/v1/cameras/{camera}/image"),
        format!("/v1/cameras/{camera}/keyframe?at=2026-01-01T00:00:00Z"),
        format!("/v1/cameras/{camera}/clip?from=2026-01-01T00:00:00Z&to=2026-01-01T00:01:00Z"),
    ] {
        let reply = curl(&system, "GET", &path, &[&cookie], "");
        for (name, value) in [
            (
                "content-security-policy",
                "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            ),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-resource-policy", "same-origin"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{path}: {}", reply.head);
        }
        assert_eq!(reply.header("strict-transport-security"), None, "{path}: the certificate is self-signed");
        assert_eq!(reply.header("server"), None, "{path}");
    }
    system.site.stop().await;
}

/// A name that is typed into a form is shown as text wherever it comes back, and breaks no header.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_markup_or_a_header_comes_back_as_text() {
    let (system, _) = site().await;
    let name = "</title><script>alert(1)</script>";
    let (status, changed) =
        system.client.call(Method::PATCH, "/v1/site", Some(&json!({ "name": name }))).await;
    assert_eq!((status, changed["name"].as_str()), (StatusCode::OK, Some(name)));
    let answer = system.client.request(Method::GET, "/v1/site").send().await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "application/json");
    for name in ["a\r\nset-cookie: x=y", "a\0b", "\u{1b}[31m"] {
        let (status, problem) =
            system.client.call(Method::PATCH, "/v1/site", Some(&json!({ "name": name }))).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{name:?}: {problem}");
    }
    system.site.stop().await;
}
