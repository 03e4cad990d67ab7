//! Providers are asked again about sign-ins that they made, in the rhythm of directories: whoever they do not know as signed in
//! any more is out here too, and groups are taken over. What a provider never confirms, or cannot be asked about, ends after
//! the time that its settings allow.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use catalog::{audit::Entry, openid_session::OpenIdSession, user::UserRow};
use futures_util::{StreamExt, stream};
use model::clock::wall_now;
use openid::{Error, SignedIn};

use super::Live;
use crate::{App, directories::refresh as directories, http::problem::Outcome, rounds, stop::Stop};

/// No more is asked in one round; who was not reached is first in the next.
const MOST: u32 = 1024;
const ROUND: Duration = Duration::from_secs(25);
/// Sign-ins that one provider is asked about at the same time.
const AT_ONCE: usize = 4;

/// Asks in rounds until the site stops.
pub async fn keep(app: App, every: Duration, stopping: Stop) {
    let inner = &app.providers.inner;
    let all = || app.providers.all();
    let round = async |live| round(&app, &live).await;
    rounds::keep(&app, every, &inner.poke, all, round, stopping).await;
}

/// Asks one provider about the sign-ins whose turn it is; whether anything is different now.
async fn round(app: &App, live: &Arc<Live>) -> bool {
    let (id, now) = (live.id, wall_now());
    let since = now - Duration::from_secs(u64::from(live.settings.refresh_seconds));
    let due = app.providers.catalog(move |catalog| catalog.openid_sessions_due(id, since, now, MOST)).await;
    let due = due.unwrap_or_else(|failure| {
        tracing::error!(title = failure.0.title, "sign-ins of a provider cannot be looked up");
        Vec::new()
    });
    let end = Instant::now() + ROUND;
    let asked = due.into_iter().map(|one| async move {
        // What is asked is waited for: an answer may have the only token that counts from now on.
        if Instant::now() < end { Some(ask(app, live, one).await) } else { None }
    });
    let mut answers = stream::iter(asked).buffer_unordered(AT_ONCE);
    let mut changed = false;
    while let Some(answer) = answers.next().await {
        let Some(answer) = answer else { break };
        live.answered(&answer);
        match answer {
            Ok(different) => changed |= different,
            // It is away: the others are asked another time.
            Err(_) => break,
        }
    }
    drop(answers);
    match end_unconfirmed(app, live).await {
        Ok(some) => changed | some,
        Err(failure) => {
            tracing::error!(title = failure.0.title, "users of a provider cannot be changed");
            changed
        }
    }
}

/// Asks about one sign-in; whether anything is different now.
async fn ask(app: &App, live: &Live, one: OpenIdSession) -> Result<bool, Error> {
    let provider = live.provider()?;
    let answer = provider.again(&one.refresh, &one.nonce, &one.key, wall_now()).await;
    let kept = match answer {
        Ok(signed_in) => confirm(app, live, &one, signed_in).await,
        Err(error) if error.ended() => end(app, live, &one, &error).await,
        Err(error) => {
            let session = one.session;
            let note = move |catalog: &catalog::Catalog| {
                catalog.note_openid_session(session, false, None, wall_now())
            };
            if let Err(failure) = app.providers.catalog(note).await {
                tracing::error!(title = failure.0.title, "a sign-in of a provider cannot be changed");
            }
            return Err(error);
        }
    };
    Ok(kept.unwrap_or_else(|failure| {
        tracing::error!(title = failure.0.title, "a sign-in of a provider cannot be changed");
        false
    }))
}

/// The provider confirms the sign-in: what it says of the person counts from now on.
async fn confirm(app: &App, live: &Live, one: &OpenIdSession, signed_in: SignedIn) -> Outcome<bool> {
    let SignedIn { person, refresh, .. } = signed_in;
    let (session, user) = (one.session, one.user);
    let known = app.providers.catalog(move |catalog| {
        catalog.note_openid_session(session, true, refresh.as_ref(), wall_now())?;
        catalog.user(user)
    });
    let known = known.await?;
    let seen = person.map(|person| live.seen(person, known.as_ref()));
    let (row, changed): (Option<UserRow>, bool) = app
        .providers
        .catalog(move |catalog| match seen {
            Some(seen) => catalog.see_user(&seen, None, wall_now()),
            None => catalog.confirm_user(user, wall_now()).map(|()| (None, false)),
        })
        .await?;
    if let Some(row) = row.filter(|_| changed) {
        directories::note(app, &live.settings.name, &row).await;
    }
    Ok(changed)
}

/// The provider says that the person is not signed in there any more.
async fn end(app: &App, live: &Live, one: &OpenIdSession, why: &Error) -> Outcome<bool> {
    let (session, user) = (one.session, one.user);
    let row = app
        .providers
        .catalog(move |catalog| {
            catalog.end_session(session)?;
            catalog.user(user)
        })
        .await?;
    app.audit
        .note(Entry {
            at: wall_now(),
            user: None,
            name: live.settings.name.clone(),
            address: String::new(),
            kind: "sign-in".to_owned(),
            action: "openid_refresh".to_owned(),
            target: row.map(|row| row.name).unwrap_or_default(),
            outcome: "done".to_owned(),
            detail: format!("the sign-in has ended: {why}"),
        })
        .await;
    Ok(true)
}

/// Sign-ins and users that were not confirmed for too long.
async fn end_unconfirmed(app: &App, live: &Live) -> Outcome<bool> {
    let (id, since) = (live.id, wall_now() - live.offline());
    let ended =
        app.providers.catalog(move |catalog| catalog.end_unconfirmed_openid_sessions(id, since)).await?;
    Ok(directories::expire(app, live.id, &live.settings.name, live.offline()).await? || ended > 0)
}
