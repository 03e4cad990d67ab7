//! Makes one export: lays it out, and writes it while it is read back and held against the hash chain.
//!
//! Recording goes first. What is written is made durable every few megabytes, so that a volume's commit on the same disk
//! never waits for much of it, and while a volume is late writing and checking wait.
//!
//! What is not here: the queue (`super`), the files' formats (the crate `evidence`).

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use api::export::{Export, ExportFile, ExportFileKind, ExportFormat, ExportGaps, ExportProblem, ExportState};
use archive::Dir;
use evidence::{Container, Error, Gaps, Made, Plan, SavedFile, Source, Wish};
use model::{StreamKey, WallRange, clock::wall_now};

use super::cancel::Cancel;
use crate::{App, RELEASE, archive_engine::space, http::problem::chain, stop::Stop};

/// While so much recording could be lost, the disk is left to it.
const LATE: Duration = Duration::from_millis(1500);
/// How long an export waits for a late volume before its next piece: it goes on slowly, not never.
const PATIENCE: Duration = Duration::from_secs(2);
const NAP: Duration = Duration::from_millis(50);
/// How often progress is told.
const TELL: Duration = Duration::from_millis(500);
/// No export has more parts.
const MAX_PARTS: usize = 64;

/// Why an export fails, for people.
pub fn failed(title: impl Into<String>, detail: impl Into<String>) -> ExportProblem {
    ExportProblem { title: title.into(), detail: detail.into() }
}

/// Why there is nothing to export: there is no recording, or none that can be read because a volume is missing.
pub fn nothing(app: &App) -> ExportProblem {
    if app.volumes.is_one_missing() {
        // Which one, and why, is for those who may look at storage.
        failed(
            "No recording in this range can be read: a volume is missing",
            "Settings, Storage tells which one and why. When it is back, export again.",
        )
    } else {
        failed("There is no recording in this range", "Choose a range with recordings.")
    }
}

/// A file's worth of an export.
struct Part {
    range: WallRange,
    plan: Plan<Dir>,
}

struct Job<'a> {
    app: &'a App,
    export: &'a Export,
    cancelled: &'a Cancel,
    stop: &'a Stop,
    total: u64,
    /// Bytes that were written, and those of them that were checked.
    written: AtomicU64,
    checked: AtomicU64,
    began: Instant,
    told: Mutex<Instant>,
}

/// Makes the export and tells how it ended. Blocking.
pub fn run(app: &App, export: &Export, cancelled: &Cancel, stop: &Stop) {
    let (began, told) = (Instant::now(), Mutex::new(Instant::now()));
    let (written, checked) = (AtomicU64::new(0), AtomicU64::new(0));
    let mut job = Job { app, export, cancelled, stop, total: 0, written, checked, began, told };
    let id = export.id;
    app.exports.begins(id);
    match job.all() {
        Ok(files) => {
            tracing::info!(export = %id, files = files.len(), "an export is done");
            app.exports.end(id, ExportState::Done, None, files);
        }
        Err(_) if cancelled.is_asked() => {
            app.exports.end(id, ExportState::Cancelled, None, Vec::new());
        }
        // The next start makes it.
        Err(_) if stop.is_requested() => app.exports.put_off(id),
        Err(problem) => {
            tracing::warn!(export = %id, title = problem.title, "an export failed");
            app.exports.end(id, ExportState::Failed, Some(problem), Vec::new());
        }
    }
}

impl Job<'_> {
    fn all(&mut self) -> Result<Vec<ExportFile>, ExportProblem> {
        let parts = self.parts()?;
        self.total = parts.iter().map(|part| part.plan.size()).sum();
        self.room()?;
        self.began = Instant::now();
        self.tell();
        let mut files = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            files.extend(self.make(index + 1, part)?);
        }
        Ok(files)
    }

    /// Lays out the files: one, or several where a coding changes.
    fn parts(&self) -> Result<Vec<Part>, ExportProblem> {
        let mut left = WallRange { from: self.export.from, to: self.export.to };
        let mut parts = Vec::new();
        while left.from < left.to {
            let mut range = left;
            let plan = loop {
                match Plan::new(&self.app.reader, self.wish(range)) {
                    Err(Error::CodingChanged { at, .. }) if range.from < at && at < range.to => range.to = at,
                    other => break other,
                }
            };
            match plan {
                Ok(plan) => parts.push(Part { range, plan }),
                Err(Error::Empty) => {}
                Err(error) => return Err(why(&error)),
            }
            if parts.len() > MAX_PARTS {
                return Err(failed(
                    format!("The coding changed more than {MAX_PARTS} times in the range"),
                    "Export shorter ranges, or one camera at a time.",
                ));
            }
            left.from = range.to;
        }
        if parts.is_empty() { Err(nothing(self.app)) } else { Ok(parts) }
    }

    fn wish(&self, range: WallRange) -> Wish {
        let source = |camera: &api::export::ExportCamera| Source {
            key: StreamKey { camera: camera.id, kind: camera.stream },
            name: camera.name.clone(),
            audio: camera.audio,
        };
        Wish {
            sources: self.export.cameras.iter().map(source).collect(),
            range,
            container: match self.export.format {
                ExportFormat::Mp4 => Container::Mp4,
                ExportFormat::Mkv => Container::Mkv,
            },
            gaps: match self.export.gaps {
                ExportGaps::Keep => Gaps::Keep,
                ExportGaps::Cut => Gaps::Cut,
            },
        }
    }

    /// Whether there is room for it.
    fn room(&self) -> Result<(), ExportProblem> {
        let exports = &self.app.exports;
        let (limits, megabytes) = (exports.0.limits, |bytes: u64| bytes.div_ceil(1_000_000));
        let kept = exports.kept_bytes();
        if kept.saturating_add(self.total) > limits.total_bytes {
            return Err(failed(
                format!(
                    "The export has {} MB; of the {} MB for exports {} are in use",
                    megabytes(self.total),
                    megabytes(limits.total_bytes),
                    megabytes(kept)
                ),
                "Delete exports that were downloaded, or export a shorter range.",
            ));
        }
        let free = space(exports.0.store.directory()).map_or(u64::MAX, |(free, _)| free);
        if free < self.total.saturating_add(limits.free_bytes) {
            return Err(failed(
                format!(
                    "The export has {} MB; {} are free, of which recording needs {}",
                    megabytes(self.total),
                    megabytes(free),
                    megabytes(limits.free_bytes)
                ),
                "Make room on the disk with the site's data, or export a shorter range.",
            ));
        }
        Ok(())
    }

    /// Writes a file and its evidence, which are read back meanwhile: nothing is called done that does not hold.
    fn make(&self, number: usize, part: &Part) -> Result<[ExportFile; 2], ExportProblem> {
        let extension = match self.export.format {
            ExportFormat::Mp4 => "mp4",
            ExportFormat::Mkv => "mkv",
        };
        let side = |name: &str| format!("{name}.evidence.jsonl");
        let (name, save_as) = (format!("{number}.{extension}"), self.save_as(number, part, extension));
        let path = |name: &str| self.app.exports.0.store.path(self.export.id, name);
        let made = Made {
            at: wall_now(),
            by: Some(self.export.by.clone()),
            release: RELEASE,
            identity: Some(&self.app.identity),
        };
        let paths = (path(&name), path(&side(&name)));
        let saved = part.plan.save(
            (&paths.0, &paths.1),
            &made,
            &mut |bytes| self.go_on(&self.written, bytes),
            &mut |bytes| self.go_on(&self.checked, bytes),
        );
        let saved = saved.map_err(|error| why(&error))?;
        if let Some(what) = saved.report.problems.first() {
            tracing::error!(export = %self.export.id, what, "an export does not hold");
            return Err(does_not_hold(what));
        }
        let file = |saved: SavedFile, name: String, save_as: String, kind| {
            let WallRange { from, to } = part.range;
            let sha256 = saved.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
            ExportFile { name, save_as, kind, from, to, bytes: saved.bytes, sha256 }
        };
        let evidence = file(saved.evidence, side(&name), side(&save_as), ExportFileKind::Evidence);
        Ok([file(saved.file, name, save_as, ExportFileKind::Video), evidence])
    }

    /// What a person calls the file: camera and start, as they are told apart in a directory of files.
    fn save_as(&self, number: usize, part: &Part, extension: &str) -> String {
        let mut name = match self.export.cameras.as_slice() {
            [only] => only.name.clone(),
            [first, others @ ..] => format!("{} and {} more", first.name, others.len()),
            [] => "export".to_owned(),
        };
        let time = part.range.from.to_string();
        name.push(' ');
        name.extend(time.chars().take(19).map(|letter| if letter == ':' { '-' } else { letter }));
        if number > 1 {
            name.push_str(&format!(" ({number})"));
        }
        format!("{name}.{extension}")
    }

    /// Takes note of bytes that are done, lets recording go first, and tells whether to go on.
    fn go_on(&self, done: &AtomicU64, bytes: u64) -> bool {
        done.fetch_add(bytes, Ordering::Relaxed);
        let waiting = Instant::now();
        while self.wanted() && self.late() && waiting.elapsed() < PATIENCE {
            self.cancelled.wait(NAP);
        }
        let due = {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            let due = told.elapsed() >= TELL;
            if due {
                *told = Instant::now();
            }
            due
        };
        if due {
            self.tell();
        }
        self.wanted()
    }

    fn wanted(&self) -> bool {
        !self.cancelled.is_asked() && !self.stop.is_requested()
    }

    /// Whether a volume cannot keep up.
    fn late(&self) -> bool {
        let recorder = &self.app.recorder;
        recorder.workers().iter().any(|worker| recorder.load(worker.id()).at_risk > LATE)
    }

    fn tell(&self) {
        let of = |done: &AtomicU64| done.load(Ordering::Relaxed).min(self.total);
        let (total, written, checked) = (self.total, of(&self.written), of(&self.checked));
        let (state, done) = if written < total || total == 0 {
            (ExportState::Running, written)
        } else {
            (ExportState::Checking, checked)
        };
        let rate = done as f64 / self.began.elapsed().as_secs_f64();
        self.app.exports.change(self.export.id, |export| {
            (export.state, export.done_bytes, export.total_bytes) = (state, done, total);
            export.left_s = (done > 0).then(|| (total - done) as f64 / rate);
        });
    }
}

fn does_not_hold(what: &str) -> ExportProblem {
    failed(
        format!("The recordings do not hold against their hash chain: {what}"),
        "They were changed on disk, or the disk fails. `martello site fsck --deep` finds where; export the time before and after it.",
    )
}

fn why(error: &Error) -> ExportProblem {
    match error {
        // Told by `nothing`; here a recording went between the plan and the file.
        Error::Empty => failed("There is no recording in this range", "Choose a range with recordings."),
        Error::CodingChanged { .. } => {
            failed("The coding of the pictures changed", "Export the time before and after it apart.")
        }
        Error::TooLong => failed("The range has too many frames for one file", "Export it in parts."),
        Error::Gone { .. } => failed(
            "A recording of the range was deleted meanwhile",
            "Lock what must be kept, then export what is left.",
        ),
        Error::Broken { at, .. } => does_not_hold(&format!("at {at}")),
        Error::Read(error) => failed(
            format!("A recording cannot be read: {}", chain(error)),
            "Look at Settings, Storage, and try again.",
        ),
        Error::Mp4(_) | Error::Mkv(_) => failed(
            format!("The frames make no such file: {}", chain(error)),
            "Try the other format, or a shorter range.",
        ),
        Error::Write(error) => failed(
            format!("The export cannot be written: {error}"),
            "Look at the disk with the site's data, and try again.",
        ),
        Error::Check(error) => failed(
            format!("The export cannot be read back: {error}"),
            "Look at the disk with the site's data, and try again.",
        ),
        Error::Cancelled => failed("The export was cancelled", "Export the range again."),
    }
}
