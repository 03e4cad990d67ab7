//! Running programs that are not ours.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Whether the program is there; if not, says that the test is skipped.
pub fn present(program: &str, test: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
    let there = found.is_ok_and(|output| output.status.success());
    if !there {
        skip(test, &format!("{program} is not installed"));
    }
    there
}

/// Says that a test cannot run here.
pub fn skip(test: &str, reason: &str) {
    let line = format!("SKIPPED: {test}: {reason}\n");
    print!("{line}");
    if let Some(path) = std::env::var_os("MARTELLO_SKIP_LOG") {
        let mut log = std::fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
        log.write_all(line.as_bytes()).unwrap();
    }
}

/// Runs the program without blocking the cameras; it is ended after `limit`.
pub async fn run(program: &str, arguments: &[&str], limit: Duration) -> Output {
    let mut command = Command::new("timeout");
    command.arg(format!("{}", limit.as_secs())).arg(program).args(arguments).stdin(Stdio::null());
    let started = Instant::now();
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(
        started.elapsed() < limit,
        "{program} did not end by itself: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Its standard output as text; it must have succeeded.
pub async fn text(program: &str, arguments: &[&str], limit: Duration) -> String {
    let output = run(program, arguments, limit).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
