//! A backup of a site: what of its data directory goes into one file, and back. It is taken beside a running site.
//!
//! In it: the identity and the key of the secrets, the database, the recipe of the own TLS certificate, the locks of all
//! volumes. Not in it: recordings, sign-ins, the configuration file. What is not here: the form of the file (`backup`).

mod last;
mod restore;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufWriter, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use archive::{Dir, Lock};
use backup::{Cost, Writer};
use catalog::Catalog;
use model::{Secret, SiteId, WallTime};
use rand::TryRngCore;
use serde::{Deserialize, Serialize};
use trust::CertificateId;
use uuid::Uuid;

use crate::{RELEASE, identity, server::tls, volume::Volumes};

pub use last::last;
pub use restore::{Restored, restore};

/// The entries of a backup, in their order. Exactly these are restored.
const MANIFEST: &str = "manifest.json";
const IDENTITY: &str = "identity.key";
const SEAL: &str = "seal.key";
const CATALOG: &str = "catalog.sqlite";
const LOCKS: &str = "locks.json";
/// Locks that are brought to the volumes at the next start, in the data directory.
pub const PENDING_LOCKS: &str = "restored-locks.json";
/// A manifest and a key file are far smaller than this.
const MAX_SMALL: usize = 64 << 10;
/// The locks of a site: at most 10,000.
const MAX_LOCKS: usize = 64 << 20;

/// Why a backup is not made or not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is no site.
    #[error("{0} is not the data directory of a site: it has no identity.key and no catalog.sqlite")]
    NoSite(PathBuf),
    /// A file cannot be read or written.
    #[error("{path} cannot be read or written")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A key cannot be used.
    #[error(transparent)]
    Key(#[from] identity::IdentityError),
    /// The database cannot be copied, or is not one.
    #[error("the database cannot be used")]
    Catalog(#[from] catalog::Error),
    /// The backup itself.
    #[error(transparent)]
    Backup(#[from] backup::Error),
    /// Locks cannot be read from a volume.
    #[error("the locks of the volume {path} cannot be read")]
    Locks {
        /// Which volume.
        path: PathBuf,
        /// Why.
        #[source]
        source: archive::Error,
    },
    /// What is in the backup does not fit together.
    #[error("the backup is not one of a site: {0}")]
    Content(&'static str),
    /// There is a site already.
    #[error("there is a site already in {0}: give --force to put it aside, or another directory")]
    Occupied(PathBuf),
    /// It runs.
    #[error("a site is running on {0}: stop it first")]
    Running(PathBuf),
    /// The operating system gives no randomness.
    #[error("the operating system gives no random bytes: {0}")]
    Randomness(String),
}

/// What a backup says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The release that wrote it.
    pub release: String,
    /// When.
    pub made: WallTime,
    /// The site's identifier.
    pub site: SiteId,
    /// Its certificate ID.
    pub certificate_id: CertificateId,
    /// Its name.
    pub name: String,
    /// The data directory that it was taken from.
    pub data: PathBuf,
}

/// Takes a backup of the site with this data directory into a new file (mode 0600), which appears when it is whole. Blocking.
///
/// # Errors
/// There is no site, something of it cannot be read, or the file is there already.
pub fn take(
    data: &Path,
    file: &Path,
    passphrase: &Secret<String>,
    now: WallTime,
) -> Result<Manifest, BackupError> {
    let data = std::path::absolute(data).map_err(failed(data))?;
    let (identity, seal) = (data.join(IDENTITY), data.join(SEAL));
    if !identity.is_file() || !data.join(CATALOG).is_file() {
        return Err(BackupError::NoSite(data));
    }
    // The copy is not sealed yet: it does not go where the backup goes, which may be a disk that is carried away.
    let staging = Staging::within(&data)?;
    let copy = staging.0.join(CATALOG);
    catalog::copy::copy(&data.join(CATALOG), &copy)?;
    let (manifest, locks) = {
        let catalog = Catalog::open(&copy, identity::load_or_create_seal_key(&data)?)?;
        let identity = identity::load_or_create(&data)?;
        let manifest = Manifest {
            release: RELEASE.to_owned(),
            made: now,
            site: identity.site_id(),
            certificate_id: identity.certificate_id(),
            name: catalog.site()?.map(|site| site.name).unwrap_or_default(),
            data: data.clone(),
        };
        (manifest, locks(&catalog)?)
    };
    // The name is taken first: what is there already is not overwritten.
    let out = Unfinished::begin(file)?;
    let mut random = [0; backup::RANDOM_LEN];
    rand::rngs::OsRng
        .try_fill_bytes(&mut random)
        .map_err(|error| BackupError::Randomness(error.to_string()))?;
    let mut writer = Writer::begin(BufWriter::new(&out.file), passphrase, Cost::USUAL, &random)?;
    for (name, content) in [
        (MANIFEST, serde_json::to_vec_pretty(&manifest).unwrap_or_default()),
        (LOCKS, serde_json::to_vec(&locks).unwrap_or_default()),
    ] {
        writer.add(name, content.len() as u64, content.as_slice())?;
    }
    let recipe = data.join(tls::RECIPE);
    for (name, path) in [(IDENTITY, &identity), (SEAL, &seal), (tls::RECIPE, &recipe), (CATALOG, &copy)] {
        if name == tls::RECIPE && !path.exists() {
            continue;
        }
        let content = File::open(path).map_err(failed(path))?;
        let size = content.metadata().map_err(failed(path))?.len();
        writer.add(name, size, content)?;
    }
    writer.end()?.into_inner().map_err(|error| failed(file)(error.into_error()))?;
    out.finish()?;
    if let Err(error) = last::note(&data, &staging.0, now) {
        tracing::warn!(%error, "the backup is whole, but the site does not know of it");
    }
    Ok(manifest)
}

/// What a backup says about itself, without restoring it; the rest of it is checked. Blocking.
///
/// # Errors
/// It is none, is damaged, or the passphrase is another.
pub fn look(file: &Path, passphrase: &Secret<String>) -> Result<Manifest, BackupError> {
    let mut reader = backup::Reader::begin(File::open(file).map_err(failed(file))?, passphrase)?;
    let manifest = restore::manifest(&mut reader)?;
    while reader.next_entry()?.is_some() {}
    Ok(manifest)
}

/// The locks of all volumes that can be read; each has all of them.
fn locks(catalog: &Catalog) -> Result<Vec<Lock>, BackupError> {
    let mut all: BTreeMap<Uuid, Lock> = BTreeMap::new();
    for volume in catalog.volumes()? {
        let path = PathBuf::from(volume.path);
        let Ok(disk) = Dir::open_for_reading(&path) else {
            tracing::warn!(path = %path.display(), "the volume is away: its locks are those of the others");
            continue;
        };
        let found = archive::locks::read(&disk).map_err(|source| BackupError::Locks { path, source })?;
        all.extend(found.into_iter().map(|lock| (lock.id, lock)));
    }
    Ok(all.into_values().collect())
}

/// Brings the locks of a restored backup to the volumes, once. Blocking.
pub(crate) fn bring_locks(data: &Path, volumes: &Volumes, now: WallTime) {
    let path = data.join(PENDING_LOCKS);
    let Ok(text) = fs::read(&path) else { return };
    match serde_json::from_slice::<Vec<Lock>>(&text) {
        Ok(locks) => match volumes.bring(locks, now) {
            Ok(()) => {
                let _ = fs::remove_file(&path);
            }
            // They are tried again at the next start.
            Err(error) => {
                tracing::error!(%error, "the locks of the backup could not be brought to the volumes")
            }
        },
        Err(error) => {
            tracing::error!(%error, path = %path.display(), "the locks of the backup cannot be read")
        }
    }
}

/// A directory of its owner's only, which goes when this does.
struct Staging(PathBuf);

impl Staging {
    fn within(directory: &Path) -> Result<Self, BackupError> {
        let path = directory.join(format!(".martello-{}", Uuid::new_v4().simple()));
        fs::DirBuilder::new().mode(0o700).create(&path).map_err(failed(&path))?;
        Ok(Self(path))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A new file that goes again unless it is finished.
struct Unfinished<'a> {
    path: &'a Path,
    file: File,
    finished: bool,
}

impl<'a> Unfinished<'a> {
    fn begin(path: &'a Path) -> Result<Self, BackupError> {
        Ok(Self { path, file: private(path)?, finished: false })
    }

    fn finish(mut self) -> Result<(), BackupError> {
        self.file.sync_all().map_err(failed(self.path))?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_file(self.path);
        }
    }
}

/// A new file of its owner's only.
fn private(path: &Path) -> Result<File, BackupError> {
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed(path))
}

fn write_private(path: &Path, content: &[u8]) -> Result<(), BackupError> {
    let mut file = private(path)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(failed(path))
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> BackupError + '_ {
    move |source| BackupError::File { path: path.to_owned(), source }
}
