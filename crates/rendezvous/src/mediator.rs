//! The middle: who is connected, and which session goes where. One link per site, the newest wins; a session has one
//! client and one site, and bodies go from one to the other unread.
//!
//! What is not here: sockets, the database. Whether a site is enrolled and whether an account may reach it is asked by
//! [`Output::Identify`] and [`Output::Judge`], and answered by [`Mediator::identified`] and [`Mediator::judged`].

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::{Duration, Instant},
};

use model::{PeerSessionId, SiteId};
use trust::CertificateId;

use crate::{
    message::{Message, Nonce, Opener, Why},
    pace::Bucket,
};

/// How long a link may take until it is welcome.
const GREETING: Duration = Duration::from_secs(10);
/// A welcome link says something this often.
pub const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// A link is lost when nothing is heard for so long.
const SILENCE: Duration = Duration::from_secs(60);
/// Sessions of a client's link, and of a site's, at once.
const MAX_SESSIONS: usize = 64;
/// Messages of a link: so many at once, so many a second.
const MESSAGES: (u32, u32) = (200, 40);
/// After the mediator was away, so many sites a second come back.
const RETURNING_PER_SECOND: usize = 100;
/// The shortest spread, and the longest.
const SPREAD_MS: (u32, u32) = (500, 60_000);

/// A link, as the shell numbers it; never used again.
pub type LinkId = u64;

/// Who a client's link belongs to; what it may reach is asked for each session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Told to the site.
    pub opener: Opener,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send this text on the link.
    Send(LinkId, String),
    /// Close the link when what was to be sent is sent.
    Close(LinkId),
    /// Is this site, whose identity is proved, enrolled here? Say [`Mediator::identified`].
    Identify(LinkId, SiteId),
    /// May this client open a session with this site? Say [`Mediator::judged`].
    Judge(LinkId, PeerSessionId, SiteId),
    /// A site is connected (again), or no longer.
    Presence(SiteId, bool),
}

enum Role {
    /// Hello and proof are awaited.
    NewSite {
        nonce: Nonce,
        greeted: bool,
    },
    /// The shell is asked whether it is enrolled.
    Asked(SiteId),
    Site(SiteId),
    NewClient(Client),
    Client(Client),
}

struct Link {
    role: Role,
    bucket: Bucket,
    heard: Instant,
    began: Instant,
    sessions: HashSet<PeerSessionId>,
}

enum Session {
    /// The shell is asked whether it may be.
    Asked {
        client: LinkId,
        site: SiteId,
    },
    Open {
        client: LinkId,
        site: LinkId,
    },
}

/// The machine.
pub struct Mediator {
    me: CertificateId,
    release: String,
    links: HashMap<LinkId, Link>,
    sites: HashMap<SiteId, LinkId>,
    sessions: HashMap<PeerSessionId, Session>,
    outputs: VecDeque<Output>,
}

impl Mediator {
    /// Nobody is connected. Sites sign for `me`, the cloud's certificate ID.
    #[must_use]
    pub fn new(me: CertificateId, release: &str) -> Self {
        Self {
            me,
            release: release.to_owned(),
            links: HashMap::new(),
            sites: HashMap::new(),
            sessions: HashMap::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Somebody who says that it is a site has connected; `nonce` was never used before.
    pub fn site_connected(&mut self, link: LinkId, nonce: Nonce, now: Instant) {
        self.connected(link, Role::NewSite { nonce, greeted: false }, now);
        self.send(link, &Message::hello(&self.release));
    }

    /// A client has connected whom the cloud has signed in.
    pub fn client_connected(&mut self, link: LinkId, client: Client, now: Instant) {
        self.connected(link, Role::NewClient(client), now);
        self.send(link, &Message::hello(&self.release));
    }

    /// Whether the site is connected.
    #[must_use]
    pub fn is_present(&self, site: SiteId) -> bool {
        self.sites.contains_key(&site)
    }

    /// How many sites are connected.
    #[must_use]
    pub fn sites(&self) -> usize {
        self.sites.len()
    }

    /// A message came on a link.
    pub fn handle_message(&mut self, link: LinkId, text: &str, now: Instant) {
        let Some(state) = self.links.get_mut(&link) else { return };
        state.heard = now;
        if !state.bucket.take(now) {
            return self.end(link, Why::TooMany, "too many messages");
        }
        match Message::read(text) {
            Ok(message) => self.take(link, message),
            Err(error) => self.end(link, Why::Malformed, &error.to_string()),
        }
    }

    /// A link is closed.
    pub fn disconnected(&mut self, link: LinkId) {
        let Some(state) = self.links.remove(&link) else { return };
        if let Role::Site(site) = state.role
            && self.sites.get(&site) == Some(&link)
        {
            self.sites.remove(&site);
            self.outputs.push_back(Output::Presence(site, false));
        }
        for session in state.sessions {
            self.end_session(session, link, Why::LinkLost);
        }
    }

    /// The answer to [`Output::Identify`].
    pub fn identified(&mut self, link: LinkId, enrolled: bool) {
        let Some(state) = self.links.get_mut(&link) else { return };
        let Role::Asked(site) = state.role else { return };
        if !enrolled {
            return self.end(link, Why::NotEnrolled, "this cloud does not know this site (any more)");
        }
        state.role = Role::Site(site);
        if let Some(older) = self.sites.insert(site, link) {
            // The site is the newer link's by now: it does not go with the older one.
            self.end(older, Why::Replaced, "the same site has connected anew");
        }
        self.welcome(link);
        self.outputs.push_back(Output::Presence(site, true));
    }

    /// The answer to [`Output::Judge`]: who opens it as the site is told, or nothing where it may not.
    pub fn judged(&mut self, client: LinkId, session: PeerSessionId, opener: Option<Opener>) {
        let Some(Session::Asked { client: by, site }) = self.sessions.get(&session) else { return };
        if *by != client {
            return;
        }
        let (connected, allowed) = (self.sites.get(site).copied(), opener.is_some());
        let refusal = match (allowed, connected) {
            (false, _) => Some(Why::NoSuchSite),
            (true, None) => Some(Why::SiteOffline),
            (true, Some(site)) => {
                let busy = self.links.get(&site).is_none_or(|site| site.sessions.len() >= MAX_SESSIONS);
                busy.then_some(Why::TooMany)
            }
        };
        if let Some(why) = refusal {
            self.sessions.remove(&session);
            if let Some(state) = self.links.get_mut(&client) {
                state.sessions.remove(&session);
            }
            return self.send(client, &Message::Close { session, why });
        }
        let Some(site) = connected else { return };
        self.sessions.insert(session, Session::Open { client, site });
        if let Some(state) = self.links.get_mut(&site) {
            state.sessions.insert(session);
        }
        self.send(site, &Message::Opened { session, by: opener });
        self.send(client, &Message::Opened { session, by: None });
    }

    /// A site belongs to nobody here any more.
    pub fn forget_site(&mut self, site: SiteId) {
        if let Some(link) = self.sites.get(&site).copied() {
            self.end(link, Why::NotEnrolled, "the site was removed from its organization");
        }
    }

    /// An account may no longer do what it did: its sessions are over, and asked for anew.
    pub fn forget_account(&mut self, account: model::AccountId) {
        let of_account = |link: &Link| match &link.role {
            Role::Client(client) | Role::NewClient(client) => client.opener.account == account,
            _ => false,
        };
        let links: Vec<LinkId> =
            self.links.iter().filter(|(_, link)| of_account(link)).map(|(id, _)| *id).collect();
        for link in links {
            self.end(link, Why::Disabled, "what the account may do has changed: connect again");
        }
    }

    /// Everybody is told that the cloud stops.
    pub fn stop(&mut self) {
        let links: Vec<LinkId> = self.links.keys().copied().collect();
        for link in links {
            self.end(link, Why::Stopping, "the cloud stops");
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        let late: Vec<LinkId> = self
            .links
            .iter()
            .filter(|(_, link)| match link.role {
                Role::Site(_) | Role::Client(_) => now >= link.heard + SILENCE,
                _ => now >= link.began + GREETING,
            })
            .map(|(id, _)| *id)
            .collect();
        for link in late {
            self.end(link, Why::Silent, "nothing was heard for too long");
        }
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn connected(&mut self, link: LinkId, role: Role, now: Instant) {
        let bucket = Bucket::new(MESSAGES.0, MESSAGES.1, now);
        let state = Link { role, bucket, heard: now, began: now, sessions: HashSet::new() };
        self.links.insert(link, state);
    }

    fn take(&mut self, link: LinkId, message: Message) {
        let Some(state) = self.links.get_mut(&link) else { return };
        match (&mut state.role, message) {
            (Role::NewSite { greeted, nonce }, hello @ Message::Hello { .. }) if !*greeted => {
                *greeted = true;
                let challenge = Message::Challenge { nonce: *nonce };
                match hello.common_version() {
                    Some(_) => self.send(link, &challenge),
                    None => self.end(link, Why::Version, "no version is spoken by both sides"),
                }
            }
            (Role::NewSite { greeted: true, nonce }, Message::Prove { identity, signature }) => {
                if identity.verify_mediator(&self.me, &nonce.0, &signature).is_err() {
                    return self.end(link, Why::WrongIdentity, "the signature is not the site's");
                }
                let site = identity.certificate_id().site_id();
                state.role = Role::Asked(site);
                self.outputs.push_back(Output::Identify(link, site));
            }
            (Role::NewClient(client), hello @ Message::Hello { .. }) => {
                let client = client.clone();
                match hello.common_version() {
                    Some(_) => {
                        state.role = Role::Client(client);
                        self.welcome(link);
                    }
                    None => self.end(link, Why::Version, "no version is spoken by both sides"),
                }
            }
            (Role::Client(_), Message::Open { session, site }) => self.open(link, session, site),
            (Role::Client(_) | Role::Site(_), Message::Body { session, body }) => {
                if let Some(other) = self.other(session, link) {
                    self.send(other, &Message::Body { session, body });
                }
            }
            (Role::Client(_) | Role::Site(_), Message::Close { session, why }) => {
                self.end_session(session, link, why);
            }
            (Role::Client(_) | Role::Site(_), Message::Ping) => self.send(link, &Message::Pong),
            (Role::Client(_) | Role::Site(_), Message::Pong) => {}
            (_, Message::Bye { .. }) => {
                self.outputs.push_back(Output::Close(link));
                self.disconnected(link);
            }
            _ => self.end(link, Why::Malformed, "a message came at the wrong time"),
        }
    }

    fn open(&mut self, client: LinkId, session: PeerSessionId, site: SiteId) {
        let Some(state) = self.links.get_mut(&client) else { return };
        // A name that is taken is as if it were not: nobody learns of the sessions of others, nor gets into them.
        if state.sessions.len() >= MAX_SESSIONS || self.sessions.contains_key(&session) {
            return self.send(client, &Message::Close { session, why: Why::TooMany });
        }
        state.sessions.insert(session);
        self.sessions.insert(session, Session::Asked { client, site });
        self.outputs.push_back(Output::Judge(client, session, site));
    }

    /// The other end of a session that this link is an end of.
    fn other(&self, session: PeerSessionId, link: LinkId) -> Option<LinkId> {
        match self.sessions.get(&session)? {
            Session::Open { client, site } if *client == link => Some(*site),
            Session::Open { client, site } if *site == link => Some(*client),
            _ => None,
        }
    }

    /// Ends a session for the link that says so, and tells the other end.
    fn end_session(&mut self, session: PeerSessionId, by: LinkId, why: Why) {
        let ends = match self.sessions.get(&session) {
            Some(Session::Asked { client, .. }) if *client == by => vec![*client],
            Some(Session::Open { client, site }) if *client == by || *site == by => vec![*client, *site],
            _ => return,
        };
        self.sessions.remove(&session);
        for end in ends {
            if let Some(link) = self.links.get_mut(&end) {
                link.sessions.remove(&session);
                if end != by {
                    self.send(end, &Message::Close { session, why });
                }
            }
        }
    }

    fn welcome(&mut self, link: LinkId) {
        let per_site = u32::try_from(self.sites.len() * 1000 / RETURNING_PER_SECOND).unwrap_or(u32::MAX);
        let message = Message::Welcome {
            version: crate::message::VERSIONS.1,
            keep_alive_s: u32::try_from(KEEP_ALIVE.as_secs()).unwrap_or(20),
            spread_ms: per_site.clamp(SPREAD_MS.0, SPREAD_MS.1),
        };
        self.send(link, &message);
    }

    /// Says goodbye and forgets the link.
    fn end(&mut self, link: LinkId, why: Why, text: &str) {
        if self.links.contains_key(&link) {
            self.send(link, &Message::bye(why, text));
            self.outputs.push_back(Output::Close(link));
            self.disconnected(link);
        }
    }

    fn send(&mut self, link: LinkId, message: &Message) {
        self.outputs.push_back(Output::Send(link, message.write()));
    }
}
