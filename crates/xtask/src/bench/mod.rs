//! `xtask bench`: what recording costs, beside what it costs ffmpeg on the same streams in the same minutes.
//!
//! What is here: the rounds and the table. Simulated cameras run in a process of their own; then, in turns and over windows of
//! the same length, `martello site` and `ffmpeg -c copy -f segment` (one process a camera, as people do) record their
//! main streams.
//! What is not here: delays, viewers, many streams (`crates/e2e/benches/figures`), the browser (`web/e2e`).

pub mod process;
mod site;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::Failure;
use process::{Program, Usage, pause};
use site::{Camera, Site};

/// Cameras recorded.
const CAMERAS: usize = 8;
/// From the start of recording to the start of the window: connections are made, buffers filled.
const SETTLE: Duration = Duration::from_secs(8);

/// How long and how often.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Length of a window.
    pub window: Duration,
    /// Windows for each recorder.
    pub rounds: usize,
}

/// What one window showed.
#[derive(Clone, Copy, Debug)]
struct Window {
    cpu_s_per_stream_minute: f64,
    rss: u64,
    pss: u64,
    megabits_per_stream: f64,
}

/// Runs all rounds and prints the table.
///
/// # Errors
/// Something does not start, or ends too early.
pub fn run(plan: Plan) -> Result<bool, Failure> {
    let binary = binary()?;
    let place = std::env::temp_dir().join(format!("martello-bench-{}", std::process::id()));
    fs::create_dir_all(&place)?;
    let outcome = rounds(&binary, plan, &place);
    fs::remove_dir_all(&place)?;
    let (ours, theirs) = outcome?;
    print(plan, &ours, &theirs);
    Ok(true)
}

/// The release build, which `make bench` has made; another one by `MARTELLO_BIN`.
fn binary() -> Result<String, Failure> {
    if let Ok(binary) = std::env::var("MARTELLO_BIN") {
        return Ok(binary);
    }
    let target = crate::step::target_directory(&crate::tree::root());
    let binary = target.join("release/martello");
    if !binary.exists() {
        return Err(format!("{} is not built: use `make bench`", binary.display()).into());
    }
    Ok(binary.to_string_lossy().into_owned())
}

fn rounds(binary: &str, plan: Plan, place: &Path) -> Result<(Vec<Window>, Vec<Window>), Failure> {
    let (farm, cameras) = site::cameras(binary, CAMERAS, place)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..plan.rounds {
        let here = place.join(format!("round-{round}"));
        fs::create_dir_all(&here)?;
        ours.push(record_with_martello(binary, &cameras, plan.window, &here)?);
        theirs.push(record_with_ffmpeg(&cameras, plan.window, &here)?);
        // Recordings of eight cameras are large: the next round has its own.
        fs::remove_dir_all(&here)?;
    }
    farm.stop()?;
    Ok((ours, theirs))
}

fn record_with_martello(
    binary: &str,
    cameras: &[Camera],
    window: Duration,
    place: &Path,
) -> Result<Window, Failure> {
    let site = Site::start(binary, place)?;
    for camera in cameras {
        site.add(camera)?;
    }
    site.wait_for_recording(cameras.len())?;
    let measured = watch(&[&site.program], cameras.len(), window)?;
    site.program.stop()?;
    Ok(measured)
}

fn record_with_ffmpeg(cameras: &[Camera], window: Duration, place: &Path) -> Result<Window, Failure> {
    let mut programs = Vec::new();
    for (number, camera) in cameras.iter().enumerate() {
        let login = format!("rtsp://{}:{}@", camera.user, camera.password);
        let url = camera.rtsp.replacen("rtsp://", &login, 1);
        let output = place.join(format!("{number}-%05d.mp4"));
        let words = [
            "ffmpeg",
            "-nostdin",
            "-loglevel",
            "error",
            "-rtsp_transport",
            "tcp",
            "-i",
            &url,
            "-map",
            "0:v",
            "-map",
            "0:a?",
            "-c",
            "copy",
            "-f",
            "segment",
            "-segment_time",
            "300",
            "-reset_timestamps",
            "1",
            &output.to_string_lossy(),
        ];
        programs.push(Program::start(&words, &place.join(format!("ffmpeg-{number}.log")))?);
    }
    let measured = watch(&programs.iter().collect::<Vec<_>>(), cameras.len(), window)?;
    programs.into_iter().try_for_each(Program::stop)?;
    Ok(measured)
}

/// Lets programs settle and measures them over a window.
fn watch(programs: &[&Program], streams: usize, window: Duration) -> Result<Window, Failure> {
    let all =
        || programs.iter().try_fold(Usage::default(), |sum, one| Ok::<_, Failure>(sum.plus(one.usage()?)));
    pause(SETTLE);
    let (before, began) = (all()?, Instant::now());
    pause(window);
    let (after, seconds) = (all()?, began.elapsed().as_secs_f64());
    let streams = streams as f64;
    Ok(Window {
        cpu_s_per_stream_minute: (after.cpu_s - before.cpu_s) / streams / (seconds / 60.0),
        rss: after.rss,
        pss: after.pss,
        megabits_per_stream: (after.written - before.written) as f64 * 8.0 / 1e6 / streams / seconds,
    })
}

fn print(plan: Plan, ours: &[Window], theirs: &[Window]) {
    println!("{}", machine());
    println!("{CAMERAS} cameras, {} windows of {} s each, medians\n", plan.rounds, plan.window.as_secs());
    println!("| recorder | CPU s per stream-minute | RSS MiB | PSS MiB | written Mbit/s per stream |");
    println!("|---|--:|--:|--:|--:|");
    for (name, windows) in [("martello site", ours), ("ffmpeg -c copy -f segment", theirs)] {
        let cpu = median(windows.iter().map(|window| window.cpu_s_per_stream_minute));
        let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let rss = median(windows.iter().map(|window| mebibytes(window.rss)));
        let pss = median(windows.iter().map(|window| mebibytes(window.pss)));
        let rate = median(windows.iter().map(|window| window.megabits_per_stream));
        println!("| {name} | {cpu:.3} | {rss:.0} | {pss:.0} | {rate:.2} |");
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// What it was measured on.
fn machine() -> String {
    let said = |words: &[&str]| {
        let output = Command::new(words[0]).args(&words[1..]).output().ok();
        output.and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default()
    };
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("?", |(_, name)| name);
    let cores = cpuinfo.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = said(&["uname", "-r"]);
    let date = said(&["date", "-u", "+%F"]);
    let ffmpeg = said(&["ffmpeg", "-version"]);
    let ffmpeg = ffmpeg.split_whitespace().nth(2).unwrap_or("?");
    format!("{}: {cores} × {model}, Linux {}, ffmpeg {ffmpeg}", date.trim(), kernel.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        assert!((median([3.0, 1.0, 2.0].into_iter()) - 2.0).abs() < 1e-9);
        assert!(median(std::iter::empty()).is_nan());
    }
}
