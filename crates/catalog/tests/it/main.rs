//! What the catalog promises, shown from outside.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod audit;
mod cameras;
mod cloud;
mod directories;
mod migrations;
mod people;
mod rights;
mod sealed;
mod settings;
mod writers;

use std::{path::PathBuf, time::Duration};

use catalog::{
    Catalog, SealKey,
    camera::{CameraRow, CameraSource, Transport, profile::Profiles},
};
use model::{CameraId, WallTime};

/// A catalog in a directory of its own.
struct Fresh {
    dir: tempfile::TempDir,
    catalog: Catalog,
}

fn key() -> SealKey {
    SealKey::from_bytes([7; 32])
}

fn fresh() -> Fresh {
    let dir = tempfile::tempdir().unwrap();
    let catalog = Catalog::open(&dir.path().join("catalog.db"), key()).unwrap();
    Fresh { dir, catalog }
}

impl Fresh {
    fn path(&self) -> PathBuf {
        self.dir.path().join("catalog.db")
    }
}

fn noon() -> WallTime {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

const HOUR: Duration = Duration::from_secs(3600);

fn rtsp_camera(name: &str, password: &str) -> CameraRow {
    CameraRow {
        id: CameraId::new(),
        name: name.into(),
        source: CameraSource::Rtsp { main_url: "rtsp://127.0.0.1/main".into(), sub_url: None },
        user: Some("root".into()),
        password: Some(password.to_owned().into()),
        transport: Transport::Tcp,
        audio: true,
        record: true,
        retention_days: None,
        model: None,
        serial: None,
        certificate_pin: None,
        main_url: None,
        sub_url: None,
        profiles: Profiles::default(),
        image_url: None,
        added: noon(),
    }
}
