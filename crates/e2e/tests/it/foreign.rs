//! An RTSP server that is not ours as camera, and ffmpeg as reader of what we save.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use api::camera::CameraState;
use e2e::{System, probe, wait::until};
use model::clock::wall_now;

const PATIENCE: Duration = Duration::from_secs(30);

/// GStreamer's RTSP server with one looped clip; ends with the value.
pub struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const SERVER: &str = r#"
import sys, gi
gi.require_version('Gst', '1.0'); gi.require_version('GstRtspServer', '1.0')
from gi.repository import Gst, GstRtspServer, GLib
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address('127.0.0.1'); server.set_service('0')
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch('( videotestsrc is-live=true pattern=ball ! video/x-raw,width=640,height=360,framerate=25/1 ! videoconvert '
    '! %s name=pay0 pt=96 audiotestsrc is-live=true freq=440 ! audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay name=pay1 pt=0 )' % sys.argv[1])
factory.set_shared(True)
server.get_mount_points().add_factory('/test', factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
"#;

/// `/main` and `/sub` of one scene: noise of a sensor for 8 s, then a ball in it for 4 s, again and again. No events.
const STILL_AND_MOVING: &str = r#"
import sys, gi
gi.require_version('Gst', '1.0'); gi.require_version('GstRtspServer', '1.0')
from gi.repository import Gst, GstRtspServer, GLib
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address('127.0.0.1'); server.set_service('0')
def moving(media, on):
    element = media.get_element().get_by_name('scene')
    element.set_property('pattern', 18 if on else 0)
    GLib.timeout_add(4000 if on else 8000, lambda: moving(media, not on))
    return False
for path, width, height in (('/main', 1280, 720), ('/sub', 320, 180)):
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch('( videotestsrc name=scene is-live=true pattern=smpte ! video/x-raw,width=%d,height=%d,framerate=15/1 ! videoconvert '
        '! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 bframes=0 pass=quant quantizer=24 ! rtph264pay name=pay0 pt=96 )' % (width, height))
    factory.set_shared(True)
    factory.connect('media-configure', lambda factory, media: moving(media, False))
    server.get_mount_points().add_factory(path, factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
"#;

fn server(encoder: &str) -> Option<(Server, u16)> {
    start(&["-c", SERVER, encoder])
}

/// A camera with two streams and no events.
pub fn still_and_moving() -> Option<(Server, u16)> {
    start(&["-c", STILL_AND_MOVING])
}

fn start(arguments: &[&str]) -> Option<(Server, u16)> {
    use std::io::BufRead;
    let mut child = Command::new("/usr/bin/python3")
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut line = String::new();
    std::io::BufReader::new(child.stdout.take()?).read_line(&mut line).ok()?;
    let server = Server(child);
    Some((server, line.trim().parse().ok()?))
}

async fn record_and_save(test: &str, encoder: &str, codec: &str) {
    if !probe::has("ffprobe") {
        return probe::skip(test, "ffprobe is not installed");
    }
    let Some((_server, port)) = server(encoder) else {
        return probe::skip(test, "GStreamer's RTSP server for Python is not installed");
    };
    let system = System::start(vec![sim::CameraOptions::default()]).await;
    let camera = system.add_url("Foreign", &format!("rtsp://127.0.0.1:{port}/test")).await;
    system.until_state(camera.id, CameraState::Recording, PATIENCE).await;
    let begun = wall_now();
    until("ten seconds are recorded", PATIENCE, || async {
        (wall_now().micros_since(begun) > 10_000_000).then_some(())
    })
    .await;
    let path = format!(
        "/v1/cameras/{}/clip?from={}&to={}",
        camera.id,
        begun.plus_micros(1_000_000),
        begun.plus_micros(8_000_000)
    );
    let file = system.data.path().join("clip.mp4");
    std::fs::write(&file, system.client.bytes(&path).await).expect("a file");
    check_clip(&file, codec, 175);
    let id = camera.id;
    let recordings = system.recordings();
    system.site.stop().await;
    let segment = find(&recordings, &id.to_string()).expect("a segment");
    let streams = probe::streams(&segment);
    assert_eq!(streams[0]["codec_name"], codec);
    let times: Vec<f64> = probe::packets(&segment, "v:0")
        .iter()
        .map(|packet| packet["pts_time"].as_str().expect("a time").parse().expect("a number"))
        .collect();
    assert!(times.len() > 200, "{} frames", times.len());
    assert!(times.windows(2).all(|pair| (pair[1] - pair[0] - 0.04).abs() < 0.03), "{times:?}");
}

/// The saved clip has the asked pictures, all decodable, and its sound.
fn check_clip(file: &Path, codec: &str, pictures: usize) {
    let streams = probe::streams(file);
    let of =
        |kind: &str| streams.iter().find(|stream| stream["codec_type"] == kind).expect("a track").clone();
    assert_eq!(of("video")["codec_name"], codec);
    assert_eq!(of("audio")["codec_name"], "flac");
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(file)
        .args(["-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", "-"])
        .output()
        .expect("ffmpeg");
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8_lossy(&output.stdout);
    let shown = text.lines().filter(|line| !line.starts_with('#')).count();
    assert!(shown.abs_diff(pictures) <= 1, "{shown} pictures instead of {pictures}");
}

fn find(directory: &Path, part: &str) -> Option<std::path::PathBuf> {
    for entry in std::fs::read_dir(directory).ok()? {
        let path = entry.ok()?.path();
        if path.is_dir() {
            if let Some(found) = find(&path, part) {
                return Some(found);
            }
        } else if path.to_string_lossy().contains(part) && path.extension().is_some_and(|end| end == "mp4") {
            return Some(path);
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn h264_of_another_server_is_recorded_and_saved() {
    let encoder = "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=50 bframes=0 ! rtph264pay";
    record_and_save("h264_of_another_server_is_recorded_and_saved", encoder, "h264").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h265_of_another_server_is_recorded_and_saved() {
    let encoder =
        "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=50 ! rtph265pay config-interval=-1";
    record_and_save("h265_of_another_server_is_recorded_and_saved", encoder, "hevc").await;
}
