//! The computer that is installed to: this one, or a directory that becomes one. Users, systemd, and who may change it.

use std::{
    fs,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{InstallError, failed};

/// Where it is installed.
pub struct System {
    root: PathBuf,
    own: bool,
}

impl System {
    /// Below this directory; without one, this computer itself.
    pub fn of(root: Option<&Path>) -> Self {
        Self { root: root.unwrap_or(Path::new("/")).to_owned(), own: root.is_none() }
    }

    /// A path of it.
    pub fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Whether it is this computer itself.
    pub const fn is_own(&self) -> bool {
        self.own
    }

    /// Only root changes this computer.
    pub fn may_change(&self) -> Result<(), InstallError> {
        // What /proc says belongs to whom the process is.
        let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
        if self.own && !is_root { Err(InstallError::NotRoot) } else { Ok(()) }
    }

    /// Whether systemd is what started this computer (sd_booted(3)).
    pub fn runs_systemd(&self) -> bool {
        Path::new("/run/systemd/system").is_dir()
    }

    /// Makes the user and the group of the file of sysusers.d(5), as far as they are not there; where there is no
    /// systemd-sysusers, by useradd and groupadd.
    pub fn make_user(&self, file: &str) -> Result<(), InstallError> {
        match run(Command::new("systemd-sysusers").arg(self.at(file))) {
            Err(InstallError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
            done => return done,
        }
        if !exists("group", site::MACHINE_GROUP) {
            run(Command::new("groupadd").args(["--system", site::MACHINE_GROUP]))?;
        }
        if exists("passwd", "martello") {
            return Ok(());
        }
        run(Command::new("useradd").args([
            "--system",
            "--user-group",
            "--home-dir",
            super::DATA,
            "--shell",
            "/usr/sbin/nologin",
            "martello",
        ]))
    }

    /// Makes the data directory as systemd would.
    pub fn make_data(&self, data: &str) -> Result<(), InstallError> {
        let path = Path::new(data);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed(path))?;
        run(Command::new("chown").args(["martello:martello", data]))
    }

    /// Asks systemd for something.
    pub fn systemctl(&self, arguments: &[&str]) -> Result<(), InstallError> {
        run(Command::new("systemctl").args(arguments))
    }
}

/// Whether the operating system knows an account (`passwd`) or a group (`group`) of this name.
fn exists(database: &str, name: &str) -> bool {
    Command::new("getent")
        .args([database, name])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn run(command: &mut Command) -> Result<(), InstallError> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| InstallError::File { path: name.clone().into(), source })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let words: Vec<_> = command.get_args().map(|one| one.to_string_lossy().into_owned()).collect();
    Err(InstallError::Command { command: format!("{name} {}", words.join(" ")), said })
}
