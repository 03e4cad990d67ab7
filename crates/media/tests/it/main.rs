//! The media crate against itself (properties), against mutated input, and against ffmpeg and GStreamer.

mod clip;
mod configurations;
mod damage;
mod flac;
mod fragments;
mod live;
mod progressive;
mod tools;
