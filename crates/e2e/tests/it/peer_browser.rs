//! Chromium as a client of a peer session that is not ours: a page written from `docs/reference/carrier.md` alone.
#![allow(clippy::expect_used, reason = "tests")]

use std::{
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use api::peer::Signal;
use axum::{
    Router,
    response::Html,
    routing::{get, post},
};
use e2e::{System, system::ADMINISTRATOR};
use serde_json::Value;
use sim::CameraOptions;
use tokio::{net::TcpListener, sync::mpsc};

const PATIENCE: Duration = Duration::from_secs(90);
const PAGE: &str = include_str!("peer.html");

/// The site's part of one session's signalling: what the page sends goes in, and what the site says until its last
/// candidate comes out.
async fn signal(peers: site::peers::Peers, body: String) -> String {
    let (page, at_site) = live::signalling();
    tokio::spawn(async move { peers.serve(at_site, String::new()).await });
    let sent: Vec<Value> = serde_json::from_str(&body).expect("signals");
    for one in sent {
        let signal = Signal::from_json(one.to_string().as_bytes()).expect("a signal");
        page.outgoing.send(signal).await.expect("a site");
    }
    let live::Signalling { outgoing, mut incoming } = page;
    let mut said = Vec::new();
    while let Some(signal) = incoming.recv().await {
        let last = signal == Signal::EndOfCandidates;
        said.push(signal.to_json());
        if last {
            break;
        }
    }
    drop(outgoing);
    format!("[{}]", said.join(","))
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_uses_a_site_over_data_channels_and_checks_what_it_signed() {
    if Command::new("chromium").arg("--version").stdout(Stdio::null()).status().is_err() {
        let test = "chromium_uses_a_site_over_data_channels_and_checks_what_it_signed";
        e2e::probe::skip(test, "chromium is not installed");
        return;
    }
    let system = System::start(vec![CameraOptions::default()]).await;
    let camera = system.add(&system.farm.cameras[0], None).await;
    let id = system.site.certificate_id().replace('-', "");
    let page = PAGE
        .replace("SITE, session", &format!("'{}', session", &id[..32]))
        .replace("unhex(SITE)", &format!("unhex('{}')", &id[..32]))
        .replace("!== PINNED", &format!("!== '{id}'"))
        .replace("user: USER", &format!("user: '{}'", ADMINISTRATOR.0))
        .replace("password: PASSWORD", &format!("password: '{}'", ADMINISTRATOR.1));
    let (results, mut result) = mpsc::channel::<String>(1);
    let (page, peers) = (Arc::new(page), system.site.peers().clone());
    let router = Router::new()
        .route("/", get(move || async move { Html(page.to_string()) }))
        .route("/signal", post(move |body: String| signal(peers, body)))
        .route("/result", post(move |body: String| async move { drop(results.send(body).await) }));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });

    let profile = tempfile::tempdir().expect("a directory");
    let mut browser = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-quic"])
        .args(["--allow-loopback-in-peer-connection", "--remote-debugging-port=0"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("http://{address}/"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a browser");
    let result = tokio::time::timeout(PATIENCE, result.recv()).await;
    let _ = browser.kill();
    let _ = browser.wait();
    let result: Value = serde_json::from_str(&result.expect("in time").expect("a result")).expect("JSON");
    assert_eq!(result["error"], Value::Null, "{result}");
    assert_eq!((&result["nobody"], &result["signedIn"]), (&401.into(), &200.into()));
    assert_eq!(result["cameras"]["items"][0]["id"], camera.id.to_string(), "{result}");
    assert!(result["large"].as_u64() > Some(100_000), "more than one message: {}", result["large"]);
}
