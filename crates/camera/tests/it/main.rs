//! Cameras against what they meet: a server that is not ours, simulated cameras, recordings of real devices, and servers
//! that mean harm.

mod evil_http;
mod evil_rtsp;
mod farm;
mod gstreamer;
mod recordings;
mod timing;
