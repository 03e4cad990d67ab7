//! Users and groups of directories, against a real slapd.

use std::time::Duration;

use api::{
    directory::{Directory, DirectoryCheck, PickerPage},
    people::Group,
};
use e2e::{
    Client, System,
    probe::skip,
    slapd::{self, BASE, SEARCHER, Slapd, group, person},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sim::CameraOptions;

const ANNA: &str = "anna's own words";

/// Anna is a guard by way of the night shift, which is a guard and, by mistake, also contains the guards.
fn people() -> String {
    [
        person("anna", "Anna Lind", ANNA),
        person("bert", "Bert Ek", "bert's own words"),
        group("guards", &[&format!("cn=night,{BASE}")]),
        group("night", &[&format!("uid=anna,{BASE}"), &format!("cn=guards,{BASE}")]),
        group("cleaners", &[&format!("uid=bert,{BASE}")]),
    ]
    .concat()
}

fn settings(slapd: &Slapd) -> Value {
    json!({
        "name": "Example", "kind": "ldap", "base": BASE, "account": SEARCHER.0, "password": SEARCHER.1,
        "servers": [{ "host": "localhost", "port": slapd.tls_port }], "authority": slapd.authority.pem,
    })
}

async fn sign_in(system: &System, user: &str, password: &str) -> (StatusCode, Value, Client) {
    let mut client = Client::new(&system.client.base, &system.client.fingerprint);
    let body = json!({ "user": user, "password": password });
    let request = client.request(Method::POST, "/v1/session").json(&body);
    let response = request.send().await.expect("an answer");
    let status = response.status();
    if status == 200 {
        client.keep_cookie(&response);
    }
    (status, response.json().await.expect("JSON"), client)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_of_a_directory_signs_in_and_has_what_its_groups_have() {
    if let Some(reason) = slapd::missing() {
        return skip("a_person_of_a_directory_signs_in_and_has_what_its_groups_have", reason);
    }
    let slapd = Slapd::start(&people()).await;
    let system = System::start_with(vec![CameraOptions::default()], |config| {
        config.directory_refresh = Duration::from_millis(300);
    })
    .await;
    let check: DirectoryCheck = system.client.post("/v1/directories/test", &settings(&slapd)).await;
    assert_eq!((check.people, check.groups, check.certificate_sha256.len()), (2, 3, 95));
    let directory: Directory = system.client.post("/v1/directories", &settings(&slapd)).await;
    let base = format!("/v1/directories/{}", directory.id);

    // Right, but nobody has given anything to anybody.
    let (status, problem, _) = sign_in(&system, "anna", ANNA).await;
    assert_eq!((status.as_u16(), &problem["code"]), (403, &json!("forbidden")));

    let page: PickerPage = system.client.get(&format!("{base}/search?filter=uard&kind=groups")).await;
    assert_eq!(
        (page.total, page.items[0].name.as_str(), page.items[0].domain.as_str()),
        (1, "guards", "example.org")
    );
    let given =
        json!({ "key": page.items[0].key, "role": "operator", "grants": [{ "privilege": "camera-video" }] });
    let guards: Group = system.client.post(&format!("{base}/groups"), &given).await;
    assert_eq!((guards.name.as_str(), guards.directory), ("guards@example.org", Some(directory.id)));

    let (status, session, anna) = sign_in(&system, "anna", ANNA).await;
    assert_eq!(status, 200, "{session}");
    assert_eq!((&session["user"], &session["role"]), (&json!("anna@example.org"), &json!("operator")));
    let _: Value = anna.get("/v1/cameras").await;
    for (typed, password, expected) in [
        ("EXAMPLE\\anna", ANNA, 200),
        ("Anna@Example.org", ANNA, 200),
        ("anna", "wrong", 401),
        ("OTHER\\anna", ANNA, 401),
        ("bert", "bert's own words", 403),
    ] {
        assert_eq!(sign_in(&system, typed, password).await.0, expected, "{typed} {password}");
    }
    system.site.stop().await;
}
