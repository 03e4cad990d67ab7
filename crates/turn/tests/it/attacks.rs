//! What somebody gets who means harm: nothing, and an entry in the log.

use std::net::SocketAddr;
use std::time::Duration;

use model::Secret;
use stun_types::attribute::{AttributeStaticType as _, ErrorCode, MessageIntegrity};
use stun_types::message::{BINDING, Message, MessageClass, MessageWrite as _, MessageWriteExt as _};
use turn::credentials::{Credentials, issue};
use turn::{Client, Event, Refusal, To, Via};
use turn_types::message::{ALLOCATE, CREATE_PERMISSION, REFRESH};

use crate::harness::{Attribute, EPOCH, Lab, User, begin, channel_data, udp};

const UDP: &[Attribute<'_>] = &[Attribute::Transport(17)];

fn refusals(lab: &Lab) -> Vec<Refusal> {
    let refused = |event: &Event| match event {
        Event::Refused { why, .. } => Some(*why),
        _ => None,
    };
    lab.events.iter().filter_map(refused).collect()
}

#[test]
fn private_peers_are_refused_by_every_way_to_name_one() {
    for peer in
        ["127.0.0.1:22", "10.0.0.1:80", "192.168.1.1:80", "169.254.169.254:80", "100.64.0.1:1", "224.0.0.1:1"]
    {
        let mut lab = Lab::new();
        let mut user = lab.user("192.0.2.1:1000", "anna", "s1");
        user.allocate(&mut lab);
        let peer: SocketAddr = peer.parse().unwrap();
        let public: SocketAddr = "198.51.100.7:1".parse().unwrap();
        assert_eq!(user.permit(&mut lab, peer), 403);
        assert_eq!(user.bind(&mut lab, 0x4000, peer), 403);
        // One bad address among good ones: none of them counts.
        let mixed = [Attribute::Peer(public), Attribute::Peer(peer)];
        assert_eq!(user.ask(&mut lab, CREATE_PERMISSION, &mixed).code, 403);
        assert!(user.send_indication(&mut lab, public, b"x").is_none());
        assert!(user.send_indication(&mut lab, peer, b"x").is_none());
        assert!(user.send_channel(&mut lab, 0x4000, b"x").is_none());
        assert_eq!(refusals(&lab), [Refusal::Peer; 3]);
    }
}

#[test]
fn ipv4_does_not_come_in_as_ipv6() {
    use stun_types::AddressFamily::IPV6;
    for allow_private in [false, true] {
        let mut lab = Lab::with(|config| config.policy.allow_private = allow_private);
        let mut user = lab.lab_user("192.0.2.1:1000");
        assert_eq!(user.ask(&mut lab, ALLOCATE, &[UDP[0], Attribute::Family(IPV6)]).code, 0);
        for peer in
            ["[::ffff:127.0.0.1]:22", "[::ffff:10.0.0.1]:80", "[64:ff9b::a00:1]:80", "[2002:a00:1::1]:80"]
        {
            assert_eq!(user.permit(&mut lab, peer.parse().unwrap()), 403, "{peer}");
        }
        assert_eq!(user.permit(&mut lab, "198.51.100.7:1".parse().unwrap()), 443);
    }
}

#[test]
fn the_relay_is_no_way_into_itself() {
    let mut lab = Lab::new();
    let mut user = lab.user("192.0.2.1:1000", "anna", "s1");
    user.allocate(&mut lab);
    // Its public address is as good as any other for a permission: other clients are there.
    let ssh: SocketAddr = "203.0.113.1:22".parse().unwrap();
    assert_eq!(user.permit(&mut lab, ssh), 0);
    assert_eq!(user.bind(&mut lab, 0x4000, ssh), 0);
    assert!(user.send_indication(&mut lab, ssh, b"x").is_none());
    assert!(user.send_channel(&mut lab, 0x4000, b"x").is_none());
}

#[test]
fn wrong_expired_and_made_up_credentials_get_nothing() {
    let mut lab = Lab::new();
    let right = lab.credentials("anna", "s1");
    let expired = issue(&lab.secret, EPOCH, "anna", "s1").unwrap();
    let of_another = issue(&Secret::new(b"another secret".to_vec()), EPOCH + 100, "anna", "s1").unwrap();
    let with = |username: &str, password: &Secret<String>| Credentials {
        username: username.to_owned(),
        password: password.clone(),
    };
    let longer = right.username.replace(&(EPOCH + 86_400).to_string(), &(EPOCH + 999_999).to_string());
    let cases = [
        ("a wrong password", with(&right.username, &Secret::new("guess".to_owned()))),
        ("an expired credential", expired),
        ("another issuer", of_another),
        ("a longer life", with(&longer, &right.password)),
        ("another account", with(&right.username.replace("anna", "bert"), &right.password)),
        ("another session", with(&right.username.replace("s1", "s2"), &right.password)),
        ("nobody", with("nobody", &right.password)),
        ("the laboratory", with("lab", &right.password)),
    ];
    for (what, credentials) in cases {
        let mut user = User::new(udp("192.0.2.1:1000"), credentials);
        let answer = user.ask(&mut lab, ALLOCATE, UDP);
        assert_eq!((answer.code, answer.signed), (401, false), "{what}");
        assert_eq!(refusals(&lab).pop(), Some(Refusal::Credentials), "{what} is told");
        assert_eq!(lab.server.allocations(), 0);
    }
    assert!(!format!("{:?}", lab.server).contains("a shared secret"));
}

#[test]
fn a_nonce_is_no_use_to_another_client_and_a_recorded_request_none_to_anybody() {
    let mut lab = Lab::new();
    let mut user = lab.user("192.0.2.1:1000", "anna", "s1");
    user.allocate(&mut lab);
    let recorded = user.write(REFRESH, &[Attribute::Lifetime(0)]);
    for elsewhere in [
        udp("192.0.2.1:1001"),
        udp("192.0.2.9:1000"),
        Client { via: Via::Udp { listener: 1, local: None }, ..user.client },
        Client { via: Via::Stream { connection: 0 }, ..user.client },
    ] {
        let answer = lab.exchange(elsewhere, &recorded).unwrap();
        assert_eq!(user.read(&answer).code, 438);
    }
    lab.pass_time(Duration::from_secs(599));
    user.refresh(&mut lab, 3600);
    lab.pass_time(Duration::from_secs(2));
    let answer = lab.exchange(user.client, &recorded).unwrap();
    assert_eq!(
        (user.read(&answer).code, lab.server.allocations()),
        (438, 1),
        "too late even from the same place"
    );
}

#[test]
fn somebody_elses_allocation_is_left_alone() {
    let mut lab = Lab::new();
    let mut anna = lab.user("192.0.2.1:1000", "anna", "s1");
    let relayed = anna.allocate(&mut lab);
    // The same place, by whatever means, with an account of one's own.
    let mut thief = lab.user("192.0.2.1:1000", "thief", "s9");
    assert_eq!(thief.refresh(&mut lab, 0).code, 441);
    assert_eq!(thief.permit(&mut lab, "198.51.100.7:1".parse().unwrap()), 441);
    assert_eq!((lab.server.allocations(), lab.sockets.values().next()), (1, Some(&relayed)));
}

#[test]
fn what_comes_after_the_signature_does_not_count() {
    let mut lab = Lab::new();
    let mut user = lab.user("192.0.2.1:1000", "anna", "s1");
    user.allocate(&mut lab);
    let mut request = user.write(REFRESH, &[]);
    let release = [0x00, 0x0d, 0, 4, 0, 0, 0, 0];
    request.extend(release);
    let length = (request.len() - 20) as u16;
    request[2..4].copy_from_slice(&length.to_be_bytes());
    let answer = lab.exchange(user.client, &request).unwrap();
    assert_eq!((user.read(&answer).lifetime, lab.server.allocations()), (Some(600), 1));
    // Every byte before it counts.
    let request = user.write(REFRESH, &[Attribute::Lifetime(700)]);
    for at in 20..request.len() {
        let mut changed = request.clone();
        changed[at] ^= 1;
        if let Some(answer) = lab.exchange(user.client, &changed) {
            let code =
                Message::from_bytes(&answer).unwrap().attribute::<ErrorCode>().map_or(0, |code| code.code());
            assert_ne!(code, 0, "a change at {at} went through");
        }
    }
}

#[test]
fn a_password_algorithm_is_not_talked_down() {
    let mut lab = Lab::new();
    let mut user = lab.lab_user("192.0.2.1:1000");
    user.ask(&mut lab, REFRESH, &[]);
    let sign = |attributes: &[Attribute<'_>]| {
        let mut message = begin(MessageClass::Request, ALLOCATE, attributes);
        message.add_attribute(&stun_types::attribute::Username::new("lab").unwrap()).unwrap();
        message.add_attribute(&stun_types::attribute::Realm::new(&user.realm).unwrap()).unwrap();
        message.add_attribute(&stun_types::attribute::Nonce::new(&user.nonce).unwrap()).unwrap();
        message.add_message_integrity_with_key(&user.key(), user.algorithm).unwrap();
        message.finish()
    };
    let (md5, both) = ([0, 1, 0, 0], [0, 2, 0, 0, 0, 1, 0, 0]);
    let udp = Attribute::Transport(17);
    for (attributes, code) in [
        // The list was shortened on its way: the client believed that there is only MD5.
        (vec![udp, Attribute::Raw(0x8002, &md5), Attribute::Raw(0x001d, &md5)], 400),
        (vec![udp, Attribute::Raw(0x8002, &both)], 400),
        (vec![udp, Attribute::Raw(0x001d, &md5)], 400),
        (vec![udp, Attribute::Raw(0x8002, &both), Attribute::Raw(0x001d, &md5)], 0),
    ] {
        let answer = lab.exchange(user.client, &sign(&attributes)).unwrap();
        let message = Message::from_bytes(&answer).unwrap();
        assert_eq!(message.attribute::<ErrorCode>().map_or(0, |code| code.code()), code, "{attributes:?}");
    }
}

#[test]
fn strangers_are_not_answered_with_more_than_they_ask_but_for_a_trickle() {
    let mut lab = Lab::with(|config| (config.limits.excess_burst, config.limits.excess_per_s) = (1000, 100));
    let user = lab.lab_user("192.0.2.1:1000");
    let binding = begin(MessageClass::Request, BINDING, &[]).finish();
    let allocate = begin(MessageClass::Request, ALLOCATE, UDP).finish();
    let (mut asked, mut answered) = (0, 0);
    for n in 0..2000 {
        let question = if n % 2 == 0 { &binding } else { &allocate };
        asked += question.len();
        let answer = lab.exchange(user.client, question);
        assert!(answer.as_ref().is_none_or(|answer| answer.len() <= 92), "answers to strangers are short");
        answered += answer.map_or(0, |answer| answer.len());
        lab.now.since_start += Duration::from_millis(1);
    }
    assert!(answered < 3000 && answered < asked / 10, "{answered} bytes for {asked}");
    assert!(lab.server.counters().withheld_answers > 1900);
    // Somebody else is answered, and over a connection, which proves the address, everybody.
    assert!(lab.exchange(udp("192.0.2.77:1"), &binding).is_some());
    let stream = Client { via: Via::Stream { connection: 1 }, ..user.client };
    assert!(lab.exchange(stream, &allocate).is_some());
    // Whoever asks at length is answered without counting.
    let padded = begin(MessageClass::Request, BINDING, &[Attribute::Raw(0x8022, &[b'x'; 64])]).finish();
    assert!(lab.exchange(user.client, &padded).is_some());
}

#[test]
fn nothing_passes_without_allocation_permission_and_channel() {
    let mut lab = Lab::new();
    let mut user = lab.user("192.0.2.1:1000", "anna", "s1");
    let peer: SocketAddr = "198.51.100.7:1".parse().unwrap();
    assert!(user.send_channel(&mut lab, 0x4000, b"x").is_none());
    assert!(user.send_indication(&mut lab, peer, b"x").is_none());
    let relayed = user.allocate(&mut lab);
    assert!(user.send_channel(&mut lab, 0x4000, b"x").is_none());
    assert_eq!(user.bind(&mut lab, 0x4000, peer), 0);
    assert!(user.send_channel(&mut lab, 0x4001, b"x").is_none());
    let stranger = lab.user("192.0.2.2:1000", "anna", "s1");
    assert!(stranger.send_channel(&mut lab, 0x4000, b"x").is_none());
    assert!(user.send_channel(&mut lab, 0x4000, b"x").is_some());
    let socket = user.socket(&lab, relayed);
    assert!(lab.server.handle_peer(socket, "198.51.100.8:1".parse().unwrap(), 1, lab.now).is_none());
    // Longer than its packet, and no packet at all.
    for bytes in [&channel_data(0x4000, b"xy")[..5], &[0x40], &[0x40, 0, 0, 1], &[0xc0; 8], &[]] {
        assert!(lab.server.handle_client(user.client, bytes, lab.now).is_none());
    }
    assert_eq!(lab.server.counters().to_peers_packets, 1);
}

#[test]
fn requests_beyond_all_measure_are_not_even_read() {
    let mut lab = Lab::new();
    let user = lab.lab_user("192.0.2.1:1000");
    let large = begin(MessageClass::Request, BINDING, &[Attribute::Raw(0x8022, &[b'x'; 4000])]).finish();
    assert!(lab.exchange(user.client, &large).is_none());
    let longer_than_said = [begin(MessageClass::Request, BINDING, &[]).finish(), vec![0; 4]].concat();
    assert!(lab.exchange(user.client, &longer_than_said).is_none());
    // A response and an indication are no questions.
    for class in [MessageClass::Success, MessageClass::Error, MessageClass::Indication] {
        assert!(lab.exchange(user.client, &begin(class, BINDING, &[]).finish()).is_none());
    }
    assert_eq!(lab.server.counters().dropped_packets, 5);
}

#[test]
fn a_signature_without_its_nonce_or_name_is_malformed() {
    let mut lab = Lab::new();
    let user = lab.lab_user("192.0.2.1:1000");
    let bare = begin(
        MessageClass::Request,
        ALLOCATE,
        &[UDP[0], Attribute::Raw(MessageIntegrity::TYPE.value(), &[0; 20])],
    );
    let answer = lab.exchange(user.client, &bare.finish()).unwrap();
    assert_eq!(Message::from_bytes(&answer).unwrap().attribute::<ErrorCode>().unwrap().code(), 400);
    assert_eq!(refusals(&lab), [Refusal::Malformed]);
}

#[test]
fn a_failed_send_harms_no_allocation() {
    let mut lab = Lab::new();
    let mut user = lab.user("192.0.2.1:1000", "anna", "s1");
    user.allocate(&mut lab);
    let peers: Vec<SocketAddr> = (1..=20).map(|n| SocketAddr::from(([198, 51, 100, n], 1000))).collect();
    for peer in &peers {
        assert_eq!(user.permit(&mut lab, *peer), 0);
        let sent = user.send_indication(&mut lab, *peer, b"hello").unwrap();
        lab.server.handle_unsent(&sent.to, sent.pass.allocation, 5);
    }
    let sent = user.send_indication(&mut lab, peers[0], b"hello").unwrap();
    assert!(matches!(sent.to, To::Peer { .. }));
    assert_eq!(lab.server.allocations(), 1);
}
