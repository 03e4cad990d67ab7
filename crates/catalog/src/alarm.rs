//! Alarms: what lasts is one alarm, what ended stays to be read. Which kinds there are is the API's.

use model::{AlarmId, CameraId, DirectoryId, WallTime};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    Catalog, Error, Result,
    column::{bounded, cut, parsed, parsed_option, text, time, time_option},
    name,
};

/// Most alarms that are kept; the oldest that have ended go first.
pub const MAX_ALARMS: i64 = 10_000;
const MAX_TEXT: usize = 1024;
const COLUMNS: &str =
    "id, kind, camera, directory, title, advice, since, ended, acknowledged, acknowledged_by";

/// What a condition is about, beside its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum About {
    /// The site.
    Site,
    /// A camera.
    Camera(CameraId),
    /// A directory.
    Directory(DirectoryId),
}

/// An alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmRow {
    /// Identifier.
    pub id: AlarmId,
    /// What it is about, 1 to 64 bytes.
    pub kind: String,
    /// The camera that it is about. It may have been removed since.
    pub camera: Option<CameraId>,
    /// The directory that it is about. It may have been removed since.
    pub directory: Option<DirectoryId>,
    /// What happened.
    pub title: String,
    /// What to do.
    pub advice: String,
    /// When it began.
    pub since: WallTime,
    /// When the condition ended.
    pub ended: Option<WallTime>,
    /// When somebody acknowledged it.
    pub acknowledged: Option<WallTime>,
    /// Name of who did.
    pub acknowledged_by: Option<String>,
}

impl About {
    const fn camera(self) -> Option<CameraId> {
        if let Self::Camera(camera) = self { Some(camera) } else { None }
    }

    const fn directory(self) -> Option<DirectoryId> {
        if let Self::Directory(directory) = self { Some(directory) } else { None }
    }
}

impl From<Option<CameraId>> for About {
    fn from(camera: Option<CameraId>) -> Self {
        camera.map_or(Self::Site, Self::Camera)
    }
}

impl AlarmRow {
    /// What it is about.
    #[must_use]
    pub fn about(&self) -> About {
        self.directory.map_or_else(|| About::from(self.camera), About::Directory)
    }
}

impl Catalog {
    /// Says that a condition holds. Gives back the alarm, and whether it began with this call: while it lasts,
    /// one kind about one camera or directory is one alarm, and later calls change nothing. Title and advice are cut to 1024
    /// bytes.
    pub fn raise_alarm(
        &self,
        kind: &str,
        about: impl Into<About>,
        title: &str,
        advice: &str,
        since: WallTime,
    ) -> Result<(AlarmRow, bool)> {
        bounded("alarm kind", kind.as_bytes(), 1, 64)?;
        let about = about.into();
        self.write(|tx| {
            if let Some(lasting) = lasting(tx, kind, about)? {
                return Ok((lasting, false));
            }
            let alarm = AlarmRow {
                id: AlarmId::new(),
                kind: kind.to_owned(),
                camera: about.camera(),
                directory: about.directory(),
                title: cut(title, MAX_TEXT).to_owned(),
                advice: cut(advice, MAX_TEXT).to_owned(),
                since,
                ended: None,
                acknowledged: None,
                acknowledged_by: None,
            };
            tx.execute(
                "INSERT INTO alarm (id, kind, camera, directory, title, advice, since)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    text(alarm.id),
                    kind,
                    alarm.camera.map(text),
                    alarm.directory.map(text),
                    alarm.title,
                    alarm.advice,
                    since.micros()
                ],
            )
            .map_err(Error::Write)?;
            tx.execute(
                "DELETE FROM alarm WHERE id IN (
                    SELECT id FROM alarm WHERE ended IS NOT NULL ORDER BY since DESC, id DESC LIMIT -1 OFFSET ?1)",
                [MAX_ALARMS],
            )
            .map_err(Error::Write)?;
            Ok((alarm, true))
        })
    }

    /// Says that a condition holds no more. Gives back the alarm that ended, if there was one.
    pub fn end_alarm(&self, kind: &str, about: impl Into<About>, now: WallTime) -> Result<Option<AlarmRow>> {
        let about = about.into();
        self.write(|tx| {
            let Some(mut alarm) = lasting(tx, kind, about)? else { return Ok(None) };
            alarm.ended = Some(now);
            tx.execute("UPDATE alarm SET ended = ?2 WHERE id = ?1", params![text(alarm.id), now.micros()])
                .map_err(Error::Write)?;
            Ok(Some(alarm))
        })
    }

    /// Notes who has seen the alarm; the first stays. Nothing where there is no such alarm.
    pub fn acknowledge_alarm(&self, id: AlarmId, by: &str, now: WallTime) -> Result<Option<AlarmRow>> {
        self.write(|tx| {
            tx.execute(
                "UPDATE alarm SET acknowledged = ?2, acknowledged_by = ?3 WHERE id = ?1 AND acknowledged IS NULL",
                params![text(id), now.micros(), cut(by, name::MAX_BYTES)],
            )
            .map_err(Error::Write)?;
            one(tx, "WHERE id = ?1", params![text(id)])
        })
    }

    /// The alarm, where there is one.
    pub fn alarm(&self, id: AlarmId) -> Result<Option<AlarmRow>> {
        self.read(|tx| one(tx, "WHERE id = ?1", params![text(id)]))
    }

    /// The newest alarms that are wanted, at most `limit`, in the order of [`Self::alarms`].
    pub fn alarms_where(
        &self,
        limit: usize,
        mut wanted: impl FnMut(&AlarmRow) -> bool,
    ) -> Result<Vec<AlarmRow>> {
        self.read(|tx| {
            let mut select = tx
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM alarm ORDER BY ended IS NOT NULL, since DESC, id DESC"
                ))
                .map_err(Error::Read)?;
            let mut rows = select.query([]).map_err(Error::Read)?;
            let mut found = Vec::new();
            while found.len() < limit
                && let Some(row) = rows.next().map_err(Error::Read)?
            {
                let alarm = read(row).map_err(Error::Read)?;
                if wanted(&alarm) {
                    found.push(alarm);
                }
            }
            Ok(found)
        })
    }

    /// The newest alarms, at most `limit`: lasting ones first, then by beginning.
    pub fn alarms(&self, limit: usize) -> Result<Vec<AlarmRow>> {
        let limit = i64::try_from(limit).unwrap_or(MAX_ALARMS).min(MAX_ALARMS);
        self.read(|tx| {
            tx.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM alarm ORDER BY ended IS NOT NULL, since DESC, id DESC LIMIT ?1"
            ))
            .and_then(|mut select| select.query_map([limit], read)?.collect())
            .map_err(Error::Read)
        })
    }
}

/// Ends all alarms about a camera that is removed.
pub(crate) fn end_all_of(connection: &Connection, camera: CameraId, now: WallTime) -> Result<()> {
    connection
        .execute(
            "UPDATE alarm SET ended = ?2 WHERE camera = ?1 AND ended IS NULL",
            params![text(camera), now.micros()],
        )
        .map(drop)
        .map_err(Error::Write)
}

fn lasting(connection: &Connection, kind: &str, about: About) -> Result<Option<AlarmRow>> {
    let condition = "WHERE kind = ?1 AND coalesce(camera, directory, '') = ?2 AND ended IS NULL";
    let about = about.camera().map(text).or_else(|| about.directory().map(text)).unwrap_or_default();
    one(connection, condition, params![kind, about])
}

fn one(
    connection: &Connection,
    condition: &'static str,
    values: &[&dyn rusqlite::ToSql],
) -> Result<Option<AlarmRow>> {
    connection
        .query_row(&format!("SELECT {COLUMNS} FROM alarm {condition}"), values, read)
        .optional()
        .map_err(Error::Read)
}

fn read(row: &Row<'_>) -> rusqlite::Result<AlarmRow> {
    Ok(AlarmRow {
        id: parsed(row, "id")?,
        kind: row.get("kind")?,
        camera: parsed_option(row, "camera")?,
        directory: parsed_option(row, "directory")?,
        title: row.get("title")?,
        advice: row.get("advice")?,
        since: time(row, "since")?,
        ended: time_option(row, "ended")?,
        acknowledged: time_option(row, "acknowledged")?,
        acknowledged_by: row.get("acknowledged_by")?,
    })
}
