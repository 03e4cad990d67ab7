//! How cameras are recorded, and the schedules for it: JSON by camera and by schedule. What the JSON says is the site's.

use model::{CameraId, ScheduleId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    Catalog, Error, Result,
    camera::{self, CameraRow},
    column::{bounded, named, parsed, room, text},
};

/// Most schedules of a site.
pub const MAX_SCHEDULES: usize = 100;
const MAX_JSON: usize = 16 * 1024;

/// A schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleRow {
    /// Identifier.
    pub id: ScheduleId,
    /// Its name, 1 to 128 bytes; no other schedule has it.
    pub name: String,
    /// When it applies, as JSON.
    pub week: String,
}

impl Catalog {
    /// Keeps how a camera is recorded, and whether; gives back the camera's row, or nothing where there is no such camera.
    pub fn put_recording(&self, id: CameraId, record: bool, settings: &str) -> Result<Option<CameraRow>> {
        bounded("recording settings", settings.as_bytes(), 1, MAX_JSON)?;
        self.write(|tx| {
            let changed = tx
                .execute("UPDATE camera SET record = ?2 WHERE id = ?1", params![text(id), record])
                .map_err(Error::Write)?;
            if changed == 0 {
                return Ok(None);
            }
            tx.execute(
                "INSERT INTO recording (camera, settings) VALUES (?1, ?2)
                 ON CONFLICT (camera) DO UPDATE SET settings = excluded.settings",
                params![text(id), settings],
            )
            .map_err(Error::Write)?;
            camera::one(tx, self.key(), id)
        })
    }

    /// How cameras are recorded, those for which it was ever set.
    pub fn recordings(&self) -> Result<Vec<(CameraId, String)>> {
        self.read(|tx| {
            tx.prepare_cached("SELECT camera, settings FROM recording")
                .and_then(|mut select| {
                    select.query_map([], |row| Ok((parsed(row, "camera")?, row.get("settings")?)))?.collect()
                })
                .map_err(Error::Read)
        })
    }

    /// Adds a schedule, or changes the one with its identifier. [`Error::NameTaken`] where another has its name.
    pub fn put_schedule(&self, schedule: &ScheduleRow) -> Result<()> {
        named("schedule name", &schedule.name, 128)?;
        bounded("schedule", schedule.week.as_bytes(), 1, MAX_JSON)?;
        self.write(|tx| {
            let (others, taken): (i64, bool) = tx
                .query_row(
                    "SELECT count(*), coalesce(max(name = ?2), 0) FROM schedule WHERE id <> ?1",
                    params![text(schedule.id), schedule.name],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .map_err(Error::Read)?;
            room("schedules", others, MAX_SCHEDULES)?;
            if taken {
                return Err(Error::NameTaken);
            }
            tx.execute(
                "INSERT INTO schedule (id, name, week) VALUES (?1, ?2, ?3)
                 ON CONFLICT (id) DO UPDATE SET name = excluded.name, week = excluded.week",
                params![text(schedule.id), schedule.name, schedule.week],
            )
            .map(drop)
            .map_err(Error::Write)
        })
    }

    /// All schedules, by name.
    pub fn schedules(&self) -> Result<Vec<ScheduleRow>> {
        self.read(|tx| schedules(tx))
    }

    /// Removes a schedule unless `used` says of a camera's settings that they name it. False where there was none.
    ///
    /// [`Error::InUse`] where a camera uses it.
    pub fn remove_schedule(&self, id: ScheduleId, used: impl Fn(&str) -> bool) -> Result<bool> {
        self.write(|tx| {
            let in_use = tx
                .prepare_cached("SELECT settings FROM recording")
                .and_then(|mut select| {
                    let rows = select.query_map([], |row| row.get::<_, String>(0))?;
                    rows.collect::<rusqlite::Result<Vec<_>>>()
                })
                .map_err(Error::Read)?
                .iter()
                .any(|settings| used(settings));
            if in_use {
                return Err(Error::InUse("schedule"));
            }
            tx.execute("DELETE FROM schedule WHERE id = ?1", [text(id)])
                .map(|gone| gone > 0)
                .map_err(Error::Write)
        })
    }

    /// The schedule, where there is one.
    pub fn schedule(&self, id: ScheduleId) -> Result<Option<ScheduleRow>> {
        self.read(|tx| {
            tx.query_row("SELECT id, name, week FROM schedule WHERE id = ?1", [text(id)], row)
                .optional()
                .map_err(Error::Read)
        })
    }
}

fn schedules(connection: &Connection) -> Result<Vec<ScheduleRow>> {
    connection
        .prepare_cached("SELECT id, name, week FROM schedule ORDER BY name")
        .and_then(|mut select| select.query_map([], row)?.collect())
        .map_err(Error::Read)
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<ScheduleRow> {
    Ok(ScheduleRow { id: parsed(row, "id")?, name: row.get("name")?, week: row.get("week")? })
}
