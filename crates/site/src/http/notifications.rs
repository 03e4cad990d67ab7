//! Where alarms are sent.

use api::{Code, event::Event, notification::Notifications};
use axum::{extract::State, http::StatusCode};

use super::problem::{Failure, Json, Outcome};
use crate::{App, notify};

/// Where alarms are sent.
///
/// E-mail and webhook, without their secrets.
#[utoipa::path(
    get, path = "/v1/settings/notifications", operation_id = "notification_get", tag = "site",
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Notifications), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn get(State(app): State<App>) -> Outcome<Json<Notifications>> {
    Ok(Json(without_secrets(app.notifications().await?)))
}

/// Change where alarms are sent.
///
/// A secret that is left out stays as it is, as long as the receiver is the same.
#[utoipa::path(
    put, path = "/v1/settings/notifications", operation_id = "notification_update", tag = "site",
    request_body = Notifications,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Notifications), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn put(State(app): State<App>, Json(new): Json<Notifications>) -> Outcome<Json<Notifications>> {
    notify::check(&new).map_err(|reason| Failure::new(Code::BadRequest, reason))?;
    let kept = app.keep_notifications(new).await?;
    app.events.publish(&Event::Site);
    Ok(Json(without_secrets(kept)))
}

/// Try out.
///
/// Sends a test message with these settings, without keeping them; secrets left out are taken from what is kept.
#[utoipa::path(
    post, path = "/v1/settings/notifications/test", operation_id = "notification_test", tag = "site",
    request_body = Notifications,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 204, description = "delivered"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn test(State(app): State<App>, Json(new): Json<Notifications>) -> Outcome<StatusCode> {
    notify::check(&new).map_err(|reason| Failure::new(Code::BadRequest, reason))?;
    let settings = notify::with_kept_secrets(new, &app.notifications().await?);
    app.notifier.send_test(&settings).await.map_err(|error| Failure(api::Problem::from(&error)))?;
    Ok(StatusCode::NO_CONTENT)
}

fn without_secrets(mut settings: Notifications) -> Notifications {
    if let Some(mail) = &mut settings.mail {
        mail.password = None;
    }
    if let Some(webhook) = &mut settings.webhook {
        webhook.secret = None;
    }
    settings
}
