//! The side of a link that dials: a site, or a client. It connects, says hello, proves who it is (a site), and stays
//! connected; whoever is lost comes back by itself, in the spread that the mediator announced.
//!
//! What is not here: sockets and TLS (whoever polls [`Output`]), what bodies mean.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use model::{PeerSessionId, SiteId};
use trust::{CertificateId, Identity};

use crate::{
    message::{MAX_BODY, Message, Opener, Why},
    pace::Backoff,
};

/// How long connecting and saying hello may take together.
const GREETING: Duration = Duration::from_secs(15);
/// A link is lost when nothing is heard for so many times the mediator's interval.
const SILENCE: u32 = 3;
/// The interval until the mediator says another.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// Sessions of a link at once.
pub const MAX_SESSIONS: usize = 64;

/// Who dials.
#[derive(Clone, Debug)]
pub enum Who {
    /// A site, at the cloud with this certificate ID.
    Site(Box<Identity>, CertificateId),
    /// A client, whom the cloud knows already by the request that opened the link.
    Client,
}

/// What is to be done, or has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Connect; say [`Dialer::connected`] or [`Dialer::disconnected`].
    Connect,
    /// Send this text.
    Send(String),
    /// Close the connection, where there is one.
    Disconnect,
    /// The link stands.
    Up,
    /// The link is lost; the other side's reason, where it gave one.
    Down(Option<(Why, String)>),
    /// A session is open; a site hears who opened it.
    Opened(PeerSessionId, Option<Opener>),
    /// A body of a session.
    Body(PeerSessionId, String),
    /// A session is over, or did not come about.
    Closed(PeerSessionId, Why),
}

/// Where the link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody wants it.
    Off,
    /// It is tried again at this time.
    Waiting(Instant),
    /// The connection is being made, or hello is being said; until this time.
    Greeting(Instant),
    /// It stands.
    Up,
}

/// Why a session cannot be opened, or a body not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotSend {
    /// The link does not stand.
    #[error("there is no connection to the cloud")]
    NotConnected,
    /// There is no such session (yet, or any more).
    #[error("there is no such session")]
    NoSession,
    /// It has more than [`MAX_BODY`] bytes.
    #[error("the body is too long")]
    TooLong,
    /// There are [`MAX_SESSIONS`].
    #[error("there are too many sessions")]
    TooMany,
}

/// The machine.
#[derive(Debug)]
pub struct Dialer {
    who: Who,
    release: String,
    state: State,
    backoff: Backoff,
    spread: Option<Duration>,
    keep_alive: Duration,
    heard: Instant,
    said: Instant,
    asked_version: bool,
    /// Those that were asked for, and whether they are open.
    sessions: BTreeMap<PeerSessionId, bool>,
    outputs: VecDeque<Output>,
}

impl Dialer {
    /// Off; `seed` spreads the tries of many.
    #[must_use]
    pub fn new(who: Who, release: &str, seed: u64, now: Instant) -> Self {
        Self {
            who,
            release: release.to_owned(),
            state: State::Off,
            backoff: Backoff::new(seed),
            spread: None,
            keep_alive: KEEP_ALIVE,
            heard: now,
            said: now,
            asked_version: false,
            sessions: BTreeMap::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Where the link is.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Dials at once, unless the link stands or is being made: somebody wants it, or the network has changed.
    pub fn dial(&mut self, now: Instant) {
        if matches!(self.state, State::Off | State::Waiting(_)) {
            self.state = State::Greeting(now + GREETING);
            self.outputs.push_back(Output::Connect);
        }
    }

    /// Nobody wants the link any more.
    pub fn hang_up(&mut self, why: Why) {
        if self.state == State::Up {
            self.send(&Message::bye(why, ""));
        }
        self.lost(None);
        self.outputs.push_back(Output::Disconnect);
        self.state = State::Off;
    }

    /// The connection stands.
    pub fn connected(&mut self, now: Instant) {
        if matches!(self.state, State::Greeting(_)) {
            (self.heard, self.said, self.asked_version) = (now, now, false);
            let hello = Message::hello(&self.release);
            self.send(&hello);
        }
    }

    /// The connection was not made, or is lost.
    pub fn disconnected(&mut self, now: Instant) {
        self.again(None, now);
    }

    /// A message came.
    pub fn handle_message(&mut self, text: &str, now: Instant) {
        if matches!(self.state, State::Off | State::Waiting(_)) {
            return;
        }
        self.heard = now;
        match Message::read(text) {
            Ok(message) => self.take(message, now),
            Err(error) => self.give_up(Why::Malformed, &error.to_string(), now),
        }
    }

    /// Opens a session with a site (as a client).
    ///
    /// # Errors
    /// The link does not stand, or there are too many.
    pub fn open(&mut self, session: PeerSessionId, site: SiteId) -> Result<(), CannotSend> {
        if self.state != State::Up {
            return Err(CannotSend::NotConnected);
        }
        if self.sessions.len() >= MAX_SESSIONS {
            return Err(CannotSend::TooMany);
        }
        self.sessions.insert(session, false);
        self.send(&Message::Open { session, site });
        Ok(())
    }

    /// Sends a body of a session.
    ///
    /// # Errors
    /// It cannot be sent; nothing was.
    pub fn send_body(&mut self, session: PeerSessionId, body: String) -> Result<(), CannotSend> {
        if self.state != State::Up {
            return Err(CannotSend::NotConnected);
        }
        if self.sessions.get(&session) != Some(&true) {
            return Err(CannotSend::NoSession);
        }
        if body.len() > MAX_BODY {
            return Err(CannotSend::TooLong);
        }
        self.send(&Message::Body { session, body });
        Ok(())
    }

    /// Ends a session.
    pub fn close(&mut self, session: PeerSessionId, why: Why) {
        if self.sessions.remove(&session).is_some() {
            self.send(&Message::Close { session, why });
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.state {
            State::Off => {}
            State::Waiting(at) if now >= at => self.dial(now),
            State::Greeting(until) if now >= until => {
                self.give_up(Why::Silent, "the mediator does not answer", now);
            }
            State::Up if now >= self.heard + self.keep_alive * SILENCE => {
                self.give_up(Why::Silent, "nothing was heard for too long", now);
            }
            State::Up if now >= self.said + self.keep_alive => {
                self.said = now;
                self.send(&Message::Ping);
            }
            State::Waiting(_) | State::Greeting(_) | State::Up => {}
        }
    }

    /// When time has to be told again.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Off => None,
            State::Waiting(at) | State::Greeting(at) => Some(at),
            State::Up => Some((self.heard + self.keep_alive * SILENCE).min(self.said + self.keep_alive)),
        }
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn take(&mut self, message: Message, now: Instant) {
        match (self.state, message) {
            (State::Greeting(_), hello @ Message::Hello { .. }) => match hello.common_version() {
                Some(_) => self.asked_version = true,
                None => self.give_up(Why::Version, "no version is spoken by both sides", now),
            },
            (State::Greeting(_), Message::Challenge { nonce }) if self.asked_version => {
                if let Who::Site(identity, cloud) = &self.who {
                    let signature = identity.sign_mediator(cloud, &nonce.0);
                    let prove = Message::Prove { identity: identity.public().clone(), signature };
                    self.send(&prove);
                } else {
                    self.give_up(Why::Malformed, "a client is asked for no proof", now);
                }
            }
            (State::Greeting(_), Message::Welcome { keep_alive_s, spread_ms, .. }) if self.asked_version => {
                self.keep_alive = Duration::from_secs(keep_alive_s.clamp(1, 300).into());
                self.spread = Some(Duration::from_millis(spread_ms.min(60_000).into()));
                self.backoff.succeeded();
                self.said = now;
                self.state = State::Up;
                self.outputs.push_back(Output::Up);
            }
            (State::Up, Message::Opened { session, by }) => self.opened(session, by),
            (State::Up, Message::Body { session, body }) => {
                if self.sessions.get(&session) == Some(&true) {
                    self.outputs.push_back(Output::Body(session, body));
                }
            }
            (State::Up, Message::Close { session, why }) => {
                if self.sessions.remove(&session).is_some() {
                    self.outputs.push_back(Output::Closed(session, why));
                }
            }
            (State::Up, Message::Ping) => self.send(&Message::Pong),
            (State::Up, Message::Pong) => {}
            (_, Message::Bye { why, text }) => self.again(Some((why, text)), now),
            _ => self.give_up(Why::Malformed, "a message came at the wrong time", now),
        }
    }

    fn opened(&mut self, session: PeerSessionId, by: Option<Opener>) {
        let of_site = matches!(self.who, Who::Site(..));
        if of_site && self.sessions.len() >= MAX_SESSIONS {
            self.send(&Message::Close { session, why: Why::TooMany });
        } else if of_site {
            if self.sessions.insert(session, true).is_none() {
                self.outputs.push_back(Output::Opened(session, by));
            }
        } else if let Some(open) = self.sessions.get_mut(&session) {
            *open = true;
            self.outputs.push_back(Output::Opened(session, None));
        }
    }

    /// Says goodbye and tries again later.
    fn give_up(&mut self, why: Why, text: &str, now: Instant) {
        self.send(&Message::bye(why, text));
        self.again(Some((why, text.to_owned())), now);
    }

    /// The link is lost; when it stood, it comes back within the announced spread, else after a wait that grows.
    fn again(&mut self, reason: Option<(Why, String)>, now: Instant) {
        if matches!(self.state, State::Off | State::Waiting(_)) {
            return;
        }
        self.outputs.push_back(Output::Disconnect);
        let refused = reason.as_ref().is_some_and(|(why, _)| {
            // Coming back at once would not change the answer.
            matches!(why, Why::NotEnrolled | Why::WrongIdentity | Why::Version | Why::Replaced | Why::TooMany)
        });
        let stood = self.state == State::Up;
        self.lost(reason);
        let wait = match self.spread.filter(|_| stood && !refused) {
            Some(spread) => self.backoff.within(spread),
            None => self.backoff.failed(),
        };
        self.state = State::Waiting(now + wait);
    }

    /// Tells of everything that went with the link.
    fn lost(&mut self, reason: Option<(Why, String)>) {
        let told = reason.is_some();
        if self.state == State::Up || told {
            self.outputs.push_back(Output::Down(reason));
        }
        for session in std::mem::take(&mut self.sessions).into_keys() {
            self.outputs.push_back(Output::Closed(session, Why::LinkLost));
        }
    }

    fn send(&mut self, message: &Message) {
        self.outputs.push_back(Output::Send(message.write()));
    }
}
