//! A relay on loopback: clients that are not ours, every way in, and what somebody gets who means harm.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod attacks;
mod client;
mod coturn;
mod harness;
mod ways;
