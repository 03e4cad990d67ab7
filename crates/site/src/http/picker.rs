//! The picker: people and groups to give something to, of this server and of its directories.

use api::directory::{Picked, PickerKind, PickerPage};
use axum::extract::State;
use catalog::{Catalog, directory_user::Known};
use directory::{Listed, Wanted};
use model::{DirectoryId, clock::wall_now};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    directories::gone,
    problem::{Failure, Json, Outcome, Path, Query},
};
use crate::{
    App,
    directories::{Live, settings},
};

/// The scope that is no directory: users and groups of the site itself.
const THIS_SERVER: &str = "this-server";
/// No search counts more.
const MOST: usize = 1000;
const PAGE: usize = 50;
const MAX_PAGE: usize = 200;
const MAX_FILTER: usize = 256;

/// What is looked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Search {
    /// Part of an account or name.
    #[serde(default)]
    #[param(max_length = 256)]
    filter: String,
    /// People, groups or both.
    #[serde(default)]
    kind: PickerKind,
    /// How many lines are left out at the beginning.
    #[serde(default)]
    #[param(maximum = 1000)]
    offset: usize,
    /// Lines of the page; none: 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// Pick users and groups.
///
/// People and groups of a directory, or (`this-server`) of the site itself, by name, with the role that they have here.
/// The directory is asked each time; no more than 1000 are looked at.
#[utoipa::path(
    get, path = "/v1/directories/{directory}/search", operation_id = "directory_search", tag = "people",
    params(("directory" = String, Path, description = "a directory, or `this-server`"), Search),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = PickerPage), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn search(
    State(app): State<App>,
    Path(scope): Path<String>,
    Query(search): Query<Search>,
) -> Outcome<Json<PickerPage>> {
    let filter: String = search.filter.trim().chars().take(MAX_FILTER).collect();
    let (mut items, more) = if scope == THIS_SERVER {
        let site = app.catalog(Catalog::site).await?.map(|site| site.name).unwrap_or_default();
        (app.catalog(move |catalog| own(catalog, &filter, search.kind, &site)).await?, false)
    } else {
        let live = scope.parse().ok().and_then(|id: DirectoryId| app.directories.get(id)).ok_or_else(gone)?;
        foreign(&app, &live, filter, search.kind).await?
    };
    items.sort_by_cached_key(|one| (one.name.to_lowercase(), one.key.clone()));
    let total = u32::try_from(items.len()).unwrap_or(u32::MAX);
    let page = search.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE);
    let items = items.into_iter().skip(search.offset).take(page).collect();
    Ok(Json(PickerPage { items, total, more }))
}

fn own(catalog: &Catalog, filter: &str, kind: PickerKind, site: &str) -> catalog::Result<Vec<Picked>> {
    let filter = filter.to_lowercase();
    let wanted = |name: &str| name.to_lowercase().contains(&filter);
    let mut items = Vec::new();
    if kind != PickerKind::Groups {
        items.extend(
            catalog.users()?.into_iter().filter(|user| user.directory.is_none() && wanted(&user.name)).map(
                |user| Picked {
                    key: user.id.to_string(),
                    group: false,
                    name: user.name,
                    domain: site.to_owned(),
                    role: Some(user.role),
                    details: match (user.machine, user.disabled) {
                        (true, _) => "administrator of this machine".to_owned(),
                        (false, true) => "disabled".to_owned(),
                        (false, false) => String::new(),
                    },
                    server: site.to_owned(),
                    user: Some(user.id),
                    group_id: None,
                },
            ),
        );
    }
    if kind != PickerKind::Users {
        items.extend(
            catalog
                .groups()?
                .into_iter()
                .filter(|group| group.directory.is_none() && wanted(&group.name))
                .map(|group| Picked {
                    key: group.id.to_string(),
                    group: true,
                    details: format!("{} members", group.members.len()),
                    name: group.name,
                    domain: site.to_owned(),
                    role: Some(group.role),
                    server: site.to_owned(),
                    user: None,
                    group_id: Some(group.id),
                }),
        );
    }
    Ok(items)
}

async fn foreign(app: &App, live: &Live, filter: String, kind: PickerKind) -> Outcome<(Vec<Picked>, bool)> {
    let wanted = match kind {
        PickerKind::Users => Wanted::People,
        PickerKind::Groups => Wanted::Groups,
        PickerKind::All => Wanted::Both,
    };
    let failed = |error: directory::Error| Failure(settings::problem(&error));
    let directory = live.directory().map_err(failed)?;
    let found = directory.ask(async |session| session.search(&filter, wanted, MOST, wall_now()).await).await;
    live.answered(&found);
    let (found, more) = found.map_err(failed)?;
    let (id, domain, server) = (live.id, directory.domain().to_owned(), live.settings.name.clone());
    let items = app
        .catalog(move |catalog| {
            let Known { users, groups } = catalog.known_of(id)?;
            let line = |one: Listed| -> catalog::Result<Picked> {
                let key = one.key.to_string();
                let known = |key: &String| key == one.key.as_text();
                let user = users.iter().find(|(key, _)| !one.group && known(key)).map(|(_, user)| *user);
                let group = groups.iter().find(|(key, _)| one.group && known(key)).map(|(_, group)| *group);
                let mut role = None;
                if let Some(user) = user {
                    role = catalog.user(user)?.map(|user| user.role);
                } else if let Some(group) = group {
                    role = catalog.group(group)?.map(|group| group.role);
                }
                let disabled = (!one.active).then(|| "disabled".to_owned());
                let details = Some(one.details).filter(|text| !text.is_empty());
                Ok(Picked {
                    key,
                    group: one.group,
                    name: one.account,
                    domain: domain.clone(),
                    role,
                    details: details.into_iter().chain(disabled).collect::<Vec<_>>().join(", "),
                    server: server.clone(),
                    user,
                    group_id: group,
                })
            };
            found.into_iter().map(line).collect::<catalog::Result<Vec<_>>>()
        })
        .await?;
    Ok((items, more))
}
