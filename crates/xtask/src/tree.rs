//! The project's files and manifests, as the checks see them.
//!
//! What is here: finding the root, listing what git tracks or would track, reading manifests.
//! What is not here: judgement; that is in `tidy`, `layering` and `dependencies`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;

/// The project, held in memory: its text files and its crates.
pub struct Tree {
    /// Where it lies.
    pub root: PathBuf,
    /// Text files that are not ignored: path relative to the root, with slashes, and content.
    pub files: Vec<(String, String)>,
    /// The crates, in order of their names.
    pub crates: Vec<Crate>,
}

/// A crate of the workspace.
pub struct Crate {
    /// Its name, which is also its directory.
    pub name: String,
    /// Its manifest.
    pub manifest: toml::Table,
}

/// The root of the project: of the one that cargo runs this for, for several clones may share what is built.
#[must_use]
pub fn root() -> PathBuf {
    let manifest =
        std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&manifest).join("../..").components().collect::<PathBuf>()
}

impl Tree {
    /// Reads a project.
    ///
    /// # Errors
    /// git cannot list it, or a manifest is no TOML.
    pub fn read(root: &Path) -> Result<Self, Failure> {
        let root = root.canonicalize()?;
        let listed = Command::new("git")
            .arg("-C")
            .arg(&root)
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .output()?;
        if !listed.status.success() {
            return Err(format!("git ls-files: {}", String::from_utf8_lossy(&listed.stderr)).into());
        }
        let names = String::from_utf8(listed.stdout)?;
        // A file that is tracked but gone from disk, or that is no text, has nothing to check.
        let files: Vec<(String, String)> = names
            .split_terminator('\0')
            .filter_map(|name| Some((name.to_owned(), fs::read_to_string(root.join(name)).ok()?)))
            .collect();
        let crates = files
            .iter()
            .filter_map(|(path, text)| {
                let name = path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml")?;
                (!name.contains('/')).then_some((name, path, text))
            })
            .map(|(name, path, text)| {
                let manifest = text.parse().map_err(|error| format!("{path}: {error}"))?;
                Ok(Crate { name: name.to_owned(), manifest })
            })
            .collect::<Result<_, Failure>>()?;
        Ok(Self { root, files, crates })
    }

    /// The content of a text file.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|(name, _)| name == path).map(|(_, text)| text.as_str())
    }
}

impl Crate {
    /// The entries of a dependency table (`dependencies`, `dev-dependencies`, `build-dependencies`).
    pub fn dependencies(&self, table: &str) -> impl Iterator<Item = (&str, &toml::Value)> {
        let table = self.manifest.get(table).and_then(toml::Value::as_table);
        table.into_iter().flatten().map(|(name, value)| (name.as_str(), value))
    }
}
