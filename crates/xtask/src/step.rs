//! One command of a stage: runs with its output in a file, which is shown only when the command fails.
//!
//! What is not here: which commands there are (`stages`).

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;

/// How many lines of a failed command are shown; the file has all of them.
const SHOWN: usize = 200;

/// What a command left behind.
pub struct Ended {
    /// Whether it ended well.
    pub ok: bool,
    /// What it printed.
    pub log: String,
}

/// Runs a program with arguments in a directory; `env` is added to the environment. After `limit` seconds it is ended.
///
/// # Errors
/// The log cannot be written or read.
pub fn run(
    log: &Path,
    directory: &Path,
    limit: u64,
    env: &[(&str, &Path)],
    words: &[&str],
) -> Result<Ended, Failure> {
    let file = File::create(log)?;
    let status = Command::new("timeout")
        .args(["--foreground", "--kill-after=20", &limit.to_string()])
        .args(words)
        .current_dir(directory)
        .envs(env.iter().copied())
        .stdin(std::process::Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .status()?;
    let log = String::from_utf8_lossy(&fs::read(log)?).into_owned();
    Ok(Ended { ok: status.success(), log })
}

/// The last lines of a log, for the terminal.
#[must_use]
pub fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    let left_out = lines.len().saturating_sub(SHOWN);
    let note = if left_out > 0 { format!("({left_out} lines before)\n") } else { String::new() };
    note + &lines[left_out..].join("\n")
}

/// Where logs of `make test` lie: beside the build output, outside of the clone, a directory for each clone.
///
/// # Errors
/// The directory cannot be made.
pub fn log_directory(root: &Path, target: &Path) -> Result<PathBuf, Failure> {
    let clone = root.canonicalize()?.to_string_lossy().replace('/', "-");
    let directory = target.join("martello-test").join(clone.trim_matches('-'));
    fs::create_dir_all(&directory)?;
    Ok(directory)
}

/// Where cargo puts what it builds.
#[must_use]
pub fn target_directory(root: &Path) -> PathBuf {
    // An absolute one replaces the root.
    root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_leaves_its_output_and_whether_it_went_well() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log");
        let place = Path::new("where");
        let ended =
            run(&log, directory.path(), 10, &[("PLACE", place)], &["sh", "-c", "echo $PLACE; echo b >&2"])
                .unwrap();
        assert!(ended.ok);
        assert_eq!(ended.log, "where\nb\n");
        assert!(!run(&log, directory.path(), 10, &[], &["false"]).unwrap().ok);
        assert!(!run(&log, directory.path(), 1, &[], &["sleep", "60"]).unwrap().ok, "ended by its limit");
    }

    #[test]
    fn only_the_end_of_a_long_log_is_shown() {
        let log: String = (0..300).map(|number| format!("{number}\n")).collect();
        let shown = tail(&log);
        assert!(shown.starts_with("(100 lines before)\n100\n"), "{shown}");
        assert!(shown.ends_with("\n299"));
        assert_eq!(tail("a\nb\n"), "a\nb");
    }
}
