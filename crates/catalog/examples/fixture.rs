//! Writes the database of which the fixture of a new schema is made: `cargo run -p catalog --example fixture`. The fixture is
//! sqlite3's `.dump` of it, with its `application_id` and `user_version`.

use std::{error::Error, time::Duration};

use catalog::{
    Catalog, SealKey,
    camera::{CameraRow, CameraSource, Transport, profile::Profiles},
    setting::Setting,
    site::SiteRow,
    volume::VolumeRow,
};
use model::{CameraId, Role, VolumeId, WallTime};

const HOUR: Duration = Duration::from_secs(3600);

#[allow(clippy::print_stdout, reason = "tells where it is")]
fn main() -> Result<(), Box<dyn Error>> {
    let noon: WallTime = "2026-11-21T12:00:00Z".parse()?;
    let path = std::env::temp_dir().join("martello-fixture.db");
    let catalog = Catalog::open(&path, SealKey::from_bytes([7; 32]))?;
    catalog.site_or(&SiteRow {
        name: "Fixture".into(),
        time_zone: "Europe/Stockholm".into(),
        created: noon,
    })?;
    let user = catalog.create_user("Anna", Role::Administrator, "fixture password", noon)?;
    catalog.begin_session(user.id, noon, HOUR, "127.0.0.1", "fixture")?;
    catalog.create_token(user.id, "fixture", noon, noon + HOUR, None)?;
    let camera = CameraRow {
        id: CameraId::new(),
        name: "Gate".into(),
        source: CameraSource::Rtsp { main_url: "rtsp://127.0.0.1/main".into(), sub_url: None },
        user: Some("root".into()),
        password: Some("camera password".to_owned().into()),
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
        added: noon,
    };
    catalog.add_camera(&camera)?;
    catalog.put_volume(&VolumeRow {
        id: VolumeId::new(),
        path: "/srv/video".into(),
        limit_bytes: Some(1 << 40),
        fallback: false,
    })?;
    catalog.raise_alarm("camera-silent", Some(camera.id), "Gate is silent", "Look at it", noon)?;
    let setting = Setting {
        value: serde_json::json!({"mail": {"host": "127.0.0.1"}}),
        secrets: [("mail".to_owned(), "mail password".to_owned().into())].into(),
    };
    catalog.change_setting("notifications", |_| setting)?;
    println!("{}", path.display());
    Ok(())
}
