//! Sessions between two ends on loopback, with a mediator that tries things.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod attacks;
mod exchange;

use std::time::Duration;

use live::{Asked, Hosts, Limits, Session, Settings, Signalling};
use rand::SeedableRng;
use tokio::sync::mpsc;
use trust::Identity;

fn settings(streams: u32) -> Settings {
    let hosts = Hosts::These(vec!["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()]);
    Settings { hosts, limits: Limits { window: 1 << 20, streams }, release: "test".into() }
}

fn identity(seed: u64) -> Identity {
    Identity::generate(&mut rand::rngs::StdRng::seed_from_u64(seed))
}

/// Both ends over this signalling.
async fn join(
    client: Signalling,
    site: Signalling,
) -> (Result<Session, live::Error>, Result<(Session, mpsc::Receiver<Asked>), live::Error>) {
    let (identity, settings_site, settings_client) = (identity(1), settings(8), settings(0));
    let pinned = identity.certificate_id();
    let both = async {
        tokio::join!(
            live::connect(&pinned, &settings_client, client),
            live::accept(&identity, &settings_site, site),
        )
    };
    tokio::time::timeout(Duration::from_secs(60), both).await.unwrap()
}

async fn joined() -> (Session, Session, mpsc::Receiver<Asked>) {
    let (client, site) = live::signalling();
    let (client, site) = join(client, site).await;
    let (site, asked) = site.unwrap();
    (client.unwrap(), site, asked)
}
