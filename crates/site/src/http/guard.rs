//! What is being sent stops when the right to it ends: the body of every answer about a camera that is still being made
//! (playback, clips) goes through here. Sockets look after themselves.

use std::time::Duration;

use axum::{
    body::{Body, BodyDataStream, HttpBody},
    response::Response,
};
use bytes::Bytes;
use futures_util::StreamExt;
use model::{CameraId, Privilege};
use tokio::{sync::watch, time::Instant};

use crate::{App, principal::Principal};

/// How often it is asked again without a change: a sign-in may have ended by itself.
const RECHECK: Duration = Duration::from_secs(15);

struct Guarded {
    app: App,
    principal: Principal,
    camera: CameraId,
    /// The privilege by which pictures are seen, for the audit log.
    shows: Option<Privilege>,
    body: BodyDataStream,
    /// When it was last asked.
    asked: Instant,
    changes: watch::Receiver<u64>,
}

/// The answer, guarded where it is not there whole already; pictures that it shows are noted.
pub fn response(
    app: App,
    principal: Principal,
    camera: CameraId,
    shows: Option<Privilege>,
    response: Response,
) -> Response {
    if let Some(privilege) = shows {
        app.audit.view(&app.cameras, &principal, camera, privilege);
    }
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    response.map(|body| {
        let changes = app.sessions.changes();
        let guarded = Guarded {
            app,
            principal,
            camera,
            shows,
            body: body.into_data_stream(),
            asked: Instant::now(),
            changes,
        };
        Body::from_stream(futures_util::stream::unfold(Some(guarded), |guarded| async {
            let mut guarded = guarded?;
            match guarded.next().await? {
                Ok(chunk) => Some((Ok(chunk), Some(guarded))),
                Err(error) => Some((Err(error), None)),
            }
        }))
    })
}

impl Guarded {
    async fn next(&mut self) -> Option<Result<Bytes, axum::BoxError>> {
        loop {
            tokio::select! {
                biased;
                _ = self.changes.changed() => {}
                () = tokio::time::sleep_until(self.asked + RECHECK) => {}
                chunk = self.body.next() => {
                    if let Some(privilege) = self.shows {
                        self.app.audit.view(&self.app.cameras, &self.principal, self.camera, privilege);
                    }
                    return chunk.map(|chunk| chunk.map_err(Into::into));
                }
            }
            self.asked = Instant::now();
            if !still_allowed(&self.app, &self.principal, self.camera).await {
                return Some(Err("the right to this has ended".into()));
            }
        }
    }
}

async fn still_allowed(app: &App, began: &Principal, camera: CameraId) -> bool {
    match app.sessions.renew(began).await {
        Ok(Some(now)) => now.rights.cover(&began.rights, camera),
        Ok(None) => false,
        // The database is away for a moment: whoever was allowed stays.
        Err(_) => true,
    }
}
