//! Checks the frames of an export segment by segment, up the hash chain.
//!
//! What is not here: the manifest.

use std::{collections::BTreeMap, io};

use archive::{
    chain::{self, Digests},
    clock::{Anchor, to_90k},
    excerpt::read_header,
    format::{self, Head},
};
use media::{
    Tracks,
    fmp4::read::{FragmentSample, read_fragment},
    progressive::read::Coding,
};
use model::{SiteId, StreamKey, TrackKind, WallTime};
use sha2::{Digest, Sha256};
use trust::CertificateId;

use super::seal_holds;
use crate::{
    SegmentEntry, Signatures, Watch,
    evidence::{Fragment, Segment},
    file::{FileSample, Opened, ReadAt, Unreadable, hash},
    lead_in,
    plan::Container,
};

/// More problems than anybody reads.
const MAX_PROBLEMS: usize = 100;

/// How far a camera's frames are proved.
pub(super) struct Reach {
    pub(super) from: WallTime,
    pub(super) to: WallTime,
    /// From where to where there is no picture between two segments of different runs.
    pub(super) holes: Vec<(WallTime, WallTime)>,
    /// Those of them that the chain spans.
    pub(super) proved: Vec<(WallTime, WallTime)>,
    head: Head,
    chain: chain::Value,
    end: WallTime,
}

/// What was checked so far.
pub(super) struct Chains {
    container: Container,
    pub(super) signatures: Signatures,
    pub(super) problems: Vec<String>,
    pub(super) segments: Vec<SegmentEntry>,
    pub(super) sealed: usize,
    pub(super) frames: u64,
    /// Bytes of frames that were read and not told yet.
    read: u64,
    /// Where frames are read to.
    piece: Vec<u8>,
    /// Who sealed.
    pub(super) keys: Vec<CertificateId>,
    pub(super) sites: Vec<SiteId>,
    /// Camera by number, as the heads tell; and tracks by number, as the lines tell.
    pub(super) whose: BTreeMap<usize, StreamKey>,
    pub(super) numbers: Vec<(usize, u32, Option<u32>)>,
    pub(super) reach: BTreeMap<usize, Reach>,
    /// File time minus recorded time of each track's run.
    shifts: BTreeMap<u32, i64>,
}

/// What a segment's line is checked with.
struct Line<'a, R> {
    file: &'a R,
    segment: &'a Segment,
    head: Head,
    rate: u32,
}

impl Chains {
    pub(super) fn new(container: Container, signatures: Signatures) -> Self {
        Self {
            container,
            signatures,
            problems: Vec::new(),
            segments: Vec::new(),
            sealed: 0,
            frames: 0,
            read: 0,
            piece: Vec::new(),
            keys: Vec::new(),
            sites: Vec::new(),
            whose: BTreeMap::new(),
            numbers: Vec::new(),
            reach: BTreeMap::new(),
            shifts: BTreeMap::new(),
        }
    }

    fn problem(&mut self, what: String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(what);
        }
    }

    /// Checks the frames of a segment's line.
    pub(super) fn check<R: ReadAt<Error = io::Error>>(
        &mut self,
        file: &R,
        opened: &mut Opened,
        segment: &Segment,
        watch: &mut Watch<'_>,
    ) -> io::Result<()> {
        let header = match read_header(&segment.header.0) {
            Ok(header) => header,
            Err(error) => {
                self.problem(format!("a segment's header cannot be read: {error}"));
                return Ok(());
            }
        };
        let head = header.head;
        let name = format!("{} at {}", head.key, head.anchor.wall);
        let rate = header.tracks.timescale(TrackKind::Audio).unwrap_or(0);
        let line = Line { file, segment, head, rate };
        self.enter(segment, &head, &name);
        if !coded_as(opened, segment, &header.tracks) {
            self.problem(format!("{name}: the file tells decoders another coding than was recorded"));
        }
        let Some(mut value) = skip(header.value, &segment.before.0) else {
            self.problem(format!("{name}: the digests before the export are not whole"));
            return Ok(());
        };
        let mut spans: Option<(WallTime, WallTime, WallTime)> = None;
        let entered = !self.reach.get(&segment.camera).is_some_and(|before| continues(&before.head, &head));
        for (index, fragment) in segment.fragments.iter().enumerate() {
            match self.fragment(&line, fragment, entered && index == 0, opened)? {
                Ok((digests, (from, to))) => {
                    value = digests.value(&value);
                    let first = spans.map_or(from, |(first, _, _)| first);
                    spans = Some((first, from, to));
                }
                Err(what) => {
                    self.problem(format!("{name}, fragment {index}: {what}"));
                    return Ok(());
                }
            }
            if !watch(std::mem::take(&mut self.read)) {
                return Err(io::ErrorKind::Interrupted.into());
            }
        }
        match skip(value, &segment.after.0) {
            Some(end) => value = end,
            None => self.problem(format!("{name}: the digests after the export are not whole")),
        }
        if value != segment.chain.0 {
            self.problem(format!("{name}: the frames are not what the hash chain says"));
        }
        self.segments.push(SegmentEntry {
            camera: segment.camera,
            start: head.anchor.wall,
            chain: segment.chain,
        });
        self.seal(segment, value, &name, head.anchor.wall);
        if let Some((first, last, end)) = spans {
            self.reach(segment.camera, head, value, (first, last, end), &name);
        }
        Ok(())
    }

    /// Notes whose segment it is.
    fn enter(&mut self, segment: &Segment, head: &Head, name: &str) {
        if *self.whose.entry(segment.camera).or_insert(head.key) != head.key {
            self.problem(format!("{name}: two cameras under one number"));
        }
        let numbers = (segment.camera, segment.video, segment.audio);
        if !self.numbers.contains(&numbers) {
            self.numbers.push(numbers);
        }
        if !self.sites.contains(&head.site) {
            self.sites.push(head.site);
        }
        let continues = self.reach.get(&segment.camera).is_some_and(|before| continues(&before.head, head));
        if !continues {
            self.shifts.remove(&segment.video);
            segment.audio.map(|audio| self.shifts.remove(&audio));
        }
    }

    /// Hashes the frames of a fragment in the file; its digests, and from when to when it is.
    #[expect(clippy::type_complexity, reason = "what goes wrong with the file is no error of reading it")]
    fn fragment<R: ReadAt<Error = io::Error>>(
        &mut self,
        line: &Line<'_, R>,
        fragment: &Fragment,
        first: bool,
        opened: &mut Opened,
    ) -> io::Result<Result<(Digests, (WallTime, WallTime)), String>> {
        let described = match read_fragment(&fragment.moof.0, 0, 0..u64::MAX) {
            Ok(described) => described,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let of =
            |kind| described.tracks.iter().find(|track| track.kind == kind).map_or(&[][..], |t| &t.samples);
        let (pictures, sound) = (of(TrackKind::Video), of(TrackKind::Audio));
        let mut digests =
            Digests { video: [0; 32], audio: [0; 32], moof: Sha256::digest(&fragment.moof.0).into() };
        // Only what the run before has already may be missing, and what nobody can decode.
        let repeated = |sample: &FragmentSample, rate| {
            line.head.number == 0 && lead_in::before(sample, rate, line.head.anchor.media)
        };
        let may = |picture: &FragmentSample| (first && !picture.key) || repeated(picture, 90_000);
        let Some(in_file) = after_lead(&fragment.lead.0, pictures, may) else {
            return Ok(Err("pictures were left out".to_owned()));
        };
        let packets = after_lead(&fragment.lead_audio.0, sound, |packet| repeated(packet, line.rate));
        let Some(packets) = packets else { return Ok(Err("sound was left out".to_owned())) };
        let before = Sha256::new_with_prefix(&fragment.lead.0);
        digests.video = match self.track(line, (line.segment.video, 90_000), before, in_file, opened)? {
            Ok(digest) => digest,
            Err(what) => return Ok(Err(what)),
        };
        self.frames += in_file.len() as u64;
        digests.audio = match (fragment.audio, line.segment.audio) {
            (Some(_), Some(_)) => return Ok(Err("its sound was left out of a file with sound".to_owned())),
            (Some(left_out), None) => left_out.0,
            (None, Some(number)) => {
                let before = Sha256::new_with_prefix(&fragment.lead_audio.0);
                match self.track(line, (number, line.rate), before, packets, opened)? {
                    Ok(digest) => digest,
                    Err(what) => return Ok(Err(what)),
                }
            }
            (None, None) if sound.is_empty() => Sha256::digest([]).into(),
            (None, None) => return Ok(Err("its sound is missing".to_owned())),
        };
        let anchor = &line.head.anchor;
        Ok(Ok((digests, span(anchor, pictures, sound, line.rate))))
    }

    /// Takes as many samples of a track out of the file as the fragment has, and hashes them.
    fn track<R: ReadAt<Error = io::Error>>(
        &mut self,
        line: &Line<'_, R>,
        (number, rate): (u32, u32),
        mut hasher: Sha256,
        samples: &[FragmentSample],
        opened: &mut Opened,
    ) -> io::Result<Result<[u8; 32], String>> {
        if samples.is_empty() {
            return Ok(Ok(hasher.finalize().into()));
        }
        let index = (number as usize).checked_sub(1).filter(|index| *index < opened.tracks.len());
        let Some(index) = index else { return Ok(Err(format!("there is no track {number}"))) };
        let mut extent: Option<(u64, u64)> = None;
        for sample in samples {
            let found = match opened.next(line.file, index) {
                Ok(Some(found)) => found,
                Ok(None) => return Ok(Err("the file has too few frames".to_owned())),
                Err(Unreadable::Malformed(what)) => return Ok(Err(what)),
                Err(Unreadable::Io(error)) => return Err(error),
            };
            if let Err(what) = self.compare(&found, number, rate, sample) {
                return Ok(Err(what));
            }
            let end = found.offset.saturating_add(found.size.into());
            self.read += u64::from(found.size);
            if end > opened.bytes {
                return Ok(Err("a frame lies outside of the file".to_owned()));
            }
            extent = match extent {
                Some((from, to)) if to == found.offset => Some((from, end)),
                other => {
                    if let Some((from, to)) = other {
                        hash(line.file, from, to, &mut hasher, &mut self.piece)?;
                    }
                    Some((found.offset, end))
                }
            };
        }
        if let Some((from, to)) = extent {
            hash(line.file, from, to, &mut hasher, &mut self.piece)?;
        }
        Ok(Ok(hasher.finalize().into()))
    }

    /// A sample must be as it was recorded in all that its container says.
    fn compare(
        &mut self,
        found: &FileSample,
        number: u32,
        rate: u32,
        recorded: &FragmentSample,
    ) -> Result<(), String> {
        let mp4 = self.container == Container::Mp4;
        if found.size != recorded.size || found.key != recorded.key {
            return Err("a frame is not as large as it was, or another kind".to_owned());
        }
        if mp4 && found.composition_offset != recorded.composition_offset {
            return Err("a frame is shown at another time than it was".to_owned());
        }
        // Matroska counts milliseconds and knows presentation times only.
        let (shift, slack) = if mp4 {
            (found.time.saturating_sub(recorded.time), 0)
        } else {
            let shown = i128::from(recorded.time) + i128::from(recorded.composition_offset);
            let micros = shown * 1_000_000 / i128::from(rate.max(1));
            let recorded = i64::try_from(micros).unwrap_or(i64::MAX);
            (found.time.saturating_mul(1000).saturating_sub(recorded), 1001)
        };
        let known = *self.shifts.entry(number).or_insert(shift);
        if known.abs_diff(shift) > slack {
            return Err("a frame is at another time than it was".to_owned());
        }
        Ok(())
    }

    /// Checks the seal that the site put under the segment when it recorded it.
    fn seal(&mut self, segment: &Segment, value: chain::Value, name: &str, recorded: WallTime) {
        let Some(seal) = &segment.seal else { return };
        let seal = format::Seal {
            chain: value,
            digest: seal.digest.0,
            public_key: seal.public_key.0.clone(),
            signature: seal.signature.0.clone(),
            trailer_len: 0,
        };
        match seal_holds(&self.signatures, &seal) {
            // The key that was given up may be anybody's by now.
            Some(id) if self.signatures.lineage.given_up(id).is_some_and(|at| recorded > at) => {
                self.problem(format!("{name}: it is sealed by a key that the site had given up before"));
            }
            Some(id) => {
                self.sealed += 1;
                if !self.keys.contains(&id) {
                    self.keys.push(id);
                }
            }
            None => self.problem(format!("{name}: the seal of the segment does not hold")),
        }
    }

    /// Puts the segment behind the one before of the same camera.
    fn reach(
        &mut self,
        camera: usize,
        head: Head,
        chain: chain::Value,
        (first, last, end): (WallTime, WallTime, WallTime),
        name: &str,
    ) {
        let new = Reach { from: first, to: last, holes: Vec::new(), proved: Vec::new(), head, chain, end };
        let Some(before) = self.reach.get_mut(&camera) else {
            self.reach.insert(camera, new);
            return;
        };
        let linked = head.previous == before.chain;
        let mut missing = false;
        if continues(&before.head, &head) {
            missing = !linked;
        } else {
            before.holes.push((before.end, first));
            if linked {
                before.proved.push((before.end, first));
            }
        }
        (before.to, before.head, before.chain, before.end) = (last, head, chain, end);
        if missing {
            self.problem(format!("{name}: it does not follow the segment before it"));
        }
    }
}

/// Whether decoders are told the same as the segment tells them.
fn coded_as(opened: &Opened, segment: &Segment, recorded: &Tracks) -> bool {
    let coding = |number: u32| {
        let track = (number as usize).checked_sub(1).and_then(|index| opened.tracks.get(index));
        track.map(|track| &track.coding)
    };
    let video = match coding(segment.video) {
        Some(Coding::Video(video)) => {
            (video.codec, &video.decoder_config) == (recorded.video.codec, &recorded.video.decoder_config)
        }
        _ => false,
    };
    let audio = match (segment.audio, &recorded.audio) {
        (Some(number), Some(sound)) => matches!(coding(number), Some(Coding::Audio(told)) if told == sound),
        _ => true,
    };
    video && audio
}

/// Whether nothing lies between two segments.
fn continues(before: &Head, after: &Head) -> bool {
    before.run == after.run && before.number.checked_add(1) == Some(after.number)
}

/// From the first picture of a fragment that is shown to the end of its last one.
fn span(
    anchor: &Anchor,
    pictures: &[FragmentSample],
    sound: &[FragmentSample],
    rate: u32,
) -> (WallTime, WallTime) {
    let (samples, rate) = if pictures.is_empty() { (sound, rate) } else { (pictures, 90_000) };
    let from = samples.first().map_or(0, |sample| sample.time);
    let until = |sample: &FragmentSample| {
        sample.time.saturating_add(sample.composition_offset.into()).saturating_add(sample.duration.into())
    };
    let to = samples.iter().map(until).max().unwrap_or(from);
    (anchor.wall_at(to_90k(from, rate)).max(anchor.wall), anchor.wall_at(to_90k(to, rate)))
}

/// The samples after those that these bytes are; nothing where they are not just samples that may be left out.
fn after_lead<'s>(
    bytes: &[u8],
    mut samples: &'s [FragmentSample],
    may: impl Fn(&FragmentSample) -> bool,
) -> Option<&'s [FragmentSample]> {
    let mut left = bytes.len();
    while left > 0 {
        let (first, rest) = samples.split_first().filter(|(first, _)| may(first))?;
        left = left.checked_sub(first.size as usize)?;
        samples = rest;
    }
    Some(samples)
}

/// The value after fragments of which only the digests are there.
fn skip(mut value: chain::Value, digests: &[u8]) -> Option<chain::Value> {
    let (whole, rest) = digests.as_chunks::<96>();
    for digest in whole {
        let part = |at: usize| digest.get(at..)?.first_chunk::<32>().copied();
        value = Digests { video: part(0)?, audio: part(32)?, moof: part(64)? }.value(&value);
    }
    rest.is_empty().then_some(value)
}
