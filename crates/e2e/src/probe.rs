//! Witnesses that are not ours: ffprobe and its relatives.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

/// Whether a program is installed. Tests that need it are skipped by name where it is not.
#[must_use]
pub fn has(program: &str) -> bool {
    let version = if program.starts_with("gst") { "--version" } else { "-version" };
    Command::new(program).arg(version).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Says that a test is skipped and why: into the list that the runner counts, and onto the terminal.
#[allow(clippy::print_stderr, reason = "a test's own words")]
pub fn skip(test: &str, reason: &str) {
    use std::io::Write;
    let line = format!("SKIPPED: {test}: {reason}");
    eprintln!("{line}");
    if let Some(path) = std::env::var_os("MARTELLO_SKIP_LOG")
        && let Ok(mut log) = std::fs::OpenOptions::new().append(true).create(true).open(path)
    {
        let _ = writeln!(log, "{line}");
    }
}

/// What ffprobe says about a file's packets: one object per packet.
///
/// # Panics
/// ffprobe fails, or complains.
#[must_use]
#[allow(clippy::expect_used, reason = "a test's helper")]
pub fn packets(file: &Path, select: &str) -> Vec<Value> {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", select, "-show_packets", "-of", "json"])
        .arg(file)
        .output()
        .expect("ffprobe");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaints.is_empty(), "{}: {complaints}", file.display());
    let value: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    value["packets"].as_array().cloned().unwrap_or_default()
}

/// What ffprobe says about a file's streams.
///
/// # Panics
/// ffprobe fails, or complains.
#[must_use]
#[allow(clippy::expect_used, reason = "a test's helper")]
pub fn streams(file: &Path) -> Vec<Value> {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-show_streams", "-of", "json"])
        .arg(file)
        .output()
        .expect("ffprobe");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaints.is_empty(), "{}: {complaints}", file.display());
    let value: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    value["streams"].as_array().cloned().unwrap_or_default()
}
