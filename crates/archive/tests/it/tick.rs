//! How old the oldest byte becomes that is not on disk, with disks of any speed. Time here is made up.

use std::time::{Duration, Instant};

use archive::{Archive, Pace, TICK};
use media::{AudioCodec, Sample};
use model::StreamKey;

use crate::{
    fake::{self, Camera},
    sim_disk::SimDisk,
};

/// How often a recorder looks at its queue.
const DRAIN_MS: u64 = 100;

/// What was seen while recording.
#[derive(Default, Debug)]
struct Seen {
    /// Age of the oldest byte that was not on disk, at most.
    oldest: Duration,
    /// What the pace said was at risk, at most.
    told: Duration,
    longest_tick: Duration,
    last_tick: Duration,
    commits: u32,
}

/// Records 8 streams on a disk whose commits take so many ms, by the time and the tick; from `since` on it is looked at.
fn drive(seconds: u64, since: u64, took: impl Fn(u64, Duration) -> u64) -> Seen {
    let mut archive = Archive::open(SimDisk::new(1), fake::options(), fake::start()).unwrap().0;
    let mut samples: Vec<(StreamKey, Sample)> = Vec::new();
    for number in 0..8 {
        // Key frames and frame rates out of step with each other and with the tick.
        let camera =
            Camera { step: 3000 + i64::from(number) * 300, ..Camera::new(number, Some(AudioCodec::Aac)) };
        archive.begin_run(camera.key, camera.tracks.clone(), fake::start()).unwrap();
        let all = camera.samples(fake::start().plus_micros(i64::from(number) * 37_000), seconds as f64);
        samples.extend(all.into_iter().map(|sample| (camera.key, sample)));
    }
    samples.sort_by_key(|(_, sample)| sample.wall);
    let mut samples = samples.into_iter().peekable();
    let base = Instant::now();
    let mut pace = Pace::new(base);
    let mut running = None;
    let mut seen = Seen::default();
    for ms in (0..seconds * 1000).step_by(10) {
        let (now, wall) = (base + Duration::from_millis(ms), fake::start() + Duration::from_millis(ms));
        if ms % DRAIN_MS == 0 {
            while let Some((key, sample)) = samples.next_if(|(_, sample)| sample.wall <= wall) {
                archive.push(key, &sample, wall).unwrap();
            }
            assert!(archive.write_aged(wall).is_empty());
        }
        let at_risk = archive.at_risk(wall) + Duration::from_millis(DRAIN_MS);
        if ms > since {
            seen.oldest = seen.oldest.max(at_risk);
            seen.told = seen.told.max(pace.status(now).at_risk);
        }
        if let Some((committed, _)) = running.take_if(|(_, end)| *end <= ms) {
            assert!(archive.finish_commit(committed, wall).errors.is_empty());
            pace.handle_end(true, now);
        }
        if pace.poll_timeout().is_some_and(|due| due <= now) {
            let (errors, commit) = archive.begin_commit(wall);
            assert!(errors.is_empty());
            pace.handle_begin(now);
            let tick = pace.status(now).tick;
            running = Some((commit.unwrap().run(), ms + took(ms, tick)));
            seen.commits += 1;
            seen.longest_tick = seen.longest_tick.max(tick);
            seen.last_tick = tick;
        }
    }
    seen
}

#[test]
fn the_oldest_byte_that_is_not_on_disk_is_at_most_1200_ms_old() {
    for took in [0, 10, 100, 300, 390] {
        let seen = drive(30, 0, |_, _| took);
        assert!(
            seen.oldest <= Duration::from_millis(1200) && seen.longest_tick == TICK,
            "{took} ms: {seen:?}"
        );
    }
    // A commit that hangs once for 450 ms.
    let seen = drive(30, 0, |ms, _| if ms > 10_000 && ms < 10_600 { 450 } else { 50 });
    assert!(seen.oldest <= Duration::from_millis(1250) && seen.longest_tick == TICK, "{seen:?}");
}

#[test]
fn a_slow_disk_gets_a_longer_tick_says_what_is_at_risk_and_recovers() {
    // A hard disk with many other streams: 1.2 s of seeks, and bytes.
    let slow = |_, tick: Duration| 1200 + tick.as_millis() as u64 / 4;
    let seen = drive(60, 20_000, slow);
    assert!(seen.longest_tick > Duration::from_millis(1500) && seen.longest_tick < Duration::from_secs(4));
    assert!(seen.oldest <= seen.told + Duration::from_millis(DRAIN_MS), "{seen:?}");
    // One that cannot keep anything: the tick ends at 5 s.
    let seen = drive(90, 60_000, |_, _| 6000);
    assert_eq!(seen.longest_tick, Duration::from_secs(5));
    assert!(seen.oldest <= seen.told + Duration::from_millis(DRAIN_MS), "{seen:?}");
    // Slow for half a minute, then as before.
    let seen = drive(60, 50_000, |ms, tick| if ms < 30_000 { slow(ms, tick) } else { 40 });
    assert_eq!(seen.last_tick, TICK, "{seen:?}");
    assert!(seen.oldest <= Duration::from_millis(1200), "{seen:?}");
}

#[test]
fn fragments_fall_into_step_with_the_tick() {
    let seen = drive(20, 0, |_, _| 20);
    assert!((38..=41).contains(&seen.commits), "{seen:?}");
}
