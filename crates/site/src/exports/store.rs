//! The directories of exports.
//!
//! What is not here: what is in the files.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use api::export::Export;
use model::ExportId;

/// What an export is, in its directory.
const DESCRIPTION: &str = "export.json";
/// How often it was begun since the last orderly stop: a byte each time.
const BEGUN: &str = "begun";
/// No description is longer.
const MAX_DESCRIPTION: u64 = 4 << 20;

/// The directory with all exports.
pub struct Store {
    directory: PathBuf,
}

impl Store {
    /// Makes the directory where it is missing; nobody but the site's user reads it.
    pub fn open(directory: PathBuf) -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
        Ok(Self { directory })
    }

    fn of(&self, export: ExportId) -> PathBuf {
        self.directory.join(export.to_string())
    }

    /// Where a file of an export lies.
    pub fn path(&self, export: ExportId, file: &str) -> PathBuf {
        self.of(export).join(file)
    }

    /// The directory, to ask for room.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Keeps what an export is; durable when it returns.
    pub fn keep(&self, export: &Export) -> io::Result<()> {
        let directory = self.of(export.id);
        fs::create_dir_all(&directory)?;
        let new = directory.join("export.json.new");
        let mut file = File::create(&new)?;
        file.write_all(&serde_json::to_vec(export)?)?;
        file.sync_all()?;
        fs::rename(new, directory.join(DESCRIPTION))?;
        File::open(directory)?.sync_all()
    }

    /// All that there are. What has no description that can be read is no export: it is deleted.
    pub fn load(&self) -> io::Result<Vec<Export>> {
        let mut exports = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<ExportId>().ok()) else {
                continue;
            };
            match describe(&entry.path()) {
                Ok(export) if export.id == id => exports.push(export),
                Ok(_) | Err(_) => {
                    tracing::warn!(export = %id, "a directory without an export was deleted");
                    fs::remove_dir_all(entry.path())?;
                }
            }
        }
        Ok(exports)
    }

    /// How often it was begun since the last orderly stop.
    pub fn begun(&self, export: ExportId) -> u64 {
        fs::metadata(self.path(export, BEGUN)).map_or(0, |found| found.len())
    }

    /// Notes how often it was begun; durable when it returns.
    pub fn keep_begun(&self, export: ExportId, times: u64) -> io::Result<()> {
        let mut file = File::create(self.path(export, BEGUN))?;
        file.write_all(&vec![b'.'; usize::try_from(times).unwrap_or(usize::MAX).min(64)])?;
        file.sync_all()
    }

    /// It is done.
    pub fn forget_begun(&self, export: ExportId) -> io::Result<()> {
        match fs::remove_file(self.path(export, BEGUN)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Deletes the files of an export; its description stays.
    pub fn clear(&self, export: ExportId) -> io::Result<()> {
        for entry in fs::read_dir(self.of(export))? {
            let entry = entry?;
            if entry.file_name() != DESCRIPTION {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Deletes an export.
    pub fn remove(&self, export: ExportId) -> io::Result<()> {
        match fs::remove_dir_all(self.of(export)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}

fn describe(directory: &Path) -> io::Result<Export> {
    let path = directory.join(DESCRIPTION);
    if fs::metadata(&path)?.len() > MAX_DESCRIPTION {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}
