//! The command line through a proxy that is not ours: squid, with a name and a password (RFC 7617, in UTF-8).

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use e2e::{
    Program,
    probe::skip,
    program::martello,
    squid::{self, Squid},
    system::ADMINISTRATOR,
    wait::until,
};
use serde_json::Value;
use tempfile::TempDir;

const PASSWORD: &str = "p£ss åäö 🗝";

/// Runs a client command; its exit code and what it said.
fn run(
    program: &Path,
    home: &Path,
    password: Option<&str>,
    arguments: &[&str],
    stdin: &str,
) -> (i32, String) {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env("HOME", home).env("MARTELLO_SOCKET", home.join("none"));
    // What other programs are told about proxies does not count.
    command.env("HTTPS_PROXY", "http://127.0.0.1:1");
    if let Some(password) = password {
        command.env("MARTELLO_PROXY_PASSWORD", password);
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let _ = child.stdin.take().expect("stdin").write_all(stdin.as_bytes());
    let output = tokio::task::block_in_place(|| child.wait_with_output()).expect("its end");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_go_through_squid_which_learns_an_address_and_nothing_more() {
    const TEST: &str = "commands_go_through_squid_which_learns_an_address_and_nothing_more";
    if let Some(reason) = squid::missing() {
        return skip(TEST, reason);
    }
    let Some(program) = martello() else {
        return skip(TEST, "the program is not built");
    };
    let (place, home) = (TempDir::new().expect("a directory"), TempDir::new().expect("a directory"));
    let mut site = Program::start(&program, place.path()).await;
    site.set_up().await;
    let proxy = Squid::start("åsa", PASSWORD).await;
    let told: Value = site.client.get("/v1/setup").await;
    let (url, id) = (site.client.base.clone(), told["certificate_id"].as_str().expect("an ID").to_owned());
    let (user, password) = ADMINISTRATOR;
    let through = format!("http://%C3%A5sa@127.0.0.1:{}", proxy.port);
    let login = ["login", "--url", &url, "--certificate-id", &id, "--user", user, "--password-stdin"];
    let login = [&login[..], &["--proxy", &through]].concat();
    let typed = format!("{password}\n");
    let (code, said) = run(&program, home.path(), Some(PASSWORD), &login, &typed);
    assert_eq!(code, 0, "{said}");
    let list = ["camera", "list", "--json"];
    let (code, said) = run(&program, home.path(), Some(PASSWORD), &list, "");
    assert_eq!((code, said.trim()), (0, "[]"));

    for (what, password, expected) in [("a wrong password", Some("p£ss"), 1), ("none", None, 2)] {
        let (code, said) = run(&program, home.path(), password, &list, "");
        assert_eq!(code, expected, "{what}: {said}");
    }
    // squid writes its log when a connection ends.
    let log = until("squid has logged", Duration::from_secs(20), || async {
        Some(proxy.log()).filter(|log| log.contains("TCP_TUNNEL/200") && log.contains("TCP_DENIED/407"))
    })
    .await;
    let host = url.trim_start_matches("https://");
    // The first connection only looked whether squid listens.
    let mut asked = log.lines().filter(|line| !line.contains("error:transaction-end-before-headers"));
    assert!(asked.all(|line| line.contains(&format!("CONNECT {host} "))), "{log}");
    let port = proxy.port;
    drop(proxy);
    let (code, said) = run(&program, home.path(), Some(PASSWORD), &list, "");
    assert!(code == 1 && said.contains("cannot be reached"), "port {port}: {said}");
    assert!(site.end("-TERM").await.success());
}
