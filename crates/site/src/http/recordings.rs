//! Timelines: where there are recordings.

use std::{collections::BTreeSet, time::Duration};

use api::{
    Code,
    recording::{EventKind, Lane, RecordedDays, RecordedEvent, Span, Timeline},
};
use archive::{Activity, MarkKinds, Part};
use axum::{Extension, extract::State};
use model::{CameraId, Privilege, StreamKey, StreamKind, TrackKind, WallRange, WallTime, clock::wall_now};
use serde::Deserialize;
use utoipa::IntoParams;

use super::problem::{Failure, Json, Outcome, Query};
use crate::{App, principal::Principal};

/// No more cameras in one question.
const MAX_CAMERAS: usize = 256;
/// No longer range in one question.
const MAX_RANGE: Duration = Duration::from_secs(400 * 86_400);

/// What is asked.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Ask {
    /// Cameras, divided by commas; none: all.
    cameras: Option<String>,
    /// Start of the range.
    from: WallTime,
    /// End of the range.
    to: WallTime,
    /// Stretches that are closer to each other than so many milliseconds are told as one; none: 1000.
    resolution_ms: Option<u32>,
}

impl Ask {
    fn range(&self) -> Outcome<WallRange> {
        range(self.from, self.to, MAX_RANGE)
    }

    /// The cameras that are asked for, without those whose recordings the caller may not see: they are not there.
    fn cameras(&self, app: &App, principal: &Principal) -> Outcome<Vec<CameraId>> {
        let mut cameras = self.all_cameras(app)?;
        cameras.retain(|camera| principal.may_on(Privilege::Recordings, *camera));
        Ok(cameras)
    }

    fn all_cameras(&self, app: &App) -> Outcome<Vec<CameraId>> {
        let known: Vec<CameraId> = app.cameras.list().iter().map(|camera| camera.id).collect();
        let Some(text) = self.cameras.as_deref().filter(|text| !text.is_empty()) else { return Ok(known) };
        let ids: Result<Vec<CameraId>, _> = text.split(',').take(MAX_CAMERAS + 1).map(str::parse).collect();
        match ids {
            Ok(ids) if ids.len() <= MAX_CAMERAS => Ok(ids),
            Ok(_) => {
                Err(Failure::new(Code::BadRequest, format!("More than {MAX_CAMERAS} cameras are asked for")))
            }
            Err(_) => Err(Failure::new(Code::BadRequest, "A camera's identifier is 32 hex digits")),
        }
    }
}

/// A range that is one, and not too long.
pub fn range(from: WallTime, to: WallTime, longest: Duration) -> Outcome<WallRange> {
    let range = WallRange::new(from, to)
        .ok_or_else(|| Failure::new(Code::BadRequest, "The range ends before it begins"))?;
    if range.micros() > i64::try_from(longest.as_micros()).unwrap_or(i64::MAX) {
        let days = longest.as_secs() / 86_400;
        let text =
            if days > 0 { format!("{days} days") } else { format!("{} hours", longest.as_secs() / 3600) };
        return Err(Failure::new(Code::BadRequest, format!("The range is longer than {text}")));
    }
    Ok(range)
}

/// The part of a stream's range that the caller may see, for reading frames: it begins with a key frame that is not older
/// than the limit, so that nothing from before it is needed. Nothing where there is nothing to see.
///
/// # Errors
/// It cannot be read.
pub async fn readable(
    app: &App,
    principal: &Principal,
    key: StreamKey,
    range: WallRange,
) -> Outcome<Option<WallRange>> {
    let Some(shown) = principal.narrow(key.camera, range) else { return Ok(None) };
    if principal.sees_all_recordings(key.camera) {
        return Ok(Some(shown));
    }
    app.blocking(move |app| from_key_frame(app, key, shown)).await?
}

/// The range from its first key frame on; nothing where it has none. Blocking.
///
/// # Errors
/// It cannot be read.
pub fn from_key_frame(app: &App, key: StreamKey, range: WallRange) -> Outcome<Option<WallRange>> {
    for part in app.reader.plan(key, range, &[TrackKind::Video]) {
        let part = part.map_err(|error| Failure::internal("reading a recording", error))?;
        if let Part::Sample(sample) = part
            && sample.key
            && sample.wall >= range.from
        {
            return Ok(WallRange::new(sample.wall, range.to));
        }
    }
    Ok(None)
}

/// Where there are recordings.
///
/// Stretches of recording per camera, for many cameras in one call.
#[utoipa::path(
    get, path = "/v1/timeline", operation_id = "timeline_get", tag = "recording", params(Ask),
    extensions(("x-privilege" = json!("recordings"))),
    responses((status = 200, body = Timeline), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn timeline(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Query(ask): Query<Ask>,
) -> Outcome<Json<Timeline>> {
    let range = ask.range()?;
    let cameras = ask.cameras(&app, &principal)?;
    let resolution = Duration::from_millis(u64::from(ask.resolution_ms.unwrap_or(1000)));
    let lanes = app
        .blocking(move |app| {
            let shown = |camera| match principal.narrow(camera, range) {
                Some(range) => lane(app, camera, range, resolution),
                None => Lane { camera, spans: Vec::new(), events: Vec::new() },
            };
            cameras.into_iter().map(shown).collect()
        })
        .await?;
    Ok(Json(Timeline { from: range.from, to: range.to, now: wall_now(), lanes }))
}

/// The stream to read: the asked one (none: main), or the other where only that was recorded in the range.
pub fn recorded_stream(
    app: &App,
    camera: CameraId,
    asked: Option<StreamKind>,
    range: WallRange,
) -> StreamKey {
    let has = |kind| !app.reader.spans(camera, kind, range, MAX_RANGE).is_empty();
    let (kind, other) = match asked.unwrap_or(StreamKind::Main) {
        StreamKind::Main => (StreamKind::Main, StreamKind::Sub),
        StreamKind::Sub => (StreamKind::Sub, StreamKind::Main),
    };
    StreamKey { camera, kind: if !has(kind) && has(other) { other } else { kind } }
}

/// Where any of a camera's streams was recorded, and what happened.
fn lane(app: &App, camera: CameraId, range: WallRange, resolution: Duration) -> Lane {
    let both = [StreamKind::Main, StreamKind::Sub];
    let mut spans: Vec<archive::Span> =
        both.into_iter().flat_map(|kind| app.reader.spans(camera, kind, range, resolution)).collect();
    spans.sort_by_key(|span| span.range.from);
    let mut joined: Vec<Span> = Vec::new();
    for span in spans {
        let archive::Span { range, bytes, open, .. } = span;
        match joined.last_mut() {
            Some(last) if range.from <= last.to + resolution => {
                last.to = last.to.max(range.to);
                last.bytes += bytes;
                last.open |= open;
            }
            _ => joined.push(Span { from: range.from, to: range.to, bytes, open }),
        }
    }
    let mut events: Vec<RecordedEvent> = both
        .into_iter()
        .flat_map(|kind| app.reader.activity(StreamKey { camera, kind }, range, resolution))
        .filter_map(|activity| event(activity, range))
        .collect();
    events.sort_by_key(|event| (event.kind, event.from));
    // Both streams have marks of the same events.
    events.dedup_by(|next, event| {
        let same = next.kind == event.kind && next.from <= event.to + resolution;
        if same {
            event.to = event.to.max(next.to);
        }
        same
    });
    events.sort_by_key(|event| event.from);
    Lane { camera, spans: joined, events }
}

/// An event, as far as it lies in the range: what is kept from the caller is not told by when it began.
fn event(activity: Activity, range: WallRange) -> Option<RecordedEvent> {
    let kind = match activity.kind {
        MarkKinds::MOTION => EventKind::Motion,
        MarkKinds::MOTION_ESTIMATED => EventKind::EstimatedMotion,
        MarkKinds::MANUAL => EventKind::Manual,
        MarkKinds::EVENT => EventKind::Event,
        _ => return None,
    };
    Some(RecordedEvent { kind, from: activity.range.from.max(range.from), to: activity.range.to })
}

/// Days with recordings.
///
/// Days in the site's time zone on which any of the cameras was recorded.
#[utoipa::path(
    get, path = "/v1/recorded-days", operation_id = "recorded_day_list", tag = "recording", params(Ask),
    extensions(("x-privilege" = json!("recordings"))),
    responses((status = 200, body = RecordedDays), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn days(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Query(ask): Query<Ask>,
) -> Outcome<Json<RecordedDays>> {
    let range = ask.range()?;
    let cameras = ask.cameras(&app, &principal)?;
    let zone = app.time_zone().await?;
    let days = app
        .blocking(move |app| {
            let mut days = BTreeSet::new();
            for camera in cameras {
                let Some(range) = principal.narrow(camera, range) else { continue };
                for span in lane(app, camera, range, Duration::from_secs(60)).spans {
                    let Some(range) = WallRange::new(span.from, span.to) else { continue };
                    collect_days(&zone, range, &mut days);
                }
            }
            days.into_iter().map(|day| day.to_string()).collect()
        })
        .await?;
    Ok(Json(RecordedDays { days }))
}

fn collect_days(zone: &jiff::tz::TimeZone, range: WallRange, days: &mut BTreeSet<jiff::civil::Date>) {
    let date = |time: WallTime| {
        jiff::Timestamp::from_microsecond(time.micros()).map(|at| at.to_zoned(zone.clone()).date()).ok()
    };
    let (Some(mut day), Some(last)) = (date(range.from), date(range.to.plus_micros(-1))) else { return };
    while day <= last {
        days.insert(day);
        match day.tomorrow() {
            Ok(next) => day = next,
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_days_of_the_site() {
        let zone = jiff::tz::TimeZone::get("Europe/Stockholm").unwrap();
        let mut days = BTreeSet::new();
        let range = WallRange::new(
            "2026-11-20T22:30:00Z".parse().unwrap(),
            "2026-11-21T23:00:00.000001Z".parse().unwrap(),
        );
        collect_days(&zone, range.unwrap(), &mut days);
        let days: Vec<_> = days.iter().map(ToString::to_string).collect();
        assert_eq!(days, ["2026-11-20", "2026-11-21", "2026-11-22"]);
    }
}
