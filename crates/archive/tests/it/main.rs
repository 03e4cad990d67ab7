//! Tests of the recording engine through its public interface.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod crash;
mod fake;
mod fixture;
mod journals;
mod lazy;
mod lead_in;
mod live;
mod marks;
mod memory;
mod players;
mod proof;
mod retention;
mod round_trip;
mod set;
mod sim_disk;
mod tick;
mod void;
