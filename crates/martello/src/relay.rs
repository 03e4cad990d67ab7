//! `martello relay`: the relay as a program of its own.
//!
//! What is here: arguments and configuration file, reading certificates again when their files change, health and metrics.
//! What is not here: what a relay does (crate `relay`); a relay inside of the cloud.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use ::relay::{Certificates, Config, Listen, Relay};
use model::Secret;
use serde::Deserialize;
use tokio::sync::mpsc;
use turn::{
    credentials::StaticUser,
    ledger::{LEASE_MS, LeaseRequest, LeaseVerdict},
};

use crate::ready::{self, Ready, ReadyRelay};

/// Where a relay listens unless told: STUN and TURN, TURN over TLS, and the port that is open everywhere.
const PORTS: [u16; 3] = [3478, 5349, 443];
/// How often certificates are looked at.
const LOOK: Duration = Duration::from_secs(10);

/// Arguments of `martello relay`; the configuration file has the same names, with `_` for `-`.
#[derive(clap::Args, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Arguments {
    /// Directory for what the relay keeps: nothing yet; it is made.
    #[arg(long, env = "MARTELLO_DATA")]
    data: Option<PathBuf>,
    /// Configuration file (TOML).
    #[arg(long, env = "MARTELLO_CONFIG")]
    #[serde(skip)]
    config: Option<PathBuf>,
    /// Addresses with ports to listen on, each by UDP, TCP and TLS [default: 3478, 5349 and 443 of all addresses].
    #[arg(long, env = "MARTELLO_RELAY_LISTEN", value_name = "ADDR:PORT", value_delimiter = ',')]
    listen: Vec<SocketAddr>,
    /// Addresses as others see them, where the machine has others: behind a 1:1 NAT. At most one of each family.
    #[arg(long, env = "MARTELLO_RELAY_EXTERNAL_IP", value_name = "IP", value_delimiter = ',')]
    external_ip: Vec<IpAddr>,
    /// First and last port for relayed packets [default: 49152-65535].
    #[arg(long, env = "MARTELLO_RELAY_PORTS", value_name = "FIRST-LAST")]
    ports: Option<String>,
    /// PEM file with the TLS certificate and its chain; read again when it changes.
    #[arg(long, env = "MARTELLO_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// PEM file with its private key.
    #[arg(long, env = "MARTELLO_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// File with the secret that is shared with whoever issues credentials. Without a ledger every use is counted and none is limited.
    #[arg(long, env = "MARTELLO_RELAY_SECRET_FILE", value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// A user for laboratories, without limits.
    #[arg(long, env = "MARTELLO_RELAY_STATIC_USER", value_name = "NAME:PASSWORD")]
    static_user: Vec<String>,
    /// Relay to private and loopback addresses too: for laboratories.
    #[arg(long, env = "MARTELLO_RELAY_ALLOW_PRIVATE")]
    allow_private: bool,
    /// Loopback address for /healthz and /metrics.
    #[arg(long, env = "MARTELLO_RELAY_METRICS", value_name = "ADDR:PORT")]
    metrics: Option<SocketAddr>,
    /// Threads of the UDP path [default: one for each core, at most 4].
    #[arg(long, env = "MARTELLO_RELAY_THREADS")]
    threads: Option<usize>,
    /// When serving, write the addresses into this file (JSON).
    #[arg(long, env = "MARTELLO_READY_FILE")]
    #[serde(skip)]
    ready_file: Option<PathBuf>,
}

/// Runs the relay until it is asked to stop.
pub async fn run(arguments: Arguments) -> ExitCode {
    ready::exit(serve(arguments).await)
}

async fn serve(arguments: Arguments) -> Result<(), String> {
    let ready_file = arguments.ready_file.clone();
    let arguments = with_file(arguments)?;
    let (config, metrics) = (configure(&arguments)?, arguments.metrics);
    if let Some(data) = &arguments.data {
        std::fs::create_dir_all(data).map_err(|error| format!("cannot make {}: {error}", data.display()))?;
    }
    let certificates = config.certificates.clone();
    let relaying = config.relay.clone();
    let (relay, requests) = Relay::start(config).map_err(|error| ready::chain(&error))?;
    let relay = Arc::new(relay);
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(grant_everything(relay.clone(), requests));
    if let (Some(certificates), Some(chain), Some(key)) =
        (certificates, arguments.tls_cert, arguments.tls_key)
    {
        tasks.spawn(read_again(certificates, chain, key));
    }
    let mut metrics_at = None;
    if let Some(address) = metrics {
        let failed = |error| format!("cannot listen on {address}: {error}");
        let listener = tokio::net::TcpListener::bind(address).await.map_err(failed)?;
        metrics_at = listener.local_addr().ok();
        tasks.spawn(tell(relay.clone(), listener));
    }
    announce(&relay, &relaying);
    let told = ReadyRelay { listen: relay.addresses().to_vec(), metrics: metrics_at };
    let told = Ready { relay: Some(told), ..Ready::default() };
    let ended = ready::until_stopped(ready_file.as_deref(), told).await;
    tasks.shutdown().await;
    if let Ok(relay) = Arc::try_unwrap(relay) {
        relay.stop().await;
    }
    ended
}

/// Adds what the configuration file has and the arguments have not.
fn with_file(arguments: Arguments) -> Result<Arguments, String> {
    let Some(path) = &arguments.config else { return Ok(arguments) };
    let file: Arguments = ::serve::config::read(path).map_err(|error| ready::chain(&error))?;
    let either = |given: Vec<SocketAddr>, file: Vec<SocketAddr>| if given.is_empty() { file } else { given };
    Ok(Arguments {
        data: arguments.data.or(file.data),
        config: None,
        listen: either(arguments.listen, file.listen),
        external_ip: if arguments.external_ip.is_empty() { file.external_ip } else { arguments.external_ip },
        ports: arguments.ports.or(file.ports),
        tls_cert: arguments.tls_cert.or(file.tls_cert),
        tls_key: arguments.tls_key.or(file.tls_key),
        secret_file: arguments.secret_file.or(file.secret_file),
        static_user: if arguments.static_user.is_empty() { file.static_user } else { arguments.static_user },
        allow_private: arguments.allow_private || file.allow_private,
        metrics: arguments.metrics.or(file.metrics),
        threads: arguments.threads.or(file.threads),
        ready_file: None,
    })
}

fn configure(arguments: &Arguments) -> Result<Config, String> {
    let mut turn = turn::Config::new(format!("{:032x}", rand::random::<u128>()));
    turn.policy.allow_private = arguments.allow_private;
    for user in &arguments.static_user {
        let (name, password) = user
            .split_once(':')
            .filter(|(name, _)| !name.is_empty())
            .ok_or("--static-user: NAME:PASSWORD is expected")?;
        let password = Secret::new(password.to_owned());
        turn.users.static_users.push(StaticUser { name: name.to_owned(), password });
    }
    if let Some(path) = &arguments.secret_file {
        let secret = read(path)?.trim_ascii().to_vec();
        if secret.len() < 16 {
            return Err(format!("{}: a shared secret has 16 bytes at least", path.display()));
        }
        turn.users.secret = Some(Secret::new(secret));
    }
    if turn.users.secret.is_none() && turn.users.static_users.is_empty() {
        return Err("nobody could use this relay: give --secret-file or --static-user".to_owned());
    }
    if arguments.metrics.is_some_and(|address| !address.ip().is_loopback()) {
        return Err("--metrics: a loopback address is expected".to_owned());
    }
    let mut config = Config::new(turn);
    config.listen = match arguments.listen.as_slice() {
        [] => everywhere(),
        given => given.iter().map(|address| Listen { address: *address, http: false }).collect(),
    };
    config.relay = Config::relay_addresses(&config.listen, &arguments.external_ip);
    if let Some(range) = &arguments.ports {
        let bounds =
            range.split_once('-').and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
        let (first, last): (u16, u16) = bounds
            .filter(|(first, last)| *first >= 1024 && first <= last)
            .ok_or("--ports: FIRST-LAST is expected, from 1024 on")?;
        config.ports = first..=last;
    }
    if let Some(threads) = arguments.threads {
        config.threads = threads.clamp(1, 64);
    }
    if let (Some(chain), Some(key)) = (&arguments.tls_cert, &arguments.tls_key) {
        let certificates = Certificates::from_pem(&read(chain)?, &read(key)?);
        config.certificates = Some(certificates.map_err(|error| format!("{}: {error}", chain.display()))?);
    }
    Ok(config)
}

fn everywhere() -> Vec<Listen> {
    let all: [IpAddr; 2] = [std::net::Ipv4Addr::UNSPECIFIED.into(), std::net::Ipv6Addr::UNSPECIFIED.into()];
    // A machine without IPv6 has one family.
    let there = |ip: &IpAddr| std::net::UdpSocket::bind(SocketAddr::new(*ip, 0)).is_ok();
    let addresses = all.into_iter().filter(there).flat_map(|ip| PORTS.map(|port| SocketAddr::new(ip, port)));
    addresses.map(|address| Listen { address, http: false }).collect()
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// The ledger of a relay on its own: everything is counted, nothing is limited.
async fn grant_everything(relay: Arc<Relay>, mut requests: mpsc::Receiver<LeaseRequest>) {
    while let Some(request) = requests.recv().await {
        let verdict = if request.wanted_bytes == 0 {
            tracing::info!(
                account = request.account,
                session = request.session,
                bytes = request.used_bytes,
                "session ended"
            );
            LeaseVerdict::Noted
        } else {
            LeaseVerdict::Granted { bytes: request.wanted_bytes, lasts_ms: LEASE_MS, last: false }
        };
        relay.answer(&request.answer(verdict));
    }
}

/// Serves what the files hold, from when they hold it.
async fn read_again(certificates: Certificates, chain: PathBuf, key: PathBuf) {
    let mut served = (read(&chain).ok(), read(&key).ok());
    loop {
        tokio::time::sleep(LOOK).await;
        let (Ok(new_chain), Ok(new_key)) = (read(&chain), read(&key)) else { continue };
        let new = (Some(new_chain), Some(new_key));
        if new == served {
            continue;
        }
        if let (Some(chain), Some(key)) = &new {
            match certificates.replace(chain, key) {
                Ok(()) => tracing::info!("a new certificate is served"),
                // Perhaps one of the two is still being written: it is looked at again.
                Err(error) => tracing::warn!(%error, "the new certificate is not served"),
            }
        }
        served = new;
    }
}

/// Health as JSON, metrics as text, to whoever is on this machine.
async fn tell(relay: Arc<Relay>, listener: tokio::net::TcpListener) {
    let of = relay.clone();
    let health = move || async move { axum::Json(of.health()) };
    let metrics = move || async move { relay.health().to_prometheus() };
    let router = axum::Router::new()
        .route("/healthz", axum::routing::get(health))
        .route("/metrics", axum::routing::get(metrics));
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "metrics are not served any more");
    }
}

#[allow(clippy::print_stdout, reason = "a command's own words")]
fn announce(relay: &Relay, relaying: &[::relay::RelayAddress]) {
    let list: Vec<String> = relay.addresses().iter().map(ToString::to_string).collect();
    println!("Martello relay at {}", list.join(", "));
    for one in relaying {
        println!("Relayed packets  {} (seen as {})", one.bind, one.public);
    }
}
