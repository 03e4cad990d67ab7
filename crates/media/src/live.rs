//! A track sent live: every frame becomes a fragment at once, although nobody knows yet how long it lasts.
//!
//! A frame never waits for the next one: the duration written is the nominal one, corrected so that the *next* frame
//! is expected at its true time. With t(i) the true time of a frame, w(i) the written one, n the nominal duration:
//!
//! ```text
//! w(0)   = t(0)
//! d(i)   = max(1, t(i) + n − w(i))      what the fragment says
//! w(i+1) = w(i) + d(i)                  no hole, no overlap
//! ```
//!
//! so w(i+1) − t(i+1) is n minus the true interval: the error of one interval, never a sum. *n* is the stream's
//! nominal duration or, when frames come faster, a moving average of their intervals: a guess that is too short costs
//! nothing (a viewer at the live edge keeps the last picture until the next one arrives and shows that at once), one
//! that is too long would be latency. When frames come late by more than [`MAX_CATCH_UP_SECONDS`], or time goes
//! backwards, writing begins anew at the true time and says so.
//!
//! What is here: a value machine; one per track and stream, its fragments serve all viewers.
//! What is not here: sockets, the ring of the current group of pictures, slow viewers (the site's feed); wrapping G.711
//! ([`crate::flac::FlacTrack`] goes in front).

use bytes::Bytes;
use model::TrackKind;

use crate::{
    AudioCodec, Sample, Tracks,
    fmp4::{SampleMeta, TooLarge, fragment_one, init_segment},
};

/// A frame that is later than the end of what was written by more than this begins the time anew.
pub const MAX_CATCH_UP_SECONDS: i64 = 5;

/// What a viewer must know before the first fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveInit {
    /// `ftyp` and `moov` of this track alone.
    pub segment: Bytes,
    /// Codec string for WebCodecs.
    pub codec: String,
    /// MIME type with codec, for MSE.
    pub mime: String,
    /// The decoder's description for WebCodecs: payload of `avcC` or `hvcC`, AudioSpecificConfig, FLAC metadata;
    /// empty for G.711.
    pub description: Bytes,
    /// Ticks per second.
    pub timescale: u32,
    /// Pixels; 0 for sound.
    pub width: u16,
    /// Pixels; 0 for sound.
    pub height: u16,
    /// Samples per second; 0 for pictures.
    pub sample_rate: u32,
    /// 1 or 2; 0 for pictures.
    pub channels: u8,
}

/// One frame as a fragment; sent as `head` and `data` one behind the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveFragment {
    /// `moof` and the head of `mdat`.
    pub head: Bytes,
    /// The sample's data, shared with the sample.
    pub data: Bytes,
    /// Decode time as written, ticks.
    pub time: i64,
    /// Duration as written, ticks.
    pub duration: u32,
    /// Presentation time minus decode time, ticks.
    pub composition_offset: i32,
    /// Whether decoding can start here.
    pub key: bool,
    /// Whether the time began anew here: what was written before does not reach to it.
    pub discontinuity: bool,
}

#[derive(Clone, Copy, Debug)]
struct Clock {
    /// True time of the last frame.
    last: i64,
    /// Written time at which the next frame begins.
    next: i64,
}

/// The clock and muxer of one track.
#[derive(Clone, Debug)]
pub struct LiveTrack {
    tracks: Tracks,
    kind: TrackKind,
    timescale: u32,
    usual: i64,
    nominal: i64,
    clock: Option<Clock>,
    sequence: u32,
}

impl LiveTrack {
    /// A track of a stream; nothing where the stream has no such track.
    #[must_use]
    pub fn new(tracks: &Tracks, kind: TrackKind) -> Option<Self> {
        let timescale = tracks.timescale(kind)?;
        let usual = i64::from(tracks.video.nominal_duration.max(1));
        Some(Self {
            tracks: tracks.clone(),
            kind,
            timescale,
            usual,
            nominal: usual,
            clock: None,
            sequence: 0,
        })
    }

    /// What a viewer must know before the first fragment.
    #[must_use]
    pub fn init(&self) -> LiveInit {
        let segment = init_segment(&self.tracks, &[self.kind]);
        match (&self.tracks.audio, self.kind) {
            (Some(audio), TrackKind::Audio) => {
                let codec = audio.codec_string().to_owned();
                LiveInit {
                    segment,
                    mime: format!("audio/mp4; codecs=\"{codec}\""),
                    codec,
                    description: match audio.codec {
                        AudioCodec::Flac => crate::flac::metadata(&audio.decoder_config),
                        _ => audio.decoder_config.clone(),
                    },
                    timescale: self.timescale,
                    width: 0,
                    height: 0,
                    sample_rate: audio.sample_rate,
                    channels: audio.channels,
                }
            }
            _ => {
                let video = &self.tracks.video;
                LiveInit {
                    segment,
                    mime: format!("video/mp4; codecs=\"{}\"", video.codec_string),
                    codec: video.codec_string.clone(),
                    description: video.decoder_config.clone(),
                    timescale: self.timescale,
                    width: video.width,
                    height: video.height,
                    sample_rate: 0,
                    channels: 0,
                }
            }
        }
    }

    /// Makes a fragment of a sample of this track (`sample.track` is not looked at).
    ///
    /// # Errors
    /// The sample is too large for a fragment.
    pub fn push(&mut self, sample: &Sample) -> Result<LiveFragment, TooLarge> {
        let size = u32::try_from(sample.data.len()).map_err(|_| TooLarge)?;
        let (time, duration, discontinuity) = self.tick(sample.time, &sample.data);
        self.sequence = self.sequence.wrapping_add(1);
        let meta =
            SampleMeta { size, duration, composition_offset: sample.composition_offset, key: sample.key };
        Ok(LiveFragment {
            head: fragment_one(self.sequence, self.kind, time, meta)?,
            data: sample.data.clone(),
            time,
            duration,
            composition_offset: sample.composition_offset,
            key: sample.key,
            discontinuity,
        })
    }

    /// Written time and duration of the frame with this true time, and whether time begins anew.
    fn tick(&mut self, time: i64, data: &[u8]) -> (i64, u32, bool) {
        let time = time.clamp(0, i64::MAX / 4);
        let catch_up = MAX_CATCH_UP_SECONDS * i64::from(self.timescale);
        let running = self.clock.filter(|clock| time > clock.last && time - clock.next <= catch_up);
        let begin = running.map_or(time, |clock| clock.next);
        let nominal = match (self.kind, &self.tracks.audio, running) {
            (TrackKind::Audio, Some(audio), _) => i64::from(audio.sample_duration(data)),
            (_, _, None) => self.usual,
            (_, _, Some(clock)) => self.nominal + ((time - clock.last).min(self.usual) - self.nominal) / 8,
        };
        self.nominal = nominal.max(1);
        let duration = (time + self.nominal - begin).max(1);
        let discontinuity = running.is_none() && self.clock.is_some();
        // At most the catch-up plus one nominal duration: fits.
        let written = u32::try_from(duration).unwrap_or(u32::MAX);
        self.clock = Some(Clock { last: time, next: begin + i64::from(written) });
        (begin, written, discontinuity)
    }
}
