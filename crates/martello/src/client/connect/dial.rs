//! Keeps a session with one site: dials, and dials again when it is lost. The certificate ID decides whether it is the site.
//!
//! What is not here: what is asked over the session (`bridge`).

use std::{net::IpAddr, time::Duration};

use live::{Hosts, Limits, Session, Settings};
use rendezvous::pace::Backoff;
use tokio::sync::watch;
use trust::CertificateId;

use super::{
    super::{Failure, Outcome, cloud::SignedIn, output},
    link,
};

/// What the site may send of one answer before it is read here.
const WINDOW: u32 = 4 << 20;

/// Which site, by which cloud, and how.
pub(super) struct Dial {
    /// The cloud.
    pub cloud: SignedIn,
    /// The site, whose signature is asked for.
    pub site: CertificateId,
    /// Its name, for people.
    pub name: String,
    /// Addresses of this computer that are used; none: all.
    pub addresses: Vec<IpAddr>,
}

impl Dial {
    /// One try.
    pub async fn once(&self) -> Outcome<Session> {
        let signalling = link::open(&self.cloud, self.site.site_id()).await?;
        let hosts = match self.addresses.as_slice() {
            [] => Hosts::Interfaces,
            these => Hosts::These(these.to_vec()),
        };
        let settings = Settings {
            hosts,
            limits: Limits { window: WINDOW, streams: 0 },
            release: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let session = live::connect(&self.site, &settings, signalling).await;
        session.map_err(|error| Failure::failed(format!("{}: {error}", self.name)))
    }

    /// Keeps a session there, from the first one on, until nobody looks any more.
    pub async fn keep(&self, current: &watch::Sender<Option<Session>>) {
        let mut backoff = Backoff::new(u64::from(std::process::id()));
        loop {
            let now = current.borrow().clone();
            if let Some(session) = now {
                output::notice(&format!("Connected to {} {}.", self.name, way(&session)));
                let gone = session.ended().await;
                current.send_replace(None);
                output::notice(&format!("The connection to {} is lost ({gone}). Dialling again.", self.name));
            }
            match self.once().await {
                Ok(session) => {
                    backoff.succeeded();
                    current.send_replace(Some(session));
                }
                Err(failure) => {
                    let wait: Duration = backoff.failed();
                    output::notice(&format!("{failure}. The next try is in {} s.", wait.as_secs().max(1)));
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }
}

/// How the two are joined.
fn way(session: &Session) -> String {
    let Some(remote) = session.path().borrow().remote else { return "directly".to_owned() };
    let near = match remote.ip() {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_loopback() || ip.is_unicast_link_local(),
    };
    if near { format!("on this network ({})", remote.ip()) } else { format!("directly ({})", remote.ip()) }
}
