//! Writes an export and its evidence.
//!
//! Frames are copied, not looked at: that they are what the chain says is shown by [`fn@crate::verify`] on what was
//! written, and nobody should call an export done before. Only fragments that are *not* in the export are hashed here.
//!
//! What is not here: choosing frames ([`crate::plan`]).

use std::io::Write;

use archive::{Disk, Original, Piece, chain};
use model::{SiteId, TrackKind, WallTime};
use sha2::{Digest, Sha256};
use trust::Identity;

use crate::{
    CameraEntry, Error, Line, Manifest, Plan, SegmentEntry, Signed, TrackEntry,
    coding::{Base64, Hex32},
    evidence::{FORMAT, Fragment, Seal, Segment},
    order::{Opened, Step},
    plan::{Lane, Layout},
};

/// Is told how many bytes more are done; stops the work by answering `false`.
pub type Watch<'a> = dyn FnMut(u64) -> bool + 'a;

/// Who makes an export.
pub struct Made<'a> {
    /// When.
    pub at: WallTime,
    /// Who asked for it.
    pub by: Option<String>,
    /// Which release.
    pub release: &'a str,
    /// The site's identity; without it the manifest is not signed.
    pub identity: Option<&'a Identity>,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Bytes of the file.
    pub bytes: u64,
    /// Segments that it comes from.
    pub segments: usize,
}

/// A segment's line while its fragments come.
struct Draft {
    excerpt: usize,
    line: Segment,
    start: WallTime,
    site: SiteId,
    value: chain::Value,
    /// The fragment that comes next.
    next: usize,
}

struct Writing<'a, D: Disk> {
    plan: &'a Plan<D>,
    out: &'a mut dyn Write,
    evidence: &'a mut dyn Write,
    structure: Sha256,
    drafts: Vec<Option<Draft>>,
    segments: Vec<SegmentEntry>,
    site: Option<SiteId>,
}

impl<D: Disk> Plan<D> {
    /// Writes the file and its evidence.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn write(
        &self,
        out: &mut dyn Write,
        evidence: &mut dyn Write,
        made: &Made<'_>,
        watch: &mut Watch<'_>,
    ) -> Result<Written, Error> {
        let drafts = self.lanes.iter().map(|_| None).collect();
        let (structure, segments) = (Sha256::new(), Vec::new());
        let mut writing = Writing { plan: self, out, evidence, structure, drafts, segments, site: None };
        let rotations = made.identity.map(|identity| identity.lineage().clone()).unwrap_or_default();
        writing.line(&Line::Evidence { format: FORMAT, container: self.wish.container, rotations })?;
        let head = match &self.layout {
            Layout::Mp4 { head } => head,
            Layout::Mkv(layout) => layout.head(),
        };
        writing.own(head)?;
        let mut opened = Opened::new(&self.reader, &self.lanes);
        for step in &self.steps {
            let Some(lane) = self.lanes.get(step.lane) else { continue };
            writing.leave_segment(lane, step, &mut opened)?;
            let done = writing.step(lane, step, opened.get(step)?)?;
            if !watch(done) {
                return Err(Error::Cancelled);
            }
        }
        for (number, lane) in self.lanes.iter().enumerate() {
            writing.finish_segment(number, lane, &mut opened)?;
        }
        writing.manifest(made)?;
        writing.out.flush().and_then(|()| writing.evidence.flush()).map_err(Error::Write)?;
        Ok(Written { bytes: self.size, segments: writing.segments.len() })
    }
}

impl<D: Disk> Writing<'_, D> {
    /// Writes a line, for whoever checks it meanwhile.
    fn line(&mut self, line: &Line) -> Result<(), Error> {
        serde_json::to_writer(&mut *self.evidence, line).map_err(|error| Error::Write(error.into()))?;
        self.evidence.write_all(b"\n").and_then(|()| self.evidence.flush()).map_err(Error::Write)
    }

    /// Bytes of the file that are no frame's.
    fn own(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.structure.update(bytes);
        self.out.write_all(bytes).map_err(Error::Write)
    }

    /// Ends the lane's segment where the step is in another one.
    fn leave_segment(&mut self, lane: &Lane, step: &Step, opened: &mut Opened<'_, D>) -> Result<(), Error> {
        let other = |draft: &Draft| draft.excerpt != step.excerpt;
        if self.drafts.get(step.lane).and_then(Option::as_ref).is_some_and(other) {
            self.finish_segment(step.lane, lane, opened)?;
        }
        Ok(())
    }

    /// Copies a fragment; tells how many bytes.
    fn step(&mut self, lane: &Lane, step: &Step, original: &Original<D::File>) -> Result<u64, Error> {
        let broken = || Error::Broken { stream: lane.source.key, at: step.begin };
        let fragment = *original.fragments.get(step.fragment).ok_or_else(broken)?;
        let piece = original.read(&fragment)?;
        let mut draft = match self.drafts.get_mut(step.lane).and_then(Option::take) {
            Some(draft) => draft,
            None => Draft::begin(lane, step, original)?,
        };
        if draft.next != step.fragment {
            return Err(broken());
        }
        let recorded = piece.tracks.iter().any(|track| track.kind == TrackKind::Audio);
        let left_out = recorded && lane.track(TrackKind::Audio).is_none();
        let audio = left_out.then(|| Hex32(Sha256::digest(piece.track(TrackKind::Audio)).into()));
        let lead = |kind| Base64(split_lead(lane, step, &piece, kind).0.to_vec());
        let with_sound = lane.track(TrackKind::Audio).is_some();
        draft.line.fragments.push(Fragment {
            moof: Base64(piece.moof.to_vec()),
            lead: lead(TrackKind::Video),
            lead_audio: if with_sound { lead(TrackKind::Audio) } else { Base64::default() },
            audio,
        });
        draft.value = piece.value;
        draft.next += 1;
        if let Some(place) = self.drafts.get_mut(step.lane) {
            *place = Some(draft);
        }
        self.frames(lane, step, &piece)?;
        Ok(fragment.len.into())
    }

    fn frames(&mut self, lane: &Lane, step: &Step, piece: &Piece) -> Result<(), Error> {
        match &self.plan.layout {
            Layout::Mp4 { .. } => {
                for track in piece.tracks.iter().filter(|track| lane.track(track.kind).is_some()) {
                    let (_, data) = split_lead(lane, step, piece, track.kind);
                    self.out.write_all(data).map_err(Error::Write)?;
                }
            }
            Layout::Mkv(layout) => {
                let cluster = layout.cluster(&lane.samples(step, &piece.tracks));
                // A fragment of nothing but sound that is left out.
                if cluster.blocks.is_empty() {
                    return Ok(());
                }
                self.own(&cluster.head)?;
                for block in cluster.blocks {
                    self.own(&block.head)?;
                    let video = block.track == lane.first_track;
                    let kind = if video { TrackKind::Video } else { TrackKind::Audio };
                    let track = piece.tracks.iter().find(|track| track.kind == kind);
                    let sample =
                        track.and_then(|track| track.samples.get(block.sample + lane.lead(step, track)));
                    let range = sample.and_then(|sample| {
                        let from = usize::try_from(sample.offset).ok()?;
                        Some(from..from + sample.size as usize)
                    });
                    let data = range.and_then(|range| piece.data.get(range)).unwrap_or_default();
                    self.out.write_all(data).map_err(Error::Write)?;
                }
            }
        }
        Ok(())
    }

    fn finish_segment(
        &mut self,
        number: usize,
        lane: &Lane,
        opened: &mut Opened<'_, D>,
    ) -> Result<(), Error> {
        let Some(mut draft) = self.drafts.get_mut(number).and_then(Option::take) else { return Ok(()) };
        let step = Step { lane: number, excerpt: draft.excerpt, fragment: 0, begin: draft.start };
        draft.end(lane, opened.get(&step)?)?;
        self.site.get_or_insert(draft.site);
        self.segments.push(SegmentEntry { camera: number, start: draft.start, chain: draft.line.chain });
        self.line(&Line::Segment(draft.line))
    }

    fn manifest(&mut self, made: &Made<'_>) -> Result<(), Error> {
        let wish = &self.plan.wish;
        let manifest = Manifest {
            format: FORMAT,
            site: self.site.unwrap_or(SiteId::from_bytes([0; 16])),
            exported: made.at,
            release: made.release.to_owned(),
            by: made.by.clone(),
            container: wish.container,
            bytes: self.plan.size,
            structure: Hex32(self.structure.clone().finalize().into()),
            from: wish.range.from,
            to: wish.range.to,
            gaps: wish.gaps,
            cameras: self.plan.lanes.iter().map(camera).collect(),
            segments: self.segments.clone(),
        };
        let manifest = serde_json::to_string(&manifest).map_err(|error| Error::Write(error.into()))?;
        let signature = made.identity.map(|identity| identity.sign_export(manifest.as_bytes()).to_der());
        let public_key = made.identity.map(|identity| identity.public().spki_der().to_vec());
        let (public_key, signature) = (public_key.map(Base64), signature.map(Base64));
        self.line(&Line::Manifest(Signed { manifest, public_key, signature }))
    }
}

/// The bytes of a track in a fragment that are not in the file, and those that are.
fn split_lead<'p>(lane: &Lane, step: &Step, piece: &'p Piece, kind: TrackKind) -> (&'p [u8], &'p [u8]) {
    let track = piece.tracks.iter().find(|track| track.kind == kind);
    let lead = track.map_or(&[][..], |track| track.samples.get(..lane.lead(step, track)).unwrap_or_default());
    let len: usize = lead.iter().map(|sample| sample.size as usize).sum();
    let data = piece.track(kind);
    data.split_at_checked(len).unwrap_or((data, &[]))
}

fn camera(lane: &Lane) -> CameraEntry {
    let entry = |kind| {
        let number = u32::try_from(lane.track(kind)? + 1).ok()?;
        Some(TrackEntry { number, kind })
    };
    CameraEntry {
        id: lane.source.key.camera,
        name: lane.source.name.clone(),
        stream: lane.source.key.kind,
        tracks: [TrackKind::Video, TrackKind::Audio].into_iter().filter_map(entry).collect(),
        left_out: lane.left_out.clone(),
        gaps: lane.gaps.clone(),
    }
}

impl Draft {
    /// The line up to the first fragment of the export.
    fn begin<F: archive::disk::File>(
        lane: &Lane,
        step: &Step,
        original: &Original<F>,
    ) -> Result<Self, Error> {
        let number = |kind| lane.track(kind).and_then(|track| u32::try_from(track + 1).ok());
        let mut draft = Self {
            excerpt: step.excerpt,
            line: Segment {
                camera: step.lane,
                video: number(TrackKind::Video).unwrap_or(0),
                audio: number(TrackKind::Audio),
                header: Base64(original.header().to_vec()),
                before: Base64::default(),
                fragments: Vec::new(),
                after: Base64::default(),
                chain: Hex32([0; 32]),
                seal: None,
            },
            start: original.head.anchor.wall,
            site: original.head.site,
            value: chain::start(original.header()),
            next: 0,
        };
        let mut before = Vec::new();
        while draft.next < step.fragment {
            draft.digest(lane, original, &mut before)?;
        }
        draft.line.before = Base64(before);
        Ok(draft)
    }

    /// The line after the last fragment of the export.
    fn end<F: archive::disk::File>(&mut self, lane: &Lane, original: &Original<F>) -> Result<(), Error> {
        if let Some(seal) = &original.seal {
            let mut after = Vec::new();
            while self.next < original.fragments.len() {
                self.digest(lane, original, &mut after)?;
            }
            self.line.after = Base64(after);
            if self.value != seal.chain {
                return Err(Error::Broken { stream: lane.source.key, at: self.start });
            }
            self.line.seal = Some(Seal {
                digest: Hex32(seal.digest),
                public_key: Base64(seal.public_key.clone()),
                signature: Base64(seal.signature.clone()),
            });
        }
        self.line.chain = Hex32(self.value);
        Ok(())
    }

    /// Hashes a fragment that is not in the export.
    fn digest<F: archive::disk::File>(
        &mut self,
        lane: &Lane,
        original: &Original<F>,
        to: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let broken = Error::Broken { stream: lane.source.key, at: self.start };
        let Some(fragment) = original.fragments.get(self.next) else { return Err(broken) };
        let piece = original.read(fragment)?;
        let digests = piece.digests();
        self.value = digests.value(&self.value);
        if self.value != piece.value {
            return Err(broken);
        }
        for digest in [digests.video, digests.audio, digests.moof] {
            to.extend_from_slice(&digest);
        }
        self.next += 1;
        Ok(())
    }
}
