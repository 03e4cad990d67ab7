//! `martello export`: recordings as a file. From a running site a clip; from a volume on disk any number of cameras, with
//! the evidence that proves them.
//!
//! What is not here: reading a volume (`offline`), checking what was exported (`martello verify`).

mod offline;

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use evidence::{Container, Gaps};
use model::{CameraId, WallTime};
use reqwest::Response;
use serde::Serialize;

use super::{
    Failure, Outcome, camera, connection::reasons, output::Output, recording::Range, target::SiteArguments,
};

/// Arguments of `martello export`.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the camera; with --volume any number of them, all go into one file.
    #[arg(long = "camera", required = true)]
    cameras: Vec<String>,
    #[command(flatten)]
    range: Range,
    /// The file; - for stdout. With --volume its evidence lies beside it.
    #[arg(short, long)]
    output: PathBuf,
    /// mp4 or mkv (unless given: mp4).
    #[arg(long, value_parser = format, requires = "volume")]
    format: Option<Container>,
    /// What becomes of time without recordings: keep (the last picture stands still; unless given) or cut.
    #[arg(long, value_parser = gaps, requires = "volume")]
    gaps: Option<Gaps>,
    /// Leave the sound out.
    #[arg(long)]
    no_audio: bool,
    /// Replace the file where there is one.
    #[arg(long)]
    force: bool,
    /// Read this volume, or the data of a site, without asking any server. Cameras are given by identifier.
    #[arg(long, conflicts_with_all = ["url", "token"])]
    volume: Option<PathBuf>,
    /// Identity key of the site, to sign with; unless given that of the site's data, where --volume is in it.
    #[arg(long, requires = "volume")]
    key: Option<PathBuf>,
    /// Print what was exported as JSON.
    #[arg(long, requires = "volume")]
    json: bool,
}

/// What was exported.
#[derive(Serialize)]
struct Exported {
    file: PathBuf,
    evidence: PathBuf,
    bytes: u64,
    frames: u64,
    /// Whether the site signed it.
    signed: bool,
    gaps: Vec<Gap>,
}

/// Where nothing was recorded.
#[derive(Serialize)]
struct Gap {
    camera: CameraId,
    from: WallTime,
    to: WallTime,
}

fn format(text: &str) -> Result<Container, String> {
    match text {
        "mp4" => Ok(Container::Mp4),
        "mkv" => Ok(Container::Mkv),
        _ => Err("mp4 or mkv".to_owned()),
    }
}

fn gaps(text: &str) -> Result<Gaps, String> {
    match text {
        "keep" => Ok(Gaps::Keep),
        "cut" => Ok(Gaps::Cut),
        _ => Err("keep or cut".to_owned()),
    }
}

pub(super) async fn run(arguments: Arguments, output: &mut Output) -> Outcome {
    let to_stdout = arguments.output.as_os_str() == "-";
    if !to_stdout && !arguments.force && arguments.output.exists() {
        let path = arguments.output.display();
        return Err(Failure::failed(format!("{path} is there already: give --force to replace it")));
    }
    let json = arguments.json;
    let Some(volume) = arguments.volume.clone() else { return clip(&arguments, to_stdout, output).await };
    if to_stdout {
        return Err(Failure::usage("an export with evidence is two files: give -o a name"));
    }
    let exporting = tokio::task::spawn_blocking(move || offline::export(&arguments, &volume));
    let exported = exporting.await.map_err(|error| Failure::failed(error.to_string()))??;
    if json {
        return output.json(&exported);
    }
    for gap in &exported.gaps {
        output.line(&format!("Nothing was recorded by {} from {} to {}.", gap.camera, gap.from, gap.to))?;
    }
    let Exported { file, evidence, bytes, .. } = &exported;
    output.line(&format!("{bytes} bytes were saved as {}.", file.display()))?;
    output.line(&format!("What proves them is {}: martello verify {}", evidence.display(), file.display()))
}

/// A clip of a running site, without evidence.
async fn clip(arguments: &Arguments, to_stdout: bool, output: &mut Output) -> Outcome {
    let [name] = arguments.cameras.as_slice() else {
        return Err(Failure::usage("a running site gives one camera at a time; --volume takes several"));
    };
    let (from, to) = arguments.range.ends()?;
    let connection = arguments.site.connect().await?;
    let camera = camera::find(&connection, name).await?;
    let query =
        [("from", from.to_string()), ("to", to.to_string()), ("audio", (!arguments.no_audio).to_string())];
    let answer = connection.download(&format!("/v1/cameras/{}/clip", camera.id), &query).await?;
    if to_stdout {
        return copy(answer, |piece| output.bytes(piece)).await.map(drop);
    }
    let bytes = save(answer, &arguments.output).await?;
    output.line(&format!("{bytes} bytes were saved as {}.", arguments.output.display()))
}

/// Where the evidence of a file lies.
pub(crate) fn evidence_of(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".evidence.jsonl");
    file.with_file_name(name)
}

/// Under which name a file lies while it is written.
fn partial(path: &Path) -> Outcome<PathBuf> {
    let mut name = path.file_name().ok_or_else(|| Failure::usage("the output is not a file"))?.to_owned();
    name.push(".partial");
    Ok(path.with_file_name(name))
}

fn cannot_write(path: &Path) -> impl Fn(io::Error) -> Failure + '_ {
    |error| Failure::failed(format!("cannot write {}: {error}", path.display()))
}

/// The file appears under its name only when it is whole.
async fn save(answer: Response, path: &Path) -> Outcome<u64> {
    let failed = cannot_write(path);
    let partial = partial(path)?;
    let mut file = File::create(&partial).map_err(&failed)?;
    let copied = copy(answer, |piece| file.write_all(piece).map_err(&failed)).await;
    let kept = copied.and_then(|bytes| {
        file.sync_all().and_then(|()| fs::rename(&partial, path)).map_err(&failed)?;
        Ok(bytes)
    });
    kept.inspect_err(|_| drop(fs::remove_file(&partial)))
}

/// All of the answer, piece by piece; an answer that ends early is an error.
async fn copy(mut answer: Response, mut write: impl FnMut(&[u8]) -> Outcome) -> Outcome<u64> {
    let mut bytes = 0;
    loop {
        match answer.chunk().await {
            Ok(Some(piece)) => {
                write(&piece)?;
                bytes += piece.len() as u64;
            }
            Ok(None) => return Ok(bytes),
            Err(e) => {
                let reason = reasons(&e.without_url());
                return Err(Failure::failed(format!("the recording did not come whole: {reason}")));
            }
        }
    }
}

/// Progress on stderr, where a person sees it.
#[derive(Default)]
struct Progress {
    shown: Option<u64>,
}

impl Progress {
    fn show(&mut self, share: f64) {
        let percent = (share.clamp(0.0, 1.0) * 100.0) as u64;
        if self.shown != Some(percent) && io::IsTerminal::is_terminal(&io::stderr()) {
            self.shown = Some(percent);
            let _ = write!(io::stderr(), "\r{percent:3} %");
        }
    }

    fn end(&mut self) {
        if self.shown.take().is_some() {
            let _ = write!(io::stderr(), "\r     \r");
        }
    }
}
