//! Administrators of the server's own machine, over its local socket: a real site, real accounts of the operating system.
//!
//! The site runs in a mount namespace with user and group files of its own, so that the test can take somebody out of a
//! group. That needs root; without it the test says so and is skipped.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

/// A start of the site on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);
const KEEPER: u32 = 47_110;
const STRANGER: u32 = 47_111;
const KEEPERS: u32 = 47_112;
/// What cuts what is under way.
const SOON: Duration = Duration::from_secs(20);

struct Site {
    child: Child,
    home: tempfile::TempDir,
    socket: PathBuf,
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says that the running test cannot run here. (A test runs on a thread of its name.)
#[allow(clippy::print_stderr, reason = "what a test that cannot run says")]
fn skip(reason: &str) {
    let test = std::thread::current().name().unwrap_or("?").to_owned();
    let line = format!("SKIPPED: {test}: {reason}\n");
    eprint!("{line}");
    if let Some(path) = std::env::var_os("MARTELLO_SKIP_LOG") {
        let mut log = fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
        std::io::Write::write_all(&mut log, line.as_bytes()).unwrap();
    }
}

/// Waits for a condition.
fn until<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {limit:?}: {what}");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

fn groups(members: &str) -> String {
    format!("root:x:0:\nkeepers:x:{KEEPERS}:{members}\nstrangers:x:{STRANGER}:\n")
}

/// Whether this machine lets a test have accounts of its own.
fn possible() -> Result<(), String> {
    if !runs("unshare", &["--mount", "mount", "--bind", "/etc/passwd", "/etc/group"]) {
        return Err("needs root and mount namespaces (unshare --mount)".to_owned());
    }
    let missing = ["setpriv", "curl"].into_iter().find(|tool| !runs(tool, &["--version"]));
    missing.map_or(Ok(()), |tool| Err(format!("{tool} is not installed")))
}

fn runs(program: &str, arguments: &[&str]) -> bool {
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

impl Site {
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        // Everybody may look for the socket: what keeps strangers out are its own mode and the site.
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let passwd = format!(
            "root:x:0:0::/root:/bin/sh\nkeeper:x:{KEEPER}:{KEEPER}::/:/bin/sh\nstranger:x:{STRANGER}:{STRANGER}::/:/bin/sh\n"
        );
        fs::write(at("passwd"), passwd).unwrap();
        fs::write(at("group"), groups("keeper")).unwrap();
        let socket = at("run").join("site.sock");
        let script =
            "mount --bind \"$0/passwd\" /etc/passwd && mount --bind \"$0/group\" /etc/group && exec \"$@\"";
        let child = Command::new("unshare")
            .args(["--mount", "sh", "-c", script])
            .arg(home.path())
            .arg(env!("CARGO_BIN_EXE_martello"))
            .args(["site", "--listen", "127.0.0.1", "--https-port", "0", "--machine-group", "keepers"])
            .args([Path::new("--data"), &at("data"), Path::new("--local-socket"), &socket])
            .args([Path::new("--ready-file"), &at("ready.json")])
            .env("MARTELLO_LOG", "off")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut site = Self { child, home, socket };
        until("the site serves", PATIENCE, || {
            assert!(site.child.try_wait().unwrap().is_none(), "the site has ended");
            site.home.path().join("ready.json").exists().then_some(())
        });
        site
    }

    /// Status and answer of a request as an account, by a program that is not ours; no status: it did not get through.
    fn ask(&self, uid: u32, further: &[u32], arguments: &[&str]) -> (Option<u16>, Value) {
        let (uid, further) =
            (uid.to_string(), further.iter().map(u32::to_string).collect::<Vec<_>>().join(","));
        let groups =
            if further.is_empty() { "--clear-groups".to_owned() } else { format!("--groups={further}") };
        let output = Command::new("setpriv")
            .args(["--reuid", &uid, "--regid", &uid, &groups, "--"])
            .args(["curl", "-s", "-w", "\n%{http_code}", "--unix-socket"])
            .arg(&self.socket)
            .args(arguments)
            .current_dir("/")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, status) = text.rsplit_once('\n').unwrap_or_default();
        (status.parse().ok().filter(|status| *status != 0), serde_json::from_str(body).unwrap_or(Value::Null))
    }

    fn get(&self, uid: u32, further: &[u32], path: &str) -> (Option<u16>, Value) {
        self.ask(uid, further, &[&format!("http://localhost{path}")])
    }
}

const JSON: [&str; 2] = ["-H", "content-type: application/json"];

#[test]
fn administrators_of_the_machine_need_no_password_and_nobody_else_comes_in_so() {
    if let Err(reason) = possible() {
        return skip(&reason);
    }
    let site = Site::start();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(&site.socket), mode(site.socket.parent().unwrap())), (0o660, 0o750));

    // Root and the members of the group are administrators, without a user of the site being made for them.
    for (uid, further, name) in [(0, &[][..], "root"), (KEEPER, &[KEEPERS][..], "keeper")] {
        let (status, session) = site.get(uid, further, "/v1/session");
        assert_eq!(status, Some(200), "{name}: {session}");
        assert_eq!(session["user"], format!("{name} (this machine)"));
        assert_eq!((&session["role"], &session["machine"]), (&"administrator".into(), &true.into()));
    }
    let (_, setup) = site.get(0, &[], "/v1/setup");
    assert_eq!(setup["needed"], true, "the site still wants an administrator of its own");

    // They cannot be changed or removed, take no token along that would outlive the account, and set no password.
    let (_, users) = site.get(0, &[], "/v1/users");
    let keeper =
        users["items"].as_array().unwrap().iter().find(|user| user["name"] == "keeper (this machine)");
    let user = format!("http://localhost/v1/users/{}", keeper.unwrap()["id"].as_str().unwrap());
    let body = |method, body, address| [&["-X", method, "-d", body, address], &JSON[..]].concat();
    for (what, request) in [
        ("disable", body("PATCH", r#"{"disabled":true}"#, &user)),
        ("demote", body("PATCH", r#"{"role":"viewer"}"#, &user)),
        ("remove", vec!["-X", "DELETE", &user]),
        ("token", body("POST", r#"{"name":"x"}"#, "http://localhost/v1/tokens")),
        ("factor", vec!["-X", "POST", "http://localhost/v1/account/second-factor"]),
    ] {
        let (status, problem) = site.ask(0, &[], &request);
        assert_eq!(status, Some(409), "{what}: {problem}");
    }
    let (status, _) =
        site.ask(0, &[], &body("PUT", r#"{"password":"a long password"}"#, &format!("{user}/password")));
    assert_eq!(status, Some(404), "nobody sets a password for it");
    // A credential that a request carries makes nobody else of the caller.
    let (status, session) =
        site.ask(0, &[], &["-H", "authorization: Bearer martello_x", "http://localhost/v1/session"]);
    assert_eq!((status, &session["user"]), (Some(200), &"root (this machine)".into()));

    // Whoever is not in the group does not get through, and not past the site where the mode is wrong.
    assert_eq!(site.get(STRANGER, &[], "/healthz").0, None);
    fs::set_permissions(&site.socket, fs::Permissions::from_mode(0o666)).unwrap();
    fs::set_permissions(site.socket.parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
    for path in ["/v1/session", "/v1/setup", "/healthz", "/"] {
        let (status, problem) = site.get(STRANGER, &[], path);
        assert_eq!((status, &problem["code"]), (Some(403), &"forbidden".into()), "{path}");
    }

    // Who is taken out of the group loses it at once, signed in with the group or not; what streams is cut.
    let stream = site.home.path().join("stream");
    let mut watching = Command::new("setpriv")
        .args(["--reuid", &KEEPER.to_string(), "--regid", &KEEPER.to_string()])
        .args([&format!("--groups={KEEPERS}"), "--", "curl", "-sN", "--unix-socket"])
        .arg(&site.socket)
        .args(["-H", "connection: upgrade", "-H", "upgrade: websocket", "-H", "sec-websocket-version: 13"])
        .args(["-H", "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==", "-i", "http://localhost/v1/events"])
        .stdout(fs::File::create(&stream).unwrap())
        .current_dir("/")
        .spawn()
        .unwrap();
    until("the socket of events stands", SOON, || {
        assert!(watching.try_wait().unwrap().is_none(), "curl has ended: {:?}", fs::read(&stream));
        fs::read(&stream).unwrap().starts_with(b"HTTP/1.1 101").then_some(())
    });
    fs::write(site.home.path().join("group"), groups("")).unwrap();
    until("the group gives nothing any more", SOON, || {
        let (status, _) = site.get(KEEPER, &[KEEPERS], "/v1/session");
        assert!(matches!(status, Some(200 | 403)), "{status:?}");
        (status == Some(403)).then_some(())
    });
    until("what it streamed has ended", SOON, || watching.try_wait().unwrap());

    // The audit log names accounts of the operating system, those that were refused too.
    let (_, log) = site.get(0, &[], "/v1/audit?limit=1000");
    let rows = log["items"].as_array().unwrap();
    let noted = |name: &str, address: &str, action: &str, outcome: &str| {
        rows.iter().any(|row| {
            row["name"] == name
                && row["address"] == address
                && row["action"] == action
                && row["outcome"] == outcome
        })
    };
    let stranger = format!("this machine, uid {STRANGER}");
    assert!(noted("stranger", &stranger, "local_socket", "refused"), "{log:#}");
    assert!(noted("root (this machine)", "this machine, uid 0", "user_delete", "failed"), "{log:#}");
}
