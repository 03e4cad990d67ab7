//! `martello site fsck` and `martello verify`: recordings on disk, checked without a running site.
//!
//! What is here: arguments, whose signatures count, what is printed. What is not here: the checks (the archive crate).

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitCode,
};

use archive::{
    Dir, Disk, Purpose, Verifier,
    fsck::{Check, Report, fsck},
    proof,
};
use serde::Serialize;
use trust::{CertificateId, Identity, PublicIdentity};

use crate::ready;

/// Arguments of `martello site fsck`.
#[derive(clap::Args)]
pub struct FsckArguments {
    /// Directory of the site, or of one volume.
    #[arg(long, env = "MARTELLO_DATA")]
    data: PathBuf,
    /// Change nothing.
    #[arg(long)]
    check: bool,
    /// Read every byte and check every value of the hash chain.
    #[arg(long)]
    deep: bool,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `martello verify`.
#[derive(clap::Args)]
pub struct VerifyArguments {
    /// Segment files of a volume.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Only this site's signature counts.
    #[arg(long, env = "MARTELLO_CERTIFICATE_ID")]
    certificate_id: Option<CertificateId>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Accepts signatures of one site, or of whoever the file names.
struct Signatures(Option<CertificateId>);

impl Verifier for Signatures {
    fn holds(&self, public_key: &[u8], purpose: Purpose, statement: &[u8], signature: &[u8]) -> bool {
        let (Ok(identity), Ok(signature)) =
            (PublicIdentity::from_spki_der(public_key), trust::Signature::from_der(signature))
        else {
            return false;
        };
        if self.0.is_some_and(|expected| expected != identity.certificate_id()) {
            return false;
        }
        match purpose {
            Purpose::SegmentTrailer => identity.verify_segment(statement, &signature).is_ok(),
            Purpose::JournalEntry => identity.verify_journal(statement, &signature).is_ok(),
        }
    }
}

/// Checks a volume, and repairs it unless told not to; exit code 0 when it is sound afterwards.
pub fn run_fsck(arguments: &FsckArguments) -> ExitCode {
    let volume = volume_of(&arguments.data);
    let signatures = Signatures(own_id(&arguments.data));
    let verifier: Option<&dyn Verifier> = Some(&signatures);
    let check = Check { check_only: arguments.check, deep: arguments.deep, verifier };
    let (disk, check, running) = match open(&volume, check) {
        Ok(opened) => opened,
        Err(error) => return ready::fail(&format!("cannot open {}: {error}", volume.display())),
    };
    match fsck(&disk, check) {
        Ok(report) => {
            print_fsck(&report, running, arguments.json);
            if report.sound { ExitCode::SUCCESS } else { ExitCode::from(1) }
        }
        Err(error) => ready::fail(&ready::chain(&error)),
    }
}

/// A volume that is being written is only looked at.
fn open<'a>(volume: &Path, check: Check<'a>) -> io::Result<(Dir, Check<'a>, bool)> {
    if check.check_only {
        return Ok((Dir::open_for_reading(volume)?, check, false));
    }
    match Dir::open(volume) {
        Ok(disk) => Ok((disk, check, false)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            Ok((Dir::open_for_reading(volume)?, Check { check_only: true, ..check }, true))
        }
        Err(error) => Err(error),
    }
}

fn volume_of(data: &Path) -> PathBuf {
    let recordings = data.join("recordings");
    if recordings.is_dir() { recordings } else { data.to_owned() }
}

/// The certificate ID of the site that this directory belongs to.
fn own_id(data: &Path) -> Option<CertificateId> {
    let pem = std::fs::read_to_string(data.join("identity.key")).ok()?;
    Identity::from_pem(&pem).ok().map(|identity| identity.certificate_id())
}

#[allow(clippy::print_stdout, reason = "a command's own words")]
fn print_fsck(report: &Report, running: bool, json: bool) {
    if json {
        println!("{}", serde_json::to_string_pretty(report).unwrap_or_default());
        return;
    }
    if running {
        println!("The site is running: nothing is repaired, only looked at.");
    }
    println!(
        "{} segments, {} bytes, {} still open or left open",
        report.segments, report.bytes, report.unsealed
    );
    println!("{} deleted by retention or by people, {} locks", report.deleted, report.locks);
    for recovered in &report.repaired.recovered {
        println!("repaired  {recovered:?}");
    }
    for missing in &report.missing {
        println!("MISSING   {}: {}", missing.path, missing.what);
    }
    for problem in &report.problems {
        println!("PROBLEM   {}: {}", problem.path, problem.what);
    }
    println!("{}", if report.sound { "The volume is sound." } else { "The volume is not sound." });
}

#[derive(Serialize)]
struct Verified {
    file: String,
    holds: bool,
    #[serde(flatten)]
    proof: proof::Proof,
}

/// Checks segment files; exit code 0 when every byte of every one is what the site recorded and sealed.
#[allow(clippy::print_stdout, reason = "a command's own words")]
pub fn run_verify(arguments: &VerifyArguments) -> ExitCode {
    let signatures = Signatures(arguments.certificate_id);
    let mut all = Vec::new();
    for file in &arguments.files {
        match verify(file, &signatures) {
            Ok(verified) => all.push(verified),
            Err(error) => return ready::fail(&format!("cannot read {}: {error}", file.display())),
        }
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&all).unwrap_or_default());
    } else {
        for Verified { file, holds, proof } in &all {
            let verdict = if *holds { "holds" } else { "DOES NOT HOLD" };
            println!(
                "{verdict}: {file}: {} fragments, {} bytes, signature {:?}",
                proof.sound_fragments, proof.sound_bytes, proof.signature
            );
            for problem in &proof.problems {
                println!("  {problem}");
            }
        }
        if arguments.certificate_id.is_none() {
            println!("Any site's signature was taken. Give --certificate-id to take only yours.");
        }
        println!(
            "Whoever has the site's key could have written these files anew; a copy of the key is in backups only."
        );
    }
    if all.iter().all(|verified| verified.holds) { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

fn verify(file: &Path, signatures: &Signatures) -> io::Result<Verified> {
    let directory = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let name = file
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no file name"))?;
    let opened = Dir::open_for_reading(directory)?.open(name)?;
    let proof = proof::verify(&opened, Some(signatures))?;
    let holds = proof.problems.is_empty() && proof.sealed && proof.signature == proof::Signature::Holds;
    Ok(Verified { file: file.display().to_string(), holds, proof })
}
