//! Volumes as the site opens them. What is not here: how its identity signs and checks them (`evidence`).

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use archive::{Archive, Dir, Disk, Loader, Options, Volume, set::Lane};
use evidence::{Signatures, SiteSigner};
use model::{VolumeId, WallTime, clock::wall_now};
use trust::Identity;

use crate::recorder::Place;

/// Reads recordings of all volumes beside the recorder.
pub type Reader = archive::set::Reader<Dir>;
/// The frames of a range, on whichever volumes they lie.
pub type ReadPlan = archive::set::Plan<Dir>;

/// The rotations of the site's key, on each of its volumes.
pub const ROTATIONS: &str = "rotations.json";
/// So often a day's index that cannot be read is tried before the day is left out …
const TRIES: usize = 5;
/// … and so long after each time.
const AGAIN: Duration = Duration::from_secs(10);

/// Why a volume cannot be opened.
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
    /// Nothing, or something else, is where the volume was.
    #[error("the volume is not at {path}: is its disk plugged in and mounted?")]
    Absent {
        /// Where it should be.
        path: PathBuf,
    },
    /// The volume cannot be opened.
    #[error("opening the volume")]
    Volume(#[from] archive::Error),
}

/// What the directory holds; nothing where there is no volume.
///
/// # Errors
/// It cannot be read.
pub fn describe(path: &Path) -> Result<Option<Volume>, OpenError> {
    match Dir::open_for_reading(path) {
        Ok(disk) => Ok(Volume::read(&disk)?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(OpenError::Directory { path: path.to_owned(), source }),
    }
}

/// Opens the volume in this directory, or makes one there where that is allowed.
///
/// # Errors
/// It cannot be opened, is not the expected one, or another site made it.
pub fn open(place: &Place, identity: &Identity, all: &Reader) -> Result<Lane<Dir>, OpenError> {
    let path = place.path.clone();
    match describe(&path)? {
        Some(volume) if volume.volume != place.id => return Err(OpenError::Absent { path }),
        // An empty mount point must not fill up the disk that it lies on.
        None if !place.make => return Err(OpenError::Absent { path }),
        _ => {}
    }
    let failed = |source| OpenError::Directory { path: path.clone(), source };
    std::fs::create_dir_all(&path).map_err(failed)?;
    let disk = Dir::open(&path).map_err(failed)?;
    let options = Options {
        new_volume: place.id,
        verifier: Some(Arc::new(Signatures { expected: None, lineage: identity.lineage().clone() })),
        elsewhere: Some(Arc::new(all.clone())),
        ..Options::new(identity.site_id(), Arc::new(SiteSigner(identity.clone())))
    };
    let (archive, loader) = Archive::open_lazily(disk, options, wall_now())?;
    keep_rotations(&path, identity);
    let id = place.id;
    // Whoever asks about a day that is not read yet reads it: without this thread it is only later.
    if let Err(error) = thread::Builder::new().name("index".into()).spawn(move || read_index(id, loader)) {
        tracing::error!(%error, volume = %id, "the thread that reads the index could not be started");
    }
    Ok(Lane::new(archive))
}

/// Lays the site's rotations beside its recordings, so that whoever checks the volume alone knows all of the site's keys.
/// They hold by themselves: without the file, only what an earlier key signed looks as if another site had signed it.
fn keep_rotations(volume: &Path, identity: &Identity) {
    if identity.lineage().is_empty() {
        return;
    }
    let path = volume.join(ROTATIONS);
    let text = serde_json::to_vec(identity.lineage()).unwrap_or_default();
    if std::fs::read(&path).is_ok_and(|kept| kept == text) {
        return;
    }
    let draft = volume.join(format!("{ROTATIONS}.new"));
    if let Err(error) = std::fs::write(&draft, text).and_then(|()| std::fs::rename(&draft, &path)) {
        tracing::warn!(%error, path = %path.display(), "the site's rotations cannot be kept on the volume");
    }
}

/// Reads the index of a volume that takes recordings already.
fn read_index(volume: VolumeId, loader: Loader<Dir>) {
    let begun = Instant::now();
    let mut recovery = None;
    for _ in 0..TRIES {
        match loader.run() {
            Ok(found) => {
                recovery = Some(found);
                break;
            }
            Err(error) => {
                let reason = crate::http::problem::chain(&error);
                tracing::error!(%volume, %reason, "the index cannot be read; it is tried again");
                thread::park_timeout(AGAIN);
            }
        }
    }
    let recovery = recovery.unwrap_or_else(|| loader.give_up());
    tracing::info!(%volume, ?recovery, seconds = begun.elapsed().as_secs_f64(), "the index is read");
}

/// Reads a volume that is not to be changed; nothing where it cannot be read.
#[must_use]
pub fn read_only(path: &Path) -> Option<archive::Reader<Dir>> {
    let disk = Dir::open_for_reading(path).ok()?;
    match archive::Reader::look(disk) {
        Ok((reader, _)) => Some(reader),
        Err(error) => {
            tracing::error!(%error, path = %path.display(), "a volume of another site cannot be read");
            None
        }
    }
}

/// Makes the volume at this place this site's, by a signed note on it.
///
/// # Errors
/// It cannot be written.
pub fn adopt(path: &Path, identity: &Identity, by: &str, now: WallTime) -> Result<VolumeId, OpenError> {
    let failed = |source| OpenError::Directory { path: path.to_owned(), source };
    let Some(volume) = describe(path)? else { return Err(OpenError::Absent { path: path.to_owned() }) };
    let disk = Dir::open(path).map_err(failed)?;
    archive::volume::adopt(&disk, identity.site_id(), &SiteSigner(identity.clone()), by, now)?;
    Ok(volume.volume)
}

/// Free bytes and all bytes of the file system at this place.
#[must_use]
pub fn space(path: &Path) -> Option<(u64, u64)> {
    let space = Dir::open_for_reading(path).ok()?.space().ok()?;
    Some((space.free, space.total))
}
