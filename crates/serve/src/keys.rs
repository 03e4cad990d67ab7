//! Where the keys of a service lie: files of the data directory that nobody else may read.
//!
//! What is here: loading and making `identity.key` (who the service is) and `seal.key` (what opens the secrets of the
//! database). What is not here: what the keys mean (`trust`, `catalog`) and how TLS is served (`server`).

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use catalog::SealKey;
use model::Secret;
use rand::TryRngCore;
use trust::Identity;

/// A key file is far smaller than this.
const MAX_FILE: u64 = 64 * 1024;

/// Why a key cannot be used. A service does not start without its keys, and never replaces one that is there.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file cannot be read.
    #[error("the key file {path:?} cannot be read: {source}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file cannot be made.
    #[error("the key file {path:?} cannot be written: {source}")]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others could read the key.
    #[error("the key file {path:?} has mode {mode:03o}, so that others can read it: run chmod 600 on it")]
    Mode {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not a file at all.
    #[error("{path:?} is not a regular file: a key is expected there")]
    NotAFile {
        /// Which path.
        path: PathBuf,
    },
    /// What is in the file is not a key.
    #[error("the key file {path:?} is damaged: restore it from the backup ({reason})")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The operating system gives no randomness.
    #[error("the operating system gives no random bytes: {0}")]
    Randomness(String),
}

/// The service's identity, `identity.key` in the data directory.
///
/// # Errors
/// A key that cannot be read, made or trusted.
pub fn load_or_create(data: &Path) -> Result<Identity, IdentityError> {
    let path = data.join("identity.key");
    let damaged = |e: trust::KeyError| IdentityError::Damaged { path: path.clone(), reason: e.to_string() };
    let make = || new()?.to_pem().map_err(damaged);
    let (pem, made) = load_or_make(&path, make)?;
    let identity = Identity::from_pem(pem.expose()).map_err(damaged)?;
    if made {
        // A lost key is a new site or cloud, said loudly.
        let id = identity.certificate_id();
        tracing::warn!(%id, ?path, "this is a new service with an identity of its own: keep a copy of its key");
    }
    Ok(identity)
}

/// A new identity, from the randomness of the operating system.
///
/// # Errors
/// It gives none.
pub fn new() -> Result<Identity, IdentityError> {
    let mut seed = zeroize::Zeroizing::new([0; 32]);
    rand::rngs::OsRng.try_fill_bytes(&mut *seed).map_err(|e| IdentityError::Randomness(e.to_string()))?;
    Ok(Identity::generate(&mut <rand::rngs::StdRng as rand::SeedableRng>::from_seed(*seed)))
}

/// Puts another identity in the place of the one in the data directory, whole or not at all.
///
/// # Errors
/// It cannot be written.
pub fn replace(data: &Path, identity: &Identity) -> Result<(), IdentityError> {
    let path = data.join("identity.key");
    let failed = |source| IdentityError::Write { path: path.clone(), source };
    let pem = identity
        .to_pem()
        .map_err(|e| IdentityError::Damaged { path: path.clone(), reason: e.to_string() })?;
    let draft = path.with_extension(format!("new-{}", uuid::Uuid::new_v4().simple()));
    let written = write_new(&draft, pem.expose()).and_then(|()| {
        // Root rotates what another user's service reads.
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let (of, is) = (fs::metadata(&path)?, fs::metadata(&draft)?);
            if (of.uid(), of.gid()) != (is.uid(), is.gid()) {
                std::os::unix::fs::chown(&draft, Some(of.uid()), Some(of.gid()))?;
            }
        }
        fs::rename(&draft, &path)
    });
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written.and_then(|()| sync_directory(&path)).map_err(failed)
}

/// The key of the database's secrets, `seal.key` in the data directory.
///
/// # Errors
/// A key that cannot be read, made or trusted.
pub fn load_or_create_seal_key(data: &Path) -> Result<SealKey, IdentityError> {
    let path = data.join("seal.key");
    let make = || {
        let key = SealKey::generate().map_err(|e| IdentityError::Randomness(e.to_string()))?;
        Ok(Secret::new(format!("{}\n", key.to_text().expose())))
    };
    let (text, _) = load_or_make(&path, make)?;
    SealKey::from_text(text.expose())
        .map_err(|e| IdentityError::Damaged { path: path.clone(), reason: e.to_string() })
}

/// The text of the file and whether it was made now. Of two processes that make it at once, one wins and both
/// get its text.
fn load_or_make(
    path: &Path,
    make: impl FnOnce() -> Result<Secret<String>, IdentityError>,
) -> Result<(Secret<String>, bool), IdentityError> {
    if let Some(text) = load(path)? {
        return Ok((text, false));
    }
    let made = match write_private(path, make()?.expose()) {
        Ok(()) => true,
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => false,
        Err(source) => return Err(IdentityError::Write { path: path.to_owned(), source }),
    };
    let text = load(path)?.ok_or_else(|| IdentityError::NotAFile { path: path.to_owned() })?;
    Ok((text, made))
}

/// The text of the file, where there is one; refuses one that others could read.
fn load(path: &Path) -> Result<Option<Secret<String>>, IdentityError> {
    let failed = |source| IdentityError::Read { path: path.to_owned(), source };
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Err(IdentityError::NotAFile { path: path.to_owned() }),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(failed(e)),
    }
    let file = File::open(path).map_err(failed)?;
    #[cfg(unix)]
    {
        let metadata = file.metadata().map_err(failed)?;
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Err(IdentityError::Mode { path: path.to_owned(), mode });
        }
    }
    let mut text = String::new();
    file.take(MAX_FILE).read_to_string(&mut text).map_err(failed)?;
    Ok(Some(Secret::new(text)))
}

/// Makes the file with mode 0600 and all of its text, or not at all; never replaces one.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension(format!("new-{}", uuid::Uuid::new_v4().simple()));
    let written = write_new(&draft, text).and_then(|()| {
        // A link is made only where there is no file of that name, unlike a rename.
        fs::hard_link(&draft, path)
    });
    fs::remove_file(&draft)?;
    written.and_then(|()| sync_directory(path))
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn sync_directory(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn keys_are_made_once_and_are_their_owner_s_only() {
        let dir = tempfile::tempdir().unwrap();
        let id = || load_or_create(dir.path()).unwrap().certificate_id();
        assert_eq!(id(), id());
        let seal_key = || load_or_create_seal_key(dir.path()).unwrap().to_text();
        assert_eq!(seal_key(), seal_key());
        let mut files: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert_eq!(
            files,
            [dir.path().join("identity.key"), dir.path().join("seal.key")],
            "no drafts are left"
        );
        assert!(files.iter().all(|path| mode(path) == 0o600));
    }

    #[test]
    fn a_key_that_others_can_read_or_that_is_none_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("identity.key");
        load_or_create(dir.path()).unwrap();
        let pem = fs::read_to_string(&path).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        let error = load_or_create(dir.path()).unwrap_err();
        assert!(matches!(error, IdentityError::Mode { mode: 0o640, .. }));
        assert!(error.to_string().contains("chmod 600"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), pem);

        fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        for damage in ["", "nonsense", &pem[..pem.len() / 2]] {
            fs::write(&path, damage).unwrap();
            assert!(matches!(load_or_create(dir.path()), Err(IdentityError::Damaged { .. })));
            assert_eq!(fs::read_to_string(&path).unwrap(), damage);
        }
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(matches!(load_or_create(dir.path()), Err(IdentityError::NotAFile { .. })));
    }

    #[test]
    fn of_several_that_start_at_once_all_get_one_identity() {
        let dir = tempfile::tempdir().unwrap();
        let all: Vec<_> = std::thread::scope(|scope| {
            let starting: Vec<_> =
                (0..8).map(|_| scope.spawn(|| load_or_create(dir.path()).unwrap())).collect();
            starting.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(all.iter().all(|identity| identity.certificate_id() == all[0].certificate_id()));
    }
}
