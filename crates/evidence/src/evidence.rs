//! The side file: one JSON object a line.
//!
//! The first line says what this is, then a line for every segment that the export has a part of, at the end the
//! manifest, whose exact text is signed. Lines can be written and checked one after the other: no export is too long.
//!
//! What is not here: making ([`crate::write`]) and checking them ([`mod@crate::verify`]).

use model::{CameraId, SiteId, StreamKind, TrackKind, WallTime};
use serde::{Deserialize, Serialize};
use trust::Lineage;

use crate::{
    coding::{Base64, Hex32},
    plan::{Container, Gaps},
};

/// The format that this version writes and reads.
pub const FORMAT: u32 = 1;
/// No line is longer: a segment has at most 600 fragments of usual length, 10,000 at worst.
pub const MAX_LINE: usize = 32 << 20;

/// A line of the side file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Line {
    /// What this is; the first line.
    Evidence {
        /// [`FORMAT`].
        format: u32,
        /// What the export is.
        container: Container,
        /// How the site came to the key that it signed with, where it had another before: older segments are signed by that.
        #[serde(skip_serializing_if = "Lineage::is_empty", default)]
        rotations: Lineage,
    },
    /// What proves a segment's share.
    Segment(Segment),
    /// What the export is; the last line.
    Manifest(Signed),
}

/// What proves a segment's share of an export: how each value of its chain comes about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Whose, as the number of the camera in the manifest.
    pub camera: usize,
    /// Its track of pictures in the file.
    pub video: u32,
    /// Its track of sound in the file; nothing where there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub audio: Option<u32>,
    /// All bytes of the segment before its first fragment. The first value is made of them.
    pub header: Base64,
    /// Fragments that are not in the export: 96 bytes each, SHA-256 of pictures, sound and `moof`.
    pub before: Base64,
    /// Fragments that are in the export.
    pub fragments: Vec<Fragment>,
    /// Fragments after them, as those before; only where there is a seal.
    pub after: Base64,
    /// The chain's value at the end of all these.
    pub chain: Hex32,
    /// The seal that the site put under the segment when it was closed; nothing where it was still open, or a crash left
    /// it behind.
    pub seal: Option<Seal>,
}

/// A fragment whose pictures are in the export.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fragment {
    /// The original box with times and sizes.
    pub moof: Base64,
    /// Bytes of the first pictures, which are not in the file, while their fragment is hashed as a whole: a lead-in, which
    /// the run before has already; and where a run is entered what comes before its first key frame and cannot be decoded.
    #[serde(skip_serializing_if = "Base64::is_empty", default)]
    pub lead: Base64,
    /// Bytes of the sound of a lead-in.
    #[serde(skip_serializing_if = "Base64::is_empty", default)]
    pub lead_audio: Base64,
    /// SHA-256 of the sound, where it was left out.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub audio: Option<Hex32>,
}

/// A segment's seal (see `archive::format::seal`): a signature over format version, chain value and digest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seal {
    /// Digest of the segment's trailer.
    pub digest: Hex32,
    /// Public key (SubjectPublicKeyInfo, DER).
    pub public_key: Base64,
    /// Signature (DER).
    pub signature: Base64,
}

/// The manifest as it is signed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signed {
    /// The text of a [`Manifest`], byte by byte what is signed.
    pub manifest: String,
    /// Who signed it (SubjectPublicKeyInfo, DER); nothing where the export was made without the site's key.
    pub public_key: Option<Base64>,
    /// The signature (DER) for the purpose `martello/export/1`.
    pub signature: Option<Base64>,
}

/// What an export is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this form.
    pub format: u32,
    /// The site that recorded it.
    pub site: SiteId,
    /// When it was exported, by the clock of whoever did.
    pub exported: WallTime,
    /// By which release.
    pub release: String,
    /// By whom, as far as it is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by: Option<String>,
    /// What the file is.
    pub container: Container,
    /// Bytes of the file.
    pub bytes: u64,
    /// SHA-256 of all bytes of the file that are no frame's.
    pub structure: Hex32,
    /// Start of the range that was asked for.
    pub from: WallTime,
    /// Its end.
    pub to: WallTime,
    /// What became of the time in which nothing was recorded.
    pub gaps: Gaps,
    /// What is in the file.
    pub cameras: Vec<CameraEntry>,
    /// The segments that it comes from, in the order of the lines.
    pub segments: Vec<SegmentEntry>,
}

/// A camera of an export.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CameraEntry {
    /// Which.
    pub id: CameraId,
    /// What it was called when it was exported.
    pub name: String,
    /// Which of its streams.
    pub stream: StreamKind,
    /// Its tracks in the file.
    pub tracks: Vec<TrackEntry>,
    /// Tracks that were recorded and are not in the file.
    pub left_out: Vec<TrackKind>,
    /// Where nothing was recorded within the range.
    pub gaps: Vec<Gap>,
}

/// A track of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackEntry {
    /// Its number in the file.
    pub number: u32,
    /// Pictures or sound.
    pub kind: TrackKind,
}

/// Time in which nothing was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// From there.
    pub from: WallTime,
    /// To there.
    pub to: WallTime,
}

/// A segment of an export.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentEntry {
    /// Whose, as the number of the camera.
    pub camera: usize,
    /// Its first picture.
    pub start: WallTime,
    /// The chain's value at the end of its line.
    pub chain: Hex32,
}
