//! Start and orderly stop of a site.

use std::{
    io,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use catalog::{Catalog, site::SiteRow};
use model::{Secret, clock::wall_now};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
};

use crate::{
    App, ClientFile, Config, Parts,
    alarms::Alarms,
    archive_engine::Reader,
    audit::{self, Audit},
    backup,
    cameras::Cameras,
    directories::{self, Directories},
    discovery::Discovery,
    events::Events,
    exports::{self, Exports},
    http::{self, methods},
    identity,
    in_use::{self, InUse},
    machine::Machine,
    notify,
    peers::Peers,
    providers::{self, Providers},
    recorder::Recorder,
    recording::rolling::Rolling,
    remote::{self, Remote},
    server::{self, Certificates, Limits, tls},
    sessions::Sessions,
    stop::{self, Stop, Stopper},
    volume::{VolumeError, Volumes},
};

/// Bytes that pre buffers may take on the disk.
const PRE_BUFFERS: u64 = 4 << 30;
/// How long a setup link works.
const SETUP_LINK: Duration = Duration::from_secs(3600);
/// How long an orderly stop waits for alarms to be sent.
const MESSAGES: Duration = Duration::from_secs(5);
/// How often it is asked whether the certificate needs care.
const CERTIFICATE: Duration = Duration::from_secs(3600);
/// How often cameras and storage are looked at for alarms.
const CHECK: Duration = Duration::from_secs(1);

/// Why a site does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The directory for data cannot be made.
    #[error("cannot make the directory {path}")]
    Data {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another site runs there.
    #[error("another site runs on {0}, or a backup is being restored to it")]
    InUse(PathBuf),
    /// The identity or a key cannot be read or made.
    #[error("the identity of the site cannot be used")]
    Identity(#[from] identity::IdentityError),
    /// The TLS certificate cannot be made or served.
    #[error("the TLS certificate cannot be used")]
    Tls(#[from] tls::TlsError),
    /// The database cannot be opened.
    #[error("the database of the site cannot be opened")]
    Catalog(#[from] catalog::Error),
    /// The recordings cannot be opened.
    #[error("the recordings cannot be opened")]
    Volumes(#[from] VolumeError),
    /// Exports cannot be read.
    #[error("the exports cannot be read")]
    Exports(#[source] io::Error),
    /// A port is taken.
    #[error("cannot listen on {address}")]
    Listen {
        /// Which.
        address: std::net::SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The socket for administrators of this machine cannot be made where it was configured.
    #[error("cannot listen on the local socket {path}")]
    LocalSocket {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// The site server.
pub struct Site;

/// A running site.
pub struct Running {
    app: App,
    https_port: u16,
    host: IpAddr,
    local_socket: Option<PathBuf>,
    setup_code: Option<Secret<String>>,
    peers: Peers,
    stop: Stopper,
    _in_use: InUse,
    tasks: JoinSet<()>,
}

impl Site {
    /// Starts a site; returns when it serves.
    ///
    /// # Errors
    /// What keeps it from serving.
    pub async fn start(
        mut config: Config,
        client_files: &'static [ClientFile],
    ) -> Result<Running, StartError> {
        // The paths of volumes are kept, and must mean the same tomorrow.
        let absolute = |source| StartError::Data { path: config.data.clone(), source };
        let path = std::path::absolute(&config.data).map_err(absolute)?;
        config.data.clone_from(&path);
        std::fs::create_dir_all(&path).map_err(|source| StartError::Data { path: path.clone(), source })?;
        let in_use = in_use::take(&path).map_err(|source| match source.kind() {
            io::ErrorKind::WouldBlock => StartError::InUse(path.clone()),
            _ => StartError::Data { path: path.clone(), source },
        })?;
        let identity = identity::load_or_create(&path)?;
        let seal_key = identity::load_or_create_seal_key(&path)?;
        let catalog = Catalog::open(&path.join("catalog.sqlite"), seal_key)?;
        let host_name = config.host_name.clone().unwrap_or_else(host_name);
        catalog.site_or(&SiteRow { name: host_name.clone(), time_zone: time_zone(), created: wall_now() })?;
        let setup_code = catalog.new_setup_code(wall_now(), SETUP_LINK)?;

        let certificates = Certificates::open(&path, &host_name, &identity, &catalog, wall_now())?;
        let acceptor = tls::acceptor(Arc::new(certificates.clone()))?;

        let recordings = config.recordings();
        let reader = Reader::default();
        let recorder = Recorder::new(identity.clone(), reader.clone());
        let volumes =
            Volumes::open(catalog.clone(), recorder.clone(), reader.clone(), identity.clone(), &recordings)?;

        backup::bring_locks(&path, &volumes, wall_now());

        let events = Events::default();
        let exports = Exports::open(path.join("exports"), config.exports, events.clone())
            .map_err(StartError::Exports)?;
        let (notifications, settings) = watch::channel(notify::kept(&catalog)?);
        let notifier = notify::start(settings, identity.site_id());
        let alarms = Alarms::open(catalog.clone(), events.clone(), notifier.clone())?;
        let rolling = rolling(&path.join("pre-buffer"));
        let cameras = Cameras::new(recorder.clone(), rolling, events.clone(), alarms.clone(), config.silence);
        let (stop, stopping) = stop::signal();
        let directories = Directories::open(catalog.clone())?;
        let id: String = identity.site_id().to_string().chars().take(8).collect();
        let machine = Arc::new(Machine::new(&config.machine_group));
        let (remote, remote_wishes) = Remote::open(catalog.clone(), identity.clone())?;
        let app = App(Arc::new(Parts {
            remote,
            sessions: Sessions::new(catalog.clone(), Arc::clone(&machine), directories.clone()),
            machine,
            directories,
            providers: Providers::open(catalog.clone())?,
            audit: Audit::new(catalog.clone()),
            certificates,
            cookie_name: format!("__Host-martello-{id}"),
            policy: http::privilege::Policy::from_document(&http::openapi()),
            patience: config.patience,
            playbacks: Arc::new(Semaphore::new(config.playbacks)),
            discovery: Discovery::new(config.discovery.clone()),
            started: wall_now(),
            url: std::sync::OnceLock::new(),
            stop: stopping.clone(),
            data: path,
            catalog,
            identity,
            cameras,
            recorder,
            reader,
            volumes,
            watch: std::sync::Mutex::default(),
            began: std::time::Instant::now(),
            events,
            exports,
            alarms,
            notifier,
            notifications,
            client_files,
        }));

        let mut tasks = JoinSet::new();
        let https_port = listen(&config, &app, &acceptor, &stopping, &mut tasks)?;
        let local_socket = listen_locally(&config, &app, &stopping, &mut tasks)?;
        let host = match config.listen.first() {
            Some(ip) if !ip.is_unspecified() => *ip,
            _ => IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
        };
        let mut running = Running {
            app: app.clone(),
            https_port,
            host,
            local_socket,
            setup_code,
            peers: Peers::new(app.clone(), hosts(&config.listen)),
            stop,
            _in_use: in_use,
            tasks,
        };
        app.describe(Some(running.url()))?;
        app.set_calendar()?;
        let mut kept = methods::kept(&app.catalog)?;
        for row in app.catalog.cameras()? {
            let settings = kept.remove(&row.id);
            app.cameras.put(row, settings);
        }
        running.tasks.spawn(audit::keep(app.clone(), stopping.clone()));
        running.tasks.spawn(look_after_certificate(app.clone(), stopping.clone()));
        let every = config.directory_refresh;
        running.tasks.spawn(directories::refresh::keep(app.clone(), every, stopping.clone()));
        running.tasks.spawn(providers::refresh::keep(app.clone(), every, stopping.clone()));
        running.tasks.spawn(exports::run(app.clone(), stopping.clone()));
        running.tasks.spawn(remote::run(app.remote.clone(), remote_wishes, host_name, stopping.clone()));
        if let Some(sessions) = app.remote.sessions() {
            running.tasks.spawn(remote::sessions::run(running.peers.clone(), sessions, stopping.clone()));
        }
        running.tasks.spawn(check(app, stopping));
        Ok(running)
    }
}

fn listen(
    config: &Config,
    app: &App,
    acceptor: &tokio_rustls::TlsAcceptor,
    stopping: &Stop,
    tasks: &mut JoinSet<()>,
) -> Result<u16, StartError> {
    let router = http::router(app.clone());
    let limits = Limits::default();
    let mut https_port = config.https_port;
    let ports = std::iter::once(config.https_port).chain(config.more_https_ports.iter().copied());
    for (index, port) in ports.enumerate() {
        // A port that is chosen freely is chosen once, for the first address.
        let port = if index == 0 && port == 0 { https_port } else { port };
        for mut address in config.addresses(port) {
            if index == 0 {
                address.set_port(https_port);
            }
            let listener = match server::bind(address) {
                Ok(listener) => listener,
                Err(error) if address.is_ipv6() && no_ipv6(&error) => continue,
                Err(source) => return Err(StartError::Listen { address, source }),
            };
            if index == 0 {
                https_port = listener.local_addr().map_or(port, |local| local.port());
            }
            tasks.spawn(server::serve_tls(
                listener,
                acceptor.clone(),
                router.clone(),
                limits.clone(),
                stopping.clone(),
            ));
        }
    }
    if let Some(port) = config.http_port {
        for address in config.addresses(port) {
            let listener = match server::bind(address) {
                Ok(listener) => listener,
                Err(error) if address.is_ipv6() && no_ipv6(&error) => continue,
                Err(source) => return Err(StartError::Listen { address, source }),
            };
            let id = app.identity.certificate_id().to_string();
            tasks.spawn(server::serve_redirect(listener, https_port, id, stopping.clone()));
        }
    }
    Ok(https_port)
}

/// Where nothing else was configured, a site without a local socket is one all the same.
fn listen_locally(
    config: &Config,
    app: &App,
    stopping: &Stop,
    tasks: &mut JoinSet<()>,
) -> Result<Option<PathBuf>, StartError> {
    let path = config.local_socket();
    match server::local::bind(&path, app.machine.group_id()) {
        Ok(socket) => {
            tasks.spawn(server::local::serve_local(
                socket,
                app.clone(),
                http::router(app.clone()),
                stopping.clone(),
            ));
            Ok(Some(path))
        }
        Err(source) if config.local_socket.is_some() => Err(StartError::LocalSocket { path, source }),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "no socket for administrators of this machine");
            Ok(None)
        }
    }
}

/// A machine without IPv6 serves IPv4 only.
fn no_ipv6(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
}

async fn check(app: App, mut stopping: Stop) {
    let mut tick = tokio::time::interval(CHECK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopping.requested() => return,
            _ = tick.tick() => {}
        }
        let _ = app
            .blocking(|app| {
                app.cameras.check();
                app.watch().check(&app.volumes, &app.alarms, app.began.elapsed(), wall_now());
            })
            .await;
    }
}

async fn look_after_certificate(app: App, mut stopping: Stop) {
    let mut tick = tokio::time::interval(CERTIFICATE);
    loop {
        tokio::select! {
            () = stopping.requested() => return,
            _ = tick.tick() => {}
        }
        let _ = app
            .blocking(|app| {
                app.certificates.look_after(wall_now());
                server::expiry::check(app);
            })
            .await;
    }
}

impl Running {
    /// Where the site is, for a person on this computer.
    #[must_use]
    pub fn url(&self) -> String {
        match self.host {
            IpAddr::V4(ip) => format!("https://{ip}:{}", self.https_port),
            IpAddr::V6(ip) => format!("https://[{ip}]:{}", self.https_port),
        }
    }

    /// The certificate ID, for people.
    #[must_use]
    pub fn certificate_id(&self) -> String {
        self.app.identity.certificate_id().to_string()
    }

    /// SHA-256 of the TLS certificate, as browsers print it.
    #[must_use]
    pub fn tls_certificate_sha256(&self) -> String {
        self.app.certificates.served().fingerprint.clone()
    }

    /// The socket for administrators of this machine, where there is one.
    #[must_use]
    pub fn local_socket(&self) -> Option<&Path> {
        self.local_socket.as_deref()
    }

    /// The one-time code for the first administrator, while it is needed.
    #[must_use]
    pub const fn setup_code(&self) -> Option<&Secret<String>> {
        self.setup_code.as_ref()
    }

    /// The one-time link for the first administrator, while it is needed.
    #[must_use]
    pub fn setup_url(&self) -> Option<String> {
        self.setup_code.as_ref().map(|code| format!("{}/setup?code={}", self.url(), code.expose()))
    }

    /// Takes peer sessions, at the addresses that the site listens at.
    #[must_use]
    pub const fn peers(&self) -> &Peers {
        &self.peers
    }

    /// The router, for whoever calls it without the site's own listener: who takes nothing is given up, the rest of their
    /// connection is the caller's.
    pub fn router(&self) -> axum::Router {
        http::router(self.app.clone()).layer(axum::Extension(http::outgoing::HangUp::default()))
    }

    /// Stops in order: streams end, everything that came is on disk, requests under way are answered.
    pub async fn stop(mut self) {
        self.stop.stop();
        self.app.cameras.stop().await;
        let recorder = self.app.recorder.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || recorder.stop()).await {
            tracing::error!(%error, "the recorder ended badly");
        }
        while self.tasks.join_next().await.is_some() {}
        self.app.notifier.stop(MESSAGES).await;
    }
}

/// Where a client of a peer session may reach this machine: where the site listens.
fn hosts(listen: &[IpAddr]) -> live::Hosts {
    if listen.is_empty() || listen.iter().any(IpAddr::is_unspecified) {
        return live::Hosts::Interfaces;
    }
    live::Hosts::These(listen.to_vec())
}

/// Where pre buffers lie that are too long for memory; without it they are shorter.
fn rolling(path: &Path) -> Option<Rolling> {
    Rolling::open(path, PRE_BUFFERS)
        .inspect_err(|error| tracing::warn!(%error, "no rolling file for pre buffers: they are as long as memory allows"))
        .ok()
}

fn host_name() -> String {
    let name = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "Martello".to_owned() } else { name.chars().take(64).collect() }
}

/// The IANA name of this machine's time zone.
fn time_zone() -> String {
    jiff::tz::TimeZone::system().iana_name().unwrap_or("UTC").to_owned()
}
