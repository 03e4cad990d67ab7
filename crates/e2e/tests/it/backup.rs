//! A site is backed up while it runs, and comes back on another machine: another directory, another host name.

use std::{fs, path::Path, process::Command};

use api::{camera::Camera, certificate::Certificate, site::BackupState, storage::Lock};
use e2e::{
    Client, Program,
    probe::skip,
    program::{PATIENCE, martello},
    system::ADMINISTRATOR,
    wait::until,
};
use model::clock::wall_now;
use reqwest::Method;
use serde_json::{Value, json};
use sim::Farm;
use tempfile::TempDir;

const TEST: &str = "a_site_is_backed_up_while_it_runs_and_comes_back_elsewhere";
const PASSPHRASE: &str = "three gulls and a \u{e9}clair\n";

struct Done {
    code: i32,
    said: String,
}

/// Runs a command of the program with the passphrase at hand.
fn run(program: &Path, dir: &Path, arguments: &str, passphrase: &str) -> Done {
    fs::write(dir.join("passphrase"), passphrase).expect("a file");
    let output = Command::new(program)
        .args(arguments.split_whitespace())
        .args(["--passphrase-file", "passphrase"])
        .env_remove("MARTELLO_DATA")
        .current_dir(dir)
        .output()
        .expect("the program");
    let said = [output.stdout, output.stderr].concat();
    Done { code: output.status.code().unwrap_or(-1), said: String::from_utf8_lossy(&said).into_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_backed_up_while_it_runs_and_comes_back_elsewhere() {
    let Some(program) = martello() else {
        return skip(TEST, "the program is not built");
    };
    let farm = Farm::start(sim::Options::default()).await.expect("a camera");
    let place = TempDir::new().expect("a directory");
    let dir = place.path();
    let mut site = Program::start(&program, dir).await;
    site.set_up().await;
    let ids = site.record(&farm).await;
    let (from, to) = (wall_now().plus_micros(-60_000_000), wall_now().plus_micros(60_000_000));
    let lock: Lock = site
        .client
        .post("/v1/locks", &json!({ "cameras": ids, "from": from, "to": to, "name": "the break-in" }))
        .await;
    let told: Value = site.client.get("/v1/setup").await;

    let backup = |output: &str, passphrase: &str| {
        run(&program, dir, &format!("backup --data site --output {output}"), passphrase)
    };
    let before: BackupState = site.client.get("/v1/backup").await;
    assert!(before.last.is_none() && before.command.starts_with("martello backup --data "), "{before:?}");
    let done = backup("copy.backup", PASSPHRASE);
    assert_eq!(done.code, 0, "{}", done.said);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(dir.join("copy.backup")).expect("a file").permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    let after: BackupState = site.client.get("/v1/backup").await;
    assert!(after.last.is_some_and(|last| last <= wall_now()), "{after:?}");
    assert_eq!(backup("copy.backup", PASSPHRASE).code, 1, "a file that is there is not overwritten");
    let short = backup("short.backup", "short\n");
    assert!(short.code == 1 && short.said.contains("12 characters"), "{}", short.said);
    assert!(!dir.join("short.backup").exists());

    // What is refused leaves nothing behind.
    let whole = fs::read(dir.join("copy.backup")).expect("a backup");
    fs::write(dir.join("torn"), &whole[..whole.len() - 1000]).expect("a file");
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    fs::write(dir.join("changed"), changed).expect("a file");
    for (file, passphrase, expected) in [
        ("copy.backup", "another passphrase\n", "passphrase"),
        ("torn", PASSPHRASE, "torn or was changed"),
        ("changed", PASSPHRASE, "torn or was changed"),
        ("passphrase", PASSPHRASE, "not a backup"),
    ] {
        let done = run(&program, dir, &format!("restore {file} --data new"), passphrase);
        assert!(done.code == 1 && done.said.contains(expected), "{file}: {}", done.said);
        assert!(!dir.join("new").exists(), "{file}");
    }
    let running = run(&program, dir, "restore copy.backup --data site --force", PASSPHRASE);
    assert!(running.code == 1 && running.said.contains("running"), "{}", running.said);
    assert!(run(&program, dir, "restore copy.backup --check", PASSPHRASE).said.contains("is whole"));

    // What happens after the backup is not in it.
    let user = json!({ "name": "late", "role": "viewer", "password": "later than the backup" });
    let _: Value = site.client.post("/v1/users", &user).await;
    let old = site.client.clone();
    assert!(site.end("-TERM").await.success());

    let occupied = run(&program, dir, "restore copy.backup --data site", PASSPHRASE);
    assert!(occupied.code == 1 && occupied.said.contains("--force"), "{}", occupied.said);
    let forced = run(&program, dir, "restore copy.backup --data site --force", PASSPHRASE);
    assert!(forced.code == 0 && forced.said.contains("before-restore"), "{}", forced.said);
    let done = run(&program, dir, "restore copy.backup --data new/site", PASSPHRASE);
    assert_eq!(done.code, 0, "{}", done.said);
    assert!(done.said.contains("1 locks are brought"), "{}", done.said);
    // The old machine is gone for good.
    fs::rename(dir.join("site"), dir.join("gone")).expect("a directory");

    fs::write(dir.join("site.toml"), "host_name = \"harbour\"\n").expect("a file");
    let mut command = Command::new(&program);
    command
        .args(["site", "--listen", "127.0.0.1", "--https-port", "0", "--https-only", "--data"])
        .arg(dir.join("new/site"))
        .arg("--config")
        .arg(dir.join("site.toml"));
    let site = Program::run(command, dir).await;
    let mut client = Client::new(&site.client.base, &site.client.fingerprint);
    // A sign-in of before the backup has ended; users, secrets, identity and locks are as they were.
    client.credential = old.credential;
    let (status, _) = client.call(Method::GET, "/v1/site", None).await;
    assert_eq!(status, 401);
    client.sign_in(ADMINISTRATOR.0, ADMINISTRATOR.1).await;
    let again: Value = client.get("/v1/setup").await;
    assert_eq!(again["certificate_id"], told["certificate_id"]);
    let known: BackupState = client.get("/v1/backup").await;
    assert_eq!(known.last, after.last, "what it was restored from is a backup of it");
    let certificate: Certificate = client.get("/v1/certificate").await;
    assert!(certificate.names.contains(&"harbour".to_owned()), "{:?}", certificate.names);
    let users: Value = client.get("/v1/users").await;
    assert!(!users.to_string().contains("late"), "{users}");
    let volumes: Value = client.get("/v1/volumes").await;
    let path = volumes["items"][0]["path"].as_str().expect("a path").to_owned();
    assert!(Path::new(&path).starts_with(dir.join("new/site")), "{path}");
    let locks: Value = client.get("/v1/locks").await;
    assert_eq!(locks["items"][0]["id"], json!(lock.id), "{locks}");
    assert_eq!(locks["items"][0]["name"], "the break-in", "{locks}");
    // It can sign in at its cameras: the key opens the secrets.
    until("the camera is recorded again", PATIENCE, || async {
        let camera: Camera = client.get(&format!("/v1/cameras/{}", ids[0])).await;
        (camera.state == api::camera::CameraState::Recording).then_some(())
    })
    .await;
    assert!(!dir.join("new/site/restored-locks.json").exists(), "locks are brought once");
    assert!(site.end("-TERM").await.success());
}
