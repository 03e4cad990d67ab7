//! Fragments: `moof` and the head of `mdat`. Sample data are never touched: whoever writes a fragment writes the head
//! made here, then the data of the samples, track after track, in one gathered write.
//!
//! ```text
//! moof                      ISO/IEC 14496-12, 8.8.4
//! ├─ mfhd                   8.8.5   sequence number
//! └─ traf per track         8.8.6
//!    ├─ tfhd                8.8.7   default-base-is-moof
//!    ├─ tfdt version 1      8.8.12  decode time of the first sample, 64 bits
//!    └─ trun version 1      8.8.8   data offset; per sample: duration, size, flags, composition offset (signed)
//! mdat (head only)          8.1.1
//! ```
//!
//! A `trun` of sound says only durations and sizes (its samples are all key, as `trex` says); one of pictures leaves
//! composition offsets out where all are 0.
//!
//! What is not here: deciding what goes into a fragment (the archive), the clock of a live stream ([`crate::live`]).

use bytes::Bytes;
use model::TrackKind;

use super::{boxes::BoxWriter, track_id};

/// `sample_flags` of a sample at which decoding can start: depends on no other (8.8.3.1).
pub const KEY_FLAGS: u32 = 0x0200_0000;
/// `sample_flags` of other samples: depends on others, is no sync sample.
pub const NON_KEY_FLAGS: u32 = 0x0101_0000;

const DATA_OFFSET: u32 = 0x1;
const DURATION: u32 = 0x100;
const SIZE: u32 = 0x200;
const FLAGS: u32 = 0x400;
const COMPOSITION: u32 = 0x800;

/// What `trun` says about a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleMeta {
    /// Bytes.
    pub size: u32,
    /// Ticks to the next sample.
    pub duration: u32,
    /// Presentation time minus decode time, ticks.
    pub composition_offset: i32,
    /// Whether decoding can start here.
    pub key: bool,
}

/// The samples of one track in a fragment.
#[derive(Clone, Copy, Debug)]
pub struct TrackSamples<'a> {
    /// Which track.
    pub kind: TrackKind,
    /// Decode time of the first sample, ticks; negative times are written as 0.
    pub time: i64,
    /// In decoding order.
    pub samples: &'a [SampleMeta],
}

/// The samples are too large for one fragment: together 4 GiB or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the samples of a fragment are 4 GiB or larger together")]
pub struct TooLarge;

/// The head of a fragment: `moof` and the first 8 bytes of `mdat`. The data follow in the order of `tracks`, the
/// samples of a track without anything between them. `sequence` begins with 1 and grows.
///
/// # Errors
/// The samples are too large.
pub fn fragment_head(sequence: u32, tracks: &[TrackSamples<'_>]) -> Result<Bytes, TooLarge> {
    fragment_head_with(sequence, tracks, &[])
}

/// The same with more boxes at the end of `moof`, which players skip (ISO/IEC 14496-12, 4.2: unknown types).
///
/// # Errors
/// The samples are too large.
pub fn fragment_head_with(
    sequence: u32,
    tracks: &[TrackSamples<'_>],
    more: &[u8],
) -> Result<Bytes, TooLarge> {
    // Exactly what is written: one allocation, none to shrink it.
    let fragments: usize =
        tracks.iter().map(|track| 64 + track.samples.len() * bytes_per_sample(run_flags(track))).sum();
    let mut out = BoxWriter::with_capacity(32 + fragments + more.len());
    let mut offsets = [(0, 0u64); 4];
    let mut data = 0u64;
    out.node(b"moof", |out| {
        out.full(b"mfhd", 0, 0, |out| out.u32(sequence));
        for (index, track) in tracks.iter().enumerate() {
            let at = track_fragment(out, track);
            if let Some(slot) = offsets.get_mut(index) {
                *slot = (at, data);
            }
            data += track.samples.iter().map(|sample| u64::from(sample.size)).sum::<u64>();
        }
        out.bytes(more);
    });
    let head = out.len() + 8;
    let size = u32::try_from(data + 8).map_err(|_| TooLarge)?;
    i32::try_from(head as u64 + data).map_err(|_| TooLarge)?;
    for (at, before) in offsets.iter().take(tracks.len()) {
        out.patch(*at, (head as u64 + before) as u32);
    }
    out.u32(size);
    out.bytes(b"mdat");
    let head = out.into_vec();
    debug_assert_eq!(head.len(), head.capacity(), "the size was foretold");
    Ok(head.into())
}

/// What the `trun` of a track says about each sample.
fn run_flags(track: &TrackSamples<'_>) -> u32 {
    let flags = match track.kind {
        TrackKind::Video => FLAGS,
        TrackKind::Audio => 0,
    };
    let composed = track.samples.iter().any(|sample| sample.composition_offset != 0);
    DATA_OFFSET | DURATION | SIZE | flags | if composed { COMPOSITION } else { 0 }
}

/// Bytes of a sample's entry in a `trun` with these flags.
fn bytes_per_sample(flags: u32) -> usize {
    4 * (flags & (DURATION | SIZE | FLAGS | COMPOSITION)).count_ones() as usize
}

/// Writes `traf` and tells where its data offset stands.
fn track_fragment(out: &mut BoxWriter, track: &TrackSamples<'_>) -> usize {
    let mut offset_at = 0;
    let flags = run_flags(track);
    out.node(b"traf", |out| {
        out.full(b"tfhd", 0, 0x02_0000, |out| out.u32(track_id(track.kind)));
        out.full(b"tfdt", 1, 0, |out| out.u64(track.time.max(0).unsigned_abs()));
        out.full(b"trun", 1, flags, |out| {
            out.u32(u32::try_from(track.samples.len()).unwrap_or(u32::MAX));
            offset_at = out.len();
            out.u32(0);
            for sample in track.samples {
                out.u32(sample.duration);
                out.u32(sample.size);
                if flags & FLAGS != 0 {
                    out.u32(if sample.key { KEY_FLAGS } else { NON_KEY_FLAGS });
                }
                if flags & COMPOSITION != 0 {
                    out.i32(sample.composition_offset);
                }
            }
        });
    });
    offset_at
}

/// The head of a fragment with exactly one sample, as live and playback send it.
///
/// # Errors
/// The sample is too large.
pub fn fragment_one(
    sequence: u32,
    kind: TrackKind,
    time: i64,
    sample: SampleMeta,
) -> Result<Bytes, TooLarge> {
    fragment_head(sequence, &[TrackSamples { kind, time, samples: &[sample] }])
}
