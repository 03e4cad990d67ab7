//! The archive as the recorder drives it, and the site's identity as the archive sees it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use archive::{Archive, Dir, Disk, Options, Purpose, Retention, Signer};
use media::{Sample, Tracks};
use model::{StreamKey, VolumeId, WallTime, clock::wall_now};
use trust::Identity;

use crate::recorder::{Engine, RetentionGoals};

/// Reads recordings beside the recorder.
pub type Reader = archive::Reader<Dir>;

/// Bytes that stay free on the file system, so that the database and the system go on.
const RESERVE: u64 = 1 << 30;

/// Why recordings cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory cannot be opened.
    #[error("cannot open {path}")]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The volume cannot be opened.
    #[error("opening the volume")]
    Volume(#[from] archive::Error),
}

/// Opens the volume in this directory, or makes one there.
///
/// # Errors
/// It cannot be opened, or another site made it.
pub fn open(path: &Path, identity: &Identity) -> Result<(ArchiveEngine, Reader, VolumeId), OpenError> {
    std::fs::create_dir_all(path).map_err(|source| OpenError::Directory { path: path.to_owned(), source })?;
    let disk = Dir::open(path).map_err(|source| OpenError::Directory { path: path.to_owned(), source })?;
    let signer = Arc::new(IdentitySigner(identity.clone()));
    let (archive, recovery) = Archive::open(disk, Options::new(identity.site_id(), signer), wall_now())?;
    tracing::info!(?recovery, "the volume is open");
    let (reader, volume) = (archive.reader(), archive.volume().volume);
    Ok((ArchiveEngine { archive: Some(archive) }, reader, volume))
}

/// Free bytes and all bytes of the file system at this place.
#[must_use]
pub fn space(path: &Path) -> Option<(u64, u64)> {
    let space = Dir::open_for_reading(path).ok()?.space().ok()?;
    Some((space.free, space.total))
}

struct IdentitySigner(Identity);

impl Signer for IdentitySigner {
    fn public_key(&self) -> Vec<u8> {
        self.0.public().spki_der().to_vec()
    }

    fn sign(&self, purpose: Purpose, statement: &[u8]) -> Vec<u8> {
        match purpose {
            Purpose::SegmentTrailer => self.0.sign_segment(statement).to_der(),
            Purpose::JournalEntry => self.0.sign_journal(statement).to_der(),
        }
    }
}

/// The archive behind the recorder's thread.
pub struct ArchiveEngine {
    archive: Option<Archive<Dir>>,
}

impl ArchiveEngine {
    fn archive(&mut self) -> Result<&mut Archive<Dir>, String> {
        self.archive.as_mut().ok_or_else(|| "the volume is closed".to_owned())
    }
}

impl Engine for ArchiveEngine {
    fn begin(&mut self, key: StreamKey, tracks: Arc<Tracks>, now: WallTime) -> Result<(), String> {
        self.archive()?.begin_run(key, tracks, now).map_err(text)
    }

    fn push(&mut self, key: StreamKey, sample: &Sample, now: WallTime) -> Result<(), String> {
        self.archive()?.push(key, sample, now).map_err(text)
    }

    fn mark(&mut self, key: StreamKey, mark: archive::Mark) -> Result<(), String> {
        self.archive()?.mark(key, mark).map_err(text)
    }

    fn end(&mut self, key: StreamKey, now: WallTime) -> Result<(), String> {
        self.archive()?.end_run(key, now).map_err(text)
    }

    fn newest(&self, key: StreamKey) -> Option<WallTime> {
        self.archive.as_ref()?.reader().newest(key)
    }

    fn commit(&mut self, now: WallTime) -> Result<f64, String> {
        let report = self.archive()?.tick(now);
        match report.errors.into_iter().next() {
            Some(error) => Err(text(error)),
            None => Ok(report.at_risk.as_secs_f64()),
        }
    }

    fn retain(&mut self, goals: &RetentionGoals, now: WallTime) -> Result<(), String> {
        let max_age = goals
            .days
            .iter()
            .map(|(camera, days)| (*camera, Duration::from_secs(u64::from(*days) * 86_400)))
            .collect();
        let retention = Retention { max_age, volume_bytes: goals.limit_bytes, reserve_bytes: RESERVE };
        let enforced = self.archive()?.enforce(&retention, now).map_err(text)?;
        if !enforced.deleted.is_empty() {
            tracing::info!(segments = enforced.deleted.len(), "retention");
        }
        Ok(())
    }

    fn close(&mut self, now: WallTime) -> Result<(), String> {
        match self.archive.take() {
            Some(archive) => archive.close(now).map_err(text),
            None => Ok(()),
        }
    }
}

fn text(error: archive::Error) -> String {
    crate::http::problem::chain(&error)
}
