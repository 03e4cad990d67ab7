//! The site server: records cameras, shows them, plays back; one HTTP API for everything.
//!
//! [`Site::start`] wires the parts together: catalog (database), recorder and archive (recordings), cameras and their
//! feeds, alarms and their messages, and the HTTP router on TLS. [`Running::stop`] is the orderly stop: afterwards
//! nothing that came is missing on disk.
//! What is not here: the formats of recordings (archive), RTSP and VAPIX (camera), SQL (catalog), signatures (trust).

mod alarms;
mod archive_engine;
mod audit;
pub mod audit_file;
pub mod backup;
mod cameras;
pub mod config;
mod convert;
mod directories;
mod discovery;
mod events;
mod exports;
mod feed;
mod http;
mod machine;
mod notify;
pub mod peers;
mod principal;
mod profiles;
mod providers;
mod qr;
mod recorder;
mod recording;
pub mod remote;
pub mod rotation;
mod rounds;
mod server;
mod sessions;
mod source;
mod start;
mod volume;

use std::{ops::Deref, sync::Arc};

use api::{Code, notification::Notifications};
use catalog::Catalog;
use model::WallTime;
use tokio::sync::{Semaphore, watch};

pub use archive_engine::ROTATIONS;
pub use config::{Config, ConfigFile, DiscoveryConfig};
pub use exports::Limits as ExportLimits;
pub use http::{document, openapi};
pub use machine::GROUP as MACHINE_GROUP;
pub use serve::ClientFile;
pub use start::{Running, Site, StartError};

use serve::{
    in_use, keys as identity,
    problem::{Failure, Outcome},
    stop, turns,
};

/// `docs/reference/privileges.md`, out of the code.
#[must_use]
pub fn privileges_reference() -> String {
    http::reference::privileges(&openapi())
}

/// The release that runs.
pub const RELEASE: &str = env!("CARGO_PKG_VERSION");

/// Everything that handlers use.
struct Parts {
    catalog: Catalog,
    /// The data directory.
    data: std::path::PathBuf,
    identity: trust::Identity,
    certificates: server::Certificates,
    cookie_name: String,
    sessions: sessions::Sessions,
    machine: Arc<machine::Machine>,
    directories: directories::Directories,
    providers: providers::Providers,
    cameras: cameras::Cameras,
    recorder: recorder::Recorder,
    reader: archive_engine::Reader,
    volumes: volume::Volumes,
    watch: std::sync::Mutex<volume::watch::Watch>,
    /// For a clock that never jumps.
    began: std::time::Instant,
    events: events::Events,
    exports: exports::Exports,
    alarms: alarms::Alarms,
    audit: audit::Audit,
    discovery: discovery::Discovery,
    notifier: notify::Handle,
    remote: remote::Remote,
    notifications: watch::Sender<Notifications>,
    policy: http::privilege::Policy,
    playbacks: Arc<Semaphore>,
    /// How long a client may take nothing of an answer.
    patience: std::time::Duration,
    client_files: &'static [ClientFile],
    started: WallTime,
    /// Where the client is, once it is served.
    url: std::sync::OnceLock<String>,
    stop: stop::Stop,
}

/// The running site as handlers see it; clones are the same.
#[derive(Clone)]
struct App(Arc<Parts>);

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Runs blocking work (database, disk) off the tasks that serve requests.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Outcome<T> {
        let app = self.clone();
        blocking(move || work(&app)).await
    }

    /// Asks the catalog.
    async fn catalog<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Catalog) -> catalog::Result<T> + Send + 'static,
    ) -> Outcome<T> {
        Ok(self.blocking(move |app| work(&app.catalog)).await??)
    }

    /// Tells messages what the site is called now. Blocking.
    fn describe(&self, url: Option<String>) -> catalog::Result<()> {
        if let Some(site) = self.catalog.site()? {
            let url = url.or_else(|| self.url.get().cloned());
            if let Some(url) = &url {
                let _ = self.url.set(url.clone());
            }
            self.notifier.describe(notify::About { site_name: site.name, time_zone: site.time_zone, url });
        }
        Ok(())
    }

    /// Takes over schedules and time zone from the catalog. Blocking.
    fn set_calendar(&self) -> catalog::Result<()> {
        let name = self.catalog.site()?.map(|site| site.time_zone);
        let zone =
            name.and_then(|name| jiff::tz::TimeZone::get(&name).ok()).unwrap_or(jiff::tz::TimeZone::UTC);
        let weeks = http::schedules::all(&self.catalog)?.into_iter().map(|one| (one.id, one.week)).collect();
        self.cameras.set_calendar(recording::Calendar { zone, weeks });
        Ok(())
    }

    /// What is seen of storage and clock.
    fn watch(&self) -> std::sync::MutexGuard<'_, volume::watch::Watch> {
        self.watch.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Tells when the site stops.
    fn stopping(&self) -> stop::Stop {
        self.stop.clone()
    }

    /// The site's time zone; UTC where its name is no longer known.
    async fn time_zone(&self) -> Outcome<jiff::tz::TimeZone> {
        let site = self.catalog(Catalog::site).await?;
        let name = site.map_or_else(|| "UTC".to_owned(), |site| site.time_zone);
        Ok(jiff::tz::TimeZone::get(&name).unwrap_or(jiff::tz::TimeZone::UTC))
    }

    /// A moment as people of the site write it, in its time zone. Blocking.
    fn site_time(&self, at: WallTime) -> catalog::Result<String> {
        let name = self.catalog.site()?.map(|site| site.time_zone);
        let zone =
            name.and_then(|name| jiff::tz::TimeZone::get(&name).ok()).unwrap_or(jiff::tz::TimeZone::UTC);
        let moment = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or_default();
        Ok(moment.to_zoned(zone).strftime("%a %-d %b %Y, %H:%M").to_string())
    }

    /// Where alarms are sent, with secrets.
    async fn notifications(&self) -> Outcome<Notifications> {
        Ok(self.notifications.borrow().clone())
    }

    /// Keeps where alarms are sent.
    async fn keep_notifications(&self, new: Notifications) -> Outcome<Notifications> {
        let settings = notify::with_kept_secrets(new, &self.notifications.borrow());
        let kept = settings.clone();
        self.catalog(move |catalog| notify::keep(catalog, &kept)).await?;
        self.notifications.send_replace(settings.clone());
        Ok(settings)
    }
}

/// Runs blocking work off the tasks that serve requests.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Outcome<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Failure::new(Code::Internal, format!("A fault while working: {error}")))
}
