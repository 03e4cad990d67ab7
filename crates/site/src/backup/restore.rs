//! A backup comes back: first all of it into a directory of its own, checked, and only then into its place. What was there is
//! put aside, not overwritten.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
};

use backup::Reader;
use catalog::{Catalog, volume::VolumeRow};
use model::{Secret, WallTime};
use serde::Serialize;

use super::{
    BackupError, CATALOG, IDENTITY, LOCKS, MANIFEST, MAX_LOCKS, MAX_SMALL, Manifest, PENDING_LOCKS, SEAL,
    Staging, failed, last, private, write_private,
};
use crate::{identity, in_use, server::tls};

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// What the backup says about itself.
    pub manifest: Manifest,
    /// Where a site that was there has been put.
    pub put_aside: Option<PathBuf>,
    /// Locks that are brought to the volumes at the next start.
    pub locks: usize,
}

/// Makes the data directory that of the backup's site. Recordings that lie there stay. Blocking.
///
/// # Errors
/// The backup is damaged or the passphrase another; a site runs there, or is there and `force` was not given.
pub fn restore(
    file: &Path,
    data: &Path,
    passphrase: &Secret<String>,
    force: bool,
    now: WallTime,
) -> Result<Restored, BackupError> {
    let mut reader = Reader::begin(File::open(file).map_err(failed(file))?, passphrase)?;
    let manifest = manifest(&mut reader)?;
    let data = std::path::absolute(data).map_err(failed(data))?;
    let made_now = !data.exists();
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&data).map_err(failed(&data))?;
    let there: Vec<&str> = [
        IDENTITY,
        SEAL,
        CATALOG,
        "catalog.sqlite-wal",
        "catalog.sqlite-shm",
        tls::RECIPE,
        PENDING_LOCKS,
        last::FILE,
    ]
    .into_iter()
    .filter(|name| data.join(name).exists())
    .collect();
    if !force && there.iter().any(|name| [IDENTITY, SEAL, CATALOG].contains(name)) {
        return Err(BackupError::Occupied(data));
    }
    let _alone = in_use::take(&data).map_err(|source| match source.kind() {
        io::ErrorKind::WouldBlock => BackupError::Running(data.clone()),
        _ => BackupError::File { path: data.clone(), source },
    })?;
    let result = unpack(&mut reader, &manifest, &data).and_then(|(staging, locks)| {
        let put_aside = put_aside(&data, &there, now)?;
        for entry in fs::read_dir(&staging.0).map_err(failed(&data))? {
            let entry = entry.map_err(failed(&data))?;
            let to = data.join(entry.file_name());
            belongs_to_owner_of(&data, &entry.path())?;
            fs::rename(entry.path(), &to).map_err(failed(&to))?;
        }
        File::open(&data).and_then(|directory| directory.sync_all()).map_err(failed(&data))?;
        Ok(Restored { manifest, put_aside, locks })
    });
    if result.is_err() && made_now {
        let _ = fs::remove_dir_all(&data);
    }
    result
}

/// The first entry.
pub(super) fn manifest<R: Read>(reader: &mut Reader<R>) -> Result<Manifest, BackupError> {
    match reader.next_entry()? {
        Some(entry) if entry.name == MANIFEST => {}
        _ => return Err(BackupError::Content("it does not begin with its manifest")),
    }
    let text = reader.whole(MAX_SMALL)?;
    serde_json::from_slice(&text).map_err(|_| BackupError::Content("its manifest is not understood"))
}

/// All entries in a directory of their own, checked.
fn unpack<R: Read>(
    reader: &mut Reader<R>,
    manifest: &Manifest,
    data: &Path,
) -> Result<(Staging, usize), BackupError> {
    let staging = Staging::within(data)?;
    let at = |name: &str| staging.0.join(name);
    let mut locks = 0;
    while let Some(entry) = reader.next_entry()? {
        match entry.name.as_str() {
            name @ (IDENTITY | SEAL | tls::RECIPE) => write_private(&at(name), &reader.whole(MAX_SMALL)?)?,
            CATALOG => stream(reader, &at(CATALOG))?,
            LOCKS => {
                let text = reader.whole(MAX_LOCKS)?;
                let found: Vec<archive::Lock> = serde_json::from_slice(&text)
                    .map_err(|_| BackupError::Content("its locks are not understood"))?;
                locks = found.len();
                if locks > 0 {
                    write_private(&at(PENDING_LOCKS), &text)?;
                }
            }
            // What a later release adds.
            other => tracing::warn!(entry = other, "this entry of the backup is not known and left out"),
        }
    }
    if [IDENTITY, SEAL, CATALOG].iter().any(|name| !at(name).is_file()) {
        return Err(BackupError::Content("a key or the database is missing"));
    }
    if identity::load_or_create(&staging.0)?.certificate_id() != manifest.certificate_id {
        return Err(BackupError::Content("its key is not that of its manifest"));
    }
    catalog::copy::check(&at(CATALOG))?;
    let catalog = Catalog::open(&at(CATALOG), identity::load_or_create_seal_key(&staging.0)?)?;
    move_volumes(&catalog, &manifest.data, data)?;
    write_private(&at(last::FILE), manifest.made.to_string().as_bytes())?;
    Ok((staging, locks))
}

/// Volumes that lay in the data directory lie in the new one.
fn move_volumes(catalog: &Catalog, from: &Path, to: &Path) -> Result<(), BackupError> {
    for row in catalog.volumes()? {
        if let Ok(rest) = Path::new(&row.path).strip_prefix(from) {
            let path = to.join(rest).display().to_string();
            catalog.put_volume(&VolumeRow { path, ..row })?;
        }
    }
    Ok(())
}

fn stream<R: Read>(reader: &mut Reader<R>, path: &Path) -> Result<(), BackupError> {
    let mut file = private(path)?;
    let mut buffer = vec![0; 64 << 10];
    loop {
        match reader.read(&mut buffer)? {
            0 => return file.sync_all().map_err(failed(path)),
            count => file.write_all(&buffer[..count]).map_err(failed(path))?,
        }
    }
}

fn put_aside(data: &Path, there: &[&str], now: WallTime) -> Result<Option<PathBuf>, BackupError> {
    if there.is_empty() {
        return Ok(None);
    }
    let aside = data.join(format!("before-restore-{}", now.millis()));
    fs::DirBuilder::new().mode(0o700).create(&aside).map_err(failed(&aside))?;
    for name in there {
        fs::rename(data.join(name), aside.join(name)).map_err(failed(&aside))?;
    }
    Ok(Some(aside))
}

/// Root restores what another user's service reads.
pub(super) fn belongs_to_owner_of(data: &Path, path: &Path) -> Result<(), BackupError> {
    let (of, is) = (fs::metadata(data).map_err(failed(data))?, fs::metadata(path).map_err(failed(path))?);
    if (of.uid(), of.gid()) == (is.uid(), is.gid()) {
        return Ok(());
    }
    std::os::unix::fs::chown(path, Some(of.uid()), Some(of.gid())).map_err(failed(path))
}
