//! A site is used over a peer session as over TLS: requests, events, live pictures, recordings; and rights end there too.
#![allow(clippy::expect_used, reason = "tests")]

use std::time::Duration;

use e2e::{
    System,
    peer::{Peer, whole},
    system::ADMINISTRATOR,
    wait::until,
};
use model::clock::wall_now;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sim::CameraOptions;

const PATIENCE: Duration = Duration::from_secs(60);

fn sign_in(user: &str, password: &str) -> Value {
    json!({ "user": user, "password": password })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_used_over_a_peer_session_as_over_tls() {
    let system = System::start(vec![CameraOptions::default()]).await;
    let camera = system.add(&system.farm.cameras[0], None).await.id;
    let peer = Peer::join(&system.site).await;

    // Nobody is signed in, whatever cookies are sent along.
    let (status, _) = peer.call("GET", "/v1/cameras", None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let cookie = system.client.credential.clone().expect("a cookie").1;
    let request = live::Request {
        method: "GET".into(),
        path: "/v1/cameras".into(),
        headers: vec![("cookie".into(), cookie)],
        priority: live::Priority::default(),
    };
    let stream = peer.session.open(&request, false, bytes::Bytes::new(), true).expect("a stream");
    assert_eq!(stream.response().await.expect("an answer").status, 401);

    let body = sign_in(ADMINISTRATOR.0, ADMINISTRATOR.1);
    let (status, head, _) = peer.ask("POST", "/v1/session", Some(&body)).await;
    assert_eq!(status, StatusCode::OK);
    assert!(head.headers.iter().all(|(name, _)| name != "set-cookie"), "{:?}", head.headers);
    let (_, who) = peer.call("GET", "/v1/session", None).await;
    assert_eq!(who["user"], ADMINISTRATOR.0);

    // The same answers as over TLS: lists, refusals, the client's files.
    for path in ["/v1/users", "/v1/nothing", "/v1/cameras/zzz", "/api/openapi.json", "/v1/volumes"] {
        let (status, value) = peer.call("GET", path, None).await;
        let (over_tls, expected) = system.client.call(reqwest::Method::GET, path, None).await;
        assert_eq!((status, value), (over_tls, expected), "{path}");
    }

    // Events and live pictures.
    let events = peer.talk("/v1/events").await;
    let hello: Value = serde_json::from_slice(&events.next().await.expect("a hello")).expect("JSON");
    assert_eq!(hello["event"], "hello");
    let live = peer.talk("/v1/live").await;
    live.say(
        &json!({ "do": "subscribe", "subscription": 7, "camera": camera, "stream": "main", "audio": true }),
    )
    .await;
    let mut pictures = 0;
    while pictures < 30 {
        let record = live.record().await.expect("a record");
        pictures += usize::from(record.is_shown_picture());
        assert_eq!(record.header.subscription, 7);
    }

    // A recording, to the byte.
    let range = until("some seconds are recorded", PATIENCE, || async {
        let now = wall_now();
        let path = format!("/v1/timeline?cameras={camera}&from={}&to={now}", now.plus_micros(-60_000_000));
        let timeline: Value = system.client.get(&path).await;
        let span = &timeline["lanes"][0]["spans"][0];
        (span["bytes"].as_u64()? > 1_500_000).then(|| (span["from"].clone(), span["to"].clone()))
    })
    .await;
    let (from, to) = (range.0.as_str().expect("a time"), range.1.as_str().expect("a time"));
    let path = format!("/v1/cameras/{camera}/playback?from={from}&to={to}&audio=true");
    let (status, _, stream) = peer.ask("GET", &path, None).await;
    assert_eq!(status, StatusCode::OK);
    let over_session = whole(&stream).await.expect("a whole answer");
    assert!(over_session.len() > 1_000_000, "{} bytes", over_session.len());
    assert_eq!(over_session, system.client.bytes(&path).await, "the same bytes");

    // The log says from where.
    until("the sign-in is in the log", PATIENCE, || async {
        let log: Value = system.client.get("/v1/audit").await;
        log.to_string().contains("127.0.0.1, peer session").then_some(())
    })
    .await;

    // The sign-in ends with the session.
    let count = || async {
        let sessions: Value = system.client.get("/v1/account/sessions").await;
        sessions["items"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(count().await, 2);
    peer.session.close();
    until("the sign-in is over", PATIENCE, || async { (count().await == 1).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_over_a_peer_session_ends_with_the_right_to_it() {
    let system = System::start(vec![CameraOptions::default()]).await;
    let camera = system.add(&system.farm.cameras[0], None).await.id;
    let user: Value = system
        .client
        .post(
            "/v1/users",
            &json!({ "name": "olga", "password": "pier, gate and yard", "role": "operator",
            "grants": [{ "privilege": "camera-video" }] }),
        )
        .await;
    let peer = Peer::join(&system.site).await;
    let (status, _) = peer.call("POST", "/v1/session", Some(&sign_in("olga", "pier, gate and yard"))).await;
    assert_eq!(status, StatusCode::OK);
    let live = peer.talk("/v1/live").await;
    live.say(&json!({ "do": "subscribe", "subscription": 1, "camera": camera, "stream": "main" })).await;
    while !live.record().await.expect("a record").is_shown_picture() {}

    let id = user["id"].as_str().expect("an identifier");
    system.client.call(reqwest::Method::DELETE, &format!("/v1/users/{id}"), None).await;
    let mut last = None;
    while let Some(record) = live.record().await {
        last = Some(record);
    }
    assert!(last.expect("a record").notice().text.contains("ended"));
    let (status, _) = peer.call("GET", "/v1/cameras", None).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}
