//! Programs that are not ours read exports, and find in them what was recorded.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use evidence::{Container, Gaps};

use crate::made::{Recorded, range, source};

/// Whether the program can be started; where not, says so where skipped tests are counted.
fn missing(program: &str) -> bool {
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if found.is_ok() {
        return false;
    }
    let name = std::thread::current().name().unwrap_or("?").to_owned();
    let line = format!("{name}: {program} is not installed");
    println!("skipped: {line}");
    if let Ok(log) = std::env::var("MARTELLO_SKIP_LOG") {
        use std::io::Write as _;
        let mut log = std::fs::OpenOptions::new().append(true).create(true).open(log).unwrap();
        writeln!(log, "{line}").unwrap();
    }
    true
}

/// Times and sizes of the packets of a stream.
fn packets(file: &Path, stream: &str) -> Vec<(f64, u64)> {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", stream, "-show_entries", "packet=pts_time,size"])
        .args(["-of", "csv=p=0"])
        .arg(file)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        (fields[0].parse().unwrap_or(f64::NAN), fields[1].parse().unwrap())
    };
    text.lines().filter(|line| !line.is_empty()).map(row).collect()
}

#[test]
fn ffprobe_finds_every_frame_at_its_time_in_both_containers() {
    if missing("ffprobe") {
        return;
    }
    let recorded = Recorded::new();
    let directory = tempfile::tempdir().unwrap();
    for container in [Container::Mp4, Container::Mkv] {
        let sources = vec![source(1, "Gate"), source(2, "Yard")];
        let wish = evidence::Wish { sources, container, ..recorded.wish(range(3.0, 70.0)) };
        let exported = recorded.export(wish, true);
        let file = directory.path().join("export");
        std::fs::write(&file, &exported.file).unwrap();
        let report = exported.verify();
        let (gate, yard) = (packets(&file, "v:0"), packets(&file, "v:1"));
        assert_eq!((gate.len() + yard.len()) as u64, report.frames, "{container:?}");
        // 3 s to 35 s, then the gap in its true length, then on to 70 s.
        let times: Vec<f64> = gate.iter().map(|(time, _)| *time).collect();
        let back: Vec<_> = times.windows(2).filter(|pair| pair[0] >= pair[1]).collect();
        assert!(back.is_empty(), "{container:?}: {back:?}");
        let jump = times.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
        assert!((jump - 25.04).abs() < 0.002, "{container:?}: {jump}");
        assert_eq!(gate[0].1, 512, "{container:?} begins with a key frame, the only ones of that size");
        assert!(packets(&file, "a:0").len() > 600, "{container:?}");
        assert!(packets(&file, "a:1").len() > 800, "{container:?}");
    }
}

#[test]
fn ffprobe_finds_no_gap_in_a_file_without_gaps() {
    if missing("ffprobe") {
        return;
    }
    let recorded = Recorded::new();
    let directory = tempfile::tempdir().unwrap();
    for container in [Container::Mp4, Container::Mkv] {
        let wish = evidence::Wish { container, gaps: Gaps::Cut, ..recorded.wish(range(30.0, 70.0)) };
        let file = directory.path().join("export");
        std::fs::write(&file, recorded.export(wish, true).file).unwrap();
        let times: Vec<f64> = packets(&file, "v:0").iter().map(|(time, _)| *time).collect();
        let jump = times.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
        assert!(jump < 0.05, "{container:?}: {jump}");
    }
}
