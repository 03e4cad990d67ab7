//! What must be known before the database opens: one TOML file, overridden by flags and `MARTELLO_*` variables.
//!
//! Everything else lives in the catalog and is changed at run time through the API.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;

use crate::{exports::Limits, http::outgoing, machine};

/// Configuration of a site server.
#[derive(Clone, Debug)]
pub struct Config {
    /// Everything that the site keeps lies here: identity, keys, database, recordings.
    pub data: PathBuf,
    /// Addresses to listen on.
    pub listen: Vec<IpAddr>,
    /// Port for HTTPS (0: any free port).
    pub https_port: u16,
    /// Port for HTTP, which only redirects; none: not opened.
    pub http_port: Option<u16>,
    /// Further HTTPS ports with the same router (mobile communication and streaming).
    pub more_https_ports: Vec<u16>,
    /// The Unix socket for administrators of this machine; none: `local/site.sock` below [`Config::data`].
    pub local_socket: Option<PathBuf>,
    /// The group of the operating system whose members administrate this machine, beside root.
    pub machine_group: String,
    /// The name of this machine, where it is not the one that the operating system says; the site's own certificate has it.
    pub host_name: Option<String>,
    /// Where to look for cameras.
    pub discovery: DiscoveryConfig,
    /// A camera that sends no frames for so long is an alarm.
    pub silence: Duration,
    /// A client that takes nothing of a recording for so long loses its connection.
    pub patience: Duration,
    /// Recordings that are played back or saved at once.
    pub playbacks: usize,
    /// How often directories are asked again about who is signed in.
    pub directory_refresh: Duration,
    /// How much exports may take.
    pub exports: Limits,
}

/// Each takes a thread, a file and up to a megabyte.
const PLAYBACKS: usize = 64;

/// A camera's restart takes less.
const SILENCE: Duration = Duration::from_secs(60);
/// With the longest round (25 s) a change in a directory counts here within 45 s.
const DIRECTORY_REFRESH: Duration = Duration::from_secs(20);

/// Where discovery asks.
#[derive(Clone, Debug, Default)]
pub enum DiscoveryConfig {
    /// By multicast on every interface.
    #[default]
    Interfaces,
    /// At these addresses only (a broadcast address is one too).
    Addresses {
        /// mDNS.
        mdns: Vec<SocketAddrV4>,
        /// SSDP.
        ssdp: Vec<SocketAddrV4>,
        /// WS-Discovery.
        wsd: Vec<SocketAddrV4>,
    },
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
    /// As [`Config::http_port`]; `false`-like: leave it out and set `http = false`.
    pub http_port: Option<u16>,
    /// Whether port 55752 is opened.
    pub http: Option<bool>,
    /// As [`Config::host_name`].
    pub host_name: Option<String>,
    /// As [`Config::more_https_ports`].
    pub more_https_ports: Option<Vec<u16>>,
    /// As [`Config::local_socket`].
    pub local_socket: Option<PathBuf>,
    /// As [`Config::machine_group`].
    pub machine_group: Option<String>,
}

impl Config {
    /// The documented ports on every address.
    #[must_use]
    pub fn with_defaults(data: PathBuf) -> Self {
        Self {
            data,
            listen: vec![IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)],
            https_port: 55754,
            http_port: Some(55752),
            more_https_ports: vec![55756, 55757],
            local_socket: None,
            machine_group: machine::GROUP.to_owned(),
            host_name: None,
            discovery: DiscoveryConfig::Interfaces,
            silence: SILENCE,
            patience: outgoing::PATIENCE,
            playbacks: PLAYBACKS,
            directory_refresh: DIRECTORY_REFRESH,
            exports: Limits::default(),
        }
    }

    /// Free ports on loopback only; nothing is opened to the network.
    #[must_use]
    pub fn on_loopback(data: PathBuf) -> Self {
        Self {
            data,
            listen: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
            https_port: 0,
            http_port: None,
            more_https_ports: Vec::new(),
            local_socket: None,
            machine_group: machine::GROUP.to_owned(),
            host_name: None,
            discovery: DiscoveryConfig::Addresses { mdns: Vec::new(), ssdp: Vec::new(), wsd: Vec::new() },
            silence: SILENCE,
            patience: outgoing::PATIENCE,
            playbacks: PLAYBACKS,
            directory_refresh: DIRECTORY_REFRESH,
            exports: Limits::default(),
        }
    }

    /// Takes over what the file says.
    pub fn apply(&mut self, file: ConfigFile) {
        let ConfigFile {
            data,
            listen,
            https_port,
            http_port,
            http,
            host_name,
            more_https_ports,
            local_socket,
            machine_group,
        } = file;
        if let Some(data) = data {
            self.data = data;
        }
        if let Some(listen) = listen {
            self.listen = listen;
        }
        if let Some(port) = https_port {
            self.https_port = port;
        }
        if let Some(port) = http_port {
            self.http_port = Some(port);
        }
        if http == Some(false) {
            self.http_port = None;
        }
        if host_name.is_some() {
            self.host_name = host_name;
        }
        if let Some(ports) = more_https_ports {
            self.more_https_ports = ports;
        }
        if local_socket.is_some() {
            self.local_socket = local_socket;
        }
        if let Some(group) = machine_group {
            self.machine_group = group;
        }
    }

    /// Where administrators of this machine connect.
    #[must_use]
    pub fn local_socket(&self) -> PathBuf {
        self.local_socket.clone().unwrap_or_else(|| self.data.join("local").join("site.sock"))
    }

    /// Where recordings lie unless a volume says otherwise.
    #[must_use]
    pub fn recordings(&self) -> PathBuf {
        self.data.join("recordings")
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
    fn unknown_keys_are_refused() {
        assert!(toml::from_str::<ConfigFile>("https_port = 1\n").is_ok());
        assert!(toml::from_str::<ConfigFile>("http_prot = 1\n").is_err());
    }
}
