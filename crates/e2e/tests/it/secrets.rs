//! No secret leaves the site: each is one that stands nowhere else, and is looked for in the log at its most talkative, in
//! what the API answers, in what it refuses, and in every file that the site keeps.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use api::people::SecondFactorSetup;
use base64::{Engine, engine::general_purpose::STANDARD};
use e2e::{
    Client, Program,
    probe::{has, skip},
    program::martello,
    slapd::{self, BASE, SEARCHER, Slapd},
    system::ADMINISTRATOR,
};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use sim::Farm;
use tempfile::TempDir;

const TEST: &str = "no_secret_is_in_the_log_in_an_answer_or_in_a_file";

/// What must be found nowhere, by what it is.
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn add(&mut self, what: &'static str, value: &str) {
        assert!(value.len() >= 12, "{what}: too short to be told from chance");
        self.0.push((what, value.to_owned()));
    }

    /// Looks for each as it is, in base 64, in hex, and as it stands in an address.
    fn are_not_in(&self, place: &str, bytes: &[u8]) {
        // What is no text cannot be part of a secret's form, and a text is searched quickly.
        let text = String::from_utf8_lossy(bytes);
        for (what, value) in &self.0 {
            let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
            let in_base_64 = STANDARD.encode(value);
            // The last characters depend on what follows.
            let in_base_64 = &in_base_64[..in_base_64.len() / 4 * 4 - 4];
            let in_address = value.replace(' ', "%20");
            for form in [value.as_str(), &hex, in_base_64, &in_address] {
                let found = text.find(form).map(|at| text[..at].chars().rev().take(120).collect::<String>());
                if let Some(before) = found {
                    let before: String = before.chars().rev().collect();
                    panic!("{what} is in {place}, behind …{before}");
                }
            }
        }
    }
}

/// Every file below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all
}

/// A certificate for the site; the middle of its key.
fn certificate(dir: &Path) -> (Value, String) {
    let made = Command::new("openssl")
        .args(
            "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out site.pem -days 30 -subj /CN=gate"
                .split(' '),
        )
        .args(["-addext", "subjectAltName=DNS:gate.example"])
        .current_dir(dir)
        .output()
        .expect("openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let text = |name: &str| fs::read_to_string(dir.join(name)).expect("PEM");
    let key = text("key.pem");
    let line = key.lines().nth(10).expect("a line of the key").to_owned();
    (json!({ "chain_pem": text("site.pem"), "key_pem": key }), line)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_the_log_in_an_answer_or_in_a_file() {
    let Some(program) = martello() else {
        return skip(TEST, "the program is not built");
    };
    if !has("openssl") {
        return skip(TEST, "openssl is not installed");
    }
    let place = TempDir::new().expect("a directory");
    let mut secrets = Secrets(Vec::new());
    secrets.add("the administrator's password", ADMINISTRATOR.1);
    for (what, value) in [
        ("a camera's password", "camera-8Qm2-heron"),
        ("a wrong camera password", "camera-5Tz9-wrong"),
        ("a user's password", "user-3Kx7-kittiwake"),
        ("a refused password", "user-1Vb4-refused"),
        ("the mail server's password", "smtp-9Lw5-gannet"),
        ("the webhook's secret", "hook-6Rj1-fulmar"),
        ("a provider's client secret", "openid-2Gd8-razorbill"),
        ("a password in an address", "inside-4Yc8-puffin"),
        ("the password of a directory's account", "bind-7Qe3-razorbill"),
        ("a password for a directory", "ldap-2Sd9-guillemot"),
        ("a refused token", "martello_0000000000000000aaaa"),
    ] {
        secrets.add(what, value);
    }
    let value = |what: &str| secrets.0.iter().find(|one| one.0 == what).expect("a secret").1.clone();
    let farm =
        Farm::start(sim::Options { password: value("a camera's password"), ..sim::Options::default() }).await;
    let farm = farm.expect("a camera");

    let mut command = Command::new(&program);
    command
        .args(["site", "--listen", "127.0.0.1", "--https-port", "0", "--https-only", "--data"])
        .arg(place.path().join("site"))
        .env("MARTELLO_LOG", "trace");
    let mut site = Program::run(command, place.path()).await;
    let code = site.setup_url.clone().expect("a link").split_once("code=").expect("a code").1.to_owned();
    site.set_up().await;
    site.record(&farm).await;
    let cookie = site.client.credential.clone().expect("a cookie").1;
    let client = site.client.clone();
    let put = async |path: &str, body: Value| {
        let (status, answer) = client.call(Method::PUT, path, Some(&body)).await;
        assert_eq!(status, StatusCode::OK, "{path}: {answer}");
    };
    put(
        "/v1/settings/notifications",
        json!({
            "mail": { "host": "127.0.0.1", "port": 9, "security": "none", "user": "watch", "from": "a@example.org",
                "to": ["b@example.org"], "password": value("the mail server's password") },
            "webhook": { "url": "http://127.0.0.1:9/", "secret": value("the webhook's secret") },
        }),
    )
    .await;
    // A directory that gets the password, and refuses it; without slapd one that cannot be reached.
    let slapd = if slapd::missing().is_none() { Some(Slapd::start("").await) } else { None };
    let (port, authority) = slapd.as_ref().map_or((9, None), |one| (one.tls_port, Some(&one.authority.pem)));
    let directory = json!({
        "name": "Office", "kind": "ldap", "base": BASE, "account": SEARCHER.0,
        "password": value("the password of a directory's account"), "servers": [{ "host": "localhost", "port": port }],
        "authority": authority, "certificate_sha256": authority.is_none().then(|| "0f".repeat(32)),
    });
    let _: Value = client.post("/v1/directories", &directory).await;
    let provider = json!({
        "name": "Company", "issuer": "https://127.0.0.1:9", "client_id": "martello", "site_address": client.base,
        "client_secret": value("a provider's client secret"),
    });
    let _: Value = client.post("/v1/providers", &provider).await;
    let user = json!({ "name": "vera", "role": "viewer", "password": value("a user's password") });
    let _: Value = client.post("/v1/users", &user).await;
    let mut vera = Client::new(&client.base, &client.fingerprint);
    vera.sign_in("vera", &value("a user's password")).await;
    let factor: SecondFactorSetup = vera.post("/v1/account/second-factor", &json!({})).await;
    let token: Value = client.post("/v1/tokens", &json!({ "name": "script" })).await;
    let token = token["value"].as_str().expect("a token").to_owned();
    let mut script = client.clone();
    script.credential = Some((header::AUTHORIZATION, format!("Bearer {token}")));
    let (certificate, line) = certificate(place.path());
    put("/v1/certificate", certificate).await;
    let cookie = cookie.split_once('=').expect("a value").1.to_owned();
    let of_vera = vera.credential.clone().expect("a cookie").1.split_once('=').expect("a value").1.to_owned();

    // What is refused says nothing of what was sent.
    let http = farm.cameras[0].http_url();
    let axis = |password: &str| json!({ "source": { "kind": "axis", "address": http }, "user": "root", "password": password });
    let inside = format!("rtsp://root:{}@127.0.0.1:9/x", value("a password in an address"));
    let refused = [
        (Method::POST, "/v1/cameras", axis(&value("a wrong camera password"))),
        (Method::POST, "/v1/cameras", json!({ "source": { "kind": "rtsp", "main_url": inside } })),
        (Method::POST, "/v1/cameras/probe", axis(&value("a wrong camera password"))),
        (Method::POST, "/v1/session", json!({ "user": "vera", "password": value("a refused password") })),
        (
            Method::POST,
            "/v1/users",
            json!({ "name": "vera", "role": "viewer", "password": value("a user's password") }),
        ),
        (
            Method::POST,
            "/v1/users",
            json!({ "name": "v", "role": "none", "password": value("a user's password") }),
        ),
        (
            Method::PUT,
            "/v1/account/password",
            json!({ "old": value("a refused password"), "new": value("a refused password") }),
        ),
        (Method::POST, "/v1/directories/test", directory.clone()),
        (Method::POST, "/v1/directories", directory),
        (
            Method::POST,
            "/v1/session",
            json!({ "user": "anna@example.org", "password": value("a password for a directory") }),
        ),
        (Method::POST, "/v1/settings/notifications/test", json!({})),
        (Method::POST, "/v1/providers", provider.clone()),
        (Method::POST, "/v1/providers/test", provider),
        (
            Method::POST,
            "/v1/setup",
            json!({ "code": code, "user": "x", "password": value("a refused password") }),
        ),
        (Method::PUT, "/v1/certificate", json!({ "chain_pem": "none", "key_pem": line })),
    ];
    let mut answers = Vec::new();
    for (method, path, body) in refused {
        let (status, answer) = client.call(method.clone(), path, Some(&body)).await;
        assert!(!status.is_success(), "{method} {path}: {answer}");
        answers.push((format!("what {method} {path} answers"), answer.to_string()));
    }
    let mut stranger = client.clone();
    stranger.credential = Some((header::AUTHORIZATION, format!("Bearer {}", value("a refused token"))));
    answers.push((
        "what a stranger is told".into(),
        stranger.call(Method::GET, "/v1/site", None).await.1.to_string(),
    ));
    secrets.add("the setup code", &code);
    secrets.add("a second factor", &factor.key.replace(' ', ""));
    secrets.add("a token", &token);
    secrets.add("a session's cookie", &cookie);
    secrets.add("another session's cookie", &of_vera);
    secrets.add("the key of the TLS certificate", &line);

    // Whatever can be read, by everybody who may read anything.
    let document: Value = client.get("/api/openapi.json").await;
    let cameras: Value = client.get("/v1/cameras").await;
    let directories: Value = client.get("/v1/directories").await;
    let users: Value = client.get("/v1/users").await;
    let id = |list: &Value| list["items"][0]["id"].as_str().expect("an ID").to_owned();
    for (path, item) in document["paths"].as_object().expect("paths") {
        // Answers that do not end are those of sockets.
        if item.get("get").is_none() || ["/v1/live", "/v1/events"].contains(&path.as_str()) {
            continue;
        }
        let path = path.replace("{camera}", &id(&cameras)).replace("{user}", &id(&users));
        let path = path.replace("{directory}", &id(&directories));
        for who in [&client, &script, &vera] {
            let answer = who.request(Method::GET, &path).send().await.expect("an answer");
            let head = format!("{:?}", answer.headers());
            let body = answer.bytes().await.expect("a body");
            secrets.are_not_in(&format!("the head of GET {path}"), head.as_bytes());
            secrets.are_not_in(&format!("GET {path}"), &body);
        }
    }
    for (place, answer) in &answers {
        secrets.are_not_in(place, answer.as_bytes());
    }
    let look = |when: &str| {
        secrets.are_not_in(
            &format!("the log ({when})"),
            &fs::read(place.path().join("log.txt")).expect("a log"),
        );
        for file in files(&place.path().join("site")) {
            secrets.are_not_in(&format!("{} ({when})", file.display()), &fs::read(&file).unwrap_or_default());
        }
    };
    look("while it runs");
    let backup = place.path().join("backup");
    let taken = Command::new(&program)
        .arg("backup")
        .arg("--data")
        .arg(place.path().join("site"))
        .arg("--output")
        .arg(&backup)
        .arg("--passphrase-file")
        .arg(place.path().join("key.pem"))
        .output()
        .expect("the program");
    assert!(taken.status.success(), "{}", String::from_utf8_lossy(&taken.stderr));
    secrets.are_not_in("the backup", &fs::read(&backup).expect("a backup"));
    secrets.are_not_in("what the backup says", &[taken.stdout, taken.stderr].concat());
    let log = fs::metadata(place.path().join("log.txt")).expect("a log").len();
    assert!(log > 10_000, "the log is talkative: {log} bytes");
    assert!(site.end("-TERM").await.success());
    look("after it has ended");
}
