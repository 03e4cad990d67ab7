//! The mediator as a task: sockets in, the machine of `rendezvous` in the middle, sockets out. One task owns the machine;
//! everybody else speaks to it through a bounded queue.
//!
//! What is not here: what the messages mean (`rendezvous`), who may reach which site (`rights`).

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use axum::extract::ws::{CloseFrame, Message as Frame, WebSocket, close_code};
use model::{AccountId, PeerSessionId, SiteId, clock::wall_now};
use rendezvous::{
    Mediator,
    mediator::{Client, KEEP_ALIVE, LinkId, Output},
    message::{MAX_MESSAGE, Nonce, Opener},
};
use serve::Stop;
use tokio::sync::mpsc;

use crate::{App, rights};

/// Events of all links that wait for the machine; when it is full, sockets are not read.
const EVENTS: usize = 1024;
/// Messages that wait for one link; a link that does not take them is closed.
const WAITING: usize = 128;
const TICK: Duration = Duration::from_secs(1);
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(5);

/// What happens.
enum Event {
    Connected(LinkId, Who, mpsc::Sender<String>),
    Message(LinkId, String),
    Disconnected(LinkId),
    Identified(LinkId, bool),
    Judged(LinkId, PeerSessionId, Option<Opener>),
    ForgetSite(SiteId),
    ForgetAccount(AccountId),
}

/// Who has connected.
pub enum Who {
    /// Somebody who says that it is a site.
    Site,
    /// A client, whose account is known.
    Client(AccountId, String),
}

/// The way to the mediator; clones are the same.
#[derive(Clone)]
pub struct Handle {
    events: mpsc::Sender<Event>,
    present: Arc<RwLock<HashSet<SiteId>>>,
    next: Arc<std::sync::atomic::AtomicU64>,
}

/// The other end, for [`run`].
pub struct Inbox(mpsc::Receiver<Event>);

/// Both ends.
pub fn queue() -> (Handle, Inbox) {
    let (events, inbox) = mpsc::channel(EVENTS);
    (Handle { events, present: Arc::default(), next: Arc::default() }, Inbox(inbox))
}

impl Handle {
    /// Whether the site is connected now.
    pub fn is_present(&self, site: SiteId) -> bool {
        self.present.read().unwrap_or_else(PoisonError::into_inner).contains(&site)
    }

    /// A site belongs to nobody any more.
    pub async fn forget_site(&self, site: SiteId) {
        let _ = self.events.send(Event::ForgetSite(site)).await;
    }

    /// What an account may do has changed.
    pub async fn forget_account(&self, account: AccountId) {
        let _ = self.events.send(Event::ForgetAccount(account)).await;
    }

    /// Serves one link until it ends.
    pub async fn serve(self, mut socket: WebSocket, who: Who) {
        let link = self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let (outgoing, mut waiting) = mpsc::channel(WAITING);
        if self.events.send(Event::Connected(link, who, outgoing)).await.is_err() {
            return;
        }
        loop {
            tokio::select! {
                text = waiting.recv() => {
                    // The machine has forgotten the link: what it said before has been sent.
                    let Some(text) = text else { break };
                    if !matches!(tokio::time::timeout(GOODBYE, socket.send(Frame::text(text))).await, Ok(Ok(()))) {
                        break;
                    }
                }
                frame = socket.recv() => {
                    let text = match frame {
                        Some(Ok(Frame::Text(text))) => text.as_str().to_owned(),
                        Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => continue,
                        // The machine answers that it does not understand.
                        Some(Ok(Frame::Binary(_))) => String::new(),
                        Some(Ok(Frame::Close(_)) | Err(_)) | None => break,
                    };
                    if self.events.send(Event::Message(link, text)).await.is_err() {
                        break;
                    }
                }
            }
        }
        let _ = self.events.send(Event::Disconnected(link)).await;
        let close = CloseFrame { code: close_code::NORMAL, reason: "".into() };
        let _ = tokio::time::timeout(GOODBYE, socket.send(Frame::Close(Some(close)))).await;
    }
}

/// How large a frame may be.
pub const MAX_FRAME: usize = MAX_MESSAGE;

/// Runs the machine until the cloud stops.
pub async fn run(app: App, mut inbox: Inbox, mut stop: Stop) {
    let mut machine = Mediator::new(app.identity.certificate_id(), crate::RELEASE);
    let mut links: HashMap<LinkId, mpsc::Sender<String>> = HashMap::new();
    let mut accounts: HashMap<LinkId, (AccountId, String)> = HashMap::new();
    let mut tick = tokio::time::interval(TICK);
    let mut contact = tokio::time::interval(KEEP_ALIVE * 3);
    loop {
        tokio::select! {
            () = stop.requested() => {
                machine.stop();
                carry_out(&app, &mut machine, &mut links, &accounts);
                return;
            }
            _ = tick.tick() => machine.handle_timeout(Instant::now()),
            _ = contact.tick() => note_contacts(&app),
            event = inbox.0.recv() => {
                let Some(event) = event else { return };
                handle(&mut machine, &mut links, &mut accounts, event);
            }
        }
        carry_out(&app, &mut machine, &mut links, &accounts);
    }
}

fn handle(
    machine: &mut Mediator,
    links: &mut HashMap<LinkId, mpsc::Sender<String>>,
    accounts: &mut HashMap<LinkId, (AccountId, String)>,
    event: Event,
) {
    let now = Instant::now();
    match event {
        Event::Connected(link, Who::Site, outgoing) => {
            let Some(nonce) = nonce() else { return };
            links.insert(link, outgoing);
            machine.site_connected(link, nonce, now);
        }
        Event::Connected(link, Who::Client(account, name), outgoing) => {
            links.insert(link, outgoing);
            accounts.insert(link, (account, name.clone()));
            // Its role is told for each session: it may be another one in each organization.
            let opener = Opener { account, name, role: String::new() };
            machine.client_connected(link, Client { opener }, now);
        }
        Event::Message(link, text) => machine.handle_message(link, &text, now),
        Event::Disconnected(link) => {
            links.remove(&link);
            accounts.remove(&link);
            machine.disconnected(link);
        }
        Event::Identified(link, enrolled) => machine.identified(link, enrolled),
        Event::Judged(link, session, opener) => machine.judged(link, session, opener),
        Event::ForgetSite(site) => machine.forget_site(site),
        Event::ForgetAccount(account) => machine.forget_account(account),
    }
}

/// Does what the machine wants done. Questions to the database are answered by tasks of their own.
fn carry_out(
    app: &App,
    machine: &mut Mediator,
    links: &mut HashMap<LinkId, mpsc::Sender<String>>,
    accounts: &HashMap<LinkId, (AccountId, String)>,
) {
    while let Some(output) = machine.poll_output() {
        match output {
            Output::Send(link, text) => {
                let full = links.get(&link).is_some_and(|outgoing| outgoing.try_send(text).is_err());
                if full {
                    links.remove(&link);
                    machine.disconnected(link);
                }
            }
            Output::Close(link) => {
                links.remove(&link);
            }
            Output::Presence(site, here) => {
                let mut present = app.mediator.present.write().unwrap_or_else(PoisonError::into_inner);
                if here {
                    present.insert(site);
                } else {
                    present.remove(&site);
                }
                drop(present);
                let app = app.clone();
                tokio::spawn(async move {
                    let _ = app.catalog(move |catalog| catalog.note_contact(site, wall_now())).await;
                });
            }
            Output::Identify(link, site) => {
                let app = app.clone();
                tokio::spawn(async move {
                    let found = app.catalog(move |catalog| catalog.remote_site(site)).await;
                    let enrolled = matches!(found, Ok(Some(_)));
                    let _ = app.mediator.events.send(Event::Identified(link, enrolled)).await;
                });
            }
            Output::Judge(link, session, site) => {
                let (app, account) = (app.clone(), accounts.get(&link).cloned());
                tokio::spawn(async move {
                    let opener = match account {
                        Some((account, name)) => judge(&app, account, name, site).await,
                        None => None,
                    };
                    let _ = app.mediator.events.send(Event::Judged(link, session, opener)).await;
                });
            }
        }
    }
}

/// Who opens a session with the site, as it is told; nothing where the account may not reach it.
async fn judge(app: &App, account: AccountId, name: String, site: SiteId) -> Option<Opener> {
    let found = app.catalog(move |catalog| {
        let Some(site) = catalog.remote_site(site)? else { return Ok(None) };
        let Some(member) = catalog.member(site.organization, account)? else { return Ok(None) };
        let folders = catalog.folders_of_organization(site.organization)?;
        let role = member.role.name().to_owned();
        let seen = rights::folders(&member, &folders).contains(&site.folder);
        Ok(seen.then_some(Opener { account, name, role }))
    });
    found.await.ok().flatten()
}

/// Notes of all sites that are connected that they are.
fn note_contacts(app: &App) {
    let present: Vec<SiteId> =
        app.mediator.present.read().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
    let app = app.clone();
    tokio::spawn(async move {
        let _ = app
            .catalog(move |catalog| {
                present.into_iter().try_for_each(|site| catalog.note_contact(site, wall_now()).map(drop))
            })
            .await;
    });
}

fn nonce() -> Option<Nonce> {
    use rand::TryRngCore as _;
    let mut bytes = [0; 32];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes).ok().map(|()| Nonce(bytes))
}
