//! The files of the two web clients, the site's and the cloud's, as the build script found them.

include!(concat!(env!("OUT_DIR"), "/clients.rs"));
