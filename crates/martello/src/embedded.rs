//! The web client's files, as the build script found them.

include!(concat!(env!("OUT_DIR"), "/client.rs"));
