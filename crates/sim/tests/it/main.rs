//! The simulated cameras as others see them: witnesses that are not ours (ffmpeg, GStreamer, curl, Python's `axis`)
//! and a small RTSP client of this test's own. A test whose witness is not installed says so and is skipped.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests"
)]

mod client;
mod discovery;
mod faults;
mod metadata;
mod pictures;
mod protocol;
mod streams;
mod vapix;
mod witness;
