//! `martello site fsck` and `martello verify`: recordings on disk, checked without a running site.
//!
//! What is here: arguments, whose signatures count, what is printed. What is not here: the checks (the crates `archive`
//! and `evidence`).
//!
//! Exit codes: 0 what was asked about is sound (fsck: afterwards), 1 it is not, or cannot be read, 2 wrong usage.

use std::{
    fs::File,
    io::{self, BufReader},
    path::{Path, PathBuf},
    process::ExitCode,
};

use archive::{
    Dir, Disk, Verifier,
    fsck::{Check, Report, fsck},
    proof,
};
use evidence::{OnDisk, Signatures};
use serde::Serialize;
use trust::{CertificateId, Identity, Lineage};

use crate::{client::evidence_of, ready};

/// A segment lies so far below its volume, itself counted: stream, day, volume.
const ABOVE: usize = 4;
/// No list of rotations is longer, in bytes.
const MAX_ROTATIONS: u64 = 64 << 10;
/// What no check can show; the reports say so.
const KEY_OWNER: &str = "Whoever has the site's private key could have written these recordings anew and signed them. \
    Hourly roots that were countersigned elsewhere would tell.";

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
    /// Exported files (their evidence lies beside them), segment files, or directories of volumes.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Evidence of an exported file, where it lies elsewhere.
    #[arg(long)]
    evidence: Option<PathBuf>,
    /// Only this site's signature counts.
    #[arg(long, env = "MARTELLO_CERTIFICATE_ID")]
    certificate_id: Option<CertificateId>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// The report of `fsck`, as JSON.
#[derive(Serialize)]
struct Checked<'a> {
    /// The site was running: nothing was repaired.
    running: bool,
    #[serde(flatten)]
    report: &'a Report,
    limits: [&'static str; 1],
}

/// Checks a volume, and repairs it unless told not to; exit code 0 when it is sound afterwards.
pub fn run_fsck(arguments: &FsckArguments) -> ExitCode {
    let volume = volume_of(&arguments.data);
    let signatures = signatures_of(&arguments.data, &volume);
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

/// Whose signatures count in this directory: its site's, where its key is there; else what lies on the volume itself says
/// which keys are one site's.
fn signatures_of(data: &Path, volume: &Path) -> Signatures {
    let pem = std::fs::read_to_string(data.join("identity.key")).ok();
    match pem.and_then(|pem| Identity::from_pem(&pem).ok()) {
        Some(own) => Signatures { expected: Some(own.certificate_id()), lineage: own.lineage().clone() },
        None => Signatures { expected: None, lineage: lineage_at(volume) },
    }
}

/// The rotations that a site has laid on its volume, looked for from a file or directory of the volume upwards.
fn lineage_at(path: &Path) -> Lineage {
    let mut places = path.ancestors().take(ABOVE).map(|place| place.join(site::ROTATIONS));
    let read = |path: PathBuf| -> Option<Lineage> {
        let file = File::open(path).ok()?;
        serde_json::from_reader(io::Read::take(file, MAX_ROTATIONS)).ok()
    };
    places.find_map(read).unwrap_or_default()
}

#[allow(clippy::print_stdout, reason = "a command's own words")]
fn print_fsck(report: &Report, running: bool, json: bool) {
    if json {
        let checked = Checked { running, report, limits: [KEY_OWNER] };
        println!("{}", serde_json::to_string_pretty(&checked).unwrap_or_default());
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
    print_former(report);
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
    println!("{KEY_OWNER}");
}

/// Who signed what besides the site that has the volume, and what does not count.
#[allow(clippy::print_stdout, reason = "a command's own words")]
fn print_former(report: &Report) {
    for former in &report.former {
        println!(
            "{} signatures are of site {}, which had the volume before it was adopted",
            former.signatures, former.site
        );
    }
    if report.void > 0 {
        println!(
            "{} runs have an end that was written again on another volume and does not count here",
            report.void
        );
    }
}

/// What was checked.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Verified {
    /// A segment of a volume.
    Segment {
        file: String,
        holds: bool,
        #[serde(flatten)]
        proof: Box<proof::Proof>,
        limits: [&'static str; 1],
    },
    /// An exported file with its evidence.
    Export {
        file: String,
        #[serde(flatten)]
        report: Box<evidence::Report>,
    },
    /// A whole volume.
    Volume {
        file: String,
        holds: bool,
        #[serde(flatten)]
        report: Box<Report>,
        limits: [&'static str; 1],
    },
}

/// Checks files and volumes; exit code 0 when every byte of every one is what the site recorded.
#[allow(clippy::print_stdout, reason = "a command's own words")]
pub fn run_verify(arguments: &VerifyArguments) -> ExitCode {
    if arguments.evidence.is_some() && arguments.files.len() != 1 {
        let _ = ready::fail("--evidence goes with one file");
        return ExitCode::from(2);
    }
    let mut all = Vec::new();
    for file in &arguments.files {
        match verify(file, arguments.evidence.as_deref(), arguments.certificate_id) {
            Ok(verified) => all.push(verified),
            Err(error) => return ready::fail(&format!("cannot read {}: {error}", file.display())),
        }
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&all).unwrap_or_default());
    } else {
        for verified in &all {
            print_verified(verified);
        }
        if arguments.certificate_id.is_none() {
            println!("Any site's signature was taken. Give --certificate-id to take only yours.");
        }
        println!("{KEY_OWNER}");
    }
    if all.iter().all(Verified::holds) { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

impl Verified {
    fn holds(&self) -> bool {
        match self {
            Self::Segment { holds, .. } | Self::Volume { holds, .. } => *holds,
            Self::Export { report, .. } => report.holds,
        }
    }
}

#[allow(clippy::print_stdout, reason = "a command's own words")]
fn print_verified(verified: &Verified) {
    let verdict = if verified.holds() { "holds" } else { "DOES NOT HOLD" };
    match verified {
        Verified::Segment { file, proof, .. } => {
            println!(
                "{verdict}: {file}: {} fragments, {} bytes, signature {:?}",
                proof.sound_fragments, proof.sound_bytes, proof.signature
            );
            proof.problems.iter().for_each(|problem| println!("  {problem}"));
        }
        Verified::Volume { file, report, .. } => {
            println!("{verdict}: {file}: {} segments, {} bytes", report.segments, report.bytes);
            print_former(report);
            for problem in report.missing.iter().chain(&report.problems) {
                println!("  {}: {}", problem.path, problem.what);
            }
        }
        Verified::Export { file, report } => print_export(verdict, file, report),
    }
}

#[allow(clippy::print_stdout, reason = "a command's own words")]
fn print_export(verdict: &str, file: &str, report: &evidence::Report) {
    println!(
        "{verdict}: {file}: {} pictures from {} segments, {} of them sealed when they were recorded",
        report.frames, report.segments, report.sealed_segments
    );
    for camera in &report.cameras {
        let (from, to) = (time(camera.from), time(camera.to));
        println!("  {} ({}): pictures from {from} to {to}", plain(&camera.name), camera.id);
        for left_out in &camera.left_out {
            println!("    {left_out:?} was recorded and is not in the file");
        }
        for gap in &camera.gaps {
            let known = if gap.proved { "the chain goes on without it" } else { "by the word of the site" };
            println!("    nothing was recorded from {} to {} ({known})", gap.from, gap.to);
        }
    }
    if let Some(exported) = report.exported {
        let by = report.by.as_deref().map(|by| format!(" by {}", plain(by))).unwrap_or_default();
        println!("  exported {exported}{by}; the manifest's signature: {:?}", report.signature);
    }
    if let Some(key) = report.site_key {
        println!("  signed by {key}: compare it with the certificate ID of the site");
    }
    report.problems.iter().for_each(|problem| println!("  PROBLEM: {problem}"));
    report.limits.iter().skip(1).for_each(|limit| println!("  {limit}"));
}

fn time(at: Option<model::WallTime>) -> String {
    at.map_or_else(|| "?".to_owned(), |at| at.to_string())
}

/// Names come from other people's files: a terminal must not obey them.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn verify(path: &Path, evidence: Option<&Path>, expected: Option<CertificateId>) -> io::Result<Verified> {
    let file = path.display().to_string();
    if path.is_dir() {
        let volume = volume_of(path);
        let disk = Dir::open_for_reading(&volume)?;
        let signatures = Signatures { expected, lineage: lineage_at(&volume) };
        let check = Check { check_only: true, deep: true, verifier: Some(&signatures) };
        let report = fsck(&disk, check).map_err(|error| io::Error::other(ready::chain(&error)))?;
        let (holds, report) = (report.sound, Box::new(report));
        return Ok(Verified::Volume { file, holds, report, limits: [KEY_OWNER] });
    }
    let side = evidence.map_or_else(|| evidence_of(path), Path::to_owned);
    if evidence.is_some() || side.exists() {
        let source = OnDisk(File::open(path)?);
        let mut side = BufReader::with_capacity(1 << 20, File::open(side)?);
        let report = evidence::verify(&source, &mut side, expected, &mut |_| true)?;
        return Ok(Verified::Export { file, report: Box::new(report) });
    }
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no file name"))?;
    let opened = Dir::open_for_reading(directory)?.open(name)?;
    let lineage = lineage_at(&std::path::absolute(directory)?);
    let signatures = Signatures { expected, lineage };
    let proof = Box::new(proof::verify(&opened, Some(&signatures))?);
    let holds = proof.problems.is_empty() && proof.sealed && proof.signature == proof::Signature::Holds;
    Ok(Verified::Segment { file, holds, proof, limits: [KEY_OWNER] })
}
