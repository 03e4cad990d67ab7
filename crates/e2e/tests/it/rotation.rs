//! A site goes on with another key: it stays the same site for its recordings, its cookies and its people; who pinned the old
//! key is asked; and what was recorded and exported before and after proves itself by either certificate ID.

use std::{fs, path::Path, process::Command, time::Duration};

use api::export::Export;
use e2e::{Client, Program, probe::skip, program::martello, system::ADMINISTRATOR, wait::until};
use model::{WallTime, clock::wall_now};
use serde_json::{Value, json};
use sim::Farm;
use tempfile::TempDir;

const TEST: &str = "a_site_goes_on_with_another_key_and_what_it_recorded_with_both_is_proved";
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a command of the program in this home; its exit code and what it said.
fn run(program: &Path, home: &Path, arguments: &[&str], stdin: &str) -> (i32, String) {
    fs::write(home.join("stdin"), stdin).expect("a file");
    let output = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("MARTELLO_SOCKET", home.join("none"))
        .stdin(fs::File::open(home.join("stdin")).expect("a file"))
        .output()
        .expect("the program");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&said).into_owned())
}

/// Exports the last half minute of a camera, and keeps file and evidence.
async fn export(client: &Client, camera: &str, to: &Path, from: WallTime) {
    let wish = json!({ "cameras": [camera], "from": from, "to": wall_now(), "format": "mp4" });
    let made: Export = client.post("/v1/exports", &wish).await;
    let export = until("the export is over", PATIENCE, || async {
        let export: Export = client.get(&format!("/v1/exports/{}", made.id)).await;
        export.state.is_over().then_some(export)
    })
    .await;
    assert_eq!(export.files.len(), 2, "{export:#?}");
    for (file, name) in
        export.files.iter().zip([to.to_owned(), format!("{}.evidence.jsonl", to.display()).into()])
    {
        let bytes = client.bytes(&format!("/v1/exports/{}/files/{}", export.id, file.name)).await;
        fs::write(name, bytes).expect("a file");
    }
}

async fn recorded(client: &Client, camera: &str, from: WallTime) {
    until("some seconds are recorded", PATIENCE, || async {
        let path = format!("/v1/timeline?cameras={camera}&from={from}&to={}", wall_now());
        let timeline: Value = client.get(&path).await;
        (timeline["lanes"][0]["spans"][0]["bytes"].as_u64()? > 300_000).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_goes_on_with_another_key_and_what_it_recorded_with_both_is_proved() {
    let Some(program) = martello() else {
        return skip(TEST, "the program is not built");
    };
    let farm = Farm::start(sim::Options::default()).await.expect("a camera");
    let (place, home) = (TempDir::new().expect("a directory"), TempDir::new().expect("a directory"));
    let (dir, home) = (place.path(), home.path());
    let data = dir.join("site");
    let began = wall_now();
    let mut site = Program::start(&program, dir).await;
    site.set_up().await;
    let camera = site.record(&farm).await[0].to_string();
    let (name, password) = ADMINISTRATOR;
    let told: Value = site.client.get("/v1/site").await;
    let (id, old) = (told["id"].clone(), told["certificate_id"].as_str().expect("an ID").to_owned());
    let url = site.client.base.clone();
    let login = ["login", "--url", &url, "--certificate-id", &old, "--user", name, "--name", "harbour"];
    let (code, said) =
        run(&program, home, &[&login[..], &["--password-stdin"]].concat(), &format!("{password}\n"));
    assert_eq!(code, 0, "{said}");
    recorded(&site.client, &camera, began).await;
    let before = dir.join("before.mp4");
    export(&site.client, &camera, &before, began).await;

    let rotate = ["site", "rotate-identity", "--json", "--data", data.to_str().expect("a path")];
    let (code, said) = run(&program, home, &[&rotate[..], &["--yes"]].concat(), "");
    assert!(code == 1 && said.contains("running"), "{said}");
    let cookie = site.client.credential.clone();
    assert!(site.end("-TERM").await.success());
    let (code, said) = run(&program, home, &rotate, "");
    assert!(code == 1 && said.contains("--yes"), "nobody is asked, so nothing is done: {said}");
    let (code, said) = run(&program, home, &[&rotate[..], &["--yes"]].concat(), "");
    assert_eq!(code, 0, "{said}");
    let rotated: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((&rotated["site"], &rotated["from"]), (&id, &json!(old)));
    let new = rotated["to"].as_str().expect("an ID").to_owned();
    assert_ne!(new, old);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(data.join("identity.key")).expect("a key").permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);

    // The same site at the same address, with another key and certificate: the cookie still counts, and so do recordings.
    let mut command = Command::new(&program);
    let port = url.rsplit(':').next().expect("a port");
    command
        .args(["site", "--listen", "127.0.0.1", "--https-port", port, "--https-only", "--data"])
        .arg(&data);
    let mut site = Program::run(command, dir).await;
    site.client.credential = cookie;
    let told: Value = site.client.get("/v1/site").await;
    assert_eq!((&told["id"], &told["certificate_id"]), (&id, &json!(new)));
    let log: Value = site.client.get("/v1/audit?action=identity_rotate").await;
    assert_eq!(log["items"][0]["target"], json!(new), "{log}");
    let again = wall_now();
    recorded(&site.client, &camera, again).await;
    let after = dir.join("after.mp4");
    export(&site.client, &camera, &after, began).await;

    // The command line says what happened, sends nothing meanwhile, and follows when it is told to.
    let (code, said) = run(&program, home, &["camera", "list"], "");
    assert!(
        code == 1 && said.contains(&old) && said.contains(&new) && said.contains("server follow"),
        "{said}"
    );
    let (code, said) = run(&program, home, &["server", "follow", "harbour"], "");
    assert!(code == 1 && said.contains("--yes"), "{said}");
    let (code, said) = run(&program, home, &["server", "follow", "harbour", "--yes"], "");
    assert!(code == 0 && said.contains(&new), "{said}");
    let (code, said) = run(&program, home, &["camera", "list"], "");
    assert_eq!(code, 0, "{said}");
    assert!(site.end("-TERM").await.success());

    // What was exported before and after, and the volume, hold for whoever knows either certificate ID, and for nobody
    // else's. The old evidence does not know the new key: nobody could have told it.
    let recordings = data.join("recordings");
    let copy = dir.join("volume");
    let copied = Command::new("cp").arg("-r").args([&recordings, &copy]).status().expect("cp");
    assert!(copied.success());
    let stranger = "0".repeat(64);
    for (what, path, ids) in [
        ("before", &before, [(&old, 0), (&stranger, 1)].as_slice()),
        ("after", &after, &[(&old, 0), (&new, 0), (&stranger, 1)]),
        ("the volume alone", &copy, &[(&old, 0), (&new, 0), (&stranger, 1)]),
    ] {
        for (id, expected) in ids {
            let arguments = ["verify", path.to_str().expect("a path"), "--certificate-id", id.as_str()];
            let (code, said) = run(&program, home, &arguments, "");
            assert_eq!(code, *expected, "{what} by {id}: {said}");
        }
    }
    let fsck = ["site", "fsck", "--check", "--deep", "--data", data.to_str().expect("a path")];
    let (code, said) = run(&program, home, &fsck, "");
    assert!(code == 0 && said.contains("The volume is sound"), "{said}");
}
