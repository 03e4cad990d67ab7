//! `martello cloud`: the cloud as a program.

use std::{net::IpAddr, path::PathBuf, process::ExitCode};

use cloud::{Cloud, Config, ConfigFile, Running};

use crate::{
    embedded,
    ready::{self, Ready, ReadyCloud},
};

/// Arguments of `martello cloud`. What is not given is taken from the configuration file, else from the defaults.
#[derive(clap::Args)]
pub struct Arguments {
    /// Directory for everything that the cloud keeps.
    #[arg(long, env = "MARTELLO_DATA")]
    data: Option<PathBuf>,
    /// Configuration file (TOML).
    #[arg(long, env = "MARTELLO_CONFIG")]
    config: Option<PathBuf>,
    /// Addresses to listen on; all unless given.
    #[arg(long, env = "MARTELLO_LISTEN", value_delimiter = ',')]
    listen: Vec<IpAddr>,
    /// Port for HTTPS [default: 443]; 0: any free one.
    #[arg(long, env = "MARTELLO_HTTPS_PORT")]
    https_port: Option<u16>,
    /// The name by which people and sites reach the cloud.
    #[arg(long, env = "MARTELLO_HOST_NAME")]
    host_name: Option<String>,
    /// A PostgreSQL database (`postgresql://…`) instead of SQLite in the data directory.
    #[arg(long, env = "MARTELLO_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// Gigabytes that relays may carry for an account in a month [default: 1].
    #[arg(long, env = "MARTELLO_RELAY_GB", conflicts_with = "relay_unlimited")]
    relay_gb: Option<u64>,
    /// Relays may carry any number of bytes.
    #[arg(long, env = "MARTELLO_RELAY_UNLIMITED")]
    relay_unlimited: bool,
    /// When serving, write address and certificate ID into this file (JSON).
    #[arg(long, env = "MARTELLO_READY_FILE")]
    ready_file: Option<PathBuf>,
}

/// Runs the cloud until it is asked to stop.
pub async fn run(arguments: Arguments) -> ExitCode {
    let ready_file = arguments.ready_file.clone();
    let config = match configure(arguments) {
        Ok(config) => config,
        Err(reason) => return ready::fail(&reason),
    };
    let running = match Cloud::start(config, embedded::CLOUD).await {
        Ok(running) => running,
        Err(error) => return ready::fail(&ready::chain(&error)),
    };
    announce(&running);
    let ready = Ready { cloud: Some(told(&running)), ..Ready::default() };
    let ended = ready::until_stopped(ready_file.as_deref(), ready).await;
    running.stop().await;
    ready::exit(ended)
}

fn told(running: &Running) -> ReadyCloud {
    ReadyCloud {
        url: running.url().to_owned(),
        certificate_id: running.certificate_id(),
        tls_certificate_sha256: running.tls_certificate_sha256().to_owned(),
        setup_code: running.setup_code().map(|code| code.expose().clone()),
        setup_url: running.setup_url().map(model::Secret::into_inner),
    }
}

fn configure(arguments: Arguments) -> Result<Config, String> {
    let file = match &arguments.config {
        Some(path) => ConfigFile::read(path).map_err(|error| ready::chain(&error))?,
        None => ConfigFile::default(),
    };
    let mut config = Config::with_defaults(PathBuf::from("martello-cloud"));
    config.apply(file);
    config.apply(ConfigFile {
        data: arguments.data,
        listen: Some(arguments.listen).filter(|listen| !listen.is_empty()),
        https_port: arguments.https_port,
        host_name: arguments.host_name,
        database: arguments.database.map(Into::into),
        relay_gb: arguments.relay_gb,
        relay_unlimited: arguments.relay_unlimited.then_some(true),
    });
    Ok(config)
}

#[allow(clippy::print_stdout, reason = "a command's own words")]
fn announce(running: &Running) {
    println!("Martello cloud at {}", running.url());
    println!("Certificate ID   {}", running.certificate_id());
    println!("TLS certificate  {} (SHA-256, as browsers print it)", running.tls_certificate_sha256());
    if let Some(link) = running.setup_url() {
        println!();
        println!("Make the first account by this link (it counts once, for an hour):");
        println!("  {}", link.expose());
    }
}
