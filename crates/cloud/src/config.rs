//! What must be known before the database opens: one TOML file, overridden by flags and `MARTELLO_*` variables.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};

use model::Secret;
use serde::Deserialize;

/// Configuration of a cloud.
#[derive(Clone, Debug)]
pub struct Config {
    /// Keys and, unless told otherwise, the database lie here.
    pub data: PathBuf,
    /// Addresses to listen on.
    pub listen: Vec<IpAddr>,
    /// Port for HTTPS (0: any free port).
    pub https_port: u16,
    /// The name by which people and sites reach the cloud, such as `cloud.example.org`; it is in the own certificate.
    pub host_name: Option<String>,
    /// A PostgreSQL database (`postgresql://…`); none: SQLite in the data directory.
    pub database: Option<Secret<String>>,
    /// Gigabytes (1,000,000,000 bytes) that relays may carry for an account in a month; none: any number.
    pub relay_gb: Option<u64>,
}

/// The file as people write it. Unknown keys are refused.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// As [`Config::data`].
    pub data: Option<PathBuf>,
    /// As [`Config::listen`].
    pub listen: Option<Vec<IpAddr>>,
    /// As [`Config::https_port`].
    pub https_port: Option<u16>,
    /// As [`Config::host_name`].
    pub host_name: Option<String>,
    /// As [`Config::database`].
    pub database: Option<Secret<String>>,
    /// As [`Config::relay_gb`].
    pub relay_gb: Option<u64>,
    /// Whether relays may carry any number of bytes.
    pub relay_unlimited: Option<bool>,
}

impl Config {
    /// Port 443 on every address, SQLite, 1 GB.
    #[must_use]
    pub fn with_defaults(data: PathBuf) -> Self {
        Self {
            data,
            listen: vec![IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)],
            https_port: 443,
            host_name: None,
            database: None,
            relay_gb: Some(1),
        }
    }

    /// A free port on loopback only.
    #[must_use]
    pub fn on_loopback(data: PathBuf) -> Self {
        Self { listen: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)], https_port: 0, ..Self::with_defaults(data) }
    }

    /// Takes over what the file says.
    pub fn apply(&mut self, file: ConfigFile) {
        let ConfigFile { data, listen, https_port, host_name, database, relay_gb, relay_unlimited } = file;
        self.data = data.unwrap_or_else(|| std::mem::take(&mut self.data));
        self.listen = listen.unwrap_or_else(|| std::mem::take(&mut self.listen));
        self.https_port = https_port.unwrap_or(self.https_port);
        self.host_name = host_name.or_else(|| self.host_name.take());
        self.database = database.or_else(|| self.database.take());
        self.relay_gb = relay_gb.or(self.relay_gb);
        if relay_unlimited == Some(true) {
            self.relay_gb = None;
        }
    }

    /// Listening addresses for one port.
    pub fn addresses(&self, port: u16) -> impl Iterator<Item = SocketAddr> + '_ {
        self.listen.iter().map(move |ip| SocketAddr::new(*ip, port))
    }
}

impl ConfigFile {
    /// Reads the file.
    ///
    /// # Errors
    /// It cannot be read, is not TOML, or has unknown keys.
    pub fn read(path: &Path) -> Result<Self, serve::config::ConfigError> {
        serve::config::read(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_are_refused_and_a_database_does_not_print() {
        let file: ConfigFile = toml::from_str("database = \"postgresql://x:secret@db/cloud\"\n").unwrap();
        assert!(!format!("{file:?}").contains("secret"));
        assert!(toml::from_str::<ConfigFile>("databse = \"\"\n").is_err());
    }
}
