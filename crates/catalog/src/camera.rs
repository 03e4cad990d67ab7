//! Cameras of the site, as they were configured and probed. How they are now is the site's.

pub mod profile;

use model::{CameraId, Secret, WallTime};
use profile::Profiles;
use rusqlite::{Connection, OptionalExtension, Row, named_params};

use crate::{
    Catalog, Error, Result, alarm,
    column::{bounded, bounded_option, named, parsed, room, text, time},
    seal::{Place, SealKey},
};

/// Most cameras of a site.
pub const MAX_CAMERAS: usize = 1000;
const MAX_URL: usize = 2048;

/// Where a camera's streams come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CameraSource {
    /// An Axis camera (VAPIX).
    Axis {
        /// Base address, `http://…` or `https://…`.
        address: String,
        /// RTSP port where it is not 554.
        rtsp_port: Option<u16>,
        /// Codec of the main stream; none: H.264.
        codec: Option<Codec>,
    },
    /// Any RTSP camera.
    Rtsp {
        /// Main stream, without name and password.
        main_url: String,
        /// Sub stream, where there is one.
        sub_url: Option<String>,
    },
}

/// Codec of a video stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// ISO/IEC 14496-10.
    H264,
    /// ISO/IEC 23008-2.
    H265,
}

/// How RTP travels from the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Inside the RTSP connection.
    Tcp,
    /// Datagrams.
    Udp,
}

/// A camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraRow {
    /// Identifier.
    pub id: CameraId,
    /// Its name, 1 to 128 bytes.
    pub name: String,
    /// Where its streams come from.
    pub source: CameraSource,
    /// User at the camera.
    pub user: Option<String>,
    /// Password at the camera; sealed in the database.
    pub password: Option<Secret<String>>,
    /// How RTP travels.
    pub transport: Transport,
    /// Whether sound is recorded.
    pub audio: bool,
    /// Whether it is recorded.
    pub record: bool,
    /// Days that recordings are kept; none: as long as there is room.
    pub retention_days: Option<u32>,
    /// Model, as the camera told it.
    pub model: Option<String>,
    /// Serial number, as the camera told it.
    pub serial: Option<String>,
    /// SHA-256 of the camera's TLS certificate, as it was when the camera was added.
    pub certificate_pin: Option<[u8; 32]>,
    /// Address of the main stream, as the camera told it.
    pub main_url: Option<String>,
    /// Address of the sub stream, as the camera told it.
    pub sub_url: Option<String>,
    /// Its stream profiles.
    pub profiles: Profiles,
    /// Address of a still picture that a person typed, `http://…` or `https://…`, without name and password.
    pub image_url: Option<String>,
    /// When it was added.
    pub added: WallTime,
}

impl Codec {
    const fn text(self) -> &'static str {
        match self {
            Self::H264 => "h264",
            Self::H265 => "h265",
        }
    }

    fn of(text: &str) -> Self {
        if text == "h265" { Self::H265 } else { Self::H264 }
    }
}

impl Catalog {
    /// Adds a camera.
    pub fn add_camera(&self, camera: &CameraRow) -> Result<()> {
        self.write(|tx| {
            let count =
                tx.query_row("SELECT count(*) FROM camera", [], |row| row.get(0)).map_err(Error::Read)?;
            room("cameras", count, MAX_CAMERAS)?;
            write(tx, self.key(), camera, INSERT)
        })
    }

    /// Changes a camera; gives back the row as it is then, or nothing where there is no such camera.
    /// Identifier and date of adding stay.
    pub fn change_camera(
        &self,
        id: CameraId,
        change: impl FnOnce(&mut CameraRow),
    ) -> Result<Option<CameraRow>> {
        self.write(|tx| {
            let Some(mut camera) = one(tx, self.key(), id)? else { return Ok(None) };
            let added = camera.added;
            change(&mut camera);
            (camera.id, camera.added) = (id, added);
            write(tx, self.key(), &camera, UPDATE)?;
            Ok(Some(camera))
        })
    }

    /// Removes a camera and ends its alarms; false where there was none. Its recordings stay.
    pub fn remove_camera(&self, id: CameraId, now: WallTime) -> Result<bool> {
        self.write(|tx| {
            alarm::end_all_of(tx, id, now)?;
            tx.execute("DELETE FROM camera WHERE id = ?1", [text(id)])
                .map(|gone| gone > 0)
                .map_err(Error::Write)
        })
    }

    /// The camera, where there is one.
    pub fn camera(&self, id: CameraId) -> Result<Option<CameraRow>> {
        self.read(|tx| one(tx, self.key(), id))
    }

    /// All cameras, in the order in which they were added.
    pub fn cameras(&self) -> Result<Vec<CameraRow>> {
        self.read(|tx| {
            tx.prepare_cached("SELECT * FROM camera ORDER BY added, id")
                .and_then(|mut select| select.query_map([], read)?.collect::<rusqlite::Result<Vec<_>>>())
                .map_err(Error::Read)?
                .into_iter()
                .map(|camera| whole(tx, self.key(), camera))
                .collect()
        })
    }
}

const INSERT: &str = "INSERT INTO camera (id, name, kind, address, sub_address, rtsp_port, codec, user, password,
        transport, audio, record, retention_days, model, serial, certificate_pin, main_url, sub_url, main_profile,
        sub_profile, image_url, added)
    VALUES (:id, :name, :kind, :address, :sub_address, :rtsp_port, :codec, :user, :password, :transport, :audio,
        :record, :retention_days, :model, :serial, :certificate_pin, :main_url, :sub_url, :main_profile, :sub_profile,
        :image_url, :added)";
const UPDATE: &str = "UPDATE camera SET name = :name, kind = :kind, address = :address,
        sub_address = :sub_address, rtsp_port = :rtsp_port, codec = :codec, user = :user, password = :password,
        transport = :transport, audio = :audio, record = :record, retention_days = :retention_days,
        model = :model, serial = :serial, certificate_pin = :certificate_pin, main_url = :main_url,
        sub_url = :sub_url, main_profile = :main_profile, sub_profile = :sub_profile, image_url = :image_url,
        added = :added
    WHERE id = :id";

/// A row whose password is still sealed, without its profiles.
struct Sealed {
    camera: CameraRow,
    password: Option<Vec<u8>>,
}

pub(crate) fn one(connection: &Connection, key: &SealKey, id: CameraId) -> Result<Option<CameraRow>> {
    connection
        .query_row("SELECT * FROM camera WHERE id = ?1", [text(id)], read)
        .optional()
        .map_err(Error::Read)?
        .map(|camera| whole(connection, key, camera))
        .transpose()
}

fn write(connection: &Connection, key: &SealKey, camera: &CameraRow, sql: &'static str) -> Result<()> {
    let (kind, address, sub_address, rtsp_port, codec) = match &camera.source {
        CameraSource::Axis { address, rtsp_port, codec } => ("axis", address, None, *rtsp_port, *codec),
        CameraSource::Rtsp { main_url, sub_url } => ("rtsp", main_url, sub_url.as_deref(), None, None),
    };
    named("camera name", &camera.name, 128)?;
    bounded("camera address", address.as_bytes(), 1, MAX_URL)?;
    for (what, value, max) in [
        ("sub stream address", sub_address, MAX_URL),
        ("camera user", camera.user.as_deref(), 128),
        ("camera password", camera.password.as_ref().map(|password| password.expose().as_str()), 1024),
        ("camera model", camera.model.as_deref(), 256),
        ("camera serial number", camera.serial.as_deref(), 256),
        ("main stream address", camera.main_url.as_deref(), MAX_URL),
        ("sub stream address", camera.sub_url.as_deref(), MAX_URL),
        ("image address", camera.image_url.as_deref(), MAX_URL),
        ("main profile", Some(camera.profiles.main.as_str()), profile::MAX_NAME),
        ("sub profile", camera.profiles.sub.as_deref(), profile::MAX_NAME),
    ] {
        bounded_option(what, value, max)?;
    }
    let id = text(camera.id);
    let password = key.seal_text(place(&id), camera.password.as_ref())?;
    connection
        .execute(
            sql,
            named_params! {
                ":id": id,
                ":name": camera.name,
                ":kind": kind,
                ":address": address,
                ":sub_address": sub_address,
                ":rtsp_port": rtsp_port,
                ":codec": codec.map(Codec::text),
                ":user": camera.user,
                ":password": password,
                ":transport": match camera.transport { Transport::Tcp => "tcp", Transport::Udp => "udp" },
                ":audio": camera.audio,
                ":record": camera.record,
                ":retention_days": camera.retention_days,
                ":model": camera.model,
                ":serial": camera.serial,
                ":certificate_pin": camera.certificate_pin,
                ":main_url": camera.main_url,
                ":sub_url": camera.sub_url,
                ":main_profile": camera.profiles.main,
                ":sub_profile": camera.profiles.sub,
                ":image_url": camera.image_url,
                ":added": camera.added.micros(),
            },
        )
        .map_err(Error::Write)?;
    profile::write(connection, camera.id, &camera.profiles.own)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Sealed> {
    let source = if row.get_ref("kind")?.as_str()? == "axis" {
        CameraSource::Axis {
            address: row.get("address")?,
            rtsp_port: row.get("rtsp_port")?,
            codec: row.get::<_, Option<String>>("codec")?.map(|text| Codec::of(&text)),
        }
    } else {
        CameraSource::Rtsp { main_url: row.get("address")?, sub_url: row.get("sub_address")? }
    };
    let transport =
        if row.get_ref("transport")?.as_str()? == "udp" { Transport::Udp } else { Transport::Tcp };
    let camera = CameraRow {
        id: parsed(row, "id")?,
        name: row.get("name")?,
        source,
        user: row.get("user")?,
        password: None,
        transport,
        audio: row.get("audio")?,
        record: row.get("record")?,
        retention_days: row.get("retention_days")?,
        model: row.get("model")?,
        serial: row.get("serial")?,
        certificate_pin: row.get("certificate_pin")?,
        main_url: row.get("main_url")?,
        sub_url: row.get("sub_url")?,
        profiles: Profiles { main: row.get("main_profile")?, sub: row.get("sub_profile")?, own: Vec::new() },
        image_url: row.get("image_url")?,
        added: time(row, "added")?,
    };
    Ok(Sealed { camera, password: row.get("password")? })
}

/// The row with its password open and its profiles.
fn whole(connection: &Connection, key: &SealKey, sealed: Sealed) -> Result<CameraRow> {
    let Sealed { mut camera, password } = sealed;
    camera.password = key.open_text(place(&text(camera.id)), password.as_deref())?;
    camera.profiles.own = profile::of(connection, camera.id)?;
    Ok(camera)
}

const fn place(row: &str) -> Place<'_> {
    Place { table: "camera", column: "password", row }
}
