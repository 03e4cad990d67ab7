//! What is counted, on whose account, and what happens when there is nothing left.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use turn::ledger::{LEASE_BYTES, LeaseAnswer, LeaseRequest, LeaseVerdict};
use turn::{Event, To};
use turn_types::message::ALLOCATE;

use crate::harness::{Attribute, Lab, User, generous};

const PEER: &str = "198.51.100.7:4000";

/// A ledger as the cloud has one: quotas, what was reported, what is set aside.
#[derive(Default)]
pub struct Accounts {
    pub quota: HashMap<String, u64>,
    pub used: HashMap<(String, String), u64>,
    set_aside: HashMap<(String, String), u64>,
}

impl Accounts {
    pub fn used_by(&self, account: &str) -> u64 {
        self.used.iter().filter(|((of, _), _)| of == account).map(|(_, used)| used).sum()
    }

    pub fn decide(&mut self, request: &LeaseRequest) -> LeaseVerdict {
        let key = (request.account.clone(), request.session.clone());
        let known = self.used.entry(key.clone()).or_default();
        assert!(*known <= request.used_bytes, "a count shrinks");
        *known = request.used_bytes;
        self.set_aside.remove(&key);
        if request.wanted_bytes == 0 {
            // The relay forgets the session; its next count begins at 0.
            let total = self.used.remove(&key).unwrap_or(0);
            *self.used.entry((key.0, format!("{} (ended)", key.1))).or_default() += total;
            return LeaseVerdict::Noted;
        }
        let quota = self.quota.get(&request.account).copied().unwrap_or(0);
        let aside: u64 =
            self.set_aside.iter().filter(|((of, _), _)| *of == key.0).map(|(_, bytes)| bytes).sum();
        let left = quota.saturating_sub(self.used_by(&request.account)).saturating_sub(aside);
        if left == 0 {
            return LeaseVerdict::UsedUp;
        }
        let bytes = left.min(request.wanted_bytes);
        self.set_aside.insert(key, bytes);
        LeaseVerdict::Granted { bytes, lasts_ms: 5000, last: left <= request.wanted_bytes }
    }
}

fn lab_with(quota: u64) -> (Lab, Rc<RefCell<Accounts>>) {
    let accounts = Rc::new(RefCell::new(Accounts::default()));
    for account in ["anna", "bert"] {
        accounts.borrow_mut().quota.insert(account.to_owned(), quota);
    }
    let mut lab = Lab::new();
    let ledger = accounts.clone();
    lab.ledger = Box::new(move |request| Some(ledger.borrow_mut().decide(request)));
    (lab, accounts)
}

/// Two clients of which each has the other's relayed address on channel 0x4000.
fn pair(lab: &mut Lab, sessions: [(&str, &str); 2]) -> [User; 2] {
    let mut users = [
        lab.user("192.0.2.1:1000", sessions[0].0, sessions[0].1),
        lab.user("192.0.2.2:1000", sessions[1].0, sessions[1].1),
    ];
    let relayed = [users[0].allocate(lab), users[1].allocate(lab)];
    assert_eq!(users[0].bind(lab, 0x4000, relayed[1]), 0);
    assert_eq!(users[1].bind(lab, 0x4000, relayed[0]), 0);
    users
}

#[test]
fn payload_counts_in_both_directions_and_nothing_else_does() {
    let (mut lab, accounts) = lab_with(1_000_000_000);
    let mut user = lab.user("192.0.2.1:1000", "anna", "s1");
    let relayed = user.allocate(&mut lab);
    let (socket, peer) = (user.socket(&lab, relayed), PEER.parse().unwrap());
    user.permit(&mut lab, peer);
    user.send_indication(&mut lab, peer, &[1; 100]).unwrap();
    user.bind(&mut lab, 0x4000, peer);
    user.send_channel(&mut lab, 0x4000, &[1; 10]).unwrap();
    lab.server.handle_peer(socket, peer, 1000, lab.now).unwrap();
    // Refused, unknown and empty ones are no bytes.
    assert!(user.send_channel(&mut lab, 0x4001, &[1; 500]).is_none());
    assert!(lab.server.handle_peer(socket, "198.51.100.9:1".parse().unwrap(), 500, lab.now).is_none());
    user.send_channel(&mut lab, 0x4000, &[]).unwrap();
    user.refresh(&mut lab, 0);
    assert_eq!(accounts.borrow().used_by("anna"), 1110);
    let counters = lab.server.counters();
    assert_eq!((counters.to_peers_bytes, counters.to_clients_bytes), (110, 1000));
}

#[test]
fn a_pair_on_this_relay_is_switched_inside_and_counted_once() {
    let (mut lab, accounts) = lab_with(1_000_000_000);
    let [mut site, mut client] = pair(&mut lab, [("anna", "s1"), ("anna", "s1")]);
    let there = site.send_channel(&mut lab, 0x4000, &[7; 1000]).unwrap();
    assert_eq!((there.to, there.read()), (To::Client(client.client), (None, Some(0x4000), vec![7; 1000])));
    let back = client.send_channel(&mut lab, 0x4000, &[8; 100]).unwrap();
    assert_eq!((back.to, back.read()), (To::Client(site.client), (None, Some(0x4000), vec![8; 100])));
    for user in [&mut site, &mut client] {
        user.refresh(&mut lab, 0);
    }
    assert_eq!(accounts.borrow().used_by("anna"), 1100);
    assert_eq!(lab.server.counters().switched_bytes, 1100);
}

#[test]
fn without_the_others_permission_a_pair_exchanges_and_pays_nothing() {
    let (mut lab, accounts) = lab_with(1_000_000_000);
    let mut site = lab.user("192.0.2.1:1000", "anna", "s1");
    let mut other = lab.user("192.0.2.2:1000", "bert", "s2");
    site.allocate(&mut lab);
    let relayed = other.allocate(&mut lab);
    site.bind(&mut lab, 0x4000, relayed);
    assert!(site.send_channel(&mut lab, 0x4000, &[7; 1000]).is_none());
    for user in [&mut site, &mut other] {
        user.refresh(&mut lab, 0);
    }
    assert_eq!((accounts.borrow().used_by("anna"), accounts.borrow().used_by("bert")), (0, 0));
}

#[test]
fn two_sessions_that_meet_each_pay() {
    let (mut lab, accounts) = lab_with(1_000_000_000);
    let mut users = pair(&mut lab, [("anna", "s1"), ("bert", "s2")]);
    let sent = users[0].send_channel(&mut lab, 0x4000, &[7; 1000]).unwrap();
    users[0].send_channel(&mut lab, 0x4000, &[7; 10]).unwrap();
    lab.server.handle_unsent(&sent.to, sent.pass.allocation, 1000);
    for user in &mut users {
        user.refresh(&mut lab, 0);
    }
    assert_eq!((accounts.borrow().used_by("anna"), accounts.borrow().used_by("bert")), (10, 10));
}

#[test]
fn what_could_not_be_sent_is_not_paid_for_even_if_it_was_reported() {
    let (mut lab, accounts) = lab_with(1_000_000_000);
    let mut user = lab.user("192.0.2.1:1000", "anna", "s1");
    user.allocate(&mut lab);
    let peer = PEER.parse().unwrap();
    user.bind(&mut lab, 0x4000, peer);
    let sent = user.send_channel(&mut lab, 0x4000, &[7; 1000]).unwrap();
    lab.pass_time(Duration::from_secs(3));
    assert_eq!(accounts.borrow().used_by("anna"), 1000, "reported");
    lab.server.handle_unsent(&sent.to, sent.pass.allocation, 1000);
    user.send_channel(&mut lab, 0x4000, &[7; 1200]).unwrap();
    user.refresh(&mut lab, 0);
    assert_eq!(accounts.borrow().used_by("anna"), 1200);
}

#[test]
fn a_used_up_quota_cuts_off_at_the_byte_and_refuses_what_is_new() {
    let quota = 3_141_592;
    let (mut lab, accounts) = lab_with(quota);
    let [mut site, mut client] = pair(&mut lab, [("anna", "s1"), ("anna", "s1")]);
    let mut other = lab.user("192.0.2.3:1000", "bert", "s2");
    other.allocate(&mut lab);
    let mut delivered = 0;
    for _ in 0..10_000 {
        if site.send_channel(&mut lab, 0x4000, &[7; 1200]).is_none() {
            break;
        }
        delivered += 1200;
    }
    assert!(delivered <= quota && quota - delivered < 1200, "{delivered} of {quota}");
    assert!(lab.events.contains(&Event::UsedUp { account: "anna".to_owned() }));
    assert!(client.send_channel(&mut lab, 0x4000, b"x").is_none());
    assert_eq!(lab.sockets.len(), 1, "only bert's socket is left");
    for user in [&mut site, &mut client] {
        let answer = user.refresh(&mut lab, 600);
        assert_eq!((answer.code, answer.reason.as_str(), answer.signed), (486, "No Relay Data Left", true));
    }
    let mut new = lab.user("192.0.2.4:1000", "anna", "s3");
    let answer = new.ask(&mut lab, ALLOCATE, &[Attribute::Transport(17)]);
    assert_eq!((answer.code, answer.reason.as_str()), (486, "No Relay Data Left"));
    // A new month, or more quota: at once.
    accounts.borrow_mut().quota.insert("anna".to_owned(), 2 * quota);
    new.allocate(&mut lab);
    lab.pass_time(Duration::from_secs(30));
    site.allocate(&mut lab);
    assert!(other.refresh(&mut lab, 600).code == 0, "bert never noticed");
    assert_eq!(accounts.borrow().used_by("anna"), delivered);
}

#[test]
fn leases_are_renewed_before_they_end_so_that_nothing_waits() {
    let mut lab = Lab::new();
    let mut user = lab.user("192.0.2.1:1000", "anna", "s1");
    user.allocate(&mut lab);
    user.bind(&mut lab, 0x4000, PEER.parse().unwrap());
    let asked = lab.asked.len();
    let mut unanswered = 0;
    for _ in 0..10_000 {
        user.send_channel(&mut lab, 0x4000, &[7; 1000]).unwrap();
        unanswered += 1000;
        if lab.asked.len() > asked {
            break;
        }
    }
    assert_eq!(unanswered, LEASE_BYTES / 2);
    let request = lab.asked.last().unwrap();
    assert_eq!((request.used_bytes, request.wanted_bytes), (LEASE_BYTES / 2 - 1000, LEASE_BYTES));
    assert_eq!(
        (request.account.as_str(), request.session.as_str(), request.relay.as_str()),
        ("anna", "s1", "relay-1")
    );
}

#[test]
fn what_was_used_is_reported_within_a_leases_time_and_silence_says_nothing() {
    let mut lab = Lab::new();
    let mut user = lab.user("192.0.2.1:1000", "anna", "s1");
    user.allocate(&mut lab);
    user.bind(&mut lab, 0x4000, PEER.parse().unwrap());
    user.send_channel(&mut lab, 0x4000, &[7; 1000]).unwrap();
    for _ in 0..10 {
        lab.pass_time(Duration::from_millis(500));
    }
    assert_eq!(lab.asked.last().unwrap().used_bytes, 1000);
    let asked = lab.asked.len();
    for _ in 0..100 {
        lab.pass_time(Duration::from_millis(500));
    }
    assert_eq!(lab.asked.len(), asked, "an idle session asks for nothing");
    // The lease has long ended: the next byte passes while a new one is fetched.
    user.send_channel(&mut lab, 0x4000, &[7; 1000]).unwrap();
    assert_eq!(lab.asked.len(), asked + 1);
}

#[test]
fn a_ledger_that_is_down_stops_nobody_for_five_seconds_and_hears_everything_afterwards() {
    let mut lab = Lab::new();
    let mut user = lab.user("192.0.2.1:1000", "anna", "s1");
    user.allocate(&mut lab);
    user.bind(&mut lab, 0x4000, PEER.parse().unwrap());
    lab.ledger = Box::new(|_| None);
    let (mut passed, mut refused) = (0, 0);
    for _ in 0..120 {
        for _ in 0..100 {
            match user.send_channel(&mut lab, 0x4000, &[7; 1000]) {
                Some(_) => passed += 1000,
                None => refused += 1,
            }
        }
        lab.pass_time(Duration::from_millis(100));
    }
    assert!((5_000_000..=6_000_000).contains(&passed), "half a lease, and five seconds: {passed}");
    assert!(refused > 0);
    lab.ledger = Box::new(generous);
    lab.pass_time(Duration::from_secs(1));
    user.send_channel(&mut lab, 0x4000, &[7; 1000]).unwrap();
    user.refresh(&mut lab, 0);
    assert_eq!(lab.asked.last().unwrap().used_bytes, passed + 1000);
}

#[test]
fn old_doubled_and_strange_answers_change_nothing() {
    let mut lab = Lab::new();
    let mut user = lab.user("192.0.2.1:1000", "anna", "s1");
    user.allocate(&mut lab);
    user.bind(&mut lab, 0x4000, PEER.parse().unwrap());
    let request = lab.asked.last().unwrap().clone();
    let used_up = request.answer(LeaseVerdict::UsedUp);
    for answer in [
        used_up.clone(),
        LeaseAnswer { serial: 99, ..used_up.clone() },
        LeaseAnswer { account: "nobody".to_owned(), ..used_up.clone() },
        LeaseAnswer { session: "none".to_owned(), ..used_up },
    ] {
        lab.server.handle_lease(&answer, lab.now);
        lab.settle();
        assert!(user.send_channel(&mut lab, 0x4000, b"x").is_some());
    }
}

#[test]
fn a_session_that_the_ledger_ends_is_cut_off_alone() {
    let mut lab = Lab::new();
    let mut users = [lab.user("192.0.2.1:1", "anna", "s1"), lab.user("192.0.2.1:2", "anna", "s2")];
    for user in &mut users {
        user.allocate(&mut lab);
        user.bind(&mut lab, 0x4000, PEER.parse().unwrap());
    }
    lab.ledger =
        Box::new(
            |request| {
                if request.session == "s1" { Some(LeaseVerdict::Ended) } else { generous(request) }
            },
        );
    for _ in 0..600 {
        for user in &users {
            user.send_channel(&mut lab, 0x4000, &[1; 1000]);
        }
    }
    assert!(users[0].send_channel(&mut lab, 0x4000, b"x").is_none());
    assert!(users[1].send_channel(&mut lab, 0x4000, b"x").is_some());
    assert_eq!(users[0].refresh(&mut lab, 600).reason, "Session Ended");
}

#[test]
fn a_static_user_is_counted_and_never_asked_about() {
    let mut lab = Lab::new();
    lab.ledger = Box::new(|_| panic!("nobody pays"));
    let mut user = lab.lab_user("192.0.2.1:1000");
    user.allocate(&mut lab);
    let peer: SocketAddr = PEER.parse().unwrap();
    user.bind(&mut lab, 0x4000, peer);
    for _ in 0..2000 {
        user.send_channel(&mut lab, 0x4000, &[7; 1200]).unwrap();
    }
    lab.pass_time(Duration::from_secs(10));
    user.refresh(&mut lab, 0);
    assert_eq!(lab.server.counters().to_peers_bytes, 2_400_000);
}

#[test]
fn messages_to_the_ledger_are_json_of_this_form() {
    let request = LeaseRequest {
        relay: "r".to_owned(),
        account: "anna".to_owned(),
        session: "s1".to_owned(),
        serial: 3,
        used_bytes: 7,
        wanted_bytes: LEASE_BYTES,
    };
    let text = serde_json::to_string(&request).unwrap();
    assert_eq!(
        text,
        r#"{"relay":"r","account":"anna","session":"s1","serial":3,"used_bytes":7,"wanted_bytes":1000000}"#
    );
    let answer = request.answer(LeaseVerdict::Granted { bytes: 5, lasts_ms: 5000, last: true });
    let text = serde_json::to_string(&answer).unwrap();
    assert_eq!(
        text,
        r#"{"account":"anna","session":"s1","serial":3,"verdict":{"kind":"granted","bytes":5,"lasts_ms":5000,"last":true}}"#
    );
    assert_eq!(serde_json::from_str::<LeaseAnswer>(&text).unwrap(), answer);
}
