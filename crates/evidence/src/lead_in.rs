//! Pictures that a run repeats: a camera sends the group of pictures that it is in again when it is asked anew.
//!
//! The archive keeps them as the *lead-in* of the new run (`archive::format::head`), since whoever begins there needs
//! them. A file that has the run before up to its last picture does not: its decoder has just decoded the very same
//! pictures. They are left out then, and the evidence has them.
//!
//! What is not here: how the evidence has them ([`crate::write`]).

use archive::{Disk, Excerpt, clock::to_90k, set::Reader};
use media::fmp4::read::{FragmentSample, FragmentTrack};
use model::{StreamKey, TrackKind, VolumeId};

use crate::{Error, plan::Lane};

/// What is left out of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LeadIn {
    /// Media time of the first picture that is shown, 1/90000 s.
    pub(crate) until: i64,
    /// Decode time of the first picture that is in the file, 1/90000 s.
    pub(crate) first: i64,
}

/// Whether a picture or packet lies before a media time, in 1/90000 s, at which a run is first shown.
pub(crate) fn before(sample: &FragmentSample, rate: u32, until: i64) -> bool {
    to_90k(sample.time.saturating_add(sample.composition_offset.into()), rate) < until
}

/// Takes lead-ins out of a lane, where the run before has all of them.
pub(crate) fn leave_out<D: Disk>(reader: &Reader<D>, lane: &mut Lane) -> Result<(), Error> {
    let key = lane.source.key;
    for index in 1..lane.excerpts.len() {
        let Some((before, [(volume, excerpt), ..])) = lane.excerpts.split_at_mut_checked(index) else {
            break;
        };
        if excerpt.continues || excerpt.fragments.start != 0 {
            continue;
        }
        let rate = lane.tracks.timescale(TrackKind::Audio).unwrap_or(0);
        let Some((lead_in, fragment)) = find(reader, key, rate, before, (*volume, excerpt))? else {
            continue;
        };
        excerpt.fragments.start = fragment;
        if let Some(place) = lane.lead_ins.get_mut(index) {
            *place = Some(lead_in);
        }
    }
    Ok(())
}

/// The lead-in of a run, and the first fragment that has more than it; nothing where there is none, or where the
/// excerpts before do not end with it.
fn find<D: Disk>(
    reader: &Reader<D>,
    key: StreamKey,
    rate: u32,
    told: &[(VolumeId, Excerpt)],
    (volume, excerpt): (VolumeId, &Excerpt),
) -> Result<Option<(LeadIn, usize)>, Error> {
    let gone = || Error::Gone { stream: key };
    let original = reader.original(volume, key, excerpt.segment)?.ok_or_else(gone)?;
    let until = original.head.anchor.media;
    let lead = |fragment: &archive::format::Fragment| fragment.time < 0;
    if original.head.number != 0 || !original.fragments.first().is_some_and(lead) {
        return Ok(None);
    }
    let mut sizes = Vec::new();
    let mut kept = None;
    for number in excerpt.fragments.clone() {
        let described = original.describe(original.fragments.get(number).ok_or_else(gone)?)?;
        let of = |kind| samples(&described, kind);
        let sound = of(TrackKind::Audio).iter().any(|packet| !before(packet, rate, until));
        let pictures = of(TrackKind::Video);
        let repeated = pictures.iter().take_while(|picture| before(picture, 90_000, until));
        sizes.extend(repeated.map(|picture| picture.size));
        let shown = pictures.iter().find(|picture| !before(picture, 90_000, until));
        if sound || shown.is_some() {
            kept.get_or_insert(number);
        }
        if let (Some(shown), Some(kept)) = (shown, kept) {
            let lead_in = LeadIn { until, first: shown.time };
            return Ok(ends_with(reader, key, told, &sizes)?.then_some((lead_in, kept)));
        }
    }
    Ok(None)
}

/// Whether the last pictures of these excerpts are of those sizes. That they are the same pictures is the archive's word:
/// it has compared their bytes.
fn ends_with<D: Disk>(
    reader: &Reader<D>,
    key: StreamKey,
    excerpts: &[(VolumeId, Excerpt)],
    sizes: &[u32],
) -> Result<bool, Error> {
    let gone = || Error::Gone { stream: key };
    let mut expected = sizes.iter().rev().peekable();
    for (volume, excerpt) in excerpts.iter().rev() {
        let original = reader.original(*volume, key, excerpt.segment)?.ok_or_else(gone)?;
        for number in excerpt.fragments.clone().rev() {
            let described = original.describe(original.fragments.get(number).ok_or_else(gone)?)?;
            for picture in samples(&described, TrackKind::Video).iter().rev() {
                match expected.next() {
                    Some(size) if *size == picture.size => {}
                    Some(_) => return Ok(false),
                    None => return Ok(true),
                }
            }
            if expected.peek().is_none() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn samples(fragment: &[FragmentTrack], kind: TrackKind) -> &[FragmentSample] {
    fragment.iter().find(|track| track.kind == kind).map_or(&[], |track| &track.samples)
}
