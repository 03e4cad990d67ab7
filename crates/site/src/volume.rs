//! The volumes of the site: which there are, added, changed, adopted and removed at run time, and what is told of them.
//!
//! What is not here: recording to them (`recorder`), alarms about them (`volume::watch`), their format (archive).

mod locks;
pub mod watch;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};

use api::storage::{
    CameraStorage, CameraStorageChange, NewVolume, Volume as View, VolumeChange, VolumeKind, VolumeState,
};
use archive::set::{Forecast, Kind, forecast};
use catalog::{
    Catalog,
    volume::{CameraStorageRow, VolumeRow},
};
use model::{CameraId, StreamKey, StreamKind, VolumeId, clock::wall_now};
use trust::Identity;

pub use locks::LockError;

use crate::{
    archive_engine::{self, OpenError, Reader, space},
    recorder::{Place, Recorder, State, Worker},
};

/// How long adding a volume waits for it to open.
const OPENING: Duration = Duration::from_secs(10);

/// Why a volume cannot be added, changed or adopted.
#[derive(Debug, thiserror::Error)]
pub enum VolumeError {
    /// There is no such volume.
    #[error("there is no such volume")]
    NotFound,
    /// A path that is not absolute means something else tomorrow.
    #[error("the path of a volume is absolute")]
    Relative,
    /// The directory is a volume of this site already, or lies within one.
    #[error("this directory is, holds or lies in a volume that the site has already")]
    Taken,
    /// The last main volume must stay.
    #[error("a site needs a main volume: add another one first")]
    LastMain,
    /// It does not need to be adopted.
    #[error("this volume is the site's already")]
    Ours,
    /// It cannot be opened.
    #[error("the volume cannot be opened")]
    Open(#[from] OpenError),
    /// Its thread cannot be started.
    #[error("the volume's thread cannot be started")]
    Thread(#[source] std::io::Error),
    /// The catalog refuses.
    #[error(transparent)]
    Catalog(#[from] catalog::Error),
}

/// All volumes; clones are the same.
#[derive(Clone)]
pub struct Volumes {
    catalog: Catalog,
    recorder: Recorder,
    reader: Reader,
    identity: Identity,
}

const fn kind(fallback: bool) -> Kind {
    if fallback { Kind::Fallback } else { Kind::Main }
}

impl Volumes {
    /// Takes in the volumes that the catalog knows, and the one at `recordings` where it knows none there. Returns when all
    /// have been tried, or do not answer.
    ///
    /// # Errors
    /// The catalog cannot be used, or the only volume cannot be opened on the first start.
    pub fn open(
        catalog: Catalog,
        recorder: Recorder,
        reader: Reader,
        identity: Identity,
        recordings: &Path,
    ) -> Result<Self, VolumeError> {
        let volumes = Self { catalog, recorder, reader, identity };
        let rows = volumes.catalog.volumes()?;
        let first = rows.is_empty();
        for row in &rows {
            // The volume that was made with the site is made again where its directory was emptied.
            let make = Path::new(&row.path) == recordings && !recordings.exists();
            volumes.start(row, make)?;
        }
        if first {
            volumes.add(&NewVolume {
                path: recordings.display().to_string(),
                kind: VolumeKind::Main,
                limit_bytes: None,
            })?;
        }
        for worker in volumes.recorder.workers() {
            if !worker.until_tried(OPENING) {
                tracing::error!(volume = %worker.id(), "the volume does not answer; going on without it");
            }
        }
        if first && let Some(worker) = volumes.recorder.workers().first() {
            match worker.health().state {
                State::Ok | State::Opening | State::Foreign(_) => {}
                _ => return Err(OpenError::Absent { path: recordings.to_owned() }.into()),
            }
        }
        volumes.apply_camera_storage()?;
        Ok(volumes)
    }

    fn start(&self, row: &VolumeRow, make: bool) -> Result<Worker, VolumeError> {
        let place = Place {
            id: row.id,
            path: PathBuf::from(&row.path),
            kind: kind(row.fallback),
            limit_bytes: row.limit_bytes,
            make,
        };
        self.recorder.add(place).map_err(VolumeError::Thread)
    }

    /// Adds a volume. Blocking.
    ///
    /// # Errors
    /// The directory cannot be one.
    pub fn add(&self, new: &NewVolume) -> Result<VolumeId, VolumeError> {
        let path = PathBuf::from(&new.path);
        if !path.is_absolute() {
            return Err(VolumeError::Relative);
        }
        let same = |worker: &Worker| {
            let other = worker.place().path;
            other.starts_with(&path) || path.starts_with(&other)
        };
        if self.recorder.workers().iter().any(same) {
            return Err(VolumeError::Taken);
        }
        let found = archive_engine::describe(&path)?;
        let id = found.map_or_else(VolumeId::new, |volume| volume.volume);
        if self.recorder.worker(id).is_some() {
            return Err(VolumeError::Taken);
        }
        let row = VolumeRow {
            id,
            path: new.path.clone(),
            limit_bytes: new.limit_bytes,
            fallback: new.kind == VolumeKind::Fallback,
        };
        // A directory that cannot be written is told at once and not kept.
        if found.is_none() {
            let failed = |source| OpenError::Directory { path: path.clone(), source };
            std::fs::create_dir_all(&path).map_err(failed)?;
            archive::Dir::open(&path).map_err(failed)?;
        }
        self.catalog.put_volume(&row)?;
        let worker = self.start(&row, true)?;
        let _ = worker.until_tried(OPENING);
        self.sync_locks();
        Ok(id)
    }

    /// Changes a volume. Blocking.
    ///
    /// # Errors
    /// There is none, or it is the last main volume.
    pub fn change(&self, id: VolumeId, change: &VolumeChange) -> Result<(), VolumeError> {
        let place = self.recorder.worker(id).ok_or(VolumeError::NotFound)?.place();
        let limit = match change.limit_bytes {
            Some(0) => None,
            Some(limit) => Some(limit),
            None => place.limit_bytes,
        };
        let kind = match change.kind {
            Some(VolumeKind::Main) => Kind::Main,
            Some(VolumeKind::Fallback) => Kind::Fallback,
            None => place.kind,
        };
        if kind == Kind::Fallback && place.kind == Kind::Main {
            self.another_main(id)?;
        }
        self.catalog.put_volume(&VolumeRow {
            id,
            path: place.path.display().to_string(),
            limit_bytes: limit,
            fallback: kind == Kind::Fallback,
        })?;
        self.recorder.change(id, kind, limit);
        Ok(())
    }

    fn another_main(&self, id: VolumeId) -> Result<(), VolumeError> {
        let main = |worker: &Worker| worker.id() != id && worker.place().kind == Kind::Main;
        if self.recorder.workers().iter().any(main) { Ok(()) } else { Err(VolumeError::LastMain) }
    }

    /// Lets a volume go; what is on it stays. Blocking.
    ///
    /// # Errors
    /// There is none, or it is the last main volume.
    pub fn remove(&self, id: VolumeId) -> Result<(), VolumeError> {
        let place = self.recorder.worker(id).ok_or(VolumeError::NotFound)?.place();
        if place.kind == Kind::Main {
            self.another_main(id)?;
        }
        self.catalog.remove_volume(id)?;
        self.recorder.remove(id);
        Ok(())
    }

    /// Makes a volume of another site this site's. Blocking.
    ///
    /// # Errors
    /// There is none, it is ours, or it cannot be written.
    pub fn adopt(&self, id: VolumeId, by: &str) -> Result<(), VolumeError> {
        let worker = self.recorder.worker(id).ok_or(VolumeError::NotFound)?;
        if !matches!(worker.health().state, State::Foreign(_)) {
            return Err(VolumeError::Ours);
        }
        let place = worker.place();
        archive_engine::adopt(&place.path, &self.identity, by, wall_now())?;
        tracing::warn!(volume = %id, by, "a volume of another site was adopted");
        self.recorder.remove(id);
        let worker = self.recorder.add(place).map_err(VolumeError::Thread)?;
        let _ = worker.until_tried(OPENING);
        self.sync_locks();
        Ok(())
    }

    /// As the API tells them, in the order in which they were added. Blocking.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub fn list(&self) -> Result<Vec<View>, VolumeError> {
        let rows = self.catalog.volumes()?;
        Ok(rows.iter().filter_map(|row| self.view(row.id)).collect())
    }

    /// One as the API tells it. Blocking.
    #[must_use]
    pub fn view(&self, id: VolumeId) -> Option<View> {
        let worker = self.recorder.worker(id)?;
        let (place, health, load) = (worker.place(), worker.health(), self.recorder.load(id));
        let reader = self.reader.volume(id);
        let streams = reader.as_ref().map(archive::Reader::streams).unwrap_or_default();
        let used: u64 =
            reader.as_ref().map_or(0, |reader| streams.iter().map(|key| reader.bytes(*key)).sum());
        let oldest =
            reader.as_ref().and_then(|reader| streams.iter().filter_map(|key| reader.oldest(*key)).min());
        let (free_bytes, total_bytes) = space(&place.path).unwrap_or_default();
        let rate = reader.map(|reader| forecast(&[reader], None, wall_now()));
        let room = place.limit_bytes.unwrap_or(u64::MAX).min(used.saturating_add(free_bytes));
        let state = match &health.state {
            State::Opening => VolumeState::Opening,
            State::Ok if health.missing_bytes > 0 => VolumeState::Full,
            State::Ok if load.streams > 0 && worker.pace().slow => VolumeState::Slow,
            State::Ok => VolumeState::Ok,
            State::Full(_) => VolumeState::Full,
            State::Failed(_) => VolumeState::Failed,
            State::Foreign(_) => VolumeState::Foreign,
        };
        Some(View {
            id,
            path: place.path.display().to_string(),
            kind: if place.kind == Kind::Fallback { VolumeKind::Fallback } else { VolumeKind::Main },
            used_bytes: used,
            limit_bytes: place.limit_bytes,
            free_bytes,
            total_bytes,
            oldest,
            state,
            reason: health.state.reason(),
            since: health.since,
            made_by: match health.state {
                State::Foreign(site) => Some(site),
                _ => None,
            },
            streams: u32::try_from(load.streams).unwrap_or(u32::MAX),
            at_risk_s: load.at_risk.as_secs_f64(),
            bytes_per_day: rate.as_ref().and_then(Forecast::bytes_per_day),
            full_in_days: rate.as_ref().and_then(|rate| rate.days_until(room.saturating_sub(used))),
            holds_days: rate.as_ref().and_then(|rate| rate.days(room)),
        })
    }

    /// Days of footage that each volume holds. Blocking.
    #[must_use]
    pub fn hold_days(&self) -> HashMap<VolumeId, f64> {
        let views = self.recorder.workers().into_iter().filter_map(|worker| self.view(worker.id()));
        views.filter_map(|view| Some((view.id, view.holds_days?))).collect()
    }

    /// Whether recordings of a volume cannot be read now: it is not there, or is being opened.
    #[must_use]
    pub fn is_one_missing(&self) -> bool {
        self.recorder.workers().iter().any(|worker| self.reader.volume(worker.id()).is_none())
    }

    /// What is kept of a camera; `hold_days` as of [`Volumes::hold_days`]. Blocking.
    #[must_use]
    pub fn camera(
        &self,
        camera: CameraId,
        name: String,
        retention_days: Option<u32>,
        chosen: Option<&CameraStorageRow>,
        hold_days: &HashMap<VolumeId, f64>,
    ) -> CameraStorage {
        let key = StreamKey { camera, kind: StreamKind::Main };
        let readers: Vec<_> = self.reader.volumes().into_iter().map(|(_, reader)| reader).collect();
        let rate = forecast(&readers, Some(camera), wall_now());
        let (recorded_to, home) = self.recorder.place(key);
        let max_bytes = chosen.and_then(|row| row.max_bytes);
        // What its volume holds, its share of room, and its days: whichever comes first.
        let of_volume = recorded_to.or(home).and_then(|id| hold_days.get(&id).copied());
        let of_share = max_bytes.and_then(|bytes| rate.days(bytes));
        let kept_days = [of_volume, of_share, retention_days.map(f64::from)]
            .into_iter()
            .flatten()
            .reduce(f64::min)
            .filter(|_| rate.bytes_per_day().is_some());
        let short =
            self.recorder.workers().iter().any(|worker| {
                worker.health().short.get(&camera).is_some_and(|at| at.elapsed() < watch::SHORT)
            });
        CameraStorage {
            camera,
            name,
            volume: chosen.and_then(|row| row.volume),
            recorded_to,
            used_bytes: [StreamKind::Main, StreamKind::Sub]
                .into_iter()
                .map(|kind| self.reader.bytes(StreamKey { camera, kind }))
                .sum(),
            max_bytes,
            retention_days,
            oldest: self.reader.oldest(key),
            bytes_per_day: rate.bytes_per_day(),
            kept_days,
            goal_holds: !short
                && retention_days.zip(kept_days).is_none_or(|(wished, kept)| kept >= f64::from(wished)),
        }
    }

    /// Chooses by hand where a camera is recorded to and how much it may take. Blocking.
    ///
    /// # Errors
    /// There is no such camera or volume.
    pub fn choose(&self, camera: CameraId, change: &CameraStorageChange) -> Result<(), VolumeError> {
        self.catalog.put_camera_storage(&CameraStorageRow {
            camera,
            volume: change.volume,
            max_bytes: change.max_bytes,
        })?;
        self.apply_camera_storage()
    }

    /// What was chosen by hand. Blocking.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub fn chosen(&self) -> Result<Vec<CameraStorageRow>, VolumeError> {
        Ok(self.catalog.camera_storage()?)
    }

    fn apply_camera_storage(&self) -> Result<(), VolumeError> {
        let rows = self.catalog.camera_storage()?;
        for row in &rows {
            for kind in [StreamKind::Main, StreamKind::Sub] {
                self.recorder.assign(StreamKey { camera: row.camera, kind }, row.volume);
            }
        }
        self.recorder.change_retention(|goals| {
            goals.camera_bytes = rows.iter().filter_map(|row| Some((row.camera, row.max_bytes?))).collect();
        });
        Ok(())
    }
}
