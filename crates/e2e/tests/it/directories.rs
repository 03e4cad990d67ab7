//! Users and groups of directories, against a real slapd and a real Samba domain controller.

mod commands;
mod hostile;
mod samba;
mod tickets;

use std::time::{Duration, Instant};

use api::{
    alarm::Alarm,
    audit::AuditPage,
    camera::CameraState,
    directory::{Directory, DirectoryCheck, PickerPage},
    live::Ask,
    people::{Group, User},
};
use e2e::{
    Client, Live, System,
    probe::skip,
    slapd::{self, BASE, SEARCHER, Slapd, group, person},
    system::ADMINISTRATOR,
    wait::until,
};
use model::{CameraId, StreamKind, clock::wall_now};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sim::CameraOptions;

const PATIENCE: Duration = Duration::from_secs(40);
const ANNA: &str = "anna's own words";
const BERT: &str = "bert's own words";

/// Anna is a guard by way of the night shift, which is a guard and, by mistake, also contains the guards.
fn people() -> String {
    [
        person("anna", "Anna Lind", ANNA),
        person("bert", "Bert Ek", BERT),
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

/// The same with some values in place of others.
fn but(mut settings: Value, other: &Value) -> Value {
    for (name, value) in other.as_object().expect("an object") {
        settings[name] = value.clone();
    }
    settings
}

/// A site with a camera, which asks its directories several times a second.
async fn site() -> (System, CameraId) {
    let system = System::start_with(vec![CameraOptions::default()], |config| {
        config.directory_refresh = Duration::from_millis(300);
    })
    .await;
    let camera = system.add(&system.farm.cameras[0], None).await.id;
    system.until_state(camera, CameraState::Recording, PATIENCE).await;
    (system, camera)
}

async fn sign_in(system: &System, user: &str, password: &str) -> (StatusCode, Value, Client) {
    let mut client = Client::new(&system.client.base, &system.client.fingerprint);
    let body = json!({ "user": user, "password": password });
    let request = client.request(Method::POST, "/v1/session").json(&body);
    let response = request.send().await.expect("an answer");
    let status = response.status();
    if status == 200 {
        client.keep_cookie(&response);
    } else {
        // A right password forgets the wrong ones of this address: this test is not about guessing.
        let mut forgive = client.clone();
        forgive.sign_in(ADMINISTRATOR.0, ADMINISTRATOR.1).await;
    }
    (status, response.json().await.expect("JSON"), client)
}

/// The key of the one that the picker finds.
async fn pick(system: &System, directory: &Directory, filter: &str, kind: &str) -> String {
    let path = format!("/v1/directories/{}/search?filter={filter}&kind={kind}", directory.id);
    let page: PickerPage = system.client.get(&path).await;
    assert_eq!(page.items.len(), 1, "{filter}: {:?}", page.items);
    page.items[0].key.clone()
}

/// The alarm about the directory, when it is over or not.
async fn alarm(system: &System, directory: &Directory, over: bool) -> Alarm {
    until("the alarm of the directory", PATIENCE, || async {
        let list: Value = system.client.get("/v1/alarms").await;
        let alarms: Vec<Alarm> = serde_json::from_value(list["items"].clone()).expect("alarms");
        let about = |alarm: &Alarm| alarm.directory == Some(directory.id) && alarm.ended.is_some() == over;
        alarms.into_iter().find(about)
    })
    .await
}

/// Gives a group of the directory pictures of all cameras.
async fn allow_group(system: &System, directory: &Directory, name: &str) -> Group {
    let key = pick(system, directory, name, "groups").await;
    let given = json!({ "key": key, "role": "operator", "grants": [{ "privilege": "camera-video" }] });
    system.client.post(&format!("/v1/directories/{}/groups", directory.id), &given).await
}

/// Watches a camera until pictures come.
async fn watch(client: &Client, camera: CameraId) -> Live {
    let mut live = Live::open(client).await;
    live.ask(&Ask::Subscribe {
        subscription: 1,
        camera,
        stream: StreamKind::Main,
        profile: None,
        audio: false,
        flac: false,
    })
    .await;
    while !live.next(PATIENCE).await.is_picture() {}
    live
}

/// Waits until a stream and the sign-in that began it have ended.
async fn ends(live: &mut Live, client: &Client) {
    let began = Instant::now();
    while live.next_or_end(PATIENCE).await.is_some() {
        assert!(began.elapsed() < PATIENCE, "the stream goes on");
    }
    assert_eq!(client.call(Method::GET, "/v1/cameras", None).await.0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_in_a_directory_counts_here_and_a_directory_that_is_down_locks_nobody_out() {
    if let Some(reason) = slapd::missing() {
        return skip(
            "a_change_in_a_directory_counts_here_and_a_directory_that_is_down_locks_nobody_out",
            reason,
        );
    }
    assert!(site::Config::on_loopback("x".into()).directory_refresh <= Duration::from_secs(30), "as shipped");
    let mut slapd = Slapd::start(&people()).await;
    let (system, camera) = site().await;
    let check: DirectoryCheck = system.client.post("/v1/directories/test", &settings(&slapd)).await;
    assert_eq!((check.people, check.groups, check.certificate_sha256.len()), (2, 3, 95));
    let directory: Directory = system.client.post("/v1/directories", &settings(&slapd)).await;

    // Right, but nobody has given anything to anybody.
    let (status, problem, _) = sign_in(&system, "anna", ANNA).await;
    assert_eq!((status.as_u16(), &problem["code"]), (403, &json!("forbidden")));
    let guards = allow_group(&system, &directory, "uard").await;
    assert_eq!((guards.name.as_str(), guards.directory), ("guards@example.org", Some(directory.id)));

    // The group of her group gives Anna a role and pictures, whichever way she writes her name.
    let (status, session, anna) = sign_in(&system, "anna", ANNA).await;
    assert_eq!(status, 200, "{session}");
    assert_eq!((&session["user"], &session["role"]), (&json!("anna@example.org"), &json!("operator")));
    let id = session["user_id"].as_str().expect("an id").to_owned();
    for (typed, password, expected) in [
        ("EXAMPLE\\anna", ANNA, 200),
        ("Anna@Example.org", ANNA, 200),
        ("anna", "wrong", 401),
        ("anna", "", 401),
        ("OTHER\\anna", ANNA, 401),
        ("bert", BERT, 403),
        ("*", ANNA, 401),
        ("ann*", ANNA, 401),
        ("anna)(uid=*", ANNA, 401),
        ("anna\0", ANNA, 401),
        (BASE, ANNA, 401),
    ] {
        assert_eq!(sign_in(&system, typed, password).await.0, expected, "{typed:?} {password:?}");
    }
    for filter in ["*", "*)(objectClass=*", "%00", "%5C2a"] {
        let path = format!("/v1/directories/{}/search?filter={filter}", directory.id);
        let page: PickerPage = system.client.get(&path).await;
        assert_eq!((page.total, page.more), (0, false), "{filter}");
    }

    // She leaves the night shift: her stream and her sign-in end.
    let mut live = watch(&anna, camera).await;
    let member = |what: &str, uid: &str| {
        format!("dn: cn=night,{BASE}\nchangetype: modify\n{what}: member\nmember: uid={uid},{BASE}\n")
    };
    slapd.change(&member("delete", "anna"));
    ends(&mut live, &anna).await;
    assert_eq!(sign_in(&system, "anna", ANNA).await.0, 403);
    let log: AuditPage = system.client.get("/v1/audit?limit=50").await;
    let noted = log.items.iter().find(|row| row.action == "directory_refresh").expect("a row");
    assert_eq!((noted.target.as_str(), noted.name.as_str()), ("anna@example.org", "Example"));
    assert!(noted.detail.starts_with("no-group"), "{}", noted.detail);

    // She is renamed, and back: the same user with another name. A new account with an old name is another one.
    slapd.change(&format!("dn: uid=anna,{BASE}\nchangetype: modrdn\nnewrdn: uid=anna.ek\ndeleteoldrdn: 1\n"));
    slapd.change(&member("add", "anna.ek"));
    let (status, session, anna) = sign_in(&system, "anna.ek", ANNA).await;
    assert_eq!(
        (status.as_u16(), &session["user"], &session["user_id"]),
        (200, &json!("anna.ek@example.org"), &json!(id))
    );
    let given = json!({ "key": pick(&system, &directory, "bert", "users").await, "role": "viewer" });
    let bert: User = system.client.post(&format!("/v1/directories/{}/users", directory.id), &given).await;
    assert_eq!(sign_in(&system, "bert", BERT).await.0, 200);
    slapd.change(&format!("dn: uid=bert,{BASE}\nchangetype: delete\n"));
    slapd.change(&person("bert", "Bert Ek", BERT).replacen('\n', "\nchangetype: add\n", 1));
    assert_eq!(sign_in(&system, "bert", BERT).await.0, 403, "this is another Bert");
    until("the first Bert is gone", PATIENCE, || async {
        let user: User = system.client.get(&format!("/v1/users/{}", bert.id)).await;
        (user.directory.expect("a directory").standing == "gone").then_some(())
    })
    .await;

    // The directory hangs: whoever has a password here does not wait for it, and Anna goes on.
    let mut live = watch(&anna, camera).await;
    slapd.hang(true);
    let waiting = tokio::join!(sign_in(&system, "anna.ek", ANNA), async {
        let began = Instant::now();
        let (status, ..) = sign_in(&system, ADMINISTRATOR.0, ADMINISTRATOR.1).await;
        assert_eq!(status, 200);
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    });
    assert_eq!(waiting.0.0, 200, "with the password that the directory took last");
    slapd.hang(false);

    // It is down: the same, and nobody else.
    slapd.down();
    assert_eq!(sign_in(&system, ADMINISTRATOR.0, ADMINISTRATOR.1).await.0, 200);
    assert_eq!(sign_in(&system, "anna.ek", ANNA).await.0, 200);
    for (typed, password) in [("anna.ek", "wrong"), ("bert", BERT), ("nobody", "at all")] {
        let (status, problem, _) = sign_in(&system, typed, password).await;
        assert_eq!((status.as_u16(), &problem["code"]), (503, &json!("directory-failed")), "{typed}");
    }
    let told: Directory = system.client.get(&format!("/v1/directories/{}", directory.id)).await;
    assert!(told.state.problem.is_some() && told.state.advice.is_some());
    assert!(told.state.since.is_some() && told.state.users_until > Some(wall_now()), "{:?}", told.state);
    let alarm = alarm(&system, &directory, false).await;
    assert!(
        alarm.advice.contains("Users of this site") && alarm.advice.contains(" at the latest."),
        "{alarm:?}"
    );
    let health: Value = system.client.get("/healthz").await;
    assert_eq!(health["status"], "a directory of users cannot be asked");
    assert!(live.next(PATIENCE).await.header.subscription == 1, "she still watches");

    // It may not be away any more: what it cannot confirm ends. When it is back, she is let in again.
    let path = format!("/v1/directories/{}", directory.id);
    let strict = but(settings(&slapd), &json!({ "offline_minutes": 0, "password": null }));
    let (status, _) = system.client.call(Method::PUT, &path, Some(&strict)).await;
    assert_eq!(status, 200);
    ends(&mut live, &anna).await;
    assert_eq!(sign_in(&system, "anna.ek", ANNA).await.0, 503);
    slapd.up().await;
    self::alarm(&system, &directory, true).await;
    let (status, _, anna) = sign_in(&system, "anna.ek", ANNA).await;
    assert_eq!(status, 200);

    // Her account expires; and with the directory everybody in it goes.
    let mut live = watch(&anna, camera).await;
    slapd.change(&format!(
        "dn: uid=anna.ek,{BASE}\nchangetype: modify\nadd: objectClass\nobjectClass: shadowAccount\n-\n\
         add: shadowExpire\nshadowExpire: 1\n"
    ));
    ends(&mut live, &anna).await;
    let (status, _) = system.client.call(Method::DELETE, &path, None).await;
    assert_eq!(status, 204);
    let left: Value = system.client.get("/v1/users").await;
    assert_eq!(left["items"].as_array().map(Vec::len), Some(1));
    system.site.stop().await;
}
