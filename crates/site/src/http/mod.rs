//! The HTTP API: one router for every carrier. No handler knows how it is reached.
//!
//! What is here: one module per resource. What is not here: sockets (`server`), rules of rights (`privilege` asks,
//! `principal` answers).

pub mod privilege;

mod account;
mod alarms;
mod audit;
mod backup;
mod cameras;
mod certificate;
mod clip;
mod directories;
mod discovery;
pub mod duplex;
mod events;
mod exports;
mod file;
mod folders;
mod groups;
mod guard;
mod health;
mod keyframe;
mod live;
mod locks;
pub mod methods;
mod negotiate;
mod notifications;
mod openid;
mod picker;
mod playback;
mod profiles;
mod providers;
mod recordings;
pub mod reference;
mod remote;
mod rights;
pub mod schedules;
mod session;
mod setup;
mod site;
mod storage;
mod tokens;
mod users;
mod volumes;

pub use serve::{outgoing, problem};

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Request},
    middleware,
};
use serve::WebClient;
use utoipa::{OpenApi, openapi};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::App;

/// Scripts, styles and connections from this site only; no frame may hold a page of ours. The two hashes are those of the
/// only style elements that the component library makes by itself (`usePress`, `usePreventScroll` of react-aria): a new
/// release that changes them is found by the browser tests, where the browser complains.
const PAGES: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self' 'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o=' 'sha256-gYiS/BvZvRcK27JIXTuwhZ3hs2+VJ1X+2gUlE+farlg='; \
    img-src 'self' blob: data:; font-src 'self'; media-src 'self' blob:; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// A list as an answer.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct Items<T> {
    /// What is listed.
    pub items: Vec<T>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Martello site",
        description = "The API of a Martello site server. Times are RFC 3339, identifiers 32 hex digits, errors RFC 9457 \
            problems with a closed `code`. Every operation names the privilege that it asks for in `x-privilege` (`none` \
            where nobody needs to be signed in). Sign in with `POST /v1/session` (cookie) or send `Authorization: \
            Bearer TOKEN`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(
        api::Problem, api::event::Event, api::live::Ask, api::record::Init, api::record::Notice,
        playback::Sound, audit::Format, api::directory::PickerKind
    )),
    tags(
        (name = "session", description = "Signing in, first setup"),
        (name = "account", description = "One's own sign-in: password, second factor, sign-ins, tokens"),
        (name = "people", description = "Users, groups, directories, folders of cameras, rights"),
        (name = "audit", description = "Who did what"),
        (name = "site", description = "The site, its storage, its settings"),
        (name = "camera", description = "Cameras, and finding them"),
        (name = "live", description = "Live pictures and sound"),
        (name = "recording", description = "Timelines, playback, clips"),
        (name = "export", description = "Recordings as files, with the evidence that proves them"),
        (name = "alarm", description = "Alarms"),
    )
)]
struct Document;

/// All operations, documented.
fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(health::health))
        .routes(routes!(health::metrics))
        .routes(routes!(health::identity))
        .routes(routes!(health::document))
        .routes(routes!(setup::get, setup::post))
        .routes(routes!(session::sign_in, session::get, session::sign_out))
        .routes(routes!(openid::begin))
        .routes(routes!(openid::finish))
        .routes(routes!(negotiate::sign_in))
        .routes(routes!(tokens::list, tokens::make))
        .routes(routes!(tokens::end))
        .routes(routes!(account::sessions))
        .routes(routes!(account::end_session))
        .routes(routes!(account::password))
        .routes(routes!(account::begin_factor, account::confirm_factor))
        .routes(routes!(account::end_factor))
        .routes(routes!(users::list, users::add))
        .routes(routes!(users::get, users::change, users::remove))
        .routes(routes!(users::password))
        .routes(routes!(users::end_factor))
        .routes(routes!(users::sessions))
        .routes(routes!(users::end_session))
        .routes(routes!(rights::privileges))
        .routes(routes!(rights::of_user))
        .routes(routes!(groups::list, groups::add))
        .routes(routes!(groups::get, groups::change, groups::remove))
        .routes(routes!(directories::list, directories::add))
        .routes(routes!(directories::test))
        .routes(routes!(directories::order))
        .routes(routes!(directories::get, directories::change, directories::remove))
        .routes(routes!(directories::set_keytab, directories::remove_keytab))
        .routes(routes!(directories::add_user))
        .routes(routes!(directories::add_group))
        .routes(routes!(providers::list, providers::add))
        .routes(routes!(providers::test))
        .routes(routes!(providers::get, providers::change, providers::remove))
        .routes(routes!(providers::add_user))
        .routes(routes!(providers::add_group))
        .routes(routes!(picker::search))
        .routes(routes!(folders::list, folders::add))
        .routes(routes!(folders::change, folders::remove))
        .routes(routes!(audit::list))
        .routes(routes!(audit::export))
        .routes(routes!(audit::chain))
        .routes(routes!(site::get, site::change))
        .routes(routes!(backup::get))
        .routes(routes!(certificate::get, certificate::install, certificate::remove))
        .routes(routes!(certificate::renew))
        .routes(routes!(remote::get, remote::enable, remote::disable))
        .routes(routes!(volumes::list, volumes::add))
        .routes(routes!(volumes::change, volumes::remove))
        .routes(routes!(volumes::adopt))
        .routes(routes!(storage::get))
        .routes(routes!(storage::choose))
        .routes(routes!(locks::list, locks::add))
        .routes(routes!(locks::remove))
        .routes(routes!(notifications::get, notifications::put))
        .routes(routes!(notifications::test))
        .routes(routes!(cameras::list, cameras::add))
        .routes(routes!(cameras::get, cameras::change, cameras::remove))
        .routes(routes!(cameras::image))
        .routes(routes!(profiles::list, profiles::add))
        .routes(routes!(profiles::change, profiles::remove))
        .routes(routes!(cameras::probe))
        .routes(routes!(methods::get, methods::put))
        .routes(routes!(methods::start, methods::stop))
        .routes(routes!(schedules::list, schedules::add))
        .routes(routes!(schedules::change, schedules::remove))
        .routes(routes!(discovery::get, discovery::start))
        .routes(routes!(live::watch))
        .routes(routes!(events::watch))
        .routes(routes!(recordings::timeline))
        .routes(routes!(recordings::days))
        .routes(routes!(playback::play))
        .routes(routes!(keyframe::get))
        .routes(routes!(clip::save))
        .routes(routes!(exports::list, exports::make))
        .routes(routes!(exports::get, exports::remove))
        .routes(routes!(exports::download))
        .routes(routes!(alarms::list))
        .routes(routes!(alarms::acknowledge))
}

/// The API document.
#[must_use]
pub fn openapi() -> openapi::OpenApi {
    let mut document = operations().into_openapi();
    document.info.version = crate::RELEASE.to_owned();
    document
}

/// The API document as text.
///
/// # Errors
/// It cannot be written as JSON.
pub fn document() -> Result<String, serde_json::Error> {
    serve::document::text(&openapi())
}

/// The router that every carrier serves.
pub fn router(app: App) -> Router {
    let (api, _) = operations().split_for_parts();
    let client = WebClient { files: app.client_files, policy: PAGES };
    let document = document().unwrap_or_default();
    api.layer(Extension(serve::document::Text::from(document)))
        .route_layer(middleware::from_fn_with_state(app.clone(), privilege::gate))
        .fallback(move |request: Request| async move { serve::client::serve(client, &request) })
        .layer(DefaultBodyLimit::max(serve::request::BODY))
        .layer(middleware::map_response_with_state(app.clone(), privilege::protect))
        .with_state(app)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_declares_its_privilege_and_tells_what_it_does() {
        let document = openapi();
        let mut seen = 0;
        for (method, path, operation) in serve::document::operations(&document) {
            let declared = serve::document::declared::<model::Privilege>(operation);
            assert!(declared.is_some(), "{method} {path} declares no privilege");
            assert!(operation.operation_id.is_some(), "{method} {path} has no operationId");
            assert!(operation.summary.is_some(), "{method} {path} has no summary");
            seen += 1;
        }
        assert!(seen > 30, "{seen} operations");
    }
}
