//! Directories that hold recordings. What is on them is the archive's.

use model::{CameraId, VolumeId};
use rusqlite::params;

use crate::{
    Catalog, Error, Result,
    column::{bounded, bytes_option, parsed, parsed_option, room, text},
};

/// Most volumes of a site.
pub const MAX_VOLUMES: usize = 64;

/// A volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeRow {
    /// Identifier, kept on the volume itself too.
    pub id: VolumeId,
    /// Where it lies, 1 to 4096 bytes.
    pub path: String,
    /// Bytes that recordings may take; none: all but the reserve.
    pub limit_bytes: Option<u64>,
    /// Takes recordings only while others cannot.
    pub fallback: bool,
}

/// What is chosen by hand for a camera's recordings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraStorageRow {
    /// The camera.
    pub camera: CameraId,
    /// The volume that it is recorded to; none: by room.
    pub volume: Option<VolumeId>,
    /// Bytes that its recordings may take on all volumes together; none: as much as there is.
    pub max_bytes: Option<u64>,
}

impl Catalog {
    /// Adds the volume, or changes the one with its identifier. [`Error::NameTaken`] where another has its path.
    pub fn put_volume(&self, volume: &VolumeRow) -> Result<()> {
        bounded("path", volume.path.as_bytes(), 1, 4096)?;
        let limit = volume.limit_bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
        self.write(|tx| {
            let others: i64 = tx
                .query_row("SELECT count(*) FROM volume WHERE id <> ?1", [text(volume.id)], |row| row.get(0))
                .map_err(Error::Read)?;
            room("volumes", others, MAX_VOLUMES)?;
            let taken: bool = tx
                .query_row(
                    "SELECT EXISTS (SELECT 1 FROM volume WHERE path = ?2 AND id <> ?1)",
                    params![text(volume.id), volume.path],
                    |row| row.get(0),
                )
                .map_err(Error::Read)?;
            if taken {
                return Err(Error::NameTaken);
            }
            tx.execute(
                "INSERT INTO volume (id, path, limit_bytes, fallback) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (id) DO UPDATE SET path = excluded.path, limit_bytes = excluded.limit_bytes,
                    fallback = excluded.fallback",
                params![text(volume.id), volume.path, limit, volume.fallback],
            )
            .map(drop)
            .map_err(Error::Write)
        })
    }

    /// All volumes, in the order in which they were added.
    pub fn volumes(&self) -> Result<Vec<VolumeRow>> {
        self.read(|tx| {
            tx.prepare_cached("SELECT id, path, limit_bytes, fallback FROM volume ORDER BY rowid")
                .and_then(|mut select| {
                    let rows = select.query_map([], |row| {
                        Ok(VolumeRow {
                            id: parsed(row, "id")?,
                            path: row.get("path")?,
                            limit_bytes: bytes_option(row, "limit_bytes")?,
                            fallback: row.get("fallback")?,
                        })
                    })?;
                    rows.collect()
                })
                .map_err(Error::Read)
        })
    }

    /// Forgets a volume; what is on it stays. False where there was none.
    pub fn remove_volume(&self, id: VolumeId) -> Result<bool> {
        self.write(|tx| {
            tx.execute("DELETE FROM volume WHERE id = ?1", [text(id)])
                .map(|gone| gone > 0)
                .map_err(Error::Write)
        })
    }

    /// Keeps what was chosen for a camera's recordings. [`Error::NotFound`] where there is no such camera or volume.
    pub fn put_camera_storage(&self, storage: &CameraStorageRow) -> Result<()> {
        let max_bytes = storage.max_bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
        self.write(|tx| {
            let known: bool = tx
                .query_row(
                    "SELECT EXISTS (SELECT 1 FROM camera WHERE id = ?1)
                        AND (?2 IS NULL OR EXISTS (SELECT 1 FROM volume WHERE id = ?2))",
                    params![text(storage.camera), storage.volume.map(text)],
                    |row| row.get(0),
                )
                .map_err(Error::Read)?;
            if !known {
                return Err(Error::NotFound("camera or volume"));
            }
            tx.execute(
                "INSERT INTO camera_storage (camera, volume, max_bytes) VALUES (?1, ?2, ?3)
                 ON CONFLICT (camera) DO UPDATE SET volume = excluded.volume, max_bytes = excluded.max_bytes",
                params![text(storage.camera), storage.volume.map(text), max_bytes],
            )
            .map(drop)
            .map_err(Error::Write)
        })
    }

    /// What was chosen for cameras' recordings.
    pub fn camera_storage(&self) -> Result<Vec<CameraStorageRow>> {
        self.read(|tx| {
            tx.prepare_cached("SELECT camera, volume, max_bytes FROM camera_storage ORDER BY camera")
                .and_then(|mut select| {
                    let rows = select.query_map([], |row| {
                        Ok(CameraStorageRow {
                            camera: parsed(row, "camera")?,
                            volume: parsed_option(row, "volume")?,
                            max_bytes: bytes_option(row, "max_bytes")?,
                        })
                    })?;
                    rows.collect()
                })
                .map_err(Error::Read)
        })
    }
}
