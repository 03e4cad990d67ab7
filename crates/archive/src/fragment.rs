//! The fragment that is being filled: samples as they came, until it is written.
//!
//! What is not here: when it closes ([`crate::stream`]), files ([`crate::stream`]).

use media::{
    AudioCodec, Sample, Tracks,
    fmp4::{SampleMeta, TooLarge, TrackSamples, fragment_head_with},
    sample::VIDEO_TIMESCALE,
};
use model::{TrackKind, WallTime};

use crate::{
    chain::{self, Link},
    clock::to_90k,
    format::{KeyFrame, LINK_LEN, link_box},
};

/// One track of it.
struct Track {
    kind: TrackKind,
    samples: Vec<Sample>,
    meta: Vec<SampleMeta>,
    bytes: usize,
    /// Ticks per second.
    timescale: u32,
    /// Ticks from one sample to the next, as last seen.
    usual: u32,
}

/// Samples that are not written yet.
pub(crate) struct Pending {
    video: Track,
    audio: Track,
    link: Link,
    /// When the first of them came.
    since: Option<WallTime>,
    /// Number of the sample after its last one.
    until: u64,
}

/// A fragment, ready to be written: `head`, the samples' data, `link`.
pub(crate) struct Closed {
    /// `moof` and the head of `mdat`.
    pub(crate) head: bytes::Bytes,
    /// The box with the chain value.
    pub(crate) link: [u8; LINK_LEN],
    pub(crate) value: chain::Value,
    /// Bytes of all of it.
    pub(crate) len: usize,
    pub(crate) moof_len: usize,
    /// From when to when its pictures and its sound reach, in 1/90000 s.
    pub(crate) pictures: Option<(i64, i64)>,
    pub(crate) sound: Option<(i64, i64)>,
    pub(crate) video_samples: usize,
    pub(crate) audio_samples: usize,
}

impl Track {
    fn new(kind: TrackKind, timescale: u32, usual: u32) -> Self {
        Self { kind, samples: Vec::new(), meta: Vec::new(), bytes: 0, timescale, usual }
    }

    /// From when to when it reaches, in 1/90000 s.
    fn reach(&self) -> Option<(i64, i64)> {
        let shown_until = |(sample, meta): (&Sample, &SampleMeta)| {
            sample.time.saturating_add(sample.composition_offset.into()).saturating_add(meta.duration.into())
        };
        let first = self.samples.first()?.time;
        let end = self.samples.iter().zip(&self.meta).map(shown_until).max()?;
        Some((to_90k(first, self.timescale), to_90k(end, self.timescale)))
    }

    fn push(&mut self, sample: Sample) {
        self.end_last_at(sample.time);
        self.meta.push(SampleMeta {
            size: u32::try_from(sample.data.len()).unwrap_or(u32::MAX),
            duration: self.usual,
            composition_offset: sample.composition_offset,
            key: sample.key,
        });
        self.bytes += sample.data.len();
        self.samples.push(sample);
    }

    /// The sample after the last one begins at that time.
    fn end_last_at(&mut self, time: i64) {
        if let (Some(last), Some(meta)) = (self.samples.last(), self.meta.last_mut())
            && let Ok(duration @ 1..) = u32::try_from(time.saturating_sub(last.time))
        {
            meta.duration = duration;
            self.usual = duration;
        }
    }

    fn clear(&mut self) {
        self.samples.clear();
        self.meta.clear();
        self.bytes = 0;
    }

    fn part(&self) -> Option<TrackSamples<'_>> {
        let first = self.samples.first()?;
        Some(TrackSamples { kind: self.kind, time: first.time, samples: &self.meta })
    }
}

impl Pending {
    pub(crate) fn new(tracks: &Tracks) -> Self {
        let (rate, packet) = tracks.audio.as_ref().map_or((0, 0), |audio| match audio.codec {
            AudioCodec::Aac => (audio.sample_rate, 1024),
            _ => (audio.sample_rate, audio.sample_rate / 50),
        });
        let picture = tracks.video.nominal_duration.clamp(1, VIDEO_TIMESCALE);
        Self {
            video: Track::new(TrackKind::Video, VIDEO_TIMESCALE, picture),
            audio: Track::new(TrackKind::Audio, rate, packet),
            link: Link::default(),
            since: None,
            until: 0,
        }
    }

    /// Takes a sample, which has that number.
    pub(crate) fn push(&mut self, sample: &Sample, number: u64, now: WallTime) {
        self.since.get_or_insert(now);
        self.until = number.saturating_add(1);
        match sample.track {
            TrackKind::Video => {
                self.link.video(&sample.data);
                self.video.push(sample.clone());
            }
            TrackKind::Audio => {
                self.link.audio(&sample.data);
                self.audio.push(sample.clone());
            }
        }
    }

    /// When the first of its samples came; nothing where there is none.
    pub(crate) fn since(&self) -> Option<WallTime> {
        self.since
    }

    /// Number of the sample after its last one.
    pub(crate) fn until(&self) -> u64 {
        self.until
    }

    /// Bytes of its samples.
    pub(crate) fn bytes(&self) -> usize {
        self.video.bytes + self.audio.bytes
    }

    /// How many samples it has.
    pub(crate) fn samples(&self) -> usize {
        self.video.samples.len() + self.audio.samples.len()
    }

    /// Its first picture.
    pub(crate) fn first_video(&self) -> Option<&Sample> {
        self.video.samples.first()
    }

    /// The next picture begins at that time: now the last one's duration is known.
    pub(crate) fn video_goes_on_at(&mut self, time: i64) {
        self.video.end_last_at(time);
    }

    /// Forgets all samples.
    pub(crate) fn clear(&mut self) {
        self.video.clear();
        self.audio.clear();
        self.link = Link::default();
        self.since = None;
    }

    /// How long its pictures would last together with one more at that time, in 1/90000 s.
    pub(crate) fn length_with(&self, time: i64) -> i64 {
        let length = self.first_video().map(|first| time.saturating_sub(first.time));
        length.map_or(0, |length| length.saturating_add(self.video.usual.into()))
    }

    /// Makes the boxes around the samples; `marks` is the box with marks, or nothing.
    pub(crate) fn close(
        &mut self,
        sequence: u32,
        before: &chain::Value,
        marks: &[u8],
    ) -> Result<Closed, TooLarge> {
        let parts: [Option<TrackSamples<'_>>; 2] = [self.video.part(), self.audio.part()];
        let head = match &parts {
            [Some(video), Some(audio)] => fragment_head_with(sequence, &[*video, *audio], marks),
            [Some(only), None] | [None, Some(only)] => fragment_head_with(sequence, &[*only], marks),
            [None, None] => fragment_head_with(sequence, &[], marks),
        }?;
        let moof_len = head.len().saturating_sub(crate::format::BOX_HEADER);
        let value = self.link.close(before, head.get(..moof_len).unwrap_or_default());
        Ok(Closed {
            len: head.len() + self.bytes() + LINK_LEN,
            moof_len,
            value,
            link: link_box(&value),
            pictures: self.video.reach(),
            sound: self.audio.reach(),
            video_samples: self.video.samples.len(),
            audio_samples: self.audio.samples.len(),
            head,
        })
    }

    /// The samples' data in the order in which they stand in `mdat`.
    pub(crate) fn data(&self) -> impl Iterator<Item = &bytes::Bytes> {
        self.video.samples.iter().chain(&self.audio.samples).map(|sample| &sample.data)
    }

    /// Its key frames, at times counted from `media`, with offsets counted from the fragment's begin.
    pub(crate) fn keys(&self, media: i64, fragment: u32, head_len: usize) -> impl Iterator<Item = KeyFrame> {
        let mut offset = head_len;
        let described = self.video.samples.iter().zip(&self.video.meta);
        described.enumerate().filter_map(move |(index, (sample, meta))| {
            let at = offset;
            offset += sample.data.len();
            sample.key.then(|| KeyFrame {
                fragment,
                sample: u32::try_from(index).unwrap_or(u32::MAX),
                time: i32::try_from(sample.time.saturating_sub(media)).unwrap_or(i32::MAX),
                duration: meta.duration,
                composition_offset: sample.composition_offset,
                offset: u32::try_from(at).unwrap_or(u32::MAX),
                len: u32::try_from(sample.data.len()).unwrap_or(u32::MAX),
            })
        })
    }
}
