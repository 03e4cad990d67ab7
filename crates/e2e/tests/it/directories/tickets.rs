//! Sign-in with the account of a computer: MIT Kerberos and curl, with tickets of a real domain controller.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use api::session::{Session, SetupState};
use base64::{Engine, prelude::BASE64_STANDARD};
use e2e::samba::{self, ADMINISTRATOR, Samba, group, person};
use reqwest::header::{AUTHORIZATION, HeaderMap, ORIGIN, WWW_AUTHENTICATE};
use tempfile::TempDir;

use super::*;

const WORDS: &str = "Word.of.a.person.1";
const SERVICE: &str = "HTTP/site.example.org";
const PATH: &str = "/v1/session/negotiate";

fn missing() -> Option<&'static str> {
    let curl = Command::new("curl").arg("--version").output();
    if !curl.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("GSS-API")) {
        return Some("curl with GSS-API is not installed");
    }
    if !Path::new("/usr/bin/kinit").exists() {
        return Some("krb5-user is not installed");
    }
    samba::missing()
}

/// A computer of the domain.
struct Computer {
    config: PathBuf,
    place: TempDir,
    port: String,
}

impl Computer {
    fn command(&self, program: &str, who: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("KRB5_CONFIG", &self.config)
            .env("KRB5CCNAME", format!("FILE:{}", self.place.path().join(who).display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Somebody signs in to it.
    fn log_in(&self, who: &str) {
        let mut child = self.command("kinit", who).arg(who).spawn().expect("kinit");
        child.stdin.take().expect("stdin").write_all(format!("{WORDS}\n").as_bytes()).expect("a password");
        let output = child.wait_with_output().expect("an end");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// The browser of whoever is signed in asks the site, by its name.
    fn ask(&self, who: &str) -> Output {
        let name = format!("site.example.org:{}", self.port);
        self.command("curl", who)
            .args(["--silent", "--show-error", "--verbose", "--insecure", "--noproxy", "*", "--negotiate"])
            .args(["--user", ":", "--json", "{}", "--resolve", &format!("{name}:127.0.0.1"), "--cookie-jar"])
            .arg(self.place.path().join("cookies"))
            .args(["--write-out", "\n%{http_code}", &format!("https://{name}{PATH}")])
            .output()
            .expect("curl")
    }

    /// Status and body.
    fn sign_in(&self, who: &str) -> (u16, Value) {
        let output = self.ask(who);
        let said = String::from_utf8(output.stdout).expect("a text");
        let (body, status) = said.rsplit_once('\n').expect("a status");
        let body = serde_json::from_str(body);
        (status.parse().expect("a status"), body.unwrap_or_else(|_| panic!("{said} {:?}", output.stderr)))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_with_the_account_of_their_computer() {
    if let Some(reason) = missing() {
        return skip("people_sign_in_with_the_account_of_their_computer", reason);
    }
    let (mut controller, (system, camera)) = tokio::join!(Samba::start(), site());
    let staff = group("Guards", &["Anna Lind"]);
    controller
        .change(&[person("anna", "Anna Lind", WORDS), person("bert", "Bert Ek", WORDS), staff].concat());
    let keytab = BASE64_STANDARD.encode(controller.service(SERVICE));
    let settings = json!({
        "name": "Head office", "kind": "active-directory", "base": samba::BASE,
        "account": ADMINISTRATOR.0, "password": ADMINISTRATOR.1,
        "servers": [{ "host": controller.address, "port": 636 }], "authority": controller.authority.pem,
    });
    let directory: Directory = system.client.post("/v1/directories", &settings).await;
    let stranger = Client::new(&system.client.base, &system.client.fingerprint);
    let token = |value: &str, origin: Option<&str>| {
        let mut request = stranger.request(Method::POST, PATH).json(&json!({}));
        if !value.is_empty() {
            request = request.header(AUTHORIZATION, format!("Negotiate {value}"));
        }
        if let Some(origin) = origin {
            // In place of the site's own.
            let other = HeaderMap::from_iter([(ORIGIN, origin.parse().expect("a value"))]);
            request = request.headers(other);
        }
        async move {
            let answer = request.send().await.expect("an answer");
            let asked = answer
                .headers()
                .get(WWW_AUTHENTICATE)
                .map(|value| value.to_str().unwrap_or_default().to_owned());
            (answer.status().as_u16(), asked, answer.json::<Value>().await.expect("JSON").to_string())
        }
    };
    let offered = async || stranger.get::<SetupState>("/v1/setup").await.computer_account;
    assert_eq!((token("", None).await.0, offered().await), (404, false), "there is no keytab");

    let path = format!("/v1/directories/{}/keytab", directory.id);
    for bad in ["", "!", "BQI=", &BASE64_STANDARD.encode("a password")] {
        let (status, problem) = system.client.call(Method::PUT, &path, Some(&json!({ "keytab": bad }))).await;
        assert_eq!(status, 400, "{bad}: {problem}");
    }
    let (status, kept) = system.client.call(Method::PUT, &path, Some(&json!({ "keytab": keytab }))).await;
    assert_eq!((status.as_u16(), &kept["services"]), (200, &json!([SERVICE])), "{kept}");
    assert!(kept["keytab"].is_null() && offered().await);

    // Whoever has nothing to show is asked for it; what is none is refused.
    let (status, asked, _) = token("", None).await;
    assert_eq!((status, asked.as_deref()), (401, Some("Negotiate")));
    for (bad, expected) in [("%", 400), ("TlRMTVNTUAABAAAA", 403), ("YIIB", 403), (&"A".repeat(33_000), 400)]
    {
        let (status, asked, problem) = token(bad, None).await;
        assert_eq!((status, asked), (expected, None), "{problem}");
    }

    let port = system.client.base.rsplit(':').next().expect("a port").to_owned();
    let computer =
        Computer { config: controller.kerberos(), place: TempDir::new().expect("a directory"), port };
    computer.log_in("anna");
    computer.log_in("bert");
    let (status, problem) = computer.sign_in("anna");
    assert_eq!(status, 403, "nobody has given her anything: {problem}");
    allow_group(&system, &directory, "Guards").await;
    let (status, problem) = computer.sign_in("bert");
    assert!(status == 403 && problem["detail"].to_string().contains("you are bert there"), "{problem}");

    // She is the user that she is by her password.
    let output = computer.ask("anna");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let (body, status) = said.rsplit_once('\n').expect("a status");
    assert_eq!(status, "200", "{said}");
    let session: Session = serde_json::from_str(body).expect("a session");
    assert_eq!((session.user.as_str(), session.role), ("anna@example.org", model::Role::Operator));
    let (status, by_password, anna) = sign_in(&system, "anna", WORDS).await;
    assert_eq!((status.as_u16(), &by_password["user_id"]), (200, &json!(session.user_id)));
    let verbose = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(verbose.to_lowercase().contains("\n< www-authenticate: negotiate o"), "{verbose}");
    let cookies = fs::read_to_string(computer.place.path().join("cookies")).expect("cookies");
    assert!(cookies.contains("__Host-martello-"), "{cookies}");

    // What she sent counts once, and not when another page makes her browser send it.
    let sent = verbose.lines().filter(|line| line.starts_with("> "));
    let sent =
        sent.filter_map(|line| line.split_once("uthorization: Negotiate ")).next().expect("a token").1.trim();
    let (status, _, problem) = token(sent, None).await;
    assert!(status == 403 && problem.contains("a second time"), "{status} {problem}");
    let (status, _, problem) = token(sent, Some("https://evil.example.org")).await;
    assert!(status == 403 && problem.contains("wrong-origin"), "{status} {problem}");
    let log: AuditPage = system.client.get("/v1/audit?limit=100").await;
    let rows: Vec<_> = log.items.iter().filter(|row| row.action == "session_negotiate_create").collect();
    assert!(rows.iter().any(|row| row.name == "anna@example.org" && row.detail == "Head office, Kerberos"));
    assert!(!rows.iter().any(|row| row.detail.starts_with("401")), "to ask for a ticket is nothing to note");

    // A group that is taken away ends it like any other sign-in.
    let mut live = watch(&anna, camera).await;
    let member = |what: &str| {
        let base = samba::BASE;
        let change = format!("changetype: modify\n{what}: member\nmember: CN=Anna Lind,CN=Users,{base}");
        format!("dn: CN=Guards,CN=Users,{base}\n{change}\n")
    };
    controller.change(&member("delete"));
    ends(&mut live, &anna).await;
    assert_eq!(computer.sign_in("anna").0, 403);
    controller.change(&member("add"));
    assert_eq!(computer.sign_in("anna").0, 200);

    // The domain is away: the ticket that she has counts for whom it confirmed before, and for nobody else.
    controller.down();
    assert_eq!(computer.sign_in("anna").0, 200);
    let (status, problem) = computer.sign_in("bert");
    assert_eq!((status, &problem["code"]), (503, &json!("directory-failed")));
    assert_eq!(system.client.call(Method::DELETE, &path, None).await.0, 204);
    assert_eq!((computer.sign_in("anna").0, offered().await), (404, false));
    system.site.stop().await;
}
