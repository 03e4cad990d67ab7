//! The cloud: accounts, organizations, the sites that belong to them, and the mediator by which a client and a site meet.
//! It introduces; who is let in, the site decides.
//!
//! [`Cloud::start`] wires the parts together. What is not here: SQL (`catalog::cloud`), the machines of the mediator
//! (`rendezvous`), signatures (`trust`), listeners (`serve`), anything of a camera or of a picture.

mod accounts;
mod audit;
pub mod config;
mod grants;
mod http;
mod mediator;
mod principal;
pub mod rights;
mod start;

use std::{ops::Deref, sync::Arc};

use api::Code;
use catalog::cloud::CloudCatalog;
use serve::{Failure, Outcome, Stop};

pub use config::{Config, ConfigFile};
pub use http::{document, openapi};
pub use start::{Cloud, Running, StartError};

/// The release that runs.
pub const RELEASE: &str = env!("CARGO_PKG_VERSION");

/// Everything that handlers use.
struct Parts {
    catalog: CloudCatalog,
    identity: trust::Identity,
    /// SHA-256 of the TLS certificate, as browsers print it.
    tls_fingerprint: String,
    /// The identity's statement about it.
    endorsement: trust::Endorsement,
    cookie_name: String,
    accounts: accounts::Accounts,
    grants: grants::Grants,
    mediator: mediator::Handle,
    policy: http::gate::Policy,
    /// Bytes that relays may carry for an account in a month, unless its organization says otherwise.
    relay_bytes: Option<u64>,
    client_files: &'static [serve::ClientFile],
    /// Where people find the cloud.
    url: String,
    stop: Stop,
}

/// The running cloud as handlers see it; clones are the same.
#[derive(Clone)]
struct App(Arc<Parts>);

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Asks the catalog, off the tasks that serve requests.
    async fn catalog<T: Send + 'static>(
        &self,
        work: impl FnOnce(&CloudCatalog) -> catalog::Result<T> + Send + 'static,
    ) -> Outcome<T> {
        let catalog = self.catalog.clone();
        Ok(tokio::task::spawn_blocking(move || work(&catalog))
            .await
            .map_err(|error| Failure::new(Code::Internal, format!("A fault while working: {error}")))??)
    }
}
