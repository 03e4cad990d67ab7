//! Sign-in by OpenID Connect: against a real provider, and against one that lies.

mod liar;

use std::{collections::BTreeMap, time::Duration};

use api::{
    audit::AuditPage,
    camera::CameraState,
    people::{Group, User},
    provider::{OpenIdBegun, Provider, ProviderCheck},
    session::{Session, SetupState},
};
use e2e::{Client, System, probe::skip, provider, system::ADMINISTRATOR, wait::until};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sim::CameraOptions;

const PATIENCE: Duration = Duration::from_secs(40);

type Query = BTreeMap<String, String>;

/// A browser that has begun to sign in, and where it was sent.
async fn begin(system: &System, provider: &Provider) -> (Client, String) {
    let mut browser = Client::new(&system.client.base, &system.client.fingerprint);
    let body = json!({ "provider": provider.id });
    let response = browser
        .request(Method::POST, "/v1/session/openid/begin")
        .json(&body)
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.status(), StatusCode::OK);
    browser.keep_cookie(&response);
    let begun: OpenIdBegun = response.json().await.expect("JSON");
    (browser, begun.address)
}

/// Brings the browser's answer to the site; signed in afterwards where that was right.
async fn finish(browser: &mut Client, answer: &Query) -> (u16, Value) {
    let response =
        browser.request(Method::POST, "/v1/session/openid").json(answer).send().await.expect("an answer");
    // The site itself sends nobody anywhere.
    assert!(response.headers().get("location").is_none());
    let status = response.status().as_u16();
    if status == 200 {
        browser.keep_cookie(&response);
    }
    (status, response.json().await.expect("JSON"))
}

fn words(problem: &Value) -> String {
    format!("{} {}", problem["title"], problem["detail"])
}

fn with(query: &Query, name: &str, value: Option<&str>) -> Query {
    let mut query = query.clone();
    match value {
        Some(value) => query.insert(name.to_owned(), value.to_owned()),
        None => query.remove(name),
    };
    query
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_a_provider_sign_in_by_their_groups_and_are_out_when_it_says_so() {
    const TEST: &str = "people_of_a_provider_sign_in_by_their_groups_and_are_out_when_it_says_so";
    if let Some(reason) = provider::missing() {
        return skip(TEST, reason);
    }
    let system = System::start_with(vec![CameraOptions::default()], |config| {
        config.directory_refresh = Duration::from_millis(300);
    })
    .await;
    let camera = system.add(&system.farm.cameras[0], None).await.id;
    system.until_state(camera, CameraState::Recording, PATIENCE).await;
    let base = system.client.base.clone();
    let mut there = provider::Provider::start(&format!("{base}/sign-in/openid"));
    let anna = |groups: &[&str]| json!({ "sub": "a1", "preferred_username": "anna", "name": "Anna Lind", "groups": groups });
    there.person(&anna(&["guards"]));
    let settings = json!({
        "name": "Company", "issuer": there.issuer, "client_id": there.client_id, "client_secret": there.client_secret,
        "authority": there.authority.pem, "site_address": base, "scopes": ["profile", "groups"], "groups_claim": "groups",
        "refresh_seconds": 1,
    });
    let check: ProviderCheck = system.client.post("/v1/providers/test", &settings).await;
    assert_eq!(check.redirect_uri, format!("{base}/sign-in/openid"));
    assert_eq!((check.keys, check.algorithms.join(" ")), (2, "RS256 ES256".to_owned()));
    let company: Provider = system.client.post("/v1/providers", &settings).await;

    // Whoever is not signed in reads its name, and no more.
    let stranger = Client::new(&base, &system.client.fingerprint);
    let setup: SetupState = stranger.get("/v1/setup").await;
    assert_eq!(json!(setup.providers), json!([{ "id": company.id, "name": "Company" }]));

    // The provider knows her, the site does not; it tells by what it would.
    let (mut browser, address) = begin(&system, &company).await;
    for part in [
        "response_type=code",
        "code_challenge_method=S256",
        "state=",
        "nonce=",
        "scope=openid+profile+groups",
    ] {
        assert!(address.contains(part), "{part} in {address}");
    }
    let answer = there.sign_in(&address, "a1").await;
    let (status, problem) = finish(&mut browser, &answer).await;
    assert_eq!(status, 403);
    assert!(words(&problem).contains("you are a1 there"), "{problem}");

    // By her group, she is a user with what that gives.
    let given = json!({ "key": "guards", "role": "operator", "grants": [{ "privilege": "camera-video" }] });
    let group: Group = system.client.post(&format!("/v1/providers/{}/groups", company.id), &given).await;
    assert_eq!(group.name, "guards (Company)");
    let signed_in = async || {
        let (mut browser, address) = begin(&system, &company).await;
        let answer = there.sign_in(&address, "a1").await;
        let (status, session) = finish(&mut browser, &answer).await;
        assert_eq!(status, 200, "{session}");
        let session: Session = serde_json::from_value(session).expect("a session");
        assert_eq!(session.user, "anna (Company)");
        (browser, answer, session)
    };
    let (browser, answer, session) = signed_in().await;
    let cameras: Value = browser.get("/v1/cameras").await;
    assert_eq!(cameras["items"].as_array().map(Vec::len), Some(1));
    let user: User = system.client.get(&format!("/v1/users/{}", session.user_id)).await;
    assert_eq!(
        user.directory.map(|link| (link.directory, link.full_name)),
        Some((company.id, "Anna Lind".to_owned()))
    );
    let (status, problem) = browser.call(Method::POST, "/v1/account/second-factor", None).await;
    assert_eq!(status, 409, "the provider's business: {problem}");

    // Nobody else can use what a browser came back with, and nobody twice.
    let (mut other, other_address) = begin(&system, &company).await;
    assert_eq!(finish(&mut other, &answer).await.0, 409, "the answer of another browser");
    let (mut other, _) = begin(&system, &company).await;
    let fresh = there.sign_in(&other_address, "a1").await;
    assert_eq!(finish(&mut other, &fresh).await.0, 409, "the state of another try");
    let (mut other, address) = begin(&system, &company).await;
    let state = address.split_once("state=").and_then(|(_, rest)| rest.split('&').next()).expect("a state");
    let (status, problem) = finish(&mut other, &with(&answer, "state", Some(state))).await;
    assert_eq!(status, 403, "a code that was used: {problem}");
    let mut nobody = Client::new(&base, &system.client.fingerprint);
    assert_eq!(finish(&mut nobody, &answer).await.0, 409, "no cookie");
    for (what, name, value, says) in [
        ("another provider answers", "iss", Some("https://evil.example.org"), "nother provider answers"),
        ("nobody says who answers", "iss", None, "nother provider answers"),
        ("the person said no", "error", Some("access_denied"), "access_denied"),
        ("no code", "code", None, "nother sign-in"),
        ("a made up code", "code", Some("guessed"), "invalid_grant"),
    ] {
        let (mut browser, address) = begin(&system, &company).await;
        let answer = there.sign_in(&address, "a1").await;
        let changed = with(&answer, name, value);
        let (status, problem) = finish(&mut browser, &changed).await;
        assert_eq!(status, 403, "{what}: {problem}");
        assert!(words(&problem).contains(says), "{what}: {problem}");
        assert_eq!(finish(&mut browser, &answer).await.0, 409, "{what}: a try counts once");
    }
    let elsewhere = Client::new(&base.replace("127.0.0.1", "localhost"), &system.client.fingerprint);
    let body = json!({ "provider": company.id });
    let (status, problem) = elsewhere.call(Method::POST, "/v1/session/openid/begin", Some(&body)).await;
    assert_eq!(status, 409, "{problem}");
    assert!(words(&problem).contains(&base), "{problem}");

    // What changes there counts here without a new sign-in.
    let is_out = async |browser: &Client| {
        until("she is out", PATIENCE, || async {
            (browser.call(Method::GET, "/v1/session", None).await.0 == 401).then_some(())
        })
        .await;
    };
    there.person(&anna(&["cleaners"]));
    is_out(&browser).await;
    there.person(&anna(&["guards", "cleaners"]));
    let (browser, ..) = {
        let (mut browser, address) = begin(&system, &company).await;
        let answer = there.sign_in(&address, "a1").await;
        assert_eq!(finish(&mut browser, &answer).await.0, 200);
        (browser, answer)
    };
    there.gone("a1");
    is_out(&browser).await;
    let audit: AuditPage = system.client.get("/v1/audit?limit=200").await;
    let noted =
        |action: &str, name: &str| audit.items.iter().any(|row| row.action == action && row.name == name);
    assert!(noted("session_openid_create", "anna (Company)"));
    assert!(noted("directory_refresh", "Company") && noted("openid_refresh", "Company"));
    assert!(!noted("session_openid_begin", ""));
    let all: Value = system.client.get("/v1/providers").await;
    assert!(
        !all.to_string().contains(&there.client_secret) && all["items"][0]["state"]["problem"].is_null(),
        "{all}"
    );

    // Its issuer stays; without it, nothing of its people is left.
    let path = format!("/v1/providers/{}", company.id);
    let mut moved = settings.clone();
    moved["issuer"] = json!("https://localhost:1");
    assert_eq!(system.client.call(Method::PUT, &path, Some(&moved)).await.0, 409);
    let mut named = settings.clone();
    (named["client_secret"], named["name"]) = (Value::Null, json!("Our company"));
    assert_eq!(system.client.call(Method::PUT, &path, Some(&named)).await.0, 200);
    named["client_id"] = json!("another");
    assert_eq!(system.client.call(Method::PUT, &path, Some(&named)).await.0, 400, "another client's secret");
    // It is no directory: nothing of it is removed as one.
    let as_directory = format!("/v1/directories/{}", company.id);
    assert_eq!(system.client.call(Method::DELETE, &as_directory, None).await.0, 404);
    let kept: Provider = system.client.get(&path).await;
    assert_eq!((kept.users, kept.groups), (1, 1));
    assert_eq!(system.client.call(Method::DELETE, &path, None).await.0, 204);
    let users: Value = system.client.get("/v1/users").await;
    assert_eq!(users["items"].as_array().map(Vec::len), Some(1), "{}: {users}", ADMINISTRATOR.0);
}
