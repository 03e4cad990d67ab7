//! What RFC 8489 and RFC 8656 want of requests.

use std::time::Duration;

use stun_types::message::{
    BINDING, IntegrityAlgorithm, MessageClass, MessageWrite as _, MessageWriteExt as _,
};
use turn::{To, Via};
use turn_types::message::{ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, REFRESH};

use crate::harness::{Attribute, Lab, User, begin};

const PEER: &str = "198.51.100.7:4000";

#[test]
fn a_binding_answer_tells_where_a_client_comes_from() {
    for remote in ["192.0.2.1:1000", "[2001:db8::7]:1000"] {
        let mut lab = Lab::new();
        let user = lab.lab_user(remote);
        for fingerprint in [false, true] {
            let mut question = begin(MessageClass::Request, BINDING, &[]);
            if fingerprint {
                question.add_fingerprint().unwrap();
            }
            let answer = lab.exchange(user.client, &question.finish()).unwrap();
            assert_eq!(user.read(&answer).mapped, Some(remote.parse().unwrap()));
        }
    }
}

#[test]
fn every_sort_of_client_allocates_and_hears_where_peers_reach_it() {
    for algorithm in [IntegrityAlgorithm::Sha1, IntegrityAlgorithm::Sha256] {
        for via in [Via::Udp { listener: 0, local: None }, Via::Stream { connection: 3 }] {
            let mut lab = Lab::new();
            let mut user = lab.user("192.0.2.1:1000", "anna", "s1");
            user.algorithm = algorithm;
            user.client.via = via;
            let answer = user.ask(&mut lab, ALLOCATE, &[Attribute::Transport(17)]);
            assert_eq!((answer.code, answer.signed, answer.lifetime), (0, true, Some(600)), "{algorithm:?}");
            assert_eq!(answer.mapped, Some(user.client.remote));
            assert_eq!(answer.relayed, Some("203.0.113.1:49152".parse().unwrap()));
            assert_eq!(lab.server.allocations(), 1);
        }
    }
}

/// What is wrong with an Allocate request, and what it is answered.
#[test]
fn an_allocation_that_cannot_be_is_refused_with_the_code_of_the_rfc() {
    use stun_types::AddressFamily::{IPV4, IPV6};
    let udp = Attribute::Transport(17);
    let cases: &[(&str, &[Attribute<'_>], u16)] = &[
        ("UDP", &[udp], 0),
        ("no transport", &[], 400),
        ("TCP", &[Attribute::Transport(6)], 442),
        ("IPv4", &[udp, Attribute::Family(IPV4)], 0),
        ("IPv6", &[udp, Attribute::Family(IPV6)], 0),
        ("another family", &[udp, Attribute::Raw(0x0017, &[9, 0, 0, 0])], 440),
        ("an even port", &[udp, Attribute::Even(false)], 0),
        ("an even port and the next", &[udp, Attribute::Even(true)], 508),
        ("a reserved port", &[udp, Attribute::Raw(0x0022, &[0; 8])], 508),
        (
            "a reserved port of a family",
            &[udp, Attribute::Family(IPV4), Attribute::Raw(0x0022, &[0; 8])],
            400,
        ),
        ("no fragments", &[udp, Attribute::Raw(0x001a, &[])], 420),
        ("something to be understood", &[udp, Attribute::Raw(0x7abc, &[1, 2])], 420),
        ("something that need not be", &[udp, Attribute::Raw(0xfabc, &[1, 2])], 0),
        ("a broken lifetime", &[udp, Attribute::Raw(0x000d, &[1])], 400),
    ];
    for (what, attributes, code) in cases {
        let mut lab = Lab::new();
        let mut user = lab.lab_user("192.0.2.1:1000");
        let answer = user.ask(&mut lab, ALLOCATE, attributes);
        assert_eq!((answer.code, answer.signed), (*code, true), "{what}");
        assert_eq!(lab.server.allocations(), usize::from(*code == 0), "{what}");
        if *what == "IPv6" {
            assert!(answer.relayed.unwrap().is_ipv6());
        }
    }
    let mut lab = Lab::with(|config| config.families.v6 = false);
    let mut user = lab.lab_user("192.0.2.1:1000");
    assert_eq!(user.ask(&mut lab, ALLOCATE, &[udp, Attribute::Family(IPV6)]).code, 440);
}

#[test]
fn the_same_allocate_again_has_the_same_answer_and_another_is_a_mismatch() {
    let mut lab = Lab::new();
    let mut user = lab.lab_user("192.0.2.1:1000");
    user.ask(&mut lab, BINDING, &[]);
    user.ask(&mut lab, REFRESH, &[]);
    let request = user.write(ALLOCATE, &[Attribute::Transport(17)]);
    let first = user.read(&lab.exchange(user.client, &request).unwrap());
    let again = user.read(&lab.exchange(user.client, &request).unwrap());
    assert_eq!((first.relayed, first.code), (again.relayed, again.code));
    assert_eq!(user.ask(&mut lab, ALLOCATE, &[Attribute::Transport(17)]).code, 437);
    assert_eq!(lab.server.allocations(), 1);
}

#[test]
fn lifetimes_are_bounded_and_end() {
    let mut lab = Lab::new();
    let mut user = lab.lab_user("192.0.2.1:1000");
    user.allocate(&mut lab);
    for (asked, given) in [(1, 600), (601, 601), (1_000_000, 3600)] {
        assert_eq!(user.refresh(&mut lab, asked).lifetime, Some(given));
    }
    lab.pass_time(Duration::from_secs(3599));
    assert_eq!(lab.server.allocations(), 1);
    lab.pass_time(Duration::from_secs(1));
    assert_eq!((lab.server.allocations(), lab.sockets.len()), (0, 0));
    assert_eq!(user.refresh(&mut lab, 600).code, 437, "it has gone");
    user.allocate(&mut lab);
    assert_eq!((user.refresh(&mut lab, 0).lifetime, lab.server.allocations()), (Some(0), 0), "given back");
    assert!(lab.sockets.is_empty());
    assert_eq!(lab.server.poll_timeout(), None, "nothing is left to wait for");
}

#[test]
fn an_allocation_does_not_outlive_its_credential() {
    let mut lab = Lab::new();
    let mut user = lab.user("192.0.2.1:1000", "anna", "s1");
    user.credentials = turn::credentials::issue(&lab.secret, lab.now.unix_s + 100, "anna", "s1").unwrap();
    user.allocate(&mut lab);
    lab.pass_time(Duration::from_secs(40));
    assert_eq!(user.refresh(&mut lab, 3600).lifetime, Some(60));
    lab.pass_time(Duration::from_secs(60));
    assert_eq!(user.ask(&mut lab, REFRESH, &[]).code, 401, "the credential has expired");
    assert_eq!(lab.server.allocations(), 0);
}

#[test]
fn permissions_last_five_minutes_and_are_by_address() {
    let mut lab = Lab::new();
    let mut user = lab.lab_user("192.0.2.1:1000");
    let relayed = user.allocate(&mut lab);
    let socket = user.socket(&lab, relayed);
    let peer = PEER.parse().unwrap();
    assert!(user.send_indication(&mut lab, peer, b"early").is_none());
    assert_eq!(user.permit(&mut lab, peer), 0);
    for peer in [PEER, "198.51.100.7:9"] {
        let peer = peer.parse().unwrap();
        let sent = user.send_indication(&mut lab, peer, b"hello").unwrap();
        assert_eq!((sent.to, &sent.bytes[..]), (To::Peer { socket, address: peer }, &b"hello"[..]));
        let pass = lab.server.handle_peer(socket, peer, 5, lab.now).unwrap();
        assert_eq!(
            crate::harness::Delivered::new(&pass, b"world").read(),
            (Some(peer), None, b"world".to_vec())
        );
    }
    assert!(lab.server.handle_peer(socket, "198.51.100.8:4000".parse().unwrap(), 5, lab.now).is_none());
    lab.pass_time(Duration::from_secs(299));
    assert!(user.send_indication(&mut lab, peer, b"late").is_some());
    lab.pass_time(Duration::from_secs(1));
    assert!(user.send_indication(&mut lab, peer, b"too late").is_none());
    assert!(lab.server.handle_peer(socket, peer, 5, lab.now).is_none());
}

#[test]
fn a_channel_carries_payload_with_four_bytes_and_is_padded_in_streams_alone() {
    for (via, padding) in [(Via::Udp { listener: 0, local: None }, 0), (Via::Stream { connection: 1 }, 3)] {
        let mut lab = Lab::new();
        let mut user = lab.lab_user("192.0.2.1:1000");
        user.client.via = via;
        let relayed = user.allocate(&mut lab);
        let (socket, peer) = (user.socket(&lab, relayed), PEER.parse().unwrap());
        assert_eq!(user.bind(&mut lab, 0x4001, peer), 0);
        let sent = user.send_channel(&mut lab, 0x4001, b"hello").unwrap();
        assert_eq!((sent.to, &sent.bytes[..]), (To::Peer { socket, address: peer }, &b"hello"[..]));
        let pass = lab.server.handle_peer(socket, peer, 5, lab.now).unwrap();
        let got = crate::harness::Delivered::new(&pass, b"world");
        assert_eq!((got.to, got.bytes.len()), (To::Client(user.client), 9 + padding));
        assert_eq!(got.read(), (None, Some(0x4001), b"world".to_vec()));
        // Without its permission a channel is silent; binding it again renews both.
        lab.pass_time(Duration::from_secs(301));
        assert!(user.send_channel(&mut lab, 0x4001, b"hello").is_none());
        assert_eq!(user.bind(&mut lab, 0x4001, peer), 0);
        assert!(user.send_channel(&mut lab, 0x4001, b"hello").is_some());
    }
}

#[test]
fn channels_are_bound_as_the_rfc_says() {
    let mut lab = Lab::with(|config| (config.limits.channels, config.limits.permissions) = (2, 2));
    let mut user = lab.lab_user("192.0.2.1:1000");
    let [a, b, c]: [std::net::SocketAddr; 3] =
        [PEER, "198.51.100.7:4001", "198.51.100.9:1"].map(|peer| peer.parse().unwrap());
    assert_eq!(user.bind(&mut lab, 0x4000, a), 437, "no allocation");
    user.allocate(&mut lab);
    for (number, peer, code) in [
        (0x4000, a, 0),
        (0x4000, a, 0),
        (0x4000, b, 400),
        (0x4001, a, 400),
        (0x3fff, b, 400),
        (0x8000, b, 400),
        (0x7fff, b, 0),
        (0x4002, c, 508),
        (0x4002, "[2001:db8::9]:1".parse().unwrap(), 443),
        (0x4002, "127.0.0.1:1".parse().unwrap(), 403),
    ] {
        assert_eq!(user.bind(&mut lab, number, peer), code, "{number:#x} {peer}");
    }
    assert_eq!(user.ask(&mut lab, CHANNEL_BIND, &[Attribute::Peer(a)]).code, 400);
    assert_eq!(user.ask(&mut lab, CREATE_PERMISSION, &[]).code, 400);
    assert_eq!(user.permit(&mut lab, "198.51.100.10:1".parse().unwrap()), 0);
    assert_eq!(user.permit(&mut lab, "198.51.100.11:1".parse().unwrap()), 508, "bounded");
}

#[test]
fn a_stale_nonce_is_told_and_a_new_one_goes_on() {
    let mut lab = Lab::new();
    let mut user = lab.lab_user("192.0.2.1:1000");
    user.allocate(&mut lab);
    user.refresh(&mut lab, 3600);
    lab.pass_time(Duration::from_secs(700));
    let stale = user.nonce.clone();
    let answer = lab.exchange(user.client, &user.write(REFRESH, &[])).unwrap();
    assert_eq!(user.read(&answer).code, 438);
    assert_eq!(user.refresh(&mut lab, 3600).code, 0);
    assert_ne!(user.nonce, stale);
}

#[test]
fn what_opens_too_slowly_or_finds_no_port_is_refused() {
    let mut lab = Lab::new();
    lab.ports_left = 0;
    let mut user = lab.lab_user("192.0.2.1:1000");
    assert_eq!(user.ask(&mut lab, ALLOCATE, &[Attribute::Transport(17)]).code, 508);
    assert_eq!(lab.server.allocations(), 0);
    // A ledger that says nothing: the client is told after two seconds.
    let mut lab = Lab::new();
    lab.ledger = Box::new(|_| None);
    let mut user = lab.user("192.0.2.1:1000", "anna", "s1");
    user.ask(&mut lab, REFRESH, &[]);
    assert!(lab.exchange(user.client, &user.write(ALLOCATE, &[Attribute::Transport(17)])).is_none());
    lab.pass_time(Duration::from_secs(2));
    let (_, answer) = lab.replies.pop_front().unwrap();
    assert_eq!(user.read(&answer).code, 508);
    assert_eq!((lab.server.allocations(), lab.sockets.len()), (0, 0));
}

#[test]
fn bounds_of_accounts_addresses_and_the_server_hold_and_are_given_back() {
    let mut lab = Lab::with(|config| {
        config.limits.allocations = 4;
        config.limits.allocations_per_account = 2;
        config.limits.allocations_per_address = 3;
    });
    let udp = [Attribute::Transport(17)];
    let mut ask = |remote: &str, account: &str| {
        let mut user = lab.user(remote, account, "s");
        let code = user.ask(&mut lab, ALLOCATE, &udp).code;
        (user, code)
    };
    let (mut first, code) = ask("192.0.2.1:1", "anna");
    assert_eq!(code, 0);
    assert_eq!(ask("192.0.2.1:2", "anna").1, 0);
    assert_eq!(ask("192.0.2.2:1", "anna").1, 486, "of one account");
    assert_eq!(ask("192.0.2.1:3", "bert").1, 0);
    assert_eq!(ask("192.0.2.1:4", "carl").1, 486, "of one address");
    assert_eq!(ask("192.0.2.3:1", "carl").1, 0);
    assert_eq!(ask("192.0.2.4:1", "dora").1, 508, "of the server");
    assert_eq!(first.refresh(&mut lab, 0).code, 0);
    let mut again: User = lab.user("192.0.2.1:9", "anna", "s");
    again.allocate(&mut lab);
    // Of IPv6, a host has a whole network of addresses.
    let mut lab = Lab::with(|config| config.limits.allocations_per_address = 2);
    for (remote, code) in
        [("[2001:db8::1]:1", 0), ("[2001:db8::2]:1", 0), ("[2001:db8::3]:1", 486), ("[2001:db8:0:1::]:1", 0)]
    {
        assert_eq!(lab.user(remote, "anna", "s").ask(&mut lab, ALLOCATE, &udp).code, code, "{remote}");
    }
}
