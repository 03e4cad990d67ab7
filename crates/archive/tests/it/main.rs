//! Tests of the recording engine through its public interface.

mod fake;
mod round_trip;
mod sim_disk;
