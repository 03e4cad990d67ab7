//! `martello site`: the site server as a program.

use std::{net::IpAddr, path::PathBuf, process::ExitCode};

use site::{Config, ConfigFile, Running, Site};

use crate::{
    embedded, keep,
    ready::{self, Ready, ReadySite},
    volume,
};

/// Arguments of `martello site`. What is not given is taken from the configuration file, else from the defaults.
#[derive(clap::Args)]
pub struct Arguments {
    /// Directory for everything that the site keeps.
    #[arg(long, env = "MARTELLO_DATA")]
    data: Option<PathBuf>,
    /// Configuration file (TOML).
    #[arg(long, env = "MARTELLO_CONFIG")]
    config: Option<PathBuf>,
    /// Addresses to listen on; all unless given.
    #[arg(long, env = "MARTELLO_LISTEN", value_delimiter = ',')]
    listen: Vec<IpAddr>,
    /// Port for HTTPS [default: 55754]; 0: any free one.
    #[arg(long, env = "MARTELLO_HTTPS_PORT")]
    https_port: Option<u16>,
    /// Port for HTTP, which only redirects [default: 55752].
    #[arg(long, env = "MARTELLO_HTTP_PORT")]
    http_port: Option<u16>,
    /// Do not open the HTTP port, nor those for mobile communication and streaming.
    #[arg(long, env = "MARTELLO_HTTPS_ONLY")]
    https_only: bool,
    /// Unix socket for administrators of this machine [default: `local/site.sock` in the data directory].
    #[arg(long, env = "MARTELLO_LOCAL_SOCKET")]
    local_socket: Option<PathBuf>,
    /// Group of the operating system whose members administrate this machine, beside root [default: martello-admin].
    #[arg(long, env = "MARTELLO_MACHINE_GROUP")]
    machine_group: Option<String>,
    /// When serving, write address and certificate ID into this file (JSON).
    #[arg(long, env = "MARTELLO_READY_FILE")]
    ready_file: Option<PathBuf>,
    #[command(subcommand)]
    work: Option<Work>,
}

/// Work on a site's data instead of running it.
#[derive(clap::Subcommand)]
enum Work {
    /// Check the recordings and repair what a crash has torn.
    Fsck(volume::FsckArguments),
    /// Give the site a new identity key, signed by the old one; the site must be stopped.
    RotateIdentity(keep::RotateArguments),
}

/// Runs the site until it is asked to stop.
pub async fn run(arguments: Arguments) -> ExitCode {
    match &arguments.work {
        Some(Work::Fsck(arguments)) => return volume::run_fsck(arguments),
        Some(Work::RotateIdentity(arguments)) => return keep::run_rotate(arguments),
        None => {}
    }
    let ready_file = arguments.ready_file.clone();
    let config = match configure(arguments) {
        Ok(config) => config,
        Err(reason) => return ready::fail(&reason),
    };
    let running = match Site::start(config, embedded::SITE).await {
        Ok(running) => running,
        Err(error) => return ready::fail(&ready::chain(&error)),
    };
    announce(&running);
    let ready = Ready { site: Some(site(&running)), ..Ready::default() };
    let ended = ready::until_stopped(ready_file.as_deref(), ready).await;
    running.stop().await;
    ready::exit(ended)
}

/// What the ready file tells about a running site.
pub fn site(running: &Running) -> ReadySite {
    ReadySite {
        url: running.url(),
        certificate_id: running.certificate_id(),
        tls_certificate_sha256: running.tls_certificate_sha256(),
        user: None,
        password: None,
        token: None,
        setup_url: running.setup_url(),
        local_socket: running.local_socket().map(ToOwned::to_owned),
    }
}

fn configure(arguments: Arguments) -> Result<Config, String> {
    let file = match &arguments.config {
        Some(path) => ConfigFile::read(path).map_err(|error| ready::chain(&error))?,
        None => ConfigFile::default(),
    };
    let mut config = Config::with_defaults(PathBuf::from("martello-data"));
    // systemd makes it (RuntimeDirectory= of systemd.exec(5)), and removes it with the service.
    config.local_socket = std::env::var_os("RUNTIME_DIRECTORY")
        .map(PathBuf::from)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join("site.sock"));
    config.apply(file);
    if arguments.local_socket.is_some() {
        config.local_socket = arguments.local_socket;
    }
    if let Some(group) = arguments.machine_group {
        config.machine_group = group;
    }
    if let Some(data) = arguments.data {
        config.data = data;
    }
    if !arguments.listen.is_empty() {
        config.listen = arguments.listen;
    }
    if let Some(port) = arguments.https_port {
        config.https_port = port;
        if port == 0 {
            config.more_https_ports.clear();
            config.http_port = None;
        }
    }
    if let Some(port) = arguments.http_port {
        config.http_port = Some(port);
    }
    if arguments.https_only {
        config.http_port = None;
        config.more_https_ports.clear();
    }
    Ok(config)
}

#[allow(clippy::print_stdout, reason = "a command's own words")]
fn announce(running: &Running) {
    println!("Martello site at {}", running.url());
    println!("Certificate ID   {}", running.certificate_id());
    println!("TLS certificate  {} (SHA-256, as browsers print it)", running.tls_certificate_sha256());
    if let Some(url) = running.setup_url() {
        println!();
        println!("Make the first administrator here (the link works once, for an hour):");
        println!("  {url}");
    }
}
