//! A site with simulated cameras in one process, set up through its API.

use std::{path::PathBuf, time::Duration};

use api::{
    camera::{Camera, CameraState, NewCamera, Source, Transport},
    discovery::{Discovery, Found},
};
use serde_json::json;
use sim::{CameraOptions, Farm, SimCamera};
use site::{Config, Running, Site};
use tempfile::TempDir;

use crate::{Client, wait::until};

/// Name and password of the administrator that tests make.
pub const ADMINISTRATOR: (&str, &str) = ("ines", "a lighthouse, not a tower");

/// What a test changes about a site before it starts, at every start.
pub type Configure = fn(&mut Config);

/// What a test works with.
pub struct System {
    /// Simulated cameras.
    pub farm: Farm,
    /// The site.
    pub site: Running,
    /// Its administrator.
    pub client: Client,
    /// Where the site keeps everything; goes with the system.
    pub data: TempDir,
    configure: Configure,
}

#[allow(clippy::expect_used, clippy::panic, reason = "a test's helper: what fails fails the test")]
impl System {
    /// A site that is set up, and these cameras on the network, not added.
    pub async fn start(cameras: Vec<CameraOptions>) -> Self {
        Self::start_with(cameras, |_| {}).await
    }

    /// The same, with a configuration of the test's own.
    pub async fn start_with(cameras: Vec<CameraOptions>, configure: Configure) -> Self {
        let overrides =
            cameras.iter().cloned().enumerate().map(|(index, camera)| (index as u16, camera)).collect();
        let options = sim::Options { count: cameras.len() as u16, overrides, ..sim::Options::default() };
        Self::start_among(options, configure).await
    }

    /// The same, with simulated cameras of the test's own.
    pub async fn start_among(cameras: sim::Options, configure: Configure) -> Self {
        let farm = Farm::start(cameras).await.expect("simulated cameras");
        let data = tempfile::tempdir().expect("a directory");
        let site = start_site(&data, &farm, configure).await;
        let code = site.setup_code().expect("a new site").expose().clone();
        let mut client = Client::new(&site.url(), &site.tls_certificate_sha256());
        client.set_up(&code, ADMINISTRATOR.0, ADMINISTRATOR.1).await;
        Self { farm, site, client, data, configure }
    }

    /// Stops the site in order and starts it again on the same data.
    pub async fn restart(self) -> Self {
        let Self { farm, site, data, configure, .. } = self;
        site.stop().await;
        let site = start_site(&data, &farm, configure).await;
        let mut client = Client::new(&site.url(), &site.tls_certificate_sha256());
        client.sign_in(ADMINISTRATOR.0, ADMINISTRATOR.1).await;
        Self { farm, site, client, data, configure }
    }

    /// Stops the site, loses its database, and starts it again with the same recordings.
    pub async fn lose_database(self) -> Self {
        let Self { farm, site, data, configure, .. } = self;
        site.stop().await;
        for name in ["catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm"] {
            let _ = std::fs::remove_file(data.path().join(name));
        }
        let site = start_site(&data, &farm, configure).await;
        let code = site.setup_code().expect("a new database").expose().clone();
        let mut client = Client::new(&site.url(), &site.tls_certificate_sha256());
        client.set_up(&code, ADMINISTRATOR.0, ADMINISTRATOR.1).await;
        Self { farm, site, client, data, configure }
    }

    /// Where the recordings lie.
    #[must_use]
    pub fn recordings(&self) -> PathBuf {
        self.data.path().join("recordings")
    }

    /// Searches until so many devices are found.
    pub async fn discover(&self, count: usize) -> Vec<Found> {
        let _: Discovery = self.client.post("/v1/discovery", &json!({})).await;
        until("devices are found", Duration::from_secs(20), || async {
            let discovery: Discovery = self.client.get("/v1/discovery").await;
            (discovery.found.len() >= count && discovery.found.iter().all(|found| found.serial.is_some()))
                .then_some(discovery.found)
        })
        .await
    }

    /// Adds a simulated camera as an Axis camera.
    pub async fn add(&self, camera: &SimCamera, codec: Option<api::camera::Codec>) -> Camera {
        let source = Source::Axis { address: camera.http_url(), rtsp_port: None, codec };
        self.client.post("/v1/cameras", &new_camera(camera, source)).await
    }

    /// Adds any RTSP stream without credentials.
    pub async fn add_url(&self, name: &str, url: &str) -> Camera {
        let new = NewCamera {
            name: Some(name.to_owned()),
            source: Source::Rtsp { main_url: url.to_owned(), sub_url: None },
            user: None,
            password: None,
            transport: Transport::Tcp,
            audio: true,
            record: true,
            retention_days: None,
            image_url: None,
        };
        self.client.post("/v1/cameras", &new).await
    }

    /// Waits until a camera is in this state.
    pub async fn until_state(&self, id: model::CameraId, state: CameraState, limit: Duration) -> Camera {
        until(&format!("the camera is {state:?}"), limit, || async {
            let camera: Camera = self.client.get(&format!("/v1/cameras/{id}")).await;
            (camera.state == state).then_some(camera)
        })
        .await
    }
}

/// What is sent to add a simulated camera.
#[must_use]
pub fn new_camera(camera: &SimCamera, source: Source) -> NewCamera {
    NewCamera {
        name: Some(camera.name.clone()),
        source,
        user: Some(camera.user.clone()),
        password: Some(camera.password.clone()),
        transport: Transport::Tcp,
        audio: true,
        record: true,
        retention_days: None,
        image_url: None,
    }
}

/// Starts a site on data that there are, with the cameras of a farm.
pub async fn start_again(data: &TempDir, farm: &Farm) -> Running {
    start_site(data, farm, |_| {}).await
}

#[allow(clippy::expect_used, reason = "a test's helper")]
async fn start_site(data: &TempDir, farm: &Farm, configure: Configure) -> Running {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut config = Config::on_loopback(data.path().to_owned());
    if let Some(at) = &farm.discovery {
        config.discovery = site::DiscoveryConfig::Addresses {
            mdns: vec![v4(at.mdns)],
            ssdp: vec![v4(at.ssdp)],
            wsd: vec![v4(at.wsd)],
        };
    }
    configure(&mut config);
    Site::start(config, &[]).await.expect("a site")
}

#[allow(clippy::panic, reason = "a test's helper")]
fn v4(address: std::net::SocketAddr) -> std::net::SocketAddrV4 {
    match address {
        std::net::SocketAddr::V4(address) => address,
        std::net::SocketAddr::V6(_) => panic!("simulated cameras are found over IPv4"),
    }
}
