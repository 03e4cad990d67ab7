//! Cameras against what they meet: a server that is not ours, simulated cameras, recordings of real devices, and servers
//! that mean harm.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "tests, and their helpers"
)]

mod evil_http;
mod evil_rtsp;
mod farm;
mod flood;
mod gstreamer;
mod recordings;
mod still;
mod timing;

/// Says that the running test cannot run here.
fn skip(reason: &str) {
    use std::io::Write as _;
    let test = std::thread::current().name().unwrap_or("?").to_owned();
    let line = format!("SKIPPED: {test}: {reason}\n");
    eprint!("{line}");
    if let Some(path) = std::env::var_os("MARTELLO_SKIP_LOG") {
        let mut log = std::fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
        log.write_all(line.as_bytes()).unwrap();
    }
}
