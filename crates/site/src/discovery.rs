//! Searches for cameras: one at a time, results kept until the next.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use api::{
    camera::{Camera, Source},
    discovery::{Discovery as View, Found, Method},
    event::Event,
};
use camera::discover::{self, Settings, Sighting};
use model::{WallTime, clock::wall_now};
use tokio::sync::mpsc;

use crate::events::Events;

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
    settings: Settings,
    state: Arc<Mutex<State>>,
}

impl Discovery {
    /// Searches like this.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, state: Arc::default() }
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
        let settings = self.settings.clone();
        let searching = tokio::spawn(async move { discover::search(&settings, SEARCH, sightings).await });
        let mut all = Vec::new();
        while let Some(sighting) = received.recv().await {
            all.push(sighting);
            while let Ok(more) = received.try_recv() {
                all.push(more);
            }
            let found = discover::merge(&all);
            let mut state = self.lock();
            let news = state.found != found;
            state.found = found;
            drop(state);
            if news {
                events.publish(&Event::Discovery);
            }
        }
        match searching.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "searching for cameras"),
            Err(error) => tracing::error!(%error, "the search ended badly"),
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
        rtsp_port: found.rtsp_port,
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
    host.and_then(|host| host.parse::<IpAddr>().ok()) == Some(found.address)
}
