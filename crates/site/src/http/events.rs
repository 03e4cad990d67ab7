//! `GET /v1/events`: what changes at the site, as it changes.

use std::time::Duration;

use api::event::Event;
use axum::{Extension, extract::State, response::Response};
use model::Privilege;

use super::{
    duplex::{Duplex, Said, Talk},
    exports,
};
use crate::{App, RELEASE, principal::Principal};

const PING: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(20);

/// Events of the site.
///
/// A WebSocket. The server sends `Event` messages as JSON text, beginning with `hello`. Events of one thing that pile up
/// while a client is slow are told as one. Nothing is expected from the client.
#[utoipa::path(
    get, path = "/v1/events", operation_id = "event_watch", tag = "site",
    extensions(("x-privilege" = json!("signed-in"))),
    responses((status = 101, description = "switched to WebSocket", body = Event), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn watch(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    duplex: Duplex,
) -> Response {
    duplex.limit(1024).serve(move |talk| serve(app, principal, talk))
}

async fn serve(app: App, mut principal: Principal, mut talk: Talk) {
    let mut changes = app.sessions.changes();
    let listener = app.events.listen();
    let hello =
        Event::Hello { protocol: "martello-events".into(), min: 1, max: 1, release: RELEASE.to_owned() };
    let mut next = Some(hello);
    let mut ping = tokio::time::interval(PING);
    let mut stopping = app.stopping();
    loop {
        let said = match next.take() {
            Some(event) => match text(&event) {
                Some(said) => Some(said),
                None => continue,
            },
            None => tokio::select! {
                () = stopping.requested() => break,
                event = listener.next() => {
                    next = told(&principal, event);
                    continue;
                }
                _ = changes.changed() => match app.sessions.renew(&principal).await {
                    Ok(None) => break,
                    Ok(Some(now)) => {
                        // The client asks again for all that it may know now.
                        next = (now.rights != principal.rights).then_some(Event::Rights);
                        principal = now;
                        continue;
                    }
                    Err(_) => continue,
                },
                heard = talk.hears.next() => match heard {
                    Ok(None) | Err(_) => break,
                    Ok(Some(_)) => continue,
                },
                _ = ping.tick() => match app.sessions.renew(&principal).await {
                    Ok(None) => break,
                    _ => None,
                },
            },
        };
        let sending = async {
            match said {
                Some(said) => talk.says.send(said).await,
                None => talk.says.keep_alive().await,
            }
        };
        if !matches!(tokio::time::timeout(PATIENCE, sending).await, Ok(Ok(()))) {
            break;
        }
    }
}

/// The event as this caller is told of it; nothing where it is not for the caller.
fn told(principal: &Principal, event: Event) -> Option<Event> {
    let may = match &event {
        Event::Camera { camera } => principal.sees(camera.id),
        Event::CameraRemoved { camera } => principal.sees(*camera),
        Event::Alarm { alarm } => principal.may_know(Privilege::Alarms, alarm.camera),
        Event::Export { export } => exports::sees(principal, export),
        Event::ExportRemoved { .. } => principal.may(Privilege::Export),
        Event::Discovery => principal.may(Privilege::Configure),
        Event::Hello { .. } | Event::Rights | Event::Site => true,
    };
    may.then(|| match event {
        Event::Camera { camera } => Event::Camera { camera: Box::new(principal.tell(*camera)) },
        other => other,
    })
}

fn text(event: &Event) -> Option<Said> {
    serde_json::to_string(event).ok().map(Said::Text)
}
