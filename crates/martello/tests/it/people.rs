//! Users, groups, rights, sign-ins, tokens and the audit log by the command line, at a real site, reached by its local
//! socket: whoever runs the test administrates the machine.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{Done, martello_with};

const PATIENCE: Duration = Duration::from_secs(60);

struct Site {
    child: Child,
    home: tempfile::TempDir,
    url: String,
    id: String,
    socket: PathBuf,
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Site {
    async fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let (ready, socket) = (home.path().join("ready.json"), home.path().join("site.sock"));
        // The test's own group stands for that of the administrators.
        let group = Command::new("id").arg("-gn").output().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_martello"))
            .args(["site", "--listen", "127.0.0.1", "--https-port", "0"])
            .args(["--machine-group", String::from_utf8(group.stdout).unwrap().trim()])
            .args([Path::new("--data"), &home.path().join("data"), Path::new("--local-socket"), &socket])
            .args([Path::new("--ready-file"), &ready])
            .env("MARTELLO_LOG", "off")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + PATIENCE;
        while !ready.exists() {
            assert!(Instant::now() < deadline, "the site does not start");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let told: Value = serde_json::from_slice(&fs::read(&ready).unwrap()).unwrap();
        let text = |key: &str| told["site"][key].as_str().unwrap().to_owned();
        assert_eq!(text("local_socket"), socket.to_str().unwrap());
        Self { child, url: text("url"), id: text("certificate_id"), home, socket }
    }

    async fn run(&self, arguments: &[&str], stdin: &str) -> Done {
        let socket = self.socket.to_str().unwrap();
        martello_with(self.home.path(), &[("MARTELLO_SOCKET", socket)], arguments, stdin).await
    }

    /// What a command prints; it has to succeed.
    async fn done(&self, arguments: &[&str], stdin: &str) -> String {
        let done = self.run(arguments, stdin).await;
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{arguments:?}: {done:?}");
        done.text().to_owned()
    }

    async fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.done(&[arguments, &["--json"]].concat(), "").await).unwrap()
    }

    async fn refused(&self, arguments: &[&str], with: &str) {
        let done = self.run(arguments, "").await;
        assert!(done.code == 1 && done.stderr.contains(with), "{arguments:?}: {done:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_and_what_they_may_do_are_set_by_the_command_line() {
    let site = Site::start().await;
    // This computer is tried where nothing else is chosen; then it is the one that is chosen.
    let me = site.json(&["session", "show"]).await;
    assert_eq!((&me["role"], &me["machine"]), (&"administrator".into(), &true.into()));
    let name = me["user"].as_str().unwrap();
    assert!(site.done(&["login", "--local"], "").await.contains(name));
    let servers = site.json(&["server", "list"]).await;
    assert_eq!((&servers[0]["name"], &servers[0]["chosen"]), (&"this computer".into(), &true.into()));

    // Users and groups.
    let add = ["user", "add", "Olga Å", "--role", "operator", "--password-stdin"];
    site.done(&add, "£¤ÅÄÖ 🗝 long\n").await;
    let again = site.run(&add, "£¤ÅÄÖ 🗝 long\n").await;
    assert!(again.code == 1 && again.stderr.contains("name"), "{again:?}");
    site.done(&["user", "add", "otto", "--password-stdin"], "pier and gate\n").await;
    site.done(&["group", "add", "Night", "--role", "operator", "--member", "otto"], "").await;
    site.done(&["group", "change", "night", "--add", "olga å", "--recordings-minutes", "60"], "").await;
    let groups = site.json(&["group", "list"]).await;
    assert_eq!(
        (groups[0]["members"].as_array().unwrap().len(), &groups[0]["recordings_minutes"]),
        (2, &60.into())
    );
    assert!(site.done(&["group", "list"], "").await.contains("Olga Å"));
    site.done(&["user", "change", "otto", "--disable"], "").await;
    site.done(&["user", "change", "otto", "--enable", "--leave", "Night"], "").await;
    let done = site.run(&["user", "change", "otto"], "").await;
    assert_eq!(done.code, 2, "{done:?}");

    // Rights, and the reasons for them.
    site.done(&["rights", "grant", "--group", "Night", "camera-video", "export"], "").await;
    site.done(&["rights", "grant", "--user", "olga å", "snapshot"], "").await;
    let why = site.done(&["rights", "explain", "Olga Å"], "").await;
    assert!(why.contains("snapshot") && why.contains("granted to the group Night"), "{why}");
    site.done(&["rights", "revoke", "--user", "olga å", "snapshot"], "").await;
    site.refused(&["rights", "revoke", "--user", "olga å", "snapshot"], "none of this was granted").await;
    site.refused(&["rights", "grant", "--user", "olga å", "configure"], "cannot be granted").await;
    let why = site.json(&["rights", "explain", "Olga Å"]).await;
    let verdict = |name: &str| {
        let all = why["verdicts"].as_array().unwrap();
        all.iter().find(|one| one["privilege"] == name).unwrap()["allowed"] == true
    };
    assert!(verdict("export") && verdict("camera-video") && !verdict("snapshot") && !verdict("configure"));
    assert!(site.done(&["rights", "privileges"], "").await.contains("camera-ptz"));

    // Olga signs in over the network; her sign-ins and tokens are hers, and an administrator ends them.
    let (url, id) = (site.url.as_str(), site.id.as_str());
    let login = [
        "login",
        "--url",
        url,
        "--certificate-id",
        id,
        "--user",
        "OLGA Å",
        "--name",
        "shop",
        "--password-stdin",
    ];
    site.done(&login, "£¤ÅÄÖ 🗝 long\n").await;
    assert_eq!(site.json(&["session", "show"]).await["user"], "Olga Å");
    site.refused(&["user", "list"], "may not do this").await;
    let value = site.done(&["token", "add", "wall", "--scope", "camera-video", "--days", "1"], "").await;
    let scoped = site.run(&["token", "list", "--token", value.trim()], "").await;
    assert!(scoped.code == 1 && scoped.stderr.contains("may not do this"), "{scoped:?}");
    assert_eq!(site.json(&["token", "list"]).await.as_array().unwrap().len(), 2);
    site.refused(&["token", "remove", "wall"], "--yes").await;
    site.done(&["token", "remove", "wall", "--yes"], "").await;
    site.done(&["server", "forget", "shop", "--yes"], "").await;
    let done = site.run(&["session", "show"], "").await;
    assert!(done.code == 2 && done.stderr.contains("nobody is signed in"), "{done:?}");
    let here = ["--server", "this computer"];
    let ended = site.json(&[&["session", "list", "--user", "olga å"], &here[..]].concat()).await;
    assert!(ended.as_array().unwrap().is_empty(), "{ended}");

    // What destroys is asked about, and refused where nobody can be asked.
    site.done(&["server", "use", "this computer"], "").await;
    site.refused(&["user", "remove", "otto"], "--yes").await;
    site.done(&["user", "remove", "otto", "--yes"], "").await;
    site.refused(&["user", "remove", "otto", "--yes"], "there is no user").await;
    site.refused(&["user", "remove", name, "--yes"], "machine").await;
    site.done(&["group", "remove", "Night", "--yes"], "").await;
    // An administrator of the machine has no token that could outlive it.
    site.refused(&["token", "add", "x"], "has no tokens").await;

    // The audit log: who did it is the account of the operating system. What is taken out is checked again.
    let rows = site.json(&["audit", "list", "--kind", "rights", "--limit", "2000"]).await;
    assert!(
        rows.as_array().unwrap().iter().any(|row| row["action"] == "user_delete" && row["name"] == name),
        "{rows:#}"
    );
    assert!(site.done(&["audit", "list"], "").await.contains("this machine, uid"));
    let file = site.home.path().join("audit.jsonl");
    let path = file.to_str().unwrap();
    let told = site.done(&["audit", "export", "-o", path], "").await;
    let head = told.lines().find_map(|line| line.strip_prefix("The log ended with ")).unwrap();
    for check in [
        ["audit", "verify"].as_slice(),
        &["audit", "verify", "--head", head],
        &["audit", "verify", path],
        &["audit", "verify", path, "--head", head],
    ] {
        site.done(check, "").await;
    }
    let (number, hash) = head.split_once(':').unwrap();
    let other = format!("{number}:{}", hash.chars().rev().collect::<String>());
    site.refused(&["audit", "verify", "--head", &other], "rewritten").await;
    site.refused(&["audit", "verify", "--head", &format!("99999:{hash}")], "not in the log").await;
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("olga", "otto", 1).replacen("Olga", "Otto", 1)).unwrap();
    site.refused(&["audit", "verify", path], "was changed").await;
    site.refused(&["audit", "export", "-o", path], "--force").await;
    site.done(&["audit", "export", "-o", path, "--force", "--format", "csv", "--kind", "sign-in"], "").await;
    site.refused(&["audit", "verify", path], "jsonl").await;
}
