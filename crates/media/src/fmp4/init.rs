//! The initialization segment: what a reader must know before the first fragment.
//!
//! ```text
//! ftyp                                      ISO/IEC 14496-12, 4.3
//! moov                                      8.2.1
//! ├─ mvhd                                   8.2.2
//! ├─ trak (1 video, 2 audio)                8.3.1
//! │  ├─ tkhd                                8.3.2
//! │  └─ mdia                                8.4.1
//! │     ├─ mdhd  hdlr                       8.4.2, 8.4.3
//! │     └─ minf                             8.4.4
//! │        ├─ vmhd | smhd                   12.1.2, 12.2.2
//! │        ├─ dinf ─ dref ─ url             8.7.1, 8.7.2
//! │        └─ stbl                          8.5.1
//! │           ├─ stsd ─ sample entry        8.5.2
//! │           └─ stts stsc stsz stco (empty) 8.6.1.2, 8.7.4, 8.7.3.2, 8.7.5
//! └─ mvex ─ trex per track                  8.8.1, 8.8.3
//! ```
//!
//! What is not here: fragments ([`super::fragment`]), whole files ([`crate::progressive`]).

use bytes::Bytes;
use model::TrackKind;

use super::{
    boxes::BoxWriter,
    fragment::{KEY_FLAGS, NON_KEY_FLAGS},
    sample_entry, track_id,
};
use crate::{AudioConfig, Tracks, VideoConfig, sample::VIDEO_TIMESCALE};

/// A track to be described.
#[derive(Clone, Copy, Debug)]
pub enum Track<'a> {
    /// Pictures.
    Video(&'a VideoConfig),
    /// Sound.
    Audio(&'a AudioConfig),
}

/// `ftyp` and `moov` of the asked tracks, video before audio; a track that the stream does not have is left out.
#[must_use]
pub fn init_segment(tracks: &Tracks, which: &[TrackKind]) -> Bytes {
    let mut out = BoxWriter::with_capacity(1536);
    let chosen: Vec<Track<'_>> = [TrackKind::Video, TrackKind::Audio]
        .into_iter()
        .filter(|kind| which.contains(kind))
        .filter_map(|kind| Track::of(tracks, kind))
        .collect();
    file_type(&mut out, b"iso5", &[b"iso5", b"iso6", b"mp41"]);
    out.node(b"moov", |out| {
        movie_header(out, 0, 1000, 0, 3);
        for track in &chosen {
            out.node(b"trak", |out| {
                track.header(out, track_id(track.kind()), 0, 0);
                out.node(b"mdia", |out| {
                    track.media_head(out, 0, 0);
                    out.node(b"minf", |out| {
                        track.media_information_head(out);
                        out.node(b"stbl", |out| {
                            track.sample_description(out);
                            empty_tables(out);
                        });
                    });
                });
            });
        }
        out.node(b"mvex", |out| chosen.iter().for_each(|track| track.extends(out)));
    });
    out.into_vec().into()
}

/// `ftyp`.
pub(crate) fn file_type(out: &mut BoxWriter, major: &[u8; 4], compatible: &[&[u8; 4]]) {
    out.node(b"ftyp", |out| {
        out.bytes(major);
        out.u32(0);
        compatible.iter().for_each(|brand| out.bytes(*brand));
    });
}

/// `mvhd`; `creation` in seconds since 1904, `duration` in ticks of `timescale`; `next` is a free `track_ID`.
pub(crate) fn movie_header(out: &mut BoxWriter, creation: u64, timescale: u32, duration: u64, next: u32) {
    let wide = is_wide(creation, duration);
    out.full(b"mvhd", u8::from(wide), 0, |out| {
        out.sized(wide, creation);
        out.sized(wide, creation);
        out.u32(timescale);
        out.sized(wide, duration);
        out.u32(0x0001_0000); // rate 1
        out.u16(0x0100); // volume 1
        out.zeros(10);
        matrix(out);
        out.zeros(24);
        out.u32(next); // next_track_ID
    });
}

/// Whether times need version 1 of a header; old players like version 0 better.
fn is_wide(creation: u64, duration: u64) -> bool {
    creation.max(duration) > u64::from(u32::MAX)
}

fn matrix(out: &mut BoxWriter) {
    for value in [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000] {
        out.u32(value);
    }
}

/// Sample tables of a movie whose samples are all in fragments.
fn empty_tables(out: &mut BoxWriter) {
    out.full(b"stts", 0, 0, |out| out.u32(0));
    out.full(b"stsc", 0, 0, |out| out.u32(0));
    out.full(b"stsz", 0, 0, |out| out.zeros(8));
    out.full(b"stco", 0, 0, |out| out.u32(0));
}

impl<'a> Track<'a> {
    /// The track of that kind, where there is one.
    #[must_use]
    pub fn of(tracks: &'a Tracks, kind: TrackKind) -> Option<Self> {
        match kind {
            TrackKind::Video => Some(Self::Video(&tracks.video)),
            TrackKind::Audio => tracks.audio.as_ref().map(Self::Audio),
        }
    }

    /// Which track it is.
    #[must_use]
    pub fn kind(&self) -> TrackKind {
        match self {
            Self::Video(_) => TrackKind::Video,
            Self::Audio(_) => TrackKind::Audio,
        }
    }

    /// What the decoder must know.
    #[must_use]
    pub fn decoder_config(&self) -> &'a Bytes {
        match self {
            Self::Video(video) => &video.decoder_config,
            Self::Audio(audio) => &audio.decoder_config,
        }
    }

    /// Ticks per second.
    #[must_use]
    pub fn timescale(&self) -> u32 {
        match self {
            Self::Video(_) => VIDEO_TIMESCALE,
            Self::Audio(audio) => audio.sample_rate,
        }
    }

    /// `tkhd`; `number` is the `track_ID`, `duration` in ticks of the movie.
    pub(crate) fn header(&self, out: &mut BoxWriter, number: u32, creation: u64, duration: u64) {
        let (volume, width, height) = match self {
            Self::Video(video) => (0, video.width, video.height),
            Self::Audio(_) => (0x0100, 0, 0),
        };
        let wide = is_wide(creation, duration);
        out.full(b"tkhd", u8::from(wide), 3, |out| {
            out.sized(wide, creation);
            out.sized(wide, creation);
            out.u32(number);
            out.u32(0);
            out.sized(wide, duration);
            out.zeros(12); // reserved, layer, alternate_group
            out.u16(volume);
            out.u16(0);
            matrix(out);
            out.u32(u32::from(width) << 16);
            out.u32(u32::from(height) << 16);
        });
    }

    /// `mdhd` and `hdlr`; `duration` in ticks of the track.
    pub(crate) fn media_head(&self, out: &mut BoxWriter, creation: u64, duration: u64) {
        let wide = is_wide(creation, duration);
        out.full(b"mdhd", u8::from(wide), 0, |out| {
            out.sized(wide, creation);
            out.sized(wide, creation);
            out.u32(self.timescale());
            out.sized(wide, duration);
            out.u16(0x55c4); // language: undetermined
            out.u16(0);
        });
        let (handler, name): (_, &[u8]) = match self {
            Self::Video(_) => (b"vide", b"video\0"),
            Self::Audio(_) => (b"soun", b"audio\0"),
        };
        out.full(b"hdlr", 0, 0, |out| {
            out.u32(0);
            out.bytes(handler);
            out.zeros(12);
            out.bytes(name);
        });
    }

    /// `vmhd` or `smhd`, and `dinf`: the data are in this file.
    pub(crate) fn media_information_head(&self, out: &mut BoxWriter) {
        match self {
            Self::Video(_) => out.full(b"vmhd", 0, 1, |out| out.zeros(8)),
            Self::Audio(_) => out.full(b"smhd", 0, 0, |out| out.zeros(4)),
        }
        out.node(b"dinf", |out| {
            out.full(b"dref", 0, 0, |out| {
                out.u32(1);
                out.full(b"url ", 0, 1, |_| {});
            });
        });
    }

    /// `stsd` with one sample entry.
    pub(crate) fn sample_description(&self, out: &mut BoxWriter) {
        out.full(b"stsd", 0, 0, |out| {
            out.u32(1);
            match self {
                Self::Video(video) => sample_entry::video(out, video),
                Self::Audio(audio) => sample_entry::audio(out, audio),
            }
        });
    }

    /// `trex`: its default duration keeps the nominal duration, its default flags are those of most samples.
    fn extends(&self, out: &mut BoxWriter) {
        let (duration, flags) = match self {
            Self::Video(video) => (video.nominal_duration, NON_KEY_FLAGS),
            Self::Audio(audio) => (audio.sample_duration(&[]), KEY_FLAGS),
        };
        out.full(b"trex", 0, 0, |out| {
            out.u32(track_id(self.kind()));
            out.u32(1); // default_sample_description_index
            out.u32(duration);
            out.u32(0);
            out.u32(flags);
        });
    }
}
