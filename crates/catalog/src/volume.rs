//! Directories that hold recordings. What is on them is the archive's.

use model::VolumeId;
use rusqlite::params;

use crate::{
    Catalog, Error, Result,
    column::{bounded, bytes_option, parsed, room, text},
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
                "INSERT INTO volume (id, path, limit_bytes) VALUES (?1, ?2, ?3)
                 ON CONFLICT (id) DO UPDATE SET path = excluded.path, limit_bytes = excluded.limit_bytes",
                params![text(volume.id), volume.path, limit],
            )
            .map(drop)
            .map_err(Error::Write)
        })
    }

    /// All volumes, in the order in which they were added.
    pub fn volumes(&self) -> Result<Vec<VolumeRow>> {
        self.read(|tx| {
            tx.prepare_cached("SELECT id, path, limit_bytes FROM volume ORDER BY rowid")
                .and_then(|mut select| {
                    let rows = select.query_map([], |row| {
                        Ok(VolumeRow {
                            id: parsed(row, "id")?,
                            path: row.get("path")?,
                            limit_bytes: bytes_option(row, "limit_bytes")?,
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
}
