//! What the machines promise, shown from outside: by cases, and by simulation of all three together.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod attacks;
mod simulation;

use rand::SeedableRng;
use trust::Identity;

/// An identity that is the same every time.
fn identity(seed: u64) -> Identity {
    Identity::generate(&mut rand::rngs::StdRng::seed_from_u64(seed))
}
