//! Checks an export against its evidence: no server, no volume, no network.
//!
//! Two things can vouch for a frame: the seal that the site put under the segment when it was recorded, and the manifest
//! that it signed when it exported. Every fragment's link is computed from the bytes in the file, so a changed byte of
//! any frame breaks the chain up to the seal; every other byte of the file is in the manifest's digest.
//!
//! What is not here: printing; whose certificate ID is the right one (whoever asks must know it).

mod report;
mod segment;

use std::io::{self, BufRead, Read as _};

use archive::Verifier as _;
use model::TrackKind;
use trust::{CertificateId, PublicIdentity};

pub use report::{Camera, CheckedGap, Report, Signature};
use segment::Chains;

use crate::{
    CameraEntry, Line, Manifest, Signatures, Signed, Watch,
    evidence::{FORMAT, MAX_LINE},
    file::{Opened, ReadAt, Unreadable},
    plan::Container,
};

/// Checks a file against its evidence. With `expected`, a certificate ID that the site has or had, only that site's
/// signatures count. An error is the disk's; all
/// else is in the report.
///
/// # Errors
/// Reading failed.
pub fn verify<R: ReadAt<Error = io::Error>>(
    file: &R,
    evidence: &mut dyn BufRead,
    expected: Option<CertificateId>,
    watch: &mut Watch<'_>,
) -> io::Result<Report> {
    let mut report = Report::default();
    let (container, lineage) = match read_line(evidence)? {
        Ok(Line::Evidence { format: FORMAT, container, rotations }) => (container, rotations),
        Ok(Line::Evidence { format, .. }) => {
            report.problems.push(format!("the evidence has format {format}; this release reads {FORMAT}"));
            return Ok(report);
        }
        Ok(_) | Err(_) => {
            report.problems.push("the evidence does not begin as evidence".to_owned());
            return Ok(report);
        }
    };
    let mut opened = match Opened::open(file, container) {
        Ok(opened) => opened,
        Err(Unreadable::Io(error)) => return Err(error),
        Err(Unreadable::Malformed(what)) => {
            report.problems.push(format!("the file cannot be read: {what}"));
            return Ok(report);
        }
    };
    report.bytes = opened.bytes;
    let mut chains = Chains::new(container, Signatures { expected, lineage });
    let signed = loop {
        match read_line(evidence)? {
            Ok(Line::Segment(segment)) => chains.check(file, &mut opened, &segment, watch)?,
            Ok(Line::Manifest(signed)) => break Some(signed),
            Ok(Line::Evidence { .. }) => report.problems.push("the evidence begins twice".to_owned()),
            Err(what) => {
                report.problems.push(format!("the evidence cannot be read: {what}"));
                break None;
            }
        }
    };
    if !matches!(read_line(evidence)?, Err(End::Nothing)) && signed.is_some() {
        report.problems.push("there is something after the end of the evidence".to_owned());
    }
    report.problems.append(&mut chains.problems);
    match opened.rest(file) {
        Ok(what) => report.problems.extend(what.map(str::to_owned)),
        Err(Unreadable::Io(error)) => return Err(error),
        Err(Unreadable::Malformed(what)) => report.problems.push(format!("the file cannot be read: {what}")),
    }
    report.frames = chains.frames;
    report.segments = chains.segments.len();
    report.sealed_segments = chains.sealed;
    if let Some(signed) = signed {
        check_manifest(&mut report, &signed, &opened, &chains, container);
    }
    chains.check_keys(&mut report);
    report.judge();
    Ok(report)
}

/// Why there is no line.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("it ends")]
    Nothing,
    #[error("a line is too long")]
    TooLong,
    #[error("{0}")]
    Malformed(#[from] serde_json::Error),
}

fn read_line(evidence: &mut dyn BufRead) -> io::Result<Result<Line, End>> {
    let mut line = Vec::new();
    evidence.take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line)?;
    Ok(if line.is_empty() {
        Err(End::Nothing)
    } else if line.len() > MAX_LINE {
        Err(End::TooLong)
    } else {
        serde_json::from_slice(&line).map_err(End::from)
    })
}

/// Whose signature holds over the manifest's text.
fn signer(signed: &Signed, signatures: &Signatures) -> (Signature, Option<CertificateId>) {
    let (Some(key), Some(signature)) = (&signed.public_key, &signed.signature) else {
        return (Signature::Missing, None);
    };
    let identity = PublicIdentity::from_spki_der(&key.0).ok();
    let signature = trust::Signature::from_der(&signature.0).ok();
    let (Some(identity), Some(signature)) = (identity, signature) else { return (Signature::Broken, None) };
    let id = identity.certificate_id();
    let holds = identity.verify_export(signed.manifest.as_bytes(), &signature).is_ok();
    let holds = holds && signatures.count(id);
    (if holds { Signature::Holds } else { Signature::Broken }, Some(id))
}

fn check_manifest(
    report: &mut Report,
    signed: &Signed,
    opened: &Opened,
    chains: &Chains,
    container: Container,
) {
    let (expected, lineage) = (chains.signatures.expected, &chains.signatures.lineage);
    let (signature, id) = signer(signed, &chains.signatures);
    report.signature = signature;
    report.signed_by = id;
    if signature == Signature::Broken {
        report.problems.push(match (expected, id) {
            (Some(expected), Some(id)) if !chains.signatures.count(id) => {
                format!("the manifest is signed by {id}, not by {expected}")
            }
            _ => "the manifest's signature does not hold".to_owned(),
        });
    }
    let manifest: Manifest = match serde_json::from_str(&signed.manifest) {
        Ok(manifest) => manifest,
        Err(error) => {
            report.problems.push(format!("the manifest cannot be read: {error}"));
            return;
        }
    };
    let mut demand = |holds: bool, what: &str| {
        if !holds {
            report.problems.push(what.to_owned());
        }
    };
    demand(manifest.format == FORMAT, "the manifest has another format");
    demand(manifest.container == container, "the manifest is that of another kind of file");
    demand(manifest.bytes == opened.bytes, "the file is not as long as the manifest says");
    demand(manifest.structure.0 == opened.structure(), "the file's structure is not what the manifest says");
    demand(manifest.segments == chains.segments, "the segments are not those of the manifest");
    demand(chains.sites.iter().all(|site| *site == manifest.site), "a segment is another site's");
    demand(
        id.is_none_or(|id| lineage.site_of(id) == manifest.site),
        "the manifest is signed by another site than the one that recorded",
    );
    let whose: Vec<_> = manifest.cameras.iter().map(|camera| (camera.id, camera.stream)).collect();
    demand(
        chains.whose.iter().all(|(camera, key)| whose.get(*camera) == Some(&(key.camera, key.kind))),
        "a segment is another camera's than the manifest says",
    );
    let tracks =
        |kind| move |camera: &CameraEntry| camera.tracks.iter().find(|t| t.kind == kind).map(|t| t.number);
    demand(
        chains.numbers.iter().all(|(camera, video, audio)| {
            let entry = manifest.cameras.get(*camera);
            entry.and_then(tracks(TrackKind::Video)) == Some(*video)
                && entry.and_then(tracks(TrackKind::Audio)) == *audio
        }),
        "a track is another camera's than the manifest says",
    );
    let named: usize = manifest.cameras.iter().map(|camera| camera.tracks.len()).sum();
    demand(named == opened.tracks.len(), "the file has other tracks than the manifest says");
    report.describe(&manifest, chains);
}

impl Chains {
    /// Seals and manifest must be of one site's keys, and of the site that the heads name.
    fn check_keys(&self, report: &mut Report) {
        // The newest first: who signed the manifest, and else the last seal.
        let ids: Vec<CertificateId> =
            report.signed_by.into_iter().chain(self.keys.iter().rev().copied()).collect();
        let lineage = &self.signatures.lineage;
        if let [id, more @ ..] = ids.as_slice() {
            report.site_key = Some(*id);
            if more.iter().any(|other| !lineage.are_one_site(*id, *other)) {
                report.problems.push("seals and manifest are signed by different keys".to_owned());
            }
            if self.sites.iter().any(|site| *site != lineage.site_of(*id)) {
                report.problems.push("the segments name another site than the one that signed".to_owned());
            }
        }
    }
}

/// Whether a segment's seal holds.
fn seal_holds(signatures: &Signatures, seal: &archive::format::Seal) -> Option<CertificateId> {
    let statement = seal.statement();
    let purpose = archive::Purpose::SegmentTrailer;
    signatures
        .holds(&seal.public_key, purpose, &statement, &seal.signature)
        .then(|| PublicIdentity::from_spki_der(&seal.public_key).ok().map(|key| key.certificate_id()))
        .flatten()
}
