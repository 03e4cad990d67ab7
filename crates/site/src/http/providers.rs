//! OpenID Connect providers: set up, tried; their people and groups given something here.

use api::{
    Code,
    directory::DirectoryGrant,
    people::{Group, User},
    provider::{Provider, ProviderCheck, ProviderSettings, ProviderState, ProviderTry},
};
use axum::{Extension, extract::State, http::StatusCode};
use catalog::directory::DirectoryRow;
use model::{DirectoryId, clock::wall_now};

use super::{
    Items, groups,
    problem::{Failure, Json, Outcome, Path},
    rights, users,
};
use crate::{
    App,
    audit::Told,
    providers::{gone, settings},
};

/// Providers.
///
/// With how each answered last. Secrets are not told.
#[utoipa::path(
    get, path = "/v1/providers", operation_id = "provider_list", tag = "people",
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Items<Provider>), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn list(State(app): State<App>) -> Outcome<Json<Items<Provider>>> {
    let items = app
        .blocking(|app| {
            let rows = app.catalog.providers()?;
            rows.into_iter().filter_map(|row| tell(app, row).transpose()).collect::<catalog::Result<_>>()
        })
        .await??;
    Ok(Json(Items { items }))
}

/// Add a provider.
///
/// It is not asked yet: try the settings before. The sign-in page shows it at once; its people can sign in when one of them,
/// or one of their groups, was added.
#[utoipa::path(
    post, path = "/v1/providers", operation_id = "provider_create", tag = "people",
    request_body = ProviderSettings,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 201, body = Provider), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn add(
    State(app): State<App>,
    Json(new): Json<ProviderSettings>,
) -> Outcome<(StatusCode, Extension<Told>, Json<Provider>)> {
    let (told, provider) = put(&app, None, new).await?;
    Ok((StatusCode::CREATED, Extension(told), Json(provider)))
}

/// A provider.
///
/// With how it answered last.
#[utoipa::path(
    get, path = "/v1/providers/{provider}", operation_id = "provider_get", tag = "people",
    params(("provider" = DirectoryId, Path)),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Provider), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn get(State(app): State<App>, Path(id): Path<DirectoryId>) -> Outcome<Json<Provider>> {
    let found = app
        .blocking(move |app| match app.catalog.provider(id)? {
            Some(row) => tell(app, row),
            None => Ok(None),
        })
        .await??;
    found.map(Json).ok_or_else(gone)
}

/// Change a provider.
///
/// It is as given afterwards. Its issuer stays: people are known by it. A secret that is left out stays, as long as the client
/// ID is the same.
#[utoipa::path(
    put, path = "/v1/providers/{provider}", operation_id = "provider_update", tag = "people",
    params(("provider" = DirectoryId, Path)), request_body = ProviderSettings,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Provider), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn change(
    State(app): State<App>,
    Path(id): Path<DirectoryId>,
    Json(new): Json<ProviderSettings>,
) -> Outcome<(Extension<Told>, Json<Provider>)> {
    let (told, provider) = put(&app, Some(id), new).await?;
    Ok((Extension(told), Json(provider)))
}

/// Remove a provider.
///
/// With its users and groups here, and all that was granted to them; what they watch ends within a second. Nothing changes at
/// the provider.
#[utoipa::path(
    delete, path = "/v1/providers/{provider}", operation_id = "provider_delete", tag = "people",
    params(("provider" = DirectoryId, Path)),
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 204, description = "removed"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn remove(
    State(app): State<App>,
    Path(id): Path<DirectoryId>,
) -> Outcome<(StatusCode, Extension<Told>)> {
    let called = app
        .blocking(move |app| -> catalog::Result<_> {
            let called = app.catalog.remove_provider(id)?;
            app.providers.reload().map(|()| called)
        })
        .await??
        .ok_or_else(gone)?;
    Ok((StatusCode::NO_CONTENT, Extension(Told { target: Some(called), ..Told::default() })))
}

/// Try a provider.
///
/// Asks it what it says of itself, and for its keys. Nothing is kept. Whether it knows this site shows at the first sign-in
/// only.
#[utoipa::path(
    post, path = "/v1/providers/test", operation_id = "provider_test", tag = "people", request_body = ProviderTry,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = ProviderCheck), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn test(
    State(app): State<App>,
    Json(ProviderTry { provider: id, settings: new }): Json<ProviderTry>,
) -> Outcome<Json<ProviderCheck>> {
    let kept = match id {
        Some(id) => app.catalog(move |catalog| catalog.provider(id)).await?,
        None => None,
    };
    let secret = settings::secret(&new, kept.as_ref()).ok_or_else(no_secret)?;
    let failed = |error: openid::Error| Failure(settings::problem(&error));
    let check = settings::provider(&new, &secret).map_err(failed)?.check().await.map_err(failed)?;
    Ok(Json(ProviderCheck {
        authorization_endpoint: check.address,
        keys: count(check.keys),
        algorithms: check.algorithms.into_iter().map(str::to_owned).collect(),
        redirect_uri: settings::redirect_uri(&new).unwrap_or_default(),
    }))
}

/// Add somebody of a provider.
///
/// The person becomes a user here, with what is given, before ever signing in; was it one already, it is changed. `key` is
/// what the provider knows the person by (`sub`): who signs in and may not yet is told it.
#[utoipa::path(
    post, path = "/v1/providers/{provider}/users", operation_id = "provider_user_add", tag = "people",
    params(("provider" = DirectoryId, Path)), request_body = DirectoryGrant,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 201, body = User), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn add_user(
    State(app): State<App>,
    Path(id): Path<DirectoryId>,
    Json(given): Json<DirectoryGrant>,
) -> Outcome<(StatusCode, Extension<Told>, Json<User>)> {
    let live = app.providers.get(id).ok_or_else(gone)?;
    let key = given.key.clone();
    let row = app.providers.add_user(&live, key, rights::given_to_user(given)?).await?.ok_or_else(gone)?;
    let made = app.catalog(move |catalog| users::user(catalog, row)).await?;
    Ok((StatusCode::CREATED, Extension(users::told(&made)), Json(made)))
}

/// Add a group of a provider.
///
/// `key` is the group as the claim has it. Its members have what it gives from their next sign-in on; who is signed in already,
/// when the provider is asked again.
#[utoipa::path(
    post, path = "/v1/providers/{provider}/groups", operation_id = "provider_group_add", tag = "people",
    params(("provider" = DirectoryId, Path)), request_body = DirectoryGrant,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 201, body = Group), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn add_group(
    State(app): State<App>,
    Path(id): Path<DirectoryId>,
    Json(given): Json<DirectoryGrant>,
) -> Outcome<(StatusCode, Extension<Told>, Json<Group>)> {
    let live = app.providers.get(id).ok_or_else(gone)?;
    if live.settings.groups_claim.is_none() {
        return Err(Failure::new(Code::Conflict, "Groups of this provider do not count")
            .detail("Say in its settings which claim has the groups."));
    }
    let change = rights::given_to_group(&given, live.shown(&given.key))?;
    let made = app
        .catalog(move |catalog| {
            let row = catalog.put_provider_group(id, &given.key, &change, wall_now())?;
            groups::group(catalog, row)
        })
        .await?;
    Ok((StatusCode::CREATED, Extension(groups::told(&made)), Json(made)))
}

async fn put(app: &App, id: Option<DirectoryId>, new: ProviderSettings) -> Outcome<(Told, Provider)> {
    let kept = match id {
        Some(id) => Some(app.catalog(move |catalog| catalog.provider(id)).await?.ok_or_else(gone)?),
        None => None,
    };
    let old = kept.as_ref().and_then(settings::of_row);
    if old.is_some_and(|old| old.issuer != new.issuer) {
        return Err(Failure::new(Code::Conflict, "The issuer of a provider cannot be changed")
            .detail("People are known by it. Add the other one as a provider of its own."));
    }
    let secret = settings::secret(&new, kept.as_ref()).ok_or_else(no_secret)?;
    settings::provider(&new, &secret).map_err(|error| Failure(settings::problem(&error)))?;
    let provider = app
        .blocking(move |app| {
            let open = ProviderSettings { client_secret: None, ..new };
            let value = serde_json::to_value(&open).unwrap_or_default();
            let row = app.catalog.put_provider(id, &open.name, &value, &secret, wall_now())?;
            app.providers.reload()?;
            tell(app, row)
        })
        .await??
        .ok_or_else(gone)?;
    let detail =
        format!("{}, {}, {}", provider.settings.issuer, provider.settings.client_id, provider.redirect_uri);
    let told = Told { target: Some(provider.settings.name.clone()), detail: Some(detail), ..Told::default() };
    Ok((told, provider))
}

/// Blocking.
fn tell(app: &App, row: DirectoryRow) -> catalog::Result<Option<Provider>> {
    let Some(settings) = settings::of_row(&row) else { return Ok(None) };
    let known = app.catalog.known_of(row.id)?;
    Ok(Some(Provider {
        id: row.id,
        redirect_uri: settings::redirect_uri(&settings).unwrap_or_default(),
        settings: ProviderSettings { name: row.name, client_secret: None, ..settings },
        state: app.providers.get(row.id).map_or_else(ProviderState::default, |live| live.state()),
        users: count(known.users.len()),
        groups: count(known.groups.len()),
    }))
}

fn count(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn no_secret() -> Failure {
    Failure::new(Code::BadRequest, "The client secret is needed")
        .detail("A secret that was kept is used only for the same client of the same provider.")
}
