//! An export that a running site makes: asked for, watched, downloaded, checked here again.
//!
//! Ctrl-C cancels it at the site. A download that breaks off is taken up where it was.
//!
//! What is not here: how the site makes it; the check itself (the crate `evidence`).

use std::{
    fs::{self, File, OpenOptions},
    io::{BufReader, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use api::export::{Export, ExportFile, ExportFormat, ExportGaps, ExportState, NewExport};
use evidence::{Container, Gaps, OnDisk, verify};
use serde::Serialize;
use trust::CertificateId;

use super::{Progress, Wish, cannot_write, copy, evidence_of, free, jobs, partial, told};
use crate::client::{Failure, Outcome, camera, connection::Connection, output::Output};

/// How often the site is asked how far it is.
const ASK: Duration = Duration::from_millis(400);
/// How often a download is taken up again.
const TRIES: usize = 4;
const AGAIN: Duration = Duration::from_secs(1);

/// What was saved.
#[derive(Serialize)]
struct Saved {
    file: PathBuf,
    evidence: PathBuf,
    bytes: u64,
    frames: u64,
    signed_by: Option<CertificateId>,
}

pub(super) async fn export(wish: &Wish, output: &mut Output) -> Outcome {
    let (from, to) = wish.range.ends()?;
    let connection = wish.site.connect().await?;
    let mut cameras = Vec::new();
    for name in &wish.cameras {
        cameras.push(camera::find(&connection, name).await?.id);
    }
    let new = NewExport {
        cameras,
        from,
        to,
        stream: None,
        audio: Some(!wish.no_sound),
        format: match wish.format {
            Some(Container::Mkv) => ExportFormat::Mkv,
            _ => ExportFormat::Mp4,
        },
        gaps: match wish.gaps {
            Some(Gaps::Cut) => ExportGaps::Cut,
            _ => ExportGaps::Keep,
        },
    };
    let made: Export = connection.post("/v1/exports", Some(&new)).await?;
    let path = format!("/v1/exports/{}", made.id);
    let work = async {
        let export = done(&connection, &path).await?;
        save(wish, &connection, &path, &export).await
    };
    let saved = tokio::select! {
        saved = work => saved,
        _ = tokio::signal::ctrl_c() => {
            remove(&connection, &path).await;
            return Err(Failure::failed("cancelled, here and at the site"));
        }
    };
    if !wish.keep {
        remove(&connection, &path).await;
    }
    let saved = saved?;
    if wish.json {
        return output.json(&saved);
    }
    saved.iter().try_for_each(|one| told(output, &one.file, &one.evidence, one.bytes))
}

/// Cancels it, and deletes it where that was all. What cannot be reached now expires at the site by itself.
async fn remove(connection: &Connection, path: &str) {
    let _ = connection.delete(path).await;
}

/// Waits until the site has made it.
async fn done(connection: &Connection, path: &str) -> Outcome<Export> {
    let mut progress = Progress::default();
    loop {
        let export: Export = connection.get(path, &[]).await?;
        if export.state.is_over() {
            progress.end();
            return if export.state == ExportState::Done { Ok(export) } else { Err(jobs::failure(&export)) };
        }
        // Writing and checking are as long as each other; downloading has a count of its own.
        let share = export.done_bytes as f64 / export.total_bytes.max(1) as f64 / 2.0;
        progress.show(if export.state == ExportState::Checking { 0.5 + share } else { share });
        tokio::time::sleep(ASK).await;
    }
}

async fn save(wish: &Wish, connection: &Connection, path: &str, export: &Export) -> Outcome<Vec<Saved>> {
    let mut saved = Vec::new();
    for (index, pair) in export.files.chunks(2).enumerate() {
        let [video, evidence] = pair else { return Err(Failure::failed("the site gave no evidence")) };
        let file = name(wish, video, index)?;
        free(&file, wish.force)?;
        let (new_file, new_side) = (partial(&file)?, partial(&evidence_of(&file))?);
        let fetched = async {
            download(connection, path, video, &new_file).await?;
            download(connection, path, evidence, &new_side).await?;
            check(wish.site.certificate_id, &new_file, &new_side)
        };
        let (frames, signed_by) = fetched.await.inspect_err(|_| {
            let _ = fs::remove_file(&new_file);
            let _ = fs::remove_file(&new_side);
        })?;
        let side = evidence_of(&file);
        fs::rename(&new_side, &side)
            .and_then(|()| fs::rename(&new_file, &file))
            .map_err(cannot_write(&file))?;
        saved.push(Saved { file, evidence: side, bytes: video.bytes, frames, signed_by });
    }
    Ok(saved)
}

/// Under which name a file is saved: the given one, numbered where there are several.
fn name(wish: &Wish, video: &ExportFile, index: usize) -> Outcome<PathBuf> {
    let given = match &wish.output {
        Some(path) if path.is_dir() => path.clone(),
        Some(path) if index == 0 => return Ok(path.clone()),
        Some(path) => {
            let part =
                |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
            let (stem, extension) = (part(path.file_stem()), part(path.extension()));
            return Ok(path.with_file_name(format!("{stem} ({}).{extension}", index + 1)));
        }
        None => PathBuf::new(),
    };
    // A name comes from the site: it is one, not a path.
    let plain: String = video.save_as.chars().map(|c| if "/\\\0".contains(c) { '_' } else { c }).collect();
    if plain.is_empty() || plain == "." || plain == ".." {
        return Err(Failure::usage("give -o a name"));
    }
    Ok(given.join(plain))
}

/// Downloads a file; what breaks off is taken up again.
async fn download(connection: &Connection, path: &str, file: &ExportFile, to: &Path) -> Outcome {
    let failed = cannot_write(to);
    let mut out = OpenOptions::new().write(true).create(true).truncate(true).open(to).map_err(&failed)?;
    let path = format!("{path}/files/{}", file.name);
    let (mut progress, mut have, mut tries) = (Progress::default(), 0, 0);
    while have < file.bytes {
        let before = have;
        let part = async {
            let answer = connection.download_from(&path, have).await?;
            copy(answer, |piece| {
                out.write_all(piece).map_err(&failed)?;
                have += piece.len() as u64;
                progress.show(have as f64 / file.bytes as f64);
                Ok(())
            })
            .await
        };
        let ended = part.await;
        tries = if have > before { 0 } else { tries + 1 };
        match ended {
            Err(failure) if tries >= TRIES => return Err(failure),
            Err(_) => tokio::time::sleep(AGAIN).await,
            Ok(_) if have < file.bytes && tries >= TRIES => {
                return Err(Failure::failed("the site sent less than it said"));
            }
            Ok(_) => {}
        }
    }
    progress.end();
    out.sync_all().map_err(&failed)
}

/// Holds the file against its evidence, here; how many frames, and whose signatures they are.
fn check(expected: Option<CertificateId>, file: &Path, side: &Path) -> Outcome<(u64, Option<CertificateId>)> {
    let reading = |error: std::io::Error| Failure::failed(format!("cannot read what was saved: {error}"));
    let source = OnDisk(File::open(file).map_err(reading)?);
    let mut evidence = BufReader::with_capacity(1 << 20, File::open(side).map_err(reading)?);
    let report = verify(&source, &mut evidence, expected, &mut |_| true).map_err(reading)?;
    match report.problems.first() {
        Some(what) => Err(Failure::failed(format!("what was downloaded does not hold: {what}"))),
        None => Ok((report.frames, report.site_key)),
    }
}
