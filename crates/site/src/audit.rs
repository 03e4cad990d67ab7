//! What is noted of what people do, and when it is written.
//!
//! The gate notes every change as it ends (`http::privilege`); who sees pictures is noted once a camera and minute. What
//! is not here: the rows and their chain (`catalog::audit`).

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::response::Response;
use catalog::{
    Catalog,
    audit::{Chain, Entry},
};
use model::{CameraId, Privilege, UserId, clock::wall_now};

use crate::{
    App,
    cameras::Cameras,
    principal::{self, Principal},
    stop::Stop,
};

/// How often views are written.
const FLUSH: Duration = Duration::from_secs(1);
/// How often the chain is checked.
const CHECK: Duration = Duration::from_secs(24 * 3600);
const MINUTE_US: i64 = 60_000_000;
/// Failed sign-ins that get a row of their own in a minute; more are counted in one row, so that whoever guesses cannot
/// push everything else out of the log.
const FAILURES: u32 = 60;
/// Views that wait to be written; more than a site has viewers and cameras.
const WAITING: usize = 20_000;

type Seen = (UserId, CameraId, &'static str);

#[derive(Default)]
struct Failures {
    minute: i64,
    count: u32,
}

struct Inner {
    catalog: Catalog,
    /// The last minute in which each view was noted.
    seen: Mutex<HashMap<Seen, i64>>,
    waiting: Mutex<VecDeque<Entry>>,
    failures: Mutex<Failures>,
    broken: AtomicBool,
}

/// The audit log; clones are the same.
#[derive(Clone)]
pub struct Audit {
    inner: Arc<Inner>,
}

/// What a handler knows better than the address of its request; it goes with the answer.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Who, where nobody is signed in.
    pub name: Option<String>,
    /// On what.
    pub target: Option<String>,
    /// More about it.
    pub detail: Option<String>,
}

/// Goes with an answer that asks for more: nothing was done yet, and nothing is noted.
#[derive(Clone, Copy, Debug)]
pub struct Unfinished;

/// Something that somebody does, until it is known how it ends.
#[derive(Clone, Debug)]
pub struct Deed(Entry);

impl Deed {
    /// It begins.
    pub fn new(kind: &'static str, action: &str, peer: Option<SocketAddr>, target: String) -> Self {
        Self(Entry {
            at: wall_now(),
            user: None,
            name: String::new(),
            address: peer.map(|peer| peer.ip().to_canonical().to_string()).unwrap_or_default(),
            kind: kind.to_owned(),
            action: action.to_owned(),
            target,
            outcome: String::new(),
            detail: String::new(),
        })
    }

    /// A connection over the local socket, by an account of this machine.
    pub fn at_machine(uid: u32, name: String) -> Self {
        let mut deed = Self::new("sign-in", "local_socket", None, String::new());
        deed.0.name = name;
        deed.0.address = principal::at_machine(uid);
        deed
    }

    /// Who does it.
    pub fn by(&mut self, principal: &Principal) {
        self.0.address = principal.origin();
        self.0.user = Some(principal.user_id);
        self.0.name = principal.user.clone();
    }

    /// It was not let in.
    pub fn refused(mut self, why: &str) -> Entry {
        "refused".clone_into(&mut self.0.outcome);
        why.clone_into(&mut self.0.detail);
        self.0
    }

    /// It was done.
    pub fn done(mut self, detail: String) -> Entry {
        "done".clone_into(&mut self.0.outcome);
        self.0.detail = detail;
        self.0
    }

    /// It ended with this answer.
    pub fn ended(mut self, response: &mut Response) -> Entry {
        let told = response.extensions_mut().remove::<Told>().unwrap_or_default();
        self.0.name = told.name.unwrap_or(self.0.name);
        self.0.target = told.target.unwrap_or(self.0.target);
        let status = response.status();
        let outcome = match status.as_u16() {
            401 | 403 | 429 => "refused",
            _ if status.is_success() => "done",
            _ => "failed",
        };
        outcome.clone_into(&mut self.0.outcome);
        self.0.detail = match told.detail {
            Some(detail) => detail,
            None if status.is_success() => String::new(),
            None => status.to_string(),
        };
        self.0
    }
}

impl Audit {
    /// Over the catalog.
    #[must_use]
    pub fn new(catalog: Catalog) -> Self {
        let inner = Inner {
            catalog,
            seen: Mutex::default(),
            waiting: Mutex::default(),
            failures: Mutex::default(),
            broken: AtomicBool::new(false),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Keeps what was done; durable when it returns.
    pub async fn note(&self, entry: Entry) {
        let Some(entry) = self.bounded(entry) else { return };
        let catalog = self.inner.catalog.clone();
        let added = crate::blocking(move || catalog.add_audit(&[entry])).await;
        if !matches!(added, Ok(Ok(_))) {
            tracing::error!("the audit log cannot be written");
        }
    }

    /// Failed sign-ins have a limit; what is beyond it is told by the first of the next minute.
    fn bounded(&self, mut entry: Entry) -> Option<Entry> {
        if entry.kind != "sign-in" || entry.outcome == "done" {
            return Some(entry);
        }
        let minute = entry.at.micros().div_euclid(MINUTE_US);
        let mut failures = lock(&self.inner.failures);
        if failures.minute != minute {
            let more = failures.count.saturating_sub(FAILURES);
            *failures = Failures { minute, count: 0 };
            if more > 0 {
                entry.detail = format!("{} (and {more} more failed before)", entry.detail);
            }
        }
        failures.count += 1;
        (failures.count <= FAILURES).then_some(entry)
    }

    /// Somebody sees a camera: one row a camera and minute.
    pub fn view(&self, cameras: &Cameras, principal: &Principal, camera: CameraId, by: Privilege) {
        let now = wall_now();
        let minute = now.micros().div_euclid(MINUTE_US);
        let action = match by {
            Privilege::Recordings => "recording",
            Privilege::Snapshot => "snapshot",
            _ => "live",
        };
        {
            let mut seen = lock(&self.inner.seen);
            if seen.insert((principal.user_id, camera, action), minute) == Some(minute) {
                return;
            }
            if seen.len() > WAITING {
                seen.retain(|_, noted| *noted == minute);
            }
        }
        let target = cameras.get(camera).map_or_else(|| camera.to_string(), |camera| camera.name);
        let entry = Entry {
            at: now,
            user: Some(principal.user_id),
            name: principal.user.clone(),
            address: principal.origin(),
            kind: "view".to_owned(),
            action: action.to_owned(),
            target,
            outcome: "done".to_owned(),
            detail: String::new(),
        };
        let mut waiting = lock(&self.inner.waiting);
        if waiting.len() < WAITING {
            waiting.push_back(entry);
        }
    }

    /// Whether the last check found the log changed.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.inner.broken.load(Ordering::Relaxed)
    }

    /// Checks the chain. Blocking.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub fn verify(&self) -> catalog::Result<Chain> {
        let chain = self.inner.catalog.verify_audit()?;
        let broken = matches!(chain, Chain::Broken { .. });
        if broken && !self.inner.broken.swap(true, Ordering::Relaxed) {
            tracing::error!(?chain, "the audit log was changed");
        }
        Ok(chain)
    }

    /// Writes the views that wait. Blocking.
    fn flush(&self) {
        let waiting: Vec<Entry> = lock(&self.inner.waiting).drain(..).collect();
        if !waiting.is_empty()
            && let Err(error) = self.inner.catalog.add_audit(&waiting)
        {
            tracing::error!(%error, "the audit log cannot be written");
        }
    }
}

/// Writes views every second and checks the chain every day, until the site stops.
pub async fn keep(app: App, mut stopping: Stop) {
    let mut flush = tokio::time::interval(FLUSH);
    flush.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut check = tokio::time::interval(CHECK);
    loop {
        let stop = tokio::select! {
            () = stopping.requested() => true,
            _ = flush.tick() => false,
            _ = check.tick() => {
                if let Ok(Err(error)) = app.blocking(|app| app.audit.verify()).await {
                    tracing::error!(%error, "the audit log cannot be checked");
                }
                continue;
            }
        };
        let _ = app.blocking(|app| app.audit.flush()).await;
        if stop {
            return;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
