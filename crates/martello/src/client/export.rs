//! `martello export`: recordings as an MP4 file.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use reqwest::Response;

use super::{
    Failure, Outcome, camera, connection::reasons, output::Output, recording::Range, target::SiteArguments,
};

/// Arguments of `martello export`.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    site: SiteArguments,
    /// Name or identifier of the camera.
    #[arg(long)]
    camera: String,
    #[command(flatten)]
    range: Range,
    /// The file; - for stdout.
    #[arg(short, long)]
    output: PathBuf,
    /// Leave the sound out.
    #[arg(long)]
    no_audio: bool,
    /// Replace the file where there is one.
    #[arg(long)]
    force: bool,
}

pub(super) async fn run(arguments: Arguments, output: &mut Output) -> Outcome {
    let (from, to) = arguments.range.ends()?;
    let to_stdout = arguments.output.as_os_str() == "-";
    if !to_stdout && !arguments.force && arguments.output.exists() {
        let path = arguments.output.display();
        return Err(Failure::failed(format!("{path} is there already: give --force to replace it")));
    }
    let connection = arguments.site.connect().await?;
    let camera = camera::find(&connection, &arguments.camera).await?;
    let query =
        [("from", from.to_string()), ("to", to.to_string()), ("audio", (!arguments.no_audio).to_string())];
    let answer = connection.download(&format!("/v1/cameras/{}/clip", camera.id), &query).await?;
    if to_stdout {
        return copy(answer, |piece| output.bytes(piece)).await.map(drop);
    }
    let bytes = save(answer, &arguments.output).await?;
    output.line(&format!("{bytes} bytes were saved as {}.", arguments.output.display()))
}

/// The file appears under its name only when it is whole.
async fn save(answer: Response, path: &Path) -> Outcome<u64> {
    let failed = |e: io::Error| Failure::failed(format!("cannot write {}: {e}", path.display()));
    let mut name = path.file_name().ok_or_else(|| Failure::usage("the output is not a file"))?.to_owned();
    name.push(".partial");
    let partial = path.with_file_name(name);
    let mut file = File::create(&partial).map_err(failed)?;
    let copied = copy(answer, |piece| file.write_all(piece).map_err(failed)).await;
    let kept = copied.and_then(|bytes| {
        file.sync_all().and_then(|()| fs::rename(&partial, path)).map_err(failed)?;
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
