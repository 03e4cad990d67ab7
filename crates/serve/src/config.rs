//! The configuration file of a service: one TOML file, whose keys the service names.
//!
//! What is not here: any key; flags and environment, which override it.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// Why a configuration file is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("cannot read the configuration file {path}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is not what is expected.
    #[error("the configuration file {path} is not understood: {reason}")]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        reason: String,
    },
}

/// Reads the file.
///
/// # Errors
/// It cannot be read, is not TOML, or is refused by what it is read into.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    toml::from_str(&text)
        .map_err(|error| ConfigError::Parse { path: path.to_owned(), reason: error.to_string() })
}
