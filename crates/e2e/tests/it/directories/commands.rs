//! A directory by the command line: tried before it is added, searched, its people let in, removed; the password of its
//! account comes by stdin. Against a real slapd.

use std::fs;

use e2e::{
    Client, Program,
    commands::Commands,
    probe::skip,
    program::martello,
    slapd::{self, BASE, SEARCHER, Slapd},
};
use serde_json::json;
use tempfile::TempDir;

use super::{ANNA, people};

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_is_added_searched_and_removed_by_the_command_line() {
    const TEST: &str = "a_directory_is_added_searched_and_removed_by_the_command_line";
    if let Some(reason) = slapd::missing() {
        return skip(TEST, reason);
    }
    let Some(program) = martello() else {
        return skip(TEST, "the program is not built");
    };
    let slapd = Slapd::start(&people()).await;
    let dir = TempDir::new().expect("a directory");
    fs::write(dir.path().join("ca.pem"), &slapd.authority.pem).expect("a file");
    let mut site = Program::start(&program, dir.path()).await;
    site.set_up().await;
    let commands = Commands::new(program, "directory", &site.client, dir.path()).await;
    let run = |arguments: &[&str], stdin: &str| commands.run(arguments, stdin);
    let done = |arguments: &[&str], stdin: &str| commands.done(arguments, stdin);
    let json = |arguments: &[&str]| commands.json(arguments);

    let (tls, plain) = (format!("localhost:{}", slapd.tls_port), format!("localhost:{}", slapd.port));
    let add = |name: &'static str, host: &str, more: &[&str]| {
        let usual = ["add", name, "--kind", "ldap", "--host", host, "--authority", "ca.pem", "--base", BASE];
        let all = [&usual[..], &["--account", SEARCHER.0, "--password-stdin"], more].concat();
        all.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let words = |all: &[String], stdin: &str| run(&all.iter().map(String::as_str).collect::<Vec<_>>(), stdin);
    let password = format!("{}\n", SEARCHER.1);
    let (code, _, why) = words(&add("Office", &tls, &[]), "not the password\n");
    assert!(code == Some(1) && why.contains("Check the account that searches"), "{why}");
    assert_eq!(json(&["list"]), json!([]), "what was tried in vain is not added");
    let (code, said, why) = words(&add("Office", &tls, &[]), &password);
    assert!(code == Some(0) && said.contains("2 people and 3 groups"), "{said}{why}");
    assert_eq!(words(&add("Gate", &plain, &["--starttls", "--offline-minutes", "60"]), &password).0, Some(0));
    assert_eq!(words(&add("Wrong", "host:ldaps", &[]), &password).0, Some(2));

    let listed = json(&["list"]);
    let names: Vec<_> =
        listed.as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!((names, &listed[1]["offline_minutes"]), (vec!["Office", "Gate"], &json!(60)));
    assert!(!listed.to_string().contains(SEARCHER.1));
    assert!(done(&["test", "gate"], "").contains("It answers"));
    let found = json(&["search", "Office", "ann", "--kind", "users"]);
    assert_eq!((&found["total"], &found["items"][0]["name"]), (&json!(1), &json!("anna")));
    assert!(done(&["search", "this-server"], "").contains("administrator"));

    // Whom it lets in signs in.
    assert!(done(&["admit", "Office", "guards", "--role", "operator"], "").contains("guards@example.org"));
    let mut anna = Client::new(&site.client.base, &site.client.fingerprint);
    anna.sign_in("anna", ANNA).await;
    let (code, _, why) = run(&["admit", "Office", "nobody", "--role", "viewer"], "");
    assert!(code == Some(1) && why.contains("is nobody in Office"), "{why}");
    assert!(done(&["list"], "").contains("answers"));

    let (code, _, why) = run(&["remove", "Office"], "");
    assert!(code == Some(1) && why.contains("--yes"), "{why}");
    done(&["remove", "Office", "--yes"], "");
    let (code, _, why) = run(&["remove", "Office", "--yes"], "");
    assert!(code == Some(1) && why.contains("there are: Gate"), "{why}");
    assert!(site.end("-TERM").await.success());
}
