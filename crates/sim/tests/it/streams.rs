//! ffmpeg and GStreamer read the streams: both codecs, both sizes, both transports, both sounds.

use crate::witness::{present, run, skip, text};
use sim::{Audio, CameraOptions, Codec, Farm, Options};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);
/// Debian's, which has GStreamer's bindings.
const PYTHON: &str = "/usr/bin/python3";
const GSTREAMER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/gstreamer.py");

async fn farm() -> Farm {
    let pcmu = CameraOptions { codec: Codec::H265, audio: Audio::Pcmu, ..Default::default() };
    Farm::start(Options { count: 2, overrides: vec![(1, pcmu)], ..Default::default() }).await.unwrap()
}

fn with_password(url: &str) -> String {
    url.replacen("rtsp://", "rtsp://root:pass@", 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn ffprobe_finds_codecs_sizes_and_every_frame_over_tcp_and_udp() {
    if !present("ffprobe", "ffprobe_finds_codecs_sizes_and_every_frame_over_tcp_and_udp") {
        return;
    }
    let farm = farm().await;
    let [aac, pcmu] = &farm.cameras[..] else { panic!("two cameras") };
    let cases = [
        (&aac.main_url, "tcp", "h264,1920,1080", "aac"),
        (&aac.sub_url, "udp", "h264,640,360", "aac"),
        (&pcmu.main_url, "udp", "hevc,1920,1080", "pcm_mulaw"),
        (&pcmu.main_url.replace("audio", "resolution=640x360&audio"), "tcp", "hevc,640,360", "pcm_mulaw"),
    ];
    for (url, transport, video, audio) in cases {
        let url = with_password(url);
        let show = "stream=codec_name,width,height,nb_read_packets:packet=stream_index,flags,pts";
        let found = text(
            "ffprobe",
            &[
                "-v",
                "error",
                "-rtsp_transport",
                transport,
                "-read_intervals",
                "%+3",
                "-count_packets",
                "-show_entries",
                show,
                "-of",
                "csv=p=1:nk=1",
                &url,
            ],
            LIMIT,
        )
        .await;
        let streams: Vec<_> = found.lines().filter_map(|line| line.strip_prefix("stream,")).collect();
        assert!(streams[0].starts_with(video), "{url}: {streams:?}");
        assert!(streams[1].starts_with(audio), "{url}: {streams:?}");
        let packets: Vec<Vec<&str>> = found
            .lines()
            .filter_map(|line| line.strip_prefix("packet,"))
            .map(|l| l.split(',').collect())
            .collect();
        let video: Vec<_> = packets.iter().filter(|packet| packet[0] == "0").collect();
        assert!(video.len() >= 70, "{url}: {} frames in 3 s", video.len());
        assert!(video[0][2].starts_with('K'), "{url}: the first frame is a key frame");
        // No frame is missing: time stamps are a frame apart.
        let times: Vec<i64> = video.iter().filter_map(|packet| packet[1].parse().ok()).collect();
        assert!(times.len() >= 70);
        for pair in times.windows(2) {
            assert!((3598..=3602).contains(&(pair[1] - pair[0])), "{url}: {times:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gstreamer_reads_video_and_sound_over_tcp_and_udp() {
    let bindings = "import gi; gi.require_version('Gst', '1.0'); from gi.repository import Gst; Gst.init(None); \
        raise SystemExit(Gst.ElementFactory.find('rtspsrc') is None)";
    if !run(PYTHON, &["-c", bindings], LIMIT).await.status.success() {
        let reason = "GStreamer or its Python bindings are not installed";
        return skip("gstreamer_reads_video_and_sound_over_tcp_and_udp", reason);
    }
    let farm = farm().await;
    let [aac, pcmu] = &farm.cameras[..] else { panic!("two cameras") };
    let h264 = "rtph264depay ! h264parse ! video/x-h264,alignment=au";
    let h265 = "rtph265depay ! h265parse ! video/x-h265,alignment=au";
    let cases = [
        (&aac.main_url, "tcp", "video", h264),
        (&aac.sub_url, "udp", "video", h264),
        (&pcmu.main_url, "tcp", "video", h265),
        (&aac.main_url, "udp", "audio", "rtpmp4gdepay ! aacparse"),
        (&pcmu.main_url, "tcp", "audio", "rtppcmudepay"),
    ];
    for (url, transport, media, elements) in cases {
        let output = run(PYTHON, &[GSTREAMER, url, transport, media, elements], LIMIT).await;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{media} of {url} over {transport}: {errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tone_of_440_hz_is_heard_in_aac_and_in_mu_law() {
    if !present("ffmpeg", "the_tone_of_440_hz_is_heard_in_aac_and_in_mu_law") {
        return;
    }
    let farm = farm().await;
    for camera in &farm.cameras {
        let url = with_password(&camera.sub_url);
        let arguments = [
            "-v",
            "error",
            "-rtsp_transport",
            "tcp",
            "-i",
            &url,
            "-vn",
            "-t",
            "4",
            "-ac",
            "1",
            "-ar",
            "8000",
            "-f",
            "s16le",
            "-",
        ];
        let output = run("ffmpeg", &arguments, LIMIT).await;
        let samples: Vec<f64> = output
            .stdout
            .chunks_exact(2)
            .map(|two| f64::from(i16::from_le_bytes([two[0], two[1]])))
            .collect();
        // The video before the sound counts against the four seconds.
        let samples = &samples[samples.len().saturating_sub(8000)..];
        assert_eq!(samples.len(), 8000);
        let energy: f64 = samples.iter().map(|s| s * s).sum::<f64>() / samples.len() as f64;
        let tone = power(samples, 440.0);
        assert!(energy.sqrt() > 3000.0, "{}: loud enough: {}", camera.name, energy.sqrt());
        assert!(tone / energy > 0.95, "{}: {} of the energy is at 440 Hz", camera.name, tone / energy);
        assert!(power(samples, 880.0) / energy < 0.02);
    }
}

/// The mean power of one frequency at 8 kHz (Goertzel).
fn power(samples: &[f64], hertz: f64) -> f64 {
    let turn = hertz / 8000.0 * std::f64::consts::TAU;
    let (mut a, mut b) = (0.0, 0.0);
    for sample in samples {
        (a, b) = (sample + 2.0 * turn.cos() * a - b, a);
    }
    let count = samples.len() as f64;
    2.0 * (a * a + b * b - 2.0 * turn.cos() * a * b) / (count * count)
}
