//! What relays carried for an account.

use api::cloud::RelayUse;
use axum::{Extension, extract::State};
use model::clock::wall_now;
use rendezvous::quota::{Month, Standing, standing};
use serve::{Outcome, problem::Json};

use super::organizations;
use crate::{App, principal::Principal};

/// See what relays carried for oneself in this month.
///
/// The relay's own count, which is the bill. The limit is the highest of one's organizations.
#[utoipa::path(
    get, path = "/v1/relay", operation_id = "relay_use_get", tag = "link",
    extensions(("x-privilege" = json!("signed-in"))),
    responses((status = 200, body = RelayUse), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn own(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
) -> Outcome<Json<RelayUse>> {
    let (account, month) = (principal.account.id, Month::of(wall_now()));
    let (bytes, organizations) = app
        .catalog(move |catalog| {
            Ok((catalog.relay_use(account, month.0)?, catalog.organizations_of(account)?))
        })
        .await?;
    let limits: Vec<Option<u64>> =
        organizations.iter().map(|(row, _)| organizations::limit(&app, row.relay)).collect();
    let limit =
        if limits.contains(&None) { None } else { limits.into_iter().flatten().max().or(app.relay_bytes) };
    let standing = match standing(bytes, limit) {
        Standing::Good => "good",
        Standing::Warning => "warning",
        Standing::Used => "used",
    };
    let (first, renewed) = (month.first_day(), month.next().first_day());
    Ok(Json(RelayUse { month: first, renewed, bytes, limit, standing: standing.to_owned() }))
}
