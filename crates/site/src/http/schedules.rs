//! Weekly schedules.

use api::{
    Code,
    event::Event,
    method::{NewSchedule, RecordingSettings, Schedule},
};
use axum::{extract::State, http::StatusCode};
use catalog::{Catalog, recording::ScheduleRow};
use model::ScheduleId;

use super::{
    Items,
    problem::{Failure, Json, Outcome, Path},
};
use crate::{App, recording::schedule};

/// All schedules, by name. One that cannot be read is left out: it counts as always.
///
/// # Errors
/// The catalog cannot be read.
pub fn all(catalog: &Catalog) -> catalog::Result<Vec<Schedule>> {
    let read = |row: ScheduleRow| {
        let week = serde_json::from_str(&row.week)
            .inspect_err(|error| tracing::error!(schedule = row.name, %error, "a schedule cannot be read"));
        Some(Schedule { id: row.id, name: row.name, week: week.ok()? })
    };
    Ok(catalog.schedules()?.into_iter().filter_map(read).collect())
}

/// Schedules.
///
/// Weeks in the site's time zone, by name.
#[utoipa::path(
    get, path = "/v1/schedules", operation_id = "schedule_list", tag = "recording",
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Items<Schedule>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn list(State(app): State<App>) -> Outcome<Json<Items<Schedule>>> {
    Ok(Json(Items { items: app.catalog(all).await? }))
}

/// Add a schedule.
///
/// No two schedules have the same name.
#[utoipa::path(
    post, path = "/v1/schedules", operation_id = "schedule_create", tag = "recording", request_body = NewSchedule,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 201, body = Schedule), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn add(
    State(app): State<App>,
    Json(new): Json<NewSchedule>,
) -> Outcome<(StatusCode, Json<Schedule>)> {
    Ok((StatusCode::CREATED, Json(keep(&app, ScheduleId::new(), new).await?)))
}

/// Change a schedule.
///
/// Cameras that use it follow at once.
#[utoipa::path(
    put, path = "/v1/schedules/{schedule}", operation_id = "schedule_put", tag = "recording",
    params(("schedule" = ScheduleId, Path)), request_body = NewSchedule,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Schedule), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn change(
    State(app): State<App>,
    Path(id): Path<ScheduleId>,
    Json(new): Json<NewSchedule>,
) -> Outcome<Json<Schedule>> {
    if app.catalog(move |catalog| catalog.schedule(id)).await?.is_none() {
        return Err(gone());
    }
    Ok(Json(keep(&app, id, new).await?))
}

/// Remove a schedule.
///
/// One that a camera uses stays (`conflict`).
#[utoipa::path(
    delete, path = "/v1/schedules/{schedule}", operation_id = "schedule_delete", tag = "recording",
    params(("schedule" = ScheduleId, Path)),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 204, description = "removed"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn remove(State(app): State<App>, Path(id): Path<ScheduleId>) -> Outcome<StatusCode> {
    let uses = move |text: &str| {
        serde_json::from_str::<RecordingSettings>(text).is_ok_and(|settings| {
            [settings.continuous.schedule, settings.motion.schedule].contains(&Some(id))
        })
    };
    let removed = app.catalog(move |catalog| catalog.remove_schedule(id, uses)).await?;
    if !removed {
        return Err(gone());
    }
    app.blocking(|app| app.set_calendar()).await??;
    app.events.publish(&Event::Site);
    Ok(StatusCode::NO_CONTENT)
}

async fn keep(app: &App, id: ScheduleId, new: NewSchedule) -> Outcome<Schedule> {
    let name = new.name.trim().to_owned();
    if name.is_empty() {
        return Err(Failure::new(Code::BadRequest, "The schedule needs a name"));
    }
    schedule::check(&new.week).map_err(|error| {
        Failure::new(Code::BadRequest, "This is not a week").detail(format!("Expected: {error}."))
    })?;
    let week =
        serde_json::to_string(&new.week).map_err(|error| Failure::internal("writing a schedule", error))?;
    let row = ScheduleRow { id, name: name.clone(), week };
    app.catalog(move |catalog| catalog.put_schedule(&row)).await?;
    app.blocking(|app| app.set_calendar()).await??;
    app.events.publish(&Event::Site);
    Ok(Schedule { id, name, week: new.week })
}

fn gone() -> Failure {
    Failure::new(Code::NotFound, "There is no such schedule (any more)")
}
