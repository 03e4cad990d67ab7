//! The stages of `make test`: what runs in which order, against which budget, and the counts at the end.
//!
//! What is here: build, lint, unit and simulation, whole-system, browser. The install stage (`.ci/install`) has run
//! before, because this program could not have been built without it.
//! What is not here: what a test tests. The last line is always `N passed, N failed, N skipped`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Deserialize;

use crate::counts::{self, Counts};
use crate::step;
use crate::{Failure, Finding, dependencies, layering, tidy, tree};

/// Crates whose tests run whole systems: sockets, several services, time that passes. All others are unit tests.
const SYSTEM: &str = "package(camera) + package(sim) + package(site) + package(e2e) + package(martello)";
const SYSTEM_CRATES: &[&str] = &["camera", "sim", "site", "e2e", "martello"];

/// A stage over its budget by more than this fails: a slow machine is no fault, a slow test is.
const PATIENCE: f64 = 1.5;

/// Seconds a stage may take (`.ci/budget.toml`).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Budget {
    install: u64,
    build: u64,
    lint: u64,
    unit: u64,
    system: u64,
    browser: u64,
}

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
    skip_log: PathBuf,
    nextest: bool,
    counts: Counts,
    broken: Vec<String>,
}

/// Runs all stages. True when all is well.
///
/// # Errors
/// The budget cannot be read, or a command cannot be started.
pub fn run(root: &Path, installed_in: u64) -> Result<bool, Failure> {
    let logs = step::log_directory(root)?;
    let budget: Budget = toml::from_str(&fs::read_to_string(root.join(".ci/budget.toml"))?)?;
    let skip_log = logs.join("skipped");
    fs::write(&skip_log, "")?;
    let mut run = Run {
        root: root.to_owned(),
        nextest: step::run(&logs.join("nextest"), root, 60, &[], &["cargo", "nextest", "--version"])?.ok,
        logs,
        skip_log,
        counts: Counts::default(),
        broken: Vec::new(),
    };
    run.report("install", installed_in, budget.install);
    if run.stage("build", budget.build, Run::build)? {
        run.stage("lint", budget.lint, Run::lint)?;
        run.stage("unit", budget.unit, Run::unit)?;
        run.stage("system", budget.system, Run::system)?;
        run.stage("browser", budget.browser, Run::browser)?;
    }
    run.finish()
}

impl Run {
    /// Runs a stage and holds it against its budget. True when nothing broke in it.
    fn stage(
        &mut self,
        name: &str,
        budget: u64,
        body: fn(&mut Self, u64) -> Result<(), Failure>,
    ) -> Result<bool, Failure> {
        let (began, before) = (Instant::now(), self.broken.len());
        body(self, budget * 3)?;
        let well = self.broken.len() == before;
        self.report(name, began.elapsed().as_secs(), budget);
        Ok(well)
    }

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
        self.step(
            "api types",
            limit,
            &["npm", "--prefix", "web", "run", "api", "--", "--check"],
            Counted::Not,
        )?;
        self.step("types", limit, &["npm", "--prefix", "web", "run", "typecheck"], Counted::Not)?;
        self.step("oxlint", limit, &["npm", "--prefix", "web", "run", "lint"], Counted::Not)?;
        let tree = tree::Tree::read(&self.root)?;
        let mut found = tidy::check(&tree);
        found.extend(layering::check(&tree));
        found.extend(dependencies::check(&tree, &dependencies::packages(&self.root)?)?);
        if !found.is_empty() {
            self.broken.push("lint: tidy".to_owned());
            println!("{}", found.iter().map(Finding::to_string).collect::<Vec<_>>().join("\n"));
        }
        Ok(())
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
        let binary = self.logs.with_file_name("debug").join("martello");
        let env = [("MARTELLO_SKIP_LOG", self.skip_log.as_path()), ("MARTELLO_BIN", binary.as_path())];
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
