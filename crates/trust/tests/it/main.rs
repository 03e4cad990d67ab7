//! What the trust crate promises, shown from outside.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod certificate;
mod openssl;
mod parsers;
mod peer;
mod rotation;
mod statements;

use model::WallTime;
use rand::SeedableRng;
use trust::Identity;

/// The same identity for the same seed.
fn identity(seed: u64) -> Identity {
    Identity::generate(&mut rand::rngs::StdRng::seed_from_u64(seed))
}

fn noon() -> WallTime {
    "2026-11-21T12:00:00Z".parse().unwrap()
}
