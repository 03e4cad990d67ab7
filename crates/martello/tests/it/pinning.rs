//! Whoever is not the pinned site gets nothing: no token, no password.

use std::time::Duration;

use model::clock::wall_now;

use crate::{
    Done,
    fake_site::{Answer, FakeSite, Request, certificate, identity, ok},
    martello,
};

const HOUR: Duration = Duration::from_secs(3600);

/// Asks the site for its cameras.
async fn ask(site: &FakeSite, pinned: &trust::CertificateId) -> Done {
    let home = tempfile::tempdir().unwrap();
    let (url, id) = (site.url(), pinned.to_string());
    let arguments = ["camera", "list", "--url", &url, "--token", "t", "--certificate-id", &id];
    martello(home.path(), &arguments, "").await
}

fn cameras(_: &Request) -> Answer {
    ok(r#"{"items":[]}"#)
}

fn assert_refused(done: &Done, site: &FakeSite, what: &str) {
    assert_eq!(done.code, 1, "{what}: {done:?}");
    assert_eq!(done.stderr.lines().count(), 1, "{what}: {done:?}");
    for request in site.seen() {
        assert_eq!(request.line, "GET /.well-known/martello-identity", "{what}");
        assert_eq!(request.header("authorization"), None, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_site_s_own_certificate_is_taken_whatever_its_names() {
    let site = FakeSite::start(&[certificate(&identity(1))], cameras).await;
    let done = ask(&site, &identity(1).certificate_id()).await;
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(site.request("GET /v1/cameras").header("authorization"), Some("Bearer t"));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_gets_no_token() {
    let site = FakeSite::start(&[certificate(&identity(2))], cameras).await;
    assert_refused(&ask(&site, &identity(1).certificate_id()).await, &site, "another site");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_the_site_endorses_is_taken() {
    let (me, other) = (identity(1), certificate(&identity(2)));
    let endorsement = me.endorse_tls(&other.certificate_der, wall_now() + HOUR);
    let endorsement = serde_json::to_string(&endorsement).unwrap();
    let site = FakeSite::start(&[other], move |request| {
        if request.line.ends_with("martello-identity") { ok(endorsement.clone()) } else { cameras(request) }
    })
    .await;
    let done = ask(&site, &me.certificate_id()).await;
    assert_eq!(done.code, 0, "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endorsement_that_does_not_hold_is_refused() {
    let (me, thief) = (identity(1), identity(2));
    let stolen = certificate(&thief);
    let der = &stolen.certificate_der;
    let ended = model::WallTime::from_micros(wall_now().micros() - 1);
    let good = me.endorse_tls(der, wall_now() + HOUR);
    let cases = [
        ("the thief's own", thief.endorse_tls(der, wall_now() + HOUR)),
        ("of another certificate", me.endorse_tls(b"other", wall_now() + HOUR)),
        ("ended", me.endorse_tls(der, ended)),
        ("prolonged", trust::Endorsement { not_after: wall_now() + 2 * HOUR, ..good }),
    ];
    for (what, endorsement) in cases {
        let text = serde_json::to_string(&endorsement).unwrap();
        let site = FakeSite::start(std::slice::from_ref(&stolen), move |_| ok(text.clone())).await;
        assert_refused(&ask(&site, &me.certificate_id()).await, &site, what);
    }
    let site = FakeSite::start(&[stolen], |_| (404, "", Vec::new())).await;
    assert_refused(&ask(&site, &me.certificate_id()).await, &site, "none");
}

/// A site that says which identity it has, and how it came to it.
async fn saying(certificate: trust::TlsCertificate, statement: trust::Endorsement) -> FakeSite {
    let text = serde_json::to_string(&statement).unwrap();
    FakeSite::start(&[certificate], move |request| {
        if request.line.ends_with("martello-identity") { ok(text.clone()) } else { cameras(request) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_identity_is_followed_by_hand_only_and_a_stranger_s_never() {
    let now = wall_now();
    let (old, new) = (identity(1), identity(1).rotate(identity(2), now).unwrap());
    let (pinned, id) = (old.certificate_id(), new.certificate_id().to_string());
    let own = |identity: &trust::Identity| {
        let made = certificate(identity);
        let statement = identity.endorse_tls(&made.certificate_der, wall_now() + HOUR);
        (made, statement)
    };
    let home = tempfile::tempdir().unwrap();
    let follow = async |site: &FakeSite| {
        let list = home.path().join("list.json");
        let server =
            serde_json::json!({ "name": "x", "address": site.url(), "certificate_id": pinned.to_string() });
        let text = serde_json::json!({ "martello_servers": 1, "servers": [server] }).to_string();
        std::fs::write(&list, text).unwrap();
        let import = ["server", "import", "--replace", list.to_str().unwrap()];
        assert_eq!(martello(home.path(), &import, "").await.code, 0);
        martello(home.path(), &["server", "follow", "x", "--yes"], "").await
    };

    let (made, statement) = own(&new);
    let site = saying(made, statement.clone()).await;
    let done = ask(&site, &pinned).await;
    assert_refused(&done, &site, "not followed by itself");
    assert!(done.stderr.contains(&id) && done.stderr.contains("server follow"), "{}", done.stderr);
    let done = follow(&site).await;
    assert!(done.code == 0 && done.text().contains(&id), "{done:?}");

    // A stranger repeats the site's statement, makes rotations of its own, or comes long after one that was true.
    let (thief, _) = own(&identity(9));
    let replayed = saying(thief, statement).await;
    let forged = identity(8).rotate(identity(9), now).unwrap();
    let (made, statement) = own(&forged);
    let forged = saying(made, statement).await;
    let long_ago = model::WallTime::from_micros(now.micros() - 401 * 86_400_000_000);
    let (made, statement) = own(&old.rotate(identity(2), long_ago).unwrap());
    let late = saying(made, statement).await;
    let (made, mut statement) = own(&new);
    statement.rotations = trust::Lineage::default();
    let cut_off = saying(made, statement).await;
    for (what, site) in
        [("replayed", &replayed), ("forged", &forged), ("long ago", &late), ("cut off", &cut_off)]
    {
        assert_refused(&ask(site, &pinned).await, site, what);
        let done = follow(site).await;
        assert_eq!(done.code, 1, "{what}: {done:?}");
        let list = std::fs::read_to_string(home.path().join(".config/martello/servers.toml")).unwrap();
        assert!(list.contains(&pinned.to_string()), "{what}: {list}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_changes_after_the_check_is_refused() {
    let site = FakeSite::start(&[certificate(&identity(1)), certificate(&identity(2))], cameras).await;
    assert_refused(&ask(&site, &identity(1).certificate_id()).await, &site, "swapped");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_pin_a_certificate_of_its_own_is_refused_with_advice() {
    let home = tempfile::tempdir().unwrap();
    let site = FakeSite::start(&[certificate(&identity(1))], cameras).await;
    let done = martello(home.path(), &["camera", "list", "--url", &site.url(), "--token", "t"], "").await;
    assert_refused(&done, &site, "no pin");
    assert!(done.stderr.contains("--certificate-id"), "{}", done.stderr);
}
