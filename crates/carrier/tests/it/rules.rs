//! What the other side may not do ends the link; what it may not have is refused.

use std::time::Instant;

use bytes::Bytes;
use carrier::{
    Ended, Event, Limits, Link, Received, Role, StreamId, Unsent, Violation,
    frame::{FIN, Frame, Kind, MAX_MESSAGE},
};

use crate::exchange::{get, ok};

const LIMITS: Limits = Limits { window: 16 << 10, streams: 2 };

fn frame(kind: Kind, flags: u8, stream: u32, number: u32, payload: impl Into<Bytes>) -> Bytes {
    Frame { kind, flags, stream: StreamId(stream), number, payload: payload.into() }.to_bytes()
}

fn hello(text: &str) -> Bytes {
    frame(Kind::Hello, 0, 0, 0, text.as_bytes().to_vec())
}

fn open(stream: u32) -> Bytes {
    let json = br#"{"method":"GET","path":"/"}"#;
    let payload = [&[0, json.len() as u8], json.as_slice()].concat();
    frame(Kind::Open, FIN, stream, 0, payload)
}

const GOOD: &str =
    r#"{"protocol":"martello-carrier","min":1,"max":3,"release":"9","window":65536,"streams":0,"later":1}"#;

fn site() -> (Link, Instant) {
    let now = Instant::now();
    let mut site = Link::new(Role::Site, LIMITS, "test", now);
    site.handle_message(&hello(GOOD), now).unwrap();
    while site.poll_transmit(now).is_some() {}
    while site.poll_event().is_some() {}
    (site, now)
}

#[test]
fn who_breaks_the_rules_is_told_which() {
    let long = vec![0; MAX_MESSAGE];
    let data = |number, bytes: usize| frame(Kind::Data, 0, 0, number, vec![0; bytes]);
    let cases: Vec<(&str, Vec<Bytes>, Violation)> = vec![
        ("nothing", vec![Bytes::new()], Violation::Frame),
        ("no such kind", vec![Bytes::from_static(&[99, 0, 0, 0, 0, 0, 0, 0, 0, 0])], Violation::Frame),
        ("too long", vec![frame(Kind::Data, 0, 0, 0, long)], Violation::Frame),
        ("a short credit", vec![frame(Kind::Credit, 0, 0, 0, vec![0; 4])], Violation::Frame),
        ("a second hello", vec![hello(GOOD)], Violation::Hello),
        ("an answer from a client", vec![frame(Kind::Answer, 0, 0, 0, vec![])], Violation::Place),
        ("data as the first frame", vec![frame(Kind::Data, 0, 0, 0, vec![])], Violation::Place),
        ("no head", vec![frame(Kind::Open, 0, 0, 0, vec![0, 9, b'{'])], Violation::Head),
        ("a number twice", vec![data(2, 1), data(2, 1)], Violation::Place),
        ("more than was granted", vec![data(1, 16_000), data(2, 400)], Violation::Credit),
        ("empty frames without end", (1..2000).map(|number| data(number, 0)).collect(), Violation::Credit),
        ("data after the end", vec![open(0), data(1, 1)], Violation::Place),
        ("far ahead", vec![open(5000)], Violation::Place),
        (
            "bulk of streams that are never opened",
            (0..9).map(|stream| frame(Kind::Data, 0, stream, 1, vec![1])).collect(),
            Violation::Streams,
        ),
    ];
    for (what, messages, expected) in cases {
        let (mut site, now) = site();
        let outcome: Result<(), _> = messages.iter().try_for_each(|one| site.handle_message(one, now));
        assert_eq!(outcome, Err(expected), "{what}");
    }
}

#[test]
fn a_hello_of_another_protocol_or_version_is_refused() {
    let now = Instant::now();
    for (text, expected) in [
        (GOOD.replace("\"min\":1", "\"min\":2"), Violation::Version { min: 2, max: 3 }),
        (GOOD.replace("martello-carrier", "other"), Violation::Hello),
        (GOOD.replace("65536", "1"), Violation::Hello),
        (GOOD.replace("65536", "999999999"), Violation::Hello),
        ("{}".to_owned(), Violation::Hello),
        (format!("{GOOD}{}", " ".repeat(2000)), Violation::Hello),
    ] {
        let mut site = Link::new(Role::Site, LIMITS, "test", now);
        assert_eq!(site.handle_message(&hello(&text), now), Err(expected), "{text}");
    }
}

#[test]
fn what_comes_before_the_hello_waits_for_it_and_there_is_an_end_to_that() {
    let now = Instant::now();
    let mut site = Link::new(Role::Site, LIMITS, "test", now);
    site.handle_message(&open(0), now).unwrap();
    assert_eq!(site.poll_event(), None);
    site.handle_message(&hello(GOOD), now).unwrap();
    assert!(matches!(site.poll_event(), Some(Event::Ready { .. })));
    assert!(matches!(site.poll_event(), Some(Event::Opened { stream: StreamId(0), .. })));

    let mut site = Link::new(Role::Site, LIMITS, "test", now);
    let outcome = (0..300).try_for_each(|stream| site.handle_message(&open(stream), now));
    assert_eq!(outcome, Err(Violation::Hello));
}

#[test]
fn a_client_opens_nothing_before_the_hello_and_not_more_than_it_may() {
    let now = Instant::now();
    let mut client = Link::new(Role::Client, LIMITS, "test", now);
    assert_eq!(client.open(&get("/"), false, Bytes::new(), true), Err(Unsent::NotReady));
    client.handle_message(&hello(&GOOD.replace("\"streams\":0", "\"streams\":2")), now).unwrap();
    let first = client.open(&get("/"), false, Bytes::new(), true).unwrap();
    client.open(&get("/"), false, Bytes::new(), true).unwrap();
    assert_eq!(client.open(&get("/"), false, Bytes::new(), true), Err(Unsent::Streams));
    client.release(first, Ended::Cancelled);
    assert_eq!(client.open(&get(&"x".repeat(9000)), false, Bytes::new(), true), Err(Unsent::Head));
    client.open(&get("/"), false, Bytes::new(), true).unwrap();
}

#[test]
fn one_stream_too_many_is_refused_and_the_others_stay() {
    let (mut site, now) = site();
    for stream in 0..3 {
        site.handle_message(&open(stream), now).unwrap();
    }
    let (_, refusal) = site.poll_transmit(now).unwrap();
    let refusal = Frame::parse(&refusal).unwrap();
    assert_eq!((refusal.kind, refusal.stream), (Kind::Reset, StreamId(2)));
    assert_eq!(site.answer(StreamId(2), &ok(), Bytes::new(), true), Err(Unsent::Ended));
    assert_eq!(site.answer(StreamId(0), &ok(), Bytes::new(), true), Ok(()));
    assert_eq!(site.answer(StreamId(0), &ok(), Bytes::new(), true), Err(Unsent::Ended), "once");
}

#[test]
fn what_comes_for_a_stream_that_is_over_is_ignored() {
    let (mut site, now) = site();
    let reset = frame(Kind::Reset, 0, 0, 0, vec![1]);
    site.handle_message(&reset, now).unwrap();
    site.handle_message(&open(0), now).unwrap();
    site.handle_message(&frame(Kind::Data, 0, 0, 1, vec![1]), now).unwrap();
    assert_eq!(site.poll_event(), None, "it was given up before it came");
    assert_eq!(site.recv(StreamId(0)), Received::Ended(Ended::Cancelled));
}

#[test]
fn who_makes_a_link_speak_and_takes_nothing_is_given_up() {
    let (mut site, now) = site();
    let ping = frame(Kind::Ping, 0, 0, 0, vec![0; 8]);
    let outcome = (0..10_000).try_for_each(|_| site.handle_message(&ping, now));
    assert_eq!(outcome, Err(Violation::Idle));
}
