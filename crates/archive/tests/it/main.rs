//! Tests of the recording engine through its public interface.

mod crash;
mod fake;
mod live;
mod players;
mod proof;
mod retention;
mod round_trip;
mod sim_disk;
