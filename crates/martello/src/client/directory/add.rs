//! `martello directory add`: the settings as arguments, tried before they are kept.

use std::path::{Path, PathBuf};

use api::directory::{
    Directory, DirectoryKind, DirectorySecurity, DirectoryServer, DirectorySettings, DirectoryTry,
};

use super::{
    super::{Failure, Outcome, method::word, output::Output, prompt, target::SiteArguments},
    test, told,
};

/// No file of authorities is larger: the site takes no more.
const MAX_FILE: u64 = 32 << 10;

/// Arguments of `martello directory add`.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("trust").required(true).args(["authority", "certificate_sha256"])))]
pub struct Add {
    #[command(flatten)]
    site: SiteArguments,
    /// What it is called here.
    name: String,
    /// active-directory or ldap.
    #[arg(long, value_parser = word::<DirectoryKind>)]
    kind: DirectoryKind,
    /// Server, HOST or HOST:PORT (636, with --starttls 389), as it stands in its certificate; up to 4, the first that
    /// answers is asked.
    #[arg(long = "host", required = true)]
    hosts: Vec<String>,
    /// StartTLS in place of LDAPS.
    #[arg(long)]
    starttls: bool,
    /// PEM file of the authorities that sign its certificate.
    #[arg(long)]
    authority: Option<PathBuf>,
    /// SHA-256 of the one certificate that is accepted, as openssl prints it.
    #[arg(long)]
    certificate_sha256: Option<String>,
    /// Below which name people and groups are, such as dc=example,dc=org.
    #[arg(long)]
    base: String,
    /// The account that searches: its distinguished name, or name@domain in Active Directory.
    #[arg(long)]
    account: String,
    /// Read the password of the account from the first line of stdin.
    #[arg(long)]
    password_stdin: bool,
    /// The attribute that people sign in with; sAMAccountName or uid unless given.
    #[arg(long)]
    login_attribute: Option<String>,
    /// The domain as people write it with their name; made of the base unless given.
    #[arg(long)]
    domain: Option<String>,
    /// For how many minutes its users go on while it cannot be asked; 0: not at all.
    #[arg(long, default_value_t = 480)]
    offline_minutes: u32,
    /// Add it without trying it.
    #[arg(long)]
    untried: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Add, output: &mut Output) -> Outcome {
    let (untried, json) = (arguments.untried, arguments.json);
    let site = arguments.site.clone();
    let settings = arguments.settings()?;
    let connection = site.connect().await?;
    if !untried {
        let check = test(&connection, &DirectoryTry { directory: None, settings: settings.clone() }).await?;
        if !json {
            told(&check, output)?;
        }
    }
    let added: Directory = connection.post("/v1/directories", Some(&settings)).await?;
    if json {
        return output.json(&added);
    }
    output.line(&format!(
        "The directory {} was added. Let its people in with martello directory admit.",
        added.settings.name
    ))
}

impl Add {
    fn settings(self) -> Outcome<DirectorySettings> {
        let security = if self.starttls { DirectorySecurity::Starttls } else { DirectorySecurity::Ldaps };
        let servers = self.hosts.iter().map(|host| server(host, self.starttls)).collect::<Outcome<_>>()?;
        let authority = self.authority.as_deref().map(authority).transpose()?;
        let password = prompt::password("Password of the account that searches", self.password_stdin)?;
        Ok(DirectorySettings {
            name: self.name,
            kind: self.kind,
            servers,
            security,
            authority,
            certificate_sha256: self.certificate_sha256,
            base: self.base,
            account: self.account,
            password: Some(password.into_inner()),
            login_attribute: self.login_attribute,
            domain: self.domain,
            offline_minutes: self.offline_minutes,
        })
    }
}

/// HOST, HOST:PORT, or [IPV6]:PORT.
fn server(text: &str, starttls: bool) -> Outcome<DirectoryServer> {
    let usual = if starttls { 389 } else { 636 };
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => match text.split_once(':') {
            // More than one colon: an IPv6 address alone.
            Some((_, rest)) if rest.contains(':') => (text, None),
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let wrong = || Failure::usage(format!("{text:?} is no server: HOST or HOST:PORT is expected"));
    let port = port.map_or(Ok(usual), |port| port.parse().map_err(|_| wrong()))?;
    if host.is_empty() || port == 0 {
        return Err(wrong());
    }
    Ok(DirectoryServer { host: host.to_owned(), port })
}

/// Certificates of authorities out of a file.
pub fn authority(path: &Path) -> Outcome<String> {
    let failed = |reason: String| Failure::failed(format!("{}: {reason}", path.display()));
    let length = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?.len();
    if length > MAX_FILE {
        return Err(failed("too large for certificates of authorities".into()));
    }
    std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_read_as_people_write_it() {
        for (text, starttls, host, port) in [
            ("dc1.example.org", false, "dc1.example.org", 636),
            ("dc1.example.org", true, "dc1.example.org", 389),
            ("dc1.example.org:3269", false, "dc1.example.org", 3269),
            ("192.0.2.1:636", false, "192.0.2.1", 636),
            ("2001:db8::1", false, "2001:db8::1", 636),
            ("[2001:db8::1]:1636", false, "2001:db8::1", 1636),
        ] {
            let read = server(text, starttls).unwrap();
            assert_eq!((read.host.as_str(), read.port), (host, port), "{text}");
        }
        for text in ["", ":636", "host:", "host:0", "host:ldaps", "host:70000", "[]:636"] {
            assert!(server(text, false).is_err(), "{text}");
        }
    }
}
