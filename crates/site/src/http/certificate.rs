//! The TLS certificate: told, installed, renewed, removed. It is changed while connections go on.

use api::{
    Code,
    certificate::{Certificate, NewCertificate},
};
use axum::extract::State;
use model::{Secret, clock::wall_now};

use super::problem::{Failure, Json, Outcome, chain};
use crate::{
    App,
    server::{certificates::Refused, expiry},
};

/// The TLS certificate.
///
/// The one that is served now: to whom it is given, until when it lasts, and what is wrong with it.
#[utoipa::path(
    get, path = "/v1/certificate", operation_id = "certificate_get", tag = "site",
    extensions(("x-privilege" = json!("signed-in"))),
    responses((status = 200, body = Certificate), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn get(State(app): State<App>) -> Json<Certificate> {
    Json(tell(&app))
}

/// Install a TLS certificate.
///
/// It is served from the next connection on; those that stand go on with the old one. The site's identity endorses it, so
/// that programs that pinned the certificate ID go on as well. Refused are a key of another certificate, a chain that does not
/// hold, a certificate that has ended or not begun, and one without a name.
#[utoipa::path(
    put, path = "/v1/certificate", operation_id = "certificate_install", tag = "site", request_body = NewCertificate,
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Certificate), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn install(State(app): State<App>, Json(new): Json<NewCertificate>) -> Outcome<Json<Certificate>> {
    let NewCertificate { chain_pem, key_pem } = new;
    let key = Secret::new(key_pem);
    app.blocking(move |app| {
        app.certificates.install(&chain_pem, &key, wall_now()).inspect(|()| expiry::check(app))
    })
    .await?
    .map_err(refused)?;
    Ok(Json(tell(&app)))
}

/// Remove the installed TLS certificate.
///
/// The site's own certificate is served again. Chain and key are forgotten.
#[utoipa::path(
    delete, path = "/v1/certificate", operation_id = "certificate_remove", tag = "site",
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Certificate), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn remove(State(app): State<App>) -> Outcome<Json<Certificate>> {
    app.blocking(|app| app.certificates.uninstall(wall_now()).inspect(|()| expiry::check(app)))
        .await?
        .map_err(|error| Failure::internal("removing the certificate", chain(&error)))?;
    Ok(Json(tell(&app)))
}

/// Make the site's own TLS certificate anew.
///
/// With the names and addresses that the machine has now, for another 820 days. Browsers that were told to trust the old one
/// ask again. An installed certificate is renewed by installing the next one.
#[utoipa::path(
    post, path = "/v1/certificate/renew", operation_id = "certificate_renew", tag = "site",
    extensions(("x-privilege" = json!("configure"))),
    responses((status = 200, body = Certificate), (status = "default", body = api::Problem, content_type = "application/problem+json"))
)]
pub async fn renew(State(app): State<App>) -> Outcome<Json<Certificate>> {
    if tell(&app).kind == api::certificate::CertificateKind::Installed {
        return Err(Failure::new(Code::Conflict, "The certificate was not made by the site")
            .detail("Install the next one from its issuer, or remove it first."));
    }
    app.blocking(|app| app.certificates.renew(wall_now()).inspect(|()| expiry::check(app)))
        .await?
        .map_err(|error| Failure::internal("making the certificate anew", chain(&error)))?;
    Ok(Json(tell(&app)))
}

fn tell(app: &App) -> Certificate {
    app.certificates.served().tell(&app.identity, wall_now())
}

fn refused(refused: Refused) -> Failure {
    match refused {
        Refused::Keep(error) => Failure::from(error),
        other => Failure::new(Code::BadRequest, "The certificate is not taken")
            .detail(format!("{other}. The certificate that was served is served on.")),
    }
}
