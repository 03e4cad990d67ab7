//! `martello backup` and `martello restore`: a site's configuration and keys in one file, on the machine where they lie.
//!
//! What is here: arguments, the passphrase, what is printed. What is not here: what a backup is (`site::backup`).

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use model::{Secret, clock::wall_now};
use site::{
    ConfigFile,
    backup::{self, BackupError},
    rotation,
};

use crate::{
    client::prompt,
    ready::{self, chain},
};

/// Which site.
#[derive(clap::Args)]
struct Place {
    /// Directory of the site.
    #[arg(long, env = "MARTELLO_DATA")]
    data: Option<PathBuf>,
    /// Configuration file of the site, which names the directory.
    #[arg(long, env = "MARTELLO_CONFIG")]
    config: Option<PathBuf>,
}

/// Where the site is, and the passphrase.
#[derive(clap::Args)]
struct Asked {
    #[command(flatten)]
    place: Place,
    /// Read the passphrase from the first line of this file.
    #[arg(long, conflicts_with = "passphrase_stdin")]
    passphrase_file: Option<PathBuf>,
    /// Read the passphrase from the first line of stdin.
    #[arg(long)]
    passphrase_stdin: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello backup`.
#[derive(clap::Args)]
pub struct BackupArguments {
    #[command(flatten)]
    asked: Asked,
    /// File to write; it must not be there yet.
    #[arg(long, short)]
    output: PathBuf,
}

/// Arguments of `martello restore`.
#[derive(clap::Args)]
pub struct RestoreArguments {
    /// The backup.
    file: PathBuf,
    #[command(flatten)]
    asked: Asked,
    /// Put a site aside that is there already.
    #[arg(long)]
    force: bool,
    /// Only check the backup and tell what it is of.
    #[arg(long, conflicts_with = "force")]
    check: bool,
}

/// Arguments of `martello site rotate-identity`.
#[derive(clap::Args)]
pub struct RotateArguments {
    #[command(flatten)]
    place: Place,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Takes a backup, also of a site that runs.
#[allow(clippy::print_stdout, reason = "a command's own words")]
pub fn run_backup(arguments: &BackupArguments) -> ExitCode {
    let done = || -> Result<(), String> {
        let data = arguments.asked.place.data()?;
        let passphrase = arguments.asked.passphrase(true)?;
        let manifest = backup::take(&data, &arguments.output, &passphrase, wall_now()).map_err(told)?;
        if arguments.asked.json {
            return print_json(&manifest);
        }
        println!("{} is a backup of {}.", arguments.output.display(), name(&manifest));
        println!("Recordings are not in it. Keep the passphrase apart from it: nobody can open it without.");
        Ok(())
    };
    ended(done())
}

/// Restores a backup.
#[allow(clippy::print_stdout, reason = "a command's own words")]
pub fn run_restore(arguments: &RestoreArguments) -> ExitCode {
    let done = || -> Result<(), String> {
        let passphrase = || arguments.asked.passphrase(false);
        if arguments.check {
            let manifest = backup::look(&arguments.file, &passphrase()?).map_err(told)?;
            if arguments.asked.json {
                return print_json(&manifest);
            }
            println!("{} is whole: a backup of {}.", arguments.file.display(), name(&manifest));
            return Ok(());
        }
        let data = arguments.asked.place.data()?;
        let restored = backup::restore(&arguments.file, &data, &passphrase()?, arguments.force, wall_now())
            .map_err(told)?;
        if arguments.asked.json {
            return print_json(&restored);
        }
        println!("{} is {} again.", data.display(), name(&restored.manifest));
        if let Some(aside) = &restored.put_aside {
            println!("What was there lies in {}.", aside.display());
        }
        if restored.locks > 0 {
            println!("{} locks are brought to the volumes at the next start.", restored.locks);
        }
        println!("Start it on one machine only: two sites with one identity are one to everybody else.");
        Ok(())
    };
    ended(done())
}

/// Gives a site another key.
#[allow(clippy::print_stdout, reason = "a command's own words")]
pub fn run_rotate(arguments: &RotateArguments) -> ExitCode {
    let done = || -> Result<(), String> {
        let data = arguments.place.data()?;
        let question = format!(
            "Give the site in {} another identity? Its certificate ID changes: everybody who has pinned it is asked, and \
             browsers warn once more. The old key is removed, also for good.",
            data.display()
        );
        prompt::sure(&question, arguments.yes).map_err(|failure| failure.to_string())?;
        let rotated = rotation::rotate(&data, wall_now()).map_err(|error| chain(&error))?;
        if arguments.json {
            return print_json(&rotated);
        }
        println!("The site {} goes on with another key.", rotated.site);
        println!("Certificate ID   {}", rotated.to);
        println!("before           {}", rotated.from);
        println!("Take a backup now: those that were taken before have the old key.");
        Ok(())
    };
    ended(done())
}

impl Place {
    fn data(&self) -> Result<PathBuf, String> {
        if let Some(data) = &self.data {
            return Ok(data.clone());
        }
        let Some(config) = &self.config else {
            return Err("which site? give --data DIR, or --config FILE".into());
        };
        let file = ConfigFile::read(config).map_err(|error| chain(&error))?;
        file.data.ok_or_else(|| format!("{} names no data directory", config.display()))
    }
}

impl Asked {
    fn passphrase(&self, new: bool) -> Result<Secret<String>, String> {
        match &self.passphrase_file {
            Some(path) => first_line(path),
            None => {
                let ask = if new { prompt::new_password } else { prompt::password };
                ask("Passphrase of the backup", self.passphrase_stdin).map_err(|failure| failure.to_string())
            }
        }
    }
}

fn first_line(path: &Path) -> Result<Secret<String>, String> {
    use std::io::Read;
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut text = String::new();
    std::fs::File::open(path).map_err(failed)?.take(4096).read_to_string(&mut text).map_err(failed)?;
    Ok(Secret::new(text.lines().next().unwrap_or_default().to_owned()))
}

fn name(manifest: &backup::Manifest) -> String {
    format!("the site \"{}\" ({}), made {}", manifest.name, manifest.certificate_id, manifest.made)
}

fn told(error: BackupError) -> String {
    chain(&error)
}

#[allow(clippy::print_stdout, reason = "a command's own words")]
fn print_json(value: &impl serde::Serialize) -> Result<(), String> {
    println!("{}", serde_json::to_string_pretty(value).map_err(|error| error.to_string())?);
    Ok(())
}

fn ended(done: Result<(), String>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => ready::fail(&reason),
    }
}
