//! The server machine, driven by hand: what RFC 8489 and RFC 8656 want of it, what it counts, and what attackers get.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod attacks;
mod billing;
mod bytes;
mod harness;
mod requests;
mod simulation;
