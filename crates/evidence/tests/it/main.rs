//! Exports of made-up recordings: written, checked, tampered with, and shown to witnesses.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what is wrong by panicking"
)]

#[allow(dead_code, reason = "the archive's tests use more of it")]
#[path = "../../../archive/tests/it/fake.rs"]
mod fake;

mod again;
mod made;
mod saved;
mod tampering;
mod whole;
mod witness;
