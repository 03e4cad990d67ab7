//! The HTTP API of the cloud: one module per resource. What is not here: sockets (`serve`), rules of rights (`rights`).

mod account;
mod device;
pub mod gate;
mod health;
mod invitations;
mod links;
mod members;
mod organizations;
mod relay;
mod session;
mod sites;

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Request},
    middleware,
};
use serve::{WebClient, request::BODY};
use utoipa::{OpenApi, openapi};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::App;

/// Scripts, styles, pictures and connections from this cloud only; nothing is sent by a form, no frame may hold a page. The two
/// hashes are those of the only style elements that the component library makes by itself (`usePress`, `usePreventScroll` of
/// react-aria): the browser tests find it when a release changes them.
const PAGES: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self' 'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o=' 'sha256-gYiS/BvZvRcK27JIXTuwhZ3hs2+VJ1X+2gUlE+farlg='; \
    img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A list as an answer.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub struct Items<T> {
    /// What is listed.
    pub items: Vec<T>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Martello cloud",
        description = "The API of a Martello cloud: accounts, organizations, their sites, and how a client and a site meet. Times are \
            RFC 3339, identifiers 32 hex digits, errors RFC 9457 problems with a closed `code`; only `/oauth` answers as OAuth 2.0 \
            does (RFC 6749, RFC 8628). Every operation names what it asks of its caller in `x-privilege`: `none`, `signed-in`, \
            `viewer`, `operator` or `administrator` of the organization in the address, or `cloud` (whoever runs this cloud). Sign in \
            with `POST /v1/session` (cookie) or send `Authorization: Bearer TOKEN`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(api::Problem)),
    tags(
        (name = "session", description = "Signing in, the first account"),
        (name = "account", description = "One's own sign-in: password, second factor, sign-ins"),
        (name = "organization", description = "Organizations, folders, members, invitations"),
        (name = "site", description = "Sites of organizations"),
        (name = "grant", description = "Who has no browser: sites that enrol, programs that sign in"),
        (name = "link", description = "The mediator, and what relays carried"),
        (name = "cloud", description = "The cloud itself"),
    )
)]
struct Document;

/// All operations, documented.
fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(health::health))
        .routes(routes!(health::identity))
        .routes(routes!(health::document))
        .routes(routes!(session::setup_state, session::set_up))
        .routes(routes!(session::sign_in, session::get, session::sign_out))
        .routes(routes!(account::sign_ins))
        .routes(routes!(account::end_sign_in))
        .routes(routes!(account::password))
        .routes(routes!(account::begin_factor, account::confirm_factor, account::end_factor))
        .routes(routes!(organizations::list, organizations::found))
        .routes(routes!(organizations::get, organizations::rename))
        .routes(routes!(organizations::relay_limit))
        .routes(routes!(organizations::folders, organizations::add_folder))
        .routes(routes!(organizations::rename_folder, organizations::remove_folder))
        .routes(routes!(organizations::audit))
        .routes(routes!(members::list))
        .routes(routes!(members::change, members::remove))
        .routes(routes!(invitations::list, invitations::invite))
        .routes(routes!(invitations::revoke))
        .routes(routes!(invitations::look))
        .routes(routes!(invitations::accept))
        .routes(routes!(sites::own))
        .routes(routes!(sites::list))
        .routes(routes!(sites::change, sites::remove))
        .routes(routes!(device::authorize))
        .routes(routes!(device::token))
        .routes(routes!(device::look))
        .routes(routes!(device::decide))
        .routes(routes!(links::site))
        .routes(routes!(links::client))
        .routes(routes!(relay::own))
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

/// The router.
pub fn router(app: App) -> Router {
    let (api, _) = operations().split_for_parts();
    let document = document().unwrap_or_default();
    let client = WebClient { files: app.client_files, policy: PAGES };
    api.layer(Extension(serve::document::Text::from(document)))
        .route_layer(middleware::from_fn_with_state(app.clone(), gate::gate))
        .fallback(move |request: Request| async move { serve::client::serve(client, &request) })
        .layer(DefaultBodyLimit::max(BODY))
        .layer(middleware::map_response(gate::protect))
        .with_state(app)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_cloud_declares_what_it_asks_for_and_tells_what_it_does() {
        let document = openapi();
        let mut seen = 0;
        for (method, path, operation) in serve::document::operations(&document) {
            let needs = serve::document::declared(operation);
            assert!(needs.is_some(), "{method} {path} declares nothing");
            assert!(operation.operation_id.is_some() && operation.summary.is_some(), "{method} {path}");
            let of_organization = path.contains("{organization}");
            let asks_for_role = !matches!(
                needs,
                Some(
                    crate::rights::Needs::None | crate::rights::Needs::SignedIn | crate::rights::Needs::Cloud
                )
            );
            assert!(!asks_for_role || of_organization, "{method} {path}: in which organization?");
            seen += 1;
        }
        assert!(seen > 35, "{seen} operations");
    }
}
