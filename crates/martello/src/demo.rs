//! `martello demo`: a site and simulated cameras in one process, on loopback only.

use std::{path::PathBuf, process::ExitCode};

use crate::ready;

/// Arguments of `martello demo`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Directory for everything that the demo keeps.
    #[arg(long, env = "MARTELLO_DATA", default_value = "martello-demo")]
    data: PathBuf,
    /// How many cameras.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    cameras: u16,
    /// Port for HTTPS; 0: any free one.
    #[arg(long, default_value_t = 0)]
    https_port: u16,
    /// Start without adding the cameras to the site: they are there to be found.
    #[arg(long)]
    empty: bool,
    /// When serving, write addresses, user and password into this file (JSON).
    #[arg(long)]
    ready_file: Option<PathBuf>,
}

#[cfg(not(feature = "sim"))]
pub async fn run(_: Arguments) -> ExitCode {
    ready::fail("this binary was built without simulated cameras (feature sim)")
}
