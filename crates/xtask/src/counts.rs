//! How many tests passed, failed and were skipped, read from what the runners say.
//!
//! What is here: nextest, `cargo test`, vitest, and the log of skipped tests (`MARTELLO_SKIP_LOG`, CONTRIBUTING.md).
//! What is not here: running them (`stages`).

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::Deserialize;

/// The sum of some tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Ran to their end and found nothing.
    pub passed: u64,
    /// Found something, or did not come to their end.
    pub failed: u64,
    /// Could not run; each said why.
    pub skipped: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// From the last summary line of nextest, such as `Summary [0.1s] 4 tests run: 2 passed (1 slow), 1 failed, 1 timed
/// out, 9 skipped`. What nextest calls skipped was asked for in another stage: no test is set aside (`tidy`).
#[must_use]
pub fn nextest(log: &str) -> Option<Counts> {
    let line = log
        .lines()
        .rev()
        .find(|line| line.trim_start().starts_with("Summary [") && line.contains(" run:"))?;
    let mut counts = Counts::default();
    for part in line.split_once(" run:")?.1.split([',', '(', ')']) {
        let mut words = part.split_whitespace();
        let (Some(Ok(number)), Some(what)) = (words.next().map(str::parse::<u64>), words.next()) else {
            continue;
        };
        match what {
            "passed" => counts.passed += number,
            "skipped" | "slow" | "flaky" | "leaky" => {}
            _ => counts.failed += number,
        }
    }
    Some(counts)
}

/// From all the `test result:` lines of `cargo test`.
#[must_use]
pub fn cargo_test(log: &str) -> Option<Counts> {
    let mut counts = None;
    for line in log.lines().filter_map(|line| line.trim_start().strip_prefix("test result: ")) {
        let counts = counts.get_or_insert_with(Counts::default);
        for part in line.split([';', '.']) {
            let mut words = part.split_whitespace();
            let (Some(Ok(number)), Some(what)) = (words.next().map(str::parse::<u64>), words.next()) else {
                continue;
            };
            match what {
                "passed" => counts.passed += number,
                "failed" => counts.failed += number,
                _ => {}
            }
        }
    }
    counts
}

/// From the report that vitest writes with `--reporter=json`.
#[must_use]
pub fn vitest(report: &str) -> Option<Counts> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Report {
        num_passed_tests: u64,
        num_failed_tests: u64,
        num_pending_tests: u64,
        num_todo_tests: u64,
    }
    let report: Report = serde_json::from_str(report).ok()?;
    Some(Counts {
        passed: report.num_passed_tests,
        failed: report.num_failed_tests,
        skipped: report.num_pending_tests + report.num_todo_tests,
    })
}

/// The tests that said that they could not run, and why. Lines are `SKIPPED: name: reason`; a test that says it twice
/// counts once.
#[must_use]
pub fn skipped(log: &str) -> BTreeMap<&str, &str> {
    log.lines().filter_map(|line| line.strip_prefix("SKIPPED: ")?.split_once(": ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u64, failed: u64, skipped: u64) -> Counts {
        Counts { passed, failed, skipped }
    }

    #[test]
    fn the_summary_of_nextest_is_read() {
        for (line, expected) in [
            ("     Summary [   0.123s] 12 tests run: 12 passed, 0 skipped", counts(12, 0, 0)),
            (
                "     Summary [   2.030s] 5 tests run: 3 passed (1 slow), 1 failed, 1 timed out, 7 skipped",
                counts(3, 2, 0),
            ),
            (
                "     Summary [   2.030s] 4 tests run: 3 passed (1 slow, 1 leaky), 1 exec failed, 0 skipped",
                counts(3, 1, 0),
            ),
            ("     Summary [   0.000s] 0 tests run: 0 passed, 9 skipped", counts(0, 0, 0)),
            ("     Summary [   0.100s] 1 test run: 1 passed, 0 skipped", counts(1, 0, 0)),
        ] {
            assert_eq!(nextest(&format!("noise\n{line}\nmore")), Some(expected), "{line}");
        }
        assert_eq!(nextest("error: could not compile"), None);
    }

    #[test]
    fn the_results_of_cargo_test_are_added() {
        let log = "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out; finished in 0.00s\n\
                   test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s\n";
        assert_eq!(cargo_test(log), Some(counts(4, 2, 0)));
        assert_eq!(cargo_test("nothing"), None);
    }

    #[test]
    fn the_report_of_vitest_is_read() {
        let report = r#"{"numTotalTests":6,"numPassedTests":3,"numFailedTests":1,"numPendingTests":1,"numTodoTests":1}"#;
        assert_eq!(vitest(report), Some(counts(3, 1, 2)));
        assert_eq!(vitest("{}"), None);
    }

    #[test]
    fn a_test_that_is_skipped_twice_counts_once() {
        let log = "SKIPPED: reads_it_as_gstreamer_does: no gst-launch-1.0\nSKIPPED: reads_it_as_gstreamer_does: again\nnoise\n";
        assert_eq!(skipped(log), BTreeMap::from([("reads_it_as_gstreamer_does", "again")]));
    }
}
