//! `xtask clips`: draws the simulated cameras' scenes, has ffmpeg encode them, and packs the result for `sim`.
//!
//! Run once, by hand, by whoever changes a scene: the packed files under `crates/sim/clips/` are committed, so that
//! neither a build nor a user's machine needs ffmpeg. What this is not: a part of the build, a player, a parser that
//! anything else uses (`sim` has its own reader of the packed format; the format is described in [`pack`]).
//!
//! One pass per scene: frames are drawn in order ([`scenes`]), stamped with their number ([`draw::stamp`]) and written
//! as raw RGB to one ffmpeg process that encodes every variant of the scene at the same time.

mod draw;
mod font;
mod pack;
mod scenes;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Width of the drawn pictures.
const WIDTH: usize = 1920;
/// Height of the drawn pictures.
const HEIGHT: usize = 1080;
/// Pictures per second.
const FPS: usize = 25;
/// Pictures of a whole clip: 60 s.
const FRAMES: usize = 60 * FPS;

const USAGE: &str = "usage: xtask clips [--out DIR] [--scene NAME]... [--preview SECONDS]
  draws and encodes the clips of the simulated cameras (needs ffmpeg with libx264 and libx265)
  --out DIR      where the packed files go (default: crates/sim/clips)
  --scene NAME   only this scene (street, yard, hall, harbour) or `sound`; may be repeated
  --preview S    no encoding: writes OUT/NAME-S.ppm, the picture at second S";

/// Runs the command with its arguments (without the command's own name).
///
/// # Errors
/// A one-line reason: wrong usage, ffmpeg missing or failing, a stream that cannot be packed, a file not written.
pub fn clips(args: &[String]) -> Result<(), String> {
    let mut out = PathBuf::from("crates/sim/clips");
    let mut only = Vec::new();
    let mut preview = None;
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value\n{USAGE}"));
        match arg.as_str() {
            "--out" => out = PathBuf::from(value()?),
            "--scene" => only.push(value()?.clone()),
            "--preview" => preview = Some(value()?.parse::<f32>().map_err(|e| format!("--preview: {e}"))?),
            _ => return Err(USAGE.to_owned()),
        }
    }
    std::fs::create_dir_all(&out).map_err(|e| format!("{}: {e}", out.display()))?;
    let work = std::env::temp_dir().join("martello-clips");
    for scene in scenes::ALL {
        if !only.is_empty() && !only.iter().any(|name| name == scene.name) {
            continue;
        }
        if let Some(second) = preview {
            write_preview(scene, second, &out)?;
            continue;
        }
        std::fs::create_dir_all(&work).map_err(|e| format!("{}: {e}", work.display()))?;
        encode_scene(scene, &work)?;
        for variant in variants(scene.name) {
            let packed = out.join(format!("{}-{}.clip", scene.name, variant.name));
            pack::video(&work.join(&variant.file), &packed, variant)?;
            report(&packed);
        }
        let still = format!("{}.jpg", scene.name);
        std::fs::copy(work.join(&still), out.join(&still)).map_err(|e| format!("{still}: {e}"))?;
        let still = format!("{}-sub.jpg", scene.name);
        std::fs::copy(work.join(&still), out.join(&still)).map_err(|e| format!("{still}: {e}"))?;
    }
    if preview.is_none() && (only.is_empty() || only.iter().any(|name| name == "sound")) {
        std::fs::create_dir_all(&work).map_err(|e| format!("{}: {e}", work.display()))?;
        encode_tone(&work)?;
        pack::adts(&work.join("tone.aac"), &out.join("tone.clip"))?;
        report(&out.join("tone.clip"));
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a command for people")]
fn report(path: &Path) {
    let bytes = std::fs::metadata(path).map_or(0, |m| m.len());
    println!("{} {bytes} bytes", path.display());
}

/// One encoding of a scene.
#[derive(Clone)]
struct Variant {
    /// What stands in the packed file's name.
    name: &'static str,
    /// The raw stream ffmpeg writes.
    file: String,
    /// H.265 instead of H.264.
    h265: bool,
    width: usize,
    height: usize,
    /// Encoder arguments of ffmpeg.
    encode: Vec<String>,
}

/// Which encodings a scene gets: the street has all, the others (for the demo's variety) a quiet-scene main and sub.
fn variants(scene: &str) -> Vec<Variant> {
    let h264 = |name, height: usize, gop: usize, more: &str| {
        let preset = if height > 720 { "fast" } else { "medium" };
        let level = if height > 720 { "4.0" } else { "3.0" };
        let encode = format!(
            "-c:v libx264 -preset {preset} -profile:v main -level {level} -bf 0 -refs 1 -sc_threshold 0 -threads 2 \
             -g {gop} -keyint_min {gop} {more} -x264-params aud=1:stitchable=1:rc-lookahead=10 -f h264"
        );
        variant(scene, name, false, height, &encode)
    };
    let h265 = |name, height: usize, rate: &str| {
        let encode = format!(
            "-c:v libx265 -preset fast {rate} -forced-idr 1 -x265-params \
             aud=1:bframes=0:keyint=50:min-keyint=50:scenecut=0:open-gop=0:info=0:repeat-headers=1:pools=2:\
             frame-threads=1:rc-lookahead=10:log-level=warning -f hevc"
        );
        variant(scene, name, true, height, &encode)
    };
    if scene != "street" {
        return vec![
            h264("1080p-h264", 1080, 50, "-crf 27 -maxrate 1M -bufsize 2M"),
            h264("360p-h264", 360, 50, "-crf 28 -maxrate 400k -bufsize 400k"),
        ];
    }
    let steady = "-b:v 3M -maxrate 3M -bufsize 3M";
    vec![
        h264("1080p-h264", 1080, 50, steady),
        h264("1080p-h264-gop300", 1080, 300, "-b:v 900k -maxrate 900k -bufsize 1800k -frames:v 600"),
        h264(
            "1080p-h264-intra",
            1080,
            50,
            "-b:v 9M -maxrate 9M -bufsize 9M -force_key_frames expr:1 -forced-idr 1 -frames:v 50",
        ),
        h264("360p-h264", 360, 50, "-b:v 380k -maxrate 400k -bufsize 400k"),
        h265("1080p-h265", 1080, "-b:v 900k -maxrate 950k -bufsize 2M"),
        h265("360p-h265", 360, "-b:v 150k -maxrate 200k -bufsize 300k"),
    ]
}

fn variant(scene: &str, name: &'static str, h265: bool, height: usize, encode: &str) -> Variant {
    Variant {
        name,
        file: format!("{scene}-{name}.{}", if h265 { "h265" } else { "h264" }),
        h265,
        width: height * 16 / 9,
        height,
        encode: encode.split_whitespace().map(str::to_owned).collect(),
    }
}

/// Draws every frame of the scene into one ffmpeg that encodes all variants and two stills.
fn encode_scene(scene: &'static scenes::Scene, work: &Path) -> Result<(), String> {
    let variants = variants(scene.name);
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-loglevel", "warning", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"]);
    command.args(["-s", &format!("{WIDTH}x{HEIGHT}"), "-r", &FPS.to_string(), "-i", "-"]);
    for variant in &variants {
        command.args(["-map", "0:v", "-vf", &conversion(variant.height)]);
        command.args(["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]);
        command.args(&variant.encode).arg(work.join(&variant.file));
    }
    for (name, height, quality) in [("", 1080, "6"), ("-sub", 360, "6")] {
        let full_range = format!("scale=-2:{height}:flags=area:out_range=pc,format=yuvj420p");
        command.args(["-map", "0:v", "-vf", &full_range, "-frames:v", "1", "-c:v", "mjpeg", "-q:v", quality]);
        command.args(["-f", "image2", "-update", "1"]).arg(work.join(format!("{}{name}.jpg", scene.name)));
    }
    let mut child = command.stdin(Stdio::piped()).spawn().map_err(|e| format!("cannot start ffmpeg: {e}"))?;
    let mut pipe = child.stdin.take().ok_or("ffmpeg has no stdin")?;
    let mut painter = scenes::Painter::new(scene);
    for number in 0..FRAMES {
        pipe.write_all(painter.frame(number)).map_err(|e| format!("ffmpeg stopped reading: {e}"))?;
    }
    drop(pipe);
    let status = child.wait().map_err(|e| format!("ffmpeg: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("ffmpeg failed on scene {}: {status}", scene.name)) }
}

/// RGB to the video range of BT.709, scaled to the variant's height.
fn conversion(height: usize) -> String {
    let format = "out_color_matrix=bt709:out_range=tv,format=yuv420p";
    if height == HEIGHT {
        format!("scale={format}")
    } else {
        format!("scale=-2:{height}:flags=area:{format}")
    }
}

/// 440 Hz at a quarter of full scale, AAC-LC 16 kHz mono. 25 frames are exactly 704 periods, so any multiple loops.
fn encode_tone(work: &Path) -> Result<(), String> {
    let status = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "warning", "-y", "-f", "lavfi", "-i"])
        .arg("aevalsrc=0.25*sin(2*PI*440*t):s=16000:c=mono:d=20")
        .args(["-c:a", "aac", "-b:a", "32k", "-f", "adts"])
        .arg(work.join("tone.aac"))
        .status()
        .map_err(|e| format!("cannot start ffmpeg: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("ffmpeg failed on the tone: {status}")) }
}

fn write_preview(scene: &'static scenes::Scene, second: f32, out: &Path) -> Result<(), String> {
    let mut painter = scenes::Painter::new(scene);
    let mut bytes = format!("P6\n{WIDTH} {HEIGHT}\n255\n").into_bytes();
    bytes.extend_from_slice(painter.frame((second * FPS as f32) as usize));
    let path = out.join(format!("{}-{second}.ppm", scene.name));
    std::fs::write(&path, bytes).map_err(|e| format!("{}: {e}", path.display()))
}
