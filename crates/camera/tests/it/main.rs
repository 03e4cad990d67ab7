//! Cameras against what they meet: a server that is not ours, simulated cameras, and servers that mean harm.

mod gstreamer;
mod timing;
