//! Exports as jobs of the site: queued, made one after the other, checked, kept for some days, deleted.
//!
//! Each has a directory of its own below `exports` in the site's data, with its description and its files. There is no
//! other state: what a stop or a crash left unfinished is made anew at the next start. One during which the site crashed
//! [`TRIES`] times is told as interrupted.
//!
//! What is here: which exports there are. What is not here: making one (`job`), the directories (`store`), who may ask
//! (`http::exports`), what the files are (the crate `evidence`).

mod cancel;
mod job;
mod store;
#[cfg(test)]
mod tests;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use api::{
    event::Event,
    export::{Export, ExportFile, ExportProblem, ExportState},
};
use model::{ExportId, WallTime, clock::wall_now};
use tokio::sync::Notify;

use crate::{App, events::Events, stop::Stop};
use cancel::Cancel;
pub use job::nothing;
use store::Store;

/// How much exports may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of all exports together.
    pub total_bytes: u64,
    /// Bytes that stay free on the disk, so that recordings have room.
    pub free_bytes: u64,
    /// How long a finished export is kept.
    pub keep: Duration,
    /// Exports that wait, of all users together.
    pub queued: usize,
    /// Exports that there are.
    pub listed: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            total_bytes: 64 << 30,
            free_bytes: 2 << 30,
            keep: Duration::from_secs(7 * 86_400),
            queued: 32,
            listed: 500,
        }
    }
}

/// An export that was being made in so many crashes is not tried again: it may be what crashes the site.
const TRIES: u64 = 3;
/// How often is looked for exports that have expired.
const SWEEP: Duration = Duration::from_secs(60);

/// Why there is no new export.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// Too many wait.
    #[error("{0} exports are waiting already")]
    Queue(usize),
    /// Too many are there.
    #[error("there are {0} exports already")]
    List(usize),
    /// The disk cannot be written.
    #[error("the export cannot be kept")]
    Store(#[from] std::io::Error),
}

#[derive(Default)]
struct State {
    /// By the time at which they were asked for.
    exports: Vec<Export>,
    /// The one that is being made, and what cancels it.
    running: Option<(ExportId, Arc<Cancel>)>,
}

struct Inner {
    store: Store,
    limits: Limits,
    state: Mutex<State>,
    events: Events,
    bell: Notify,
}

/// All exports; clones are the same.
#[derive(Clone)]
pub struct Exports(Arc<Inner>);

impl Exports {
    /// Reads what there is. Blocking.
    ///
    /// # Errors
    /// The directory cannot be made or read.
    pub fn open(directory: PathBuf, limits: Limits, events: Events) -> std::io::Result<Self> {
        let store = Store::open(directory)?;
        let mut exports = store.load()?;
        let now = wall_now();
        for export in exports.iter_mut().filter(|export| !export.state.is_over()) {
            let begun = store.begun(export.id);
            store.clear(export.id)?;
            if begun < TRIES {
                queue(export);
                store.keep_begun(export.id, begun)?;
            } else {
                interrupt(export, now, limits.keep);
                store.keep(export)?;
            }
        }
        exports.sort_by_key(|export| (export.made, export.id));
        let state = Mutex::new(State { exports, running: None });
        Ok(Self(Arc::new(Inner { store, limits, state, events, bell: Notify::new() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All, the newest first.
    #[must_use]
    pub fn list(&self) -> Vec<Export> {
        self.state().exports.iter().rev().cloned().collect()
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: ExportId) -> Option<Export> {
        self.state().exports.iter().find(|export| export.id == id).cloned()
    }

    /// Where a file of an export lies.
    #[must_use]
    pub fn path(&self, export: &Export, file: &ExportFile) -> PathBuf {
        self.0.store.path(export.id, &file.name)
    }

    /// Puts an export into the queue. Blocking.
    ///
    /// # Errors
    /// There are too many, or it cannot be kept.
    pub fn make(&self, export: Export) -> Result<(), MakeError> {
        let mut state = self.state();
        let queued = state.exports.iter().filter(|other| !other.state.is_over()).count();
        if queued >= self.0.limits.queued {
            return Err(MakeError::Queue(queued));
        }
        if state.exports.len() >= self.0.limits.listed {
            return Err(MakeError::List(state.exports.len()));
        }
        self.0.store.keep(&export)?;
        state.exports.push(export.clone());
        drop(state);
        self.tell(export);
        self.0.bell.notify_one();
        Ok(())
    }

    /// Cancels an export, or deletes it where it is over; nothing where there is none. Blocking.
    ///
    /// # Errors
    /// Its files cannot be deleted.
    pub fn remove(&self, id: ExportId) -> std::io::Result<Option<()>> {
        let Some(export) = self.get(id) else { return Ok(None) };
        if export.state.is_over() {
            self.delete(id)?;
            return Ok(Some(()));
        }
        let running = self.state().running.clone();
        match running.filter(|(running, _)| *running == id) {
            // Its thread tells how it ends.
            Some((_, cancelled)) => cancelled.ask(),
            None => self.end(id, ExportState::Cancelled, None, Vec::new()),
        }
        Ok(Some(()))
    }

    fn delete(&self, id: ExportId) -> std::io::Result<()> {
        self.0.store.remove(id)?;
        self.state().exports.retain(|export| export.id != id);
        self.0.events.publish(&Event::ExportRemoved { export: id });
        Ok(())
    }

    fn tell(&self, export: Export) {
        self.0.events.publish(&Event::Export { export: Box::new(export) });
    }

    /// Changes what is told of an export.
    fn change(&self, id: ExportId, change: impl FnOnce(&mut Export)) {
        let mut state = self.state();
        let Some(export) = state.exports.iter_mut().find(|export| export.id == id) else { return };
        change(export);
        let export = export.clone();
        drop(state);
        self.tell(export);
    }

    /// An export is over. Blocking.
    fn end(&self, id: ExportId, ended: ExportState, problem: Option<ExportProblem>, files: Vec<ExportFile>) {
        let now = wall_now();
        let keep = self.0.limits.keep;
        let cleared = match ended {
            ExportState::Done => self.0.store.forget_begun(id),
            _ => self.0.store.clear(id),
        };
        if let Err(error) = cleared {
            tracing::error!(%error, export = %id, "files of an export that is over cannot be deleted");
        }
        self.change(id, |export| {
            export.state = ended;
            (export.problem, export.files, export.left_s) = (problem, files, None);
            over(export, now, keep);
        });
        if let Some(export) = self.get(id)
            && let Err(error) = self.0.store.keep(&export)
        {
            tracing::error!(%error, export = %id, "how an export ended cannot be kept");
        }
    }

    /// An export is begun: if it crashes the site, this is known at the next start. Blocking.
    fn begins(&self, id: ExportId) {
        let store = &self.0.store;
        if let Err(error) = store.keep_begun(id, store.begun(id).saturating_add(1)) {
            tracing::warn!(%error, export = %id, "that an export was begun cannot be noted");
        }
    }

    /// The site stops before the export is done: the next start makes it, from its begin. Blocking.
    fn put_off(&self, id: ExportId) {
        if let Err(error) = self.0.store.clear(id) {
            tracing::error!(%error, export = %id, "files of an export that was put off cannot be deleted");
        }
        self.change(id, queue);
    }

    /// Bytes of all exports that are done.
    fn kept_bytes(&self) -> u64 {
        self.state().exports.iter().flat_map(|export| &export.files).map(|file| file.bytes).sum()
    }

    /// The next one in the queue, which is running from now on.
    fn next(&self) -> Option<(Export, Arc<Cancel>)> {
        let mut state = self.state();
        let next = state.exports.iter_mut().find(|export| export.state == ExportState::Queued)?;
        next.state = ExportState::Running;
        let next = next.clone();
        let cancelled = Arc::new(Cancel::default());
        state.running = Some((next.id, Arc::clone(&cancelled)));
        drop(state);
        self.tell(next.clone());
        Some((next, cancelled))
    }

    /// Deletes what has expired. Blocking.
    fn sweep(&self) {
        let now = wall_now();
        let expired = |export: &&Export| export.expires.is_some_and(|expires| expires <= now);
        let expired: Vec<ExportId> = self.state().exports.iter().filter(expired).map(|one| one.id).collect();
        for id in expired {
            match self.delete(id) {
                Ok(()) => tracing::info!(export = %id, "an export has expired and was deleted"),
                Err(error) => tracing::error!(%error, export = %id, "an expired export cannot be deleted"),
            }
        }
    }
}

fn over(export: &mut Export, now: WallTime, keep: Duration) {
    export.ended = Some(now);
    export.expires = Some(now.plus_micros(i64::try_from(keep.as_micros()).unwrap_or(i64::MAX)));
}

/// It waits, as if it had never been begun.
fn queue(export: &mut Export) {
    (export.state, export.left_s) = (ExportState::Queued, None);
    (export.done_bytes, export.total_bytes) = (0, 0);
    export.files.clear();
}

/// The site crashed whenever it made the export.
fn interrupt(export: &mut Export, now: WallTime, keep: Duration) {
    export.state = ExportState::Failed;
    export.files.clear();
    export.problem = Some(ExportProblem {
        title: format!("The site server stopped {TRIES} times while it made the export"),
        detail: "Nothing of it was kept. Look into the site's log, then export a shorter range.".to_owned(),
    });
    over(export, now, keep);
}

/// Makes exports one after the other until the site stops.
pub async fn run(app: App, mut stopping: Stop) {
    let exports = app.exports.clone();
    let mut sweep = tokio::time::interval(SWEEP);
    sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        while let Some((export, cancelled)) = exports.next().filter(|_| !stopping.is_requested()) {
            let id = export.id;
            let stop = stopping.clone();
            let ended = app.blocking(move |app| job::run(app, &export, &cancelled, &stop)).await;
            if ended.is_err() {
                let problem =
                    job::failed("The export ended by a fault", "The log of the site has the details.");
                let exports = exports.clone();
                let _ =
                    crate::blocking(move || exports.end(id, ExportState::Failed, Some(problem), Vec::new()))
                        .await;
            }
            exports.state().running = None;
        }
        tokio::select! {
            () = stopping.requested() => return,
            () = exports.0.bell.notified() => {}
            _ = sweep.tick() => {
                let exports = exports.clone();
                let _ = crate::blocking(move || exports.sweep()).await;
            }
        }
    }
}
