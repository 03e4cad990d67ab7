//! The wire: JSON types, problem codes, and the records that carry media. No handler, no effect.
//!
//! Times are RFC 3339, durations say their unit in the name, identifiers are 32 hex digits.

pub mod alarm;
pub mod audit;
pub mod camera;
pub mod certificate;
pub mod cloud;
pub mod directory;
pub mod discovery;
pub mod event;
pub mod export;
pub mod live;
pub mod method;
pub mod notification;
pub mod peer;
pub mod people;
pub mod problem;
pub mod profile;
pub mod provider;
pub mod record;
pub mod recording;
pub mod remote;
pub mod session;
pub mod site;
pub mod storage;

pub use problem::{Code, Problem};
