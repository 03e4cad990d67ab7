//! What is wrong with storage and the clock, looked at once a second and told as alarms.
//!
//! What is not here: keeping and sending alarms (`alarms`), which cameras are not written (`cameras`).

use std::time::{Duration, Instant};

use api::alarm::AlarmKind;
use archive::set::Kind;
use model::{CameraId, WallTime};

use super::Volumes;
use crate::{
    alarms::Alarms,
    recorder::{State, Worker},
};

/// So long after footage went too early the goals count as missed.
pub const SHORT: Duration = Duration::from_secs(3600);
/// Wall clock and steady clock that come apart by more than this in a second: the wall clock jumped.
const JUMP_US: i64 = 2_000_000;
/// A clock is believed again when it has run steadily for so long.
const STEADY: Duration = Duration::from_secs(600);
/// After a jump of a day or more, for so long: a wrong date must not delete.
const STEADY_AFTER_DAYS: Duration = Duration::from_secs(86_400);
const DAY_US: i64 = 86_400_000_000;
/// Slowness shorter than this is none.
const LASTS: Duration = Duration::from_secs(3);

/// Watches the wall clock beside one that never jumps.
#[derive(Debug, Default)]
pub struct Clock {
    last: Option<(Duration, WallTime)>,
    /// When it jumped, by how much (µs), and until when it is doubted.
    jumped: Option<(WallTime, i64, Duration)>,
}

impl Clock {
    /// A look at both clocks; `newest` is the end of the newest footage, which a clock that was set back or lost its date is
    /// before.
    pub fn look(&mut self, steady: Duration, wall: WallTime, newest: Option<WallTime>) {
        let by = match self.last.replace((steady, wall)) {
            Some((then, before)) => {
                let passed = i64::try_from(steady.saturating_sub(then).as_micros()).unwrap_or(i64::MAX);
                wall.micros_since(before).saturating_sub(passed)
            }
            // At a start: footage of the future.
            None => newest.map_or(0, |newest| wall.micros_since(newest).min(0)),
        };
        if by.abs() > JUMP_US {
            let doubt = if by.abs() >= DAY_US { STEADY_AFTER_DAYS } else { STEADY };
            self.jumped = Some((wall, by, steady + doubt));
        } else if self.jumped.is_some_and(|(_, _, until)| steady >= until) {
            self.jumped = None;
        }
    }

    /// Why the clock is not believed, for people; nothing where it is.
    #[must_use]
    pub fn doubted(&self) -> Option<(WallTime, String)> {
        let (at, by, _) = self.jumped?;
        let (way, seconds) = (if by < 0 { "back" } else { "forward" }, by.unsigned_abs() / 1_000_000);
        let amount = match seconds {
            0..120 => format!("{seconds} s"),
            120..7200 => format!("{} minutes", seconds / 60),
            7200..172_800 => format!("{} hours", seconds / 3600),
            _ => format!("{} days", seconds / 86_400),
        };
        Some((at, format!("The site's clock jumped {way} by {amount}.")))
    }
}

/// What was seen.
#[derive(Default)]
pub struct Watch {
    clock: Clock,
    slow_since: Option<Instant>,
}

impl Watch {
    /// Looks at the clock and at all volumes, and raises and ends alarms. Blocking.
    pub fn check(&mut self, volumes: &Volumes, alarms: &Alarms, steady: Duration, now: WallTime) {
        volumes.recorder.check();
        volumes.sync_locks();
        let newest = (self.clock.last.is_none()).then(|| volumes.reader.newest_of_all());
        self.clock.look(steady, now, newest.flatten());
        let doubted = self.clock.doubted();
        volumes.recorder.change_retention(|goals| goals.clock_doubted = doubted.is_some());
        let told = doubted.map(|(at, what)| {
            let advice = "Recordings are not deleted for their age until the clock has run steadily for a while; limits of \
                          room hold. Check the time server and the battery of this computer's clock.";
            (at, what, advice.to_owned())
        });
        tell(alarms, AlarmKind::ClockJumped, told);
        let workers = volumes.recorder.workers();
        tell(alarms, AlarmKind::StorageSlow, self.slow(volumes, &workers, now));
        tell(alarms, AlarmKind::StorageFull, full(&workers, now));
        tell(alarms, AlarmKind::StorageFailed, failed(volumes, &workers, now));
        tell(alarms, AlarmKind::RetentionGoals, short(&workers, now));
    }

    /// Why the clock is not believed.
    #[must_use]
    pub fn clock_doubted(&self) -> Option<String> {
        self.clock.doubted().map(|(_, what)| what)
    }

    fn slow(&mut self, volumes: &Volumes, workers: &[Worker], now: WallTime) -> Option<Told> {
        let slow = |worker: &&Worker| {
            worker.health().state.takes()
                && worker.pace().slow
                && volumes.recorder.load(worker.id()).streams > 0
        };
        let slow: Vec<&Worker> = workers.iter().filter(slow).collect();
        let paths: Vec<String> = slow.iter().map(|worker| path(worker)).collect();
        if paths.is_empty() {
            self.slow_since = None;
            return None;
        }
        if self.slow_since.get_or_insert_with(Instant::now).elapsed() < LASTS {
            return None;
        }
        let risks = slow.iter().map(|worker| volumes.recorder.load(worker.id()).at_risk);
        let risk = risks.max().unwrap_or_default().as_secs_f64();
        let title =
            format!("{} cannot keep up: up to {risk:.0} s of recording are at risk", paths.join(", "));
        Some((now, title, "Look for other programs that use the disk, and whether it is failing. Move cameras to another volume.".into()))
    }
}

/// Since when, what, what to do.
type Told = (WallTime, String, String);

fn tell(alarms: &Alarms, about: AlarmKind, told: Option<Told>) {
    match told {
        Some((since, title, advice)) => alarms.raise(about, None, since, title, &advice),
        None => alarms.clear(about, None),
    }
}

fn path(worker: &Worker) -> String {
    worker.place().path.display().to_string()
}

fn full(workers: &[Worker], now: WallTime) -> Option<Told> {
    let full = |worker: &&Worker| {
        let health = worker.health();
        matches!(health.state, State::Full(_)) || health.missing_bytes > 0
    };
    let paths: Vec<String> = workers.iter().filter(full).map(path).collect();
    (!paths.is_empty()).then(|| {
        let advice = "All that is left on it is locked, being recorded, or not recordings. Give it more room, free space on \
                      its disk, shorten how long recordings are kept, or unlock what is no longer needed.";
        (now, format!("{} is full", paths.join(", ")), advice.to_owned())
    })
}

fn failed(volumes: &Volumes, workers: &[Worker], now: WallTime) -> Option<Told> {
    let mut since = now;
    let mut what = Vec::new();
    for worker in workers {
        let health = worker.health();
        if let State::Failed(reason) = health.state {
            since = since.min(health.since.unwrap_or(now));
            what.push(format!("{}: {reason}", path(worker)));
        }
    }
    if let crate::recorder::WriteState::Failed(reason) = volumes.recorder.status().state {
        let advice = format!("{reason}. Check the disk, its cable and its free space. Live view goes on.");
        return Some((since, "Recordings are not written".to_owned(), advice));
    }
    (!what.is_empty()).then(|| {
        let to = workers.iter().filter(|worker| worker.health().state.takes()).map(path);
        let advice = format!(
            "Recording goes on to {}. Check the disk, its cable and its free space. It is tried again all the time, and takes \
             its cameras back when it works.",
            to.collect::<Vec<_>>().join(", ")
        );
        (since, format!("A volume cannot be written: {}", what.join("; ")), advice)
    })
}

fn short(workers: &[Worker], now: WallTime) -> Option<Told> {
    let mut cameras: Vec<CameraId> = Vec::new();
    let mut locked = false;
    for worker in workers {
        let health = worker.health();
        locked |= health.missing_bytes > 0;
        cameras.extend(health.short.iter().filter(|(_, at)| at.elapsed() < SHORT).map(|(camera, _)| *camera));
    }
    cameras.sort_unstable();
    cameras.dedup();
    let main = workers.iter().filter(|worker| worker.place().kind == Kind::Main).count();
    (!cameras.is_empty() || locked).then(|| {
        let title = match (cameras.len(), locked) {
            (0, _) => "Limits of room cannot hold: what is left is locked or being recorded".to_owned(),
            (1, _) => "Recordings of a camera are deleted before its days are over".to_owned(),
            (count, _) => format!("Recordings of {count} cameras are deleted before their days are over"),
        };
        let advice = format!(
            "Recording goes on and nothing locked is deleted. Raise limits, add a volume to the {main} there {}, shorten days, \
             or lower the cameras' bit rates: Settings, Storage has the forecast.",
            if main == 1 { "is" } else { "are" }
        );
        (now, title, advice)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> WallTime {
        WallTime::from_micros(1_700_000_000_000_000 + seconds * 1_000_000)
    }

    #[test]
    fn a_clock_is_doubted_from_its_jump_until_it_has_run_steadily() {
        const YEARS: i64 = 10 * 365 * 86_400;
        for (jump, steady) in [
            (5, STEADY),
            (-5, STEADY),
            (-3600, STEADY),
            (YEARS, STEADY_AFTER_DAYS),
            (-YEARS, STEADY_AFTER_DAYS),
        ] {
            let mut clock = Clock::default();
            for second in 0..10 {
                clock.look(Duration::from_secs(second), at(second as i64), None);
                assert_eq!(clock.doubted(), None);
            }
            clock.look(Duration::from_secs(10), at(10 + jump), None);
            assert!(clock.doubted().is_some(), "{jump}");
            let end = 10 + steady.as_secs();
            for second in 11..end {
                clock.look(Duration::from_secs(second), at(second as i64 + jump), None);
                assert!(clock.doubted().is_some(), "{jump} at {second}");
            }
            clock.look(Duration::from_secs(end), at(end as i64 + jump), None);
            assert_eq!(clock.doubted(), None, "{jump}");
        }
    }

    #[test]
    fn footage_of_the_future_at_a_start_makes_the_clock_doubtful() {
        let mut clock = Clock::default();
        clock.look(Duration::ZERO, at(0), Some(at(3600)));
        assert!(clock.doubted().is_some_and(|(_, what)| what.contains("back by 60 minutes")));
        let mut clock = Clock::default();
        clock.look(Duration::ZERO, at(0), Some(at(-3600)));
        assert_eq!(clock.doubted(), None);
    }
}
