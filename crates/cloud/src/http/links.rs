//! The two ways to the mediator. What is said there is `rendezvous::message`.

use axum::{Extension, extract::State, response::Response};
use serve::problem::WebSocketUpgrade;

use crate::{
    App,
    mediator::{MAX_FRAME, Who},
    principal::Principal,
};

/// Connect as a site.
///
/// A WebSocket with JSON texts. The site proves who it is by its identity's signature over the mediator's challenge.
#[utoipa::path(
    get, path = "/v1/mediator/site", operation_id = "mediator_site", tag = "link",
    extensions(("x-privilege" = json!("none"))),
    responses((status = 101, description = "the link stands"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn site(State(app): State<App>, WebSocketUpgrade(upgrade): WebSocketUpgrade) -> Response {
    let mediator = app.mediator.clone();
    upgrade
        .max_message_size(MAX_FRAME)
        .max_frame_size(MAX_FRAME)
        .on_upgrade(move |socket| mediator.serve(socket, Who::Site))
}

/// Connect as a client.
///
/// A WebSocket with JSON texts, by which sessions with sites are opened. For each is asked whether the account sees the
/// site.
#[utoipa::path(
    get, path = "/v1/mediator/client", operation_id = "mediator_client", tag = "link",
    extensions(("x-privilege" = json!("signed-in"))),
    responses((status = 101, description = "the link stands"), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn client(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    WebSocketUpgrade(upgrade): WebSocketUpgrade,
) -> Response {
    let mediator = app.mediator.clone();
    let who = Who::Client(principal.account.id, principal.account.email);
    upgrade
        .max_message_size(MAX_FRAME)
        .max_frame_size(MAX_FRAME)
        .on_upgrade(move |socket| mediator.serve(socket, who))
}
