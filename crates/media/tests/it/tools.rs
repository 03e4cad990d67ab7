//! Other people's programs as witnesses, and what a test does where they are missing.

#![allow(clippy::print_stderr, reason = "a test that cannot run says so")]

use std::{ffi::OsStr, io::Write as _, path::Path, process::Command};

/// Says that a test cannot run here.
pub fn skip(test: &str, reason: &str) {
    let line = format!("SKIPPED: {test}: {reason}\n");
    eprint!("{line}");
    if let Some(path) = std::env::var_os("MARTELLO_SKIP_LOG") {
        let mut log = std::fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
        log.write_all(line.as_bytes()).unwrap();
    }
}

/// What a program printed.
pub struct Printed {
    pub out: Vec<u8>,
    pub err: String,
}

impl Printed {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).trim().to_owned()
    }
}

/// Runs a program to its end; nothing where it is not installed.
///
/// # Panics
/// The program fails.
pub fn run<S: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = S>) -> Option<Printed> {
    let output = match Command::new(program).args(arguments).output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => panic!("{program}: {error}"),
    };
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} failed: {err}");
    Some(Printed { out: output.stdout, err })
}

/// Runs ffmpeg with words separated by spaces; `{}` stands for the paths in their order.
pub fn ffmpeg(command: &str, paths: &[&Path]) -> Option<Printed> {
    run("ffmpeg", words("-nostdin -v warning -y ", command, paths))
}

/// Runs ffprobe likewise.
pub fn ffprobe(command: &str, paths: &[&Path]) -> Option<Printed> {
    run("ffprobe", words("-v warning -of csv=p=0 ", command, paths))
}

fn words(first: &str, command: &str, paths: &[&Path]) -> Vec<std::ffi::OsString> {
    let mut paths = paths.iter();
    first
        .split_whitespace()
        .chain(command.split_whitespace())
        .map(|word| match word {
            "{}" => paths.next().expect("a path for each {}").as_os_str().to_owned(),
            word => word.into(),
        })
        .collect()
}

/// Numbers in the lines of ffprobe's `csv`.
pub fn rows(printed: &Printed) -> Vec<Vec<String>> {
    printed
        .text()
        .lines()
        .map(|line| line.trim_end_matches(',').split(',').map(str::to_owned).collect())
        .collect()
}
