//! What is seen in the decoded picture is what the stream says: bar code and SEI agree, in every codec, size, scene.

use crate::client::{Client, Frame};
use crate::witness::{present, run};
use sim::stamp::read_bar_code;
use sim::{CameraOptions, Codec, Farm, Options, Scene};
use std::time::Duration;

/// The clip's frame that a camera shows under a number, as `sim` documents it: cameras start 350 frames apart.
fn clip_frame(camera: u16, number: u64) -> u16 {
    ((u64::from(camera) * 350 + number) % 1500) as u16
}

async fn bar_codes(frames: &[Frame], codec: Codec, width: usize, height: usize) -> Vec<(u8, u16)> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let stream: Vec<u8> = frames.iter().flat_map(Frame::annex_b).collect();
    std::fs::write(file.path(), stream).unwrap();
    let format = if codec == Codec::H264 { "h264" } else { "hevc" };
    let path = file.path().to_str().unwrap();
    let arguments = [
        "-v",
        "error",
        "-f",
        format,
        "-i",
        path,
        "-fps_mode",
        "passthrough",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "yuv420p",
        "-",
    ];
    let output = run("ffmpeg", &arguments, Duration::from_secs(60)).await;
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "",
        "{format} {width}x{height} decodes without complaint"
    );
    let pictures = output.stdout.chunks_exact(width * height * 3 / 2);
    pictures
        .map(|p| read_bar_code(p, width, height).expect("a bar code"))
        .map(|c| (c.scene, c.number))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bar_code_of_every_decoded_picture_is_the_frame_that_its_stamp_names() {
    if !present("ffmpeg", "the_bar_code_of_every_decoded_picture_is_the_frame_that_its_stamp_names") {
        return;
    }
    let scenes = [Scene::Street, Scene::Yard, Scene::Hall, Scene::Harbour];
    let overrides =
        (0..4).map(|i| (i, CameraOptions { scene: scenes[usize::from(i)], ..Default::default() })).collect();
    let options = Options { count: 4, anonymous: true, overrides, ..Default::default() };
    let farm = Farm::start(options).await.unwrap();
    for (index, camera) in farm.cameras.iter().enumerate() {
        let codecs: &[Codec] = if index == 0 { &[Codec::H264, Codec::H265] } else { &[Codec::H264] };
        for codec in codecs {
            for (url, width, height) in [(&camera.main_url, 1920, 1080), (&camera.sub_url, 640, 360)] {
                let h265 = *codec == Codec::H265;
                let url =
                    url.replace("h264", if h265 { "h265" } else { "h264" }).replace("audio=1", "audio=0");
                let frames = Client::play(&url).await.frames(60, h265).await;
                let expected: Vec<_> = frames
                    .iter()
                    .map(|f| (index as u8, clip_frame(f.stamp.camera, f.stamp.number)))
                    .collect();
                assert_eq!(bar_codes(&frames, *codec, width, height).await, expected, "{url}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn main_and_sub_stream_show_the_same_moment_under_the_same_number() {
    let farm = Farm::start(Options { anonymous: true, ..Default::default() }).await.unwrap();
    let mut main = Client::play(&farm.cameras[0].main_url).await;
    let mut sub = Client::play(&farm.cameras[0].sub_url).await;
    let (main, sub) = (main.frames(40, false).await, sub.frames(40, false).await);
    let both =
        main.iter().filter_map(|m| sub.iter().find(|s| s.stamp.number == m.stamp.number).map(|s| (m, s)));
    let both: Vec<_> = both.collect();
    assert!(both.len() > 20);
    for (main, sub) in both {
        assert_eq!(main.stamp, sub.stamp);
    }
}
