//! Which site a command goes to: flags, then environment, then the list of servers, then this computer.

use model::Secret;
use trust::CertificateId;

use super::{
    Failure, Outcome,
    connection::Connection,
    route::{Address, Proxy},
    servers::{self, Server, Servers},
};

/// Arguments of every command that is sent to a site. What is not given is taken from what `martello login` stored.
#[derive(clap::Args, Clone, Default)]
pub(super) struct SiteArguments {
    /// Address of the site: https://HOST:PORT, HOST (port 55754), or unix:PATH.
    #[arg(long, env = "MARTELLO_URL")]
    pub url: Option<String>,
    /// Name of the site in the list of servers; counts before an address.
    #[arg(long, env = "MARTELLO_SERVER")]
    pub server: Option<String>,
    /// The site on this computer, as the account of the operating system that runs the command, without a password;
    /// counts before all others. Its socket is MARTELLO_SOCKET, else /run/martello/site.sock.
    #[arg(long)]
    pub local: bool,
    /// API token.
    #[arg(long, env = "MARTELLO_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Certificate ID of the site: 16 groups of 4 hex digits, as the site shows it.
    #[arg(long, env = "MARTELLO_CERTIFICATE_ID")]
    pub certificate_id: Option<CertificateId>,
    /// HTTP proxy on the way to the site, http://[USER@]HOST:PORT; its password is taken from MARTELLO_PROXY_PASSWORD.
    #[arg(long, env = "MARTELLO_PROXY")]
    pub proxy: Option<String>,
}

/// Arguments of a `list` that is asked nothing more.
#[derive(clap::Args)]
pub struct List {
    #[command(flatten)]
    pub(super) site: SiteArguments,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// The site on this computer: as it is in the list, where it is there.
fn here(list: &Servers) -> (Address, Option<&Server>) {
    match list.servers.iter().find(|server| server.name == servers::HERE) {
        Some(server) => (server.address.clone(), Some(server)),
        None => (Address::here(), None),
    }
}

/// Whether there is a socket at all.
pub(super) fn answers(address: &Address) -> bool {
    address.socket().is_some_and(std::path::Path::exists)
}

/// A site and how to get in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Where it is.
    pub address: Address,
    /// API token.
    pub token: Option<Secret<String>>,
    /// Whose certificate is taken.
    pub certificate_id: Option<CertificateId>,
    /// What requests go through.
    pub proxy: Option<Proxy>,
}

impl SiteArguments {
    /// The site that is meant. Nobody is signed in where there is no token.
    pub fn target(&self, list: &Servers) -> Outcome<Target> {
        // A stored token and pin belong to the address that they were stored for: another address gets neither.
        let (address, known): (Address, Option<&Server>) = match (&self.server, &self.url) {
            _ if self.local => here(list),
            (Some(name), _) if name == servers::HERE => here(list),
            (Some(name), _) => list.named(name).map(|server| (server.address.clone(), Some(server)))?,
            (None, Some(url)) => {
                let address: Address = url.parse()?;
                let known = list.at(&address);
                (address, known)
            }
            (None, None) => match list.chosen() {
                Some(server) => (server.address.clone(), Some(server)),
                None if answers(&Address::here()) => here(list),
                None => return Err(Failure::usage("which site? Give --url, or sign in with martello login")),
            },
        };
        let own = |kept: Option<Secret<String>>| self.token.clone().map(Secret::new).or(kept);
        let proxy = self.proxy.as_deref().map(str::parse).transpose()?;
        Ok(Target {
            address,
            token: own(known.and_then(|server| server.token.clone())),
            certificate_id: self.certificate_id.or_else(|| known.and_then(|server| server.certificate_id)),
            proxy: proxy.or_else(|| known.and_then(|server| server.proxy.clone())),
        })
    }

    /// Connects to the site that is meant, as the token's user; over a local socket as the account of this machine.
    pub async fn connect(&self) -> Outcome<Connection> {
        let complete = self.url.is_some() && self.token.is_some() && self.certificate_id.is_some();
        let list = match servers::path() {
            _ if complete => Servers::default(),
            Ok(path) => Servers::load(&path)?,
            // A service has no home, and needs none for the site on its own computer.
            Err(_) if self.local => Servers::default(),
            Err(failure) => return Err(failure),
        };
        self.target(&list)?.connect().await
    }
}

impl Target {
    /// A site that nothing else is known of.
    pub const fn of(address: Address) -> Self {
        Self { address, token: None, certificate_id: None, proxy: None }
    }

    /// Connects to it, as the token's user; over a local socket as the account of this machine.
    pub async fn connect(self) -> Outcome<Connection> {
        if self.address.socket().is_some() {
            return self.connect_as_account().await;
        }
        let token = self.token.clone().ok_or_else(|| {
            Failure::usage(format!(
                "nobody is signed in to {}: use martello login, or give --token",
                self.address
            ))
        })?;
        Ok(Connection::open(&self, self.certificate_id).await?.with_token(token))
    }

    /// Connects as nobody; where it is a local socket, the site sees which account of this machine it is.
    pub async fn connect_as_account(&self) -> Outcome<Connection> {
        Connection::open(self, self.certificate_id).await
    }
}
