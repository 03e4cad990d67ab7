//! What checking an export found.
//!
//! What is not here: finding it.

use model::{CameraId, StreamKind, TrackKind, WallTime};
use serde::Serialize;
use trust::CertificateId;

use super::segment::Chains;
use crate::{Manifest, TrackEntry, plan::Gaps};

/// What is known of a signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Signature {
    /// It holds.
    Holds,
    /// It does not.
    Broken,
    /// There is none.
    #[default]
    Missing,
}

/// What checking an export found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Every frame is what the site recorded, and nothing else is in the file.
    pub holds: bool,
    /// What does not hold; empty where all does.
    pub problems: Vec<String>,
    /// The manifest's signature: range, gaps, names and what was left out rest on it.
    pub signature: Signature,
    /// Who signed the manifest.
    pub signed_by: Option<CertificateId>,
    /// The key behind all signatures. To be compared with the site's certificate ID: anybody can make a key.
    pub site_key: Option<CertificateId>,
    /// Bytes of the file.
    pub bytes: u64,
    /// Pictures that are proved.
    pub frames: u64,
    /// Segments that the file comes from.
    pub segments: usize,
    /// Those of them that the site sealed when it recorded them, and whose seals hold.
    pub sealed_segments: usize,
    /// When it was exported.
    pub exported: Option<WallTime>,
    /// By whom.
    pub by: Option<String>,
    /// By which release.
    pub release: Option<String>,
    /// Start of the range that was asked for.
    pub from: Option<WallTime>,
    /// Its end.
    pub to: Option<WallTime>,
    /// What became of the gaps.
    pub gaps: Option<Gaps>,
    /// What is in the file.
    pub cameras: Vec<Camera>,
    /// What this cannot show.
    pub limits: Vec<&'static str>,
}

/// A camera of an export.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Camera {
    /// Which.
    pub id: CameraId,
    /// What it was called.
    pub name: String,
    /// Which stream.
    pub stream: StreamKind,
    /// Its tracks in the file.
    pub tracks: Vec<TrackEntry>,
    /// Tracks that were recorded and left out.
    pub left_out: Vec<TrackKind>,
    /// First proved picture.
    pub from: Option<WallTime>,
    /// Begin of the last proved fragment.
    pub to: Option<WallTime>,
    /// Where nothing was recorded.
    pub gaps: Vec<CheckedGap>,
}

/// Time in which nothing was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CheckedGap {
    /// From there.
    pub from: WallTime,
    /// To there.
    pub to: WallTime,
    /// The recordings before and after it are neighbours in the chain: nothing was recorded between them. Otherwise it
    /// rests on the manifest's word.
    pub proved: bool,
}

/// What an owner of the site's key could still do.
const KEY_OWNER: &str = "Whoever has the site's private key could have made other recordings and signed them; \
    the hourly roots of the site, kept by somebody else, would tell.";
/// What an unsigned manifest leaves open.
const UNSIGNED: &str = "The manifest is not signed: the range, the names of cameras and what was left out at the ends are \
    the word of whoever made the export. The frames and their times are proved by the seals of their segments.";
/// What an open segment leaves open.
const UNSEALED: &str = "Some frames come from segments that were not sealed yet when they were exported, or that a crash \
    left behind: they rest on the manifest's signature alone.";

/// Ends of gaps are told by sound in one place and by pictures in the other.
const NEAR_US: i64 = 1_100_000;

/// Whether the manifest's gap is that hole between two segments.
fn same(gap: &crate::Gap, (from, to): (WallTime, WallTime)) -> bool {
    gap.from.micros_since(from).abs() < NEAR_US && gap.to.micros_since(to).abs() < NEAR_US
}

impl Report {
    /// Takes over what the manifest says.
    pub(super) fn describe(&mut self, manifest: &Manifest, chains: &Chains) {
        self.exported = Some(manifest.exported);
        self.by.clone_from(&manifest.by);
        self.release = Some(manifest.release.clone());
        (self.from, self.to) = (Some(manifest.from), Some(manifest.to));
        self.gaps = Some(manifest.gaps);
        for (number, entry) in manifest.cameras.iter().enumerate() {
            let proved = chains.reach.get(&number);
            let gap = |gap: &crate::Gap| {
                let known = proved.is_some_and(|reach| reach.proved.iter().any(|hole| same(gap, *hole)));
                CheckedGap { from: gap.from, to: gap.to, proved: known }
            };
            let gaps: Vec<CheckedGap> = entry.gaps.iter().map(gap).collect();
            let told = |hole: &(WallTime, WallTime)| {
                hole.1.micros_since(hole.0) < NEAR_US || entry.gaps.iter().any(|gap| same(gap, *hole))
            };
            let untold = proved.map(|reach| !reach.holes.iter().all(told));
            if untold == Some(true) {
                self.problems.push(format!(
                    "{}: recording was interrupted, and the manifest does not say so",
                    entry.name
                ));
            }
            self.cameras.push(Camera {
                id: entry.id,
                name: entry.name.clone(),
                stream: entry.stream,
                tracks: entry.tracks.clone(),
                left_out: entry.left_out.clone(),
                from: proved.map(|reach| reach.from),
                to: proved.map(|reach| reach.to),
                gaps,
            });
        }
    }

    /// Comes to the verdict.
    pub(super) fn judge(&mut self) {
        let sealed = self.segments > 0 && self.sealed_segments == self.segments;
        if self.problems.is_empty() && self.signature != Signature::Holds && !sealed {
            self.problems.push(
                "nobody vouches for some of the frames: the manifest is not signed and their segments are not sealed"
                    .to_owned(),
            );
        }
        self.holds = self.problems.is_empty();
        self.limits = vec![KEY_OWNER];
        if self.signature != Signature::Holds {
            self.limits.push(UNSIGNED);
        }
        if !sealed {
            self.limits.push(UNSEALED);
        }
    }
}
