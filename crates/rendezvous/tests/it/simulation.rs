//! All three machines under one clock: links break at any time, messages are late or lost with their link, the mediator is
//! killed and comes back empty. Whatever happens, every site is back in time, and what is said in a session is heard by its
//! other end alone, in order, and unchanged.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use model::{AccountId, PeerSessionId, SiteId};
use rand::{Rng, SeedableRng, rngs::StdRng};
use rendezvous::{
    Dialer, Mediator,
    dial::{self, State, Who},
    mediator::{self, Client, LinkId},
    message::{Nonce, Opener},
};
use trust::CertificateId;

use crate::identity;

const SITES: usize = 4;
const CLIENTS: usize = 2;

struct End {
    dialer: Dialer,
    site: Option<SiteId>,
    /// The connection, where there is one.
    link: Option<LinkId>,
    /// By session: what was heard.
    heard: BTreeMap<PeerSessionId, Vec<String>>,
    connects_at: Option<Instant>,
}

/// A message under way.
struct Flight {
    at: Instant,
    link: LinkId,
    to_mediator: bool,
    text: String,
}

struct World {
    now: Instant,
    random: StdRng,
    cloud: CertificateId,
    mediator: Option<Mediator>,
    ends: Vec<End>,
    flights: VecDeque<Flight>,
    links: LinkId,
    said: BTreeMap<(PeerSessionId, bool), Vec<String>>,
    /// Which site each session was opened with.
    aims: BTreeMap<PeerSessionId, (usize, SiteId)>,
}

impl World {
    fn new(seed: u64) -> Self {
        let now = Instant::now();
        let cloud = identity(1000).certificate_id();
        let end = |number: usize| {
            let (who, site) = if number < SITES {
                let identity = identity(2000 + number as u64);
                let site = identity.site_id();
                (Who::Site(Box::new(identity), cloud), Some(site))
            } else {
                (Who::Client, None)
            };
            let dialer = Dialer::new(who, "test", seed ^ number as u64, now);
            End { dialer, site, link: None, heard: BTreeMap::new(), connects_at: None }
        };
        let mut world = Self {
            now,
            random: StdRng::seed_from_u64(seed),
            cloud,
            mediator: Some(Mediator::new(cloud, "test")),
            ends: (0..SITES + CLIENTS).map(end).collect(),
            flights: VecDeque::new(),
            links: 0,
            said: BTreeMap::new(),
            aims: BTreeMap::new(),
        };
        (0..world.ends.len()).for_each(|number| world.ends[number].dialer.dial(now));
        world
    }

    fn late(&mut self) -> Duration {
        Duration::from_millis(self.random.random_range(1..200))
    }

    fn fly(&mut self, link: LinkId, to_mediator: bool, text: String) {
        // A link keeps the order of what it carries.
        let before = self.flights.iter().filter(|one| one.link == link && one.to_mediator == to_mediator);
        let earliest = before.map(|one| one.at).max().unwrap_or(self.now);
        let at = (self.now + self.late()).max(earliest);
        self.flights.push_back(Flight { at, link, to_mediator, text });
    }

    fn cut(&mut self, link: LinkId) {
        self.flights.retain(|flight| flight.link != link);
        if let Some(mediator) = &mut self.mediator {
            mediator.disconnected(link);
        }
        if let Some(end) = self.ends.iter_mut().find(|end| end.link == Some(link)) {
            end.link = None;
            end.dialer.disconnected(self.now);
        }
    }

    fn settle(&mut self) {
        loop {
            let mut quiet = true;
            for number in 0..self.ends.len() {
                while let Some(output) = self.ends[number].dialer.poll_output() {
                    quiet = false;
                    self.of_end(number, output);
                }
            }
            while let Some(output) = self.mediator.as_mut().and_then(Mediator::poll_output) {
                quiet = false;
                self.of_mediator(output);
            }
            if quiet {
                return;
            }
        }
    }

    fn of_end(&mut self, number: usize, output: dial::Output) {
        match output {
            dial::Output::Connect => self.ends[number].connects_at = Some(self.now + self.late()),
            dial::Output::Send(text) => {
                if let Some(link) = self.ends[number].link {
                    self.fly(link, true, text);
                }
            }
            dial::Output::Disconnect => {
                if let Some(link) = self.ends[number].link.take() {
                    self.flights.retain(|flight| flight.link != link);
                    if let Some(mediator) = &mut self.mediator {
                        mediator.disconnected(link);
                    }
                }
                self.ends[number].connects_at = None;
            }
            dial::Output::Opened(session, by) => {
                if let Some(site) = self.ends[number].site {
                    assert_eq!(self.aims[&session].1, site, "a site hears of its own sessions alone");
                    assert_eq!(by.unwrap().name, format!("client {}", self.aims[&session].0));
                }
            }
            dial::Output::Body(session, body) => {
                let (client, site) = self.aims[&session];
                let of_site = self.ends[number].site.is_some();
                assert!(if of_site { self.ends[number].site == Some(site) } else { number == client });
                self.ends[number].heard.entry(session).or_default().push(body);
            }
            dial::Output::Up | dial::Output::Down(_) | dial::Output::Closed(..) => {}
        }
    }

    fn of_mediator(&mut self, output: mediator::Output) {
        match output {
            mediator::Output::Send(link, text) => self.fly(link, false, text),
            // What was said before is still heard.
            mediator::Output::Close(_) | mediator::Output::Presence(..) => {}
            mediator::Output::Identify(link, _) => self.mediator.as_mut().unwrap().identified(link, true),
            mediator::Output::Judge(link, session, _) => {
                let client = self.aims[&session].0;
                let opener = Opener {
                    account: AccountId::random(),
                    name: format!("client {client}"),
                    role: "viewer".into(),
                };
                self.mediator.as_mut().unwrap().judged(link, session, Some(opener));
            }
        }
    }

    /// One step of 20 ms.
    fn step(&mut self) {
        self.now += Duration::from_millis(20);
        for number in 0..self.ends.len() {
            if self.ends[number].connects_at.is_some_and(|at| at <= self.now) {
                self.ends[number].connects_at = None;
                self.connect(number);
            }
            let now = self.now;
            let end = &mut self.ends[number];
            if end.dialer.poll_timeout().is_some_and(|at| at <= now) {
                end.dialer.handle_timeout(now);
            }
        }
        let now = self.now;
        if let Some(mediator) = &mut self.mediator {
            mediator.handle_timeout(now);
        }
        while let Some(index) = self.flights.iter().position(|flight| flight.at <= self.now) {
            let Some(flight) = self.flights.remove(index) else { break };
            if flight.to_mediator {
                if let Some(mediator) = &mut self.mediator {
                    mediator.handle_message(flight.link, &flight.text, self.now);
                }
            } else if let Some(end) = self.ends.iter_mut().find(|end| end.link == Some(flight.link)) {
                end.dialer.handle_message(&flight.text, self.now);
            }
            self.settle();
        }
        self.settle();
    }

    fn connect(&mut self, number: usize) {
        let Some(mediator) = &mut self.mediator else {
            return self.ends[number].dialer.disconnected(self.now);
        };
        self.links += 1;
        let link = self.links;
        if self.ends[number].site.is_some() {
            mediator.site_connected(link, Nonce(self.random.random()), self.now);
        } else {
            let opener = Opener { account: AccountId::random(), name: String::new(), role: "viewer".into() };
            mediator.client_connected(link, Client { opener }, self.now);
        }
        self.ends[number].link = Some(link);
        self.ends[number].dialer.connected(self.now);
    }

    /// Something happens, or nothing.
    fn chance(&mut self) {
        match self.random.random_range(0..200) {
            0 => {
                let number = self.random.random_range(0..self.ends.len());
                if let Some(link) = self.ends[number].link {
                    self.cut(link);
                }
            }
            1 if self.mediator.is_some() => {
                self.mediator = None;
                let links: Vec<_> = self.ends.iter().filter_map(|end| end.link).collect();
                links.into_iter().for_each(|link| self.cut(link));
            }
            2..20 if self.mediator.is_none() => self.mediator = Some(Mediator::new(self.cloud, "test")),
            20..40 => self.open(),
            40..120 => self.talk(),
            _ => {}
        }
    }

    fn open(&mut self) {
        let client = SITES + self.random.random_range(0..CLIENTS);
        let site = self.ends[self.random.random_range(0..SITES)].site.unwrap();
        let session = PeerSessionId::from_bytes(self.random.random());
        if self.ends[client].dialer.open(session, site).is_ok() {
            self.aims.insert(session, (client, site));
        }
    }

    fn talk(&mut self) {
        let Some((session, (client, site))) =
            self.aims.iter().nth(self.random.random_range(0..self.aims.len().max(1))).map(|(a, b)| (*a, *b))
        else {
            return;
        };
        let by_client = self.random.random();
        let number =
            if by_client { client } else { self.ends.iter().position(|end| end.site == Some(site)).unwrap() };
        let body = format!("{session} {by_client} {}", self.random.random::<u32>());
        if self.ends[number].dialer.send_body(session, body.clone()).is_ok() {
            self.said.entry((session, by_client)).or_default().push(body);
        }
    }
}

fn run(seed: u64) {
    let mut world = World::new(seed);
    for _ in 0..4000 {
        world.chance();
        world.settle();
        world.step();
    }
    // From now on nothing breaks: everybody is back within the longest wait.
    world.mediator.get_or_insert_with(|| Mediator::new(identity(1000).certificate_id(), "test"));
    let mut steps = 0;
    while world.ends.iter().any(|end| end.dialer.state() != State::Up) {
        world.step();
        steps += 1;
        assert!(steps < 62_000 / 20, "seed {seed}: not all are back after a minute");
    }
    let mediator = world.mediator.as_ref().unwrap();
    assert!(
        world.ends.iter().filter_map(|end| end.site).all(|site| mediator.is_present(site)),
        "seed {seed}"
    );
    // What was heard is a beginning of what was said, in its order: a session that lost a message had lost its link.
    let mut heard_at_all = 0;
    for (session, (client, site)) in &world.aims {
        let site = world.ends.iter().find(|end| end.site == Some(*site)).unwrap();
        for (end, by_client) in [(site, true), (&world.ends[*client], false)] {
            let heard = end.heard.get(session).cloned().unwrap_or_default();
            let said = world.said.get(&(*session, by_client)).cloned().unwrap_or_default();
            assert!(said.starts_with(&heard), "seed {seed}: {session}: {heard:?} of {said:?}");
            heard_at_all += heard.len();
        }
    }
    assert!(
        heard_at_all > 10,
        "seed {seed}: only {heard_at_all} bodies arrived: the simulation is of no use"
    );
}

#[test]
fn whatever_breaks_every_site_comes_back_and_sessions_reach_their_ends_alone() {
    for seed in 0..12 {
        run(seed);
    }
}
