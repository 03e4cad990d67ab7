//! The ready file that scripts wait for, signals, and how a command fails.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde::Serialize;

/// What a service tells scripts when it serves.
#[derive(Default, Serialize)]
pub struct Ready {
    /// The site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<ReadySite>,
    /// The cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud: Option<ReadyCloud>,
    /// The relay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relay: Option<ReadyRelay>,
    /// A site that is served here for this computer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect: Option<ReadyConnect>,
    /// Simulated cameras.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cameras: Vec<ReadyCamera>,
    /// Where simulated cameras are told to fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<String>,
}

/// Where the site is and how to get in.
#[derive(Serialize)]
pub struct ReadySite {
    /// `https://127.0.0.1:PORT`
    pub url: String,
    /// Certificate ID.
    pub certificate_id: String,
    /// SHA-256 of the TLS certificate.
    pub tls_certificate_sha256: String,
    /// Only where it was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Only where it was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Only where it was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// One-time link for the first administrator, while it is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setup_url: Option<String>,
    /// Where administrators of this machine connect without a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_socket: Option<PathBuf>,
}

/// Where the cloud is and how to get in.
#[derive(Serialize)]
pub struct ReadyCloud {
    /// `https://127.0.0.1:PORT`
    pub url: String,
    /// Certificate ID.
    pub certificate_id: String,
    /// SHA-256 of the TLS certificate.
    pub tls_certificate_sha256: String,
    /// One-time code for the first account, while it is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setup_code: Option<String>,
    /// The link that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setup_url: Option<String>,
}

/// Where the relay is.
#[derive(Serialize)]
pub struct ReadyRelay {
    /// `127.0.0.1:PORT`: UDP, TCP and, with a certificate, TLS.
    pub listen: Vec<SocketAddr>,
    /// Where health and metrics are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<SocketAddr>,
}

/// A site that `martello connect` serves.
#[derive(Serialize)]
pub struct ReadyConnect {
    /// `http://SITE.localhost:PORT`
    pub url: String,
    /// Works once, and gives the cookie without which nothing is answered.
    pub link: String,
    /// The site's certificate ID.
    pub certificate_id: String,
}

/// A simulated camera.
#[derive(Serialize)]
pub struct ReadyCamera {
    /// Its name.
    pub name: String,
    /// Its main stream.
    pub rtsp: String,
    /// Its web address.
    pub http: String,
    /// User there.
    pub user: String,
    /// Password there.
    pub password: String,
}

/// Writes the ready file whole: it appears under its name only when complete, readable by its owner only.
pub fn write(path: &Path, ready: &Ready) -> std::io::Result<()> {
    use std::{fs, io::Write, os::unix::fs::OpenOptionsExt};
    let partial = path.with_extension("partial");
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
    file.write_all(&serde_json::to_vec_pretty(ready)?)?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    fs::rename(partial, path)
}

/// Says why in one line; exit code 1.
#[allow(clippy::print_stderr, reason = "a command's own words")]
pub fn fail(reason: &str) -> ExitCode {
    eprintln!("martello: {reason}");
    ExitCode::from(1)
}

/// Tells scripts that the service serves, where they gave a file for it, and waits until it is asked to stop. To be stopped is
/// the caller's part, however this ends.
pub async fn until_stopped(file: Option<&Path>, ready: Ready) -> Result<(), String> {
    if let Some(path) = file {
        write(path, &ready).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    stop_signal().await;
    Ok(())
}

/// The exit code of a service that has ended, and why it did.
pub fn exit(ended: Result<(), String>) -> ExitCode {
    ended.map_or_else(|reason| fail(&reason), |()| ExitCode::SUCCESS)
}

/// Waits for the signal that asks for an orderly stop.
pub async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// An error with all its causes, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
