//! The stages of `make test`: what runs in which order, against which budget, and the counts at the end.
//!
//! What is here: build, lint, unit and simulation, whole-system, browser. The install stage (`.ci/install`) has run
//! before, because this program could not have been built without it.
//! What is not here: what a test tests. The last line is always `N passed, N failed, N skipped`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::Failure;
use crate::counts::{self, Counts};
use crate::step;

/// Crates whose tests run whole systems: sockets, several services, time that passes. All others are unit tests.
const SYSTEM: &str = "package(camera) + package(sim) + package(site) + package(e2e) + package(martello)";
const SYSTEM_CRATES: &[&str] = &["camera", "sim", "site", "e2e", "martello"];

/// A stage over its budget by more than this fails: a slow machine is no fault, a slow test is.
const PATIENCE: f64 = 1.5;

/// What a stage does; it is given the seconds after which a command of it is ended.
type Body = fn(&mut Run, u64) -> Result<(), Failure>;

/// The stages after `install`, in order.
const STAGES: &[(&str, Body)] = &[
    ("build", Run::build),
    ("lint", Run::lint),
    ("unit", Run::unit),
    ("system", Run::system),
    ("browser", Run::browser),
];

/// Where the counts of a command are found.
enum Counted {
    /// It has none: building and linting.
    Not,
    /// In what nextest or `cargo test` printed.
    Rust,
    /// In the report of this name among the logs.
    Vitest(&'static str),
}

/// The run so far.
struct Run {
    root: PathBuf,
    logs: PathBuf,
    /// What the build stage leaves for the browser stage.
    binary: PathBuf,
    skip_log: PathBuf,
    nextest: bool,
    counts: Counts,
    broken: Vec<String>,
}

/// Runs the stages named, or all of them. True when all is well.
///
/// # Errors
/// A stage is unknown or has no budget, or a command cannot be started.
pub fn run(root: &Path, installed_in: Option<u64>, only: &[&str]) -> Result<bool, Failure> {
    if let Some(unknown) = only.iter().find(|name| !STAGES.iter().any(|(stage, _)| stage == *name)) {
        return Err(format!("there is no stage `{unknown}`").into());
    }
    let target = step::target_directory(root);
    let logs = step::log_directory(root, &target)?;
    let budget: BTreeMap<String, u64> = toml::from_str(&fs::read_to_string(root.join(".ci/budget.toml"))?)?;
    let budget = |name: &str| budget.get(name).copied().ok_or(format!("`{name}` has no budget"));
    let skip_log = logs.join("skipped");
    fs::write(&skip_log, "")?;
    let mut run = Run {
        root: root.to_owned(),
        nextest: step::run(&logs.join("nextest"), root, 60, &[], &["cargo", "nextest", "--version"])?.ok,
        binary: target.join("debug/martello"),
        logs,
        skip_log,
        counts: Counts::default(),
        broken: Vec::new(),
    };
    if let Some(seconds) = installed_in {
        run.report("install", seconds, budget("install")?);
    }
    for (name, body) in STAGES.iter().filter(|(name, _)| only.is_empty() || only.contains(name)) {
        let (began, budget) = (Instant::now(), budget(name)?);
        body(&mut run, budget * 3)?;
        let built = run.broken.is_empty();
        run.report(name, began.elapsed().as_secs(), budget);
        if *name == "build" && !built {
            break;
        }
    }
    run.finish()
}

impl Run {
    fn report(&mut self, name: &str, seconds: u64, budget: u64) {
        println!("{name:<8} {seconds:>5} s of {budget:>5} s");
        if seconds as f64 > budget as f64 * PATIENCE {
            self.broken.push(format!("{name} took {seconds} s; its budget is {budget} s (.ci/budget.toml)"));
        }
    }

    fn build(&mut self, limit: u64) -> Result<(), Failure> {
        self.step("web client", limit, &["npm", "--prefix", "web", "run", "build"], Counted::Not)?;
        self.step("workspace", limit, &["cargo", "build", "--locked", "--workspace"], Counted::Not)?;
        let mut tests = self.test_command();
        tests.push("--no-run");
        self.step("tests", limit, &tests, Counted::Not)
    }

    fn lint(&mut self, limit: u64) -> Result<(), Failure> {
        self.step("format", limit, &["cargo", "fmt", "--all", "--check"], Counted::Not)?;
        let clippy = ["cargo", "clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"];
        self.step("clippy", limit, &clippy, Counted::Not)?;
        let api_types = ["npm", "--prefix", "web", "run", "api", "--", "--check"];
        self.step("api types", limit, &api_types, Counted::Not)?;
        self.step("types", limit, &["npm", "--prefix", "web", "run", "typecheck"], Counted::Not)?;
        self.step("oxlint", limit, &["npm", "--prefix", "web", "run", "lint"], Counted::Not)
    }

    fn unit(&mut self, limit: u64) -> Result<(), Failure> {
        let mut rust = self.test_command();
        let others = format!("not ({SYSTEM})");
        if self.nextest {
            rust.extend(["-E", &others]);
        } else {
            rust.extend(SYSTEM_CRATES.iter().flat_map(|name| ["--exclude", name]));
        }
        self.step("unit", limit, &rust, Counted::Rust)?;
        self.vitest("web", limit, "test", "web.json")
    }

    fn system(&mut self, limit: u64) -> Result<(), Failure> {
        let mut rust = self.test_command();
        if self.nextest {
            rust.extend(["-E", SYSTEM]);
        } else {
            rust.retain(|word| *word != "--workspace");
            rust.extend(SYSTEM_CRATES.iter().flat_map(|name| ["--package", name]));
        }
        self.step("system", limit, &rust, Counted::Rust)
    }

    fn browser(&mut self, limit: u64) -> Result<(), Failure> {
        self.vitest("browser", limit, "e2e", "browser.json")
    }

    /// The runner of Rust tests. Everything is selected as one workspace, so that features are unified only once.
    fn test_command(&self) -> Vec<&'static str> {
        if self.nextest {
            vec!["cargo", "nextest", "run", "--locked", "--workspace", "--no-tests=pass"]
        } else {
            vec!["cargo", "test", "--locked", "--workspace", "--tests", "--no-fail-fast"]
        }
    }

    fn vitest(&mut self, name: &str, limit: u64, script: &str, report: &'static str) -> Result<(), Failure> {
        let file = self.logs.join(report);
        // A report of an earlier run must not be taken for this one's.
        let _ = fs::remove_file(&file);
        let output = format!("--outputFile.json={}", file.display());
        let words =
            ["npm", "--prefix", "web", "run", script, "--", "--reporter=default", "--reporter=json", &output];
        self.step(name, limit, &words, Counted::Vitest(report))
    }

    fn step(&mut self, name: &str, limit: u64, words: &[&str], counted: Counted) -> Result<(), Failure> {
        let log = self.logs.join(format!("{}.log", name.replace(' ', "-")));
        let env = [("MARTELLO_SKIP_LOG", self.skip_log.as_path()), ("MARTELLO_BIN", self.binary.as_path())];
        let ended = step::run(&log, &self.root, limit, &env, words)?;
        let counts = match counted {
            Counted::Not => Some(Counts::default()),
            Counted::Rust => counts::nextest(&ended.log).or_else(|| counts::cargo_test(&ended.log)),
            Counted::Vitest(report) => {
                counts::vitest(&fs::read_to_string(self.logs.join(report)).unwrap_or_default())
            }
        };
        if let Some(counts) = counts {
            self.counts += counts;
        }
        if !ended.ok || counts.is_none() {
            println!("{}\n({})", step::tail(&ended.log), log.display());
            // Failed tests are counted already; what broke without one is counted here.
            if counts.is_none_or(|counts| counts.failed == 0) {
                self.broken.push(format!("{name}: {}", words.join(" ")));
            }
        }
        Ok(())
    }

    /// Prints what is left to say, the counts last. True when all is well.
    fn finish(mut self) -> Result<bool, Failure> {
        let log = fs::read_to_string(&self.skip_log)?;
        let skipped: BTreeMap<&str, &str> = counts::skipped(&log);
        for (name, reason) in &skipped {
            println!("skipped: {name}: {reason}");
        }
        for what in &self.broken {
            println!("failed: {what}");
        }
        // A test that says that it cannot run returns, and its runner takes that for passed.
        let said = skipped.len() as u64;
        self.counts.passed = self.counts.passed.saturating_sub(said);
        self.counts.skipped += said;
        self.counts.failed += self.broken.len() as u64;
        let Counts { passed, failed, skipped } = self.counts;
        println!("{passed} passed, {failed} failed, {skipped} skipped");
        Ok(failed == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_has_a_budget_and_every_budget_a_stage() {
        let text = fs::read_to_string(crate::tree::root().join(".ci/budget.toml")).unwrap();
        let budget: BTreeMap<String, u64> = toml::from_str(&text).unwrap();
        let mut stages: Vec<&str> = STAGES.iter().map(|(name, _)| *name).chain(["install"]).collect();
        stages.sort_unstable();
        assert_eq!(budget.keys().collect::<Vec<_>>(), stages);
    }
}
