//! Cameras, seen from a site server: their streams, their settings, and how to find them.
//!
//! What is here: [`rtsp`] (samples, events and loss out of a stream), [`vapix`] (questions to Axis devices over HTTP), [`still`] (pictures
//! of other devices),
//! [`discover`] (mDNS, SSDP and WS-Discovery), [`probe`] (what a camera is, before it is added). The arithmetic of
//! times ([`timing`]) and all parsers are pure and take `now` as an argument.
//! What is not here: who is asked and when (the site's tasks), storage, trying again after an error.

pub mod discover;
pub mod error;
pub mod onvif;
pub mod probe;
pub mod rtsp;
pub mod still;
pub mod timing;
pub mod vapix;

mod reorder;
mod xml;

pub use error::{Error, Kind};
