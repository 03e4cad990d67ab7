//! The site itself.

use api::{
    Code,
    event::Event,
    site::{Site, SiteChange},
};
use axum::extract::State;
use catalog::site::SiteRow;
use model::clock::wall_now;

use super::problem::{Failure, Json, Outcome};
use crate::{App, RELEASE};

/// The site.
///
/// Name, time zone, clock, identity.
#[utoipa::path(
    get, path = "/v1/site", operation_id = "site_get", tag = "site",
    extensions(("x-privilege" = json!("signed-in"))),
    responses((status = 200, body = Site), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn get(State(app): State<App>) -> Outcome<Json<Site>> {
    let row = app.catalog(|catalog| catalog.site()).await?;
    let row = row.ok_or_else(|| Failure::new(Code::NotFound, "The site is not set up"))?;
    Ok(Json(tell(&app, row)))
}

/// Change the site.
///
/// What is left out stays.
#[utoipa::path(
    patch, path = "/v1/site", operation_id = "site_update", tag = "site", request_body = SiteChange,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Site), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn change(State(app): State<App>, Json(change): Json<SiteChange>) -> Outcome<Json<Site>> {
    if let Some(zone) = &change.time_zone
        && jiff::tz::TimeZone::get(zone).is_err()
    {
        return Err(Failure::new(Code::BadRequest, format!("\"{}\" is no time zone", zone.escape_debug()))
            .detail("IANA names are taken, such as Europe/Stockholm."));
    }
    if change.name.as_ref().is_some_and(|name| name.trim().is_empty()) {
        return Err(Failure::new(Code::BadRequest, "The site needs a name"));
    }
    let row = app
        .catalog(move |catalog| {
            catalog.change_site(|row| {
                if let Some(name) = change.name {
                    row.name = name.trim().to_owned();
                }
                if let Some(zone) = change.time_zone {
                    row.time_zone = zone;
                }
            })
        })
        .await?;
    app.blocking(|app| app.describe(None).and_then(|()| app.set_calendar())).await??;
    app.events.publish(&Event::Site);
    Ok(Json(tell(&app, row)))
}

fn tell(app: &App, row: SiteRow) -> Site {
    Site {
        id: app.identity.site_id(),
        name: row.name,
        time_zone: row.time_zone,
        time: wall_now(),
        certificate_id: app.identity.certificate_id().to_string(),
        tls_certificate_sha256: app.certificates.served().fingerprint.clone(),
        release: RELEASE.to_owned(),
        started: app.started,
    }
}
