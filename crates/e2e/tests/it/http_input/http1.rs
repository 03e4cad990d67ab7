//! HTTP/1.1 and what claims to be it.

use std::time::Duration;

use e2e::System;
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::raw::{Given, LIMIT, exchange, healthy, noise, resident, send, tcp, tls};

/// What is sent that is no request.
enum Sent {
    /// Instead of TLS.
    Plain(Vec<u8>),
    /// Inside TLS.
    Tls(Vec<u8>),
    /// Inside TLS, a byte at a time.
    Slowly(Vec<u8>),
}

fn garbage() -> Vec<(&'static str, Sent)> {
    let tls = |text: &str| Sent::Tls(text.as_bytes().to_vec());
    let post = |head: &str, body: &str| {
        Sent::Tls(format!("POST /v1/session HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n{body}").into_bytes())
    };
    vec![
        ("plain HTTP on the TLS port", Sent::Plain(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec())),
        ("noise instead of TLS", Sent::Plain(noise(65_536))),
        ("silence instead of TLS", Sent::Plain(Vec::new())),
        ("a handshake that stops", Sent::Plain(vec![0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3])),
        ("silence after the handshake", tls("")),
        ("noise", Sent::Tls(noise(100_000))),
        ("zeros", Sent::Tls(vec![0; 100_000])),
        ("a method that stops", tls("GET")),
        ("headers that stop", tls("GET / HTTP/1.1\r\nHost: a\r\n")),
        (
            "headers that come slowly",
            Sent::Slowly(b"GET / HTTP/1.1\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaa".to_vec()),
        ),
        ("a version of the future", tls("GET / HTTP/9.9\r\nHost: a\r\n\r\n")),
        ("a version of the past", tls("GET /\r\n\r\n")),
        ("a header without a name", tls("GET / HTTP/1.1\r\n: a\r\n\r\n")),
        ("a header name with a space", tls("GET / HTTP/1.1\r\nHost : a\r\n\r\n")),
        ("a header that goes on", tls("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n")),
        ("a zero in a header", tls("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n")),
        ("a request target of noise", tls("GET \u{1}\u{7f}<>\"{}|\\^` HTTP/1.1\r\nHost: a\r\n\r\n")),
        ("a negative length", post("Content-Length: -1", "{}")),
        ("a length that is none", post("Content-Length: 0x10", "{}")),
        ("two lengths", post("Content-Length: 2\r\nContent-Length: 3", "{}")),
        ("a length beyond all bounds", post("Content-Length: 99999999999999999999999", "{}")),
        ("a chunk size beyond all bounds", post("Transfer-Encoding: chunked", "fffffffffffffffffff\r\n{}")),
        ("a chunk size that is none", post("Transfer-Encoding: chunked", "x\r\n{}\r\n0\r\n\r\n")),
        ("an unknown coding", post("Transfer-Encoding: gzip", "{}")),
        ("a body that does not come", post("Content-Length: 10\r\nContent-Type: application/json", "{")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_refused_or_closed_in_bounded_time() {
    let system = System::start(vec![sim::CameraOptions::default()]).await;
    let client = &system.client;
    let cases = garbage();
    let tries = cases.into_iter().map(|(name, sent)| async move {
        let given = match sent {
            Sent::Plain(bytes) => send(tcp(client).await, bytes).await,
            Sent::Tls(bytes) => send(tls(client, b"http/1.1").await, bytes).await,
            Sent::Slowly(bytes) => {
                let stream = tls(client, b"http/1.1").await;
                let pieces = bytes.into_iter().map(|byte| vec![byte]);
                exchange(stream, pieces, Duration::from_millis(400), LIMIT).await
            }
        };
        (name, given)
    });
    for (name, given) in join_all(tries).await {
        assert!(given.closed || name == "a length that is none", "{name}: still open");
        let refused = given.answer().is_none_or(|answer| (400..500).contains(&answer.status));
        assert!(refused, "{name}: {}", String::from_utf8_lossy(&given.bytes));
    }
    healthy(client).await;
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_have_a_limit() {
    let system = System::start(vec![sim::CameraOptions::default()]).await;
    let line = format!("X: {}\r\n", "a".repeat(1000));
    for (name, headers) in [
        ("one of 70,000 bytes", format!("X: {}\r\n", "a".repeat(70_000))),
        ("100 of 1000 bytes", line.repeat(100)),
        ("10,000", "A: b\r\n".repeat(10_000)),
        ("an address of 70,000 bytes", String::new()),
    ] {
        let path =
            if headers.is_empty() { format!("/{}", "a".repeat(70_000)) } else { "/healthz".to_owned() };
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n{headers}\r\n");
        let given = send(tls(&system.client, b"http/1.1").await, request).await;
        let status = given.answer().map(|answer| answer.status);
        assert!(given.closed && matches!(status, Some(414 | 431)), "{name}: {status:?}");
    }
    healthy(&system.client).await;
    system.site.stop().await;
}

/// A request to sign in with these headers; the body is the caller's.
fn sign_in(headers: &str) -> String {
    format!("POST /v1/session HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n\r\n")
}

fn problem(given: &Given) -> (u16, Value) {
    let answer = given.answer().expect("an answer");
    assert!(answer.head.contains("content-type: application/problem+json"), "{answer:?}");
    assert!(answer.head.contains("x-content-type-options: nosniff"), "{answer:?}");
    (answer.status, serde_json::from_slice(&answer.body).expect("a problem"))
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_do_not_end_or_do_not_come_are_not_waited_for() {
    let system = System::start(vec![sim::CameraOptions::default()]).await;
    let client = &system.client;
    let before = resident();
    let chunked = sign_in("Transfer-Encoding: chunked\r\nContent-Type: application/json");
    let endless = async {
        let chunk = format!("4000\r\n{}\r\n", "[".repeat(0x4000)).into_bytes();
        let pieces = std::iter::once(chunked.clone().into_bytes()).chain(std::iter::repeat_n(chunk, 20_000));
        exchange(tls(client, b"http/1.1").await, pieces, Duration::ZERO, LIMIT).await
    };
    let announced = send(
        tls(client, b"http/1.1").await,
        sign_in("Content-Length: 99999999\r\nContent-Type: application/json"),
    );
    let silent = send(tls(client, b"http/1.1").await, format!("{chunked}2\r\n{{}}\r\n"));
    let slow = async {
        let pieces = std::iter::once(chunked.clone().into_bytes())
            .chain(std::iter::repeat_n(b"1\r\n[\r\n".to_vec(), 100));
        exchange(tls(client, b"http/1.1").await, pieces, Duration::from_millis(300), LIMIT).await
    };
    let (endless, announced, silent, slow) = futures_util::join!(endless, announced, silent, slow);
    for (name, given, status) in [
        ("endless", endless, 413),
        ("announced", announced, 413),
        ("silent", silent, 408),
        ("slow", slow, 408),
    ] {
        let (got, problem) = problem(&given);
        assert!(given.closed && got == status, "{name}: {got} {problem}");
    }
    assert!(resident() < before + (64 << 20), "{} bytes more", resident() - before);
    healthy(client).await;
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_the_wrong_type_are_refused_and_expected_ones_are_asked_for() {
    let system = System::start(vec![sim::CameraOptions::default()]).await;
    let body = r#"{"user":"ines","password":"x"}"#;
    for kind in ["", "Content-Type: text/plain\r\n", "Content-Type: multipart/form-data; boundary=x\r\n"] {
        let request = format!("{}{body}", sign_in(&format!("{kind}Content-Length: {}", body.len())));
        let (status, problem) = problem(&send(tls(&system.client, b"http/1.1").await, request).await);
        assert_eq!((status, &problem["code"]), (400, &"bad-request".into()), "{kind}");
    }
    let length = body.len();
    let request = sign_in(&format!(
        "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {length}"
    ));
    let pieces = [request.into_bytes(), body.as_bytes().to_vec()].into_iter();
    let pause = Duration::from_millis(500);
    let given = exchange(tls(&system.client, b"http/1.1").await, pieces, pause, LIMIT).await;
    assert!(given.bytes.starts_with(b"HTTP/1.1 100 Continue\r\n\r\n"), "{given:?}");
    assert_eq!(problem(&given).0, 401);
    // Who is not signed in is told so before a body is asked for.
    let request = "POST /v1/cameras HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n\
        Content-Type: application/json\r\nContent-Length: 10\r\n\r\n";
    let given = send(tls(&system.client, b"http/1.1").await, request).await;
    assert!(given.bytes.starts_with(b"HTTP/1.1 401"), "{given:?}");
    healthy(&system.client).await;
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_and_methods_that_do_not_exist_are_answered_with_problems() {
    let system = System::start(vec![sim::CameraOptions::default()]).await;
    let brew = Method::from_bytes(b"BREW").expect("a method");
    let mut nobody = system.client.clone();
    nobody.credential = None;
    for client in [&system.client, &nobody] {
        for (method, path, status, allow) in [
            (Method::GET, "/v1", 404, None),
            (Method::GET, "/v1/", 404, None),
            (Method::GET, "/v1/nothing", 404, None),
            (Method::GET, "/v1/cameras/", 404, None),
            (Method::GET, "/v1/cameras/%2e%2e/site/x", 404, None),
            (Method::GET, "/v2/cameras", 404, None),
            (Method::GET, "/.well-known/nothing", 404, None),
            (Method::GET, "/api/nothing", 404, None),
            (Method::POST, "/v1/nothing", 405, Some("GET, HEAD")),
            (brew.clone(), "/v1/nothing", 405, Some("GET, HEAD")),
            (brew.clone(), "/", 405, Some("GET, HEAD")),
            (Method::DELETE, "/", 405, Some("GET, HEAD")),
            (Method::DELETE, "/healthz", 405, Some("GET")),
            (Method::PUT, "/v1/cameras", 405, Some("GET, POST")),
            (Method::OPTIONS, "/v1/cameras", 405, Some("GET, POST")),
            (Method::TRACE, "/v1/site", 405, Some("GET, PATCH")),
            (brew.clone(), "/v1/discovery", 405, Some("GET, POST")),
        ] {
            let answer = client.request(method.clone(), path).send().await.expect("an answer");
            let (got, headers) = (answer.status().as_u16(), answer.headers().clone());
            assert_eq!(got, status, "{method} {path}");
            assert_eq!(headers["content-type"], "application/problem+json", "{method} {path}");
            assert_eq!(
                headers.get("allow").map(|value| value.to_str().expect("text")),
                allow,
                "{method} {path}"
            );
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "no-referrer"),
                ("cross-origin-resource-policy", "same-origin"),
                ("cache-control", "no-store"),
            ] {
                assert_eq!(headers[name], value, "{method} {path}");
            }
            let problem: Value = answer.json().await.expect("a problem");
            assert_eq!(problem["status"], status, "{method} {path}: {problem}");
            assert!(problem["title"].is_string() && problem["code"].is_string(), "{problem}");
        }
    }
    let head = system.client.request(Method::HEAD, "/healthz").send().await.expect("an answer");
    assert_eq!(head.status(), StatusCode::OK);
    assert!(head.bytes().await.expect("no body").is_empty());
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_connections_at_once_do_not_keep_others_out() {
    let system = System::start(vec![sim::CameraOptions::default()]).await;
    let client = &system.client;
    // Fewer than the 256 that one address may have (`connections` looks at that limit).
    let idle = join_all((0..100).map(|_| tls(client, b"http/1.1"))).await;
    let bare = join_all((0..80).map(|_| tcp(client))).await;
    let asking = (0..60).map(|_| async {
        let request = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        send(tls(client, b"http/1.1").await, request).await
    });
    for given in join_all(asking).await {
        assert_eq!(given.answer().map(|answer| answer.status), Some(200));
    }
    healthy(client).await;
    drop((idle, bare));
    healthy(client).await;
    system.site.stop().await;
}
