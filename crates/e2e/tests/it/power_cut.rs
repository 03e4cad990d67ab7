//! How much a kill and a power cut cost, measured on the files before anything repairs them; and that repairing them
//! takes nothing away.
//!
//! The limits of the design are 1.2 s and 1.7 s (docs/benchmarks.md has the worst of many); a machine that is busy with
//! other tests may stretch single cases, never the middle one.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use e2e::{
    Program,
    loss::{self, Image},
    probe::skip,
    program::{PATIENCE, martello},
    segments,
    wait::until,
};
use model::CameraId;
use sim::Farm;

const CAMERAS: u16 = 6;
const CUTS: u64 = 3;
/// Pictures of a fragment, at most.
const FRAGMENT: u64 = 13;
/// What a recorder may lose on a machine that is busy: its commit tick grows to 5 s at most.
const BUSY_S: f64 = 6.0;

async fn farm() -> Farm {
    Farm::start(sim::Options { count: CAMERAS, ..sim::Options::default() }).await.expect("simulated cameras")
}

async fn pass(time: Duration) {
    let begun = Instant::now();
    until("time passes", PATIENCE, || async { (begun.elapsed() > time).then_some(()) }).await;
}

fn newest(recordings: &Path, ids: &[CameraId]) -> Vec<u64> {
    let of =
        |id: &CameraId| segments::newest(&segments::of_camera(recordings, *id)).map(|stamp| stamp.number);
    ids.iter().filter_map(of).collect()
}

fn fsck(program: &Path, data: &Path) {
    let output = Command::new(program).args(["site", "fsck", "--data"]).arg(data).output().expect("fsck");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_and_a_power_cut_lose_little_and_repair_takes_nothing_away() {
    const NAME: &str = "a_kill_and_a_power_cut_lose_little_and_repair_takes_nothing_away";
    let Some(program) = martello() else { return skip(NAME, "the program martello is not built") };
    let place = tempfile::tempdir().expect("a directory");
    let image = match Image::make(place.path(), 384) {
        Ok(image) => image,
        Err(reason) => return skip(NAME, &format!("no ext4 image can be mounted: {reason}")),
    };
    let (farm, recordings) = (farm().await, image.path().join("site/recordings"));
    let mut site = Program::start_on(&program, place.path(), &image.path().join("site")).await;
    site.set_up().await;
    let ids = site.record(&farm).await;
    let mut power = Vec::new();
    for number in 0..CUTS {
        // Not a whole number of ticks, so that cuts fall everywhere between them.
        pass(Duration::from_millis(2000 + 170 * number)).await;
        let (missing, copy) = loss::cut(&site, &image, &farm, &ids, place.path());
        power.extend(missing);
        let on_disk = copy.path().join("site");
        let before = newest(&on_disk.join("recordings"), &ids);
        fsck(&program, &on_disk);
        // Of the newest fragment a page may be missing: then it is cut, and nothing before it.
        let after = newest(&on_disk.join("recordings"), &ids);
        let kept = before.iter().zip(&after).all(|(before, after)| before - after <= FRAGMENT);
        assert!(kept && before.len() == after.len(), "{before:?} before repair, {after:?} after it");
    }
    pass(Duration::from_millis(2000)).await;
    assert!(!site.end("-KILL").await.success());
    let kill = loss::missing(&loss::made(&farm), &recordings, &ids);
    let before = newest(&recordings, &ids);
    fsck(&program, &image.path().join("site"));
    assert_eq!(newest(&recordings, &ids), before, "after a kill every whole fragment is kept");
    for (what, seconds, limit) in [("power cut", power, 1.7), ("kill", kill, 1.2)] {
        let (median, worst) = loss::median_and_worst(seconds.clone());
        assert!(median <= limit && worst <= BUSY_S, "{what}: {seconds:?}");
    }
}
