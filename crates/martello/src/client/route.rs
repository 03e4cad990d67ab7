//! Where a site is, and how its address is reached: over the network, through a proxy, or by the socket of this machine.
//! Which site is meant is `target`'s, whether it is the right one `connection`'s.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use model::Secret;
use reqwest::Url;

use super::{Failure, Outcome};

/// The port of a site where an address names none.
const PORT: u16 = 55754;
/// Where a site that was installed as a service has its socket for administrators of the machine.
pub(super) const SOCKET: &str = "/run/martello/site.sock";
const UNIX: &str = "unix:";

/// The address of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// `https://HOST:PORT/`, and nothing behind it.
    Network(Url),
    /// The Unix socket of a site on this machine: the account of the operating system counts, and no password.
    Socket(PathBuf),
}

impl Address {
    /// The site on this machine.
    pub fn here() -> Self {
        Self::Socket(std::env::var_os("MARTELLO_SOCKET").map_or_else(|| SOCKET.into(), PathBuf::from))
    }

    /// What requests are sent to.
    pub fn url(&self) -> Outcome<Url> {
        match self {
            Self::Network(url) => Ok(url.clone()),
            Self::Socket(_) => Url::parse("http://localhost/").map_err(|e| Failure::failed(e.to_string())),
        }
    }

    /// The socket, where it is one.
    pub fn socket(&self) -> Option<&Path> {
        match self {
            Self::Socket(path) => Some(path),
            Self::Network(_) => None,
        }
    }

    /// What a site is called until somebody gives it a name.
    pub fn name(&self) -> String {
        match self {
            Self::Network(url) => {
                let host = url.host_str().unwrap_or_default();
                match url.port_or_known_default() {
                    Some(PORT) | None => host.to_owned(),
                    Some(port) => format!("{host}:{port}"),
                }
            }
            Self::Socket(_) => super::servers::HERE.to_owned(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(url) => f.write_str(url.as_str().trim_end_matches('/')),
            Self::Socket(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

impl FromStr for Address {
    type Err = Failure;

    /// `https://HOST:PORT`, `HOST:PORT`, `HOST` (port 55754), or `unix:PATH`.
    fn from_str(text: &str) -> Outcome<Self> {
        if let Some(path) = text.strip_prefix(UNIX) {
            let path = PathBuf::from(path);
            return if path.is_absolute() {
                Ok(Self::Socket(path))
            } else {
                Err(Failure::usage(format!("{text:?}: the path of a socket begins with /")))
            };
        }
        let bare = !text.contains("://");
        let with_scheme = if bare { format!("https://{text}") } else { text.to_owned() };
        let mut url = Url::parse(&with_scheme).map_err(|e| {
            Failure::usage(format!("{text:?} is not an address such as https://192.168.0.5:{PORT}: {e}"))
        })?;
        if url.scheme() != "https" {
            return Err(Failure::usage(format!("{text:?}: a site is reached by https only")));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Failure::usage("name and password do not belong into the address"));
        }
        let names_port = text.split('/').next().is_some_and(|host| host.ends_with(":443"));
        if bare && url.port().is_none() && !names_port {
            let _ = url.set_port(Some(PORT));
        }
        url.set_path("/");
        url.set_query(None);
        url.set_fragment(None);
        Ok(Self::Network(url))
    }
}

/// An HTTP proxy that requests go through (CONNECT, RFC 9110 section 9.3.6): it sees the site's address and encrypted
/// bytes. Its password is not part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proxy(Url);

impl Proxy {
    /// For the HTTP library; the password is asked of the environment (`MARTELLO_PROXY_PASSWORD`), so that it is neither
    /// an argument nor in a file.
    pub fn through(&self) -> Outcome<reqwest::Proxy> {
        let mut url = self.0.clone();
        let _ = url.set_username("");
        let proxy = reqwest::Proxy::all(url).map_err(|e| Failure::usage(e.to_string()))?;
        if self.0.username().is_empty() {
            return Ok(proxy);
        }
        let password = std::env::var("MARTELLO_PROXY_PASSWORD").map(Secret::new).map_err(|_| {
            Failure::usage(format!("the proxy {self} wants a password: set MARTELLO_PROXY_PASSWORD"))
        })?;
        let user = decoded(self.0.username());
        Ok(proxy.basic_auth(&user, password.expose()))
    }
}

/// A user's name as it was before it was made part of an address (RFC 3986 section 2.1).
fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match (first, code.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl FromStr for Proxy {
    type Err = Failure;

    /// `http://[USER@]HOST:PORT`.
    fn from_str(text: &str) -> Outcome<Self> {
        let wrong =
            || Failure::usage(format!("{text:?} is not a proxy such as http://anna@proxy.example:3128"));
        let url = Url::parse(text).map_err(|_| wrong())?;
        if url.password().is_some() {
            return Err(Failure::usage(
                "the proxy's password does not belong into its address: set MARTELLO_PROXY_PASSWORD",
            ));
        }
        let whole =
            url.scheme() == "http" && url.host().is_some() && url.path() == "/" && url.query().is_none();
        if whole { Ok(Self(url)) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn addresses_are_taken_as_people_type_them_and_nothing_else_is() {
        for (typed, address, name) in [
            ("https://192.168.0.5:55754", "https://192.168.0.5:55754", "192.168.0.5"),
            ("192.168.0.5", "https://192.168.0.5:55754", "192.168.0.5"),
            ("shop.local:8443", "https://shop.local:8443", "shop.local:8443"),
            ("shop.local:443", "https://shop.local", "shop.local:443"),
            ("https://shop.example", "https://shop.example", "shop.example:443"),
            ("[fd00::5]", "https://[fd00::5]:55754", "[fd00::5]"),
            ("https://shop.example:1/live?x=1#y", "https://shop.example:1", "shop.example:1"),
            ("unix:/run/martello/site.sock", "unix:/run/martello/site.sock", "this computer"),
        ] {
            let parsed: Address = typed.parse().unwrap();
            assert_eq!((parsed.to_string().as_str(), parsed.name().as_str()), (address, name), "{typed}");
            assert_eq!(parsed.to_string().parse::<Address>().unwrap(), parsed);
        }
        for typed in
            ["", "http://shop", "https://anna:x@shop", "anna@shop", "unix:site.sock", "ftp://shop", "a b"]
        {
            assert!(typed.parse::<Address>().is_err(), "{typed}");
        }
    }

    #[test]
    fn a_proxy_has_no_password_in_its_address() {
        for (typed, taken) in [
            ("http://proxy:3128", true),
            ("http://%C3%A5sa@proxy:3128/", true),
            ("http://anna:secret@proxy:3128", false),
            ("https://proxy:3128", false),
            ("http://proxy:3128/path", false),
            ("proxy:3128", false),
        ] {
            assert_eq!(typed.parse::<Proxy>().is_ok(), taken, "{typed}");
        }
        assert_eq!(decoded("%C3%A5sa%2"), "åsa%2");
    }
}
