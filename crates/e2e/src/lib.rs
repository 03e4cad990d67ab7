//! Whole systems for tests: a site with simulated cameras in one process, and a client that is not the product's.
//!
//! What is here: starting, asking, reading records. What is not here: the tests themselves (`tests/it`).

pub mod client;
pub mod cloud;
pub mod commands;
pub mod direct;
pub mod disk;
pub mod live;
pub mod loss;
pub mod past;
pub mod peer;
pub mod probe;
pub mod program;
pub mod provider;
pub mod records;
pub mod samba;
pub mod segments;
pub mod slapd;
pub mod squid;
pub mod system;
pub mod wait;

pub use client::Client;
pub use live::Live;
pub use program::Program;
pub use system::System;
