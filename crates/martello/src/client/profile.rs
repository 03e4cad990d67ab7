//! The profile that `martello login` stores: one site, readable by its owner only. Not a list of sites.

use std::{
    fs::{self, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use model::Secret;
use serde::{Deserialize, Serialize};
use trust::CertificateId;

use super::{Failure, Outcome};

const MAX_FILE: u64 = 64 * 1024;

/// A site and how to get in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Profile {
    /// `https://…`
    pub url: String,
    /// Whose certificate is taken; none: whoever the operating system trusts.
    pub certificate_id: Option<CertificateId>,
    /// Who signed in, to show.
    pub user: String,
    /// API token.
    pub token: Secret<String>,
}

/// As it is written: the one place where the token leaves its wrapper.
#[derive(Serialize)]
struct Written<'a> {
    url: &'a str,
    certificate_id: Option<CertificateId>,
    user: &'a str,
    token: &'a str,
}

/// `martello/profile.toml` in the directory for configuration (XDG Base Directory Specification).
pub(super) fn path() -> Outcome<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CONFIG_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".config")))
        .map(|directory| directory.join("martello").join("profile.toml"))
        .ok_or_else(|| {
            Failure::failed("there is no place for the profile: neither XDG_CONFIG_HOME nor HOME is set")
        })
}

impl Profile {
    /// The stored profile, where there is one.
    pub fn load(path: &Path) -> Outcome<Option<Self>> {
        let failed =
            |reason: String| Failure::failed(format!("cannot use the profile {}: {reason}", path.display()));
        let file = match fs::File::open(path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(failed(e.to_string())),
        };
        #[cfg(unix)]
        {
            let metadata = file.metadata().map_err(|e| failed(e.to_string()))?;
            if std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0 {
                return Err(failed("others can read it; run chmod 600 on it".into()));
            }
        }
        let mut text = String::new();
        file.take(MAX_FILE).read_to_string(&mut text).map_err(|e| failed(e.to_string()))?;
        // The error's own text would quote the line, which may hold the token.
        toml::from_str(&text).map(Some).map_err(|_| failed("it is damaged; run martello login again".into()))
    }

    /// Stores it, in place of the one before.
    pub fn store(&self, path: &Path) -> Outcome {
        self.write(path)
            .map_err(|e| Failure::failed(format!("cannot store the profile {}: {e}", path.display())))
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let written = Written {
            url: &self.url,
            certificate_id: self.certificate_id,
            user: &self.user,
            token: self.token.expose(),
        };
        let text = toml::to_string(&written).map_err(io::Error::other)?;
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
}
