//! Directories are asked again about everybody who is signed in: a group that is taken away, a disabled account or a
//! removed one takes effect, and ends what is under way, within [`Config::directory_refresh`](crate::Config) and the time
//! of one round. A directory that cannot be asked changes nothing for as long as it may be away.

use std::{sync::Arc, time::Duration};

use catalog::{
    Catalog,
    audit::Entry,
    directory_user::{Standing, Watched},
    user::UserRow,
};
use directory::{Error, Key};
use model::{DirectoryId, UserId, WallTime, clock::wall_now};

use super::{Live, alarm};
use crate::{App, http::problem::Outcome, rounds, stop::Stop};

/// One round of one directory takes no longer; who was not reached is first in the next.
const ROUND: Duration = Duration::from_secs(25);

/// Asks in rounds until the site stops.
pub async fn keep(app: App, every: Duration, stopping: Stop) {
    let inner = &app.directories.inner;
    let all = || app.directories.all();
    let round = async |live| round(&app, &live).await;
    rounds::keep(&app, every, &inner.poke, all, round, stopping).await;
}

/// Asks one directory about everybody; whether anything is different now.
async fn round(app: &App, live: &Arc<Live>) -> bool {
    let id = live.id;
    let directories = &app.directories;
    let watched = match directories.catalog(move |catalog| catalog.watched_users(id, wall_now())).await {
        Ok(watched) => watched,
        Err(failure) => {
            tracing::error!(title = failure.0.title, "users of a directory cannot be looked up");
            return false;
        }
    };
    let mut changed = false;
    let failed_before = live.state().since.is_some();
    let asked = tokio::time::timeout(ROUND, ask(app, live, &watched, &mut changed)).await;
    let answer = asked.unwrap_or_else(|_| {
        Err(Error::Silent { server: live.settings.name.clone(), seconds: ROUND.as_secs() })
    });
    live.answered(&answer);
    // Once may be a restart of its server.
    if answer.is_ok() || failed_before {
        alarm::tell(app, live).await;
    }
    if answer.is_err() {
        match expire(app, live.id, &live.settings.name, live.offline()).await {
            Ok(some) => changed |= some,
            Err(failure) => {
                tracing::error!(title = failure.0.title, "users of a directory cannot be changed")
            }
        }
    }
    changed
}

async fn ask(app: &App, live: &Arc<Live>, watched: &[Watched], changed: &mut bool) -> Result<(), Error> {
    let mut session = live.directory()?.open().await?;
    for Watched { user, key, .. } in watched {
        let person = match Key::from_text(key) {
            Some(key) => session.person(&key, wall_now()).await?,
            None => None,
        };
        let user = *user;
        let now = match person {
            Some(person) => {
                let seen = live.seen(person);
                app.directories.catalog(move |catalog| catalog.see_user(&seen, None, wall_now())).await
            }
            None => app.directories.catalog(move |catalog| lose(catalog, user, Standing::Gone)).await,
        };
        match now {
            Ok((Some(row), true)) => {
                *changed = true;
                note(app, &live.settings.name, &row).await;
            }
            Ok(_) => {}
            Err(failure) => {
                tracing::error!(title = failure.0.title, "a user of a directory cannot be changed")
            }
        }
    }
    Ok(())
}

/// The directory does not let the user in any more.
fn lose(catalog: &Catalog, user: UserId, standing: Standing) -> catalog::Result<(Option<UserRow>, bool)> {
    let before = catalog.user(user)?;
    catalog.set_standing(user, standing)?;
    let now = catalog.user(user)?;
    let changed = now != before;
    Ok((now, changed))
}

/// Who was not confirmed for too long does not count, until the directory answers again.
///
/// # Errors
/// The catalog cannot be used.
pub async fn expire(app: &App, id: DirectoryId, name: &str, offline: Duration) -> Outcome<bool> {
    let since: WallTime = wall_now() - offline;
    let ended = app
        .directories
        .catalog(move |catalog| {
            let watched = catalog.watched_users(id, wall_now())?;
            let old = watched.into_iter().filter(|watched| watched.seen < since);
            let lost = old.map(|watched| lose(catalog, watched.user, Standing::Unconfirmed));
            lost.collect::<catalog::Result<Vec<_>>>()
        })
        .await?;
    let mut changed = false;
    for (row, different) in ended {
        if let Some(row) = row.filter(|_| different) {
            changed = true;
            note(app, name, &row).await;
        }
    }
    Ok(changed)
}

/// What a directory changes is noted as what a person changes is.
pub async fn note(app: &App, name: &str, user: &UserRow) {
    let id = user.id;
    let groups = app.directories.catalog(move |catalog| catalog.groups_of(id)).await.unwrap_or_default();
    let groups: Vec<String> = groups.into_iter().map(|(_, name)| name).collect();
    let standing = user.directory.as_ref().map_or("", |link| link.standing.name());
    let entry = Entry {
        at: wall_now(),
        user: None,
        name: name.to_owned(),
        address: String::new(),
        kind: "rights".to_owned(),
        action: "directory_refresh".to_owned(),
        target: user.name.clone(),
        outcome: "done".to_owned(),
        detail: format!(
            "{standing}, groups: {}",
            if groups.is_empty() { "none".to_owned() } else { groups.join(", ") }
        ),
    };
    app.audit.note(entry).await;
}
