//! Media records made of samples: the one place that turns live frames into what viewers get.
//!
//! What is not here: who gets them (the hub), recordings (`http::playback`).

use std::sync::Arc;

use api::record::{self, Header, Init, Kind, Notice};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::{BufMut, Bytes, BytesMut};
use media::{
    AudioCodec, Sample, Tracks,
    flac::FlacTrack,
    live::{LiveInit, LiveTrack},
};
use model::{StreamKind, TrackKind};

/// What a packet carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Pictures, and notices.
    Video,
    /// Sound as it came.
    Sound,
    /// Sound for MSE: G.711 as FLAC, all else as it came.
    Flac,
}

impl Lane {
    /// The track in records: 0 video, 1 audio.
    #[must_use]
    pub const fn track(self) -> u8 {
        match self {
            Self::Video => 0,
            Self::Sound | Self::Flac => 1,
        }
    }

    /// Which track of the stream.
    #[must_use]
    pub const fn kind(self) -> TrackKind {
        match self {
            Self::Video => TrackKind::Video,
            Self::Sound | Self::Flac => TrackKind::Audio,
        }
    }
}

/// One record, encoded with subscription 0, for all viewers.
#[derive(Clone, Debug)]
pub struct Packet {
    /// The record; bytes 4..8 hold the subscription and are written per viewer.
    pub bytes: Bytes,
    /// Video frames at which a viewer can start.
    pub starts: bool,
    /// Which sound or pictures it is.
    pub lane: Lane,
}

/// The tracks as a lane sends them: for [`Lane::Flac`] G.711 has become FLAC.
pub struct LaneTracks {
    /// As they are sent.
    pub tracks: Arc<Tracks>,
    /// Wraps samples, where they have to be.
    pub wrapper: Option<FlacTrack>,
}

impl LaneTracks {
    /// The tracks of a lane; nothing where the stream has no such track.
    #[must_use]
    pub fn new(tracks: &Arc<Tracks>, lane: Lane) -> Option<Self> {
        tracks.timescale(lane.kind())?;
        let wrapper = match (&tracks.audio, lane) {
            (Some(audio), Lane::Flac) if matches!(audio.codec, AudioCodec::Pcmu | AudioCodec::Pcma) => {
                FlacTrack::new(audio)
            }
            _ => None,
        };
        let tracks = match &wrapper {
            Some(flac) => Arc::new(Tracks { audio: Some(flac.config()), ..Tracks::clone(tracks) }),
            None => Arc::clone(tracks),
        };
        Some(Self { tracks, wrapper })
    }

    /// The init record of the lane.
    #[must_use]
    pub fn init(&self, stream: StreamKind, lane: Lane) -> Option<Packet> {
        Some(init_packet(stream, lane, LiveTrack::new(&self.tracks, lane.kind())?.init()))
    }
}

/// Encodes one lane of a live stream.
pub struct Encoder {
    lane: Lane,
    live: LiveTrack,
    wrapper: Option<FlacTrack>,
    init: Packet,
}

impl Encoder {
    /// An encoder of a lane; nothing where the stream has no such track.
    #[must_use]
    pub fn new(stream: StreamKind, tracks: &Arc<Tracks>, lane: Lane) -> Option<Self> {
        let LaneTracks { tracks, wrapper } = LaneTracks::new(tracks, lane)?;
        let live = LiveTrack::new(&tracks, lane.kind())?;
        let init = init_packet(stream, lane, live.init());
        Some(Self { lane, live, wrapper, init })
    }

    /// Its lane.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        self.lane
    }

    /// The init record.
    #[must_use]
    pub const fn init(&self) -> &Packet {
        &self.init
    }

    /// Whether samples of this track belong to its lane.
    #[must_use]
    pub fn takes(&self, track: TrackKind) -> bool {
        self.lane.kind() == track
    }

    /// A sample as a record; nothing where it cannot be sent (it is logged).
    pub fn encode(&mut self, sample: &Sample) -> Option<Packet> {
        let wrapped = match &self.wrapper {
            Some(flac) => match flac.wrap(sample) {
                Ok(wrapped) => Some(wrapped),
                Err(error) => {
                    tracing::debug!(%error, "sound left out");
                    return None;
                }
            },
            None => None,
        };
        let fragment = match self.live.push(wrapped.as_ref().unwrap_or(sample)) {
            Ok(fragment) => fragment,
            Err(error) => {
                tracing::warn!(%error, "frame left out");
                return None;
            }
        };
        let mut flags = 0;
        if fragment.key {
            flags |= record::KEY;
        }
        if fragment.discontinuity {
            flags |= record::DISCONTINUITY;
        }
        let header = Header {
            flags,
            wall_us: sample.wall.micros(),
            time: fragment.time,
            duration: fragment.duration,
            composition_offset: fragment.composition_offset,
            data_offset: u32::try_from(fragment.head.len()).ok()?,
            ..bare(Kind::Frame, self.lane.track())
        };
        let bytes = join(&header, &[&fragment.head, &fragment.data]);
        Some(Packet { bytes, starts: self.lane == Lane::Video && fragment.key, lane: self.lane })
    }
}

/// A header with nothing but kind and track.
#[must_use]
pub const fn bare(kind: Kind, track: u8) -> Header {
    Header {
        kind,
        flags: 0,
        track,
        subscription: 0,
        wall_us: 0,
        time: 0,
        duration: 0,
        composition_offset: 0,
        data_offset: 0,
    }
}

/// A record out of its parts.
#[must_use]
pub fn join(header: &Header, parts: &[&[u8]]) -> Bytes {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    let mut bytes = BytesMut::with_capacity(record::HEADER + length);
    bytes.put_slice(&header.to_bytes());
    for part in parts {
        bytes.put_slice(part);
    }
    bytes.freeze()
}

fn init_packet(stream: StreamKind, lane: Lane, live: LiveInit) -> Packet {
    let init = Init {
        codec: live.codec,
        mse: live.mime,
        description: BASE64_STANDARD.encode(&live.description),
        timescale: live.timescale,
        width: live.width,
        height: live.height,
        sample_rate: live.sample_rate,
        channels: live.channels,
        stream: stream.to_string(),
    };
    let json = serde_json::to_vec(&init).unwrap_or_default();
    let length = u32::try_from(json.len()).unwrap_or(0).to_be_bytes();
    let bytes = join(&bare(Kind::Init, lane.track()), &[&length, &json, &live.segment]);
    Packet { bytes, starts: false, lane }
}

/// A notice as a record.
#[must_use]
pub fn notice_packet(notice: &Notice) -> Packet {
    let json = serde_json::to_vec(notice).unwrap_or_default();
    Packet { bytes: join(&bare(Kind::Notice, 0), &[&json]), starts: false, lane: Lane::Video }
}
