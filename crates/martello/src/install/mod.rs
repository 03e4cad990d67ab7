//! `martello install site` and `martello uninstall site`: the site server as a service of this computer.
//!
//! What is here: which files are written where, and what is asked of systemd. What is not here: the Debian package, which lays
//! the same files (`packaging`) by the hands of dpkg. Recordings and keys are never removed.

mod system;

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::ready::{self, chain};
use system::System;

const UNIT: &str = include_str!("../../../../packaging/martello-site.service");
const USER: &str = include_str!("../../../../packaging/martello.sysusers");
const CONFIG: &str = include_str!("../../../../packaging/site.toml");

const UNIT_NAME: &str = "martello-site.service";
const UNIT_PATH: &str = "etc/systemd/system/martello-site.service";
const WANTED_PATH: &str = "etc/systemd/system/multi-user.target.wants/martello-site.service";
const USER_PATH: &str = "etc/sysusers.d/martello.conf";
const CONFIG_PATH: &str = "etc/martello/site.toml";
const PROGRAM_PATH: &str = "usr/local/bin/martello";
/// Where the Debian package puts the program, and where the unit expects it unless told otherwise.
const PACKAGED: &str = "/usr/bin/martello";
/// Where the site keeps everything, as the configuration file that is written here says.
const DATA: &str = "/var/lib/martello";

/// What is installed.
#[derive(Clone, Copy, clap::Subcommand)]
pub enum What {
    /// The site server: its own user, directories, a hardened systemd unit, started at once and at every start of the computer.
    Site,
}

/// Arguments of both commands.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
    /// Write below this directory instead of this computer's own (to make an image); nothing is started.
    #[arg(long, global = true)]
    root: Option<PathBuf>,
    /// Do not start the service now.
    #[arg(long, global = true)]
    no_start: bool,
}

/// Why it is not installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// Nobody may do this.
    #[error("this changes the computer: run it as root (sudo martello install site), or give --root DIR")]
    NotRoot,
    /// The package does this.
    #[error("the Debian package has installed the site: use apt, and systemctl for the service")]
    Packaged,
    /// A file cannot be written or removed.
    #[error("{path}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A command of the system failed.
    #[error("`{command}` failed: {said}")]
    Command {
        /// Which.
        command: String,
        /// What it said.
        said: String,
    },
}

/// Installs.
pub fn run(arguments: &Arguments) -> ExitCode {
    let What::Site = arguments.what;
    ended(install(&System::of(arguments.root.as_deref()), arguments.no_start))
}

/// Uninstalls.
pub fn run_uninstall(arguments: &Arguments) -> ExitCode {
    let What::Site = arguments.what;
    ended(uninstall(&System::of(arguments.root.as_deref())))
}

/// Prints what was done, or says why it was not.
#[allow(clippy::print_stdout, reason = "a command's own words")]
fn ended(done: Result<Vec<String>, InstallError>) -> ExitCode {
    match done {
        Ok(lines) => {
            for line in lines {
                println!("{line}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => ready::fail(&chain(&error)),
    }
}

fn install(system: &System, no_start: bool) -> Result<Vec<String>, InstallError> {
    system.may_change()?;
    if system.at("usr/lib/systemd/system/martello-site.service").exists() {
        return Err(InstallError::Packaged);
    }
    let program =
        std::env::current_exe().map_err(|source| InstallError::File { path: "martello".into(), source })?;
    let to = system.at(PROGRAM_PATH);
    if program != to {
        copy(&program, &to)?;
    }
    let mut lines = vec![format!("program        {}", to.display())];
    write(&system.at(USER_PATH), USER)?;
    write(&system.at(UNIT_PATH), &UNIT.replace(PACKAGED, "/usr/local/bin/martello"))?;
    let config = system.at(CONFIG_PATH);
    if config.exists() {
        lines.push(format!("configuration  {} (was there, stays)", config.display()));
    } else {
        write(&config, CONFIG)?;
        lines.push(format!("configuration  {}", config.display()));
    }
    lines.push(format!("recordings     {DATA}"));
    if !system.is_own() {
        link(Path::new("/").join(UNIT_PATH).as_path(), &system.at(WANTED_PATH))?;
        lines.push(format!(
            "service        {UNIT_NAME}: starts when this system does, and makes its user then"
        ));
        return Ok(lines);
    }
    system.make_user(USER_PATH)?;
    if !system.runs_systemd() {
        link(Path::new("/").join(UNIT_PATH).as_path(), &system.at(WANTED_PATH))?;
        system.make_data(DATA)?;
        lines.push(format!(
            "service        {UNIT_NAME} is written and enabled, but systemd does not run here"
        ));
        lines.push(format!(
            "start it by    runuser -u martello -- /usr/local/bin/martello site --config /{CONFIG_PATH}"
        ));
        return Ok(lines);
    }
    system.systemctl(&["daemon-reload"])?;
    system.systemctl(&["enable", UNIT_NAME])?;
    if no_start {
        lines.push(format!("start it by    systemctl start {UNIT_NAME}"));
    } else {
        system.systemctl(&["restart", UNIT_NAME])?;
        lines.push(format!("service        {UNIT_NAME} is running"));
    }
    lines.push(format!("setup link     journalctl -u {UNIT_NAME} | grep setup"));
    Ok(lines)
}

fn uninstall(system: &System) -> Result<Vec<String>, InstallError> {
    system.may_change()?;
    if system.at("usr/lib/systemd/system/martello-site.service").exists() {
        return Err(InstallError::Packaged);
    }
    if system.is_own() && system.runs_systemd() && system.at(UNIT_PATH).exists() {
        system.systemctl(&["disable", "--now", UNIT_NAME])?;
    }
    for path in [WANTED_PATH, UNIT_PATH, USER_PATH, PROGRAM_PATH] {
        remove(&system.at(path))?;
    }
    if system.is_own() && system.runs_systemd() {
        system.systemctl(&["daemon-reload"])?;
    }
    let data = data(&system.at(CONFIG_PATH)).unwrap_or_else(|| PathBuf::from(DATA));
    Ok(vec![
        "The site server is removed.".into(),
        format!(
            "Recordings, database and keys are kept in {}; volumes elsewhere are untouched too.",
            data.display()
        ),
        format!(
            "The configuration is kept in /{CONFIG_PATH}, and the user martello stays the owner of both."
        ),
    ])
}

/// The data directory that the configuration names.
fn data(config: &Path) -> Option<PathBuf> {
    site::ConfigFile::read(config).ok()?.data
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> InstallError + '_ {
    move |source| InstallError::File { path: path.to_owned(), source }
}

fn parents(path: &Path) -> Result<(), InstallError> {
    path.parent().map_or(Ok(()), |parent| fs::create_dir_all(parent).map_err(failed(parent)))
}

/// Writes the file whole, readable by all.
fn write(path: &Path, text: &str) -> Result<(), InstallError> {
    parents(path)?;
    let draft = path.with_extension("new");
    fs::write(&draft, text).map_err(failed(&draft))?;
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o644)).map_err(failed(&draft))?;
    fs::rename(&draft, path).map_err(failed(path))
}

/// Copies the program; one that runs is not overwritten but replaced.
fn copy(from: &Path, to: &Path) -> Result<(), InstallError> {
    parents(to)?;
    let draft = to.with_extension("new");
    fs::copy(from, &draft).map_err(failed(&draft))?;
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)).map_err(failed(&draft))?;
    fs::rename(&draft, to).map_err(failed(to))
}

/// What `systemctl enable` does, where there is no systemd to ask.
fn link(to: &Path, path: &Path) -> Result<(), InstallError> {
    parents(path)?;
    remove(path)?;
    std::os::unix::fs::symlink(to, path).map_err(failed(path))
}

fn remove(path: &Path) -> Result<(), InstallError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(InstallError::File { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}
