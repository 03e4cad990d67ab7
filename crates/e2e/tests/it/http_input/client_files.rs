//! The files of the web client: only they are given, with a policy that lets in nothing from elsewhere.

use e2e::Client;
use site::{ClientFile, Config, Running, Site};

use super::raw::{Answer, healthy, send, tls};

static FILES: [ClientFile; 2] = [
    ClientFile { path: "index.html", bytes: b"<!doctype html><title>index</title>", gzip: None },
    ClientFile { path: "assets/app-1a2b.js", bytes: b"let script = 1;", gzip: None },
];

async fn start() -> (tempfile::TempDir, Running, Client) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let data = tempfile::tempdir().expect("a directory");
    std::fs::write(data.path().join("secret.txt"), "secret").expect("a file");
    let site = Site::start(Config::on_loopback(data.path().to_owned()), &FILES).await.expect("a site");
    let client = Client::new(&site.url(), &site.tls_certificate_sha256());
    (data, site, client)
}

/// Asks with a target as it stands: no client library tidies it up.
async fn ask(client: &Client, method: &str, target: &str) -> Answer {
    let request = format!("{method} {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let given = send(tls(client, b"http/1.1").await, request).await;
    given.answer().unwrap_or_else(|| panic!("{method} {target}: {given:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_has_a_strict_policy_and_every_screen_is_the_index() {
    let (_data, site, client) = start().await;
    for target in ["/", "/index.html", "/live", "/recordings/0123?at=1", "/setup?code=x", "//example.org/x"] {
        let answer = ask(&client, "GET", target).await;
        assert_eq!((answer.status, answer.body.as_slice()), (200, FILES[0].bytes), "{target}");
        let policy = answer
            .head
            .lines()
            .find_map(|line| line.strip_prefix("content-security-policy: "))
            .expect("a policy");
        for part in
            ["default-src 'none'", "script-src 'self';", "connect-src 'self'", "frame-ancestors 'none'"]
        {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{policy}");
        for header in
            ["x-content-type-options: nosniff", "referrer-policy: no-referrer", "cache-control: no-cache"]
        {
            assert!(answer.head.contains(header), "{target}: {}", answer.head);
        }
    }
    let asset = ask(&client, "GET", "/assets/app-1a2b.js").await;
    assert!(asset.status == 200 && asset.head.contains("immutable"), "{}", asset.head);
    assert!(asset.head.contains("x-content-type-options: nosniff"), "{}", asset.head);
    let head = ask(&client, "HEAD", "/assets/app-1a2b.js").await;
    assert!(
        head.status == 200 && head.body.is_empty() && head.head.contains("content-length: 15"),
        "{head:?}"
    );
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_leads_out_of_the_clients_files() {
    let (_data, site, client) = start().await;
    for target in [
        "/../../../../etc/passwd",
        "/..%2f..%2f..%2fetc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/assets/../secret.txt",
        "/assets/..%5c..%5csecret.txt",
        "/assets//etc/passwd",
        "/assets/",
        "/secret.txt",
        "/index.html%00.js",
        "/INDEX.HTML",
        "/etc/passwd\u{0}",
        "/%ff%fe.js",
        "/%",
        "/%zz",
        "*",
        "https://example.org/x.js",
        "/v1/../secret.txt",
        "/.well-known/../secret.txt",
    ] {
        let answer = ask(&client, "GET", target).await;
        let text = String::from_utf8_lossy(&answer.body);
        assert!(!text.contains("root:") && text != "secret", "{target}: {text}");
        let index = answer.status == 200 && answer.body == FILES[0].bytes;
        assert!(index || (400..500).contains(&answer.status), "{target}: {answer:?}");
    }
    for (method, target, status) in [
        ("OPTIONS", "*", 405),
        ("CONNECT", "example.org:443", 405),
        ("TRACE", "/", 405),
        ("PROPFIND", "/", 405),
        ("POST", "/index.html", 405),
        ("GET", "/assets/nothing.js", 404),
        ("HEAD", "/v1/nothing", 404),
    ] {
        let answer = ask(&client, method, target).await;
        assert_eq!(answer.status, status, "{method} {target}: {answer:?}");
        assert!(answer.head.contains("application/problem+json"), "{method} {target}: {answer:?}");
        assert!(answer.head.contains("nosniff"), "{method} {target}: {answer:?}");
    }
    healthy(&client).await;
    site.stop().await;
}
