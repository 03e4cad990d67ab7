//! Remote access: the site belongs to an organization of a cloud and keeps a link to its mediator, by which clients open
//! sessions. Off, waiting for a grant, on: one record, one state machine; on survives restarts.
//!
//! What is not here: peer sessions themselves (`peers`), who may do what: nothing that a cloud says is a right here.

pub mod cloud;
mod enrol;
mod link;
pub mod oauth;
mod presence;
pub(crate) mod sessions;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use api::remote::{RemoteState, RemoteStatus};
use catalog::{Catalog, setting::Setting};
use model::{PeerSessionId, WallTime};
use rendezvous::{Why, message::Opener};
use serde::{Deserialize, Serialize};
use serve::Stop;
use tokio::sync::{mpsc, watch};
use trust::{CertificateId, Identity};

use cloud::Cloud;
use presence::Presence;

const SETTING: &str = "remote";
/// Events of sessions that wait for whoever answers them; when it is full, sessions are closed.
const EVENTS: usize = 64;
/// Answers that wait for the link; when it is full, whoever answers waits.
const ANSWERS: usize = 64;

/// What happens to sessions.
#[derive(Debug)]
pub(crate) enum SessionEvent {
    /// Somebody has opened one. Who it is, the cloud says: a hint, never a right.
    Opened(PeerSessionId, Option<Opener>),
    /// A body came.
    Body(PeerSessionId, String),
    /// It is over.
    Closed(PeerSessionId),
}

/// What is to be done with sessions.
#[derive(Debug)]
pub(crate) enum SessionAnswer {
    /// Send a body; a session that is over is none any more, and says so.
    Body(PeerSessionId, String),
    /// End it.
    Close(PeerSessionId, Why),
}

/// The sessions of a site, for the one that answers them.
#[derive(Debug)]
pub(crate) struct Sessions {
    /// What happens.
    pub events: mpsc::Receiver<SessionEvent>,
    /// What is to be done.
    pub answers: mpsc::Sender<SessionAnswer>,
}

/// Remote access of a site; clones are the same.
#[derive(Clone)]
pub struct Remote(Arc<Shared>);

struct Shared {
    catalog: Catalog,
    identity: Identity,
    inside: Mutex<Inside>,
    /// Rings when somebody enables or disables.
    wish: watch::Sender<u64>,
    /// Rings when somebody disables: who is connected is cut off.
    disabled: watch::Sender<u64>,
    presence: Presence,
    sessions: Mutex<Option<Sessions>>,
    events: mpsc::Sender<SessionEvent>,
}

/// For [`run`] alone.
pub struct Wishes {
    wish: watch::Receiver<u64>,
    answers: mpsc::Receiver<SessionAnswer>,
}

#[derive(Default)]
struct Inside {
    phase: Phase,
    connected: bool,
    trouble: Option<String>,
}

/// How far it is.
#[derive(Clone, Default)]
enum Phase {
    #[default]
    Off,
    Asking {
        cloud: Cloud,
        /// None until the cloud has given one.
        code: Option<Code>,
    },
    On {
        cloud: Cloud,
        organization: String,
    },
}

/// What a person types at the cloud.
#[derive(Clone)]
struct Code {
    user: String,
    url: String,
    expires: WallTime,
}

/// What is kept while it is on.
#[derive(Serialize, Deserialize)]
struct Kept {
    url: String,
    certificate_id: CertificateId,
    organization: String,
}

/// Why it is not enabled or disabled.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// It belongs to an organization already.
    #[error("remote access is on already: disable it before another cloud or organization")]
    AlreadyOn,
    /// The address is none.
    #[error("this is no address of a cloud: https://HOST or https://HOST:PORT is expected")]
    Address,
    /// The certificate ID is none.
    #[error("this is no certificate ID: 64 hex digits are expected")]
    CertificateId,
    /// Somebody would be cut off.
    #[error("connected through remote access: {}", .0.join(", "))]
    InUse(Vec<String>),
    /// The choice cannot be kept.
    #[error(transparent)]
    Catalog(#[from] catalog::Error),
}

impl Remote {
    /// As it was when the site stopped. Blocking.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub fn open(catalog: Catalog, identity: Identity) -> Result<(Self, Wishes), catalog::Error> {
        let kept = catalog.setting(SETTING)?.and_then(|setting| serde_json::from_value(setting.value).ok());
        let phase = kept.and_then(|kept: Kept| {
            let cloud = Cloud::new(&kept.url, kept.certificate_id).ok()?;
            Some(Phase::On { cloud, organization: kept.organization })
        });
        let (events, of_sessions) = mpsc::channel(EVENTS);
        let (answers, to_link) = mpsc::channel(ANSWERS);
        let (wish, wishes) = watch::channel(0);
        let inside = Inside { phase: phase.unwrap_or_default(), ..Inside::default() };
        let remote = Self(Arc::new(Shared {
            catalog,
            identity,
            inside: Mutex::new(inside),
            wish,
            disabled: watch::Sender::new(0),
            presence: Presence::default(),
            sessions: Mutex::new(Some(Sessions { events: of_sessions, answers })),
            events,
        }));
        Ok((remote, Wishes { wish: wishes, answers: to_link }))
    }

    /// The sessions, for the one that answers them: given once. Until somebody has taken them, sessions are refused.
    #[must_use]
    pub(crate) fn sessions(&self) -> Option<Sessions> {
        self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// How far it is.
    #[must_use]
    pub fn status(&self) -> RemoteStatus {
        let inside = self.inside();
        let mut status = RemoteStatus {
            state: RemoteState::Off,
            url: None,
            cloud_certificate_id: None,
            organization: None,
            grant_url: None,
            user_code: None,
            expires: None,
            certificate_id: self.0.identity.certificate_id().to_string(),
            connected: inside.connected,
            trouble: inside.trouble.clone(),
            people: self.0.presence.people(),
        };
        let cloud = match &inside.phase {
            Phase::Off => return status,
            Phase::Asking { cloud, code } => {
                status.state = RemoteState::WaitingForGrant;
                if let Some(code) = code {
                    status.grant_url = Some(code.url.clone());
                    status.user_code = Some(code.user.clone());
                    status.expires = Some(code.expires);
                }
                cloud
            }
            Phase::On { cloud, organization } => {
                status.state = RemoteState::On;
                status.organization = Some(organization.clone());
                cloud
            }
        };
        status.url = Some(cloud.url().to_owned());
        status.cloud_certificate_id = Some(cloud.certificate_id().to_string());
        status
    }

    /// Asks a cloud for a grant, in place of one that was asked for before.
    ///
    /// # Errors
    /// It is on already, or the cloud is no cloud.
    pub fn enable(&self, url: &str, certificate_id: &str) -> Result<(), RemoteError> {
        let certificate_id = certificate_id.parse().map_err(|_| RemoteError::CertificateId)?;
        let cloud = Cloud::new(url, certificate_id).map_err(|_| RemoteError::Address)?;
        let mut inside = self.inside();
        if matches!(inside.phase, Phase::On { .. }) {
            return Err(RemoteError::AlreadyOn);
        }
        *inside = Inside { phase: Phase::Asking { cloud, code: None }, ..Inside::default() };
        drop(inside);
        self.ring();
        Ok(())
    }

    /// Switches it off. Blocking.
    ///
    /// # Errors
    /// Somebody is connected, unless they are to be disconnected.
    pub fn disable(&self, disconnect: bool) -> Result<(), RemoteError> {
        let mut inside = self.inside();
        let names = self.0.presence.names();
        if !names.is_empty() && !disconnect {
            return Err(RemoteError::InUse(names));
        }
        self.0.catalog.change_setting(SETTING, |_| Setting::default())?;
        *inside = Inside::default();
        self.0.disabled.send_modify(|count| *count = count.wrapping_add(1));
        drop(inside);
        self.ring();
        Ok(())
    }

    /// The grant was given. Blocking. False: somebody has changed their mind meanwhile.
    fn granted(&self, cloud: &Cloud, organization: String) -> Result<bool, catalog::Error> {
        let mut inside = self.inside();
        if !matches!(&inside.phase, Phase::Asking { cloud: asked, .. } if asked == cloud) {
            return Ok(false);
        }
        let kept = Kept {
            url: cloud.url().to_owned(),
            certificate_id: cloud.certificate_id(),
            organization: organization.clone(),
        };
        let value = serde_json::to_value(kept).unwrap_or_default();
        self.0.catalog.change_setting(SETTING, |_| Setting { value, ..Setting::default() })?;
        *inside = Inside { phase: Phase::On { cloud: cloud.clone(), organization }, ..Inside::default() };
        Ok(true)
    }

    /// Changes when remote access is switched off.
    pub(crate) fn disabled(&self) -> watch::Receiver<u64> {
        self.0.disabled.subscribe()
    }

    /// Who is connected.
    pub(crate) fn presence(&self) -> &Presence {
        &self.0.presence
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) {
        self.0.wish.send_modify(|count| *count = count.wrapping_add(1));
    }

    fn trouble(&self, trouble: Option<String>) {
        if let Some(reason) = &trouble {
            tracing::warn!(reason, "remote access");
        }
        self.inside().trouble = trouble;
    }
}

/// Does what was wished until the site stops.
pub async fn run(remote: Remote, wishes: Wishes, name: String, mut stop: Stop) {
    let Wishes { mut wish, mut answers } = wishes;
    loop {
        wish.borrow_and_update();
        let phase = remote.inside().phase.clone();
        // Whatever is under way is dropped, and its connections with it, when somebody wishes something else.
        let work = async {
            match phase {
                Phase::Off => std::future::pending::<()>().await,
                Phase::Asking { cloud, .. } => enrol::run(&remote, &cloud, &name).await,
                Phase::On { cloud, .. } => link::run(&remote, &cloud, &mut answers).await,
            }
        };
        tokio::select! {
            () = stop.requested() => return,
            changed = wish.changed() => if changed.is_err() { return },
            () = work => {}
        }
    }
}
