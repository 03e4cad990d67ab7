//! Alarms: conditions that begin and end, kept in the catalog, told to clients and sent to people.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use api::{
    alarm::{Alarm, AlarmKind},
    event::Event,
};
use catalog::{
    Catalog,
    alarm::{About, AlarmRow},
};
use model::{AlarmId, CameraId, WallTime, clock::wall_now};

use crate::{events::Events, notify};

type Subject = (AlarmKind, About);

struct Inner {
    catalog: Catalog,
    events: Events,
    notifier: notify::Handle,
    /// Conditions that hold. Checked every second: the database is asked only when something changes.
    lasting: Mutex<HashMap<Subject, AlarmId>>,
}

/// All alarms; clones are the same.
#[derive(Clone)]
pub struct Alarms {
    inner: Arc<Inner>,
}

impl Alarms {
    /// Over the catalog; conditions that held when the site stopped hold until they are looked at again.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub fn open(catalog: Catalog, events: Events, notifier: notify::Handle) -> catalog::Result<Self> {
        let lasting = catalog
            .alarms(1000)?
            .into_iter()
            .filter(|row| row.ended.is_none())
            .filter_map(|row| Some(((kind(&row.kind)?, row.about()), row.id)))
            .collect();
        let inner = Inner { catalog, events, notifier, lasting: Mutex::new(lasting) };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// A condition holds, about the site, a camera or a directory, and has since then. Only the first time is news.
    pub fn raise(
        &self,
        kind: AlarmKind,
        about: impl Into<About>,
        since: WallTime,
        title: String,
        advice: &str,
    ) {
        let about = about.into();
        let mut lasting = self.lasting();
        if lasting.contains_key(&(kind, about)) {
            return;
        }
        match self.inner.catalog.raise_alarm(name(kind), about, &title, advice, since) {
            Ok((row, began)) => {
                lasting.insert((kind, about), row.id);
                drop(lasting);
                if began {
                    tracing::warn!(title, "alarm");
                    self.tell(row, true);
                }
            }
            Err(error) => tracing::error!(%error, title, "an alarm could not be kept"),
        }
    }

    /// A condition holds no more.
    pub fn clear(&self, kind: AlarmKind, about: impl Into<About>) {
        let about = about.into();
        let mut lasting = self.lasting();
        if !lasting.contains_key(&(kind, about)) {
            return;
        }
        match self.inner.catalog.end_alarm(name(kind), about, wall_now()) {
            Ok(row) => {
                lasting.remove(&(kind, about));
                drop(lasting);
                if let Some(row) = row {
                    self.tell(row, true);
                }
            }
            Err(error) => tracing::error!(%error, "the end of an alarm could not be kept"),
        }
    }

    /// Whether a condition of this kind holds about anything.
    #[must_use]
    pub fn holds(&self, kind: AlarmKind) -> bool {
        self.lasting().keys().any(|(one, _)| *one == kind)
    }

    /// A camera is removed; the catalog has ended its alarms.
    pub fn clear_camera(&self, camera: CameraId) {
        self.lasting().retain(|(_, about), _| *about != About::Camera(camera));
    }

    /// Somebody has seen it. Blocking.
    ///
    /// # Errors
    /// The catalog cannot be written.
    pub fn acknowledge(&self, id: AlarmId, by: &str) -> catalog::Result<Option<Alarm>> {
        let Some(row) = self.inner.catalog.acknowledge_alarm(id, by, wall_now())? else { return Ok(None) };
        let alarm = alarm(row);
        if let Some(alarm) = &alarm {
            self.inner.events.publish(&Event::Alarm { alarm: Box::new(alarm.clone()) });
        }
        Ok(alarm)
    }

    /// The newest of those that the caller may know of, lasting ones first. Blocking.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub fn list(&self, limit: usize, may: impl Fn(Option<CameraId>) -> bool) -> catalog::Result<Vec<Alarm>> {
        let rows = self.inner.catalog.alarms_where(limit, |row| may(row.camera))?;
        Ok(rows.into_iter().filter_map(alarm).collect())
    }

    /// One alarm. Blocking.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub fn get(&self, id: AlarmId) -> catalog::Result<Option<Alarm>> {
        Ok(self.inner.catalog.alarm(id)?.and_then(alarm))
    }

    fn tell(&self, row: AlarmRow, send: bool) {
        let Some(alarm) = alarm(row) else { return };
        self.inner.events.publish(&Event::Alarm { alarm: Box::new(alarm.clone()) });
        if send {
            self.inner.notifier.send(alarm);
        }
    }

    fn lasting(&self) -> std::sync::MutexGuard<'_, HashMap<Subject, AlarmId>> {
        self.inner.lasting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All kinds with the names that the catalog keeps; a name is never changed.
const NAMES: [(AlarmKind, &str); 11] = [
    (AlarmKind::CameraSilent, "camera-silent"),
    (AlarmKind::CameraPassword, "camera-password"),
    (AlarmKind::StorageFailed, "storage-failed"),
    (AlarmKind::StorageSlow, "storage-slow"),
    (AlarmKind::StorageFull, "storage-full"),
    (AlarmKind::RetentionGoals, "retention-goals"),
    (AlarmKind::ClockJumped, "clock-jumped"),
    (AlarmKind::DirectoryDown, "directory-down"),
    (AlarmKind::CertificateEnds, "certificate-ends"),
    (AlarmKind::CertificateEndsSoon, "certificate-ends-soon"),
    (AlarmKind::CertificateEnded, "certificate-ended"),
];

fn name(about: AlarmKind) -> &'static str {
    NAMES.iter().find(|(kind, _)| *kind == about).map_or("", |(_, name)| name)
}

fn kind(name: &str) -> Option<AlarmKind> {
    NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
}

fn alarm(row: AlarmRow) -> Option<Alarm> {
    Some(Alarm {
        id: row.id,
        kind: kind(&row.kind)?,
        camera: row.camera,
        directory: row.directory,
        title: row.title,
        advice: row.advice,
        since: row.since,
        ended: row.ended,
        acknowledged: row.acknowledged,
        acknowledged_by: row.acknowledged_by,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_the_catalog_are_those_of_the_wire() {
        for (about, kept) in NAMES {
            assert_eq!(serde_json::to_value(about).unwrap(), kept);
            assert_eq!(kind(name(about)), Some(about));
        }
    }
}
