//! Asking whoever knows people of the site again, in rounds: the rhythm that directories and providers share. What one of them
//! is asked is theirs (`directories::refresh`, `providers::refresh`).

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio::sync::Notify;

use crate::{App, stop::Stop};

/// Asks all of them at the same time, after `every` or when poked, until the site stops. A round says whether anybody's rights
/// are different now.
pub async fn keep<Live, Round: Future<Output = bool>>(
    app: &App,
    every: Duration,
    poke: &Notify,
    all: impl Fn() -> Vec<Arc<Live>>,
    round: impl Fn(Arc<Live>) -> Round,
    mut stopping: Stop,
) {
    loop {
        tokio::select! {
            () = stopping.requested() => return,
            () = tokio::time::sleep(every) => {}
            () = poke.notified() => {}
        }
        let rounds = all().into_iter().map(&round);
        let changed = tokio::select! {
            () = stopping.requested() => return,
            changed = join_all(rounds) => changed,
        };
        if changed.contains(&true) {
            app.sessions.changed();
        }
    }
}
