//! Whole-system tests: a site, simulated cameras, and programs that are not ours as witnesses.

mod api_input;
mod eight_cameras;
mod faults;
mod foreign;
mod live;
