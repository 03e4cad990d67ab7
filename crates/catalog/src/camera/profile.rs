//! Stream profiles of a camera that a person made, and which profile is recorded and which one is for grids.
//!
//! A camera has the profiles [`MAIN`] and [`SUB`] by where its streams come from; those are no rows. Not here: what a
//! profile means to a camera.

use model::CameraId;
use rusqlite::{Connection, Row, named_params};

use super::{Codec, MAX_URL};
use crate::{
    Error, Result,
    column::{bounded, bounded_option, text},
};

/// Name of the main stream as the camera's source tells it.
pub const MAIN: &str = "main";
/// Name of the sub stream as the camera's source tells it.
pub const SUB: &str = "sub";
/// Most profiles of a camera that a person made.
pub const MAX_PROFILES: usize = 16;
/// Longest name of a profile, in bytes.
pub const MAX_NAME: usize = 64;

/// A camera's profiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profiles {
    /// Name of the profile that is recorded.
    pub main: String,
    /// Name of the profile for grids; none: the recorded one is shown there too.
    pub sub: Option<String>,
    /// Those that a person made, in their order.
    pub own: Vec<ProfileRow>,
}

impl Default for Profiles {
    /// As the camera's source tells.
    fn default() -> Self {
        Self { main: MAIN.into(), sub: Some(SUB.into()), own: Vec::new() }
    }
}

/// A profile that a person made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileRow {
    /// Its name; one camera has each name once.
    pub name: String,
    /// Where its stream comes from.
    pub video: ProfileVideo,
    /// What the stream carried when it was tried.
    pub picture: ProfilePicture,
}

/// Where a profile's stream comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileVideo {
    /// An address, without name and password.
    Rtsp {
        /// `rtsp://…`
        url: String,
    },
    /// Parameters of an Axis camera; what is left out is the camera's choice.
    Axis {
        /// Codec of the pictures.
        codec: Option<Codec>,
        /// Width and height, in pixels.
        resolution: Option<(u16, u16)>,
        /// Pictures a second.
        fps: Option<u8>,
        /// 0 (best picture) to 100.
        compression: Option<u8>,
    },
}

/// What a stream carried when it was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfilePicture {
    /// Codec string of the pictures.
    pub video_codec: String,
    /// Codec string of the sound, where there is some.
    pub audio_codec: Option<String>,
    /// Width in pixels.
    pub width: u16,
    /// Height in pixels.
    pub height: u16,
}

/// Puts a camera's profiles in place of those that it has; the camera's own row is written already.
pub(super) fn write(connection: &Connection, camera: CameraId, own: &[ProfileRow]) -> Result<()> {
    if own.len() > MAX_PROFILES {
        return Err(Error::TooMany { what: "profiles of a camera", max: MAX_PROFILES });
    }
    let camera = text(camera);
    connection.execute("DELETE FROM camera_profile WHERE camera = ?1", [&camera]).map_err(Error::Write)?;
    for (position, profile) in own.iter().enumerate() {
        bounded("profile name", profile.name.as_bytes(), 1, MAX_NAME)?;
        bounded("video codec", profile.picture.video_codec.as_bytes(), 1, 64)?;
        bounded_option("audio codec", profile.picture.audio_codec.as_deref(), 64)?;
        let (url, codec, resolution, fps, compression) = match &profile.video {
            ProfileVideo::Rtsp { url } => (Some(url), None, None, None, None),
            ProfileVideo::Axis { codec, resolution, fps, compression } => {
                (None, *codec, *resolution, *fps, *compression)
            }
        };
        bounded_option("profile address", url.map(String::as_str), MAX_URL)?;
        connection
            .execute(
                "INSERT INTO camera_profile (camera, position, name, url, codec, width, height, fps, compression,
                    video_codec, audio_codec, picture_width, picture_height)
                 VALUES (:camera, :position, :name, :url, :codec, :width, :height, :fps, :compression,
                    :video_codec, :audio_codec, :picture_width, :picture_height)",
                named_params! {
                    ":camera": camera,
                    ":position": i64::try_from(position).unwrap_or(i64::MAX),
                    ":name": profile.name,
                    ":url": url,
                    ":codec": codec.map(Codec::text),
                    ":width": resolution.map(|(width, _)| width),
                    ":height": resolution.map(|(_, height)| height),
                    ":fps": fps,
                    ":compression": compression,
                    ":video_codec": profile.picture.video_codec,
                    ":audio_codec": profile.picture.audio_codec,
                    ":picture_width": profile.picture.width,
                    ":picture_height": profile.picture.height,
                },
            )
            .map_err(Error::Write)?;
    }
    Ok(())
}

/// The profiles that a person made for this camera.
pub(super) fn of(connection: &Connection, camera: CameraId) -> Result<Vec<ProfileRow>> {
    connection
        .prepare_cached("SELECT * FROM camera_profile WHERE camera = ?1 ORDER BY position")
        .and_then(|mut select| select.query_map([text(camera)], read)?.collect())
        .map_err(Error::Read)
}

fn read(row: &Row<'_>) -> rusqlite::Result<ProfileRow> {
    let video = match row.get("url")? {
        Some(url) => ProfileVideo::Rtsp { url },
        None => ProfileVideo::Axis {
            codec: row.get::<_, Option<String>>("codec")?.map(|text| Codec::of(&text)),
            resolution: row.get::<_, Option<u16>>("width")?.zip(row.get("height")?),
            fps: row.get("fps")?,
            compression: row.get("compression")?,
        },
    };
    let picture = ProfilePicture {
        video_codec: row.get("video_codec")?,
        audio_codec: row.get("audio_codec")?,
        width: row.get("picture_width")?,
        height: row.get("picture_height")?,
    };
    Ok(ProfileRow { name: row.get("name")?, video, picture })
}
