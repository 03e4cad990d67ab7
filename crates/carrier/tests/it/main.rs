//! What the carrier promises, shown from outside.
#![allow(clippy::unwrap_used, reason = "tests")]

mod bytes;
mod exchange;
mod pacing;
mod rules;
mod world;
