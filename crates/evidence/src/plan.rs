//! What goes into an export, before a byte of it is written: fragments, tracks, gaps, and the layout of the file.
//!
//! An export is made of whole fragments, because only they can be proved: from the key frame before the range to the last
//! fragment that begins in it. What lies outside of the range is hidden, not shown (MP4: edit list; Matroska: marked
//! invisible), and at most a group of pictures before and half a second after it.
//!
//! What is not here: the order of fragments and their times ([`crate::order`]), reading their data ([`crate::write`]).

use archive::{Disk, Excerpt, format::Head, set::Reader};
use bytes::Bytes;
use media::{
    Tracks,
    fmp4::{
        init::Track,
        read::{FragmentSample, FragmentTrack},
    },
    mkv,
    progressive::{Movie, SampleRef, Start},
};
use model::{StreamKey, TrackKind, VolumeId, WallRange, WallTime};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Gap,
    lead_in::{self, LeadIn},
    order::{self, Step},
};

/// No file has more fragments: two weeks of a camera, a day of fourteen.
const MAX_STEPS: usize = 2_500_000;

/// What the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Container {
    /// A progressive MP4: every player plays it.
    Mp4,
    /// Matroska.
    Mkv,
}

/// What becomes of time in which nothing was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gaps {
    /// It stays in the file: times in it are those of the clock. The last picture stands still meanwhile.
    #[default]
    Keep,
    /// It is left out, where no camera of the file has pictures.
    Cut,
}

/// A stream to be exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Which.
    pub key: StreamKey,
    /// What people call it.
    pub name: String,
    /// With its sound.
    pub audio: bool,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// From whom; all go into one file.
    pub sources: Vec<Source>,
    /// Of which time.
    pub range: WallRange,
    /// Into what.
    pub container: Container,
    /// Time without recordings.
    pub gaps: Gaps,
}

/// A stream of an export.
pub(crate) struct Lane {
    pub(crate) source: Source,
    /// Each with the volume that it lies on.
    pub(crate) excerpts: Vec<(VolumeId, Excerpt)>,
    /// What is left out at the begin of each excerpt, since the ones before have it.
    pub(crate) lead_ins: Vec<Option<LeadIn>>,
    /// File time minus media time of each excerpt, 1/90000 s.
    pub(crate) shifts: Vec<i64>,
    /// As they are in the file.
    pub(crate) tracks: Tracks,
    pub(crate) left_out: Vec<TrackKind>,
    pub(crate) gaps: Vec<Gap>,
    /// Whether any fragment has sound.
    pub(crate) heard: bool,
    /// Number of its first track in the file, from 0.
    pub(crate) first_track: usize,
}

/// The file's own bytes.
pub(crate) enum Layout {
    Mp4 { head: Bytes },
    Mkv(mkv::Layout),
}

/// A laid out export.
pub struct Plan<D: Disk> {
    pub(crate) reader: Reader<D>,
    pub(crate) wish: Wish,
    pub(crate) lanes: Vec<Lane>,
    pub(crate) steps: Vec<Step>,
    pub(crate) layout: Layout,
    pub(crate) size: u64,
}

impl<D: Disk> Plan<D> {
    /// Chooses and lays out. Reads what describes the frames of the range, not the frames.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn new(reader: &Reader<D>, wish: Wish) -> Result<Self, Error> {
        let mut lanes = Vec::new();
        for source in &wish.sources {
            if let Some(mut lane) = lane(reader, &wish, source)? {
                lead_in::leave_out(reader, &mut lane)?;
                lanes.push(lane);
            }
        }
        let steps = order::order(reader, &wish, &mut lanes)?;
        if steps.is_empty() {
            return Err(Error::Empty);
        }
        if steps.len() > MAX_STEPS {
            return Err(Error::TooLong);
        }
        number_tracks(&mut lanes);
        let (layout, size) = lay_out(reader, &wish, &lanes, &steps)?;
        Ok(Self { reader: reader.clone(), wish, lanes, steps, layout, size })
    }

    /// Bytes of the file.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The cameras that have recordings in the range.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.lanes.iter().map(|lane| &lane.source)
    }

    /// Where nothing was recorded, camera by camera, in the order of [`Plan::sources`].
    pub fn gaps(&self) -> impl Iterator<Item = &[Gap]> {
        self.lanes.iter().map(|lane| lane.gaps.as_slice())
    }
}

/// A stream's share of the export; nothing where it has no recordings in the range.
fn lane<D: Disk>(reader: &Reader<D>, wish: &Wish, source: &Source) -> Result<Option<Lane>, Error> {
    let excerpts = reader.excerpt(source.key, wish.range)?;
    let Some((_, first)) = excerpts.first() else { return Ok(None) };
    let mut tracks = Tracks { audio: None, ..Tracks::clone(&first.tracks) };
    let mut left_out = Vec::new();
    for (_, excerpt) in &excerpts {
        let changed = Error::CodingChanged { stream: source.key, at: excerpt.start };
        let (one, other) = (&tracks.video, &excerpt.tracks.video);
        if (one.codec, &one.decoder_config) != (other.codec, &other.decoder_config) {
            return Err(changed);
        }
        match (&excerpt.tracks.audio, &tracks.audio) {
            (Some(_), _) if !source.audio => left_out = vec![TrackKind::Audio],
            (Some(sound), Some(known)) if sound != known => return Err(changed),
            (Some(sound), None) => tracks.audio = Some(sound.clone()),
            _ => {}
        }
    }
    let (source, shifts, gaps) = (source.clone(), Vec::new(), Vec::new());
    let lead_ins = vec![None; excerpts.len()];
    let (first_track, heard) = (0, false);
    Ok(Some(Lane { source, excerpts, lead_ins, shifts, tracks, left_out, gaps, heard, first_track }))
}

/// A camera that tells of sound and sends none has no track of it.
fn number_tracks(lanes: &mut [Lane]) {
    let mut next = 0;
    for lane in lanes {
        if !lane.heard {
            lane.tracks.audio = None;
        }
        lane.first_track = next;
        next += 1 + usize::from(lane.tracks.audio.is_some());
    }
}

impl Lane {
    /// The number of a track in the file, from 0; nothing where it is left out.
    pub(crate) fn track(&self, kind: TrackKind) -> Option<usize> {
        match kind {
            TrackKind::Video => Some(self.first_track),
            TrackKind::Audio => self.tracks.audio.as_ref().map(|_| self.first_track + 1),
        }
    }

    /// How many samples of a fragment's track, from its first one on, are not in the file: a lead-in; and where a run is
    /// entered the pictures before the first key frame.
    pub(crate) fn lead(&self, step: &Step, track: &FragmentTrack) -> usize {
        let count = |left_out: &dyn Fn(&FragmentSample) -> bool| {
            track.samples.iter().take_while(|sample| left_out(sample)).count()
        };
        if let Some(Some(lead_in)) = self.lead_ins.get(step.excerpt) {
            let rate = self.tracks.timescale(track.kind).unwrap_or(0);
            return count(&|sample| lead_in::before(sample, rate, lead_in.until));
        }
        let entered = |excerpt: &Excerpt| !excerpt.continues && excerpt.fragments.start == step.fragment;
        match self.excerpts.get(step.excerpt) {
            Some((_, excerpt)) if entered(excerpt) && track.kind == TrackKind::Video => {
                count(&|sample| !sample.key)
            }
            _ => 0,
        }
    }

    /// The frames of a fragment at their file times, track by track.
    pub(crate) fn samples(&self, step: &Step, fragment: &[FragmentTrack]) -> Vec<(usize, Vec<SampleRef>)> {
        let shift = self.shifts.get(step.excerpt).copied().unwrap_or(0);
        let of = |track: &FragmentTrack| {
            let number = self.track(track.kind)?;
            let scale = self.tracks.timescale(track.kind)?;
            let shift = order::from_90k(shift, scale);
            let samples = track.samples.iter().skip(self.lead(step, track)).map(|sample| SampleRef {
                track: track.kind,
                size: sample.size,
                time: sample.time.saturating_add(shift),
                duration: sample.duration,
                composition_offset: sample.composition_offset,
                key: sample.key,
            });
            Some((number, samples.collect()))
        };
        fragment.iter().filter_map(of).collect()
    }
}

/// When pictures of the range are first and last shown, file time in 1/90000 s.
struct Shown {
    from: Option<(i64, WallTime)>,
    to: i64,
}

impl Shown {
    /// Takes the pictures of a fragment into account, as they were recorded and as they are placed in the file.
    fn look(
        &mut self,
        range: WallRange,
        head: &Head,
        (lane, step): (&Lane, &Step),
        recorded: &[FragmentTrack],
        placed: &[(usize, Vec<SampleRef>)],
    ) {
        let recorded = recorded.iter().filter(|track| track.kind == TrackKind::Video);
        let recorded = recorded.flat_map(|track| track.samples.iter().skip(lane.lead(step, track)));
        let placed = placed.iter().filter(|(track, _)| *track == lane.first_track).flat_map(|(_, all)| all);
        for (recorded, placed) in recorded.zip(placed) {
            let shown = recorded.time.saturating_add(recorded.composition_offset.into());
            let wall = head.anchor.wall_at(shown);
            let at = placed.time.saturating_add(placed.composition_offset.into());
            // A lead-in is in the footage before already.
            if range.contains(wall) && !head.is_lead_in(wall) {
                self.to = self.to.max(at.saturating_add(placed.duration.into()));
                if self.from.is_none_or(|(from, _)| at < from) {
                    self.from = Some((at, wall));
                }
            }
        }
    }
}

fn lay_out<D: Disk>(
    reader: &Reader<D>,
    wish: &Wish,
    lanes: &[Lane],
    steps: &[Step],
) -> Result<(Layout, u64), Error> {
    let tracks: Vec<Track<'_>> = lanes
        .iter()
        .flat_map(|lane| [TrackKind::Video, TrackKind::Audio].map(|kind| Track::of(&lane.tracks, kind)))
        .flatten()
        .collect();
    let mut shown = Shown { from: None, to: i64::MIN };
    let mut opened = order::Opened::new(reader, lanes);
    let mut movie = Movie::new(tracks.iter().copied());
    let mut clusters = mkv::Builder::new();
    for step in steps {
        let Some(lane) = lanes.get(step.lane) else { continue };
        let original = opened.get(step)?;
        let Some(fragment) = original.fragments.get(step.fragment).copied() else { continue };
        let described = original.describe(&fragment)?;
        let samples = lane.samples(step, &described);
        shown.look(wish.range, &original.head, (lane, step), &described, &samples);
        match wish.container {
            Container::Mp4 => {
                for (track, samples) in samples {
                    movie.push(track, &samples)?;
                }
            }
            Container::Mkv => clusters.push(&samples, &tracks),
        }
    }
    let (time, wall) = shown.from.ok_or(Error::Empty)?;
    match wish.container {
        Container::Mp4 => {
            let (head, size) = movie.finish(Start { time: Some(time), end: Some(shown.to), wall })?;
            Ok((Layout::Mp4 { head }, size))
        }
        Container::Mkv => {
            let layout = clusters.finish(&tracks, mkv::Shown { from: time, to: shown.to, wall })?;
            let size = layout.size();
            Ok((Layout::Mkv(layout), size))
        }
    }
}
