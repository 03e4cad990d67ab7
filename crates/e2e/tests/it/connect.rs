//! A site without an open port, used from a command line through a cloud: `martello sites`, `martello connect`, and curl
//! at the address that it serves.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use api::{live::Ask, remote::RemoteStatus};
use e2e::{
    Client, System,
    cloud::{CloudSystem, ask, sites},
    live::Live,
    probe::{has, skip},
    program::martello,
    system::ADMINISTRATOR,
    wait::until,
};
use model::{OrganizationId, StreamKind, clock::wall_now};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

const TEST: &str = "a_site_is_used_through_a_cloud_by_martello_connect";
const PATIENCE: Duration = Duration::from_secs(60);

/// A command line of somebody: its own directory for configuration, and the cloud.
struct Terminal<'s> {
    program: PathBuf,
    place: &'s Path,
    cloud: &'s CloudSystem,
}

/// A command that runs.
struct Running {
    child: Child,
    place: PathBuf,
}

impl Terminal<'_> {
    /// Runs `martello …`; what it says goes to files of this name.
    fn run(&self, name: &str, arguments: &[&str]) -> Running {
        let place = self.place.join(name);
        fs::create_dir_all(&place).unwrap();
        let child = Command::new(&self.program)
            .args(arguments)
            .env("XDG_CONFIG_HOME", self.place)
            .env("MARTELLO_CLOUD", &self.cloud.nobody.base)
            .env("MARTELLO_CLOUD_ID", self.cloud.cloud.certificate_id())
            .stdin(Stdio::null())
            .stdout(fs::File::create(place.join("out")).unwrap())
            .stderr(fs::File::create(place.join("err")).unwrap())
            .spawn()
            .unwrap();
        Running { child, place }
    }
}

impl Running {
    fn out(&self) -> String {
        fs::read_to_string(self.place.join("out")).unwrap()
    }

    fn err(&self) -> String {
        fs::read_to_string(self.place.join("err")).unwrap()
    }

    async fn ended(&mut self) -> ExitStatus {
        let child = std::cell::RefCell::new(&mut self.child);
        until("it ends", PATIENCE, || async { child.borrow_mut().try_wait().unwrap() }).await
    }

    /// What it says when it serves.
    async fn ready(&mut self, file: &Path) -> Value {
        until("the site is served here", PATIENCE, || async {
            serde_json::from_slice::<Value>(&fs::read(file).ok()?).ok()
        })
        .await["connect"]
            .clone()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What curl gets: status and body.
fn curl(place: &Path, arguments: &[&str]) -> (u16, Vec<u8>) {
    let body = place.join("body");
    let ran = Command::new("curl")
        .args(["-sS", "--max-time", "60", "-w", "%{http_code}", "-o"])
        .arg(&body)
        .args(["-b", "jar", "-c", "jar"])
        .args(arguments)
        .current_dir(place)
        .output()
        .unwrap();
    let status = String::from_utf8_lossy(&ran.stdout).parse();
    let read = fs::read(&body).unwrap_or_default();
    let _ = fs::remove_file(&body);
    (status.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&ran.stderr))), read)
}

async fn people(site: &Client) -> Vec<api::remote::RemotePerson> {
    site.get::<RemoteStatus>("/v1/remote").await.people
}

/// Remote access, granted.
async fn enable(site: &Client, cloud: &CloudSystem, by: &Client, organization: OrganizationId) {
    let asked = ask(site, cloud).await;
    assert_eq!(CloudSystem::grant(by, &asked.user_code.unwrap(), organization).await, StatusCode::NO_CONTENT);
    until("the site is online", PATIENCE, || async { sites(by).await.into_iter().find(|site| site.online) })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_used_through_a_cloud_by_martello_connect() {
    let Some(program) = martello() else { return skip(TEST, "the program is not built") };
    if !has("curl") {
        return skip(TEST, "curl is not installed");
    }
    let (data, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let place = place.path();
    let cloud = CloudSystem::start(data.path()).await;
    let (anna, organization) = cloud.set_up().await;
    let system = System::start(vec![sim::CameraOptions::default()]).await;
    let camera = system.add(&system.farm.cameras[0], None).await.id;
    enable(&system.client, &cloud, &anna, organization).await;
    let name = sites(&anna).await[0].name.clone();
    let id = system.site.certificate_id();
    let terminal = Terminal { program, place, cloud: &cloud };

    // The command line signs in at the cloud: a person grants it at another screen.
    let mut listing = terminal.run("sites", &["sites", "--json"]);
    let code = until("a code is shown", PATIENCE, || async {
        let said = listing.err();
        Some(said.split_once("this code: ")?.1.lines().next()?.to_owned())
    })
    .await;
    let grant = json!({"code": code, "grant": true});
    let (status, _) = anna.call(Method::POST, "/v1/grants/decide", Some(&grant)).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert!(listing.ended().await.success(), "{}", listing.err());
    let listed: Value = serde_json::from_str(&listing.out()).unwrap();
    assert_eq!((&listed[0]["name"], &listed[0]["online"]), (&json!(name), &json!(true)));

    // What the cloud says alone is not believed, and another site is not the one that is meant.
    let mut unasked = terminal.run("unasked", &["connect", &name]);
    assert_eq!(unasked.ended().await.code(), Some(1));
    assert!(unasked.err().contains("compare the certificate ID"), "{}", unasked.err());
    let mut wrong = terminal.run("wrong", &["connect", &name, "--certificate-id", &"0".repeat(64)]);
    assert_eq!(wrong.ended().await.code(), Some(1));
    assert!(wrong.err().contains("is not the site"), "{}", wrong.err());
    // The same half that makes its identifier, another key: the site's signature is not that key's.
    let half: String = id.replace('-', "").chars().take(32).chain("0".repeat(32).chars()).collect();
    let loopback = ["--from", "127.0.0.1"];
    let with = |rest: &[&'static str], ready: &Path| -> Vec<String> {
        let fixed =
            [["connect", name.as_str()], loopback, ["--ready-file", ready.to_str().unwrap()]].concat();
        fixed.iter().chain(rest).map(|&text| text.to_owned()).collect()
    };
    let mut liar =
        terminal.run("liar", &["connect", &name, "--from", "127.0.0.1", "--certificate-id", &half]);
    assert_eq!(liar.ended().await.code(), Some(1));
    assert!(liar.err().contains("another site answers"), "{}", liar.err());

    let ready = place.join("ready.json");
    let mut arguments = with(&["--certificate-id"], &ready);
    arguments.push(id.clone());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut connect = terminal.run("connect", &arguments);
    let told = connect.ready(&ready).await;
    let (url, link) = (told["url"].as_str().unwrap(), told["link"].as_str().unwrap());
    let port = url.rsplit(':').next().unwrap();
    let at = |path: &str| format!("{url}{path}");

    // Nobody else of this computer gets in: not without the link, not by another name, not with the link again.
    assert_eq!(curl(place, &[&at("/v1/setup")]).0, 401);
    let (status, _) = curl(place, &[&format!("http://127.0.0.1:{port}/v1/setup")]);
    assert_eq!(status, 403);
    assert_eq!(curl(place, &[link]).0, 303);
    assert_eq!(curl(place, &[link]).0, 404, "a link works once");
    assert_eq!(curl(place, &[&at("/v1/setup")]).0, 200);
    assert_eq!(curl(place, &["-H", "Origin: http://other.localhost", &at("/v1/setup")]).0, 403);

    // At the site nobody is signed in: the cloud's account is not a right there.
    assert_eq!(curl(place, &[&at("/v1/cameras")]).0, 401);
    let body = json!({"user": ADMINISTRATOR.0, "password": ADMINISTRATOR.1}).to_string();
    let posted = ["-H", "content-type: application/json", "-d"];
    let (status, _) = curl(place, &[&posted[..], &[&body, &at("/v1/session")]].concat());
    assert_eq!(status, 200);
    let (_, cameras) = curl(place, &[&at("/v1/cameras")]);
    let cameras: Value = serde_json::from_slice(&cameras).unwrap();
    assert_eq!(cameras["items"][0]["id"], camera.to_string());
    let (status, picture) = curl(place, &[&at(&format!("/v1/cameras/{camera}/image"))]);
    assert_eq!((status, picture.get(..2)), (200, Some(&[0xff, 0xd8][..])), "a JPEG");

    // Live pictures by a WebSocket, and a clip to the byte.
    let jar = fs::read_to_string(place.join("jar")).unwrap();
    let cookie = jar.lines().find(|line| line.contains("martello-connect-")).unwrap();
    let fields: Vec<&str> = cookie.split('\t').collect();
    let mut client = system.client.plain(url.trim_start_matches("http://"));
    client.credential = Some((header::COOKIE, format!("{}={}", fields[5], fields[6])));
    let mut live = Live::open_plain(&client, &format!("127.0.0.1:{port}")).await;
    let wish = Ask::Subscribe {
        subscription: 7,
        camera,
        stream: StreamKind::Main,
        profile: None,
        audio: false,
        flac: false,
    };
    live.ask(&wish).await;
    let mut pictures = 0;
    while pictures < 30 {
        pictures += usize::from(live.next(PATIENCE).await.is_shown_picture());
    }
    let (from, to) = until("some seconds are recorded", PATIENCE, || async {
        let now = wall_now();
        let path = format!("/v1/timeline?cameras={camera}&from={}&to={now}", now.plus_micros(-60_000_000));
        let timeline: Value = system.client.get(&path).await;
        let span = &timeline["lanes"][0]["spans"][0];
        let from: model::WallTime = span["from"].as_str()?.parse().ok()?;
        // What is still being written is left out: it would be longer the second time.
        (span["bytes"].as_u64()? > 1_500_000).then(|| (from, from.plus_micros(2_000_000)))
    })
    .await;
    let path = format!("/v1/cameras/{camera}/clip?from={from}&to={to}");
    let (status, clip) = curl(place, &[&at(&path)]);
    assert_eq!(status, 200);
    assert!(clip.len() > 300_000, "{} bytes", clip.len());
    let over_tls = system.client.bytes(&path).await;
    let differs = clip.iter().zip(over_tls.iter()).position(|(a, b)| a != b);
    assert_eq!((clip.len(), differs), (over_tls.len(), None), "the same bytes as over TLS");

    // The site says who is connected; the second time nobody has to compare anything.
    let again = place.join("again.json");
    let arguments = with(&[], &again);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut second = terminal.run("again", &arguments);
    second.ready(&again).await;
    let there = people(&system.client).await;
    assert_eq!(there.len(), 2, "{there:?}");
    let ines = there.iter().find(|person| person.user.as_deref() == Some(ADMINISTRATOR.0)).unwrap();
    assert_eq!((ines.account.as_str(), ines.address.as_deref()), ("anna@example.org", Some("127.0.0.1")));
    drop(second);
    let (status, problem) = system.client.call(Method::DELETE, "/v1/remote", None).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(problem["title"].as_str().unwrap().contains(ADMINISTRATOR.0), "{problem}");

    // Disabling all the same cuts off what is under way, and ends the sign-in.
    let (status, _) = system.client.call(Method::DELETE, "/v1/remote?disconnect=true", None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    while live.next_or_end(PATIENCE).await.is_some() {}
    until("the command says so", PATIENCE, || async { connect.err().contains("is lost").then_some(()) })
        .await;
    assert_eq!(curl(place, &[&at("/v1/cameras")]).0, 503);
    until("nobody is connected", PATIENCE, || async {
        people(&system.client).await.is_empty().then_some(())
    })
    .await;
    until("the sign-in is over", PATIENCE, || async {
        let sessions: Value = system.client.get("/v1/account/sessions").await;
        (sessions["items"].as_array()?.len() == 1).then_some(())
    })
    .await;
    system.site.stop().await;
    cloud.cloud.stop().await;
}
