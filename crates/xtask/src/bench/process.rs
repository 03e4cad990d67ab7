//! A program under measurement: started, watched through `/proc`, stopped in order.
//!
//! What is not here: which programs are measured (`bench`).

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Failure;

/// How long a program may take to get ready, or to stop.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// A child that does not outlive its owner.
pub struct Program {
    child: Child,
    name: String,
}

/// What a program has used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Seconds of a core, user and system.
    pub cpu_s: f64,
    /// Bytes in memory, shared pages counted in full.
    pub rss: u64,
    /// Bytes in memory, shared pages counted by their share.
    pub pss: u64,
    /// Bytes handed to the kernel for writing, to files and sockets.
    pub written: u64,
}

impl Usage {
    /// With another program's.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            cpu_s: self.cpu_s + other.cpu_s,
            rss: self.rss + other.rss,
            pss: self.pss + other.pss,
            written: self.written + other.written,
        }
    }
}

impl Program {
    /// Starts a program; what it prints goes into a file.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(words: &[&str], log: &Path) -> Result<Self, Failure> {
        let file = File::create(log)?;
        let (program, arguments) = words.split_first().ok_or("no program")?;
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .map_err(|error| format!("{program}: {error}"))?;
        Ok(Self { child, name: (*program).to_owned() })
    }

    /// What it has used so far.
    ///
    /// # Errors
    /// It has ended.
    pub fn usage(&self) -> Result<Usage, Failure> {
        let of = |file: &str| {
            fs::read_to_string(format!("/proc/{}/{file}", self.child.id()))
                .map_err(|error| format!("{} has ended: {error}", self.name))
        };
        usage(&of("stat")?, &of("smaps_rollup")?, &of("io")?)
            .ok_or_else(|| format!("/proc of {} is not understood", self.name).into())
    }

    /// Asks it to stop and waits until it has.
    ///
    /// # Errors
    /// It does not stop; it is ended then.
    pub fn stop(mut self) -> Result<(), Failure> {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        until(&format!("{} to stop", self.name), || Ok(self.child.try_wait()?.map(|_| ())))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Looks until there is what is looked for.
///
/// # Errors
/// There is not within [`PATIENCE`], or looking fails.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Result<Option<T>, Failure>) -> Result<T, Failure> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(found) = look()? {
            return Ok(found);
        }
        pause(LOOK);
    }
    Err(format!("waited {} s for {what}", PATIENCE.as_secs()).into())
}

/// Lets time pass: a measuring window.
#[allow(clippy::disallowed_methods, reason = "a measurement lasts as long as it lasts")]
pub fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// Reads `/proc/PID/stat`, `smaps_rollup` and `io` (proc(5)).
fn usage(stat: &str, smaps: &str, io: &str) -> Option<Usage> {
    /// Clock ticks a second that `/proc` counts in: 100 on every Linux that this runs on.
    const TICKS: f64 = 100.0;
    // The name in parentheses may hold anything, so fields are counted after it; utime is field 14, stime 15.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    let kilobytes = |name: &str| -> Option<u64> {
        let line = smaps.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
    };
    let written = io.lines().find_map(|line| line.strip_prefix("wchar: "))?.parse().ok()?;
    Some(Usage { cpu_s: ticks / TICKS, rss: kilobytes("Rss:")?, pss: kilobytes("Pss:")?, written })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_is_read_past_a_name_with_parentheses() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 4 0 100 1 1 1";
        let smaps = "5581-7ffd ---p 00000000 00:00 0 [rollup]\nRss:      2048 kB\nPss:      1024 kB\n";
        let io = "rchar: 5\nwchar: 77\nsyscr: 1\n";
        let expected = Usage { cpu_s: 3.0, rss: 2048 * 1024, pss: 1024 * 1024, written: 77 };
        assert_eq!(usage(stat, smaps, io), Some(expected));
        assert_eq!(usage("", smaps, io), None);
    }

    #[test]
    fn a_program_is_watched_and_stopped() {
        let directory = tempfile::tempdir().unwrap();
        let program = Program::start(&["sleep", "60"], &directory.path().join("log")).unwrap();
        assert!(program.usage().unwrap().rss > 0);
        program.stop().unwrap();
    }
}
