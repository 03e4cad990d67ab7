//! `martello certificate`: the TLS certificate that a site serves. Programs that pinned the site's certificate ID go on
//! whichever it is: the site endorses it.

use std::path::{Path, PathBuf};

use api::certificate::{Certificate, CertificateKind, NewCertificate};

use super::{Failure, Outcome, connection::Connection, output::Output, target::SiteArguments};

/// No file of a certificate or a key is larger.
const MAX_FILE: u64 = 64 << 10;

/// What is done with the certificate.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Show the certificate that is served.
    Show(Asked),
    /// Serve a certificate of your own from now on, without a restart.
    Install(Install),
    /// Make the site's own certificate anew, with the names and addresses that the machine has now.
    Renew(Asked),
    /// Forget the installed certificate, and serve the site's own again.
    Remove(Asked),
}

/// Arguments of all of them.
#[derive(clap::Args)]
pub struct Asked {
    #[command(flatten)]
    site: SiteArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello certificate install`.
#[derive(clap::Args)]
pub struct Install {
    #[command(flatten)]
    asked: Asked,
    /// PEM file of the certificate and of those that sign it, such as `fullchain.pem`.
    #[arg(long)]
    chain: PathBuf,
    /// PEM file of its private key, not encrypted, such as `privkey.pem`.
    #[arg(long)]
    key: PathBuf,
}

pub(super) async fn run(command: Command, output: &mut Output) -> Outcome {
    const PATH: &str = "/v1/certificate";
    let (certificate, json): (Certificate, bool) = match command {
        Command::Show(asked) => (asked.connect().await?.get(PATH, &[]).await?, asked.json),
        Command::Install(Install { asked, chain, key }) => {
            let new = NewCertificate { chain_pem: read(&chain)?, key_pem: read(&key)? };
            (asked.connect().await?.put(PATH, &new).await?, asked.json)
        }
        Command::Renew(asked) => {
            let path = format!("{PATH}/renew");
            (asked.connect().await?.post(&path, None::<&()>).await?, asked.json)
        }
        Command::Remove(asked) => {
            let connection = asked.connect().await?;
            connection.delete(PATH).await?;
            (connection.get(PATH, &[]).await?, asked.json)
        }
    };
    if json { output.json(&certificate) } else { show(&certificate, output) }
}

impl Asked {
    async fn connect(&self) -> Outcome<Connection> {
        self.site.connect().await
    }
}

fn show(certificate: &Certificate, output: &mut Output) -> Outcome {
    let kind = match certificate.kind {
        CertificateKind::SelfMade => "made by the site",
        CertificateKind::Installed => "installed",
    };
    let trusted = if certificate.publicly_trusted { "yes" } else { "no" };
    output.table(
        ["WHAT", "VALUE"],
        &[
            ["certificate", kind].map(str::to_owned),
            ["issuer", &certificate.issuer].map(str::to_owned),
            ["SHA-256", &certificate.sha256].map(str::to_owned),
            ["certificate ID", &certificate.certificate_id].map(str::to_owned),
            ["names", &certificate.names.join(", ")].map(str::to_owned),
            ["from", &certificate.not_before.to_string()].map(str::to_owned),
            ["until", &certificate.not_after.to_string()].map(str::to_owned),
            ["publicly trusted", trusted].map(str::to_owned),
            ["trouble", certificate.trouble.as_deref().unwrap_or("none")].map(str::to_owned),
        ],
    )
}

fn read(path: &Path) -> Outcome<String> {
    let failed = |reason: String| Failure::failed(format!("{}: {reason}", path.display()));
    let length = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?.len();
    if length > MAX_FILE {
        return Err(failed("this is no certificate or key: it is too large".into()));
    }
    std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))
}
