//! The volume of the site: where recordings lie, and its limit.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use api::site::{Volume as View, VolumeState};
use catalog::volume::VolumeRow;
use model::VolumeId;

use crate::{
    archive_engine::{Reader, space},
    recorder::{Recorder, WriteState},
};

/// The volume that is recorded to.
pub struct Volume {
    /// Its identifier, kept on the volume itself.
    pub id: VolumeId,
    path: PathBuf,
    limit: Mutex<Option<u64>>,
}

impl Volume {
    /// The volume at this place.
    #[must_use]
    pub const fn new(id: VolumeId, path: PathBuf, limit: Option<u64>) -> Self {
        Self { id, path, limit: Mutex::new(limit) }
    }

    /// As the catalog keeps it.
    #[must_use]
    pub fn row(&self, limit_bytes: Option<u64>) -> VolumeRow {
        VolumeRow { id: self.id, path: self.path.display().to_string(), limit_bytes }
    }

    /// Changes the limit at run time.
    pub fn set_limit(&self, limit: Option<u64>, recorder: &Recorder) {
        *self.limit.lock().unwrap_or_else(PoisonError::into_inner) = limit;
        recorder.change_retention(|goals| goals.limit_bytes = limit);
    }

    /// As the API tells it. Blocking.
    #[must_use]
    pub fn view(&self, reader: &Reader, recorder: &Recorder) -> View {
        let status = recorder.status();
        let streams = reader.streams();
        let (free_bytes, total_bytes) = space(&self.path).unwrap_or_default();
        View {
            id: self.id,
            path: self.path.display().to_string(),
            used_bytes: streams.iter().map(|key| reader.bytes(*key)).sum(),
            limit_bytes: *self.limit.lock().unwrap_or_else(PoisonError::into_inner),
            free_bytes,
            total_bytes,
            oldest: streams.iter().filter_map(|key| reader.oldest(*key)).min(),
            state: match status.state {
                WriteState::Ok => VolumeState::Ok,
                WriteState::Failed(_) => VolumeState::Failed,
            },
            at_risk_s: status.at_risk_s,
        }
    }
}
