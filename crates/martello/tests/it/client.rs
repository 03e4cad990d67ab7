//! The client commands against a site that answers what the test says.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use crate::{
    Done,
    fake_site::{Answer, FakeSite, Request, certificate, identity, ok},
    martello,
};

const ID: &str = "0123456789abcdef0123456789abcdef";
const CLIP: &[u8] = b"a clip, as far as this test knows";

const PROFILE: &str = r#"{"name":"Küche £","video":{"kind":"axis","codec":"h265","resolution":"640x360","fps":5,
    "compression":30},"used_as":null,"built_in":false,
    "picture":{"video_codec":"hvc1.1.6.L63.B0","audio_codec":null,"width":640,"height":360}}"#;

fn camera() -> String {
    format!(
        r#"{{"id":"{ID}","name":"Gate","model":null,"serial":null,
            "source":{{"kind":"rtsp","main_url":"rtsp://127.0.0.1/main"}},"has_sub":false,"user":"root",
            "transport":"tcp","audio":true,"record":true,"retention_days":null,"state":"wrong-password",
            "detail":null,"last_frame":null,"next_try":null,"streams":[],"added":"2026-11-21T12:00:00Z","privileges":[],
            "recording":{{"method":"continuous","reasons":[]}},
            "profiles":[{{"name":"main","video":{{"kind":"rtsp","url":"rtsp://127.0.0.1/main"}},"used_as":"main",
            "built_in":true,"picture":null}},{PROFILE}]}}"#
    )
}

/// `Küche £` in an address.
const KITCHEN: &str = "K%C3%BCche%20%C2%A3";

/// A site with one camera.
fn failed_export() -> String {
    format!(
        r#"{{"id":"{ID}","user":"{ID}","by":"anna","made":"2026-11-21T12:00:00Z","cameras":[{{"id":"{ID}","name":"Gate",
            "stream":"main","audio":true}}],"from":"2026-11-21T12:00:00Z","to":"2026-11-21T12:01:00Z","format":"mp4",
            "gaps":"keep","state":"failed","done_bytes":0,"total_bytes":0,"left_s":null,"ended":"2026-11-21T13:00:00Z",
            "expires":"2026-11-28T13:00:00Z","problem":{{"title":"Recordings were deleted meanwhile",
            "detail":"Lock what must be kept."}},"files":[]}}"#
    )
}

fn volume() -> String {
    format!(
        r#"{{"id":"{ID}","path":"/srv/video","kind":"main","used_bytes":4000000000,"limit_bytes":null,"free_bytes":100,
            "total_bytes":8000000000,"oldest":"2026-11-01T00:00:00Z","state":"ok","reason":null,"since":null,
            "made_by":null,"streams":3,"at_risk_s":0.5,"bytes_per_day":1000,"full_in_days":2.5,"holds_days":12.25}}"#
    )
}

const LOCK: &str = r#"{"id":"0192c0ffee00112233445566778899aa","cameras":["0192c0ffee00112233445566778899aa"],
    "from":"2026-11-21T12:00:00Z","to":"2026-11-21T13:00:00Z","name":"Break-in","reason":"for the police"}"#;

pub fn answer(request: &Request) -> Answer {
    let path = request.line.split('?').next().unwrap();
    match path {
        "GET /v1/cameras" => ok(format!(r#"{{"items":[{}]}}"#, camera())),
        "POST /v1/cameras" => ok(camera()),
        _ if path == format!("POST /v1/cameras/{ID}/profiles") => ok(PROFILE),
        _ if path == format!("PATCH /v1/cameras/{ID}/profiles/{KITCHEN}") => ok(PROFILE),
        "GET /v1/timeline" => ok(format!(
            r#"{{"from":"2026-11-21T12:00:00Z","to":"2026-11-21T13:00:00Z","now":"2026-11-21T13:00:00Z",
                "lanes":[{{"camera":"{ID}","events":[],"spans":[{{"from":"2026-11-21T12:00:00Z",
                "to":"2026-11-21T12:00:10.5Z","bytes":4000000,"open":false}}]}}]}}"#
        )),
        "POST /v1/discovery" => ok(r#"{"running":true,"started":null,"found":[]}"#),
        "GET /v1/discovery" => ok(
            r#"{"running":false,"started":null,"found":[{"key":"a","name":"P3265","model":null,"brand":null,
                "serial":null,"address":"127.1.2.3","http_url":"http://127.1.2.3","rtsp_port":null,"vapix":true,
                "firmware":null,"needs_setup":false,"seen_by":["mdns"],"added_as":null}]}"#,
        ),
        "POST /v1/session" if request.body.contains("hunter2 £🗝") => {
            (200, "set-cookie: __Host-martello-1=secret; Path=/; Secure\r\n", session().into_bytes())
        }
        "POST /v1/setup" => (200, "set-cookie: __Host-martello-1=secret; Path=/\r\n", session().into_bytes()),
        "GET /v1/setup" => ok(
            r#"{"needed":true,"site_name":"","certificate_id":"","tls_certificate_sha256":"","release":""}"#,
        ),
        "GET /v1/session" => ok(session()),
        "POST /v1/tokens" => ok(format!(
            r#"{{"id":"{ID}","name":"","created":"2026-11-21T12:00:00Z","expires":"2026-11-21T12:00:00Z",
                "value":"martello_value"}}"#
        )),
        "GET /v1/exports" => ok(format!(r#"{{"items":[{}]}}"#, failed_export())),
        "POST /v1/exports" => ok(failed_export()),
        _ if path == format!("GET /v1/exports/{ID}") => ok(failed_export()),
        "GET /v1/volumes" => ok(format!(r#"{{"items":[{}]}}"#, volume())),
        _ if path.starts_with("POST /v1/volumes") || path.starts_with("PATCH /v1/volumes") => ok(volume()),
        "GET /v1/locks" => ok(format!(r#"{{"items":[{LOCK}]}}"#)),
        "POST /v1/locks" => ok(LOCK),
        _ if path.ends_with("/clip") => (200, "content-type: video/mp4\r\n", CLIP.to_vec()),
        _ if path.starts_with("DELETE") => (204, "", Vec::new()),
        _ => (
            401,
            "content-type: application/problem+json\r\n",
            br#"{"type":"about:blank","status":401,"code":"wrong-password","title":"Name or password is wrong",
                "detail":"Try\nagain."}"#
                .to_vec(),
        ),
    }
}

fn session() -> String {
    format!(
        r#"{{"session":"{ID}","user_id":"{ID}","user":"anna","role":"administrator","privileges":[],
            "machine":false,"second_factor":false,"expires":"2026-11-21T12:00:00Z"}}"#
    )
}

struct Lab {
    site: FakeSite,
    home: tempfile::TempDir,
}

impl Lab {
    async fn new() -> Self {
        Self {
            site: FakeSite::start(&[certificate(&identity(1))], answer).await,
            home: tempfile::tempdir().unwrap(),
        }
    }

    fn id() -> String {
        identity(1).certificate_id().to_string()
    }

    /// With site and token as flags.
    async fn run(&self, arguments: &[&str], stdin: &str) -> Done {
        let (url, id) = (self.site.url(), Self::id());
        let flags = ["--url", &url, "--token", "t", "--certificate-id", &id];
        martello(self.home.path(), &[arguments, &flags].concat(), stdin).await
    }

    fn profile(&self) -> std::path::PathBuf {
        self.home.path().join(".config/martello/servers.toml")
    }
}

fn assert_done(done: &Done) {
    assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_is_added_with_its_password_from_stdin() {
    let lab = Lab::new().await;
    let add = ["camera", "add", "Gate", "rtsp://127.0.0.1/main", "--user", "root", "--password-stdin"];
    let done = lab.run(&add, "p£ss 🗝\n").await;
    assert_done(&done);
    assert_eq!(done.text(), format!("Gate was added as {ID}.\n"));
    let body: serde_json::Value = serde_json::from_str(&lab.site.request("POST /v1/cameras").body).unwrap();
    assert_eq!(body["password"], "p£ss 🗝");
    assert_eq!(body["source"], serde_json::json!({"kind": "rtsp", "main_url": "rtsp://127.0.0.1/main"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn stream_profiles_are_listed_added_used_and_removed() {
    let lab = Lab::new().await;
    let profile = |arguments: &[&'static str]| [&["camera", "profile"], arguments].concat();
    let done = lab.run(&profile(&["list", "Gate"]), "").await;
    assert_done(&done);
    let line = "Küche £  none  hvc1.1.6.L63.B0 640x360  h265, 640x360, 5 fps, compression 30";
    assert!(done.text().contains(line), "{}", done.text());
    let done = lab.run(&profile(&["list", "Gate", "--json"]), "").await;
    let listed: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((listed[0]["used_as"].as_str(), listed[1]["video"]["fps"].as_u64()), (Some("main"), Some(5)));

    let add = [
        "add",
        "Gate",
        "Küche £",
        "--codec",
        "h265",
        "--resolution",
        "640x360",
        "--fps",
        "5",
        "--compression",
    ];
    let done = lab.run(&profile(&[&add[..], &["30", "--use", "sub"]].concat()), "").await;
    assert_done(&done);
    assert_eq!(done.text(), "Küche £ was added to Gate.\n");
    let body = lab.site.request(&format!("POST /v1/cameras/{ID}/profiles")).body;
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    let video = serde_json::json!({"kind": "axis", "codec": "h265", "resolution": "640x360", "fps": 5, "compression": 30});
    assert_eq!((&body["video"], &body["use_as"]), (&video, &serde_json::json!("sub")));
    let done =
        lab.run(&profile(&["add", "Gate", "x", "--address", "rtsp://127.0.0.1/2", "--fps", "5"]), "").await;
    assert_eq!(done.code, 2, "an address has no parameters");

    let done = lab.run(&profile(&["use", "Gate", "Küche £", "main", "--json"]), "").await;
    assert_done(&done);
    let body = lab.site.request(&format!("PATCH /v1/cameras/{ID}/profiles/{KITCHEN}")).body;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&body).unwrap()["use_as"], "main");
    assert_done(&lab.run(&profile(&["remove", "Gate", "Küche £"]), "").await);
    lab.site.request(&format!("DELETE /v1/cameras/{ID}/profiles/{KITCHEN}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn cameras_are_listed_for_people_and_for_scripts_and_removed_by_name() {
    let lab = Lab::new().await;
    let done = lab.run(&["camera", "list"], "").await;
    assert_done(&done);
    assert!(
        done.text().contains(&format!("Gate  wrong-password  {ID}  rtsp://127.0.0.1/main")),
        "{}",
        done.text()
    );
    let done = lab.run(&["camera", "list", "--json"], "").await;
    let listed: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(listed[0]["name"], "Gate");
    assert_done(&lab.run(&["camera", "remove", "Gate"], "").await);
    lab.site.request(&format!("DELETE /v1/cameras/{ID}"));
    let done = lab.run(&["camera", "remove", "Yard"], "").await;
    assert_eq!((done.code, done.stderr.as_str()), (1, "martello: there is no camera \"Yard\"\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_are_listed_and_devices_found() {
    let lab = Lab::new().await;
    let range = ["--from", "2026-11-21T13:00:00+01:00", "--to", "2026-11-21T13:00:00Z"];
    let done = lab.run(&[["recording", "list", "--camera", "Gate"].as_slice(), &range].concat(), "").await;
    assert_done(&done);
    assert!(
        done.text().contains("2026-11-21T12:00:00Z  2026-11-21T12:00:10.5Z  10.5     4.0"),
        "{}",
        done.text()
    );
    let asked = lab.site.seen().into_iter().find(|request| request.line.contains("timeline")).unwrap();
    assert!(asked.line.contains("from=2026-11-21T12%3A00%3A00Z"), "{}", asked.line);

    let done = lab.run(&["device", "discover", "--json"], "").await;
    let found: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(found[0]["address"], "127.1.2.3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_goes_to_stdout_whole_or_not_at_all() {
    let lab = Lab::new().await;
    let done = lab.run(&["export", ID, "--no-sound", "-o", "-"], "").await;
    assert_eq!(done.stdout, CLIP);
    let asked = lab.site.seen().into_iter().find(|request| request.line.contains("/clip")).unwrap();
    assert!(asked.line.contains("audio=false"), "{}", asked.line);

    let broken = FakeSite::start(&[certificate(&identity(1))], |request| match answer(request) {
        (200, _, _) if request.line.contains("/clip") => (200, "content-length: 1000\r\n", CLIP.to_vec()),
        other => other,
    })
    .await;
    let lab = Lab { site: broken, ..lab };
    let done = lab.run(&["export", ID, "-o", "-"], "").await;
    assert_eq!(done.code, 1, "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_fails_says_why_and_leaves_nothing() {
    let lab = Lab::new().await;
    let file = lab.home.path().join("gate.mp4");
    let export = ["export", ID, "-o", file.to_str().unwrap()];
    let done = lab.run(&export, "").await;
    assert!(
        done.code == 1 && done.stderr.contains("Recordings were deleted meanwhile. Lock what must be kept."),
        "{done:?}"
    );
    assert!(!file.exists());
    lab.site.request(&format!("DELETE /v1/exports/{ID}"));
    let list = lab.run(&["export", "list", "--json"], "").await;
    assert_done(&list);
    assert!(String::from_utf8_lossy(&list.stdout).contains("\"state\": \"failed\""), "{list:?}");

    fs::write(&file, "mine").unwrap();
    let done = lab.run(&export, "").await;
    assert!(
        done.code == 1 && done.stderr.contains("--force"),
        "a file that is there is not replaced: {done:?}"
    );
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    assert_eq!(lab.run(&["export"], "").await.code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn login_stores_a_token_that_goes_to_that_site_only() {
    let lab = Lab::new().await;
    let (url, id) = (lab.site.url(), Lab::id());
    let login = ["login", "--url", &url, "--certificate-id", &id, "--user", "anna", "--password-stdin"];
    assert_done(&martello(lab.home.path(), &login, "hunter2 £🗝\n").await);
    assert_eq!(fs::metadata(lab.profile()).unwrap().permissions().mode() & 0o777, 0o600);
    let token = lab.site.request("POST /v1/tokens");
    assert_eq!(token.header("cookie"), Some("__Host-martello-1=secret"));
    assert_eq!(token.header("origin"), Some(url.as_str()));
    lab.site.request("DELETE /v1/session");

    let done = martello(lab.home.path(), &["camera", "list"], "").await;
    assert_done(&done);
    assert_eq!(lab.site.request("GET /v1/cameras").header("authorization"), Some("Bearer martello_value"));

    let other = FakeSite::start(&[certificate(&identity(1))], answer).await;
    let done = martello(lab.home.path(), &["camera", "list", "--url", &other.url()], "").await;
    assert_eq!(done.code, 2, "{done:?}");
    assert!(other.seen().is_empty());

    fs::set_permissions(lab.profile(), PermissionsExt::from_mode(0o644)).unwrap();
    let done = martello(lab.home.path(), &["camera", "list"], "").await;
    assert!(done.code == 1 && done.stderr.contains("chmod 600"), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn setup_makes_the_administrator_and_signs_in() {
    let lab = Lab::new().await;
    let (url, id) = (lab.site.url(), Lab::id());
    let setup = [
        "setup",
        "--url",
        &url,
        "--certificate-id",
        &id,
        "--code",
        "7QK2M",
        "--user",
        "anna",
        "--password-stdin",
    ];
    let done = martello(lab.home.path(), &setup, "long password\n").await;
    assert_done(&done);
    assert!(done.text().contains("martello backup"), "a backup is asked for: {done:?}");
    let body: serde_json::Value = serde_json::from_str(&lab.site.request("POST /v1/setup").body).unwrap();
    assert_eq!((&body["code"], &body["password"]), (&"7QK2M".into(), &"long password".into()));
    assert!(lab.profile().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_one_line_in_the_site_s_words() {
    let lab = Lab::new().await;
    let (url, id) = (lab.site.url(), Lab::id());
    let login = ["login", "--url", &url, "--certificate-id", &id, "--user", "anna", "--password-stdin"];
    let done = martello(lab.home.path(), &login, "wrong\n").await;
    let expected = "martello: Name or password is wrong. Try\u{fffd}again.\n";
    assert_eq!((done.code, done.stderr.as_str()), (1, expected));
    assert!(!lab.profile().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_usage_is_told_apart_and_sends_nothing() {
    let lab = Lab::new().await;
    let cases: [&[&str]; 8] = [
        &["camera", "add", "Gate", "rtsp://root:pass@127.0.0.1/main"],
        &["camera", "add", "Gate", "file:///etc/passwd"],
        &["camera", "add", "Gate", "http://127.0.0.1", "--sub", "rtsp://127.0.0.1/sub"],
        &["camera", "add", "Gate", "rtsp://127.0.0.1/", "--codec", "h265"],
        &["camera", "add", "Gate", "rtsp://127.0.0.1/", "--password-stdin"],
        &["camera", "add", "Gate", "rtsp://127.0.0.1/", "--user", "root"],
        &[
            "recording",
            "list",
            "--camera",
            "Gate",
            "--from",
            "2026-11-21T12:00:00Z",
            "--to",
            "2026-11-21T11:00:00Z",
        ],
        &["recording", "list", "--camera", "Gate", "--from", "yesterday"],
    ];
    for arguments in cases {
        let done = lab.run(arguments, "").await;
        assert_eq!(done.code, 2, "{arguments:?}: {done:?}");
    }
    for arguments in [
        ["camera", "list", "--url", "http://127.0.0.1:1", "--token", "t"].as_slice(),
        &["camera", "list", "--url", "https://anna:x@127.0.0.1:1", "--token", "t"],
        &["camera", "list", "--url", "https://127.0.0.1:1", "--token", "t", "--certificate-id", "nonsense"],
        &["camera", "list", "--token", "t"],
    ] {
        let done = martello(lab.home.path(), arguments, "").await;
        assert_eq!(done.code, 2, "{arguments:?}: {done:?}");
    }
    assert!(lab.site.seen().is_empty());
    assert!(!Path::exists(&lab.profile()));
}

#[tokio::test(flavor = "multi_thread")]
async fn volumes_are_listed_added_changed_adopted_and_removed() {
    let lab = Lab::new().await;
    let list = lab.run(&["volume", "list"], "").await;
    assert_done(&list);
    let text = String::from_utf8_lossy(&list.stdout).into_owned();
    assert!(text.contains("/srv/video") && text.contains("12.2"), "{text}");
    let list = lab.run(&["volume", "list", "--json"], "").await;
    let items: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(items[0]["path"], "/srv/video");

    assert_done(&lab.run(&["volume", "add", "/srv/more", "--fallback", "--limit", "500 GB"], "").await);
    let body: serde_json::Value = serde_json::from_str(&lab.site.request("POST /v1/volumes").body).unwrap();
    assert_eq!((&body["kind"], &body["limit_bytes"]), (&"fallback".into(), &500_000_000_000_u64.into()));
    assert_done(&lab.run(&["volume", "change", "/srv/video", "--no-limit"], "").await);
    let body = lab.site.request(&format!("PATCH /v1/volumes/{ID}")).body;
    assert_eq!(body, r#"{"limit_bytes":0,"kind":null}"#);
    assert_eq!(lab.run(&["volume", "change", "/srv/video"], "").await.code, 2, "nothing to change");
    assert_eq!(lab.run(&["volume", "add", "/srv/x", "--limit", "5 apples"], "").await.code, 2);

    let refused = lab.run(&["volume", "remove", "/srv/video"], "").await;
    assert!(refused.code == 2 && refused.stderr.contains("--yes"), "{refused:?}");
    assert_done(&lab.run(&["volume", "remove", "/srv/video", "--yes"], "").await);
    lab.site.request(&format!("DELETE /v1/volumes/{ID}?confirm=true"));
    assert_done(&lab.run(&["volume", "adopt", ID, "--yes"], "").await);
    assert!(lab.site.request(&format!("POST /v1/volumes/{ID}/adopt")).body.contains("true"));
    let unknown = lab.run(&["volume", "remove", "/srv/other", "--yes"], "").await;
    assert!(
        unknown.code == 1 && unknown.stderr.contains("/srv/video"),
        "it tells which there are: {unknown:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn recordings_are_locked_and_unlocked() {
    let lab = Lab::new().await;
    let range = ["--from", "2026-11-21T12:00:00Z", "--to", "2026-11-21T13:00:00Z"];
    let add = ["lock", "add", "Break-in", "--camera", ID, "--reason", "for the police"];
    assert_done(&lab.run(&[&add[..], &range].concat(), "").await);
    let body: serde_json::Value = serde_json::from_str(&lab.site.request("POST /v1/locks").body).unwrap();
    assert_eq!((&body["name"], &body["cameras"][0]), (&"Break-in".into(), &ID.into()));
    let list = lab.run(&["lock", "list"], "").await;
    assert!(String::from_utf8_lossy(&list.stdout).contains("Break-in"), "{list:?}");
    let list = lab.run(&["lock", "list", "--json"], "").await;
    let items: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(items[0]["reason"], "for the police");
    assert_eq!(lab.run(&["lock", "remove", ID], "").await.code, 2, "it asks to be confirmed");
    assert_done(&lab.run(&["lock", "remove", ID, "--yes"], "").await);
    lab.site.request(&format!("DELETE /v1/locks/{ID}?confirm=true"));
    assert_eq!(
        lab.run(&["lock", "add", "x", "--from", "2026-11-21T12:00:00Z"], "").await.code,
        2,
        "which camera?"
    );
}
