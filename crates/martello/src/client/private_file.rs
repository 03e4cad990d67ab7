//! Small files of the person's own in the directory for configuration: read bounded, written whole, readable by nobody else.
//!
//! What is not here: what is in them (`servers`, `clouds`).

use std::{
    fs::{self, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use super::{Failure, Outcome};

/// No file is longer.
const MAX_FILE: u64 = 1 << 20;

/// `martello/NAME` in the directory for configuration (XDG Base Directory Specification).
pub(super) fn path(name: &str) -> Outcome<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CONFIG_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".config")))
        .map(|directory| directory.join("martello").join(name))
        .ok_or_else(|| {
            Failure::failed(format!("there is no place for {name}: neither XDG_CONFIG_HOME nor HOME is set"))
        })
}

/// The text of a file; none where there is no file. Refused where others can read it.
pub(super) fn load(path: &Path) -> io::Result<Option<String>> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    #[cfg(unix)]
    {
        let metadata = file.metadata()?;
        if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0 {
            return Err(io::Error::other("others can read it; run chmod 600 on it"));
        }
    }
    let mut text = String::new();
    file.take(MAX_FILE).read_to_string(&mut text)?;
    Ok(Some(text))
}

/// Stores a text, in place of the one before.
pub(super) fn store(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let draft = path.with_extension(format!("new-{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    let kept = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    kept.and_then(|()| fs::rename(&draft, path)).inspect_err(|_| drop(fs::remove_file(&draft)))
}
