//! The list of sites that this person uses: names, addresses, pinned certificate IDs and tokens, in one file that only
//! its owner can read. Passwords are never in it. How it is shown and changed is `server`'s.

use std::{
    io,
    path::{Path, PathBuf},
};

use model::{Secret, WallTime};
use serde::{Deserialize, Serialize};
use trust::CertificateId;

use super::{
    Failure, Outcome, private_file,
    route::{Address, Proxy},
};

/// What the site on this machine is called.
pub(super) const HERE: &str = "this computer";
/// Most sites of a list.
pub(super) const MAX_SERVERS: usize = 1000;
const MAX_NAME: usize = 128;

/// A site of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    /// What it is called here.
    pub name: String,
    /// Where it is.
    pub address: Address,
    /// Whose certificate is taken; none: whoever the operating system trusts.
    pub certificate_id: Option<CertificateId>,
    /// What requests go through.
    pub proxy: Option<Proxy>,
    /// Who signed in, to show.
    pub user: Option<String>,
    /// API token; none: nobody is signed in.
    pub token: Option<Secret<String>>,
    /// When it was last signed in to or chosen.
    pub used: Option<WallTime>,
}

/// The list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Servers {
    /// The name of the site that commands go to unless they are told otherwise.
    pub chosen: Option<String>,
    /// All sites, in the order in which they were added.
    pub servers: Vec<Server>,
}

/// As it is kept.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chosen: Option<String>,
    #[serde(default, rename = "server")]
    servers: Vec<KeptServer>,
}

/// As it is kept: the one place where the token leaves its wrapper.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptServer {
    name: String,
    address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate_id: Option<CertificateId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proxy: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used: Option<WallTime>,
}

/// Where the list is kept.
pub(super) fn path() -> Outcome<PathBuf> {
    private_file::path("servers.toml")
}

/// A name that can be typed and shown.
pub(super) fn check_name(name: &str) -> Outcome {
    let fits = !name.is_empty() && name.len() <= MAX_NAME && name.trim() == name;
    if fits && !name.chars().any(char::is_control) && name != HERE {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{name:?} cannot be the name of a server (1 to {MAX_NAME} bytes, not {HERE:?})"
    )))
}

impl Servers {
    /// The stored list; an empty one where there is none.
    pub fn load(path: &Path) -> Outcome<Self> {
        let failed = |reason: &str| {
            Failure::failed(format!("cannot use the list of servers {}: {reason}", path.display()))
        };
        let Some(text) = private_file::load(path).map_err(|e| failed(&e.to_string()))? else {
            return Ok(Self::default());
        };
        // The error's own text would quote the line, which may hold a token.
        let damaged = || failed("it is damaged; move it away and run martello login again");
        let kept: Kept = toml::from_str(&text).map_err(|_| damaged())?;
        let servers =
            kept.servers.into_iter().map(Server::read).collect::<Outcome<_>>().map_err(|_| damaged())?;
        Ok(Self { chosen: kept.chosen, servers })
    }

    /// Stores it, in place of the one before.
    pub fn store(&self, path: &Path) -> Outcome {
        self.write(path)
            .map_err(|e| Failure::failed(format!("cannot store the list of servers {}: {e}", path.display())))
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let kept =
            Kept { chosen: self.chosen.clone(), servers: self.servers.iter().map(Server::written).collect() };
        let text = toml::to_string(&kept).map_err(io::Error::other)?;
        private_file::store(path, &text)
    }

    /// The site of this name.
    pub fn named(&self, name: &str) -> Outcome<&Server> {
        self.servers.iter().find(|server| server.name == name).ok_or_else(|| {
            let names: Vec<&str> = self.servers.iter().map(|server| server.name.as_str()).collect();
            Failure::usage(format!(
                "there is no server {name:?} in the list (there are: {})",
                names.join(", ")
            ))
        })
    }

    /// The site at this address.
    pub fn at(&self, address: &Address) -> Option<&Server> {
        self.servers.iter().find(|server| server.address == *address)
    }

    /// The site that commands go to unless they are told otherwise.
    pub fn chosen(&self) -> Option<&Server> {
        let name = self.chosen.as_deref()?;
        self.servers.iter().find(|server| server.name == name)
    }

    /// Puts a site into the list, in place of the one with its name.
    pub fn put(&mut self, server: Server) -> Outcome {
        let full = self.servers.len() >= MAX_SERVERS;
        match self.servers.iter_mut().find(|known| known.name == server.name) {
            Some(known) => *known = server,
            None if !full => self.servers.push(server),
            None => return Err(Failure::failed(format!("a list has {MAX_SERVERS} servers at most"))),
        }
        Ok(())
    }

    /// Takes a site out of the list.
    pub fn remove(&mut self, name: &str) {
        self.servers.retain(|server| server.name != name);
        if self.chosen.as_deref() == Some(name) {
            self.chosen = None;
        }
    }
}

impl Server {
    /// A site that nobody is signed in to.
    pub fn new(name: String, address: Address) -> Self {
        Self { name, address, certificate_id: None, proxy: None, user: None, token: None, used: None }
    }

    fn read(kept: KeptServer) -> Outcome<Self> {
        Ok(Self {
            name: kept.name,
            address: kept.address.parse()?,
            certificate_id: kept.certificate_id,
            proxy: kept.proxy.as_deref().map(str::parse).transpose()?,
            user: kept.user,
            token: kept.token.map(Secret::new),
            used: kept.used,
        })
    }

    fn written(&self) -> KeptServer {
        KeptServer {
            name: self.name.clone(),
            address: self.address.to_string(),
            certificate_id: self.certificate_id,
            proxy: self.proxy.as_ref().map(ToString::to_string),
            user: self.user.clone(),
            token: self.token.as_ref().map(|token| token.expose().clone()),
            used: self.used,
        }
    }
}
