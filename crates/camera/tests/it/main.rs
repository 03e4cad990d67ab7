//! Cameras against what they meet: a server that is not ours, simulated cameras, recordings of real devices, and servers
//! that mean harm.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests, and their helpers"
)]

mod evil_http;
mod evil_rtsp;
mod farm;
mod gstreamer;
mod recordings;
mod timing;
