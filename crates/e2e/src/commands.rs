//! The client commands of `martello` as a script runs them: with address, certificate ID and token in the environment.
//!
//! What is not here: services ([`crate::program`]), and what the commands do.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::Client;

/// The commands for one site.
pub struct Commands {
    program: PathBuf,
    /// Which of the commands: `directory`, `provider`.
    command: &'static str,
    place: PathBuf,
    environment: [(&'static str, String); 3],
}

#[allow(clippy::expect_used, reason = "a test's helper: what fails fails the test")]
impl Commands {
    /// `martello COMMAND …` as an administrator, whose token is made for it, in that directory.
    ///
    /// # Panics
    /// The site makes no token.
    pub async fn new(
        program: PathBuf,
        command: &'static str,
        client: &Client,
        place: impl Into<PathBuf>,
    ) -> Self {
        let told: Value = client.get("/v1/setup").await;
        let token: Value = client.post("/v1/tokens", &json!({ "name": command })).await;
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let environment = [
            ("MARTELLO_URL", client.base.clone()),
            ("MARTELLO_TOKEN", text(&token["value"])),
            ("MARTELLO_CERTIFICATE_ID", text(&told["certificate_id"])),
        ];
        Self { program, command, place: place.into(), environment }
    }

    /// Exit code, what it said, and why it failed.
    ///
    /// # Panics
    /// It cannot be run.
    #[must_use]
    pub fn run(&self, arguments: &[&str], stdin: &str) -> (Option<i32>, String, String) {
        let mut child = Command::new(&self.program)
            .arg(self.command)
            .args(arguments)
            .current_dir(&self.place)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        // A command that reads nothing may have ended already.
        let _ = child.stdin.take().expect("stdin").write_all(stdin.as_bytes());
        let output = child.wait_with_output().expect("an end");
        let [said, why] =
            [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("a text"));
        (output.status.code(), said, why)
    }

    /// What it said.
    ///
    /// # Panics
    /// It fails.
    #[must_use]
    pub fn done(&self, arguments: &[&str], stdin: &str) -> String {
        let (code, said, why) = self.run(arguments, stdin);
        assert_eq!((code, why.as_str()), (Some(0), ""), "{arguments:?}: {said}");
        said
    }

    /// What it says with `--json`.
    ///
    /// # Panics
    /// It fails, or says no JSON.
    #[must_use]
    pub fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.done(&[arguments, &["--json"]].concat(), "")).expect("JSON")
    }
}
