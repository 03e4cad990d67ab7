//! `martello connect SITE`: a site that is reached through a cloud, served at an address of this computer.
//!
//! The cloud brings the two together and is believed nothing: the site's certificate ID is pinned here, and the site signs
//! what the session is made of. Who signs in at the site does so over the session and as at the site itself.

mod bridge;
mod dial;
mod link;
mod origin;

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::Arc,
};

use api::{Code, cloud::CloudSite};
use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use live::Session;
use tokio::{net::TcpListener, sync::watch};
use trust::CertificateId;

use self::{
    dial::Dial,
    origin::{DOOR, Origin, Stranger},
};
use super::{
    Failure, Outcome, cloud,
    cloud::CloudArguments,
    clouds::Clouds,
    output::{self, Output},
    prompt, sites,
};
use crate::ready::{self, Ready, ReadyConnect};

/// Arguments of `martello connect`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Name or identifier of the site (martello sites).
    site: String,
    #[command(flatten)]
    cloud: CloudArguments,
    /// Certificate ID of the site, as the site shows it; asked for the first time.
    #[arg(long, env = "MARTELLO_CERTIFICATE_ID")]
    certificate_id: Option<CertificateId>,
    /// Port of this computer; 0 is any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Address of this computer that the connection is made from; may be given several times [default: all].
    #[arg(long = "from", value_name = "ADDRESS")]
    addresses: Vec<IpAddr>,
    /// When serving, write a JSON object with the address there.
    #[arg(long)]
    ready_file: Option<PathBuf>,
}

/// What requests need.
struct Door {
    origin: Origin,
    session: watch::Receiver<Option<Session>>,
}

pub(super) async fn run(arguments: Arguments, output: &mut Output) -> Outcome {
    let (cloud, sites) = arguments.cloud.sign_in().await?;
    let site = sites::find(&sites, &arguments.site)?;
    let certificate_id = pinned(site, arguments.certificate_id)?;
    let addresses = arguments.addresses;
    let dial = Dial { cloud, site: certificate_id, name: site.name.clone(), addresses };
    let session = dial.once().await?;
    remember(certificate_id)?;

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port)).await;
    let listener =
        listener.map_err(|e| Failure::failed(format!("cannot use port {}: {e}", arguments.port)))?;
    let port = listener.local_addr().map_err(|e| Failure::failed(e.to_string()))?.port();
    let label = origin::label(&site.name, &site.id.to_string());
    let (current, of_requests) = watch::channel(Some(session));
    let door = Arc::new(Door { origin: Origin::new(&label, port), session: of_requests });
    let (url, link) = (door.origin.url(), door.origin.link());
    output.line(&format!("{} is served at {url} for this computer. Open\n\n  {link}\n", site.name))?;
    if let Some(path) = &arguments.ready_file {
        let connect = ReadyConnect { url, link, certificate_id: certificate_id.to_string() };
        let written = ready::write(path, &Ready { connect: Some(connect), ..Ready::default() });
        written.map_err(|e| Failure::failed(format!("cannot write {}: {e}", path.display())))?;
    }
    let router = Router::new().fallback(serve).with_state(door);
    tokio::select! {
        () = ready::stop_signal() => {}
        () = dial.keep(&current) => {}
        served = async { axum::serve(listener, router).await } => {
            served.map_err(|e| Failure::failed(format!("cannot serve: {e}")))?;
        }
    }
    let last = current.send_replace(None);
    if let Some(session) = last {
        session.close();
        session.ended().await;
    }
    Ok(())
}

/// The certificate ID that counts: the one that was given or compared before; else a person compares it now. What the cloud
/// says alone is not believed.
fn pinned(site: &CloudSite, given: Option<CertificateId>) -> Outcome<CertificateId> {
    let other = |id: CertificateId| {
        Failure::failed(format!(
            "what the cloud calls {:?} is not the site with the certificate ID {id}: the cloud names {}",
            site.name, site.certificate_id
        ))
    };
    if let Some(id) = given {
        return if id.site_id() == site.id { Ok(id) } else { Err(other(id)) };
    }
    if let Some(id) = Clouds::load(&cloud::path()?)?.sites.get(&site.id) {
        return Ok(*id);
    }
    let claimed: CertificateId = site
        .certificate_id
        .parse()
        .map_err(|_| Failure::failed("the cloud tells no certificate ID of the site"))?;
    if claimed.site_id() != site.id {
        return Err(other(claimed));
    }
    let question = format!(
        "The cloud says that the certificate ID of {} is\n\n  {claimed}\n\nIs that what the site shows?",
        site.name
    );
    if prompt::confirm(&question)? {
        return Ok(claimed);
    }
    Err(Failure::failed(
        "compare the certificate ID with the one that the site shows, and give it as --certificate-id",
    ))
}

/// The site has proved that it has this certificate ID, which was compared.
fn remember(id: CertificateId) -> Outcome {
    let path = cloud::path()?;
    let mut clouds = Clouds::load(&path)?;
    if clouds.sites.contains_key(&id.site_id()) {
        return Ok(());
    }
    clouds.pin(id)?;
    clouds.store(&path)
}

/// One request of this computer.
async fn serve(State(door): State<Arc<Door>>, request: Request) -> Response {
    if let Some(given) = request.uri().path().strip_prefix(DOOR) {
        return match door.origin.enter(request.headers(), given) {
            Ok(cookie) => {
                output::notice(&format!("For another browser: {}", door.origin.link()));
                (StatusCode::SEE_OTHER, [(header::SET_COOKIE, cookie), (header::LOCATION, "/".to_owned())])
                    .into_response()
            }
            Err(stranger) => refuse(stranger),
        };
    }
    if let Err(stranger) = door.origin.admit(request.headers()) {
        return refuse(stranger);
    }
    let session = door.session.borrow().clone();
    match session {
        Some(session) => bridge::forward(&session, request).await,
        None => bridge::lost(),
    }
}

fn refuse(stranger: Stranger) -> Response {
    bridge::problem(
        match stranger {
            Stranger::Link => Code::NotFound,
            Stranger::Cookie => Code::SignInRequired,
            Stranger::Host | Stranger::Origin => Code::WrongOrigin,
        },
        match stranger {
            Stranger::Host => "Nothing is served under this name",
            Stranger::Cookie => "Open the link that martello connect has printed",
            Stranger::Origin => "The request came from another web page",
            Stranger::Link => "This link was used already: martello connect has printed another one",
        },
    )
}
