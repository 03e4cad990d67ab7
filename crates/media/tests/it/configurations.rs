//! Decoder configurations and codec strings: our own against known values, ffmpeg's and GStreamer's.

use bytes::Bytes;
use media::{
    AudioConfig, VideoCodec, VideoConfig,
    aac::{AudioSpecificConfig, BadAudio},
    h264, h265,
    video::BadVideo,
};

use crate::{
    clip::{AXIS_PPS, AXIS_SPS, Clip, PLAIN, Recipe, X265_PPS, X265_SPS, X265_VPS},
    tools::{ffprobe, run, skip},
};

#[test]
fn an_axis_camera_says_size_profile_rate_and_no_reordering() {
    let config = VideoConfig::from_h264(&AXIS_SPS, &AXIS_PPS).unwrap();
    assert_eq!((config.width, config.height), (1920, 1080));
    assert_eq!(config.codec_string, "avc1.640029");
    let sps = h264::Sps::parse(&AXIS_SPS).unwrap();
    assert_eq!(sps.picture_duration, Some(3000));
    assert_eq!(config.nominal_duration, 3000);
    assert_eq!(&config.decoder_config[..6], [1, 0x64, 0, 0x29, 0xff, 0xe1]);
    assert_eq!(&config.decoder_config[config.decoder_config.len() - 4..], [0xfd, 0xf8, 0xf8, 0]);
}

#[test]
fn an_h265_stream_says_size_profile_rate_and_reordering() {
    let config = VideoConfig::from_h265(&X265_VPS, &X265_SPS, &X265_PPS).unwrap();
    assert_eq!((config.width, config.height), (1920, 1080));
    assert_eq!(config.codec_string, "hvc1.1.6.L120.90");
    assert_eq!(config.nominal_duration, 3600);
    assert_eq!(config.num_reorder_frames(), Some(2));
    assert_eq!(h265::Sps::parse(&X265_SPS).unwrap().temporal_layers, 1);
}

#[test]
fn a_configuration_is_read_back_from_its_own_bytes() {
    let avc = VideoConfig::from_h264(&AXIS_SPS, &AXIS_PPS).unwrap();
    assert_eq!(VideoConfig::from_avcc(&avc.decoder_config), Ok(avc.clone()));
    let hevc = VideoConfig::from_h265(&X265_VPS, &X265_SPS, &X265_PPS).unwrap();
    assert_eq!(VideoConfig::from_hvcc(&hevc.decoder_config), Ok(hevc.clone()));
    for (config, codec) in [(avc, VideoCodec::H264), (hevc, VideoCodec::H265)] {
        for end in 0..config.decoder_config.len() {
            let cut = &config.decoder_config[..end];
            let read = match codec {
                VideoCodec::H264 => VideoConfig::from_avcc(cut),
                VideoCodec::H265 => VideoConfig::from_hvcc(cut),
            };
            // Without the last four bytes, avcC is that of a Main profile stream: still whole.
            if let Ok(read) = read {
                assert!(codec == VideoCodec::H264 && end >= cut.len().min(45), "{end}: {read:?}");
            }
        }
    }
}

#[test]
fn parameter_sets_in_any_order_make_the_same_configuration() {
    let bytes = |set: &[u8]| Bytes::copy_from_slice(set);
    let sets = [bytes(&X265_PPS), bytes(&X265_SPS), bytes(&X265_VPS), bytes(&X265_SPS)];
    let config = VideoConfig::from_parameter_sets(VideoCodec::H265, &sets[..3]).unwrap();
    assert_eq!(Ok(&config), VideoConfig::from_h265(&X265_VPS, &X265_SPS, &X265_PPS).as_ref());
    let twice = VideoConfig::from_parameter_sets(VideoCodec::H264, &[bytes(&AXIS_SPS), bytes(&AXIS_PPS)]);
    assert_eq!(twice, VideoConfig::from_h264(&AXIS_SPS, &AXIS_PPS));
    let missing = VideoConfig::from_parameter_sets(VideoCodec::H264, &[bytes(&AXIS_SPS)]);
    assert_eq!(missing, Err(BadVideo::Missing("PPS")));
}

#[test]
fn what_is_no_parameter_set_is_named() {
    assert_eq!(VideoConfig::from_h264(&AXIS_PPS, &AXIS_SPS), Err(BadVideo::Missing("SPS")));
    assert_eq!(VideoConfig::from_h264(&[], &AXIS_PPS), Err(BadVideo::Missing("SPS")));
    assert_eq!(VideoConfig::from_h264(&AXIS_SPS[..8], &AXIS_PPS), Err(BadVideo::Truncated));
    assert_eq!(VideoConfig::from_h264(&AXIS_SPS, &[]), Err(BadVideo::Missing("PPS")));
    assert_eq!(VideoConfig::from_h265(&X265_SPS, &X265_SPS, &X265_PPS), Err(BadVideo::Missing("VPS")));
}

/// Object type, sample rate, channels, samples per access unit.
type Read = Result<(u8, u32, u8, u16), BadAudio>;

#[test]
fn audio_specific_configs_are_read_as_in_the_standard() {
    let cases: [(&[u8], Read); 9] = [
        (&[0x11, 0x90], Ok((2, 48_000, 2, 1024))),
        (&[0x12, 0x08], Ok((2, 44_100, 1, 1024))),
        (&[0x15, 0x88], Ok((2, 8_000, 1, 1024))),
        (&[0x14, 0x0c], Ok((2, 16_000, 1, 960))),
        (&[0x2b, 0x11, 0x88, 0x00], Ok((5, 24_000, 2, 1024))), // HE-AAC: core 24 kHz, output 48 kHz
        (&[0x11, 0xb0], Err(BadAudio::Channels(6))),
        (&[0x11], Err(BadAudio::Truncated)),
        (&[0x16, 0x90], Err(BadAudio::SampleRate)),
        (&[0x49, 0x90], Err(BadAudio::ObjectType(9))),
    ];
    for (bytes, expected) in cases {
        let read = AudioSpecificConfig::parse(bytes)
            .map(|config| (config.object_type, config.sample_rate, config.channels, config.samples_per_unit));
        assert_eq!(read, expected, "{bytes:02x?}");
    }
    assert_eq!(AudioConfig::from_aac(&[[0x11, 0x90]; 40].concat()), Err(BadAudio::TooLong));
    assert_eq!(AudioConfig::from_aac(&[0x11, 0x90]).unwrap().codec_string(), "mp4a.40.2");
    assert_eq!(AudioConfig::from_aac(&[0x2b, 0x11, 0x88, 0x00]).unwrap().codec_string(), "mp4a.40.5");
}

/// Long enough for parameter sets.
const SHORT: Recipe<'_> = Recipe { frames: 5, ..PLAIN };

/// Streams as different as ffmpeg's encoders make them.
const RECIPES: [Recipe<'_>; 14] = [
    SHORT,
    Recipe { encoder: "-pix_fmt yuv420p -profile:v baseline", ..SHORT },
    Recipe { encoder: "-pix_fmt yuv420p -bf 2 -x264-params cabac=1", ..SHORT },
    Recipe {
        size: "322x182",
        encoder: "-pix_fmt yuv420p -x264-params cqm=jvt:8x8dct=1",
        rate: "30000/1001",
        ..SHORT
    },
    Recipe {
        encoder: "-pix_fmt yuv420p -x264-params nal-hrd=cbr:bitrate=300:vbv-maxrate=300:vbv-bufsize=300",
        ..SHORT
    },
    Recipe {
        size: "720x576",
        encoder: "-pix_fmt yuv420p -x264-params tff=1 -color_primaries bt470bg",
        ..SHORT
    },
    Recipe { encoder: "-pix_fmt yuv422p10le", rate: "1", ..SHORT },
    Recipe { encoder: "-pix_fmt yuv444p", rate: "12.5", ..SHORT },
    Recipe { encoder: "-pix_fmt gray", ..SHORT },
    Recipe { codec: VideoCodec::H265, encoder: "-pix_fmt yuv420p", ..SHORT },
    Recipe {
        codec: VideoCodec::H265,
        encoder: "-pix_fmt yuv420p -bf 0",
        size: "322x182",
        rate: "30000/1001",
        ..SHORT
    },
    Recipe {
        codec: VideoCodec::H265,
        encoder: "-pix_fmt yuv420p10le -x265-params log-level=none:bframes=3:temporal-layers=1",
        ..SHORT
    },
    Recipe {
        codec: VideoCodec::H265,
        encoder: "-pix_fmt yuv422p -x265-params log-level=none:hrd=1:vbv-maxrate=300:vbv-bufsize=300:bitrate=300:scaling-list=default",
        ..SHORT
    },
    Recipe {
        codec: VideoCodec::H265,
        encoder: "-pix_fmt yuv444p -x265-params log-level=none:slices=2:level-idc=4.1:high-tier=1",
        size: "640x384",
        ..SHORT
    },
];

/// The payload of the first box of that type, found without our own reader.
fn payload<'a>(file: &'a [u8], kind: &[u8; 4]) -> &'a [u8] {
    let at = file.windows(4).position(|window| window == kind).unwrap();
    let size = u32::from_be_bytes(file[at - 4..at].try_into().unwrap()) as usize;
    &file[at + 4..at - 4 + size]
}

/// The arrays of `hvcC`: unit type with the mark of completeness, and the units.
fn arrays(hvcc: &[u8]) -> Vec<(u8, Vec<Vec<u8>>)> {
    let mut rest = &hvcc[23..];
    let mut out = Vec::new();
    let two = |bytes: &[u8]| usize::from(bytes[0]) << 8 | usize::from(bytes[1]);
    for _ in 0..hvcc[22] {
        let (kind, count) = (rest[0], two(&rest[1..]));
        rest = &rest[3..];
        let mut units = Vec::new();
        for _ in 0..count {
            let length = two(rest);
            units.push(rest[2..2 + length].to_vec());
            rest = &rest[2 + length..];
        }
        out.push((kind, units));
    }
    out
}

#[test]
fn configurations_agree_with_ffmpeg_and_gstreamer() {
    let mut videos = Vec::new();
    for recipe in RECIPES {
        let Some(clip) = Clip::encode(recipe) else {
            return skip("configurations_agree_with_ffmpeg_and_gstreamer", "ffmpeg is not installed");
        };
        let name = recipe.encoder;
        let file = std::fs::read(&clip.mp4).unwrap();
        let ours = &clip.tracks.video;
        match recipe.codec {
            VideoCodec::H264 => assert_eq!(ours.decoder_config[..], *payload(&file, b"avcC"), "{name}"),
            VideoCodec::H265 => {
                let theirs = payload(&file, b"hvcC");
                assert_eq!(ours.decoder_config[..22], theirs[..22], "{name}");
                // ffmpeg adds the encoder's advertisement (SEI), which is no parameter set.
                let mut sets = arrays(theirs);
                sets.retain(|(kind, _)| kind & 0x3f != 39);
                assert_eq!(arrays(&ours.decoder_config), sets, "{name}");
            }
        }
        let entries = "-show_entries stream=width,height,has_b_frames,r_frame_rate {}";
        let printed = ffprobe(entries, &[&clip.mp4]).unwrap().text();
        let fields: Vec<&str> = printed.split(',').collect();
        assert_eq!(fields[..2], [ours.width.to_string(), ours.height.to_string()], "{name}");
        let reorder = ours.num_reorder_frames().map(|count| count.to_string());
        assert_eq!(Some(fields[2]), reorder.as_deref(), "{name}: {printed}");
        let (rate, per) = fields[3].split_once('/').unwrap();
        let ticks = 90_000.0 * per.parse::<f64>().unwrap() / rate.parse::<f64>().unwrap();
        assert_eq!(ours.nominal_duration, ticks.round() as u32, "{name}: {printed}");
        videos.push(clip.tracks.video);
    }
    codec_strings_agree_with_gstreamer(&videos);
}

const MIME: &str = "
import sys, gi
gi.require_version('Gst', '1.0')
gi.require_version('GstPbutils', '1.0')
from gi.repository import Gst, GstPbutils
Gst.init(None)
for line in sys.argv[1:]:
    print(GstPbutils.codec_utils_caps_get_mime_codec(Gst.Caps.from_string(line)))
";

/// What GStreamer calls these configurations.
fn codec_strings_agree_with_gstreamer(videos: &[VideoConfig]) {
    let installed = |python: &&str| {
        std::process::Command::new(python)
            .args(["-c", "import gi; gi.require_version('GstPbutils', '1.0')"])
            .output()
            .is_ok_and(|output| output.status.success())
    };
    let Some(python) = ["python3", "/usr/bin/python3"].into_iter().find(installed) else {
        return skip("codec_strings_agree_with_gstreamer", "GStreamer's Python bindings are not installed");
    };
    let mut arguments = vec!["-c".to_owned(), MIME.to_owned()];
    arguments.extend(videos.iter().map(|video| {
        let hex: String = video.decoder_config.iter().map(|byte| format!("{byte:02x}")).collect();
        match video.codec {
            VideoCodec::H264 => format!("video/x-h264,stream-format=avc,codec_data=(buffer){hex}"),
            VideoCodec::H265 => format!("video/x-h265,stream-format=hvc1,codec_data=(buffer){hex}"),
        }
    }));
    let theirs = run(python, &arguments).unwrap().text().to_ascii_lowercase();
    // GStreamer masks the tier's bit away and always says Main tier; ours comes from the same byte as in ffmpeg's hvcC.
    let ours: Vec<_> =
        videos.iter().map(|video| video.codec_string.to_ascii_lowercase().replace(".h", ".l")).collect();
    assert_eq!(ours, theirs.lines().collect::<Vec<_>>());
}
