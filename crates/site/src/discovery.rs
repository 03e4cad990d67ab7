//! Searches for cameras: one at a time, results kept until the next.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddrV4},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use api::{
    camera::{Camera, Source},
    discovery::{Discovery as View, Found, Method},
    event::Event,
};
use camera::discover::{self, Settings, Sighting, Target};
use model::{WallTime, clock::wall_now};
use tokio::sync::mpsc;

use crate::{DiscoveryConfig, events::Events};

/// How long a search listens.
const SEARCH: Duration = Duration::from_secs(6);
/// Sightings that may wait to be merged; more wait in the sockets.
const QUEUE: usize = 256;

#[derive(Default)]
struct State {
    running: bool,
    started: Option<WallTime>,
    found: Vec<discover::Found>,
}

/// The search of the site.
#[derive(Clone)]
pub struct Discovery {
    config: DiscoveryConfig,
    state: Arc<Mutex<State>>,
}

impl Discovery {
    /// Searches like this.
    #[must_use]
    pub fn new(config: DiscoveryConfig) -> Self {
        Self { config, state: Arc::default() }
    }

    /// Begins a search; one that is under way goes on.
    pub fn start(&self, events: Events) {
        {
            let mut state = self.lock();
            if state.running {
                return;
            }
            *state = State { running: true, started: Some(wall_now()), found: Vec::new() };
        }
        events.publish(&Event::Discovery);
        let this = self.clone();
        tokio::spawn(async move {
            this.search(&events).await;
            this.lock().running = false;
            events.publish(&Event::Discovery);
        });
    }

    async fn search(&self, events: &Events) {
        let (sightings, mut received) = mpsc::channel::<Sighting>(QUEUE);
        let settings = match settings(&self.config) {
            Ok(settings) => settings,
            Err(error) => {
                tracing::warn!(%error, "searching for cameras");
                return;
            }
        };
        let searching = tokio::spawn(async move { discover::search(&settings, SEARCH, sightings).await });
        let mut all = Vec::new();
        let mut asked: HashMap<String, discover::Found> = HashMap::new();
        while let Some(sighting) = received.recv().await {
            all.push(sighting);
            while let Ok(more) = received.try_recv() {
                all.push(more);
            }
            let found = discover::merge(&all);
            self.show(&found, &asked, events);
            let new: Vec<_> = found.iter().filter(|found| !asked.contains_key(&found.key)).cloned().collect();
            let keys: Vec<_> = new.iter().map(|found| found.key.clone()).collect();
            asked.extend(keys.into_iter().zip(discover::enrich(new).await));
            self.show(&found, &asked, events);
        }
        match searching.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "searching for cameras"),
            Err(error) => tracing::error!(%error, "the search ended badly"),
        }
    }

    /// Shows what is known: what devices told when they were asked, and newer sightings of them.
    fn show(&self, found: &[discover::Found], asked: &HashMap<String, discover::Found>, events: &Events) {
        let found = found
            .iter()
            .map(|found| match asked.get(&found.key) {
                Some(told) => discover::Found { seen_by: found.seen_by.clone(), ..told.clone() },
                None => found.clone(),
            })
            .collect();
        let mut state = self.lock();
        let news = state.found != found;
        state.found = found;
        drop(state);
        if news {
            events.publish(&Event::Discovery);
        }
    }

    /// What is known now; devices that are cameras of the site already say so.
    #[must_use]
    pub fn view(&self, cameras: &[Camera]) -> View {
        let state = self.lock();
        let found = state.found.iter().map(|found| tell(found, cameras)).collect();
        View { running: state.running, started: state.started, found }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell(found: &discover::Found, cameras: &[Camera]) -> Found {
    let added_as = cameras.iter().find(|camera| is_same(found, camera)).map(|camera| camera.id);
    Found {
        key: found.key.clone(),
        name: found.name.clone(),
        model: found.model.clone(),
        brand: found.brand.clone(),
        serial: found.serial.clone(),
        address: found.address.to_string(),
        http_url: found.http_url.clone(),
        rtsp_port: None,
        vapix: found.vapix,
        firmware: found.firmware.clone(),
        needs_setup: found.needs_setup,
        seen_by: found
            .seen_by
            .iter()
            .map(|method| match method {
                discover::Method::Mdns => Method::Mdns,
                discover::Method::Ssdp => Method::Ssdp,
                discover::Method::Wsd => Method::Wsd,
            })
            .collect(),
        added_as,
    }
}

/// The same serial number, or, where one of both has none, the same address.
fn is_same(found: &discover::Found, camera: &Camera) -> bool {
    if let (Some(a), Some(b)) = (&found.serial, &camera.serial) {
        return a.eq_ignore_ascii_case(b);
    }
    let url = match &camera.source {
        Source::Axis { address, .. } => address,
        Source::Rtsp { main_url, .. } => main_url,
    };
    let host = url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.and_then(|host| host.parse::<IpAddr>().ok()) == Some(IpAddr::V4(found.address))
}

fn settings(config: &DiscoveryConfig) -> Result<Settings, camera::Error> {
    match config {
        // Asked for each search: networks come and go.
        DiscoveryConfig::Interfaces => Settings::all_interfaces(),
        DiscoveryConfig::Addresses { mdns, ssdp, wsd } => {
            let targets = |addresses: &[SocketAddrV4]| {
                addresses.iter().map(|address| Target::Address(*address)).collect()
            };
            Ok(Settings { mdns: targets(mdns), ssdp: targets(ssdp), wsd: targets(wsd) })
        }
    }
}
