//! Random clients, peers and time against a model that is simple enough to be right: who may reach whom, and what is billed.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use turn::To;
use turn_types::message::ALLOCATE;

use crate::billing::Accounts;
use crate::harness::{Attribute, Delivered, Lab, User};

const QUOTA: u64 = 400_000;
const STEPS: usize = 600;
const SEEDS: u64 = 30;

/// What the model knows of one client's allocation.
struct Known {
    relayed: SocketAddr,
    expires: Duration,
    permissions: HashMap<IpAddr, Duration>,
    channels: BTreeMap<u16, (SocketAddr, Duration)>,
}

struct World {
    lab: Lab,
    users: Vec<User>,
    /// Account and session of each user.
    names: Vec<(&'static str, &'static str)>,
    known: Vec<Option<Known>>,
    accounts: Rc<RefCell<Accounts>>,
    billed: HashMap<(&'static str, &'static str), u64>,
    used_up: Vec<&'static str>,
    random: StdRng,
}

impl World {
    fn new(seed: u64) -> Self {
        let names = vec![("anna", "s1"), ("anna", "s1"), ("anna", "s2"), ("bert", "s3"), ("bert", "s3")];
        let accounts = Rc::new(RefCell::new(Accounts::default()));
        for (account, quota) in [("anna", QUOTA), ("bert", 100 * QUOTA)] {
            accounts.borrow_mut().quota.insert(account.to_owned(), quota);
        }
        let mut lab = Lab::new();
        let ledger = accounts.clone();
        lab.ledger = Box::new(move |request| Some(ledger.borrow_mut().decide(request)));
        let user = |n: usize| lab.user(&format!("192.0.2.{}:{}", n + 1, 1000 + n), names[n].0, names[n].1);
        let users = (0..names.len()).map(user).collect();
        let known = names.iter().map(|_| None).collect();
        let random = StdRng::seed_from_u64(seed);
        Self { lab, users, names, known, accounts, billed: HashMap::new(), used_up: Vec::new(), random }
    }

    fn now(&self) -> Duration {
        self.lab.now.since_start
    }

    /// A place to send to: a public host, a private one, or somebody's relayed address.
    fn somewhere(&mut self) -> SocketAddr {
        let relayed: Vec<SocketAddr> = self.known.iter().flatten().map(|known| known.relayed).collect();
        match self.random.random_range(0..4) {
            0 if !relayed.is_empty() => *relayed.choose(&mut self.random).unwrap(),
            1 => SocketAddr::from(([10, 0, 0, 1], 80)),
            _ => SocketAddr::from((
                [198, 51, 100, self.random.random_range(1..4)],
                self.random.random_range(1..3),
            )),
        }
    }

    fn alive(&self, n: usize) -> Option<&Known> {
        self.known[n].as_ref().filter(|known| known.expires > self.now())
    }

    fn permits(&self, n: usize, address: IpAddr) -> bool {
        self.alive(n)
            .and_then(|known| known.permissions.get(&address))
            .is_some_and(|expires| *expires > self.now())
    }

    /// Who holds this relayed address.
    fn holder(&self, of: SocketAddr) -> Option<usize> {
        (0..self.known.len()).find(|n| self.alive(*n).is_some_and(|known| known.relayed == of))
    }

    /// Where the model says that a packet to `peer` arrives.
    fn expect(&self, n: usize, peer: SocketAddr) -> Option<To> {
        if !self.permits(n, peer.ip()) {
            return None;
        }
        let from = self.alive(n)?.relayed;
        match self.holder(peer) {
            Some(other) => self.permits(other, from.ip()).then_some(To::Client(self.users[other].client)),
            None if peer.ip() == from.ip() => None,
            None => Some(To::Peer { socket: self.users[n].socket(&self.lab, from), address: peer }),
        }
    }

    fn bill(&mut self, n: usize, to: To, bytes: u64) {
        let mut sessions = vec![self.names[n]];
        if let To::Client(client) = to
            && let Some(other) = self.users.iter().position(|user| user.client == client)
            && self.names[other] != self.names[n]
        {
            sessions.push(self.names[other]);
        }
        for session in sessions {
            *self.billed.entry(session).or_default() += bytes;
        }
    }

    /// An account whose quota has run out has lost what it had: the model learns that from the ledger, as users do.
    fn notice(&mut self) {
        for event in std::mem::take(&mut self.lab.events) {
            if let turn::Event::UsedUp { account } = event {
                let account = ["anna", "bert"].into_iter().find(|known| *known == account).unwrap();
                self.used_up.push(account);
                for n in 0..self.known.len() {
                    if self.names[n].0 == account {
                        self.known[n] = None;
                    }
                }
            }
        }
    }

    fn check(&mut self, n: usize, got: Option<Delivered>, expected: Option<To>, bytes: u64) {
        match (&got, expected) {
            (Some(got), Some(expected)) => {
                assert_eq!(got.to, expected);
                self.bill(n, expected, bytes);
            }
            (None, None) => {}
            // At the end of a quota the packet that does not fit in goes nowhere, and the account is cut off.
            (None, Some(_)) => assert!(
                self.lab.events.iter().any(|event| matches!(event, turn::Event::UsedUp { .. })),
                "a packet is lost"
            ),
            (Some(got), None) => panic!("a packet reaches {:?}, which it must not", got.to),
        }
        self.notice();
    }

    fn step(&mut self) {
        let n = self.random.random_range(0..self.users.len());
        let now = self.now();
        let mut user = self.users[n].clone();
        match self.random.random_range(0..100) {
            0..10 => {
                let code = user.ask(&mut self.lab, ALLOCATE, &[Attribute::Transport(17)]);
                if self.known[n].is_none() && code.code == 0 {
                    let expires = now + Duration::from_secs(600);
                    let relayed = code.relayed.unwrap();
                    let (permissions, channels) = (HashMap::new(), BTreeMap::new());
                    self.known[n] = Some(Known { relayed, expires, permissions, channels });
                } else {
                    assert!(matches!(code.code, 437 | 486), "{code:?}");
                }
                self.notice();
            }
            10..25 => {
                let peer = self.somewhere();
                let code = user.permit(&mut self.lab, peer);
                let private = peer.ip() == IpAddr::from([10, 0, 0, 1]);
                match &mut self.known[n] {
                    Some(_) if private => assert_eq!(code, 403),
                    Some(known) => {
                        assert_eq!(code, 0);
                        known.permissions.insert(peer.ip(), now + Duration::from_secs(300));
                    }
                    None => assert!(matches!(code, 437 | 486)),
                }
            }
            25..40 => {
                let (peer, number) = (self.somewhere(), 0x4000 + self.random.random_range(0..3));
                let code = user.bind(&mut self.lab, number, peer);
                let Some(known) = &mut self.known[n] else {
                    return self.users[n] = user;
                };
                known.channels.retain(|_, (_, expires)| *expires > now);
                let taken = known.channels.iter().any(|(k, (p, _))| (*k == number) != (*p == peer));
                match code {
                    403 => assert_eq!(peer.ip(), IpAddr::from([10, 0, 0, 1])),
                    400 => assert!(taken),
                    0 => {
                        assert!(!taken);
                        known.channels.insert(number, (peer, now + Duration::from_secs(600)));
                        known.permissions.insert(peer.ip(), now + Duration::from_secs(300));
                    }
                    code => panic!("{code}"),
                }
            }
            40..60 => {
                let (number, bytes) =
                    (0x4000 + self.random.random_range(0..3), self.random.random_range(0..1400));
                let bound = self.alive(n).and_then(|known| known.channels.get(&number).copied());
                let expected =
                    bound.filter(|(_, expires)| *expires > now).and_then(|(peer, _)| self.expect(n, peer));
                let got = user.send_channel(&mut self.lab, number, &vec![7; bytes]);
                self.check(n, got, expected, bytes as u64);
            }
            60..75 => {
                let (peer, bytes) = (self.somewhere(), self.random.random_range(0..1400));
                let expected = self.expect(n, peer);
                let got = user.send_indication(&mut self.lab, peer, &vec![7; bytes]);
                self.check(n, got, expected, bytes as u64);
            }
            75..90 => {
                let (peer, bytes) = (self.somewhere(), self.random.random_range(0..1400));
                let Some(relayed) = self.known[n].as_ref().map(|known| known.relayed) else { return };
                if self.alive(n).is_none() {
                    return;
                }
                let socket = user.socket(&self.lab, relayed);
                let expected = self.permits(n, peer.ip()).then_some(To::Client(user.client));
                let got = self.lab.server.handle_peer(socket, peer, bytes, self.lab.now);
                self.lab.settle();
                let got = got.map(|pass| Delivered::new(&pass, &vec![7; bytes]));
                self.check(n, got, expected, bytes as u64);
            }
            90..93 => {
                if user.refresh(&mut self.lab, 0).code == 0 {
                    assert!(self.known[n].take().is_some());
                }
            }
            93..95 => {
                let code = user.refresh(&mut self.lab, 600).code;
                if let Some(known) = &mut self.known[n] {
                    assert_eq!(code, 0);
                    known.expires = now + Duration::from_secs(600);
                }
            }
            _ => {
                let time = if self.random.random_bool(0.2) { 200_000 } else { 3_000 };
                let time = self.random.random_range(0..time);
                self.lab.pass_time(Duration::from_millis(time));
                self.notice();
                let now = self.now();
                for known in &mut self.known {
                    // The server looks twice a second.
                    if known.as_ref().is_some_and(|known| known.expires <= now) {
                        *known = None;
                        self.lab.pass_time(Duration::from_millis(500));
                    }
                }
                self.notice();
            }
        }
        self.users[n] = user;
    }

    fn finish(mut self) {
        for n in 0..self.users.len() {
            let mut user = self.users[n].clone();
            user.refresh(&mut self.lab, 0);
        }
        self.lab.pass_time(Duration::from_secs(60));
        self.lab.pass_time(Duration::from_secs(60));
        assert_eq!(
            (self.lab.server.allocations(), self.lab.sockets.len()),
            (0, 0),
            "everything is given back"
        );
        let accounts = self.accounts.borrow();
        for account in ["anna", "bert"] {
            let billed: u64 =
                self.billed.iter().filter(|((of, _), _)| *of == account).map(|(_, bytes)| bytes).sum();
            assert_eq!(accounts.used_by(account), billed, "{account} pays for what was delivered");
            let quota = accounts.quota[account];
            // One packet of each session may pass while the ledger thinks.
            assert!(billed <= quota + 2 * 1400, "{account} uses {billed} of {quota}");
        }
    }
}

#[test]
fn whoever_may_reach_whom_does_and_what_was_delivered_is_billed() {
    let mut used_up = 0;
    for seed in 0..SEEDS {
        let mut world = World::new(seed);
        for _ in 0..STEPS {
            world.step();
        }
        used_up += world.used_up.len();
        world.finish();
    }
    assert!(used_up > 0, "no quota ran out: the simulation shows nothing about it");
}
