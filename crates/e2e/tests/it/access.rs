//! Who may do what, over HTTP: every operation as everybody, lists, streams that are cut, recordings that are too old.

use std::time::{Duration, Instant};

use api::{
    audit::{AuditChain, AuditEntry, AuditPage},
    camera::{Camera, CameraState, NewCamera, Source},
    export::{Export, ExportState},
    live::Ask,
    people::{EffectiveRights, SecondFactorSetup, User},
    record::{KEY, Kind, NoticeCode},
};
use e2e::{
    Client, System,
    live::Live,
    past, records,
    system::{ADMINISTRATOR, new_camera},
    wait::until,
};
use model::{CameraId, Privilege, StreamKind, WallTime, clock::wall_now};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sim::CameraOptions;

const PATIENCE: Duration = Duration::from_secs(15);
const PASSWORD: &str = "pier, gate and yard";

async fn site(cameras: usize) -> (System, Vec<CameraId>) {
    let system = System::start(vec![CameraOptions::default(); cameras]).await;
    let mut ids = Vec::new();
    for camera in &system.farm.cameras {
        ids.push(system.add(camera, None).await.id);
    }
    for id in &ids {
        system.until_state(*id, CameraState::Recording, PATIENCE).await;
        until("there is footage to read", PATIENCE, || async {
            let key_frame = format!("/v1/cameras/{id}/keyframe?at={}", wall_now());
            let (status, _) = system.client.call(Method::GET, &key_frame, None).await;
            (status == 200).then_some(())
        })
        .await;
    }
    (system, ids)
}

fn on(camera: CameraId, privileges: &[&str]) -> Vec<Value> {
    privileges.iter().map(|one| json!({ "privilege": one, "camera": camera })).collect()
}

fn everywhere(privileges: &[&str]) -> Vec<Value> {
    privileges.iter().map(|one| json!({ "privilege": one })).collect()
}

/// Makes a user and signs in as it.
async fn user(
    system: &System,
    name: &str,
    role: &str,
    grants: Vec<Value>,
    minutes: Option<u32>,
) -> (User, Client) {
    let new = json!({ "name": name, "password": PASSWORD, "role": role, "grants": grants, "recordings_minutes": minutes });
    let user: User = system.client.post("/v1/users", &new).await;
    let mut client = Client::new(&system.client.base, &system.client.fingerprint);
    client.sign_in(name, PASSWORD).await;
    (user, client)
}

async fn change(system: &System, user: &User, change: Value) {
    let path = format!("/v1/users/{}", user.id);
    let (status, body) = system.client.call(Method::PATCH, &path, Some(&change)).await;
    assert_eq!(status, 200, "{body}");
}

/// Who visits, and what they hold on the first camera; nobody but the administrator holds anything on the second.
struct Visitor {
    name: &'static str,
    client: Client,
    held: &'static [&'static str],
}

const ALWAYS: [&str; 2] = ["signed-in", "own-account"];

impl Visitor {
    /// The status that the rules promise, written down again without the evaluator: 401, 403, 404, or nothing for "let
    /// in".
    fn expected(&self, privilege: &str, camera: Option<bool>) -> Option<u16> {
        let everything = self.held.contains(&"everything");
        let holds = everything || ALWAYS.contains(&privilege) || self.held.contains(&privilege);
        match (self.held.is_empty() && !everything, camera) {
            _ if privilege == "none" => None,
            (true, None) if self.name == "nobody" => Some(401),
            (true, _) if self.name == "nobody" => Some(401),
            (_, Some(false)) if !everything => Some(404),
            (_, Some(true)) if !everything && !self.held.contains(&"camera-access") => Some(404),
            _ => (!holds).then_some(403),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_visited_by_everybody_and_does_what_its_privilege_says() {
    let (system, cameras) = site(2).await;
    let right = ["camera-video", "camera-listen", "camera-record", "camera-ptz", "camera-speak"];
    let mut nobody = system.client.clone();
    nobody.credential = None;
    let mut of_operator = on(cameras[0], &right);
    of_operator.extend(everywhere(&["export", "snapshot", "alarms", "data-search", "health"]));
    let (_, viewer) = user(&system, "vera", "viewer", on(cameras[0], &["camera-video"]), None).await;
    let (_, without) = user(&system, "otto", "operator", Vec::new(), None).await;
    let (_, with) = user(&system, "olga", "operator", of_operator, None).await;
    let visitors = [
        Visitor { name: "nobody", client: nobody, held: &[] },
        Visitor { name: "viewer", client: viewer, held: &["camera-access", "camera-video"] },
        Visitor { name: "operator without", client: without, held: &[] },
        Visitor {
            name: "operator with",
            client: with,
            held: &[
                "camera-access",
                "camera-video",
                "camera-listen",
                "camera-record",
                "camera-ptz",
                "camera-speak",
                "recordings",
                "export",
                "snapshot",
                "alarms",
                "data-search",
                "health",
            ],
        },
        Visitor { name: "administrator", client: system.client.clone(), held: &["everything"] },
    ];
    let document: Value = system.client.get("/api/openapi.json").await;
    let mut visits = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            let privilege = operation["x-privilege"].as_str().expect("a privilege");
            // What ends the visit itself, or would really be done, is tried with identifiers of nothing.
            let targets: Vec<Option<usize>> =
                if path.contains("{camera}") { vec![Some(0), Some(1)] } else { vec![None] };
            for target in targets {
                for visitor in &visitors {
                    let harmless = method == Method::GET;
                    let administrator = visitor.name == "administrator";
                    if path == "/v1/session" && method == Method::DELETE
                        || administrator && path == "/v1/discovery"
                    {
                        continue;
                    }
                    let unknown = "0123456789abcdef0123456789abcdef".to_owned();
                    let camera =
                        target.filter(|_| harmless || !administrator).map(|one| cameras[one].to_string());
                    let address: Vec<&str> = path
                        .split('/')
                        .map(|part| match part {
                            "{camera}" => camera.as_deref().unwrap_or(&unknown),
                            part if part.starts_with('{') => &unknown,
                            part => part,
                        })
                        .collect();
                    let address = address.join("/");
                    let mut request = visitor.client.request(method.clone(), &address);
                    if harmless && operation["responses"].get("101").is_some() {
                        request = request.header("upgrade", "websocket");
                    }
                    let answer = request.send().await.expect("an answer");
                    let status = answer.status().as_u16();
                    let expected = visitor.expected(privilege, target.map(|one| one == 0));
                    let what = format!("{method} {address} ({privilege}) as {}: {status}", visitor.name);
                    match expected {
                        Some(expected) => assert_eq!(status, expected, "{what}"),
                        None => assert!(
                            ![403].contains(&status) && (status != 401 || privilege == "none"),
                            "{what}, should be let in"
                        ),
                    }
                    assert!(status < 500 || status == 503, "{what}");
                    visits += 1;
                }
            }
        }
    }
    assert!(visits > 250, "{visits} visits");
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_of_two_cameras_finds_the_others_nowhere() {
    let (system, cameras) = site(4).await;
    let folder: Value =
        system.client.post("/v1/folders", &json!({ "name": "Outside", "cameras": [cameras[1]] })).await;
    let mut grants = on(cameras[0], &["camera-video"]);
    grants.push(json!({ "privilege": "camera-video", "folder": folder["id"] }));
    grants.extend(everywhere(&["export", "alarms"]));
    let (olga, client) = user(&system, "olga", "operator", grants, None).await;

    let list: Value = client.get("/v1/cameras").await;
    let list: Vec<Camera> = serde_json::from_value(list["items"].clone()).expect("cameras");
    let mut seen: Vec<CameraId> = list.iter().map(|camera| camera.id).collect();
    seen.sort();
    let mut allowed = vec![cameras[0], cameras[1]];
    allowed.sort();
    assert_eq!(seen, allowed);
    assert!(list.iter().all(|camera| camera.privileges.contains(&Privilege::Recordings)
        && !camera.privileges.contains(&Privilege::CameraListen)
        && camera.user.is_none()));

    let now = wall_now();
    let from = now.plus_micros(-60_000_000);
    let timeline: Value = client.get(&format!("/v1/timeline?from={from}&to={now}")).await;
    assert_eq!(timeline["lanes"].as_array().expect("lanes").len(), 2);
    let asked: Value =
        client.get(&format!("/v1/timeline?cameras={},{}&from={from}&to={now}", cameras[0], cameras[2])).await;
    assert_eq!(
        asked["lanes"].as_array().expect("lanes").len(),
        1,
        "one that is asked for by name is not there either"
    );
    for (path, query) in [
        ("", String::new()),
        ("/playback", format!("?from={from}&to={now}")),
        ("/keyframe", format!("?at={now}")),
        ("/clip", format!("?from={from}&to={now}")),
    ] {
        let of = |camera: CameraId| format!("/v1/cameras/{camera}{path}{query}");
        let (status, _) = client.call(Method::GET, &of(cameras[0]), None).await;
        assert_eq!(status, 200, "{path}");
        let (status, hidden) = client.call(Method::GET, &of(cameras[2]), None).await;
        let (missing_status, missing) = client.call(Method::GET, &of(CameraId::new()), None).await;
        assert_eq!((status, &hidden), (missing_status, &missing), "{path}: as if it did not exist");
        assert_eq!(status, 404, "{path}");
    }

    // No list, count or document of any kind names a camera that is kept from her.
    let document: Value = client.get("/api/openapi.json").await;
    let hidden: Vec<String> = [cameras[2], cameras[3]].iter().map(ToString::to_string).collect();
    let all: Value = system.client.get("/v1/cameras").await;
    let names = all["items"]
        .as_array()
        .expect("cameras")
        .iter()
        .filter(|one| hidden.iter().any(|id| one["id"].as_str() == Some(id)));
    let words: Vec<String> = names
        .filter_map(|one| one["name"].as_str().map(|name| format!("\"{name}\"")))
        .chain(hidden.clone())
        .collect();
    let mut looked = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        if item.get("get").is_none() || path.contains('{') {
            continue;
        }
        let address = format!("{path}?from={from}&to={now}");
        let answer = client.request(Method::GET, &address).send().await.expect("an answer");
        if answer.status().is_success() {
            let text = String::from_utf8_lossy(&answer.bytes().await.expect("a body")).into_owned();
            for word in &words {
                assert!(!text.contains(word.as_str()), "{path} names {word}");
            }
            looked += 1;
        }
    }
    assert!(looked > 8, "{looked} lists");

    // Sound is a right and a track of its own: none is sent, whatever is asked, and none is in a file.
    let clip = format!("/v1/cameras/{}/clip?from={from}&to={now}&audio=true", cameras[0]);
    let has_sound = |bytes: bytes::Bytes| bytes.windows(4).any(|four| four == b"soun");
    assert!(has_sound(system.client.bytes(&clip).await) && !has_sound(client.bytes(&clip).await));
    let playback =
        client.bytes(&format!("/v1/cameras/{}/playback?from={from}&to={now}&audio=true", cameras[0])).await;
    let records = records::split(playback);
    assert!(
        records.iter().any(|record| record.is_picture()) && !records.iter().any(|record| record.is_sound())
    );
    let mut live = Live::open(&client).await;
    live.ask(&Ask::Subscribe {
        subscription: 1,
        camera: cameras[0],
        stream: StreamKind::Main,
        profile: None,
        audio: true,
        flac: false,
    })
    .await;
    live.ask(&Ask::Subscribe {
        subscription: 2,
        camera: cameras[3],
        stream: StreamKind::Main,
        profile: None,
        audio: true,
        flac: false,
    })
    .await;
    let (mut pictures, mut refused) = (0, false);
    while pictures < 30 || !refused {
        let record = live.next(PATIENCE).await;
        assert!(!record.is_sound() && record.header.track == 0, "no sound");
        if record.header.kind == Kind::Notice {
            assert_eq!((record.header.subscription, record.notice().code), (2, NoticeCode::NoCamera));
            refused = true;
        }
        assert!(record.header.subscription == 1 || record.header.kind == Kind::Notice);
        pictures += usize::from(record.is_picture());
    }

    // A camera that leaves the folder is gone at once.
    let path = format!("/v1/folders/{}", folder["id"].as_str().expect("an id"));
    let (status, _) =
        system.client.call(Method::PUT, &path, Some(&json!({ "name": "Outside", "cameras": [] }))).await;
    assert_eq!(status, 200);
    let (status, _) = client.call(Method::GET, &format!("/v1/cameras/{}", cameras[1]), None).await;
    assert_eq!(status, 404);

    let why: EffectiveRights = system.client.get(&format!("/v1/users/{}/rights", olga.id)).await;
    let of = |camera: CameraId| why.cameras.iter().find(|one| one.camera == camera).expect("a camera");
    let video = |camera| {
        of(camera).verdicts.iter().find(|one| one.privilege == Privilege::CameraVideo).expect("video").clone()
    };
    assert!(video(cameras[0]).allowed && video(cameras[0]).why[0].contains("granted to the user"));
    assert!(!video(cameras[1]).allowed && !video(cameras[1]).why.is_empty());
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_is_cut_or_narrowed_within_a_second_when_a_right_is_taken_away() {
    let (system, cameras) = site(2).await;
    let both = |privileges: &[&str]| [on(cameras[0], privileges), on(cameras[1], privileges)].concat();
    let (olga, client) =
        user(&system, "olga", "operator", both(&["camera-video", "camera-listen"]), None).await;
    let mut live = Live::open(&client).await;
    for (subscription, camera) in [(1, cameras[0]), (2, cameras[1])] {
        live.ask(&Ask::Subscribe {
            subscription,
            camera,
            stream: StreamKind::Main,
            profile: None,
            audio: true,
            flac: false,
        })
        .await;
    }
    let mut heard = [false; 2];
    while heard != [true; 2] {
        let record = live.next(PATIENCE).await;
        if record.is_sound() {
            heard[record.header.subscription as usize - 1] = true;
        }
    }
    // A playback that is read slowly is under way, too. Its socket holds what was sent; the rest does not come.
    let now = wall_now();
    let playback =
        format!("/v1/cameras/{}/playback?from={}&to={now}", cameras[1], now.plus_micros(-600_000_000));
    let mut playing = client.request(Method::GET, &playback).send().await.expect("an answer");
    assert_eq!(playing.status(), StatusCode::OK);

    let began = Instant::now();
    let less = on(cameras[0], &["camera-video"]);
    change(&system, &olga, json!({ "grants": less })).await;
    let (mut cut, mut quiet) = (false, false);
    while !cut || !quiet {
        let record = live.next(PATIENCE).await;
        if record.header.kind == Kind::Notice {
            match record.header.subscription {
                1 => quiet = record.notice().code == NoticeCode::Forbidden,
                _ => cut = record.notice().code == NoticeCode::NoCamera,
            }
        }
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let mut pictures = 0;
    while pictures < 30 {
        let record = live.next(PATIENCE).await;
        assert_eq!(record.header.subscription, 1, "the other camera is gone");
        pictures += usize::from(record.is_picture());
        assert!(pictures < 5 || !record.is_sound(), "the sound is gone");
    }
    let mut rest = Ok(());
    loop {
        match playing.chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => {
                rest = Err(error);
                break;
            }
        }
    }
    // Few seconds were recorded: they may have been in the socket whole. What is asked anew is refused.
    drop(rest);
    let (status, _) = client.call(Method::GET, &playback, None).await;
    assert_eq!(status, 404);

    let path = format!("/v1/users/{}", olga.id);
    let (status, _) = system.client.call(Method::DELETE, &path, None).await;
    assert_eq!(status, 204);
    let ended = tokio::time::timeout(Duration::from_secs(5), async {
        while live.next_or_end(PATIENCE).await.is_some() {}
    });
    ended.await.expect("the socket ends with its user");
    system.site.stop().await;
}

const MINUTE: i64 = 60_000_000;

#[tokio::test(flavor = "multi_thread")]
async fn recordings_older_than_the_limit_are_found_by_nothing() {
    let system = System::start(vec![CameraOptions::default(); 2]).await;
    let now_camera = system.add(&system.farm.cameras[0], None).await.id;
    let source = Source::Axis { address: system.farm.cameras[1].http_url(), rtsp_port: None, codec: None };
    let silent = NewCamera { record: false, ..new_camera(&system.farm.cameras[1], source) };
    let camera: Camera = system.client.post("/v1/cameras", &silent).await;
    let recorded = || async {
        let now = wall_now();
        let path = format!("/v1/timeline?cameras={now_camera}&from={}&to={now}", now.plus_micros(-MINUTE));
        let timeline: Value = system.client.get(&path).await;
        (timeline["lanes"][0]["spans"][0]["bytes"].as_u64()? > 800_000).then_some(())
    };
    until("some seconds are recorded", PATIENCE, recorded).await;
    let grants = [everywhere(&["camera-video", "export"])].concat();
    let (_, _) = user(&system, "olga", "operator", grants, Some(60)).await;

    // Two minutes of footage around the moment that is an hour ago.
    let began = wall_now().plus_micros(-61 * MINUTE);
    let System { site, farm, data, .. } = system;
    site.stop().await;
    past::write(data.path(), now_camera, camera.id, began, 120);
    let site = e2e::system::start_again(&data, &farm).await;
    let mut administrator = Client::new(&site.url(), &site.tls_certificate_sha256());
    administrator.sign_in(ADMINISTRATOR.0, ADMINISTRATOR.1).await;
    let mut olga = Client::new(&site.url(), &site.tls_certificate_sha256());
    olga.sign_in("olga", PASSWORD).await;

    let ended = began.plus_micros(2 * MINUTE);
    let limit = || wall_now().plus_micros(-60 * MINUTE);
    let base = format!("/v1/cameras/{}", camera.id);
    let whole = format!("from={began}&to={ended}");
    let old = format!("from={began}&to={}", began.plus_micros(MINUTE / 2));

    let first = |timeline: Value| -> WallTime {
        timeline["lanes"][0]["spans"][0]["from"].as_str().expect("a span").parse().expect("a time")
    };
    let timeline = format!("/v1/timeline?cameras={}&{whole}", camera.id);
    assert_eq!(first(administrator.get(&timeline).await), began);
    let earliest = limit();
    assert!(first(olga.get(&timeline).await) >= earliest);
    for path in [
        format!("/v1/timeline?cameras={}&{old}", camera.id),
        format!("/v1/recorded-days?cameras={}&{old}", camera.id),
    ] {
        let (all, none): (Value, Value) = (administrator.get(&path).await, olga.get(&path).await);
        assert_ne!(all, none, "{path}");
        let empty = none["days"].as_array().is_some_and(Vec::is_empty)
            || none["lanes"][0]["spans"].as_array().is_some_and(Vec::is_empty);
        assert!(empty, "{path}: {none}");
    }

    let playback = format!("{base}/playback?{whole}");
    let pictures =
        |bytes| records::split(bytes).into_iter().filter(|one| one.is_picture()).collect::<Vec<_>>();
    let all = pictures(administrator.bytes(&playback).await);
    let earliest = limit().micros();
    let some = pictures(olga.bytes(&playback).await);
    assert!(some.len() > 100 && some.len() < all.len() * 2 / 3, "{} of {}", some.len(), all.len());
    assert!(
        some.iter().all(|record| record.header.wall_us >= earliest),
        "not even before the first shown picture"
    );
    assert!(some[0].is_shown_picture() && some[0].header.flags & KEY != 0);
    assert!(pictures(olga.bytes(&format!("{base}/playback?{old}")).await).is_empty());
    assert!(!pictures(administrator.bytes(&format!("{base}/playback?{old}")).await).is_empty());

    for (what, path, found) in [
        ("an old key frame", format!("{base}/keyframe?at={}", began.plus_micros(MINUTE / 2)), false),
        ("a key frame", format!("{base}/keyframe?at={}", ended.plus_micros(-5_000_000)), true),
        ("an old clip", format!("{base}/clip?{old}"), false),
        ("a clip", format!("{base}/clip?{whole}"), true),
    ] {
        let (status, problem) = olga.call(Method::GET, &path, None).await;
        assert_eq!(status == 200, found, "{what}: {status} {problem}");
        let (status, _) = administrator.call(Method::GET, &path, None).await;
        assert_eq!(status, 200, "{what}");
    }
    let clip = format!("{base}/clip?{whole}");
    let (short, long) = (olga.bytes(&clip).await.len(), administrator.bytes(&clip).await.len());
    assert!(short < long * 2 / 3, "{short} of {long} bytes");
    export_within_the_limit(&olga, camera.id, (began, ended)).await;
    site.stop().await;
}

/// An export has nothing that was older than the limit when it was asked for, not even before its first picture.
async fn export_within_the_limit(olga: &Client, camera: CameraId, (began, ended): (WallTime, WallTime)) {
    let earliest = wall_now().plus_micros(-60 * MINUTE);
    let wish = |to: WallTime| json!({ "cameras": [camera], "from": began, "to": to });
    let old = wish(began.plus_micros(MINUTE / 2));
    assert_eq!(olga.call(Method::POST, "/v1/exports", Some(&old)).await.0, 404, "all of it is too old");
    let made: Export = olga.post("/v1/exports", &wish(ended)).await;
    assert!(made.from >= earliest, "{made:?}");
    let export = until("the export is over", PATIENCE, || async {
        let export: Export = olga.get(&format!("/v1/exports/{}", made.id)).await;
        export.state.is_over().then_some(export)
    })
    .await;
    assert_eq!((export.state, export.files.len()), (ExportState::Done, 2), "{export:#?}");
    let directory = tempfile::tempdir().expect("a directory");
    let mut paths = Vec::new();
    for file in &export.files {
        let path = directory.path().join(&file.name);
        let bytes = olga.bytes(&format!("/v1/exports/{}/files/{}", export.id, file.name)).await;
        std::fs::write(&path, bytes).expect("a file");
        paths.push(std::fs::File::open(path).expect("a file"));
    }
    let mut side = std::io::BufReader::new(paths.pop().expect("evidence"));
    let file = evidence::OnDisk(paths.pop().expect("a video"));
    let report = evidence::verify(&file, &mut side, None, &mut |_| true).expect("files that can be read");
    assert!(report.holds && report.frames > 100, "{report:#?}");
    // A fragment is proved whole: its begin may be half a second older, and shows nothing.
    assert!(report.cameras[0].from >= Some(earliest.plus_micros(-500_000)), "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_asked_for_and_a_code_counts_once() {
    let system = System::start(vec![CameraOptions::default()]).await;
    let (_, client) = user(&system, "otto", "viewer", Vec::new(), None).await;
    let setup: SecondFactorSetup = client.post("/v1/account/second-factor", &json!({})).await;
    assert!(setup.qr_svg.starts_with("<svg") && setup.address.contains(&setup.key));
    // The key as an app reads it: base 32 of RFC 4648.
    let key = base32(&setup.key);
    // Steps are counted from this moment for the whole test: a code means the same however long its requests take.
    let set_up = access::totp::step(wall_now());
    let code = |steps: i64| access::totp::code(&key, set_up + steps);
    let path = "/v1/account/second-factor";
    let (status, _) = client.call(Method::PUT, path, Some(&json!({ "code": "000000" }))).await;
    assert_eq!(status, 400);
    let (status, recovery) = client.call(Method::PUT, path, Some(&json!({ "code": code(0) }))).await;
    assert_eq!(status, 200);
    let sign_in = |code: Option<String>| {
        let client = client.clone();
        async move {
            let body = json!({ "user": "otto", "password": PASSWORD, "code": code });
            let (status, answer) = client.call(Method::POST, "/v1/session", Some(&body)).await;
            (status.as_u16(), answer["code"].as_str().unwrap_or_default().to_owned())
        }
    };
    let refused = (401, "second-factor-required".to_owned());
    assert_eq!(sign_in(None).await, refused);
    assert_eq!(sign_in(Some(code(0))).await, refused, "used when it was set up");
    assert_eq!(sign_in(Some(code(1))).await.0, 200, "the next one");
    assert_eq!(sign_in(Some(code(1))).await, refused, "a second time");
    let one = recovery["codes"][0].as_str().expect("a code").to_owned();
    assert_eq!(sign_in(Some(one.clone())).await.0, 200);
    assert_eq!(sign_in(Some(one)).await, refused, "a recovery code counts once, too");
    let mut last = 0;
    for _ in 0..6 {
        last = sign_in(Some("000000".into())).await.0;
    }
    assert_eq!(last, 429, "guessing codes is slowed down");
    system.site.stop().await;
}

fn base32(text: &str) -> Vec<u8> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let value = if letter.is_ascii_uppercase() { letter - b'A' } else { letter - b'2' + 26 };
        (bits, count) = (bits << 5 | u32::from(value), count + 5);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_for_its_scope_only() {
    let system = System::start(vec![CameraOptions::default()]).await;
    let token: Value =
        system.client.post("/v1/tokens", &json!({ "name": "wall", "scope": ["camera-video"] })).await;
    let value = token["value"].as_str().expect("a value");
    let mut script = system.client.clone();
    script.credential = Some((reqwest::header::AUTHORIZATION, format!("Bearer {value}")));
    for (path, status) in [("/v1/cameras", 200), ("/v1/users", 403), ("/v1/tokens", 403), ("/v1/alarms", 403)]
    {
        assert_eq!(script.call(Method::GET, path, None).await.0, status, "{path}");
    }
    let (status, _) = script.call(Method::POST, "/v1/tokens", Some(&json!({ "name": "more" }))).await;
    assert_eq!(status, 403, "it makes itself no token without a scope");
    let (status, _) =
        system.client.call(Method::POST, "/v1/tokens", Some(&json!({ "name": "x", "scope": [] }))).await;
    assert_eq!(status, 400);
    system.site.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_tells_who_did_what_and_is_found_when_changed() {
    let (system, cameras) = site(1).await;
    let (olga, client) =
        user(&system, "olga", "operator", everywhere(&["camera-video", "export"]), None).await;
    let _ =
        client.call(Method::POST, "/v1/session", Some(&json!({ "user": "olga", "password": "wrong" }))).await;
    let _ = client.call(Method::DELETE, &format!("/v1/cameras/{}", cameras[0]), None).await;
    let now = wall_now();
    let range = format!("from={}&to={now}", now.plus_micros(-MINUTE));
    let _ = client.bytes(&format!("/v1/cameras/{}/playback?{range}", cameras[0])).await;
    let _ = client.bytes(&format!("/v1/cameras/{}/clip?{range}", cameras[0])).await;
    change(&system, &olga, json!({ "role": "viewer" })).await;
    let log = |query: &str| {
        let (client, path) = (system.client.clone(), format!("/v1/audit?{query}"));
        async move {
            let page: AuditPage = client.get(&path).await;
            page.items
        }
    };
    until("the view is written", PATIENCE, || async {
        (!log("kind=view&text=olga").await.is_empty()).then_some(())
    })
    .await;
    for (query, name, action, outcome) in [
        ("kind=view&text=olga", "olga", "recording", "done"),
        ("kind=export", "olga", "clip_get", "done"),
        ("kind=sign-in&outcome=refused", "olga", "session_create", "refused"),
        ("kind=device&outcome=refused", "olga", "camera_delete", "refused"),
        ("kind=rights&text=user_update", "ines", "user_update", "done"),
        ("kind=device&outcome=done", "ines", "camera_create", "done"),
    ] {
        let rows = log(query).await;
        let row = rows.first().unwrap_or_else(|| panic!("{query}: nothing"));
        assert_eq!(
            (row.name.as_str(), row.action.as_str(), row.outcome.as_str()),
            (name, action, outcome),
            "{query}"
        );
        assert_eq!(row.address, "127.0.0.1", "{query}");
    }
    let page: AuditPage = system.client.get("/v1/audit?limit=2").await;
    let next: AuditPage =
        system.client.get(&format!("/v1/audit?limit=2&before={}", page.next.expect("more"))).await;
    assert_eq!(next.items[0].number, page.items[1].number - 1);
    let lines = system.client.bytes("/v1/audit/export").await;
    let lines: Vec<AuditEntry> = lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).expect("a row"))
        .collect();
    assert!(lines.windows(2).all(|pair| pair[0].number == pair[1].number + 1));
    let csv = system.client.bytes("/v1/audit/export?format=csv").await;
    assert!(csv.starts_with(b"number,at,user,name"));
    let text = String::from_utf8_lossy(&csv).into_owned();
    assert!(!text.contains(PASSWORD) && !text.contains("wrong"), "no password is in the log");
    let chain: AuditChain = system.client.get("/v1/audit/chain").await;
    assert!(chain.whole, "{chain:?}");
    system.site.stop().await;
}
