//! The three shapes, over a path that delays, loses and swaps.

use bytes::Bytes;
use carrier::{Ended, Event, Priority, Received, Request, Response, StreamId, Unsent};

use crate::world::{Path, World};

pub fn get(path: &str) -> Request {
    Request { method: "GET".into(), path: path.into(), headers: Vec::new(), priority: Priority::default() }
}

pub fn ok() -> Response {
    Response { status: 200, headers: vec![("content-type".into(), "text/plain".into())] }
}

/// Everything that the client has of a stream now.
pub fn drain(world: &mut World, stream: StreamId, into: &mut Vec<u8>) -> Option<Received> {
    loop {
        match world.client.recv(stream) {
            Received::Piece(piece) => into.extend_from_slice(&piece.bytes),
            Received::Nothing => return None,
            end => return Some(end),
        }
    }
}

/// The site answers whatever is asked with so many bytes.
pub struct Answers(std::collections::HashMap<StreamId, (usize, usize)>);

pub fn body(length: usize) -> Vec<u8> {
    part(0..length)
}

fn part(range: std::ops::Range<usize>) -> Vec<u8> {
    // A period that is no power of two: what is swapped or missing shows.
    static PATTERN: std::sync::LazyLock<Vec<u8>> =
        std::sync::LazyLock::new(|| (0..251 * 256).map(|at: usize| (at * 7 + at / 251) as u8).collect());
    PATTERN.iter().cycle().skip(range.start % PATTERN.len()).take(range.len()).copied().collect()
}

impl Answers {
    pub fn new() -> Self {
        Self(std::collections::HashMap::new())
    }

    /// `/N`: N bytes.
    pub fn serve(&mut self, world: &mut World) {
        for event in std::mem::take(&mut world.site_events) {
            if let Event::Opened { stream, request, .. } = event {
                let length: usize = request.path[1..].parse().unwrap();
                world.site.answer(stream, &ok(), Bytes::new(), length == 0).unwrap();
                self.0.insert(stream, (0, length));
            }
        }
        self.0.retain(|stream, (sent, length)| {
            while *sent < *length {
                let end = (*sent + 10_000).min(*length);
                let chunk = Bytes::from(part(*sent..end));
                match world.site.send(*stream, chunk, false, false) {
                    Ok(()) => *sent = end,
                    Err(Unsent::Full) => return true,
                    Err(_) => return false,
                }
            }
            if *length > 0 && world.site.finish(*stream) == Err(Unsent::Full) {
                return true;
            }
            world.site.release(*stream, Ended::Cut);
            false
        });
        world.pump().unwrap();
    }
}

#[test]
fn answers_of_every_size_arrive_whole_over_a_path_that_loses_and_swaps() {
    for seed in 0..6 {
        let mut world = World::fast(seed);
        let sizes = [0, 1, 9_999, 16_374, 70_000, 300_000, 1_200_000];
        let mut got: Vec<_> = sizes
            .iter()
            .map(|size| {
                let request = get(&format!("/{size}"));
                (world.client.open(&request, false, Bytes::new(), true).unwrap(), Vec::new(), false)
            })
            .collect();
        let mut answers = Answers::new();
        while got.iter().any(|(_, _, whole)| !whole) {
            assert!(world.step().unwrap(), "seed {seed}: nothing more happens");
            answers.serve(&mut world);
            for (stream, bytes, whole) in &mut got {
                if !*whole && let Some(end) = drain(&mut world, *stream, bytes) {
                    assert_eq!(end, Received::End, "seed {seed}");
                    *whole = true;
                }
            }
        }
        for ((stream, bytes, _), size) in got.iter().zip(sizes) {
            assert_eq!(*bytes, body(size), "seed {seed}, {size} bytes");
            world.client.release(*stream, Ended::Cancelled);
        }
    }
}

#[test]
fn a_request_brings_its_body_and_more_of_it_than_fits_into_a_message() {
    let mut world = World::fast(1);
    let request = Request { method: "POST".into(), ..get("/v1/session") };
    let sent = body(60_000);
    let stream = world.client.open(&request, false, Bytes::from(sent.clone()), true).unwrap();
    let mut got = Vec::new();
    loop {
        world.step().unwrap();
        if world.site_events.is_empty() {
            continue;
        }
        match world.site.recv(stream) {
            Received::Piece(piece) => got.extend_from_slice(&piece.bytes),
            Received::Nothing => {}
            end => {
                assert_eq!(end, Received::End);
                break;
            }
        }
    }
    assert_eq!(got, sent);
}

#[test]
fn messages_of_a_duplex_stream_keep_their_bounds_order_and_kind_both_ways() {
    let mut world = World::fast(2);
    let stream = world.client.open(&get("/v1/live"), true, Bytes::new(), false).unwrap();
    world
        .run_until(|world| {
            world.site_events.iter().any(|event| matches!(event, Event::Opened { duplex: true, .. }))
        })
        .unwrap();
    let taken = Response { status: 101, headers: Vec::new() };
    world.site.answer(stream, &taken, Bytes::new(), false).unwrap();
    let messages: Vec<(Vec<u8>, bool)> = [0, 1, 20_000, 3, 40_000, 5]
        .iter()
        .enumerate()
        .map(|(at, size)| (body(*size), at % 2 == 0))
        .collect();
    for (bytes, text) in &messages {
        world.site.send(stream, Bytes::from(bytes.clone()), *text, false).unwrap();
        if bytes.len() < 30_000 {
            world.client.send(stream, Bytes::from(bytes.clone()), *text, false).unwrap();
        }
    }
    let (mut at_client, mut at_site) = (Vec::new(), Vec::new());
    let mut parts = (Vec::new(), Vec::new());
    while at_client.len() < messages.len() || at_site.len() < messages.len() - 1 {
        assert!(world.step().unwrap());
        for (link, parts, whole) in
            [(&mut world.client, &mut parts.0, &mut at_client), (&mut world.site, &mut parts.1, &mut at_site)]
        {
            while let Received::Piece(piece) = link.recv(stream) {
                parts.extend_from_slice(&piece.bytes);
                if !piece.more {
                    whole.push((std::mem::take(parts), piece.text));
                }
            }
        }
    }
    assert_eq!(at_client, messages);
    assert_eq!(at_site, messages.into_iter().filter(|(bytes, _)| bytes.len() < 30_000).collect::<Vec<_>>());
    // The client has said all; the site goes on, then ends it.
    world.client.finish(stream).unwrap();
    world.site.send(stream, Bytes::from_static(b"last"), true, false).unwrap();
    world.site.finish(stream).unwrap();
    world.run_for(std::time::Duration::from_secs(1));
    assert!(matches!(world.client.recv(stream), Received::Piece(piece) if piece.bytes == "last"));
    assert_eq!(world.client.recv(stream), Received::End);
}

#[test]
fn what_is_given_up_ends_at_the_other_side_and_what_is_cut_off_is_no_end() {
    let mut world = World::fast(3);
    let given_up = world.client.open(&get("/a"), false, Bytes::new(), true).unwrap();
    let cut = world.client.open(&get("/b"), false, Bytes::new(), true).unwrap();
    world.run_until(|world| world.site_events.len() == 4).unwrap();
    for stream in [given_up, cut] {
        world.site.answer(stream, &ok(), Bytes::from_static(b"begun"), false).unwrap();
    }
    world.client.release(given_up, Ended::Cancelled);
    world.site.release(cut, Ended::Cut);
    world.run_for(std::time::Duration::from_secs(1));
    assert_eq!(world.site.recv(given_up), Received::Ended(Ended::Cancelled));
    assert_eq!(world.site.send(given_up, Bytes::new(), false, false), Err(Unsent::Ended));
    assert_eq!(world.client.recv(cut), Received::Ended(Ended::Cut));
}

#[test]
fn who_reads_nothing_is_sent_no_more_than_was_granted_and_others_go_on() {
    let path = Path { round_trip: std::time::Duration::from_millis(10), loss: 0.0, rate: 50e6 };
    let mut world = World::new(path, 4);
    let mut answers = Answers::new();
    let slow = world.client.open(&get("/9000000"), false, Bytes::new(), true).unwrap();
    let end = world.now + std::time::Duration::from_secs(5);
    while world.now < end && world.step().unwrap() {
        answers.serve(&mut world);
    }
    let quick = world.client.open(&get("/50000"), false, Bytes::new(), true).unwrap();
    let mut got = Vec::new();
    while drain(&mut world, quick, &mut got).is_none() {
        assert!(world.step().unwrap(), "the other answer stands still");
        answers.serve(&mut world);
    }
    assert_eq!(got.len(), 50_000);
    let mut kept = Vec::new();
    while let Received::Piece(piece) = world.client.recv(slow) {
        kept.extend_from_slice(&piece.bytes);
    }
    assert!(kept.len() <= crate::world::CLIENT.window as usize, "{} bytes were kept", kept.len());
}
