//! Bad input: every operation answers what is not for it with a problem, and goes on.

use e2e::System;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Every operation of the API document: method, path, privilege.
/// An operation of the document.
struct Operation {
    method: Method,
    path: String,
    privilege: String,
    takes_a_body: bool,
}

async fn operations(system: &System) -> Vec<Operation> {
    let document: Value = system.client.get("/api/openapi.json").await;
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            let privilege = operation["x-privilege"].as_str().expect("a privilege").to_owned();
            let takes_a_body = operation.get("requestBody").is_some();
            all.push(Operation { method, path: path.clone(), privilege, takes_a_body });
        }
    }
    assert!(all.len() > 30, "{} operations", all.len());
    all
}

fn with_ids(path: &str) -> String {
    path.split('/')
        .map(|part| if part.starts_with('{') { "0123456789abcdef0123456789abcdef" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_past_an_operation_that_asks_for_a_privilege() {
    let system = System::start(vec![sim::CameraOptions::default()]).await;
    let mut nobody = system.client.clone();
    nobody.credential = None;
    let mut stranger = system.client.clone();
    stranger.credential = Some((reqwest::header::AUTHORIZATION, "Bearer martello_0000".into()));
    for Operation { method, path, privilege, .. } in operations(&system).await {
        if privilege == "none" {
            continue;
        }
        for client in [&nobody, &stranger] {
            let (status, body) = client.call(method.clone(), &with_ids(&path), None).await;
            assert_eq!(status, 401, "{method} {path}: {body}");
            assert_eq!(body["code"], "sign-in-required", "{method} {path}");
        }
    }
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_counts_for_nothing_when_another_page_sends_it() {
    let system = System::start(vec![sim::CameraOptions::default()]).await;
    let (name, value) = system.client.credential.clone().expect("a cookie");
    let bare = reqwest::Client::builder()
        .tls_backend_preconfigured(e2e::client::pinned_tls(&system.client.fingerprint))
        .build()
        .expect("a client");
    for origin in ["https://evil.example", "null", "http://127.0.0.1"] {
        let url = format!("{}/v1/discovery", system.client.base);
        let answer =
            bare.post(url).header("origin", origin).header(&name, &value).send().await.expect("an answer");
        assert_eq!(answer.status(), 403, "{origin}");
    }
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_and_queries_that_are_none_are_refused_with_a_problem() {
    let system = System::start(vec![sim::CameraOptions::default()]).await;
    let bodies = [
        "".to_owned(),
        "{".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        r#"{"name":1,"mail":1,"limit_bytes":"x","code":1,"user":1,"source":1}"#.to_owned(),
        "[".repeat(10_000),
        format!("{{\"name\":\"{}\"}}", "x".repeat(200_000)),
    ];
    let with_body = |operation: &Operation| operation.takes_a_body;
    for Operation { method, path, .. } in operations(&system).await.into_iter().filter(with_body) {
        for body in &bodies {
            let answer = system
                .client
                .request(method.clone(), &with_ids(&path))
                .header("content-type", "application/json")
                .body(body.clone())
                .send()
                .await
                .expect("an answer");
            let status = answer.status();
            assert!(status.is_client_error(), "{method} {path}: {status} for {:.40}", body);
            let problem: Value = answer.json().await.expect("a problem");
            assert!(
                problem["code"].is_string() && problem["title"].is_string(),
                "{method} {path}: {problem}"
            );
        }
    }
    let camera = "0123456789abcdef0123456789abcdef";
    for query in [
        "/v1/timeline".to_owned(),
        "/v1/timeline?from=x&to=y".to_owned(),
        "/v1/timeline?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z".to_owned(),
        "/v1/timeline?from=1000-01-01T00:00:00Z&to=9000-01-01T00:00:00Z".to_owned(),
        "/v1/timeline?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&cameras=x".to_owned(),
        format!("/v1/cameras/{camera}/playback?from=2026-01-01T00:00:00Z&to=2027-01-02T00:00:00Z"),
        format!("/v1/cameras/{camera}/playback?from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z"),
        format!("/v1/cameras/{camera}/clip?from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z"),
        format!("/v1/cameras/{camera}/keyframe?at=x"),
        "/v1/cameras/x".to_owned(),
    ] {
        let (status, problem) = system.client.call(Method::GET, &query, None).await;
        assert!(status.is_client_error() && problem["code"].is_string(), "{query}: {status} {problem}");
    }
    let path = format!("/v1/cameras/{camera}/keyframe?at=2026-01-01T00:00:00Z");
    let (status, _) = system.client.call(Method::GET, &path, None).await;
    assert_eq!(
        status,
        StatusCode::NO_CONTENT,
        "before the first recording there is no key frame, and no fault"
    );
    let health: Value = system.client.get("/healthz").await;
    assert_eq!(health["status"], "ok");
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cameras_that_are_none_are_not_added() {
    let system = System::start(vec![sim::CameraOptions::default()]).await;
    let camera = &system.farm.cameras[0];
    let axis = |address: &str, password: &str| json!({ "source": { "kind": "axis", "address": address }, "user": camera.user, "password": password });
    let rtsp = |url: &str| json!({ "source": { "kind": "rtsp", "main_url": url } });
    let http = camera.http_url();
    for (body, code) in [
        (axis(&http, "wrong"), "camera-refused-password"),
        (axis("http://127.0.0.1:9", "x"), "camera-unreachable"),
        (axis("ftp://127.0.0.1", "x"), "bad-request"),
        (axis("http://u:p@127.0.0.1", "x"), "bad-request"),
        (rtsp("rtsp://127.0.0.1:9/x"), "camera-unreachable"),
        (rtsp(&camera.main_url), "camera-refused-password"),
        (rtsp(&format!("rtsp://{}:{}/nothing", camera.address, camera.http_port)), "camera-unexpected"),
        (rtsp("http://127.0.0.1/"), "bad-request"),
    ] {
        let (status, problem) = system.client.call(Method::POST, "/v1/cameras", Some(&body)).await;
        assert!(status.is_client_error(), "{body}: {status}");
        assert_eq!(problem["code"], code, "{body}: {problem}");
        assert!(!problem.to_string().contains("wrong"), "{problem}");
    }
    let cameras: Value = system.client.get("/v1/cameras").await;
    assert_eq!(cameras["items"], json!([]));
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_passwords_is_slowed_down() {
    let system = System::start(vec![sim::CameraOptions::default()]).await;
    let mut statuses = Vec::new();
    for _ in 0..7 {
        let body = json!({ "user": "ines", "password": "guess" });
        let (status, problem) = system.client.call(Method::POST, "/v1/session", Some(&body)).await;
        statuses.push((status.as_u16(), problem["code"].as_str().unwrap_or_default().to_owned()));
    }
    assert_eq!(statuses[0], (401, "wrong-password".to_owned()));
    assert!(statuses.contains(&(429, "too-many-tries".to_owned())), "{statuses:?}");
    system.site.stop().await;
}
