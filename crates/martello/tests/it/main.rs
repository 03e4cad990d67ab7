//! The program as scripts see it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod client;
#[allow(dead_code, reason = "the archive's tests use more of it")]
#[path = "../../../archive/tests/it/fake.rs"]
mod fake_camera;
mod fake_site;
mod local;
mod offline;
mod people;
mod pinning;
mod relay;
mod servers;

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

/// What a command did.
#[derive(Debug)]
struct Done {
    code: i32,
    stdout: Vec<u8>,
    stderr: String,
}

impl Done {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }
}

/// Runs `martello` with a home directory of its own.
async fn martello(home: &Path, arguments: &[&str], stdin: &str) -> Done {
    martello_with(home, &[], arguments, stdin).await
}

/// The same with variables.
async fn martello_with(home: &Path, variables: &[(&str, &str)], arguments: &[&str], stdin: &str) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_martello"));
    command
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        // No site of this machine is meant, unless the test says so.
        .env("MARTELLO_SOCKET", home.join("no-site.sock"))
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let stdin = stdin.to_owned();
    tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        // A command that asks for nothing may have ended already.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        Done { code: output.status.code().unwrap(), stdout: output.stdout, stderr }
    })
    .await
    .unwrap()
}
