//! A provider by the command line: tried before it is kept, changed, its people let in, removed; the secret comes by stdin and is
//! never told. Against a real provider.

use std::fs;

use e2e::{Program, commands::Commands, probe::skip, program::martello, provider};
use serde_json::json;
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_added_changed_and_removed_by_the_command_line() {
    const TEST: &str = "a_provider_is_added_changed_and_removed_by_the_command_line";
    if let Some(reason) = provider::missing() {
        return skip(TEST, reason);
    }
    let Some(program) = martello() else {
        return skip(TEST, "the program is not built");
    };
    let place = TempDir::new().expect("a directory");
    let mut site = Program::start(&program, place.path()).await;
    site.set_up().await;
    let base = site.client.base.clone();
    let base = base.as_str();
    let there = provider::Provider::start(&format!("{base}/sign-in/openid"));
    fs::write(place.path().join("ca.pem"), &there.authority.pem).expect("a file");
    let commands = Commands::new(program, "provider", &site.client, place.path()).await;
    let secret = format!("{}\n", there.client_secret);
    let add = |name: &'static str, issuer: &str, more: &[&str]| {
        let usual =
            ["add", name, "--issuer", issuer, "--client-id", &there.client_id, "--site-address", base];
        let all = [&usual[..], &["--secret-stdin", "--authority", "ca.pem"], more].concat();
        commands.run(&all, &secret)
    };

    let (code, _, why) = add("Company", &format!("{}/other", there.issuer), &[]);
    assert!(code == Some(1) && !why.is_empty(), "{why}");
    assert_eq!(commands.json(&["list"]), json!([]), "what was tried in vain is not added");
    let (code, said, why) = add("Company", &there.issuer, &["--groups-claim", "groups"]);
    let redirect = format!("exactly so: {base}/sign-in/openid");
    assert!(code == Some(0) && said.contains("RS256, ES256") && said.contains(&redirect), "{said}{why}");
    assert!(commands.done(&["test", "company"], "").contains("It answers"));

    // What is not said stays, the secret too, and no answer has it.
    let _ = commands.done(&["change", "Company", "--name", "House", "--offline-minutes", "60"], "");
    let listed = commands.json(&["list"]);
    let kept = &listed[0];
    assert_eq!(
        (&kept["name"], &kept["offline_minutes"], &kept["groups_claim"], &kept["refresh_seconds"]),
        (&json!("House"), &json!(60), &json!("groups"), &json!(60))
    );
    assert!(!listed.to_string().contains(&there.client_secret));
    assert!(commands.done(&["test", "House"], "").contains("It answers"));
    let (code, _, why) = commands.run(&["change", "House", "--client-id", "another"], "");
    assert!(code == Some(2) && why.contains("--secret-stdin"), "{why}");

    assert!(
        commands
            .done(&["admit", "House", "--group", "guards", "--role", "operator"], "")
            .contains("guards (House)")
    );
    let admitted = commands.json(&["admit", "House", "--user", "a1", "--role", "viewer"]);
    assert_eq!(admitted["role"], "viewer");
    assert!(commands.done(&["list"], "").contains("House"));

    let (code, _, why) = commands.run(&["remove", "House"], "");
    assert!(code == Some(1) && why.contains("--yes"), "{why}");
    let _ = commands.done(&["remove", "House", "--yes"], "");
    let (code, _, why) = commands.run(&["test", "House"], "");
    assert!(code == Some(1) && why.contains("there are: none"), "{why}");
    assert!(site.end("-TERM").await.success());
}
