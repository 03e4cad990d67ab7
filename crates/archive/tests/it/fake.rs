//! Streams made up: what a camera would send, small, with bytes that tell which frame they are.

use std::sync::Arc;

use archive::{Archive, Disk, Options, Part, Purpose, SampleRef, Signer, Verifier};
use bytes::Bytes;
use media::{AudioCodec, AudioConfig, Sample, Tracks, VideoCodec, VideoConfig};
use model::{CameraId, SiteId, StreamKey, StreamKind, TrackKind, VolumeId, WallRange, WallTime};
use sha2::{Digest, Sha256};

/// Signs by hashing: whoever has the key can check.
pub struct FakeSigner;

impl Signer for FakeSigner {
    fn public_key(&self) -> Vec<u8> {
        b"fake key".to_vec()
    }

    fn sign(&self, purpose: Purpose, statement: &[u8]) -> Vec<u8> {
        Sha256::new().chain_update(format!("{purpose:?}")).chain_update(statement).finalize().to_vec()
    }
}

impl Verifier for FakeSigner {
    fn holds(&self, public_key: &[u8], purpose: Purpose, statement: &[u8], signature: &[u8]) -> bool {
        public_key == b"fake key" && signature == self.sign(purpose, statement)
    }

    fn holds_for(
        &self,
        of: SiteId,
        key: &[u8],
        purpose: Purpose,
        statement: &[u8],
        signature: &[u8],
    ) -> bool {
        of == site() && self.holds(key, purpose, statement, signature)
    }
}

pub fn site() -> SiteId {
    SiteId::from_bytes([7; 16])
}

pub fn options() -> Options {
    Options { new_volume: VolumeId::from_bytes([9; 16]), ..Options::new(site(), Arc::new(FakeSigner)) }
}

pub fn camera(number: u8) -> StreamKey {
    StreamKey { camera: CameraId::from_bytes([number; 16]), kind: StreamKind::Main }
}

/// 2026-11-21T23:58:00Z: tests cross midnight soon.
pub fn start() -> WallTime {
    "2026-11-21T23:58:00Z".parse().unwrap()
}

/// Parameter sets of a real 320×240 stream, High profile.
const AVCC: &str = "0164000dffe100176764000dacb20283f60220000003002000000641e2854901000668ebc3cb22c0fdf8f800";
/// Parameter sets of a real 320×240 stream, Main profile.
const HVCC: &str = "0101600000009000000000003cf000fcfdf8f800000f03a00001001840010c01ffff01600000030090000003000003003c\
                    928090a1000100294201010160000003009000000300\
                    0003003ca00a080f16592a4932bc05a02000000300200000030321a2000100074401c172b46240";

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

pub fn video(codec: VideoCodec) -> VideoConfig {
    match codec {
        VideoCodec::H264 => VideoConfig::from_avcc(&hex(AVCC)).unwrap(),
        VideoCodec::H265 => VideoConfig::from_hvcc(&hex(HVCC)).unwrap(),
    }
}

pub fn audio(codec: AudioCodec) -> AudioConfig {
    match codec {
        AudioCodec::Aac => AudioConfig::from_aac(&[0x14, 0x08]).unwrap(),
        _ => AudioConfig { codec, sample_rate: 8000, channels: 1, decoder_config: Bytes::new() },
    }
}

pub fn tracks(sound: Option<AudioCodec>) -> Arc<Tracks> {
    Arc::new(Tracks { video: video(VideoCodec::H264), audio: sound.map(audio) })
}

/// Bytes of a frame: a NAL unit that says who it is, filled up to the size.
pub fn payload(track: TrackKind, time: i64, size: usize) -> Bytes {
    let mut data = format!("{track:?} {time} ").into_bytes();
    data.resize(size.max(data.len()), b'.');
    data.into()
}

/// A camera without whims.
#[derive(Clone, Debug)]
pub struct Camera {
    pub key: StreamKey,
    pub tracks: Arc<Tracks>,
    /// Ticks from picture to picture.
    pub step: i64,
    /// Pictures from key frame to key frame.
    pub group: usize,
    pub size: usize,
}

impl Camera {
    pub fn new(number: u8, sound: Option<AudioCodec>) -> Self {
        Self { key: camera(number), tracks: tracks(sound), step: 3600, group: 50, size: 64 }
    }

    /// Pictures and sound of so many seconds, by time.
    pub fn samples(&self, start: WallTime, seconds: f64) -> Vec<Sample> {
        let end = (seconds * 90_000.0) as i64;
        let wall = |time: i64, rate: i64| start.plus_micros(time * 1_000_000 / rate);
        let pictures = (0..end).step_by(self.step as usize).enumerate().map(|(index, time)| Sample {
            track: TrackKind::Video,
            time,
            composition_offset: 0,
            wall: wall(time, 90_000),
            key: index % self.group == 0,
            data: payload(TrackKind::Video, time, self.size * if index % self.group == 0 { 8 } else { 1 }),
        });
        let mut samples: Vec<Sample> = pictures.collect();
        if let Some(audio) = &self.tracks.audio {
            let rate = i64::from(audio.sample_rate);
            let step = if audio.codec == AudioCodec::Aac { 1024 } else { rate / 50 };
            let end = (seconds * rate as f64) as i64;
            samples.extend((0..end).step_by(step as usize).map(|time| Sample {
                track: TrackKind::Audio,
                time,
                composition_offset: 0,
                wall: wall(time, rate),
                key: true,
                data: payload(TrackKind::Audio, time, 40),
            }));
        }
        samples.sort_by_key(|sample| sample.wall);
        samples
    }
}

/// Records the samples as they come: each at its wall time, with a tick every 500 ms.
pub fn record<D: Disk>(archive: &mut Archive<D>, key: StreamKey, samples: &[Sample]) {
    let mut tick = samples[0].wall;
    for sample in samples {
        archive.push(key, sample, sample.wall).unwrap();
        if sample.wall.micros_since(tick) >= 500_000 {
            tick = sample.wall;
            let report = archive.tick(tick);
            assert!(report.errors.is_empty(), "{report:?}");
        }
    }
}

pub const BOTH: &[TrackKind] = &[TrackKind::Video, TrackKind::Audio];

/// All parts of a plan; frames with their bytes.
pub fn play<D: Disk>(archive: &Archive<D>, key: StreamKey, range: WallRange) -> Vec<(Part, Bytes)> {
    let mut plan = archive.reader().plan(key, range, BOTH);
    let mut parts = Vec::new();
    while let Some(part) = plan.next() {
        let part = part.unwrap();
        let data = match &part {
            Part::Sample(sample) => plan.read(sample).unwrap(),
            _ => Bytes::new(),
        };
        parts.push((part, data));
    }
    parts
}

/// The frames of a plan with their bytes.
pub fn frames<D: Disk>(archive: &Archive<D>, key: StreamKey, range: WallRange) -> Vec<(SampleRef, Bytes)> {
    let parts = play(archive, key, range).into_iter();
    parts
        .filter_map(|(part, data)| match part {
            Part::Sample(sample) => Some((sample, data)),
            _ => None,
        })
        .collect()
}

pub fn all() -> WallRange {
    WallRange { from: WallTime::MIN, to: WallTime::MAX }
}
