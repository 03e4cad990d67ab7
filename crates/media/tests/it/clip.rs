//! Small clips: made by ffmpeg, or given as parameter sets for tests that need no pictures.

use std::path::PathBuf;

use bytes::Bytes;
use media::{AudioCodec, AudioConfig, Sample, Tracks, VideoCodec, VideoConfig, nal};
use model::{TrackKind, WallTime};

use crate::tools::{ffmpeg, ffprobe, rows};

/// Parameter sets of an Axis camera (signed video framework examples): 1920×1080, High, level 4.1, 30 fps.
pub const AXIS_SPS: [u8; 30] = [
    0x67, 0x64, 0x00, 0x29, 0xac, 0x1b, 0x1a, 0x80, 0x78, 0x02, 0x27, 0xe5, 0xc0, 0x5b, 0x80, 0x80, 0x80,
    0xa0, 0x00, 0x00, 0x7d, 0x00, 0x00, 0x1d, 0x4c, 0x13, 0x7d, 0x40, 0x00, 0x00,
];
/// The picture parameter set to it.
pub const AXIS_PPS: [u8; 4] = [0x68, 0xee, 0x38, 0x30];

/// Parameter sets of x265: 1920×1080, Main, level 4, 25 fps, two pictures out of order.
pub const X265_VPS: [u8; 24] = [
    0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00,
    0x00, 0x03, 0x00, 0x78, 0x95, 0x98, 0x09,
];
/// The sequence parameter set to it.
pub const X265_SPS: [u8; 42] = [
    0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00, 0x03, 0x00,
    0x78, 0xa0, 0x03, 0xc0, 0x80, 0x10, 0xe5, 0x96, 0x56, 0x69, 0x24, 0xca, 0xf0, 0x16, 0x80, 0x80, 0x00,
    0x00, 0x03, 0x00, 0x80, 0x00, 0x00, 0x0c, 0x84,
];
/// The picture parameter set to it.
pub const X265_PPS: [u8; 7] = [0x44, 0x01, 0xc1, 0x72, 0xb4, 0x62, 0x40];

/// Configurations that need no ffmpeg: both video codecs with every kind of sound.
pub fn all_tracks() -> Vec<Tracks> {
    let videos = [
        VideoConfig::from_h264(&AXIS_SPS, &AXIS_PPS).unwrap(),
        VideoConfig::from_h265(&X265_VPS, &X265_SPS, &X265_PPS).unwrap(),
    ];
    let pcmu = AudioConfig::g711(AudioCodec::Pcmu);
    let audios = [
        None,
        Some(AudioConfig::from_aac(&[0x11, 0x90]).unwrap()),
        Some(pcmu.clone()),
        Some(AudioConfig::g711(AudioCodec::Pcma)),
        media::flac::FlacTrack::new(&pcmu).map(|track| track.config()),
    ];
    let pairs = videos.iter().flat_map(|video| audios.iter().map(move |audio| (video, audio)));
    pairs.map(|(video, audio)| Tracks { video: video.clone(), audio: audio.clone() }).collect()
}

/// A clip of one video track, and of one AAC track where asked for.
pub struct Clip {
    /// Keeps the files.
    _directory: tempfile::TempDir,
    /// The clip as ffmpeg muxed it, track timescale 90000.
    pub mp4: PathBuf,
    pub tracks: Tracks,
    /// Video samples, then audio samples.
    pub samples: Vec<Sample>,
}

/// How a clip is encoded.
#[derive(Clone, Copy, Debug)]
pub struct Recipe<'a> {
    pub codec: VideoCodec,
    pub size: &'a str,
    pub rate: &'a str,
    pub frames: u32,
    /// More arguments of the encoder.
    pub encoder: &'a str,
    pub audio: bool,
}

/// 20 frames of 320×180 at 25 fps, a key frame every 10, without B-frames.
pub const PLAIN: Recipe<'_> = Recipe {
    codec: VideoCodec::H264,
    size: "320x180",
    rate: "25",
    frames: 20,
    encoder: "-pix_fmt yuv420p -g 10 -bf 0",
    audio: false,
};

impl Clip {
    /// Encodes a clip; nothing without ffmpeg.
    pub fn encode(recipe: Recipe<'_>) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let mp4 = directory.path().join("clip.mp4");
        let Recipe { size, rate, frames, encoder, .. } = recipe;
        let (codec, stream) = match recipe.codec {
            VideoCodec::H264 => ("-c:v libx264 -preset ultrafast", "h264"),
            VideoCodec::H265 => {
                ("-c:v libx265 -preset ultrafast -x265-params log-level=none -tag:v hvc1", "hevc")
            }
        };
        let sound = if recipe.audio { "-f lavfi -i sine=r=48000 -shortest -c:a aac -b:a 64k" } else { "" };
        let command = format!(
            "-f lavfi -i testsrc2=s={size}:r={rate} {sound} -frames:v {frames} {codec} {encoder} \
             -video_track_timescale 90000 {{}}"
        );
        ffmpeg(&command, &[&mp4])?;
        let raw = directory.path().join("clip.annexb");
        let filter = format!("-bsf:v {stream}_mp4toannexb,{stream}_metadata=aud=insert -f {stream} {{}}");
        ffmpeg(&format!("-i {{}} -map 0:v -c copy {filter}"), &[&mp4, &raw])?;
        let (video, mut samples) = video_samples(recipe.codec, &std::fs::read(raw).unwrap());
        for (sample, packet) in samples.iter_mut().zip(packets(&mp4, "v", "pts,dts")?) {
            sample.time = packet[1];
            sample.composition_offset = i32::try_from(packet[0] - packet[1]).unwrap();
        }
        let mut audio = None;
        if recipe.audio {
            let adts = directory.path().join("clip.aac");
            ffmpeg("-i {} -map 0:a -c copy -f adts {}", &[&mp4, &adts])?;
            audio = Some(AudioConfig::from_aac(&[0x11, 0x88]).unwrap());
            samples.extend(audio_samples(&std::fs::read(adts).unwrap()));
        }
        // From 0 on, as samples of a run are; what ffmpeg puts before 0 (B-frames, AAC's priming) moves all.
        let before = samples.iter().map(|sample| sample.time).min().unwrap().min(0);
        assert!(!recipe.audio || recipe.encoder.contains("-bf 0"), "one zero for both tracks");
        let video_only = |sample: &&mut Sample| sample.track == TrackKind::Video && !recipe.audio;
        samples.iter_mut().filter(video_only).for_each(|sample| sample.time -= before);
        Some(Self { _directory: directory, mp4, tracks: Tracks { video, audio }, samples })
    }

    /// The samples of a track.
    pub fn of(&self, kind: TrackKind) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(move |sample| sample.track == kind)
    }
}

fn packets(path: &std::path::Path, stream: &str, entries: &str) -> Option<Vec<Vec<i64>>> {
    let printed = ffprobe(&format!("-select_streams {stream} -show_entries packet={entries} {{}}"), &[path])?;
    let parse = |row: &Vec<String>| row.iter().map(|text| text.parse().unwrap()).collect();
    Some(rows(&printed).iter().map(parse).collect())
}

/// Cuts a byte stream at access unit delimiters.
fn video_samples(codec: VideoCodec, stream: &[u8]) -> (VideoConfig, Vec<Sample>) {
    let mut units: Vec<Vec<u8>> = Vec::new();
    for unit in nal::annex_b(stream) {
        let delimiter = match codec {
            VideoCodec::H264 => unit[0] & 0x1f == 9,
            VideoCodec::H265 => unit[0] >> 1 == 35,
        };
        if delimiter {
            units.push(Vec::new());
        }
        nal::append(units.last_mut().unwrap(), unit);
    }
    let mut config = None;
    let mut samples = Vec::new();
    for unit in units {
        let split = nal::split(codec, &Bytes::from(unit)).unwrap();
        if config.is_none() {
            config = Some(VideoConfig::from_parameter_sets(codec, &split.parameter_sets).unwrap());
        }
        samples.push(sample(TrackKind::Video, 3600 * samples.len() as i64, split.key, split.data));
    }
    (config.unwrap(), samples)
}

/// Takes the access units out of ADTS frames.
fn audio_samples(mut adts: &[u8]) -> Vec<Sample> {
    let mut samples = Vec::new();
    while let Some(head) = adts.first_chunk::<7>() {
        let length = usize::from(head[3] & 3) << 11 | usize::from(head[4]) << 3 | usize::from(head[5]) >> 5;
        let data = Bytes::copy_from_slice(&adts[7..length]);
        samples.push(sample(TrackKind::Audio, 1024 * samples.len() as i64, true, data));
        adts = &adts[length..];
    }
    samples
}

pub fn sample(track: TrackKind, time: i64, key: bool, data: Bytes) -> Sample {
    Sample { track, time, composition_offset: 0, wall: WallTime::from_millis(1_800_000_000_000), key, data }
}
