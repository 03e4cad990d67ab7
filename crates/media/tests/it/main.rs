//! The media crate against itself (properties), against mutated input, and against ffmpeg and GStreamer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what is wrong by panicking"
)]

mod clip;
mod configurations;
mod damage;
mod flac;
mod fragments;
mod live;
mod progressive;
mod tools;
