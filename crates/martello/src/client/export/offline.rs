//! An export from a volume's own files: no server is asked, nothing on the volume is changed.
//!
//! A volume of a running site is read too, up to what has been written by then.
//!
//! What is not here: the file and its evidence (the `evidence` crate).

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use archive::{Dir, set};
use evidence::{Container, Error, Made, Plan, Source, Wish};
use model::{CameraId, StreamKey, StreamKind, WallRange, clock::wall_now};
use trust::Identity;

use super::{Exported, Failure, Gap, Outcome, Progress, cannot_write, evidence_of, partial};
use crate::ready;

pub(super) fn export(arguments: &super::Wish, place: &Path) -> Outcome<Exported> {
    let (volume, identity) = find(place, arguments.key.as_deref())?;
    let failed = |error: &dyn std::error::Error| Failure::failed(ready::chain(error));
    let disk = Dir::open_for_reading(&volume)
        .map_err(|error| Failure::failed(format!("cannot open {}: {error}", volume.display())))?;
    let (volume, description) = archive::Reader::look(disk).map_err(|error| failed(&error))?;
    let reader = set::Reader::default();
    reader.put(description.volume, volume);
    if identity.as_ref().is_some_and(|identity| identity.site_id() != description.site) {
        return Err(Failure::failed("the key is not that of the site that made the volume"));
    }
    let sources: Vec<Source> = arguments
        .cameras
        .iter()
        .map(|name| source(&reader, name, !arguments.no_sound))
        .collect::<Outcome<_>>()?;
    let (from, to) = arguments.range.ends()?;
    let wish = Wish {
        sources,
        range: WallRange { from, to },
        container: arguments.format.unwrap_or(Container::Mp4),
        gaps: arguments.gaps.unwrap_or_default(),
    };
    let plan = Plan::new(&reader, wish).map_err(|error| failed(&error))?;
    let made =
        Made { at: wall_now(), by: None, release: env!("CARGO_PKG_VERSION"), identity: identity.as_ref() };
    let path = arguments.output.as_ref().ok_or_else(|| Failure::usage("give -o a name"))?;
    let (file, side) = (partial(path)?, partial(&evidence_of(path))?);
    let written = write(&plan, &made, &file, &side);
    let frames = written.inspect_err(|_| {
        let _ = fs::remove_file(&file);
        let _ = fs::remove_file(&side);
    })?;
    let evidence = evidence_of(path);
    fs::rename(&side, &evidence).and_then(|()| fs::rename(&file, path)).map_err(cannot_write(path))?;
    let gaps = plan.sources().zip(plan.gaps()).flat_map(|(source, gaps)| {
        gaps.iter().map(|gap| Gap { camera: source.key.camera, from: gap.from, to: gap.to })
    });
    let gaps = gaps.collect();
    let signed = identity.is_some();
    Ok(Exported { file: path.clone(), evidence, bytes: plan.size(), frames, signed, gaps })
}

/// Writes both files and checks them meanwhile; how many frames.
fn write(plan: &Plan<Dir>, made: &Made<'_>, file: &Path, side: &Path) -> Outcome<u64> {
    let all = 2.0 * plan.size().max(1) as f64;
    let (done, progress) = (AtomicU64::new(0), Mutex::new(Progress::default()));
    let show = |bytes| {
        let done = done.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        progress.lock().unwrap_or_else(PoisonError::into_inner).show(done as f64 / all);
        true
    };
    let saved = plan.save((file, side), made, &mut |bytes| show(bytes), &mut |bytes| show(bytes));
    progress.lock().unwrap_or_else(PoisonError::into_inner).end();
    let report = match saved {
        Ok(saved) => saved.report,
        Err(Error::Write(error)) => return Err(cannot_write(file)(error)),
        Err(error) => return Err(Failure::failed(ready::chain(&error))),
    };
    // Without a key, footage of segments that are still open is vouched for by nobody: that is said, not refused.
    let vouched =
        report.problems.iter().filter(|what| made.identity.is_some() || !what.starts_with("nobody vouches"));
    match vouched.into_iter().next() {
        Some(what) => Err(Failure::failed(format!("the recordings do not hold: {what}"))),
        None => Ok(report.frames),
    }
}

/// The volume's directory, and the key to sign with.
fn find(place: &Path, key: Option<&Path>) -> Outcome<(PathBuf, Option<Identity>)> {
    let recordings = place.join("recordings");
    let (volume, site) =
        if recordings.is_dir() { (recordings, Some(place)) } else { (place.to_owned(), place.parent()) };
    let own = site.map(|site| site.join("identity.key"));
    let Some(path) = key.map(Path::to_owned).or_else(|| own.filter(|path| path.is_file())) else {
        return Ok((volume, None));
    };
    let read = || format!("cannot read the key {}", path.display());
    let pem = fs::read_to_string(&path).map_err(|error| Failure::failed(format!("{}: {error}", read())))?;
    let identity =
        Identity::from_pem(&pem).map_err(|error| Failure::failed(format!("{}: {error}", read())))?;
    Ok((volume, Some(identity)))
}

/// The camera's main stream on the volume, or its sub stream where there is no other.
fn source(reader: &set::Reader<Dir>, name: &str, audio: bool) -> Outcome<Source> {
    let streams = reader.streams();
    let known = || {
        let mut ids: Vec<String> = streams.iter().map(|key| key.camera.to_string()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.join(", ")
    };
    let unknown = || Failure::failed(format!("the volume has no camera {name}; it has: {}", known()));
    let camera: CameraId = name.parse().map_err(|_| unknown())?;
    let key = [StreamKind::Main, StreamKind::Sub]
        .map(|kind| StreamKey { camera, kind })
        .into_iter()
        .find(|key| streams.contains(key))
        .ok_or_else(unknown)?;
    Ok(Source { key, name: camera.to_string(), audio })
}
