//! A certificate of one's own: openssl makes it, curl and openssl look at it from outside, and nothing that is being sent
//! notices the change.

use std::{fs, path::Path, process::Command, time::Duration};

use api::{camera::CameraState, live::Ask};
use e2e::{
    Client, Program, System,
    live::Live,
    probe::{has, skip},
    program::martello,
    system::ADMINISTRATOR,
};
use model::{StreamKind, clock::wall_now};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sim::CameraOptions;
use tempfile::TempDir;
use trust::{CertificateId, Endorsement};

const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for so many pictures.
async fn pictures(live: &mut Live, mut count: u32) {
    while count > 0 {
        count -= u32::from(live.next(PATIENCE).await.is_picture());
    }
}

fn run(dir: &Path, program: &str, arguments: &str) -> (bool, String) {
    let output = Command::new(program)
        .args(arguments.split_whitespace())
        .current_dir(dir)
        .stdin(std::process::Stdio::null())
        .output()
        .expect("a witness");
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

fn openssl(dir: &Path, arguments: &str) -> String {
    let (well, said) = run(dir, "openssl", arguments);
    assert!(well, "openssl {arguments}: {said}");
    said
}

/// `ca.pem`, and `chain.pem` with `key.pem` for localhost and 127.0.0.1, signed by it.
fn authority(dir: &Path) {
    openssl(dir, "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=Harbour");
    openssl(dir, "req -newkey rsa:2048 -nodes -keyout key.pem -out site.csr -subj /CN=gate");
    fs::write(dir.join("ext"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n").expect("a file");
    openssl(
        dir,
        "x509 -req -in site.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 20 -extfile ext -out site.pem",
    );
    let chain = [fs::read(dir.join("site.pem")), fs::read(dir.join("ca.pem"))].map(|one| one.expect("PEM"));
    fs::write(dir.join("chain.pem"), chain.concat()).expect("a file");
}

fn installed(dir: &Path) -> Value {
    let text = |name: &str| fs::read_to_string(dir.join(name)).expect("PEM");
    json!({ "chain_pem": text("chain.pem"), "key_pem": text("key.pem") })
}

/// Kinds of the alarms about the certificate, and whether they are over.
async fn alarms(system: &System) -> Vec<(String, bool)> {
    let list: Value = system.client.get("/v1/alarms").await;
    let kind = |alarm: &Value| alarm["kind"].as_str().unwrap_or_default().to_owned();
    let alarms = list["items"].as_array().expect("a list").iter();
    alarms
        .filter(|alarm| kind(alarm).starts_with("certificate"))
        .map(|alarm| (kind(alarm), !alarm["ended"].is_null()))
        .collect()
}

fn missing(test: &str) -> bool {
    let missing = ["openssl", "curl"].into_iter().find(|program| !has(program));
    if let Some(program) = missing {
        skip(test, &format!("{program} is not installed"));
    }
    missing.is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_installed_while_pictures_are_sent_and_programs_that_pinned_the_site_go_on() {
    if missing("a_certificate_is_installed_while_pictures_are_sent_and_programs_that_pinned_the_site_go_on") {
        return;
    }
    let dir = TempDir::new().expect("a directory");
    authority(dir.path());
    let system = System::start(vec![CameraOptions::default()]).await;
    let camera = system.add(&system.farm.cameras[0], None).await;
    system.until_state(camera.id, CameraState::Recording, PATIENCE).await;
    let mut live = Live::open(&system.client).await;
    let (stream, audio, profile) = (StreamKind::Main, false, None);
    live.ask(&Ask::Subscribe { subscription: 1, camera: camera.id, stream, audio, profile, flac: false })
        .await;
    pictures(&mut live, 1).await;

    let before: Value = system.client.get("/v1/certificate").await;
    assert_eq!((&before["kind"], &before["trouble"]), (&json!("self-made"), &Value::Null));
    let (status, after) =
        system.client.call(Method::PUT, "/v1/certificate", Some(&installed(dir.path()))).await;
    assert_eq!(status, StatusCode::OK, "{after}");
    assert_eq!((&after["kind"], &after["names"]), (&json!("installed"), &json!(["localhost"])));
    assert!(!after.to_string().contains("PRIVATE"));
    assert_eq!(after["issuer"], "Harbour");
    // It lasts for 20 days only, and nobody but its owner renews it: that is an alarm, until another one is served.
    assert_eq!(alarms(&system).await, [("certificate-ends".to_owned(), false)]);
    let health: Value = system.client.get("/healthz").await;
    assert_eq!(health["status"], "the TLS certificate ends within 21 days");

    // Who was connected goes on: pictures, and requests on the same connection.
    pictures(&mut live, 30).await;
    let site: Value = system.client.get("/v1/site").await;
    assert_eq!(site["tls_certificate_sha256"], after["sha256"]);

    // Who connects now gets the new one, as openssl sees it from outside.
    let address = system.client.base.trim_start_matches("https://").to_owned();
    let presented = |more: &str| {
        let (_, said) = run(dir.path(), "openssl", &format!("s_client -connect {address} -showcerts {more}"));
        said
    };
    let said = presented("-CAfile ca.pem -verify_ip 127.0.0.1 -verify_return_error");
    assert!(said.contains("Verify return code: 0 (ok)") && said.contains("TLSv1.3"), "{said}");
    let print = openssl(dir.path(), "x509 -in site.pem -noout -fingerprint -sha256");
    assert!(print.contains(after["sha256"].as_str().expect("a text")), "{print}");
    assert!(presented("-tls1_2 -CAfile ca.pem").contains("Verify return code: 0 (ok)"));
    for old in ["-tls1_1", "-tls1"] {
        let said = presented(&format!("{old} -cipher ALL:@SECLEVEL=0"));
        assert!(!said.contains("BEGIN CERTIFICATE"), "{old}: {said}");
    }
    let (well, said) = run(
        dir.path(),
        "curl",
        &format!("-sS --cacert ca.pem https://{address}/.well-known/martello-identity -D -"),
    );
    assert!(well, "{said}");
    assert!(!said.to_lowercase().contains("strict-transport-security"), "no public authority: {said}");

    // The site's identity vouches for it.
    let endorsement: Endorsement =
        serde_json::from_str(said.lines().last().unwrap_or_default()).expect("a statement");
    let pinned: CertificateId =
        before["certificate_id"].as_str().expect("an ID").parse().expect("a certificate ID");
    openssl(dir.path(), "x509 -in site.pem -outform DER -out site.der");
    let der = fs::read(dir.path().join("site.der")).expect("DER");
    assert_eq!(endorsement.verify(&pinned, &der, wall_now()), Ok(()));

    // An installed one is not renewed by the site; removed, the site's own is served, and that one can be renewed.
    let (status, problem) = system.client.call(Method::POST, "/v1/certificate/renew", None).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("conflict")));
    let (_, removed) = system.client.call(Method::DELETE, "/v1/certificate", None).await;
    assert_eq!(removed["sha256"], before["sha256"]);
    assert_eq!(alarms(&system).await, [("certificate-ends".to_owned(), true)]);
    let health: Value = system.client.get("/healthz").await;
    assert_eq!(health["status"], "ok");
    pictures(&mut live, 30).await;
    system.site.stop().await;
}

/// As its owner does it: with the command line, which pinned the site before and knows it afterwards; and with an authority
/// that the machine trusts.
#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_installs_a_certificate_and_browsers_are_told_to_insist_while_it_is_trusted() {
    const TEST: &str =
        "the_command_line_installs_a_certificate_and_browsers_are_told_to_insist_while_it_is_trusted";
    if missing(TEST) {
        return;
    }
    let Some(program) = martello() else {
        return skip(TEST, "the program is not built");
    };
    let dir = TempDir::new().expect("a directory");
    authority(dir.path());
    let mut command = Command::new(&program);
    command
        .args(["site", "--listen", "127.0.0.1", "--https-port", "0", "--https-only", "--data"])
        .arg(dir.path().join("site"))
        .env("SSL_CERT_FILE", dir.path().join("ca.pem"));
    let mut site = Program::run(command, dir.path()).await;
    site.set_up().await;
    let told: Value = site.client.get("/v1/setup").await;
    let token: Value = site.client.post("/v1/tokens", &json!({ "name": "cli" })).await;
    let client = |arguments: &str| {
        let output = Command::new(&program)
            .args(["certificate"])
            .args(arguments.split_whitespace())
            .current_dir(dir.path())
            .env("MARTELLO_URL", &site.client.base)
            .env("MARTELLO_TOKEN", token["value"].as_str().expect("a token"))
            .env("MARTELLO_CERTIFICATE_ID", told["certificate_id"].as_str().expect("an ID"))
            .output()
            .expect("the program");
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("a text")
    };
    let address = site.client.base.trim_start_matches("https://").to_owned();
    let insists = || {
        let (well, said) = run(dir.path(), "curl", &format!("-sS -k -o body -D - https://{address}/healthz"));
        assert!(well, "{said}");
        said.to_lowercase().lines().any(|line| line.starts_with("strict-transport-security: max-age="))
    };
    assert!(client("show").contains("made by the site") && !insists());
    assert!(client("install --chain chain.pem --key key.pem").contains("installed") && insists());
    // The command line has pinned the site, not this certificate.
    let shown: Value = serde_json::from_str(&client("show --json")).expect("JSON");
    assert_eq!((&shown["kind"], &shown["publicly_trusted"]), (&json!("installed"), &json!(true)));
    assert!(client("remove").contains("made by the site") && !insists());
    let renewed: Value = serde_json::from_str(&client("renew --json")).expect("JSON");
    assert_eq!(renewed["certificate_id"], told["certificate_id"]);
    let fingerprint = renewed["sha256"].as_str().expect("a fingerprint").to_owned();
    let mut again = Client::new(&site.client.base, &fingerprint);
    again.sign_in(ADMINISTRATOR.0, ADMINISTRATOR.1).await;
    assert!(site.end("-TERM").await.success());
}
