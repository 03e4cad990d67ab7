//! Locks: footage that nothing deletes.

use api::{
    Code,
    event::Event,
    storage::{Lock, NewLock},
};
use axum::{extract::State, http::StatusCode};
use model::{LockId, WallRange, clock::wall_now};
use uuid::Uuid;

use super::{
    Items,
    problem::{Failure, Json, Outcome, Path, Query},
    volumes::Confirmed,
};
use crate::{App, volume::LockError};

/// No more cameras in one lock.
const MAX_CAMERAS: usize = 256;
const MAX_NAME: usize = 128;
const MAX_REASON: usize = 1024;

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        let (code, advice) = match error {
            LockError::NotFound => (Code::NotFound, "It may have been unlocked. Ask for the list again."),
            LockError::TooMany => (Code::Conflict, "Unlock what is no longer needed."),
            LockError::Nowhere(_) => (Code::StorageTrouble, "Look at Settings, Storage, and try again."),
        };
        let text = error.to_string();
        let mut letters = text.chars();
        let title: String =
            letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
        Self::new(code, title).detail(advice)
    }
}

fn view(id: LockId, lock: archive::Lock) -> Lock {
    let (name, reason) = lock.note.split_once('\n').unwrap_or((&lock.note, ""));
    Lock {
        id,
        cameras: lock.cameras,
        from: lock.range.from,
        to: lock.range.to,
        name: name.to_owned(),
        reason: reason.to_owned(),
    }
}

/// Locks.
///
/// What nothing deletes until it is unlocked, by beginning. They are kept on the volumes.
#[utoipa::path(
    get, path = "/v1/locks", operation_id = "lock_list", tag = "recording",
    extensions(("x-privilege" = json!("recordings"))),
    responses((status = 200, body = Items<Lock>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn list(State(app): State<App>) -> Outcome<Json<Items<Lock>>> {
    let locks = app.blocking(|app| app.volumes.locks()).await?;
    Ok(Json(Items { items: locks.into_iter().map(|(id, lock)| view(id, lock)).collect() }))
}

/// Lock recordings.
///
/// Nothing deletes what lies in the range until it is unlocked, not even a full disk or a lost database.
#[utoipa::path(
    post, path = "/v1/locks", operation_id = "lock_add", tag = "recording", request_body = NewLock,
    extensions(("x-privilege" = json!("export"))),
    responses((status = 201, body = Lock), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn add(State(app): State<App>, Json(new): Json<NewLock>) -> Outcome<(StatusCode, Json<Lock>)> {
    let refuse = |why: &str| Err(Failure::new(Code::BadRequest, why));
    let Some(range) = WallRange::new(new.from, new.to) else {
        return refuse("The range ends before it begins");
    };
    let name = new.name.trim();
    if name.is_empty() || name.len() > MAX_NAME || name.contains('\n') {
        return refuse("A lock has a name of 1 to 128 bytes in one line");
    }
    if new.reason.len() > MAX_REASON {
        return refuse("The reason is longer than 1024 bytes");
    }
    if new.cameras.is_empty() || new.cameras.len() > MAX_CAMERAS {
        return refuse("A lock is of 1 to 256 cameras");
    }
    let lock = archive::Lock {
        id: Uuid::new_v4(),
        cameras: new.cameras,
        range,
        note: format!("{name}\n{}", new.reason),
    };
    let kept = lock.clone();
    app.blocking(move |app| app.volumes.lock(&kept, wall_now())).await??;
    app.events.publish(&Event::Site);
    Ok((StatusCode::CREATED, Json(view(LockId::from_bytes(*lock.id.as_bytes()), lock))))
}

/// Unlock recordings.
///
/// From then on they are deleted when their days are over or room is needed, which may be at once.
#[utoipa::path(
    delete, path = "/v1/locks/{lock}", operation_id = "lock_remove", tag = "recording",
    params(("lock" = LockId, Path), Confirmed),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 204), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn remove(
    State(app): State<App>,
    Path(lock): Path<LockId>,
    Query(confirmed): Query<Confirmed>,
) -> Outcome<StatusCode> {
    confirmed.check("Unlocking")?;
    app.blocking(move |app| app.volumes.unlock(lock, wall_now())).await??;
    app.events.publish(&Event::Site);
    Ok(StatusCode::NO_CONTENT)
}
